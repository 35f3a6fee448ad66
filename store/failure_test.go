package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/policy"
)

// often is how much of a test of failure runs: all of it under make chaos.
func often(short, long int) int {
	if os.Getenv("FANGXIN_CHAOS") != "" {
		return long
	}
	return short
}

// Connections killed at random moments, every second one aimed at a running
// COMMIT: nothing lost, nothing doubled, every caller answered truthfully.
func TestKilledConnections(t *testing.T) {
	dsn := storetest.Postgres(t)
	w := openPostgres(t, dsn)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var acked, refused, unknown atomic.Int64
	var keys sync.Map
	for range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			number := ""
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				q := store.Request{Command: w.filing(), Key: fmt.Sprintf("%d-%d", rand.Uint64(), i)}
				if number != "" && i%3 > 0 {
					q.Case = number
					q.Command = workflow.Command{Event: "add_evidence", Actor: workflow.Actor{Role: "officer", ID: "x"}, Input: workflow.Input{Paper: "p:1"}}
				}
				a, err := w.Execute(ctx, q)
				var r *workflow.Refusal
				switch {
				case err == nil:
					acked.Add(1)
					number = a.Number
					keys.Store("/"+q.Key, a)
				case errors.As(err, &r):
					refused.Add(1)
				case errors.Is(err, store.ErrUnknown):
					unknown.Add(1)
				default:
					t.Error(err)
				}
			}
		}()
	}
	killed := kill(t, dsn, often(40, 200))
	close(stop)
	wg.Wait()
	t.Logf("%d connections killed, %d acknowledged, %d refused, %d unknown", killed, acked.Load(), refused.Load(), unknown.Load())
	stored := w.count(t, "select count(*) from idempotency")
	n := 0
	keys.Range(func(any, any) bool { n++; return true })
	if lost := n - stored; lost > 0 || refused.Load() > 0 || int64(stored-n) > unknown.Load() {
		t.Errorf("%d acknowledged, %d stored, %d unknown", n, stored, unknown.Load())
	}
	y := storetest.Tally{Name: "postgres/killed-connections", Faults: killed, Acked: n, Lost: max(0, n-stored)}
	keys.Range(func(k, a any) bool {
		var answer string
		if err := w.Pool().QueryRow("select answer from idempotency where key = $1", k).Scan(&answer); err != nil || !strings.Contains(answer, a.(store.Answer).Number) {
			t.Errorf("%s: %s %v", k, answer, err)
		}
		return true
	})
	if doubled := w.count(t, "select count(*) from (select case_id, seq from events group by 1, 2 having count(*) > 1) x"); doubled > 0 {
		t.Errorf("%d events twice", doubled)
		y.Doubled = doubled
	}
	if wrong := w.count(t, "select count(*) from cases c where version <> (select count(*) from events where case_id = c.id)"); wrong > 0 {
		t.Errorf("%d projections differ from their log", wrong)
	}
	y.Report(t)
}

// kill ends connections of the door, every second one while it commits.
func kill(t *testing.T, dsn string, times int) int {
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	killed := 0
	deadline, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for killed < times && deadline.Err() == nil {
		aim := ""
		if killed%2 == 1 {
			aim = " and query ilike 'commit%' and state = 'active'"
		}
		var n int
		err := admin.QueryRowContext(deadline, "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'fangxin door' and datname = current_database()"+aim).Scan(&n)
		if err == nil {
			killed += n
		}
		if aim == "" {
			_, _ = admin.ExecContext(deadline, "select pg_sleep($1)", rand.Float64()/20)
		}
	}
	return killed
}

type pgWorld struct {
	*store.Store
	cfg store.Config
}

func openPostgres(t *testing.T, dsn string) *pgWorld {
	w := &pgWorld{cfg: config(t, dsn, t.TempDir())}
	var err error
	if w.Store, err = store.Open(ctx, w.cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Store.Close() })
	return w
}

func config(t testing.TB, dsn, data string) store.Config {
	keys, err := store.ParseKeys(storetest.Key)
	if err != nil {
		t.Fatal(err)
	}
	law := workflow.Rules{Rules: policy.Default()}
	return store.Config{URL: dsn, Data: data, Node: fmt.Sprint(rand.Uint32()), Keys: keys, Migrate: true, Rules: func() workflow.Rules { return law },
		Now: func() time.Time { return time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC) }}
}

