package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"fangxin/workflow"
)

// View is a case as its readers see it.
type View struct {
	workflow.Case
	Filed time.Time
}

// Case reads a case with all its clocks. ErrNoSuchCase when there is none.
func (s *Store) Case(ctx context.Context, number string) (View, error) {
	id, err := parseCase(number)
	if err != nil {
		return View{}, err
	}
	got := &found{cases: map[int64]*folding{}}
	var head []byte
	var body string
	var filed instant
	err = s.pool.QueryRowContext(ctx, "select head, filed_at, body from cases where id = $1", id).Scan(&head, &filed, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return View{}, ErrNoSuchCase
	}
	if err != nil {
		return View{}, err
	}
	if err := got.add(id, head, filed.Time, body); err != nil {
		return View{}, err
	}
	f := got.cases[id]
	rows, err := s.pool.QueryContext(ctx, strings.Replace(pgClocks, "= any($1)", "= $1", 1), id)
	if err != nil {
		return View{}, err
	}
	err = scan(rows, func() error {
		var k workflow.Clock
		var r clockScan
		var late instant
		if err := rows.Scan(&id, &k.No, &k.Code, &k.State, &k.Seq, &k.Rule, &k.N, &k.Unit, &k.Roll, &r.starts, &r.due, &late, &k.Calendar, &k.Provisional, &k.Notice, &k.Ended, &r.more); err != nil {
			return err
		}
		r.late = &late.Time
		c, err := r.clock(k)
		if err != nil {
			return err
		}
		f.now.Clocks = append(f.now.Clocks, c)
		return nil
	})
	return View{f.now, f.filed}, err
}

// Events reads the log of a case, in order.
func (s *Store) Events(ctx context.Context, number string) ([]workflow.Event, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	return eventsOf(ctx, s.pool, id)
}

func eventsOf(ctx context.Context, q queryer, caseID int64) ([]workflow.Event, error) {
	rows, err := q.QueryContext(ctx, "select payload from events where case_id = $1 order by seq", caseID)
	if err != nil {
		return nil, err
	}
	var out []workflow.Event
	err = scan(rows, func() error {
		var payload string
		if err := rows.Scan(&payload); err != nil {
			return err
		}
		e, _, err := workflow.ParseEvent([]byte(payload))
		if err != nil {
			return err
		}
		out = append(out, e)
		return nil
	})
	return out, err
}

// NextDue is the first instant at which any running clock is too late; zero
// when nothing runs.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	var due instant
	err := s.pool.QueryRowContext(ctx, "select min(late_from) from clocks where state = 'running'").Scan(&due)
	return due.Time, err
}

// Outcomes counts closed cases by outcome, and open ones under "".
func (s *Store) Outcomes(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.QueryContext(ctx, "select outcome, count(*) from cases where kind = 'complaint' group by outcome")
	if err != nil {
		return nil, err
	}
	return tally(rows)
}

// Event reads one event of a case with its hash.
func (s *Store) Event(ctx context.Context, caseID, seq int64) (hash []byte, e workflow.Event, err error) {
	var payload string
	if err := s.pool.QueryRowContext(ctx, "select hash, payload from events where case_id = $1 and seq = $2", caseID, seq).Scan(&hash, &payload); err != nil {
		return nil, e, err
	}
	e, _, err = workflow.ParseEvent([]byte(payload))
	return hash, e, err
}
