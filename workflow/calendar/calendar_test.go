package calendar

import (
	"testing"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
	lunargo "github.com/6tail/lunar-go/calendar"
	"pgregory.net/rapid"
)

func on(t testing.TB, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The worked examples E01 to E25 that the calendar alone answers.
func TestWorkedExamples(t *testing.T) {
	latest := "2026-11-23"
	for _, e := range []struct {
		id, from string
		n        int
		unit     Unit
		known    string
		raw, due string
		literal  string // due by holidays only, where it differs
	}{
		{"E01", "2024-02-08", 7, WorkingDay, latest, "", "2024-02-23", ""},
		{"E02", "2024-02-10", 7, WorkingDay, latest, "", "2024-02-26", ""},
		{"E03", "2024-04-28", 7, WorkingDay, latest, "", "2024-05-10", ""},
		{"E04", "2024-09-13", 7, WorkingDay, latest, "", "2024-09-25", ""},
		{"E05", "2024-09-30", 7, WorkingDay, latest, "", "2024-10-15", ""},
		{"E06", "2024-01-15", 45, WorkingDay, latest, "", "2024-03-21", ""},
		{"E07", "2018-09-28", 7, WorkingDay, latest, "", "2018-10-12", ""},
		{"E08", "2018-12-05", 60, Day, latest, "2019-02-03", "2019-02-03", ""},
		{"E09", "2018-12-20", 7, WorkingDay, latest, "", "2018-12-29", ""},
		{"E09 before the 2019 notice", "2018-12-20", 7, WorkingDay, "2018-12-05", "", "2018-12-31", ""},
		{"E10", "2019-04-18", 10, WorkingDay, latest, "", "2019-05-05", ""},
		{"E10 before the amendment", "2019-04-18", 10, WorkingDay, "2019-03-21", "", "2019-05-03", ""},
		{"E11", "2020-01-22", 7, WorkingDay, latest, "", "2020-02-10", ""},
		{"E11 on the day of receipt", "2020-01-22", 7, WorkingDay, "2020-01-22", "", "2020-02-06", ""},
		{"E12", "2025-01-27", 7, WorkingDay, latest, "", "2025-02-12", ""},
		{"E13", "2026-02-12", 10, WorkingDay, latest, "", "2026-03-04", ""},
		{"E14", "2026-02-12", 7, WorkingDay, latest, "", "2026-02-28", ""},
		{"E15", "2026-04-30", 7, WorkingDay, latest, "", "2026-05-13", ""},
		{"E16", "2026-04-14", 45, WorkingDay, latest, "", "2026-06-18", ""},
		{"E16 by State Council Order 778", "2026-04-14", 60, Day, latest, "2026-06-13", "2026-06-15", "2026-06-13"},
		{"E17", "2026-04-15", 60, Day, latest, "2026-06-14", "2026-06-15", "2026-06-14"},
		{"E18", "2026-04-20", 60, Day, latest, "2026-06-19", "2026-06-22", "2026-06-22"},
		{"E19", "2026-08-05", 60, Day, latest, "2026-10-04", "2026-10-08", "2026-10-08"},
		{"E20", "2026-04-16", 60 + 20, Day, latest, "2026-07-05", "2026-07-06", "2026-07-05"},
		{"E21", "2026-09-03", 30, Day, latest, "2026-10-03", "2026-10-08", "2026-10-08"},
		{"E22", "2026-09-18", 15, WorkingDay, latest, "", "2026-10-15", ""},
		{"E23", "2026-12-25", 7, WorkingDay, latest, "", "2027-01-06", ""},
		{"E24", "2024-01-15", 45 + 10, WorkingDay, latest, "", "2024-04-07", ""},
		{"E25", "2024-01-15", 45, WorkingDay, latest, "", "2024-03-21", ""},
	} {
		v := Embedded().KnownAt(on(t, e.known))
		got := v.Count(on(t, e.from), e.n, e.unit, RestDay)
		if got.Due != on(t, e.due) || e.raw != "" && got.Raw != on(t, e.raw) {
			t.Errorf("%s: raw %s due %s, want %s %s", e.id, got.Raw, got.Due, e.raw, e.due)
		}
		if lit := v.Count(on(t, e.from), e.n, e.unit, HolidayOnly); e.literal != "" && lit.Due != on(t, e.literal) {
			t.Errorf("%s by holidays only: %s, want %s", e.id, lit.Due, e.literal)
		}
		if got.Provisional != (e.id == "E23") {
			t.Errorf("%s: provisional %v", e.id, got.Provisional)
		}
	}
}

func TestPausesOfE24AndE25(t *testing.T) {
	v := Embedded().KnownAt(on(t, "2024-06-01"))
	for _, e := range []struct {
		from, to string
		work     int
	}{{"2024-02-01", "2024-02-20", 10}, {"2024-02-09", "2024-02-17", 0}} {
		if got := v.WorkingDaysBetween(on(t, e.from), on(t, e.to)); got != e.work {
			t.Errorf("%s to %s: %d working days, want %d", e.from, e.to, got, e.work)
		}
	}
}

func TestYears(t *testing.T) {
	v := Embedded().KnownAt(on(t, "2026-11-23"))
	work := []int{250, 250, 249, 250, 249, 249, 251, 248, 248}
	weekends := []int{7, 6, 6, 7, 7, 7, 8, 5, 6}
	for i := range work {
		year, n, madeUp := 2018+i, 0, 0
		for d := NewDate(year, 1, 1); d.Year() == year; d++ {
			if v.Working(d) {
				n++
				if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
					madeUp++
				}
			}
		}
		if n != work[i] || madeUp != weekends[i] {
			t.Errorf("%d: %d working days, %d of them at weekends; want %d, %d", year, n, madeUp, work[i], weekends[i])
		}
	}
}

