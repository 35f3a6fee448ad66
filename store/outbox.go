package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fangxin/workflow"
)

// Queues lists the outbox's queues, the most urgent first: notices that a clock
// waits for, other notices, reminders.
var Queues = []string{"deadlines", "notices", "bulk"}

// Owed is a message that somebody is owed: a notice that the law names, or a
// reminder. Its row was written in the transaction of what caused it, and it
// says whatever delivering needs: no queue beside the database is believed.
type Owed struct {
	Number              string // of the case; "letters" for a message that belongs to none
	CaseID, No, Seq     int64
	Topic               string // notice, reminder.MARK.WHO, escalation.STEP.PLACE, or a letter's
	Recipient, Template string // consumer, merchant, court, …; unit:CODE; officer:NAME or another role with a user's name
	Queue               string
	// State is owed, or dead when it was tried too often; told, delivered and
	// failed say what became of a notice, done of a reminder or letter; void was not
	// needed any more.
	State    string
	At       time.Time // since when it is owed
	Next     time.Time // not before; while it is held: until then
	Held     string    // by a node, or "redis"; empty: by nobody
	Fence    int64     // grows with every claim
	Attempts int64
	Error    string // code of the last failure
	Round    int64  // how often a person had it sent anew
}

// ID names the message for ever: case number, number within the case, topic.
func (o *Owed) ID() string { return fmt.Sprintf("%s/%d/%s", o.Number, o.No, o.Topic) }

var (
	// ErrNotHeld says that somebody else holds the message by now, or that
	// nobody needs to: whoever gets it does nothing.
	ErrNotHeld = errors.New("the message is not held by this attempt")
	// ErrNoMessage says that an id names no message.
	ErrNoMessage = errors.New("no such message")
)

const owedColumns = `case_id, no, topic, seq, recipient, template, queue, state, at, next_at, held, fence, attempts, error, round,
	case when case_id = 0 then '` + lettersNumber + `' else (select number from cases where cases.id = outbox.case_id) end`

// scanOwed reads one row of owedColumns.
func scanOwed(scan func(...any) error) (o Owed, err error) {
	var at, next instant
	err = scan(&o.CaseID, &o.No, &o.Topic, &o.Seq, &o.Recipient, &o.Template, &o.Queue, &o.State, &at, &next, &o.Held, &o.Fence, &o.Attempts, &o.Error, &o.Round, &o.Number)
	o.At, o.Next = at.Time, next.Time
	return o, err
}

// solo is the turn to write to SQLite, which the door takes for each group too: of
// many that ask for the file's lock again and again some starve. It returns what
// ends the turn. Whoever has it must not wait for the door.
func (s *Store) solo() func() {
	if s.dialect != "sqlite" {
		return func() {}
	}
	s.writer.Lock()
	return s.writer.Unlock
}

// exec runs one writing statement beside the door, in its turn.
func (s *Store) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	defer s.solo()()
	return s.pool.ExecContext(ctx, query, args...)
}

func (s *Store) owed(ctx context.Context, query string, args ...any) ([]Owed, error) {
	rows, err := s.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var out []Owed
	err = scan(rows, func() error {
		o, err := scanOwed(rows.Scan)
		if err != nil {
			return err
		}
		out = append(out, o)
		return nil
	})
	return out, err
}

// Waiting reports whether a queue has a message whose time has come. It locks
// nothing, so it may be asked often.
func (s *Store) Waiting(ctx context.Context, queue string) (bool, error) {
	var n int
	err := s.pool.QueryRowContext(ctx, "select count(*) from (select 1 from outbox where state = 'owed' and queue = $1 and next_at <= $2 limit 1) x",
		queue, s.stamp(s.cfg.Now())).Scan(&n)
	return n > 0, err
}

// Claim takes at most limit messages whose time has come, the oldest first, for
// a holder until an instant: then they are anybody's again. What another node
// is claiming in the same moment is left to it. A holder that begins at once
// counts an attempt; one that only passes them on does not.
func (s *Store) Claim(ctx context.Context, queue, holder string, until time.Time, limit int, begin bool) ([]Owed, error) {
	skip, attempt := "", 0
	if s.dialect == "postgres" {
		skip = "for update skip locked"
	}
	if begin {
		attempt = 1
	}
	defer s.solo()()
	return s.owed(ctx, `with due (c, n, t) as (select case_id, no, topic from outbox where state = 'owed' and queue = $1 and next_at <= $2 order by next_at limit $3 `+skip+`)
		update outbox set held = $4, next_at = $5, fence = fence + 1, attempts = attempts + $6 from due where case_id = c and no = n and topic = t
		returning `+owedColumns, queue, s.stamp(s.cfg.Now()), limit, holder, s.stamp(until), attempt)
}

// Begin takes over a message that was passed on with this fence and counts an
// attempt. ErrNotHeld when it was claimed again or needs nothing since.
func (s *Store) Begin(ctx context.Context, id string, fence int64, holder string, until time.Time) (Owed, error) {
	caseID, no, topic, err := parseOwed(id)
	if err != nil {
		return Owed{}, err
	}
	defer s.solo()()
	all, err := s.owed(ctx, `update outbox set held = $1, next_at = $2, fence = fence + 1, attempts = attempts + 1
		where case_id = $3 and no = $4 and topic = $5 and fence = $6 and state = 'owed' returning `+owedColumns, holder, s.stamp(until), caseID, no, topic, fence)
	if err == nil && len(all) == 0 {
		err = ErrNotHeld
	}
	if err != nil {
		return Owed{}, err
	}
	return all[0], nil
}

