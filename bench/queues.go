package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
)

// change is what enforcing one deadline writes: the rows of the bare sweep, for
// one case in one transaction.
var change = []string{
	"update clocks set state = 'owed', remind_at = null where case_id = $1 and state = 'running'",
	"update cases set version = version + 1, body = body, head = head where id = $1",
	"insert into events (case_id, seq, prev_hash, hash, payload) select id, version, head, head, repeat('x', 480) from cases where id = $1",
	"insert into moved (case_id, seq, hash) select id, version, head from cases where id = $1",
	"insert into contributions (case_id, seq, indicator, day, value, domain, town, unit) select id, version, 'expired.accept_decision', '2026-05-14', 1, domain, town, unit from cases where id = $1",
}

// queues makes the change with asynq and with River, one job for each deadline.
// A part is made and the time scaled: what a job costs does not depend on how
// many there are.
func (b *bench) queues(dsn, what string, door float64) {
	for _, x := range []struct {
		name string
		run  func(dsn string, jobs int) (time.Duration, error)
	}{{"asynq", b.byAsynq}, {"River", b.byRiver}} {
		what := what + ", beside " + x.name
		b.row(what, func() error {
			if err := rested(dsn); err != nil {
				return err
			}
			took, err := x.run(dsn, b.queued())
			if err != nil {
				return err
			}
			all := took.Seconds() * float64(b.due) / float64(b.queued())
			l := line{what: what, figure: number(door) + " s", limit: fmt.Sprintf("%s, one job each: %s s (from %d jobs)", x.name, number(all), b.queued()), ratio: number(all / door)}
			l.aim, l.met = atLeast(all/door, 4)
			b.report.add(l)
			return nil
		})
	}
}

// dueCases are some of the cases that wait for a later midnight than those swept.
func dueCases(db *sql.DB, n int) (ids []int64, err error) {
	rows, err := db.Query("select case_id from clocks where state = 'running' order by late_from desc, case_id desc limit $1", n)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func (b *bench) byAsynq(dsn string, jobs int) (time.Duration, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(24)
	db.SetMaxIdleConns(24)
	ids, err := dueCases(db, jobs)
	if err != nil {
		return 0, err
	}
	redis, err := asynq.ParseRedisURI(b.redis)
	if err != nil {
		return 0, fmt.Errorf("FANGXIN_BENCH_REDIS: %w", err)
	}
	client := asynq.NewClient(redis)
	defer func() { _ = client.Close() }()
	for _, id := range ids {
		if _, err := client.Enqueue(asynq.NewTask("enforce", []byte(strconv.FormatInt(id, 10)))); err != nil {
			return 0, err
		}
	}
	var left atomic.Int64
	left.Store(int64(len(ids)))
	done := make(chan struct{})
	server := asynq.NewServer(redis, asynq.Config{Concurrency: 24, LogLevel: asynq.FatalLevel})
	start := time.Now()
	err = server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		id, err := strconv.ParseInt(string(t.Payload()), 10, 64)
		if err == nil {
			err = enforce(ctx, db, id)
		}
		if err == nil && left.Add(-1) == 0 {
			close(done)
		}
		return err
	}))
	if err != nil {
		return 0, err
	}
	<-done
	took := time.Since(start)
	server.Shutdown()
	return took, nil
}

func enforce(ctx context.Context, db *sql.DB, id int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, text := range change {
		if _, err := tx.ExecContext(ctx, text, id); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// byRiver runs bench/river, a module of its own, built by `make bench`: the
// service needs nothing of it.
func (b *bench) byRiver(dsn string, jobs int) (time.Duration, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	ids, err := dueCases(db, jobs)
	if err != nil {
		return 0, err
	}
	work, err := json.Marshal(map[string]any{"Database": dsn, "Change": change, "Cases": ids})
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(os.Getenv("FANGXIN_BENCH_RIVER"))
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(work)), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(strings.TrimSpace(string(text)))
}
