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

// A wrong file is refused with file and line.
func TestWrongFiles(t *testing.T) {
	good := string(huantaiFile)
	for name, x := range map[string]struct{ from, to, says string }{
		"misspelt key":  {"reminders:", "remindrs:", "county.yaml:"},
		"key twice":     {"  overlay: earlier", "  overlay: earlier\n  overlay: off", "already defined"},
		"wrong value":   {"roll: rest_day", "roll: sunday", "roll is rest_day or holiday_only"},
		"wrong type":    {"number: 1\n", "number: one\n", "county.yaml:"},
		"promise gone":  {"code: triage,", "code: trage,", "own promises lack triage"},
		"no such lead":  {"lead: aic", "lead: nobody", "a lead from the departments"},
		"length of 0":   {"code: triage, zh: 分流, n: 2", "code: triage, zh: 分流, n: 0", "n from 1 to 1000"},
		"not YAML":      {"county:", "county: [", "county.yaml:"},
		"prefix absent": {"prefix: HT, ", "", "county needs prefix"},
	} {
		if !strings.Contains(good, x.from) {
			t.Fatalf("%s: %q is not in the file", name, x.from)
		}
		_, err := Load("county.yaml", []byte(strings.Replace(good, x.from, x.to, 1)))
		if err == nil || !strings.Contains(err.Error(), x.says) || !strings.Contains(err.Error(), "county.yaml:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRouting(t *testing.T) {
	r := Default()
	if unit, ok := r.Unit(1, "", on(t, "2026-05-01")); !ok || unit != "amr" {
		t.Errorf("daily goods since the reform: %s", unit)
	}
	if unit, _ := r.Unit(1, "", on(t, "2018-09-01")); unit != "aic" {
		t.Errorf("daily goods in 2018: %s", unit)
	}
	if r.Competent("psb", 1, "", on(t, "2026-05-01")) != true || r.Competent("court", 1, "", on(t, "2026-05-01")) || r.Competent("amr", 1, "999", on(t, "2026-05-01")) {
		t.Error("remits")
	}
	if _, duty := r.TransferDuty(2, on(t, "2026-05-01")); !duty {
		t.Error("food must be transferred (食品安全法第115条)")
	}
	if _, duty := r.TransferDuty(1, on(t, "2026-05-01")); duty {
		t.Error("daily goods need not")
	}
}
