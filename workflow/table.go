package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// State is a place in the procedure, "STAGE.sub_state".
type State string

// Closed is the one end of every case.
const Closed State = "CLOSED.closed"

// Stage returns the customer's stage of the state: RECEIVED, NEGOTIATION,
// REFERRAL, LITIGATION_LINK or CLOSED (REPORT for a report record).
func (s State) Stage() string { stage, _, _ := strings.Cut(string(s), "."); return stage }

// StateDef names a state in both languages.
type StateDef struct {
	State  State
	Zh, En string
}

// Role is who acts: one of consumer, merchant, officer, hub, town, unit, units,
// supervisor, coordinator, mediator, court, superior, other_authority, job,
// rules, policy, import.
type Role string

// Row is one row of the table. From is empty where the row makes a new case;
// To may be "same" (the case stays) or "before_closing" (correct_closing).
// Order of effects: its - ! x p r; then what leaving the place voids; then
// attributes; then what closing voids; then its +; then what closing starts.
type Row struct {
	ID          string
	From        []string // states or groups
	Event       string
	By          []Role
	If          []string // guards, all must hold
	To          State
	Set         []Assign
	Clocks      []ClockEffect
	Then        []string // the first of these rows whose guards hold follows at once
	Outcome     string
	OutcomeThen string // the outcome that closing with the result will have
	Form        string // official form that papers the step
	Basis       string // article of law
	Note        string
}

// Assign sets an attribute; When is the condition in brackets, if any.
type Assign struct{ Name, Value, When string }

// ClockEffect is what a row does to a clock: + starts, - meets, x voids,
// ! expires, p pauses, r resumes. When is the condition in brackets.
type ClockEffect struct {
	Op         byte
	Code, When string
}

// Starts says what starts a clock.
type Starts int

const (
	// OnEvent starts the clock with the event.
	OnEvent Starts = iota
	// OnNotice lets it wait until the notice of the event is delivered.
	OnNotice
)

// Expiry says what running out means.
type Expiry int

const (
	// Breach is a duty missed: an authority's stays owed until met or void.
	Breach Expiry = iota
	// Lapse is a chance not taken.
	Lapse
	// End is a lawful end; nobody is late.
	End
)

func (e Expiry) String() string { return [...]string{"breach", "lapse", "end"}[e] }

// ClockDef defines a clock. Raises is the event (or its stem) that its expiry
// raises; Whose is who is late: authority, consumer, merchant, party, system,
// court, mediator, other_authority. UntilTold: met only by the decision and its
// notice, so that it may outlive closing.
type ClockDef struct {
	Code      string
	Starts    Starts
	Raises    string
	Whose     string
	Expiry    Expiry
	UntilTold bool
	Pauses    []string
}

// leave says which clocks end when a case leaves a place.
type leave struct {
	Place  string
	Clocks []string
}

func states(s ...string) []string { return s }
func guards(s ...string) []string { return s }
func rows(s ...string) []string   { return s }

func roles(s ...string) []Role {
	out := make([]Role, len(s))
	for i := range s {
		out[i] = Role(s[i])
	}
	return out
}

func set(pairs ...string) []Assign {
	var out []Assign
	for i := 0; i < len(pairs); i += 2 {
		value, when := brackets(pairs[i+1])
		out = append(out, Assign{pairs[i], value, when})
	}
	return out
}

func clocks(texts ...string) []ClockEffect {
	var out []ClockEffect
	for _, text := range texts {
		if text == "restore" { // correct_closing does it by hand
			continue
		}
		if rest, ok := strings.CutPrefix(text, "lead_check +"); ok {
			out = append(out, ClockEffect{'m', "lead_check", strings.TrimSpace(rest)})
			continue
		}
		code, when := brackets(strings.TrimSpace(text[1:]))
		out = append(out, ClockEffect{text[0], code, when})
	}
	return out
}

func brackets(text string) (word, when string) {
	word, when, _ = strings.Cut(text, " (")
	return word, strings.TrimSuffix(when, ")")
}

