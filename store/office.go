package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// SetUserMail gives a user the mailbox in which he is told of what he owes; an
// empty one takes it away. It lies sealed. ErrNoUser when there is no such user.
func (s *Store) SetUserMail(ctx context.Context, by, name, mail string) error {
	kek := s.cfg.Keys.ids[0]
	return s.ofUser(ctx, name, true, userChange{by: by, what: "mail"}, func(tx *sql.Tx, id int64) error {
		query, args := "delete from user_mails where user_id = $1", []any{id}
		if mail != "" {
			query, args = `insert into user_mails (user_id, kek, wrapped) values ($1, $2, $3)
				on conflict (user_id) do update set kek = excluded.kek, wrapped = excluded.wrapped`, []any{id, kek, s.cfg.Keys.wrap[kek].Seal(nil, nil, []byte(mail), nil)}
		}
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// UserMail is the mailbox of a user; empty when he has none.
func (s *Store) UserMail(ctx context.Context, name string) (string, error) {
	_, mail, err := s.userMail(ctx, name)
	return mail, err
}

// userMail reads an active user's unit and mailbox: nothing of one who has left.
func (s *Store) userMail(ctx context.Context, name string) (unit, mail string, err error) {
	var kek sql.NullString
	var wrapped []byte
	err = s.pool.QueryRowContext(ctx, "select u.unit, m.kek, m.wrapped from users u left join user_mails m on m.user_id = u.id where u.name = $1 and u.disabled_at is null", name).Scan(&unit, &kek, &wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	if err != nil || wrapped == nil {
		return unit, "", err
	}
	text, err := s.unwrap(kek.String, wrapped)
	return unit, string(text), err
}

// OfficeAddresses are the ways to reach one of the authority's own, or another
// authority, in the order in which they are tried: his mailbox, his department's,
// the hub's. Departments are those of today, with the addresses of the county's
// file. Empty: nothing reaches him.
func (s *Store) OfficeAddresses(ctx context.Context, o *Owed) ([]Address, error) {
	var out []Address
	add := func(a Address) {
		for _, b := range out {
			if s.sameAddress(a, b) {
				return
			}
		}
		out = append(out, a)
	}
	role, name, named := strings.Cut(o.Recipient, ":")
	unit := name
	if named && role != "unit" && role != "unit_head" {
		var mail string
		var err error
		if unit, mail, err = s.userMail(ctx, name); err != nil {
			return nil, err
		}
		if mail != "" {
			add(Address{Email: mail, Own: true})
		}
	}
	rules := s.cfg.Rules()
	if !named {
		var err error
		if unit, err = s.unitOf(ctx, role, o.Number, rules); err != nil {
			return nil, err
		}
	}
	for _, code := range []string{unit, rules.County().Hub} {
		to := rules.Reached(code, calendar.On(s.cfg.Now()))
		office := "unit:" + to.Code
		if office == o.Recipient {
			office = ""
		}
		if to.Mail != "" {
			add(Address{Email: to.Mail, Own: true, Office: office})
		}
		if to.Phone != "" {
			add(Address{Phone: to.Phone, Own: true, Office: office})
		}
	}
	return out, nil
}

// unitOf is the department that a role stands for in a case; empty where none
// does, which is the hub's.
func (s *Store) unitOf(ctx context.Context, role, number string, rules workflow.Rules) (string, error) {
	fact := map[string]string{"mediator": "organisation", "other_authority": "receiver"}[role]
	if role == "court" {
		return rules.Court(), nil
	}
	if fact == "" {
		return "", nil
	}
	c, err := s.Case(ctx, number)
	if err != nil {
		return "", err
	}
	return c.Facts[fact], nil
}

// SettleUnreached ends a message about a clock that nothing could carry to an
// office. Of a step of escalation it is kept whom it did not reach. ErrNotHeld as
// Settle says it.
func (s *Store) SettleUnreached(ctx context.Context, o *Owed, code string) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	done, err := tx.ExecContext(ctx, "update outbox set state = 'void', error = $5, held = '' where case_id = $1 and no = $2 and topic = $3 and fence = $4 and state = 'owed'",
		o.CaseID, o.No, o.Topic, o.Fence, code)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotHeld)
	}
	kind, rest, _ := strings.Cut(o.Topic, ".")
	step, _, _ := strings.Cut(rest, ".")
	if kind == "escalation" {
		if _, err := tx.ExecContext(ctx, "update escalations set unreached = trim(unreached || ' ' || $4) where case_id = $1 and no = $2 and step = $3", o.CaseID, o.No, step, o.Recipient); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.told.unreached(kind)
	return nil
}
