package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"fangxin/workflow/calendar"
	"fangxin/workflow/publication"
)

// ErrNotPublished is the one answer for what is unknown and for what was never
// to be read by anybody.
var ErrNotPublished = errors.New("nothing is published under this name")

// ErrTombstone is the answer for what could be read and cannot any more: expired,
// taken away, or its consent withdrawn. Nothing of it is left but its id.
var ErrTombstone = errors.New("this entry was published and is not any more")

// PublicFilter narrows the search of what is published. Empty fields ask nothing.
type PublicFilter struct {
	Words    string
	Merchant string // m_…; an entry that was merged finds what it became
	Domain   int
	Category string
	Town     string
	Month    string // in which the complaint was closed, 2026-05
	After    string // id of the last entry of the page before
	Limit    int
}

// PublicEntry is a public form as it is kept.
type PublicEntry struct {
	Form   []byte // JSON
	Digest string // SHA-256 of it, hexadecimal
	ref    string
}

// shown asks for what may be read today: forms are dropped by a job, and an entry
// whose last day is over is not shown while it has not come round.
const shown = "form is not null and on_day <= $1 and until_day >= $1"

// ended asks for what could be read once and cannot any more, as far as the job
// has come; $1 is today.
const ended = "(state in ('expired', 'removed') or form is not null and on_day <= $1)"

// Published reads one public form. ErrTombstone when there was one, and
// ErrNotPublished when there never was.
func (s *Store) Published(ctx context.Context, ref string) (e PublicEntry, err error) {
	today := calendar.On(s.cfg.Now()).String()
	var digest []byte
	err = s.pool.QueryRowContext(ctx, "select form, digest from publications p where ref = $2 and "+shown+s.stillAgreed(), today, ref).Scan(&e.Form, &digest)
	e.Digest, e.ref = hex.EncodeToString(digest), ref
	if !errors.Is(err, sql.ErrNoRows) {
		return e, err
	}
	var n int
	err = s.pool.QueryRowContext(ctx, "select count(*) from publications where ref = $2 and "+ended, today, ref).Scan(&n)
	switch {
	case err != nil:
		return e, err
	case n == 0:
		return e, ErrNotPublished
	}
	return e, ErrTombstone
}

// EachPublished hands over everything that a filter finds, the newest first, one
// by one and a page in memory: for feeds and whole files. It ends with the first
// error of each.
func (s *Store) EachPublished(ctx context.Context, f PublicFilter, each func(PublicEntry) error) error {
	for f.Limit = 500; ; {
		list, next, err := s.SearchPublished(ctx, f)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := each(e); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		f.After = next
	}
}

// PublishedStamp changes when anything does that EachPublished would hand over of
// a month, or of all with the tombstones when none is named. It reads digests and
// no form: some hundred bytes of memory, whatever there is.
func (s *Store) PublishedStamp(ctx context.Context, month string) (string, error) {
	today := calendar.On(s.cfg.Now()).String()
	q := &binds{}
	q.add(today)
	where := shown
	if month != "" {
		where += " and month = " + q.add(month)
	}
	var sum [2]stampSum
	rows, err := s.pool.QueryContext(ctx, "select digest from publications p where "+where+s.stillAgreed(), q.values...)
	if err != nil {
		return "", err
	}
	var digest sql.RawBytes
	err = scan(rows, func() error {
		err := rows.Scan(&digest)
		sum[0].add(digest)
		return err
	})
	if err == nil && month == "" {
		rows, err = s.pool.QueryContext(ctx, "select ref from publications p where "+ended+" and not ("+shown+s.stillAgreed()+")", today)
		if err != nil {
			return "", err
		}
		err = scan(rows, func() error {
			err := rows.Scan(&digest)
			of := sha256.Sum256(digest)
			sum[1].add(of[:])
			return err
		})
	}
	return fmt.Sprintf("%x", sum), err
}

// stampSum adds digests up, in whatever order they come.
type stampSum [5]uint64

func (s *stampSum) add(digest []byte) {
	s[0]++
	for i := 1; i < len(s) && 8*i <= len(digest); i++ {
		s[i] += binary.BigEndian.Uint64(digest[8*(i-1):])
	}
}

// Tombstones lists at most limit ids of what was published and is not any more,
// in their order, after the one named. Whole files carry them.
func (s *Store) Tombstones(ctx context.Context, after string, limit int) ([]string, error) {
	today := calendar.On(s.cfg.Now()).String()
	return column[string](s.pool.QueryContext(ctx, "select ref from publications p where ref > $2 and "+ended+" and not ("+shown+s.stillAgreed()+") order by ref limit $3", today, after, limit))
}

// stillAgreed leaves out entries whose case moved and was not looked at since, so
// that what is withdrawn is gone at once and not when the job comes round. Only
// consent, reopening and erasure take an entry away: for these the case's own row
// says it.
func (s *Store) stillAgreed() string {
	return " and not exists (select 1 from moved m join cases c on c.id = m.case_id where m.case_id = p.case_id and " + s.takenAway() + ")" +
		" and not exists (select 1 from board_todo m join cases c on c.id = m.case_id where m.case_id = p.case_id and " + s.takenAway() + ")" +
		" and not exists (select 1 from publication_todo m join cases c on c.id = m.case_id where m.case_id = p.case_id and " + s.takenAway() + ")"
}

func (s *Store) takenAway() string {
	return `(c.state <> 'CLOSED.closed' or c.body not like '%"publish_consent":"yes"%' or c.body like '%"erased":"yes"%' or c.body like '%"publication":"hold"%')`
}

