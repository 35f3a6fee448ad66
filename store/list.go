package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/workflow"
)

// Filter narrows a list, a count or a search; what is empty asks nothing.
type Filter struct {
	State, Stage, Unit, Town, Category, Outcome, Source, Ticket, Acceptance, Number string
	Kind                                                                            workflow.Kind // empty: complaints
	Domain                                                                          int
	Officers                                                                        []string  // any of them
	FiledFrom, FiledTo                                                              time.Time // filed at or after; before
	Clock                                                                           string    // with DueBefore or Overdue: of this clock
	DueBefore                                                                       time.Time // an open clock is too late at this instant or earlier
	Overdue                                                                         bool
	Words                                                                           string // of the sealed texts; see SearchTerms
	Phone, Identity                                                                 string // exactly
	Publication, Held, Narrative                                                    string // of the public form: state, code, where its text stands
}

// Page says which part of a list, in which order.
type Page struct {
	Sort  string // filed, due, number; empty: filed
	Down  bool   // largest first
	After string // cursor that the page before ended with
	Limit int
}

// Line is a case in a list. Due is when its next deadline, or the oldest that was
// missed and is still owed, is too late, and Clock which it is: zero and empty
// when it has none.
type Line struct {
	Number                                                             string
	Kind                                                               workflow.Kind
	State                                                              workflow.State
	Outcome, Acceptance, Unit, Town, Category, Officer, Source, Ticket string
	Domain                                                             int
	Filed, Due                                                         time.Time
	Clock                                                              string
	Checked                                                            string   // contact of the consumer: none, phone, email; empty: filed before it was asked
	Absent                                                             *Absence // of the officer, now

	id, key int64
}

// Sorts are the orders that a list may have, and the column of each.
var Sorts = map[string]string{"filed": "filed", "due": "due", "number": "case_id"}

// ErrCursor says that a cursor was not given out for this list.
var ErrCursor = errors.New("not a cursor of this list")

// selection is a filter and a scope as a condition over board: the scope first,
// always.
type selection struct {
	binds
	scope string
	arms  []string // the scope's alternatives, each with an index and an order of its own
	parts []string
}

func (q *selection) where() string { return q.within(q.scope) }

// within is the filter under a scope, or under one of its alternatives.
func (q *selection) within(scope string) string {
	return strings.Join(append([]string{scope}, q.parts...), " and ")
}

func (q *selection) and(text string) { q.parts = append(q.parts, text) }

// ofOfficers asks for the cases of any of them; none asks nothing.
func (q *selection) ofOfficers(names []string) {
	var theirs []rule
	for _, name := range names {
		theirs = append(theirs, is("officer", name))
	}
	if len(theirs) > 0 {
		if !slices.Contains(names, "") {
			q.and("officer <> ''") // as the index says, which a prepared plan must know
		}
		q.and(anyOf(theirs...).where(&q.binds))
	}
}

