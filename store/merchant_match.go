package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/register"
)

// CaseMerchant is whom a case's respondent was found to be, once. Merchant and
// Name are what the entry was then; Now is the entry that it is read as today,
// after renames and mergers.
type CaseMerchant struct {
	No         int64     `json:"no"`
	Respondent int64     `json:"respondent"` // within the case, from 1
	Merchant   string    `json:"merchant"`
	Name       string    `json:"name"` // that it bore when it was found
	Now        string    `json:"now"`
	NowName    string    `json:"now_name"`
	How        string    `json:"how"` // code, name, opened, officer
	Actor      string    `json:"actor"`
	Why        string    `json:"why,omitempty"`
	At         time.Time `json:"at"`
}

// named is a respondent as a complainant names it, out of the seal.
type named struct {
	seq int64
	workflow.Respondent
}

// MatchRespondents looks up the respondents of at most limit cases that moved,
// and says how many cases it took. A respondent that the rules find is linked; for
// any other an unverified entry is opened, and where it may be one that is there
// a person is asked. Nobody who files waits for this; nodes take turns, and doing
// it twice changes nothing.
func (s *Store) MatchRespondents(ctx context.Context, limit int) (int, error) {
	all, ids, err := claim(ctx, s.pool, "merchant_todo", limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	stated := map[int64][]named{}
	for _, id := range ids { // opened before the register is: others may write meanwhile
		if stated[id], err = s.respondents(ctx, id); err != nil {
			return 0, err
		}
	}
	err = s.write(ctx, func(b *book) error {
		p := s.places()
		for _, id := range ids {
			if err := b.matchCase(p, id, stated[id]); err != nil {
				return fmt.Errorf("case %d: %w", id, err)
			}
		}
		return s.drop(ctx, b.tx, "merchant_todo", all)
	})
	return len(ids), err
}

// respondents opens what was sealed with a case and not looked at, in order. An
// erased case has none.
func (s *Store) respondents(ctx context.Context, caseID int64) ([]named, error) {
	var done int64
	if err := s.pool.QueryRowContext(ctx, "select coalesce(max(seq), 0) from merchant_done where case_id = $1", caseID).Scan(&done); err != nil {
		return nil, err
	}
	all, err := s.unsealAll(ctx, caseID, done)
	if errors.Is(err, ErrErased) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []named
	for _, u := range all {
		n := named{seq: u.seq}
		if u.Respondent != nil && register.Fold(u.Respondent.Name) != "" {
			n.Respondent = *u.Respondent
		}
		out = append(out, n)
	}
	return out, nil
}

func (b *book) matchCase(p register.Places, caseID int64, stated []named) error {
	var done int64
	if err := b.tx.QueryRowContext(b.ctx, "select coalesce(max(seq), 0) from merchant_done where case_id = $1", caseID).Scan(&done); err != nil {
		return err
	}
	for _, n := range stated {
		if n.seq <= done { // another node was faster
			continue
		}
		if n.Name != "" {
			if err := b.match(p, caseID, n); err != nil {
				return err
			}
		}
		if _, err := b.tx.ExecContext(b.ctx, "insert into merchant_done (case_id, seq) values ($1, $2) on conflict (case_id) do update set seq = excluded.seq", caseID, n.seq); err != nil {
			return err
		}
	}
	return nil
}

var longNumber = regexp.MustCompile(`\d{7,}`)

// details is what a complainant says of the merchant. A telephone number within
// the name or address is a contact and no part of it.
func (b *book) details(caseID int64, n named) (register.Details, string, error) {
	d := register.Details{Name: cut(longNumber.ReplaceAllString(n.Name, "")), Code: cut(n.Code), ShopAddress: cut(longNumber.ReplaceAllString(n.Address, ""))}
	if register.Fold(d.Name) == "" {
		d.Name = "?"
	}
	var number string
	err := b.tx.QueryRowContext(b.ctx, "select number, town, domain from cases where id = $1", caseID).Scan(&number, &d.Town, &d.Domain)
	return d, number, err
}

// mostNamed bounds what an entry takes over from a complaint, in characters.
const mostNamed = 200

func cut(s string) string {
	r := []rune(strings.TrimSpace(s))
	return string(r[:min(len(r), mostNamed)])
}

// match finds or opens the entry of a respondent and links the case with it.
func (b *book) match(p register.Places, caseID int64, n named) error {
	d, number, err := b.details(caseID, n)
	if err != nil {
		return err
	}
	found, err := b.alike(p, d, false)
	if err != nil {
		return err
	}
	seen, err := tops(b.ctx, b.tx, found)
	if err != nil {
		return err
	}
	by := By{Actor: "job:register", Why: number}
	verdict, who := p.Judge(d, register.ValidCode(d.Code), seen)
	if verdict == register.Same {
		e, err := entryByRef(b.ctx, b.tx, who[0].Merchant.Top())
		if err != nil {
			return err
		}
		return b.linkCase(caseID, n.seq, e.id, who[0].Why, By{Actor: by.Actor})
	}
	e := &entry{Merchant: register.Merchant{Status: register.Unverified, Details: d}}
	if err := b.fresh([]*entry{e}); err != nil {
		return err
	}
	if err := b.insert([]*entry{e}, by, "opened", number); err != nil {
		return err
	}
	// Only an entry that nobody vouches for takes contacts from a complainant, or
	// he could have a merchant's notices sent to himself.
	var contacts []NewContact
	if n.Phone != "" {
		contacts = append(contacts, NewContact{"phone", n.Phone})
	}
	if n.Email != "" {
		contacts = append(contacts, NewContact{"email", n.Email})
	}
	if err := b.addContacts([]contactsOf{{id: e.id, fresh: contacts}}, By{Actor: "complaint", Why: number}, true); err != nil {
		return err
	}
	if verdict == register.Doubtful {
		if err := b.ask(review{merchantID: e.id, source: number}, who); err != nil {
			return err
		}
	}
	return b.linkCase(caseID, n.seq, e.id, "opened", By{Actor: by.Actor})
}

// linkCase says whom the case's next respondent was found to be, or its present
// one anew (seq 0).
func (b *book) linkCase(caseID, seq, merchantID int64, how string, by By) error {
	next := "coalesce(max(respondent), 0) + 1"
	if seq == 0 {
		next = "coalesce(max(respondent), 1)"
	}
	_, err := b.tx.ExecContext(b.ctx, "insert into case_merchants (case_id, no, respondent, seq, merchant_id, how, actor, why, at) select $1, coalesce(max(no), 0) + 1, "+next+
		", $2, $3, $4, $5, $6, $7 from case_merchants where case_id = $8", caseID, seq, merchantID, how, by.Actor, by.Why, b.s.stamp(b.now), caseID)
	if err == nil { // its public form is another merchant's now
		_, err = b.tx.ExecContext(b.ctx, "insert into publication_todo (case_id, seq) select case_id, -(select max(no) from case_merchants where case_id = $1) from publications where case_id = $1 on conflict do nothing", caseID)
	}
	return err
}

// LinkCase says that a case's present respondent is another entry than was found:
// an officer's decision, with a reason. What the complainant stated is looked at
// first, so that nothing that is found later stands above the decision.
func (s *Store) LinkCase(ctx context.Context, q Once, by By, number, ref string) error {
	c, err := s.Case(ctx, number)
	if err != nil {
		return err
	}
	stated, err := s.respondents(ctx, c.ID)
	if err != nil {
		return err
	}
	q.Asked = []any{number, ref, by.Why}
	linked := ref
	return s.writeOnce(ctx, q, &linked, func(b *book) error {
		if err := b.matchCase(s.places(), c.ID, stated); err != nil {
			return err
		}
		e, err := entryByRef(b.ctx, b.tx, ref)
		if err != nil {
			return err
		}
		return b.linkCase(c.ID, 0, e.id, "officer", by)
	})
}

// CaseMerchants reads whom a case's respondents were found to be, oldest first;
// the last is what holds.
func (s *Store) CaseMerchants(ctx context.Context, number string) ([]CaseMerchant, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.QueryContext(ctx, "select no, respondent, merchant_id, how, actor, why, at from case_merchants where case_id = $1 order by no", id)
	if err != nil {
		return nil, err
	}
	out := []CaseMerchant{}
	var merchants []int64
	err = scan(rows, func() error {
		var c CaseMerchant
		var at instant
		var merchant int64
		err := rows.Scan(&c.No, &c.Respondent, &merchant, &c.How, &c.Actor, &c.Why, &at)
		c.At = at.Time
		out, merchants = append(out, c), append(merchants, merchant)
		return err
	})
	if err != nil {
		return nil, err
	}
	all, err := entriesByID(ctx, s.pool, merchants)
	if err != nil {
		return nil, err
	}
	byID := map[int64]entry{}
	for _, e := range all {
		byID[e.id] = e
	}
	for i := range out {
		e := byID[merchants[i]]
		top, err := root(ctx, s.pool, e)
		if err != nil {
			return nil, err
		}
		out[i].Merchant, out[i].Name, out[i].Now, out[i].NowName = e.ID, e.NameAt(out[i].At), top.ID, top.Name
	}
	return out, nil
}

// MerchantCases reads the numbers of the cases whose present respondent is this
// merchant under any of its entries: its own and those merged into it.
func (s *Store) MerchantCases(ctx context.Context, ref string) ([]string, error) {
	e, err := entryByRef(ctx, s.pool, ref)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.QueryContext(ctx, family+` select c.number from case_merchants k join family f on f.id = k.merchant_id join cases c on c.id = k.case_id
		where k.no = (select max(l.no) from case_merchants l where l.case_id = k.case_id) order by c.id`, e.id)
	if err != nil {
		return nil, err
	}
	out := []string{}
	err = scan(rows, func() error {
		var number string
		err := rows.Scan(&number)
		out = append(out, number)
		return err
	})
	return out, err
}
