package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

// Who yields to callers rests so many times as long as the committer was busy
// with them; what jobs say themselves, and a committer that stood still, make
// nobody rest.
func TestYieldingToCallers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		notice := w.Compose(number, "notice_sent")
		notice.Actor = workflow.Actor{Role: "job", ID: "notices"}
		var reads atomic.Int64
		began := w.Now()
		w.Follow(func() time.Time { return began.Add(time.Duration(reads.Add(1)) * time.Millisecond) })
		yield := func(c workflow.Command) time.Duration {
			pace := w.Pace(7)
			pace.Begin()
			if c.Event != "" {
				r := store.Request{Command: c}
				if c.Event == "notice_sent" {
					r.Case = number
				}
				if _, err := w.Execute(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			return pace.Yield()
		}
		if d := yield(workflow.Command{}); d != 0 {
			t.Errorf("beside nobody: %s", d)
		}
		if d := yield(notice); d != 0 {
			t.Errorf("beside a job: %s", d)
		}
		if d := yield(w.Filing()); d < 7*time.Millisecond || d%(7*time.Millisecond) != 0 {
			t.Errorf("beside somebody who files: %s, not seven times what it took", d)
		}
		pace := w.Pace(100_000)
		pace.Begin()
		w.File()
		if d := pace.Yield(); d != time.Second {
			t.Errorf("at most a second: %s", d)
		}
	})
}
