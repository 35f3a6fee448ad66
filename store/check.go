package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"fangxin/workflow"
)

// Check is a telephone number or a mailbox that somebody wants checked before he
// files, in clear: phone or email.
type Check struct {
	Kind, Value, Language string
	Token                 string // names it from now on; see NewToken
}

var (
	// ErrCode is the one answer for a code that is wrong, too late, tried too
	// often, or of no check at all.
	ErrCode = errors.New("not the code of this check")
	// ErrCheck says that a check cannot stand for this contact: not confirmed, of
	// another number, too old or used.
	ErrCheck = errors.New("the check does not stand for this contact")
)

// AskCheck owes a code to the address and says until when it can be entered.
// Every address gets the same answer: where it was sent as many codes as the
// policy allows, none is sent, and no code fits. The same token asked again sends
// nothing more; for another address it is key_reused.
func (s *Store) AskCheck(ctx context.Context, c Check) (until time.Time, err error) {
	rules := s.cfg.Rules().ContactCheck()
	code, err := newCode(rules.Digits)
	if err != nil {
		return until, err
	}
	hash, mac := hashToken(c.Token), s.cfg.Keys.contactMac(NewContact{c.Kind, c.Value})
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return until, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.alone(ctx, tx, lettersLock); err != nil { // two at once never both take an address's last
		return until, err
	}
	var was []byte
	var before instant
	err = tx.QueryRowContext(ctx, "select mac, expires_at from contact_checks where hash = $1", hash).Scan(&was, &before)
	if err == nil && !hmac.Equal(was, mac) {
		return until, &workflow.Refusal{Code: "key_reused"}
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return before.Time, err
	}
	now := s.cfg.Now().UTC().Truncate(time.Microsecond)
	until = now.Add(time.Duration(rules.Minutes) * time.Minute)
	var recent, today int
	if err := tx.QueryRowContext(ctx, "select count(*), coalesce(sum(case when at > $1 then 1 else 0 end), 0) from contact_checks where mac = $2 and sent and at > $3",
		s.stamp(now.Add(-time.Duration(rules.Pause)*time.Second)), mac, s.stamp(now.Add(-24*time.Hour))).Scan(&today, &recent); err != nil {
		return until, err
	}
	send := recent == 0 && today < rules.ADay
	kept := s.cfg.Keys.codeMac(hash, code)
	if !send {
		kept = random(sha256.Size) // what no code has
	}
	if _, err := tx.ExecContext(ctx, "insert into contact_checks (hash, kind, mac, code, sent, attempts, at, expires_at, used_by) values ($1, $2, $3, $4, $5, 0, $6, $7, '')",
		hash, c.Kind, mac, kept, send, s.stamp(now), s.stamp(until)); err != nil {
		return until, err
	}
	if send {
		l := Letter{Cause: "check/" + hex.EncodeToString(hash), Topic: "letter", Template: "contact_check", Language: c.Language, Recipient: checkRecipient(c.Kind),
			Fields: map[string]string{"code": code, "minutes": strconv.Itoa(rules.Minutes)}, Until: until}
		if c.Kind == "phone" {
			l.Phone = c.Value
		} else {
			l.Email = c.Value
		}
		if err := s.oweLetter(ctx, tx, l, LetterRate{}); err != nil {
			return until, err
		}
	}
	return until, tx.Commit()
}

// checkRecipient is how the queue names who is sent a code.
func checkRecipient(kind string) string { return "filer." + kind }

// newCode draws digits, each as likely as the other.
func newCode(digits int) (string, error) {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, most)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}

// codeMac is what a code is kept as: under a key, and of one check alone, so that
// a table of a million codes opens nothing.
func (k *Keys) codeMac(hash []byte, code string) []byte {
	m := hmac.New(sha256.New, k.prints)
	m.Write([]byte("contact check\x00"))
	m.Write(hash)
	m.Write([]byte(code))
	return m.Sum(nil)
}

