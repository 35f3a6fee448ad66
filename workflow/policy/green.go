package policy

import (
	"slices"

	"fangxin/workflow/calendar"
)

// GreenChannel are the county's rules for members of the green channel. None of
// them acts by itself: what they find is put before a person.
type GreenChannel struct {
	Term      Term     // of a membership, from its first day
	MostDays  int      // working days that a member may promise to answer within, at most: those of the green channel (ODR rules)
	Window    int      // calendar days whose clocks are looked at
	Least     int      // clocks that must have run out or been met in it before a share says anything
	Watch     int      // percent in time: below it the member is watched
	Suspend   int      // percent in time: below it nobody new is offered its green channel
	Failed    int      // invitations in a row that did not reach it: the same
	ExitAfter int      // calendar days of suspension without cure until its exit is put before a person
	Reentry   int      // calendar days after an exit before it may be approved again
	Reached   int      // calendar days within which a contact must have been reached to count as one (I-17)
	Clocks    []string // whose clocks these are
}

// greenData is the section parameters.green_channel of a county's file.
type greenData struct {
	Term         length   `yaml:"term"`
	MostDays     int      `yaml:"most_days"`
	Window       int      `yaml:"window"`
	Least        int      `yaml:"least"`
	WatchBelow   int      `yaml:"watch_below"`
	SuspendBelow int      `yaml:"suspend_below"`
	Failed       int      `yaml:"undeliverable_in_a_row"`
	ExitAfter    int      `yaml:"exit_after"`
	Reentry      int      `yaml:"reentry_after"`
	Reached      int      `yaml:"reached_within"`
	Clocks       []string `yaml:"clocks"`
}

// GreenChannel is what the county's file says of members of the green channel.
func (r *Rules) GreenChannel() GreenChannel {
	g := r.plan.Parameters.Green
	return GreenChannel{Term: Term{N: g.Term.N, Unit: g.Term.Unit}, MostDays: g.MostDays, Window: g.Window, Least: g.Least, Watch: g.WatchBelow, Suspend: g.SuspendBelow,
		Failed: g.Failed, ExitAfter: g.ExitAfter, Reentry: g.Reentry, Reached: g.Reached, Clocks: g.Clocks}
}

// merchantClocks are the clocks that a member's figures may count.
var merchantClocks = []string{"merchant_first_answer", "green_channel", "offer_reply"}

func (c *checker) green() {
	g, under := c.plan.Parameters.Green, func(name string) []any { return at("parameters", "green_channel", name) }
	if g.Term.N < 1 || g.Term.N > 100 || g.Term.Unit != calendar.Day && g.Term.Unit != calendar.Month && g.Term.Unit != calendar.Year {
		c.fault(under("term"), "green_channel: term is n from 1 to 100 and unit day, month or year")
	}
	for _, x := range []struct {
		name        string
		n, from, to int
	}{{"most_days", g.MostDays, 1, 10}, {"window", g.Window, 30, 1000}, {"least", g.Least, 1, 1000}, {"watch_below", g.WatchBelow, 1, 100}, {"suspend_below", g.SuspendBelow, 1, 100},
		{"undeliverable_in_a_row", g.Failed, 1, 100}, {"exit_after", g.ExitAfter, 1, 1000}, {"reentry_after", g.Reentry, 0, 3660}, {"reached_within", g.Reached, 1, 1000}} {
		if x.n < x.from || x.n > x.to {
			c.fault(under(x.name), "green_channel: %s is a whole number from %d to %d, not %d", x.name, x.from, x.to, x.n)
		}
	}
	if g.SuspendBelow > g.WatchBelow {
		c.fault(under("suspend_below"), "green_channel: suspend_below %d lies above watch_below %d: a member is watched first", g.SuspendBelow, g.WatchBelow)
	}
	if len(g.Clocks) == 0 {
		c.fault(under("clocks"), "green_channel: clocks names at least one of %q", merchantClocks)
	}
	for i, code := range g.Clocks {
		if !slices.Contains(merchantClocks, code) || slices.Contains(g.Clocks[:i], code) {
			c.fault(at("parameters", "green_channel", "clocks", i), "green_channel: %q is none of %q, or is there twice", code, merchantClocks)
		}
	}
}
