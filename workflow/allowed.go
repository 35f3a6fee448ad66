package workflow

import (
	"slices"
	"strings"
	"time"
)

// Allowed lists what may be done with the case now, in order of ids as people
// read them, with what the case still lacks and what the input must say. Rows
// that only a clock takes are left out.
func Allowed(c Case, r Rules, now time.Time) []Move {
	now = c.notBefore(now)
	x := tableOf(c.Kind)
	var out []Move
	add := func(row *Row) {
		if row.expires() {
			return
		}
		m := Move{ID: row.ID, Event: row.Event, By: row.By, To: row.target(c.State)}
		for _, name := range row.If {
			switch def := guardOf(name); {
			case len(def.needs) > 0:
				m.Needs = append(m.Needs, name)
			case !slices.ContainsFunc(row.By, func(by Role) bool { // some depend on which side acts
				return def.holds(&asking{c: &c, cmd: &Command{Event: row.Event, Actor: Actor{Role: by}}, r: r, now: now, row: row})
			}):
				m.Lacks = append(m.Lacks, name)
			}
		}
		out = append(out, m)
	}
	if c.Version == 0 {
		for _, row := range x.fresh {
			add(row)
		}
	}
	for _, row := range x.byFrom[c.State] {
		add(row)
	}
	slices.SortFunc(out, func(a, b Move) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// expires reports whether only a clock takes the row.
func (r *Row) expires() bool {
	return slices.ContainsFunc(r.Clocks, func(c ClockEffect) bool { return c.Op == '!' })
}

// Possible reports whether nothing but input stands between now and the move.
func (m Move) Possible() bool { return len(m.Lacks) == 0 }
