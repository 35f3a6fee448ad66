// Package jobs keeps promises later: it enforces deadlines that nobody's request
// has met, seals the log into blocks, owes reminders, and says that this node
// lives. It holds nothing of its own: every node runs the same loops, and
// running one twice, late or never changes no outcome.
package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"fangxin/store"
)

// Runner runs the periodic work of one node.
type Runner struct {
	Store *store.Store
	Log   *slog.Logger
	Data  string // folder that keeps the checkpoint, outside the database
	// Beats is called after every heartbeat, with what was learned: the outages
	// that extend parties' clocks.
	Beats func(ctx context.Context) error
}

// How often each work is done, and how much of it at once.
const (
	sweepEvery  = 2 * time.Second
	blockEvery  = 3 * time.Second
	readEvery   = time.Second
	remindEvery = time.Minute
	sweepLot    = 500
	remindLot   = 200
	readLot     = 300
)

// Run does the work until ctx ends, then returns. The first heartbeat comes
// before the first sweep, so that an outage is known before anything expires.
func (r *Runner) Run(ctx context.Context) {
	r.beat(ctx)
	var wg sync.WaitGroup
	for every, work := range map[time.Duration]func(context.Context){
		sweepEvery: r.Sweep, blockEvery: r.block, readEvery: r.read, remindEvery: func(ctx context.Context) { r.remind(ctx); r.beat(ctx) },
	} {
		wg.Go(func() { r.loop(ctx, every, work) })
	}
	wg.Wait()
}

func (r *Runner) loop(ctx context.Context, every time.Duration, work func(context.Context)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		work(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep enforces everything that is due now. While commands come in it rests
// between its batches: lateness is harmless, because what is due comes first in
// every command and an expiry carries the lawful instant.
func (r *Runner) Sweep(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := r.Store.Sweep(ctx, sweepLot)
		if err != nil {
			r.fault(ctx, "sweep", err)
			return
		}
		if n == 0 {
			if err := r.Store.Swept(ctx); err != nil {
				r.fault(ctx, "sweep", err)
			}
			return
		}
		r.Log.InfoContext(ctx, "deadlines enforced", "cases", n)
		if r.Store.Busy() {
			rest(ctx)
		}
	}
}

// rest leaves the committer to the callers for about twice as long as a batch
// takes.
func rest(ctx context.Context) {
	t := time.NewTimer(60 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (r *Runner) block(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := r.Store.Block(ctx)
		if err != nil {
			r.fault(ctx, "block", err)
			return
		}
		if n == 0 {
			return
		}
		if err := KeepCheckpoint(ctx, r.Store, r.Data); err != nil {
			r.fault(ctx, "checkpoint", err)
		}
	}
}

// read brings what lists and search read up to the log: until then lists take the
// cases that moved from the cases themselves, which is right and slower.
func (r *Runner) read(ctx context.Context) {
	r.drain(ctx, "board", r.Store.Board)
	r.drain(ctx, "search", r.Store.Index)
}

// drain repeats a work until nothing is left, leaving room for callers.
func (r *Runner) drain(ctx context.Context, work string, do func(context.Context, int) (int, error)) {
	for ctx.Err() == nil {
		n, err := do(ctx, readLot)
		if err != nil {
			r.fault(ctx, work, err)
			return
		}
		if n == 0 {
			return
		}
		if r.Store.Busy() {
			rest(ctx)
		}
	}
}

func (r *Runner) remind(ctx context.Context) {
	if n, err := r.Store.Remind(ctx, remindLot); err != nil {
		r.fault(ctx, "remind", err)
	} else if n > 0 {
		r.Log.InfoContext(ctx, "reminders owed", "notices", n)
	}
}

func (r *Runner) beat(ctx context.Context) {
	err := r.Store.Beat(ctx)
	if err == nil && r.Beats != nil {
		err = r.Beats(ctx)
	}
	if err != nil {
		r.fault(ctx, "heartbeat", err)
	}
}

func (r *Runner) fault(ctx context.Context, work string, err error) {
	if ctx.Err() == nil {
		r.Log.ErrorContext(ctx, "will be tried again", "work", work, "error", err)
	}
}
