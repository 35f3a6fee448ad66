package jobs_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// server is a Redis of a test's own, to be killed and spoilt.
type server struct {
	t       *testing.T
	dir     string
	url     string
	options []string
	*redis.Client
}

func startRedis(t *testing.T, options ...string) *server {
	t.Helper()
	if os.Getenv("FANGXIN_TEST_REDIS") == "" {
		t.Skip("FANGXIN_TEST_REDIS is not set: make test starts a server")
	}
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "redis"), options: options}
	s.start()
	t.Cleanup(func() {
		_ = s.Close()
		_ = exec.Command("../.ci/redis.sh", "stop", s.dir).Run()
	})
	opt, err := redis.ParseURL(s.url)
	if err != nil {
		t.Fatal(err)
	}
	s.Client = redis.NewClient(opt)
	return s
}

// start starts it again where it was.
func (s *server) start() {
	s.t.Helper()
	out, err := exec.Command("../.ci/redis.sh", append([]string{"start", s.dir}, s.options...)...).Output()
	if err != nil {
		s.t.Fatalf("redis: %v", err)
	}
	s.url = strings.TrimSpace(string(out))
}

// kill is kill -9: nothing is written down.
func (s *server) kill() {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "redis.pid"))
	if err != nil {
		s.t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, "redis is gone", func() bool { return s.Ping(ctx).Err() != nil })
}

// do is a command that must work.
func (s *server) do(args ...any) {
	s.t.Helper()
	if err := s.Do(ctx, args...).Err(); err != nil {
		s.t.Fatalf("%v: %v", args, err)
	}
}

// proxy stands before a server and holds every answer back for a while.
type proxy struct {
	net.Listener
	to    string
	delay atomic.Int64 // per read of the answer
}

func slowly(t *testing.T, target string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: u.Host}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	u.Host = l.Addr().String()
	return p, u.String()
}

func (p *proxy) carry(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer s.Close()
	go func() {
		defer s.Close()
		_, _ = io.Copy(s, c)
	}()
	b := make([]byte, 32<<10)
	for {
		n, err := s.Read(b)
		time.Sleep(time.Duration(p.delay.Load()))
		if n > 0 {
			if _, err := c.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// run is one fault under load: what was acknowledged, what came of it.
type run struct {
	t     *testing.T
	w     *storetest.World
	redis *server
	sink  sink
	url   string // of Redis, as the posts see it
	posts []*office
	acked atomic.Int64
	grace time.Duration
	calm  bool // Redis is never given up for being slow, as it is on a busy machine
}

// newRun opens a world whose time goes on by itself.
func newRun(t *testing.T, w *storetest.World, s *server) *run {
	t.Helper()
	r := &run{t: t, w: w, redis: s, url: s.url}
	began, since := w.Now(), time.Now()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-stop:
				return
			case <-tick.C:
				w.Set(began.Add(time.Since(since)))
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	return r
}

func (r *run) post(s *store.Store) *office {
	o := open(r.t, r.w, r.sink.channel(), func(p *jobs.Post) {
		p.Redis = r.url
		p.Limits.Beat, p.Limits.Slow, p.Limits.Patience = 20*time.Millisecond, 200*time.Millisecond, 3*time.Second
		p.Limits.Timeout = 10 * time.Minute // on a busy machine too, none is given up and sent again
		if r.grace > 0 {
			p.Limits.Grace = r.grace
		}
		if r.calm {
			p.Limits.Slow, p.Limits.Patience = time.Minute, time.Hour
		}
		if s != nil {
			p.Store = s
		}
	})
	r.posts = append(r.posts, o)
	return o
}

// carriedBy waits until every post is driven so.
func (r *run) carriedBy(driver string) {
	r.t.Helper()
	until(r.t, "carried by "+driver, func() bool {
		for _, o := range r.posts {
			if o.Driver() != driver {
				return false
			}
		}
		return true
	})
}

// load files n complaints that owe two notices each, eight callers at once.
func (r *run) load(n int) {
	r.t.Helper()
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				a, err := r.w.Execute(ctx, store.Request{Command: r.w.Filing()})
				if err == nil {
					r.acked.Add(1)
					_, err = r.w.Execute(ctx, store.Request{Case: a.Number, Command: workflow.Command{Event: "request_correction",
						Actor: workflow.Actor{Role: "officer", ID: "zhang"}, Input: workflow.Input{Missing: []string{"identity"}}}})
				}
				if err != nil {
					r.t.Errorf("load: %v", err)
					return
				}
				r.acked.Add(1)
			}
		})
	}
	wg.Wait()
}

