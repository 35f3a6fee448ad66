package store

import (
	"context"
	"errors"
	"fmt"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/register"
)

// Application asks for membership of the green channel. Merchant names an entry
// of the register; without it the entry with the same right credit code is the
// merchant, or else an unverified one is opened from Details for an officer to
// settle. Apply gives ErrNoWaiting when a file of its papers does not wait.
type Application struct {
	Merchant  string
	Details   register.Details
	Checklist register.Checklist
	Terms     register.Terms
	People    []NewPerson
	Papers    []NewPaper
	Draft     []byte // hash of the secret under which the papers' files wait
}

// NewPaper is a paper of an application: by its kind and the SHA-256 of its file;
// name and note may name people and are sealed.
type NewPaper struct {
	Kind   string // licence, pledge, other
	Name   string
	Digest []byte // 32 bytes, or none: shown at the office
	Note   string
	File   string // id of a file that waits: its name and digest are the paper's
}

// PaperKinds are the papers that an application names: licence copy and pledge
// must be among them before it is approved.
var PaperKinds = []string{"licence", "pledge", "other"}

// Apply takes an application: a merchant's own, or one that an officer takes in.
func (s *Store) Apply(ctx context.Context, q Once, by By, a Application) (register.Member, error) {
	q.Asked = []any{a.Merchant, a.Details, a.Checklist, a.Terms, s.macsOfPeople(a.People), a.Papers, by.Why}
	var out register.Member
	err := s.writeOnce(ctx, q, &out, func(b *book) error {
		m, err := b.apply(by, a)
		if err == nil {
			out = m.Member
		}
		return err
	})
	return out, err
}

func (b *book) apply(by By, a Application) (*member, error) {
	e, err := b.applicant(by, a)
	if err != nil {
		return nil, err
	}
	m := &member{merchantID: e.id, Member: register.Member{ID: newRef("g_", b.now), Merchant: e.ID, Version: 0, State: register.Applied, Checklist: a.Checklist, Terms: a.Terms,
		Since: b.now, Created: b.now, Updated: b.now}}
	if err := b.tx.QueryRowContext(b.ctx, "select coalesce(max(id), 0) + 1 from members").Scan(&m.id); err != nil {
		return nil, err
	}
	if _, err := b.tx.ExecContext(b.ctx, "insert into members (id, ref, merchant_id, version, state, from_day, to_day, body, created_at, updated_at) values ($1, $2, $3, 0, '', '', '', '', $4, $4)",
		m.id, m.ID, m.merchantID, b.s.stamp(b.now)); err != nil {
		return nil, err
	}
	before := *m
	if err := b.keep(&before, m, by, "applied", MemberNote{}); err != nil {
		return nil, err
	}
	if err := b.addPeople(m, by, a.People); err != nil {
		return nil, err
	}
	return m, b.addPapers(m, by, a.Papers, a.Draft)
}

// applicant is the entry of who applies.
func (b *book) applicant(by By, a Application) (entry, error) {
	if a.Merchant != "" {
		e, err := entryByRef(b.ctx, b.tx, a.Merchant)
		if err != nil {
			return e, err
		}
		return root(b.ctx, b.tx, e)
	}
	if register.ValidCode(a.Details.Code) {
		all, err := scanEntries(b.tx.QueryContext(b.ctx, "select "+entryColumns+" from merchants m where m.code = $1 and m.status <> 'merged' order by case m.status when 'active' then 0 else 1 end, m.id limit 1",
			register.CodeKey(a.Details.Code)))
		if err != nil || len(all) > 0 {
			return first(all), err
		}
	}
	e := &entry{Merchant: register.Merchant{Status: register.Unverified, Details: a.Details}}
	if err := b.fresh([]*entry{e}); err != nil {
		return entry{}, err
	}
	return *e, b.insert([]*entry{e}, by, "opened", "")
}

func first(all []entry) entry {
	if len(all) == 0 {
		return entry{}
	}
	return all[0]
}

// changeMember reads a membership, changes it and writes it with a line of
// history.
func (s *Store) changeMember(ctx context.Context, q Once, by By, ref, what string, sees int64, do func(b *book, after *member) (MemberNote, error)) (register.Member, error) {
	var out register.Member
	err := s.writeOnce(ctx, q, &out, func(b *book) error {
		before, err := memberByRef(b.ctx, b.tx, ref)
		if err != nil {
			return err
		}
		if sees != 0 && sees != before.Version {
			return &workflow.Refusal{Code: "stale_entry"}
		}
		after := before
		note, err := do(b, &after)
		if err != nil {
			return err
		}
		err = b.keep(&before, &after, by, what, note)
		out = after.Member
		return err
	})
	return out, err
}

