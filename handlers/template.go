package handlers

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"fangxin/store"
	"fangxin/workflow"
)

// Texts is what messages say, and how a text becomes one: what sends them lies in
// another room.
type Texts struct {
	Built   []store.Template // the binary's, version 0
	Places  func(name, language string) map[string][]string
	Check   func(t store.Template) (field, why string) // both empty: it can be saved
	Preview func(c *workflow.Case, number string, t store.Template) (subject, short, mail string)
	Parts   func(short string) int
}

const (
	templatesPath = "/api/v1/templates"
	templatePath  = templatesPath + "/{name}/{language}"
)

// templateLine is a template in the list.
type templateLine struct {
	Name     string     `json:"name"`
	Language string     `json:"language"`
	Version  int64      `json:"version"`
	Subject  string     `json:"subject"`
	By       string     `json:"by,omitempty"`
	At       *time.Time `json:"at,omitempty"`
}

type templatesView struct {
	Templates []templateLine `json:"templates"`
}

// templateVersion is one version, with who wrote it and why.
type templateVersion struct {
	Version int64      `json:"version"`
	Subject string     `json:"subject"`
	Text    string     `json:"text"`
	More    string     `json:"more"`
	By      string     `json:"by,omitempty"`
	Why     string     `json:"why,omitempty"`
	At      *time.Time `json:"at,omitempty"`
}

type templateView struct {
	Name     string              `json:"name"`
	Language string              `json:"language"`
	Places   map[string][]string `json:"places"` // the fields that each part may name
	Current  templateVersion     `json:"current"`
	Earlier  []templateVersion   `json:"earlier"`
	Next     string              `json:"next,omitempty"`
}

// newTemplate is a version to be saved.
type newTemplate struct {
	Base    int64  `json:"base"` // the version that it was written from
	Subject string `json:"subject"`
	Text    string `json:"text"`
	More    string `json:"more"`
	Why     string `json:"why"`
}

// templateDraft is a text to be seen in the words of a case.
type templateDraft struct {
	Number  string `json:"number"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	More    string `json:"more"`
}

type previewView struct {
	Subject string `json:"subject"`
	Short   string `json:"short"`
	Parts   int    `json:"parts"`
	Mail    string `json:"mail"`
}

func viewVersion(t store.Template) templateVersion {
	v := templateVersion{Version: t.Version, Subject: t.Subject, Text: t.Text, More: t.More, By: t.Actor, Why: t.Why}
	if t.Version > 0 {
		v.At = &t.At
	}
	return v
}

// built finds the binary's text of the template that a route names.
func (s *Server) built(c *Call) (store.Template, error) {
	i := slices.IndexFunc(s.Texts.Built, func(t store.Template) bool { return t.Name == c.Param("name") && t.Language == c.Param("language") })
	if i < 0 {
		return store.Template{}, notFound()
	}
	return s.Texts.Built[i], nil
}

func (s *Server) templates(ctx context.Context, _ *Call) (any, error) {
	own, err := s.Store.Templates(ctx)
	out := templatesView{Templates: []templateLine{}}
	for _, t := range s.Texts.Built {
		if i := slices.IndexFunc(own, func(o store.Template) bool { return o.Name == t.Name && o.Language == t.Language }); i >= 0 {
			t = own[i]
		}
		v := viewVersion(t)
		out.Templates = append(out.Templates, templateLine{t.Name, t.Language, t.Version, t.Subject, v.By, v.At})
	}
	return out, err
}

// template shows the current version and, the newest first, those before it; the
// binary's own is the last.
func (s *Server) template(ctx context.Context, c *Call) (any, error) {
	built, err := s.built(c)
	if err != nil {
		return nil, err
	}
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	current, written, err := s.Store.Template(ctx, built.Name, built.Language)
	if err != nil {
		return nil, err
	}
	if !written {
		current = built
	}
	out := templateView{Name: built.Name, Language: built.Language, Places: s.Texts.Places(built.Name, built.Language), Current: viewVersion(current), Earlier: []templateVersion{}}
	before := current.Version
	if text := c.Query("after"); text != "" {
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before < 1 || before > math.MaxInt32 {
			return nil, badQuery("after", "why.cursor")
		}
	}
	earlier, err := s.Store.TemplateVersions(ctx, built.Name, built.Language, before, limit)
	if len(earlier) < limit && before > 0 {
		earlier = append(earlier, built)
	}
	for _, t := range earlier {
		out.Earlier = append(out.Earlier, viewVersion(t))
	}
	if n := len(earlier); n > 0 && earlier[n-1].Version > 0 {
		out.Next = strconv.FormatInt(earlier[n-1].Version, 10)
	}
	return out, err
}

// fitting refuses a text that would not do as a message, with the part named.
func (s *Server) fitting(t store.Template) error {
	if field, why := s.Texts.Check(t); why != "" {
		return badField(field, why)
	}
	return nil
}

// saveTemplate writes a new version, which messages take from now on.
func (s *Server) saveTemplate(ctx context.Context, c *Call) (any, error) {
	var in newTemplate
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	t, err := s.built(c)
	if err != nil {
		return nil, err
	}
	t.Subject, t.Text, t.More, t.Why = in.Subject, in.Text, in.More, in.Why
	switch {
	case in.Why == "":
		return nil, badField("why", "why.needed")
	case utf8.RuneCountInString(in.Why) > mostLine:
		return nil, badField("why", "why.long_line")
	}
	if err := s.fitting(t); err != nil {
		return nil, err
	}
	for _, role := range supervising {
		if slices.Contains(c.User.Roles, string(role)) {
			t.Actor = string(role) + ":" + c.User.Name
			break
		}
	}
	t, err = s.Store.SaveTemplate(ctx, store.Once{Scope: "template/" + c.User.Name, Key: c.Key}, t, in.Base)
	return viewVersion(t), err
}

// previewTemplate shows a draft in the words of a case that the caller may see.
func (s *Server) previewTemplate(ctx context.Context, c *Call) (any, error) {
	var in templateDraft
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	t, err := s.built(c)
	if err != nil {
		return nil, err
	}
	if in.Number == "" {
		return nil, badField("number", "why.needed")
	}
	t.Subject, t.Text, t.More = in.Subject, in.Text, in.More
	if err := s.fitting(t); err != nil {
		return nil, err
	}
	v, err := s.Store.Case(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	if !c.sees().Sees(&v.Case) {
		return nil, notFound()
	}
	out := previewView{}
	out.Subject, out.Short, out.Mail = s.Texts.Preview(&v.Case, v.Number, t)
	out.Parts = s.Texts.Parts(out.Short)
	return out, nil
}
