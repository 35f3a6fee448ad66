package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"fangxin/store"
)

// dueAt is the instant of the first midnight. Each hour after it is one more, with
// as many deadlines of its own: the rounds take one after the other, so that the
// large database is copied once and not for every sweep.
var dueAt = time.Date(2026, 5, 14, 16, 0, 0, 0, time.UTC)

func hour(k int) time.Time { return dueAt.Add(time.Duration(k) * time.Hour) }

// queued is how many deadlines each queue enforces: what a job costs does not
// depend on how many there are.
func (b *bench) queued() int { return b.due / 20 }

// midnight sweeps deadlines that fall due in one instant among many cases,
// beside a bare SQL sweep that writes the same rows, and beside two queues that
// make the same change, one job for each.
func (b *bench) midnight() error {
	return b.onCopy("midnight", func(dsn string) error {
		var ratios, bares, doors []float64
		for round := range min(b.rounds, b.cases/b.due/2) {
			took := [2]time.Duration{}
			for i := range took { // who goes first changes with the round
				which, err := (round+i)%2, rested(dsn)
				if err == nil {
					took[which], err = [...]func(string, time.Time, int) (time.Duration, error){bareSweep, doorSweep}[which](dsn, hour(2*round+i), b.due)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", [...]string{"bare", "door"}[which], err)
				}
			}
			bare, door := took[0].Seconds(), took[1].Seconds()
			bares, doors, ratios = append(bares, bare), append(doors, door), append(ratios, door/bare)
		}
		what := fmt.Sprintf("midnight: %d due among %d", b.due, b.cases)
		l := line{what: what, figure: number(median(doors)) + " s", limit: "bare SQL sweep: " + number(median(bares)) + " s", ratio: number(median(ratios))}
		l.aim, l.met = atMost(median(ratios), 1.4)
		b.report.add(l)
		b.queues(dsn, what, median(doors))
		return nil
	})
}

// midnightTemplate builds the large database once and keeps it on the server:
// one case is filed by the engine, the rest are copies of its rows.
func (b *bench) midnightTemplate() (string, error) {
	cases := b.cases + 2*b.queued()
	name, there, err := kept(b.postgres, fmt.Sprintf("midnights_%d_%d", b.cases, b.due))
	if err != nil || there {
		return name, err
	}
	start := time.Now()
	filed := time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
	s, dsn, err := open(b.postgres, func() time.Time { return filed })
	if err != nil {
		return "", err
	}
	if _, err := s.Execute(ctx, store.Request{Command: filing()}); err != nil {
		return "", err
	}
	for _, text := range []string{
		"update clocks set state = 'void', ended = 1 where code = 'triage'",
		"update clocks set remind_at = null", // told in time, or every case of a million would have a reminder due beside its midnight
		fmt.Sprintf(`insert into cases (id, number, kind, version, head, state, outcome, unit, town, domain, filed_at, body)
			select id + n, 'HT-2026-' || (1000000 + n), kind, version, head, state, outcome, unit, town, domain, filed_at, replace(body, number, 'HT-2026-' || (1000000 + n)) from cases, generate_series(1, %d) n`, cases-1),
		fmt.Sprintf("insert into events (case_id, seq, prev_hash, hash, payload) select case_id + n, seq, prev_hash, hash, payload from events, generate_series(1, %d) n", cases-1),
		fmt.Sprintf(`insert into clocks (case_id, no, code, state, seq, rule, n, unit, roll, starts, due, late_from, calendar, provisional, notice, ended, more, remind_at)
			select case_id + g, no, code, state, seq, rule, n, unit, roll, starts, due, '%s'::timestamptz + make_interval(hours => g / %d), calendar, provisional, notice, ended, more, remind_at
			from clocks, generate_series(1, %d) g`, dueAt.Format(time.RFC3339), b.due, cases-1),
		fmt.Sprintf("update clocks set late_from = '%s' where case_id = (select min(id) from cases)", dueAt.Format(time.RFC3339)),
		"alter table clocks set (autovacuum_enabled = off)", // or it falls on one contender and not on the other
		"alter table cases set (autovacuum_enabled = off)",
	} {
		if _, err := s.Pool().Exec(text); err != nil {
			return "", err
		}
	}
	if err := s.Close(); err != nil {
		return "", err
	}
	if err := errors.Join(reserved(dsn, cases), rested(dsn)); err != nil {
		return "", err
	}
	if _, err = rename(b.postgres, dsn, name); err == nil {
		fmt.Printf("built %d cases in %s\n", cases, time.Since(start).Round(time.Second))
	}
	return name, err
}

// onCopy works on a copy of the large database.
func (b *bench) onCopy(name string, work func(dsn string) error) error {
	template, err := b.midnightTemplate()
	if err != nil {
		return err
	}
	dsn, err := newDatabase(b.postgres, "on_"+name, template)
	if err != nil {
		return err
	}
	return work(dsn)
}

// rested clears away what the last sweep left and writes it out: the next one
// shall not pay for it.
func rested(dsn string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, text := range []string{"vacuum analyze clocks", "vacuum analyze cases", "checkpoint"} {
		if _, err := db.Exec(text); err != nil {
			return err
		}
	}
	return nil
}

func doorSweep(dsn string, at time.Time, due int) (time.Duration, error) {
	s, err := openAt(dsn, os.TempDir(), func() time.Time { return at })
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
	var left int
	err = s.Pool().QueryRow("select count(*) from clocks where state = 'running' and late_from <= $1", at).Scan(&left)
	if left > 0 || all != due {
		return 0, fmt.Errorf("%d left, %d enforced of %d", left, all, due)
	}
	return took, err
}

// bareSweep does with plain statements, a thousand at a time, what the rows of
// the door say: event, projection, clock, head, count.
func bareSweep(dsn string, at time.Time, due int) (time.Duration, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	for start, all := time.Now(), 0; ; {
		n, err := bareBatch(db, at)
		if err != nil {
			return 0, err
		}
		if all += n; n == 0 && all != due {
			return 0, fmt.Errorf("%d enforced of %d", all, due)
		}
		if n == 0 {
			return time.Since(start), nil
		}
	}
}

func bareBatch(db *sql.DB, at time.Time) (int, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	res, err := tx.Exec(`create temp table due on commit drop as select case_id, no from clocks where state = 'running' and late_from <= $1 order by late_from, case_id limit 1000 for update skip locked`, at)
	if err != nil {
		return 0, err
	}
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
	n, err := res.RowsAffected()
	return int(n), errors.Join(err, tx.Commit())
}