// finish waits until everybody was told and prints what came of it.
func (r *run) finish(faults int) {
	r.t.Helper()
	settled(r.t, r.w)
	for _, o := range r.posts {
		o.stop()
	}
	told, lost, doubled := kept(r.t, r.w)
	if int64(told) != r.acked.Load() {
		r.t.Errorf("%d notices were acknowledged, %d told", r.acked.Load(), told)
		lost = int(r.acked.Load()) - told
	}
	name := strings.TrimPrefix(r.t.Name(), "TestRedis/")
	r.t.Logf("chaos: %s faults=%d acked=%d lost=%d doubled=%d worst_lateness=%s", strings.ReplaceAll(name, "/", "-"), faults, r.acked.Load(), lost, doubled, worst(r.t, r.w).Round(time.Millisecond))
}

// worst is the longest time from owing a notice to the event that says that it
// was sent.
func worst(t *testing.T, w *storetest.World) (late time.Duration) {
	t.Helper()
	all, err := w.Pool().Query("select c.number from cases c")
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for all.Next() {
		var n string
		if err := all.Scan(&n); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	_ = all.Close()
	for _, n := range numbers {
		events, err := w.Events(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		owed := map[int64]time.Time{}
		for _, e := range events {
			for _, x := range e.Data.Notices {
				if x.Op == "owe" {
					owed[x.No] = e.At
				} else if e.Event == "notice_sent" {
					late = max(late, e.At.Sub(owed[x.No]))
				}
			}
		}
	}
	return late
}

// often is how much of a test runs: all of it under make chaos.
func often(short, long int) int {
	if os.Getenv("FANGXIN_CHAOS") != "" {
		return long
	}
	return short
}

// Whatever happens to Redis, deleting all of it included: nobody waits longer
// than it takes to notice, everybody is told once, and the log verifies.
func TestRedis(t *testing.T) {
	for name, fault := range map[string]func(r *run) (faults int){
		"well":     well,
		"absent":   absent,
		"killed":   killed,
		"flushed":  flushed,
		"snapshot": snapshot,
		"slow":     slow,
		"full":     full,
		"relays":   relays,
		"foreign":  foreign,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, w *storetest.World) {
				if w.Cfg.URL == "" && os.Getenv("FANGXIN_CHAOS") == "" && name != "killed" && name != "flushed" {
					t.Skip("on SQLite under make chaos")
				}
				r := newRun(t, w, startRedis(t))
				r.finish(fault(r))
				for id, n := range r.sink.sent {
					if n > 1 {
						t.Errorf("%s went out %d times", id, n)
					}
				}
			})
		})
	}
}

// well: nothing happens, and it is Redis that carries.
func well(r *run) int {
	r.calm = true
	r.post(nil)
	r.carriedBy("redis")
	r.load(often(40, 1000))
	settled(r.t, r.w)
	i := asynq.NewInspectorFromRedisClient(r.redis.Client)
	until(r.t, "Redis carried them all", func() bool { // a task counts when its worker has rested
		carried := 0
		for _, q := range store.Queues[:2] {
			info, err := i.GetQueueInfo(q)
			if err != nil {
				r.t.Fatal(err)
			}
			carried += info.Processed
		}
		return int64(carried) == r.acked.Load()
	})
	return 0
}

// absent: the node starts without it, works, and turns to it when it comes.
func absent(r *run) int {
	r.redis.kill()
	r.post(nil)
	r.load(often(20, 300))
	r.carriedBy("process")
	r.redis.start()
	r.carriedBy("redis")
	r.load(often(20, 300))
	return 1
}