// index is the table as the engine reads it.
type index struct {
	byFrom map[State]map[string]*Row // event → row
	byID   map[string]*Row
	fresh  map[string]*Row // rows that make a new case, by event
	events map[string]bool
	clock  map[string]*ClockDef
	order  map[string]int // of clocks
	expiry map[State]map[string][]*Row
	inside map[string]map[State]bool // places of leaving
}

var table = buildIndex(Transitions, States)
var reportTable = buildIndex(ReportTransitions, ReportStates)

// expand resolves groups to states.
func expand(names []string) []State {
	var out []State
	for _, n := range names {
		switch g, ok := groups[n]; {
		case ok:
			for _, s := range expand(g) {
				if !slices.Contains(out, s) {
					out = append(out, s)
				}
			}
		case !slices.Contains(out, State(n)):
			out = append(out, State(n))
		}
	}
	return out
}

// FromStates lists the states a row leaves, groups resolved; empty for a row
// that makes a new case.
func (r *Row) FromStates() []State {
	if !r.ofReport() {
		return expand(r.From)
	}
	var out []State
	for _, s := range r.From {
		out = append(out, State("REPORT."+s))
	}
	return out
}

// ofReport tells the rows of the report record, whose ids begin with P.
func (r *Row) ofReport() bool { return r.ID[0] == 'P' }

// target is the state after the row.
func (r *Row) target(from State) State {
	switch {
	case r.To == "same":
		return from
	case r.ofReport():
		return "REPORT." + r.To
	}
	return r.To
}

func buildIndex(rows []Row, defs []StateDef) *index {
	x := &index{map[State]map[string]*Row{}, map[string]*Row{}, map[string]*Row{}, map[string]bool{},
		map[string]*ClockDef{}, map[string]int{}, map[State]map[string][]*Row{}, map[string]map[State]bool{}}
	for i := range ClockDefs {
		x.clock[ClockDefs[i].Code] = &ClockDefs[i]
		x.order[ClockDefs[i].Code] = i
	}
	for i := range rows {
		r := &rows[i]
		x.byID[r.ID] = r
		x.events[r.Event] = true
		if len(r.From) == 0 {
			x.fresh[r.Event] = r
		}
		for _, s := range r.FromStates() {
			x.add(s, r)
		}
	}
	for _, l := range leaving {
		x.inside[l.Place] = placeStates(l.Place, defs)
	}
	return x
}

func (x *index) add(s State, r *Row) {
	if x.byFrom[s] == nil {
		x.byFrom[s], x.expiry[s] = map[string]*Row{}, map[string][]*Row{}
	}
	if other := x.byFrom[s][r.Event]; other != nil {
		panic(fmt.Sprintf("workflow: %s and %s both answer %s in %s", other.ID, r.ID, r.Event, s))
	}
	x.byFrom[s][r.Event] = r
	for _, c := range r.Clocks {
		if c.Op == '!' || r.ID == "T54" && c.Code == "result_close" { // closing with the result is its expiry
			x.expiry[s][c.Code] = append(x.expiry[s][c.Code], r)
		}
	}
}

// placeStates resolves a group, a stage or a single state.
func placeStates(place string, defs []StateDef) map[State]bool {
	out := map[State]bool{}
	if _, group := groups[place]; group || strings.Contains(place, ".") {
		for _, s := range expand([]string{place}) {
			out[s] = true
		}
		return out
	}
	for _, d := range defs {
		if d.State.Stage() == place {
			out[d.State] = true
		}
	}
	return out
}

func tableOf(kind Kind) *index {
	if kind == Report {
		return reportTable
	}
	return table
}

// RowByID finds a row of either table.
func RowByID(id string) (*Row, bool) {
	if r, ok := table.byID[id]; ok {
		return r, true
	}
	r, ok := reportTable.byID[id]
	return r, ok
}

// Events lists every event name of the complaint table, sorted: the command
// enum of the API.
func Events() []string {
	var out []string
	for e := range table.events {
		out = append(out, e)
	}
	slices.Sort(out)
	return out
}

// ClockByCode finds a clock's definition.
func ClockByCode(code string) (*ClockDef, bool) { d, ok := table.clock[code]; return d, ok }
