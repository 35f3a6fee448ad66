package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

var ctx = context.Background()

func TestALifeThroughTheDoor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "classify", "dispatch", "accept")
		c, err := w.Case(ctx, number)
		if err != nil || c.State != "REFERRAL.accepted" || c.Acceptance != "accepted" {
			t.Fatalf("%+v %v", c.State, err)
		}
		events, err := w.Events(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		again := workflow.New(workflow.Complaint, c.ID, number)
		for _, e := range events {
			again = workflow.Apply(again, e)
		}
		if string(again.Body(nil)) != string(c.Body(nil)) || fmt.Sprint(again.Clocks) != fmt.Sprint(c.Clocks) {
			t.Errorf("refolded %s\nstored   %s\n%v\n%v", again.Body(nil), c.Body(nil), again.Clocks, c.Clocks)
		}
		if n := w.Count("select count(*) from events") - len(events); n != 0 {
			t.Errorf("%d events of nobody", n)
		}
	})
}

func TestSameKeySameAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		q := store.Request{Command: w.Filing(), Key: "k1", Scope: "a"}
		var wg sync.WaitGroup
		var numbers sync.Map
		var replayed atomic.Int32
		for range 20 { // within a group and across groups
			wg.Add(1)
			go func() {
				defer wg.Done()
				a, err := w.Execute(ctx, q)
				if err != nil {
					t.Error(err)
				}
				numbers.Store(a.Number, true)
				if a.Replayed {
					replayed.Add(1)
				}
			}()
		}
		wg.Wait()
		n := 0
		numbers.Range(func(any, any) bool { n++; return true })
		if n != 1 || replayed.Load() != 19 || w.Count("select count(*) from cases") != 1 {
			t.Errorf("%d numbers, %d replays", n, replayed.Load())
		}
		q.Command.Input.AmountFen++
		var r *workflow.Refusal
		if _, err := w.Execute(ctx, q); !errors.As(err, &r) || r.Code != "key_reused" {
			t.Errorf("another request under the same key: %v", err)
		}
		q.Scope = "b"
		if a, err := w.Execute(ctx, q); err != nil || a.Replayed {
			t.Errorf("another caller's key: %v", err)
		}
	})
}

func TestTwentyOfficersOnOneCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "classify", "dispatch")
		cmd := w.Compose(number, "accept")
		c, _ := w.Case(ctx, number)
		cmd.Sees = c.Version
		var wg sync.WaitGroup
		var won, stale atomic.Int32
		for i := range 20 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				mine := cmd
				mine.Actor.ID = fmt.Sprint("officer", i)
				_, err := w.Execute(ctx, store.Request{Case: number, Command: mine})
				var r *workflow.Refusal
				switch {
				case err == nil:
					won.Add(1)
				case errors.As(err, &r) && (r.Code == "stale" || r.Code == "not_allowed_now"):
					stale.Add(1)
				default:
					t.Error(err)
				}
			}()
		}
		wg.Wait()
		if won.Load() != 1 || stale.Load() != 19 {
			t.Errorf("%d won, %d stale", won.Load(), stale.Load())
		}
		if n := w.Count("select count(*) from clocks where code = 'mediation_end'"); n != 1 {
			t.Errorf("%d mediation clocks", n)
		}
	})
}

// Whoever is refused leaves no row, whoever stands beside him all of his.
func TestRefusedCommandsLeaveNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		before := w.Count("select count(*) from events")
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				cmd := w.Compose(number, "classify")
				q := store.Request{Case: number, Command: cmd}
				switch i % 4 {
				case 0:
					q = store.Request{Command: w.Filing()}
				case 1:
					q.Command.Event = "agree"
				case 2:
					q.Command.Event = "no_such_event"
				case 3:
					q.Command = w.Filing()
					q.Command.Private.Person = nil
					q.Case = ""
				}
				_, err := w.Execute(ctx, q)
				var r *workflow.Refusal
				if i%4 == 0 && err != nil || i%4 != 0 && !errors.As(err, &r) {
					t.Errorf("%d: %v", i%4, err)
				}
				if i%4 == 1 && (r.Code != "not_allowed_now" || len(r.Allowed) == 0) {
					t.Errorf("%+v", r)
				}
			}()
		}
		wg.Wait()
		if n := w.Count("select count(*) from events") - before; n != 10 {
			t.Errorf("%d events, 10 filings", n)
		}
		for _, table := range []string{"cases", "sealed", "case_keys", "idempotency"} {
			if n := w.Count("select count(*) from " + table); n != 11 {
				t.Errorf("%d rows in %s, 11 filings", n, table)
			}
		}
	})
}

