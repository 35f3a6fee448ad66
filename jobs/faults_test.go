package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store/storetest"

	"github.com/hibiken/asynq"
)

// foreign: tasks of another version, of a kind that nobody knows, of messages
// that are not there, and one that says what an older claim said, lie in Redis.
func foreign(r *run) int {
	c := asynq.NewClientFromRedisClient(r.redis.Client)
	r.load(1)
	old, err := r.w.Messages(ctx, "owed", 1)
	if err != nil || len(old) != 1 {
		r.t.Fatal(err, len(old))
	}
	text := func(v any) []byte { b, _ := json.Marshal(v); return b }
	for _, task := range []*asynq.Task{asynq.NewTask("notice:deliver", []byte("HT-2026-000001-5")), asynq.NewTask("notice:deliver", nil),
		asynq.NewTask("notice:deliver", text(map[string]any{"v": 0, "id": old[0].ID()})), asynq.NewTask("notice:deliver", text(map[string]any{"v": 9, "id": old[0].ID()})),
		asynq.NewTask("future:kind", text(map[string]any{"v": 1, "id": "HT-2026-999999-9/1/notice", "fence": 1})),
		asynq.NewTask("notice:deliver", text(map[string]any{"v": 1, "id": "nonsense", "fence": 1})),
		asynq.NewTask("notice:deliver", text(map[string]any{"v": 1, "id": old[0].ID(), "fence": old[0].Fence - 1}))} {
		if _, err := c.Enqueue(task, asynq.Queue("notices"), asynq.MaxRetry(0)); err != nil {
			r.t.Fatal(err)
		}
	}
	// The id that the first claim will make is taken by a task that will never run.
	blocked, err := c.Enqueue(asynq.NewTask("notice:deliver", nil), asynq.Queue(old[0].Queue), asynq.TaskID(old[0].ID()+"#1"), asynq.ProcessIn(time.Hour))
	if err == nil {
		err = asynq.NewInspectorFromRedisClient(r.redis.Client).ArchiveTask(old[0].Queue, blocked.ID)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.post(nil)
	r.carriedBy("redis")
	r.load(often(10, 100))
	return 8
}

// A Redis that throws tasks away when it is full is refused while it is so.
func TestAnEvictingRedisIsRefused(t *testing.T) {
	w := storetest.New(t)
	r := newRun(t, w, startRedis(t, "--maxmemory-policy", "allkeys-lru"))
	o := r.post(nil)
	r.load(5)
	settled(t, w)
	until(t, "said why", func() bool { return strings.Contains(o.said(), "noeviction") })
	if o.Driver() != "process" {
		t.Error("an evicting redis is used")
	}
	r.redis.do("config", "set", "maxmemory-policy", "noeviction")
	r.carriedBy("redis")
	until(t, "said what it lacks", func() bool { return strings.Contains(o.said(), "appendonly") })
	r.load(5)
	r.redis.do("config", "set", "maxmemory-policy", "volatile-ttl")
	r.carriedBy("process")
	r.load(5)
	r.finish(2)
	if n := strings.Count(o.said(), "not used"); n < 2 {
		t.Errorf("said %d times that redis is not used:\n%s", n, o.said())
	}
}

// both runs a test driven in process and by Redis.
func both(t *testing.T, test func(t *testing.T, r *run)) {
	t.Helper()
	for _, driver := range []string{"process", "redis"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			r := newRun(t, storetest.New(t), startRedis(t))
			if driver == "process" {
				r.url = ""
			}
			test(t, r)
		})
	}
}

