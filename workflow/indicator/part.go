package indicator

import (
	"slices"

	"fangxin/workflow/calendar"
)

// Sides are what an indicator shows of a line, and beside its lines.
var Sides = []string{"numerator", "denominator", "n", "excluded", "open"}

// Part names one number of one indicator: a side of a line, what was left apart
// under a code (Line is the code then), or what is open.
type Part struct {
	ID   string `json:"indicator"`
	Line string `json:"line"`
	Side string `json:"side"`
}

// Sum is what the number adds up, given the codes that there are; false where the
// indicator shows no such number.
func (p Part) Sum(codes []string) (Sum, bool) {
	i := slices.IndexFunc(Definitions, func(d Definition) bool { return d.ID == p.ID })
	if i < 0 {
		return nil, false
	}
	d := &Definitions[i]
	lines := d.rates(codes)
	switch p.Side {
	case "n":
		lines = d.Spread
	case "excluded":
		return Sum{p.Line}, slices.Contains(d.apart(codes), p.Line)
	case "open":
		if d.Open == nil || p.Line != "" {
			return nil, false
		}
		return *d.Open, true
	}
	at := slices.IndexFunc(lines, func(l Line) bool { return l.Key == p.Line })
	if at < 0 || !slices.Contains(Sides, p.Side) {
		return nil, false
	}
	if p.Side == "denominator" {
		return lines[at].Den, true
	}
	return lines[at].Num, true
}

// Beside reports whether a number comes from the register and not from the log:
// I-17 counts merchants, I-12a asks who complained of the same one.
func (p Part) Beside() bool { return p.ID == "I-17" || p.ID == "I-12a" }

// Exact are figures as the authority's own people see them: every number, and
// rates and deciles of however few.
func Exact(groups []Group, seen calendar.Date) []PublicGroup {
	codes, out := codesOf(groups), make([]PublicGroup, 0, len(groups))
	for _, g := range groups {
		out = append(out, public(g, codes, seen, 1, func(_ string, n int64) *int64 { return &n }))
	}
	return out
}
