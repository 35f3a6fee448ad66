package handlers

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// rawJSON is an answer that is JSON already.
type rawJSON []byte

// maxDepth is deeper than any request of ours.
const maxDepth = 8

// strict reads a request's body: unknown and repeated fields, trailing data,
// wrong types, null, control characters and broken text are refused with the
// field named; what is invisible is taken out.
func strict(body []byte, into any) error {
	if strings.TrimSpace(string(body)) == "null" {
		return badField(field(""), "why.null")
	}
	if err := wellFormed(body); err != nil {
		return err
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return tidy(reflect.ValueOf(into), "", false)
	}
	var meaning *json.SemanticError
	if errors.As(err, &meaning) {
		why := "why.type"
		if errors.Is(err, json.ErrUnknownName) {
			why = "why.unknown"
		}
		return badField(field(string(meaning.JSONPointer)), why)
	}
	return badSyntax(body, err)
}

// wellFormed reads a body token by token: one value, not too deep, its text
// whole. An absent field says all that null could.
func wellFormed(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for n := 0; ; n++ {
		token, err := d.ReadToken()
		if err == io.EOF && n > 0 {
			return nil
		}
		if err != nil {
			return badSyntax(body, err)
		}
		at := field(string(d.StackPointer()))
		switch kind := token.Kind(); {
		case d.StackDepth() > maxDepth:
			return badField(at, "why.deep")
		case kind == '"' && strings.ContainsRune(token.String(), 0):
			return badField(at, "why.text")
		case kind == 'n':
			return badField(at, "why.null")
		}
		if d.StackDepth() == 0 && len(bytes.TrimSpace(body[d.InputOffset():])) > 0 {
			return badField(field(""), "why.syntax")
		}
	}
}

func badSyntax(body []byte, err error) error {
	var syntax *jsontext.SyntacticError
	at := field("")
	if errors.As(err, &syntax) {
		at = field(string(syntax.JSONPointer))
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return badField(at, "why.repeated")
	case !utf8.Valid(body), strings.Contains(err.Error(), "surrogate"):
		return badField(at, "why.text")
	}
	return badField(at, "why.syntax")
}

// field writes a JSON pointer as people write fields.
func field(pointer string) string {
	if pointer == "" {
		return "(the whole body)"
	}
	return strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
}
