package workflow_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/rehearse"

	"pgregory.net/rapid"
)

var someRoles = []workflow.Role{"consumer", "merchant", "officer", "hub", "town", "unit", "supervisor", "coordinator", "mediator", "court", "superior", "other_authority", "job", "rules", "import"}

// deed is one thing that happens in a random life: a command, lawful or not,
// after a while.
type deed struct {
	wait    time.Duration
	event   string
	role    workflow.Role
	lawful  bool // composed so that the guards may hold
	deliver bool
	due     int
}

func deeds() *rapid.Generator[[]deed] {
	events := append(workflow.Events(), "no_such_event", workflow.CalendarChanged)
	one := rapid.Custom(func(t *rapid.T) deed {
		return deed{
			wait:    time.Duration(rapid.IntRange(0, 20*24).Draw(t, "hours")) * time.Hour,
			event:   rapid.SampledFrom(events).Draw(t, "event"),
			role:    rapid.SampledFrom(someRoles).Draw(t, "role"),
			lawful:  rapid.IntRange(0, 9).Draw(t, "lawful") > 0,
			deliver: rapid.Bool().Draw(t, "deliver"),
			due:     rapid.IntRange(0, 40).Draw(t, "due"),
		}
	})
	return rapid.SliceOfN(one, 1, 40)
}

// apply settles what is due, then takes the deed: mostly one that the table
// allows, so that lives get somewhere.
func (d deed) apply(t *rapid.T, c workflow.Case, now time.Time, pick *rand.Rand, exact bool) workflow.Case {
	c = settled(t, c, now, exact)
	cmd := workflow.Command{Event: d.event, Actor: workflow.Actor{Role: d.role, ID: "x"}}
	if moves := workflow.Allowed(c, rules, now); d.lawful && len(moves) > 0 {
		row, _ := workflow.RowByID(moves[pick.IntN(len(moves))].ID)
		seen := now
		if seen.Before(c.At) { // people look at a calendar, not at the engine's clock
			seen = c.At
		}
		cmd = rehearse.Compose(c, row, rules, seen)
	}
	c = decided(t, c, cmd, now)
	if d.deliver {
		for range 8 {
			serve, more := rehearse.Served(c)
			if !more {
				break
			}
			c = decided(t, c, serve, now)
		}
	}
	return c
}

func settled(t *rapid.T, c workflow.Case, now time.Time, exact bool) workflow.Case {
	for {
		at := now
		if exact { // a sweep that is never late
			for _, k := range c.Clocks {
				if k.State == workflow.Running && k.LateFrom.Before(at) {
					at = k.LateFrom
				}
			}
		}
		steps, due := workflow.DueSteps(c, rules, at)
		if !due {
			return c
		}
		c = checked(t, c, steps)
	}
}

func decided(t *rapid.T, c workflow.Case, cmd workflow.Command, now time.Time) workflow.Case {
	steps, err := workflow.Steps(c, cmd, rules, now)
	var r *workflow.Refusal
	if err != nil {
		if !errors.As(err, &r) || r.Code == "" || r.Code == "guard" && r.Guard == "" || r.Code == "missing" && len(r.Missing) == 0 || r.Code == "not_for_you" && len(r.By) == 0 {
			t.Fatalf("a refusal that explains nothing: %v", err)
		}
		return c
	}
	return checked(t, c, steps)
}

// checked applies events and holds the case to what must always be true.
func checked(t *rapid.T, c workflow.Case, steps []workflow.Step) workflow.Case {
	for _, step := range steps {
		e := step.Event
		t.Logf("%s %s -> %s", e.ID, e.Event, e.Data.To)
		before := string(c.Body(nil))
		row, known := workflow.RowByID(e.ID)
		next := workflow.Apply(c, e)
		switch {
		case string(c.Body(nil)) != before:
			t.Fatalf("%s: Apply changed its argument", e.ID)
		case !reflect.DeepEqual(next, step.After):
			t.Fatalf("%s: deciding and applying differ:\n%+v\n%+v", e.ID, step.After, next)
		case e.Seq != c.Version+1 || next.Version != e.Seq:
			t.Fatalf("%s: seq %d after %d", e.ID, e.Seq, c.Version)
		case e.Actor == "" || e.Rules == "" || e.At.IsZero() || !known && e.ID != "K1":
			t.Fatalf("a step without actor, law, time or row: %+v", e)
		case !e.LawfulAt.IsZero() && e.At.Before(e.LawfulAt):
			t.Fatalf("%s is enforced early", e.ID)
		case e.At.Before(c.At):
			t.Fatalf("%s is recorded at %s, after something at %s", e.ID, e.At, c.At)
		case e.Event == "refuse" && (e.Data.Info["ground"] == "" || e.Data.Info["routes"] == ""):
			t.Fatalf("a refusal without code or routes: %v", e.Data.Info)
		case known && row.Event == "return_to_hub" && next.State != "REFERRAL.dispatching":
			t.Fatal("a unit passed a case on")
		}
		for _, op := range e.Data.Clocks {
			if op.Op == "pause" && op.Code == "mediation_end" && e.ID != "T35" {
				t.Fatalf("%s pauses the sixty days", e.ID)
			}
			if op.Op == "expire" && op.Code == "offer_reply" && next.Agreement != c.Agreement {
				t.Fatal("an expired offer became an agreement")
			}
		}
		payload := string(e.Payload(nil, next.Number))
		if strings.ContainsAny(payload, "演") { // the words and names of rehearse
			t.Fatalf("personal words in the log: %s", payload)
		}
		c = next
	}
	consistent(t, &c) // between the events of one decision nobody can look
	return c
}