// selectFor puts scope and filter into one condition; paged when only the first
// rows of an order are wanted.
func (s *Store) selectFor(ctx context.Context, u *User, f *Filter, paged bool) (*selection, error) {
	q := &selection{binds: binds{lite: s.dialect == "sqlite"}}
	scope := u.Scope().rule
	q.scope = scope.where(&q.binds)
	q.arms = []string{q.scope}
	if arms := scope.arms(); paged && q.lite && len(arms) > 1 {
		q.arms = nil
		for _, arm := range arms {
			q.arms = append(q.arms, arm.where(&q.binds))
		}
	}
	kind := f.Kind
	if kind == "" {
		kind = workflow.Complaint
	}
	q.and(is("kind", string(kind)).where(&q.binds))
	for _, x := range [...][2]string{{"state", f.State}, {"unit", f.Unit}, {"town", f.Town}, {"category", f.Category},
		{"outcome", f.Outcome}, {"source", f.Source}, {"ticket", f.Ticket}, {"acceptance", f.Acceptance}} {
		if x[1] != "" {
			q.and(is(x[0], x[1]).where(&q.binds))
		}
	}
	if f.Stage != "" { // by its states, which an index names
		q.and("state in (" + statesOf(f.Stage) + ")")
	}
	q.ofOfficers(f.Officers)
	if f.Domain != 0 {
		q.and("domain = " + q.add(int64(f.Domain)))
	}
	if f.Number != "" {
		id, err := parseCase(f.Number)
		if err != nil {
			id = -1
		}
		q.and("case_id = " + q.add(id))
	}
	for _, x := range [...][2]string{{"state", f.Publication}, {"code", f.Held}, {"narrative", f.Narrative}} {
		if x[1] != "" {
			q.and("case_id in (select p.case_id from publications p where p." + x[0] + " = " + q.add(x[1]) + ")")
		}
	}
	if !f.FiledFrom.IsZero() {
		q.and("filed >= " + q.add(f.FiledFrom.UnixMicro()))
	}
	if !f.FiledTo.IsZero() {
		q.and("filed < " + q.add(f.FiledTo.UnixMicro()))
	}
	s.late(q, f)
	return q, s.sought(ctx, q, f, paged)
}

// late asks for open clocks that are too late by an instant: of one kind in the
// side table, and live for cases that it has not caught up with.
func (s *Store) late(q *selection, f *Filter) {
	by := f.DueBefore
	if now := s.cfg.Now(); f.Overdue && (by.IsZero() || now.Before(by)) {
		by = now
	}
	switch {
	case f.Clock != "" && by.IsZero():
		q.and("case_id in (select k.case_id from clocks k where k.code = " + q.add(f.Clock) + " and k.state in ('running', 'owed'))")
	case f.Clock != "":
		code, at := q.add(f.Clock), q.add(by.UnixMicro())
		live := q.add(s.stamp(by))
		q.and("(case_id in (select case_id from board_late where code = " + code + " and late <= " + at + ") or case_id in " + tail + " and case_id in (select k.case_id from clocks k where k.case_id in " + tail +
			" and k.code = " + code + " and k.state in ('running', 'owed') and k.late_from <= " + live + "))")
	case !by.IsZero():
		q.and("due <= " + q.add(by.UnixMicro()))
	}
}

// commonWord is from how many cases on a word is looked for in each case of a
// page's order, and not the other way round. Planners guess this badly: PostgreSQL
// walked a million cases for a word of two hundred.
const commonWord = 2000

// sought asks for words of the sealed texts and for people, through indexes that
// hold neither.
func (s *Store) sought(ctx context.Context, q *selection, f *Filter, paged bool) error {
	if f.Words != "" {
		terms, err := s.searchTerms(f.Words)
		if err != nil {
			return err
		}
		if paged {
			fits, err := s.wordsFit(ctx, "case_search", terms, &q.binds)
			if err != nil {
				return err
			}
			q.and(fits)
		} else if s.dialect == "postgres" {
			q.and("case_id in (select case_id from case_search where words @@ " + q.add(terms) + "::tsquery)")
		} else {
			q.and("case_id in (select rowid from case_search where case_search match " + q.add(terms) + ")")
		}
	}
	for _, m := range s.cfg.Keys.macs(&workflow.Private{Person: &workflow.Person{Phone: f.Phone, Identity: f.Identity}}) {
		q.and("case_id in (select case_id from blind where kind = " + q.add(m.kind) + " and mac = " + q.add(m.mac) + ")")
	}
	return nil
}

// wordsFit is the condition that terms stand in a case's words, in one of the two
// indexes of words, for a page in some order.
func (s *Store) wordsFit(ctx context.Context, index, terms string, q *binds) (string, error) {
	ids, many, err := s.wordCases(ctx, index, terms)
	switch {
	case err != nil:
		return "", err
	case many && s.dialect == "postgres":
		return "(select w.words @@ " + q.add(terms) + "::tsquery from (select case_id as found, words from " + index + ") w where w.found = case_id)", nil
	case many:
		return "exists (select 1 from " + index + " where " + index + " match " + q.add(terms) + " and rowid = case_id)", nil
	case len(ids) == 0:
		return "1 = 0", nil
	}
	return "case_id in (" + q.list(ids) + ")", nil
}

