package store

import (
	"archive/tar"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fangxin/migrations"
)

// snapshotLite copies the database by VACUUM INTO, which keeps nobody waiting,
// checks the copy, and takes the keys out of it once they are written. The copy
// lies in the data folder under one name, with a lock, so that what a killed
// backup leaves is gone with the next one, or the next start.
func (s *Store) snapshotLite(ctx context.Context, use func(q queryer, write func(*archive) error) error) error {
	release, err := migrations.Hold(filepath.Join(s.cfg.Data, "backup.lock"))
	if err != nil {
		return err
	}
	defer release()
	path := filepath.Join(s.cfg.Data, "backup.tmp")
	if err := removeAll(path); err != nil {
		return err
	}
	defer func() { _ = removeAll(path) }()
	empty, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600) // VACUUM INTO takes an empty file, and keeps its mode
	if err != nil {
		return err
	}
	if err := empty.Close(); err != nil {
		return err
	}
	if _, err := s.pool.ExecContext(ctx, "vacuum into $1", path); err != nil {
		return fmt.Errorf("backup: copy of the database: %w", err)
	}
	copied, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(memory)&_pragma=secure_delete(1)")
	if err != nil {
		return err
	}
	copied.SetMaxOpenConns(1)
	defer func() { _ = copied.Close() }()
	if err := intact(ctx, copied); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return use(copied, func(a *archive) error {
		for _, text := range []string{"delete from case_keys", "delete from file_keys"} {
			if _, err := copied.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		files, err := archived(ctx, copied)
		if err := errors.Join(err, copied.Close()); err != nil {
			return err
		}
		if err := a.file("database.sqlite", path); err != nil {
			return err
		}
		return s.filesTo(ctx, a, files)
	})
}

// RemoveScratch removes what a killed backup or restore left in the data folder:
// it may hold keys of people who are erased since.
func (s *Store) RemoveScratch() error {
	if s.dialect != "sqlite" {
		return nil
	}
	release, free, err := migrations.TryHold(filepath.Join(s.cfg.Data, "backup.lock"))
	if err != nil || !free {
		return err
	}
	defer release()
	return errors.Join(removeAll(filepath.Join(s.cfg.Data, "backup.tmp")), os.RemoveAll(filepath.Join(s.cfg.Data, "restore.tmp")))
}

func removeAll(path string) error {
	var errs []error
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func intact(ctx context.Context, db *sql.DB) error {
	var word string
	if err := db.QueryRowContext(ctx, "pragma integrity_check(1)").Scan(&word); err != nil {
		return err
	}
	if word != "ok" {
		return fmt.Errorf("the copy of the database is damaged: %s", word)
	}
	return nil
}

func (a *archive) file(name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := a.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: a.at}); err != nil {
		return err
	}
	_, err = io.Copy(a, f)
	return err
}
