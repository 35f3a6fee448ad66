package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// CasePaper is an official paper that was made of a case: kept as it was made, because
// it was served. Its bytes are sealed and die with the case's key; that its number
// was given, when and by whom stays.
type CasePaper struct {
	CaseID   int64
	No       int64  // within the case, from 1
	Form     string // acceptance, refusal, …
	Receiver string // consumer, merchant, both; empty: an office
	// Respondent is which of the case's respondents was there when it was made.
	Respondent int64
	Year       int64 // of the series of its form
	Serial     int64 // within it, from 1, without a gap
	Number     string
	Seq        int64  // of the event that it is about
	Version    int64  // of the case that it was made from
	Commitment string // sha256: of salt and bytes
	Size       int64
	Bound      int64 // seq of the event that commits to it, 0: none does
	Author     string
	At         time.Time
	SHA256     [sha256.Size]byte `json:"-"` // of the bytes; zero when the person was erased
}

// Code names a paper where the log wants a code: acceptance-2026-12.
func (p *CasePaper) Code() string { return fmt.Sprintf("%s-%d-%d", p.Form, p.Year, p.Serial) }

// ErrNoCasePaper says that the case has no such paper.
var ErrNoCasePaper = errors.New("no such paper")

// errSerialTaken says that somebody took a serial number while a paper was drawn.
var errSerialTaken = errors.New("the serial number was taken meanwhile")

// AddCasePaper makes a paper, once for a key. Its number is the next of its form's
// series of the year; draw gets the serial and gives number and bytes. It draws
// outside the transaction and again when another took the number meanwhile, so
// that nobody waits for a drawing and no number is left out. ErrErased when the
// person was erased.
func (s *Store) AddCasePaper(ctx context.Context, q Once, p CasePaper, draw func(serial int64) (number string, pdf []byte, err error)) (CasePaper, error) {
	key, err := s.caseKey(ctx, p.CaseID)
	if err != nil {
		return p, err
	}
	p.Year = int64(calendar.On(s.cfg.Now()).Year())
	for {
		made, replayed, err := s.addCasePaper(ctx, q, p, key, draw)
		switch {
		case errors.Is(err, errSerialTaken):
			continue
		case err != nil || !replayed:
			return made, err
		}
		pdf, err := s.CasePaperBytes(ctx, made)
		made.SHA256 = sha256.Sum256(pdf)
		return made, err
	}
}

const lastSerial = "select coalesce(max(serial), 0) from papers where form = $1 and year = $2"

