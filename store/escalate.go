package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"fangxin/workflow"
)

// Escalate owes what is to be told of the authority's overdue duties by now, of
// at most limit duties, and says how many it looked after. Each step of a duty is
// taken once (its row's key), whoever runs this and however often, and tells
// those who answer for the case at that moment; after an outage every step that
// was missed is taken. A duty that is done or void is told to nobody any more.
func (s *Store) Escalate(ctx context.Context, limit int) (int, error) {
	return s.tellOf(ctx, workflow.Owed, limit, s.escalateOne)
}

func (s *Store) escalateOne(ctx context.Context, t telling) error {
	steps := workflow.Escalations(t.k, s.cfg.Rules(), t.now)
	due := 0
	for due < len(steps) && !steps[due].At.After(t.now) {
		due++
	}
	var next any
	if due < len(steps) {
		next = s.stamp(steps[due].At)
	}
	return s.whileDue(ctx, t, next, func(tx *sql.Tx) error {
		for place, step := range steps[:due] {
			if err := s.takeStep(ctx, tx, t, place, step); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) takeStep(ctx context.Context, tx *sql.Tx, t telling, place int, step workflow.Escalation) error {
	told := t.desk.told(&t.c.Case, step.Step)
	taken, err := tx.ExecContext(ctx, "insert into escalations (case_id, no, step, place, due_at, at, told) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
		t.c.ID, t.k.No, step.Step, place, s.stamp(step.At), s.stamp(t.now), strings.Join(told, " "))
	if err != nil {
		return err
	}
	if n, err := taken.RowsAffected(); err != nil || n == 0 {
		return err
	}
	for i, recipient := range told {
		if err := s.oweOf(ctx, tx, t, fmt.Sprintf("escalation.%s.%d", step.Step, i+1), recipient); err != nil {
			return err
		}
	}
	return nil
}
