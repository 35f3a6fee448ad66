package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrNoDraft is the one answer for a draft that is unknown, expired, sent or
// discarded.
var ErrNoDraft = errors.New("no such draft")

// NewDraftToken makes the capability of a complaint that is being written: 32
// random bytes, 43 characters. It is kept nowhere: who loses it loses the draft.
func NewDraftToken() string { return newSecret() }

// draftKey is what seals a draft: made from its token, so that neither a stolen
// database nor this server's own keys open what was not sent yet.
func draftKey(token string) []byte {
	sum := sha256.Sum256([]byte("draft\x00" + token))
	return sum[:]
}

// KeepDraft keeps what was typed so far in place of what was kept before, until
// the given instant.
func (s *Store) KeepDraft(ctx context.Context, token string, text []byte, until time.Time) error {
	hash := hashToken(token)
	box := gcm(draftKey(token)).Seal(nil, nil, text, hash)
	_, err := s.exec(ctx, `insert into drafts (hash, box, expires_at) values ($1, $2, $3)
		on conflict (hash) do update set box = excluded.box, expires_at = excluded.expires_at`, hash, box, s.stamp(until))
	if err != nil {
		return err
	}
	return s.expireWaiting(ctx, hash, until)
}

// Draft opens what was kept; ErrNoDraft when there is nothing or its time is over.
func (s *Store) Draft(ctx context.Context, token string) ([]byte, time.Time, error) {
	hash := hashToken(token)
	var box []byte
	var until instant
	err := s.pool.QueryRowContext(ctx, "select box, expires_at from drafts where hash = $1 and expires_at > $2", hash, s.stamp(s.cfg.Now())).Scan(&box, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, ErrNoDraft
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	text, err := gcm(draftKey(token)).Open(nil, nil, box, hash)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("a draft does not open: %w", err)
	}
	return text, until.Time, nil
}

// DropDraft forgets a draft: it was sent, or its writer wants it gone.
func (s *Store) DropDraft(ctx context.Context, token string) error {
	hash := hashToken(token)
	if _, err := s.exec(ctx, "delete from drafts where hash = $1", hash); err != nil {
		return err
	}
	return s.expireWaiting(ctx, hash, s.cfg.Now()) // what was filed waits no more
}

// Parts opens everything that was sealed with a case, by the number of its
// event: one look at the key. ErrErased when the key is gone.
func (s *Store) Parts(ctx context.Context, caseID int64) (map[int64]Unsealed, error) {
	all, err := s.unsealAll(ctx, caseID, 0)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]Unsealed, len(all))
	for _, p := range all {
		out[p.seq] = p.Unsealed
	}
	return out, nil
}