// consistent holds one case to DOMAIN's invariants.
func consistent(t *rapid.T, c *workflow.Case) {
	awake := false
	open := map[string]int{}
	for _, k := range c.Clocks {
		awake = awake || k.State == workflow.Running || k.State == workflow.Owed
		if k.State.Open() && k.State != workflow.Owed && k.Decided == 0 {
			open[k.Code]++
		}
		def, _ := workflow.ClockByCode(k.Code)
		after := slices.Contains([]string{"supervision", "confirmation_application", "survey", "publish", "performance_watch", "correction_of_closing", "foreign_duty"}, k.Code)
		if c.State == workflow.Closed && k.State.Open() && k.State != workflow.Waiting && !after && !def.UntilTold {
			t.Fatalf("%s of a closed case is %s", k.Code, k.State)
		}
	}
	for code, n := range open {
		if n > 1 && !slices.Contains([]string{"service", "proposal", "supervision"}, code) {
			t.Fatalf("%d clocks %s at once", n, code)
		}
	}
	if c.State != workflow.Closed && c.Version > 0 && !awake {
		t.Fatalf("%s %s sleeps: %+v", c.State, c.Acceptance, c.Clocks)
	}
	if (c.Outcome != "") != (c.State == workflow.Closed) {
		t.Fatalf("%s with outcome %q", c.State, c.Outcome)
	}
}

// Random commands by random people on random cases never break an invariant,
// and every refusal says what is allowed, to whom, and why not this.
func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		c, now := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
		for _, d := range deeds().Draw(t, "deeds") {
			now = now.Add(d.wait)
			c = d.apply(t, c, now, pick, false)
		}
	})
}

// However late the sweep, the outcome is the one an exact sweep would have had:
// the same lives, swept at every instant and swept only before a command.
func TestALateSweepChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		list := deeds().Draw(t, "deeds")
		var ends [2]workflow.Case
		for i, exact := range []bool{true, false} {
			pick := rand.New(rand.NewPCG(seed, 1))
			c, now := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
			for _, d := range list {
				now = now.Add(d.wait)
				c = d.apply(t, c, now, pick, exact)
			}
			ends[i] = settled(t, c, now.Add(40*24*time.Hour), exact) // a month's absence at the end
		}
		for i := range ends {
			ends[i].At = time.Time{}
		}
		if a, b := string(ends[0].Body(nil)), string(ends[1].Body(nil)); a != b {
			t.Fatalf("exact %s\nlate  %s", a, b)
		}
		for i := range ends[0].Clocks {
			if ends[0].Clocks[i] != ends[1].Clocks[i] {
				t.Fatalf("exact %+v\nlate  %+v", ends[0].Clocks[i], ends[1].Clocks[i])
			}
		}
	})
}

// A clock that steps back changes no decision: what happens to a case happens
// at the earliest when the last thing happened to it, in its guards, legal days
// and instants alike.
func TestAClockThatStepsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		list := deeds().Draw(t, "deeds")
		steps := rapid.SliceOfN(rapid.IntRange(0, 30*24), len(list), len(list)).Draw(t, "hours back")
		var ends [2]string
		for i, wrong := range []bool{true, false} {
			pick := rand.New(rand.NewPCG(seed, 1))
			c, now := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
			for n, d := range list {
				now = now.Add(d.wait)
				at := now.Add(-time.Duration(steps[n]) * time.Hour)
				if !wrong && at.Before(c.At) {
					at = c.At
				}
				c = d.apply(t, c, at, pick, false)
			}
			ends[i] = string(c.Body(nil)) + fmt.Sprint(c.Clocks)
		}
		if ends[0] != ends[1] {
			t.Fatalf("stepping back %s\nstanding     %s", ends[0], ends[1])
		}
	})
}

// Every pair of state and event that is no row is refused, and so is every
// expiry asked for by somebody.
func TestWhatIsNoRowIsRefused(t *testing.T) {
	now := time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
	for _, d := range workflow.States {
		c := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0")
		c.State, c.Version = d.State, 1
		for _, event := range workflow.Events() {
			_, err := workflow.Decide(c, workflow.Command{Event: event, Actor: workflow.Actor{Role: "nobody"}}, rules, now)
			var r *workflow.Refusal
			if !errors.As(err, &r) {
				t.Fatalf("%s in %s by nobody: %v", event, d.State, err)
			}
			row := slices.ContainsFunc(workflow.Transitions, func(r workflow.Row) bool {
				return r.Event == event && slices.Contains(r.FromStates(), d.State) && !raised(&r)
			})
			if row != (r.Code == "not_for_you") || !row && r.Code != "not_allowed_now" {
				t.Errorf("%s in %s: %s", event, d.State, r.Code)
			}
		}
	}
}
