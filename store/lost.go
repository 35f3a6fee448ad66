package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"fangxin/workflow"
)

// How long a request for a lost link waits to be delivered, and how many an
// address is sent.
const (
	lostTerm   = time.Hour
	lostMost   = 5
	lostWithin = time.Hour
)

// AskLost owes a new link to a complaint to the telephone or mailbox that its
// consumer registered. Whether the case is there and the address is its own is
// looked up when the letter is delivered: the asker's answer costs and says the
// same whatever he asks for. Too many for one address are dropped without a word.
func (s *Store) AskLost(ctx context.Context, key, number, phone, email, language string) error {
	err := s.OweLetter(ctx, Letter{Cause: "lost/" + s.usedBy(key+"\x00"+number+"\x00"+phone+"\x00"+email), Topic: "lost", Template: "lost_link", Language: language, Recipient: "consumer", Phone: phone, Email: email,
		Fields: map[string]string{"number": number}, Until: s.cfg.Now().Add(lostTerm)}, LetterRate{lostMost, lostWithin})
	if errors.Is(err, ErrTooManyLetters) {
		return nil
	}
	return err
}

// GiveLost makes the new link that a letter of AskLost asks for, the same one when
// the letter is sent again. False when the address is not the one that was told
// last for the consumer of the case, or when no link of his works any more: what
// an officer has ended, nobody opens this way. The new one may what the latest
// that works may, as long as that one; it stays.
func (s *Store) GiveLost(ctx context.Context, o *Owed, l *Letter) (token string, given bool, err error) {
	number := l.Fields["number"]
	c, err := s.Case(ctx, number)
	if errors.Is(err, ErrNoSuchCase) || err == nil && (c.Kind != workflow.Complaint || c.Number != number) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	own, err := s.ownAddresses(ctx, c.ID, "consumer")
	if err != nil || !slices.ContainsFunc(own, func(a Address) bool { return s.sameAddress(a, Address{Phone: l.Phone, Email: l.Email}) }) {
		return "", false, err
	}
	token, hash := s.NewToken("lost", o.ID(), number)
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = tx.Rollback() }()
	if given, err = s.again(ctx, tx, c, hash); err != nil || !given {
		return "", false, err
	}
	return token, true, tx.Commit()
}

// again gives another capability like the latest of the consumer's own that works.
func (s *Store) again(ctx context.Context, tx *sql.Tx, c View, hash []byte) (bool, error) {
	if err := s.alone(ctx, tx, c.ID); err != nil {
		return false, err
	}
	now := s.cfg.Now().UTC().Truncate(time.Microsecond)
	all, err := s.links(ctx, tx, "where l.case_id = $1 and l.role = 'consumer' and l.revoked_at is null and l.expires_at > $2 order by l.created_at", c.ID, s.stamp(now))
	if err != nil {
		return false, err
	}
	all = slices.DeleteFunc(all, func(l Link) bool { return l.Recipient != "consumer" || l.Actor != "consumer" })
	if len(all) == 0 {
		return false, nil
	}
	link := all[len(all)-1]
	link.Created, link.GivenBy = now, givenForLost
	return true, s.insertLink(ctx, tx, c, hash, nil, &link)
}

// givenForLost marks a link that was sent to the registered contact of who had
// lost his own.
const givenForLost = "lost"
