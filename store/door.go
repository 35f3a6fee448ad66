package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// Request asks for one change. Case is the number of an existing case, or empty
// for a command that makes one. Key is the caller's idempotency key (UUIDv7
// keeps SQLite fast; the door makes one when it is empty), Scope whose key it
// is: keys of different callers never meet. Unique, where it is set, names what
// may be entered once whatever the key: the ticket of another system.
type Request struct {
	Case    string
	Command workflow.Command
	Key     string
	Scope   string
	Unique  string
	Links   []NewLink
	// Draft is the hash of the secret under which files wait that come with the
	// command: they are the case's in the same transaction, or nobody's.
	Draft []byte
	Sees  *Scope // what the caller may see of another case that the command names; nil: all
}

// Answer is what the caller gets, and gets again when he asks with the same key.
type Answer struct {
	CaseID   int64          `json:"case_id"`
	Number   string         `json:"number"`
	Version  int64          `json:"version"`
	State    workflow.State `json:"state"`
	Outcome  string         `json:"outcome,omitempty"`
	Events   []Done         `json:"events"`
	Report   string         `json:"report,omitempty"` // number of a report record that was split off
	Replayed bool           `json:"-"`

	filed *filed // where the filing was done just now: nothing need be read to show it
}

// Done names an event that the command caused.
type Done struct {
	Seq   int64  `json:"seq"`
	ID    string `json:"id"`
	Event string `json:"event"`
}

// append appends the answer as json.Marshal would write it: all its texts are
// codes, which need no escapes.
func (a *Answer) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"case_id":`...), a.CaseID, 10)
	b = ledger.AppendString(append(b, `,"number":`...), a.Number)
	b = strconv.AppendInt(append(b, `,"version":`...), a.Version, 10)
	b = ledger.AppendString(append(b, `,"state":`...), string(a.State))
	if a.Outcome != "" {
		b = ledger.AppendString(append(b, `,"outcome":`...), a.Outcome)
	}
	b = append(b, `,"events":[`...)
	for i, e := range a.Events {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"seq":`...), e.Seq, 10)
		b = ledger.AppendString(append(b, `,"id":`...), e.ID)
		b = append(ledger.AppendString(append(b, `,"event":`...), e.Event), '}')
	}
	b = append(b, ']')
	if a.Report != "" {
		b = ledger.AppendString(append(b, `,"report":`...), a.Report)
	}
	return append(b, '}')
}

var (
	// ErrUnknown is the only truthful answer when the database cannot be asked:
	// repeat the request with the same key and learn what happened.
	ErrUnknown = errors.New("outcome unknown: ask again with the same key")
	// ErrAway says that the database does not answer and the command was not taken.
	ErrAway = errors.New("the database is away: ask again")
	// ErrClosed says that the command was not taken.
	ErrClosed = errors.New("the store is closing")
	// ErrBug says that deciding panicked; nothing of the command was kept.
	ErrBug = errors.New("internal error")
	// ErrNoSuchCase is the one answer for a case that is not there.
	ErrNoSuchCase = errors.New("no such case")

	errMismatch = errors.New("rows affected do not match") // replayed one by one
	errConflict = errors.New("the database refused")       // replayed one by one
	errLost     = errors.New("connection lost")            // replayed as a group, by key
)

// database is one dialect. A transaction is read, then write or rollback; or
// write alone, where nothing need be read.
type database interface {
	read(ctx context.Context, want *wanted, got *found) error
	write(ctx context.Context, r *rows) error // commits
	rollback(ctx context.Context)
	reserve(ctx context.Context, prefix string, year int, node string, now time.Time, spent []int64) (numberBlock, error)
	close()
}

// wanted is what a group must know before it decides.
type wanted struct {
	cases   []int64 // ascending, which is the order of locking
	keys    []string
	dueAt   time.Time // with overdue > 0: lock the cases most overdue by then,
	overdue int       // after this place
	after   place
}

// place is where in the order of due clocks a sweep has got to.
type place struct {
	due    time.Time
	caseID int64
}

type found struct {
	cases map[int64]*folding
	order []int64
	keys  map[string]kept
}

type kept struct {
	print  []byte
	answer Answer
}

