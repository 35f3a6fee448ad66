package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Attempt is one try to tell somebody what he is owed, a fact beside the log.
// It holds no address: Recipient is a role, and Contact the number of a contact
// of the merchant in the register, 0 where the address is the one that the case
// itself holds.
type Attempt struct {
	CaseID, No int64
	Topic      string
	Ordinal    int64 // within the message, from 1
	Recipient  string
	Round      int64 // of the message when it was made
	Channel    string
	Merchant   string
	Contact    int64
	Template   string
	Version    int64 // of the template; 0: the text in the binary
	Language   string
	At         time.Time // UTC
	// Outcome is handed (the channel took it), delivered, failed, or unknown: it
	// may have been taken, and the channel cannot say so.
	Outcome  string
	Code     string // why it failed or is unknown; nothing personal
	Lasting  bool   // of a failure: this way is of no use for this message
	Ref      string // by which the channel's reports name it
	Reported time.Time

	slot string // the place that it took in the rate of its address
}

// What becomes of an attempt.
const (
	Handed    = "handed"
	Delivered = "delivered"
	Failed    = "failed"
	Unknown   = "unknown"
)

// ErrNoAttempt says that a report names no attempt that is written down.
var ErrNoAttempt = errors.New("no such attempt")

// instantType is what stamp makes, as a cast says it.
func (s *Store) instantType() string {
	if s.dialect == "sqlite" {
		return "integer"
	}
	return "timestamptz"
}

// BeginAttempt writes down that the message is about to be handed over, before
// it is: should this process end now, the attempt stays unknown, which it is. It
// numbers the attempt and takes its place in the rate of its address; no slot: it
// has none. ErrNotHeld when somebody else holds the message by now, a *FullError
// when there is no place.
func (s *Store) BeginAttempt(ctx context.Context, o *Owed, a *Attempt, slot *Slot) error {
	_, begun, err := s.BeginDigest(ctx, []Owed{*o}, *a, slot)
	if err == nil {
		*a = begun[0]
	}
	return err
}

// insertAttempt writes an attempt of a message that is held with its fence. On
// PostgreSQL the message stays locked until the transaction ends.
func (s *Store) insertAttempt(ctx context.Context, tx *sql.Tx, o *Owed, a *Attempt) error {
	lock := ""
	if s.dialect == "postgres" {
		lock = " for update of o"
	}
	err := tx.QueryRowContext(ctx, `insert into notice_attempts (case_id, no, topic, ordinal, recipient, round, channel, merchant, contact, template, version, language, at, outcome, code, lasting, ref, fence)
		select case_id, no, topic, (select coalesce(max(p.ordinal), 0) + 1 from notice_attempts p where p.case_id = o.case_id and p.no = o.no and p.topic = o.topic),
			cast($5 as text), o.round, cast($6 as text), cast($7 as text), cast($8 as bigint), cast($9 as text), cast($10 as bigint), cast($11 as text), cast($12 as `+s.instantType()+`), 'unknown', 'unanswered', cast($13 as boolean), '', o.fence
		from outbox o where case_id = $1 and no = $2 and topic = $3 and fence = $4 and state = 'owed'`+lock+` returning ordinal`,
		o.CaseID, o.No, o.Topic, o.Fence, a.Recipient, a.Channel, a.Merchant, a.Contact, a.Template, a.Version, a.Language, s.stamp(a.At), false).Scan(&a.Ordinal)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotHeld
	}
	return err
}

// EndAttempt writes down what the channel answered at once.
func (s *Store) EndAttempt(ctx context.Context, a *Attempt) error {
	_, err := s.exec(ctx, `update notice_attempts set outcome = $1, code = $2, lasting = $3, ref = $4 where case_id = $5 and no = $6 and topic = $7 and ordinal = $8 and outcome = 'unknown'`,
		a.Outcome, a.Code, a.Lasting, a.Ref, a.CaseID, a.No, a.Topic, a.Ordinal)
	if err == nil && a.Outcome == Failed {
		err = s.leaveSlot(ctx, a)
	}
	if err == nil {
		s.told.count(a.Channel, a.Outcome)
	}
	return err
}

