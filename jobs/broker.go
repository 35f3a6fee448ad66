package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fangxin/store"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// broker is this node's part in Redis: what it passes on, what it takes, and
// whether Redis can be relied upon.
type broker struct {
	quick   *redis.Client // asks and passes on; gives up at once
	patient *redis.Client // asynq's servers
	client  atomic.Pointer[asynq.Client]
	inspect *asynq.Inspector
	servers []*asynq.Server
	windows map[string]*window // of each queue

	mu      sync.Mutex // of what follows
	started bool
	why     string // it is not used; for the log, once
	good    int    // answers in a row since it failed
	pulse   int64
	beats   int
}

// inRedis is the holder of what was passed on.
const inRedis = "redis"

// How Redis is watched.
const (
	trustAfter  = 3       // good answers in a row after a failure
	tidyEvery   = 60 * 60 // beats
	archiveMost = 500     // tasks; their messages' rows say all that matters
	oldestRedis = "6.2"
	pulseKey    = "fangxin:pulse"
)

// ParseRedis checks a Redis URL.
func ParseRedis(url string) error {
	if _, err := redis.ParseURL(url); err != nil {
		return errors.New("write redis://user:password@host:port/number, or leave it empty") // the parser's words can hold the password
	}
	return nil
}

func dial(url string, retries int, patience time.Duration) *redis.Client {
	opt, err := redis.ParseURL(url)
	if err != nil {
		panic(fmt.Sprintf("jobs: the settings let a wrong Redis URL through: %v", err))
	}
	opt.ContextTimeoutEnabled = true
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = patience, patience, patience
	opt.MaxRetries = retries
	opt.MinRetryBackoff, opt.MaxRetryBackoff = 250*time.Millisecond, 500*time.Millisecond
	opt.PoolSize, opt.PoolTimeout = 32, patience
	return redis.NewClient(opt)
}

// startBroker makes the clients; begun bounds what their handlers may take.
func (p *Post) startBroker(begun context.Context) {
	b := &broker{quick: dial(p.Redis, -1, p.Limits.Slow), patient: dial(p.Redis, 2, 2*time.Second), windows: map[string]*window{}}
	b.inspect = asynq.NewInspectorFromRedisClient(b.quick)
	b.introduce()
	for _, q := range store.Queues { // one server each: a fault in one queue holds no other up
		b.windows[q] = &window{first: p.Limits.Workers}
		b.windows[q].close()
		b.servers = append(b.servers, asynq.NewServerFromRedisClient(b.patient, asynq.Config{
			Concurrency: p.Limits.Workers, Queues: map[string]int{q: 1}, BaseContext: func() context.Context { return begun },
			TaskCheckInterval: p.Limits.Poll / 2, DelayedTaskCheckInterval: 2 * time.Second, ShutdownTimeout: p.Limits.Grace,
			RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 2 * time.Second },
			Logger:         asynqLog{p.Log}, LogLevel: asynq.WarnLevel,
		}))
	}
	p.broker = b
}

// introduce takes a new client. Each enters the names of its queues into Redis
// once; where they are missing an inspector finds no queue, and nothing is tidied.
func (b *broker) introduce() { b.client.Store(asynq.NewClientFromRedisClient(b.quick)) }

