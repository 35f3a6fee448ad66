package handlers

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// summaries say what each route is for; a route without one has no place in the
// document and the test says so.
var summaries = map[string]string{
	"GET /healthz":                                  "Whether the process lives.",
	"GET /readyz":                                   "Whether it may be sent work.",
	"GET /api/v1/openapi.json":                      "This document.",
	"GET /api/v1/keys":                              "Every public key that ever signed receipts and checkpoints of this site, newest first.",
	"GET /api/v1/cases/{number}/receipt":            "The signed receipt of the filing, the same bytes as when it was filed.",
	"POST /api/v1/cases":                            "File a complaint, without an account; the answer holds the case, the consumer's link token and a receipt.",
	"GET /api/v1/cases":                             "List the cases of the officer's scope, a page at a time: unasked, by the next deadline, what is overdue first.",
	"GET /api/v1/counts":                            "How many cases the list with the same filters holds, by stage, state and unit, and how many are overdue.",
	"POST /api/v1/search":                           "Find cases of the officer's scope by words of what was written (names and numbers of people are not in the index), or exactly by telephone or identity number.",
	"GET /api/v1/cases/{number}":                    "A case with its clocks, why each is due then, and what is allowed now to whom.",
	"POST /api/v1/cases/{number}/commands":          "Take any event of the procedure's table.",
	"GET /api/v1/cases/{number}/events":             "The log of a case.",
	"GET /api/v1/cases/{number}/events/{seq}/words": "What was sealed with an event.",
	"GET /api/v1/cases/{number}/links":              "The links of a case, ended ones too; never a token.",
	"POST /api/v1/cases/{number}/links":             "Give a party, its agent, guardian, representative or colleague a capability link: the token is shown once.",
	"POST /api/v1/cases/{number}/links/{id}/rotate": "A new token in the place of a link, which is dead at once.",
	"POST /api/v1/cases/{number}/links/{id}/revoke": "End a link at once.",
	"GET /api/v1/link":                              "What the link that is sent may do.",
	"POST /api/v1/link/rotate":                      "A new token for the holder himself; the old one is dead at once, and asking again with the same key gives the same new one.",
}

// bodies and answers are the Go types behind each route.
var bodies = map[string]any{"POST /api/v1/cases": filing{}, "POST /api/v1/search": question{}, "POST /api/v1/cases/{number}/commands": command{}, "POST /api/v1/cases/{number}/links": newLink{},
	"POST /api/v1/cases/{number}/links/{id}/rotate": nothing{}, "POST /api/v1/cases/{number}/links/{id}/revoke": nothing{}, "POST /api/v1/link/rotate": nothing{}}

var answers = map[string]any{"POST /api/v1/cases": filed{}, "GET /api/v1/cases/{number}": CaseView{}, "GET /api/v1/cases/{number}/receipt": ledger.Receipt{}, "GET /api/v1/keys": publicKeys{}, "POST /api/v1/cases/{number}/commands": done{},
	"GET /api/v1/cases/{number}/events": struct {
		Events []eventView `json:"events"`
	}{}, "GET /api/v1/cases": casePage{}, "GET /api/v1/counts": countsView{}, "POST /api/v1/search": casePage{}, "GET /api/v1/cases/{number}/events/{seq}/words": workflow.Private{},
	"GET /api/v1/cases/{number}/links": struct {
		Links []linkView `json:"links"`
	}{}, "POST /api/v1/cases/{number}/links": handedLink{}, "POST /api/v1/cases/{number}/links/{id}/rotate": handedLink{}, "POST /api/v1/cases/{number}/links/{id}/revoke": nothing{},
	"GET /api/v1/link": linkView{}, "POST /api/v1/link/rotate": handedLink{}}

