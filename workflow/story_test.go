package workflow_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/rehearse"

	"gopkg.in/yaml.v3"
)

// rules are those of a county whose court confirms the bureau's own agreements:
// the stories walk through both kinds.
var rules = func() workflow.Rules {
	file := strings.Replace(string(policy.HuantaiFile()), "kinds: [", "kinds: [bureau, ", 1)
	r, err := policy.Load("test.yaml", []byte(file))
	if err != nil {
		panic(err)
	}
	return workflow.Rules{Rules: r}
}()

type story struct {
	Name   string
	Events []string
	Expect map[string]any
}

// life is a case with its log, on a clock that moves when told.
type life struct {
	t   *testing.T
	c   workflow.Case
	now time.Time
	log []workflow.Event
}

func (l *life) apply(events []workflow.Event) {
	for _, e := range events {
		payload := e.Payload(nil, l.c.Number)
		again, _, err := workflow.ParseEvent(payload)
		if err != nil {
			l.t.Fatalf("%s: %v\n%s", e.ID, err, payload)
		}
		l.c = workflow.Apply(l.c, again) // as a replay would
		l.log = append(l.log, again)
	}
}

// do decides a command after what is due, and serves the notices it owes.
func (l *life) do(cmd workflow.Command) error {
	l.settle()
	events, err := workflow.Decide(l.c, cmd, rules, l.now)
	if err != nil {
		return err
	}
	l.apply(events)
	l.serve()
	return nil
}

func (l *life) settle() {
	for {
		events, due := workflow.Due(l.c, rules, l.now)
		if !due {
			return
		}
		l.apply(events)
	}
}

func (l *life) serve() {
	for {
		cmd, more := rehearse.Served(l.c)
		if !more {
			return
		}
		events, err := workflow.Decide(l.c, cmd, rules, l.now)
		if err != nil {
			l.t.Fatalf("serving: %v", err)
		}
		l.apply(events)
	}
}

// next moves to the first clock that runs out and raises it.
func (l *life) next() []workflow.Event {
	var first time.Time
	for _, k := range l.c.Clocks {
		if k.State == workflow.Running && (first.IsZero() || k.LateFrom.Before(first)) {
			first = k.LateFrom
		}
	}
	if first.IsZero() {
		l.t.Fatalf("nothing runs in %s", l.c.State)
	}
	if _, early := workflow.Due(l.c, rules, first.Add(-time.Microsecond)); early && first.After(l.c.At) { // else it is born late
		l.t.Fatal("raised a microsecond early")
	}
	if first.After(l.now) {
		l.now = first
	}
	events, due := workflow.Due(l.c, rules, l.now)
	if !due {
		l.t.Fatal("a clock that ran out raises nothing")
	}
	l.apply(events)
	l.serve()
	return events
}

// hints say what a story leaves open: how long to wait before an event, and the
// agreed day, in days from the event.
var hints = map[string]map[string]struct{ wait, due int }{
	"an offer of day nine outlives the ten days":                                     {"answer_with_offer": {wait: 9}},
	"crossing offers, the last lapses, talks end":                                    {"answer_with_offer": {wait: 9}},
	"own settlement inside mediation, sixty days end before the date of performance": {"settle_themselves": {due: 100}},
	"own settlement, sixty days over, performed after closing":                       {"settle_themselves": {due: 100}},
	"closed with performance unknown, then both apply for confirmation":              {"agree": {due: 5}},
}

