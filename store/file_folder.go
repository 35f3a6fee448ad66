package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Parts of a file in the folder, each sealed under a key of its own.
const (
	partReceived = "in"    // as it came; of a picture only until it is made anew
	partBig      = "big"   // a picture as it is shown
	partSmall    = "small" // and in lists
)

// folder is where the bytes lie: shared by all nodes of a database.
func (s *Store) folder() string {
	if s.cfg.Files != "" {
		return s.cfg.Files
	}
	return filepath.Join(s.cfg.Data, "files")
}

func (s *Store) partPath(id, part string) string {
	return filepath.Join(s.folder(), id[:2], id+"."+part)
}

// markName is the file that says whose folder it is. A folder that is not
// mounted has none: nothing is written into the place beneath, and nothing that
// another database knows is taken for left over.
const markName = "folder-of"

// FilesHere reports whether the folder is this database's; the first node to ask
// makes it so. ErrFilesElsewhere when it is not.
func (s *Store) FilesHere(ctx context.Context) error {
	var id string
	err := s.pool.QueryRowContext(ctx, "select id from file_store where one = 1").Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return s.markFolder(ctx)
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(s.folder(), markName))
	if err != nil || strings.TrimSpace(string(text)) != id {
		return ErrFilesElsewhere
	}
	return nil
}

func (s *Store) markFolder(ctx context.Context) error {
	id := newFileID()
	done, err := s.pool.ExecContext(ctx, "insert into file_store (one, id) values (1, $1) on conflict do nothing", id)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n == 0 { // another node's: its mark may be on its way
		return ErrFilesElsewhere
	}
	return s.writeMark(id)
}

func (s *Store) writeMark(id string) error {
	if err := os.MkdirAll(s.folder(), 0o700); err != nil {
		return err
	}
	return durably(filepath.Join(s.folder(), markName), func(f *os.File) error {
		_, err := f.WriteString(id + "\n")
		return err
	})
}

// durably writes a file whole or not at all: what has its name is on the disk.
func durably(path string, write func(f *os.File) error) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path + ".new")
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// keepPart seals what is read into a part of a file and says its digest and size.
// Never is more than a piece of it in memory.
func (s *Store) keepPart(own []byte, id, part string, from io.Reader) (sum [sha256.Size]byte, size int64, err error) {
	key, err := streamKey(own, part)
	if err != nil {
		return sum, 0, err
	}
	path := s.partPath(id, part)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return sum, 0, err
	}
	var digest hash.Hash = sha256.New()
	err = durably(path, func(f *os.File) error {
		w, err := newSealer(f, key)
		if err != nil {
			return err
		}
		if size, err = io.CopyBuffer(io.MultiWriter(w, digest), onlyReader{from}, make([]byte, 32<<10)); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		now := s.cfg.Now() // by which the sweep tells what is left over
		return os.Chtimes(f.Name(), now, now)
	})
	return [sha256.Size]byte(digest.Sum(nil)), size, err
}

// onlyReader hides how else a source could be copied: in one go, unsealed.
type onlyReader struct{ io.Reader }

// openPart opens a part for reading. ErrFileBytes when it is not there or cannot
// be what was written.
func (s *Store) openPart(own []byte, id, part string) (*OpenFile, error) {
	key, err := streamKey(own, part)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.partPath(id, part))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s.%s", ErrFileBytes, id, part)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var r *opener
		if r, err = newOpener(f, info.Size(), key); err == nil {
			return &OpenFile{r, f}, nil
		}
		err = fmt.Errorf("%w: %s.%s: %w", ErrFileBytes, id, part, err)
	}
	return nil, errors.Join(err, f.Close())
}

// OpenFile reads a file's bytes in clear, from any place.
type OpenFile struct {
	*opener
	file *os.File
}

// Close gives the file back.
func (o *OpenFile) Close() error { return o.file.Close() }

// dropPart deletes bytes; those that are gone already are no fault.
func (s *Store) dropPart(id, part string) error {
	parts := []string{part}
	if part == "" {
		parts = []string{partReceived, partBig, partSmall}
	}
	var errs []error
	for _, p := range parts {
		if err := os.Remove(s.partPath(id, p)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
