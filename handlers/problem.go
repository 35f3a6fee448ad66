package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"syscall"
	"time"

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
	Case      string          `json:"case,omitempty"`    // number of the case that was there first
	Warning   string          `json:"warning,omitempty"` // what must be read before it is confirmed
	Allowed   []MoveView      `json:"allowed,omitempty"`
	Reasons   []string        `json:"reasons,omitempty"`
	faults    []fault
	after     time.Duration // when to ask again
	most      string        // the limit that was passed
}

// MissingField is a field that is needed, and why it is asked for.
type MissingField struct {
	Field string `json:"field"`
	Why   string `json:"why"`
}

// fault names a field or parameter before words are put to it: why is a key of
// the catalogue, empty where the field's own meaning is the reason.
type fault struct{ field, why string }

func (p *Problem) Error() string { return p.Code }

// problemStatus is the HTTP status of every code that a problem can have; each
// has a title and a detail in the catalogue.
var problemStatus = map[string]int{
	"bad_json": http.StatusBadRequest, "bad_query": http.StatusBadRequest, "bad_key": http.StatusBadRequest, "unreadable": http.StatusBadRequest,
	"unknown_event": http.StatusBadRequest, "unclean_text": http.StatusBadRequest,
	"no_token": http.StatusUnauthorized, "bad_signature": http.StatusUnauthorized, "not_for_you": http.StatusForbidden, "reads_only": http.StatusForbidden, "link_lacks_action": http.StatusForbidden, "not_found": http.StatusNotFound, "method": http.StatusMethodNotAllowed,
	"member_state": http.StatusConflict, "member_lacks": http.StatusConflict, "member_already": http.StatusConflict, "member_too_early": http.StatusConflict,
	"member_full": http.StatusConflict, "merchant_unsettled": http.StatusConflict, "lead_decided": http.StatusConflict, "login_dead": http.StatusUnprocessableEntity, "no_glyph": http.StatusConflict, "contact_only": http.StatusForbidden,
	"stale_entry": http.StatusConflict, "stale_template": http.StatusConflict, "merchant_merged": http.StatusConflict, "merchant_not_merged": http.StatusConflict, "same_merchant": http.StatusConflict,
	"review_settled": http.StatusConflict, "not_allowed_now": http.StatusConflict, "guard": http.StatusConflict, "stale": http.StatusConflict, "wrong_offer": http.StatusConflict,
	"notice_served": http.StatusConflict, "notice_on_its_way": http.StatusConflict, "notice_over": http.StatusConflict,
	"no_such_notice": http.StatusConflict, "use_delivered": http.StatusConflict, "no_such_order": http.StatusConflict, "no_such_duty": http.StatusConflict, "no_law": http.StatusConflict,
	"nothing_to_do": http.StatusConflict, "not_counted": http.StatusNotFound, "entered_before": http.StatusConflict, "paper_not_yet": http.StatusConflict, "no_handover": http.StatusConflict, "absence_overlaps": http.StatusConflict, "absence_circular": http.StatusConflict, "erased": http.StatusGone, "taken_down": http.StatusGone, "lead_not_opened": http.StatusConflict, "infringement_there": http.StatusConflict, "infringement_over": http.StatusConflict, "too_large": http.StatusRequestEntityTooLarge,
	"media_type": http.StatusUnsupportedMediaType, "missing": http.StatusUnprocessableEntity, "not_a_code": http.StatusUnprocessableEntity, "credit_code": http.StatusUnprocessableEntity,
	"key_reused": http.StatusUnprocessableEntity, "wrong_code": http.StatusUnprocessableEntity, "internal": http.StatusInternalServerError,
	"too_many": http.StatusTooManyRequests, "too_slow": http.StatusRequestTimeout, "long_url": http.StatusRequestURITooLong,
	"many_headers": http.StatusRequestHeaderFieldsTooLarge, "cross_origin": http.StatusForbidden, "busy": http.StatusServiceUnavailable,
	"not_multipart": http.StatusUnsupportedMediaType, "file_kind": http.StatusUnsupportedMediaType, "file_large": http.StatusRequestEntityTooLarge, "many_files": http.StatusConflict, "case_large": http.StatusConflict,
	"file_empty": http.StatusUnprocessableEntity, "picture_pixels": http.StatusUnprocessableEntity, "picture_broken": http.StatusUnprocessableEntity, "file_infected": http.StatusUnprocessableEntity,
	"file_pending": http.StatusConflict, "file_refused": http.StatusConflict, "file_cited": http.StatusConflict, "files_elsewhere": http.StatusServiceUnavailable, "no_room": http.StatusServiceUnavailable,
	"try_again": http.StatusServiceUnavailable, "not_ready": http.StatusServiceUnavailable,
}

