package handlers

import (
	"slices"
	"time"

	"fangxin/handlers/view"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// movesOf is the ledger of a clock: when it started, stood still, went on, was
// moved and ended, and by which event.
func (x *looked) movesOf(p *view.Page, k *workflow.Clock) []view.Row {
	var out []view.Row
	for i := range x.events {
		e := &x.events[i]
		for _, op := range e.Data.Clocks {
			if op.No != k.No {
				continue
			}
			row := view.Row{Name: momentWords(p, e.At), Value: p.T("page.desk.ledger." + op.Op)}
			if op.Op == "move" && op.Clock != nil {
				row.Value = p.T("page.desk.ledger.moved", "Day", dateWords(p, op.Clock.Due), "Cause", op.Cause)
			}
			row.Value += " · " + capital(p.T("event."+e.Event))
			out = append(out, row)
		}
	}
	return out
}

// hold is a time in which the case was in somebody's hands.
type hold struct {
	who      string
	from, to time.Time
	paused   bool // the clock stood still
}

// hands tells in whose hands the case was while a clock ran: the party, court or
// mediator whose answer was awaited first, else the unit in charge. Gross is every
// day, net those in which the clock did not stand still.
func (s *Server) hands(p *view.Page, x *looked, k *workflow.Clock, out *view.ClockPage) {
	var holds []hold
	c := workflow.New(x.v.Kind, x.v.ID, x.v.Number)
	for i := range x.events {
		e := &x.events[i]
		c = workflow.Apply(c, *e)
		now := c.ClockNo(k.No)
		if now == nil || now.Starts == 0 {
			continue
		}
		at := e.Effective()
		if n := len(holds); n > 0 {
			holds[n-1].to = at
		}
		if !now.State.Open() {
			break
		}
		h := hold{who: s.holder(p, &c), from: at, paused: now.State == workflow.Paused}
		if n := len(holds); n > 0 && holds[n-1].who == h.who && holds[n-1].paused == h.paused {
			continue
		}
		holds = append(holds, h)
	}
	if n := len(holds); n > 0 && k.State.Open() {
		holds[n-1].to = s.Now()
	}
	days := s.Rules().Calendar().KnownAt(calendar.On(s.Now()))
	gross, net, work := 0, 0, 0
	for _, h := range holds {
		if !h.from.Before(h.to) {
			continue
		}
		from, to := calendar.On(h.from), calendar.On(h.to)
		n, w := int(to-from), days.WorkingDaysBetween(from, to)
		gross += n
		if !h.paused {
			net, work = net+n, work+w
		}
		line := view.Hold{Who: h.who, From: momentWords(p, h.from), To: momentWords(p, h.to), Days: p.T("page.desk.hands.days", "N", digit(n), "W", digit(w))}
		if h.paused {
			line.Mark = p.T("page.clock.paused")
		}
		out.Holds = append(out.Holds, line)
	}
	out.Sum = p.T("page.desk.hands.sum", "Gross", digit(gross), "Net", digit(net), "W", digit(work))
}

// holder is whose turn it is: of the clock that runs out first among those that
// ask somebody for something; where none does, the unit's.
func (s *Server) holder(p *view.Page, c *workflow.Case) string {
	var first *workflow.Clock
	for i := range c.Clocks {
		k := &c.Clocks[i]
		def, _ := workflow.ClockByCode(k.Code)
		if k.State != workflow.Running || slices.Contains(background, k.Code) || def.Whose == "authority" || def.Whose == "system" {
			continue
		}
		if first == nil || k.LateFrom.Before(first.LateFrom) {
			first = k
		}
	}
	if first == nil {
		unit := s.unitName(p, c.Unit())
		if officer := c.Facts["officer"]; officer != "" {
			unit += " · " + officer
		}
		return unit
	}
	def, _ := workflow.ClockByCode(first.Code)
	whose := def.Whose
	if _, by := c.OpenOffer(); whose == "party" && by != "" {
		whose = map[string]string{"consumer": "merchant", "merchant": "consumer"}[by]
	}
	return p.T("page.who." + whose)
}
