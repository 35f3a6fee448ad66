package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fangxin/workflow"
)

// Scope is which cases a user may see. It is one rule, asked of a case and put
// into every query alike, so that no list, count or search can know more than
// reading a case would show. Nobody sees anything that no rule names.
type Scope struct{ rule rule }

// rule is a tree over the columns of board.
type rule struct {
	op            string // all, any: of parts; is, under, lacks, set: of a column
	column, value string
	parts         []rule
}

func all(parts ...rule) rule           { return rule{op: "all", parts: parts} }
func anyOf(parts ...rule) rule         { return rule{op: "any", parts: parts} }
func is(column, value string) rule     { return rule{op: "is", column: column, value: value} }
func under(column, prefix string) rule { return rule{op: "under", column: column, value: prefix} }

// lacks holds where |value| is not among the column's.
func lacks(column, value string) rule { return rule{op: "lacks", column: column, value: value} }

// LinkStage are the clocks that only entering the litigation link starts: a case
// that ever had one is in that stage or past it.
var LinkStage = []string{"link_election", "confirmation_docketing", "result_close"}

// Scope says which cases the user may see: his own, and those of absent
// colleagues whose deputy he is now, within the colleague's scope. A mediator who
// was replaced after a challenge (Order 121 Art. 21) sees the case no more.
func (u *User) Scope() Scope {
	parts := []rule{u.own()}
	for i := range u.For {
		absent := &u.For[i]
		parts = append(parts, all(is("officer", absent.Name), lacks("recused", u.Name), absent.own()))
	}
	return Scope{anyOf(parts...)}
}

func (u *User) own() rule {
	var parts []rule
	for _, role := range u.Roles {
		parts = append(parts, u.as(role))
	}
	return all(lacks("recused", u.Name), anyOf(parts...))
}

// as is the rule of one role; a role that needs a unit or town and has none sees
// nothing.
func (u *User) as(role string) rule {
	nothing, complaint := anyOf(), is("kind", string(workflow.Complaint))
	switch role {
	case "supervisor", "officer", "auditor": // report records are for these only
		return u.place()
	case "coordinator":
		return all(complaint, u.place())
	case "unit":
		if u.Unit != "" {
			return all(complaint, u.place())
		}
	case "town":
		if u.Town != "" {
			return all(complaint, u.place())
		}
	case "hub": // what nobody is in charge of yet, and its own
		nobody := is("unit", "")
		if u.Town != "" {
			nobody = all(nobody, anyOf(is("town", ""), under("town", u.Town)))
		}
		return all(complaint, anyOf(nobody, u.place()))
	case "mediator": // entrusted to his organisation and not taken back
		if u.Unit != "" {
			return all(complaint, is("organisation", u.Unit))
		}
	case "court":
		return all(complaint, is("linked", "1"))
	case "superior": // what may be taken over or was
		return all(complaint, anyOf(is("stage", "REFERRAL"), is("outcome", "TRANSFERRED")))
	case "other_authority":
		if u.Unit != "" {
			return all(complaint, is("outcome", "TRANSFERRED"), is("receiver", u.Unit))
		}
	}
	return nothing
}

// place is the user's unit and town; an empty one means all of them.
func (u *User) place() rule {
	var parts []rule
	if u.Unit != "" {
		parts = append(parts, is("unit", u.Unit))
	}
	if u.Town != "" {
		parts = append(parts, under("town", u.Town))
	}
	return all(parts...)
}

// columns are what rules ask of a case, by the names of board.
func columns(c *workflow.Case, linked bool) map[string]string {
	m := map[string]string{"kind": string(c.Kind), "stage": c.State.Stage(), "outcome": c.Outcome, "unit": c.Unit(), "town": c.Town(), "officer": c.Facts["officer"],
		"receiver": c.Facts["receiver"], "recused": c.Facts["recused"], "linked": "0"}
	if c.Mediator == "organisation" {
		m["organisation"] = c.Facts["organisation"]
	}
	if linked {
		m["linked"] = "1"
	}
	return m
}

// Sees asks the rule of one case with its clocks.
func (s Scope) Sees(c *workflow.Case) bool {
	return s.rule.holds(columns(c, slices.ContainsFunc(c.Clocks, func(k workflow.Clock) bool { return slices.Contains(LinkStage, k.Code) })))
}

