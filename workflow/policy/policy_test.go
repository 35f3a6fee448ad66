package policy

import (
	"strings"
	"testing"

	"fangxin/workflow/calendar"
)

func on(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Lengths by regime, with the overlay of Order 778 and with pauses: E06, E08,
// E16, E17, E20, E24, E25.
func TestMediationByRegime(t *testing.T) {
	r := Default()
	for _, e := range []struct {
		id, start string
		pause     Pause
		due, rule string
	}{
		{"E06", "2024-01-15", Pause{}, "2024-03-21", "R1/2020-01-01"},
		{"E08", "2018-12-05", Pause{}, "2019-02-03", "R0/2014-03-15"},
		{"E16", "2026-04-14", Pause{}, "2026-06-15", "R1b/2024-07-01"},
		{"E17", "2026-04-15", Pause{}, "2026-06-15", "R2/2026-04-15"},
		{"E20", "2026-04-16", Pause{20, 14}, "2026-07-06", "R2/2026-04-15"},
		{"E24", "2024-01-15", Pause{19, 10}, "2024-04-07", "R1/2020-01-01"},
		{"E25", "2024-01-15", Pause{8, 0}, "2024-03-21", "R1/2020-01-01"},
	} {
		q := Question{Start: on(t, e.start)}
		term, err := r.Term("mediation_end", q)
		if err != nil || !term.Statutory {
			t.Fatal(err)
		}
		due, used := r.Due(term, q, e.pause, on(t, "2026-11-23"))
		if due.Due != on(t, e.due) || used.Rule != e.rule {
			t.Errorf("%s: due %s by %s, want %s by %s", e.id, due.Due, used.Rule, e.due, e.rule)
		}
	}
}

// The lists as the articles give them.
func TestGroundLists(t *testing.T) {
	for day, want := range map[string][2]string{
		"2018-01-01": {"REF1 REF2 REF3 REF4 REF7", "TER1a TER1b TER2a TER2b TER3 TER5 TER6 TER8"},
		"2023-01-01": {"REF1 REF2 REF3 REF4 REF5 REF7", "TER1a TER1b TER2a TER2b TER3 TER4 TER5 TER6 TER8"},
		"2026-05-01": {"REF1 REF2 REF3 REF4 REF5 REF6 REF7", "TER1a TER1b TER2a TER2b TER3 TER4 TER5 TER6 TER7 TER8"},
		"2014-03-14": {"", ""},
	} {
		if got := codes(Default().RefusalGrounds(on(t, day))); got != want[0] {
			t.Errorf("to refuse on %s: %s", day, got)
		}
		if got := codes(Default().TerminationGrounds(on(t, day))); got != want[1] {
			t.Errorf("to terminate on %s: %s", day, got)
		}
	}
}

func codes(all []Ground) string {
	var out []string
	for _, g := range all {
		out = append(out, g.Code)
	}
	return strings.Join(out, " ")
}

func TestParameters(t *testing.T) {
	literal, err := Load("x", []byte(strings.Replace(string(huantaiFile), "roll: rest_day ", "roll: holiday_only ", 1)))
	if err != nil {
		t.Fatal(err)
	}
	q := Question{Start: on(t, "2026-04-15")}
	term, _ := literal.Term("mediation_end", q)
	if due, _ := literal.Due(term, q, Pause{}, on(t, "2026-11-23")); due.Due != on(t, "2026-06-14") {
		t.Errorf("the letter of Art. 45: %s", due.Due)
	}
	off, err := Load("x", []byte(strings.Replace(string(huantaiFile), "overlay: earlier ", "overlay: off ", 1)))
	if err != nil {
		t.Fatal(err)
	}
	q = Question{Start: on(t, "2026-04-14")}
	term, _ = off.Term("mediation_end", q)
	if due, _ := off.Due(term, q, Pause{}, on(t, "2026-11-23")); due.Due != on(t, "2026-06-18") {
		t.Errorf("without the overlay: %s", due.Due)
	}
}

// Where a regime names no length the county's own applies and is not statutory.
func TestOwnWhereTheRegimeIsSilent(t *testing.T) {
	for _, code := range []string{"green_channel", "termination_notice", "jurisdiction_dispute", "lead_check"} {
		term, err := Default().Term(code, Question{Start: on(t, "2018-05-01")})
		if err != nil || term.Statutory || term.Rule != "own/2026-01" {
			t.Errorf("%s under Order 62: %+v %v", code, term, err)
		}
	}
	if term, _ := Default().Term("termination_notice", Question{Start: on(t, "2026-05-01")}); !term.Statutory {
		t.Error("termination_notice is statutory under Order 121")
	}
	if _, err := Default().Term("nonsense", Question{}); err == nil {
		t.Error("a clock that nobody knows has a length")
	}
}

func TestGroundsByRegime(t *testing.T) {
	r := Default()
	for _, e := range []struct {
		day, code string
		want      bool
	}{{"2026-04-15", "REF6", true}, {"2026-04-14", "REF6", false}, {"2018-01-01", "REF5", false}, {"2020-01-01", "REF5", true}} {
		if got := r.HasRefusalGround(on(t, e.day), e.code); got != e.want {
			t.Errorf("%s on %s: %v", e.code, e.day, got)
		}
	}
	if r.HasTerminationGround(on(t, "2026-04-14"), "TER7") || !r.HasTerminationGround(on(t, "2026-04-15"), "TER7") {
		t.Error("TER7 is new in Order 121")
	}
	if _, known := r.Regime(on(t, "2014-03-14")); known {
		t.Error("no regime is known before 2014-03-15")
	}
	if r.AppealLimit(on(t, "2018-05-05")) != on(t, "2019-05-05") || r.AppealLimit(on(t, "2024-02-29")) != on(t, "2027-02-28") {
		t.Error("the limit is one year under Order 62 and three since")
	}
}
