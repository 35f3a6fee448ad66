package workflow

import (
	"maps"
	"slices"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// Kind tells the complaint (投诉) from the confidential report (举报) that was
// split from one.
type Kind string

const (
	// Complaint asks the authority to settle a dispute (Order 121 Art. 3).
	Complaint Kind = "complaint"
	// Report points to a suspected breach; it has its own log (Art. 9, 27).
	Report Kind = "report"
)

// Case is the fold of its events and nothing else. The zero Case (with Kind,
// ID and Number) is one that has not been filed.
type Case struct {
	ID      int64
	Number  string // HT-2026-000123-4
	Kind    Kind
	Version int64       // seq of the last event, so also their count
	Head    ledger.Hash // hash of the last event; set by whoever chains it
	At      time.Time   // instant of the last event
	State   State

	Acceptance  string // none, pending, accepted, refused
	Mediator    string // unit, organisation
	Agreement   string // none, self, mediated, entrusted, court
	Broken      string // no, yes
	Ground      string // REFx or TERx, prepared or decided
	Performance string // none, due, reported, done, presumed, partly, missed, denied, unknown
	Result      string // the outcome that closing with the result will have
	Outcome     string // of a closed case

	Facts   Facts
	Clocks  []Clock  // every clock ever started, by No
	Notices []Notice // notices that something still waits for
	Last    Counters
}

// Facts are what later guards and papers need to know beside state and
// attributes: words from fixed lists, numbers, dates; never personal data.
// Their names stand in facts.go.
type Facts map[string]string

// Counters give the next clock and notice their numbers.
type Counters struct{ Clock, Notice int64 }

// ClockState is where a clock is in its life.
type ClockState string

const (
	// Waiting for its notice to be delivered.
	Waiting ClockState = "waiting"
	// Running towards its due day.
	Running ClockState = "running"
	// Paused, for an appraisal (Order 121 Art. 22).
	Paused ClockState = "paused"
	// Owed: an authority's duty that ran out and is still to be done.
	Owed ClockState = "owed"
	// Met in time.
	Met ClockState = "met"
	// MetLate: done after it had run out.
	MetLate ClockState = "met_late"
	// Void: it does not matter any more.
	Void ClockState = "void"
	// Expired and over.
	Expired ClockState = "expired"
)

// Open reports whether the clock still waits, runs, pauses or is owed.
func (s ClockState) Open() bool {
	return s == Waiting || s == Running || s == Paused || s == Owed
}

// Clock is one deadline of one case. Due is derived from what it was started
// under; LateFrom is the first instant that is too late. A waiting clock has
// neither.
type Clock struct {
	No          int64
	Code        string
	Seq         int64 // of the event that made it
	State       ClockState
	Rule        string // what it is pinned to: "R2/2026-04-15", "own/2026-01"
	N           int    // budget, in Unit; 0 for an agreed date
	Unit        calendar.Unit
	Roll        calendar.Roll
	Starts      calendar.Date // day 0
	Due         calendar.Date
	LateFrom    time.Time
	Calendar    string // version that Due was counted with
	Provisional bool
	Notice      int64         // that it waits or waited for
	About       string        // which proposal, order or notice (clocks with several instances)
	PausedOn    calendar.Date // while paused
	PausedDays  int           // calendar days, and working days, that it stood still
	PausedWork  int
	Decided     int64      // seq of the decision of an until-told clock
	Ended       int64      // seq of the event that ended it
	Was         ClockState // state that this event found it in
}

// Notice is a message that law or table owes to somebody. It leaves the case
// when nothing waits for it any more; its history is in the log.
type Notice struct {
	No   int64
	To   string // consumer, merchant
	Kind string // template: receipt, invitation, acceptance, …
	Seq  int64  // of the event that owes it
	Told bool   // handed to a channel that took it
}

// Clone copies what Apply changes in place.
func (c Case) Clone() Case {
	if len(c.Facts) == 0 {
		c.Facts = make(Facts, 14) // a filing brings about ten
	} else {
		c.Facts = maps.Clone(c.Facts)
	}
	c.Clocks, c.Notices = slices.Clone(c.Clocks), slices.Clone(c.Notices)
	return c
}

// notBefore is the instant at which something happens to the case when a clock
// shows now: in microseconds, and never before the last thing that happened to
// it, whatever that clock says.
func (c *Case) notBefore(now time.Time) time.Time {
	now = now.UTC().Truncate(time.Microsecond)
	if now.Before(c.At) {
		return c.At
	}
	return now
}

// Clock finds the open clock of a code: waiting, running, paused or owed; an
// owed one, or one whose decision only waits to be told, if no other is open.
func (c *Case) Clock(code string) *Clock {
	var second *Clock
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if k.Code != code || !k.State.Open() {
			continue
		}
		if k.State != Owed && k.Decided == 0 {
			return k
		}
		second = k
	}
	return second
}

// Runs reports whether the clock of this code runs: not waiting, paused, owed.
func (c *Case) Runs(code string) bool {
	k := c.Clock(code)
	return k != nil && k.State == Running
}

// ClockNo finds a clock by its number.
func (c *Case) ClockNo(no int64) *Clock {
	if i, ok := slices.BinarySearchFunc(c.Clocks, no, func(k Clock, no int64) int { return int(k.No - no) }); ok {
		return &c.Clocks[i]
	}
	return nil
}

// Notice finds a notice that something still waits for.
func (c *Case) Notice(no int64) *Notice {
	for i := range c.Notices {
		if c.Notices[i].No == no {
			return &c.Notices[i]
		}
	}
	return nil
}
