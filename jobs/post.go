package jobs

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow"

	"github.com/hibiken/asynq"
)

// Post delivers what is owed. The outbox row is the authority: it counts the
// attempts, says when the next is due and keeps what died. Redis, where there is
// one, only spreads the work over the nodes; without it the same handlers are
// driven straight from the rows.
type Post struct {
	Store *store.Store
	Log   *slog.Logger
	Now   func() time.Time
	Node  string // holder's name of this process
	// Channels are the ways that this site has. The county's file says in which
	// order each recipient is tried; without Rules it is this one.
	Channels []channel.Channel
	Rules    func() workflow.Rules
	Site     string // where people reach the pages: https://example.cn, before the paths of links
	Redis    string // URL; empty: in process
	Limits   Limits

	giveUp   func()          // ends the grace of what is under way
	stopping <-chan struct{} // nothing new begins
	mux      *asynq.ServeMux
	broker   *broker     // nil without Redis
	up       atomic.Bool // Redis carries
	slots    map[string]chan struct{}
	busy     sync.WaitGroup
}

// Limits bound the work; zero fields get the defaults.
type Limits struct {
	Workers  int           // messages at once in each queue (16; on SQLite, which has one writer, 4)
	Timeout  time.Duration // of one attempt (1 minute)
	Grace    time.Duration // for what has begun when the node stops (10 s)
	PassedOn int           // messages that may wait in Redis in each queue (512)
	Patience time.Duration // how long they may before they are taken back (2 minutes)
	Slow     time.Duration // an answer of Redis that takes longer means that it is down (500 ms)
	Poll     time.Duration // how often an empty queue is looked at (500 ms)
	Beat     time.Duration // how often Redis is asked how it is (1 s)
}

func (l *Limits) fill() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if l.PassedOn == 0 {
		l.PassedOn = 512
	}
	def(&l.Timeout, time.Minute)
	def(&l.Grace, 10*time.Second)
	def(&l.Patience, 2*time.Minute)
	def(&l.Slow, 500*time.Millisecond)
	def(&l.Poll, 500*time.Millisecond)
	def(&l.Beat, time.Second)
}

// most is how often a message of a topic is tried: with the pauses between, a
// notice for more than a day, so that it outlives a channel's bad day.
var most = map[string]int{"notice": 16, "reminder": 8, "escalation": 16}

const mostOthers = 8

// kind is the topic without its mark: reminder.last is a reminder.
func kind(topic string) string {
	k, _, _ := strings.Cut(topic, ".")
	return k
}

func attemptsOf(topic string) int {
	if n, ok := most[kind(topic)]; ok {
		return n
	}
	return mostOthers
}

// taskType names the handler of a topic's messages.
func taskType(topic string) string { return kind(topic) + ":deliver" }

// ready builds what both drivers share.
func (p *Post) ready() {
	if p.Limits.Workers == 0 {
		p.Limits.Workers = 16
		if p.Store.Dialect() == "sqlite" {
			p.Limits.Workers = 4
		}
	}
	p.Limits.fill()
	p.mux = asynq.NewServeMux()
	p.mux.HandleFunc(taskType("notice"), p.notice)
	p.mux.HandleFunc(taskType("reminder"), p.reminder)
	p.mux.HandleFunc(taskType("letter"), p.letter)
	p.mux.HandleFunc(taskType("login"), p.login)
	p.mux.HandleFunc(taskType("lost"), p.lostLink)
	p.mux.HandleFunc(taskType("escalation"), p.reminder)
	p.slots = map[string]chan struct{}{}
	for _, q := range store.Queues {
		p.slots[q] = make(chan struct{}, p.Limits.Workers)
	}
}

// errStopped ends what is under way when the node stops.
var errStopped = errors.New("the node stops")