// ConfirmCheck takes a code for a check. An attempt is counted before it is
// looked at, so that many at once are no more than many. The right code may be
// sent again; ErrCode for every other.
func (s *Store) ConfirmCheck(ctx context.Context, token, code string) error {
	hash, now := hashToken(token), s.stamp(s.cfg.Now())
	defer s.solo()()
	kept, confirmed := make([]byte, sha256.Size), false
	err := s.pool.QueryRowContext(ctx, "update contact_checks set attempts = attempts + 1 where hash = $1 and confirmed_at is null and attempts < $2 and expires_at > $3 returning code",
		hash, s.cfg.Rules().ContactCheck().Attempts, now).Scan(&kept)
	if errors.Is(err, sql.ErrNoRows) {
		confirmed = true
		err = s.pool.QueryRowContext(ctx, "select code from contact_checks where hash = $1 and confirmed_at is not null", hash).Scan(&kept)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if right := hmac.Equal(kept, s.cfg.Keys.codeMac(hash, code)); !right || err != nil {
		return ErrCode
	}
	if confirmed {
		return nil
	}
	_, err = s.pool.ExecContext(ctx, "update contact_checks set confirmed_at = $1 where hash = $2 and confirmed_at is null", now, hash)
	return err
}

// TakeCheck uses a confirmed check for one request, by its key, and says what was
// checked and when: ErrCheck when it does not stand for this person's phone or
// mailbox. The same request may take it again.
func (s *Store) TakeCheck(ctx context.Context, token, by string, p *workflow.Person) (workflow.Checked, error) {
	fresh := s.cfg.Now().Add(-time.Duration(s.cfg.Rules().ContactCheck().Hours) * time.Hour)
	var out workflow.Checked
	var at instant
	defer s.solo()()
	err := s.pool.QueryRowContext(ctx, `update contact_checks set used_by = $1 where hash = $2 and confirmed_at is not null
		and (used_by = $1 or used_by = '' and confirmed_at > $3) and (kind = 'phone' and mac = $4 or kind = 'email' and mac = $5) returning kind, confirmed_at`,
		s.usedBy(by), hashToken(token), s.stamp(fresh), s.cfg.Keys.contactMac(NewContact{"phone", p.Phone}), s.cfg.Keys.contactMac(NewContact{"email", p.Email})).Scan(&out.Method, &at)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrCheck
	}
	out.At = at.Time
	return out, err
}

// GiveBackCheck undoes TakeCheck for a request that was refused.
func (s *Store) GiveBackCheck(ctx context.Context, token, by string) error {
	_, err := s.exec(ctx, "update contact_checks set used_by = '' where hash = $1 and used_by = $2", hashToken(token), s.usedBy(by))
	return err
}

func (s *Store) usedBy(key string) string {
	print := s.cfg.Keys.print([]byte(key))
	return hex.EncodeToString(print[:])
}

// SameContact reports whether a person's phone or mailbox is the one that the
// case has already: then what was checked stays checked.
func (s *Store) SameContact(ctx context.Context, caseID int64, kind string, p *workflow.Person) (bool, error) {
	said := Address{Phone: p.Phone}
	if kind == "email" {
		said = Address{Email: p.Email}
	}
	known, err := s.ownAddresses(ctx, caseID, "consumer")
	return said.Phone+said.Email != "" && slices.ContainsFunc(known, func(a Address) bool { return s.sameAddress(a, said) }), err
}

// CheckFails reports whether codes of a kind cannot be sent now: one at least was
// tried and waits to be tried again. It says nothing of any one number.
func (s *Store) CheckFails(ctx context.Context, kind string) (bool, error) {
	var n int
	err := s.pool.QueryRowContext(ctx, "select count(*) from outbox where state = 'owed' and queue = $1 and case_id = 0 and template = 'contact_check' and recipient = $2 and error <> ''",
		Queues[0], checkRecipient(kind)).Scan(&n)
	return n > 0, err
}

// dropChecks erases checks that cannot be used any more.
func (s *Store) dropChecks(ctx context.Context) (int64, error) {
	rules, now := s.cfg.Rules().ContactCheck(), s.cfg.Now()
	// a day at least: the count of a number's codes of today stands on them
	before := now.Add(-24*time.Hour - time.Duration(rules.Hours)*time.Hour - time.Duration(rules.Minutes)*time.Minute)
	gone, err := s.exec(ctx, "delete from contact_checks where at < $1", s.stamp(before))
	if err != nil {
		return 0, err
	}
	return gone.RowsAffected()
}
