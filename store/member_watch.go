package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/register"
)

// MemberLead asks a person to decide about a member, by figures. Nothing follows
// from it by itself.
type MemberLead struct {
	ID       string           `json:"id"` // l_ and 26 characters
	Member   string           `json:"membership"`
	Merchant string           `json:"merchant"`
	Name     string           `json:"name"`
	Kind     string           `json:"kind"`  // watch, suspend, exit, cured
	State    string           `json:"state"` // open, decided
	Figures  register.Figures `json:"figures"`
	Decision string           `json:"decision,omitempty"`
	Actor    string           `json:"actor,omitempty"`
	Why      string           `json:"why,omitempty"`
	Created  time.Time        `json:"created_at"`
	Decided  *time.Time       `json:"decided_at,omitempty"`
}

func exitRule(g policy.GreenChannel) register.ExitRule {
	return register.ExitRule{Least: g.Least, Watch: g.Watch, Suspend: g.Suspend, Failed: g.Failed, ExitAfter: g.ExitAfter}
}

// MemberFigures counts how a member kept its clocks within the window that ends
// on a day: those of the county's list whose last day lies in it and which were
// met or ran out. What became void counts for nobody.
func (s *Store) MemberFigures(ctx context.Context, ref string, day calendar.Date) (register.Figures, error) {
	m, err := memberByRef(ctx, s.pool, ref)
	if err != nil {
		return register.Figures{}, err
	}
	return s.figuresOf(ctx, &m, day)
}

func (s *Store) figuresOf(ctx context.Context, m *member, day calendar.Date) (register.Figures, error) {
	law := s.cfg.Rules().GreenChannel()
	f := register.Figures{From: day.AddDays(1 - law.Window), To: day, Late: []string{}}
	found, err := entriesByID(ctx, s.pool, []int64{m.merchantID})
	if err != nil {
		return f, err
	}
	top, err := root(ctx, s.pool, found[0])
	if err != nil {
		return f, err
	}
	if err := s.pool.QueryRowContext(ctx, "select coalesce(max(height), 0) from blocks").Scan(&f.Height); err != nil {
		return f, err
	}
	var b binds
	b.add(top.id)
	rows, err := s.pool.QueryContext(ctx, family+` select c.number, t.no, t.state from case_merchants k join family f on f.id = k.merchant_id join cases c on c.id = k.case_id join clocks t on t.case_id = c.id
		where k.no = (select max(l.no) from case_merchants l where l.case_id = k.case_id) and t.code in (`+b.texts(law.Clocks)+`) and t.state in ('met', 'expired')
		and t.due >= `+b.add(f.From.String())+" and t.due <= "+b.add(f.To.String())+" order by c.id, t.no", b.values...)
	if err != nil {
		return f, err
	}
	err = scan(rows, func() error {
		var number, state string
		var no int64
		if err := rows.Scan(&number, &no, &state); err != nil {
			return err
		}
		f.Clocks++
		if state == string(workflow.Met) {
			f.InTime++
		} else {
			f.Late = append(f.Late, fmt.Sprintf("%s/%d", number, no))
		}
		return nil
	})
	if err == nil {
		f.Failed, err = s.failedInARow(ctx, top.id, f.From)
	}
	return f, err
}

// texts binds a list.
func (b *binds) texts(all []string) string {
	out := ""
	for i, v := range all {
		if i > 0 {
			out += ", "
		}
		out += b.add(v)
	}
	return out
}

// failedInARow counts the last invitations to a merchant that could not be
// delivered, back to one that reached it, in cases filed since a day. An
// invitation failed when its case went to be contacted by hand and nothing has
// been delivered since; one that waits says nothing yet.
func (s *Store) failedInARow(ctx context.Context, merchantID int64, since calendar.Date) (int64, error) {
	rows, err := s.pool.QueryContext(ctx, family+` select c.id, t.code, t.state from case_merchants k join family f on f.id = k.merchant_id join cases c on c.id = k.case_id join clocks t on t.case_id = c.id
		where k.no = (select max(l.no) from case_merchants l where l.case_id = k.case_id) and t.code in ('manual_contact', 'merchant_first_answer') and c.filed_at >= $2
		order by c.id desc, t.no desc`, merchantID, s.stamp(since.Start()))
	if err != nil {
		return 0, err
	}
	var failed, last int64
	reached := false
	err = scan(rows, func() error {
		var id int64
		var code, state string
		if err := rows.Scan(&id, &code, &state); err != nil {
			return err
		}
		if id == last || reached { // the newest clock of a case says how its invitation stands
			return nil
		}
		last = id
		switch {
		case code == "manual_contact":
			failed++
		case state != string(workflow.Waiting) && state != string(workflow.Void):
			reached = true
		}
		return nil
	})
	return failed, err
}

