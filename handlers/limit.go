package handlers

import (
	"fmt"
	"net/http"
	"time"
)

// Class says how a route may be used: how often, how large a body it takes and
// how long it may run. Every route names one; a new class is a line in limits.
type Class string

const (
	// Probe is asked by machines that watch this one: always answered.
	Probe Class = "probe"
	// Reading is one case or one document by its key.
	Reading Class = "reading"
	// Listing is whatever costs more than a look by key: pages, counts, search.
	Listing Class = "listing"
	// Lookup is a search that anybody may ask: a name among many, as it is typed.
	Lookup Class = "lookup"
	// Searching is a Listing whose question is too private for a URL.
	Searching Class = "searching"
	// Intake is filing, by anybody.
	Intake Class = "intake"
	// Writing is an act on a case by somebody known.
	Writing Class = "writing"
	// Secret is where something secret could be guessed or is handed out: a log-in,
	// a code, a link made anew. Nothing is guessed while nodes cannot count together.
	Secret Class = "secret"
	// Entering is where officers sign in: as Secret, with room for a bureau behind one
	// address and for the form that a session ended under.
	Entering Class = "entering"
	// Upload is a file on its way in: large, slow and streamed.
	Upload Class = "upload"
	// Delivery is a file on its way out.
	Delivery Class = "delivery"
	// Export is a whole table on its way out, made while it is read.
	Export Class = "export"
	// Removing takes back what its sender sent; it has no body.
	Removing Class = "removing"
)

// Limit is what a class means. A rate without a burst is no limit.
type Limit struct {
	Body    int64         // bytes of a body; 0: the route takes none
	Time    time.Duration // from the end of the header to the answer
	Address Rate          // of one client address
	Caller  Rate          // of one user or one link
	Case    Rate          // of all callers on one case
	Shared  bool          // refuse while Redis is configured and away
	Stream  bool          // the handler reads the body, which may be as large as a file
}

// Rate is a bucket that holds Burst and gets one back Every so often.
type Rate struct {
	Every time.Duration
	Burst int
}

// limits of every class. A narrative of twenty thousand characters, three bytes
// each, and a joint complaint's list fit into an intake. Addresses have room for
// a bureau, or a carrier's customers, behind one.
var limits = map[Class]Limit{
	Probe: {Time: 5 * time.Second},
	Reading: {Time: 10 * time.Second, Address: Rate{10 * time.Millisecond, 600},
		Caller: Rate{50 * time.Millisecond, 300}},
	Listing: {Time: 15 * time.Second, Address: Rate{50 * time.Millisecond, 300},
		Caller: Rate{200 * time.Millisecond, 100}},
	Lookup: {Time: 10 * time.Second, Address: Rate{250 * time.Millisecond, 60},
		Caller: Rate{100 * time.Millisecond, 100}},
	Searching: {Body: 16 << 10, Time: 15 * time.Second, Address: Rate{50 * time.Millisecond, 300},
		Caller: Rate{200 * time.Millisecond, 100}},
	Intake: {Body: 1 << 20, Time: 30 * time.Second, Address: Rate{500 * time.Millisecond, 60},
		Caller: Rate{500 * time.Millisecond, 60}},
	Writing: {Body: 1 << 20, Time: 30 * time.Second, Address: Rate{50 * time.Millisecond, 300},
		Caller: Rate{200 * time.Millisecond, 100}, Case: Rate{500 * time.Millisecond, 100}},
	Secret: {Body: 16 << 10, Time: 10 * time.Second, Address: Rate{6 * time.Second, 10},
		Caller: Rate{6 * time.Second, 10}, Case: Rate{time.Minute, 10}, Shared: true},
	Entering: {Body: 2 << 20, Time: 15 * time.Second, Address: Rate{2 * time.Second, 60},
		Caller: Rate{6 * time.Second, 10}, Shared: true},
	Upload: {Stream: true, Time: 30 * time.Minute, Address: Rate{2 * time.Second, 120},
		Caller: Rate{2 * time.Second, 60}, Case: Rate{2 * time.Second, 120}},
	Delivery: {Time: 15 * time.Second, Address: Rate{20 * time.Millisecond, 600},
		Caller: Rate{50 * time.Millisecond, 300}},
	Export: {Time: 30 * time.Minute, Address: Rate{5 * time.Second, 60},
		Caller: Rate{5 * time.Second, 60}},
	Removing: {Time: 10 * time.Second, Address: Rate{500 * time.Millisecond, 60},
		Caller: Rate{500 * time.Millisecond, 60}},
}

// Guesses at links and tokens: how many wrong ones an address has, and how many
// one case and the whole service may see before an address that has guessed
// wrongly at all must wait. Who never guessed is not kept waiting by others.
var (
	wrongByAddress = Rate{time.Minute, 20}
	wrongByCase    = Rate{time.Minute, 20}
	wrongByAll     = Rate{100 * time.Millisecond, 500}
)

// callers are those that a route may name.
var callers = map[Who]bool{Anyone: true, Keeper: true, Insider: true, Desk: true, Own: true, Filer: true, Visitor: true, Uploader: true, Machine: true, Holder: true, Officer: true, LinkHolder: true, Rotating: true, Staff: true, Supervising: true, Member: true, Signing: true}

// check says what a route lacks before it may be served.
func (r Route) check() error {
	limit, ok := limits[r.Limit]
	switch {
	case !callers[r.Who]:
		return fmt.Errorf("%s %s does not say who may", r.Method, r.Path)
	case !ok:
		return fmt.Errorf("%s %s does not say how often, how much and how long", r.Method, r.Path)
	case r.Method == http.MethodGet && limit.Body > 0:
		return fmt.Errorf("%s %s: %s is a class for bodies", r.Method, r.Path, r.Limit)
	case r.Method != http.MethodGet && r.Method != http.MethodDelete && limit.Body == 0 && !limit.Stream:
		return fmt.Errorf("%s %s: %s takes no body", r.Method, r.Path, r.Limit)
	}
	return nil
}
