package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"

	"github.com/hibiken/asynq"
)

// An attempt that was given up, and whose message another holds by now, sends
// nothing and writes nothing when it wakes: at whichever step it slept.
func TestAGivenUpAttemptDoesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		w.Do(w.File(), "request_correction")
		w.Advance(4 * 24 * time.Hour) // a reminder falls due
		if _, err := w.Remind(ctx, 10); err != nil {
			t.Fatal(err)
		}
		sent := 0
		p := &Post{Store: w.Store, Log: slog.New(slog.DiscardHandler), Now: w.Now, Node: "n",
			Channels: []channel.Channel{{Name: "console", Send: func(context.Context, channel.Message) (channel.Sent, error) { sent++; return channel.Sent{}, nil }}}}
		p.ready()
		var old []store.Owed
		for _, q := range store.Queues {
			lot, err := w.Claim(ctx, q, "n", w.Now(), 10, true) // held no longer than now
			if err != nil {
				t.Fatal(err)
			}
			old = append(old, lot...)
			if lot, err = w.Claim(ctx, q, "other", w.Now().Add(time.Hour), 10, true); err != nil || len(lot) == 0 {
				t.Fatal(q, len(lot), err)
			}
		}
		before := w.Count("select count(*) from events")
		for _, o := range old {
			task := asynq.NewTask(taskType(o.Topic), encode(o.ID(), o.Fence))
			if err := p.mux.ProcessTask(ctx, task); !errors.Is(err, store.ErrNotHeld) {
				t.Errorf("%s: %v", o.ID(), err)
			}
			if err := p.send(ctx, task, channel.Message{}); !errors.Is(err, store.ErrNotHeld) {
				t.Errorf("%s: sent with %v", o.ID(), err)
			}
			p.settle(ctx, &o, errors.New("late"))
		}
		if n := w.Count("select count(*) from outbox where state = 'owed' and held = 'other' and error = ''"); n != len(old) || sent != 0 || w.Count("select count(*) from events") != before {
			t.Errorf("of %d messages %d are as they were, %d were sent", len(old), n, sent)
		}
	})
}

// Two attempts that overlap at the worst place, each having sent: the log says
// once that the notice was sent.
func TestOverlappingAttemptsHaveOneEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		number := w.File()
		p := &Post{Store: w.Store, Log: slog.New(slog.DiscardHandler), Now: w.Now, Node: "n"}
		deliver := func() {
			lot, err := w.Claim(ctx, "notices", "n", w.Now(), 1, true)
			if err != nil || len(lot) != 1 {
				t.Fatal(len(lot), err)
			}
			if err := p.mux.ProcessTask(ctx, asynq.NewTask(taskType("notice"), encode(lot[0].ID(), lot[0].Fence))); err != nil {
				t.Error(err)
			}
		}
		sent := 0
		p.Channels = []channel.Channel{{Name: "console", Send: func(context.Context, channel.Message) (channel.Sent, error) {
			if sent++; sent == 1 {
				deliver()
			}
			return channel.Sent{}, nil
		}}}
		p.ready()
		deliver()
		if c, err := w.Case(ctx, number); err != nil || c.Version != 2 || sent != 2 {
			t.Errorf("version %d, sent %d, %v", c.Version, sent, err)
		}
	})
}

// Pauses double from ten seconds to six hours, and what failed together does
// not come back together.
func TestPauses(t *testing.T) {
	last := time.Duration(0)
	for n := int64(1); n <= 40; n++ {
		o := store.Owed{Number: "HT-2026-000001-5", Topic: "notice"}
		d := pauseAfter(&o, n)
		base := min(10*time.Second<<min(n-1, 16), 6*time.Hour)
		if d < base || d > base*5/4 || n < 12 && d < last {
			t.Errorf("%d: %v", n, d)
		}
		last = d
	}
	seen := map[time.Duration]bool{}
	for no := range int64(20) {
		seen[pauseAfter(&store.Owed{Number: "HT-2026-000001-5", No: no, Topic: "notice"}, 1)] = true
	}
	if len(seen) < 10 {
		t.Errorf("%d different pauses", len(seen))
	}
}

func TestVersions(t *testing.T) {
	for v, want := range map[string]bool{"5.0.14": true, "6.0.16": true, "6.2.0": false, "6.2": false, "7.0.15": false, "10.1": false, "": true, "6": true} {
		if older(v, oldestRedis) != want {
			t.Errorf("%q: %v", v, !want)
		}
	}
}
