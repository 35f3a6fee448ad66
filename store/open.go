package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fangxin/migrations"
	"fangxin/workflow"
	"fangxin/workflow/ledger"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // driver "sqlite"
)

// Config says where the memory is and what it needs.
type Config struct {
	URL   string                // postgres://…; empty: SQLite in Data
	Data  string                // folder for the SQLite file and the lock
	Node  string                // name of this process, unique among those that run
	Keys  *Keys                 // seals people
	Rules func() workflow.Rules // law in force, with the calendar as imported
	Now   func() time.Time      // the one clock
	Doubt func() error          // why that clock is not to be trusted now; nil: it always is
	// Signing signs receipts and checkpoints; nil: with a key made from Keys.
	Signing *Signing
	// Migrate applies missing migrations at opening: the embedded default. A
	// PostgreSQL schema is migrated by `fangxin migrate up`.
	Migrate bool
	// Files is the folder of files, the same for every node; empty: files in Data.
	// Uploads are what a file may be, zero for DefaultFileLimits. Scan looks for what
	// harms in a file before anybody gets it; nil: nobody looks.
	Files   string
	Uploads FileLimits
	Scan    Scan
}

// FileLimits are what a file may be.
func (s *Store) FileLimits() FileLimits { return s.cfg.Limits() }

// Limits are what a file may be.
func (c *Config) Limits() FileLimits {
	if c.Uploads.Count == 0 {
		return DefaultFileLimits()
	}
	return c.Uploads
}

// Store is one node's memory.
type Store struct {
	cfg     Config
	pool    *sql.DB
	db      *bun.DB
	dialect string
	common  int // see commonWord
	door    *door

	enforced enforcements
	told     tellCounts
	writer   sync.Mutex // see solo
	// published are the site's public keys as this node last read them.
	published atomic.Pointer[ledger.KeyList]
}

// ErrSchema says that the database has another schema than this binary needs.
var ErrSchema = errors.New("the database's schema is not this version's: run `fangxin migrate up`")

// Open connects, checks the schema and starts the committer.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := Connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.Start(ctx); err != nil {
		_ = s.pool.Close()
		return nil, err
	}
	return s, nil
}

// Start checks the schema of a connected store and starts the committer.
func (s *Store) Start(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	s.startDoor()
	return nil
}

// ServerTime is the database server's clock; zero embedded, where there is none
// but this machine's own.
func (s *Store) ServerTime(ctx context.Context) (t time.Time, err error) {
	if s.dialect == "postgres" {
		err = s.pool.QueryRowContext(ctx, "select clock_timestamp()").Scan(&t)
	}
	return t, err
}

// Doubt says why this node's clock is not to be trusted now, nil if it is.
// Meanwhile no sweep runs: a deadline may be enforced late, never early.
func (s *Store) Doubt() error {
	if s.cfg.Doubt == nil {
		return nil
	}
	return s.cfg.Doubt()
}

// Connect opens the database without the door: for migrating and reading.
func Connect(_ context.Context, cfg Config) (*Store, error) {
	s := &Store{cfg: cfg, dialect: "postgres", common: commonWord, enforced: enforcements{kind: map[string]Enforcement{}, late: map[string]*spread{}}}
	var err error
	switch {
	case cfg.URL == "":
		s.dialect = "sqlite"
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
		s.pool, err = sql.Open("sqlite", liteDSN(filepath.Join(cfg.Data, "fangxin.db")))
	case strings.HasPrefix(cfg.URL, "postgres://"), strings.HasPrefix(cfg.URL, "postgresql://"):
		s.pool, err = sql.Open("pgx", cfg.URL)
	default:
		return nil, errors.New("database URL: write postgres://user@host/name, or leave it empty for SQLite")
	}
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if s.dialect == "sqlite" {
		s.db = bun.NewDB(s.pool, sqlitedialect.New())
	} else {
		s.pool.SetMaxOpenConns(24)
		s.db = bun.NewDB(s.pool, pgdialect.New())
	}
	s.keepIdle()
	return s, nil
}

// dropIdle closes the connections that nobody uses: one that was opened while a
// server or file took no writes takes none for as long as it lives.
func (s *Store) dropIdle() {
	s.pool.SetMaxIdleConns(-1)
	s.keepIdle()
}

// keepIdle says how many connections are kept for reading: each of SQLite's has
// a cache of its own.
func (s *Store) keepIdle() {
	if s.dialect == "sqlite" {
		s.pool.SetMaxIdleConns(2)
		return
	}
	s.pool.SetMaxIdleConns(8)
}

// liteDSN names every setting that durability and the one writer rest on.
func liteDSN(file string) string {
	return "file:" + file + "?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)" +
		"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=cache_size(-65536)"
}

func (s *Store) ready(ctx context.Context) error {
	if s.cfg.Migrate {
		if _, err := s.Migrate(ctx); err != nil {
			return err
		}
	}
	steps, err := migrations.Status(ctx, s.pool, s.dialect)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	for _, step := range steps {
		if !step.Applied {
			return ErrSchema
		}
	}
	if len(steps) == 0 {
		return ErrSchema
	}
	if err := s.finished(ctx); err != nil {
		return err
	}
	if err := s.publishKeys(ctx); err != nil {
		return err
	}
	return s.closeOldBlocks(ctx)
}

// Migrate applies what is missing.
func (s *Store) Migrate(ctx context.Context) ([]migrations.Step, error) {
	return migrations.Up(ctx, s.pool, s.dialect, filepath.Join(s.cfg.Data, "migrate.lock"))
}

// Migrations lists the migrations and whether each is applied.
func (s *Store) Migrations(ctx context.Context) ([]migrations.Step, error) {
	return migrations.Status(ctx, s.pool, s.dialect)
}

// Close answers what is queued, gives the unused numbers back and disconnects.
func (s *Store) Close() error {
	if s.door != nil {
		s.door.close()
	}
	return s.pool.Close()
}

// Dialect is "postgres" or "sqlite"; Pool is for the auditor, who shares no
// code with this room.
func (s *Store) Dialect() string { return s.dialect }

// Pool hands out the connections for reading.
func (s *Store) Pool() *sql.DB { return s.pool }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.PingContext(ctx) }

// stamp is an instant as this database keeps it.
func (s *Store) stamp(t time.Time) any {
	if s.dialect == "sqlite" {
		return t.UnixMicro()
	}
	return t
}

// instant scans what stamp wrote.
type instant struct{ time.Time }

// Scan reads a timestamp or microseconds; NULL is the zero time.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		i.Time = time.Time{}
	case int64:
		i.Time = time.UnixMicro(v).UTC()
	case time.Time:
		i.Time = v.UTC()
	default:
		return fmt.Errorf("%T is no instant", v)
	}
	return nil
}
