package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// rawJSON is an answer that is JSON already.
type rawJSON []byte

// strict reads a request's body: unknown and repeated fields, trailing data,
// wrong types, null and broken UTF-8 are refused with the field named.
func strict(body []byte, into any) error {
	if strings.TrimSpace(string(body)) == "null" {
		return &Problem{Status: http.StatusBadRequest, Code: "bad_json"}
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	p := &Problem{Status: http.StatusBadRequest, Code: "bad_json"}
	var meaning *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &meaning):
		p.raw = []string{field(string(meaning.JSONPointer))}
	case errors.As(err, &syntax):
		p.raw = []string{field(string(syntax.JSONPointer))}
	}
	return p
}

// field writes a JSON pointer as people write fields.
func field(pointer string) string {
	if pointer == "" {
		return "(the whole body)"
	}
	return strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
}
