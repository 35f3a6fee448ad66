// Command river makes one durable change for each deadline as a job of River,
// for the bench to compare with: it reads what to do as JSON and prints how long
// the jobs took.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

type work struct {
	Database string
	Change   []string
	Cases    []int64
}

type deadline struct {
	Case int64 `json:"case"`
}

// Kind names the job for River.
func (deadline) Kind() string { return "enforce" }

type enforcer struct {
	river.WorkerDefaults[deadline]
	pool   *pgxpool.Pool
	change []string
	left   *atomic.Int64
	done   chan struct{}
}

// Work makes the change of one deadline; River notes afterwards that it is done.
func (e *enforcer) Work(ctx context.Context, job *river.Job[deadline]) error {
	tx, err := e.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, text := range e.change {
		if _, err := tx.Exec(ctx, text, job.Args.Case); err != nil {
			return err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	if e.left.Add(-1) == 0 {
		close(e.done)
	}
	return nil
}

func main() {
	took, err := run(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
	fmt.Println(took)
}

func run(ctx context.Context) (time.Duration, error) {
	var w work
	if err := json.NewDecoder(os.Stdin).Decode(&w); err != nil {
		return 0, err
	}
	config, err := pgxpool.ParseConfig(w.Database)
	if err != nil {
		return 0, err
	}
	config.MaxConns = 28
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New[pgx.Tx](driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return 0, err
	}
	e := &enforcer{pool: pool, change: w.Change, left: &atomic.Int64{}, done: make(chan struct{})}
	e.left.Store(int64(len(w.Cases)))
	workers := river.NewWorkers()
	river.AddWorker(workers, e)
	client, err := river.NewClient[pgx.Tx](driver, &river.Config{Logger: slog.New(slog.DiscardHandler), Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 24}}})
	if err != nil {
		return 0, err
	}
	var jobs []river.InsertManyParams
	for _, id := range w.Cases {
		jobs = append(jobs, river.InsertManyParams{Args: deadline{id}})
	}
	if _, err := client.InsertMany(ctx, jobs); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := client.Start(ctx); err != nil {
		return 0, err
	}
	<-e.done
	took := time.Since(start)
	return took, client.Stop(ctx)
}
