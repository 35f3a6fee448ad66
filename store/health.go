package store

import (
	"context"
	"sync"
	"time"

	"fangxin/workflow"
)

// Backlog is how much of a queue waits, and since when the oldest of it is owed.
type Backlog struct {
	Queue  string    `json:"queue"`
	State  string    `json:"state"` // owed: nobody holds it; held; dead
	Count  int64     `json:"count"`
	Oldest time.Time `json:"oldest"`
}

// Backlogs counts the outbox by queue and state; what is finished is not in it.
func (s *Store) Backlogs(ctx context.Context) ([]Backlog, error) {
	rows, err := s.pool.QueryContext(ctx, `select queue, case when held = '' then 'owed' else 'held' end as state, count(*), min(at) from outbox where state = 'owed' group by 1, 2
		union all select queue, 'dead', count(*), min(at) from outbox where state = 'dead' group by 1 order by 1, 2`)
	if err != nil {
		return nil, err
	}
	var out []Backlog
	err = scan(rows, func() error {
		var b Backlog
		var oldest instant
		if err := rows.Scan(&b.Queue, &b.State, &b.Count, &oldest); err != nil {
			return err
		}
		b.Oldest = oldest.Time
		out = append(out, b)
		return nil
	})
	return out, err
}

// Due is what of one kind of clock ran out and is not enforced yet.
type Due struct {
	Code   string
	Count  int64
	Oldest time.Time // first instant too late of the one that waits longest
}

// Overdue lists it; nothing when every deadline is enforced.
func (s *Store) Overdue(ctx context.Context) ([]Due, error) {
	rows, err := s.pool.QueryContext(ctx, "select code, count(*), min(late_from) from clocks where state = 'running' and late_from <= $1 group by code order by code", s.stamp(s.cfg.Now()))
	if err != nil {
		return nil, err
	}
	var out []Due
	err = scan(rows, func() error {
		var d Due
		var oldest instant
		if err := rows.Scan(&d.Code, &d.Count, &oldest); err != nil {
			return err
		}
		d.Oldest = oldest.Time
		out = append(out, d)
		return nil
	})
	return out, err
}

// Enforcement is what this node has enforced of one kind of clock since it
// began, and how late it observed it: never how late it took effect, for an
// expiry carries the lawful instant.
type Enforcement struct {
	Count        int64
	Total, Worst time.Duration
}

// enforcements counts by code of clock.
type enforcements struct {
	mu   sync.Mutex
	kind map[string]Enforcement
	late map[string]*spread
}

func (x *enforcements) add(all []workflow.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range all {
		for _, op := range e.Data.Clocks {
			if op.Op != "expire" {
				continue
			}
			late := e.At.Sub(e.Effective())
			n := x.kind[op.Code]
			if x.late[op.Code] == nil {
				x.late[op.Code] = latenessSpread()
			}
			x.late[op.Code].add(late.Seconds())
			x.kind[op.Code] = Enforcement{n.Count + 1, n.Total + late, max(n.Worst, late)}
		}
	}
}

// Enforced says what this node enforced since it began, by code of clock.
func (s *Store) Enforced() map[string]Enforcement {
	x := &s.enforced
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make(map[string]Enforcement, len(x.kind))
	for code, n := range x.kind {
		out[code] = n
	}
	return out
}

// Swept notes that this node found nothing left to enforce.
func (s *Store) Swept(ctx context.Context) error {
	_, err := s.exec(ctx, "update heartbeats set swept_at = $1 where node = $2", s.stamp(s.cfg.Now()), s.cfg.Node)
	return err
}

// LastSweep is when any node last found nothing left to enforce; zero when none
// ever did.
func (s *Store) LastSweep(ctx context.Context) (time.Time, error) {
	var at instant
	err := s.pool.QueryRowContext(ctx, "select max(swept_at) from heartbeats").Scan(&at)
	return at.Time, err
}
