package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow"
)

// File is a file of a case, of a membership, or of what is not sent yet. Its bytes lie sealed in
// the folder of files; see docs/files.md.
type File struct {
	ID     string // 26 characters that nobody guesses; acts name the file by it
	CaseID int64  // 0 before the filing
	Seq    int64  // of the event that brought it
	Actor  string // who brought it, as the log names him
	Side   string // consumer or merchant; empty: the authority
	// Respondent is which of the case's respondents was there when it came.
	Respondent int64
	Seen       string // own, both or officers: who may see it
	Kind       string // by its content: jpeg, pdf, …
	Size       int64  // bytes as received
	SHA256     [sha256.Size]byte
	// State is pending until it was scanned and, a picture, made anew; then kept, or
	// refused for Code (infected, picture_pixels, picture_broken); removed leaves
	// this row as a tombstone.
	State, Code string
	// Of what is delivered: of a picture not the bytes received, which are gone.
	KeptSize      int64
	Kept          []byte // SHA-256
	Width, Height int
	Name          string // as it came, tidied; empty of a tombstone
	At            time.Time
	Expires       time.Time // of a draft's: when it is deleted
	// Paper is as which paper of an application it waits or came: one of PaperKinds;
	// empty of a case's.
	Paper   string
	Removed time.Time

	draft, box, wrapped []byte
	memberID            int64
}

// waits reports whether nothing has brought it yet.
func (f *File) waits() bool { return f.CaseID == 0 && f.memberID == 0 }

// Who may see a file beside the authority's own people.
const (
	SeenByOwn      = "own"      // the party that brought it
	SeenByBoth     = "both"     // both parties, and who mediates
	SeenByOfficers = "officers" // nobody else
)

// States of a file.
const (
	FilePending = "pending"
	FileKept    = "kept"
	FileRefused = "refused"
	FileRemoved = "removed"
)

// FileLimits are told before anything is sent. Sizes are bytes.
type FileLimits struct {
	Group map[string]int64 // of one file, by groups
	Count int              // files of a case
	Bytes int64            // of a case, as received
}

// DefaultFileLimits are enough for a telephone's photo, a scanned contract, a call
// of an hour, a video of three minutes.
func DefaultFileLimits() FileLimits {
	return FileLimits{Group: map[string]int64{GroupPicture: 20 << 20, GroupDocument: 20 << 20, GroupSound: 50 << 20, GroupVideo: 200 << 20}, Count: 60, Bytes: 1 << 30}
}

// Most is the largest file that any kind may be.
func (l FileLimits) Most() (most int64) {
	for _, n := range l.Group {
		most = max(most, n)
	}
	return most
}

// Terms of files.
const (
	draftTerm  = 30 * 24 * time.Hour // of what is not filed
	orphanTerm = 24 * time.Hour      // of bytes without a row, and rows whose act never came
	jailTerm   = 30 * 24 * time.Hour // of what a scanner found something in
)

// FileRefusal says why a file is not taken. Codes: file_kind (Family says what it
// is), file_large (Group, Limit), file_empty, many_files, case_large (Limit),
// picture_pixels, picture_broken, file_infected.
type FileRefusal struct {
	Code, Family, Group string
	Limit               int64
}

func (r *FileRefusal) Error() string { return "the file is not taken: " + r.Code }

var (
	// ErrNoFile is the one answer for a file that is not there, or not the caller's.
	ErrNoFile = errors.New("no such file")
	// ErrNoWaiting says that no file waits under a secret.
	ErrNoWaiting = errors.New("no files wait under this secret")
	// ErrFileCited says that an act names the file.
	ErrFileCited = errors.New("an act names the file: it stays")
	// ErrFilesElsewhere says that this node's folder is not the one in which the
	// bytes lie: it is not mounted, or not shared.
	ErrFilesElsewhere = errors.New("the folder of files is not this database's: is it mounted, and the same on every node?")
	// ErrFileBytes says that bytes are missing or not as they were written.
	ErrFileBytes = errors.New("the bytes of a file are missing or damaged")
)

const fileColumns = `id, coalesce(case_id, 0), seq, draft, expires_at, actor, side, respondent, seen, kind, received_size, received, state, code, kept_size, kept, width, height, box, wrapped, at, removed_at, paper, coalesce(member_id, 0)`

