package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"runtime"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/workflow"
	"fangxin/workflow/policy"
	"fangxin/workflow/rehearse"
)

const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// open makes an empty store: SQLite in a temporary folder, or a new database.
func open(server string, now func() time.Time) (s *store.Store, dsn string, err error) {
	keys, err := store.ParseKeys(key)
	if err != nil {
		return nil, "", err
	}
	law := workflow.Rules{Rules: policy.Default()}
	data, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return nil, "", err
	}
	if server != "" {
		if dsn, err = newDatabase(server, fmt.Sprintf("b%d", rand.Uint64()), ""); err != nil {
			return nil, "", err
		}
	}
	s, err = store.Open(ctx, store.Config{URL: dsn, Data: data, Node: fmt.Sprint(rand.Uint64()), Keys: keys, Now: now, Migrate: true, Rules: func() workflow.Rules { return law }})
	if dsn == "" {
		dsn = data
	}
	return s, dsn, err
}

func withName(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func filing() workflow.Command {
	c := workflow.New(workflow.Complaint, 0, "")
	return rehearse.Compose(c, &workflow.Transitions[0], workflow.Rules{Rules: policy.Default()}, time.Now())
}

func now() time.Time { return time.Now().UTC() }

// filingsBeside measures Execute beside the hand-written limit, in turn.
func filingsBeside(server string, rounds int, window time.Duration) error {
	s, _, err := open(server, now)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	limit, err := newLimit(server)
	if err != nil {
		return err
	}
	defer limit.close()
	cmd := filing()
	door := func() error {
		_, err := s.Execute(ctx, store.Request{Command: cmd})
		return err
	}
	fmt.Println("| callers | limit /s | door /s | ratio | door p50, p99 ms | p99 ratio |\n|---|---|---|---|---|---|")
	for _, callers := range []int{1, 8, 16, 64, 128} {
		var a, b, ratio, tails []float64
		var p50, p99 time.Duration
		for range rounds {
			l, _, l99, err := load(callers, window, limit.file)
			if err != nil {
				return fmt.Errorf("limit: %w", err)
			}
			d, d50, d99, err := load(callers, window, door)
			if err != nil {
				return err
			}
			a, b, ratio, tails = append(a, l), append(b, d), append(ratio, d/l), append(tails, float64(d99)/float64(l99))
			p50, p99 = d50, d99
		}
		fmt.Printf("| %d | %.0f | %.0f | %.2f | %s, %s | %.2f |\n", callers, median(a), median(b), median(ratio), milli(p50), milli(p99), median(tails))
	}
	return nil
}

// decide measures a decision alone: a filing with its two clocks.
func decide() error {
	c, at := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), time.Now()
	law := workflow.Rules{Rules: policy.Default()}
	cmd := rehearse.Compose(c, &workflow.Transitions[0], law, at)
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := workflow.Decide(c, cmd, law, at); err != nil {
				b.Fatal(err)
			}
		}
	})
	fmt.Printf("a filing decided in %.1f µs, %d allocations, %d bytes\n", float64(r.NsPerOp())/1000, r.AllocsPerOp(), r.AllocedBytesPerOp())
	return nil
}

// verifySpeed files some ten thousand cases and proves them.
func verifySpeed() error {
	s, _, err := open("", now)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	cmd := filing()
	if _, _, _, err := load(64, 6*time.Second, func() error {
		_, err := s.Execute(ctx, store.Request{Command: cmd})
		return err
	}); err != nil {
		return err
	}
	for n := 1; n > 0; {
		if n, err = s.Block(ctx); err != nil {
			return err
		}
	}
	var peak uint64
	sample := func(int64) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
	}
	runtime.GC()
	start := time.Now()
	r, err := audit.Verify(ctx, s.Pool(), s.Dialect(), audit.Options{Now: now(), Progress: sample})
	if err != nil || len(r.Findings) > 0 {
		return fmt.Errorf("%v %w", r.Findings, err)
	}
	took := time.Since(start)
	fmt.Printf("%d events, %d clocks, %d blocks in %s: %.0f events/s, heap in use at most %d MiB\n", r.Events, r.Clocks, r.Blocks, took.Round(time.Millisecond), float64(r.Events)/took.Seconds(), peak>>20)
	return nil
}
