package store

import (
	"context"
	"database/sql"
	"time"

	"fangxin/workflow"
)

// Remind owes the reminders whose instant has come, of at most limit clocks, and
// says how many clocks it looked after. A reminder is an owed message for each
// who is told, and nothing else: it changes no case. Each mark of a clock is
// owed once, whoever runs this and however often; of several that were missed,
// the last is enough.
func (s *Store) Remind(ctx context.Context, limit int) (int, error) {
	return s.tellOf(ctx, workflow.Running, limit, s.remindOne)
}

// telling is what is to be told of one clock now, and to whom.
type telling struct {
	c    View
	k    workflow.Clock
	desk *desk
	now  time.Time
}

// tellOf finds the clocks in a state of which somebody is to be told by now, and
// hands each over.
func (s *Store) tellOf(ctx context.Context, state workflow.ClockState, limit int, tell func(context.Context, telling) error) (int, error) {
	now := s.cfg.Now()
	rows, err := s.pool.QueryContext(ctx, `select c.number, k.no from clocks k join cases c on c.id = k.case_id
		where k.state = '`+string(state)+`' and k.remind_at <= $1 order by k.remind_at, k.case_id limit $2`, s.stamp(now), limit) // a literal: the indexes are partial
	if err != nil {
		return 0, err
	}
	type due struct {
		number string
		no     int64
	}
	var all []due
	err = scan(rows, func() error {
		var d due
		if err := rows.Scan(&d.number, &d.no); err != nil {
			return err
		}
		all = append(all, d)
		return nil
	})
	if err != nil || len(all) == 0 {
		return 0, err
	}
	desk, err := s.desk(ctx)
	if err != nil {
		return 0, err
	}
	for i, d := range all {
		c, err := s.Case(ctx, d.number)
		if err != nil {
			return i, err
		}
		if k := c.ClockNo(d.no); k != nil && k.State == state {
			if err := tell(ctx, telling{c, *k, desk, now}); err != nil {
				return i, err
			}
		}
	}
	return len(all), nil
}

func (s *Store) remindOne(ctx context.Context, t telling) error {
	var due workflow.Reminder
	var next any
	for _, m := range workflow.Reminders(t.k, s.cfg.Rules(), t.now) {
		if m.At.After(t.now) {
			next = s.stamp(m.At)
			break
		}
		due = m
	}
	topic := "reminder." + due.Mark
	if due.Mark == "last" { // a clock that was moved has another last day
		topic += "." + t.k.Due.String()
	}
	def, _ := workflow.ClockByCode(t.k.Code)
	return s.whileDue(ctx, t, next, func(tx *sql.Tx) error {
		if due.Mark == "" {
			return nil
		}
		var told int
		if err := tx.QueryRowContext(ctx, "select count(*) from outbox where case_id = $1 and no = $2 and substr(topic, 1, $3) = $4", t.c.ID, t.k.No, len(topic)+1, topic+".").Scan(&told); err != nil || told > 0 {
			return err
		}
		for _, to := range t.holders(def.Whose) {
			if err := s.oweOf(ctx, tx, t, topic+"."+to.what, to.recipient); err != nil {
				return err
			}
		}
		return nil
	})
}

// holder is somebody who is reminded: what he is to the clock, and how the
// outbox names him.
type holder struct{ what, recipient string }

// holders are those whose clock it is: both sides of a joint act; of the
// authority's, the unit in charge and the officer in charge.
func (t *telling) holders(whose string) []holder {
	switch whose {
	case "party":
		return []holder{{"consumer", "consumer"}, {"merchant", "merchant"}}
	case "authority":
		out := []holder{{"unit", "unit:" + t.desk.unit(&t.c.Case)}}
		if officer := t.desk.officer(&t.c.Case); officer != "" {
			out = append(out, holder{"officer", "officer:" + officer})
		}
		return out
	}
	return []holder{{whose, whose}}
}

// whileDue does something in a transaction that also says when of the clock is
// told next; nothing, when another node was faster or the clock went on.
func (s *Store) whileDue(ctx context.Context, t telling, next any, do func(tx *sql.Tx) error) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	moved, err := tx.ExecContext(ctx, "update clocks set remind_at = $1 where case_id = $2 and no = $3 and state = $4 and due = $5 and remind_at <= $6",
		next, t.c.ID, t.k.No, string(t.k.State), t.k.Due.String(), s.stamp(t.now))
	if err != nil {
		return err
	}
	if n, err := moved.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// oweOf owes a message about a clock, once for its topic.
func (s *Store) oweOf(ctx context.Context, tx *sql.Tx, t telling, topic, recipient string) error {
	kind := "reminder."
	if t.k.State == workflow.Owed {
		kind = "escalation."
	}
	_, err := tx.ExecContext(ctx, `insert into outbox (case_id, no, topic, seq, recipient, template, queue, state, at, next_at) values ($1, $2, $3, $4, $5, $6, $7, 'owed', $8, $8) on conflict do nothing`,
		t.c.ID, t.k.No, topic, t.k.Seq, recipient, kind+t.k.Code, Queues[2], s.stamp(t.now))
	return err
}
