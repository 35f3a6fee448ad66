package policy

import (
	"os"
	"slices"
	"strings"
	"testing"

	"fangxin/workflow/calendar"

	"gopkg.in/yaml.v3"
)

// clocks of the procedure, for where the published table is not at hand.
var clocks = append([]string{"accept_decision", "mediation_end", "mediator_accepts", "court_mediation", "confirmation_application",
	"confirmation_docketing", "confirmation_decision"}, ownKnown...)

// Every clock of the procedure has a length in every regime.
func TestEveryClockHasALength(t *testing.T) {
	codes := clocks
	if text, err := os.ReadFile("../../../shared/transitions.yaml"); err == nil {
		var table struct {
			Clocks map[string]any `yaml:"clocks"`
		}
		if err := yaml.Unmarshal(text, &table); err != nil || len(table.Clocks) == 0 {
			t.Fatalf("the published table: %d clocks, %v", len(table.Clocks), err)
		}
		for code := range table.Clocks {
			if !slices.Contains(clocks, code) {
				t.Errorf("%s is missing in the list here", code)
			}
		}
	}
	own := 0
	for _, day := range []string{"2014-03-15", "2019-12-31", "2020-01-01", "2024-07-01", "2026-04-15", "2030-01-01"} {
		start := on(t, day)
		for _, code := range codes {
			q := Question{Start: start}
			term, err := Default().Term(code, q)
			if err != nil || term.Code != code || term.N < 1 || term.Rule == "" || term.Basis == "" || term.Roll == "" {
				t.Errorf("%s on %s: %+v %v", code, day, term, err)
			}
			if strings.HasPrefix(term.Rule, "own/") {
				if own++; term.Statutory {
					t.Errorf("%s on %s: an own promise is no statute", code, day)
				}
			}
			if due, _ := Default().Due(term, q, Pause{}, start); due.Due <= start {
				t.Errorf("%s from %s is due on %s", code, day, due.Due)
			}
		}
	}
	if own == 0 {
		t.Error("no promise of the county's own was asked for")
	}
}

func TestLengths(t *testing.T) {
	for _, e := range []struct {
		code, day, kind string
		domain, n       int
		unit            calendar.Unit
		rule            string
		statutory       bool
	}{
		{"accept_decision", "2018-05-01", "", 0, 7, calendar.WorkingDay, "R0/2014-03-15", true},
		{"accept_decision", "2026-04-15", "", 0, 7, calendar.WorkingDay, "R2/2026-04-15", true},
		{"mediation_end", "2024-06-30", "", 0, 45, calendar.WorkingDay, "R1/2020-01-01", true},
		{"court_mediation", "2026-05-01", "", 0, 30, calendar.Day, "court/2022", true},
		{"court_mediation", "2026-05-01", "ordinary", 0, 15, calendar.Day, "court/2022", true},
		{"court_mediation", "2026-05-01", "summary", 0, 7, calendar.Day, "court/2022", true},
		{"green_channel", "2026-05-01", "", 0, 10, calendar.WorkingDay, "R2/2026-04-15", false},
		{"foreign_duty", "2026-05-01", "", 1, 30, calendar.Day, "own/2026-01", false},
		{"foreign_duty", "2026-05-01", "", 6, 30, calendar.WorkingDay, "department/2021", true},
		{"foreign_duty", "2026-05-01", "", 5, 60, calendar.Day, "department/2021", true},
		{"foreign_duty", "2026-05-01", "", 11, 30, calendar.Day, "own/2026-01", false},
	} {
		got, err := Default().Term(e.code, Question{Start: on(t, e.day), Kind: e.kind, Domain: e.domain})
		if err != nil || got.N != e.n || got.Unit != e.unit || got.Rule != e.rule || got.Statutory != e.statutory {
			t.Errorf("%s %s domain %d on %s: %+v %v", e.code, e.kind, e.domain, e.day, got, err)
		}
	}
	if _, err := Default().Term("court_mediation", Question{Start: on(t, "2026-05-01"), Kind: "other"}); err == nil {
		t.Error("a kind of court mediation that nobody knows has a length")
	}
	if _, err := Default().Term("accept_decision", Question{Start: on(t, "2014-03-14")}); err == nil {
		t.Error("no regime is known on 2014-03-14")
	}
}