func (s *Store) addCasePaper(ctx context.Context, q Once, p CasePaper, key []byte, draw func(serial int64) (string, []byte, error)) (CasePaper, bool, error) {
	if err := s.pool.QueryRowContext(ctx, lastSerial, p.Form, p.Year).Scan(&p.Serial); err != nil {
		return p, false, err
	}
	p.Serial++
	number, pdf, err := draw(p.Serial)
	if err != nil {
		return p, false, err
	}
	plain := make([]byte, saltSize, saltSize+len(pdf))
	_, _ = rand.Read(plain)
	plain = append(plain, pdf...)
	p.Number, p.Size, p.SHA256, p.Commitment = number, int64(len(pdf)), sha256.Sum256(pdf), ledger.Commit(plain[:saltSize], pdf)
	replayed, err := s.once(ctx, q, &p, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, papersLock); err != nil {
			return err
		}
		if err := s.holdKey(ctx, tx, p.CaseID); err != nil {
			return err
		}
		var last int64
		if err := tx.QueryRowContext(ctx, lastSerial, p.Form, p.Year).Scan(&last); err != nil {
			return err
		}
		if last+1 != p.Serial {
			return errSerialTaken
		}
		if err := tx.QueryRowContext(ctx, "select coalesce(max(no), 0) + 1 from papers where case_id = $1", p.CaseID).Scan(&p.No); err != nil {
			return err
		}
		p.At = now
		if _, err := tx.ExecContext(ctx, `insert into papers (case_id, no, form, receiver, respondent, year, serial, number, seq, version, commitment, size, author, at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			p.CaseID, p.No, p.Form, p.Receiver, p.Respondent, p.Year, p.Serial, p.Number, p.Seq, p.Version, p.Commitment, p.Size, p.Author, s.stamp(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "insert into paper_boxes (case_id, no, box) values ($1, $2, $3)", p.CaseID, p.No, gcm(key).Seal(nil, nil, plain, paperName(p.No)))
		return err
	})
	return p, replayed, err
}

// papersLock is the turn of those who number papers.
const papersLock = 0x6678_7070

// paperName binds a box to its place: it opens nowhere else in the case.
func paperName(no int64) []byte { return fmt.Appendf(nil, "paper %d", no) }

// BindCasePaper notes the event of the log that commits to a paper.
func (s *Store) BindCasePaper(ctx context.Context, caseID, no, seq int64) error {
	_, err := s.exec(ctx, "update papers set bound = $1 where case_id = $2 and no = $3 and bound = 0", seq, caseID, no)
	return err
}

// CasePaperRows lists the papers of a case, in the order in which they were made,
// and opens none: they have no digest.
func (s *Store) CasePaperRows(ctx context.Context, number string) ([]CasePaper, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	return s.casePapers(ctx, id, nil)
}

// CasePapers lists them with their digests, for which each is opened.
func (s *Store) CasePapers(ctx context.Context, number string) ([]CasePaper, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	key, err := s.caseKey(ctx, id)
	if err != nil && !errors.Is(err, ErrErased) {
		return nil, err
	}
	return s.casePapers(ctx, id, key)
}

// casePapers reads the papers of a case, and opens them where there is a key.
func (s *Store) casePapers(ctx context.Context, id int64, key []byte) ([]CasePaper, error) {
	box, from := "null", "papers p"
	if key != nil {
		box, from = "b.box", "papers p left join paper_boxes b on b.case_id = p.case_id and b.no = p.no"
	}
	rows, err := s.pool.QueryContext(ctx, "select p.case_id, p.no, form, receiver, respondent, year, serial, number, seq, version, commitment, size, bound, author, at, "+box+
		" from "+from+" where p.case_id = $1 order by p.no", id)
	if err != nil {
		return nil, err
	}
	var out []CasePaper
	err = scan(rows, func() error {
		var p CasePaper
		var at instant
		var box []byte
		if err := rows.Scan(&p.CaseID, &p.No, &p.Form, &p.Receiver, &p.Respondent, &p.Year, &p.Serial, &p.Number, &p.Seq, &p.Version, &p.Commitment, &p.Size, &p.Bound, &p.Author, &at, &box); err != nil {
			return err
		}
		p.At = at.Time
		if box != nil {
			pdf, err := openCasePaper(key, &p, box)
			if err != nil {
				return err
			}
			p.SHA256 = sha256.Sum256(pdf)
		}
		out = append(out, p)
		return nil
	})
	return out, err
}

// CasePaperBytes opens a paper as it was made, and proves it against its commitment.
// ErrErased when the person was erased, ErrNoCasePaper when there is none.
func (s *Store) CasePaperBytes(ctx context.Context, p CasePaper) ([]byte, error) {
	key, err := s.caseKey(ctx, p.CaseID)
	if err != nil {
		return nil, err
	}
	var box []byte
	err = s.pool.QueryRowContext(ctx, "select box from paper_boxes where case_id = $1 and no = $2", p.CaseID, p.No).Scan(&box)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoCasePaper
	}
	if err != nil {
		return nil, err
	}
	return openCasePaper(key, &p, box)
}

// PaperBox opens what is kept of a paper, with the salt of its commitment and without
// holding it against its row: ErrErased when the person was erased.
func (s *Store) PaperBox(ctx context.Context, caseID, no int64) (salt, pdf []byte, err error) {
	key, err := s.caseKey(ctx, caseID)
	if err != nil {
		return nil, nil, err
	}
	var box []byte
	if err := s.pool.QueryRowContext(ctx, "select box from paper_boxes where case_id = $1 and no = $2", caseID, no).Scan(&box); err != nil {
		return nil, nil, err
	}
	plain, err := gcm(key).Open(nil, nil, box, paperName(no))
	if err != nil || len(plain) < saltSize {
		return nil, nil, fmt.Errorf("paper %d of its case does not open: %w", no, err)
	}
	return plain[:saltSize], plain[saltSize:], nil
}

func openCasePaper(key []byte, p *CasePaper, box []byte) ([]byte, error) {
	plain, err := gcm(key).Open(nil, nil, box, paperName(p.No))
	if err != nil {
		return nil, fmt.Errorf("paper %s does not open: %w", p.Number, err)
	}
	if ledger.Commit(plain[:saltSize], plain[saltSize:]) != p.Commitment {
		return nil, fmt.Errorf("paper %s is not what its row commits to", p.Number)
	}
	return plain[saltSize:], nil
}
