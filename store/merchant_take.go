package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"fangxin/workflow/register"
)

// StatedMerchant is a merchant as a file states it. Digest is the same for the
// same row, so that a row that waits for a person waits once.
type StatedMerchant struct {
	register.Details
	Contacts []NewContact
	Closed   bool
	Digest   [sha256.Size]byte
}

// What became of a stated merchant.
const (
	TakenNew     = "new"     // an entry was opened
	TakenChanged = "changed" // an entry says more now, or something else
	TakenKnown   = "known"   // everything stood there, or it was settled before
	TakenWaiting = "waiting" // several entries fit, or one fits badly: a person decides
)

// taking is one lot of stated merchants: what is new in it is found by the rows
// after it before it is written.
type taking struct {
	*book
	by      By
	places  register.Places
	loose   bool            // there are unverified entries, which may lack their code
	known   map[int64]entry // read for the whole lot
	byCode  map[string][]int64
	byName  map[string][]int64
	waiting map[[sha256.Size]byte]bool
	fresh   []*entry
	added   []contactsOf // of fresh entries
	pieces  map[string][]*entry
	codes   map[string]*entry
}

// TakeMerchants takes a lot of stated merchants in one transaction and says what
// became of each. A row is matched by its credit code, then by name and place; a
// row that the rules cannot settle waits for a person. Taken twice it doubles
// nothing.
func (s *Store) TakeMerchants(ctx context.Context, by By, rows []StatedMerchant) ([]string, error) {
	out := make([]string, len(rows))
	if len(rows) == 0 {
		return out, nil
	}
	err := s.write(ctx, func(b *book) error {
		t := &taking{book: b, by: by, places: s.places(), pieces: map[string][]*entry{}, codes: map[string]*entry{}}
		if err := t.read(rows); err != nil {
			return err
		}
		for i := range rows {
			var err error
			if out[i], err = t.take(&rows[i]); err != nil {
				return err
			}
		}
		return t.open()
	})
	return out, err
}

// read reads in a few statements what most rows of a lot are matched with.
func (t *taking) read(rows []StatedMerchant) error {
	var v, names, digests binds
	var codes, folded, prints []string
	for i := range rows {
		if key := register.CodeKey(rows[i].Code); key != "" {
			codes = append(codes, v.add(key))
		}
		for _, n := range []string{rows[i].Name, rows[i].LegalName} {
			if f := register.Fold(n); f != "" {
				folded = append(folded, names.add(f))
			}
		}
		prints = append(prints, digests.add(rows[i].Digest[:]))
	}
	if err := t.tx.QueryRowContext(t.ctx, "select exists (select 1 from merchants where status = 'unverified')").Scan(&t.loose); err != nil {
		return err
	}
	t.known, t.byCode, t.byName = map[int64]entry{}, map[string][]int64{}, map[string][]int64{}
	if len(codes) > 0 {
		if err := t.keep(scanEntries(t.tx.QueryContext(t.ctx, "select "+entryColumns+" from merchants m where m.code <> '' and m.code in ("+strings.Join(codes, ", ")+")", v.values...))); err != nil {
			return err
		}
	}
	in := strings.Join(folded, ", ")
	if err := t.keep(scanEntries(t.tx.QueryContext(t.ctx, "select "+entryColumns+" from merchants m where m.id in (select merchant_id from merchant_search where name in ("+in+
		") union select merchant_id from merchant_search where legal <> '' and legal in ("+in+"))", names.values...))); err != nil {
		return err
	}
	t.waiting = map[[sha256.Size]byte]bool{}
	found, err := t.tx.QueryContext(t.ctx, "select digest from merchant_reviews where digest in ("+strings.Join(prints, ", ")+")", digests.values...)
	if err != nil {
		return err
	}
	return scan(found, func() error {
		var d []byte
		err := found.Scan(&d)
		t.waiting[[sha256.Size]byte(d)] = true
		return err
	})
}

func (t *taking) keep(all []entry, err error) error {
	for _, e := range all {
		if _, there := t.known[e.id]; there {
			continue
		}
		t.known[e.id] = e
		if key := register.CodeKey(e.Code); key != "" {
			t.byCode[key] = append(t.byCode[key], e.id)
		}
		for _, n := range []string{e.Name, e.LegalName} {
			if f := register.Fold(n); f != "" {
				t.byName[f] = append(t.byName[f], e.id)
			}
		}
	}
	return err
}

// candidates are the entries that a row could be, those of this lot included.
// A row with a good credit code is that code's or new; only entries that nobody
// has looked at may be the same without having it.
func (t *taking) candidates(r *StatedMerchant, valid bool) ([]entry, error) {
	var all []entry
	switch {
	case !valid:
		found, err := t.alike(t.places, r.Details, false)
		if err != nil {
			return nil, err
		}
		all = found
	case t.loose && len(t.byCode[register.CodeKey(r.Code)]) == 0:
		found, err := t.alike(t.places, r.Details, true)
		if err != nil {
			return nil, err
		}
		all = found
	default:
		var ids []int64
		ids = append(ids, t.byCode[register.CodeKey(r.Code)]...)
		for _, n := range []string{r.Name, r.LegalName} {
			ids = append(ids, t.byName[register.Fold(n)]...)
		}
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			all = append(all, t.known[id])
		}
	}
	var mine []*entry
	if e := t.codes[register.CodeKey(r.Code)]; e != nil {
		mine = append(mine, e)
	}
	for _, n := range []string{r.Name, r.LegalName} {
		first, _ := t.places.Near(n)
		for _, p := range first {
			mine = append(mine, t.pieces[p]...)
		}
	}
	for _, e := range mine {
		if !slices.ContainsFunc(all, func(x entry) bool { return x.id == e.id }) {
			all = append(all, *e)
		}
	}
	return all, nil
}