func (r rule) holds(of map[string]string) bool {
	holds := func(p rule) bool { return p.holds(of) }
	switch r.op {
	case "": // of nobody
		return false
	case "all":
		return !slices.ContainsFunc(r.parts, func(p rule) bool { return !holds(p) })
	case "any":
		return slices.ContainsFunc(r.parts, holds)
	case "is":
		return of[r.column] == r.value
	case "under":
		return of[r.column] == r.value || len(r.value) < townDigits && strings.HasPrefix(of[r.column], r.value)
	case "lacks":
		return !strings.Contains(of[r.column], "|"+r.value+"|")
	}
	panic("no such rule: " + r.op)
}

// mostArms bounds into how many alternatives a rule is taken apart.
const mostArms = 8

// arms takes a rule apart into alternatives without alternatives within them, or
// returns it whole when these would be many.
func (r rule) arms() []rule {
	out := r.apart()
	if len(out) > mostArms {
		return []rule{r}
	}
	return out
}

func (r rule) apart() []rule {
	switch r.op {
	case "any":
		var out []rule
		for _, p := range r.parts {
			out = append(out, p.apart()...)
		}
		return out
	case "all":
		out := []rule{all()}
		for _, p := range r.parts {
			var longer []rule
			for _, arm := range p.apart() {
				for _, o := range out {
					longer = append(longer, all(append(slices.Clone(o.parts), arm)...))
				}
			}
			if out = longer; len(out) > mostArms {
				return out
			}
		}
		return out
	}
	return []rule{r}
}

// binds collects the values of a statement that is put together. One for SQLite
// keeps its planner from looking towns up: it reads a county's whole range of
// them row by row, where walking the order of the list ends after a page.
type binds struct {
	values []any
	lite   bool
}

// column is how a statement names a column of board.
func (b *binds) column(name string) string {
	if b.lite && name == "town" {
		return "+town"
	}
	return name
}

func (b *binds) add(v any) string {
	b.values = append(b.values, v)
	return fmt.Sprintf("$%d", len(b.values))
}

// where writes the rule as a condition over board.
func (r rule) where(b *binds) string {
	switch r.op {
	case "all", "any":
		join, empty := " and ", "1 = 1"
		if r.op == "any" {
			join, empty = " or ", "1 = 0"
		}
		var parts []string
		for _, p := range r.parts {
			parts = append(parts, p.where(b))
		}
		if len(parts) == 0 {
			return empty
		}
		if len(parts) == 1 {
			return parts[0]
		}
		return "(" + strings.Join(parts, join) + ")"
	case "is":
		if r.column == "linked" { // a literal, and the next likewise: partial indexes serve nothing else
			return "linked = 1"
		}
		text := b.column(r.column) + " = " + b.add(r.value)
		if r.value != "" && slices.Contains([]string{"organisation", "receiver", "officer", "ticket"}, r.column) {
			text = "(" + r.column + " <> '' and " + text + ")"
		}
		return text
	case "under":
		if len(r.value) >= townDigits {
			return b.column(r.column) + " = " + b.add(r.value)
		}
		return r.between(b)
	case "lacks": // the first half says how rare the second is: a planner that guesses sorts everything
		return "(recused = '' or replace(recused, " + b.add("|"+r.value+"|") + ", '') = recused)"
	}
	panic("no such rule: " + r.op)
}

// between writes a beginning as a range, which a planner can estimate and an index
// serve: of a division code, which is digits.
func (r rule) between(b *binds) string {
	n, err := strconv.ParseUint(r.value, 10, 32)
	if err != nil {
		return fmt.Sprintf("substr(%s, 1, %d) = %s", r.column, len([]rune(r.value)), b.add(r.value))
	}
	text := b.column(r.column) + " >= " + b.add(r.value)
	if next := fmt.Sprintf("%0*d", len(r.value), n+1); len(next) == len(r.value) {
		text += " and " + b.column(r.column) + " < " + b.add(next)
	}
	return "(" + text + ")"
}

// townDigits is the length of a town's division code, of which a county's, a
// city's and a province's are beginnings.
const townDigits = 9
