package store_test

import (
	"errors"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// A lot takes what waits and what its holder has not begun to hand over; never
// what is on its way, what another lot holds, or fewer than are worth it.
func TestWhatALotTakes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for range 4 {
			w.File()
		}
		w.Run("update outbox set topic = 'reminder.last.authority', recipient = 'officer:zhang', queue = 'bulk'")
		until := w.Now().Add(time.Hour)
		all, err := w.Claim(ctx, "bulk", "one", until, 3, true)
		if err != nil || len(all) != 3 {
			t.Fatalf("%d %v", len(all), err)
		}
		if err := w.BeginAttempt(ctx, &all[0], &store.Attempt{Recipient: "officer:zhang", Channel: "mail"}, nil); err != nil {
			t.Fatal(err)
		}
		if lot, err := w.Gather(ctx, &all[1], "two", until, 3, 100); err != nil || len(lot) != 0 {
			t.Errorf("no more than three: %d %v", len(lot), err)
		}
		lot, err := w.Gather(ctx, &all[1], "two", until, 2, 100)
		if err != nil || len(lot) != 3 {
			t.Fatalf("%+v %v", lot, err)
		}
		for i := range lot {
			if lot[i].ID() == all[0].ID() || lot[i].Attempts != 1 || lot[i].Held != "digest:two" {
				t.Errorf("%+v", lot[i])
			}
		}
		w.File()
		w.Run("update outbox set topic = 'reminder.last.authority', recipient = 'officer:zhang', queue = 'bulk'")
		late, err := w.Claim(ctx, "bulk", "late", until, 1, true)
		if err != nil || len(late) != 1 {
			t.Fatal(err)
		}
		if lot, err := w.Gather(ctx, &late[0], "late", until, 0, 100); err != nil || len(lot) != 1 {
			t.Errorf("what another lot holds: %d %v", len(lot), err)
		}
		if err := w.BeginAttempt(ctx, &all[2], &store.Attempt{Recipient: "officer:zhang", Channel: "mail"}, nil); !errors.Is(err, store.ErrNotHeld) {
			t.Errorf("who held it before hands it over: %v", err)
		}
		if _, err := w.Gather(ctx, &all[2], "three", until, 0, 100); !errors.Is(err, store.ErrNotHeld) {
			t.Errorf("who held it before gathers: %v", err)
		}
		held, begun, err := w.BeginDigest(ctx, lot, store.Attempt{Recipient: "officer:zhang", Channel: "mail"}, nil)
		if err != nil || len(held) != 3 || len(begun) != 3 || begun[0].Ordinal != 1 {
			t.Errorf("%d %d %v", len(held), len(begun), err)
		}
		w.Advance(2 * time.Hour) // whoever held them died
		again, err := w.Claim(ctx, "bulk", "four", w.Now().Add(time.Hour), 1, true)
		if err != nil || len(again) != 1 {
			t.Fatal(err)
		}
		if lot, err := w.Gather(ctx, &again[0], "four", w.Now().Add(time.Hour), 0, 100); err != nil || len(lot) != 5 {
			t.Errorf("after their time: %d %v", len(lot), err)
		}
	})
}
