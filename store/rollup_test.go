package store_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow/calendar"
)

// Rollups and what is in no block yet are together what the log counts, at every
// moment, with two nodes sealing while cases move; a rollup that is one off is
// found.
func TestRollupsAndTail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		from, to := calendar.On(w.Now()), calendar.On(w.Now()).AddDays(400)
		all := func() map[string]int64 {
			t.Helper()
			rows, err := w.Pool().Query("select indicator, cast(sum(value) as bigint) from contributions group by indicator")
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]int64{}
			for rows.Next() {
				var i string
				var n int64
				if err := rows.Scan(&i, &n); err != nil {
					t.Fatal(err)
				}
				out[i] = n
			}
			return out
		}
		check := func() {
			t.Helper()
			if got, err := w.Totals(ctx, from, to); err != nil || !maps.Equal(got, all()) {
				t.Errorf("%v, the log counts %v, %v", got, all(), err)
			}
		}
		seal := func() {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					for {
						n, err := w.Block(ctx)
						if err != nil {
							t.Error(err)
						}
						if n == 0 {
							return
						}
					}
				})
			}
			wg.Wait()
		}
		var numbers []string
		for i := range 12 {
			numbers = append(numbers, w.File())
			if i%4 == 3 {
				check()
				seal()
				check()
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for _, n := range numbers[:6] {
				w.Do(n, "withdraw_before_acceptance")
			}
		})
		wg.Go(seal)
		wg.Wait()
		w.Advance(60 * 24 * time.Hour)
		if _, err := w.Sweep(ctx, 100); err != nil {
			t.Fatal(err)
		}
		check()
		if got, err := w.Totals(ctx, from, from); err != nil || got["filed"] != 12 || got["expired.accept_decision"] != 0 {
			t.Errorf("on the first day: %v %v", got, err)
		}
		seal()
		check()
		verify := func() []audit.Finding {
			r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Parts: []string{"statistics"}, Now: w.Now()})
			if err != nil {
				t.Fatal(err)
			}
			return r.Findings
		}
		if f := verify(); len(f) > 0 || w.Count("select count(*) from rollups") == 0 {
			t.Errorf("%v", f)
		}
		w.Run("update rollups set value = value + 1 where indicator = 'filed' and slice = 'town'")
		if f := verify(); len(f) == 0 || !strings.Contains(f[0].String(), "rollup filed") || !strings.Contains(f[0].What, "+1 off") {
			t.Errorf("%v", f)
		}
	})
}
