package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"fangxin/store"

	"github.com/hibiken/asynq"
)

// relayLot is how many messages are claimed to be passed on at a time.
const relayLot = 100

// relay passes messages whose time has come on to Redis, no more than may wait
// there at once: the rest waits in the database, where it is safe.
func (p *Post) relay(ctx context.Context, q string) (int, error) {
	if some, err := p.Store.Waiting(ctx, q); err != nil || !some {
		return 0, err
	}
	there, overdue, err := p.Store.PassedOn(ctx, q, inRedis, p.Limits.PassedOn)
	if err != nil {
		return 0, err
	}
	room := p.broker.windows[q].turn(there, overdue, p.Limits.PassedOn)
	if room <= 0 {
		return 0, nil
	}
	lot, err := p.Store.Claim(ctx, q, inRedis, p.Now().Add(p.Limits.Patience), min(relayLot, room), false)
	for i := range lot {
		if err := p.enqueue(ctx, &lot[i]); err != nil {
			p.lost(ctx, err) // takes the whole lot back
			return 0, nil
		}
	}
	return len(lot), err
}

// window is how many messages of a queue may wait in Redis at once. It widens
// while they are taken and narrows when some were not taken in time: to pass
// these on again puts them behind tasks that mean nothing any more, and whoever
// passed on more than is worked would do so for ever and deliver nothing.
type window struct {
	first int
	now   atomic.Int64
}

// turn moves the window by what waits there, and says how many more may.
func (w *window) turn(there, overdue, most int) int {
	n := int(w.now.Load())
	switch {
	case overdue > 0:
		n = max(min(n, there)/2, 1)
	case 2*there <= n:
		n = min(max(2*n, w.first), most)
	}
	w.now.Store(int64(n))
	return n - (there - overdue)
}

// close makes it begin anew: Redis was lost, and comes back empty or with tasks
// that are not held any more.
func (w *window) close() { w.now.Store(int64(w.first)) }

// taskID is the message's id with the claim that passed it on: an older task of
// the same message, archived or come back from a snapshot, is never in its way.
func taskID(o *store.Owed) string { return fmt.Sprintf("%s#%d", o.ID(), o.Fence) }

func (p *Post) enqueue(ctx context.Context, o *store.Owed) error {
	limited, cancel := context.WithTimeout(ctx, p.Limits.Slow)
	defer cancel()
	_, err := p.broker.client.Load().EnqueueContext(limited, asynq.NewTask(taskType(o.Topic), encode(o.ID(), o.Fence)), asynq.TaskID(taskID(o)), asynq.Queue(o.Queue),
		asynq.MaxRetry(5), asynq.Timeout(p.Limits.Timeout+p.Limits.Grace+30*time.Second))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return p.conflict(ctx, o)
	}
	return err
}

// conflict looks at the task that has the id already. One that will still run is
// as good as this one; one that will not gives the message back, so that its
// next claim makes another id.
func (p *Post) conflict(ctx context.Context, o *store.Owed) error {
	info, err := p.broker.inspect.GetTaskInfo(o.Queue, taskID(o))
	if err != nil && !errors.Is(err, asynq.ErrTaskNotFound) {
		return err
	}
	if err == nil && info.State != asynq.TaskStateArchived && info.State != asynq.TaskStateCompleted {
		return nil
	}
	return p.Store.PutBack(ctx, o)
}

// fromRedis takes a task that was passed on: it begins the message that the task
// names, if that is still held by the claim that it carries.
func (p *Post) fromRedis(ctx context.Context, t *asynq.Task) error {
	x, err := decode(t)
	if err != nil {
		p.Log.WarnContext(ctx, "a task of another version was put aside; its message comes again", "type", t.Type())
		return err
	}
	o, err := p.Store.Begin(ctx, x.ID, x.Fence, p.Node, p.hold())
	switch {
	case errors.Is(err, store.ErrNotHeld), errors.Is(err, store.ErrNoMessage):
		return nil // somebody else has it, or it needs nothing any more
	case err != nil:
		return err // the database does not answer: asynq tries again
	}
	p.busy.Add(1)
	defer p.busy.Done()
	p.work(ctx, o)
	return nil
}
