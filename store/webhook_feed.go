package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"fangxin/workflow"
)

// feed writes down which events a block seals, while there is a webhook that
// wants to know. A block is the one order in which all events stand, and no
// command waits for it.
func (s *Store) feed(ctx context.Context, tx *sql.Tx, upto []claimed, height int64) error {
	var n int
	if err := tx.QueryRowContext(ctx, "select count(*) from webhooks where ended_at is null").Scan(&n); err != nil || n == 0 {
		return err
	}
	sealing, pairs := s.pairs(upto)
	_, err := tx.ExecContext(ctx, `insert into webhook_feed (height, case_id, after_seq, upto) select $2, x.case_id, coalesce(h.seq, 0), x.seq from `+sealing+` x
		left join sealed_heads h on h.case_id = x.case_id`, pairs, height)
	return err
}

// WebhookLease is how long a node may hold a webhook without saying so again.
const WebhookLease = time.Minute

// Told is an event as a webhook is told of it: nothing of a person.
type Told struct {
	Number, Event string
	Seq           int64
	At            time.Time
	at            standing
}

const webhookDue = `where ended_at is null and paused_at is null and next_at <= $1 and (held_until is null or held_until <= $1)
	and exists (select 1 from webhook_feed f where (f.height, f.case_id, f.upto) > (at_height, at_case, at_seq))`

// ClaimWebhook takes a webhook that something is to be told to and that nobody
// else holds; ok is false when there is none.
func (s *Store) ClaimWebhook(ctx context.Context) (w Webhook, ok bool, err error) {
	now := s.cfg.Now()
	var any bool
	if err := s.pool.QueryRowContext(ctx, "select exists (select 1 from webhooks "+webhookDue+")", s.stamp(now)).Scan(&any); err != nil || !any {
		return w, false, err
	}
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return w, false, err
	}
	defer func() { _ = tx.Rollback() }()
	skip := ""
	if s.dialect == "postgres" {
		skip = " for update skip locked"
	}
	all, err := s.webhooks(ctx, tx, webhookDue+" order by next_at, id limit 1"+skip, s.stamp(now))
	if err != nil || len(all) == 0 {
		return w, false, err
	}
	w = all[0]
	w.fence++
	if _, err := tx.ExecContext(ctx, "update webhooks set fence = $1, held_until = $2 where id = $3", w.fence, s.stamp(now.Add(WebhookLease)), w.ID); err != nil {
		return w, false, err
	}
	return w, true, tx.Commit()
}

// webhookLot is how many cases of blocks one look takes.
const webhookLot = 50

// Untold reads what a webhook is to be told next, in the order of the blocks;
// upto is where it stands when it has been told all of it.
func (s *Store) Untold(ctx context.Context, w Webhook) (out []Told, upto Webhook, err error) {
	rows, err := s.pool.QueryContext(ctx, `select height, case_id, after_seq, upto from webhook_feed where (height, case_id, upto) > ($1, $2, $3) order by height, case_id limit $4`,
		w.at.height, w.at.caseID, w.at.seq, webhookLot)
	if err != nil {
		return nil, w, err
	}
	type lot struct {
		standing
		after int64
	}
	var lots []lot
	err = scan(rows, func() error {
		var l lot
		err := rows.Scan(&l.height, &l.caseID, &l.after, &l.seq)
		if l.height == w.at.height && l.caseID == w.at.caseID {
			l.after = w.at.seq
		}
		lots = append(lots, l)
		return err
	})
	for _, l := range lots {
		if err == nil {
			out, err = s.eventsOf(ctx, out, w.Topics, l.standing, l.after)
		}
		w.at = l.standing
	}
	return out, w, err
}

