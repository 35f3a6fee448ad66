package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// tasksOf reads all pages of a list of tasks.
func tasksOf(t *testing.T, w *storetest.World, u *store.User, f store.TaskFilter) (out []string) {
	t.Helper()
	for after := ""; ; {
		list, next, err := w.Tasks(ctx, u, f, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range list {
			out = append(out, fmt.Sprintf("%s %d %s %s", k.Number, k.Clock.No, k.Clock.Code, k.Clock.Due))
		}
		if after = next; next == "" {
			return out
		}
	}
}

// dutiesIn are the same, out of the cases themselves.
func dutiesIn(t *testing.T, w *storetest.World, numbers []string, may func(c *workflow.Case, k *workflow.Clock) bool) []string {
	t.Helper()
	type line struct {
		late time.Time
		no   int64
		id   int64
		text string
	}
	var all []line
	for _, number := range numbers {
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Clocks {
			k := &c.Clocks[i]
			def, _ := workflow.ClockByCode(k.Code)
			if (k.State == workflow.Running || k.State == workflow.Owed) && def.Whose == "authority" && may(&c.Case, k) {
				all = append(all, line{k.LateFrom, k.No, c.ID, fmt.Sprintf("%s %d %s %s", number, k.No, k.Code, k.Due)})
			}
		}
	}
	slices.SortFunc(all, func(a, b line) int {
		if d := a.late.Compare(b.late); d != 0 {
			return d
		}
		if a.no != b.no {
			return int(a.no - b.no)
		}
		return int(a.id - b.id)
	})
	var out []string
	for _, l := range all {
		out = append(out, l.text)
	}
	return out
}

// The list of tasks is what the cases themselves say, in order, whether or not the
// board has caught up; its counts agree with it; nobody reads what he may not see.
func TestTasksAreTheOpenDuties(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		var numbers []string
		for i, events := range [][]string{nil, {"classify"}, {"classify", "dispatch"}, {"classify", "dispatch", "accept"}, {"request_correction"}, {"classify", "dispatch"}} {
			number := w.File()
			numbers = append(numbers, number)
			w.Do(number, events...)
			if i == 5 {
				assign(t, w, number, "amr", "zhang")
			}
			w.Advance(50 * time.Hour)
		}
		sweep(t, w.Store)
		for _, caught := range []bool{false, true} {
			if caught {
				catchUp(w)
			}
			every := func(*workflow.Case, *workflow.Clock) bool { return true }
			want := dutiesIn(t, w, numbers, every)
			if got := tasksOf(t, w, everything, store.TaskFilter{}); !slices.Equal(got, want) || len(want) < 8 {
				t.Errorf("%v\nwanted %v", got, want)
			}
			now := w.Now()
			late := dutiesIn(t, w, numbers, func(_ *workflow.Case, k *workflow.Clock) bool { return !now.Before(k.LateFrom) })
			if got := tasksOf(t, w, everything, store.TaskFilter{Until: now.Add(time.Microsecond)}); !slices.Equal(got, late) || len(late) == 0 {
				t.Errorf("late: %v\nwanted %v", got, late)
			}
			rest := dutiesIn(t, w, numbers, func(_ *workflow.Case, k *workflow.Clock) bool {
				return now.Before(k.LateFrom) && k.Code == "accept_decision"
			})
			if got := tasksOf(t, w, everything, store.TaskFilter{From: now.Add(time.Microsecond), Clocks: []string{"accept_decision"}}); !slices.Equal(got, rest) || len(rest) == 0 {
				t.Errorf("to come: %v\nwanted %v", got, rest)
			}
			mine := dutiesIn(t, w, numbers, func(c *workflow.Case, _ *workflow.Clock) bool { return c.Facts["officer"] == "zhang" })
			if got := tasksOf(t, w, everything, store.TaskFilter{Officers: []string{"zhang"}}); !slices.Equal(got, mine) || len(mine) == 0 {
				t.Errorf("zhang: %v\nwanted %v", got, mine)
			}
			other := &store.User{Name: "other", Roles: []string{"officer"}, Unit: "psb"}
			if got := tasksOf(t, w, other, store.TaskFilter{}); len(got) != 0 {
				t.Errorf("another unit reads %v", got)
			}
			for key := range store.TaskKeys {
				counts, err := w.CountTasks(ctx, everything, store.TaskFilter{}, key, []time.Time{now, now.Add(1000 * time.Hour)})
				if err != nil {
					t.Fatal(err)
				}
				var n [2]int64
				for _, c := range counts {
					n[0], n[1] = n[0]+c.By[0], n[1]+c.By[1]
					if c.By[0] > c.By[1] {
						t.Errorf("%s %s: %v", key, c.Key, c.By)
					}
				}
				soon := dutiesIn(t, w, numbers, func(_ *workflow.Case, k *workflow.Clock) bool { return !now.Add(1000 * time.Hour).Before(k.LateFrom) })
				if n != [2]int64{int64(len(late)), int64(len(soon))} {
					t.Errorf("by %s: %v, wanted %d and %d", key, n, len(late), len(soon))
				}
			}
		}
		if _, _, err := w.Tasks(ctx, everything, store.TaskFilter{}, strings.Repeat("A", 43), 2); err != store.ErrCursor {
			t.Errorf("a cursor of nobody: %v", err)
		}
	})
}

// What a unit closed is counted whether or not its block is sealed, for its own
// people alone, and a corrected closing no longer.
func TestWhatAUnitClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		closed := func(u *store.User, from, to int) map[string]int64 {
			today := calendar.On(w.Now())
			got, err := w.ClosedByUnit(ctx, u, today.AddDays(from), today.AddDays(to))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		number := w.File()
		w.Do(number, "classify", "dispatch", "refuse")
		for _, caught := range []bool{false, true} {
			if caught {
				catchUp(w)
			}
			for unit, want := range map[string]int64{"": 1, "amr": 1, "psb": 0} {
				if got := closed(&store.User{Name: "x", Roles: []string{"officer"}, Unit: unit}, 0, 0)["amr"]; got != want {
					t.Errorf("%q: %d, wanted %d", unit, got, want)
				}
			}
			if got := closed(everything, -7, -1); len(got) != 0 {
				t.Errorf("before: %v", got)
			}
		}
		w.Do(number, "correct_closing")
		if got := closed(everything, 0, 0)["amr"]; got != 0 {
			t.Errorf("corrected: %d", got)
		}
	})
}
