package store

import (
	"archive/tar"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fangxin/migrations"
)

// lite restores beside the place and moves the file there when all is done, so
// that a restore that ends in the middle leaves nothing that could be started.
func (out *Restored) lite(ctx context.Context, cfg Config, a *tar.Reader, source io.Reader, opt RestoreOptions) error {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return err
	}
	release, err := migrations.Hold(filepath.Join(cfg.Data, "backup.lock"))
	if err != nil {
		return err
	}
	defer release()
	target := filepath.Join(cfg.Data, "fangxin.db")
	for _, end := range []string{"", "-wal"} {
		if _, err := os.Stat(target + end); !errors.Is(err, os.ErrNotExist) {
			return errors.Join(ErrNotEmpty, err)
		}
	}
	work := filepath.Join(cfg.Data, "restore.tmp")
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := writeEntry(a, "database.sqlite", filepath.Join(work, "fangxin.db")); err != nil {
		return err
	}
	if err := takeFiles(out.folder, a); err != nil {
		return err
	}
	if err := drain(a, source); err != nil {
		return err
	}
	cfg.Data, cfg.Files = work, out.folder
	s, err := Connect(ctx, cfg)
	if err != nil {
		return err
	}
	err = intact(ctx, s.pool)
	if err == nil {
		_, err = s.Migrate(ctx)
	}
	if err == nil {
		err = out.settleLite(ctx, s, opt)
	}
	if err == nil {
		err = s.Scrub(ctx)
	}
	if err := errors.Join(err, s.pool.Close()); err != nil {
		return err
	}
	return moveIn(filepath.Join(work, "fangxin.db"), target)
}

// settleLite settles in one transaction: for speed, since nobody sees the file
// before it is done.
func (out *Restored) settleLite(ctx context.Context, s *Store, opt RestoreOptions) error {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := out.settle(ctx, s, tx, opt); err != nil {
		return err
	}
	return tx.Commit()
}

func writeEntry(a *tar.Reader, name, path string) error {
	h, err := a.Next()
	if err == nil && h.Name != name {
		err = fmt.Errorf("%s where %s is expected", h.Name, name)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, a)
	return errors.Join(err, f.Sync(), f.Close())
}

// moveIn puts a finished file into its place, durably and over nothing.
func moveIn(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// postgres restores into an empty database: the rows under the backup's schema in
// one transaction, then this version's schema, then the rest in another. Until
// that is done the database says that it is not, and nothing starts on it.
func (out *Restored) postgres(ctx context.Context, cfg Config, a *tar.Reader, source io.Reader, opt RestoreOptions) error {
	s, err := Connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = s.pool.Close() }()
	if err := s.vacant(ctx, out.Schema); err != nil {
		return err
	}
	if err := migrations.To(ctx, s.pool, s.dialect, out.Schema); err != nil {
		return err
	}
	err = s.within(ctx, func(conn *sql.Conn) error {
		if err := fill(ctx, conn, a, out.folder); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		if _, err := io.Copy(io.Discard, source); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		now := s.stamp(s.cfg.Now())
		_, err := conn.ExecContext(ctx, "insert into restores (id, at, taken_at, height, keys_missing) values ($1, $2, $2, 0, 0)", unfinished, now)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := s.Migrate(ctx); err != nil {
		return err
	}
	return s.within(ctx, func(conn *sql.Conn) error {
		if err := out.settle(ctx, s, conn, opt); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "delete from restores where id = $1", unfinished)
		return err
	})
}

// unfinished is the record of a restore that has not come to its end.
const unfinished = "unfinished"

// ErrUnfinished says that a restore into this database broke off.
var ErrUnfinished = errors.New("a restore into this database did not finish: drop it, create it anew, and restore again")

// finished refuses a database in which a restore broke off.
func (s *Store) finished(ctx context.Context) error {
	var n int
	err := s.pool.QueryRowContext(ctx, "select count(*) from restores where id = $1", unfinished).Scan(&n)
	if err == nil && n > 0 {
		return ErrUnfinished
	}
	return err
}

// within runs one transaction on a connection of its own, which COPY needs.
func (s *Store) within(ctx context.Context, do func(conn *sql.Conn) error) error {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer discard(conn)
	if _, err := conn.ExecContext(ctx, "begin"); err != nil {
		return err
	}
	if err := do(conn); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "commit")
	return err
}

// vacant refuses a database in which anything was filed or numbered, and a
// schema that the backup's cannot be reached from.
func (s *Store) vacant(ctx context.Context, schema int64) error {
	var there bool
	if err := s.pool.QueryRowContext(ctx, "select to_regclass('restores') is not null").Scan(&there); err != nil {
		return err
	}
	if there {
		if err := s.finished(ctx); err != nil {
			return err
		}
	}
	if err := s.pool.QueryRowContext(ctx, "select to_regclass('cases') is not null").Scan(&there); err != nil || !there {
		return err
	}
	for _, table := range []string{"cases", "number_blocks", "users"} {
		var n int
		if err := s.pool.QueryRowContext(ctx, "select count(*) from (select 1 from "+table+" limit 1) x").Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return ErrNotEmpty
		}
	}
	var version int64
	if err := s.pool.QueryRowContext(ctx, "select coalesce(max(version_id), 0) from goose_db_version").Scan(&version); err != nil {
		return err
	}
	if version > schema {
		return fmt.Errorf("restore: the place has schema %d already, the backup %d: take a database without tables", version, schema)
	}
	return nil
}

// fill copies every table in, as the archive names them, and sets the counters.
func fill(ctx context.Context, conn *sql.Conn, a *tar.Reader, folder string) error {
	var tables []table
	if err := nextJSON(a, "tables.json", &tables); err != nil {
		return err
	}
	byName := map[string]table{}
	here, err := tablesOf(ctx, conn)
	if err != nil {
		return err
	}
	known := map[string]string{}
	for _, t := range here {
		known[t.Name] = t.list()
		if _, err := conn.ExecContext(ctx, "truncate "+t.Name); err != nil {
			return err
		}
	}
	for _, t := range tables { // names go into SQL: only those that this schema has
		if known[t.Name] != t.list() {
			return fmt.Errorf("table %s of the backup is not as its schema says", t.Name)
		}
		byName[t.Name] = t
	}
	for {
		h, err := a.Next()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if h.Name == endEntry {
			return resetCounters(ctx, conn)
		}
		if ours, err := takeFile(folder, h, a); err != nil {
			return err
		} else if ours {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(h.Name, "copy/"), "/")
		t, ok := byName[name]
		if !ok {
			return fmt.Errorf("%s is not expected", h.Name)
		}
		if err := copyIn(ctx, conn, t, a); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
}

// resetCounters lets the next row of every table with a counter follow its last.
func resetCounters(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, `select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and a.attidentity <> '' and c.relname not like 'goose%'`)
	if err != nil {
		return err
	}
	var all [][2]string
	err = scan(rows, func() error {
		var t, c string
		if err := rows.Scan(&t, &c); err != nil {
			return err
		}
		all = append(all, [2]string{t, c})
		return nil
	})
	if err != nil {
		return err
	}
	for _, x := range all {
		if _, err := conn.ExecContext(ctx, fmt.Sprintf("select setval(pg_get_serial_sequence('%[1]s', '%[2]s'), coalesce(max(%[2]s), 0) + 1, false) from %[1]s", x[0], x[1])); err != nil {
			return err
		}
	}
	return nil
}
