package main

import (
	"errors"
	"log/slog"
	"time"

	"fangxin/store"

	"github.com/jackc/pgx/v5/pgconn"
)

// How often a node that starts asks for a database that is not there yet.
const (
	awaitFirst = time.Second
	awaitMost  = 15 * time.Second
)

// await returns when the database server answers. Machines that start together
// start in any order: a node that is early waits, as long as it takes, and says
// so. What only a person can mend (a password, a name of a database) ends it.
func (g *Globals) await(log *slog.Logger) error {
	if g.DatabaseURL == "" {
		return nil
	}
	s, err := store.Connect(g.Context, store.Config{URL: g.DatabaseURL})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	for pause := awaitFirst; ; pause = min(2*pause, awaitMost) {
		_, err := s.ServerTime(g.Context)
		switch {
		case err == nil, g.Context.Err() != nil:
			return g.Context.Err()
		case !store.Away(err) || forPerson(err):
			return err
		}
		log.Warn("the database (FANGXIN_DATABASE_URL) is not there yet and will be asked again", "error", err, "in", pause.String())
		select {
		case <-g.Context.Done():
			return g.Context.Err()
		case <-time.After(pause):
		}
	}
}

// forPerson reports a refusal that time does not mend: access (class 28), or a
// database that does not exist.
func forPerson(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code[:2] == "28" || pg.Code == "3D000")
}
