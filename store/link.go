package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"time"
)

// NewLink is a capability to be stored with a command: the hash only.
type NewLink struct {
	Hash    []byte
	Role    string // consumer, merchant
	Actor   string
	Expires time.Time
}

// Link is who holds a capability, and for which case.
type Link struct {
	Number, Role, Actor string
	Expires             time.Time
}

// ErrNoLink is the one answer for a link that is unknown, expired, revoked or
// foreign.
var ErrNoLink = errors.New("no such link")

// NewToken makes the capability that a request's answer hands out, the same one
// when the request is repeated: 32 bytes, 43 characters.
func (s *Store) NewToken(scope, key, role string) (token string, hash []byte) {
	token = s.cfg.Keys.token(scope, key, role)
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	sum := sha256.Sum256(raw)
	return sum[:]
}

// Follow finds whose link a token is. GET changes nothing: neither does this.
func (s *Store) Follow(ctx context.Context, token string) (Link, error) {
	var l Link
	var expires, revoked instant
	err := s.pool.QueryRowContext(ctx, `select c.number, l.role, l.actor, l.expires_at, l.revoked_at from links l join cases c on c.id = l.case_id where l.hash = $1`,
		hashToken(token)).Scan(&l.Number, &l.Role, &l.Actor, &expires, &revoked)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (!revoked.IsZero() || !s.cfg.Now().Before(expires.Time)) {
		return Link{}, ErrNoLink
	}
	l.Expires = expires.Time
	return l, err
}

// GiveLink stores a capability for a party of a case that exists.
func (s *Store) GiveLink(ctx context.Context, number string, l NewLink) error {
	id, err := parseCase(number)
	if err != nil {
		return err
	}
	_, err = s.pool.ExecContext(ctx, "insert into links (hash, case_id, role, actor, expires_at, created_at) values ($1, $2, $3, $4, $5, $6) on conflict (hash) do nothing",
		l.Hash, id, l.Role, l.Actor, s.stamp(l.Expires), s.stamp(s.cfg.Now()))
	return err
}

// RevokeLinks ends every link of a role to a case.
func (s *Store) RevokeLinks(ctx context.Context, number, role string) error {
	id, err := parseCase(number)
	if err != nil {
		return err
	}
	_, err = s.pool.ExecContext(ctx, "update links set revoked_at = $1 where case_id = $2 and role = $3 and revoked_at is null", s.stamp(s.cfg.Now()), id, role)
	return err
}
