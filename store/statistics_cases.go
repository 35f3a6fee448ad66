package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// Counted are the cases behind one number of the statistics.
type Counted struct {
	At indicator.At
	// Sum is the number: what all of its cases count for, added up. Cases is how many
	// these are; Shown and ShownSum are those that the user may see.
	Sum, Cases, Shown, ShownSum int64
	Lines                       []CountedCase
	Next                        string // cursor; empty at the end
}

// CountedCase is a case and what it counts for in the number: one as a rule, less
// than nothing where only the taking back lies in the period.
type CountedCase struct {
	Number, Outcome, Unit, Town, Category string
	Kind                                  workflow.Kind
	State                                 workflow.State
	Domain                                int
	Filed                                 time.Time
	N                                     int64

	id int64
}

// Why there is no list of cases.
var (
	ErrNoNumber = errors.New("the indicator shows no such number")
	ErrNoCases  = errors.New("the number counts merchants, no cases")
)

// CountedCases lists the cases behind a number of the question's days, which is one
// period: by the counts themselves, so that what is listed adds up to the number.
// Only cases of the user's scope are named; how many there are besides is said.
func (s *Store) CountedCases(ctx context.Context, u *User, q indicator.Query, part indicator.Part, after string, limit int) (Counted, error) {
	q.Per = ""
	if part.ID == "I-17" {
		return Counted{}, ErrNoCases
	}
	mark := s.markOf(u.Name, "counted", q, part)
	from := int64(0)
	if after != "" {
		var ok bool
		if _, from, ok = openCursor(mark, after); !ok {
			return Counted{}, ErrCursor
		}
	}
	out := Counted{At: indicator.At{Taken: s.cfg.Now().UTC()}}
	b := &binds{lite: s.dialect == "sqlite"}
	hits, err := s.hits(ctx, b, q, part)
	if err != nil {
		return out, err
	}
	tx, err := s.snapshot(ctx)
	if err != nil {
		return out, err
	}
	defer func() { _ = tx.Rollback() }()
	if out.At.Height, out.At.Hash, err = lastBlock(ctx, tx); err != nil {
		return out, err
	}
	scope := u.Scope().rule.where(b)
	const fields = "case_id, h.n, number, kind, state, outcome, unit, town, domain, category, filed"
	with := "with hits as materialized (" + hits + "), seen as (select " + fields + " from hits h cross join board b where b.case_id = h.hit and " + scope + caughtUp +
		" union all select " + fields + " from hits h cross join live_board b where b.case_id = h.hit and h.hit in " + tail + " and " + scope + ") "
	err = tx.QueryRowContext(ctx, with+"select (select count(*) from hits), (select cast(coalesce(sum(n), 0) as bigint) from hits), count(*), cast(coalesce(sum(n), 0) as bigint) from seen", b.values...).
		Scan(&out.Cases, &out.Sum, &out.Shown, &out.ShownSum)
	if err != nil {
		return out, err
	}
	page := fmt.Sprintf("select * from seen where case_id > %s order by case_id limit %d", b.add(from), limit+1)
	rows, err := tx.QueryContext(ctx, with+page, b.values...)
	if err != nil {
		return out, err
	}
	err = scan(rows, func() error {
		var x CountedCase
		var filed int64
		err := rows.Scan(&x.id, &x.N, &x.Number, &x.Kind, &x.State, &x.Outcome, &x.Unit, &x.Town, &x.Domain, &x.Category, &filed)
		x.Filed = time.UnixMicro(filed).UTC()
		out.Lines = append(out.Lines, x)
		return err
	})
	if err == nil && len(out.Lines) > limit {
		out.Lines = out.Lines[:limit]
		out.Next = closeCursor(mark, 0, out.Lines[limit-1].id)
	}
	return out, err
}

