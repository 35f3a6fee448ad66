package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sweepLot is how many files one round deletes.
const sweepLot = 200

// SweepFiles deletes what is not to be kept any longer and says how much: drafts
// whose term is over, what a scanner found something in and nobody asked for, and
// bytes that a transaction marked as gone before the disk could follow.
func (s *Store) SweepFiles(ctx context.Context) (int, error) {
	if err := s.FilesHere(ctx); err != nil {
		return 0, err
	}
	old, err := s.files(ctx, s.pool, "where expires_at <= $1 order by expires_at limit $2", s.stamp(s.cfg.Now()), sweepLot)
	if err != nil {
		return 0, err
	}
	for i := range old {
		if err := s.expireFile(ctx, &old[i]); err != nil {
			return i, err
		}
	}
	rows, err := s.pool.QueryContext(ctx, "select id, part from file_gone limit $1", sweepLot)
	if err != nil {
		return len(old), err
	}
	var gone [][2]string
	err = scan(rows, func() error {
		var id, part string
		err := rows.Scan(&id, &part)
		gone = append(gone, [2]string{id, part})
		return err
	})
	for _, g := range gone {
		if err == nil {
			err = s.dropNow(ctx, g[0], g[1])
		}
	}
	return len(old) + len(gone), err
}

// expireFile ends a draft, or leaves of a find of the scanner, and of a membership that
// is over, the row alone.
func (s *Store) expireFile(ctx context.Context, f *File) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	texts := []string{"delete from files where id = $1 and case_id is null and member_id is null", "delete from file_keys where file_id = $1"}
	switch {
	case f.memberID != 0:
		texts = []string{"update files set state = case when state = 'refused' then state else 'removed' end, box = '', wrapped = null, removed_at = expires_at, expires_at = null where id = $1 and expires_at is not null"}
	case f.CaseID != 0:
		texts = []string{"update files set expires_at = null where id = $1 and state = 'refused'"}
	}
	done, err := tx.ExecContext(ctx, texts[0], f.ID)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n == 0 {
		return nil // filed meanwhile
	}
	for _, text := range texts[1:] {
		if _, err := tx.ExecContext(ctx, text, f.ID); err != nil {
			return err
		}
	}
	return s.removed(ctx, tx, f.ID)
}

// SweepOrphans deletes from the folder what no row knows and is older than a day:
// what a crash left between the disk and the database. It says how many.
func (s *Store) SweepOrphans(ctx context.Context) (int, error) {
	if err := s.FilesHere(ctx); err != nil {
		return 0, err
	}
	gone := 0
	err := filepath.WalkDir(s.folder(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		id, rest, _ := strings.Cut(d.Name(), ".")
		info, err := d.Info()
		if errors.Is(err, os.ErrNotExist) || d.Name() == markName {
			return nil
		}
		if err != nil || s.cfg.Now().Sub(info.ModTime()) < orphanTerm {
			return err
		}
		if known, err := s.knows(ctx, id); err != nil || known && !strings.HasSuffix(rest, ".new") {
			return err
		}
		gone++
		return os.Remove(path)
	})
	return gone, err
}

func (s *Store) knows(ctx context.Context, id string) (bool, error) {
	var one int
	err := s.pool.QueryRowContext(ctx, "select 1 from files where id = $1", id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// CheckFiles reads every file that is kept, to its end, and tells of each whose
// bytes are missing, damaged or not those of its row. It says how many it read.
// Files of erased persons are passed over: nobody can read them.
func (s *Store) CheckFiles(ctx context.Context, wrong func(f File, err error)) (int, error) {
	if err := s.FilesHere(ctx); err != nil {
		return 0, err
	}
	read, after := 0, ""
	for {
		lot, err := s.files(ctx, s.pool, "where state = 'kept' and id > $1 order by id limit $2", after, sweepLot)
		if err != nil || len(lot) == 0 {
			return read, err
		}
		for _, f := range lot {
			switch err := s.checkFile(ctx, f); {
			case errors.Is(err, ErrErased), errors.Is(err, ErrNoFile):
			case err != nil && ctx.Err() != nil:
				return read, err
			case err != nil:
				wrong(f, err)
				fallthrough
			default:
				read++
			}
			after = f.ID
		}
	}
}

func (s *Store) checkFile(ctx context.Context, f File) error {
	o, err := s.OpenFile(ctx, f, false)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, o)
	if err := errors.Join(err, o.Close()); err != nil {
		return errors.Join(ErrFileBytes, err)
	}
	if !bytes.Equal(sum.Sum(nil), f.Kept) {
		return ErrFileBytes
	}
	return nil
}
