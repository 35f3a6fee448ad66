package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// How long a link to log in with works, and how many an address is sent.
const (
	LoginTerm   = 15 * time.Minute
	loginMost   = 5
	loginWithin = time.Hour
	// SessionTerm is how long a member's person stays logged in.
	SessionTerm = 14 * 24 * time.Hour
)

// AskLogin owes a link to log in with to a telephone number or a mail address.
// Whether anybody has registered it is looked up when the letter is delivered:
// the asker's answer costs and says the same. Too many for one address are
// dropped without a word.
func (s *Store) AskLogin(ctx context.Context, key, phone, email, language string) error {
	err := s.OweLetter(ctx, Letter{Cause: "login/" + key, Topic: "login", Template: "member_login", Language: language, Recipient: "member", Phone: phone, Email: email,
		Until: s.cfg.Now().Add(LoginTerm)}, LetterRate{loginMost, loginWithin})
	if errors.Is(err, ErrTooManyLetters) {
		return nil
	}
	return err
}

// liveStates are the states of memberships whose people may log in.
const liveStates = "('applied', 'more_asked', 'approved', 'suspended')"

// GiveLogin makes the link of a login letter, the same one when the letter is
// sent again. False when nobody of a member has registered its address.
func (s *Store) GiveLogin(ctx context.Context, o *Owed, l *Letter) (token string, registered bool, err error) {
	mac := s.cfg.Keys.addressMac(l.Phone, l.Email)
	var n int
	if err := s.pool.QueryRowContext(ctx, "select count(*) from member_people p join members g on g.id = p.member_id where p.ended_at is null and (p.phone_mac = $1 or p.email_mac = $1) and g.state in "+liveStates, mac).Scan(&n); err != nil || n == 0 {
		return "", false, err
	}
	token, hash := s.NewToken("member.login", o.ID(), "")
	_, err = s.exec(ctx, "insert into member_links (hash, mac, created_at, expires_at) values ($1, $2, $3, $4) on conflict (hash) do nothing", hash, mac, s.stamp(s.cfg.Now()), s.stamp(l.Until))
	return token, true, err
}

// Session is what a login opens: one for each membership of the address.
type Session struct {
	Token   string    `json:"token"` // shown once, kept as a hash
	Member  string    `json:"membership"`
	Name    string    `json:"merchant"`
	Expires time.Time `json:"expires_at"`
}

// Redeem takes a link to log in with, once, and opens a session for each
// membership of its address. ErrNoLink when it is unknown, used or too old. The
// same key asked again is answered the same.
func (s *Store) Redeem(ctx context.Context, key, token string) ([]Session, error) {
	hash := hashToken(token)
	var opened []struct {
		Person, Member, Name string
		Expires              time.Time
	}
	_, err := s.once(ctx, Once{Scope: "member.session/" + linkID(hash), Key: key}, &opened, func(tx *sql.Tx, now time.Time) error {
		var mac []byte
		err := tx.QueryRowContext(ctx, "update member_links set used_at = $1 where hash = $2 and used_at is null and expires_at > $1 returning mac", s.stamp(now), hash).Scan(&mac)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoLink
		}
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `select p.id, p.ref, g.ref, m.body from member_people p join members g on g.id = p.member_id join merchants m on m.id = g.merchant_id
			where p.ended_at is null and (p.phone_mac = $1 or p.email_mac = $1) and g.state in `+liveStates+" order by p.id", mac)
		if err != nil {
			return err
		}
		var ids []int64
		expires := now.Add(SessionTerm)
		err = scan(rows, func() error {
			var id int64
			var person, ref, body string
			if err := rows.Scan(&id, &person, &ref, &body); err != nil {
				return err
			}
			var entry register.Merchant
			err := json.Unmarshal([]byte(body), &entry)
			ids = append(ids, id)
			opened = append(opened, struct {
				Person, Member, Name string
				Expires              time.Time
			}{person, ref, entry.Name, expires})
			return err
		})
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return ErrNoLink
		}
		for i, id := range ids {
			_, own := s.NewToken("member.session", key, opened[i].Person)
			if _, err := tx.ExecContext(ctx, "insert into member_sessions (hash, person_id, created_at, expires_at, ended_by) values ($1, $2, $3, $4, '')", own, id, s.stamp(now), s.stamp(expires)); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "update member_people set reached_at = $1 where id = $2", s.stamp(now), id); err != nil {
				return err
			}
		}
		return nil
	})
	var out []Session
	for _, o := range opened {
		own, _ := s.NewToken("member.session", key, o.Person)
		out = append(out, Session{own, o.Member, o.Name, o.Expires})
	}
	return out, err
}

