package store

import (
	"context"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// LateBy is how many duties of an officer in a unit are overdue, and since when
// the oldest is. Officer is empty for those that nobody was assigned.
type LateBy struct {
	Unit, Officer string
	N             int64
	Oldest        time.Time
}

// WhoIsLate says by how much, of the duties that Duties lists: who has
// most first.
func (s *Store) WhoIsLate(ctx context.Context, u *User, f DutyFilter) ([]LateBy, error) {
	q := s.dutiesFor(u, &f)
	rows, err := s.pool.QueryContext(ctx, "select unit, officer, count(*) as n, min(late) as oldest from "+lateWhere("unit, officer, late", q.where(), "")+
		" z group by unit, officer order by n desc, oldest, unit, officer", q.values...)
	if err != nil {
		return nil, err
	}
	var out []LateBy
	err = scan(rows, func() error {
		var l LateBy
		var oldest int64
		err := rows.Scan(&l.Unit, &l.Officer, &l.N, &oldest)
		l.Oldest = time.UnixMicro(oldest).UTC()
		out = append(out, l)
		return err
	})
	return out, err
}

// Supervision is the last time that a case was supervised (督办): by whom, until
// when that is to be answered, and what became of it.
type Supervision struct {
	Said
	Due   calendar.Date
	State workflow.ClockState
}

// supervisions finds the last of each case; who it was is in its event.
func (s *Store) supervisions(ctx context.Context, in string, ids []any) (map[int64]*Supervision, error) {
	rows, err := s.pool.QueryContext(ctx, "select case_id, seq, due, state from clocks where case_id in ("+in+") and code = 'supervision' order by case_id, no", ids...)
	if err != nil {
		return nil, err
	}
	out := map[int64]*Supervision{}
	err = scan(rows, func() error {
		var id int64
		var due string
		v := &Supervision{}
		if err := rows.Scan(&id, &v.Seq, &due, &v.State); err != nil {
			return err
		}
		var err error
		v.Due, err = calendar.ParseDate(due)
		out[id] = v
		return err
	})
	return out, err
}

// whoSaid reads by whom and when events of cases were, all at once; event 0 is none.
func (s *Store) whoSaid(ctx context.Context, of []claimed) (map[claimed]*Said, error) {
	text, pairs := s.pairs(of)
	rows, err := s.pool.QueryContext(ctx, "select e.case_id, e.seq, e.payload from "+text+" x join events e on e.case_id = x.case_id and e.seq = x.seq", pairs)
	if err != nil {
		return nil, err
	}
	out := map[claimed]*Said{}
	err = scan(rows, func() error {
		var at claimed
		var payload string
		if err := rows.Scan(&at.caseID, &at.seq, &payload); err != nil {
			return err
		}
		e, _, err := workflow.ParseEvent([]byte(payload))
		out[at] = &Said{at.seq, e.Actor, e.At}
		return err
	})
	return out, err
}
