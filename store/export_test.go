package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Dies reports whether rows of a table die with a person's key.
func Dies(table string) bool { return slices.Contains(dies, table) }

// Print is the fingerprint of a request.
func (k *Keys) Print(text string) [32]byte { return k.print([]byte(text)) }

// ScopeRows asks a user's rule of the database and returns the ids that it lets
// through, from board or from the cases themselves: whole, or taken apart.
func (s *Store) ScopeRows(u *User, table string, apart bool) ([]int64, error) {
	q := &selection{binds: binds{lite: s.dialect == "sqlite"}}
	rules := []rule{u.Scope().rule}
	if apart {
		rules = rules[0].arms()
	}
	var arms []string
	for _, r := range rules {
		arms = append(arms, r.where(&q.binds))
	}
	q.scope = "(" + strings.Join(append(arms, "1 = 0"), " or ") + ")"
	rows, err := s.pool.Query("select case_id from "+table+" where "+q.where()+" order by case_id", q.values...)
	if err != nil {
		return nil, err
	}
	var ids []int64
	err = scan(rows, func() error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// Watch opens the store's database once more, through a driver that notes every
// statement, and reads through it from now on.
func (s *Store) Watch(note func(query string)) {
	dsn := s.cfg.URL
	if dsn == "" {
		dsn = liteDSN(filepath.Join(s.cfg.Data, "fangxin.db"))
	}
	s.pool = sql.OpenDB(&watcher{s.pool.Driver(), dsn, note})
}

type watcher struct {
	of   driver.Driver
	dsn  string
	note func(string)
}

func (w *watcher) Connect(context.Context) (driver.Conn, error) {
	c, err := w.of.Open(w.dsn)
	return &watched{c, w.note}, err
}

func (w *watcher) Driver() driver.Driver { return w.of }

type watched struct {
	driver.Conn
	note func(string)
}

func (c *watched) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

// Common says from how many cases on a word counts as common.
func (s *Store) Common(cases int) { s.common = cases }

// CheapPasswords makes passwords cost little from now on, and returns what sets
// today's cost again.
func CheapPasswords() (restore func()) {
	was := passwordCost
	passwordCost = cost{memory: 64, time: 1, lanes: 1}
	return func() { passwordCost = was }
}

// NoPlaceToHash takes every place where passwords are hashed, and returns what
// gives them back.
func NoPlaceToHash() (restore func()) {
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	return func() {
		for range cap(hashing) {
			<-hashing
		}
	}
}

// CodeOf is what an authenticator shows at an instant.
func CodeOf(secret []byte, at time.Time) string { return codeAt(secret, at.Unix()/codeStep) }
