package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"fangxin/store"
)

// the instant at which everything falls due.
var dueAt = time.Date(2026, 5, 14, 16, 0, 0, 0, time.UTC)

// sizes are how many cases wait and how many of them fall due at midnight.
func (b *bench) sizes() (filings, due int) {
	if b.quick {
		return 20_000, 4_000
	}
	return 1_000_000, 100_000
}

// midnight sweeps deadlines that fall due in one instant among many cases,
// beside a bare SQL sweep that writes the same rows, and beside two queues that
// make the same change, one job for each.
func (b *bench) midnight() error {
	filings, due := b.sizes()
	template, err := midnightTemplate(b.postgres, filings, due)
	if err != nil {
		return err
	}
	var ratios, bares, doors []float64
	for round := range min(b.rounds, 5) {
		bare, err := onCopy(b.postgres, template, fmt.Sprintf("bare%d", round), bareSweep)
		if err != nil {
			return fmt.Errorf("bare: %w", err)
		}
		door, err := onCopy(b.postgres, template, fmt.Sprintf("door%d", round), doorSweep)
		if err != nil {
			return fmt.Errorf("door: %w", err)
		}
		bares, doors, ratios = append(bares, bare.Seconds()), append(doors, door.Seconds()), append(ratios, door.Seconds()/bare.Seconds())
	}
	what := fmt.Sprintf("midnight: %d due among %d", due, filings)
	l := line{what: what, figure: number(median(doors)) + " s", limit: "bare SQL sweep: " + number(median(bares)) + " s", ratio: number(median(ratios))}
	l.aim, l.met = atMost(median(ratios), 1.4)
	b.report.add(l)
	return b.queues(template, what, due, median(doors))
}

// midnightTemplate builds the large database once and keeps it on the server:
// one case is filed by the engine, the rest are copies of its rows.
func midnightTemplate(server string, filings, due int) (string, error) {
	name, there, err := kept(server, fmt.Sprintf("midnight_%d_%d", filings, due))
	if err != nil || there {
		return name, err
	}
	start := time.Now()
	filed := time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
	s, dsn, err := open(server, func() time.Time { return filed })
	if err != nil {
		return "", err
	}
	if _, err := s.Execute(ctx, store.Request{Command: filing()}); err != nil {
		return "", err
	}
	for _, text := range []string{
		"update clocks set state = 'void', ended = 1, remind_at = null where code = 'triage'",
		fmt.Sprintf(`insert into cases (id, number, kind, version, head, state, outcome, unit, town, domain, filed_at, body)
			select id + n, 'HT-2026-' || (1000000 + n), kind, version, head, state, outcome, unit, town, domain, filed_at, replace(body, number, 'HT-2026-' || (1000000 + n)) from cases, generate_series(1, %d) n`, filings-1),
		fmt.Sprintf("insert into events (case_id, seq, prev_hash, hash, payload) select case_id + n, seq, prev_hash, hash, payload from events, generate_series(1, %d) n", filings-1),
		fmt.Sprintf(`insert into clocks (case_id, no, code, state, seq, rule, n, unit, roll, starts, due, late_from, calendar, provisional, notice, ended, more, remind_at)
			select case_id + g, no, code, state, seq, rule, n, unit, roll, starts, due, case when g < %d then late_from else late_from + interval '30 days' end, calendar, provisional, notice, ended, more, remind_at
			from clocks, generate_series(1, %d) g`, due, filings-1),
		"analyze",
	} {
		if _, err := s.Pool().Exec(text); err != nil {
			return "", err
		}
	}
	if err := s.Close(); err != nil {
		return "", err
	}
	if err := reserved(dsn, filings); err != nil {
		return "", err
	}
	if _, err = rename(server, dsn, name); err == nil {
		fmt.Printf("  built %d cases in %s\n", filings, time.Since(start).Round(time.Second))
	}
	return name, err
}

func onCopy(server, template, name string, sweep func(dsn string) (time.Duration, error)) (time.Duration, error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return 0, err
	}
	defer func() { _ = admin.Close() }()
	_, _ = admin.Exec("drop database if exists " + name + " with (force)")
	dsn, err := newDatabase(server, name, template)
	if err != nil {
		return 0, err
	}
	if _, err := admin.Exec("checkpoint"); err != nil {
		return 0, err
	}
	took, err := sweep(dsn)
	_, dropped := admin.Exec("drop database " + name + " with (force)")
	return took, errors.Join(err, dropped)
}

func doorSweep(dsn string) (time.Duration, error) {
	s, err := openAt(dsn, os.TempDir(), func() time.Time { return dueAt })
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.Close() }()
	start, all := time.Now(), 0
	for {
		n, err := s.Sweep(ctx, 1000)
		if err != nil {
			return 0, err
		}
		if all += n; n == 0 {
			break
		}
	}
	took := time.Since(start)
	var left, owed int
	err = s.Pool().QueryRow("select count(*) filter (where state = 'running' and late_from <= $1), count(*) filter (where state = 'owed') from clocks", dueAt).Scan(&left, &owed)
	if left > 0 || owed != all {
		return 0, fmt.Errorf("%d left, %d enforced of %d", left, owed, all)
	}
	return took, err
}

// bareSweep does with plain statements, a thousand at a time, what the rows of
// the door say: event, projection, clock, head, count.
func bareSweep(dsn string) (time.Duration, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	start := time.Now()
	for {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return 0, err
		}
		res, err := tx.Exec(`create temp table due on commit drop as select case_id, no from clocks where state = 'running' and late_from <= $1 order by late_from, case_id limit 1000 for update skip locked`, dueAt)
		if err != nil {
			return 0, err
		}
		n, _ := res.RowsAffected()
		for _, text := range []string{
			"update clocks c set state = 'owed', remind_at = null from due d where c.case_id = d.case_id and c.no = d.no",
			"update cases c set version = version + 1, body = body, head = head from due d where c.id = d.case_id",
			"insert into events (case_id, seq, prev_hash, hash, payload) select c.id, c.version, c.head, c.head, repeat('x', 480) from cases c join due d on d.case_id = c.id",
			"insert into moved (case_id, seq, hash) select c.id, c.version, c.head from cases c join due d on d.case_id = c.id",
			"insert into contributions (case_id, seq, indicator, day, value, domain, town, unit) select c.id, c.version, 'expired.accept_decision', '2026-05-14', 1, c.domain, c.town, c.unit from cases c join due d on d.case_id = c.id",
		} {
			if _, err := tx.Exec(text); err != nil {
				return 0, err
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
		if n == 0 {
			return time.Since(start), nil
		}
	}
}
