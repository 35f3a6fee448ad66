package store_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// Nobody was there for a month: one catch-up enforces everything, each clock
// once and at its lawful instant, and a second finds nothing.
func TestNobodyForAMonth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		lawful := map[string]time.Time{}
		for range 15 {
			number := w.File()
			w.Do(number, "classify", "dispatch")
			c, _ := w.Case(ctx, number)
			lawful[number] = c.Clock("accept_decision").LateFrom
			w.Advance(17 * time.Hour)
		}
		w.Advance(31 * 24 * time.Hour)
		settleAll(t, w)
		for number, at := range lawful {
			events, err := w.Events(ctx, number)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, e := range events {
				if e.Event == "accept_overdue" {
					n++
					if !e.LawfulAt.Equal(at) || !e.At.Equal(w.Now()) {
						t.Errorf("%s: lawful %s, want %s; recorded %s", number, e.LawfulAt, at, e.At)
					}
				}
			}
			if n != 1 {
				t.Errorf("%s: %d expiries", number, n)
			}
		}
		before := w.Count("select count(*) from events")
		settleAll(t, w)
		if n := w.Count("select count(*) from events") - before; n != 0 {
			t.Errorf("%d more events", n)
		}
		proven(t, w)
	})
}

// An act in the deadline's own microsecond is late, the one before it in time;
// whoever comes first at the door, sweep or act, the log is the same.
func TestAnActAtTheDeadline(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for i := range 20 {
			number := w.File()
			w.Do(number, "classify", "dispatch")
			c, _ := w.Case(ctx, number)
			late := c.Clock("accept_decision").LateFrom
			early := i%4 == 0
			if w.Set(late); early {
				w.Set(late.Add(-time.Microsecond))
			}
			accept := store.Request{Case: number, Command: w.Compose(number, "accept")}
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := w.Sweep(ctx, 100); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, err := w.Execute(ctx, accept); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			events, err := w.Events(ctx, number)
			if err != nil {
				t.Fatal(err)
			}
			var order []string
			again := workflow.New(workflow.Complaint, c.ID, number)
			for _, e := range events {
				again = workflow.Apply(again, e)
				if e.Event == "accept" || e.Event == "accept_overdue" {
					order = append(order, e.Event)
				}
			}
			want := "accept_overdue accept"
			if early {
				want = "accept"
			}
			if got := strings.Join(order, " "); got != want {
				t.Errorf("in time %t: %s", early, got)
			}
			now, _ := w.Case(ctx, number)
			if a, b := string(again.Body(nil)), string(now.Body(nil)); a != b {
				t.Errorf("replayed %s\nstored   %s", a, b)
			}
			w.Set(time.Date(2026, 5, 6, 2, 0, i+1, 0, time.UTC))
		}
	})
}

// A notice of holidays imported while clocks run moves those that run and none
// that ran out.
func TestANoticeWhileClocksRun(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		old := w.File()
		w.Do(old, "classify", "dispatch")
		w.Advance(20 * 24 * time.Hour)
		settleAll(t, w)
		fired, _ := w.Case(ctx, old)
		young := w.File()
		before, _ := w.Case(ctx, young)
		day := calendar.On(w.Now()).AddDays(1)
		var days []string
		for i := range 13 {
			days = append(days, fmt.Sprintf(`{"name":"x","date":%q,"isOffDay":true}`, day.AddDays(i)))
		}
		if _, err := w.KeepNotice(ctx, []byte(fmt.Sprintf(`{"year":%d,"days":[%s]}`, day.Year(), strings.Join(days, ","))), calendar.On(w.Now())); err != nil {
			t.Fatal(err)
		}
		cal, err := w.Calendar(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w.Rules(workflow.Rules{Rules: w.Law().WithCalendar(cal)})
		if _, err := w.Reproject(ctx); err != nil {
			t.Fatal(err)
		}
		after, _ := w.Case(ctx, young)
		if a, b := before.Clock("accept_decision"), after.Clock("accept_decision"); b.Due <= a.Due {
			t.Errorf("what runs: due %s, before %s", b.Due, a.Due)
		}
		again, _ := w.Case(ctx, old)
		if a, b := fired.Clock("accept_decision"), again.Clock("accept_decision"); *a != *b || a.State != workflow.Owed {
			t.Errorf("what ran out: %+v, before %+v", *b, *a)
		}
		w.Set(before.Clock("accept_decision").LateFrom) // as it was counted first
		settleAll(t, w)
		if c, _ := w.Case(ctx, young); c.Clock("accept_decision").State != workflow.Running {
			t.Error("enforced on the day that the notice moved")
		}
		proven(t, w)
	})
}

// The county changes its promises, and the law changes, while clocks run: each
// keeps what it started under, the next has the new.
func TestRulesThatChange(t *testing.T) {
	plan, err := os.ReadFile("../workflow/policy/huantai.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plan = bytes.Replace(bytes.Replace(plan, []byte("version: own/2026-01"), []byte("version: own/2026-02"), 1), []byte("code: triage, zh: 分流, n: 2"), []byte("code: triage, zh: 分流, n: 4"), 1)
	next, err := policy.Load("plan", plan)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Set(time.Date(2026, 4, 13, 2, 0, 0, 0, time.UTC)) // two days before R2
		old := w.File()
		before, _ := w.Case(ctx, old)
		w.Rules(workflow.Rules{Rules: next})
		w.Set(time.Date(2026, 4, 15, 2, 0, 0, 0, time.UTC))
		young := w.File()
		after, _ := w.Case(ctx, old)
		for i, k := range before.Clocks {
			if after.Clocks[i] != k {
				t.Errorf("a running clock changed: %+v, was %+v", after.Clocks[i], k)
			}
		}
		c, _ := w.Case(ctx, young)
		for _, x := range []struct{ code, old, young string }{{"accept_decision", "R1/", "R2/"}, {"triage", "own/2026-01", "own/2026-02"}} {
			if a, b := after.Clock(x.code).Rule, c.Clock(x.code).Rule; !strings.HasPrefix(a, x.old) || !strings.HasPrefix(b, x.young) {
				t.Errorf("%s: %s and %s", x.code, a, b)
			}
		}
		if after.Clock("triage").N != 2 || c.Clock("triage").N != 4 {
			t.Errorf("triage of %d and %d days", after.Clock("triage").N, c.Clock("triage").N)
		}
		w.Set(after.Clock("triage").LateFrom)
		settleAll(t, w)
		again, _ := w.Case(ctx, old)
		if fresh, _ := w.Case(ctx, young); again.Clock("triage") != nil && again.Clock("triage").State == workflow.Running || !fresh.Runs("triage") {
			t.Error("the old promise was not enforced by its own term, or the new one was")
		}
		proven(t, w)
	})
}
