// Package storetest opens fresh stores for tests, on both databases.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/migrations"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"
	"fangxin/workflow/rehearse"
)

// World is a store on a clock that moves when told.
type World struct {
	*store.Store
	T      testing.TB
	Cfg    store.Config
	now    atomic.Int64
	follow atomic.Pointer[func() time.Time] // a clock that runs; nil: it stands
	law    atomic.Pointer[workflow.Rules]
}

// Key is the tests' key: 32 bytes in base64.
const Key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// Each runs a test on SQLite and, where FANGXIN_TEST_POSTGRES names a server, on
// a fresh database of PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, w *World)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, Open(t, "")) })
	t.Run("postgres", func(t *testing.T) { test(t, Open(t, migrated(t))) })
}

// Postgres makes an empty database and returns its URL; the test is skipped
// where there is no server.
func Postgres(t testing.TB) string {
	t.Helper()
	return database(t, server(t), "")
}

// migrated makes a database with the schema of this binary: a copy of one that is
// migrated once for a server, because tests by the hundred would each do it anew.
func migrated(t testing.TB) string {
	t.Helper()
	return database(t, server(t), " template "+pattern(t, server(t)))
}

func server(t testing.TB) string {
	t.Helper()
	url := os.Getenv("FANGXIN_TEST_POSTGRES")
	if url == "" {
		t.Skip("FANGXIN_TEST_POSTGRES is not set: make test starts a server")
	}
	return url
}

var patterns sync.Mutex

// pattern is the database that others are copies of. Other processes make it too:
// it has its name only when it is whole.
func pattern(t testing.TB, server string) string {
	t.Helper()
	patterns.Lock()
	defer patterns.Unlock()
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	name, there := "pattern_"+migrations.Print("postgres"), false
	if err := admin.QueryRow("select exists (select from pg_database where datname = $1)", name).Scan(&there); err != nil {
		t.Fatal(err)
	}
	if there {
		return name
	}
	draft := fmt.Sprintf("draft%d", rand.Uint64())
	if _, err = admin.Exec("create database " + draft); err == nil {
		err = migrate(at(t, server, draft), t.TempDir())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec("alter database " + draft + " rename to " + name); err != nil { // another process was faster
		_, _ = admin.Exec("drop database " + draft)
	}
	return name
}

func migrate(dsn, data string) error {
	s, err := store.Connect(context.Background(), store.Config{URL: dsn, Data: data})
	if err != nil {
		return err
	}
	_, err = s.Migrate(context.Background())
	return errors.Join(err, s.Close())
}

func database(t testing.TB, server, like string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", rand.Uint64())
	admin, err := sql.Open("pgx", server)
	if err == nil {
		_, err = admin.Exec("create database " + name + like)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec("drop database " + name + " with (force)")
		_ = admin.Close()
	})
	return at(t, server, name)
}

func at(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// New opens a world on SQLite only.
func New(t testing.TB) *World { return Open(t, "") }

// Open opens a world on a database of PostgreSQL, or on SQLite where dsn is "".
func Open(t testing.TB, dsn string) *World {
	t.Helper()
	keys, err := store.ParseKeys(Key)
	if err != nil {
		t.Fatal(err)
	}
	w := &World{T: t}
	w.Set(time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC))
	w.law.Store(&workflow.Rules{Rules: policy.Default()})
	w.Cfg = store.Config{URL: dsn, Data: t.TempDir(), Node: fmt.Sprintf("node%d", rand.Uint32()), Keys: keys, Now: w.Now, Migrate: true,
		Rules: func() workflow.Rules { return *w.law.Load() }}
	w.Reopen()
	t.Cleanup(func() { _ = w.Store.Close() })
	return w
}

// Reopen opens the store again; the caller has closed it, or never will.
func (w *World) Reopen() {
	w.T.Helper()
	s, err := store.Open(context.Background(), w.Cfg)
	if err != nil {
		w.T.Fatal(err)
	}
	w.Store = s
}

// Now is the clock.
func (w *World) Now() time.Time {
	if follow := w.follow.Load(); follow != nil {
		return (*follow)().UTC().Truncate(time.Microsecond)
	}
	return time.UnixMicro(w.now.Load()).UTC()
}

// Set moves the clock; it stands.
func (w *World) Set(t time.Time) {
	w.follow.Store(nil)
	w.now.Store(t.UnixMicro())
}

// Follow makes the clock one that runs.
func (w *World) Follow(now func() time.Time) { w.follow.Store(&now) }

// Advance moves the clock on.
func (w *World) Advance(d time.Duration) { w.now.Add(d.Microseconds()) }

// Rules changes the law.
func (w *World) Rules(r workflow.Rules) { w.law.Store(&r) }

// County puts a county's file in force that differs from the embedded one: pairs
// of what stands there first and what shall.
func (w *World) County(pairs ...string) {
	w.T.Helper()
	text := string(policy.HuantaiFile())
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			w.T.Fatalf("%q is not in the county's file", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	r, err := policy.Load("county.yaml", []byte(text))
	if err != nil {
		w.T.Fatal(err)
	}
	w.Rules(workflow.Rules{Rules: r})
}

// Law is the law in force.
func (w *World) Law() workflow.Rules { return *w.law.Load() }

// Filing is a command that files a complaint with the authority.
func (w *World) Filing() workflow.Command { return w.Compose("", "file_with_authority") }

// Compose makes a lawful command for an event of a case.
func (w *World) Compose(number, event string) workflow.Command {
	w.T.Helper()
	c := workflow.New(workflow.Complaint, 0, "")
	if number != "" {
		v, err := w.Case(context.Background(), number)
		if err != nil {
			w.T.Fatal(err)
		}
		c = v.Case
	}
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		if row.Event != event {
			continue
		}
		for _, s := range row.FromStates() {
			if s == c.State {
				return rehearse.Compose(c, row, w.Law(), w.Now())
			}
		}
		if len(row.From) == 0 && c.Version == 0 {
			return rehearse.Compose(c, row, w.Law(), w.Now())
		}
	}
	w.T.Fatalf("no row for %s in %s", event, c.State)
	return workflow.Command{}
}

// File files a case and returns its number.
func (w *World) File() string {
	w.T.Helper()
	a, err := w.Execute(context.Background(), store.Request{Command: w.Filing()})
	if err != nil {
		w.T.Fatal(err)
	}
	return a.Number
}

// Do takes events one after the other.
func (w *World) Do(number string, events ...string) {
	w.T.Helper()
	for _, e := range events {
		if _, err := w.Execute(context.Background(), store.Request{Case: number, Command: w.Compose(number, e)}); err != nil {
			w.T.Fatalf("%s: %v", e, err)
		}
	}
}

// Count counts rows.
func (w *World) Count(query string, args ...any) int {
	w.T.Helper()
	var n int
	if err := w.Pool().QueryRow(query, args...).Scan(&n); err != nil {
		w.T.Fatalf("%s: %v", query, err)
	}
	return n
}

// Run executes SQL behind the store's back: what tampering does.
func (w *World) Run(query string, args ...any) {
	w.T.Helper()
	if _, err := w.Pool().Exec(query, args...); err != nil {
		w.T.Fatalf("%s: %v", query, err)
	}
}
