package store

import (
	"context"
	"database/sql"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// ErasureRequest is a person's wish that his data be erased (PIPL Art. 47), kept
// beside the log. It is answered by the case's next erase_person or
// refuse_erasure.
type ErasureRequest struct {
	Number string
	No     int64
	Actor  string // who asked, as the log would name him
	At     time.Time
	Due    calendar.Date // day by which an answer is due
	// Answer is the event that answered, and Answered when; empty while it waits.
	Answer   string
	Answered time.Time

	seq int64 // of the case when it was asked
}

// AskErasure records the request, once for a key; while one waits for its answer
// it is that one. ErrErased when there is nothing left to erase.
func (s *Store) AskErasure(ctx context.Context, q Once, number, actor string, due calendar.Date) (ErasureRequest, error) {
	c, err := s.Case(ctx, number)
	if err != nil {
		return ErasureRequest{}, err
	}
	r := ErasureRequest{Number: c.Number, Actor: actor, Due: due}
	_, err = s.once(ctx, q, &r, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, c.ID); err != nil {
			return err
		}
		if err := s.holdKey(ctx, tx, c.ID); err != nil {
			return err
		}
		all, err := s.erasureRequests(ctx, tx, "where r.case_id = $1 order by r.no", c.ID)
		if err != nil {
			return err
		}
		if n := len(all); n > 0 && all[n-1].Answer == "" {
			r = all[n-1]
			return nil
		}
		r.No, r.At = int64(len(all)+1), now
		_, err = tx.ExecContext(ctx, "insert into erasure_requests (case_id, no, seq, actor, at, due) values ($1, $2, $3, $4, $5, $6)", c.ID, r.No, c.Version, actor, s.stamp(now), due.String())
		return err
	})
	return r, err
}

// ErasureRequests lists those of a case, or with an empty number all that wait
// for an answer in the cases that the user may see, the first due first.
func (s *Store) ErasureRequests(ctx context.Context, u *User, number string) ([]ErasureRequest, error) {
	if number != "" {
		id, err := parseCase(number)
		if err != nil {
			return nil, err
		}
		return s.erasureRequests(ctx, s.pool, "where r.case_id = $1 order by r.no", id)
	}
	all, err := s.erasureRequests(ctx, s.pool, "where not exists "+answeredBy+" order by r.due, r.at")
	if err != nil {
		return nil, err
	}
	var out []ErasureRequest
	for _, r := range all {
		c, err := s.Case(ctx, r.Number)
		if err != nil {
			return nil, err
		}
		if u.Scope().Sees(&c.Case) {
			out = append(out, r)
		}
	}
	return out, nil
}

// answeredBy is the answer to a request: the next event of one of two rows.
const answeredBy = `(select e.payload from events e where e.case_id = r.case_id and e.seq > r.seq
	and (e.payload like '%"id":"T68"%' or e.payload like '%"id":"T68b"%') order by e.seq limit 1)`

func (s *Store) erasureRequests(ctx context.Context, q queryer, tail string, args ...any) ([]ErasureRequest, error) {
	rows, err := q.QueryContext(ctx, "select c.number, r.no, r.seq, r.actor, r.at, r.due, "+answeredBy+" from erasure_requests r join cases c on c.id = r.case_id "+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []ErasureRequest
	err = scan(rows, func() error {
		var r ErasureRequest
		var at instant
		var due string
		var answer sql.NullString
		if err := rows.Scan(&r.Number, &r.No, &r.seq, &r.Actor, &at, &due, &answer); err != nil {
			return err
		}
		r.At = at.Time
		var err error
		if r.Due, err = calendar.ParseDate(due); err == nil && answer.Valid {
			var e workflow.Event
			e, _, err = workflow.ParseEvent([]byte(answer.String))
			r.Answer, r.Answered = e.Event, e.At
		}
		out = append(out, r)
		return err
	})
	return out, err
}
