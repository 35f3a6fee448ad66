// Package jobs keeps promises later: it enforces deadlines that nobody's request
// has met, seals the log into blocks, owes reminders and escalations, and says that this node
// lives. It holds nothing of its own: every node runs the same loops, and
// running one twice, late or never changes no outcome.
package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"fangxin/jobs/channel"
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
	// Post delivers what is owed; nil leaves it to other nodes.
	Post *Post
	// Mailbox is where reports of mails arrive; nil: nobody reads it here.
	Mailbox *channel.Mailbox
	// Webhooks tells machines of events; nil leaves it to other nodes.
	Webhooks *channel.Webhooks
	// KeepAnswers is how long the answer to an idempotency key is known, KeepMessages how
	// long a delivered message's row stays. Zero keeps them for ever.
	KeepAnswers, KeepMessages time.Duration

	resting sync.Mutex // see lots
}

// How often each work is done, and how much of it at once.
const (
	sweepEvery  = 2 * time.Second
	blockEvery  = 3 * time.Second
	readEvery   = time.Second
	remindEvery = time.Minute
	retainEvery = time.Hour
	freezeEvery = 10 * time.Minute
	sweepLot    = 500
	remindLot   = 200
	readLot     = 100
	sweepRests  = 4 // times as long as a batch took, while commands come in
	readRests   = 3
	tellRests   = 2  // of each worker, times as many as there are, as callers took meanwhile
	matchLot    = 20 // one transaction of the register: an embedded database has one writer
)

// work is something that every node does again and again. It goes by what the
// database holds and never by how often it ran: a node that was away for a day
// catches up in one run, and five nodes do it no oftener than one.
type work struct {
	name  string
	every time.Duration
	do    func(context.Context) error
}

func (r *Runner) works() []work {
	return []work{
		{"sweep", sweepEvery, r.sweep},
		{"block", blockEvery, r.block},
		{"board", readEvery, r.board},
		{"search", readEvery, r.index},
		{"match", readEvery, r.match},
		{"publish", readEvery, r.publish},
		{"remind", remindEvery, r.remind},
		{"heartbeat", remindEvery, r.beat},
		{"members", retainEvery, r.members},
		{"reports", remindEvery, r.reports},
		{"bounces", remindEvery, r.bounces},
		{"webhooks", readEvery, r.TellWebhooks},
		{"retention", retainEvery, r.retain},
		{"freeze", freezeEvery, r.freeze},
		{"releases", retainEvery, r.release},
		{"files", filesEvery, r.files},
		{"orphans", orphansEvery, r.orphans},
	}
}

// Run does the work until ctx ends, then returns. The first heartbeat comes
// before the first sweep, so that an outage is known before anything expires.
func (r *Runner) Run(ctx context.Context) {
	if err := r.beat(ctx); err != nil {
		r.fault(ctx, "heartbeat", err)
	}
	var wg sync.WaitGroup
	for _, w := range r.works() {
		wg.Go(func() { r.loop(ctx, w) })
	}
	if r.Post != nil {
		wg.Go(func() { r.Post.Run(ctx) })
	}
	wg.Wait()
}

func (r *Runner) loop(ctx context.Context, w work) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		if err := w.do(ctx); err != nil {
			r.fault(ctx, w.name, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep enforces everything that is due now. While commands come in it rests
// between its batches: lateness is harmless, because what is due comes first in
// every command and an expiry carries the lawful instant.
func (r *Runner) sweep(ctx context.Context) error {
	pace := r.Store.Pace(sweepRests)
	for ctx.Err() == nil {
		pace.Begin()
		n, err := r.Store.Sweep(ctx, sweepLot)
		if err != nil {
			return err
		}
		if n == 0 {
			return r.Store.Swept(ctx)
		}
		r.Log.InfoContext(ctx, "deadlines enforced", "cases", n)
		rest(ctx, pace.Rest())
	}
	return nil
}

// rest leaves the committer to the callers.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (r *Runner) block(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := r.Store.Block(ctx)
		if err != nil || n == 0 {
			return err
		}
		if err := KeepCheckpoint(ctx, r.Store, r.Data); err != nil {
			return err
		}
	}
	return nil
}

