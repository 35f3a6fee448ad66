package workflow_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"

	"pgregory.net/rapid"
)

// aClock draws a running clock as the engine would project it.
func aClock(t *rapid.T, v *calendar.View) workflow.Clock {
	k := workflow.Clock{No: 1, Code: "accept_decision", State: workflow.Running, Starts: calendar.NewDate(2024, 1, 1).AddDays(rapid.IntRange(0, 900).Draw(t, "starts")),
		N: rapid.IntRange(1, 70).Draw(t, "n"), Unit: rapid.SampledFrom([]calendar.Unit{calendar.WorkingDay, calendar.Day}).Draw(t, "unit"), Roll: calendar.RestDay}
	if rapid.Bool().Draw(t, "paused") {
		k.PausedDays = rapid.IntRange(1, 20).Draw(t, "pause")
		k.PausedWork = k.PausedDays / 2
	}
	pause := k.PausedDays
	if k.Unit == calendar.WorkingDay {
		pause = k.PausedWork
	}
	due := v.Count(k.Starts, k.N+pause, k.Unit, k.Roll)
	k.Due, k.LateFrom = due.Due, due.LateFrom
	return k
}

// Day by day, counted by hand: a mark stands on the first working day on which
// its share of the budget is used up, rounded down, and the last one on the last
// working day of the term.
func TestRemindersByTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := calendar.Embedded().KnownAt(calendar.NewDate(2026, 12, 31))
		now := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
		k := aClock(t, v)
		want, last := map[string]calendar.Date{}, calendar.Date(0)
		for day, days, work := k.Starts.AddDays(1), 1, 0; day <= k.Due; day, days = day.AddDays(1), days+1 {
			used, needed := days-k.PausedDays, 0
			if v.Working(day) {
				work++
				last = day
			}
			if k.Unit == calendar.WorkingDay {
				used = work - k.PausedWork
			}
			for _, share := range []int{50, 80} {
				needed = k.N * share / 100
				if mark := strconv.Itoa(share); needed > 0 && used >= needed && v.Working(day) && want[mark] == 0 {
					want[mark] = day
				}
			}
		}
		if last != 0 {
			want["last"] = last
		}
		before := time.Time{}
		for _, m := range workflow.Reminders(k, rules, now) {
			if calendar.On(m.At) != want[m.Mark] || m.At != want[m.Mark].Start() || m.At.Before(before) || !m.At.Before(k.LateFrom) {
				t.Fatalf("%+v: %s at %s, by hand %s", k, m.Mark, m.At, want[m.Mark])
			}
			before = m.At
			delete(want, m.Mark)
		}
		if len(want) > 0 {
			t.Fatalf("%+v: no reminder for %v", k, want)
		}
		for _, state := range []workflow.ClockState{workflow.Waiting, workflow.Paused, workflow.Owed, workflow.Met, workflow.MetLate, workflow.Void, workflow.Expired} {
			k.State = state
			if all := workflow.Reminders(k, rules, now); len(all) > 0 {
				t.Fatalf("%s: %v", state, all)
			}
		}
	})
}

// Counted by hand: a step comes on the working day before which as many whole
// working days have gone by as the policy says, and only of a duty of the
// authority that is owed.
func TestEscalationsByThePolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := calendar.Embedded().KnownAt(calendar.NewDate(2026, 12, 31))
		now := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
		k := aClock(t, v)
		if all := workflow.Escalations(k, rules, now); len(all) > 0 {
			t.Fatalf("of a running clock: %v", all)
		}
		k.State = workflow.Owed
		all := workflow.Escalations(k, rules, now)
		if len(all) != 1+len(rules.Escalation()) || all[0].Step != "officer" || all[0].At != k.LateFrom {
			t.Fatalf("%+v", all)
		}
		for i, s := range rules.Escalation() {
			day, gone := calendar.On(all[i+1].At), 0
			for d := k.Due.AddDays(1); d < day; d = d.AddDays(1) {
				if v.Working(d) {
					gone++
				}
			}
			if gone != s.After || !v.Working(day) || all[i+1].At != day.Start() || all[i+1].Step != s.To {
				t.Fatalf("%+v: %+v after %d working days, wanted %+v", k, all[i+1], gone, s)
			}
		}
		for _, code := range []string{"merchant_first_answer", "mediator_accepts", "foreign_duty", "survey"} {
			k.Code = code
			if all := workflow.Escalations(k, rules, now); len(all) > 0 {
				t.Fatalf("%s is no duty of the authority: %v", code, all)
			}
		}
		k.Code = "lead_check"
		for _, s := range workflow.Escalations(k, rules, now) {
			if s.Step != "officer" && s.Step != "unit_head" {
				t.Fatalf("a report is told to %s", s.Step)
			}
		}
	})
}

// What the policy leaves out is told to nobody but the officer.
func TestAPolicyWithoutSteps(t *testing.T) {
	k := workflow.Clock{Code: "triage", State: workflow.Owed, Due: calendar.NewDate(2026, 5, 6), LateFrom: calendar.NewDate(2026, 5, 7).Start()}
	bare, err := policy.Load("county.yaml", withoutSteps(t))
	if err != nil {
		t.Fatal(err)
	}
	if all := workflow.Escalations(k, workflow.Rules{Rules: bare}, k.LateFrom); len(all) != 1 || all[0].Step != "officer" {
		t.Errorf("%+v", all)
	}
}

func withoutSteps(t *testing.T) []byte {
	t.Helper()
	before, rest, ok := strings.Cut(string(policy.HuantaiFile()), "  escalation:")
	_, after, also := strings.Cut(rest, "  contact_check:")
	if !ok || !also {
		t.Fatal("the county's file has no steps")
	}
	return []byte(before + "  contact_check:" + after)
}