// watch feels Redis's pulse until ctx ends.
func (p *Post) watch(ctx context.Context) {
	tick := time.NewTicker(p.Limits.Beat)
	defer tick.Stop()
	for {
		p.feel(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// feel decides whether Redis is used. It must answer fast, be of a kind that
// keeps what it is given, and take a write: a full one answers and takes none.
func (p *Post) feel(ctx context.Context) {
	b := p.broker
	limited, cancel := context.WithTimeout(ctx, p.Limits.Slow)
	defer cancel()
	warning, err := b.fit(limited)
	var pulse int64
	if err == nil {
		pulse, err = b.quick.Incr(limited, pulseKey).Result()
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		p.lost(ctx, err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.good++; !p.up.Load() && (b.why == "" || b.good >= trustAfter) {
		p.begin(ctx, warning)
	}
	if pulse <= b.pulse { // flushed, or put back from an older snapshot
		p.Log.WarnContext(ctx, "redis lost its memory: what it had is passed on again")
		b.introduce()
		p.recall(ctx)
	}
	b.pulse = pulse
	if b.beats++; b.beats%tidyEvery == 0 {
		p.tidy(ctx)
	}
}

func (p *Post) begin(ctx context.Context, warning string) {
	b := p.broker
	if !b.started {
		for _, s := range b.servers {
			if err := s.Start(asynq.HandlerFunc(p.fromRedis)); err != nil {
				p.Log.ErrorContext(ctx, "redis is not used", "error", err)
				return
			}
		}
		b.started = true
	}
	b.why = ""
	p.up.Store(true)
	p.Log.InfoContext(ctx, "redis carries the messages")
	if warning != "" {
		p.Log.WarnContext(ctx, warning)
	}
}

// lost turns to work in process. What was passed on is taken back: should Redis
// come again with it, its tasks find that they are no longer held.
func (p *Post) lost(ctx context.Context, err error) {
	b := p.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	b.good = 0
	was := p.up.Swap(false)
	var no unfit
	if why := err.Error(); why != b.why && (was || b.why == "" || errors.As(err, &no)) {
		p.Log.WarnContext(ctx, "redis is not used: the messages are carried in process", "reason", why)
		b.why = why
	}
	if was {
		p.recall(ctx)
	}
}

func (p *Post) recall(ctx context.Context) {
	for _, w := range p.broker.windows {
		w.close()
	}
	if n, err := p.Store.Recall(ctx, inRedis); err != nil {
		p.Log.ErrorContext(ctx, "what redis has comes back when its time is over", "error", err)
	} else if n > 0 {
		p.Log.InfoContext(ctx, "taken back from redis", "messages", n)
	}
}

// unfit is why a Redis that answers is not used.
type unfit string

func (u unfit) Error() string { return string(u) }

// fit refuses a Redis that may lose what it is given while it lives; that it
// loses everything when it dies is only worth a warning, for the rows are here.
func (b *broker) fit(ctx context.Context) (warning string, err error) {
	text, err := b.quick.Info(ctx).Result()
	if err != nil {
		return "", err
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		info[name] = value
	}
	if v := info["redis_version"]; older(v, oldestRedis) {
		return "", unfit(fmt.Sprintf("version %s: asynq needs %s or later", v, oldestRedis))
	}
	if policy := info["maxmemory_policy"]; policy != "noeviction" {
		return "", unfit(fmt.Sprintf("maxmemory-policy %s: it throws tasks away when it is full; set noeviction", policy))
	}
	if info["aof_enabled"] == "0" {
		warning = "redis keeps no appendonly file: after a restart its messages are passed on again, which takes a little longer"
	}
	return warning, nil
}

// older compares versions by their first two numbers.
func older(version, than string) bool {
	number := func(v string) int {
		parts := append(strings.Split(v, "."), "0")
		major, _ := strconv.Atoi(parts[0])
		minor, _ := strconv.Atoi(parts[1])
		return major*1000 + minor
	}
	return number(version) < number(than)
}

// tidy keeps asynq's archive small: thousands of archived tasks that expire
// together break its scripts, and an archived task keeps its id from being used.
func (p *Post) tidy(ctx context.Context) {
	for _, q := range store.Queues {
		info, err := p.broker.inspect.GetQueueInfo(q)
		if err != nil || info.Archived <= archiveMost {
			continue
		}
		if n, err := p.broker.inspect.DeleteAllArchivedTasks(q); err == nil {
			p.Log.WarnContext(ctx, "redis's archive was emptied", "queue", q, "tasks", n)
		}
	}
}

func (b *broker) stop() {
	if b.started {
		for _, s := range b.servers {
			s.Shutdown()
		}
	}
	_ = b.quick.Close()
	_ = b.patient.Close()
}

// asynqLog passes asynq's warnings on; they name tasks by id and nothing else.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(...any)      {}
func (l asynqLog) Info(...any)       {}
func (l asynqLog) Warn(args ...any)  { l.log.Warn("asynq", "says", fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Warn("asynq", "says", fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.log.Error("asynq", "says", fmt.Sprint(args...)) }
