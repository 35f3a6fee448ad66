package store_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// A quarter is published ten days after its end and once more when it is mature;
// small cells are hidden, the county adds up, nothing that was said changes a
// little, and what was said first can still be read.
func TestTablesArePublishedOnTheirDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		due := func(want int) {
			t.Helper()
			for n := 1; n > 0; {
				var err error
				if n, err = w.Block(ctx); err != nil {
					t.Fatal(err)
				}
			}
			made, err := w.ReleaseDue(ctx)
			if err != nil || len(made) != want {
				t.Fatalf("%s: published %v, %v; expected %d", calendar.On(w.Now()), made, err, want)
			}
		}
		var numbers []string
		for range 3 {
			numbers = append(numbers, w.File())
		}
		day := calendar.On(w.Now())
		quarter := (int(day.String()[5]-'0')*10+int(day.String()[6]-'0')+2)/3 - 1
		name := day.String()[:4] + "-Q" + string(rune('1'+quarter))
		end := calendar.NewDate(day.Year(), time.Month(quarter*3+3), 1).AddMonths(1) - 1
		at := func(d calendar.Date) { w.Set(d.Start().Add(12 * time.Hour)) }
		at(end + 9)
		due(0)
		if _, err := w.PublicTable(ctx, "domain", name); !errors.Is(err, store.ErrNoRelease) {
			t.Fatal(err)
		}
		at(end + 10)
		due(len(indicator.PublicSlices))
		due(0)
		first, err := w.PublicTable(ctx, "domain", name)
		if err != nil || len(first.Groups) < 12 {
			t.Fatalf("%d groups, %v", len(first.Groups), err)
		}
		hidden := 0
		for _, g := range first.Groups {
			switch n := g.Numbers["filed"]; {
			case g.Whole && (n == nil || *n != 3):
				t.Errorf("the county filed %v", n)
			case n == nil:
				hidden++
			case !g.Whole && *n != 0:
				t.Errorf("domain %s shows %d", g.Key, *n)
			}
		}
		if hidden < 2 {
			t.Errorf("%d cells are hidden: one alone follows from the county", hidden)
		}
		w.Do(numbers[0], "withdraw_before_acceptance")
		at(end + 99)
		made, err := w.ReleaseDue(ctx) // what came due of the quarter after
		if err != nil || slices.Contains(made, "domain "+name) {
			t.Fatal(made, err)
		}
		at(end + 100)
		if made, err = w.ReleaseDue(ctx); err != nil || !slices.Contains(made, "domain "+name) {
			t.Fatal(made, err)
		}
		again, err := w.PublicTable(ctx, "domain", name)
		if err != nil || again.No != 2 || w.Count("select count(*) from releases where slice = 'domain' and period = $1", name) != 2 {
			t.Fatalf("%d, %v", again.No, err)
		}
		for i, g := range again.Groups {
			if !g.Whole && !reflect.DeepEqual(g.Numbers["filed"], first.Groups[i].Numbers["filed"]) {
				t.Errorf("%s steps from %v to %v", g.Key, first.Groups[i].Numbers["filed"], g.Numbers["filed"])
			}
		}
	})
}
