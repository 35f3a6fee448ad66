package handlers

import (
	"slices"

	"fangxin/handlers/view"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// background are clocks that ask nobody for anything while the case goes on.
var background = []string{"survey", "publish", "performance_watch", "correction_of_closing", "confirmation_application", "foreign_duty"}

// clocks puts the deadline that matters on top and the others beside it.
func (s *Server) clocks(p *view.Page, x *shown, out *view.Case) {
	law := s.Rules()
	var open []ClockView
	for _, k := range x.v.Clocks {
		if k.State.Open() && k.Starts != 0 {
			open = append(open, clockView(&x.v.Case, k, law, p.Lang))
		}
	}
	slices.SortStableFunc(open, func(a, b ClockView) int {
		if d := x.rank(a) - x.rank(b); d != 0 {
			return d
		}
		return int(a.Due - b.Due)
	})
	for i, k := range open {
		v := s.clockWords(p, x, &k)
		if i == 0 && x.rank(k) < 3 {
			out.Clock = &v
			continue
		}
		out.Others = append(out.Others, v)
	}
}

// rank is how near a clock is to its reader: his own, the other side's, the rest.
func (x *shown) rank(k ClockView) int {
	_, by := x.v.OpenOffer()
	switch {
	case slices.Contains(background, k.Code):
		return 3
	case k.Whose == x.side, k.Whose == "party" && by != x.side:
		return 0
	case k.Whose == "consumer", k.Whose == "merchant", k.Whose == "party":
		return 1
	}
	return 2
}

// clockWords says a deadline as people do: so many days, until when, what then,
// and how that was counted.
func (s *Server) clockWords(p *view.Page, x *shown, k *ClockView) view.Clock {
	today := calendar.On(s.Now())
	who := k.Whose
	if _, by := x.v.OpenOffer(); who == "party" && by != "" {
		who = map[string]string{"consumer": "merchant", "merchant": "consumer"}[by]
	}
	mine := who == x.side
	name := p.T("clock." + k.Code)
	out := view.Clock{Title: p.T("page.clock.theirs", "Who", p.T("page.who."+who), "Clock", name)}
	switch {
	case k.Code == "green_channel" || k.Code == "negotiation_extension": // both sides talk
		out.Title = capital(name)
	case mine:
		out.Title = p.T("page.clock.mine", "Clock", name)
	}
	for _, key := range []string{"page.then." + x.side + "." + k.Code, "page.then." + k.Code} {
		if out.Then == "" && has(p.Lang, key) {
			out.Then = p.T(key)
		}
	}
	left, all, unit := int(k.Due-today), int(k.Due-k.Starts), "day"
	if len(k.Counted) > 0 && k.Unit == calendar.WorkingDay {
		unit, all, left = "working_day", len(k.Counted), 0
		for _, d := range k.Counted {
			if d > today {
				left++
			}
		}
	}
	state := "left"
	switch {
	case k.State == workflow.Paused:
		state = "paused"
	case today > k.Due || k.State == workflow.Owed:
		state, left, unit = "over", int(today-k.Due), "day"
	case today == k.Due:
		state = "today"
	}
	n := digit(max(left, 0))
	out.Before, out.Big, out.After = p.T("page.clock."+state+".before"), n, p.T("page.clock."+state+".after."+unit, "N", n)
	if state == "today" || state == "paused" {
		out.Before, out.Big, out.After = "", p.T("page.clock."+state), ""
	}
	out.Text = p.T("page.clock.until", "Day", dateWords(p, k.Due))
	out.Summary = p.T("page.clock."+state+".line", "N", n, "Unit", p.T("page.clock.unit."+unit, "N", n), "Day", dateWords(p, k.Due))
	const most = 15
	if all > 0 && state != "over" {
		out.All = min(all, most)
		out.Used = max(0, out.All-(left*out.All+all-1)/all)
	}
	out.Why = s.derivation(p, k)
	return out
}

// derivation is how a due day was counted, and by which rule.
func (s *Server) derivation(p *view.Page, k *ClockView) []string {
	var out []string
	if k.Basis != "" {
		out = append(out, p.T("page.why.basis", "Basis", k.Basis))
	}
	out = append(out, p.T("page.why.starts", "Day", dateWords(p, k.Starts)))
	if k.N > 0 {
		out = append(out, p.T("page.why.length", "Length", lengthWords(p, k.N, k.Unit)))
	}
	for _, skip := range k.Skipped {
		out = append(out, p.T("page.why.skipped", "Day", dateWords(p, skip.Date), "Reason", skip.Reason))
	}
	if k.PausedDays > 0 {
		out = append(out, p.T("page.why.paused", "N", digit(k.PausedDays)))
	}
	if k.Provisional {
		out = append(out, p.T("page.why.provisional"))
	}
	return append(out, p.T("page.why.due", "Day", dateWords(p, k.Due)))
}
