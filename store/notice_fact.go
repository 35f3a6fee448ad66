package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"fangxin/workflow"
)

// NoticeFact is a notice with what became of it. The log says what was owed, told
// and delivered; the outbox row, while it is kept, how it is carried.
type NoticeFact struct {
	No, Seq   int64     // Seq of the event that owes it
	Event     string    // that event's name
	At        time.Time // since when it is owed, UTC
	To, Kind  string
	State     string    // owed, told, delivered, failed, dead, void
	Code      string    // why it waits, failed or died; empty otherwise
	Next      time.Time // while it is owed: not tried before; zero otherwise
	Delivered time.Time // zero: not delivered
	Proof     string    // of the delivery, as the log says it
	Round     int64     // how often a person had it sent anew
	Attempts  []Attempt
	Resends   []Resent

	respondent int64 // whom the case named when it was owed
}

// Resent is who had a notice sent anew, and when (UTC).
type Resent struct {
	Round int64
	By    string
	At    time.Time
}

// ForAnother reports whether a notice to the merchant was for a respondent who
// said that it is not his shop and gave way to another one.
func (n *NoticeFact) ForAnother(c *workflow.Case) bool {
	return replaced(c, n.To, n.respondent)
}

// Notices reads every notice of a case, in the order in which they were owed.
func (s *Store) Notices(ctx context.Context, number string) ([]NoticeFact, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	log, err := s.Events(ctx, number)
	if err != nil {
		return nil, err
	}
	out := noticesOf(log)
	for _, add := range []func(context.Context, int64, map[int64]*NoticeFact) error{s.addMessages, s.addAttempts, s.addResends} {
		byNo := map[int64]*NoticeFact{}
		for i := range out {
			byNo[out[i].No] = &out[i]
		}
		if err := add(ctx, id, byNo); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// noticesOf folds what the log says of notices.
func noticesOf(log []workflow.Event) (out []NoticeFact) {
	respondent := int64(0)
	for _, e := range log {
		if v, ok := e.Data.Set["respondent"]; ok {
			respondent, _ = strconv.ParseInt(v, 10, 64)
		}
		for _, op := range e.Data.Notices {
			if op.Op == "owe" {
				out = append(out, NoticeFact{No: op.No, Seq: e.Seq, Event: e.Event, At: e.At, To: op.To, Kind: op.Kind, State: "owed", respondent: respondent})
				continue
			}
			i := slices.IndexFunc(out, func(n NoticeFact) bool { return n.No == op.No })
			if i < 0 {
				continue
			}
			n := &out[i]
			n.State = op.Op
			if op.Op == "delivered" {
				n.Delivered, n.Proof = e.At, op.How
			}
		}
	}
	return out
}

// addMessages adds how the notices are carried, of those whose row is kept.
func (s *Store) addMessages(ctx context.Context, caseID int64, byNo map[int64]*NoticeFact) error {
	all, err := s.owed(ctx, "select "+owedColumns+" from outbox where case_id = $1 and topic = 'notice'", caseID)
	for _, o := range all {
		if n := byNo[o.No]; n != nil {
			n.State, n.Code, n.Round = o.State, o.Error, o.Round
			if o.State == "owed" {
				n.Next = o.Next
			}
		}
	}
	return err
}

func (s *Store) addAttempts(ctx context.Context, caseID int64, byNo map[int64]*NoticeFact) error {
	all, err := s.attempts(ctx, "where case_id = $1 and topic = 'notice' order by no, ordinal", caseID)
	for _, a := range all {
		if n := byNo[a.No]; n != nil {
			n.Attempts = append(n.Attempts, a)
		}
	}
	return err
}

func (s *Store) addResends(ctx context.Context, caseID int64, byNo map[int64]*NoticeFact) error {
	rows, err := s.pool.QueryContext(ctx, "select no, round, actor, at from notice_resends where case_id = $1 order by no, round", caseID)
	if err != nil {
		return err
	}
	return scan(rows, func() error {
		var no int64
		var r Resent
		var at instant
		err := rows.Scan(&no, &r.Round, &r.By, &at)
		r.At = at.Time
		if n := byNo[no]; n != nil {
			n.Resends = append(n.Resends, r)
		}
		return err
	})
}
