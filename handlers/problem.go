package handlers

import (
	"errors"
	"net/http"

	"fangxin/store"
	"fangxin/workflow"
)

// Problem is an error as RFC 9457 writes it. Type is stable; title and detail
// are words in the reader's language.
type Problem struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail,omitempty"`
	Code      string          `json:"code"`
	RequestID string          `json:"request_id,omitempty"`
	State     string          `json:"state,omitempty"`
	Guard     string          `json:"guard,omitempty"`
	Missing   []MissingField  `json:"missing,omitempty"`
	By        []workflow.Role `json:"by,omitempty"`
	Allowed   []MoveView      `json:"allowed,omitempty"`
	raw       []string
}

// MissingField is a field that is needed, and why it is asked for.
type MissingField struct {
	Field string `json:"field"`
	Why   string `json:"why"`
}

func (p *Problem) Error() string { return p.Code }

func notFound() error { return &Problem{Status: http.StatusNotFound, Code: "not_found"} }

// statuses of refusals; what is not named is a conflict with the case as it is.
var statuses = map[string]int{"unknown_event": http.StatusBadRequest, "not_for_you": http.StatusForbidden, "missing": http.StatusUnprocessableEntity,
	"not_a_code": http.StatusUnprocessableEntity, "unclean_text": http.StatusBadRequest, "key_reused": http.StatusUnprocessableEntity}

// problemOf puts an error into the form that callers get. Faults of ours say
// nothing of their cause.
func problemOf(err error) *Problem {
	var p *Problem
	var r *workflow.Refusal
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &r):
		status := statuses[r.Code]
		if status == 0 {
			status = http.StatusConflict
		}
		return &Problem{Status: status, Code: r.Code, State: string(r.State), Guard: r.Guard, By: r.By, Allowed: movesOf(r.Allowed, ""), raw: r.Missing}
	case errors.Is(err, store.ErrNoSuchCase), errors.Is(err, store.ErrNoLink):
		return &Problem{Status: http.StatusNotFound, Code: "not_found"}
	case errors.Is(err, store.ErrErased):
		return &Problem{Status: http.StatusGone, Code: "erased"}
	case errors.Is(err, store.ErrUnknown), errors.Is(err, store.ErrClosed):
		return &Problem{Status: http.StatusServiceUnavailable, Code: "try_again"}
	}
	return &Problem{Status: http.StatusInternalServerError, Code: "internal"}
}

// forParty leaves in a refusal only what the party itself may do: what the
// authority may do is not for it to learn.
func forParty(err error, role string) error {
	var r *workflow.Refusal
	if role == "" || !errors.As(err, &r) {
		return err
	}
	p := problemOf(err)
	p.Allowed = movesOf(r.Allowed, role)
	return p
}

// say fills in the words.
func (p *Problem) say(language, requestID string) {
	p.Type, p.RequestID = "/problems/"+p.Code, requestID
	words, ok := problemWords[p.Code]
	if !ok {
		words = problemWords["internal"]
	}
	i := 0
	if language == "en" {
		i = 1
	}
	p.Title, p.Detail = words.title[i], words.detail[i]
	for _, f := range p.raw {
		p.Missing = append(p.Missing, MissingField{f, fieldWord(f, i)})
	}
}
