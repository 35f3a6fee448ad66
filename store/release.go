package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// PublicTable is what is published of one slice and one period: 2026-Q2 or 2026.
type PublicTable struct {
	Slice, Period string
	No            int // the how many-th of this period
	From, To      calendar.Date
	At            indicator.At
	Definitions   string
	Rules         string
	Calendar      string
	Groups        []indicator.PublicGroup // the county first; empty: cannot be published without telling of few
	Lines         []indicator.PublicLine  // what each of their lines is made of
}

// releaseBody is how a table is kept.
type releaseBody struct {
	Groups []indicator.PublicGroup `json:"groups"`
	Lines  []indicator.PublicLine  `json:"lines"`
}

// Days after the end of a quarter on which it is published, and published again
// when its cohort is mature.
const (
	releaseAfter = 10
	matureAfter  = 100
)

// ErrNoRelease says that nothing is published of a slice and period.
var ErrNoRelease = errors.New("nothing is published of this period")

// ReleaseDue publishes what has come due of every slice, and says what it
// published: each quarter ten days after its end, with the year around it when
// that is over, and once more when it is mature. What cannot be published together
// with what was said before stays as it was said.
func (s *Store) ReleaseDue(ctx context.Context) (made []string, err error) {
	from, err := s.FirstDay(ctx)
	if err != nil || from == 0 {
		return nil, err
	}
	today := calendar.On(s.cfg.Now())
	for year := max(from.Year(), today.Year()-5); year <= today.Year(); year++ {
		for _, slice := range indicator.PublicSlices {
			new, err := s.releaseYear(ctx, slice, year, from, today)
			made = append(made, new...)
			if err != nil {
				return made, err
			}
		}
	}
	return made, nil
}

// FirstDay is that of the first complaint that blocks have sealed; zero without one.
func (s *Store) FirstDay(ctx context.Context) (calendar.Date, error) {
	var first sql.NullString
	err := s.pool.QueryRowContext(ctx, "select min(day) from rollups where slice = '' and indicator = 'filed'").Scan(&first)
	if err != nil || !first.Valid {
		return 0, err
	}
	return calendar.ParseDate(first.String)
}

// quarters are the periods of a year: four quarters and itself.
func quarters(year int) (names []string, spans []indicator.Span) {
	whole, _ := indicator.SpanOf(strconv.Itoa(year))
	for d := whole.From; d <= whole.To; d = d.AddMonths(3) {
		name := indicator.Quarter(d)
		span, _ := indicator.QuarterOf(name)
		names, spans = append(names, name), append(spans, span)
	}
	return append(names, strconv.Itoa(year)), append(spans, whole)
}

// releaseYear publishes what is due of one slice in one year.
func (s *Store) releaseYear(ctx context.Context, slice string, year int, first, today calendar.Date) (made []string, err error) {
	names, spans := quarters(year)
	if spans[4].To < first {
		return nil, nil
	}
	var ready, missing []int
	var said []indicator.PublicGroup
	again := false
	for i, x := range spans {
		// a quarter before the first complaint is told of only as a part of its year
		if today < x.To+releaseAfter || x.To < first && today < spans[4].To+releaseAfter {
			continue
		}
		r, err := s.PublicTable(ctx, slice, names[i])
		switch {
		case errors.Is(err, ErrNoRelease):
			missing = append(missing, i)
		case err != nil:
			return nil, err
		default:
			said = append(said, r.Groups...)
			again = again || today >= x.To+matureAfter && calendar.On(r.At.Taken) < x.To+matureAfter
		}
		ready = append(ready, i)
	}
	if len(missing) == 0 && !again {
		return nil, nil
	}
	r := &releasing{s: s, ctx: ctx, slice: slice, year: year, names: names, spans: spans, today: today}
	if r.had, err = s.releasesOf(ctx, s.pool, slice, year); err != nil {
		return nil, err
	}
	done, err := r.together(ready, said)
	if err == nil && !done {
		err = r.apart(missing, ready, again)
	}
	made, failed := r.publish()
	return made, errors.Join(err, failed)
}

// apart publishes what cannot be told together with what was said before: that
// stands. A period that nothing was said of comes alone; the year cannot, because
// its quarters are known.
func (r *releasing) apart(missing, ready []int, again bool) (err error) {
	for _, i := range missing {
		if i == 4 {
			r.keep(i, nil)
			continue
		}
		groups, _, one := indicator.Public(r.table([]int{i}, nil))
		if err = errors.Join(err, one); one == nil {
			r.keep(i, groups)
		}
	}
	if again && err == nil {
		err = r.stand(ready)
	}
	return err
}

// releasing is one slice and year while it is published.
type releasing struct {
	s      *Store
	ctx    context.Context
	slice  string
	year   int
	names  []string
	spans  []indicator.Span
	today  calendar.Date
	had    int // tables there were of the year when it was begun
	counts map[indicator.Span][]indicator.Group
	at     indicator.At
	lines  []indicator.PublicLine
	ready  []PublicTable
}

// together publishes periods as one table beside what was said before.
func (r *releasing) together(periods []int, said []indicator.PublicGroup) (bool, error) {
	if err := r.read(periods); err != nil {
		return false, err
	}
	groups, ok, err := indicator.Public(r.table(periods, said))
	if err != nil || !ok {
		return false, err
	}
	for _, i := range periods {
		r.keep(i, groups)
	}
	return true, nil
}