// folding is one case while a group is decided.
type folding struct {
	was, now workflow.Case
	filed    time.Time
	moved    bool
	broken   error // an expiry panicked: nothing of this case is touched
	// of a draft: the projection and each clock's reminder as they will be stored
	body   []byte
	remind []*time.Time
}

const (
	waiting = iota
	taken
	withdrawn
)

type request struct {
	Request
	caseID int64
	sealed sealedBox
	draft  *draft
	print  []byte
	state  atomic.Int32
	done   chan struct{}
	answer Answer
	err    error
}

// maxGroup bounds how long the last of a group waits for the first.
const maxGroup = 256

// door is the one committer of this node.
type door struct {
	s       *Store
	db      database
	queue   chan *request
	sweeps  chan *sweep
	stop    chan struct{}
	stopped chan struct{}
	rows    rows
	found   found
	numbers numbers
	// swept spares the next sweep the index entries of the clocks that the last
	// one stopped: they stay until a vacuum. It starts again when nothing is left.
	swept place
	// away is whether the last group had no answer: no more callers are taken than
	// the next one can hold, and it is attempted once.
	away atomic.Bool
	// wary counts the groups for which keys are looked up although all are drafts:
	// somebody sent a key again.
	wary int
	// counted for tests and metrics
	groups, commands, replays, lost atomic.Int64
	sizes, seconds                  *spread
	// nanoseconds with groups in which somebody else than a job asked
	served atomic.Int64
	// of the last sweep: how many commands there had been, and how many cases fit
	// in a batch that nobody notices
	met int64
	lot int
}

type sweep struct {
	limit, n int
	err      error
	done     chan struct{}
}

func (s *Store) startDoor() {
	d := &door{s: s, lot: smallLot, queue: make(chan *request, 4*maxGroup), sweeps: make(chan *sweep), stop: make(chan struct{}), stopped: make(chan struct{})}
	d.found = found{cases: map[int64]*folding{}, keys: map[string]kept{}}
	d.numbers = numbers{held: map[series][]*numberBlock{}}
	if s.dialect == "sqlite" {
		d.db = newLite(s.pool, &s.writer)
	} else {
		d.db = &postgres{pool: s.pool}
	}
	d.sizes, d.seconds = newSpread(1, 2, 4, 8, 16, 32, 64, 128, 256), newSpread(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5)
	s.door = d
	go d.run()
}

func (d *door) close() {
	close(d.stop)
	<-d.stopped
}

// Execute changes a case, or says why not: a *workflow.Refusal, ErrNoSuchCase,
// ErrErased, ErrUnknown, ErrAway, ErrBug or ErrClosed. Before the committer takes the
// command, cancelling ctx withdraws it; afterwards the answer is waited for,
// because the change may be durable already.
func (s *Store) Execute(ctx context.Context, q Request) (Answer, error) {
	r, err := s.prepare(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	d := s.door
	if d.away.Load() && len(d.queue) >= maxGroup {
		return Answer{}, ErrAway
	}
	select {
	case d.queue <- r:
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	case <-d.stop:
		return Answer{}, ErrClosed
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return Answer{}, ctx.Err()
		}
		<-r.done
	case <-d.stopped: // closed before it was taken
		select {
		case <-r.done:
		default:
			return Answer{}, ErrClosed
		}
	}
	if q.Draft != nil && errors.Is(r.err, errMismatch) {
		return Answer{}, ErrNoWaiting // another act brought its files, or somebody removed one, in the same moment
	}
	return r.answer, r.err
}

// Sweep enforces what is overdue in at most limit cases and says in how many;
// none, and why, while the clock is in doubt.
func (s *Store) Sweep(ctx context.Context, limit int) (int, error) {
	if err := s.Doubt(); err != nil {
		return 0, err
	}
	w := &sweep{limit: limit, done: make(chan struct{})}
	select {
	case s.door.sweeps <- w:
		<-w.done
		return w.n, w.err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-s.door.stop:
		return 0, ErrClosed
	}
}

func (d *door) run() {
	defer close(d.stopped)
	var group []*request
	for {
		select {
		case r := <-d.queue:
			group = d.take(group[:0], r)
			d.commit(group)
			clear(group)
		case w := <-d.sweeps:
			w.n, w.err = d.sweep(w.limit)
			close(w.done)
		case <-d.stop:
			for len(d.queue) > 0 {
				d.commit(d.take(group[:0], <-d.queue))
			}
			d.db.close()
			d.giveBack()
			return
		}
	}
}