// A handler that outlives its time is run again beside itself: its notice still
// has one event.
func TestAHandlerOutlivesItsTime(t *testing.T) {
	both(t, func(t *testing.T, r *run) {
		var first atomic.Bool
		wake := make(chan struct{})
		r.sink.fail = func(channel.Message) error {
			if first.CompareAndSwap(false, true) {
				<-wake // whatever its context says
			}
			return nil
		}
		o := open(t, r.w, r.sink.channel(), func(p *jobs.Post) {
			p.Redis = r.url
			p.Limits.Beat, p.Limits.Timeout = 20*time.Millisecond, 2*time.Second // the others must fit in, on a busy machine too
		})
		r.posts = append(r.posts, o)
		number := r.w.File()
		r.acked.Add(1)
		until(t, "given up", func() bool { return strings.Contains(o.said(), "timeout") })
		r.w.Run("update outbox set next_at = at") // its pause is over
		settled(t, r.w)
		close(wake)
		until(t, "the first has woken", func() bool { r.sink.mu.Lock(); defer r.sink.mu.Unlock(); return len(r.sink.all) == 2 })
		r.finish(1)
		if c, err := r.w.Case(ctx, number); err != nil || c.Version != 2 {
			t.Errorf("version %d, %v", c.Version, err)
		}
	})
}

// A message that nobody can deliver dies after its attempts, holds nobody up,
// tells nothing personal, and can be given new life.
func TestAPoisonMessage(t *testing.T) {
	both(t, func(t *testing.T, r *run) {
		poison := r.w.File()
		var healed atomic.Bool
		var tried atomic.Int64
		r.sink.fail = func(m channel.Message) error {
			switch {
			case m.Number != poison || healed.Load():
				return nil
			case tried.Add(1)%2 == 0:
				panic("13800000000 " + m.Phone)
			}
			return errors.New("cannot reach " + m.Phone)
		}
		o := r.post(nil)
		r.load(5)
		r.acked.Add(1)
		dead := func() bool { return r.w.Count("select count(*) from outbox where state = 'dead'") == 1 }
		until(t, "it dies", func() bool {
			r.w.Run("update outbox set next_at = at where state = 'owed' and held = ''")
			return dead()
		})
		until(t, "the rest is delivered", func() bool { return r.w.Count(owing) == 0 })
		if tried.Load() != 16 {
			t.Errorf("%d attempts", tried.Load())
		}
		all, err := r.w.Messages(ctx, "dead", 10)
		if err != nil || len(all) != 1 || all[0].Error != "panic" || all[0].Attempts != 16 {
			t.Fatalf("%+v %v", all, err)
		}
		if strings.Contains(o.said(), "13800000000") {
			t.Error("the log holds what a panic held")
		}
		healed.Store(true)
		if n, err := r.w.Revive(ctx, all[0].ID()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		r.finish(16)
	})
}

// What is known to be of no use is not tried again, and is a person's from then
// on; a topic that this version does not know waits for one that does, and dies
// visibly.
func TestWhatIsOfNoUse(t *testing.T) {
	w := storetest.New(t)
	w.File()
	s := sink{fail: func(channel.Message) error { return &channel.Fault{Code: "number_unknown", Lasting: true} }}
	w.Run("insert into outbox (case_id, no, topic, seq, recipient, template, state, at) select id, 99, 'future', 1, 'consumer', 'x', 'owed', filed_at from cases")
	open(t, w, s.channel(), nil)
	until(t, "one is given up, one is dead", func() bool {
		w.Run("update outbox set next_at = at where state = 'owed' and held = ''")
		return w.Count("select count(*) from outbox where state in ('dead', 'failed')") == 2
	})
	dead, err := w.Messages(ctx, "dead", 10)
	if err != nil || len(dead) != 1 || dead[0].Error != "unknown_topic" || dead[0].Attempts != 8 {
		t.Errorf("%+v %v", dead, err)
	}
	failed, err := w.Messages(ctx, "failed", 10)
	if err != nil || len(failed) != 1 || failed[0].Error != "number_unknown" || failed[0].Attempts != 1 {
		t.Errorf("%+v %v", failed, err)
	}
}

// Whoever asks to be left alone for a time is, at most for a day.
func TestTheOtherEndAsksForTime(t *testing.T) {
	for asked, most := range map[time.Duration]time.Duration{time.Hour: time.Hour, 90 * 24 * time.Hour: 24 * time.Hour} {
		w := storetest.New(t)
		w.File()
		s := sink{fail: func(channel.Message) error { return &channel.Fault{Code: "sms.429", After: asked} }}
		o := open(t, w, s.channel(), nil)
		until(t, "it was tried", func() bool { return w.Count("select count(*) from outbox where attempts = 1 and held = ''") == 1 })
		o.stop()
		if all, err := w.Messages(ctx, "owed", 1); err != nil || len(all) != 1 || all[0].Next.Sub(w.Now()) != most {
			t.Errorf("asked for %v: %v %v", asked, all, err)
		}
	}
}

// Stopped in the middle of its work, a post ends what it can and gives back the
// rest, which counts no attempt.
func TestStoppedInTheMiddle(t *testing.T) {
	both(t, func(t *testing.T, r *run) {
		var begun atomic.Int64
		open := make(chan struct{})
		var stubborn atomic.Value
		r.sink.fail = func(m channel.Message) error {
			if begun.Add(1) == 1 {
				stubborn.Store(m.ID)
				<-t.Context().Done()
				return errors.New("never")
			}
			<-open
			return nil
		}
		r.grace = 10 * time.Minute
		o := r.post(nil)
		if r.url != "" {
			r.carriedBy("redis")
		}
		r.load(4) // two messages each: as many as the workers of SQLite
		until(t, "all are under way", func() bool { return begun.Load() == 8 })
		var stopped sync.WaitGroup
		stopped.Go(o.stop)
		close(open)
		until(t, "all but one are told", func() bool { return r.w.Count(owing) == 1 })
		o.EndGrace()
		stopped.Wait()
		left, err := r.w.Messages(ctx, "owed", 5)
		if err != nil || len(left) != 1 || left[0].ID() != stubborn.Load() || left[0].Attempts != 0 || left[0].Held != "" {
			t.Errorf("%+v %v", left, err)
		}
		r.sink.fail, r.posts = nil, nil
		r.post(nil)
		r.finish(1)
	})
}

// A party without telephone and mail cannot be told so: the log says that it
// failed, and nobody pretends.
func TestNobodyToReach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		cmd := w.Filing()
		cmd.Private.Person.Phone, cmd.Private.Person.Email = "", ""
		var s sink
		number := filed(t, w, cmd)
		open(t, w, s.channel(), nil)
		settled(t, w)
		if n := w.Count("select count(*) from outbox where state = 'failed'"); n != 1 || len(s.all) != 0 {
			t.Errorf("%d failed, %d sent", n, len(s.all))
		}
		events, err := w.Events(ctx, number)
		if err != nil || events[len(events)-1].Event != "notice_failed" {
			t.Errorf("%+v %v", events, err)
		}
		kept(t, w)
	})
}

