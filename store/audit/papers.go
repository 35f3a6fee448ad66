package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"fangxin/workflow/ledger"
)

// sheet is the row of an official paper of a case.
type sheet struct {
	no, year, serial, seq, version, size, bound int64
	form, number, commitment, author            string
	met                                         bool // the event that commits to it was read
}

func (s *sheet) code() string { return fmt.Sprintf("%s-%d-%d", s.form, s.year, s.serial) }

// readPapers reads the rows of the papers of a lot.
func (a *auditor) readPapers(stray func(table string, id int64) *row, after, upto int64) error {
	return each(a.ctx, a.tx, "select case_id, no, form, year, serial, number, seq, version, commitment, size, bound, author from papers where case_id > $1 and case_id <= $2 order by case_id, no", func(scan func(...any) error) error {
		var id int64
		var s sheet
		if err := scan(&id, &s.no, &s.form, &s.year, &s.serial, &s.number, &s.seq, &s.version, &s.commitment, &s.size, &s.bound, &s.author); err != nil {
			return err
		}
		r := stray("papers", id)
		r.papers = append(r.papers, s)
		return nil
	}, after, upto)
}

// committed is what the event by which the log commits to a paper has sealed.
type committed struct {
	Paper   string `json:"paper"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Seq     int64  `json:"seq"` // 0: from before it was said
	Version int64  `json:"version"`
}

// paperOf reads it; nil of an event that commits to none.
func paperOf(e *entry, text []byte) *committed {
	var said struct{ Words string }
	var c committed
	if e.Event != "add_evidence" || !strings.HasPrefix(e.Actor, "officer:") || json.Unmarshal(text, &said) != nil ||
		json.Unmarshal([]byte(said.Words), &c) != nil || len(c.SHA256) != 2*sha256.Size || c.Paper == "" {
		return nil
	}
	return &c
}

// named holds the paper that says it is bound by this event against what the event
// says in clear.
func (x *eventReader) named(e *entry) (part, what string) {
	for i := range x.r.papers {
		s := &x.r.papers[i]
		if s.bound != e.Seq {
			continue
		}
		if s.met = true; e.Event != "add_evidence" || e.Data.Info["paper"] != s.code() || e.Actor != "officer:"+s.author {
			return "papers", fmt.Sprintf("paper %s: this event does not commit to it, as its row says", s.number)
		}
	}
	return "", ""
}

// sealedPaper holds a row against what the event that commits to it has sealed:
// number, version, size and the digest of the bytes that lie there.
func (x *eventReader) sealedPaper(e *entry, text []byte) (part, what string) {
	c := paperOf(e, text)
	if c == nil {
		return "", ""
	}
	var s *sheet
	for i := range x.r.papers {
		if p := &x.r.papers[i]; p.bound == e.Seq || p.bound == 0 && p.code() == e.Data.Info["paper"] { // it says so a moment later
			s = p
		}
	}
	switch {
	case s == nil:
		return "papers", fmt.Sprintf("paper %s, which it commits to, has no row", c.Paper)
	case s.code() != e.Data.Info["paper"] || s.number != c.Paper || s.size != c.Size || c.Version != 0 && (s.version != c.Version || s.seq != c.Seq):
		return "papers", fmt.Sprintf("the row of paper %s is not what the log commits to", c.Paper)
	}
	if x.a.opt.Paper == nil {
		return "", ""
	}
	salt, pdf, ok, err := x.a.opt.Paper(x.a.ctx, x.id, s.no)
	switch {
	case err != nil:
		return "papers", fmt.Sprintf("paper %s does not open: %v", c.Paper, err)
	case !ok:
		return "", ""
	}
	sum := sha256.Sum256(pdf)
	if hex.EncodeToString(sum[:]) != c.SHA256 || ledger.Commit(salt, pdf) != s.commitment || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		return "papers", fmt.Sprintf("the bytes of paper %s are not what the log commits to", c.Paper)
	}
	x.a.report.Papers++
	return "", ""
}

// sheets holds what rows of papers say of the case against its log.
func (x *eventReader) sheets() {
	for _, s := range x.r.papers {
		switch {
		case s.bound != 0 && !s.met:
			x.a.find("papers", x.r.number, 0, "paper %s says that event %d commits to it, which is not there", s.number, s.bound)
		case s.seq < 1 || s.seq > s.version || s.version > x.f.version || s.bound != 0 && s.bound <= s.version:
			x.a.find("papers", x.r.number, 0, "paper %s says that it is about event %d and was made at version %d, which cannot be", s.number, s.seq, s.version)
		default:
			continue
		}
		return
	}
}

// series finds a series of numbers with a gap: a paper whose row is gone.
func (a *auditor) series() error {
	if a.full() {
		return nil
	}
	return each(a.ctx, a.db, "select form, year, count(*), max(serial) from papers group by form, year having count(*) <> max(serial) order by form, year", func(scan func(...any) error) error {
		var form string
		var year, n, last int64
		if err := scan(&form, &year, &n, &last); err != nil {
			return err
		}
		a.find("papers", fmt.Sprintf("%s %d", form, year), 0, "%d papers are there, and the last has number %d", n, last)
		return nil
	})
}
