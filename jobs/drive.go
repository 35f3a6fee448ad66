package jobs

import (
	"context"
	"sync"
	"time"

	"fangxin/store"
)

// Run delivers until ctx ends; what has begun by then gets its grace, and what
// does not end in it is given back.
func (p *Post) Run(ctx context.Context) {
	p.ready()
	begun, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	p.giveUp, p.stopping = giveUp, ctx.Done()
	defer giveUp()
	var loops sync.WaitGroup
	if p.Redis != "" {
		p.startBroker(begun)
		loops.Go(func() { p.watch(ctx) })
	}
	for _, q := range store.Queues {
		loops.Go(func() { p.queue(ctx, begun, q) })
	}
	<-ctx.Done()
	grace := time.AfterFunc(p.Limits.Grace, giveUp)
	defer grace.Stop()
	loops.Wait()
	if p.broker != nil {
		p.up.Store(false)
		p.broker.stop()
	}
	p.busy.Wait()
}

// Driver says who carries the messages now: redis, or process.
func (p *Post) Driver() string {
	if p.up.Load() {
		return "redis"
	}
	return "process"
}

// queue looks after one queue: it passes messages on to Redis while that can be
// relied upon, and else works them itself.
func (p *Post) queue(ctx, begun context.Context, q string) {
	tick := time.NewTicker(p.Limits.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		var n int
		var err error
		if p.Driver() == "redis" {
			n, err = p.relay(ctx, q)
		} else {
			n, err = p.drain(ctx, begun, q)
		}
		if err != nil && ctx.Err() == nil {
			p.Log.ErrorContext(ctx, "will be tried again", "work", "outbox", "queue", q, "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// hold is how long a node keeps a message that it works on: longer than it may
// take, so that another begins only when this one is gone.
func (p *Post) hold() time.Time {
	return p.Now().Add(p.Limits.Timeout + p.Limits.Grace + time.Minute)
}

// drain works the messages whose time has come in this process, as many at once
// as there are workers, and says how many it began.
func (p *Post) drain(ctx, begun context.Context, q string) (int, error) {
	if some, err := p.Store.Waiting(ctx, q); err != nil || !some {
		return 0, err
	}
	slots := p.slots[q]
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return 0, nil
	}
	free := 1
	for more := true; more && free < cap(slots); {
		select {
		case slots <- struct{}{}:
			free++
		default:
			more = false
		}
	}
	lot, err := p.Store.Claim(ctx, q, p.Node, p.hold(), free, true)
	for range free - len(lot) {
		<-slots
	}
	for _, o := range lot {
		p.busy.Go(func() {
			defer func() { <-slots }()
			p.work(begun, o)
		})
	}
	return len(lot), err
}

// work makes one attempt, and rests when callers needed the committer meanwhile:
// a notice can wait a second, somebody who files should not notice that thousands
// are told. Whichever driver carries, so many workers rest for themselves, and
// together take a small part of what callers take.
func (p *Post) work(ctx context.Context, o store.Owed) {
	pace := p.Store.Pace(tellRests * p.Limits.Workers)
	pace.Begin()
	p.attempt(ctx, o)
	t := time.NewTimer(pace.Yield())
	defer t.Stop()
	select {
	case <-p.stopping:
	case <-t.C:
	}
}
