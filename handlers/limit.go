package handlers

import (
	"fmt"
	"net/http"
	"time"
)

// Class says how a route may be used: how large a body it takes and how long it
// may run. Every route names one; a new class is a line in limits.
type Class string

const (
	// Probe is asked by machines that watch this one: always answered.
	Probe Class = "probe"
	// Reading is one case or one document by its key.
	Reading Class = "reading"
	// Listing is whatever costs more than a look by key: pages, counts, search.
	Listing Class = "listing"
	// Intake is filing, by anybody.
	Intake Class = "intake"
	// Writing is an act on a case by somebody known.
	Writing Class = "writing"
	// Secret is where something secret could be guessed or is handed out: a log-in,
	// a code, a link made anew.
	Secret Class = "secret"
)

// Limit is what a class means.
type Limit struct {
	Body int64         // bytes of a body; 0: the route takes none
	Time time.Duration // from the end of the header to the answer
}

// limits of every class. A narrative of twenty thousand characters, three bytes
// each, and a joint complaint's list fit into an intake.
var limits = map[Class]Limit{
	Probe:   {0, 5 * time.Second},
	Reading: {0, 10 * time.Second},
	Listing: {0, 15 * time.Second},
	Intake:  {1 << 20, 30 * time.Second},
	Writing: {1 << 20, 30 * time.Second},
	Secret:  {16 << 10, 10 * time.Second},
}

// callers are those that a route may name.
var callers = map[Who]bool{Anyone: true, Holder: true, Officer: true}

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
	case r.Method != http.MethodGet && limit.Body == 0:
		return fmt.Errorf("%s %s: %s takes no body", r.Method, r.Path, r.Limit)
	}
	return nil
}
