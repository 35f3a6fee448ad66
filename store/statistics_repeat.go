package store

import (
	"slices"

	"fangxin/workflow/calendar"
)

// repeatDays is how long before a complaint another one makes it a repeated one.
const repeatDays = 365

// complained is one complaint about a merchant.
type complained struct {
	id              int64
	filed, accepted calendar.Date // accepted 0: it was not
	category        string
}

// repeats finds what I-12a counts: of the complaints accepted, those whose
// merchant another person had complained of, in the same category, within the year
// before. Whether two are one person the blind index says.
func (r *reading) repeats(found func(ref string, c *complained, again bool)) error {
	by, err := r.complaints()
	if err != nil {
		return err
	}
	people, err := r.people(by)
	if err != nil {
		return err
	}
	for ref, list := range by {
		for i := range list {
			c := &list[i]
			if c.accepted == 0 {
				continue
			}
			found(ref, c, slices.ContainsFunc(list, func(o complained) bool {
				return o.id != c.id && o.category == c.category && o.filed <= c.filed && o.filed >= c.filed-repeatDays && (o.filed < c.filed || o.id < c.id) && !shared(people[o.id], people[c.id])
			}))
		}
	}
	return nil
}

// intoSpans counts one complaint accepted for I-12a.
func (r *reading) intoSpans(ref string, c *complained, again bool) {
	for i, x := range r.spans {
		if c.accepted < x.From || c.accepted > x.To {
			continue
		}
		r.into(ref, i, line{code: "repeatable", value: 1})
		if again {
			r.into(ref, i, line{code: "repeated", value: 1})
		}
	}
}

func shared(a, b []string) bool {
	return slices.ContainsFunc(a, func(mac string) bool { return slices.Contains(b, mac) })
}

// complaints are those that a merchant was found for, of the question's days and
// the year before, by the entry that is read today.
func (r *reading) complaints() (map[string][]complained, error) {
	rows, err := r.s.pool.QueryContext(r.ctx, `select c.case_id, k.merchant_id, c.indicator, max(c.day), max(c.category) from contributions c
		join `+about+` k on k.case_id = c.case_id
		where c.indicator in ('filed', 'accepted') and c.value > 0 and c.day >= $1 and c.day <= $2 group by 1, 2, 3 order by 1, 3 desc`,
		r.first().AddDays(-2*repeatDays).String(), r.q.To.String()) // accepted in the period, filed before it, the other a year before that
	if err != nil {
		return nil, err
	}
	by := map[string][]complained{}
	err = scan(rows, func() error {
		var id, merchant int64
		var what, day, category string
		if err := rows.Scan(&id, &merchant, &what, &day, &category); err != nil {
			return err
		}
		on, err := calendar.ParseDate(day)
		if err != nil {
			return err
		}
		ref := r.name(merchant, on)
		list := by[ref]
		switch n := len(list); {
		case r.q.Of != nil && ref != *r.q.Of:
		case what == "filed":
			by[ref] = append(list, complained{id: id, filed: on, category: category})
		case n > 0 && list[n-1].id == id:
			list[n-1].accepted, list[n-1].category = on, category
		}
		return nil
	})
	return by, err
}

// people are the macs of the persons of complaints, where a merchant has several.
func (r *reading) people(by map[string][]complained) (map[int64][]string, error) {
	out := map[int64][]string{}
	for _, list := range by {
		if len(list) < 2 {
			continue
		}
		ids := make([]claimed, len(list))
		for i, c := range list {
			ids[i].caseID = c.id
		}
		pairs, arg := r.s.pairs(ids)
		rows, err := r.s.pool.QueryContext(r.ctx, "select b.case_id, b.kind, b.mac from "+pairs+" x join blind b on b.case_id = x.case_id where b.kind <> 'respondent'", arg)
		if err != nil {
			return nil, err
		}
		err = scan(rows, func() error {
			var id int64
			var kind string
			var mac []byte
			err := rows.Scan(&id, &kind, &mac)
			out[id] = append(out[id], kind+string(mac))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
