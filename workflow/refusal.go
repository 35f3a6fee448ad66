package workflow

import "fmt"

// Refusal is a lawful no. Code is stable and has words in both languages;
// Allowed says what may be done now, and by whom.
type Refusal struct {
	Code    string // unknown_event, not_allowed_now, not_for_you, guard, stale, missing, no_such_notice, wrong_offer, …
	Event   string
	State   State
	Guard   string   // the guard that did not hold
	Missing []string // input fields that are needed and were not given
	By      []Role   // who may, when the actor may not
	Number  string   // of the case that stands in the way
	Allowed []Move
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("refused: %s %s in %s (%s%v)", r.Code, r.Event, r.State, r.Guard, r.Missing)
}

// Move is a row that leaves the case's state: what may be done, by whom, and
// what the case itself still lacks for it (guards on its state that fail now).
type Move struct {
	ID    string
	Event string
	By    []Role
	To    State
	Lacks []string // guards that do not hold, whatever the input
	Needs []string // guards that depend on the input
}
