package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/register"
)

// NewPerson is somebody of a member, in clear: a contact, who may add colleagues,
// or a colleague.
type NewPerson struct {
	Role  string // contact or colleague
	Name  string
	Phone string // one of both at least
	Email string
}

// PersonRoles are what a member's people are.
var PersonRoles = []string{"contact", "colleague"}

// mostPeople is more than any shop has who answer.
const mostPeople = 50

// MemberPerson is somebody of a member as he is read, opened.
type MemberPerson struct {
	ID      string     `json:"id"` // p_ and 26 characters; the log names him by it
	Role    string     `json:"role"`
	Name    string     `json:"name"`
	Phone   string     `json:"phone,omitempty"`
	Email   string     `json:"email,omitempty"`
	Reached *time.Time `json:"last_reached_at,omitempty"` // when he last used a link that was sent to him
	Created time.Time  `json:"created_at"`

	row, memberID int64
}

// personBox is the sealed part.
type personBox struct {
	Name  string `json:"name"`
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
}

func (s *Store) macsOfPeople(all []NewPerson) []string {
	var out []string
	for _, p := range all { // the print of a telephone number would give it away
		out = append(out, p.Role+hex.EncodeToString(s.cfg.Keys.contactMac(NewContact{"person", p.Name + "\x00" + p.Phone + "\x00" + p.Email})))
	}
	return out
}

// macOf finds a person by one of his addresses; nil for none.
func (k *Keys) macOf(kind, value string) []byte {
	if value == "" {
		return nil
	}
	return k.contactMac(NewContact{kind, value})
}

// addPeople seals people under the merchant's key and writes them with a line of
// history each, which names none of them.
func (b *book) addPeople(m *member, by By, all []NewPerson) error {
	if len(all) == 0 {
		return nil
	}
	keys, err := b.keysOf([]int64{m.merchantID})
	if err != nil {
		return err
	}
	var have int
	if err := b.tx.QueryRowContext(b.ctx, "select count(*) from member_people where member_id = $1 and ended_at is null", m.id).Scan(&have); err != nil {
		return err
	}
	if have+len(all) > mostPeople {
		return &workflow.Refusal{Code: "member_full"}
	}
	for _, p := range all {
		text, err := json.Marshal(personBox{p.Name, p.Phone, p.Email})
		if err != nil {
			return err
		}
		ref := newRef("p_", b.now)
		box := gcm(keys[m.merchantID]).Seal(nil, nil, text, []byte(ref))
		if _, err := b.tx.ExecContext(b.ctx, "insert into member_people (ref, member_id, role, box, phone_mac, email_mac, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
			ref, m.id, p.Role, box, b.s.cfg.Keys.macOf("phone", p.Phone), b.s.cfg.Keys.macOf("email", p.Email), b.s.stamp(b.now)); err != nil {
			return err
		}
		if err := b.record(m, by, "person_added", MemberNote{Changes: []register.Change{{Field: "person " + ref, After: p.Role}}}); err != nil {
			return err
		}
	}
	return nil
}

// AddPerson adds somebody to a membership that is not over. Refused with
// member_state when it is, with member_full when it has very many.
func (s *Store) AddPerson(ctx context.Context, q Once, by By, ref string, p NewPerson) error {
	q.Asked = []any{ref, s.macsOfPeople([]NewPerson{p}), by.Why}
	var done bool
	return s.writeOnce(ctx, q, &done, func(b *book) error {
		m, err := memberByRef(b.ctx, b.tx, ref)
		if err != nil {
			return err
		}
		if !m.State.Live() {
			return &workflow.Refusal{Code: "member_state"}
		}
		return b.addPeople(&m, by, []NewPerson{p})
	})
}

// EndPerson erases who somebody of a member was and ends his sessions.
// ErrNoMember when the membership has nobody of that id.
func (s *Store) EndPerson(ctx context.Context, q Once, by By, ref, person string) error {
	q.Asked = []any{ref, person, by.Why}
	var done bool
	return s.writeOnce(ctx, q, &done, func(b *book) error {
		m, err := memberByRef(b.ctx, b.tx, ref)
		if err != nil {
			return err
		}
		var id int64
		var role string
		err = b.tx.QueryRowContext(b.ctx, "select id, role from member_people where ref = $1 and member_id = $2 and ended_at is null", person, m.id).Scan(&id, &role)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoMember
		}
		if err != nil {
			return err
		}
		now := b.s.stamp(b.now)
		for _, text := range []string{"update member_people set box = null, phone_mac = null, email_mac = null, ended_at = $1 where id = $2",
			"update member_sessions set ended_at = $1, ended_by = 'person' where person_id = $2 and ended_at is null"} {
			if _, err := b.tx.ExecContext(b.ctx, text, now, id); err != nil {
				return err
			}
		}
		return b.record(&m, by, "person_ended", MemberNote{Changes: []register.Change{{Field: "person " + person, Before: role}}})
	})
}

// People reads who answers for a member, opened, oldest first.
func (s *Store) People(ctx context.Context, ref string) ([]MemberPerson, error) {
	return s.people(ctx, "g.ref = $1 order by p.id", ref)
}

func (s *Store) people(ctx context.Context, where string, args ...any) ([]MemberPerson, error) {
	rows, err := s.pool.QueryContext(ctx, `select p.id, p.ref, p.member_id, p.role, p.box, p.created_at, p.reached_at, k.kek, k.wrapped
		from member_people p join members g on g.id = p.member_id join merchant_keys k on k.merchant_id = g.merchant_id where p.ended_at is null and `+where, args...)
	if err != nil {
		return nil, err
	}
	out := []MemberPerson{}
	err = scan(rows, func() error {
		var p MemberPerson
		var box, wrapped []byte
		var kek string
		var created, reached instant
		if err := rows.Scan(&p.row, &p.ID, &p.memberID, &p.Role, &box, &created, &reached, &kek, &wrapped); err != nil {
			return err
		}
		key, err := s.unwrap(kek, wrapped)
		if err != nil {
			return err
		}
		text, err := gcm(key).Open(nil, nil, box, []byte(p.ID))
		if err != nil {
			return fmt.Errorf("person %s does not open: %w", p.ID, err)
		}
		var in personBox
		if err := json.Unmarshal(text, &in); err != nil {
			return err
		}
		p.Name, p.Phone, p.Email, p.Created = in.Name, in.Phone, in.Email, created.Time
		if !reached.IsZero() {
			p.Reached = &reached.Time
		}
		out = append(out, p)
		return nil
	})
	return out, err
}
