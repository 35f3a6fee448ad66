package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// AwayTerm is how long one may take to sign in at the OIDC provider.
const AwayTerm = 10 * time.Minute

// SentAway is what is kept of somebody who was sent to the OIDC provider.
type SentAway struct {
	State, Nonce, Verifier string // what must come back, and what proves that we asked
	To, Kept               string // where he wanted to go; what he had typed, sealed
}

// SendAway keeps what must fit when a browser comes back, and returns the token by
// which the browser will be known; only its hash is kept.
func (s *Store) SendAway(ctx context.Context, a SentAway) (token string, err error) {
	text, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	token = newSecret()
	hash := hashToken(token)
	_, err = s.exec(ctx, "insert into user_away (hash, box, expires_at) values ($1, $2, $3)", hash, gcm(s.cfg.Keys.deskKey("away")).Seal(nil, nil, text, hash), s.stamp(s.cfg.Now().Add(AwayTerm)))
	return token, err
}

// ComeBack takes what SendAway kept, once: ErrNoLink when it is unknown, taken
// already or too old.
func (s *Store) ComeBack(ctx context.Context, token string) (SentAway, error) {
	var a SentAway
	var box []byte
	var expires instant
	hash := hashToken(token)
	defer s.solo()()
	err := s.pool.QueryRowContext(ctx, "delete from user_away where hash = $1 returning box, expires_at", hash).Scan(&box, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !s.cfg.Now().Before(expires.Time) {
		return a, ErrNoLink
	}
	if err != nil {
		return a, err
	}
	text, err := gcm(s.cfg.Keys.deskKey("away")).Open(nil, nil, box, hash)
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(text, &a)
}

// subjectOf names somebody at a provider: another issuer's never fits.
func subjectOf(issuer, value string) string { return issuer + " " + value }

// UserBySubject is the active user who is known by this name at the provider:
// ErrNoUser for nobody.
func (s *Store) UserBySubject(ctx context.Context, issuer, value string) (User, error) {
	if value == "" {
		return User{}, ErrNoUser
	}
	u, err := s.holderOf(ctx, "select user_id from user_logins where subject = $1", subjectOf(issuer, value))
	if errors.Is(err, ErrNoLink) {
		err = ErrNoUser
	}
	return u, err
}

// SetSubject says as whom a user is known at the provider; an empty value takes it
// away. ErrTaken when another user is known so. by is who says it.
func (s *Store) SetSubject(ctx context.Context, by, name, issuer, value string) error {
	subject := ""
	if value != "" {
		subject = subjectOf(issuer, value)
	}
	return s.ofUser(ctx, name, true, userChange{by: by, what: "subject"}, func(tx *sql.Tx, id int64) error {
		var n int
		if err := tx.QueryRowContext(ctx, "select count(*) from user_logins where subject = $1 and subject <> '' and user_id <> $2", subject, id).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return ErrTaken
		}
		_, err := tx.ExecContext(ctx, "insert into user_logins (user_id, subject) values ($1, $2) on conflict (user_id) do update set subject = excluded.subject", id, subject)
		return err
	})
}

// Subject is as whom a user is known at this provider; empty: not at all.
func (s *Store) Subject(ctx context.Context, userID int64, issuer string) (string, error) {
	var subject string
	err := s.pool.QueryRowContext(ctx, "select subject from user_logins where user_id = $1", userID).Scan(&subject)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	value, ok := strings.CutPrefix(subject, issuer+" ")
	if !ok {
		value = ""
	}
	return value, err
}