// take gathers what queued while the last group was committed. It never waits.
func (d *door) take(group []*request, first *request) []*request {
	for r := first; ; {
		if r.state.CompareAndSwap(waiting, taken) {
			group = append(group, r)
		}
		if len(group) == maxGroup {
			return group
		}
		select {
		case r = <-d.queue:
		default:
			return group
		}
	}
}

// commit answers everybody in the group, after the commit and never before:
// even a refusal may rest on what another command of the group did.
func (d *door) commit(group []*request) {
	if len(group) == 0 {
		return
	}
	d.groups.Add(1)
	d.commands.Add(int64(len(group)))
	d.sizes.add(float64(len(group)))
	d.wary = max(0, d.wary-1)
	began := d.s.cfg.Now()
	err := d.settle(group)
	if errors.Is(err, ErrUnknown) {
		for _, r := range group {
			r.answer, r.err = Answer{}, err
		}
	} else if err != nil { // one of them is to blame: each alone, once
		for i, r := range group {
			d.replays.Add(1)
			if !errors.Is(err, ErrUnknown) { // else it went away meanwhile, for all
				err = d.settle(group[i : i+1])
			}
			if err != nil {
				r.answer, r.err = Answer{}, err
			}
		}
	}
	took := d.s.cfg.Now().Sub(began)
	d.seconds.add(took.Seconds())
	if slices.ContainsFunc(group, func(r *request) bool { return r.Command.Actor.Role != "job" }) {
		d.served.Add(int64(took))
	}
	for _, r := range group {
		close(r.done)
	}
}

// settle attempts the group until the database says yes or no. A connection
// lost at COMMIT is no answer; attempting again is safe, because case locks and
// the unique key make it wait for the old one, and then it finds the answers.
func (d *door) settle(group []*request) error {
	limit, most := settleLimit, tries
	if d.away.Load() {
		limit, most = awayLimit, 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	look := d.wary > 0
	for try := 1; ; {
		_, err := d.attempt(ctx, group, 0, look)
		if err != nil {
			d.rollback()
		}
		if !errors.Is(err, errLost) {
			d.away.Store(false)
			if err == nil || look {
				return err
			}
			d.wary, look = lookFor, true
			continue
		}
		d.lost.Add(1)
		d.s.dropIdle()
		if try == most || ctx.Err() != nil {
			d.away.Store(true)
			return ErrUnknown
		}
		pause(try)
		try, look = try+1, true
	}
}

// sweep is one batch of a sweep, in a transaction of its own; a small one while
// commands come in, because all of them wait for its commit.
func (d *door) sweep(limit int) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	if calls := d.commands.Load(); calls != d.met || len(d.queue) > 0 {
		limit, d.met = min(limit, d.lot), calls
	}
	began := d.s.cfg.Now()
	n, err := d.attempt(ctx, nil, limit, true)
	if err != nil {
		d.swept = place{}
		d.rollback()
	}
	d.lot = lotFor(n, d.s.cfg.Now().Sub(began))
	return n, err
}

// lotFor is how many cases a batch takes while commands come in, when the last
// one took this long: a power of two, so that there are few statements.
func lotFor(n int, took time.Duration) int {
	lot := smallLot
	for lot < largeLot && took > 0 && time.Duration(2*lot)*took <= time.Duration(n)*lotTime {
		lot *= 2
	}
	return lot
}

// lotTime is how long a command may find the committer busy with a sweep.
const (
	lotTime  = 5 * time.Millisecond
	smallLot = 16
	largeLot = 256
)

func (d *door) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackLimit)
	defer cancel()
	d.db.rollback(ctx)
}

// lookFor is for how many groups keys are looked up after one was sent again:
// who repeats keys on purpose must not make every group fail once.
const lookFor = 64

// pause lets a database that is going away come back: 1 ms, doubled each time.
func pause(try int) {
	t := time.NewTimer(time.Millisecond << (try - 1))
	defer t.Stop()
	<-t.C
}
