package policy

import (
	"fmt"

	"fangxin/workflow/calendar"
)

// Question asks for the length of a clock that starts on a day.
type Question struct {
	Start  calendar.Date
	Domain int           // 1 to 12, 0 unknown: departments have their own terms
	Kind   string        // court_mediation: prefiling (taken when empty), ordinary, summary
	Agreed calendar.Date // a day that the parties agreed on instead of a length
	After  calendar.Date // count from the later of this and Start
}

// Term is the length of one clock under the law of one day.
type Term struct {
	Code      string
	Rule      string // what it is pinned to: R2/2026-04-15, own/2026-01
	Basis     string // article
	N         int
	Unit      calendar.Unit
	Roll      calendar.Roll
	Statutory bool // an own promise never counts as statutory
	Fixed     calendar.Date
	Overlay   *Term // a second rule beside it: the earlier end counts
}

// Pause is how long a clock stood still, in both units.
type Pause struct{ Days, WorkingDays int }

func (r *Rules) compileOwn() {
	for _, o := range r.plan.Own {
		r.own[o.Code] = Term{Code: o.Code, Rule: r.plan.County.Version, Basis: o.Zh, N: o.N, Unit: o.Unit, Roll: calendar.RestDay}
	}
}

func (r *Rules) compileTerms(law *lawData) {
	for _, x := range law.Terms {
		t := term{byRegime: map[string]Term{}}
		for key, l := range x.Lengths {
			made := Term{Code: x.Code, N: l.N, Unit: l.Unit, Roll: calendar.RestDay, Statutory: x.Code != "green_channel", Basis: x.Basis[key], Rule: "court/2022"}
			if made.Basis == "" {
				made.Basis = x.Basis["all"]
			}
			switch {
			case key == "all":
				t.all = &made
			case x.Kinds:
				if t.byKind == nil {
					t.byKind = map[string]Term{}
				}
				t.byKind[key] = made
			default:
				made.Rule = r.version(key)
				if key == "R2" {
					made.Roll = r.plan.Parameters.Roll
				}
				t.byRegime[key] = made
			}
		}
		if over, ok := t.byRegime[r.overlay.Code]; ok {
			both := t.byRegime["R1"]
			both.Overlay = &over
			t.both = &both
		}
		r.terms[x.Code] = t
	}
}

func (r *Rules) version(code string) string {
	if code == r.overlay.Code {
		return r.overlay.Version
	}
	for _, g := range r.regimes {
		if g.Code == code {
			return g.Version
		}
	}
	return code
}

func (r *Rules) compileDepartments(law *lawData) {
	numbers := map[string]int{}
	for _, d := range r.plan.Domains {
		numbers[d.Code] = d.Number
	}
	numbers["public_utilities_gas"] = 0 // only gas, not the whole domain: an officer says so
	numbers["transport_car"] = 0
	for _, d := range law.Departments {
		number := numbers[d.Domain]
		if number == 0 {
			continue
		}
		if d.Transfer != "" {
			r.duty[number] = d.Transfer
		}
		l := d.Handle
		if l == nil {
			l = d.Mediate
		}
		if l != nil {
			r.foreign[number] = Term{Code: "foreign_duty", Rule: "department/2021", Basis: d.Basis, N: l.N, Unit: l.Unit, Roll: calendar.RestDay, Statutory: true}
		}
	}
}

// Term is the length of a clock: the regime in force on the day it starts, with
// State Council Order 778 beside Order 20; else the court's rules; else the
// county's own promise. An unknown code is an error.
func (r *Rules) Term(code string, q Question) (Term, error) {
	if q.Agreed != 0 {
		if t, ok := r.own[code]; ok {
			t.Fixed, t.N = q.Agreed, 0
			return t, nil
		}
	}
	if code == "foreign_duty" {
		if t, ok := r.foreign[q.Domain]; ok {
			return t, nil
		}
	}
	t, known := r.terms[code]
	if known {
		if found, ok := r.statutory(t, q); ok {
			return found, nil
		}
	}
	if own, ok := r.own[code]; ok {
		return own, nil
	}
	return Term{}, fmt.Errorf("no length for clock %q on %s", code, q.Start)
}

func (r *Rules) statutory(t term, q Question) (Term, bool) {
	if t.byKind != nil {
		kind := q.Kind
		if kind == "" {
			kind = "prefiling"
		}
		found, ok := t.byKind[kind]
		if ok && q.Agreed != 0 {
			found.Fixed, found.N = q.Agreed, 0
		}
		return found, ok
	}
	if t.all != nil {
		return *t.all, true
	}
	g, ok := r.Regime(q.Start)
	if !ok {
		return Term{}, false
	}
	if t.both != nil && g.Code == "R1" && q.Start >= r.overlay.From && r.plan.Parameters.Overlay == "earlier" {
		return *t.both, true
	}
	found, ok := t.byRegime[g.Code]
	return found, ok
}

// Due ends a term that starts as asked, with the pauses added to its budget and
// the calendar as known on a day. Where two rules stand side by side the
// earlier end counts, and its rule is named.
func (r *Rules) Due(t Term, q Question, p Pause, known calendar.Date) (calendar.Due, Term) {
	v := r.calendar.KnownAt(known)
	from := max(q.Start, q.After)
	if t.Fixed != 0 {
		return v.Until(from, t.Fixed, t.Roll), t
	}
	due := v.Count(from, t.N+p.of(t.Unit), t.Unit, t.Roll)
	if o := t.Overlay; o != nil {
		if other := v.Count(from, o.N+p.of(o.Unit), o.Unit, o.Roll); other.Due < due.Due {
			return other, *o
		}
	}
	return due, t
}

func (p Pause) of(unit calendar.Unit) int {
	if unit == calendar.WorkingDay {
		return p.WorkingDays
	}
	return p.Days
}
