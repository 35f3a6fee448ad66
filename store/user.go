package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// User is an officer or another person of the authority with an API token. An
// empty Unit or Town means all of them.
type User struct {
	ID         int64
	Name       string
	Roles      []string // of UserRoles
	Unit, Town string
	Created    time.Time
	Disabled   time.Time // zero while active
	For        []User    // absent colleagues whose deputy he is now
}

// ErrNoUser is the one answer for a token that is unknown or disabled.
var ErrNoUser = errors.New("no such user")

// UserRoles are the roles that a user may have. An auditor reads what there is and
// writes nothing; an operator keeps the machine and its users, and sees no case.
var UserRoles = []string{"officer", "hub", "unit", "town", "supervisor", "coordinator", "mediator", "court", "superior", "other_authority", "auditor", "operator"}

// ErrAlone says that an auditor was to have another role: he would write.
var ErrAlone = errors.New("an auditor has no other role")

// AddUser makes a user and returns its token, which is shown once and kept only
// as a hash.
func (s *Store) AddUser(ctx context.Context, u User) (token string, err error) {
	token = newSecret()
	if slices.Contains(u.Roles, "auditor") && len(u.Roles) > 1 {
		return "", ErrAlone
	}
	res, err := s.pool.ExecContext(ctx, "insert into users (name, roles, unit, town, token_hash, created_at) values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing",
		u.Name, strings.Join(u.Roles, " "), u.Unit, u.Town, hashToken(token), s.stamp(s.cfg.Now()))
	if err := one(res, err, fmt.Errorf("there is a user %q already", u.Name)); err != nil {
		return "", err
	}
	return token, nil
}

// Users lists everybody, by name.
func (s *Store) Users(ctx context.Context) ([]User, error) { return s.users(ctx, "order by name") }

func (s *Store) users(ctx context.Context, tail string, args ...any) ([]User, error) {
	rows, err := s.pool.QueryContext(ctx, "select id, name, roles, unit, town, created_at, disabled_at from users "+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []User
	err = scan(rows, func() error {
		var u User
		var roles string
		var created, disabled instant
		if err := rows.Scan(&u.ID, &u.Name, &roles, &u.Unit, &u.Town, &created, &disabled); err != nil {
			return err
		}
		u.Roles, u.Created, u.Disabled = strings.Fields(roles), created.Time, disabled.Time
		out = append(out, u)
		return nil
	})
	return out, err
}

// DisableUser ends a user's sessions and tokens: both are asked for the user at
// every request.
func (s *Store) DisableUser(ctx context.Context, name string) error {
	res, err := s.pool.ExecContext(ctx, "update users set disabled_at = $1 where name = $2 and disabled_at is null", s.stamp(s.cfg.Now()), name)
	return one(res, err, fmt.Errorf("%w: %q, or disabled already", ErrNoUser, name))
}
