package store

import (
	"context"
	"errors"
	"hash/fnv"
	"time"
)

// Gather takes over, from whoever holds them and has not begun to hand them over,
// the messages of a queue to one recipient whose time has come, o among them, at
// most limit, so that one message tells of all: they are the holder's until an
// instant. None when there are no more than so many; o is untouched then. Two who
// gather for one recipient wait for one another on PostgreSQL, and SQLite has one
// writer: no message is in two lots. ErrNotHeld when o is somebody else's by now.
func (s *Store) Gather(ctx context.Context, o *Owed, holder string, until time.Time, moreThan, limit int) ([]Owed, error) {
	const digest = "digest:" // what another lot holds stays there until its time is over
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	h := fnv.New64a()
	_, _ = h.Write([]byte(digest + o.Recipient))
	if err := s.alone(ctx, tx, int64(h.Sum64())); err != nil { //nolint:gosec // any 64 bits
		return nil, err
	}
	skip := ""
	if s.dialect == "postgres" {
		skip = " for update of w skip locked"
	}
	now := s.stamp(s.cfg.Now())
	rows, err := tx.QueryContext(ctx, `with lot (c, n, t) as (select case_id, no, topic from outbox w where state = 'owed' and queue = $1 and recipient = $2 and topic <> 'notice'
			and (next_at <= $3 or held <> '' and held not like '`+digest+`%' and not exists (select 1 from notice_attempts a
				where a.case_id = w.case_id and a.no = w.no and a.topic = w.topic and a.fence = w.fence and a.outcome = 'unknown')
				or case_id = $4 and no = $5 and topic = $6 and fence = $7)
			order by at, case_id, no, topic limit $8`+skip+`)
		update outbox set held = $9, next_at = $10, fence = fence + 1, attempts = attempts + case when next_at <= $3 then 1 else 0 end from lot where case_id = c and no = n and topic = t
		returning `+owedColumns, o.Queue, o.Recipient, now, o.CaseID, o.No, o.Topic, o.Fence, limit, digest+holder, s.stamp(until))
	if err != nil {
		return nil, err
	}
	var out []Owed
	own := false
	err = scan(rows, func() error {
		x, err := scanOwed(rows.Scan)
		own = own || x.ID() == o.ID() && x.Fence == o.Fence+1
		out = append(out, x)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !own:
		return nil, ErrNotHeld
	case len(out) <= moreThan:
		return nil, nil // and nothing was taken
	}
	return out, tx.Commit()
}

// BeginDigest writes down, for each message of a lot that is still held, that one
// message is about to tell of it, and takes the one place in the rate of its
// address; a *FullError when there is none. It answers with the messages that are
// held, and an attempt for each.
func (s *Store) BeginDigest(ctx context.Context, lot []Owed, like Attempt, slot *Slot) (held []Owed, begun []Attempt, err error) {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = tx.Rollback() }()
	like.At, like.Outcome, like.Code = s.cfg.Now().UTC().Truncate(time.Microsecond), Unknown, "unanswered"
	first := like
	if slot != nil {
		if err := s.takeSlot(ctx, tx, slot, &first); err != nil {
			return nil, nil, err
		}
	}
	for i := range lot {
		o, a := &lot[i], like
		a.CaseID, a.No, a.Topic, a.Round = o.CaseID, o.No, o.Topic, o.Round
		if len(begun) == 0 {
			a.slot = first.slot
		}
		if err := s.insertAttempt(ctx, tx, o, &a); errors.Is(err, ErrNotHeld) {
			continue
		} else if err != nil {
			return nil, nil, err
		}
		held, begun = append(held, *o), append(begun, a)
	}
	if len(begun) == 0 {
		return nil, nil, ErrNotHeld
	}
	return held, begun, tx.Commit()
}