// Decision is what the county decides about a membership.
type Decision struct {
	What     string        // one of register.Decisions
	From, To calendar.Date // approve, renew: the term; zero: from today, for the county's own
	Cause    string        // exit: one of register.Causes
	Lead     string        // that it answers; no_action needs one
	Sees     int64
}

// DecideMember takes a decision, a person's, with his reasons. Refused with
// member_state where it does not fit the state, member_lacks where a paper or a
// point of the checklist is missing, merchant_unsettled where nobody vouches for
// the entry, member_already where the merchant has another membership, and
// member_too_early within the time after an exit.
func (s *Store) DecideMember(ctx context.Context, q Once, by By, ref string, d Decision) (register.Member, error) {
	q.Asked = []any{ref, d, by.Why}
	law := s.cfg.Rules().GreenChannel()
	return s.changeMember(ctx, q, by, ref, d.What, d.Sees, func(b *book, m *member) (MemberNote, error) {
		if !m.Decide(d.What, b.now) {
			return MemberNote{}, &workflow.Refusal{Code: "member_state"}
		}
		var err error
		switch d.What {
		case "approve":
			err = b.approve(law, m, d)
		case "renew":
			err = m.renew(law, d, calendar.On(b.now))
		case "exit":
			m.Cause = d.Cause
		}
		if err == nil && !m.State.Live() {
			err = b.leave(m)
		}
		if err == nil {
			err = b.answerLead(m, by, d)
		}
		return MemberNote{Lead: d.Lead}, err
	})
}

// lastDay is the last day of a membership that begins on a day.
func lastDay(g policy.GreenChannel, from calendar.Date) calendar.Date {
	switch g.Term.Unit {
	case calendar.Month:
		return from.AddMonths(g.Term.N) - 1
	case calendar.Year:
		return from.AddYears(g.Term.N) - 1
	}
	return from.AddDays(g.Term.N) - 1
}

// approve opens the channel for a term, if nothing is lacking.
func (b *book) approve(law policy.GreenChannel, m *member, d Decision) error {
	today := calendar.On(b.now)
	m.From, m.To = d.From, d.To
	if m.From == 0 {
		m.From = today
	}
	if m.To == 0 {
		m.To = lastDay(law, m.From)
	}
	found, err := entriesByID(b.ctx, b.tx, []int64{m.merchantID})
	if err != nil {
		return err
	}
	top, err := root(b.ctx, b.tx, found[0])
	if err != nil {
		return err
	}
	if top.Status != register.Active {
		return &workflow.Refusal{Code: "merchant_unsettled"}
	}
	other, err := memberOf(b.ctx, b.tx, top.id)
	if err != nil {
		return err
	}
	if other != nil && other.id != m.id {
		return &workflow.Refusal{Code: "member_already"}
	}
	if err := b.notTooEarly(law, top.id, today); err != nil {
		return err
	}
	if err := b.whole(m); err != nil {
		return err
	}
	return b.newShop(m)
}

// whole refuses an application that lacks a paper, a contact or a point of the
// checklist.
func (b *book) whole(m *member) error {
	for _, kind := range []string{"licence", "pledge"} {
		var n int
		if err := b.tx.QueryRowContext(b.ctx, "select count(*) from member_papers where member_id = $1 and kind = $2", m.id, kind).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return &workflow.Refusal{Code: "member_lacks", Missing: []string{"papers"}}
		}
	}
	var contacts int
	if err := b.tx.QueryRowContext(b.ctx, "select count(*) from member_people where member_id = $1 and role = 'contact' and ended_at is null", m.id).Scan(&contacts); err != nil {
		return err
	}
	switch {
	case contacts == 0:
		return &workflow.Refusal{Code: "member_lacks", Missing: []string{"people"}}
	case !m.Checklist.Whole():
		return &workflow.Refusal{Code: "member_lacks", Missing: []string{"checklist"}}
	}
	return nil
}

// notTooEarly holds a merchant that left to the time before it may come back.
func (b *book) notTooEarly(law policy.GreenChannel, merchantID int64, today calendar.Date) error {
	all, err := scanMembers(b.tx.QueryContext(b.ctx, family+" select "+memberColumns+" from members g join family f on f.id = g.merchant_id where g.state = 'exited' order by g.id desc limit 1", merchantID))
	if err != nil || len(all) == 0 {
		return err
	}
	if today < calendar.On(all[0].Since).AddDays(law.Reentry) {
		return &workflow.Refusal{Code: "member_too_early"}
	}
	return nil
}

// renew moves the end of the term: to the day that the decision names, or by the
// county's own term.
func (m *member) renew(law policy.GreenChannel, d Decision, today calendar.Date) error {
	last := m.To
	m.To = d.To
	if m.To == 0 {
		m.To = lastDay(law, max(last, today)+1)
	}
	if m.To <= last {
		return &workflow.Refusal{Code: "nothing_to_do"}
	}
	return nil
}

