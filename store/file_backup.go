package store

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// archived are the bytes of files of cases and memberships that a snapshot knows, as
// names in the folder. What is not sent yet is not taken along: its key lies in no archive.
func archived(ctx context.Context, q queryer) ([]string, error) {
	rows, err := q.QueryContext(ctx, "select id, kind, state, code from files where (case_id is not null or member_id is not null) and state <> 'removed' order by id")
	if err != nil {
		return nil, err
	}
	var out []string
	err = scan(rows, func() error {
		var id, kind, state, code string
		if err := rows.Scan(&id, &kind, &state, &code); err != nil {
			return err
		}
		switch {
		case state == FileKept && FileKindOf(kind).Group == GroupPicture:
			out = append(out, id+"."+partBig, id+"."+partSmall)
		case state == FileKept, state == FilePending, code == infected:
			out = append(out, id+"."+partReceived)
		}
		return nil
	})
	return out, err
}

// filesTo writes bytes into an archive, sealed as they lie. One that went since
// the snapshot is left out; that the folder is not here is an error.
func (s *Store) filesTo(ctx context.Context, a *archive, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := s.FilesHere(ctx); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.file("files/"+name, filepath.Join(s.folder(), name[:2], name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return nil
}

// partName is what an archive may call bytes: it becomes a path.
var partName = regexp.MustCompile(`^files/([A-Z2-7]{26}\.(?:in|big|small))$`)

// takeFile puts an archive's entry into the folder, if it is one of bytes.
func takeFile(folder string, h *tar.Header, from io.Reader) (bool, error) {
	m := partName.FindStringSubmatch(h.Name)
	if m == nil {
		return false, nil
	}
	path := filepath.Join(folder, m[1][:2], m[1])
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return true, err
	}
	return true, durably(path, func(f *os.File) error {
		_, err := io.Copy(f, from)
		return err
	})
}

// takeFiles reads an archive to its last entry: files and nothing else.
func takeFiles(folder string, a *tar.Reader) error {
	for {
		h, err := a.Next()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		if h.Name == endEntry {
			return nil
		}
		ours, err := takeFile(folder, h, a)
		if err == nil && !ours {
			err = fmt.Errorf("%s is not expected", h.Name)
		}
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
}

// settleFiles ends what was not filed when the backup was made, lets the folder
// be this database's, and counts the files whose bytes are not there.
func (out *Restored) settleFiles(ctx context.Context, _ *Store, db session, _ RestoreOptions) error {
	for _, text := range []string{"delete from files where case_id is null and member_id is null", "delete from file_keys", "delete from file_gone", "delete from file_store"} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	names, err := archived(ctx, db)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "."+partSmall) { // its picture counts
			continue
		}
		out.Files++
		if _, err := os.Stat(filepath.Join(out.folder, name[:2], name)); errors.Is(err, os.ErrNotExist) {
			out.NoFiles++
		} else if err != nil {
			return err
		}
	}
	return nil
}