// MemberCaller is who calls with a member's session.
type MemberCaller struct {
	Member register.Member
	Entry  register.Merchant
	Person MemberPerson
	Link   *Link // of the case that was named: what he may do with it
	hash   []byte
}

// AdmitMember finds who calls with a session and, when a case is named, whether it
// is his merchant's to answer. ErrNoLink is the one answer for a session that is
// unknown, ended or too old, and for a case that is not there or not the
// merchant's.
func (s *Store) AdmitMember(ctx context.Context, token, number string) (MemberCaller, error) {
	hash := hashToken(token)
	now := s.cfg.Now()
	people, err := s.people(ctx, "p.id = (select person_id from member_sessions where hash = $1 and ended_at is null and expires_at > $2) and g.state in "+liveStates, hash, s.stamp(now))
	if err != nil {
		return MemberCaller{}, err
	}
	if len(people) != 1 {
		return MemberCaller{}, ErrNoLink
	}
	all, err := scanMembers(s.pool.QueryContext(ctx, "select "+memberColumns+" from members g where g.id = $1", people[0].memberID))
	if err != nil {
		return MemberCaller{}, err
	}
	found, err := entriesByID(ctx, s.pool, []int64{all[0].merchantID})
	if err != nil {
		return MemberCaller{}, err
	}
	top, err := root(ctx, s.pool, found[0])
	if err != nil {
		return MemberCaller{}, err
	}
	c := MemberCaller{Member: all[0].Member, Entry: top.Merchant, Person: people[0], hash: hash}
	if number == "" {
		return c, nil
	}
	id, err := parseCase(number)
	if err != nil {
		return MemberCaller{}, ErrNoLink
	}
	cases, err := s.memberCases(ctx, &all[0], top.id, "c.id = $2", id)
	if err != nil {
		return MemberCaller{}, err
	}
	if len(cases) != 1 {
		return MemberCaller{}, ErrNoLink
	}
	c.Link = &Link{ID: linkID(hash), Number: cases[0].Number, Role: "merchant", Recipient: "merchant", Actor: people[0].ID, Actions: []string{ActionAct}, Expires: now.Add(SessionTerm)}
	return c, nil
}

// EndSession logs out.
func (s *Store) EndSession(ctx context.Context, c *MemberCaller) error {
	_, err := s.exec(ctx, "update member_sessions set ended_at = $1, ended_by = 'holder' where hash = $2 and ended_at is null", s.stamp(s.cfg.Now()), c.hash)
	return err
}

// MemberCase is a case that a member answers. Due is the day of its next clock
// that is the merchant's, zero for none.
type MemberCase struct {
	Number   string         `json:"case"`
	State    workflow.State `json:"state"`
	Clock    string         `json:"clock,omitempty"`
	Due      calendar.Date  `json:"due"`
	DaysLeft int            `json:"days_left"` // calendar days until the end of that day; negative: over
	Filed    time.Time      `json:"filed_at"`
}

