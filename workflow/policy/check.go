package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"fangxin/workflow/calendar"

	"gopkg.in/yaml.v3"
)

// checker holds a county's plan against what the engine needs and collects
// every fault with the line of its value.
type checker struct {
	name   string
	root   yaml.Node
	plan   *countyData
	faults []error
}

func checkPlan(name string, file []byte, plan *countyData, regimes []Regime) error {
	c := &checker{name: name, plan: plan}
	if err := yaml.Unmarshal(file, &c.root); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.county()
	c.places()
	c.domains()
	c.own()
	c.targets()
	c.parameters(regimes)
	c.telling()
	c.green()
	c.publication()
	return errors.Join(c.faults...)
}

// fault notes what is wrong at a path of keys and places in lists.
func (c *checker) fault(path []any, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s:%d: %s", c.name, c.line(path), fmt.Sprintf(format, args...)))
}

func at(path ...any) []any { return path }

// line finds the nearest value to a path: where a key is missing, what lacks it.
func (c *checker) line(path []any) int {
	node, line := &c.root, 1
	if len(node.Content) > 0 {
		node = node.Content[0]
	}
	for _, step := range path {
		next := (*yaml.Node)(nil)
		switch s := step.(type) {
		case int:
			if s < len(node.Content) {
				next = node.Content[s]
			}
		case string:
			for i := 0; i+1 < len(node.Content); i += 2 {
				if node.Content[i].Value == s {
					next, line = node.Content[i+1], node.Content[i].Line
				}
			}
		}
		if next == nil {
			return line
		}
		if _, list := step.(int); list {
			line = next.Line
		}
		node = next
	}
	return line
}

var (
	prefixForm  = regexp.MustCompile(`^[A-Z]{1,4}$`)
	versionForm = regexp.MustCompile(`^own/[0-9A-Za-z.-]+$`)
)

func (c *checker) county() {
	p := c.plan.County
	if !prefixForm.MatchString(p.Prefix) {
		c.fault(at("county", "prefix"), "county needs a prefix of one to four capital letters, not %q: case numbers begin with it", p.Prefix)
	}
	if !versionForm.MatchString(p.Version) {
		c.fault(at("county", "version"), "county needs a version like own/2026-01, not %q: clocks are pinned to it", p.Version)
	}
	if p.Prefix == "JB" {
		c.fault(at("county", "prefix"), "JB is what numbers of reports (举报) begin with; cases need a prefix of their own")
	}
	if !c.department(p.Hub) {
		c.fault(at("county", "hub"), "county needs a hub from the departments, not %q: it receives the complaints", p.Hub)
	}
}

// kinds of department. An association or a court takes no administrative
// decision; whoever_licenses stands for an office that only the case names.
var kinds = []string{"", "department", "association", "court", whoever}

const whoever = "whoever_licenses"

func (c *checker) department(code string) bool {
	return slices.ContainsFunc(c.plan.Departments, func(d department) bool { return d.Code == code && code != "" })
}

func (c *checker) places() {
	seen := map[string]bool{}
	for i, t := range c.plan.Towns {
		if t.Code == "" || t.Zh == "" || seen[t.Code] {
			c.fault(at("towns", i), "town %q: a code of its own and a name", t.Code)
		}
		seen[t.Code] = true
	}
	clear(seen)
	for i, d := range c.plan.Departments {
		switch {
		case d.Code == "" || d.Zh == "" || seen[d.Code]:
			c.fault(at("departments", i), "department %q: a code of its own and a name", d.Code)
		case !slices.Contains(kinds, d.Kind):
			c.fault(at("departments", i, "kind"), "department %s: kind is one of %q, not %q", d.Code, kinds[1:], d.Kind)
		case d.Successor != "" && (d.Successor == d.Code || !c.department(d.Successor)):
			c.fault(at("departments", i, "successor"), "department %s: successor %q is no other department", d.Code, d.Successor)
		}
		c.address(i, d)
		seen[d.Code] = true
	}
}

func (c *checker) domains() {
	numbers, codes := map[int]bool{}, map[string]bool{}
	for i, d := range c.plan.Domains {
		if d.Number < 1 || d.Number > 12 || numbers[d.Number] || d.Code == "" || codes[d.Code] {
			c.fault(at("domains", i), "domain %s: a code and a number from 1 to 12 of its own, not %d", d.Code, d.Number)
		}
		numbers[d.Number], codes[d.Code] = true, true
		if !c.department(d.Lead) {
			c.fault(at("domains", i, "lead"), "domain %s: a lead from the departments, not %q", d.Code, d.Lead)
		}
		for j, w := range d.With {
			if !c.department(w) {
				c.fault(at("domains", i, "with", j), "domain %s: %q is none of the departments", d.Code, w)
			}
		}
		names := map[string]bool{}
		for j, k := range d.Categories {
			if k.Code == "" || k.Zh == "" || names[k.Code] {
				c.fault(at("domains", i, "categories", j), "domain %s: category %q needs a code of its own and a name", d.Code, k.Code)
			}
			names[k.Code] = true
		}
	}
	if len(c.plan.Domains) != 12 {
		c.fault(at("domains"), "%d domains; there are twelve", len(c.plan.Domains))
	}
}

