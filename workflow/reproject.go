package workflow

import (
	"time"

	"fangxin/workflow/calendar"
)

// CalendarChanged is the engine's own event beside the table: when a notice
// becomes known, running clocks are counted again, those of an uncertain year
// and those that an amendment touches. Its id is K1.
const CalendarChanged = "calendar_changed"

// reproject counts the running clocks of a case again, with what is known today. A due day may move earlier, but never before the next working day
// after the change became known; a clock that ran out is never moved.
func reproject(c Case, cmd Command, r Rules, now time.Time) ([]Step, error) {
	row := &Row{ID: "K1", Event: CalendarChanged}
	d := &draft{was: c, c: c.Clone(), r: r, row: row, cmd: &cmd, eff: now, day: calendar.On(now)}
	d.e = Event{Seq: c.Version + 1, ID: row.ID, Event: row.Event, Actor: actorName(cmd.Actor), At: now, Rules: r.VersionOn(d.day)}
	d.e.Data.To = c.State
	view := d.view(d.day)
	for i := range d.c.Clocks {
		k := d.c.Clocks[i]
		if k.State != Running || k.N == 0 {
			continue
		}
		pause := k.PausedDays
		if k.Unit == calendar.WorkingDay {
			pause = k.PausedWork
		}
		starts := max(k.Starts, d.question(k.Code, k.Starts).After)
		// a day that was agreed, shortened or extended by something else stays
		then := d.r.Calendar().ViewOf(k.Calendar)
		if !k.Provisional && (then == nil || then.Count(starts, k.N+pause, k.Unit, k.Roll).Due != k.Due) {
			continue
		}
		due := view.Count(starts, k.N+pause, k.Unit, k.Roll)
		if due.Due < k.Due {
			due.Due = min(k.Due, max(due.Due, view.NextWorking(d.day)))
		}
		if due.Due == k.Due && due.Provisional == k.Provisional {
			continue
		}
		k.Due, k.LateFrom, k.Calendar, k.Provisional = due.Due, due.Due.AddDays(1).Start(), due.Version, due.Provisional
		d.clock(ClockOp{Op: "move", No: k.No, Code: k.Code, State: Running, Clock: &k, Cause: "calendar " + due.Version})
	}
	if len(d.e.Data.Clocks) == 0 {
		return nil, &Refusal{Code: "nothing_to_do", Event: cmd.Event, State: c.State}
	}
	return []Step{d.step()}, nil
}
