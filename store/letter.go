package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Letter is a message that belongs to no case: a link to log in with, a code. It
// is delivered as a notice is, with the same attempts, fence and dead letters.
type Letter struct {
	Cause     string // what it is owed for: the same cause owes one letter, however often it is asked
	Topic     string // whose work it is: "letter", or a topic with a handler of its own
	Template  string // what it says, by name
	Language  string // zh or en
	Recipient string // role, for who looks at the queue: holder, member
	Phone     string // one of both at least; sealed, and erased when the letter is done
	Email     string
	Fields    map[string]string // that the template names; sealed as the address is
	Until     time.Time         // of no use from this instant on: not sent any more
}

// LetterRate bounds how many letters of one topic an address is sent: most within
// a time. The zero value bounds nothing.
type LetterRate struct {
	Most   int
	Within time.Duration
}

// ErrTooManyLetters says that the address was sent as many as it may be.
var ErrTooManyLetters = errors.New("this address was sent too many letters")

// lettersNumber stands where the number of a case stands in a message's id.
const lettersNumber = "letters"

// lettersLock is the turn of those who owe letters: two at once never both take
// the last that an address may be sent.
const lettersLock = 0x6678_6c74

// letterBox is the sealed part of a letter.
type letterBox struct {
	Phone  string            `json:"phone,omitempty"`
	Email  string            `json:"email,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
}

// OweLetter writes a letter and the message that will deliver it in one
// transaction. Nothing is written when the cause has its letter already;
// ErrTooManyLetters when its address was sent as many as the rate allows.
func (s *Store) OweLetter(ctx context.Context, l Letter, rate LetterRate) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.oweLetter(ctx, tx, l, rate); err != nil {
		return err
	}
	return tx.Commit()
}

// oweLetter is OweLetter within the transaction of what causes it.
func (s *Store) oweLetter(ctx context.Context, tx *sql.Tx, l Letter, rate LetterRate) error {
	if l.Phone == "" && l.Email == "" || l.Cause == "" {
		return errors.New("a letter needs a cause and an address")
	}
	if err := s.alone(ctx, tx, lettersLock); err != nil {
		return err
	}
	now, mac := s.cfg.Now().UTC().Truncate(time.Microsecond), s.cfg.Keys.addressMac(l.Phone, l.Email)
	if rate.Most > 0 {
		var sent int
		if err := tx.QueryRowContext(ctx, "select count(*) from letters where mac = $1 and topic = $2 and at > $3 and cause <> $4",
			mac, l.Topic, s.stamp(now.Add(-rate.Within)), l.Cause).Scan(&sent); err != nil {
			return err
		}
		if sent >= rate.Most {
			return ErrTooManyLetters
		}
	}
	text, err := json.Marshal(letterBox{l.Phone, l.Email, l.Fields})
	if err != nil {
		return err
	}
	key, kek, wrapped := s.cfg.Keys.newKey()
	var id int64
	err = tx.QueryRowContext(ctx, `insert into letters (cause, topic, template, language, mac, kek, wrapped, box, at, until_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (cause) do nothing returning id`, l.Cause, l.Topic, l.Template, l.Language, mac, kek, wrapped, gcm(key).Seal(nil, nil, text, []byte(l.Topic)), s.stamp(now), s.stamp(l.Until)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into outbox (case_id, no, topic, seq, recipient, template, queue, state, at, next_at) values (0, $1, $2, 0, $3, $4, $5, 'owed', $6, $6)`,
		id, l.Topic, l.Recipient, l.Template, Queues[0], s.stamp(now))
	return err
}

// Letter opens the letter that a message delivers. ErrErased when it is done.
func (s *Store) Letter(ctx context.Context, o *Owed) (Letter, error) {
	l := Letter{Topic: o.Topic, Template: o.Template, Recipient: o.Recipient}
	var kek string
	var wrapped, box []byte
	var until instant
	err := s.pool.QueryRowContext(ctx, "select cause, language, kek, wrapped, box, until_at from letters where id = $1", o.No).Scan(&l.Cause, &l.Language, &kek, &wrapped, &box, &until)
	if err == nil && wrapped == nil || errors.Is(err, sql.ErrNoRows) {
		err = ErrErased
	}
	if err != nil {
		return Letter{}, err
	}
	key, err := s.unwrap(kek, wrapped)
	if err != nil {
		return Letter{}, err
	}
	text, err := gcm(key).Open(nil, nil, box, []byte(l.Topic))
	if err != nil {
		return Letter{}, fmt.Errorf("letter %d does not open: %w", o.No, err)
	}
	var b letterBox
	if err := json.Unmarshal(text, &b); err != nil {
		return Letter{}, err
	}
	l.Phone, l.Email, l.Fields, l.Until = b.Phone, b.Email, b.Fields, until.Time
	return l, nil
}

// EndLetter settles a letter's message as done or void, with a code that says
// why, and erases what the letter said. ErrNotHeld as Settle says it.
func (s *Store) EndLetter(ctx context.Context, o *Owed, state, code string) error {
	if err := s.Settle(ctx, o, state, code); err != nil {
		return err
	}
	_, err := s.exec(ctx, "update letters set wrapped = null, box = null where id = $1", o.No)
	return err
}