func (c *checker) own() {
	units := []calendar.Unit{calendar.WorkingDay, calendar.Day, calendar.Month, calendar.Year}
	seen := map[string]bool{}
	for i, o := range c.plan.Own {
		switch {
		case !slices.Contains(ownKnown, o.Code):
			c.fault(at("own", i), "%q is no promise that the engine knows", o.Code)
		case seen[o.Code]:
			c.fault(at("own", i), "%s is promised twice", o.Code)
		case o.N < 1 || o.N > 1000 || !slices.Contains(units, o.Unit):
			c.fault(at("own", i), "%s: n from 1 to 1000, unit one of %v", o.Code, units)
		}
		seen[o.Code] = true
	}
	for _, code := range ownKnown {
		if !seen[code] {
			c.fault(at("own"), "own promises lack %s", code)
		}
	}
}

func (c *checker) parameters(regimes []Regime) {
	p := c.plan.Parameters
	if p.Roll != calendar.RestDay && p.Roll != calendar.HolidayOnly {
		c.fault(at("parameters", "roll"), "roll is rest_day or holiday_only, not %q", p.Roll)
	}
	if p.Overlay != "earlier" && p.Overlay != "off" {
		c.fault(at("parameters", "overlay"), "overlay is earlier or off, not %q", p.Overlay)
	}
	for i, share := range p.Reminders {
		if share < 1 || share > 99 || i > 0 && share <= p.Reminders[i-1] {
			c.fault(at("parameters", "reminders", i), "reminders are percentages from 1 to 99, ascending, not %v", p.Reminders)
			break
		}
	}
	c.escalation()
	c.contactCheck()
	for _, g := range regimes {
		if y := p.AppealYears[g.Code]; y < 1 || y > 20 {
			c.fault(at("parameters", "appeal_limit_years"), "appeal_limit_years needs %s: from 1 to 20 years", g.Code)
		}
	}
	for code := range p.AppealYears {
		if !slices.ContainsFunc(regimes, func(g Regime) bool { return g.Code == code }) {
			c.fault(at("parameters", "appeal_limit_years", code), "appeal_limit_years: %s is no regime", code)
		}
	}
}

// escalation: each step later than the one before, and to somebody else.
func (c *checker) escalation() {
	seen, before := map[string]bool{}, 0
	for i, s := range c.plan.Parameters.Escalation {
		path := at("parameters", "escalation", i)
		switch {
		case s.After <= before || s.After > 60:
			c.fault(path, "escalation: after is from 1 to 60 working days and more than in the step before, not %d", s.After)
		case !slices.Contains(Heights, s.To):
			c.fault(path, "escalation: to is one of %v, not %q", Heights, s.To)
		case seen[s.To]:
			c.fault(path, "escalation: %s is told twice; one step each", s.To)
		}
		seen[s.To], before = true, s.After
	}
}

func (c *checker) contactCheck() {
	k := c.plan.Parameters.Check
	for _, x := range []struct {
		key            string
		n, least, most int
	}{{"digits", k.Digits, 6, 10}, {"minutes", k.Minutes, 1, 60}, {"attempts", k.Attempts, 1, 10}, {"pause_seconds", k.Pause, 10, 3600}, {"a_day", k.ADay, 1, 50}, {"counts_hours", k.Hours, 1, 168}} {
		if x.n < x.least || x.n > x.most {
			c.fault(at("parameters", "contact_check", x.key), "contact_check: %s is from %d to %d, not %d", x.key, x.least, x.most, x.n)
		}
	}
}

// ownKnown are the clocks that no regime gives a length, or not every one.
var ownKnown = []string{"triage", "correction", "delivery", "manual_contact", "appraisal_report", "merchant_first_answer", "negotiation_extension",
	"service", "proposal", "offer_reply", "election", "performance", "proof_challenge", "performance_election", "conference", "termination_decision",
	"link_election", "feedback", "result_close", "supervision", "foreign_duty", "survey", "publish", "publication_objection", "performance_watch",
	"correction_of_closing", "green_channel", "termination_notice", "jurisdiction_dispute", "lead_check"}
