package store

import (
	"context"
	"time"

	"fangxin/workflow"
)

// Remind owes the reminders whose instant has come, at most limit clocks, and
// says how many it owed. A reminder is an owed notice and nothing else: it
// changes no case. Each mark of a clock is owed once (its row's key), whoever
// runs this and however often.
func (s *Store) Remind(ctx context.Context, limit int) (int, error) {
	now := s.cfg.Now()
	rows, err := s.pool.QueryContext(ctx, `select c.number, k.no from clocks k join cases c on c.id = k.case_id
		where k.state = 'running' and k.remind_at <= $1 order by k.remind_at, k.case_id limit $2`, s.stamp(now), limit)
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
	if err != nil {
		return 0, err
	}
	owed := 0
	for _, d := range all {
		n, err := s.remindOne(ctx, d.number, d.no, now)
		if err != nil {
			return owed, err
		}
		owed += n
	}
	return owed, nil
}

func (s *Store) remindOne(ctx context.Context, number string, no int64, now time.Time) (int, error) {
	c, err := s.Case(ctx, number)
	if err != nil {
		return 0, err
	}
	k := c.ClockNo(no)
	if k == nil {
		return 0, nil
	}
	mark := ""
	var next any
	for _, m := range workflow.Reminders(*k, s.cfg.Rules()) {
		if m.At.After(now) {
			next = s.stamp(m.At)
			break
		}
		mark = m.Mark // of several that were missed the last is enough
	}
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	moved, err := tx.ExecContext(ctx, "update clocks set remind_at = $1 where case_id = $2 and no = $3 and state = 'running' and remind_at <= $4", next, c.ID, no, s.stamp(now))
	if err != nil {
		return 0, err
	}
	if n, _ := moved.RowsAffected(); n == 0 || mark == "" { // another node was faster, or the clock stopped
		return 0, tx.Commit()
	}
	def, _ := workflow.ClockByCode(k.Code)
	done, err := tx.ExecContext(ctx, `insert into outbox (case_id, no, topic, seq, recipient, template, queue, state, at, next_at) values ($1, $2, $3, $4, $5, $6, $7, 'owed', $8, $8) on conflict do nothing`,
		c.ID, no, "reminder."+mark, k.Seq, def.Whose, "reminder."+k.Code, Queues[2], s.stamp(now))
	if err != nil {
		return 0, err
	}
	n, _ := done.RowsAffected()
	return int(n), tx.Commit()
}
