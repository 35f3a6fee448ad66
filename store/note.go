package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"fangxin/workflow/ledger"
)

// Note is what the authority's people tell one another of a case: sealed under
// its key beside the log, never in it, and never for a party.
type Note struct {
	No     int64
	Author string
	At     time.Time
	Words  string
}

// AddNote keeps a note, once for a key. ErrErased when the person was erased.
func (s *Store) AddNote(ctx context.Context, q Once, number, author, words string) (Note, error) {
	id, err := parseCase(number)
	if err != nil {
		return Note{}, err
	}
	if !ledger.Clean(words) {
		return Note{}, ErrUnclean
	}
	key, err := s.caseKey(ctx, id)
	if err != nil {
		return Note{}, err
	}
	n := Note{Author: author}
	_, err = s.once(ctx, q, &n, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, id); err != nil {
			return err
		}
		if err := s.holdKey(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "select coalesce(max(no), 0) + 1 from notes where case_id = $1", id).Scan(&n.No); err != nil {
			return err
		}
		n.At = now
		_, err := tx.ExecContext(ctx, "insert into notes (case_id, no, author, box, at) values ($1, $2, $3, $4, $5)", id, n.No, author, gcm(key).Seal(nil, nil, []byte(words), nil), s.stamp(now))
		return err
	})
	n.Words = words
	return n, err
}

// ErrUnclean says that a text holds what cannot be stored.
var ErrUnclean = errors.New("NUL or broken UTF-8")

// Notes reads the notes of a case, oldest first. ErrErased when the person was
// erased.
func (s *Store) Notes(ctx context.Context, number string) ([]Note, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	key, err := s.caseKey(ctx, id)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.QueryContext(ctx, "select no, author, at, box from notes where case_id = $1 order by no", id)
	if err != nil {
		return nil, err
	}
	var out []Note
	err = scan(rows, func() error {
		var n Note
		var at instant
		var box []byte
		if err := rows.Scan(&n.No, &n.Author, &at, &box); err != nil {
			return err
		}
		words, err := gcm(key).Open(nil, nil, box, nil)
		n.At, n.Words = at.Time, string(words)
		out = append(out, n)
		return err
	})
	return out, err
}

// holdKey keeps the case's key until the transaction ends, so that an erasure
// comes before or after it, never between. ErrErased when it is gone.
func (s *Store) holdKey(ctx context.Context, tx *sql.Tx, id int64) error {
	text := "select case_id from case_keys where case_id = $1"
	if s.dialect == "postgres" {
		text += " for share"
	}
	err := tx.QueryRowContext(ctx, text, id).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrErased
	}
	return err
}