// wordCases are the cases in which terms stand; many says that there are too many
// to name. PostgreSQL's index is asked for no more than can be told apart: it
// then leaves some of many out, and none of few.
func (s *Store) wordCases(ctx context.Context, index, terms string) (ids []int64, many bool, err error) {
	from, text := queryer(s.pool), "select rowid from "+index+" where "+index+" match $1 limit $2"
	if s.dialect == "postgres" {
		tx, err := s.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return nil, false, err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("set local gin_fuzzy_search_limit = %d", 4*s.common)); err != nil {
			return nil, false, err
		}
		from, text = tx, "select case_id from "+index+" where words @@ $1::tsquery limit $2"
	}
	ids, err = column[int64](from.QueryContext(ctx, text, terms, s.common+1))
	return ids, len(ids) > s.common, err
}

// List reads a page of the cases that the user may see, and the cursor of the
// next one, empty at the end. The page is taken from board and, for cases that it
// has not caught up with, from the cases themselves, in one statement.
func (s *Store) List(ctx context.Context, u *User, f Filter, p Page) (lines []Line, next string, err error) {
	q, err := s.selectFor(ctx, u, &f, true)
	if err != nil {
		return nil, "", err
	}
	column := Sorts[p.Sort]
	mark := s.mark(u, &f, &p)
	if p.After != "" {
		key, id, ok := openCursor(mark, p.After)
		if !ok {
			return nil, "", ErrCursor
		}
		op := " > "
		if p.Down {
			op = " < "
		}
		if column == "case_id" {
			q.and("case_id" + op + q.add(id))
		} else {
			q.and("(" + column + ", case_id)" + op + "(" + q.add(key) + ", " + q.add(id) + ")")
		}
	}
	order := column
	if p.Down {
		order += " desc"
	}
	if column != "case_id" {
		order += ", case_id" + order[len(column):]
	}
	const fields = "case_id, number, kind, state, outcome, acceptance, unit, town, domain, category, officer, source, ticket, filed, due"
	page := fmt.Sprintf("order by %s limit %d", order, p.Limit+1)
	var arms []string
	for _, arm := range q.arms {
		arms = append(arms, "select * from (select "+fields+" from board b where "+q.within(arm)+
			caughtUp+" "+page+") x")
	}
	rows, err := s.pool.QueryContext(ctx, "select * from ("+strings.Join(arms, " union ")+
		" union all select * from (select "+fields+" from live_board where case_id in "+tail+" and "+q.where()+" "+page+") y) z "+page, q.values...)
	if err != nil {
		return nil, "", err
	}
	err = scan(rows, func() error {
		var l Line
		var filed, due int64
		if err := rows.Scan(&l.id, &l.Number, &l.Kind, &l.State, &l.Outcome, &l.Acceptance, &l.Unit, &l.Town, &l.Domain, &l.Category, &l.Officer, &l.Source, &l.Ticket, &filed, &due); err != nil {
			return err
		}
		l.Filed, l.key = time.UnixMicro(filed).UTC(), filed
		if due != farOff {
			l.Due = time.UnixMicro(due).UTC()
		}
		if column == "due" {
			l.key = due
		}
		lines = append(lines, l)
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	if len(lines) > p.Limit {
		lines = lines[:p.Limit]
		last := lines[p.Limit-1]
		next = closeCursor(mark, last.key, last.id)
	}
	return lines, next, s.dress(ctx, lines)
}

// dress adds to a page which clock is next, and who is absent.
func (s *Store) dress(ctx context.Context, lines []Line) error {
	if len(lines) == 0 {
		return nil
	}
	at := map[int64]*Line{}
	var b binds
	ids := make([]int64, 0, len(lines))
	for i := range lines {
		at[lines[i].id] = &lines[i]
		ids = append(ids, lines[i].id)
	}
	rows, err := s.pool.QueryContext(ctx, "select case_id, code from clocks where case_id in ("+b.list(ids)+") and state in ('running', 'owed') order by late_from desc, no desc", b.values...)
	if err != nil {
		return err
	}
	err = scan(rows, func() error {
		var id int64
		var code string
		err := rows.Scan(&id, &code)
		at[id].Clock = code // the earliest comes last
		return err
	})
	if err != nil {
		return err
	}
	if err := s.dressChecked(ctx, at, ids); err != nil {
		return err
	}
	absent, err := s.absentNow(ctx)
	for i := range lines {
		if a, ok := absent[lines[i].Officer]; ok {
			lines[i].Absent = &a
		}
	}
	return err
}

// dressChecked adds by which way each consumer was shown to be reached.
func (s *Store) dressChecked(ctx context.Context, at map[int64]*Line, ids []int64) error {
	fact := "json_extract(body, '$.facts.contact_checked')"
	if s.dialect == "postgres" {
		fact = "body::jsonb #>> '{facts,contact_checked}'"
	}
	var b binds
	rows, err := s.pool.QueryContext(ctx, "select id, coalesce("+fact+", '') from cases where id in ("+b.list(ids)+")", b.values...)
	if err != nil {
		return err
	}
	return scan(rows, func() error {
		var id int64
		var checked string
		err := rows.Scan(&id, &checked)
		at[id].Checked = checked
		return err
	})
}

// Count is how many of the cases are in a state and with a unit, and how many of
// these are overdue.
type Count struct {
	State          workflow.State
	Unit           string
	Total, Overdue int64
}

// Counts counts what List would list.
func (s *Store) Counts(ctx context.Context, u *User, f Filter) ([]Count, error) {
	q, err := s.selectFor(ctx, u, &f, false)
	if err != nil {
		return nil, err
	}
	now := q.add(s.cfg.Now().UnixMicro())
	arm := func(sign, from string) string {
		return "select state, unit, " + sign + "count(*) as n, " + sign + "sum(case when due <= " + now + " then 1 else 0 end) as late from " + from + q.where() + " group by state, unit"
	}
	rows, err := s.pool.QueryContext(ctx, "select state, unit, sum(n), sum(late) from ("+arm("", "board where ")+" union all "+
		arm("-", "board where case_id in "+tail+" and ")+" union all "+arm("", "live_board where case_id in "+tail+" and ")+
		") x group by state, unit having sum(n) <> 0 order by state, unit", q.values...)
	if err != nil {
		return nil, err
	}
	var out []Count
	err = scan(rows, func() error {
		var c Count
		if err := rows.Scan(&c.State, &c.Unit, &c.Total, &c.Overdue); err != nil {
			return err
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// mark is the key of cursors for this user, filter and order: a cursor of another
// list does not open.
func (s *Store) mark(u *User, f *Filter, p *Page) []byte {
	return s.markOf(u.Name, f, p.Sort, p.Down)
}

func seal16(mark, place []byte) []byte {
	m := hmac.New(sha256.New, mark)
	m.Write(place)
	return m.Sum(nil)[:16]
}

func closeCursor(mark []byte, key, id int64) string {
	place := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(key)), uint64(id))
	return base64.RawURLEncoding.EncodeToString(append(place, seal16(mark, place)...))
}

func openCursor(mark []byte, text string) (key, id int64, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != 32 || !hmac.Equal(raw[16:], seal16(mark, raw[:16])) {
		return 0, 0, false
	}
	return int64(binary.BigEndian.Uint64(raw)), int64(binary.BigEndian.Uint64(raw[8:])), true
}
