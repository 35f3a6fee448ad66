package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/workflow/calendar"
)

// Due returns what must happen before anything else at an instant: the expiry
// of the clock that ran out first (ties in the order of ClockDefs), with the
// rows that follow it, or the extension that an outage gave it. Ask again after
// applying, until it says false. The events carry the lawful instant and the
// one observed, so that no delay of a sweep changes an outcome.
func Due(c Case, r Rules, now time.Time) ([]Event, bool) {
	steps, due := DueSteps(c, r, now)
	return eventsOf(steps), due
}

// DueSteps is Due with the case after each event.
func DueSteps(c Case, r Rules, now time.Time) ([]Step, bool) {
	now = c.notBefore(now)
	k := firstDue(&c, now)
	if k == nil {
		return nil, false
	}
	clock := Actor{Role: "clock"}
	if moved := extended(&c, r, now); moved != nil && c.State != Closed {
		return []Step{*moved}, true
	}
	for _, row := range tableOf(c.Kind).expiry[c.State][k.Code] {
		g := &asking{c: &c, cmd: &Command{Event: row.Event, Actor: Actor{Role: "job"}}, r: r, now: k.LateFrom, row: row, expired: k.Code}
		if !slices.Contains(row.By, "job") || g.refuse() != nil {
			continue
		}
		due := *k
		return take(c, row, Command{Event: row.Event, Actor: clock}, r, now, &due), true
	}
	panic(fmt.Sprintf("workflow: no row for the expiry of %s in %s", k.Code, c.State))
}

func firstDue(c *Case, now time.Time) *Clock {
	var first *Clock
	order := tableOf(c.Kind).order
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if k.State != Running || k.LateFrom.After(now) {
			continue
		}
		if first == nil || k.LateFrom.Before(first.LateFrom) ||
			k.LateFrom.Equal(first.LateFrom) && order[k.Code] < order[first.Code] {
			first = k
		}
	}
	return first
}

// longOutage is the shortest outage that extends a party's own clock.
const longOutage = 4 * time.Hour

// extended is the T70 that a recorded outage owes: a party's own clock that was
// in its last two working days is moved to two working days after service
// resumed. Statutory clocks never move.
func extended(c *Case, r Rules, now time.Time) *Step {
	for i := range c.Clocks {
		k := &c.Clocks[i]
		def := table.clock[k.Code]
		if k.State != Running || k.LateFrom.After(now) || !strings.HasPrefix(k.Rule, "own/") ||
			!slices.Contains([]string{"merchant", "consumer", "party"}, def.Whose) {
			continue
		}
		for _, o := range r.Outages {
			if due := k.after(o, r, now); due > k.Due {
				return move(c, k, due, r, now)
			}
		}
	}
	return nil
}

// after is the day to which the outage extends the clock, 0 if it does not.
func (k *Clock) after(o Outage, r Rules, now time.Time) calendar.Date {
	if o.To.Sub(o.From) <= longOutage || o.To.After(now) {
		return 0
	}
	v := r.Calendar().KnownAt(calendar.On(o.To))
	last := k.Due.AddDays(-1)
	for !v.Working(last) {
		last = last.AddDays(-1)
	}
	if !o.To.After(last.Start()) || !o.From.Before(k.LateFrom) {
		return 0
	}
	return v.Count(calendar.On(o.To), 2, calendar.WorkingDay, calendar.RestDay).Due
}

func move(c *Case, k *Clock, due calendar.Date, r Rules, now time.Time) *Step {
	row := table.byID["T70"]
	d := &draft{was: *c, c: c.Clone(), r: r, row: row, cmd: &Command{Event: row.Event}, eff: now, day: calendar.On(now)}
	d.e = Event{Seq: c.Version + 1, ID: row.ID, Event: row.Event, Actor: "clock", At: now, Rules: r.VersionOn(d.day)}
	d.e.Data.To = c.State
	n := *k
	n.Due, n.LateFrom = due, due.AddDays(1).Start()
	d.clock(ClockOp{Op: "move", No: k.No, Code: k.Code, State: Running, Clock: &n, Cause: "outage"})
	step := d.step()
	return &step
}
