package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"

	"github.com/google/uuid"
)

// reportPrefix begins the numbers of report records.
const reportPrefix = "JB"

// caseID is the number as the database keys it: year, kind, serial.
func caseID(prefix string, year int, serial int64) int64 {
	id := int64(year)*1_000_000_000_000 + serial
	if prefix == reportPrefix {
		id += 500_000_000_000
	}
	return id
}

// parseCase reads a case number as people write it.
func parseCase(number string) (int64, error) {
	prefix, year, serial, err := ledger.ParseNumber(number)
	if err != nil {
		return 0, ErrNoSuchCase
	}
	return caseID(prefix, year, serial), nil
}

// prepare does in the caller's goroutine what the committer need not: reading
// the number, checking text, sealing, fingerprinting.
func (s *Store) prepare(ctx context.Context, q Request) (*request, error) {
	r := &request{Request: q, done: make(chan struct{})}
	if r.Key == "" {
		key, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		r.Key = key.String()
	}
	if q.Case != "" {
		id, err := parseCase(q.Case)
		if err != nil {
			return nil, err
		}
		r.caseID = id
	}
	var err error
	if r.print, err = s.fingerprint(&q); err != nil {
		return nil, err
	}
	if field := unclean(&q); field != "" {
		return nil, &workflow.Refusal{Code: "unclean_text", Event: q.Command.Event, Missing: []string{field}}
	}
	r.Key = q.Scope + "/" + r.Key
	if r.Command.Input.Other != "" {
		if r.Command.Related, err = s.relate(ctx, r.caseID, r.Command.Input.Other, q.Sees); err != nil {
			return nil, err
		}
	}
	files, err := s.bring(ctx, r)
	if err == nil {
		r.sealed, err = s.seal(ctx, r.caseID, &r.Command, files)
	}
	if err != nil {
		if answer, ok := s.answered(ctx, r); ok { // erased or brought since, but answered before
			return answer, nil
		}
		return nil, err
	}
	if r.caseID == 0 {
		r.draft = newDraft(r.Command, s.cfg.Rules(), s.cfg.Now().UTC().Truncate(time.Microsecond))
	}
	return r, nil
}

// fingerprint tells one request from another under the same key.
func (s *Store) fingerprint(q *Request) ([]byte, error) {
	text, err := json.Marshal(struct {
		Case    string
		Event   string
		Actor   workflow.Actor
		Sees    int64
		Input   workflow.Input
		Private *workflow.Private
		Draft   []byte `json:",omitempty"`
	}{q.Case, q.Command.Event, q.Command.Actor, q.Command.Sees, q.Command.Input, q.Command.Private, q.Draft})
	print := s.cfg.Keys.print(text)
	return print[:], err
}

// answered lets a repeat through whose case can no longer be sealed into.
func (s *Store) answered(ctx context.Context, r *request) (*request, bool) {
	var n int
	err := s.pool.QueryRowContext(ctx, "select count(*) from idempotency where key = $1", r.Key).Scan(&n)
	return r, err == nil && n == 1
}

// reportCommitment is what the sealed words of a split report are committed by:
// they were sealed for the report, so the complaint's event names none of it.
func (r *request) reportCommitment() string { return r.Command.Commitment }

// unclean finds a text that the databases cannot store as it is; one of them
// would fail the whole group for it. Names stand in order: the first is told.
func unclean(q *Request) string {
	a, person, respondent, words := &q.Command.Actor, &workflow.Person{}, &workflow.Respondent{}, ""
	if p := q.Command.Private; p != nil {
		words = p.Words
		if p.Person != nil {
			person = p.Person
		}
		if p.Respondent != nil {
			respondent = p.Respondent
		}
	}
	for _, x := range [...][2]string{{"actor", a.ID}, {"channel", a.Channel}, {"identity", a.Identity}, {"key", q.Key},
		{"person.address", person.Address}, {"person.email", person.Email}, {"person.identity", person.Identity}, {"person.name", person.Name}, {"person.phone", person.Phone},
		{"respondent.address", respondent.Address}, {"respondent.code", respondent.Code}, {"respondent.email", respondent.Email}, {"respondent.name", respondent.Name},
		{"respondent.phone", respondent.Phone}, {"words", words}} {
		if !ledger.Clean(x[1]) {
			return x[0]
		}
	}
	return ""
}

// relate tells the law what it may know of the other case that a command names:
// whether it is open and earlier, and by blind index whether person and
// respondent are the same.
// What the caller may not see is unknown.
func (s *Store) relate(ctx context.Context, own int64, number string, sees *Scope) (*workflow.Related, error) {
	id, err := parseCase(number)
	if err != nil {
		return &workflow.Related{Number: number}, nil
	}
	if sees != nil {
		if v, err := s.Case(ctx, number); err != nil || !sees.Sees(&v.Case) {
			return &workflow.Related{Number: number}, nil //nolint:nilerr // unknown: the guard refuses
		}
	}
	out := &workflow.Related{Number: number, Earlier: id < own}
	var state string
	row := s.pool.QueryRowContext(ctx, "select state from cases where id = $1", id)
	if err := row.Scan(&state); err != nil {
		return out, nil //nolint:nilerr // unknown: Known stays false and the guard refuses
	}
	out.Known, out.Open = id != own, workflow.State(state) != workflow.Closed
	if !out.Open {
		var on string
		row := s.pool.QueryRowContext(ctx, "select starts from clocks where case_id = $1 and code = 'correction_of_closing' order by no desc limit 1", id)
		if row.Scan(&on) == nil { // history that was archived has none
			out.ClosedOn, _ = calendar.ParseDate(on)
		}
	}
	rows, err := s.pool.QueryContext(ctx, "select a.kind from blind a join blind b on a.kind = b.kind and a.mac = b.mac where a.case_id = $1 and b.case_id = $2", own, id)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", number, err)
	}
	err = scan(rows, func() error {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			return err
		}
		out.SameRespondent = out.SameRespondent || kind == "respondent"
		out.SamePerson = out.SamePerson || kind != "respondent"
		return nil
	})
	return out, err
}