// State Council Order 778 stands beside Order 20 from 2024-07-01 to 2026-04-14.
func TestOverlayInItsDays(t *testing.T) {
	for day, want := range map[string]bool{"2024-06-30": false, "2024-07-01": true, "2026-04-14": true, "2026-04-15": false} {
		term, err := Default().Term("mediation_end", Question{Start: on(t, day)})
		if err != nil || (term.Overlay != nil) != want {
			t.Errorf("%s: %+v %v", day, term, err)
		}
		if want && (term.Overlay.N != 60 || term.Overlay.Unit != calendar.Day || !strings.Contains(term.Overlay.Basis, "778")) {
			t.Errorf("%s beside it: %+v", day, term.Overlay)
		}
	}
	// the earlier end counts for every day on which both stand, pauses included
	for day := on(t, "2024-07-01"); day <= on(t, "2026-04-14"); day++ {
		q, p := Question{Start: day}, Pause{Days: int(day) % 30, WorkingDays: int(day) % 30 * 5 / 7}
		term, _ := Default().Term("mediation_end", q)
		got, used := Default().Due(term, q, p, on(t, "2026-11-23"))
		v := Default().Calendar().KnownAt(on(t, "2026-11-23"))
		a := v.Count(day, 45+p.WorkingDays, calendar.WorkingDay, calendar.RestDay)
		b := v.Count(day, 60+p.Days, calendar.Day, calendar.RestDay)
		if got.Due != min(a.Due, b.Due) || (used.Rule == "R1b/2024-07-01") != (b.Due < a.Due) {
			t.Fatalf("%s: %s by %s, of %s and %s", day, got.Due, used.Rule, a.Due, b.Due)
		}
	}
}

func TestAgreedDayAndLaterStart(t *testing.T) {
	r, known := Default(), on(t, "2026-11-23")
	q := Question{Start: on(t, "2026-05-06"), Agreed: on(t, "2026-06-19")} // Dragon Boat
	for _, code := range []string{"performance", "appraisal_report", "court_mediation"} {
		term, err := r.Term(code, q)
		if err != nil || term.Fixed != q.Agreed || term.N != 0 {
			t.Fatalf("%s: %+v %v", code, term, err)
		}
		if due, _ := r.Due(term, q, Pause{}, known); due.Raw != q.Agreed || due.Due != on(t, "2026-06-22") {
			t.Errorf("%s: agreed on a holiday, due %s", code, due.Due)
		}
	}
	q = Question{Start: on(t, "2026-05-06"), After: on(t, "2026-06-01")}
	term, _ := r.Term("result_close", q)
	if due, _ := r.Due(term, q, Pause{}, known); due.From != q.After || due.Raw != q.After.AddDays(90) {
		t.Errorf("counted from the later start: %+v", due)
	}
	q.After = on(t, "2026-04-01")
	if due, _ := r.Due(term, q, Pause{}, known); due.From != q.Start {
		t.Errorf("an earlier day does not count: %+v", due)
	}
}

// An imported calendar reaches the due days, and leaves the other rules alone.
func TestWithCalendar(t *testing.T) {
	day := on(t, "2026-12-25")
	c, err := calendar.Embedded().With(calendar.Notice{Year: 2027, Published: day, Days: []calendar.NoticeDay{{Date: on(t, "2027-01-01"), Off: true, Name: "元旦"}, {Date: on(t, "2027-01-04"), Off: true, Name: "元旦"}}})
	if err != nil {
		t.Fatal(err)
	}
	r, q := Default().WithCalendar(c), Question{Start: day}
	term, _ := r.Term("accept_decision", q)
	a, _ := r.Due(term, q, Pause{}, day)
	b, _ := Default().Due(term, q, Pause{}, day)
	if a.Due != on(t, "2027-01-07") || b.Due != on(t, "2027-01-06") || a.Provisional || !b.Provisional {
		t.Errorf("with the notice %+v, without %+v", a, b)
	}
}

// A length is asked for with every clock that starts.
func TestTermsAllocateNothing(t *testing.T) {
	r, q := Default(), Question{Start: on(t, "2025-05-06"), Domain: 1}
	if n := testing.AllocsPerRun(100, func() {
		term, _ := r.Term("mediation_end", q)
		r.Due(term, q, Pause{}, q.Start)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
