package policy

import (
	"slices"

	"fangxin/workflow/calendar"
)

// reform is when the departments of 2018 handed over to their successors.
var reform = calendar.NewDate(2019, 1, 1)

// Unit is the department that the plan routes a domain to: the one listed first
// leads (列在首位为牵头单位), by its successor since the reform of 2019. Where the
// plan names no fixed lead (谁审批谁监管) it is the hub, which finds the office that
// licenses the respondent; ok is false then, and for a domain that nobody knows,
// where unit is empty.
func (r *Rules) Unit(domain int, _ string, day calendar.Date) (unit string, ok bool) {
	for _, d := range r.plan.Domains {
		if d.Number != domain {
			continue
		}
		if r.office(d.Lead).Kind == whoever {
			return r.plan.County.Hub, false
		}
		return r.on(d.Lead, day), true
	}
	return "", false
}

// Competent reports whether a unit may deal with a domain in a town on a day:
// it leads or shares the domain, or it is the bureau that receives complaints.
// Where the plan says "whoever licenses", that is any department in being. An
// association or a court takes no administrative decision, though the plan may
// list it. With no domain known, the hub alone is competent.
func (r *Rules) Competent(unit string, domain int, town string, day calendar.Date) bool {
	if town != "" && !slices.ContainsFunc(r.plan.Towns, func(t named) bool { return t.Code == town }) {
		return false
	}
	if unit == r.plan.County.Hub {
		return true
	}
	if k := r.office(unit).Kind; unit == "" || k != "" && k != "department" || r.on(unit, day) != unit {
		return false
	}
	for _, d := range r.plan.Domains {
		if d.Number == domain {
			return r.shares(unit, d.Lead, day) || slices.ContainsFunc(d.With, func(w string) bool { return r.shares(unit, w, day) })
		}
	}
	return false
}

// shares reports whether a unit is the office that the plan lists.
func (r *Rules) shares(unit, listed string, day calendar.Date) bool {
	return unit == r.on(listed, day) || r.office(listed).Kind == whoever
}

// on follows an office to its successor; empty for an unknown one.
func (r *Rules) on(code string, day calendar.Date) string {
	d := r.office(code)
	if day >= reform && d.Successor != "" {
		return d.Successor
	}
	return d.Code
}

func (r *Rules) office(code string) department {
	for _, d := range r.plan.Departments {
		if d.Code == code {
			return d
		}
	}
	return department{}
}

// TransferDuty names the statute that obliges to hand a domain's complaint to
// the competent department (食品安全法第115条, 旅游法第91条).
func (r *Rules) TransferDuty(domain int, _ calendar.Date) (basis string, ok bool) {
	basis, ok = r.duty[domain]
	return basis, ok
}