func (w *pgWorld) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := w.Pool().QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *pgWorld) filing() workflow.Command {
	yes, no := true, false
	return workflow.Command{Event: "file_with_authority", Actor: workflow.Actor{Role: "consumer", ID: "consumer"},
		Input:   workflow.Input{PublishConsent: &yes, EntrustConsent: &no, Domain: 1},
		Private: &workflow.Private{Words: "x", Person: &workflow.Person{Name: "n", Phone: "13800000000"}}}
}

// Two nodes on one database, shared cases, sweeps: no deadlock, no loss.
func TestTwoNodes(t *testing.T) {
	dsn := storetest.Postgres(t)
	one, two := openPostgres(t, dsn), openPostgres(t, dsn)
	var numbers []string
	for range 20 {
		a, err := one.Execute(ctx, store.Request{Command: one.filing()})
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, a.Number)
	}
	var wg sync.WaitGroup
	var done atomic.Int64
	for i := range 24 {
		node := []*pgWorld{one, two}[i%2]
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range 60 {
				q := store.Request{Case: numbers[rand.IntN(len(numbers))], Key: fmt.Sprint(j%7, "-", i%4),
					Command: workflow.Command{Event: "add_evidence", Actor: workflow.Actor{Role: "officer", ID: "x"}, Input: workflow.Input{Paper: "p:1"}}}
				if j%5 == 0 {
					q = store.Request{Command: node.filing()}
				}
				if j%9 == 0 {
					if _, err := node.Sweep(ctx, 10); err != nil {
						t.Error(err)
					}
				}
				_, err := node.Execute(ctx, q)
				var r *workflow.Refusal
				if err == nil {
					done.Add(1)
				} else if !errors.As(err, &r) || r.Code != "key_reused" {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	if wrong := one.count(t, "select count(*) from cases c where version <> (select count(*) from events where case_id = c.id)"); wrong > 0 || done.Load() == 0 {
		t.Errorf("%d projections differ from their log", wrong)
	}
	if n := one.count(t, "select count(*) from (select number from cases group by number having count(*) > 1) x"); n > 0 {
		t.Errorf("%d numbers twice", n)
	}
}

// A process killed without warning under load: every acknowledged command is
// there when it starts again.
func TestKilledProcess(t *testing.T) {
	if data := os.Getenv("FANGXIN_VICTIM"); data != "" {
		victim(t, data)
		return
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			dsn := ""
			if kind == "postgres" {
				dsn = storetest.Postgres(t)
			}
			data := t.TempDir()
			y := storetest.Tally{Name: kind + "/killed-process", Faults: often(2, 10)}
			for range y.Faults {
				acked := murder(t, data, dsn)
				y.Acked += len(acked)
				s, err := store.Open(ctx, config(t, dsn, data))
				if err != nil {
					t.Fatal(err)
				}
				for _, number := range acked {
					if _, err := s.Case(ctx, number); err != nil {
						t.Errorf("%s was acknowledged: %v", number, err)
						y.Lost++
					}
				}
				var wrong int
				if err := s.Pool().QueryRow("select count(*) from cases c where version <> (select count(*) from events where case_id = c.id)").Scan(&wrong); err != nil || wrong > 0 {
					t.Errorf("%d projections differ from their log, %v", wrong, err)
				}
				proof, err := audit.Verify(ctx, s.Pool(), s.Dialect(), audit.Options{Now: time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)})
				if err != nil || len(proof.Findings) > 0 {
					t.Errorf("after the kill: %v %v", proof.Findings, err)
				}
				if len(acked) == 0 {
					t.Error("nothing was acknowledged before the kill")
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			y.Report(t)
		})
	}
}

// murder starts this test as another process and kills it after some hundred
// acknowledgements.
func murder(t *testing.T, data, dsn string) []string {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledProcess$")
	cmd.Env = append(os.Environ(), "FANGXIN_VICTIM="+data, "FANGXIN_VICTIM_URL="+dsn)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var acked []string
	limit := 100 + rand.IntN(200)
	lines := bufio.NewScanner(out)
	for len(acked) < limit && lines.Scan() {
		if number, ok := strings.CutPrefix(lines.Text(), "acked "); ok {
			acked = append(acked, number)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return acked
}

func victim(t *testing.T, data string) {
	s, err := store.Open(ctx, config(t, os.Getenv("FANGXIN_VICTIM_URL"), data))
	if err != nil {
		t.Fatal(err)
	}
	w := &pgWorld{Store: s}
	var mu sync.Mutex
	for range 8 {
		go func() {
			for {
				a, err := s.Execute(ctx, store.Request{Command: w.filing()})
				if err != nil {
					return
				}
				mu.Lock()
				fmt.Println("acked " + a.Number)
				mu.Unlock()
			}
		}()
	}
	select {}
}
