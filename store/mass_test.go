package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// A mass event: many clocks run out in one instant while intake goes on. Each
// expires once, no filing is lost, and how long filings took is printed.
func TestMassEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		many := often(600, 100_000)
		fileMany(t, w, many)
		c, _ := w.Case(ctx, w.File())
		w.Set(c.Clock("triage").LateFrom)
		var over atomic.Bool
		var mu sync.Mutex
		var wg sync.WaitGroup
		var took []time.Duration
		filing := w.Filing()
		for range 8 {
			wg.Go(func() {
				for !over.Load() {
					start := time.Now()
					if _, err := w.Execute(ctx, store.Request{Command: filing}); err != nil {
						t.Errorf("a filing during the mass event: %v", err)
						return
					}
					mu.Lock()
					took = append(took, time.Since(start))
					mu.Unlock()
				}
			})
		}
		start := time.Now()
		swept := 0
		for n := 1; n > 0; swept += n {
			var err error
			if n, err = w.Sweep(ctx, 500); err != nil {
				t.Fatal(err)
			}
		}
		whole := time.Since(start)
		over.Store(true)
		wg.Wait()
		n, doubled, worst := w.Expiries()
		if n != many+1 || swept != many+1 {
			t.Errorf("%d expiries, %d swept, %d clocks ran out", n, swept, many+1)
		}
		y := storetest.Tally{Name: w.Dialect() + "/mass-event", Faults: many, Acked: many + 1 + len(took), Doubled: doubled, Worst: worst + whole}
		y.Lost = max(0, y.Acked-w.Count("select count(*) from cases"))
		slices.Sort(took)
		fmt.Printf("mass event: %s, %d clocks in %s; meanwhile %d filings, half within %s, the longest %s\n", w.Dialect(), many, whole.Round(time.Millisecond),
			len(took), took[len(took)/2].Round(time.Microsecond), took[len(took)-1].Round(time.Microsecond))
		proven(t, w)
		y.Report(t)
	})
}

func fileMany(t *testing.T, w *storetest.World, n int) {
	t.Helper()
	filing := w.Filing()
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range 128 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := w.Execute(ctx, store.Request{Command: filing}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
