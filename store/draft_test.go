package store_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// A filing is decided where it is called and numbered by the committer: its
// number's year is that of the instant it was decided at, even if a new year has
// begun meanwhile; when too much time has passed it is decided again.
func TestADraftAcrossTheYear(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for _, x := range []struct {
			step time.Duration
			year string
		}{{10 * time.Millisecond, "-2026-"}, {2 * time.Second, "-2027-"}} {
			q := store.Request{Command: w.Filing()}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			newYear := time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)
			w.Set(newYear.Add(-time.Millisecond))
			var passing atomic.Bool
			w.Cfg.Now = func() time.Time {
				at := w.Now()
				if passing.Load() {
					w.Advance(x.step)
				}
				return at
			}
			w.Reopen()
			passing.Store(true)
			a, err := w.Execute(ctx, q)
			passing.Store(false)
			if err != nil || !strings.Contains(a.Number, x.year) {
				t.Fatalf("after %s: %s %v", x.step, a.Number, err)
			}
			events, err := w.Events(ctx, a.Number)
			if err != nil || len(events) == 0 || events[0].At.Before(newYear) != (x.year == "-2026-") {
				t.Errorf("after %s: %s decided at %v %v", x.step, a.Number, events[0].At, err)
			}
		}
	})
}

func TestAReplayIsTheSameAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		for _, q := range []store.Request{
			{Command: w.Filing(), Key: "a"},
			{Case: number, Command: w.Compose(number, "classify"), Key: "b"},
		} {
			first, err := w.Execute(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			seen, receipt, err := w.Filed(ctx, first)
			if err != nil {
				t.Fatal(err)
			}
			again, err := w.Execute(ctx, q)
			if err != nil || !again.Replayed {
				t.Fatalf("%+v %v", again, err)
			}
			if again.Replayed = false; fmt.Sprint(first.Number, first.Version, first.State, first.Events) != fmt.Sprint(again.Number, again.Version, again.State, again.Events) || first.CaseID != again.CaseID {
				t.Errorf("%+v, again %+v", first, again)
			}
			read, readReceipt, err := w.Filed(ctx, again)
			if err != nil || !reflect.DeepEqual(seen, read) || !reflect.DeepEqual(receipt, readReceipt) {
				t.Errorf("made just now\n%+v\n%+v\nread %v\n%+v\n%+v", seen, receipt, err, read, readReceipt)
			}
		}
	})
}
