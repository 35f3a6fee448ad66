package store

import (
	"encoding/json"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/register"
)

// listing is what figures need of a merchant.
type listing struct {
	ref, size string
	into      int64
}

// namer names the slice that a merchant's counts belong to: the entry that he is
// read as after mergers, its size class, whether he was a member on the day, or
// one that the programme speaks of: a member that is large or medium.
// Empty: no merchant was found, or nothing is known of his size.
func (r *reading) namer() (func(int64, calendar.Date) string, error) {
	all, err := r.entries()
	if err != nil {
		return nil, err
	}
	top := func(id int64) int64 {
		for all[id].into != 0 {
			id = all[id].into
		}
		return id
	}
	switch r.q.By {
	case "merchant":
		r.narrow(all, func(id int64) string { return all[top(id)].ref })
		return func(id int64, _ calendar.Date) string { return all[top(id)].ref }, nil
	case "size":
		r.narrow(all, func(id int64) string { return all[top(id)].size })
		return func(id int64, _ calendar.Date) string { return all[top(id)].size }, nil
	}
	terms, err := r.memberTerms()
	if err != nil {
		return nil, err
	}
	if r.q.Of != nil && *r.q.Of == "yes" {
		r.narrow(all, func(id int64) string {
			if len(terms[top(id)]) > 0 {
				return "yes"
			}
			return "no"
		})
	}
	return func(id int64, day calendar.Date) string {
		if id == 0 {
			return ""
		}
		for _, t := range terms[top(id)] {
			if day >= t.From && day <= t.To {
				if size := all[top(id)].size; r.q.By == "programme" && size != "large" && size != "medium" {
					return "no"
				}
				return "yes"
			}
		}
		return "no"
	}, nil
}

// narrow notes the entries that one value can be about, where one is asked for: a
// question about few merchants reads their cases alone.
func (r *reading) narrow(all map[int64]listing, name func(int64) string) {
	if r.q.Of == nil || *r.q.Of == "" {
		return
	}
	r.only = []claimed{}
	for id := range all {
		if name(id) == *r.q.Of {
			r.only = append(r.only, claimed{caseID: id})
		}
	}
}

func (r *reading) entries() (map[int64]listing, error) {
	rows, err := r.tx.QueryContext(r.ctx, "select id, ref, coalesce(merged_into, 0), body from merchants")
	if err != nil {
		return nil, err
	}
	all := map[int64]listing{}
	err = scan(rows, func() error {
		var id int64
		var e listing
		var body string
		if err := rows.Scan(&id, &e.ref, &e.into, &body); err != nil {
			return err
		}
		var m register.Merchant
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			return err
		}
		e.size = m.Size
		all[id] = e
		return nil
	})
	return all, err
}

// memberTerms are the terms for which somebody is or was approved.
func (r *reading) memberTerms() (map[int64][]indicator.Span, error) {
	rows, err := r.tx.QueryContext(r.ctx, "select g.merchant_id, g.from_day, g.to_day from members g where g.from_day <> '' and exists (select 1 from member_history h where h.member_id = g.id and h.state = 'approved')")
	if err != nil {
		return nil, err
	}
	terms := map[int64][]indicator.Span{}
	err = scan(rows, func() error {
		var id int64
		var from, to string
		if err := rows.Scan(&id, &from, &to); err != nil {
			return err
		}
		a, err := calendar.ParseDate(from)
		if err != nil {
			return err
		}
		b, err := calendar.ParseDate(to)
		terms[id] = append(terms[id], indicator.Span{From: a, To: b})
		return err
	})
	return terms, err
}

// beside adds what no event can say: I-17 from the register, where the question is
// one that it can answer, and of merchants I-12a.
func (r *reading) beside() error {
	if r.q.By == "merchant" {
		return r.repeats(r.intoSpans)
	}
	if r.q.Per != "" || r.q.By != "" && r.q.By != "town" && r.q.By != "domain" {
		return nil
	}
	day := min(r.q.To, calendar.On(r.s.cfg.Now()))
	c, err := r.s.Coverage(r.ctx, day)
	if err != nil {
		return err
	}
	lines := map[string][]CoverageLine{"": {c.Total}, "town": c.Towns, "domain": c.Domains}[r.q.By]
	for _, l := range lines {
		if l.Code == "" && r.q.By == "domain" {
			l.Code = "0"
		}
		r.into(l.Code, 0, line{code: "covered", value: l.Covered})
		r.into(l.Code, 0, line{code: "coverable", value: l.Merchants})
	}
	return nil
}
