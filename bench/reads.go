package main

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow/ledger"
)

// readsDatabase is a database of many cases that differ in place, officer and
// time, as lists and searches see them; it is built once and kept.
func (b *bench) readsDatabase() (dsn string, cases int, err error) {
	cases = b.cases
	name, there, err := kept(b.postgres, fmt.Sprintf("pages_%d", cases))
	if err != nil {
		return "", 0, err
	}
	if there {
		dsn, err = withName(b.postgres, name)
		return dsn, cases, err
	}
	start := time.Now()
	s, dsn, err := open(b.postgres, now)
	if err != nil {
		return "", 0, err
	}
	if err := fillReads(s, cases); err != nil {
		return "", 0, err
	}
	if err := s.Close(); err != nil {
		return "", 0, err
	}
	if err := reserved(dsn, cases); err != nil {
		return "", 0, err
	}
	if dsn, err = rename(b.postgres, dsn, name); err == nil {
		fmt.Printf("built %d cases in %s\n", cases, time.Since(start).Round(time.Second))
	}
	return dsn, cases, err
}

func fillReads(s *store.Store, cases int) error {
	a, err := s.Execute(ctx, store.Request{Command: filing()})
	if err != nil {
		return err
	}
	for _, work := range []func() (int, error){func() (int, error) { return s.Block(ctx) }, func() (int, error) { return s.Board(ctx, 100) }, func() (int, error) { return s.Index(ctx, 100) }} {
		if _, err := work(); err != nil {
			return err
		}
	}
	all, err := template(s.Pool(), s.Dialect(), a.CaseID)
	if err != nil {
		return err
	}
	if s.Dialect() == "sqlite" {
		all = append(all, table{name: "case_search", columns: []string{"rowid", "words"}})
	}
	for _, t := range all {
		if !read(s.Dialect(), t.name) {
			continue
		}
		var list []string
		for _, c := range t.columns {
			expression := c
			if d, ok := differs[s.Dialect()][t.name+"."+c]; ok {
				expression = d
			} else if c == "case_id" || c == "rowid" || t.name == "cases" && c == "id" {
				expression = c + " + g"
			}
			list = append(list, expression)
		}
		some := ""
		if t.name == "board_late" {
			some = " where g % 250 = 0"
		}
		if _, err := s.Pool().Exec(fmt.Sprintf("with recursive n (g) as (select 1 union all select g + 1 from n where g < %d) insert into %s (%s) select %s from %s, n%s",
			cases-1, t.name, strings.Join(t.columns, ", "), strings.Join(list, ", "), t.name, some)); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	settle := "vacuum analyze"
	if s.Dialect() == "sqlite" { // as a node leaves it, which never analyzes
		settle = "pragma wal_checkpoint(truncate)"
	}
	_, err = s.Pool().Exec(settle)
	return err
}

// read reports whether a table is one of those that lists read and that a row can
// be copied of; on SQLite no others are filled, for the time.
func read(dialect, table string) bool {
	if dialect == "sqlite" {
		return slices.Contains([]string{"cases", "clocks", "board", "board_late", "case_search"}, table)
	}
	return table != "idempotency" && table != "links" && !strings.HasSuffix(table, "_todo")
}

// differs is in what the copies are not alike. One case in 250 has duties open still,
// spread over twenty days around today: as where a million were filed over years.
var differs = map[string]map[string]string{
	"postgres": {
		"cases.number": "'HT-2026-' || (1000000 + g)", "board.number": "'HT-2026-' || (1000000 + g)",
		"board.filed": "filed - g * 1000000::bigint", "board.due": "case when g % 250 <> 0 then 253402300799000000 else due + ((g / 250) % 20 - 14) * 86400000000 end",
		"clocks.state": "case when g % 250 <> 0 then 'met' when (g / 250) % 20 < 4 then 'owed' else state end",
		"clocks.due":   "(due::date + ((g / 250) % 20 - 14)::int)::text", "clocks.late_from": "late_from + ((g / 250) % 20 - 14) * interval '1 day'",
		"board.unit": "'unit' || g % 20", "board.town": "'37032100' || g % 9", "board.officer": "'officer' || g % 300",
		"board_late.unit": "'unit' || g % 20", "board_late.town": "'37032100' || g % 9", "board_late.officer": "'officer' || g % 300",
		"board_late.owed": "case when (g / 250) % 20 < 4 then 1 else 0 end", "board_late.late": "late + ((g / 250) % 20 - 14) * 86400000000",
		"case_search.words": "words || to_tsvector('simple', 'x' || g % 5000)",
	},
	"sqlite": {
		"cases.number": "'HT-2026-' || (1000000 + g)", "board.number": "'HT-2026-' || (1000000 + g)",
		"board.filed": "filed - g * 1000000", "board.due": "case when g % 250 <> 0 then 253402300799000000 else due + ((g / 250) % 20 - 14) * 86400000000 end",
		"clocks.state": "case when g % 250 <> 0 then 'met' when (g / 250) % 20 < 4 then 'owed' else state end",
		"clocks.due":   "date(due, ((g / 250) % 20 - 14) || ' days')", "clocks.late_from": "late_from + ((g / 250) % 20 - 14) * 86400000000",
		"board.unit": "'unit' || (g % 20)", "board.town": "'37032100' || (g % 9)", "board.officer": "'officer' || (g % 300)",
		"board_late.unit": "'unit' || (g % 20)", "board_late.town": "'37032100' || (g % 9)", "board_late.officer": "'officer' || (g % 300)",
		"board_late.owed": "case when (g / 250) % 20 < 4 then 1 else 0 end", "board_late.late": "late + ((g / 250) % 20 - 14) * 86400000000",
		"case_search.words": "words || ' x' || (g % 5000)",
	},
}

// readsOnSQLite is the same embedded, built for the run.
func (b *bench) readsOnSQLite() error {
	folder, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	s, err := openAt("", folder, now)
	if err != nil {
		return err
	}
	err = fillReads(s, b.cases)
	if err == nil { // the numbers of copied cases are taken, and the next node learns it
		_, err = s.Pool().Exec("update number_blocks set last = $1", b.cases+1)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	if s, err = openAt("", folder, now); err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return b.readsOf(s, "SQLite", b.cases)
}

// reads measures what pages ask for among many cases.
func (b *bench) reads() error {
	dsn, cases, err := b.readsDatabase()
	if err != nil {
		return err
	}
	s, err := openAt(dsn, os.TempDir(), now)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return b.readsOf(s, "PostgreSQL", cases)
}

// pageAim is the aim of every page among a million cases, p99.
const pageAim = 50 * time.Millisecond

func (b *bench) readsOf(s *store.Store, database string, cases int) error {
	var first int64
	if err := s.Pool().QueryRow("select min(id) from cases").Scan(&first); err != nil {
		return err
	}
	some := func() int64 { return first + rand.Int64N(int64(cases)) }
	bare, err := b.often(func() error {
		var body string
		return s.Pool().QueryRow("select body from cases where id = $1", some()).Scan(&body)
	})
	if err != nil {
		return err
	}
	hub := &store.User{Name: "hub", Roles: []string{"hub"}}
	county := &store.User{Name: "hub", Roles: []string{"hub"}, Town: "370321"}
	unit := &store.User{Name: "officer1", Roles: []string{"officer"}, Unit: "unit1"}
	page := func(u *store.User, f store.Filter, p store.Page) func() error {
		return func() error {
			_, _, err := s.List(ctx, u, f, p)
			return err
		}
	}
	counts := func(u *store.User) func() error {
		return func() error {
			_, err := s.Counts(ctx, u, store.Filter{})
			return err
		}
	}
	due, newest := store.Page{Sort: "due", Limit: 50}, store.Page{Sort: "filed", Down: true, Limit: 20}
	for _, x := range []struct {
		what string
		do   func() error
	}{
		{"a case by its number", func() error {
			id := some()
			_, err := s.Case(ctx, ledger.Number("HT", int(id/1_000_000_000_000), id%1_000_000_000_000))
			return err
		}},
		{"a page of 50 of the whole board, by due day", page(hub, store.Filter{}, due)},
		{"a page of 50 of a county's hub, by due day", page(county, store.Filter{}, due)},
		{"a page of 50 of a unit's board, by due day", page(unit, store.Filter{}, due)},
		{"a page of 50 of a unit's overdue", page(unit, store.Filter{Overdue: true}, due)},
		{"a page of 50 of an officer's cases", page(unit, store.Filter{Officers: []string{"officer1"}}, due)},
		{"a unit's counts", counts(unit)},
		{"all counts", counts(hub)},
		{"a search for two characters, every case a hit", page(unit, store.Filter{Words: "演练"}, newest)},
		{"a search for a word of one case in 5,000", page(hub, store.Filter{Words: "x4711"}, newest)},
	} {
		b.row(x.what+", "+database, func() error {
			took, err := b.often(x.do)
			if err != nil {
				return err
			}
			b.report.add(pageLine(fmt.Sprintf("%s, among %d, %s", x.what, cases, database), took, bare))
			return nil
		})
	}
	b.row("pages, "+database, func() error { return b.pages(s, database, cases, bare) })
	return nil
}

func middle(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// often runs a deed for as long as a round takes, in order of duration.
func (b *bench) often(do func() error) ([]time.Duration, error) {
	var all []time.Duration
	for stop := time.Now().Add(b.window); len(all) < 3 || time.Now().Before(stop); {
		start := time.Now()
		if err := do(); err != nil {
			return nil, err
		}
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	return all, nil
}

// disk measures what a deadline that waits takes on disk.
func (b *bench) disk() error {
	name, err := b.midnightTemplate()
	if err != nil {
		return err
	}
	dsn, err := withName(b.postgres, name)
	if err != nil {
		return err
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var row, all float64
	if err := db.QueryRow("select pg_relation_size('clocks')::float8 / count(*), pg_total_relation_size('clocks')::float8 / count(*) from clocks").Scan(&row, &all); err != nil {
		return err
	}
	l := line{what: "a pending deadline on disk, PostgreSQL", figure: fmt.Sprintf("%.0f bytes (%.0f with its indexes)", row, all), limit: "asynq: 615 bytes of memory", ratio: number(row / 615)}
	l.aim, l.met = "≤ 200 bytes", yes(row <= 200)
	b.report.add(l)
	return nil
}
