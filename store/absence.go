package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow/calendar"
)

// Absence is a time in which an officer's deputy does his work. The log always
// keeps who really acted.
type Absence struct {
	ID           int64
	Name, Deputy string
	From, To     time.Time // from this instant until before that one
	Ended        time.Time // came back early; zero otherwise
	By           string    // who said so, when it is said; empty: himself
}

var (
	// ErrOverlap says that the officer is absent then already.
	ErrOverlap = errors.New("absent then already")
	// ErrCircular says that the deputies would stand for one another.
	ErrCircular = errors.New("the deputies would stand for one another")
	// ErrNoDeputy says that there is no such active user.
	ErrNoDeputy = errors.New("no such deputy")
)

const absencesTurn = 0x616273

func (a Absence) meets(b Absence) bool { return a.From.Before(b.To) && b.From.Before(a.To) }

// SayAbsent records an absence, once for a key: ErrOverlap, ErrCircular or
// ErrNoDeputy when it cannot be.
func (s *Store) SayAbsent(ctx context.Context, q Once, a Absence) (Absence, error) {
	_, err := s.once(ctx, q, &a, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, absencesTurn); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "select count(*) from users where name = $1 and disabled_at is null", a.Deputy).Scan(&n); err != nil {
			return err
		}
		if n == 0 || a.Deputy == a.Name {
			return ErrNoDeputy
		}
		all, err := s.absences(ctx, tx, "where ended_at is null and to_at > $1", s.stamp(a.From))
		if err != nil {
			return err
		}
		if err := fits(a, all); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "insert into absences (name, deputy, from_at, to_at, created_at) values ($1, $2, $3, $4, $5) returning id",
			a.Name, a.Deputy, s.stamp(a.From), s.stamp(a.To), s.stamp(now)).Scan(&a.ID); err != nil {
			return err
		}
		return s.noteOn(ctx, tx, a.Name, userChange{by: cmp.Or(a.By, a.Name), what: "absence", behind: a.words()})
	})
	return a, err
}

// words are an absence in one line for the list of changes: days of China, both
// included.
func (a Absence) words() string {
	return fmt.Sprintf("%s %s %s", calendar.On(a.From), calendar.On(a.To.Add(-1)), a.Deputy)
}

// fits says whether a new absence may stand beside the others: nobody is absent
// twice, and no chain of deputies comes back to its beginning while it lasts.
func fits(a Absence, others []Absence) error {
	for _, b := range others {
		if b.Name == a.Name && b.meets(a) {
			return ErrOverlap
		}
	}
	type step struct {
		name string
		span Absence
	}
	for next := []step{{a.Deputy, a}}; len(next) > 0; next = next[1:] {
		for _, b := range others {
			if b.Name != next[0].name || !b.meets(next[0].span) {
				continue
			}
			if b.Deputy == a.Name {
				return ErrCircular
			}
			span := next[0].span
			if b.From.After(span.From) {
				span.From = b.From
			}
			if b.To.Before(span.To) {
				span.To = b.To
			}
			next = append(next, step{b.Deputy, span})
		}
	}
	return nil
}

// Absences lists what is or will be, of everybody when name is empty.
func (s *Store) Absences(ctx context.Context, name string) ([]Absence, error) {
	return s.absences(ctx, s.pool, "where ended_at is null and to_at > $1 and ($2 = '' or name = $2) order by from_at, id", s.stamp(s.cfg.Now()), name)
}

// EndAbsence ends an absence of this officer now, of whomever when name is empty:
// ErrNoLink when there is none of that id. by is who says so.
func (s *Store) EndAbsence(ctx context.Context, q Once, by string, id int64, name string) error {
	_, err := s.once(ctx, q, &struct{}{}, func(tx *sql.Tx, now time.Time) error {
		var a Absence
		var from, to instant
		err := tx.QueryRowContext(ctx, "update absences set ended_at = $1 where id = $2 and ($3 = '' or name = $3) and ended_at is null returning name, deputy, from_at, to_at", s.stamp(now), id, name).
			Scan(&a.Name, &a.Deputy, &from, &to)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrNoLink
		}
		if err != nil {
			return err
		}
		a.From, a.To = from.Time, to.Time
		return s.noteOn(ctx, tx, a.Name, userChange{by: by, what: "back", before: a.words()})
	})
	return err
}

func (s *Store) absences(ctx context.Context, q queryer, tail string, args ...any) ([]Absence, error) {
	rows, err := q.QueryContext(ctx, "select id, name, deputy, from_at, to_at, ended_at from absences "+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []Absence
	err = scan(rows, func() error {
		var a Absence
		var from, to, ended instant
		err := rows.Scan(&a.ID, &a.Name, &a.Deputy, &from, &to, &ended)
		a.From, a.To, a.Ended = from.Time, to.Time, ended.Time
		out = append(out, a)
		return err
	})
	return out, err
}

// absentNow is who is absent at this instant.
func (s *Store) absentNow(ctx context.Context) (map[string]Absence, error) {
	all, err := s.absences(ctx, s.pool, "where ended_at is null and to_at > $1 and from_at <= $1", s.stamp(s.cfg.Now()))
	out := map[string]Absence{}
	for _, a := range all {
		out[a.Name] = a
	}
	return out, err
}
