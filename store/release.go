package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
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
	for q := range 4 {
		from := calendar.NewDate(year, time.Month(q*3+1), 1)
		names, spans = append(names, fmt.Sprintf("%d-Q%d", year, q+1)), append(spans, indicator.Span{From: from, To: from.AddMonths(3) - 1})
	}
	return append(names, strconv.Itoa(year)), append(spans, indicator.Span{From: spans[0].From, To: spans[3].To})
}

// releaseYear publishes what is due of one slice in one year.
func (s *Store) releaseYear(ctx context.Context, slice string, year int, first, today calendar.Date) ([]string, error) {
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
	r := &releasing{s: s, ctx: ctx, slice: slice, names: names, spans: spans, today: today}
	done, err := r.together(ready, said)
	if err != nil || done {
		return r.made, err
	}
	// What was said before stands. A period that nothing was said of comes alone;
	// the year cannot, because its quarters are known.
	for _, i := range missing {
		if i == 4 {
			err = errors.Join(err, r.keep(i, nil))
			continue
		}
		groups, _, one := indicator.Public(r.table([]int{i}, nil))
		if err = errors.Join(err, one); one == nil {
			err = errors.Join(err, r.keep(i, groups))
		}
	}
	if again && err == nil {
		err = r.stand(ready)
	}
	return r.made, err
}

// releasing is one slice and year while it is published.
type releasing struct {
	s      *Store
	ctx    context.Context
	slice  string
	names  []string
	spans  []indicator.Span
	today  calendar.Date
	counts map[indicator.Span][]indicator.Group
	at     indicator.At
	made   []string
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
		if err := r.keep(i, groups); err != nil {
			return true, err
		}
	}
	return true, nil
}

// read counts every period in one state of the log.
func (r *releasing) read(periods []int) error {
	r.counts = map[indicator.Span][]indicator.Group{}
	for _, i := range periods {
		x := r.spans[i]
		groups, at, err := r.s.Statistics(r.ctx, indicator.Query{From: x.From, To: x.To, By: r.slice}, 0)
		if err != nil {
			return err
		}
		r.counts[x], r.at = groups, at
	}
	return nil
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

// keep records the part of a table that is one period's, if it says anything new.
func (r *releasing) keep(period int, groups []indicator.PublicGroup) error {
	x, own := r.spans[period], []indicator.PublicGroup{}
	for _, g := range groups {
		if g.From == x.From && g.To == x.To {
			own = append(own, g)
		}
	}
	body, err := json.Marshal(own)
	if err != nil {
		return err
	}
	law := r.s.cfg.Rules()
	_, err = r.s.pool.ExecContext(r.ctx, `insert into releases (slice, period, no, from_day, to_day, taken_at, height, hash, definitions, rules, calendar, body)
		select $1, $2, coalesce(max(no), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11 from releases where slice = $1 and period = $2 on conflict do nothing`,
		r.slice, r.names[period], x.From.String(), x.To.String(), r.at.Taken.UnixMicro(), r.at.Height, r.at.Hash, indicator.Version, law.VersionOn(x.To), law.Calendar().KnownAt(r.today).Version(), string(body))
	if err == nil {
		r.made = append(r.made, r.slice+" "+r.names[period])
	}
	return err
}

// stand says once more, unchanged, what was said of periods before: that it was
// looked at again is known then.
func (r *releasing) stand(periods []int) error {
	for _, i := range periods {
		old, err := r.s.PublicTable(r.ctx, r.slice, r.names[i])
		if err != nil {
			return err
		}
		if calendar.On(old.At.Taken) < r.today {
			if err := r.keep(i, old.Groups); err != nil {
				return err
			}
		}
	}
	return nil
}

// PublicTable reads the last that was published of a slice and period; ErrNoRelease
// when nothing was.
func (s *Store) PublicTable(ctx context.Context, slice, period string) (PublicTable, error) {
	all, err := s.releases(ctx, "slice = $1 and period = $2 order by no desc limit 1", slice, period)
	if err == nil && len(all) == 0 {
		return PublicTable{}, ErrNoRelease
	}
	if err != nil {
		return PublicTable{}, err
	}
	return all[0], nil
}

// PublicPeriods lists the periods that something is published of by a slice, the last
// first.
func (s *Store) PublicPeriods(ctx context.Context, slice string) ([]string, error) {
	return column[string](s.pool.QueryContext(ctx, "select period from releases where slice = $1 group by period, to_day, from_day order by to_day desc, from_day desc", slice))
}

func (s *Store) releases(ctx context.Context, where string, args ...any) (out []PublicTable, err error) {
	rows, err := s.pool.QueryContext(ctx, "select slice, period, no, from_day, to_day, taken_at, height, hash, definitions, rules, calendar, body from releases where "+where, args...)
	if err != nil {
		return nil, err
	}
	err = scan(rows, func() error {
		var r PublicTable
		var from, to, body string
		var taken int64
		err := rows.Scan(&r.Slice, &r.Period, &r.No, &from, &to, &taken, &r.At.Height, &r.At.Hash, &r.Definitions, &r.Rules, &r.Calendar, &body)
		if err != nil {
			return err
		}
		r.At.Taken = time.UnixMicro(taken).UTC()
		if r.From, err = calendar.ParseDate(from); err != nil {
			return err
		}
		if r.To, err = calendar.ParseDate(to); err != nil {
			return err
		}
		out = append(out, r)
		return json.Unmarshal([]byte(body), &out[len(out)-1].Groups)
	})
	return out, err
}
