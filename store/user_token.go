package store

import (
	"context"
	"errors"
	"time"
)

// Scopes of an API token: what its user may, or only reading.
const (
	TokenWrites = "write"
	TokenReads  = "read"
)

// TokensMost is how many API tokens that work one user may have.
const TokensMost = 20

// ErrTooManyTokens says that a user has as many tokens as he may.
var ErrTooManyTokens = errors.New("too many tokens")

// UserToken is an API token that a user has made for himself.
type UserToken struct {
	Ref, Name, Scope string
	Created, Expires time.Time
	Used             time.Time // zero: never yet; written down once an hour
}

// AddToken makes an API token and returns it; only its hash is kept.
func (s *Store) AddToken(ctx context.Context, userID int64, t UserToken) (token string, err error) {
	live, err := s.UserTokens(ctx, userID)
	if err != nil {
		return "", err
	}
	if len(live) >= TokensMost {
		return "", ErrTooManyTokens
	}
	token = newSecret()
	hash := hashToken(token)
	_, err = s.exec(ctx, "insert into user_tokens (hash, ref, user_id, name, scope, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)",
		hash, linkID(hash), userID, t.Name, t.Scope, s.stamp(s.cfg.Now()), s.stamp(t.Expires))
	return token, err
}

// UserTokens lists a user's tokens that work, the newest first.
func (s *Store) UserTokens(ctx context.Context, userID int64) ([]UserToken, error) {
	rows, err := s.pool.QueryContext(ctx, "select ref, name, scope, created_at, expires_at, used_at from user_tokens where user_id = $1 and ended_at is null and expires_at > $2 order by created_at desc, ref", userID, s.stamp(s.cfg.Now()))
	if err != nil {
		return nil, err
	}
	var out []UserToken
	err = scan(rows, func() error {
		var t UserToken
		var created, expires, used instant
		err := rows.Scan(&t.Ref, &t.Name, &t.Scope, &created, &expires, &used)
		t.Created, t.Expires, t.Used = created.Time, expires.Time, used.Time
		out = append(out, t)
		return err
	})
	return out, err
}

// EndToken ends one token of a user; ErrNoLink when he has none of that name.
func (s *Store) EndToken(ctx context.Context, userID int64, ref string) error {
	res, err := s.exec(ctx, "update user_tokens set ended_at = $1 where user_id = $2 and ref = $3 and ended_at is null", s.stamp(s.cfg.Now()), userID, ref)
	return one(res, err, ErrNoLink)
}

// usedEvery is how often a token writes down that it is used.
const usedEvery = time.Hour

func (s *Store) tokenUsed(ctx context.Context, hash []byte, before time.Time) error {
	now := s.cfg.Now()
	if now.Sub(before) < usedEvery {
		return nil
	}
	_, err := s.exec(ctx, "update user_tokens set used_at = $1 where hash = $2", s.stamp(now), hash)
	return err
}