func (t *taking) take(r *StatedMerchant) (string, error) {
	if t.waiting[r.Digest] {
		return TakenKnown, nil
	}
	valid := register.ValidCode(r.Code)
	found, err := t.candidates(r, valid)
	if err != nil {
		return "", err
	}
	all, err := tops(t.ctx, t.tx, found)
	if err != nil {
		return "", err
	}
	verdict, who := t.places.Judge(r.Details, valid, all)
	switch verdict {
	case register.Doubtful:
		t.waiting[r.Digest] = true
		return TakenWaiting, t.wait(r, who)
	case register.New:
		return TakenNew, t.add(r)
	}
	return t.apply(r, who[0].Merchant.Top(), who[0].Why == "code")
}

// add notes a new entry; it is written with the lot.
func (t *taking) add(r *StatedMerchant) error {
	e := &entry{Merchant: register.Merchant{Status: register.Active, Details: r.Details}}
	if r.Closed {
		e.Status = register.Closed
	}
	if len(t.fresh) == 0 {
		if err := t.book.fresh([]*entry{e}); err != nil {
			return err
		}
	} else {
		t.born(e, t.fresh[len(t.fresh)-1].id+1)
	}
	t.fresh = append(t.fresh, e)
	t.added = append(t.added, contactsOf{id: e.id, fresh: distinct(r.Contacts)})
	if key := register.CodeKey(e.Code); key != "" {
		t.codes[key] = e
	}
	for _, n := range []string{e.Name, e.LegalName} {
		first, _ := t.places.Near(n)
		for _, p := range first {
			t.pieces[p] = append(t.pieces[p], e)
		}
	}
	return nil
}

func distinct(all []NewContact) []NewContact {
	var out []NewContact
	for _, c := range all {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// apply lets an entry say what the row states: everything where the code shows
// that it is the same legal person, else only what it did not say.
func (t *taking) apply(r *StatedMerchant, ref string, byCode bool) (string, error) {
	for i, e := range t.fresh {
		if e.ID != ref {
			continue
		}
		before := e.Details
		stateRow(&e.Merchant, r, byCode)
		more := len(t.added[i].fresh)
		t.added[i].fresh = distinct(append(t.added[i].fresh, r.Contacts...))
		if len(register.Diff(before, e.Details)) == 0 && len(t.added[i].fresh) == more {
			return TakenKnown, nil
		}
		return TakenChanged, nil
	}
	e, err := entryByRef(t.ctx, t.tx, ref)
	if err != nil {
		return "", err
	}
	changed, err := t.state(e, r, t.by, byCode)
	if err != nil || !changed {
		return TakenKnown, err
	}
	return TakenChanged, nil
}

func stateRow(m *register.Merchant, r *StatedMerchant, byCode bool) {
	old := *m
	if byCode {
		m.Take(r.Details)
	} else {
		m.Fill(r.Details)
	}
	if m.Status == register.Unverified {
		m.Status = register.Active
	}
	if r.Closed {
		m.Status = register.Closed
	}
	if register.Fold(m.LegalName) == register.Fold(old.LegalName) {
		m.LegalName = old.LegalName
	}
	if register.Fold(m.Name) == register.Fold(old.Name) {
		m.Name = old.Name
	}
}

// state writes what a row says of an entry; a registered name that differs is a
// rename, with the old one kept.
func (b *book) state(before entry, r *StatedMerchant, by By, byCode bool) (changed bool, err error) {
	after := before
	stateRow(&after.Merchant, r, byCode)
	what := "changed"
	if before.Status == register.Active && (after.LegalName != before.LegalName && before.LegalName != "" || after.Name != before.Name) {
		now := register.Former{Name: after.Name, LegalName: after.LegalName, Until: b.now}
		after.Name, after.LegalName = before.Name, before.LegalName
		after.Rename(now)
		what = "renamed"
	}
	if len(register.Diff(before.Details, after.Details)) > 0 || before.Status != after.Status {
		changed = true
		if err := b.save(&before, &after, by, what, ""); err != nil {
			return false, err
		}
	}
	more, err := b.unknown(before.id, r.Contacts)
	if err != nil || len(more.fresh) == 0 {
		return changed, err
	}
	return true, b.addContacts([]contactsOf{more}, by, true)
}

// open writes the new entries of the lot.
func (t *taking) open() error {
	if len(t.fresh) == 0 {
		return nil
	}
	for _, e := range t.fresh { // a later row of the lot may have stated its code
		e.CodeValid = register.ValidCode(e.Code)
	}
	if err := t.insert(t.fresh, t.by, "opened", ""); err != nil {
		return err
	}
	return t.addContacts(t.added, t.by, false)
}

// tops lets every candidate that was merged name the entry that it is read as.
func tops(ctx context.Context, q queryer, found []entry) ([]register.Merchant, error) {
	out := merchantsOf(found)
	for i := range found {
		top, err := root(ctx, q, found[i])
		if err != nil {
			return nil, err
		}
		if top.ID != out[i].ID {
			out[i].MergedInto = top.ID
		}
	}
	return out, nil
}

// wait puts a row before a person, sealed.
func (t *taking) wait(r *StatedMerchant, who []register.Candidate) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	key, kek, wrapped := t.s.cfg.Keys.newKey()
	return t.ask(review{digest: r.Digest[:], kek: kek, wrapped: wrapped, box: gcm(key).Seal(nil, nil, text, nil), source: t.by.Actor}, who)
}
