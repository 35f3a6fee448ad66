package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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

// AddUser makes a user and returns its token, which is shown once and kept only
// as a hash. It is for who holds the machine's own shell; others come by Enrol.
func (s *Store) AddUser(ctx context.Context, u User) (token string, err error) {
	return s.addUser(ctx, "cli", u, func(*sql.Tx, int64) error { return nil })
}

// addUser makes a user, and what belongs to him from the first day on.
func (s *Store) addUser(ctx context.Context, by string, u User, more func(tx *sql.Tx, id int64) error) (token string, err error) {
	token = newSecret()
	if u.mixed() {
		return "", ErrAlone
	}
	return token, s.inTx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "insert into users (name, roles, unit, town, token_hash, created_at) values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing returning id",
			u.Name, strings.Join(u.Roles, " "), u.Unit, u.Town, hashToken(token), s.stamp(s.cfg.Now())).Scan(&u.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: %q", ErrTaken, u.Name)
		}
		if err != nil {
			return err
		}
		if err := s.noteChange(ctx, tx, userChange{u.ID, by, "added", "", u.rights()}); err != nil {
			return err
		}
		return more(tx, u.ID)
	})
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
