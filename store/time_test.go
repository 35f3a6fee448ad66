package store_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store/storetest"
)

// While the clock is in doubt no sweep runs; commands are decided all the same.
func TestNoSweepInDoubt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var doubt atomic.Pointer[error]
		w.Cfg.Doubt = func() error {
			if d := doubt.Load(); d != nil {
				return *d
			}
			return nil
		}
		w.Reopen()
		number := w.File()
		w.Do(number, "classify", "dispatch")
		w.Advance(60 * 24 * time.Hour)
		jumped := errors.New("it jumped")
		doubt.Store(&jumped)
		if n, err := w.Sweep(ctx, 10); n != 0 || !errors.Is(err, jumped) {
			t.Errorf("%d swept, %v", n, err)
		}
		w.File()
		doubt.Store(nil)
		if n, err := w.Sweep(ctx, 10); n != 1 || err != nil {
			t.Errorf("out of doubt: %d swept, %v", n, err)
		}
	})
}

// A node whose clock stepped back decides a case at its last instant, and the
// log stays in order.
func TestTheClockStepsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Advance(-36 * time.Hour)
		w.Do(number, "classify", "dispatch", "accept")
		events, err := w.Events(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events[1:] {
			if !e.At.Equal(events[0].At) {
				t.Errorf("%s at %s, filed at %s", e.Event, e.At, events[0].At)
			}
		}
		c, _ := w.Case(ctx, number)
		if k := c.Clock("mediation_end"); k == nil || k.Starts.Start().After(events[0].At) || events[0].At.Sub(k.Starts.Start()) > 24*time.Hour {
			t.Errorf("a clock from another day: %+v", k)
		}
		if server, err := w.ServerTime(ctx); err != nil || server.IsZero() != (w.Dialect() == "sqlite") {
			t.Errorf("the server's time is %s, %v", server, err)
		}
	})
}
