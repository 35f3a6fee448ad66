package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

func claim(t *testing.T, w *storetest.World, queue, holder string, limit int, begin bool) []store.Owed {
	t.Helper()
	all, err := w.Claim(context.Background(), queue, holder, w.Now().Add(time.Minute), limit, begin)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A filing owes a receipt; a notice that a clock waits for is more urgent.
func TestWhatIsOwedIsQueuedByUrgency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "request_correction")
		if all := claim(t, w, "notices", "n", 10, false); len(all) != 1 || all[0].Template != "receipt" || all[0].ID() != number+"/1/notice" || !all[0].At.Equal(w.Now()) {
			t.Errorf("%+v", all)
		}
		if all := claim(t, w, "deadlines", "n", 10, false); len(all) != 1 || all[0].Recipient != "consumer" {
			t.Errorf("%+v", all)
		}
	})
}

// Many holders at once: every message is claimed once until its time is over.
func TestAMessageHasOneHolder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for range 40 {
			w.File()
		}
		var mu sync.Mutex
		seen := map[string]int{}
		round := func() {
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					for {
						all, err := w.Claim(context.Background(), "notices", "n", w.Now().Add(time.Minute), 7, false)
						if err != nil || len(all) == 0 {
							return
						}
						mu.Lock()
						for _, o := range all {
							seen[o.ID()]++
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
		}
		for n := 1; n <= 3; n++ {
			for range 3 { // a claimer may find nothing because another is at it
				round()
			}
			for id, times := range seen {
				if times != n {
					t.Fatalf("%s was claimed %d times in round %d", id, times, n)
				}
			}
			if len(seen) != 40 {
				t.Fatalf("%d messages", len(seen))
			}
			w.Advance(time.Minute)
		}
	})
}

// Whoever holds an older fence changes nothing, whatever he tries.
func TestAnOldFenceChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		w.File()
		old := claim(t, w, "notices", "redis", 1, false)[0]
		first, err := w.Begin(ctx, old.ID(), old.Fence, "a", w.Now().Add(time.Minute))
		if err != nil || first.Attempts != 1 {
			t.Fatal(first, err)
		}
		if _, err := w.Begin(ctx, old.ID(), old.Fence, "b", w.Now()); !errors.Is(err, store.ErrNotHeld) {
			t.Errorf("begun twice: %v", err)
		}
		if o, err := w.Holding(ctx, first.ID(), first.Fence); err != nil || o != first {
			t.Fatal(o, err)
		}
		w.Advance(time.Minute)
		second := claim(t, w, "notices", "b", 1, true)[0]
		_, holding := w.Holding(ctx, first.ID(), first.Fence)
		for what, err := range map[string]error{"holding": holding, "settle": w.Settle(ctx, &first, "done", ""),
			"postpone": w.Postpone(ctx, &first, w.Now(), "x", true)} {
			if !errors.Is(err, store.ErrNotHeld) {
				t.Errorf("%s with an old fence: %v", what, err)
			}
		}
		if err := w.Settle(ctx, &second, "dead", "too_often"); err != nil || second.Attempts != 2 {
			t.Error(err, second.Attempts)
		}
		if all, _ := w.Messages(ctx, "dead", 10); len(all) != 1 || all[0].Error != "too_often" {
			t.Errorf("%+v", all)
		}
		if _, err := w.Revive(ctx, second.ID(), "HT-2026-000001-1/77/notice"); !errors.Is(err, store.ErrNoMessage) {
			t.Errorf("%v", err)
		}
		if n, err := w.Revive(ctx, second.ID()); n != 1 || err != nil {
			t.Error(n, err)
		}
		if all := claim(t, w, "notices", "c", 1, true); len(all) != 1 || all[0].Attempts != 1 || all[0].Fence <= second.Fence {
			t.Errorf("%+v", all)
		}
	})
}

// What a queue that lost its memory had is anybody's again at once.
func TestRecall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		w.File()
		w.File()
		claim(t, w, "notices", "redis", 1, false)
		if n, late, err := w.PassedOn(ctx, "notices", "redis", 10); n != 1 || late != 0 || err != nil {
			t.Error(n, late, err)
		}
		claim(t, w, "notices", "node", 1, true)
		if ok, err := w.Waiting(ctx, "notices"); ok || err != nil {
			t.Error(ok, err)
		}
		if n, err := w.Recall(ctx, "redis"); n != 1 || err != nil {
			t.Error(n, err)
		}
		if ok, err := w.Waiting(ctx, "notices"); !ok || err != nil {
			t.Error(ok, err)
		}
		claim(t, w, "notices", "redis", 1, false)
		w.Advance(time.Minute) // as long as claim lets him
		if n, late, err := w.PassedOn(ctx, "notices", "redis", 10); n != 1 || late != 1 || err != nil {
			t.Error(n, late, err)
		}
	})
}

// The figures an operator looks at.
func TestHealth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		since := w.Now()
		number := w.File()
		w.Do(number, "request_correction")
		w.File()
		claim(t, w, "deadlines", "node", 1, true)
		dead := claim(t, w, "notices", "node", 1, true)[0]
		if err := w.Settle(ctx, &dead, "dead", "x"); err != nil {
			t.Fatal(err)
		}
		got, err := w.Backlogs(ctx)
		want := []store.Backlog{{Queue: "deadlines", State: "held", Count: 1, Oldest: since}, {Queue: "notices", State: "dead", Count: 1, Oldest: since}, {Queue: "notices", State: "owed", Count: 1, Oldest: since}}
		if err != nil || len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("%+v %v", got, err)
		}
		w.Advance(60 * 24 * time.Hour)
		due, err := w.Overdue(ctx)
		if err != nil || len(due) == 0 {
			t.Fatalf("%+v %v", due, err)
		}
		if err := w.Beat(ctx); err != nil {
			t.Fatal(err)
		}
		if at, err := w.LastSweep(ctx); !at.IsZero() || err != nil {
			t.Error(at, err)
		}
		if _, err := w.Sweep(ctx, 10); err != nil {
			t.Fatal(err)
		}
		for _, d := range due {
			e := w.Enforced()[d.Code]
			if e.Count != d.Count || e.Worst < 24*time.Hour || e.Total < e.Worst || w.Now().Sub(d.Oldest) != e.Worst {
				t.Errorf("%s: due %+v, enforced %+v", d.Code, d, e)
			}
		}
		if left, err := w.Overdue(ctx); len(left) > 0 || err != nil {
			t.Errorf("%+v %v", left, err)
		}
		if err := w.Swept(ctx); err != nil {
			t.Fatal(err)
		}
		if at, err := w.LastSweep(ctx); !at.Equal(w.Now()) || err != nil {
			t.Error(at, err)
		}
	})
}
