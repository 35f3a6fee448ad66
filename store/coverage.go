package store

import (
	"context"
	"encoding/json"
	"sort"

	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// Coverage is I-17, 绿色通道覆盖率, on a day: of the registered large and medium
// merchants, those with an active channel and a contact that was reached lately.
type Coverage struct {
	On      calendar.Date  `json:"on"`
	Within  int            `json:"reached_within"` // calendar days
	Total   CoverageLine   `json:"total"`
	Towns   []CoverageLine `json:"towns"`   // their sums are the total's
	Domains []CoverageLine `json:"domains"` // so are these
}

// CoverageLine is one slice as whole numbers. An empty code: no place or no
// domain is known.
type CoverageLine struct {
	Code      string `json:"code"`
	Covered   int64  `json:"covered"`
	Members   int64  `json:"members"` // with an active channel, reached or not
	Merchants int64  `json:"merchants"`
}

func (l *CoverageLine) count(member, covered bool) {
	l.Merchants++
	if member {
		l.Members++
	}
	if covered {
		l.Covered++
	}
}

// Coverage counts I-17 on a day. Merchants are those that the register holds as
// active now and held on that day; whether a membership was approved is read from
// its history as of the end of the day. A contact was reached when an invitation
// was delivered (the clock of the first answer began), when a sending to a contact
// of the register was reported delivered, or when somebody logged in with a link
// that was sent to him.
func (s *Store) Coverage(ctx context.Context, day calendar.Date) (Coverage, error) {
	within := s.cfg.Rules().GreenChannel().Reached
	out := Coverage{On: day, Within: within, Towns: []CoverageLine{}, Domains: []CoverageLine{}}
	active, err := s.activeOn(ctx, day)
	if err != nil {
		return out, err
	}
	reached, err := s.reachedBetween(ctx, day.AddDays(1-within), day)
	if err != nil {
		return out, err
	}
	rows, err := s.pool.QueryContext(ctx, "select m.id, m.body from merchants m where m.status = 'active' and m.created_at < $1 and "+s.jsonText("m.body", "size")+" in ('medium', 'large')", s.stamp((day + 1).Start()))
	if err != nil {
		return out, err
	}
	towns, domains := map[string]*CoverageLine{}, map[string]*CoverageLine{}
	err = scan(rows, func() error {
		var id int64
		var body string
		var e register.Merchant
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return err
		}
		domain := ""
		if e.Domain != 0 {
			domain = register.Diff(register.Details{}, register.Details{Domain: e.Domain})[0].After
		}
		for _, l := range []*CoverageLine{&out.Total, slice(towns, e.Town), slice(domains, domain)} {
			l.count(active[id], active[id] && reached[id])
		}
		return nil
	})
	out.Towns, out.Domains = lines(towns), lines(domains)
	return out, err
}

func slice(all map[string]*CoverageLine, code string) *CoverageLine {
	if all[code] == nil {
		all[code] = &CoverageLine{Code: code}
	}
	return all[code]
}

func lines(all map[string]*CoverageLine) []CoverageLine {
	out := []CoverageLine{}
	for _, l := range all {
		out = append(out, *l)
	}
	sort.Slice(out, func(i, j int) bool {
		return len(out[i].Code) < len(out[j].Code) || len(out[i].Code) == len(out[j].Code) && out[i].Code < out[j].Code
	})
	return out
}

// activeOn are the entries whose membership was approved at the end of a day
// within its term.
func (s *Store) activeOn(ctx context.Context, day calendar.Date) (map[int64]bool, error) {
	return s.tops(ctx, `select g.merchant_id from members g join member_history h on h.member_id = g.id
		where h.no = (select max(x.no) from member_history x where x.member_id = g.id and x.at < $1) and h.state = 'approved' and g.from_day <= $2 and g.to_day >= $2`,
		s.stamp((day + 1).Start()), day.String())
}

// reachedBetween are the entries one of whose contacts was reached on one of the
// days.
func (s *Store) reachedBetween(ctx context.Context, from, to calendar.Date) (map[int64]bool, error) {
	out := map[int64]bool{}
	for _, x := range []struct {
		text string
		args []any
	}{
		{`select k.merchant_id from case_merchants k join clocks t on t.case_id = k.case_id where k.no = (select max(l.no) from case_merchants l where l.case_id = k.case_id)
			and t.code = 'merchant_first_answer' and t.starts >= $1 and t.starts <= $2`, []any{from.String(), to.String()}},
		{"select merchant_id from merchant_contacts where delivered_at >= $1 and delivered_at < $2", []any{s.stamp(from.Start()), s.stamp((to + 1).Start())}},
		{"select g.merchant_id from member_people p join members g on g.id = p.member_id where p.reached_at >= $1 and p.reached_at < $2", []any{s.stamp(from.Start()), s.stamp((to + 1).Start())}},
	} {
		found, err := s.tops(ctx, x.text, x.args...)
		if err != nil {
			return nil, err
		}
		for id := range found {
			out[id] = true
		}
	}
	return out, nil
}

// tops are the entries that the selected ones are read as, after mergers.
func (s *Store) tops(ctx context.Context, text string, args ...any) (map[int64]bool, error) {
	rows, err := s.pool.QueryContext(ctx, `with recursive top(id) as (select m.id from merchants m where m.id in (`+text+`) union select m.merged_into from merchants m join top t on t.id = m.id where m.merged_into is not null)
		select t.id from top t join merchants m on m.id = t.id where m.merged_into is null`, args...)
	if err != nil {
		return nil, err
	}
	out := map[int64]bool{}
	err = scan(rows, func() error {
		var id int64
		err := rows.Scan(&id)
		out[id] = true
		return err
	})
	return out, err
}

// jsonText reads a text out of a column of JSON.
func (s *Store) jsonText(column, name string) string {
	if s.dialect == "sqlite" {
		return "json_extract(" + column + ", '$." + name + "')"
	}
	return column + "::jsonb ->> '" + name + "'"
}