const attemptColumns = `case_id, no, topic, ordinal, recipient, round, channel, merchant, contact, template, version, language, at, outcome, code, lasting, ref, reported_at`

func (s *Store) attempts(ctx context.Context, tail string, args ...any) ([]Attempt, error) {
	rows, err := s.pool.QueryContext(ctx, "select "+attemptColumns+" from notice_attempts "+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []Attempt
	err = scan(rows, func() error {
		var a Attempt
		var at, reported instant
		err := rows.Scan(&a.CaseID, &a.No, &a.Topic, &a.Ordinal, &a.Recipient, &a.Round, &a.Channel, &a.Merchant, &a.Contact, &a.Template, &a.Version, &a.Language,
			&at, &a.Outcome, &a.Code, &a.Lasting, &a.Ref, &reported)
		a.At, a.Reported = at.Time, reported.Time
		out = append(out, a)
		return err
	})
	return out, err
}

// Attempts reads the attempts of a message, in order.
func (s *Store) Attempts(ctx context.Context, o *Owed) ([]Attempt, error) {
	return s.attempts(ctx, "where case_id = $1 and no = $2 and topic = $3 order by ordinal", o.CaseID, o.No, o.Topic)
}

// AttemptOf finds the attempt that a channel's reference names, the last of
// several: a channel that drops a double answers with the first one's.
// ErrNoAttempt when none is written down.
func (s *Store) AttemptOf(ctx context.Context, channel, ref string) (Attempt, error) {
	all, err := s.attempts(ctx, "where channel = $1 and ref = $2 and ref <> '' order by at desc, ordinal desc limit 1", channel, ref)
	if err == nil && len(all) == 0 {
		err = ErrNoAttempt
	}
	if err != nil {
		return Attempt{}, err
	}
	return all[0], nil
}

// ReportAttempt writes down what the channel reported later of every attempt
// with the reference; an older report never replaces a newer one.
func (s *Store) ReportAttempt(ctx context.Context, r *Report) error {
	outcome := Failed
	if r.Delivered {
		outcome = Delivered
	}
	done, err := s.exec(ctx, `update notice_attempts set outcome = $1, code = $2, lasting = $3, reported_at = $4
		where channel = $5 and ref = $6 and ref <> '' and outcome <> $1 and (reported_at is null or reported_at <= $4)`, outcome, r.Code, !r.Delivered, s.stamp(r.At), r.Channel, r.Ref)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n > 0 {
		s.told.count(r.Channel, outcome)
	}
	return nil
}

// Message reads one message whatever its state; ErrNoMessage when there is none.
func (s *Store) Message(ctx context.Context, caseID, no int64, topic string) (Owed, error) {
	all, err := s.owed(ctx, "select "+owedColumns+" from outbox where case_id = $1 and no = $2 and topic = $3", caseID, no, topic)
	if err == nil && len(all) == 0 {
		err = ErrNoMessage
	}
	if err != nil {
		return Owed{}, err
	}
	return all[0], nil
}

// Reopen owes a message again that was told, or was delivered and came back: its
// next way is tried at once. It does nothing to one that has changed since it was
// read, and says so.
func (s *Store) Reopen(ctx context.Context, o *Owed, code string) (bool, error) {
	return s.unheld(ctx, o, "state = 'owed', next_at = $5, attempts = 0, held = ''", code, s.stamp(s.cfg.Now()))
}

// GiveUp leaves a message that was told, or was delivered and came back, to a
// person.
func (s *Store) GiveUp(ctx context.Context, o *Owed, code string) (bool, error) {
	return s.unheld(ctx, o, "state = 'failed'", code)
}

// unheld changes a message that nobody delivers, if it is as it was read.
func (s *Store) unheld(ctx context.Context, o *Owed, set, code string, args ...any) (bool, error) {
	defer s.solo()()
	text := fmt.Sprintf("update outbox set %s, error = $4 where case_id = $1 and no = $2 and topic = $3 and fence = %d and round = %d and state = '%s'", set, o.Fence, o.Round, o.State)
	done, err := s.pool.ExecContext(ctx, text, append([]any{o.CaseID, o.No, o.Topic, code}, args...)...)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}