// eventsOf adds the events of one case that one block sealed.
func (s *Store) eventsOf(ctx context.Context, out []Told, topics []string, at standing, after int64) ([]Told, error) {
	rows, err := s.pool.QueryContext(ctx, "select e.seq, e.payload, c.number from events e join cases c on c.id = e.case_id where e.case_id = $1 and e.seq > $2 and e.seq <= $3 order by e.seq", at.caseID, after, at.seq)
	if err != nil {
		return out, err
	}
	err = scan(rows, func() error {
		var payload string
		t := Told{at: at}
		if err := rows.Scan(&t.Seq, &payload, &t.Number); err != nil {
			return err
		}
		e, _, err := workflow.ParseEvent([]byte(payload))
		if err != nil {
			return fmt.Errorf("case %d, event %d: %w", at.caseID, t.Seq, err)
		}
		t.Event, t.At, t.at.seq = e.Event, e.At, t.Seq
		if len(topics) == 0 || slices.Contains(topics, t.Event) {
			out = append(out, t)
		}
		return nil
	})
	return out, err
}

// Arrived writes down that a webhook has an event and all before it, and holds
// it for longer. ErrNotHeld when somebody else holds it, or it was changed.
func (s *Store) Arrived(ctx context.Context, w Webhook, t Told) error {
	now := s.cfg.Now()
	return s.ifHeld(ctx, w, "at_height = $1, at_case = $2, at_seq = $3, failures = 0, error = '', sent_at = $4, held_until = $5",
		t.at.height, t.at.caseID, t.at.seq, s.stamp(now), s.stamp(now.Add(WebhookLease)))
}

// Release writes down where a webhook stands and gives it back.
func (s *Store) Release(ctx context.Context, w Webhook) error {
	return s.ifHeld(ctx, w, "at_height = $1, at_case = $2, at_seq = $3, held_until = null", w.at.height, w.at.caseID, w.at.seq)
}

// Failed writes down that a webhook could not be told, with a code, and gives it
// back: not before next, or with pause not before somebody resumes it.
func (s *Store) Failed(ctx context.Context, w Webhook, code string, next time.Time, pause bool) error {
	if pause {
		return s.ifHeld(ctx, w, "failures = failures + 1, error = $1, next_at = $2, held_until = null, paused_at = $3, paused_why = $1, paused_by = ''", code, s.stamp(next), s.stamp(s.cfg.Now()))
	}
	return s.ifHeld(ctx, w, "failures = failures + 1, error = $1, next_at = $2, held_until = null", code, s.stamp(next))
}

func (s *Store) ifHeld(ctx context.Context, w Webhook, set string, args ...any) error {
	defer s.solo()()
	n := len(args)
	res, err := s.pool.ExecContext(ctx, fmt.Sprintf("update webhooks set %s where id = $%d and fence = $%d", set, n+1, n+2), append(args, w.ID, w.fence)...)
	return one(res, err, ErrNotHeld)
}

// WebhookFigures say how the webhooks are.
type WebhookFigures struct {
	Live, Failing, Paused int64
	Oldest                time.Time // of what is still to be told to one that is not paused; zero: nothing
}

// WebhookState counts webhooks, and says since when the oldest event waits.
func (s *Store) WebhookState(ctx context.Context) (f WebhookFigures, err error) {
	var oldest instant
	err = s.pool.QueryRowContext(ctx, `select
		(select count(*) from webhooks where ended_at is null and paused_at is null and failures = 0),
		(select count(*) from webhooks where ended_at is null and paused_at is null and failures > 0),
		(select count(*) from webhooks where ended_at is null and paused_at is not null)`).Scan(&f.Live, &f.Failing, &f.Paused)
	if err != nil || f.Live+f.Failing == 0 {
		return f, err
	}
	err = s.pool.QueryRowContext(ctx, `select b.sealed_at from blocks b join webhook_feed f on f.height = b.height
		where exists (select 1 from webhooks w where w.ended_at is null and w.paused_at is null and (f.height, f.case_id, f.upto) > (w.at_height, w.at_case, w.at_seq))
		order by b.height limit 1`).Scan(&oldest)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	f.Oldest = oldest.Time
	return f, err
}

// DropFeed drops what every webhook has been told and says how much.
func (s *Store) DropFeed(ctx context.Context) (int64, error) {
	res, err := s.exec(ctx, "delete from webhook_feed where height < coalesce((select min(at_height) from webhooks where ended_at is null), $1)", int64(1)<<62)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
