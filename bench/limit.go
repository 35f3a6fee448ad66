package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// limit writes the rows of a filing by hand, in groups, with constants: the
// least that a durable filing of this shape can cost. On PostgreSQL one pipeline
// of pgx with an array for each column, on SQLite the driver's own statements.
type limit struct {
	queue  chan chan error
	stop   chan struct{}
	next   int64
	pool   *sql.DB
	conn   *sql.Conn
	lite   bool
	tables []table
	texts  []string
	kept   []driver.StmtExecContext
	arrays [][]any // the columns of a full group, by table
	begin  driver.StmtExecContext
	commit driver.StmtExecContext
}

const maxGroup = 256

func newLimit(pool *sql.DB, lite bool, tables []table) (*limit, error) {
	l := &limit{queue: make(chan chan error, 4*maxGroup), stop: make(chan struct{}), lite: lite, next: 1, pool: pool, tables: tables}
	var err error
	if l.conn, err = pool.Conn(ctx); err != nil {
		return nil, err
	}
	if lite {
		err = l.conn.Raw(func(c any) error { return l.prepare(c.(driver.ConnPrepareContext)) })
	} else {
		l.layOut()
		_, err = l.conn.ExecContext(ctx, "set plan_cache_mode = force_generic_plan; set jit = off")
	}
	go l.run()
	return l, err
}

func (l *limit) prepare(c driver.ConnPrepareContext) error {
	make := func(text string) (driver.StmtExecContext, error) {
		st, err := c.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		return st.(driver.StmtExecContext), nil
	}
	var err error
	if l.begin, err = make("begin immediate"); err != nil {
		return err
	}
	if l.commit, err = make("commit"); err != nil {
		return err
	}
	for _, t := range l.tables {
		st, err := make("insert into " + t.name + " (" + strings.Join(t.columns, ", ") + ") values (?" + strings.Repeat(", ?", len(t.columns)-1) + ")")
		if err != nil {
			return err
		}
		l.kept = append(l.kept, st)
	}
	return nil
}

// layOut makes the statements and the columns that never change.
func (l *limit) layOut() {
	for i := range l.tables {
		t := &l.tables[i]
		var list []string
		var columns []any
		for c, kind := range t.kinds {
			if kind == "int4" { // the column's own cast makes it small, as the door leaves it to do
				kind = "int8"
			}
			list = append(list, fmt.Sprintf("$%d::%s[]", c+1, kind))
			columns = append(columns, t.column(c, 1, maxGroup))
		}
		l.texts = append(l.texts, "insert into "+t.name+" ("+strings.Join(t.columns, ", ")+") select * from unnest("+strings.Join(list, ", ")+")")
		l.arrays = append(l.arrays, columns)
	}
}

// column is one column of a group's rows: filings from first, n of them.
func (t *table) column(c int, first int64, n int) any {
	switch t.kinds[c] {
	case "int8", "int4":
		return column(t, c, first, n, func(v any) int64 { return v.(int64) })
	case "bytea":
		return column(t, c, first, n, func(v any) []byte { b, _ := v.([]byte); return b })
	case "timestamptz":
		return column(t, c, first, n, func(v any) *time.Time {
			if v == nil {
				return nil
			}
			at := instant(v)
			return &at
		})
	case "bool":
		return column(t, c, first, n, func(v any) bool { return v.(bool) })
	}
	return column(t, c, first, n, func(v any) string { s, _ := v.(string); return s })
}

func column[T any](t *table, c int, first int64, n int, as func(any) T) []T {
	out := make([]T, 0, n*len(t.rows))
	for k := range n {
		for _, row := range t.rows {
			out = append(out, as(t.fresh(c, row[c], first+int64(k))))
		}
	}
	return out
}

func cut(columns any, n int) any {
	switch v := columns.(type) {
	case []int64:
		return v[:n]
	case []string:
		return v[:n]
	case [][]byte:
		return v[:n]
	case []*time.Time:
		return v[:n]
	case []bool:
		return v[:n]
	}
	panic("a column of a kind that the limit does not know")
}

func (l *limit) close() { close(l.stop) }

func (l *limit) file() error {
	done := make(chan error, 1)
	l.queue <- done
	return <-done
}

func (l *limit) run() {
	for {
		var group []chan error
		select {
		case first := <-l.queue:
			group = append(group, first)
		case <-l.stop:
			return
		}
	more:
		for len(group) < maxGroup {
			select {
			case next := <-l.queue:
				group = append(group, next)
			default:
				break more
			}
		}
		write := l.write
		if l.lite {
			write = l.writeLite
		}
		err := write(len(group))
		for _, done := range group {
			done <- err
		}
	}
}

func (l *limit) write(n int) error {
	b := &pgx.Batch{}
	b.Queue("begin")
	for i := range l.tables {
		t := &l.tables[i]
		columns := make([]any, len(t.columns))
		for c := range columns {
			if t.varies(c) {
				columns[c] = t.column(c, l.next, n)
			} else {
				columns[c] = cut(l.arrays[i][c], n*len(t.rows))
			}
		}
		b.Queue(l.texts[i], columns...)
	}
	b.Queue("commit")
	l.next += int64(n)
	return l.conn.Raw(func(c any) error { return c.(*stdlib.Conn).Conn().SendBatch(context.Background(), b).Close() })
}

func (l *limit) writeLite(n int) error {
	return l.conn.Raw(func(any) error {
		if _, err := l.begin.ExecContext(ctx, nil); err != nil {
			return err
		}
		args := make([]driver.NamedValue, 0, 32)
		for i := range l.tables {
			t := &l.tables[i]
			for k := range int64(n) {
				for _, row := range t.rows {
					args = args[:0]
					for c := range row {
						args = append(args, driver.NamedValue{Ordinal: c + 1, Value: t.fresh(c, row[c], l.next+k)})
					}
					if _, err := l.kept[i].ExecContext(ctx, args); err != nil {
						return fmt.Errorf("%s: %w", t.name, err)
					}
				}
			}
		}
		l.next += int64(n)
		_, err := l.commit.ExecContext(ctx, nil)
		return err
	})
}

// models files by bun, a transaction for each filing and an insert for each row,
// as a service is usually written.
func models(pool *sql.DB, lite bool, tables []table, number func() int64) func() error {
	db := bun.NewDB(pool, pgdialect.New())
	if lite {
		db = bun.NewDB(pool, sqlitedialect.New())
		pool.SetMaxOpenConns(1)
	} else {
		pool.SetMaxOpenConns(24)
		pool.SetMaxIdleConns(24)
	}
	return func() error {
		id := number()
		return db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			for i := range tables {
				t := &tables[i]
				for _, row := range t.rows {
					model := make(map[string]any, len(row))
					for c, name := range t.columns {
						model[name] = t.fresh(c, row[c], id)
					}
					if _, err := tx.NewInsert().Model(&model).TableExpr(t.name).Exec(ctx); err != nil {
						return fmt.Errorf("%s: %w", t.name, err)
					}
				}
			}
			return nil
		})
	}
}
