package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/publication"
	"fangxin/workflow/register"
)

// derived is an entry that is to be written, with what it is found by.
type derived struct {
	publication.Entry
	caseID, seq, merchantID int64
	ref, merchant           string
	c                       *workflow.Case
	words                   string
}

// Publish brings the public forms of at most limit cases up to what became of
// them, the register, the rules and the day, and says how many it looked at. It
// takes the decision that the authority owes (T65) through the door like every
// other change. Nodes take turns; doing it twice changes nothing.
func (s *Store) Publish(ctx context.Context, limit int) (int, error) {
	if err := s.underRules(ctx); err != nil {
		return 0, err
	}
	claims, ids, err := claim(ctx, s.pool, "publication_todo", limit)
	if err != nil {
		return 0, err
	}
	today := calendar.On(s.cfg.Now())
	due, err := column[int64](s.pool.QueryContext(ctx, "select case_id from publications where next_day <> '' and next_day <= $1 order by next_day limit $2", today.String(), limit))
	if err != nil || len(ids)+len(due) == 0 {
		return 0, err
	}
	var all []derived
	for _, id := range append(ids, due...) { // before the transaction: an embedded database has one writer
		d, err := s.derive(ctx, id, today)
		if err != nil {
			return 0, fmt.Errorf("publication of case %d: %w", id, err)
		}
		all = append(all, d)
	}
	if turn, err := s.keepEntries(ctx, all, claims); err != nil || !turn {
		return 0, err
	}
	for i := range all {
		if err := s.decidePublication(ctx, &all[i]); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// underRules has every entry derived again when the county's rules are others
// than they were derived under.
func (s *Store) underRules(ctx context.Context) error {
	text, err := json.Marshal(s.cfg.Rules().Publication())
	if err != nil {
		return err
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(text))
	var known int
	if err := s.pool.QueryRowContext(ctx, "select count(*) from publication_rules where digest = $1", digest).Scan(&known); err != nil || known == 1 {
		return err
	}
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if turn, err := s.turn(ctx, tx, publishTurn); err != nil || !turn {
		return err
	}
	if _, err := tx.ExecContext(ctx, "delete from publication_rules"); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "insert into publication_rules (digest) values ($1)", digest); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "insert into publication_todo (case_id, seq) select case_id, seq from publications where true on conflict do nothing"); err != nil {
		return err
	}
	return tx.Commit()
}

// Republish forgets every entry, to be derived again from the log.
func (s *Store) Republish(ctx context.Context) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, text := range []string{"delete from publications", "delete from publication_search",
		"insert into publication_todo (case_id, seq) select id, version from cases where kind = 'complaint' on conflict do nothing"} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// derive asks what becomes of a case's public form today.
func (s *Store) derive(ctx context.Context, id int64, today calendar.Date) (derived, error) {
	d := derived{caseID: id, ref: s.cfg.Keys.publicRef(id)}
	src, seq, err := s.publicSource(ctx, id)
	if err != nil {
		return d, err
	}
	e, err := s.respondentOf(ctx, id)
	if err != nil {
		return d, err
	}
	if e != nil {
		d.merchantID, d.merchant = e.linked, e.ID
		src.Merchant = traderOf(&e.Merchant)
	}
	d.c, d.seq = src.Case, seq
	d.Entry = publication.Derive(src, s.cfg.Rules(), today)
	if d.Form != nil {
		d.words = s.searchDocument(s.publicWords(d.Form))
	}
	return d, nil
}

// publicSource reads what the public form is made of. Without a confirmed text
// nothing is unsealed.
func (s *Store) publicSource(ctx context.Context, id int64) (src publication.Source, seq int64, err error) {
	var number string
	if err := s.pool.QueryRowContext(ctx, "select number from cases where id = $1", id).Scan(&number); err != nil {
		return src, 0, err
	}
	v, err := s.Case(ctx, number)
	if err != nil {
		return src, 0, err
	}
	src = publication.Source{ID: s.cfg.Keys.publicRef(id), Case: &v.Case, Filed: calendar.On(v.Filed), Erased: v.Facts["erased"] == "yes"}
	p := v.Publication()
	if src.Erased || p.Narrative != "confirmed" {
		return src, v.Version, nil
	}
	all, err := s.unsealAll(ctx, id, 0)
	if errors.Is(err, ErrErased) {
		src.Erased = true
		return src, v.Version, nil
	}
	src.Known, src.Words = knownOf(all), wordsAt(all, p.NarrativeAt)
	return src, v.Version, err
}

// knownOf are names, numbers and addresses that any event told to be somebody's.
func knownOf(all []part) (known []string) {
	for _, p := range all {
		if q := p.Person; q != nil {
			known = append(known, q.Name, q.Phone, q.Email, q.Address, q.Identity)
		}
		if r := p.Respondent; r != nil {
			known = append(known, r.Phone, r.Email)
		}
	}
	return known
}

func wordsAt(all []part, seq int64) string {
	for _, p := range all {
		if p.seq == seq {
			return p.Words
		}
	}
	return ""
}

// respondent is the register's entry of a case's respondent: what the linked
// entry has become.
type respondent struct {
	register.Merchant
	linked int64
}

