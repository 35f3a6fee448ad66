package workflow

import (
	"time"

	"fangxin/workflow/calendar"
)

// Event is one fact of the log. It carries its effects in full: Apply needs
// neither table nor law.
type Event struct {
	Seq      int64  // place in the case's chain, from 1
	ID       string // row of the table
	Event    string
	Actor    string    // "merchant:…", "officer:zhang", "clock", "rules"
	At       time.Time // when the engine recorded it
	LawfulAt time.Time // of an expiry: the first instant too late; else zero
	Rules    string    // regime of the day, "R2/2026-04-15"
	Data     Data
}

// Effective is the instant the event counts from: the lawful one, if any.
func (e *Event) Effective() time.Time {
	if !e.LawfulAt.IsZero() {
		return e.LawfulAt
	}
	return e.At
}

// Data is what an event did. Everything in it may be read by an auditor:
// people, words and offers are under Sealed, a salted commitment.
type Data struct {
	To      State             // state after
	Set     map[string]string // attributes and facts that changed; "" removes
	Info    map[string]string // said of this event alone, not folded
	Clocks  []ClockOp
	Notices []NoticeOp
	Sealed  string // "sha256:…" of what was sealed with this event, or ""
}

// ClockOp is one change of one clock. Op is one of
//
//	start   a clock begins, running or waiting (Clock holds all of it)
//	run     its notice was delivered: it runs (Clock holds term and due day)
//	move    its due day changed: calendar, outage, extension
//	meet, void, expire, pause, resume, decide, restore
type ClockOp struct {
	Op    string
	No    int64
	Code  string
	State ClockState    // after it
	Clock *Clock        // start, run, move, resume, restore: the clock as it is then
	On    calendar.Date // pause: from when
	Cause string        // move: why
}

// NoticeOp is one change of one notice. Op is owe, told (handed to a channel
// that took it), delivered (it leaves the case), or failed (this channel).
type NoticeOp struct {
	Op   string
	No   int64
	To   string
	Kind string
	How  string // channel or proof, from a fixed list
}

// Named attributes, as they stand in Data.Set beside facts.
const (
	attrAcceptance  = "acceptance"
	attrMediator    = "mediator"
	attrAgreement   = "agreement"
	attrBroken      = "broken"
	attrGround      = "ground"
	attrPerformance = "performance"
	attrResult      = "result"
	attrOutcome     = "outcome"
)

// attribute points to the field of an attribute, nil for a fact.
func (c *Case) attribute(name string) *string {
	switch name {
	case attrAcceptance:
		return &c.Acceptance
	case attrMediator:
		return &c.Mediator
	case attrAgreement:
		return &c.Agreement
	case attrBroken:
		return &c.Broken
	case attrGround:
		return &c.Ground
	case attrPerformance:
		return &c.Performance
	case attrResult:
		return &c.Result
	case attrOutcome:
		return &c.Outcome
	}
	return nil
}
