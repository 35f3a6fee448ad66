package jobs

import "context"

// Ripe is for tests that do not run the whole runner.
func (p *Post) Ripe(ctx context.Context) error { return p.ripe(ctx) }

// EndGrace is the end of the time that what is under way has when a post stops.
func (p *Post) EndGrace() { p.giveUp() }

// Window is for its property.
type Window = window

func NewWindow(first int) *Window {
	w := &window{first: first}
	w.close()
	return w
}

func (w *window) Turn(there, overdue, most int) int { return w.turn(there, overdue, most) }

// WorkFiles is one round of looking after files.
func WorkFiles(ctx context.Context, r *Runner) error { return r.files(ctx) }