// What is due comes first, in the order in which it fell due, however late.
func TestWhatIsDueComesFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "classify", "dispatch")
		c, _ := w.Case(ctx, number)
		late := c.Clock("accept_decision").LateFrom
		w.Set(late.Add(40 * 24 * time.Hour))
		var r *workflow.Refusal
		bad := w.Compose(number, "accept")
		bad.Event = "agree"
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: bad}); !errors.As(err, &r) {
			t.Fatal(err)
		}
		c, _ = w.Case(ctx, number)
		k := c.Clock("accept_decision")
		if k == nil || k.State != workflow.Owed {
			t.Fatalf("the expiry must stay although the command was refused: %+v", k)
		}
		events, _ := w.Events(ctx, number)
		last := events[len(events)-1]
		if last.Event != "accept_overdue" || !last.LawfulAt.Equal(late) || !last.At.Equal(w.Now()) {
			t.Errorf("%+v", last)
		}
		w.Do(number, "accept")
		if n := w.Count("select count(*) from clocks where code = 'accept_decision' and state = 'owed'"); n != 1 {
			t.Errorf("decided and not told: still owed, %d", n)
		}
	})
}

func TestSweepEnforcesEachClockOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for range 30 {
			number := w.File()
			w.Do(number, "classify", "dispatch")
		}
		w.Advance(60 * 24 * time.Hour)
		var wg sync.WaitGroup
		for range 3 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					n, err := w.Sweep(ctx, 7)
					if err != nil {
						t.Error(err)
					}
					if n == 0 {
						return
					}
				}
			}()
		}
		wg.Wait()
		if n, _ := w.Sweep(ctx, 100); n != 0 {
			t.Errorf("%d left", n)
		}
		if n := w.Count("select count(*) from events where payload like '%accept_overdue%'"); n != 30 {
			t.Errorf("%d expiries of 30 clocks", n)
		}
		if n := w.Count("select count(*) from clocks where state = 'running' and code = 'accept_decision'"); n != 0 {
			t.Errorf("%d still run", n)
		}
	})
}

func TestACancelledCallerBeforeAndAfter(t *testing.T) {
	w := storetest.New(t)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := w.Execute(gone, store.Request{Command: w.Filing()}); err == nil {
		t.Log("taken before the cancellation was seen: the answer is truthful")
	}
	if n, m := w.Count("select count(*) from cases"), w.Count("select count(*) from idempotency"); n != m {
		t.Errorf("%d cases, %d answers", n, m)
	}
}

func TestTextTheDatabasesCannotKeep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for _, bad := range []string{"a\x00b", "\xff\xfe"} {
			cmd := w.Filing()
			cmd.Private.Person.Name = bad
			var r *workflow.Refusal
			if _, err := w.Execute(ctx, store.Request{Command: cmd}); !errors.As(err, &r) || r.Code != "unclean_text" || r.Missing[0] != "person.name" {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

// Text that has broken other programs comes back as it went in.
func TestNaughtyStrings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for _, s := range []string{"'; drop table cases; --", "\\\\' \" ? $1 :a @b %s", "𠮷野家🙂\u200b\u202e反", "\t\r\n\x01\x7f", "null", "{}", "٠١٢", strings.Repeat("長", 20000), "&lt;b&gt;<script>", "\u2028\u2029\ufeff"} {
			cmd := w.Filing()
			cmd.Private.Words, cmd.Private.Person.Name, cmd.Private.Person.Address, cmd.Private.Respondent.Name = s, s+"名", s+"地址六个字", s+"店"
			a, err := w.Execute(ctx, store.Request{Command: cmd})
			if err != nil {
				t.Fatalf("%.20q: %v", s, err)
			}
			back, err := w.Unseal(ctx, a.CaseID, 1)
			if err != nil || back.Words != s || *back.Person != *cmd.Private.Person || *back.Respondent != *cmd.Private.Respondent {
				t.Errorf("%.20q came back as %.20q (%v)", s, back.Words, err)
			}
		}
	})
}

func TestErasureKeepsTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "withdraw_before_acceptance")
		w.Advance(400 * 24 * time.Hour)
		w.Do(number, "publish_or_hold")
		c, _ := w.Case(ctx, number)
		if _, err := w.Unseal(ctx, c.ID, 1); err != nil {
			t.Fatal(err)
		}
		w.Do(number, "erase_person")
		if _, err := w.Unseal(ctx, c.ID, 1); !errors.Is(err, store.ErrErased) {
			t.Errorf("after the erasure: %v", err)
		}
		if n := w.Count("select count(*) from blind where case_id = $1", c.ID); n != 0 {
			t.Errorf("%d macs left", n)
		}
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: w.Compose(number, "add_evidence")}); !errors.Is(err, store.ErrErased) {
			t.Errorf("words for an erased person: %v", err)
		}
	})
}

func TestNumbersAreCasesOrRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for range 3 {
			w.File()
		}
		other := w.Cfg
		other.Node = "other"
		second, err := store.Open(ctx, other)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := second.Execute(ctx, store.Request{Command: w.Filing()}); err != nil {
			t.Fatal(err)
		}
		if err := w.Store.Close(); err != nil {
			t.Fatal(err)
		}
		if err := second.Close(); err != nil {
			t.Fatal(err)
		}
		w.Reopen()
		w.File()
		got := w.Count("select coalesce(sum(last - first + 1), 0) from number_gaps")
		if got != 1021 {
			t.Errorf("%d numbers recorded as never issued, want 1021", got)
		}
		if n := w.Count("select count(*) from cases"); n != 5 {
			t.Errorf("%d cases", n)
		}
	})
}

func TestDuplicatesNeedTheSamePersonAndShop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		first, second := w.File(), w.File()
		stranger := w.Filing()
		stranger.Private.Person.Phone = "13911112222"
		a, err := w.Execute(ctx, store.Request{Command: stranger})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []string{second, a.Number} {
			w.Do(n, "classify")
			cmd := w.Compose(n, "mark_duplicate")
			cmd.Input.Other = first
			_, err := w.Execute(ctx, store.Request{Case: n, Command: cmd})
			if (err == nil) != (n == second) {
				t.Errorf("%s as a duplicate of %s: %v", n, first, err)
			}
		}
	})
}

func TestSplitReportIsItsOwnRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		cmd := w.Compose(number, "split_report")
		cmd.Private.Words = "线索：过期食品"
		a, err := w.Execute(ctx, store.Request{Case: number, Command: cmd})
		if err != nil || !strings.HasPrefix(a.Report, "JB-") {
			t.Fatalf("%+v %v", a, err)
		}
		r, err := w.Case(ctx, a.Report)
		if err != nil || r.State != "REPORT.open" || !r.Runs("lead_check") {
			t.Fatalf("%+v %v", r.State, err)
		}
		back, err := w.Unseal(ctx, r.ID, 1)
		if err != nil || back.Words != "线索：过期食品" {
			t.Errorf("%+v %v", back, err)
		}
		if _, err := w.Execute(ctx, store.Request{Case: a.Report, Command: workflow.Command{Event: "no_case", Actor: workflow.Actor{Role: "officer", ID: "x"}}}); err != nil {
			t.Error(err)
		}
	})
}
