package jobs_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/store/storetest"
)

// The runner enforces, reminds, beats and seals, and ends when it is told to.
func TestRunner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		defer ends(t)()
		number := w.File()
		w.Do(number, "classify", "dispatch")
		w.Advance(30 * 24 * time.Hour)
		ctx, cancel := context.WithCancel(context.Background())
		r := &jobs.Runner{Store: w.Store, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Data: w.Cfg.Data}
		r.Beats = func(context.Context) error { return nil }
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		sealed := func() bool { _, err := os.Stat(filepath.Join(w.Cfg.Data, "checkpoint")); return err == nil }
		for !sealed() || w.Count("select count(*) from clocks where state = 'owed'") == 0 || w.Count("select count(*) from heartbeats") == 0 {
			if t.Failed() {
				break
			}
		}
		cancel()
		<-done
	})
}

// A reminder is owed once for each mark, whoever asks and however often.
func TestRemindersOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.File()
		reminders := func() int { return w.Count("select count(*) from outbox where topic like 'reminder%'") }
		for range 12 { // day by day through the seven working days of the decision
			w.Advance(12 * time.Hour)
			for range 2 {
				if _, err := w.Remind(context.Background(), 10); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := reminders()
		if want < 3 {
			t.Errorf("%d reminders", want)
		}
		if _, err := w.Remind(context.Background(), 10); err != nil || reminders() != want {
			t.Errorf("%d reminders after asking again", reminders())
		}
	})
}

// An outage moves a party's own clock that was in its last two working days,
// and never a statutory one.
func TestAnOutageIsRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		if err := w.Beat(ctx); err != nil {
			t.Fatal(err)
		}
		w.Advance(5 * time.Minute)
		if err := w.Beat(ctx); err != nil {
			t.Fatal(err)
		}
		if o, _ := w.Outages(ctx); len(o) != 0 {
			t.Errorf("%v", o)
		}
		w.Advance(9 * time.Hour)
		if err := w.Beat(ctx); err != nil {
			t.Fatal(err)
		}
		o, err := w.Outages(ctx)
		if err != nil || len(o) != 1 || o[0].To.Sub(o[0].From) != 9*time.Hour {
			t.Errorf("%v %v", o, err)
		}
	})
}
