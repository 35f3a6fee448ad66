package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fangxin/workflow/calendar"
)

// draft is one event while it is written. Every effect is applied to the
// working copy by the code that Apply uses, so that both always agree.
type draft struct {
	origin *Case // before the decision that the row is part of
	was    Case  // before the row
	c      Case  // the working copy
	e      Event
	r      Rules
	row    *Row
	cmd    *Command
	due    *Clock // whose expiry this is, or nil
	eff    time.Time
	day    calendar.Date // legal day of eff
}

// take writes the event of a row, and those of the rows that follow it at once.
// due is the clock whose expiry the row is, if it is one.
func take(c Case, row *Row, cmd Command, r Rules, now time.Time, due *Clock) []Step {
	return takeFrom(&c, c, row, cmd, r, now, due)
}

// takeFrom goes on from a case that earlier rows of the same decision changed;
// origin is the case before all of them.
func takeFrom(origin *Case, c Case, row *Row, cmd Command, r Rules, now time.Time, due *Clock) []Step {
	d := &draft{origin: origin, was: c, c: c.Clone(), r: r, row: row, cmd: &cmd, due: due, eff: now}
	d.e = Event{Seq: c.Version + 1, ID: row.ID, Event: row.Event, Actor: actorName(cmd.Actor), At: now}
	if due != nil {
		d.e.LawfulAt, d.eff = due.LateFrom, due.LateFrom
	}
	d.day = calendar.On(d.eff)
	d.e.Rules = r.VersionOn(d.day)
	d.write()
	steps := []Step{d.step()}
	if next, by := d.follow(&steps[0].After, now); next != nil {
		follow := Command{Event: next.Event, Actor: by}
		steps = append(steps, takeFrom(origin, steps[0].After, next, follow, r, now, d.lawful())...)
	}
	return steps
}

// step is the finished event with the working copy, which is what Apply would
// make of it.
func (d *draft) step() Step {
	d.c.Version, d.c.At, d.c.State = d.e.Seq, d.e.At, d.e.Data.To
	return Step{d.e, d.c}
}

// lawful hands the lawful instant of an expiry on to the row that follows it.
func (d *draft) lawful() *Clock {
	if d.due == nil {
		return nil
	}
	return &Clock{LateFrom: d.due.LateFrom}
}

// follow finds the first of the row's `then` rows that may be taken now.
func (d *draft) follow(after *Case, now time.Time) (*Row, Actor) {
	if len(d.row.Then) == 0 {
		return nil, Actor{}
	}
	x := tableOf(d.c.Kind)
	for _, id := range d.row.Then {
		next := x.byID[id]
		if x.byFrom[after.State][next.Event] != next {
			continue
		}
		by := Actor{Role: "rules", ID: "rules"}
		if slices.Contains(next.By, "job") {
			by = Actor{Role: "job", ID: "rules"}
		}
		g := &asking{c: after, cmd: &Command{Event: next.Event, Actor: by}, r: d.r, now: now, row: next}
		if g.refuse() == nil {
			return next, by
		}
	}
	return nil, Actor{}
}

// write applies the effects in the order that table.go gives.
func (d *draft) write() {
	to := d.row.target(d.was.State)
	if d.row.To == "before_closing" {
		d.restore()
		return
	}
	d.e.Data.To = to
	if d.was.Version == 0 {
		d.begin()
	}
	d.hear()
	for _, op := range d.row.Clocks {
		d.end(op)
	}
	d.record()
	d.leave(to)
	d.attributes()
	closing := to == Closed && d.was.State != Closed
	if closing {
		d.close()
	} else if d.was.State == Closed && to != Closed {
		d.set(attrOutcome, "")
	}
	started := d.starts()
	if closing {
		started = append(started, d.afterClosing()...)
	}
	d.start(started)
	d.c.State = to
	if d.row.Event != "split_report" { // its words are sealed for the report record alone
		d.e.Data.Sealed = d.cmd.Commitment
	}
}

// begin gives a new case its first attributes.
func (d *draft) begin() {
	for _, x := range [...][2]string{{attrAcceptance, "none"}, {attrMediator, "unit"}, {attrAgreement, "none"}, {attrBroken, no}, {attrPerformance, "none"}} {
		d.set(x[0], x[1])
	}
}

func (d *draft) set(name, value string) {
	if d.e.Data.Set == nil {
		d.e.Data.Set = make(map[string]string, 16)
	}
	d.e.Data.Set[name] = value
	d.c.assign(name, value)
}

func (d *draft) info(name, value string) {
	if value == "" || value == "0" {
		return
	}
	if d.e.Data.Info == nil {
		d.e.Data.Info = map[string]string{}
	}
	d.e.Data.Info[name] = value
}

func (d *draft) clock(op ClockOp) {
	d.e.Data.Clocks = append(d.e.Data.Clocks, op)
	d.c.applyClock(op, d.e.Seq)
}

func (d *draft) notice(op NoticeOp) {
	d.e.Data.Notices = append(d.e.Data.Notices, op)
	d.c.applyNotice(op, d.e.Seq)
}

