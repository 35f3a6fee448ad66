package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
)

// Answered finds out whether a key was used before, and for which of several
// requests that differ in their command alone: its place, or -1 where it was for
// another. Whoever chooses a command by the state of a case asks first, so that
// a repeated request is chosen as it was.
func (s *Store) Answered(ctx context.Context, requests []Request) (which int, found bool, err error) {
	if requests[0].Key == "" {
		return -1, false, nil
	}
	var print []byte
	err = s.pool.QueryRowContext(ctx, "select print from idempotency where key = $1", requests[0].Scope+"/"+requests[0].Key).Scan(&print)
	if errors.Is(err, sql.ErrNoRows) {
		return -1, false, nil
	}
	if err != nil {
		return -1, false, err
	}
	for i, q := range requests {
		own, err := s.fingerprint(&q)
		if err != nil {
			return -1, true, err
		}
		if bytes.Equal(own, print) {
			return i, true, nil
		}
	}
	return -1, true, nil
}
