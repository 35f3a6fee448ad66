package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// OpenFile opens what is delivered of a file that is kept, or the small picture
// of one. ErrNoFile when there is none, ErrFilesElsewhere when this node has not
// the folder, ErrFileBytes when the bytes are not there.
func (s *Store) OpenFile(ctx context.Context, f File, small bool) (*OpenFile, error) {
	part := partReceived
	switch picture := FileKindOf(f.Kind).Group == GroupPicture; {
	case f.State != FileKept, small && !picture:
		return nil, ErrNoFile
	case small:
		part = partSmall
	case picture:
		part = partBig
	}
	if err := s.FilesHere(ctx); err != nil {
		return nil, err
	}
	own, err := s.fileKey(ctx, &f, nil)
	if err != nil {
		return nil, err
	}
	return s.openPart(own, f.ID, part)
}

// RemoveFile deletes the bytes and the name of a case's file and leaves its row
// as a tombstone. ErrFileCited while an act names it, when it came with an act that
// is more than a filing or evidence, and while a scanner's find is kept apart.
func (s *Store) RemoveFile(ctx context.Context, f File) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	lock := "select id from cases where id = $1"
	if s.dialect == "postgres" {
		lock += " for update" // no act comes between looking and deleting
	}
	var id int64
	if err := tx.QueryRowContext(ctx, lock, f.CaseID).Scan(&id); err != nil {
		return err
	}
	var cited int
	if err := tx.QueryRowContext(ctx, `select count(*) from events where case_id = $1
		and (seq <> $2 and payload like $3 or seq = $2 and payload not like '%"event":"add_evidence"%' and payload not like '%"event":"file_%')`, f.CaseID, f.Seq, "%"+f.ID+"%").Scan(&cited); err != nil {
		return err
	}
	if cited > 0 || f.Code == infected {
		return ErrFileCited
	}
	done, err := tx.ExecContext(ctx, `update files set state = 'removed', box = $1, wrapped = null, removed_at = $2 where id = $3 and case_id = $4 and state <> 'removed'`,
		[]byte{}, s.stamp(s.cfg.Now()), f.ID, f.CaseID)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n == 0 {
		return ErrNoFile
	}
	return s.removed(ctx, tx, f.ID)
}

// removed commits with the mark that the bytes are to go, and lets them go.
func (s *Store) removed(ctx context.Context, tx *sql.Tx, id string) error {
	if err := markGone(ctx, tx, id, everyPart); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.dropNow(ctx, id, everyPart)
}

// RemoveDraftFile deletes a file that nothing has brought yet, row and all.
func (s *Store) RemoveDraftFile(ctx context.Context, draft []byte, id string) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	done, err := tx.ExecContext(ctx, "delete from files where id = $1 and draft = $2 and case_id is null", id, draft)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n == 0 {
		return ErrNoFile
	}
	if _, err := tx.ExecContext(ctx, "delete from file_keys where file_id = $1", id); err != nil {
		return err
	}
	return s.removed(ctx, tx, id)
}

// AdoptFiles lets what waits under one secret's hash wait under another's, thirty
// days from now on.
func (s *Store) AdoptFiles(ctx context.Context, from, to []byte) error {
	_, err := s.exec(ctx, "update files set draft = $1, expires_at = $2 where draft = $3 and case_id is null", to, s.stamp(s.cfg.Now().Add(draftTerm)), from)
	return err
}

// DraftHash is under which files wait whose sender holds a token: a draft's, or
// what an upload handed out.
func DraftHash(token string) []byte { return hashToken(token) }

// expireWaiting says how long the files of a draft wait for it.
func (s *Store) expireWaiting(ctx context.Context, draft []byte, until time.Time) error {
	_, err := s.exec(ctx, "update files set expires_at = $1 where draft = $2 and case_id is null", s.stamp(until), draft)
	return err
}

// PendingFiles lists files to be finished now, the longest waiting first.
func (s *Store) PendingFiles(ctx context.Context, limit int) ([]string, error) {
	return column[string](s.pool.QueryContext(ctx, "select id from files where state = 'pending' and next_at <= $1 order by next_at limit $2", s.stamp(s.cfg.Now()), limit))
}

// infectedNote tells the officers of a case what a scanner found. It names no
// file but by its id, and is written in the language of the office.
const infectedNote = "病毒扫描在文件 %s 中发现有害内容：文件已隔离，不予提供，三十日后删除。The virus scanner found something in this file: it is kept apart and never delivered."

// TellInfected writes a note into every case, and a line into the history of every
// membership, to which a file came in which the scanner found something, once, and
// says for how many.
func (s *Store) TellInfected(ctx context.Context) (int, error) {
	ids, err := column[string](s.pool.QueryContext(ctx, "select id from files where code = 'infected' and told = 0 and (case_id is not null or member_id is not null) limit 100"))
	if err != nil {
		return 0, err
	}
	for n, id := range ids {
		f, err := s.file(ctx, id)
		if err == nil {
			err = s.tellInfected(ctx, f)
		}
		if err != nil {
			return n, err
		}
	}
	return len(ids), nil
}

func (s *Store) tellInfected(ctx context.Context, f File) error {
	if f.memberID != 0 {
		return s.tellMember(ctx, f)
	}
	var number string
	if err := s.pool.QueryRowContext(ctx, "select number from cases where id = $1", f.CaseID).Scan(&number); err != nil {
		return err
	}
	_, err := s.AddNote(ctx, Once{Scope: "infected", Key: f.ID}, number, "scan", fmt.Sprintf(infectedNote, f.ID))
	if err != nil && !errors.Is(err, ErrErased) {
		return err
	}
	_, err = s.exec(ctx, "update files set told = 1 where id = $1", f.ID)
	return err
}
