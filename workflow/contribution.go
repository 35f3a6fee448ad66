package workflow

import "fangxin/workflow/calendar"

// Contribution is one signed count that an event adds to the statistics, with
// its slices as columns. A change is a minus and a plus, never an update.
type Contribution struct {
	Indicator string // filed, closed.OUTCOME, expired.CLOCK
	Day       calendar.Date
	Value     int64
	Domain    int
	Town      string
	Unit      string
}

// Contributions lists what an event counts for, given the case before and
// after it. An archived case counts in its own outcome only.
func Contributions(before, after *Case, e *Event) []Contribution {
	if after.Kind != Complaint {
		return nil
	}
	var out []Contribution
	day := calendar.On(e.Effective())
	add := func(indicator string, value int64, c *Case) {
		out = append(out, Contribution{indicator, day, value, c.Domain(), c.Town(), c.Unit()})
	}
	if before.Version == 0 && after.Outcome != "ARCHIVED" {
		add("filed", 1, after)
	}
	if before.Outcome != after.Outcome {
		if before.Outcome != "" {
			add("closed."+before.Outcome, -1, before)
		}
		if after.Outcome != "" {
			add("closed."+after.Outcome, 1, after)
		}
	}
	for _, op := range e.Data.Clocks {
		if op.Op == "expire" {
			add("expired."+op.Code, 1, after)
		}
	}
	return out
}
