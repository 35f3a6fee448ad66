package handlers

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

// The reference for people: a page made from the same document that programs
// read. It asks no other host for anything and runs no script.
//
//go:embed reference/page.html reference/style.css
var referenceFiles embed.FS

var referencePage = template.Must(template.ParseFS(referenceFiles, "reference/page.html"))

const pagePolicy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

type referenceView struct {
	Lang, Other, OtherName, About, Token string
	Words                                map[string]string
	Groups                               []groupView
	Schemas                              []schemaView
}

type groupView struct {
	Name, Title string
	Operations  []operationView
}

type operationView struct {
	ID, Method, Path, Summary, Who, Example string
	Rows                                    []string
	Parameters, Body                        []fieldView
	Success, Answer, Kind                   string
	Problems                                []string
}

type fieldView struct {
	Name, Type, Values, About string
	Ref                       string
	Required                  bool
}

type schemaView struct {
	Name   string
	Fields []fieldView
}

func (s *Server) referenceStyle(context.Context, *Call) (any, error) {
	css, err := referenceFiles.ReadFile("reference/style.css")
	return document{"text/css; charset=utf-8", css, pagePolicy, ""}, err
}

// reference shows the API to people, in the language of ?lang or of the browser.
func (s *Server) reference(_ context.Context, c *Call) (any, error) {
	lang := c.Query("lang")
	if lang == "" {
		lang = c.Language
	}
	if !slices.Contains(languages, lang) {
		return nil, badQuery("lang", "why.choice")
	}
	if page, ok := s.pages.Load(lang); ok {
		return page, nil
	}
	var b bytes.Buffer
	if err := referencePage.Execute(&b, s.referenceView(lang)); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	page := document{"text/html; charset=utf-8", b.Bytes(), pagePolicy, ""}
	s.pages.Store(lang, page)
	return page, nil
}

func (s *Server) referenceView(lang string) referenceView {
	doc := s.document(lang)
	v := referenceView{Lang: lang, Other: "en", OtherName: "English", About: say(lang, "reference.about", nil), Token: say(lang, "reference.token", nil), Words: map[string]string{}}
	if lang == "en" {
		v.Other, v.OtherName = "zh", "中文"
	}
	for _, w := range []string{"title", "contents", "parameters", "body", "example", "answer", "problems", "who", "rows", "field", "type", "meaning", "schemas", "required", "skip"} {
		v.Words[w] = say(lang, "reference."+w, nil)
	}
	for _, t := range tagGroups {
		g := groupView{Name: t.name, Title: say(lang, "tag."+t.name, nil)}
		for _, r := range s.Routes() {
			op := doc["paths"].(object)[r.Path].(object)[strings.ToLower(r.Method)].(object)
			if tagOf(r.Path) == t.name {
				g.Operations = append(g.Operations, viewOf(r, op, lang))
			}
		}
		v.Groups = append(v.Groups, g)
	}
	all := doc["components"].(object)["schemas"].(object)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v.Schemas = append(v.Schemas, schemaView{name, fieldsOf(all[name].(object))})
	}
	return v
}

func viewOf(r Route, op object, lang string) operationView {
	v := operationView{ID: operationID(r), Method: r.Method, Path: r.Path, Summary: op["summary"].(string), Who: say(lang, "who."+string(r.Who), nil)}
	if text, ok := op["description"].(string); ok {
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			v.Rows = append(v.Rows, strings.ReplaceAll(strings.TrimPrefix(line, "- "), "`", ""))
		}
	}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		p := p.(object)
		f := fieldOf(p["name"].(string), p["schema"].(object))
		f.About, f.Required = p["description"].(string), p["required"].(bool)
		v.Parameters = append(v.Parameters, f)
	}
	if body, ok := op["requestBody"].(object); ok {
		for _, c := range body["content"].(object) { // of one kind
			content := c.(object)
			v.Body = fieldsOf(content["schema"].(object))
			if example := content["example"]; example != nil {
				text, _ := json.MarshalIndent(example, "", "  ")
				v.Example = string(text)
			}
		}
	}
	for status, response := range op["responses"].(object) {
		content, own := response.(object)["content"].(object)
		if !own {
			v.Problems = append(v.Problems, status)
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(content)) {
			c := content[kind]
			v.Success, v.Kind = status, kind
			v.Answer = fieldOf("", c.(object)["schema"].(object)).Ref
		}
	}
	slices.Sort(v.Problems)
	return v
}

func fieldsOf(schema object) []fieldView {
	properties, _ := schema["properties"].(object)
	required, _ := schema["required"].([]string)
	out := make([]fieldView, 0, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		f := fieldOf(name, properties[name].(object))
		f.Required = slices.Contains(required, name)
		out = append(out, f)
	}
	return out
}

// fieldOf says in words what a schema is.
func fieldOf(name string, schema object) fieldView {
	f := fieldView{Name: name}
	f.About, _ = schema["description"].(string)
	if ref, ok := schema["$ref"].(string); ok {
		f.Ref = strings.TrimPrefix(ref, "#/components/schemas/")
		return f
	}
	f.Type, _ = schema["type"].(string)
	if format, ok := schema["format"].(string); ok && format != "int64" {
		f.Type += " " + format
	}
	if any, ok := schema["anyOf"].([]interface{}); ok {
		inner := fieldOf("", any[0].(object))
		f.Type, f.Ref, f.Values = inner.Type+" | null", inner.Ref, inner.Values
	}
	if items, ok := schema["items"].(object); ok {
		inner := fieldOf("", items)
		f.Type, f.Ref, f.Values = "array "+inner.Type, inner.Ref, inner.Values
	}
	if list, ok := schema["enum"].([]string); ok && len(list) <= 40 {
		f.Values = strings.Join(list, " · ")
	}
	if least, ok := schema["minimum"]; ok && schema["maximum"] != nil {
		f.Values = fmt.Sprintf("%v … %v", least, schema["maximum"])
	}
	return f
}
