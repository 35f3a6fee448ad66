package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// row is a case with what else the database derived of it.
type row struct {
	id                                             int64
	number, kind, state, outcome, unit, town, body string
	version, domain                                int64
	head                                           []byte
	clocks                                         []clock
	counts                                         []count
	covered, sealed                                int64 // events that a block seals or that wait for one; that one seals
	leaves                                         []leaf
	restating                                      []restating
	papers                                         []sheet
	seen                                           bool
}

// clock is one clock, as the log says or as its row does.
type clock struct {
	no, seq, n, notice, ended                                  int64
	code, state, rule, unit, roll, starts, due, calendar, more string
	late                                                       time.Time
	provisional                                                bool
	// in the column `more` when not empty
	about, pausedOn, was            string
	pausedDays, pausedWork, decided int64
}

// rest writes the column `more`.
func (k *clock) rest() string {
	m := struct {
		About      string `json:"about,omitempty"`
		PausedOn   string `json:"paused_on,omitempty"`
		PausedDays int64  `json:"paused_days,omitempty"`
		PausedWork int64  `json:"paused_working_days,omitempty"`
		Decided    int64  `json:"decided,omitempty"`
		Was        string `json:"was,omitempty"`
	}{k.about, k.pausedOn, k.pausedDays, k.pausedWork, k.decided, k.was}
	text, _ := json.Marshal(m)
	if string(text) == "{}" {
		return ""
	}
	return string(text)
}

type notice struct {
	no, seq  int64
	to, kind string
	told     bool
}

// fold is a case as the log alone makes it.
type fold struct {
	version            int64
	head               ledger.Hash
	at                 time.Time
	state              string
	named              map[string]string // attributes
	facts              map[string]any
	clocks             []clock
	notices            []notice
	lastClock, lastNot int64
	tally              tally
	broken             bool // a finding ends the case
}

var attributes = []string{"acceptance", "mediator", "agreement", "broken", "ground", "performance", "result", "outcome"}

func newFold() *fold {
	return &fold{named: map[string]string{}, facts: map[string]any{}, tally: tally{ends: map[int64]count{}, owed: map[int64]count{}}}
}

// entry is an event as it lies in the log.
type entry struct {
	Actor, Case, Event, ID, Rules string
	At                            time.Time
	LawfulAt                      *time.Time `json:"lawful_at"`
	Seq, V                        int64
	Data                          struct {
		To      string
		Set     map[string]string
		Info    map[string]string
		Sealed  string
		Notices []struct {
			Op, To, Kind, How string
			No                int64
		}
		Clocks []struct {
			Op, Code, State, On, Cause string
			No                         int64
			Clock                      *struct {
				About, Calendar, Due, Roll, Rule, Starts, Unit string
				Decided, N, Notice, Seq                        int64
				LateFrom                                       *time.Time `json:"late_from"`
				PausedDays                                     int64      `json:"paused_days"`
				PausedWork                                     int64      `json:"paused_working_days"`
				PausedOn                                       string     `json:"paused_on"`
				Provisional                                    bool
			}
		}
	}
}

func (e *entry) effective() time.Time {
	if e.LawfulAt != nil {
		return *e.LawfulAt
	}
	return e.At
}

// apply folds one event; it answers with what is wrong with its clocks, if
// anything is.
func (f *fold) apply(e *entry, cal []edition) (wrong string) {
	was := f.tally.seen(f)
	f.version, f.at, f.state = e.Seq, e.At, e.Data.To
	for name, value := range e.Data.Set {
		f.assign(name, value)
	}
	for i := range e.Data.Clocks {
		if w := f.applyClock(e, i, cal); w != "" && wrong == "" {
			wrong = w
		}
	}
	for _, n := range e.Data.Notices {
		switch n.Op {
		case "owe":
			f.notices = append(f.notices, notice{no: n.No, seq: e.Seq, to: n.To, kind: n.Kind})
			f.lastNot = n.No
		case "told":
			for i := range f.notices {
				f.notices[i].told = f.notices[i].told || f.notices[i].no == n.No
			}
		case "delivered":
			for i := range f.notices {
				if f.notices[i].no == n.No {
					f.notices = append(f.notices[:i:i], f.notices[i+1:]...)
					break
				}
			}
		}
	}
	f.tally.event(f, e, was)
	return wrong
}

func (f *fold) slice(name string) string { s, _ := f.facts[name].(string); return s }

func (f *fold) assign(name, value string) {
	switch {
	case slices.Contains(attributes, name):
		f.named[name] = value
	case value == "":
		delete(f.facts, name)
	default:
		f.facts[name] = value
	}
}

func (f *fold) find(no int64) *clock {
	for i := range f.clocks {
		if f.clocks[i].no == no {
			return &f.clocks[i]
		}
	}
	return nil
}

