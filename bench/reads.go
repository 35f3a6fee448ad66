package main

import (
	"database/sql"
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
	name, there, err := kept(b.postgres, fmt.Sprintf("reads_%d", cases))
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
	differs := map[string]string{
		"cases.number": "'HT-2026-' || (1000000 + g)", "board.number": "'HT-2026-' || (1000000 + g)",
		"board.filed": "filed - g * 1000000::bigint", "board.due": "due + (g % 400000) * 1000000::bigint",
		"board.unit": "'unit' || g % 20", "board.town": "'37032100' || g % 9", "board.officer": "'officer' || g % 300",
		"case_search.words": "words || to_tsvector('simple', 'x' || g % 5000)",
	}
	for _, t := range all {
		if t.name == "idempotency" || t.name == "links" || strings.HasSuffix(t.name, "_todo") {
			continue
		}
		var list []string
		for _, c := range t.columns {
			expression := c
			if d, ok := differs[t.name+"."+c]; ok {
				expression = d
			} else if c == "case_id" || t.name == "cases" && c == "id" {
				expression = c + " + g"
			}
			list = append(list, expression)
		}
		if _, err := s.Pool().Exec(fmt.Sprintf("insert into %s (%s) select %s from %s, generate_series(1, %d) g", t.name, strings.Join(t.columns, ", "), strings.Join(list, ", "), t.name, cases-1)); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	_, err = s.Pool().Exec("vacuum analyze")
	return err
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
	var first int64
	if err := s.Pool().QueryRow("select min(id) from cases").Scan(&first); err != nil {
		return err
	}
	all := &store.User{Name: "hub", Roles: []string{"hub"}}
	unit := &store.User{Name: "officer1", Roles: []string{"officer"}, Unit: "unit1"}
	page := func(u *store.User, f store.Filter, p store.Page) func() error {
		return func() error {
			_, _, err := s.List(ctx, u, f, p)
			return err
		}
	}
	for _, x := range []struct {
		what string
		do   func() error
	}{
		{"a case by its number", func() error {
			id := first + rand.Int64N(int64(cases))
			_, err := s.Case(ctx, ledger.Number("HT", int(id/1_000_000_000_000), id%1_000_000_000_000))
			return err
		}},
		{"a page of 50 of the county's board, by due day", page(all, store.Filter{}, store.Page{Sort: "due", Limit: 50})},
		{"a page of 50 of a unit's board, by due day", page(unit, store.Filter{}, store.Page{Sort: "due", Limit: 50})},
		{"a page of 50 of an officer's cases", page(unit, store.Filter{Officers: []string{"officer1"}}, store.Page{Sort: "due", Limit: 50})},
		{"a unit's counts", func() error {
			_, err := s.Counts(ctx, unit, store.Filter{})
			return err
		}},
		{"a search for two characters, every case a hit", page(unit, store.Filter{Words: "演示"}, store.Page{Sort: "filed", Limit: 20})},
		{"a search for a word of one case in 5,000", page(all, store.Filter{Words: "x4711"}, store.Page{Sort: "filed", Limit: 20})},
	} {
		took, err := b.often(x.do)
		if err != nil {
			return fmt.Errorf("%s: %w", x.what, err)
		}
		b.report.add(line{what: fmt.Sprintf("%s, among %d", x.what, cases), figure: fmt.Sprintf("p50 %s ms, p99 %s ms", milli(took[len(took)/2]), milli(took[len(took)*99/100])), limit: "–", ratio: "–", aim: "–", met: "–"})
	}
	return nil
}

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
