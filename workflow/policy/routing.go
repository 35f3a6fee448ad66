package policy

import (
	"slices"

	"fangxin/workflow/calendar"
)

// reform is when the departments of 2018 handed over to their successors.
var reform = calendar.NewDate(2019, 1, 1)

// Unit is the department that the plan routes a domain to: the one listed first
// leads (列在首位为牵头单位), by its successor since the reform of 2019.
func (r *Rules) Unit(domain int, _ string, day calendar.Date) (string, bool) {
	for _, d := range r.plan.Domains {
		if d.Number == domain {
			return r.on(d.Lead, day), true
		}
	}
	return "", false
}

// Competent reports whether a unit may deal with a domain in a town on a day:
// it leads or shares the domain, or it is the bureau that receives complaints.
// With no domain known, the hub alone is.
func (r *Rules) Competent(unit string, domain int, town string, day calendar.Date) bool {
	if town != "" && !slices.ContainsFunc(r.plan.Towns, func(t named) bool { return t.Code == town }) {
		return false
	}
	if unit == r.plan.County.Hub {
		return true
	}
	for _, d := range r.plan.Domains {
		if d.Number != domain {
			continue
		}
		if unit == r.on(d.Lead, day) {
			return true
		}
		return slices.ContainsFunc(d.With, func(w string) bool { return unit == r.on(w, day) })
	}
	return false
}

func (r *Rules) on(code string, day calendar.Date) string {
	if day < reform {
		return code
	}
	return r.successor(code)
}

func (r *Rules) successor(code string) string {
	for _, d := range r.plan.Departments {
		if d.Code == code && d.Successor != "" {
			return d.Successor
		}
		if d.Code == code {
			return code
		}
	}
	return ""
}

// TransferDuty names the statute that obliges to hand a domain's complaint to
// the competent department (食品安全法第115条, 旅游法第91条).
func (r *Rules) TransferDuty(domain int, _ calendar.Date) (basis string, ok bool) {
	basis, ok = r.duty[domain]
	return basis, ok
}
