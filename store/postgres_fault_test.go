package store_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
)

// dueThen is how many clocks run out while a fault is on.
const dueThen = 60

// suffer lives through a fault: clocks run out and clients file and act while it
// happens, everybody is answered afterwards without any help, and the log is
// proven. fault says how many times it struck.
func suffer(t *testing.T, w *storetest.World, name string, fault func(l *storetest.Load) int) {
	t.Helper()
	late := fileDue(w, dueThen)
	start := time.Now()
	w.Follow(func() time.Time { return late.Add(time.Since(start) - 200*time.Millisecond) })
	l := storetest.NewLoad(w, 8, func() *store.Store { return w.Store }, w.Store)
	l.Recovered(20)
	y := storetest.Tally{Name: name, Faults: fault(l)}
	l.Recovered(40)
	l.Stop(w, &y)
	if w.Now().Before(late) {
		w.Set(late)
	}
	settleAll(t, w)
	n, doubled, worst := w.Expiries()
	if n < dueThen {
		t.Errorf("%d expiries, %d clocks ran out", n, dueThen)
	}
	y.Doubled, y.Worst = y.Doubled+doubled, worst
	proven(t, w)
	y.Report(t)
}

// fileDue files cases whose clocks all run out at the instant that it returns.
func fileDue(w *storetest.World, n int) time.Time {
	number := ""
	for range n {
		number = w.File()
		w.Do(number, "classify", "dispatch")
	}
	c, err := w.Case(ctx, number)
	if err != nil {
		w.T.Fatal(err)
	}
	late := c.Clocks[0].LateFrom
	for _, k := range c.Clocks {
		if k.Code == "accept_decision" {
			late = k.LateFrom
		}
	}
	w.Set(late)
	return late
}

func settleAll(t *testing.T, w *storetest.World) {
	t.Helper()
	for {
		n, err := w.Sweep(ctx, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func proven(t *testing.T, w *storetest.World) {
	t.Helper()
	proof, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Now: w.Now()})
	if err != nil || len(proof.Findings) > 0 {
		t.Errorf("verify: %v %v", proof.Findings, err)
	}
}

// A connection cut at COMMIT, before it reaches the server, while it does, and
// after it became durable: each caller learns the truth, nothing is done twice.
func TestCutAtCommit(t *testing.T) {
	for mode, name := range map[storetest.CommitFault]string{storetest.CommitLost: "commit-lost", storetest.CommitRaced: "commit-raced", storetest.AnswerLost: "answer-lost"} {
		t.Run(name, func(t *testing.T) {
			p, dsn := storetest.NewProxy(t, storetest.Postgres(t))
			suffer(t, storetest.Open(t, dsn), "postgres/"+name, func(l *storetest.Load) int {
				for range often(15, 150) {
					p.AtCommit(mode, 1+rand.IntN(2))
					l.Recovered(5)
				}
				p.AtCommit(mode, 0)
				return p.Cuts()
			})
			if p.Cuts() == 0 {
				t.Error("no COMMIT was cut")
			}
		})
	}
}

// A network that is slow, that drops every connection, and that falls silent.
func TestABadNetwork(t *testing.T) {
	p, dsn := storetest.NewProxy(t, storetest.Postgres(t))
	w := storetest.Open(t, dsn)
	suffer(t, w, "postgres/network", func(l *storetest.Load) int {
		faults := 0
		for range often(2, 20) {
			p.Delay(20 * time.Millisecond)
			l.Recovered(20)
			p.Delay(0)
			faults += 1 + p.Cut()
			l.Recovered(20)
		}
		return faults
	})
}

// A network that says nothing, longer than any caller waits: each is answered,
// and service resumes when it speaks again.
func TestASilentNetwork(t *testing.T) {
	t.Parallel()
	p, dsn := storetest.NewProxy(t, storetest.Postgres(t))
	w := storetest.Open(t, dsn)
	p.Freeze(true)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := w.Execute(context.Background(), store.Request{Command: w.Filing()}); !store.Away(err) {
				t.Errorf("a silent network: %v", err)
			}
		})
	}
	wg.Wait() // without end, if nothing bounds it
	p.Freeze(false)
	for range 100 {
		if _, err := w.Execute(ctx, store.Request{Command: w.Filing()}); err == nil {
			proven(t, w)
			return
		} else if !store.Away(err) {
			t.Fatal(err)
		}
	}
	t.Error("no recovery after the silence")
}