// WatchMembers looks at every member in its term and opens a lead where the
// county's rule asks for a person's decision; it says how many it opened. Run
// again it opens none anew: a lead that was answered comes back only when the
// figures have changed.
func (s *Store) WatchMembers(ctx context.Context) (int, error) {
	law, today := exitRule(s.cfg.Rules().GreenChannel()), calendar.On(s.cfg.Now())
	opened, after := 0, int64(0)
	for {
		all, err := scanMembers(s.pool.QueryContext(ctx, "select "+memberColumns+" from members g where g.state in ('approved', 'suspended') and g.id > $1 order by g.id limit 200", after))
		if err != nil || len(all) == 0 {
			return opened, err
		}
		for i := range all {
			after = all[i].id
			f, err := s.figuresOf(ctx, &all[i], today)
			if err != nil {
				return opened, err
			}
			kind := law.Lead(&all[i].Member, &f, today)
			if kind == "" {
				continue
			}
			fresh, err := s.openLead(ctx, &all[i], kind, &f)
			if err != nil {
				return opened, err
			}
			if fresh {
				opened++
			}
		}
	}
}

// openLead opens a lead unless one of its kind is open or was answered by the
// same figures.
func (s *Store) openLead(ctx context.Context, m *member, kind string, f *register.Figures) (bool, error) {
	sum := sha256.Sum256(fmt.Append(nil, m.Since.UnixMicro(), f.Clocks, f.InTime, f.Failed))
	fresh := false
	err := s.write(ctx, func(b *book) error {
		var there int
		digest := hex.EncodeToString(sum[:8])
		if err := b.tx.QueryRowContext(b.ctx, "select count(*) from member_leads where member_id = $1 and kind = $2 and (state = 'open' or digest = $3)", m.id, kind, digest).Scan(&there); err != nil || there > 0 {
			return err
		}
		body, err := json.Marshal(f)
		if err != nil {
			return err
		}
		ref := newRef("l_", b.now)
		if _, err := b.tx.ExecContext(b.ctx, `insert into member_leads (ref, member_id, kind, digest, state, body, decision, actor, why, created_at) values ($1, $2, $3, $4, 'open', $5, '', '', '', $6)`,
			ref, m.id, kind, digest, string(body), b.s.stamp(b.now)); err != nil {
			return err
		}
		fresh = true
		return b.record(m, By{Actor: "job:green", Why: kind}, "lead_opened", MemberNote{Lead: ref})
	})
	return fresh, err
}

// answerLead closes the lead that a decision answers, in the same transaction.
func (b *book) answerLead(m *member, by By, d Decision) error {
	if d.Lead == "" {
		return nil
	}
	done, err := b.tx.ExecContext(b.ctx, "update member_leads set state = 'decided', decision = $1, actor = $2, why = $3, decided_at = $4 where ref = $5 and member_id = $6 and state = 'open'",
		d.What, by.Actor, by.Why, b.s.stamp(b.now), d.Lead, m.id)
	return one(done, err, &workflow.Refusal{Code: "lead_decided"})
}

// MemberLeads lists leads, open or decided, oldest first, from the one after.
// ErrCursor when that is none.
func (s *Store) MemberLeads(ctx context.Context, state, after string, limit int) ([]MemberLead, error) {
	var from int64
	if after != "" {
		err := s.pool.QueryRowContext(ctx, "select id from member_leads where ref = $1", after).Scan(&from)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrCursor
		}
		if err != nil {
			return nil, err
		}
	}
	return s.memberLeads(ctx, "where l.state = $1 and l.id > $2 order by l.id limit $3", state, from, limit)
}

// MemberLead is one lead: ErrNoLink when it is not there.
func (s *Store) MemberLead(ctx context.Context, ref string) (MemberLead, error) {
	all, err := s.memberLeads(ctx, "where l.ref = $1", ref)
	if err == nil && len(all) == 0 {
		err = ErrNoLink
	}
	if err != nil {
		return MemberLead{}, err
	}
	return all[0], nil
}

func (s *Store) memberLeads(ctx context.Context, where string, args ...any) ([]MemberLead, error) {
	rows, err := s.pool.QueryContext(ctx, `select l.ref, g.ref, m.body, l.kind, l.state, l.body, l.decision, l.actor, l.why, l.created_at, l.decided_at from member_leads l
		join members g on g.id = l.member_id join merchants m on m.id = g.merchant_id `+where, args...)
	if err != nil {
		return nil, err
	}
	out := []MemberLead{}
	err = scan(rows, func() error {
		var l MemberLead
		var entry, body string
		var e register.Merchant
		var created, decided instant
		if err := rows.Scan(&l.ID, &l.Member, &entry, &l.Kind, &l.State, &body, &l.Decision, &l.Actor, &l.Why, &created, &decided); err != nil {
			return err
		}
		if err := errors.Join(json.Unmarshal([]byte(entry), &e), json.Unmarshal([]byte(body), &l.Figures)); err != nil {
			return err
		}
		l.Merchant, l.Name, l.Created = e.ID, e.Name, created.Time
		if !decided.IsZero() {
			l.Decided = &decided.Time
		}
		out = append(out, l)
		return nil
	})
	return out, err
}