// SearchPublished reads a page of what is published, the newest first, and the
// cursor of the next page. ErrNotPublished for a merchant of whom nothing is,
// ErrNoTerms when the words hold nothing to look for, ErrCursor for a cursor that
// was never handed out.
func (s *Store) SearchPublished(ctx context.Context, f PublicFilter) (list []PublicEntry, next string, err error) {
	q := &binds{}
	where := shown
	q.add(calendar.On(s.cfg.Now()).String())
	if f.Merchant != "" {
		if f.Merchant, err = s.publishedMerchant(ctx, f.Merchant); err != nil {
			return nil, "", err
		}
	}
	for _, x := range []struct{ column, value string }{{"merchant", f.Merchant}, {"category", f.Category}, {"town", f.Town}, {"month", f.Month}} {
		if x.value != "" {
			where += " and " + x.column + " = " + q.add(x.value)
		}
	}
	if f.Domain != 0 {
		where += " and domain = " + q.add(f.Domain)
	}
	if f.Words != "" {
		terms, err := s.searchTerms(f.Words)
		if err != nil {
			return nil, "", err
		}
		fits, err := s.wordsFit(ctx, "publication_search", terms, q)
		if err != nil {
			return nil, "", err
		}
		where += " and " + fits
	}
	if f.After != "" {
		var on string
		err := s.pool.QueryRowContext(ctx, "select on_day from publications where ref = $1 and on_day <> ''", f.After).Scan(&on)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, "", ErrCursor
		}
		if err != nil {
			return nil, "", err
		}
		where += " and (on_day, ref) < (" + q.add(on) + ", " + q.add(f.After) + ")"
	}
	rows, err := s.pool.QueryContext(ctx, "select ref, form, digest from publications p where "+where+s.stillAgreed()+fmt.Sprintf(" order by on_day desc, ref desc limit %d", f.Limit+1), q.values...)
	if err != nil {
		return nil, "", err
	}
	err = scan(rows, func() error {
		var e PublicEntry
		var digest []byte
		if err := rows.Scan(&e.ref, &e.Form, &digest); err != nil {
			return err
		}
		e.Digest = hex.EncodeToString(digest)
		list = append(list, e)
		return nil
	})
	if len(list) > f.Limit {
		list = list[:f.Limit]
		next = list[f.Limit-1].ref
	}
	return list, next, err
}

// publishedMerchant is what an entry of the register became, if anything is
// published of it.
func (s *Store) publishedMerchant(ctx context.Context, ref string) (string, error) {
	e, err := rootByRef(ctx, s.pool, ref)
	if errors.Is(err, ErrNoMerchant) {
		return "", ErrNotPublished
	}
	if err != nil {
		return "", err
	}
	var n int
	err = s.pool.QueryRowContext(ctx, "select count(*) from (select 1 from publications where merchant = $1 and form is not null limit 1) x", e.ID).Scan(&n)
	if err == nil && n == 0 {
		err = ErrNotPublished
	}
	return e.ID, err
}

// Standing is where a case's public form stands, for who takes part in the case.
type Standing struct {
	publication.Entry
	Preview *publication.Form // as it will be or is shown, nil while nothing is to be
	Text    Narrative
}

// Narrative is what officers see of a text: the complainant's words, what was
// proposed, what the scrubber would make of them, and what is left to take out.
type Narrative struct {
	State            string // proposed, confirmed, withheld; empty: none
	By               string // officer who proposed it
	Before, After    string
	Suggested        string
	Left             []publication.Kind // of After, what keeps it from being shown
	MaybeNames       []string           // in After: what may be a person's name
	Consented, Known bool
}

// Standing reads where the public form of a case stands today, with the words
// only where they are asked for.
func (s *Store) Standing(ctx context.Context, number string, words bool) (out Standing, err error) {
	id, err := parseCase(number)
	if err != nil {
		return out, err
	}
	today := calendar.On(s.cfg.Now())
	d, err := s.derive(ctx, id, today)
	if errors.Is(err, sql.ErrNoRows) {
		return out, ErrNoSuchCase
	}
	if err != nil {
		return out, err
	}
	out.Entry, out.Preview = d.Entry, d.Form
	if d.State == publication.Scheduled {
		later, err := s.derive(ctx, id, d.On)
		if err != nil {
			return out, err
		}
		out.Preview = later.Form
	}
	p := d.c.Publication()
	out.Text.State, out.Text.By = p.Narrative, p.NarrativeBy
	out.Text.Consented, out.Text.Known = d.c.Consents()
	if words {
		err = s.narrative(ctx, id, p.NarrativeAt, &out.Text)
	}
	return out, err
}

func (s *Store) narrative(ctx context.Context, id, at int64, n *Narrative) error {
	all, err := s.unsealAll(ctx, id, 0)
	if err != nil {
		return err
	}
	known := knownOf(all)
	for _, p := range all {
		if p.Words != "" { // the first words are the complaint's
			n.Before = p.Words
			break
		}
	}
	n.Suggested = publication.Narrative(n.Before, known...)
	if at == 0 {
		return nil
	}
	n.After = wordsAt(all, at)
	n.Left = publication.Left(n.After, known...)
	for _, f := range publication.Find(n.After, known...) {
		if f.Kind == publication.Name {
			n.MaybeNames = append(n.MaybeNames, n.After[f.From:f.To])
		}
	}
	return nil
}

// MayPropose says what must go from a text before it may be proposed for a case.
func (s *Store) MayPropose(ctx context.Context, caseID int64, text string) ([]publication.Kind, error) {
	all, err := s.unsealAll(ctx, caseID, 0)
	if err != nil {
		return nil, err
	}
	return publication.Left(text, knownOf(all)...), nil
}