func (l *life) take(event string, hint struct{ wait, due int }) {
	for range 40 {
		row := l.row(event)
		if row == nil || raised(row) {
			events := l.next()
			if slices.ContainsFunc(events, func(e workflow.Event) bool { return e.Event == event }) {
				return
			}
			continue
		}
		if hint.wait > 0 {
			l.now = l.now.Add(time.Duration(hint.wait) * 24 * time.Hour)
		}
		cmd := rehearse.Compose(l.c, row, rules, l.now)
		if hint.due > 0 {
			cmd.Input.DueOn = calendar.On(l.now).AddDays(hint.due)
		}
		if event == "both_consent" && l.c.Facts["consent.consumer"] == "" && l.c.Facts["consent.merchant"] == "" {
			l.take("one_consents", struct{ wait, due int }{})
			continue
		}
		if event == "transfer_by_statute" && l.c.Domain() != 2 { // food has the duty
			recode := rehearse.Compose(l.c, l.row("recode"), rules, l.now)
			recode.Input.Domain = 2
			if err := l.do(recode); err != nil {
				l.t.Fatal(err)
			}
			continue
		}
		if err := l.do(cmd); err != nil {
			if event == "close_with_result" { // nobody says more: the clock closes
				if slices.ContainsFunc(l.next(), func(e workflow.Event) bool { return e.Event == event }) {
					return
				}
				continue
			}
			l.t.Fatalf("%s from %s: %v\n%s", event, l.c.State, err, l.told())
		}
		return
	}
	l.t.Fatalf("%s never came\n%s", event, l.told())
}

// raised rows are taken by a clock.
func raised(row *workflow.Row) bool {
	return slices.ContainsFunc(row.Clocks, func(c workflow.ClockEffect) bool { return c.Op == '!' })
}

func (l *life) row(event string) *workflow.Row {
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		if row.Event == event && (l.c.Version == 0 && len(row.From) == 0 || l.c.Version > 0 && slices.Contains(row.FromStates(), l.c.State)) {
			return row
		}
	}
	return nil
}

func (l *life) told() string {
	var b strings.Builder
	for _, e := range l.log {
		fmt.Fprintf(&b, "%s %s %s -> %s\n", e.Effective().Format("2006-01-02"), e.ID, e.Event, e.Data.To)
	}
	for _, k := range l.c.Clocks {
		fmt.Fprintf(&b, "  %s %s due %s\n", k.Code, k.State, k.Due)
	}
	return b.String()
}

func readStories(t *testing.T) []story {
	data, err := os.ReadFile("testdata/stories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []story
	if err := yaml.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 73 {
		t.Fatalf("%d stories", len(all))
	}
	return all
}

func TestStories(t *testing.T) {
	for _, s := range readStories(t) {
		t.Run(s.Name, func(t *testing.T) {
			l := &life{t: t, c: workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), now: time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)}
			for _, event := range s.Events {
				l.take(event, hints[s.Name][event])
			}
			l.expect(s.Expect)
		})
	}
}

func (l *life) expect(want map[string]any) {
	l.t.Helper()
	was := map[string]map[string]bool{"met": {}, "met late": {}, "void": {}, "expired": {}, "never": {}, "running": {}}
	started := map[string]bool{}
	for _, k := range l.c.Clocks {
		started[k.Code] = true
		switch k.State {
		case workflow.Met:
			was["met"][k.Code] = true
		case workflow.MetLate:
			was["met late"][k.Code], was["expired"][k.Code] = true, true
		case workflow.Void:
			was["void"][k.Code] = true
		case workflow.Expired, workflow.Owed:
			was["expired"][k.Code] = true
		case workflow.Running:
			was["running"][k.Code] = true
		}
	}
	attributes := map[string]string{"state": string(l.c.State), "outcome": l.c.Outcome, "acceptance": l.c.Acceptance, "agreement": l.c.Agreement,
		"broken": l.c.Broken, "ground": l.c.Ground, "performance": l.c.Performance, "mediator": l.c.Mediator, "result": l.c.Result}
	for name, value := range want {
		if text, ok := value.(string); ok {
			if value == "REFx" {
				value, text = "REF1", "REF1"
			}
			if attributes[name] != text {
				l.t.Errorf("%s is %s, want %s\n%s", name, attributes[name], value, l.told())
			}
			continue
		}
		for _, code := range value.([]any) {
			if ok := was[name][code.(string)] || name == "never" && !started[code.(string)]; !ok {
				l.t.Errorf("%s is not %s\n%s", code, name, l.told())
			}
		}
	}
}
