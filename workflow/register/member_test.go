package register

import (
	"testing"
	"time"

	"fangxin/workflow/calendar"
)

// The rule at its edges: a share says nothing below the least number of clocks,
// and "below" means below.
func TestTheExitRule(t *testing.T) {
	rule := ExitRule{Least: 10, Watch: 80, Suspend: 60, Failed: 3, ExitAfter: 60}
	day := calendar.NewDate(2026, 9, 1)
	since := func(days int) time.Time { return day.AddDays(-days).Start().Add(9 * time.Hour) }
	approved, watched := Member{State: Approved, Since: since(200)}, Member{State: Approved, Watched: true, Since: since(200)}
	suspended := func(days int) Member { return Member{State: Suspended, Since: since(days)} }
	for name, x := range map[string]struct {
		m    Member
		f    Figures
		want string
	}{
		"nothing yet":                    {approved, Figures{}, ""},
		"nine clocks, all late":          {approved, Figures{Clocks: 9}, ""},
		"ten clocks, eight in time":      {approved, Figures{Clocks: 10, InTime: 8}, ""},
		"ten clocks, seven in time":      {approved, Figures{Clocks: 10, InTime: 7}, "watch"},
		"79.99 %":                        {approved, Figures{Clocks: 10000, InTime: 7999}, "watch"},
		"watched already":                {watched, Figures{Clocks: 10, InTime: 7}, ""},
		"ten clocks, six in time":        {approved, Figures{Clocks: 10, InTime: 6}, "watch"},
		"ten clocks, five in time":       {approved, Figures{Clocks: 10, InTime: 5}, "suspend"},
		"watched, and worse":             {watched, Figures{Clocks: 10, InTime: 5}, "suspend"},
		"watched, and well again":        {watched, Figures{Clocks: 10, InTime: 8}, "cured"},
		"two invitations failed":         {approved, Figures{Failed: 2}, ""},
		"three invitations failed":       {approved, Figures{Failed: 3}, "suspend"},
		"suspended, 59 days":             {suspended(59), Figures{Clocks: 10, InTime: 5}, ""},
		"suspended, 60 days":             {suspended(60), Figures{Clocks: 10, InTime: 5}, "exit"},
		"suspended, slow is no cure":     {suspended(60), Figures{Clocks: 10, InTime: 7}, "exit"},
		"suspended, cured":               {suspended(10), Figures{Clocks: 10, InTime: 8}, "cured"},
		"suspended, unreachable 60 days": {suspended(61), Figures{Failed: 3}, "exit"},
		"applied":                        {Member{State: Applied}, Figures{Clocks: 10}, ""},
		"exited":                         {Member{State: Exited}, Figures{Clocks: 10}, ""},
	} {
		if got := rule.Lead(&x.m, &x.f, day); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// Every decision fits the states that it names and no other; what is over stays
// over.
func TestDecisionsFitTheirStates(t *testing.T) {
	if len(DecisionNames) != len(Decisions) {
		t.Fatal("a decision is not in the list")
	}
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range DecisionNames {
		for _, state := range MemberStates {
			m := Member{State: state, Watched: name == "end_watch"}
			want := false
			for _, from := range Decisions[name].From {
				want = want || from == state
			}
			if got := m.Decide(name, at); got != want {
				t.Errorf("%s in %s: %v", name, state, got)
			}
			if !want && m.State != state || !state.Live() && want {
				t.Errorf("%s moves %s to %s", name, state, m.State)
			}
		}
	}
	if m := (Member{State: Approved, Watched: true}); m.Decide("watch", at) || !m.Decide("end_watch", at) || m.Decide("end_watch", at) || m.Watched {
		t.Error("watching begins and ends once")
	}
}

func TestTermsHaveBounds(t *testing.T) {
	for name, x := range map[string]struct {
		t     Terms
		field string
	}{
		"good":                          {Terms{AnswerDays: 3, ReturnDays: 7, Pledges: []string{"no_reason_return"}}, ""},
		"the law's own":                 {Terms{AnswerDays: 10}, ""},
		"longer than the law's":         {Terms{AnswerDays: 11}, "terms.answer_days"},
		"never":                         {Terms{}, "terms.answer_days"},
		"days of returns, not promised": {Terms{AnswerDays: 3, ReturnDays: 7}, "terms.return_days"},
		"no such pledge":                {Terms{AnswerDays: 3, Pledges: []string{"free_beer"}}, "terms.pledges"},
		"twice":                         {Terms{AnswerDays: 3, Pledges: []string{"price_marked", "price_marked"}}, "terms.pledges"},
	} {
		got := ""
		for _, f := range x.t.Faults(10) {
			got = f.Field
		}
		if got != x.field {
			t.Errorf("%s: %q", name, got)
		}
	}
}