// openapi describes the API from the routes and types themselves.
func (s *Server) openapi(context.Context, *Call) (any, error) {
	paths := map[string]any{}
	for _, r := range s.Routes() {
		name := r.Method + " " + r.Path
		op := map[string]any{"summary": summaries[name], "operationId": operationID(r), "responses": responses(name, r), "security": security(r.Who)}
		if p := parameters(r); len(p) > 0 {
			op["parameters"] = p
		}
		if b, ok := bodies[name]; ok {
			op["requestBody"] = map[string]any{"required": true, "content": jsonContent(schema(reflect.TypeOf(b)))}
		}
		item, _ := paths[r.Path].(map[string]any)
		if item == nil {
			item = map[string]any{}
		}
		item[strings.ToLower(r.Method)] = op
		paths[r.Path] = item
	}
	return map[string]any{"openapi": "3.1.0", "info": map[string]any{"title": "Fangxin 放心", "version": "0.1.0", "license": map[string]any{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"paths": paths, "components": map[string]any{
			"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer", "description": "An officer's API token, or a party's link token."}},
			"schemas":         map[string]any{"Problem": schema(reflect.TypeOf(Problem{}))}}}, nil
}

func operationID(r Route) string {
	path := strings.NewReplacer("/api/v1", "", "/", "_", "{", "", "}", "", ".", "_").Replace(r.Path)
	return strings.ToLower(r.Method) + path
}

func security(who Who) []any {
	if who == Anyone {
		return []any{}
	}
	return []any{map[string]any{"token": []string{}}}
}

func responses(name string, r Route) map[string]any {
	content := map[string]any{"type": "object"}
	if a, ok := answers[name]; ok {
		content = schema(reflect.TypeOf(a))
	}
	problem := map[string]any{"description": "A problem (RFC 9457); `code` is stable.", "content": map[string]any{"application/problem+json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/Problem"}}}}
	return map[string]any{map[int]string{200: "200", 201: "201"}[r.Status]: map[string]any{"description": "Done.", "content": jsonContent(content)}, "default": problem}
}

func jsonContent(schema map[string]any) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": schema}}
}

func parameters(r Route) []any {
	var out []any
	add := func(name, in, kind, about string, required bool) {
		out = append(out, map[string]any{"name": name, "in": in, "required": required, "description": about, "schema": map[string]any{"type": kind}})
	}
	if strings.Contains(r.Path, "{number}") {
		add("number", "path", "string", "Case number, as printed: HT-2026-000123-8.", true)
	}
	if strings.Contains(r.Path, "{seq}") {
		add("seq", "path", "integer", "Place of the event in the log.", true)
	}
	if r.Method == "POST" {
		add("Idempotency-Key", "header", "string", "The same request with the same key gets the same answer; UUIDv7 keeps an embedded database fast.", false)
	}
	if strings.Contains(r.Path, "{id}") {
		add("id", "path", "string", "Id of the link within its case.", true)
	}
	if r.Path == "/api/v1/counts" || r.Method == "GET" && r.Path == "/api/v1/cases" {
		for _, name := range slices.Sorted(maps.Keys(filters)) {
			add(name, "query", "string", "Narrows the list.", false)
		}
	}
	if r.Method == "GET" && r.Path == "/api/v1/cases" {
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			add(name, "query", "string", "Which part of the list, in which order; `after` is the `next` of the page before.", false)
		}
	}
	return out
}

// schema derives a JSON schema from a Go type, as encoding writes it.
func schema(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeOf(time.Time{}):
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeOf(calendar.Date(0)):
		return map[string]any{"type": "string", "description": "A legal day in China, 2026-05-06; empty for none."}
	}
	switch t.Kind() {
	case reflect.Pointer:
		inner := schema(t.Elem())
		return map[string]any{"anyOf": []any{inner, map[string]any{"type": "null"}}}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": []string{"array", "null"}, "items": schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schema(t.Elem())}
	}
	properties := map[string]any{}
	collect(t, properties)
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

func collect(t reflect.Type, into map[string]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			collect(f.Type, into)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		p := schema(f.Type)
		if t == reflect.TypeOf(command{}) && name == "event" {
			p["enum"] = workflow.Events()
		}
		into[name] = p
	}
}

// Document is the OpenAPI document as it is served, keys in order.
func (s *Server) Document() ([]byte, error) {
	doc, _ := s.openapi(context.Background(), nil)
	return json.MarshalIndent(doc, "", "  ")
}