func (s *Store) files(ctx context.Context, q queryer, tail string, args ...any) ([]File, error) {
	rows, err := q.QueryContext(ctx, "select "+fileColumns+" from files "+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []File
	err = scan(rows, func() error {
		var f File
		var expires, at, removed instant
		var received []byte
		if err := rows.Scan(&f.ID, &f.CaseID, &f.Seq, &f.draft, &expires, &f.Actor, &f.Side, &f.Respondent, &f.Seen, &f.Kind, &f.Size, &received, &f.State, &f.Code, &f.KeptSize, &f.Kept,
			&f.Width, &f.Height, &f.box, &f.wrapped, &at, &removed, &f.Paper, &f.memberID); err != nil {
			return err
		}
		copy(f.SHA256[:], received)
		f.Expires, f.At, f.Removed = expires.Time, at.Time, removed.Time
		out = append(out, f)
		return nil
	})
	return out, err
}

// Files lists the files of a case, tombstones too, in the order in which they
// came. ErrErased when the person was erased.
func (s *Store) Files(ctx context.Context, number string) ([]File, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	key, err := s.caseKey(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.named(ctx, key, "where case_id = $1 order by at, id", id)
}

// DraftFiles lists what waits under a secret's hash: ErrNoWaiting when nothing does.
func (s *Store) DraftFiles(ctx context.Context, draft []byte) ([]File, error) {
	all, err := s.named(ctx, nil, "where draft = $1 and case_id is null and expires_at > $2 order by at, id", draft, s.stamp(s.cfg.Now()))
	if err == nil && len(all) == 0 {
		err = ErrNoWaiting
	}
	return all, err
}

// named reads files with their names; key is the case's, nil for drafts.
func (s *Store) named(ctx context.Context, key []byte, tail string, args ...any) ([]File, error) {
	all, err := s.files(ctx, s.pool, tail, args...)
	if err != nil {
		return nil, err
	}
	for i := range all {
		f := &all[i]
		if len(f.box) == 0 { // of a tombstone
			continue
		}
		own, err := s.fileKey(ctx, f, key)
		if err != nil {
			return nil, err
		}
		if f.Name, err = openName(own, f.box); err != nil {
			return nil, fmt.Errorf("file %s: %w", f.ID, err)
		}
	}
	return all, nil
}

// fileKey opens the file's own key: with the case's or the merchant's, or before
// anything brought it with the deployment's.
func (s *Store) fileKey(ctx context.Context, f *File, key []byte) ([]byte, error) {
	if f.waits() {
		var kek string
		var wrapped []byte
		err := s.pool.QueryRowContext(ctx, "select kek, wrapped from file_keys where file_id = $1", f.ID).Scan(&kek, &wrapped)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrNoFile // filed or removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		return s.unwrap(kek, wrapped)
	}
	if key == nil {
		var err error
		if f.memberID != 0 {
			key, err = s.memberKey(ctx, f.memberID)
		} else {
			key, err = s.caseKey(ctx, f.CaseID)
		}
		if err != nil {
			return nil, err
		}
	}
	own, err := gcm(key).Open(nil, nil, f.wrapped, []byte("file "+f.ID))
	if err != nil {
		return nil, fmt.Errorf("the key of file %s does not open: %w", f.ID, err)
	}
	return own, nil
}

func sealName(own []byte, name string) ([]byte, error) {
	key, err := streamKey(own, "name")
	if err != nil {
		return nil, err
	}
	return gcm(key).Seal(nil, nil, []byte(name), nil), nil
}

func openName(own, box []byte) (string, error) {
	key, err := streamKey(own, "name")
	if err != nil {
		return "", err
	}
	name, err := gcm(key).Open(nil, nil, box, nil)
	return string(name), err
}

// boundFile is a file that a command brings into a case.
type boundFile struct {
	id      string
	wrapped []byte
}

// bring puts what waits under the request's secret into what is sealed with its
// event: the log commits to digest, kind and size of every file, and to no name.
func (s *Store) bring(ctx context.Context, r *request) ([]File, error) {
	if r.Draft == nil {
		return nil, nil
	}
	all, err := s.DraftFiles(ctx, r.Draft)
	if err != nil {
		return nil, err
	}
	private := workflow.Private{}
	if r.Command.Private != nil {
		private = *r.Command.Private
	}
	var out []File
	for _, f := range all {
		if f.State == FileRemoved || f.State == FileRefused && f.Code != infected {
			continue
		}
		out = append(out, f)
		private.Files = append(private.Files, workflow.File{ID: f.ID, Kind: f.Kind, Size: f.Size, SHA256: hex.EncodeToString(f.SHA256[:])})
	}
	r.Command.Private = &private
	return out, nil
}

// wrapFiles wraps the keys of files with that of their case.
func (s *Store) wrapFiles(ctx context.Context, key []byte, files []File) ([]boundFile, error) {
	var out []boundFile
	for i := range files {
		own, err := s.fileKey(ctx, &files[i], nil)
		if err != nil {
			return nil, err
		}
		out = append(out, boundFile{files[i].ID, gcm(key).Seal(nil, nil, own, []byte("file "+files[i].ID))})
	}
	return out, nil
}
