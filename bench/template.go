package main

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/migrations"

	"github.com/google/uuid"
)

// table is what one filing writes into one table: rows as they were really
// written, so that the limit writes the same ones, of the same sizes.
type table struct {
	name    string
	columns []string
	kinds   []string // PostgreSQL's types
	rows    [][]any
}

// template reads the rows of the only case in a database.
func template(pool *sql.DB, dialect string, caseID int64) ([]table, error) {
	all, err := tables(pool, dialect)
	if err != nil {
		return nil, err
	}
	var out []table
	for _, t := range all {
		where := ""
		switch {
		case t.name == "cases":
			where = fmt.Sprintf(" where id = %d", caseID)
		case slices.Contains(t.columns, "case_id"):
			where = fmt.Sprintf(" where case_id = %d", caseID)
		case t.name != "idempotency":
			continue
		}
		if err := t.read(pool, where); err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		if len(t.rows) > 0 {
			out = append(out, t)
		}
	}
	return out, nil
}

func tables(pool *sql.DB, dialect string) ([]table, error) {
	query := `select c.table_name, c.column_name, c.udt_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
		where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.is_identity = 'NO' and c.is_generated = 'NEVER' order by c.table_name, c.ordinal_position`
	if dialect == "sqlite" {
		query = "select m.name, c.name, '' from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and m.sql not like '%virtual table%' and m.name not like '%search%' order by m.name, c.cid"
	}
	rows, err := pool.Query(query)
	if err != nil {
		return nil, err
	}
	var out []table
	for rows.Next() {
		var name, column, kind string
		if err := rows.Scan(&name, &column, &kind); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, table{name: name})
		}
		t := &out[len(out)-1]
		t.columns, t.kinds = append(t.columns, column), append(t.kinds, kind)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

func (t *table) read(pool *sql.DB, where string) error {
	rows, err := pool.Query("select " + strings.Join(t.columns, ", ") + " from " + t.name + where)
	if err != nil {
		return err
	}
	for rows.Next() {
		row := make([]any, len(t.columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return errors.Join(err, rows.Close())
		}
		t.rows = append(t.rows, row)
	}
	return errors.Join(rows.Err(), rows.Close())
}

// fresh is the value of a column in the filing with this number: its own where
// rows must differ, the template's everywhere else.
func (t *table) fresh(column int, was any, id int64) any {
	switch name := t.columns[column]; {
	case name == "case_id", t.name == "cases" && name == "id":
		return id
	case t.name == "cases" && name == "number":
		return fmt.Sprintf("HT-2026-%07d", id)
	case t.name == "idempotency" && name == "key":
		key, _ := uuid.NewV7()
		return "file/" + key.String()
	case t.name == "links" && name == "hash":
		hash := uuid.New()
		return binary.BigEndian.AppendUint64(append(hash[:], hash[:8]...), uint64(id))
	}
	return was
}

// varies reports whether fresh gives another value to each filing.
func (t *table) varies(column int) bool { return t.fresh(column, nil, 1) != nil }

// newDatabase makes a database, from a template if one is named.
func newDatabase(server, name, from string) (string, error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close() }()
	text := "create database " + name
	if from != "" {
		text += " template " + from + " strategy file_copy" // a third faster than by the log, for a large one
	}
	if _, err := admin.ExecContext(ctx, text); err != nil {
		return "", err
	}
	return withName(server, name)
}

// newSchema makes an empty database with the service's schema; dsn is a folder
// where server is empty.
func newSchema(server, folder string) (pool *sql.DB, dsn string, err error) {
	dialect := "postgres"
	if server == "" {
		dialect, dsn = "sqlite", folder
		pool, err = sql.Open("sqlite", "file:"+folder+"/fangxin.db?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_pragma=secure_delete(1)&_pragma=cache_size(-65536)")
	} else if dsn, err = newDatabase(server, "l"+strings.ReplaceAll(uuid.NewString(), "-", ""), ""); err == nil {
		pool, err = sql.Open("pgx", dsn)
	}
	if err != nil {
		return nil, "", err
	}
	_, err = migrations.Up(ctx, pool, dialect, folder+"/migrate.lock")
	return pool, dsn, err
}

// instant is a time as a driver gave it, for a column of PostgreSQL.
func instant(v any) time.Time {
	t, _ := v.(time.Time)
	return t
}
