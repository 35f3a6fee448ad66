package calendar

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
	"pgregory.net/rapid"
)

// file writes a whole year in the holiday-cn form: statutory days off and what
// is added.
func file(year string, added ...string) []byte {
	days := []string{"01-01", "02-05", "02-06", "02-07", "02-08", "04-05", "05-01", "05-02", "06-09", "09-15", "10-01", "10-02", "10-03"}
	var b strings.Builder
	for _, d := range days {
		b.WriteString(`{"name":"节","date":"` + year + "-" + d + `","isOffDay":true},`)
	}
	b.WriteString(strings.Join(added, ","))
	return []byte(`{"year":` + year + `,"papers":["https://example.org/"],"days":[` + strings.TrimSuffix(b.String(), ",") + `]}`)
}

func worked(day string) string { return `{"name":"节","date":"` + day + `","isOffDay":false}` }
func off(day string) string    { return `{"name":"节","date":"` + day + `","isOffDay":true}` }

func with(t *testing.T, c *Calendar, published string, data []byte) *Calendar {
	t.Helper()
	n, err := ParseNotice(data, on(t, published))
	if err != nil {
		t.Fatal(err)
	}
	if c, err = c.With(n); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestImportedNoticeMakesTheYearCertain(t *testing.T) {
	c := with(t, Embedded(), "2026-12-01", file("2027", worked("2027-02-14"), worked("2027-02-15")))
	before, after := c.KnownAt(on(t, "2026-11-30")), c.KnownAt(on(t, "2026-12-01"))
	if !after.Working(on(t, "2027-02-14")) || before.Working(on(t, "2027-02-14")) {
		t.Error("the make-up Sunday is known from the day of publication, not before")
	}
	if last := c.Notices()[len(c.Notices())-1]; slices.ContainsFunc(last.Days, func(d NoticeDay) bool { return d.Date == on(t, "2027-02-15") }) {
		t.Error("an ordinary Monday is no make-up day")
	}
	if after.Provisional(on(t, "2027-03-01")) || !after.Provisional(on(t, "2028-03-01")) {
		t.Error("2027 is certain and 2028 is not")
	}
	if got := before.Changed(after); !slices.Equal(got, []Date{on(t, "2027-02-14")}) {
		t.Errorf("changed: %v", got)
	}
	if s, _ := after.Why(on(t, "2027-02-08")); !strings.HasPrefix(s.English, "节 holiday") {
		t.Errorf("a name that has no translation: %q", s.English)
	}
}

// A file tells the whole year, so a day off that the later one leaves out is
// worked again.
func TestALaterFileTakesThePlaceOfTheEarlier(t *testing.T) {
	c := with(t, Embedded(), "2026-12-01", file("2027", off("2027-02-09"), worked("2027-02-14")))
	c = with(t, c, "2027-01-10", file("2027", worked("2027-02-09")))
	v := c.KnownAt(on(t, "2027-01-10"))
	if !v.Working(on(t, "2027-02-09")) || v.Working(on(t, "2027-02-14")) {
		t.Error("the first file still counts")
	}
	if c.KnownAt(on(t, "2027-01-09")).Working(on(t, "2027-02-09")) {
		t.Error("the second file was not known yet")
	}
	if last := c.Notices()[len(c.Notices())-1]; !last.Amends {
		t.Error("a second notice for a year amends it")
	}
}

// The same version means the same knowledge, and the other way round.
func TestVersionNamesTheKnowledge(t *testing.T) {
	today := on(t, "2026-12-31")
	plain := with(t, Embedded(), "2026-12-01", file("2027")).KnownAt(today).Version()
	again := with(t, with(t, Embedded(), "2026-12-01", file("2027")), "2026-12-02", file("2027")).KnownAt(today).Version()
	other := with(t, Embedded(), "2026-12-01", file("2027", worked("2027-02-14"))).KnownAt(today).Version()
	if plain != again || plain == other || !strings.HasPrefix(plain, "2027a.") {
		t.Errorf("%s, imported twice %s, another file %s", plain, again, other)
	}
	// a year of the past, corrected: later notices keep their letters, not their names
	patched := with(t, Embedded(), "2025-06-01", file("2025", off("2025-06-03")))
	if got := patched.KnownAt(today).Version(); got == "2026a" || !strings.HasPrefix(got, "2026a.") {
		t.Errorf("with 2025 corrected: %s", got)
	}
	seen := map[string]int{}
	for i := range len(Embedded().notices) + 1 {
		day := Date(1)
		if i > 0 {
			day = Embedded().notices[i-1].Published
		}
		v := Embedded().KnownAt(day).Version()
		if at, twice := seen[v]; twice {
			t.Errorf("%s names both %d and %d notices", v, at, i)
		}
		seen[v] = i
	}
}

// Before its notice came, a year had its statutory days: 11, and 13 since 2025.
func TestAYearLookedAtBeforeItsNotice(t *testing.T) {
	for year := 2012; year <= 2027; year++ {
		v, named := Embedded().KnownAt(NewDate(year-1, 10, 1)), 0
		for d := NewDate(year, 1, 1); d.Year() == year; d++ {
			if !v.Provisional(d) {
				t.Fatalf("%s was not known on 1 October before", d)
			}
			if v.of(d)&holiday != 0 {
				named++
				if v.Working(d) {
					t.Errorf("%s is worked", d)
				}
			}
		}
		want := 11
		if year >= 2025 {
			want = 13
		}
		if year == 2020 { // Mid-Autumn on National Day
			want--
		}
		if named != want {
			t.Errorf("%d: %d statutory days, want %d", year, named, want)
		}
	}
	v := Embedded().KnownAt(on(t, "2018-11-30"))
	if got := v.Count(on(t, "2019-02-01"), 5, WorkingDay, RestDay); got.Due != on(t, "2019-02-13") || !got.Provisional {
		t.Errorf("over the Spring Festival of 2019, before its notice: %s", got.Due)
	}
}

// The statutory days of every year are among the days off of its notice.
func TestStatutoryDaysAgainstTheNotices(t *testing.T) {
	for d := NewDate(2011, 1, 1); d <= NewDate(2026, 12, 31); d++ {
		if name := statutory(d); name != "" {
			h := HolidayUtil.GetHoliday(d.String())
			w := d.Weekday()
			if (h == nil || h.IsWork()) && w != time.Saturday && w != time.Sunday {
				t.Errorf("%s is %s, and the notice has it worked", d, name)
			}
		}
	}
}

// A hole in what is known shows in every period that spans it.
func TestAHoleIsProvisional(t *testing.T) {
	c := with(t, Embedded(), "2026-12-01", file("2028"))
	v := c.KnownAt(on(t, "2026-12-01"))
	if d := v.Count(on(t, "2026-12-01"), 3, Year, RestDay); !d.Provisional {
		t.Error("2027 lies between and has no notice")
	}
	if d := v.Count(on(t, "2026-12-01"), 14, Month, RestDay); d.Due.Year() != 2028 || !d.Provisional {
		t.Errorf("ends in 2028, which has a notice, over 2027, which has none: %+v", d)
	}
	if d := v.Count(on(t, "2028-01-10"), 10, Day, RestDay); d.Provisional {
		t.Error("2028 has its notice")
	}
}

func TestWrongNotices(t *testing.T) {
	day := on(t, "2026-12-01")
	for _, bad := range []string{`{}`, `null`, `{"year":2027,"days":[]}`, `{"year":2027,"days":[{"date":"2026-13-01"}]}`, `{"year":2027,"dayz":[]}`,
		string(file("2027")) + "{}", string(file("2027", `{"name":"节","date":"2027-02-14"}`)), string(file("2027", off("2029-01-01"))),
		string(file("2027", off("2027-01-01"))), string(file("2027", `{"name":"节","date":"","isOffDay":true}`)), string(file("1999"))} {
		if _, err := ParseNotice([]byte(bad), day); err == nil {
			t.Errorf("%s was taken for a notice", bad)
		}
	}
	for _, n := range []Notice{{}, {Year: 2027, Published: day}, {Year: 2027, Days: []NoticeDay{{day, true, "x"}}}, {Year: 9999, Published: day, Days: []NoticeDay{{day, true, "x"}}}} {
		if _, err := Embedded().With(n); err == nil {
			t.Errorf("%+v was taken", n)
		}
	}
}

// Later knowledge never knows fewer years, and knowledge only changes on a day
// of publication.
func TestKnowledgeGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Date(rapid.IntRange(int(NewDate(2010, 1, 1)), int(NewDate(2027, 1, 1))).Draw(t, "known"))
		a, b := Embedded().KnownAt(d-1), Embedded().KnownAt(d)
		published := slices.ContainsFunc(embedded, func(n notice) bool { return n.published == d.String() })
		if (a != b) != published || (a.Version() != b.Version()) != published {
			t.Fatalf("%s: %s then %s, a notice on that day: %v", d, a.Version(), b.Version(), published)
		}
		if len(b.Covered()) < len(a.Covered()) {
			t.Fatalf("%s: %v after %v", d, b.Covered(), a.Covered())
		}
	})
}