// The server restarted under load, in order and as by a power cut, and stopped
// for a while.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	s := storetest.NewServer(t, "")
	for name, stop := range map[string]func(){"fast": s.Halt, "immediate": s.Crash} {
		t.Run(name, func(t *testing.T) {
			w := storetest.Open(t, s.Database())
			suffer(t, w, "postgres/restart-"+name, func(l *storetest.Load) int {
				n := often(1, 12)
				for range n {
					stop()
					s.Start()
					l.Recovered(40)
				}
				return n
			})
		})
	}
}

// While the database is away callers are answered, none queues without bound,
// and nothing is believed to have been done.
func TestCallersDoNotPileUp(t *testing.T) {
	t.Parallel()
	s := storetest.NewServer(t, "")
	w := storetest.Open(t, s.Database())
	before := w.Count("select count(*) from cases")
	s.Halt()
	filing := w.Filing()
	var wg sync.WaitGroup
	for range 3000 {
		wg.Go(func() {
			if _, err := w.Execute(ctx, store.Request{Command: filing}); !store.Away(err) {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	s.Start()
	for range 1000 {
		if _, err := w.Execute(ctx, store.Request{Command: filing}); err == nil {
			break
		} else if !store.Away(err) {
			t.Fatal(err)
		}
	}
	if n := w.Count("select count(*) from cases") - before; n != 1 {
		t.Errorf("%d cases, 1 acknowledged", n)
	}
	proven(t, w)
}

// Others took every connection, and the door lost its own.
func TestOutOfConnections(t *testing.T) {
	t.Parallel()
	s := storetest.NewServer(t, "", "-c max_connections=20")
	w := storetest.Open(t, s.Database())
	suffer(t, w, "postgres/max-connections", func(l *storetest.Load) int {
		n := often(1, 10)
		for range n {
			free := hog(t, s.URL)
			wait(300 * time.Millisecond)
			free()
			l.Recovered(20)
		}
		return n
	})
}

// hog ends everybody's connections and takes all that there are.
func hog(t *testing.T, url string) (free func()) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	first, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	held := []*sql.Conn{first}
	for range 60 {
		_, _ = first.ExecContext(ctx, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fangxin door'")
		c, err := db.Conn(ctx)
		if err != nil {
			continue
		}
		held = append(held, c)
	}
	return func() {
		for _, c := range held {
			_ = c.Close()
		}
		_ = db.Close()
	}
}

// A server that takes no writes for a while.
func TestReadOnlyServer(t *testing.T) {
	dsn := storetest.Postgres(t)
	admin := connect(t, dsn)
	var name string
	if err := admin.QueryRow("select current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	run := func(query string) {
		if _, err := admin.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	cut := "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
	suffer(t, storetest.Open(t, dsn), "postgres/read-only", func(l *storetest.Load) int {
		n := often(1, 20)
		for range n {
			run("alter database " + name + " set default_transaction_read_only = on")
			run(cut)
			wait(200 * time.Millisecond)
			run("begin; set transaction read write; alter database " + name + " reset default_transaction_read_only; commit")
			run(cut)
			l.Recovered(20)
		}
		return n
	})
}

// Statements that an operator cancels.
func TestCancelledStatements(t *testing.T) {
	dsn := storetest.Postgres(t)
	admin := connect(t, dsn)
	suffer(t, storetest.Open(t, dsn), "postgres/cancelled", func(*storetest.Load) int {
		faults, n := 0, 0
		for range often(40, 2000) {
			if err := admin.QueryRow("select count(pg_cancel_backend(pid)) from pg_stat_activity where application_name = 'fangxin door' and datname = current_database()").Scan(&n); err != nil {
				t.Fatal(err)
			}
			faults += n
		}
		return faults
	})
}

func connect(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// wait lets a fault last.
func wait(d time.Duration) {
	rest := time.NewTimer(d)
	<-rest.C
}
