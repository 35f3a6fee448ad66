package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/publication"
	"fangxin/workflow/register"
)

// ErrNoInfringement is the answer for a penalty case that is not there.
var ErrNoInfringement = errors.New("no such penalty case")

// OpenInfringement records that a case was opened against a merchant (立案). The
// lead must be a report on which a case was opened; a merchant is recorded once
// for each lead. Refusals: lead_not_opened, infringement_there; ErrNoMerchant.
func (s *Store) OpenInfringement(ctx context.Context, q Once, by By, in publication.Infringement) (publication.Infringement, error) {
	q.Asked = []any{in, by.Why}
	if err := s.leadOpened(ctx, in.Lead); err != nil {
		return in, err
	}
	out := in
	err := s.writeOnce(ctx, q, &out, func(b *book) error {
		e, err := rootByRef(ctx, b.tx, in.Merchant)
		if err != nil {
			return err
		}
		var there, last int64
		if err := b.tx.QueryRowContext(ctx, "select (select count(*) from infringements where lead = $1 and merchant_id = $2), (select coalesce(max(id), 0) from infringements)", in.Lead, e.id).Scan(&there, &last); err != nil {
			return err
		}
		if there > 0 {
			return &workflow.Refusal{Code: "infringement_there"}
		}
		out.ID, out.Version, out.State, out.Merchant = newRef("i_", b.now), 1, "docketed", e.ID
		body, err := json.Marshal(out)
		if err != nil {
			return err
		}
		if _, err := b.tx.ExecContext(ctx, "insert into infringements (id, ref, version, lead, merchant_id, domain, town, state, decided_on, until_day, shown, body) values ($1, $2, 1, $3, $4, $5, $6, $7, '', '', $8, $9)",
			last+1, out.ID, out.Lead, e.id, out.Domain, out.Town, out.State, false, string(body)); err != nil {
			return err
		}
		return b.tell(last+1, by, "docketed")
	})
	return out, err
}

// leadOpened refuses a lead on which no case was opened.
func (s *Store) leadOpened(ctx context.Context, lead string) error {
	events, err := s.Events(ctx, lead)
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, ErrNoSuchCase) {
		err = nil
	}
	if err == nil && !slices.ContainsFunc(events, func(e workflow.Event) bool { return e.Event == "case_opened" }) {
		err = &workflow.Refusal{Code: "lead_not_opened"}
	}
	return err
}

// tell writes a line of a penalty case's history.
func (b *book) tell(id int64, by By, what string) error {
	_, err := b.tx.ExecContext(b.ctx, "insert into infringement_history (infringement_id, no, at, actor, what, why) select $1, count(*) + 1, $2, $3, $4, $5 from infringement_history where infringement_id = $1",
		id, b.s.stamp(b.now), by.Actor, what, by.Why)
	return err
}

// SettleInfringement records what came of a penalty case. sees is the version that
// the caller saw, 0 for whichever: stale_entry if it is another by now,
// infringement_over if the result does not follow from what is recorded.
func (s *Store) SettleInfringement(ctx context.Context, q Once, by By, ref string, sees int64, state string, r publication.Result) (out publication.Infringement, err error) {
	q.Asked = []any{ref, state, r, by.Why}
	err = s.writeOnce(ctx, q, &out, func(b *book) error {
		var id int64
		var body string
		err := b.tx.QueryRowContext(ctx, "select id, body from infringements where ref = $1", ref).Scan(&id, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoInfringement
		}
		if err == nil {
			err = json.Unmarshal([]byte(body), &out)
		}
		if err != nil {
			return err
		}
		if sees != 0 && sees != out.Version {
			return &workflow.Refusal{Code: "stale_entry"}
		}
		if !out.May(state) {
			return &workflow.Refusal{Code: "infringement_over"}
		}
		out.Settle(state, r, s.cfg.Rules().Publication().InfringementDays)
		out.Version++
		text, err := json.Marshal(out)
		if err != nil {
			return err
		}
		if _, err := b.tx.ExecContext(ctx, "update infringements set version = $2, state = $3, decided_on = $4, until_day = $5, shown = $6, body = $7 where id = $1",
			id, out.Version, out.State, out.DecidedOn.String(), out.Until.String(), out.Until != 0, string(text)); err != nil {
			return err
		}
		return b.tell(id, by, state)
	})
	return out, err
}

// InfringementFilter narrows both lists of penalty cases. Empty fields ask nothing.
type InfringementFilter struct {
	Merchant string // m_…
	Domain   int
	Town     string
	State    string // for officers
	After    string // id of the last one of the page before
	Limit    int
}

// Infringements lists penalty cases for officers, the newest first.
func (s *Store) Infringements(ctx context.Context, f InfringementFilter) (list []publication.Infringement, next string, err error) {
	q := &binds{}
	where, err := s.infringementsWhere(ctx, f, q)
	if err != nil {
		return nil, "", err
	}
	if f.State != "" {
		where += " and state = " + q.add(f.State)
	}
	if f.After != "" {
		where += " and ref < " + q.add(f.After)
	}
	list, err = s.readInfringements(ctx, where+fmt.Sprintf(" order by ref desc limit %d", f.Limit+1), q)
	if len(list) > f.Limit {
		list = list[:f.Limit]
		next = list[f.Limit-1].ID
	}
	return list, next, err
}

