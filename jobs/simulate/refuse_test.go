package simulate

import (
	"errors"
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/policy"
	"fangxin/workflow/rehearse"
)

// For every row that asks something of the input: the composed command is
// taken, and the same command with nothing in it is refused and says what is
// missing. For every row: the same by somebody who may not is refused.
func TestEveryRowRefuses(t *testing.T) {
	law, now := workflow.Rules{Rules: policy.Default()}, time.Date(2026, 5, 6, 1, 0, 0, 0, time.UTC)
	asked := 0
	for id, script := range discover(1, law, now) {
		row, _ := workflow.RowByID(id)
		last := script[len(script)-1]
		if last.Wait || last.ID != id || id == "T70" {
			continue // raised by a clock, or follows another row
		}
		c, at := replay(t, script[:len(script)-1], law, now)
		cmd := rehearse.Compose(c, row, law, at)
		if _, err := workflow.Decide(c, cmd, law, at); err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		var r *workflow.Refusal
		stranger := cmd
		stranger.Actor = workflow.Actor{Role: "nobody", ID: "x"}
		if _, err := workflow.Decide(c, stranger, law, at); !errors.As(err, &r) || r.Code != "not_for_you" {
			t.Errorf("%s by a stranger: %v", id, err)
		}
		stale := cmd
		stale.Sees = c.Version + 1
		if _, err := workflow.Decide(c, stale, law, at); !errors.As(err, &r) || r.Code != "stale" {
			t.Errorf("%s by somebody who saw another version: %v", id, err)
		}
		needs := 0
		for _, m := range workflow.Allowed(c, law, at) {
			if m.ID == id {
				needs = len(m.Needs)
			}
		}
		empty := workflow.Command{Event: cmd.Event, Actor: cmd.Actor, Input: workflow.Input{Offer: cmd.Input.Offer, Notice: cmd.Input.Notice, Clock: cmd.Input.Clock}}
		_, err := workflow.Decide(c, empty, law, at)
		if open := map[string]bool{"express": true, "represented_consent": true, "at_most_two_representatives": true, "within_limit": true, "unit_competent": true,
			"consumer_confirms": true, "consumer_confirms_or_unchallenged": true, "consumer_confirms_or_unchallenged_or_unknown": true, "not_own_offer": true, "own_offer": true,
			"document_if_consumer": true, "domain_category_town_respondent_set": true, "second_person_for_REF3": true}; needs > 0 && asks(row, open) {
			asked++
			if !errors.As(err, &r) || r.Code != "missing" || len(r.Missing) == 0 || r.Guard == "" {
				t.Errorf("%s with nothing said: %v", id, err)
			}
		}
	}
	if asked < 45 {
		t.Errorf("%d rows asked", asked)
	}
}

// asks reports whether a guard rests on something that must be said.
func asks(row *workflow.Row, open map[string]bool) bool {
	c := workflow.New(workflow.Complaint, 1, "")
	if len(row.From) > 0 {
		c.State, c.Version = row.FromStates()[0], 1
	}
	for _, m := range workflow.Allowed(c, workflow.Rules{Rules: policy.Default()}, time.Date(2026, 5, 6, 1, 0, 0, 0, time.UTC)) {
		if m.ID != row.ID {
			continue
		}
		for _, g := range m.Needs {
			if !open[g] {
				return true
			}
		}
	}
	return false
}

// replay walks a script purely.
func replay(t *testing.T, script []step, law workflow.Rules, now time.Time) (workflow.Case, time.Time) {
	t.Helper()
	c := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0")
	apply := func(events []workflow.Event) {
		for _, e := range events {
			c = workflow.Apply(c, e)
		}
	}
	for _, st := range script {
		switch {
		case st.Wait:
			now = later(now, nextDue(&c))
			events, _ := workflow.Due(c, law, now)
			apply(events)
		case st.Event == idle:
			now = now.Add(time.Duration(st.Days) * 24 * time.Hour)
		case st.Event == serveAll:
			cmd, _ := rehearse.Served(c)
			events, err := workflow.Decide(c, cmd, law, now)
			if err != nil {
				t.Fatal(err)
			}
			apply(events)
		default:
			row, _ := workflow.RowByID(st.ID)
			cmd := rehearse.Compose(c, row, law, now)
			agreed(&cmd, st.Days, now)
			events, err := workflow.Decide(c, cmd, law, now)
			if err != nil {
				t.Fatal(err)
			}
			apply(events)
		}
	}
	return c, now
}
