package store_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

// everything is a user who sees all of it.
var everything = &store.User{Name: "all", Roles: []string{"supervisor"}}

func due(c *workflow.Case) int64 {
	first := int64(253402300799000000)
	for _, k := range c.Clocks {
		if k.State == "running" || k.State == "owed" {
			first = min(first, k.LateFrom.UnixMicro())
		}
	}
	return first
}

// catchUp seals what moved and brings the board up to it.
func catchUp(w *storetest.World) {
	w.T.Helper()
	for _, work := range []func() (int, error){func() (int, error) { return w.Block(ctx) }, func() (int, error) { return w.Board(ctx, 100) }} {
		for {
			if n, err := work(); err != nil {
				w.T.Fatal(err)
			} else if n == 0 {
				break
			}
		}
	}
}

// Page after page gives every case once, in order, whatever part of it the board
// has caught up with; and counts agree with lists.
func TestPagesGiveEveryCaseOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		r := rand.New(rand.NewPCG(3, 4))
		var all []workflow.Case
		for n := range int64(120) {
			all = append(all, randomCase(w, r, n))
			if n == 60 {
				catchUp(w)
			}
		}
		for i := range 20 { // half a step: sealed, not on the board
			change(w, r, &all[i])
		}
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		for i := 10; i < 40; i++ {
			change(w, r, &all[i])
		}
		for n := int64(120); n < 150; n++ {
			all = append(all, randomCase(w, r, n))
		}
		for range 40 {
			u := randomUser(r)
			f := store.Filter{Unit: some(r, "", "", "amr"), Town: some(r, "", "", "370321001"), Kind: workflow.Kind(some(r, "", "report")), Acceptance: some(r, "", "", "pending")}
			p := store.Page{Sort: some(r, "filed", "due", "number"), Down: r.IntN(2) == 0, Limit: 1 + r.IntN(20)}
			var want, got []string
			late := int64(0)
			mine := slices.DeleteFunc(slices.Clone(all), func(c workflow.Case) bool {
				kind := f.Kind
				if kind == "" {
					kind = workflow.Complaint
				}
				return !u.Scope().Sees(&c) || c.Kind != kind || f.Unit != "" && c.Unit() != f.Unit || f.Town != "" && c.Town() != f.Town || f.Acceptance != "" && c.Acceptance != f.Acceptance
			})
			sort.Slice(mine, func(i, j int) bool {
				a, b := &mine[i], &mine[j]
				key := func(c *workflow.Case) int64 {
					return map[string]int64{"filed": c.ID % 977, "due": due(c), "number": 0}[p.Sort]
				}
				if p.Down {
					a, b = b, a
				}
				return key(a) < key(b) || key(a) == key(b) && a.ID < b.ID
			})
			for i := range mine {
				want = append(want, mine[i].Number)
				if due(&mine[i]) <= w.Now().UnixMicro() {
					late++
				}
			}
			for {
				lines, next, err := w.List(ctx, &u, f, p)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range lines {
					got = append(got, l.Number)
				}
				if p.After = next; next == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%+v %+v: %v, not %v", f, p, got, want)
			}
			counts, err := w.Counts(ctx, &u, f)
			total, overdue := int64(0), int64(0)
			for _, c := range counts {
				total, overdue = total+c.Total, overdue+c.Overdue
			}
			if err != nil || total != int64(len(want)) || overdue != late {
				t.Fatalf("%+v: %d and %d overdue counted of %d and %d, %v", f, total, overdue, len(want), late, err)
			}
			for _, most := range []int{1000, 2} {
				up := func(n int64) int64 { return min(n, int64(most)+1) }
				stages := map[string]int64{}
				for _, c := range counts {
					stages[c.State.Stage()] += c.Total
				}
				n, err := w.Tally(ctx, &u, f, most)
				if err != nil || n.All != up(total) || n.Overdue != up(overdue) {
					t.Fatalf("%+v up to %d: %+v of %d and %d, %v", f, most, n, total, overdue, err)
				}
				for stage, of := range stages {
					if f.Kind != workflow.Report && n.Stages[stage] != up(of) {
						t.Fatalf("%+v up to %d: %d in %s, not %d", f, most, n.Stages[stage], stage, of)
					}
				}
			}
		}
	})
}

