package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store/audit"
	"fangxin/store/storetest"
)

// Published tables are made again from the log as of the block that each names, and
// each way of altering one is named.
func TestTamperingWithReleases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for range 12 {
			w.File()
		}
		numbers := populate(t, w)
		release := func(day time.Time) {
			t.Helper()
			w.Set(day)
			if _, err := w.ReleaseDue(ctx); err != nil {
				t.Fatal(err)
			}
		}
		release(time.Date(2026, 7, 11, 4, 0, 0, 0, time.UTC))
		w.Do(numbers[1], "withdraw_after_acceptance") // the log goes on, and so do the days that were published
		for range 7 {
			w.File()
		}
		release(time.Date(2026, 10, 11, 4, 0, 0, 0, time.UTC)) // also once more what is mature by now
		findings := func(parts ...string) []audit.Finding {
			t.Helper()
			r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Parts: parts, Now: w.Now()})
			if err != nil {
				t.Fatal(err)
			}
			return r.Findings
		}
		if f := findings(); len(f) > 0 {
			t.Fatal(f)
		}
		if n := w.Count("select count(*) from releases where period = '2026-Q2' and slice = 'domain'"); n != 2 {
			t.Fatalf("the quarter was published %d times", n)
		}
		for _, text := range []string{"update releases set no = no + 100", "delete from releases"} {
			if _, err := w.Pool().Exec(text); err == nil || !strings.Contains(err.Error(), "what was published is never changed") {
				t.Errorf("%s: %v", text, err)
			}
		}
		if w.Dialect() == "postgres" {
			w.Run("drop trigger releases_kept on releases")
		} else {
			w.Run("drop trigger releases_kept_update")
			w.Run("drop trigger releases_kept_delete")
		}
		const may = " where slice = 'domain' and period = '2026-Q2' and no = 1"
		replace := func(old, new string) string {
			return "update releases set body = replace(body, '" + old + "', '" + new + "')" + may
		}
		const altered = "release domain 2026-Q2 no. 1: is not what block"
		w.Run("create table kept_releases as select * from releases" + may)
		for i, x := range []struct{ name, do, says string }{
			{"a number", replace(`"filed":17`, `"filed":18`), altered},
			{"removed", "delete from releases" + may, "release domain 2026-Q2 no. 1: block"},
			{"made up", "insert into releases select slice, period, 9, from_day, to_day, taken_at, height, hash, definitions, rules, calendar, body from releases" + may, "release domain 2026-Q2 no. 9: no block seals it"},
			{"its block", "update releases set height = height - 1" + may, altered},
			{"its instant", "update releases set taken_at = taken_at + 1" + may, altered},
			{"its days", "update releases set to_day = '2026-06-29'" + may, altered},
			{"its definitions", "update releases set definitions = 'x'" + may, altered},
			{"a line", replace(`[{"line":"closed"`, `[{"line":"opened"`), "I-05 opened is made of nothing"},
			{"a number, to what the log did not count", replace(`"filed":17`, `"filed":18`), `says 18 of "filed", and the log counted 17 by then of the county`},
			{"a rate", replace(`"rate":"0.`, `"rate":"0.9`), "and its numbers make"},
			{"a numerator", replace(`"denominator":17`, `"denominator":18`), "is not divided out of its numbers"},
			{"a hidden number shown", replace(`"closed.**":null`, `"closed.**":1`), "which tells of too few"},
			{"a number hidden", replace(`"filed":17`, `"filed":null`), `hides "filed" of the county`},
			{"a histogram", replace(`"deciles":[]`, `"deciles":[1]`), "is not the histogram of the log"},
			{"what is open", replace(`"open":`, `"open":9`), "what is open is not"},
			{"its text", "update releases set body = '['" + may, "its text does not read"},
		} {
			if i > 2 && w.Dialect() == "postgres" { // the same Go code reads both
				break
			}
			w.Run(x.do)
			found := findings("statistics")
			if !slices.ContainsFunc(found, func(f audit.Finding) bool { return f.Part == "statistics" && strings.Contains(f.String(), x.says) }) {
				t.Errorf("%s: %v", x.name, found)
			}
			w.Run("delete from releases where slice = 'domain' and period = '2026-Q2' and no in (1, 9)")
			w.Run("insert into releases select * from kept_releases")
		}
		if f := findings(); len(f) > 0 {
			t.Fatalf("put back: %v", f)
		}
	})
}
