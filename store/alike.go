package store

import (
	"context"
	"fmt"
	"time"

	"fangxin/workflow"
)

// Alike is an open complaint that another one may repeat.
type Alike struct {
	Number string
	State  workflow.State
	Filed  time.Time
}

// alikeMost is how many are found.
const alikeMost = 5

// Alike finds open complaints about a respondent, the latest first, by exact match
// of the blind index: those of the telephone of about.Person, where one is named,
// and those among known, numbers that the caller has from elsewhere. Whoever is
// told of what it finds must have shown that the telephone is his.
func (s *Store) Alike(ctx context.Context, about *workflow.Private, known []string) ([]Alike, error) {
	macs := map[string][]byte{"phone": {}}
	for _, m := range s.cfg.Keys.macs(about) {
		macs[m.kind] = m.mac
	}
	if macs["respondent"] == nil {
		return nil, nil
	}
	q := binds{values: []any{macs["respondent"], macs["phone"]}}
	ids := []int64{0} // is no case
	for _, number := range known {
		if id, err := parseCase(number); err == nil {
			ids = append(ids, id)
		}
	}
	rows, err := s.pool.QueryContext(ctx, fmt.Sprintf(`select c.number, c.state, c.filed_at from cases c
		where c.id in (select case_id from blind where kind = 'phone' and mac = $2 union select id from cases where id in (%s))
		and exists (select 1 from blind r where r.case_id = c.id and r.kind = 'respondent' and r.mac = $1)
		and c.kind = 'complaint' and c.state not like 'CLOSED%%' order by c.filed_at desc limit %d`, q.list(ids), alikeMost), q.values...)
	if err != nil {
		return nil, err
	}
	var out []Alike
	err = scan(rows, func() error {
		var a Alike
		var filed instant
		err := rows.Scan(&a.Number, &a.State, &filed)
		a.Filed = filed.Time
		out = append(out, a)
		return err
	})
	return out, err
}
