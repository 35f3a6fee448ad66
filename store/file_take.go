package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"fangxin/workflow"
)

// NewFile is a file that comes in.
type NewFile struct {
	Draft []byte // hash of the secret under which it waits until an act brings it
	Case  string // number of the case that it is for; empty before the filing
	Name  string
	Seen  string
	Paper string // as which paper of an application it waits, one of PaperKinds; empty: none
	Body  io.Reader
	// Waits: until the form that it was chosen in is sent, thirty days at most; the
	// same bytes chosen once more are the file that waits already.
	Waits bool
}

// newFileID is 130 random bits in letters and the digits 2 to 7: no code that a
// telephone number or an identity card could be read out of.
func newFileID() string { return rand.Text() }

// TakeFile streams a file into the folder and keeps it under its draft's secret,
// once for a key: repeated, it is the file that was taken then. Nothing is known
// of it to any case until an act brings it (Request.Draft). A *FileRefusal says
// why it is not taken; an error of the Body is handed on as it is.
func (s *Store) TakeFile(ctx context.Context, q Once, in NewFile) (File, error) {
	if err := s.FilesHere(ctx); err != nil {
		return File{}, err
	}
	if !in.Waits { // whether it is there already, its bytes say
		if err := s.roomFor(ctx, s.pool, in, 0); err != nil {
			return File{}, err
		}
	}
	head := make([]byte, headSize)
	n, err := io.ReadFull(in.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return File{}, err
	}
	if n == 0 {
		return File{}, &FileRefusal{Code: "file_empty"}
	}
	kind, family, ok := fileKindOf(head[:n])
	if !ok {
		return File{}, &FileRefusal{Code: "file_kind", Family: family}
	}
	f := File{ID: newFileID(), Seen: in.Seen, Kind: kind.Name, State: FilePending, Name: in.Name, Paper: in.Paper, draft: in.Draft}
	most := s.cfg.Limits().Group[kind.Group]
	own := random(32)
	f.SHA256, f.Size, err = s.keepPart(own, f.ID, partReceived, &bounded{io.MultiReader(bytes.NewReader(head[:n]), in.Body), most + 1})
	switch {
	case err != nil:
		return File{}, errors.Join(err, s.dropPart(f.ID, partReceived))
	case f.Size > most:
		return File{}, errors.Join(&FileRefusal{Code: "file_large", Group: kind.Group, Limit: most}, s.dropPart(f.ID, partReceived))
	}
	got, err := s.enterFile(ctx, q, in, f, own)
	var refused *FileRefusal
	var reused *workflow.Refusal
	if err == nil && got.ID != f.ID || errors.As(err, &refused) || errors.As(err, &reused) {
		return got, errors.Join(err, s.dropPart(f.ID, partReceived))
	}
	return got, err // of another error nobody knows whether the row is there: the sweep will
}

// bounded ends after so many bytes, as io.LimitedReader, and hands on a fault.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, io.EOF
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// enterFile writes the row of a file whose bytes are on the disk.
func (s *Store) enterFile(ctx context.Context, q Once, in NewFile, f File, own []byte) (File, error) {
	box, err := sealName(own, f.Name)
	if err != nil {
		return File{}, err
	}
	var answer struct{ ID string }
	q.Asked = []string{hex.EncodeToString(f.SHA256[:]), f.Name, f.Seen}
	term := draftTerm
	if in.Case != "" && !in.Waits {
		term = orphanTerm
	}
	replayed, err := s.once(ctx, q, &answer, func(tx *sql.Tx, now time.Time) error {
		if in.Waits {
			id, err := s.chosenBefore(ctx, tx, f)
			if answer.ID = id; err != nil || id != "" {
				return err
			}
		}
		if err := s.roomFor(ctx, tx, in, f.Size); err != nil {
			return err
		}
		next := now.Add(finishGrace)
		if f.Kind == "heic" { // too heavy for whoever waits
			next = now
		}
		f.At, f.Expires, answer.ID = now, now.Add(term), f.ID
		_, err := tx.ExecContext(ctx, `insert into files (id, draft, expires_at, seen, kind, received_size, received, state, box, at, next_at, paper) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			f.ID, f.draft, s.stamp(f.Expires), f.Seen, f.Kind, f.Size, f.SHA256[:], f.State, box, s.stamp(now), s.stamp(next), f.Paper)
		if err != nil {
			return err
		}
		kek := s.cfg.Keys.ids[0]
		_, err = tx.ExecContext(ctx, "insert into file_keys (file_id, kek, wrapped) values ($1, $2, $3)", f.ID, kek, s.cfg.Keys.wrap[kek].Seal(nil, nil, own, nil))
		return err
	})
	if err != nil || !replayed && answer.ID == f.ID {
		return f, err
	}
	return s.file(ctx, answer.ID)
}

// chosenBefore finds the file that waits already with the same bytes for the same
// form; "" when there is none.
func (s *Store) chosenBefore(ctx context.Context, tx *sql.Tx, f File) (string, error) {
	if err := s.alone(ctx, tx, int64(binary.BigEndian.Uint64(f.draft))); err != nil {
		return "", err
	}
	var id string
	err := tx.QueryRowContext(ctx, "select id from files where draft = $1 and received = $2 and state in ('pending', 'kept') order by at limit 1", f.draft, f.SHA256[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

// file reads one file, whosever it is; without its name.
func (s *Store) file(ctx context.Context, id string) (File, error) {
	all, err := s.files(ctx, s.pool, "where id = $1", id)
	if err == nil && len(all) == 0 {
		err = ErrNoFile
	}
	if err != nil {
		return File{}, err
	}
	return all[0], nil
}

// roomFor refuses a file for which a case, or a draft, has no room.
func (s *Store) roomFor(ctx context.Context, q queryer, in NewFile, size int64) error {
	limits := s.cfg.Limits()
	query, of := "where draft = $1", any(in.Draft)
	if in.Case != "" {
		id, err := parseCase(in.Case)
		if err != nil {
			return err
		}
		query, of = "where case_id = $1", id
	}
	count, bytes, err := sumFiles(ctx, q, query, of)
	if err == nil && in.Case != "" && in.Waits { // with what waits for the same act
		var more int
		var size int64
		more, size, err = sumFiles(ctx, q, "where draft = $1 and case_id is null", in.Draft)
		count, bytes = count+more, bytes+size
	}
	if err != nil {
		return err
	}
	switch {
	case count >= limits.Count:
		return &FileRefusal{Code: "many_files", Limit: int64(limits.Count)}
	case bytes+size > limits.Bytes:
		return &FileRefusal{Code: "case_large", Limit: limits.Bytes}
	}
	return nil
}

func sumFiles(ctx context.Context, q queryer, where string, of any) (count int, bytes int64, err error) {
	err = q.QueryRowContext(ctx, "select count(*), coalesce(sum(received_size), 0) from files "+where+" and state in ('pending', 'kept')", of).Scan(&count, &bytes)
	return count, bytes, err
}