// PublicInfringements lists the decisions that anybody may read today, the latest
// first. ErrNotPublished for a merchant who is unknown or of whom nothing is public,
// ErrCursor for a cursor that was never handed out.
func (s *Store) PublicInfringements(ctx context.Context, f InfringementFilter) (list []publication.PublicInfringement, next string, err error) {
	q := &binds{}
	today := calendar.On(s.cfg.Now())
	where, err := s.infringementsWhere(ctx, f, q)
	if err != nil {
		return nil, "", err
	}
	where += " and shown and until_day >= " + q.add(today.String())
	if f.After != "" {
		var on string
		err := s.pool.QueryRowContext(ctx, "select decided_on from infringements where ref = $1 and decided_on <> ''", f.After).Scan(&on)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, "", ErrCursor
		}
		if err != nil {
			return nil, "", err
		}
		where += " and (decided_on, ref) < (" + q.add(on) + ", " + q.add(f.After) + ")"
	}
	all, err := s.readInfringements(ctx, where+fmt.Sprintf(" order by decided_on desc, ref desc limit %d", f.Limit+1), q)
	if err != nil {
		return nil, "", err
	}
	if len(all) > f.Limit {
		all = all[:f.Limit]
		next = all[f.Limit-1].ID
	}
	for i := range all {
		form, ok, err := s.publicInfringement(ctx, &all[i], today)
		if err != nil {
			return nil, "", err
		}
		if ok {
			list = append(list, form)
		}
	}
	if f.Merchant != "" && f.After == "" && len(list) == 0 {
		return nil, "", ErrNotPublished
	}
	return list, next, nil
}

// PublicInfringement reads one decision that anybody may read today. ErrTombstone
// when there was one, and ErrNotPublished when there never was.
func (s *Store) PublicInfringement(ctx context.Context, ref string) (form publication.PublicInfringement, err error) {
	i, _, err := s.Infringement(ctx, ref)
	if errors.Is(err, ErrNoInfringement) {
		err = ErrNotPublished
	}
	if err != nil {
		return form, err
	}
	today := calendar.On(s.cfg.Now())
	form, ok, err := s.publicInfringement(ctx, &i, today)
	switch {
	case err != nil || ok:
		return form, err
	case i.Ended(today):
		return form, ErrTombstone
	}
	return form, ErrNotPublished
}

// publicInfringement makes the public form, with the merchant as the register has
// it now; false when there is none.
func (s *Store) publicInfringement(ctx context.Context, i *publication.Infringement, today calendar.Date) (publication.PublicInfringement, bool, error) {
	e, err := rootByRef(ctx, s.pool, i.Merchant)
	if err != nil {
		return publication.PublicInfringement{}, false, err
	}
	form, ok := i.Public(traderOf(&e.Merchant), today)
	return form, ok, nil
}

// traderOf is what may be published of a merchant: nil for whom no credit code
// identifies, or who is not in the register any more.
func traderOf(m *register.Merchant) *publication.Trader {
	if !m.CodeValid || m.Status != register.Active && m.Status != register.Closed {
		return nil
	}
	return &publication.Trader{ID: m.ID, Name: m.Name, Code: m.Code}
}

func (s *Store) infringementsWhere(ctx context.Context, f InfringementFilter, q *binds) (string, error) {
	where := "1 = 1"
	if f.Merchant != "" { // whatever was merged into it is its own
		e, err := rootByRef(ctx, s.pool, f.Merchant)
		if errors.Is(err, ErrNoMerchant) {
			return "", ErrNotPublished
		}
		if err != nil {
			return "", err
		}
		where = "merchant_id in (" + strings.Replace(family, "$1", q.add(e.id), 1) + " select id from family)"
	}
	if f.Domain != 0 {
		where += " and domain = " + q.add(f.Domain)
	}
	if f.Town != "" {
		where += " and town = " + q.add(f.Town)
	}
	return where, nil
}

func (s *Store) readInfringements(ctx context.Context, where string, q *binds) (list []publication.Infringement, err error) {
	rows, err := s.pool.QueryContext(ctx, "select body from infringements where "+where, q.values...)
	if err != nil {
		return nil, err
	}
	err = scan(rows, func() error {
		var body string
		if err := rows.Scan(&body); err != nil {
			return err
		}
		var i publication.Infringement
		if err := json.Unmarshal([]byte(body), &i); err != nil {
			return err
		}
		list = append(list, i)
		return nil
	})
	return list, err
}

// InfringementLine is one thing that happened to a penalty case.
type InfringementLine struct {
	At               time.Time
	Actor, What, Why string
}

// Infringement reads a penalty case and its history. ErrNoInfringement.
func (s *Store) Infringement(ctx context.Context, ref string) (i publication.Infringement, lines []InfringementLine, err error) {
	q := &binds{}
	list, err := s.readInfringements(ctx, "ref = "+q.add(ref), q)
	if err == nil && len(list) == 0 {
		err = ErrNoInfringement
	}
	if err != nil {
		return i, nil, err
	}
	rows, err := s.pool.QueryContext(ctx, "select at, actor, what, why from infringement_history where infringement_id = (select id from infringements where ref = $1) order by no", ref)
	if err != nil {
		return i, nil, err
	}
	err = scan(rows, func() error {
		var l InfringementLine
		var at instant
		err := rows.Scan(&at, &l.Actor, &l.What, &l.Why)
		l.At = at.Time
		lines = append(lines, l)
		return err
	})
	return list[0], lines, err
}
