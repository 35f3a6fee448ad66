package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/workflow"
)

// Tally is what a test of a fault found, in the form that make chaos sums up.
type Tally struct {
	Name                         string
	Faults, Acked, Lost, Doubled int
	Worst                        time.Duration // lateness of an expiry
}

// Report prints the tally; whatever was lost or done twice fails the test.
func (y Tally) Report(t testing.TB) {
	t.Helper()
	fmt.Printf("chaos: %s faults=%d acked=%d lost=%d doubled=%d worst_lateness=%s\n", y.Name, y.Faults, y.Acked, y.Lost, y.Doubled, y.Worst.Round(time.Millisecond))
	if y.Lost > 0 || y.Doubled > 0 {
		t.Errorf("%s: %d lost, %d doubled", y.Name, y.Lost, y.Doubled)
	}
}

// Load is clients that file and act, each request under its key until it is
// answered, as our own pages do.
type Load struct {
	t      testing.TB
	stop   chan struct{}
	wg     sync.WaitGroup
	acked  atomic.Int64
	keys   sync.Map // key of a filing → number
	acts   sync.Map // key of an act → number
	again  atomic.Int64
	sweeps atomic.Int64
	cases  int // before it began
	events int
}

// NewLoad starts so many clients, each with the node that next gives it for
// every attempt, and a sweeper on each node of sweep.
func NewLoad(w *World, clients int, next func() *store.Store, sweep ...*store.Store) *Load {
	l := &Load{t: w.T, stop: make(chan struct{}), cases: w.Count(countCases), events: w.Count(countActs)}
	filing := w.Filing()
	for range clients {
		l.wg.Go(func() { l.client(filing, next) })
	}
	for _, s := range sweep {
		l.wg.Go(func() { l.sweep(s) })
	}
	return l
}

func (l *Load) over() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

func (l *Load) client(filing workflow.Command, next func() *store.Store) {
	number := ""
	for i := 0; !l.over(); i++ {
		q := store.Request{Command: filing, Key: fmt.Sprintf("%d-%d", rand.Uint64(), i)}
		if number != "" && i%3 > 0 {
			q.Case = number
			q.Command = workflow.Command{Event: "add_evidence", Actor: workflow.Actor{Role: "officer", ID: "x"}, Input: workflow.Input{Paper: "p:1"}}
		}
		a, ok := l.ask(q, next)
		if !ok {
			return
		}
		if q.Case == "" {
			l.keys.Store("/"+q.Key, a.Number)
			number = a.Number
		} else {
			l.acts.Store("/"+q.Key, a.Number)
		}
		l.acked.Add(1)
	}
}

// ask repeats one request until it has an answer: also after the end, or a
// request in doubt would count neither way.
func (l *Load) ask(q store.Request, next func() *store.Store) (store.Answer, bool) {
	for {
		a, err := next().Execute(context.Background(), q)
		switch {
		case err == nil:
			return a, true
		case !store.Away(err):
			l.t.Errorf("%s: %v", q.Key, err)
			return a, false
		}
		l.again.Add(1)
		rest()
	}
}

func (l *Load) sweep(s *store.Store) {
	for !l.over() {
		if _, err := s.Sweep(context.Background(), 50); err != nil && !store.Away(err) {
			l.t.Error(err)
			return
		}
		l.sweeps.Add(1)
		rest()
	}
}

func rest() { time.Sleep(5 * time.Millisecond) }

// Acked is how many requests were answered so far.
func (l *Load) Acked() int { return int(l.acked.Load()) }

// Recovered waits until n more requests were answered, without any help; the
// test ends when that takes longer than any caller waits.
func (l *Load) Recovered(n int) {
	l.t.Helper()
	l.until(&l.acked, n, "answered")
}

// Troubled waits until n more attempts were told to come again.
func (l *Load) Troubled(n int) {
	l.t.Helper()
	l.until(&l.again, n, "told to come again")
}

func (l *Load) until(count *atomic.Int64, n int, what string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for want := count.Load() + int64(n); count.Load() < want; rest() {
		if ctx.Err() != nil || l.t.Failed() {
			l.t.Fatalf("%d were %s, want %d", count.Load(), what, want)
		}
	}
}

// Stop ends the load and fills in what was acknowledged and what of it is lost
// or done twice.
func (l *Load) Stop(w *World, y *Tally) {
	l.t.Helper()
	close(l.stop)
	l.wg.Wait()
	y.Acked = l.Acked()
	filings := 0
	seen := map[string]bool{}
	check := func(key, number any) bool {
		var answer string
		if err := w.Pool().QueryRow("select answer from idempotency where key = $1", key).Scan(&answer); err != nil {
			l.t.Errorf("%s, answered with %s, is lost: %v", key, number, err)
			y.Lost++
		}
		return true
	}
	l.keys.Range(func(key, number any) bool {
		filings++
		if seen[number.(string)] {
			l.t.Errorf("%s is the answer to two filings", number)
			y.Lost++
		}
		seen[number.(string)] = true
		if _, err := w.Case(context.Background(), number.(string)); err != nil {
			l.t.Errorf("%s: %v", number, err)
			y.Lost++
		}
		return check(key, number)
	})
	acts := 0
	l.acts.Range(func(key, number any) bool { acts++; return check(key, number) })
	y.Doubled += max(0, w.Count(countCases)-l.cases-filings) + max(0, w.Count(countActs)-l.events-acts)
	l.t.Logf("%d filings, %d acts, %d asked again, %d sweeps", filings, acts, l.again.Load(), l.sweeps.Load())
}

const (
	countCases = "select count(*) from cases"
	countActs  = `select count(*) from events where payload like '%"event":"add_evidence"%'`
)

// Expiries reads the log: how many there are, how many of them a clock has
// twice, and how late the latest was recorded.
func (w *World) Expiries() (n, doubled int, worst time.Duration) {
	w.T.Helper()
	rows, err := w.Pool().Query(`select payload from events where payload like '%"lawful_at":"%'`)
	if err != nil {
		w.T.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	seen := map[string]bool{}
	for rows.Next() {
		var payload string
		var e struct {
			Case     string
			At       time.Time
			LawfulAt time.Time `json:"lawful_at"`
			Data     struct {
				Clocks []struct {
					Op    string
					No    int64
					State string
				}
			}
		}
		if err := errors.Join(rows.Scan(&payload), json.Unmarshal([]byte(payload), &e)); err != nil {
			w.T.Fatal(err)
		}
		if e.At.Before(e.LawfulAt) {
			w.T.Errorf("%s: enforced %s early", e.Case, e.LawfulAt.Sub(e.At))
		}
		worst = max(worst, e.At.Sub(e.LawfulAt))
		for _, op := range e.Data.Clocks {
			if op.Op != "expire" {
				continue
			}
			key := fmt.Sprint(e.Case, "/", op.No)
			if n++; seen[key] {
				doubled++
			}
			seen[key] = true
		}
	}
	if err := rows.Err(); err != nil {
		w.T.Fatal(err)
	}
	return n, doubled, worst
}
