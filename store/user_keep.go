package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrChanged says that a user is not any more what somebody saw who changes him.
var ErrChanged = errors.New("the user was changed meanwhile")

// UserChange is a line of what was changed about a user. What is added, roles,
// unit, town, disabled, enabled, sessions, password_link, password, code_on,
// code_off, mail, absence, back or subject; Was and Now are empty where that
// would tell a secret.
type UserChange struct {
	At             time.Time
	By             string // a user's name, or cli: the machine's own shell
	What, Was, Now string
}

// Enrol makes a user who signs in at the pages and returns the link with which he
// sets his password, shown once. He has no API token until he makes one.
func (s *Store) Enrol(ctx context.Context, by string, u User) (link string, until time.Time, err error) {
	link = newSecret()
	_, err = s.addUser(ctx, by, u, func(tx *sql.Tx, id int64) error { return s.putLink(ctx, tx, by, id, link) })
	return link, s.cfg.Now().Add(PasswordTerm), err
}

// UserNamed is a user by his name, one who has left too: ErrNoUser for nobody.
func (s *Store) UserNamed(ctx context.Context, name string) (User, error) {
	return s.anyUser(ctx, "where name = $1", name)
}

// UserNumbered is UserNamed by the number of his row: ErrNoLink for nobody.
func (s *Store) UserNumbered(ctx context.Context, id int64) (User, error) {
	u, err := s.anyUser(ctx, "where id = $1", id)
	if errors.Is(err, ErrNoUser) {
		err = ErrNoLink
	}
	return u, err
}

func (s *Store) anyUser(ctx context.Context, where string, arg any) (User, error) {
	all, err := s.users(ctx, where, arg)
	if err == nil && len(all) != 1 {
		err = ErrNoUser
	}
	if err != nil {
		return User{}, err
	}
	return all[0], nil
}

// WaysIn is what a user can come in by.
type WaysIn struct {
	Password, Code bool
	Tokens         int // that he made himself and that work
}

// WaysIn looks what a user can come in by.
func (s *Store) WaysIn(ctx context.Context, userID int64) (WaysIn, error) {
	var w WaysIn
	var password, code int
	err := s.pool.QueryRowContext(ctx, `select (select count(*) from user_logins where user_id = $1 and password <> ''), (select count(*) from user_logins where user_id = $1 and totp is not null),
		(select count(*) from user_tokens where user_id = $1 and ended_at is null and expires_at > $2)`, userID, s.stamp(s.cfg.Now())).Scan(&password, &code, &w.Tokens)
	w.Password, w.Code = password > 0, code > 0
	return w, err
}

// ChangeUser gives a user other roles, unit or town, which hold at his next
// request. was is the user as who changes him has seen him: ErrChanged when he is
// that no more.
func (s *Store) ChangeUser(ctx context.Context, by string, was, now User) error {
	if now.mixed() {
		return ErrAlone
	}
	roles := strings.Join(was.Roles, " ")
	return s.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "update users set roles = $1, unit = $2, town = $3 where id = $4 and roles = $5 and unit = $6 and town = $7",
			strings.Join(now.Roles, " "), now.Unit, now.Town, was.ID, roles, was.Unit, was.Town)
		if err := one(res, err, ErrChanged); err != nil {
			return err
		}
		for _, c := range []userChange{{was.ID, by, "roles", strings.Join(was.Roles, ","), strings.Join(now.Roles, ",")}, {was.ID, by, "unit", was.Unit, now.Unit}, {was.ID, by, "town", was.Town, now.Town}} {
			if c.before == c.behind {
				continue
			}
			if err := s.noteChange(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// DisableUser keeps a user out: his sessions, links and tokens end at once and for
// good, so that nothing of it works again when he comes back.
func (s *Store) DisableUser(ctx context.Context, by, name string) error {
	return s.ofUser(ctx, name, true, userChange{by: by, what: "disabled"}, func(tx *sql.Tx, id int64) error {
		now := s.stamp(s.cfg.Now())
		if err := errors.Join(s.endSessions(ctx, tx, id, by), s.endLinks(ctx, tx, id)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "update user_tokens set ended_at = $1 where user_id = $2 and ended_at is null", now, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "update users set disabled_at = $1, token_hash = $2 where id = $3", now, hashToken(newSecret()), id)
		return err
	})
}

// EnableUser lets a user sign in again, with the password that he had.
func (s *Store) EnableUser(ctx context.Context, by, name string) error {
	return s.ofUser(ctx, name, false, userChange{by: by, what: "enabled"}, func(tx *sql.Tx, id int64) error {
		_, err := tx.ExecContext(ctx, "update users set disabled_at = null where id = $1", id)
		return err
	})
}

// EndSessionsOf signs a user out wherever he is signed in.
func (s *Store) EndSessionsOf(ctx context.Context, by, name string) error {
	return s.ofUser(ctx, name, true, userChange{by: by, what: "sessions"}, func(tx *sql.Tx, id int64) error { return s.endSessions(ctx, tx, id, by) })
}

// ofUser changes a user who is active, or is not: ErrNoUser when there is none such.
func (s *Store) ofUser(ctx context.Context, name string, active bool, c userChange, do func(tx *sql.Tx, id int64) error) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		query := "select id from users where name = $1 and (disabled_at is null) = $2"
		if s.dialect == "postgres" {
			query += " for update"
		}
		err := tx.QueryRowContext(ctx, query, name, active).Scan(&c.user)
		if errors.Is(err, sql.ErrNoRows) {
			err = fmt.Errorf("%w: %q, or it is so already", ErrNoUser, name)
		}
		if err != nil {
			return err
		}
		if err := do(tx, c.user); err != nil {
			return err
		}
		return s.noteChange(ctx, tx, c)
	})
}

// UserChanges lists what was changed about a user, the last first; at most n.
func (s *Store) UserChanges(ctx context.Context, userID int64, n int) ([]UserChange, error) {
	rows, err := s.pool.QueryContext(ctx, "select at, actor, what, was, now from user_changes where user_id = $1 order by id desc limit $2", userID, n)
	if err != nil {
		return nil, err
	}
	var out []UserChange
	err = scan(rows, func() error {
		var c UserChange
		var at instant
		err := rows.Scan(&at, &c.By, &c.What, &c.Was, &c.Now)
		c.At = at.Time
		out = append(out, c)
		return err
	})
	return out, err
}

// noteOn writes down a change about a user who is known by his name.
func (s *Store) noteOn(ctx context.Context, tx *sql.Tx, name string, c userChange) error {
	if err := tx.QueryRowContext(ctx, "select id from users where name = $1", name).Scan(&c.user); err != nil {
		return err
	}
	return s.noteChange(ctx, tx, c)
}