func (s *Store) respondentOf(ctx context.Context, id int64) (*respondent, error) {
	found, err := scanEntries(s.pool.QueryContext(ctx, "select "+entryColumns+" from merchants m where m.id = (select merchant_id from case_merchants where case_id = $1 order by no desc limit 1)", id))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	e, err := root(ctx, s.pool, found[0])
	return &respondent{e.Merchant, found[0].id}, err
}

// publicWords are what an entry is found by: all of it stands in the entry.
func (s *Store) publicWords(f *publication.Form) []string {
	texts := []string{f.Merchant.Name, f.Narrative}
	county := s.cfg.Rules().County()
	for _, d := range county.Domains {
		if d.Number != f.Domain {
			continue
		}
		texts = append(texts, d.Zh)
		for _, c := range d.Categories {
			if c.Code == f.Category {
				texts = append(texts, c.Zh)
			}
		}
	}
	for _, t := range county.Towns {
		if t.Code == f.Town {
			texts = append(texts, t.Zh)
		}
	}
	var out []string
	for _, t := range texts {
		out = append(out, searchTokens(t)...)
	}
	return out
}

// keepEntries writes entries and takes back what was claimed, if it is this
// node's turn.
func (s *Store) keepEntries(ctx context.Context, all []derived, claims []claimed) (turn bool, err error) {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	if turn, err = s.turn(ctx, tx, publishTurn); err != nil || !turn {
		return false, err
	}
	for i := range all {
		if err := s.keepEntry(ctx, tx, &all[i]); err != nil {
			return false, fmt.Errorf("publication of case %d: %w", all[i].caseID, err)
		}
	}
	if len(claims) > 0 {
		if err := s.drop(ctx, tx, "publication_todo", claims); err != nil {
			return false, err
		}
	}
	return true, tx.Commit()
}

// keepEntry writes one entry. The key of its case is held meanwhile, so that an
// erasure comes before or after and leaves nothing.
func (s *Store) keepEntry(ctx context.Context, tx *sql.Tx, d *derived) error {
	err := s.holdKey(ctx, tx, d.caseID)
	if errors.Is(err, ErrErased) && d.Form != nil {
		return nil // the erasure has left the case to be looked at again
	}
	if err != nil && !errors.Is(err, ErrErased) {
		return err
	}
	clean := []string{"delete from publications where case_id = $1", "delete from publication_search where rowid = $1"}
	if s.dialect == "postgres" {
		clean[1] = "delete from publication_search where case_id = $1"
	}
	for _, text := range clean {
		if _, err := tx.ExecContext(ctx, text, d.caseID); err != nil {
			return err
		}
	}
	if d.State == "" {
		return nil
	}
	var form, digest []byte
	if d.Form != nil {
		form = d.Form.Bytes()
		sum := sha256.Sum256(form)
		digest = sum[:]
	}
	if _, err := tx.ExecContext(ctx, "insert into publications (case_id, seq, ref, state, code, merchant_id, merchant, domain, category, town, month, on_day, until_day, next_day, narrative, form, digest)"+
		" values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)", d.caseID, d.seq, d.ref, string(d.State), d.Code, d.merchantID, d.merchant,
		d.c.Domain(), d.c.Category(), d.c.Town(), monthOf(d.c.ClosedOn()), d.On.String(), d.Until.String(), d.Next.String(), s.narrativeOf(d), form, digest); err != nil || d.Form == nil {
		return err
	}
	text := "insert into publication_search (rowid, words) values ($1, $2)"
	if s.dialect == "postgres" {
		text = "insert into publication_search (case_id, words) values ($1, $2::tsvector)"
	}
	_, err = tx.ExecContext(ctx, text, d.caseID, d.words)
	return err
}

// narrativeOf is what officers look for: proposed, confirmed, withheld, or wanted
// where the complainant agrees and nobody has proposed a text yet.
func (s *Store) narrativeOf(d *derived) string {
	n := d.c.Publication().Narrative
	agreed, _ := d.c.Consents()
	if n == "" && agreed && s.cfg.Rules().Publication().Narratives && (d.State == publication.Scheduled || d.State.Visible()) {
		n = "wanted"
	}
	return n
}

func monthOf(d calendar.Date) string {
	if d == 0 {
		return ""
	}
	return d.String()[:7]
}

// decidePublication takes T65 where it is owed. A refusal is not an error here:
// the case moved meanwhile, and is looked at again.
func (s *Store) decidePublication(ctx context.Context, d *derived) error {
	if d.Decide == "" {
		return nil
	}
	in := workflow.Input{Publication: d.Decide}
	if d.Decide == "hold" {
		in.Reason = d.Code
	}
	_, err := s.Execute(ctx, Request{Case: d.c.Number, Key: fmt.Sprintf("%d", d.c.Version), Scope: "publication/" + d.c.Number,
		Command: workflow.Command{Event: "publish_or_hold", Actor: workflow.Actor{Role: "job", ID: "publication"}, Sees: d.c.Version, Input: in}})
	var refusal *workflow.Refusal
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}

// publicRef names a case for the public: always the same, and nobody without the
// key can tell which case it is.
func (k *Keys) publicRef(id int64) string {
	m := hmac.New(sha256.New, k.secret)
	m.Write(binary.BigEndian.AppendUint64([]byte("fangxin public form\x00"), uint64(id)))
	return "p_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m.Sum(nil)[:16]))
}
