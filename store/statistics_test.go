package store_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// Figures of a merchant: complained of again by another person and not by the
// same one; what is owed stands until it is done; a reopening takes the closing
// away on the day that it was counted for.
func TestStatistics(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		day := calendar.On(w.Now())
		ask := func(by string, from, to calendar.Date) []indicator.Group {
			t.Helper()
			q := indicator.Query{From: from, To: to}
			q.By, q.Per, _ = indicator.ParseBy(by)
			groups, _, err := w.Statistics(ctx, q, 0)
			if err != nil {
				t.Fatal(err)
			}
			return groups
		}
		rate := func(g indicator.Group, id, line string) [2]int64 {
			for _, f := range indicator.Figures(g.Counts, g.To, g.To) {
				for _, r := range f.Rates {
					if f.ID == id && r.Line == line {
						return [2]int64{r.Numerator, r.Denominator}
					}
				}
			}
			return [2]int64{-1, -1}
		}
		file := func(phone string) string {
			cmd := w.Filing()
			cmd.Private.Person.Phone = phone
			a, err := w.Execute(ctx, store.Request{Command: cmd})
			if err != nil {
				t.Fatal(err)
			}
			w.Advance(time.Hour)
			return a.Number
		}
		settle := func() {
			for _, do := range []func() (int, error){func() (int, error) { return w.Block(ctx) }, func() (int, error) { return w.Board(ctx, 100) }, func() (int, error) { return w.MatchRespondents(ctx, 100) }} {
				if _, err := do(); err != nil {
					t.Fatal(err)
				}
			}
		}
		first, again := file("13800000001"), file("13800000001")
		settle()
		w.Do(first, "classify", "dispatch", "accept")
		w.Do(again, "classify", "dispatch", "accept")
		if g := ask("merchant", day, day); len(g) != 1 || rate(g[0], "I-12a", "repeated") != [2]int64{0, 2} || g[0].Key == "" {
			t.Errorf("the same person again: %v", g)
		}
		other := file("13800000002")
		settle()
		w.Do(other, "classify", "dispatch", "accept")
		if g := ask("merchant", day, day); rate(g[0], "I-12a", "repeated") != [2]int64{1, 3} {
			t.Errorf("another person: %v", g)
		}
		for _, by := range []string{"merchant", "size", "member", "programme"} { // one value is read another way than all
			whole, seen := ask(by, day, day), 0
			for _, of := range []string{"", "yes", "no", "large", "m_00000000000000000000000000", whole[0].Key} {
				groups, _, err := w.Statistics(ctx, indicator.Query{From: day, To: day, By: by, Of: &of}, 0)
				i := slices.IndexFunc(whole, func(g indicator.Group) bool { return g.Key == of })
				if err != nil || (i < 0) != (len(groups) == 0) || i >= 0 && !reflect.DeepEqual(groups[0], whole[i]) {
					t.Errorf("%s %q: %v, of all %v, %v", by, of, groups, whole, err)
				}
				if i >= 0 {
					seen++
				}
			}
			if seen == 0 {
				t.Errorf("%s has none of these values", by)
			}
		}
		if g := ask("", day, day); rate(g[0], "I-12a", "repeated") != [2]int64{0, 0} {
			t.Errorf("of all merchants nobody can say it in time: %v", g)
		}

		late := file("13800000003")
		w.Advance(20 * 24 * time.Hour) // nobody has looked at it in time
		if _, err := w.Sweep(ctx, 100); err != nil {
			t.Fatal(err)
		}
		settle()
		today := calendar.On(w.Now())
		w.Do(late, "classify", "dispatch", "refuse")
		owed := func(from, to calendar.Date) (n int64) {
			for _, v := range ask("", from, to)[0].Counts["owed.triage"] {
				n += v
			}
			return n
		}
		if a, b, c := owed(day, today-1), owed(today-1, today-1), owed(day, today); a != 1 || b != 1 || c != 0 {
			t.Errorf("owed on the day before %d, asked of that day alone %d, after it was done %d", a, b, c)
		}
		if g := ask("day", today, today); rate(g[0], "I-14", "refused") != [2]int64{1, 1} {
			t.Errorf("refused: %v", g)
		}
		w.Advance(5 * 24 * time.Hour)
		w.Do(late, "correct_closing")
		settle()
		if g := ask("day", today, today); rate(g[0], "I-14", "refused") != [2]int64{0, 0} || rate(g[0], "I-12b", "reopened") != [2]int64{1, 1} {
			t.Errorf("reopened: %v", g[0].Counts)
		}
		if g := ask("rolling", day, today); len(g) != 1 || g[0].From != today.AddDays(-364) || rate(g[0], "I-05", "closed") != [2]int64{0, 4} {
			t.Errorf("rolling: %v", g)
		}
	})
}
