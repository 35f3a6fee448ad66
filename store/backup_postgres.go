package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
)

// table is a table of an archive, with its columns in order.
type table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

func (t table) list() string { return t.Name + " (" + strings.Join(t.Columns, ", ") + ")" }

// snapshotPostgres copies every table with COPY in one repeatable read
// transaction: no other program, of no other version, is needed, and the keys
// come from the same instant as the rest.
func (s *Store) snapshotPostgres(ctx context.Context, use func(q queryer, write func(*archive) error) error) error {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer discard(conn) // ends the transaction, whatever state it is in
	if _, err := conn.ExecContext(ctx, "begin isolation level repeatable read read only"); err != nil {
		return err
	}
	return use(conn, func(a *archive) error {
		tables, err := tablesOf(ctx, conn)
		if err != nil {
			return err
		}
		if err := a.json("tables.json", tables); err != nil {
			return err
		}
		for _, t := range tables {
			if t.Name == "case_keys" || t.Name == "file_keys" {
				continue
			}
			chunks := &chunks{a: a, name: t.Name}
			if err := copyOut(ctx, conn, t, chunks); err != nil {
				return fmt.Errorf("backup: table %s: %w", t.Name, err)
			}
		}
		files, err := archived(ctx, conn)
		if err != nil {
			return err
		}
		return s.filesTo(ctx, a, files)
	})
}

// tablesOf lists the tables of the schema and their columns, without the
// migrations' own.
func tablesOf(ctx context.Context, q queryer) ([]table, error) {
	rows, err := q.QueryContext(ctx, `select c.relname, string_agg(a.attname, ' ' order by a.attnum) from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		and c.relname not like 'goose%' group by c.relname order by c.relname`)
	if err != nil {
		return nil, err
	}
	var out []table
	err = scan(rows, func() error {
		var t table
		var columns string
		if err := rows.Scan(&t.Name, &columns); err != nil {
			return err
		}
		t.Columns = strings.Fields(columns)
		out = append(out, t)
		return nil
	})
	return out, err
}

func copyOut(ctx context.Context, conn *sql.Conn, t table, to *chunks) error {
	err := conn.Raw(func(c any) error {
		_, err := c.(*stdlib.Conn).Conn().PgConn().CopyTo(ctx, to, "copy "+t.list()+" to stdout")
		return err
	})
	if err != nil {
		return err
	}
	return to.flush(true)
}

// chunks cuts what COPY says into entries of some megabytes that end with a row,
// since an entry of an archive must say its size first.
type chunks struct {
	a    *archive
	name string
	n    int
	kept []byte
}

const chunkSize = 4 << 20

func (c *chunks) Write(p []byte) (int, error) {
	c.kept = append(c.kept, p...)
	if len(c.kept) < chunkSize {
		return len(p), nil
	}
	return len(p), c.flush(false)
}

func (c *chunks) flush(all bool) error {
	end := len(c.kept)
	if !all {
		end = bytes.LastIndexByte(c.kept, '\n') + 1
	}
	if end == 0 {
		return nil
	}
	c.n++
	if err := c.a.bytes(fmt.Sprintf("copy/%s/%06d", c.name, c.n), c.kept[:end]); err != nil {
		return err
	}
	c.kept = append(c.kept[:0], c.kept[end:]...)
	return nil
}

// copyIn reads one such entry back.
func copyIn(ctx context.Context, conn *sql.Conn, t table, from io.Reader) error {
	return conn.Raw(func(c any) error {
		_, err := c.(*stdlib.Conn).Conn().PgConn().CopyFrom(ctx, from, "copy "+t.list()+" from stdin")
		return err
	})
}