// MemberCases lists the open cases of a member that were put to it, the most
// urgent first; those without a clock of its own at the end.
func (s *Store) MemberCases(ctx context.Context, c *MemberCaller) ([]MemberCase, error) {
	e, err := entryByRef(ctx, s.pool, c.Entry.ID)
	if err != nil {
		return nil, err
	}
	m, err := memberByRef(ctx, s.pool, c.Member.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.memberCases(ctx, &m, e.id, "c.state not like 'CLOSED%'")
	slices.SortStableFunc(out, func(a, b MemberCase) int {
		switch {
		case (a.Due == 0) != (b.Due == 0):
			return map[bool]int{true: 1, false: -1}[a.Due == 0]
		case a.Due != b.Due:
			return int(a.Due - b.Due)
		}
		return a.Filed.Compare(b.Filed)
	})
	return out, err
}

// memberCases reads the cases of a merchant, under any of its entries, that were
// put to it by a notice: what the authority has not told it of is not its to see.
// A merchant that said "not our shop" and was replaced sees the case no more.
func (s *Store) memberCases(ctx context.Context, m *member, merchantID int64, where string, args ...any) ([]MemberCase, error) {
	if m.State != register.Approved && m.State != register.Suspended {
		return nil, nil
	}
	rows, err := s.pool.QueryContext(ctx, family+` select c.id, c.number, c.body, c.filed_at, k.respondent, coalesce(r.code, ''), coalesce(r.due, '') from case_merchants k join family f on f.id = k.merchant_id join cases c on c.id = k.case_id
		left join clocks r on r.case_id = c.id and r.state = 'running'
		where k.no = (select max(l.no) from case_merchants l where l.case_id = k.case_id) and c.kind = 'complaint' and (exists (select 1 from links l where l.case_id = c.id and l.role = 'merchant')
		or exists (select 1 from outbox o where o.case_id = c.id and o.recipient = 'merchant') or exists (select 1 from clocks t where t.case_id = c.id and t.code = 'merchant_first_answer')) and `+where+" order by c.id", append([]any{merchantID}, args...)...)
	if err != nil {
		return nil, err
	}
	today := calendar.On(s.cfg.Now())
	out := []MemberCase{}
	err = scan(rows, func() error {
		var id, respondent int64
		var number, clock, day string
		var body []byte
		var filed instant
		if err := rows.Scan(&id, &number, &body, &filed, &respondent, &clock, &day); err != nil {
			return err
		}
		c, err := workflow.ParseBody(id, body)
		if err != nil {
			return err
		}
		if replaced(&c, "merchant", respondent) {
			return nil
		}
		if len(out) == 0 || out[len(out)-1].Number != number { // one row for each clock that runs
			out = append(out, MemberCase{Number: number, State: c.State, Filed: filed.Time})
		}
		return out[len(out)-1].runs(&c, clock, day, today)
	})
	return out, err
}

// runs takes a clock of the case into account, where it is the merchant's and the
// next one.
func (x *MemberCase) runs(c *workflow.Case, code, day string, today calendar.Date) error {
	def, known := workflow.ClockByCode(code)
	_, by := c.OpenOffer()
	switch {
	case !known, def.Whose != "merchant" && def.Whose != "party", code == "offer_reply" && by == "merchant": // his own offer waits for the other side
		return nil
	}
	due, err := calendar.ParseDate(day)
	if err == nil && (x.Due == 0 || due < x.Due) {
		x.Clock, x.Due, x.DaysLeft = code, due, int(due-today)
	}
	return err
}

// ByPerson says which of a member's people took which events of a case: colleagues
// are shown who answered. Who has left is named by his id alone.
func (s *Store) ByPerson(ctx context.Context, c *MemberCaller, number string) (map[int64]string, error) {
	events, err := s.Events(ctx, number)
	if err != nil {
		return nil, err
	}
	people, err := s.People(ctx, c.Member.ID)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, p := range people {
		names["merchant:"+p.ID] = p.Name
	}
	out := map[int64]string{}
	for _, e := range events {
		if name := names[e.Actor]; name != "" {
			out[e.Seq] = name
		} else if id, ok := bytes.CutPrefix([]byte(e.Actor), []byte("merchant:p_")); ok {
			out[e.Seq] = "p_" + string(id)
		}
	}
	return out, nil
}