// attempt runs the handler of one message that this node holds, under its time
// limit, and writes down what came of it. A handler that outlives its time is
// given up: it may still run, but its fence is old by the next attempt, so
// nothing that it does then counts.
func (p *Post) attempt(ctx context.Context, o store.Owed) {
	limited, cancel := context.WithTimeout(ctx, p.Limits.Timeout)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- p.safely(limited, &o)
	}()
	var err error
	select {
	case err = <-done:
	case <-limited.Done():
		select {
		case err = <-done:
		default:
			err = limited.Err()
		}
	}
	if err != nil && ctx.Err() != nil {
		err = errStopped
	}
	p.settle(context.WithoutCancel(ctx), &o, err)
}

// safely runs a handler and turns its panic into an error. The panic's value is
// not logged: it can hold what the handler held.
func (p *Post) safely(ctx context.Context, o *store.Owed) (err error) {
	defer func() {
		if recover() != nil {
			p.Log.ErrorContext(ctx, "panic", "message", o.ID(), "stack", string(debug.Stack()))
			err = &channel.Fault{Code: "panic"}
		}
	}()
	return p.mux.ProcessTask(ctx, asynq.NewTask(taskType(o.Topic), encode(o.ID(), o.Fence)))
}

// settle writes down what became of an attempt; success was written with the
// work itself.
func (p *Post) settle(ctx context.Context, o *store.Owed, err error) {
	if err == nil || errors.Is(err, store.ErrNotHeld) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	code, lasting := explain(err)
	var kept error
	var later *wait
	switch {
	case errors.As(err, &later):
		kept = p.Store.Postpone(ctx, o, later.until, later.why, false)
	case errors.Is(err, errStopped):
		kept = p.Store.Postpone(ctx, o, p.Now(), "", false)
	case errors.Is(err, store.ErrUnknown), errors.Is(err, store.ErrClosed): // not the message's fault
		kept = p.Store.Postpone(ctx, o, p.Now().Add(pauseAfter(o, 1)), code, false)
	case lasting || int(o.Attempts) >= attemptsOf(o.Topic):
		kept = p.Store.Settle(ctx, o, "dead", code)
		p.Log.ErrorContext(ctx, "a message is dead: fangxin jobs dead lists it", "message", o.ID(), "reason", code, "attempts", o.Attempts)
	default:
		kept = p.Store.Postpone(ctx, o, p.Now().Add(max(pauseAfter(o, o.Attempts), asked(err))), code, true)
		p.Log.WarnContext(ctx, "a message was not delivered and will be tried again", "message", o.ID(), "reason", code, "attempts", o.Attempts)
	}
	if kept != nil && !errors.Is(kept, store.ErrNotHeld) { // it comes back when nobody holds it any more
		p.Log.ErrorContext(ctx, "what became of a message was not written down", "message", o.ID(), "error", kept)
	}
}

// explain puts an error into a code without anything personal, and says whether
// trying again is of no use.
func explain(err error) (code string, lasting bool) {
	var fault *channel.Fault
	var refusal *workflow.Refusal
	lasting = errors.Is(err, asynq.SkipRetry)
	switch {
	case errors.As(err, &fault):
		return fault.Code, lasting || fault.Lasting
	case errors.As(err, &refusal):
		return "refused." + refusal.Code, lasting
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", lasting
	case errors.Is(err, asynq.ErrHandlerNotFound):
		return "unknown_topic", lasting
	case errors.Is(err, store.ErrUnknown), errors.Is(err, store.ErrClosed):
		return "database", lasting
	}
	return "error", lasting
}

// asked is how long the other end wants to be left alone, at most a day: it must
// not decide that a notice is never sent.
func asked(err error) time.Duration {
	var fault *channel.Fault
	if !errors.As(err, &fault) {
		return 0
	}
	return min(fault.After, 24*time.Hour)
}

// pauseAfter is how long a message rests after its nth attempt: ten seconds,
// doubled each time, at most six hours, and up to a quarter more by its id, so
// that what failed together does not come back together.
func pauseAfter(o *store.Owed, n int64) time.Duration { return restAfter(o.ID(), n) }

func restAfter(id string, n int64) time.Duration {
	d := min(10*time.Second<<min(max(n-1, 0), 16), 6*time.Hour)
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, id, n)
	return d + d*time.Duration(h.Sum32()%256)/1024
}