func TestACursorOfAnotherList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for range 3 {
			w.File()
		}
		page := store.Page{Sort: "due", Limit: 2}
		_, next, err := w.List(ctx, everything, store.Filter{}, page)
		if err != nil || next == "" {
			t.Fatal(next, err)
		}
		page.After = next
		if lines, _, err := w.List(ctx, everything, store.Filter{}, page); err != nil || len(lines) != 1 {
			t.Errorf("%d lines %v", len(lines), err)
		}
		other := *everything
		other.Name = "other"
		for what, try := range map[string]func() error{
			"another user's": func() error { _, _, err := w.List(ctx, &other, store.Filter{}, page); return err },
			"another filter": func() error { _, _, err := w.List(ctx, everything, store.Filter{Unit: "amr"}, page); return err },
			"another order": func() error {
				p := page
				p.Down = true
				_, _, err := w.List(ctx, everything, store.Filter{}, p)
				return err
			},
			"another sort": func() error {
				p := page
				p.Sort = "filed"
				_, _, err := w.List(ctx, everything, store.Filter{}, p)
				return err
			},
			"an altered one": func() error {
				p := page
				p.After = "_" + next[1:]
				_, _, err := w.List(ctx, everything, store.Filter{}, p)
				return err
			},
			"a cut one": func() error {
				p := page
				p.After = next[:20]
				_, _, err := w.List(ctx, everything, store.Filter{}, p)
				return err
			},
			"nothing like it": func() error {
				p := page
				p.After = "a b'"
				_, _, err := w.List(ctx, everything, store.Filter{}, p)
				return err
			},
		} {
			if err := try(); !errors.Is(err, store.ErrCursor) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// Which clock is late, and by when, is asked of real lives, before the board has
// caught up and after.
func TestLateClocks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		a := w.File()
		w.Advance(48 * time.Hour)
		b := w.File()
		w.Do(b, "classify")
		ask := func(f store.Filter) []string {
			lines, _, err := w.List(ctx, everything, f, store.Page{Sort: "due", Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, l := range lines {
				out = append(out, l.Number+" "+l.Clock)
			}
			return out
		}
		check := func(when string) {
			c, err := w.Case(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			at := c.Clock("accept_decision").LateFrom
			if got := ask(store.Filter{Clock: "accept_decision", DueBefore: at}); len(got) != 1 || got[0][:len(a)] != a {
				t.Errorf("%s, by its instant: %v", when, got)
			}
			if got := ask(store.Filter{Clock: "accept_decision", DueBefore: at.Add(-time.Microsecond)}); len(got) != 0 {
				t.Errorf("%s, before it: %v", when, got)
			}
			if got := ask(store.Filter{Clock: "accept_decision"}); len(got) != 2 {
				t.Errorf("%s, with such a clock: %v", when, got)
			}
			if got := ask(store.Filter{Clock: "survey"}); len(got) != 0 {
				t.Errorf("%s, with another: %v", when, got)
			}
			if got := ask(store.Filter{Overdue: true}); len(got) != 0 {
				t.Errorf("%s, overdue: %v", when, got)
			}
			if got := ask(store.Filter{}); len(got) != 2 || got[0] != a+" triage" {
				t.Errorf("%s, in order: %v", when, got)
			}
		}
		check("live")
		catchUp(w)
		check("on the board")
		c, _ := w.Case(ctx, a)
		w.Set(c.Clock("triage").LateFrom.Add(-time.Microsecond))
		if got := ask(store.Filter{Overdue: true}); len(got) != 0 {
			t.Errorf("a microsecond early: %v", got)
		}
		w.Advance(time.Microsecond)
		if got := ask(store.Filter{Overdue: true, Clock: "triage"}); len(got) != 1 {
			t.Errorf("at the instant: %v", got)
		}
		if _, err := w.Sweep(ctx, 10); err != nil { // now it is owed
			t.Fatal(err)
		}
		if got := ask(store.Filter{Overdue: true}); len(got) != 1 || got[0] != a+" triage" {
			t.Errorf("owed: %v", got)
		}
	})
}
