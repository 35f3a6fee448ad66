package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
	"time"
)

// infected is the code of a file in which the scanner found something.
const infected = "infected"

// finishGrace is how long a file that just came is left to whoever took it.
const finishGrace = time.Minute

// Scan looks for what harms in a stream: found is whether there is something.
// Any error means that it was not scanned.
type Scan func(ctx context.Context, from io.Reader) (found bool, err error)

// FinishFile scans a pending file where a scanner is configured, and makes a
// picture anew. It does nothing while another does the same, and leaves the file
// pending, for later, when the scanner is away.
func (s *Store) FinishFile(ctx context.Context, id string) (File, error) {
	f, mine, err := s.holdFile(ctx, id)
	if err != nil || !mine {
		return f, err
	}
	own, err := s.fileKey(ctx, &f, nil)
	if err != nil {
		return f, err
	}
	found, err := s.scanFile(ctx, own, id)
	switch {
	case errors.Is(err, errNotScanned):
		return f, nil // again when its time comes
	case err != nil:
		return f, err
	case found:
		return s.refuseFile(ctx, f, infected)
	case FileKindOf(f.Kind).Group == GroupPicture:
		return s.makeAnew(ctx, own, f)
	}
	f.KeptSize, f.Kept = f.Size, f.SHA256[:]
	return s.settleFile(ctx, f, FileKept, "", "")
}

// holdFile takes a pending file whose time has come, or that nobody has tried.
func (s *Store) holdFile(ctx context.Context, id string) (File, bool, error) {
	now := s.cfg.Now()
	unlock := s.solo()
	done, err := s.pool.ExecContext(ctx, `update files set attempts = attempts + 1, next_at = $1
		where id = $2 and state = 'pending' and (attempts = 0 or next_at <= $3)`, s.stamp(now.Add(holdFor)), id, s.stamp(now))
	unlock()
	if err != nil {
		return File{}, false, err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return File{}, false, err
	}
	f, err := s.file(ctx, id)
	return f, n == 1, err
}

// holdFor is longer than a scan and a picture together may take; it is also how
// long a scanner that was away is left alone.
const holdFor = 3 * time.Minute

var errNotScanned = errors.New("not scanned")

// scanLimit bounds one scan: of the largest video, by a busy scanner.
const scanLimit = 2 * time.Minute

func (s *Store) scanFile(ctx context.Context, own []byte, id string) (bool, error) {
	if s.cfg.Scan == nil {
		return false, nil
	}
	o, err := s.openPart(own, id, partReceived)
	if err != nil {
		return false, err
	}
	defer func() { _ = o.Close() }()
	ctx, cancel := context.WithTimeout(ctx, scanLimit)
	defer cancel()
	found, err := s.cfg.Scan(ctx, o)
	if errors.Is(err, errStream) {
		return false, errors.Join(ErrFileBytes, err)
	}
	if err != nil {
		return false, errors.Join(errNotScanned, err)
	}
	return found, nil
}

// makeAnew keeps what a picture shows and nothing else: the bytes received go.
func (s *Store) makeAnew(ctx context.Context, own []byte, f File) (File, error) {
	o, err := s.openPart(own, f.ID, partReceived)
	if err != nil {
		return f, err
	}
	p, err := render(ctx, f.Kind, o)
	if err := errors.Join(err, o.Close()); err != nil {
		switch {
		case errors.Is(err, errPixels):
			return s.refuseFile(ctx, f, "picture_pixels")
		case errors.Is(err, errPicture):
			return s.refuseFile(ctx, f, "picture_broken")
		}
		return f, err
	}
	var sum [sha256.Size]byte
	if sum, f.KeptSize, err = s.keepPart(own, f.ID, partBig, bytes.NewReader(p.Big)); err == nil {
		_, _, err = s.keepPart(own, f.ID, partSmall, bytes.NewReader(p.Small))
	}
	if err != nil {
		return f, err
	}
	f.Kept, f.Width, f.Height = sum[:], p.Width, p.Height
	return s.settleFile(ctx, f, FileKept, "", partReceived)
}

// refuseFile ends a file that is not delivered. In which something was found it
// is kept apart for a while, for whoever must look into it; else its bytes go.
func (s *Store) refuseFile(ctx context.Context, f File, code string) (File, error) {
	if code != infected {
		return s.settleFile(ctx, f, FileRefused, code, everyPart)
	}
	if !f.waits() {
		f.Expires = s.cfg.Now().Add(jailTerm)
	}
	return s.settleFile(ctx, f, FileRefused, code, "")
}

// everyPart stands for all bytes of a file.
const everyPart = "all"

// settleFile writes down what became of a pending file, and which of its bytes
// are to go, in one transaction. Erased or removed meanwhile, all of them go.
func (s *Store) settleFile(ctx context.Context, f File, state, code, gone string) (File, error) {
	var expires any
	if !f.Expires.IsZero() {
		expires = s.stamp(f.Expires)
	}
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return f, err
	}
	defer func() { _ = tx.Rollback() }()
	// bound meanwhile, a draft's term ends: the row knows better than f
	done, err := tx.ExecContext(ctx, `update files set state = $1, code = $2, kept_size = $3, kept = $4, width = $5, height = $6,
		expires_at = case when case_id is null and member_id is null or $1 = 'refused' then $7 else expires_at end where id = $8 and state = 'pending'`,
		state, code, f.KeptSize, f.Kept, f.Width, f.Height, expires, f.ID)
	if err != nil {
		return f, err
	}
	if n, _ := done.RowsAffected(); n == 0 {
		gone = everyPart
	}
	if gone != "" {
		if err := markGone(ctx, tx, f.ID, gone); err != nil {
			return f, err
		}
	}
	if err := tx.Commit(); err != nil {
		return f, err
	}
	f.State, f.Code = state, code
	if gone == "" {
		return f, nil
	}
	return f, s.dropNow(ctx, f.ID, gone)
}

func markGone(ctx context.Context, tx *sql.Tx, id, part string) error {
	if part == everyPart {
		part = ""
	}
	_, err := tx.ExecContext(ctx, "insert into file_gone (id, part) values ($1, $2) on conflict do nothing", id, part)
	return err
}

// dropNow deletes bytes that were marked so, and the mark.
func (s *Store) dropNow(ctx context.Context, id, part string) error {
	if part == everyPart {
		part = ""
	}
	if err := s.dropPart(id, part); err != nil {
		return err
	}
	_, err := s.pool.ExecContext(ctx, "delete from file_gone where id = $1 and part = $2", id, part)
	return err
}