func open(state string) bool {
	return state == "waiting" || state == "running" || state == "paused" || state == "owed"
}

func (f *fold) applyClock(e *entry, i int, cal []edition) string {
	op := &e.Data.Clocks[i]
	k := f.find(op.No)
	if op.Op == "start" {
		if k != nil || op.No != f.lastClock+1 {
			return fmt.Sprintf("starts clock %d after %d", op.No, f.lastClock)
		}
		f.lastClock = op.No
		f.clocks = append(f.clocks, clock{no: op.No})
		k = &f.clocks[len(f.clocks)-1]
	}
	if k == nil {
		return fmt.Sprintf("clock %d was never started", op.No)
	}
	if c := op.Clock; c != nil {
		*k = clock{no: op.No, code: op.Code, state: op.State, seq: c.Seq, rule: c.Rule, n: c.N, unit: c.Unit, roll: c.Roll, starts: c.Starts, due: c.Due,
			calendar: c.Calendar, provisional: c.Provisional, notice: c.Notice, about: c.About, pausedDays: c.PausedDays, pausedWork: c.PausedWork, pausedOn: c.PausedOn, decided: c.Decided}
		if c.LateFrom != nil {
			k.late = *c.LateFrom
		}
		if op.Op == "move" || op.Op == "restore" {
			return ""
		}
		return f.recountDue(e, k, cal)
	}
	wrong := ""
	switch op.Op {
	case "decide":
		k.decided = e.Seq
	case "pause":
		k.pausedOn = op.On
	case "expire":
		switch {
		case k.state != "running":
			wrong = fmt.Sprintf("clock %s expires while it is %s", k.code, k.state)
		case e.LawfulAt == nil || !e.LawfulAt.Equal(k.late):
			wrong = fmt.Sprintf("clock %s expires at another instant than %s", k.code, k.late.Format(time.RFC3339Nano))
		case e.At.Before(k.late):
			wrong = fmt.Sprintf("clock %s is enforced before %s", k.code, k.late.Format(time.RFC3339Nano))
		}
	}
	if !open(op.State) {
		k.was, k.ended = k.state, e.Seq
	}
	k.state = op.State
	return wrong
}

// recountDue counts the due day again from what the clock was started under.
func (f *fold) recountDue(e *entry, k *clock, cal []edition) string {
	if k.state != "running" || k.n == 0 {
		return ""
	}
	starts, err := calendar.ParseDate(k.starts)
	if err != nil {
		return fmt.Sprintf("clock %s starts on no day", k.code)
	}
	view := viewOf(e, k.calendar, cal)
	if view == nil {
		return fmt.Sprintf("clock %s was counted with calendar %s, which was not known then", k.code, k.calendar)
	}
	if after, err := calendar.ParseDate(f.slice("due_on")); err == nil && (k.code == "result_close" || k.code == "performance_watch") {
		starts = max(starts, after)
	}
	pause := k.pausedDays
	if k.unit == string(calendar.WorkingDay) {
		pause = k.pausedWork
	}
	due := view.Count(starts, int(k.n+pause), calendar.Unit(k.unit), calendar.Roll(k.roll))
	if due.Due.String() != k.due && !(k.code == "correction" && k.due < due.Due.String()) {
		return fmt.Sprintf("clock %s is due on %s, counted again on %s", k.code, k.due, due.Due)
	}
	if day, err := calendar.ParseDate(k.due); err != nil || !k.late.Equal(day.AddDays(1).Start()) {
		return fmt.Sprintf("clock %s is late from %s, due on %s", k.code, k.late.Format(time.RFC3339Nano), k.due)
	}
	return ""
}

// viewOf finds the knowledge that an event says it counted with, among the
// editions that were there when it was recorded. A node takes a new edition over
// within a minute, so an older one is lawful too.
func viewOf(e *entry, version string, cal []edition) *calendar.View {
	for i := len(cal) - 1; i >= 0; i-- {
		if cal[i].since.After(e.At) {
			continue
		}
		if view := cal[i].KnownAt(calendar.On(e.effective())); view.Version() == version {
			return view
		}
	}
	return nil
}

// body writes the projection as the log makes it.
func (f *fold) body(number, kind string) string {
	list := []any{}
	for _, n := range f.notices {
		list = append(list, map[string]any{"kind": n.kind, "no": n.no, "seq": n.seq, "to": n.to, "told": n.told})
	}
	m := map[string]any{"at": f.at.UTC().Format("2006-01-02T15:04:05.000000Z"), "clock": f.lastClock, "facts": f.facts, "kind": kind,
		"notice": f.lastNot, "notices": list, "number": number, "state": f.state, "version": f.version}
	for _, name := range attributes {
		m[name] = f.named[name]
	}
	out, err := ledger.Append(nil, m)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