// lunar-go keeps the notices too. It misses two worked days of 2013.
func TestAgainstAnotherTable(t *testing.T) {
	v := Embedded().KnownAt(on(t, "2026-11-23"))
	known := map[string]bool{"2013-04-07": true, "2013-10-12": true}
	for d := NewDate(2011, 1, 1); d <= NewDate(2026, 12, 31); d++ {
		w := d.Weekday()
		want := w != time.Saturday && w != time.Sunday
		if h := HolidayUtil.GetHoliday(d.String()); h != nil {
			want = h.IsWork()
		}
		if got := v.Working(d); got != want && !known[d.String()] {
			t.Errorf("%s %s: worked %v, the other table says %v", d, w, got, want)
		}
	}
	for year := range lunar {
		q := lunargo.NewLunarFromYmd(year, 3, 1).GetJieQiTable()["清明"]
		for i, s := range []*lunargo.Solar{lunargo.NewLunarFromYmd(year, 1, 1).GetSolar(), q,
			lunargo.NewLunarFromYmd(year, 5, 5).GetSolar(), lunargo.NewLunarFromYmd(year, 8, 15).GetSolar()} {
			if got := lunar[year][i]; got != s.GetMonth()*100+s.GetDay() {
				t.Errorf("%d, feast %d: %d, want %d-%d", year, i, got, s.GetMonth(), s.GetDay())
			}
		}
	}
}

// A year without a notice never reads as "no holidays".
func TestBeyondTheLastNotice(t *testing.T) {
	v := Embedded().KnownAt(on(t, "2026-11-23"))
	n := 0
	for d := NewDate(2027, 1, 1); d.Year() == 2027; d++ {
		if !v.Provisional(d) {
			t.Fatalf("%s is not provisional", d)
		}
		if statutory(d) != "" {
			n++
			if v.Working(d) {
				t.Errorf("%s is worked", d)
			}
		}
	}
	if n != 13 {
		t.Errorf("%d statutory days in 2027, want 13", n)
	}
	if v.Provisional(NewDate(2026, 12, 31)) {
		t.Error("2026 is covered")
	}
}

func TestVersions(t *testing.T) {
	for known, want := range map[string]string{"2026-11-23": "2026a", "2019-03-21": "2019a", "2019-03-22": "2019b", "2020-01-27": "2020b", "2009-01-01": "none"} {
		if got := Embedded().KnownAt(on(t, known)).Version(); got != want {
			t.Errorf("known at %s: %s, want %s", known, got, want)
		}
	}
}

func TestCountProperties(t *testing.T) {
	v := Embedded().KnownAt(on(t, "2026-11-23"))
	rapid.Check(t, func(t *rapid.T) {
		from := Date(rapid.IntRange(int(NewDate(2011, 1, 1)), int(NewDate(2030, 1, 1))).Draw(t, "from"))
		n := rapid.IntRange(1, 90).Draw(t, "n")
		unit := rapid.SampledFrom([]Unit{WorkingDay, Day, Month, Year}).Draw(t, "unit")
		roll := rapid.SampledFrom([]Roll{RestDay, HolidayOnly}).Draw(t, "roll")
		d := v.Count(from, n, unit, roll)
		if more := v.Count(from, n+1, unit, roll); more.Due < d.Due {
			t.Fatalf("%d %s after %s: %s, one more: %s", n, unit, from, d.Due, more.Due)
		}
		if later := v.Count(from+1, n, unit, roll); later.Due < d.Due {
			t.Fatalf("a day later is due earlier: %s, %s", later.Due, d.Due)
		}
		if roll == RestDay && !v.Working(d.Due) || d.Raw > d.Due || d.Alarm > d.Raw || d.LateFrom != (d.Due+1).Start() {
			t.Fatalf("%+v", d)
		}
		counted, skipped := v.Explain(d)
		if unit == WorkingDay && (len(counted) != n || len(counted)+len(skipped) != int(d.Due-from)) {
			t.Fatalf("counted %d, skipped %d of %d days", len(counted), len(skipped), d.Due-from)
		}
		if On(d.LateFrom) != d.Due+1 || On(d.LateFrom.Add(-time.Microsecond)) != d.Due {
			t.Fatalf("late from %s", d.LateFrom)
		}
	})
}

func TestDates(t *testing.T) {
	if d := on(t, "2024-01-31"); d.AddMonths(1) != on(t, "2024-02-29") || d.AddYears(1) != on(t, "2025-01-31") || d.Weekday() != time.Wednesday {
		t.Error("months, years or weekdays")
	}
	for _, bad := range []string{"2018-02-30", "2018-3-5", "20180305", "", "05/03/2018"} {
		if _, err := ParseDate(bad); err == nil {
			t.Errorf("%q was taken for a date", bad)
		}
	}
	if got := On(time.Date(2026, 1, 31, 16, 30, 0, 0, time.UTC)); got != on(t, "2026-02-01") {
		t.Errorf("half past midnight in China is %s", got)
	}
}
