// Package simulate lives whole lives through the real engine and store, on a
// clock of its own: first one scripted case for every row of the table, then a
// realistic mix whose people are invented and whose course is drawn by lot.
package simulate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/rehearse"
)

// step is one thing that happens in a script: an event taken by somebody, or,
// with Wait, one that a clock will raise.
type step struct {
	Event string
	ID    string // of the row, where the script was found by exploring
	Wait  bool
	Days  int // of a pause; or to the agreed day, where it is not the usual one
}

// tries bounds the exploration; it ends as soon as every row has a script.
const tries, longest = 60_000, 60

// discover explores the pure law by random walks until it knows, for every row
// of the table, a script that leads through it.
func discover(seed uint64, law workflow.Rules, from time.Time) map[string][]step {
	random := rand.New(rand.NewPCG(seed, 1))
	found := map[string][]step{}
	maps.Copy(found, publicScripts())
	fresh := walk{random: random, law: law, now: from, found: found, c: workflow.New(workflow.Complaint, 1, "HT-2026-000001-0")}
	places, new := []walk{}, map[string]bool{} // one walk for every situation met: most go on from one of them
	all := len(workflow.Transitions) - 1       // T70 wants an outage: scripted by hand
	for n := 0; n < tries && len(found) < all; n++ {
		w := fresh
		if len(places) > 0 && random.IntN(8) > 0 {
			w = places[random.IntN(len(places))]
			w.path = slices.Clone(w.path)
		}
		for end := len(w.path) + 8; len(w.path) < min(end, longest) && w.step(); {
			if s := w.situation(); !new[s] {
				new[s] = true
				places = append(places, w)
				places[len(places)-1].path = slices.Clone(w.path)
			}
		}
	}
	found["T70"] = []step{{Event: "file_green_channel"}, {Event: "classify"}, {Event: "open_green_channel"}, {Event: "delivered"}, {Event: outage}, {Event: "extend_after_outage", Wait: true}}
	return found
}

// publicScripts lead through the course of a public form, which random walks meet
// late: it needs one thing after another in a closed case.
func publicScripts() map[string][]step {
	closed := []step{{Event: "file_with_authority", ID: "T01"}, {Event: "withdraw_before_acceptance", ID: "T43"}}
	then := func(more ...step) []step { return append(slices.Clone(closed), more...) }
	decided, proposed := step{Event: "publish_or_hold", ID: "T65"}, step{Event: "propose_narrative", ID: "E5"}
	objected, reopened := step{Event: "object_to_publication", ID: "E3"}, step{Event: "correct_closing", ID: "T56"}
	return map[string][]step{"T65": then(decided, decided), "E3": then(decided, objected, decided), "E4": then(step{Event: "answer_publicly", ID: "E4"}, decided, reopened),
		"E5": then(proposed), "E6": then(proposed, step{Event: "confirm_narrative", ID: "E6"}), "E7": then(proposed, step{Event: "withhold_narrative", ID: "E7"})}
}

// situation is what tells one walk from another: where the case stands, what was
// agreed, and whether the court may still be asked.
func (w *walk) situation() string {
	c := &w.c
	return strings.Join([]string{string(c.State), c.Acceptance, c.Agreement, c.Mediator, c.Broken, c.Ground, c.Outcome, fmt.Sprint(c.Runs("confirmation_application"), c.Facts["organisation_eligible"])}, "|")
}

// outage is the step of a script in which the service is away.
const outage = "(outage)"

type walk struct {
	random *rand.Rand
	law    workflow.Rules
	c      workflow.Case
	now    time.Time
	path   []step
	found  map[string][]step
}

// step takes one random move: a row that has no script yet if there is one, an
// expiry one time in four.
func (w *walk) step() bool {
	if first := nextDue(&w.c); !first.IsZero() && !first.After(w.now) {
		return w.expire() // what is due comes first
	}
	if w.c.Version > 0 && w.random.IntN(4) == 0 && w.expire() {
		return true
	}
	w.pause()
	moves := workflow.Allowed(w.c, w.law, w.now)
	w.random.Shuffle(len(moves), func(i, j int) { moves[i], moves[j] = moves[j], moves[i] })
	slices.SortStableFunc(moves, func(a, b workflow.Move) int { return w.known(a.ID) - w.known(b.ID) })
	if w.random.IntN(3) == 0 {
		w.random.Shuffle(len(moves), func(i, j int) { moves[i], moves[j] = moves[j], moves[i] })
	}
	for _, m := range moves {
		if !m.Possible() || m.Event == "archive" && w.random.IntN(20) > 0 {
			continue
		}
		row, _ := workflow.RowByID(m.ID)
		cmd, days := rehearse.Compose(w.c, row, w.law, w.now), 0
		if w.random.IntN(6) == 0 {
			days = 100
		}
		agreed(&cmd, days, w.now)
		events, err := workflow.Decide(w.c, cmd, w.law, w.now)
		if err != nil {
			continue
		}
		w.path = append(w.path, step{Event: m.Event, ID: m.ID, Days: days})
		w.apply(events)
		w.serve()
		return true
	}
	return w.c.Version > 0 && w.expire()
}

// agreed names a later day for whatever the parties agree on.
func agreed(cmd *workflow.Command, days int, now time.Time) {
	if days > 0 {
		cmd.Input.DueOn = calendar.On(now).AddDays(days)
	}
}

// idle is the step of a script in which days go by and nothing happens.
const idle = "(idle)"

// pause lets some days go by, less than would let a clock run out.
func (w *walk) pause() {
	due := nextDue(&w.c)
	if due.IsZero() || w.random.IntN(6) > 0 {
		return
	}
	if days := int(due.Sub(w.now).Hours()-12) / 24; days > 0 {
		days = 1 + w.random.IntN(days)
		w.now = w.now.Add(time.Duration(days) * 24 * time.Hour)
		w.path = append(w.path, step{Event: idle, Days: days})
	}
}

func (w *walk) known(id string) int {
	if w.found[id] != nil {
		return 1
	}
	return 0
}

func (w *walk) expire() bool {
	first := nextDue(&w.c)
	if first.IsZero() {
		return false
	}
	w.now = later(w.now, first)
	events, due := workflow.Due(w.c, w.law, w.now)
	if !due {
		return false
	}
	w.path = append(w.path, step{Event: events[0].Event, ID: events[0].ID, Wait: true})
	w.apply(events)
	w.serve()
	return true
}

func (w *walk) apply(events []workflow.Event) {
	for _, e := range events {
		w.c = workflow.Apply(w.c, e)
		if w.found[e.ID] == nil {
			w.found[e.ID] = slices.Clone(w.path)
		}
	}
}

func (w *walk) serve() {
	for {
		cmd, more := rehearse.Served(w.c)
		if !more || w.random.IntN(8) == 0 { // some letters are lost
			return
		}
		events, err := workflow.Decide(w.c, cmd, w.law, w.now)
		if err != nil {
			return
		}
		w.path = append(w.path, step{Event: serveAll})
		w.apply(events)
	}
}

// serveAll delivers the first notice that is owed.
const serveAll = "(serve)"

func nextDue(c *workflow.Case) time.Time {
	var first time.Time
	for _, k := range c.Clocks {
		if k.State == workflow.Running && (first.IsZero() || k.LateFrom.Before(first)) {
			first = k.LateFrom
		}
	}
	return first
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
