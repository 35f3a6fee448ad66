package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
)

// Answered finds out which of several requests, that differ in their command
// alone, their key was answered for: its place, or -1. Whoever chooses a command
// by the state of a case learns so what a repeated request chose the first time.
func (s *Store) Answered(ctx context.Context, requests []Request) (which int, err error) {
	var print []byte
	err = s.pool.QueryRowContext(ctx, "select print from idempotency where key = $1", requests[0].Scope+"/"+requests[0].Key).Scan(&print)
	if errors.Is(err, sql.ErrNoRows) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	for i, q := range requests {
		own, err := s.fingerprint(&q)
		if err != nil {
			return -1, err
		}
		if bytes.Equal(own, print) {
			return i, nil
		}
	}
	return -1, nil
}
