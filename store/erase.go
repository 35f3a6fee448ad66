package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/workflow/ledger"
)

// dies lists the tables whose rows die with a person's key. A table of people, words, or anything made of them is a line here; a test
// asks of every other table with a case in it why it may stay.
//
// Deleting the key is what erases: every sealed box is unreadable from then on.
// The other rows were made of people and words and could be guessed back.
var dies = []string{"case_keys", "blind", "notes", "case_search", "files", "paper_boxes", "publications", "publication_search"}

// eraseBeside gives the statements that erase a case, or with "= any($1)" several.
// The log, which holds commitments only, stays as it is.
func eraseBeside(dialect, is string) []string {
	out := []string{"insert into file_gone (id, part) select id, '' from files where case_id " + is + " on conflict do nothing"}
	for _, table := range dies {
		column := "case_id"
		if (table == "case_search" || table == "publication_search") && dialect == "sqlite" { // a full-text table knows its rows by rowid only
			column = "rowid"
		}
		out = append(out, fmt.Sprintf("delete from %s where %s %s", table, column, is))
	}
	return out
}

// What is written into the list that a restore repeats.
const (
	pgErased   = "insert into erasures (case_id, number, at) select id, number, $2::timestamptz from cases where id = any($1) on conflict do nothing"
	liteErased = "insert into erasures (case_id, number, at) select id, number, ? from cases where id = ? on conflict do nothing"
)

// Erasure is a line of the list of erasures: whose case, and when.
type Erasure struct {
	Number string
	At     time.Time // UTC
}

// Erasures lists every case whose person was erased, oldest first.
func (s *Store) Erasures(ctx context.Context) ([]Erasure, error) { return erasures(ctx, s.pool) }

func erasures(ctx context.Context, q queryer) ([]Erasure, error) {
	rows, err := q.QueryContext(ctx, "select number, at from erasures order by at, number")
	if err != nil {
		return nil, err
	}
	var out []Erasure
	err = scan(rows, func() error {
		var e Erasure
		var at instant
		if err := rows.Scan(&e.Number, &at); err != nil {
			return err
		}
		e.At = at.Time
		out = append(out, e)
		return nil
	})
	return out, err
}

// ErasureList is the list as a file: a title, then number and instant, a line
// each.
func ErasureList(list []Erasure) string {
	var b strings.Builder
	b.WriteString(erasuresTitle + "\n")
	for _, e := range list {
		fmt.Fprintf(&b, "%s %s\n", e.Number, e.At.UTC().Format(time.RFC3339Nano))
	}
	return b.String()
}

const erasuresTitle = "fangxin erasures"

// ParseErasures reads such a file. One broken line refuses the whole: a person
// might be in it.
func ParseErasures(text string) ([]Erasure, error) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	if lines[0] != erasuresTitle {
		return nil, fmt.Errorf("not a list of erasures: its first line is %q", erasuresTitle)
	}
	var out []Erasure
	for i, line := range lines[1:] {
		number, at, _ := strings.Cut(line, " ")
		instant, err := time.Parse(time.RFC3339Nano, at)
		if _, _, _, wrong := ledger.ParseNumber(number); wrong != nil || err != nil {
			return nil, fmt.Errorf("list of erasures, line %d: a case number and an instant are expected", i+2)
		}
		out = append(out, Erasure{number, instant.UTC()})
	}
	return out, nil
}

// MergeErasures joins lists; of a case that stands in several, the first instant
// counts.
func MergeErasures(lists ...[]Erasure) []Erasure {
	first := map[string]time.Time{}
	for _, e := range slices.Concat(lists...) {
		if at, ok := first[e.Number]; !ok || e.At.Before(at) {
			first[e.Number] = e.At
		}
	}
	var out []Erasure
	for number, at := range first {
		out = append(out, Erasure{number, at})
	}
	slices.SortFunc(out, func(a, b Erasure) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.Number, b.Number)
	})
	return out
}

// EraseAgain repeats erasures after a restore, and says for how many cases there
// still was something to erase. Cases that are not there, because the backup is
// older than they are, go into the list all the same.
func (s *Store) EraseAgain(ctx context.Context, list []Erasure) (int, error) {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	again, err := s.eraseAgain(ctx, tx, list)
	if err != nil {
		return 0, err
	}
	return again, tx.Commit()
}

func (s *Store) eraseAgain(ctx context.Context, db session, list []Erasure) (again int, err error) {
	for _, e := range list {
		id, err := parseCase(e.Number)
		if err != nil {
			return 0, err
		}
		var keys int
		if err := db.QueryRowContext(ctx, "select count(*) from case_keys where case_id = $1", id).Scan(&keys); err != nil {
			return 0, err
		}
		again += keys
		for _, text := range eraseBeside(s.dialect, "= $1") {
			if _, err := db.ExecContext(ctx, text, id); err != nil {
				return 0, err
			}
		}
		if _, err := db.ExecContext(ctx, "insert into erasures (case_id, number, at) values ($1, $2, $3) on conflict do nothing", id, e.Number, s.stamp(e.At)); err != nil {
			return 0, err
		}
	}
	return again, nil
}

// Scrub makes the database forget what was deleted, where deleting alone does
// not: SQLite overwrites deleted rows, and this empties the write-ahead log that
// still holds pages from before; it waits for readers. PostgreSQL keeps dead
// rows until a vacuum.
func (s *Store) Scrub(ctx context.Context) error {
	if s.dialect == "sqlite" {
		var busy, all, done int
		if err := s.pool.QueryRowContext(ctx, "pragma wal_checkpoint(truncate)").Scan(&busy, &all, &done); err != nil {
			return err
		}
		if busy != 0 {
			return errors.New("the write-ahead log is in use and was not emptied: it will be when the program stops, or repeat this")
		}
		return nil
	}
	for _, table := range dies {
		if _, err := s.pool.ExecContext(ctx, "vacuum "+table); err != nil {
			return err
		}
	}
	return nil
}