// owe makes a notice that somebody must get; nobody, if the party is gone.
func (d *draft) owe(to, kind string) int64 {
	if !d.c.exists(to) {
		return 0
	}
	n := d.c.Last.Notice + 1
	d.notice(NoticeOp{Op: "owe", No: n, To: to, Kind: kind})
	return n
}

// actorName is how the log names an actor: role and stable id, never a person.
func actorName(a Actor) string {
	if a.ID == "" || a.ID == string(a.Role) {
		return string(a.Role)
	}
	return string(a.Role) + ":" + a.ID
}

// attributes sets what the row sets, under the condition in brackets.
func (d *draft) attributes() {
	for _, a := range d.row.Set {
		if value := d.value(a); value != "" {
			d.set(a.Name, value)
		}
	}
	if d.row.OutcomeThen != "" {
		result := d.row.OutcomeThen
		if strings.Contains(result, ",") {
			result = results[d.cmd.Input.FeedbackCode]
		}
		d.set(attrResult, result)
	}
}

func (d *draft) value(a Assign) string {
	per := d.was.Performance
	keep := func(values ...string) string {
		if slices.Contains(values, per) {
			return per
		}
		return a.Value
	}
	switch {
	case a.Name == attrAgreement && strings.Contains(a.Value, " or "):
		if d.was.Mediator == "organisation" {
			return "entrusted"
		}
		return "mediated"
	case a.Name == attrGround && a.Value == "REFx":
		return d.cmd.Input.Ground
	case a.When == "":
		return a.Value
	case strings.HasPrefix(a.When, "partly stays"):
		return keep("partly")
	case strings.HasPrefix(a.When, "partly and denied"):
		return keep("partly", "denied")
	case strings.HasPrefix(a.When, "presumed and unknown"):
		if d.cmd.Actor.Side() == "consumer" {
			return a.Value
		}
		return keep("presumed", "unknown", "partly", "denied")
	case strings.HasPrefix(a.When, "only when none"):
		if slices.Contains([]string{"none", "due", "reported"}, per) {
			return a.Value
		}
		return per
	case strings.HasPrefix(a.When, "when due"):
		return map[string]string{"due": "unknown", "reported": "presumed"}[per]
	}
	return a.Value
}

// leave ends the clocks of the places that the case leaves.
func (d *draft) leave(to State) {
	if to == d.was.State {
		return
	}
	x := tableOf(d.c.Kind)
	for _, l := range leaving {
		if in := x.inside[l.Place]; !in[d.was.State] || in[to] {
			continue
		}
		for _, code := range l.Clocks {
			if resumed, ok := strings.CutPrefix(code, "r "); ok {
				d.resume(resumed)
				continue
			}
			d.voidAll(code)
		}
	}
}

func (d *draft) voidAll(code string) {
	for i := range d.c.Clocks {
		if k := d.c.Clocks[i]; k.Code == code && k.State.Open() {
			d.void(k)
		}
	}
}

// close voids what must not outlive closing, keeps what correct_closing would
// need, and gives the outcome.
func (d *draft) close() {
	for i := range d.c.Clocks {
		k := d.c.Clocks[i]
		if k.State.Open() && !table.clock[k.Code].UntilTold && k.Code != "supervision" && k.Code != "confirmation_application" {
			d.void(k)
		}
	}
	outcome := d.row.Outcome
	switch {
	case strings.Contains(outcome, " or ") && d.c.Agreement == "entrusted":
		outcome = "MEDIATED_ENTRUSTED"
	case strings.Contains(outcome, " or "):
		outcome = "MEDIATED"
	case strings.HasPrefix(outcome, "the result"):
		outcome = d.c.Result
	}
	d.set(attrOutcome, outcome)
	if w := d.origin; w.Version > 0 {
		before := []string{string(w.State), w.Acceptance, w.Mediator, w.Agreement, w.Broken, w.Ground, w.Performance, w.Result}
		names := slices.Collect(maps.Keys(w.Facts)) // and the facts that the decision changed
		names = slices.AppendSeq(names, maps.Keys(d.c.Facts))
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if w.Facts[name] != d.c.Facts[name] {
				before = append(before, name+"="+w.Facts[name])
			}
		}
		d.set(factBefore, strings.Join(before, "|"))
		d.set(factClosedBy, fmt.Sprintf("%d-%d", w.Version+1, d.e.Seq))
	}
}

// afterClosing lists the tracks that closing starts.
func (d *draft) afterClosing() []ClockEffect {
	o := d.c.Outcome
	if o == "ARCHIVED" {
		return nil
	}
	out := []ClockEffect{{Op: '+', Code: "correction_of_closing"}}
	if d.c.exists("consumer") {
		out = append(out, ClockEffect{Op: '+', Code: "survey"})
	}
	out = append(out, ClockEffect{Op: '+', Code: "publish"})
	if strings.HasPrefix(o, "SETTLED") || strings.HasPrefix(o, "MEDIATED") || o == "CONFIRMED" || o == "JUDGED_CONSUMER" || o == "JUDGED_PARTLY" {
		out = append(out, ClockEffect{Op: '+', Code: "performance_watch"})
	}
	return out
}