// read counts every period in one state of the log, that of its last block: what is
// due is enforced before, and what is recorded sealed.
func (r *releasing) read(periods []int) (err error) {
	if err := r.s.settle(r.ctx); err != nil {
		return err
	}
	var list []indicator.Query
	for _, i := range periods {
		list = append(list, indicator.Query{From: r.spans[i].From, To: r.spans[i].To, By: r.slice})
	}
	counts, at, err := r.s.sealedStatistics(r.ctx, list)
	r.at, r.counts = at, map[indicator.Span][]indicator.Group{}
	for i, groups := range counts {
		r.counts[r.spans[periods[i]]] = groups
	}
	return err
}

// table is what is published together; the county is the sum of its parts.
func (r *releasing) table(periods []int, said []indicator.PublicGroup) indicator.Table {
	t := indicator.Table{Earlier: said, Seen: r.today, Keys: r.keys()}
	for _, i := range periods {
		x := r.spans[i]
		whole := indicator.Counts{}
		for _, g := range r.counts[x] {
			for code, by := range g.Counts {
				for measure, n := range by {
					whole.Add(code, measure, n)
				}
			}
		}
		t.Whole = append(t.Whole, indicator.Group{From: x.From, To: x.To, Counts: whole})
		t.Parts = append(t.Parts, r.counts[x]...)
	}
	r.lines = t.Lines()
	return t
}

// keys are the values of the slice by the county's plan.
func (r *releasing) keys() (out []string) {
	county := r.s.cfg.Rules().County()
	switch r.slice {
	case "town":
		for _, t := range county.Towns {
			out = append(out, t.Code)
		}
	case "domain", "category":
		for _, d := range county.Domains {
			if r.slice == "domain" {
				out = append(out, strconv.Itoa(d.Number))
				continue
			}
			for _, c := range d.Categories {
				out = append(out, c.Code)
			}
		}
	}
	if r.slice != "domain" {
		out = append(out, "")
	}
	return out
}

// keep makes ready the part of a table that is one period's.
func (r *releasing) keep(period int, groups []indicator.PublicGroup) {
	x, law := r.spans[period], r.s.cfg.Rules()
	t := PublicTable{Slice: r.slice, Period: r.names[period], From: x.From, To: x.To, At: r.at, Definitions: indicator.Version,
		Rules: law.VersionOn(x.To), Calendar: law.Calendar().KnownAt(r.today).Version(), Groups: []indicator.PublicGroup{}, Lines: r.lines}
	for _, g := range groups {
		if g.From == x.From && g.To == x.To {
			t.Groups = append(t.Groups, g)
		}
	}
	r.ready = append(r.ready, t)
}

// stand says once more, unchanged and as of the block that it was said of, what was
// said of periods before: that it was looked at again is known then.
func (r *releasing) stand(periods []int) error {
	for _, i := range periods {
		old, err := r.s.PublicTable(r.ctx, r.slice, r.names[i])
		if err != nil {
			return err
		}
		if calendar.On(old.At.Taken) < r.today {
			old.At.Taken = r.at.Taken
			r.ready = append(r.ready, old)
		}
	}
	return nil
}

// publish writes what is ready, and a block that seals it: unless another node was
// first, whose tables stand then.
func (r *releasing) publish() (made []string, err error) {
	if len(r.ready) == 0 {
		return nil, nil
	}
	tx, err := r.s.pool.BeginTx(r.ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := r.s.lockBlocks(r.ctx, tx); err != nil {
		return nil, err
	}
	if n, err := r.s.releasesOf(r.ctx, tx, r.slice, r.year); err != nil || n != r.had {
		return nil, err
	}
	b := ledger.Block{At: r.s.cfg.Now()}
	for i := range r.ready {
		head, err := r.write(tx, &r.ready[i])
		if err != nil {
			return nil, err
		}
		b.Heads, made = append(b.Heads, head), append(made, r.slice+" "+r.ready[i].Period)
	}
	if err := r.s.next(r.ctx, tx, &b); err != nil {
		return nil, err
	}
	return made, tx.Commit()
}

// write records one table as the next of its period.
func (r *releasing) write(tx *sql.Tx, t *PublicTable) (head ledger.Head, err error) {
	body, err := json.Marshal(releaseBody{t.Groups, t.Lines})
	if err != nil {
		return head, err
	}
	x := ledger.Release{Slice: t.Slice, Period: t.Period, From: t.From.String(), To: t.To.String(), Taken: t.At.Taken.UnixMicro(), Height: t.At.Height, Hash: t.At.Hash,
		Definitions: t.Definitions, Rules: t.Rules, Calendar: t.Calendar, Body: string(body)}
	if err := tx.QueryRowContext(r.ctx, "select coalesce(max(no), 0) + 1 from releases where slice = $1 and period = $2", x.Slice, x.Period).Scan(&x.No); err != nil {
		return head, err
	}
	_, err = tx.ExecContext(r.ctx, "insert into releases (slice, period, no, from_day, to_day, taken_at, height, hash, definitions, rules, calendar, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		x.Slice, x.Period, x.No, x.From, x.To, x.Taken, x.Height, x.Hash, x.Definitions, x.Rules, x.Calendar, x.Body)
	return x.Head(), err
}

// releasesOf counts the tables of a slice and a year.
func (s *Store) releasesOf(ctx context.Context, q queryer, slice string, year int) (n int, err error) {
	err = q.QueryRowContext(ctx, "select count(*) from releases where slice = $1 and substr(period, 1, 4) = $2", slice, strconv.Itoa(year)).Scan(&n)
	return n, err
}
