package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"fangxin/jobs"
	"fangxin/store"
)

// filer is one way to file, with what runs beside it before and after midnight
// strikes.
type filer struct {
	file   func() error
	strike func()
	beside func(ctx context.Context)
	close  func()
}

// during measures intake while the midnight is swept, beside the same node a
// moment before: with all the work that a node does, and nothing due. What two
// cores allow is measured the same way: the hand-written writer, and then the bare
// SQL sweep beside it.
func (b *bench) during() error {
	return b.onCopy("during", func(dsn string) error {
		callers := []int{1, 8}
		var idle, busy [2][2]rounds // of door and hand, by number of callers
		for round := range min(b.rounds, b.cases/b.due/2) {
			for i := range 2 {
				which := (round + i) % 2
				if err := rested(dsn); err != nil {
					return err
				}
				x, err := [...]func(string, time.Time) (*filer, error){doorIntake, handIntake}[which](dsn, hour(2*round+i))
				if err != nil {
					return err
				}
				err = b.oneMidnight(x, callers, idle[which][:], busy[which][:])
				x.close()
				if err != nil {
					return err
				}
			}
		}
		for i, n := range callers {
			r, hand := ratio(busy[0][i], idle[0][i], p50), ratio(busy[1][i], idle[1][i], p50)
			what := fmt.Sprintf("intake's p50 while the midnight runs, %d callers", n)
			l := line{what: what, figure: busy[0][i].String(), limit: "idle: " + idle[0][i].String(), ratio: number(r)}
			l.aim, l.met = atMost(r, 1.2)
			b.report.add(l)
			b.report.add(line{what: what + ", by hand beside the bare SQL sweep", figure: busy[1][i].String(), limit: "idle: " + idle[1][i].String(), ratio: number(hand), aim: "–", met: "–"})
		}
		return nil
	})
}

func (b *bench) oneMidnight(x *filer, callers []int, idle, busy []rounds) error {
	for _, into := range [][]rounds{idle, busy} {
		running, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			x.beside(running)
		}()
		var err error
		for i, n := range callers {
			var v speed
			if v, err = drive(n, b.window, same(x.file)); err != nil {
				break
			}
			into[i] = append(into[i], v)
		}
		stop()
		<-done
		if err != nil {
			return err
		}
		x.strike()
	}
	return nil
}

// doorIntake is a node: Execute, and every work that a node does beside.
func doorIntake(dsn string, at time.Time) (*filer, error) {
	var clock atomic.Int64
	clock.Store(at.Add(-30 * time.Minute).UnixMicro())
	began := time.Now()
	s, err := openAt(dsn, os.TempDir(), func() time.Time { return time.UnixMicro(clock.Load()).Add(time.Since(began)).UTC() })
	if err != nil {
		return nil, err
	}
	cmd := filing()
	return &filer{
		file: func() error {
			_, err := s.Execute(ctx, store.Request{Command: cmd})
			return err
		},
		strike: func() { clock.Store(at.UnixMicro()) },
		beside: func(running context.Context) {
			(&jobs.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Data: os.TempDir()}).Run(running)
		},
		close: func() { _ = s.Close() },
	}, nil
}

// handIntake is the limit's writer, and the bare sweep on a connection of its own.
func handIntake(dsn string, at time.Time) (*filer, error) {
	s, err := openAt(dsn, os.TempDir(), func() time.Time { return at.Add(-30 * time.Minute) })
	if err != nil {
		return nil, err
	}
	a, err := s.Execute(ctx, store.Request{Command: filing()})
	if err != nil {
		return nil, err
	}
	rows, err := template(s.Pool(), s.Dialect(), a.CaseID)
	if err != nil {
		return nil, err
	}
	own := slices.IndexFunc(rows, func(t table) bool { return t.name == "idempotency" })
	rows[own].rows = rows[own].rows[:1] // one filing's, of all that the table holds
	l, err := newLimit(s.Pool(), false, rows)
	if err != nil {
		return nil, err
	}
	l.next = at.UnixMicro() // numbers that nobody has
	struck := false
	return &filer{
		file:   l.file,
		strike: func() { struck = true },
		beside: func(running context.Context) {
			for struck && running.Err() == nil {
				if n, err := bareBatch(s.Pool(), at); err != nil || n == 0 {
					return
				}
			}
		},
		close: func() {
			l.close()
			_ = s.Close()
		},
	}, nil
}
