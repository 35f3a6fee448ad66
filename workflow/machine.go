package workflow

import (
	"context"
	"errors"
	"sync"

	"github.com/looplab/fsm"
)

// verdicts are what machines said: table and machine never change.
var verdicts sync.Map

type verdict struct {
	x    *index
	from State
	row  *Row
}

// lawful reports whether a machine of the table takes the row from the state.
func lawful(x *index, from State, row *Row) bool {
	asked := verdict{x, from, row}
	if said, ok := verdicts.Load(asked); ok {
		return said.(bool)
	}
	said := ask(x, from, row)
	verdicts.Store(asked, said)
	return said
}

// ask asks a throw-away machine whether the row may be taken from the state.
// The machine holds the rows that leave this state only (one of all rows costs
// a hundred times more), no callbacks, and never the case's state.
func ask(x *index, from State, row *Row) bool {
	to := string(row.target(from))
	if row.To == "before_closing" {
		return row.From != nil && from == Closed
	}
	var events fsm.Events
	for event, r := range x.byFrom[from] {
		if event == row.Event {
			events = append(events, fsm.EventDesc{Name: event, Src: []string{string(from)}, Dst: string(r.target(from))})
		}
	}
	if from == "" {
		events = fsm.Events{{Name: row.Event, Src: []string{""}, Dst: to}}
	}
	m := fsm.NewFSM(string(from), events, nil)
	err := m.Event(context.Background(), row.Event)
	var same fsm.NoTransitionError // staying is success here
	return (err == nil || errors.As(err, &same)) && m.Current() == to
}