// Holding reads a message that is still the caller's to deliver: ErrNotHeld when
// it is not. Asked before anything leaves the house.
func (s *Store) Holding(ctx context.Context, id string, fence int64) (Owed, error) {
	caseID, no, topic, err := parseOwed(id)
	if err != nil {
		return Owed{}, err
	}
	all, err := s.owed(ctx, "select "+owedColumns+" from outbox where case_id = $1 and no = $2 and topic = $3 and fence = $4 and state = 'owed'", caseID, no, topic, fence)
	if err == nil && len(all) == 0 {
		err = ErrNotHeld
	}
	if err != nil {
		return Owed{}, err
	}
	return all[0], nil
}

// Settle ends a message as done, void or dead, with a code that says why. It
// changes nothing, and says ErrNotHeld, when the caller's fence is not the last.
func (s *Store) Settle(ctx context.Context, o *Owed, state, code string) error {
	return s.whileHeld(ctx, o, "state = $5, error = $6, held = ''", state, code)
}

// Postpone gives a message back until an instant, with the code of what went
// wrong. An attempt that never had its chance (counts is false) is not counted.
func (s *Store) Postpone(ctx context.Context, o *Owed, next time.Time, code string, counts bool) error {
	attempts := o.Attempts
	if !counts {
		attempts--
	}
	return s.whileHeld(ctx, o, "next_at = $5, error = $6, attempts = $7, held = ''", s.stamp(next), code, max(attempts, 0))
}

// PutBack makes a message that was claimed to be passed on anybody's again.
func (s *Store) PutBack(ctx context.Context, o *Owed) error {
	return s.whileHeld(ctx, o, "next_at = $5, held = ''", s.stamp(s.cfg.Now()))
}

func (s *Store) whileHeld(ctx context.Context, o *Owed, set string, args ...any) error {
	done, err := s.exec(ctx, "update outbox set "+set+" where case_id = $1 and no = $2 and topic = $3 and fence = $4 and state = 'owed'",
		append([]any{o.CaseID, o.No, o.Topic, o.Fence}, args...)...)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotHeld)
	}
	return nil
}

// Recall makes everything that was passed on to a holder anybody's again, at
// once: it lost its memory. Says how many.
func (s *Store) Recall(ctx context.Context, holder string) (int64, error) {
	now := s.stamp(s.cfg.Now())
	done, err := s.exec(ctx, "update outbox set held = '', next_at = $1 where state = 'owed' and held = $2", now, holder)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// PassedOn counts what a holder has of a queue, no further than limit, and how
// much of it he has had for longer than he may.
func (s *Store) PassedOn(ctx context.Context, queue, holder string, limit int) (n, overdue int, err error) {
	err = s.pool.QueryRowContext(ctx, `select count(*), coalesce(sum(case when next_at <= $4 then 1 else 0 end), 0)
		from (select next_at from outbox where state = 'owed' and queue = $1 and held = $2 order by next_at limit $3) x`,
		queue, holder, limit, s.stamp(s.cfg.Now())).Scan(&n, &overdue)
	return n, overdue, err
}

// Messages lists messages in a state (owed, dead), the oldest first.
func (s *Store) Messages(ctx context.Context, state string, limit int) ([]Owed, error) {
	return s.owed(ctx, "select "+owedColumns+" from outbox where state = $1 order by at, case_id, no, topic limit $2", state, limit)
}

// Revive gives dead messages a new set of attempts and says how many: those
// named, or all when none is. ErrNoMessage when one of them is not dead.
func (s *Store) Revive(ctx context.Context, ids ...string) (int64, error) {
	const revive = "update outbox set state = 'owed', attempts = 0, error = '', held = '', next_at = $1 where state = 'dead'"
	now := s.stamp(s.cfg.Now())
	if len(ids) == 0 {
		done, err := s.exec(ctx, revive, now)
		if err != nil {
			return 0, err
		}
		return done.RowsAffected()
	}
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	for _, id := range ids {
		caseID, no, topic, err := parseOwed(id)
		if err != nil {
			return 0, err
		}
		done, err := tx.ExecContext(ctx, revive+" and case_id = $2 and no = $3 and topic = $4", now, caseID, no, topic)
		if err != nil {
			return 0, err
		}
		if n, _ := done.RowsAffected(); n == 0 {
			return 0, fmt.Errorf("%s: %w", id, ErrNoMessage)
		}
	}
	return int64(len(ids)), tx.Commit()
}

// parseOwed reads what ID wrote.
func parseOwed(id string) (caseID, no int64, topic string, err error) {
	number, rest, _ := strings.Cut(id, "/")
	count, topic, ok := strings.Cut(rest, "/")
	if number != lettersNumber { // which belong to no case
		caseID, err = parseCase(number)
	}
	if no, e := strconv.ParseInt(count, 10, 64); err == nil && e == nil && ok && topic != "" {
		return caseID, no, topic, nil
	}
	return 0, 0, "", fmt.Errorf("%q: %w", id, ErrNoMessage)
}

// queueOf is how urgent a notice is: one that a clock waits for, or that is the
// second half of a decision, goes first.
func queueOf(d *workflow.Data, n *workflow.NoticeOp) string {
	for _, op := range d.Clocks {
		if op.Clock != nil && op.Clock.Notice == n.No || op.Op == "decide" && n.To == "consumer" {
			return Queues[0]
		}
	}
	return Queues[1]
}