// freeze makes the snapshots of periods that have ended, and keeps what was signed
// of them beside the data.
func (r *Runner) freeze(ctx context.Context) error {
	made, err := r.Store.FreezeDue(ctx)
	for _, id := range made {
		r.Log.InfoContext(ctx, "statistics frozen", "period", id)
	}
	if err != nil {
		return err
	}
	return KeepStatements(ctx, r.Store, r.Data)
}

// board and index bring what lists and search read up to the log: until then
// lists take the cases that moved from the cases themselves, which is right and
// slower.
func (r *Runner) board(ctx context.Context) error { return r.lots(ctx, r.Store.Board) }
func (r *Runner) index(ctx context.Context) error { return r.lots(ctx, r.Store.Index) }

// match looks respondents up in the merchant register: no complaint waits for it.
func (r *Runner) match(ctx context.Context) error {
	return r.lots(ctx, func(ctx context.Context, _ int) (int, error) { return r.Store.MatchRespondents(ctx, matchLot) })
}

// publish brings what anybody may read of closed complaints up to the log, the
// register and the day.
func (r *Runner) publish(ctx context.Context) error { return r.lots(ctx, r.Store.Publish) }

// lots repeats a work until nothing is left. While callers come in, the works
// that only readers wait for rest one after the other: all of them together work
// for a third of the time, however many they are.
func (r *Runner) lots(ctx context.Context, do func(context.Context, int) (int, error)) error {
	pace := r.Store.Pace(readRests)
	for ctx.Err() == nil {
		pace.Begin()
		n, err := do(ctx, readLot)
		if err != nil || n == 0 {
			return err
		}
		if d := pace.Rest(); d > 0 {
			r.resting.Lock()
			rest(ctx, d)
			r.resting.Unlock()
		}
	}
	return nil
}

// remind owes what clocks and overdue duties want told.
func (r *Runner) remind(ctx context.Context) error {
	for _, owe := range []func(context.Context, int) (int, error){r.Store.Remind, r.Store.Escalate} {
		pace := r.Store.Pace(readRests)
		for ctx.Err() == nil {
			pace.Begin()
			n, err := owe(ctx, remindLot)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			rest(ctx, pace.Rest())
		}
	}
	return nil
}

func (r *Runner) beat(ctx context.Context) error {
	err := r.Store.Beat(ctx)
	if err == nil && r.Beats != nil {
		err = r.Beats(ctx)
	}
	return err
}

// reports applies what channels reported and a process that ended did not.
func (r *Runner) reports(ctx context.Context) error {
	if r.Post == nil {
		return nil
	}
	return r.Post.ripe(ctx)
}

// release publishes the tables of statistics that have come due.
func (r *Runner) release(ctx context.Context) error {
	made, err := r.Store.ReleaseDue(ctx)
	for _, what := range made {
		r.Log.InfoContext(ctx, "statistics published", "table", what)
	}
	return err
}

func (r *Runner) retain(ctx context.Context) error {
	n, err := r.Store.Retain(ctx, r.KeepAnswers, r.KeepMessages)
	if err == nil {
		var told int64
		told, err = r.Store.DropFeed(ctx)
		n += told
	}
	if err == nil {
		var ended int64
		ended, err = r.Store.RetainAccounts(ctx)
		n += ended
	}
	if n > 0 {
		r.Log.InfoContext(ctx, "old rows dropped", "rows", n)
	}
	return err
}

func (r *Runner) fault(ctx context.Context, work string, err error) {
	if ctx.Err() == nil {
		r.Log.ErrorContext(ctx, "will be tried again", "work", work, "error", err)
	}
}
