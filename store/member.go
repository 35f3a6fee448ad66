package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"errors"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// Members of the green channel lie beside the register and are written in its
// turn. No event needs them.

// ErrNoMember is the one answer for a membership, a lead, a shop code or a person
// that is not there.
var ErrNoMember = errors.New("no such member")

// member is a membership with the ids that the tables use.
type member struct {
	id, merchantID int64
	register.Member
}

const memberColumns = "g.id, g.merchant_id, g.body"

func scanMembers(rows *sql.Rows, err error) ([]member, error) {
	if err != nil {
		return nil, err
	}
	var out []member
	err = scan(rows, func() error {
		var m member
		var body string
		if err := rows.Scan(&m.id, &m.merchantID, &body); err != nil {
			return err
		}
		out = append(out, m)
		return json.Unmarshal([]byte(body), &out[len(out)-1].Member)
	})
	return out, err
}

func memberByRef(ctx context.Context, q queryer, ref string) (member, error) {
	all, err := scanMembers(q.QueryContext(ctx, "select "+memberColumns+" from members g where g.ref = $1", ref))
	if err == nil && len(all) == 0 {
		err = ErrNoMember
	}
	if err != nil {
		return member{}, err
	}
	return all[0], nil
}

// Member reads a membership. ErrNoMember when there is none.
func (s *Store) Member(ctx context.Context, ref string) (register.Member, error) {
	m, err := memberByRef(ctx, s.pool, ref)
	return m.Member, err
}

// MemberFilter narrows a list of memberships; empty fields ask nothing. ActiveOn
// asks for those whose green channel may be chosen on a day.
type MemberFilter struct {
	State    register.MemberState
	Merchant string
	Town     string
	Domain   int
	ActiveOn calendar.Date
	After    string // the membership that the page before ended with
	Limit    int
}

// MemberLine is a membership with the entry of its merchant.
type MemberLine struct {
	register.Member
	Entry register.Merchant
}

// Members lists memberships in the order in which they were applied for.
// ErrCursor when After is none of them.
func (s *Store) Members(ctx context.Context, f MemberFilter) ([]MemberLine, error) {
	var b binds
	text := "select g.body, m.body from members g join merchants m on m.id = g.merchant_id where true"
	if f.After != "" {
		last, err := memberByRef(ctx, s.pool, f.After)
		if errors.Is(err, ErrNoMember) {
			err = ErrCursor
		}
		if err != nil {
			return nil, err
		}
		text += " and g.id > " + b.add(last.id)
	}
	for _, x := range [][2]string{{"g.state", string(f.State)}, {"m.town", f.Town}, {"m.ref", f.Merchant}} {
		if x[1] != "" {
			text += " and " + x[0] + " = " + b.add(x[1])
		}
	}
	if f.ActiveOn != 0 {
		day := b.add(f.ActiveOn.String())
		text += " and g.state = 'approved' and g.from_day <= " + day + " and g.to_day >= " + day
	}
	if f.Domain != 0 {
		text += " and " + s.jsonInt("m.body", "domain") + " = " + b.add(int64(f.Domain))
	}
	rows, err := s.pool.QueryContext(ctx, text+" order by g.id limit "+b.add(f.Limit), b.values...)
	if err != nil {
		return nil, err
	}
	out := []MemberLine{}
	err = scan(rows, func() error {
		var l MemberLine
		var own, entry string
		if err := rows.Scan(&own, &entry); err != nil {
			return err
		}
		err := errors.Join(json.Unmarshal([]byte(own), &l.Member), json.Unmarshal([]byte(entry), &l.Entry))
		out = append(out, l)
		return err
	})
	return out, err
}

// jsonInt reads a whole number out of a column of JSON text.
func (s *Store) jsonInt(column, name string) string {
	if s.dialect == "sqlite" {
		return "cast(coalesce(json_extract(" + column + ", '$." + name + "'), 0) as integer)"
	}
	return "coalesce((" + column + "::jsonb ->> '" + name + "')::bigint, 0)"
}

// family selects the ids of an entry and of all that were merged into it.
const family = `with recursive family(id) as (select cast($1 as bigint) union select m.id from merchants m join family f on m.merged_into = f.id)`