// A node that was away for days catches up in one run: each deadline expires
// once, at its lawful instant, and each clock that still runs owes one reminder.
func TestAwayForDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for range 3 {
			w.File()
		}
		w.Advance(31 * 24 * time.Hour)
		var s sink
		for range 2 { // and a second run finds nothing
			runOnce(t, w, &s)
		}
		if n := w.Count("select count(*) from clocks where code = 'accept_decision' and state = 'owed'"); n != 3 {
			t.Errorf("%d expired", n)
		}
		if n := w.Count("select count(*) from events where payload like '%\"event\":\"accept_overdue\"%'"); n != 3 {
			t.Errorf("%d expiries", n)
		}
		kept(t, w)
	})
}

// runOnce lets a node live until it has swept and delivered everything.
func runOnce(t *testing.T, w *storetest.World, s *sink) {
	t.Helper()
	post := &jobs.Post{Store: w.Store, Log: quiet, Now: w.Now, Node: "n", Channels: []channel.Channel{s.channel()}, Limits: quickly()}
	r := &jobs.Runner{Store: w.Store, Log: quiet, Data: w.Cfg.Data, Post: post}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	until(t, "swept and delivered", func() bool {
		at, err := w.LastSweep(ctx)
		return err == nil && at.Equal(w.Now()) && w.Count(owing) == 0
	})
	cancel()
	<-done
}