// leave ends what belongs to a membership that is over: its code on the wall, its
// people's sessions, and who they were; the files of its papers after a while.
func (b *book) leave(m *member) error {
	m.Shop = ""
	over := b.now.Add(paperTerm)
	if m.State == register.Withdrawn { // nobody is to look at them any more
		over = b.now
	}
	if _, err := b.tx.ExecContext(b.ctx, "update files set expires_at = $1 where member_id = $2 and state <> 'removed'", b.s.stamp(over), m.id); err != nil {
		return err
	}
	for _, text := range []string{"update shop_codes set ended_at = $1 where member_id = $2 and ended_at is null",
		"update member_sessions set ended_at = $1, ended_by = 'membership' where ended_at is null and person_id in (select id from member_people where member_id = $2)",
		"update member_people set box = null, phone_mac = null, email_mac = null, ended_at = $1 where member_id = $2 and ended_at is null"} {
		if _, err := b.tx.ExecContext(b.ctx, text, b.s.stamp(b.now), m.id); err != nil {
			return err
		}
	}
	return nil
}

// SupplyMember adds papers, or states checklist and terms anew, while the county
// has not decided; what it asked for is answered with that. Files of papers wait under
// the hash of a secret: ErrNoWaiting when one of them does not.
func (s *Store) SupplyMember(ctx context.Context, q Once, by By, ref string, papers []NewPaper, draft []byte, checklist *register.Checklist, terms *register.Terms) (register.Member, error) {
	q.Asked = []any{ref, papers, checklist, terms, by.Why}
	return s.changeMember(ctx, q, by, ref, "supplied", 0, func(b *book, m *member) (MemberNote, error) {
		if m.State != register.Applied && m.State != register.MoreAsked {
			return MemberNote{}, &workflow.Refusal{Code: "member_state"}
		}
		if m.State == register.MoreAsked {
			m.State, m.Since = register.Applied, b.now
		}
		note := MemberNote{}
		if checklist != nil {
			note.Changes = append(note.Changes, register.Change{Field: "checklist", Before: fmt.Sprint(m.Checklist), After: fmt.Sprint(*checklist)})
			m.Checklist = *checklist
		}
		if terms != nil {
			note.Changes = append(note.Changes, register.Change{Field: "terms", Before: fmt.Sprint(m.Terms), After: fmt.Sprint(*terms)})
			m.Terms = *terms
		}
		return note, b.addPapers(m, by, papers, draft)
	})
}

// WithdrawMember takes an application back before a decision.
func (s *Store) WithdrawMember(ctx context.Context, q Once, by By, ref string) (register.Member, error) {
	q.Asked = []any{ref, by.Why}
	return s.changeMember(ctx, q, by, ref, "withdrawn", 0, func(b *book, m *member) (MemberNote, error) {
		if m.State != register.Applied && m.State != register.MoreAsked {
			return MemberNote{}, &workflow.Refusal{Code: "member_state"}
		}
		m.State, m.Since = register.Withdrawn, b.now
		return MemberNote{}, b.leave(m)
	})
}

// NewShopCode replaces the code on a member's wall; the old one opens nothing.
func (s *Store) NewShopCode(ctx context.Context, q Once, by By, ref string) (register.Member, error) {
	q.Asked = []any{ref, by.Why}
	return s.changeMember(ctx, q, by, ref, "shop_code", 0, func(b *book, m *member) (MemberNote, error) {
		if m.State != register.Approved && m.State != register.Suspended {
			return MemberNote{}, &workflow.Refusal{Code: "member_state"}
		}
		return MemberNote{}, b.newShop(m)
	})
}

// ExpireMembers ends the memberships whose last day is over, at most limit, and
// says how many. Whether a channel may be chosen goes by its days, so nothing
// waits for this.
func (s *Store) ExpireMembers(ctx context.Context, limit int) (int, error) {
	today := calendar.On(s.cfg.Now())
	all, err := scanMembers(s.pool.QueryContext(ctx, "select "+memberColumns+" from members g where g.state in ('approved', 'suspended') and g.to_day < $1 order by g.id limit $2", today.String(), limit))
	if err != nil {
		return 0, err
	}
	for _, m := range all {
		_, err := s.changeMember(ctx, Once{Scope: "member_expiry"}, By{Actor: "job:green", Why: m.To.String()}, m.ID, "expired", m.Version, func(b *book, after *member) (MemberNote, error) {
			after.State, after.Since = register.Expired, b.now
			return MemberNote{}, b.leave(after)
		})
		var r *workflow.Refusal
		if err != nil && !(errors.As(err, &r) && r.Code == "stale_entry") { // another node was faster
			return 0, err
		}
	}
	return len(all), nil
}
