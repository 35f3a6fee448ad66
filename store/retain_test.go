package store_test

import (
	"context"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// Old answers and delivered messages go; what is owed or dead stays, however old.
func TestRetention(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		for range 4 {
			w.File()
		}
		lot := claim(t, w, "notices", "n", 3, true)
		for i, state := range []string{"done", "void", "dead"} {
			if err := w.Settle(ctx, &lot[i], state, ""); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Beat(ctx); err != nil {
			t.Fatal(err)
		}
		w.Advance(40 * 24 * time.Hour)
		kept, err := w.Execute(ctx, store.Request{Key: "k", Command: w.Filing()})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := w.Retain(ctx, 0, 0); n != 0 || err != nil {
			t.Error(n, err)
		}
		if n, err := w.Retain(ctx, 30*24*time.Hour, 30*24*time.Hour); n != 6 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
		if keys, rows := w.Count("select count(*) from idempotency"), w.Count("select count(*) from outbox"); keys != 1 || rows != 3 || w.Count("select count(*) from heartbeats") != 1 {
			t.Errorf("%d keys, %d messages", keys, rows)
		}
		again, err := w.Execute(ctx, store.Request{Key: "k", Command: w.Filing()})
		if err == nil && again.Number != kept.Number {
			t.Errorf("%s filed again as %s", kept.Number, again.Number)
		}
	})
}