// Views are filled once, by whoever asks first; counting allocates nothing.
func TestConcurrentViewsAndNoAllocations(t *testing.T) {
	c, err := Embedded().With()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for d := NewDate(2010, 6, 1); d < NewDate(2027, 1, 1); d += 60 {
				if got, want := c.KnownAt(d).Version(), Embedded().KnownAt(d).Version(); got != want {
					t.Errorf("%s: %s, want %s", d, got, want)
				}
			}
		})
	}
	wg.Wait()
	from := on(t, "2024-01-15")
	if n := testing.AllocsPerRun(100, func() { Embedded().KnownAt(from).Count(from, 45, WorkingDay, RestDay) }); n != 0 {
		t.Errorf("%v allocations per count", n)
	}
}

func TestNoticesAreCited(t *testing.T) {
	for _, n := range Embedded().Notices() {
		if n.Title == "" || n.Number == "" || n.Published == 0 || n.Published.Year() > n.Year {
			t.Errorf("%+v", n)
		}
		if known := n.Number != notYet; known != strings.HasPrefix(n.URL, "https://www.gov.cn/") {
			t.Errorf("%d %s: %q", n.Year, n.Number, n.URL)
		}
		for _, d := range n.Days {
			if y := d.Date.Year(); y != n.Year && y != n.Year-1 {
				t.Errorf("%s stands in the notice for %d", d.Date, n.Year)
			}
		}
	}
}

func BenchmarkCount(b *testing.B) {
	from := NewDate(2024, 1, 15)
	b.ReportAllocs()
	for b.Loop() {
		Embedded().KnownAt(from).Count(from, 45, WorkingDay, RestDay)
	}
}