// hits is a table of the cases (hit) and of what each counts for (n), as SQL: from
// the log's slices directly; by the register each count must be named first.
func (s *Store) hits(ctx context.Context, b *binds, q indicator.Query, part indicator.Part) (string, error) {
	r := &reading{s: s, ctx: ctx, q: q, spans: q.Spans()}
	if part.Beside() { // I-12a
		n, err := r.repeated(part)
		return s.hitList(b, n), err
	}
	codes, err := column[string](s.pool.QueryContext(ctx, kinds+" select indicator from kinds where indicator is not null union select c.indicator from "+unsealed, ""))
	if err != nil {
		return "", err
	}
	sum, ok := part.Sum(codes)
	if !ok {
		return "", ErrNoNumber
	}
	var plus, minus []string
	for _, code := range codes {
		switch sum.Has(code) {
		case 1:
			plus = append(plus, code)
		case -1:
			minus = append(minus, code)
		}
	}
	if registered := logSlices[q.By] == ""; registered {
		n, err := r.named(plus, minus)
		return s.hitList(b, n), err
	}
	where := r.within(b, plus, minus)
	if q.Of != nil {
		where += " and " + logSlices[q.By] + " = " + b.add(*q.Of)
	}
	return "select c.case_id as hit, cast(sum(" + signed(b, minus) + ") as bigint) as n from contributions c where " + where + " group by c.case_id having sum(" + signed(b, minus) + ") <> 0", nil
}

// signed is the value of a count, of some codes with the other sign.
func signed(b *binds, minus []string) string {
	if len(minus) == 0 {
		return "c.value"
	}
	return "case when c.indicator in (" + texts(b, minus) + ") then -c.value else c.value end"
}

// within narrows counts to some codes and to the question's days: of what stands, to
// all that was counted up to the last.
func (r *reading) within(b *binds, plus, minus []string) string {
	codes := append(append([]string{""}, plus...), minus...) // never an empty list
	return "c.indicator in (" + texts(b, codes) + ") and c.day <= " + b.add(r.q.To.String()) + " and (c.day >= " + b.add(r.q.From.String()) + " or c.indicator >= 'owed.' and c.indicator < 'owed/')"
}

func texts(b *binds, all []string) string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = b.add(x)
	}
	return strings.Join(out, ", ")
}

// named adds up by case what belongs to one value of a slice of the register.
func (r *reading) named(plus, minus []string) (map[int64]int64, error) {
	tx, err := r.s.snapshot(r.ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	r.tx = tx
	if r.name, err = r.namer(); err != nil {
		return nil, err
	}
	b := &binds{}
	text := "select c.case_id, c.day, coalesce(k.merchant_id, 0), " + signed(b, minus) + " from contributions c left join " + about + " k on k.case_id = c.case_id where " + r.within(b, plus, minus)
	rows, err := tx.QueryContext(r.ctx, text, b.values...)
	if err != nil {
		return nil, err
	}
	n := map[int64]int64{}
	return n, scan(rows, func() error {
		var id, merchant, value int64
		var day string
		if err := rows.Scan(&id, &day, &merchant, &value); err != nil {
			return err
		}
		on, err := calendar.ParseDate(day)
		if r.q.Of == nil || r.name(merchant, on) == *r.q.Of {
			n[id] += value
		}
		return err
	})
}

// repeated are the cases of I-12a, which only merchants have.
func (r *reading) repeated(part indicator.Part) (map[int64]int64, error) {
	if r.q.By != "merchant" || part.Line != "repeated" || part.Side != "numerator" && part.Side != "denominator" {
		return nil, ErrNoNumber
	}
	tx, err := r.s.snapshot(r.ctx)
	if err != nil {
		return nil, err
	}
	r.tx = tx
	r.name, err = r.namer()
	_ = tx.Rollback() // what follows reads by itself
	if err != nil {
		return nil, err
	}
	n := map[int64]int64{}
	return n, r.repeats(func(_ string, c *complained, again bool) {
		if c.accepted >= r.q.From && c.accepted <= r.q.To && (again || part.Side == "denominator") {
			n[c.id] = 1
		}
	})
}

// hitList puts cases that were counted here into a statement.
func (s *Store) hitList(b *binds, n map[int64]int64) string {
	var all []claimed
	for id, value := range n {
		if value != 0 {
			all = append(all, claimed{caseID: id, seq: value})
		}
	}
	table, list := s.pairs(all)
	b.add(list) // the first value
	return "select x.case_id as hit, cast(x.seq as bigint) as n from " + table + " x"
}