func killed(r *run) int {
	times := often(1, 15)
	r.post(nil)
	for range times {
		r.carriedBy("redis")
		var wg sync.WaitGroup
		wg.Go(func() { r.load(often(40, 150)) })
		r.redis.kill()
		wg.Wait()
		r.carriedBy("process")
		wg.Go(func() { r.load(often(20, 80)) })
		r.redis.start()
		r.carriedBy("redis")
		wg.Wait()
	}
	return times
}

// flushed: Redis goes on as if nothing had been, and its pulse tells. Afterwards
// its queues have names again, by which they are looked after.
func flushed(r *run) int {
	times := often(3, 40)
	r.post(nil)
	r.carriedBy("redis")
	for range times {
		var wg sync.WaitGroup
		wg.Go(func() { r.load(often(20, 60)) })
		r.redis.do("flushall")
		wg.Wait()
	}
	for _, q := range store.Queues[:2] {
		until(r.t, "a name for "+q, func() bool {
			r.load(1)
			return r.redis.SIsMember(ctx, "asynq:queues", q).Val()
		})
	}
	return times
}

// snapshot: what Redis had an hour ago comes back, and what it had now is gone.
// The channel holds still until the snapshot is taken, so that there are tasks
// in it, most of which are done by the time it comes back.
func snapshot(r *run) int {
	times := often(1, 10)
	var still sync.RWMutex
	r.sink.fail = func(channel.Message) error {
		still.RLock()
		defer still.RUnlock()
		return nil
	}
	r.post(nil)
	for range times {
		r.carriedBy("redis")
		still.Lock()
		var wg sync.WaitGroup
		wg.Go(func() { r.load(often(40, 150)) })
		until(r.t, "tasks for a snapshot", func() bool { return waiting(r) > 0 })
		r.redis.do("save")
		still.Unlock()
		wg.Wait()
		r.load(often(10, 50))
		r.redis.kill()
		r.redis.start() // with the snapshot
		r.load(often(10, 50))
		r.carriedBy("redis")
	}
	return times
}

// waiting is how many tasks Redis says that it has.
func waiting(r *run) (n int) {
	for _, q := range store.Queues[:2] {
		if info, err := asynq.NewInspectorFromRedisClient(r.redis.Client).GetQueueInfo(q); err == nil {
			n += info.Pending
		}
	}
	return n
}

func slow(r *run) int {
	times := often(1, 8)
	p, through := slowly(r.t, r.redis.url)
	r.url = through
	r.post(nil)
	for range times {
		p.delay.Store(0)
		r.carriedBy("redis")
		var wg sync.WaitGroup
		wg.Go(func() { r.load(often(40, 150)) })
		p.delay.Store(int64(400 * time.Millisecond))
		r.carriedBy("process")
		wg.Wait()
		r.load(often(10, 50))
	}
	p.delay.Store(0)
	r.carriedBy("redis")
	r.load(often(10, 50))
	return times
}

// full: it answers and takes nothing more.
func full(r *run) int {
	times := often(1, 8)
	r.post(nil)
	for range times {
		r.carriedBy("redis")
		var wg sync.WaitGroup
		wg.Go(func() { r.load(often(40, 150)) })
		r.redis.do("config", "set", "maxmemory", "1")
		r.carriedBy("process")
		wg.Wait()
		r.redis.do("config", "set", "maxmemory", "0")
		r.carriedBy("redis")
		r.load(often(10, 50))
	}
	return times
}

// relays: five nodes pass on and take at once, each with a store of its own
// where there may be several.
func relays(r *run) int {
	for i := range 5 {
		s := r.w.Store
		if cfg := r.w.Cfg; cfg.URL != "" && i > 0 {
			cfg.Node = fmt.Sprintf("%s-%d", cfg.Node, i)
			var err error
			if s, err = store.Open(context.Background(), cfg); err != nil {
				r.t.Fatal(err)
			}
			r.t.Cleanup(func() { _ = s.Close() })
		}
		r.post(s)
	}
	r.carriedBy("redis")
	r.load(often(60, 1000))
	r.redis.do("flushall")
	r.load(often(20, 200))
	return 1
}
