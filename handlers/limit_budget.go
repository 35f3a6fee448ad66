package handlers

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Limits counts what callers spend and bounds what runs at once. Every node
// counts for itself; with Redis the nodes also count together, and while Redis
// is away each goes on with its own count.
type Limits struct {
	now      func() time.Time
	buckets  buckets
	shared   *shared
	slots    chan struct{}
	waiting  atomic.Int64
	queue    int64         // how many may wait for a slot
	bodyTime time.Duration // how long a body may take to arrive
	off      bool
}

// What a node takes at once, how many it lets wait, and how slow a body may be.
const (
	atOnce   = 512
	maxQueue = 1024
	bodyTime = 20 * time.Second
)

// NewLimits counts on a clock, in this process alone.
func NewLimits(now func() time.Time) *Limits {
	return &Limits{now: now, buckets: buckets{most: 16384}, slots: make(chan struct{}, atOnce), queue: maxQueue, bodyTime: bodyTime}
}

// Unlimited counts nothing and lets everything run at once: for measuring. Sizes
// and times still hold.
func Unlimited() *Limits { return &Limits{bodyTime: bodyTime, off: true} }

// spend takes one from a budget, here and among all nodes; wait is how long to
// wait when nothing is left.
func (l *Limits) spend(ctx context.Context, key string, r Rate, together bool) (wait time.Duration, err error) {
	if l.off || r.Burst == 0 {
		return 0, nil
	}
	if wait = l.buckets.take(key, r, l.now()); wait > 0 || l.shared == nil {
		return wait, nil
	}
	wait, err = l.shared.take(ctx, key, r, l.now())
	if err != nil && !together {
		return 0, nil // this node's own count has said yes
	}
	return wait, err
}

// arrive asks the address's budget before anything else is done.
func (l *Limits) arrive(ctx context.Context, class Class, from netip.Addr) error {
	limit := limits[class]
	return l.refuse(l.spend(ctx, string(class)+"/a/"+addressKey(from), limit.Address, limit.Shared))
}

// admit asks the caller's and the case's budget once the caller is known.
func (l *Limits) admit(ctx context.Context, class Class, caller, number string) error {
	limit := limits[class]
	if caller != "" {
		if err := l.refuse(l.spend(ctx, string(class)+"/c/"+caller, limit.Caller, limit.Shared)); err != nil {
			return err
		}
	}
	if number == "" {
		return nil
	}
	return l.refuse(l.spend(ctx, string(class)+"/n/"+caseKey(number), limit.Case, limit.Shared))
}

func (l *Limits) refuse(wait time.Duration, err error) error {
	if err != nil {
		return later("busy", redisRest)
	}
	if wait > 0 {
		return later("too_many", wait)
	}
	return nil
}

// guess refuses an address that has tried too many wrong tokens, or that has
// tried one while the case or the service sees too many.
func (l *Limits) guess(from netip.Addr, number string) error {
	if l.off {
		return nil
	}
	now, own := l.now(), "wrong/a/"+addressKey(from)
	if wait := l.buckets.wait(own, wrongByAddress, now); wait > 0 {
		return l.refuse(wait, nil)
	}
	if !l.buckets.touched(own, wrongByAddress, now) {
		return nil
	}
	wait := l.buckets.wait("wrong/all", wrongByAll, now)
	if number != "" {
		wait = max(wait, l.buckets.wait("wrong/n/"+caseKey(number), wrongByCase, now))
	}
	return l.refuse(wait, nil)
}

// wrong counts a wrong token. What other nodes have counted is learned here: a
// budget that they have spent is empty on this node too.
func (l *Limits) wrong(ctx context.Context, from netip.Addr, number string) {
	if l.off {
		return
	}
	charge := func(key string, r Rate) {
		if wait, _ := l.spend(ctx, key, r, false); wait > 0 {
			l.buckets.drain(key, r, l.now())
		}
	}
	charge("wrong/a/"+addressKey(from), wrongByAddress)
	charge("wrong/all", wrongByAll)
	if number != "" {
		charge("wrong/n/"+caseKey(number), wrongByCase)
	}
}

// caseKey bounds what a client writes where a number is expected.
func caseKey(number string) string {
	return strings.ToUpper(number[:min(len(number), 40)])
}

// enter waits for a place among those that run at once; nobody waits where too
// many wait already.
func (l *Limits) enter(ctx context.Context, class Class) (leave func(), err error) {
	if l.off || class == Probe {
		return func() {}, nil
	}
	leave = func() { <-l.slots }
	select {
	case l.slots <- struct{}{}:
		return leave, nil
	default:
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > l.queue {
		return nil, later("busy", time.Second)
	}
	select {
	case l.slots <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, later("busy", time.Second)
	}
}

// buckets are budgets by key in bounded memory: two generations of at most most
// keys. A key that nobody asked for while that many others came is forgotten.
type buckets struct {
	sync.Mutex
	most       int
	young, old map[string]*rate.Limiter
}

func (b *buckets) of(key string, r Rate) *rate.Limiter {
	if l := b.young[key]; l != nil {
		return l
	}
	l := b.old[key]
	if l == nil {
		l = rate.NewLimiter(rate.Every(r.Every), r.Burst)
	}
	if len(b.young) >= b.most || b.young == nil {
		b.old, b.young = b.young, make(map[string]*rate.Limiter)
	}
	b.young[key] = l
	return l
}

func (b *buckets) take(key string, r Rate, now time.Time) time.Duration {
	b.Lock()
	defer b.Unlock()
	l := b.of(key, r)
	if l.AllowN(now, 1) {
		return 0
	}
	return until(l, r, now)
}

// wait is how long until the budget holds one again, taking nothing.
func (b *buckets) wait(key string, r Rate, now time.Time) time.Duration {
	b.Lock()
	defer b.Unlock()
	if l := b.seen(key); l != nil && l.TokensAt(now) < 1 {
		return until(l, r, now)
	}
	return 0
}

func until(l *rate.Limiter, r Rate, now time.Time) time.Duration {
	return time.Duration((1 - l.TokensAt(now)) * float64(r.Every))
}

// touched reports whether anything was taken lately.
func (b *buckets) touched(key string, r Rate, now time.Time) bool {
	b.Lock()
	defer b.Unlock()
	l := b.seen(key)
	return l != nil && l.TokensAt(now) < float64(r.Burst)
}

func (b *buckets) seen(key string) *rate.Limiter {
	if l := b.young[key]; l != nil {
		return l
	}
	return b.old[key]
}

func (b *buckets) drain(key string, r Rate, now time.Time) {
	b.Lock()
	defer b.Unlock()
	l := b.of(key, r)
	l.AllowN(now, int(l.TokensAt(now)))
}