// problem makes the problem of a code.
func problem(code string) *Problem { return &Problem{Status: problemStatus[code], Code: code} }

// later makes the problem of a code that says when to ask again.
func later(code string, after time.Duration) *Problem {
	p := problem(code)
	p.after = after
	return p
}

// badField refuses a body for one field of it; why is a key "why.…".
func badField(field, why string) *Problem {
	p := problem("bad_json")
	p.faults = []fault{{field, why}}
	return p
}

// badQuery refuses a query parameter; why is a key "why.…".
func badQuery(name, why string) *Problem {
	p := problem("bad_query")
	p.faults = []fault{{name, why}}
	return p
}

func notFound() error { return problem("not_found") }

// problemOf puts an error into the form that callers get. Faults of ours say
// nothing of their cause.
func problemOf(err error) *Problem {
	var p *Problem
	var r *workflow.Refusal
	var file *store.FileRefusal
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &r):
		return refused(r)
	case errors.As(err, &file):
		return fileRefused(file)
	case errors.Is(err, store.ErrFileCited):
		return problem("file_cited")
	case errors.Is(err, store.ErrFilesElsewhere):
		return later("files_elsewhere", time.Minute)
	case errors.Is(err, syscall.ENOSPC):
		return later("no_room", time.Minute)
	case errors.Is(err, store.ErrNoSuchCase), errors.Is(err, store.ErrNoMerchant), errors.Is(err, store.ErrNoInfringement), errors.Is(err, store.ErrNoReview), errors.Is(err, store.ErrNoMember), errors.Is(err, store.ErrNoLink), errors.Is(err, store.ErrNoWebhook),
		errors.Is(err, store.ErrNoFile), errors.Is(err, store.ErrNoWaiting):
		return problem("not_found")
	case errors.Is(err, store.ErrTombstone):
		return problem("taken_down")
	case errors.Is(err, store.ErrErased):
		return problem("erased")
	case store.Away(err):
		return problem("try_again")
	}
	return problem("internal")
}

func refused(r *workflow.Refusal) *Problem {
	p := problem(r.Code)
	p.State, p.Guard, p.By, p.Case, p.Allowed = string(r.State), r.Guard, r.By, r.Number, movesOf(r.Allowed, "")
	why := map[string]string{"not_a_code": "why.code", "credit_code": "why.credit_code", "unclean_text": "why.text"}[r.Code]
	for _, field := range r.Missing {
		p.faults = append(p.faults, fault{field, why})
	}
	return p
}

// forParty leaves in a refusal only what the party itself may do: what the
// authority may do is not for it to learn.
func forParty(err error, role string) error {
	var r *workflow.Refusal
	if role == "" || !errors.As(err, &r) {
		return err
	}
	p := refused(r)
	p.Allowed = movesOf(r.Allowed, role)
	return p
}

// retryAfter is when to ask again, in whole seconds, rounded up.
func (p *Problem) retryAfter() string {
	if p.Status != http.StatusServiceUnavailable && p.Status != http.StatusTooManyRequests {
		return ""
	}
	return strconv.FormatInt(max(1, int64((p.after+time.Second-1)/time.Second)), 10)
}

// say fills in the words.
func (p *Problem) say(lang, requestID string) {
	p.Type, p.RequestID = "/problems/"+p.Code, requestID
	v := vars{"State": stateWords(lang, workflow.State(p.State)), "By": roleWords(lang, p.By), "Case": p.Case, "Most": p.most}
	if p.Guard != "" {
		v["Guard"] = say(lang, "guard."+p.Guard, nil)
	}
	p.Title, p.Detail = say(lang, "problem."+p.Code+".title", v), say(lang, "problem."+p.Code+".detail", v)
	for _, f := range p.faults {
		why := fieldWord(lang, f.field)
		if f.why != "" {
			why = say(lang, f.why, nil)
		}
		p.Missing = append(p.Missing, MissingField{f.field, why})
	}
}
