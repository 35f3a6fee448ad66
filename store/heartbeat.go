package store

import (
	"context"
	"time"

	"fangxin/workflow"
)

// longSilence is how long no node must have lived for an outage to be recorded
// (the engine extends parties' own clocks for those over four hours).
const longSilence = 30 * time.Minute

// Beat says that this node lives. The first beat after a long silence of all
// nodes records the outage. It also takes over rotated signing keys.
func (s *Store) Beat(ctx context.Context) error {
	now := s.cfg.Now()
	var last instant
	if err := s.pool.QueryRowContext(ctx, "select max(at) from heartbeats").Scan(&last); err != nil {
		return err
	}
	if !last.IsZero() && now.Sub(last.Time) > longSilence {
		if _, err := s.exec(ctx, "insert into outages (from_at, to_at) values ($1, $2) on conflict do nothing", s.stamp(last.Time), s.stamp(now)); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, "insert into heartbeats (node, at) values ($1, $2) on conflict (node) do update set at = excluded.at", s.cfg.Node, s.stamp(now)); err != nil {
		return err
	}
	return s.publishKeys(ctx)
}

// Outages lists the recorded times without service, oldest first.
func (s *Store) Outages(ctx context.Context) ([]workflow.Outage, error) {
	rows, err := s.pool.QueryContext(ctx, "select from_at, to_at from outages order by from_at")
	if err != nil {
		return nil, err
	}
	var out []workflow.Outage
	err = scan(rows, func() error {
		var from, to instant
		if err := rows.Scan(&from, &to); err != nil {
			return err
		}
		out = append(out, workflow.Outage{From: from.Time, To: to.Time})
		return nil
	})
	return out, err
}