// memberOf finds the newest membership of a merchant, under any of its entries,
// whose channel consumers may choose or could before it was suspended; nil when
// there is none.
func memberOf(ctx context.Context, q queryer, merchantID int64) (*member, error) {
	all, err := scanMembers(q.QueryContext(ctx, family+" select "+memberColumns+` from members g join family f on f.id = g.merchant_id
		where g.state in ('approved', 'suspended') order by g.id desc limit 1`, merchantID))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// MemberHistoryLine is one thing that happened to a membership, with what it was
// after it.
type MemberHistoryLine struct {
	No    int64                `json:"no"`
	At    time.Time            `json:"at"`
	Actor string               `json:"actor"`
	What  string               `json:"what"`
	Why   string               `json:"why"`
	State register.MemberState `json:"state"`
	MemberNote
}

// MemberNote is what a line of a membership's history says besides.
type MemberNote struct {
	Changes []register.Change `json:"changes,omitempty"`
	Lead    string            `json:"lead,omitempty"` // that it answers
}

// MemberHistory reads what happened to a membership, in order.
func (s *Store) MemberHistory(ctx context.Context, ref string) ([]MemberHistoryLine, error) {
	m, err := memberByRef(ctx, s.pool, ref)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.QueryContext(ctx, "select no, at, actor, what, why, state, body from member_history where member_id = $1 order by no", m.id)
	if err != nil {
		return nil, err
	}
	out := []MemberHistoryLine{}
	err = scan(rows, func() error {
		var h MemberHistoryLine
		var at instant
		var body string
		if err := rows.Scan(&h.No, &at, &h.Actor, &h.What, &h.Why, &h.State, &body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &h.MemberNote); err != nil {
			return err
		}
		h.At = at.Time
		out = append(out, h)
		return nil
	})
	return out, err
}

// record adds a line to a membership's history.
func (b *book) record(m *member, by By, what string, note MemberNote) error {
	body, err := json.Marshal(note)
	if err != nil {
		return err
	}
	_, err = b.tx.ExecContext(b.ctx, `insert into member_history (member_id, no, at, actor, what, why, state, body)
		select $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5, $6, $7 from member_history where member_id = $8`,
		m.id, b.s.stamp(b.now), by.Actor, what, by.Why, string(m.State), string(body), m.id)
	return err
}

// keep writes a membership that changed over the version that was read, with a
// line of its history.
func (b *book) keep(before, after *member, by By, what string, note MemberNote) error {
	after.Version, after.Updated = before.Version+1, b.now
	body, err := json.Marshal(after.Member)
	if err != nil {
		return err
	}
	done, err := b.tx.ExecContext(b.ctx, "update members set version = $1, state = $2, from_day = $3, to_day = $4, body = $5, updated_at = $6 where id = $7 and version = $8",
		after.Version, string(after.State), after.From.String(), after.To.String(), string(body), b.s.stamp(b.now), after.id, before.Version)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n != 1 {
		return &workflow.Refusal{Code: "stale_entry"}
	}
	for _, c := range []register.Change{{Field: "from", Before: before.From.String(), After: after.From.String()}, {Field: "to", Before: before.To.String(), After: after.To.String()},
		{Field: "state", Before: string(before.State), After: string(after.State)}, {Field: "cause", Before: before.Cause, After: after.Cause}, {Field: "shop", Before: before.Shop, After: after.Shop}} {
		if c.Before != c.After {
			note.Changes = append(note.Changes, c)
		}
	}
	return b.record(after, by, what, note)
}

// newShop gives a membership another code for its wall: ten characters, fifty
// random bits. The one before opens nothing any more.
func (b *book) newShop(m *member) error {
	if _, err := b.tx.ExecContext(b.ctx, "update shop_codes set ended_at = $1 where member_id = $2 and ended_at is null", b.s.stamp(b.now), m.id); err != nil {
		return err
	}
	var raw [7]byte
	_, _ = rand.Read(raw[:])
	m.Shop = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding).EncodeToString(raw[:])[:10]
	_, err := b.tx.ExecContext(b.ctx, "insert into shop_codes (code, member_id, created_at) values ($1, $2, $3)", m.Shop, m.id, b.s.stamp(b.now))
	return err
}

// Shop finds the membership and the merchant behind a code on a wall. ErrNoMember
// when the code is unknown or was replaced, or the membership is over.
func (s *Store) Shop(ctx context.Context, code string) (register.Member, register.Merchant, error) {
	all, err := scanMembers(s.pool.QueryContext(ctx, "select "+memberColumns+` from shop_codes c join members g on g.id = c.member_id
		where c.code = $1 and c.ended_at is null and g.state in ('approved', 'suspended')`, code))
	if err == nil && len(all) == 0 {
		err = ErrNoMember
	}
	if err != nil {
		return register.Member{}, register.Merchant{}, err
	}
	found, err := entriesByID(ctx, s.pool, []int64{all[0].merchantID})
	if err != nil {
		return register.Member{}, register.Merchant{}, err
	}
	top, err := root(ctx, s.pool, found[0])
	return all[0].Member, top.Merchant, err
}

// MembershipOf reads the membership of a merchant that is approved or suspended,
// under any of its entries; false when it has none.
func (s *Store) MembershipOf(ctx context.Context, merchant string) (register.Member, bool, error) {
	e, err := rootByRef(ctx, s.pool, merchant)
	if err != nil {
		return register.Member{}, false, err
	}
	m, err := memberOf(ctx, s.pool, e.id)
	if err != nil || m == nil {
		return register.Member{}, false, err
	}
	return m.Member, true, nil
}

// RespondentIsMember says whether the merchant that a case is about, as it was
// found last, takes part in the green channel now. Who does not is invited to
// join with the link that it gets.
func (s *Store) RespondentIsMember(ctx context.Context, caseID int64) (bool, error) {
	var merchantID int64
	err := s.pool.QueryRowContext(ctx, "select merchant_id from case_merchants where case_id = $1 order by no desc limit 1", caseID).Scan(&merchantID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	found, err := entriesByID(ctx, s.pool, []int64{merchantID})
	if err != nil {
		return false, err
	}
	top, err := root(ctx, s.pool, found[0])
	if err != nil {
		return false, err
	}
	m, err := memberOf(ctx, s.pool, top.id)
	return m != nil && m.ActiveOn(calendar.On(s.cfg.Now())), err
}
