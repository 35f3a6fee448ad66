package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// escalated are the messages about overdue duties of one kind of clock:
// "day step recipient", each day counted from the first that was too late.
func escalated(t *testing.T, w *storetest.World, number, code string) string {
	t.Helper()
	c, err := w.Case(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range toldRows(t, w, "escalation") {
		if k := c.ClockNo(r.no); r.id == c.ID && k.Code == code {
			out = append(out, fmt.Sprintf("%d %s %s", calendar.On(r.at)-calendar.On(k.LateFrom), strings.Split(r.topic, ".")[1], r.recipient))
		}
	}
	return strings.Join(out, ", ")
}

// live lets days go by; every node looks after its work each morning.
func live(t *testing.T, w *storetest.World, days int, nodes ...*store.Store) {
	t.Helper()
	for range days {
		w.Advance(24 * time.Hour)
		sweep(t, w.Store)
		tell(t, append(nodes, w.Store)...)
	}
}

// A duty that ran out is told to the officer at once, and then, as long as it is
// owed, to the unit's head, the coordinator and the list of the joint conference
// on the days that the policy sets; each once, however many nodes look.
func TestABreachIsToldUpwards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		users(t, w, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr"}, store.User{Name: "boss", Roles: []string{"supervisor"}, Unit: "amr"}, store.User{Name: "other", Roles: []string{"supervisor"}, Unit: "psb"},
			store.User{Name: "liu", Roles: []string{"coordinator"}}, store.User{Name: "far", Roles: []string{"coordinator"}, Town: "379999"})
		number := w.File()
		w.Do(number, "classify")
		assign(t, w, number, "amr", "zhang")
		live(t, w, 30, secondNode(t, w))
		// due on Thursday, May 14; too late from Friday on
		want := "0 officer officer:zhang, 3 unit_head supervisor:boss, 5 coordinator coordinator:liu, 7 joint_conference joint_conference"
		if got := escalated(t, w, number, "accept_decision"); got != want {
			t.Errorf("%s\nwanted %s", got, want)
		}
		if n := w.Count("select count(*) from clocks where state = 'owed' and remind_at is not null"); n != 0 {
			t.Errorf("%d duties wait for a step that does not come", n)
		}
	})
}

// What is done is told to nobody any more, and what is reassigned goes on with
// the new people.
func TestEscalationEndsAndMovesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		users(t, w, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr"}, store.User{Name: "boss", Roles: []string{"supervisor"}, Unit: "amr"}, store.User{Name: "other", Roles: []string{"supervisor"}, Unit: "psb"},
			store.User{Name: "liu", Roles: []string{"coordinator"}})
		done, moved := w.File(), w.File()
		for _, n := range []string{done, moved} {
			w.Do(n, "classify")
			assign(t, w, n, "amr", "zhang")
			w.Do(n, "dispatch")
			assign(t, w, n, "amr", "zhang")
		}
		live(t, w, 11)
		assign(t, w, moved, "psb", "")
		live(t, w, 2)
		w.Do(done, "accept")
		cmd := workflow.Command{Event: "notice_sent", Actor: workflow.Actor{Role: "officer", ID: "zhang"}}
		c, _ := w.Case(context.Background(), done)
		for _, n := range c.Notices {
			if n.Kind == "acceptance" && n.To == "consumer" {
				cmd.Input.Notice = n.No
			}
		}
		if _, err := w.Execute(context.Background(), store.Request{Case: done, Command: cmd}); err != nil {
			t.Fatal(err)
		}
		live(t, w, 20)
		if got := escalated(t, w, done, "accept_decision"); got != "0 officer officer:zhang, 3 unit_head supervisor:boss" {
			t.Errorf("done: %s", got)
		}
		if got := escalated(t, w, moved, "accept_decision"); got != "0 officer officer:zhang, 3 unit_head supervisor:other, 5 coordinator coordinator:liu, 7 joint_conference joint_conference" {
			t.Errorf("reassigned: %s", got)
		}
	})
}

// After an outage every step that was missed is taken, for each tells somebody
// else; nobody is told twice however often it is asked.
func TestMissedStepsAreAllTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "classify")
		w.Advance(40 * 24 * time.Hour)
		sweep(t, w.Store)
		tell(t, w.Store, secondNode(t, w))
		first := escalated(t, w, number, "accept_decision")
		tell(t, w.Store)
		var steps []string
		for part := range strings.SplitSeq(first, ", ") {
			steps = append(steps, strings.SplitN(part, " ", 2)[1])
		}
		if got := strings.Join(steps, ", "); got != "coordinator coordinator, joint_conference joint_conference, officer unit:amr, unit_head unit_head:amr" {
			t.Errorf("%s", got)
		}
		if again := escalated(t, w, number, "accept_decision"); again != first {
			t.Errorf("%s, then %s", first, again)
		}
	})
}

// The list shows what is owed in the reader's scope, the oldest first, page by
// page, and who knows of it.
func TestTheListOfOverdueDuties(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		var numbers []string
		for i := range 7 {
			n := w.File()
			w.Do(n, "classify")
			assign(t, w, n, []string{"amr", "psb"}[i%2], "")
			numbers = append(numbers, n)
		}
		live(t, w, 14)
		if _, err := w.Block(ctx); err != nil { // some from board, some live
			t.Fatal(err)
		}
		if _, err := w.Board(ctx, 4); err != nil {
			t.Fatal(err)
		}
		for i, event := range []string{"acknowledge_breach", "explain_breach"} {
			for _, n := range numbers[:2-i] {
				cmd := w.Compose(n, event)
				c, _ := w.Case(ctx, n)
				cmd.Input.Clock = c.Clock("accept_decision").No
				if _, err := w.Execute(ctx, store.Request{Case: n, Command: cmd}); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.Do(numbers[0], "supervise")
		all := func(u *store.User, f store.DutyFilter, limit int) (out []store.Duty) {
			for after := ""; ; {
				list, next, err := w.Duties(ctx, u, f, after, limit)
				if err != nil {
					t.Fatal(err)
				}
				if out = append(out, list...); next == "" {
					return out
				}
				after = next
			}
		}
		boss := &store.User{Name: "boss", Roles: []string{"supervisor"}}
		whole := all(boss, store.DutyFilter{}, 200)
		if len(whole) != 14 || whole[0].Clock != "triage" || whole[13].Clock != "accept_decision" { // triage and the decision of each
			t.Fatalf("%d: %+v", len(whole), whole)
		}
		paged := all(boss, store.DutyFilter{}, 3)
		for i := range whole {
			if len(paged) != len(whole) || paged[i].Number != whole[i].Number || paged[i].No != whole[i].No {
				t.Fatalf("page by page %d, at %d another", len(paged), i)
			}
		}
		decisions := store.DutyFilter{Clock: "accept_decision"}
		for name, x := range map[string]struct {
			u    *store.User
			f    store.DutyFilter
			want int
		}{
			"one unit's people":  {&store.User{Name: "u", Roles: []string{"unit"}, Unit: "psb"}, decisions, 3},
			"filtered by unit":   {boss, store.DutyFilter{Clock: "accept_decision", Unit: "amr"}, 4},
			"acknowledged":       {boss, store.DutyFilter{Clock: "accept_decision", Acknowledged: "yes"}, 2},
			"not acknowledged":   {boss, store.DutyFilter{Clock: "accept_decision", Acknowledged: "no"}, 5},
			"triage, not either": {boss, store.DutyFilter{Clock: "triage", Acknowledged: "yes"}, 0},
			"at the conference":  {boss, store.DutyFilter{Clock: "triage", Step: "joint_conference"}, 7},
			"not that far":       {boss, store.DutyFilter{Clock: "accept_decision", Step: "joint_conference"}, 0},
			"reports":            {boss, store.DutyFilter{Kind: workflow.Report}, 0},
			"nobody's":           {&store.User{Name: "c", Roles: []string{"mediator"}, Unit: "psb"}, decisions, 0},
		} {
			if got := all(x.u, x.f, 50); len(got) != x.want {
				t.Errorf("%s: %d, wanted %d", name, len(got), x.want)
			}
		}
		for _, f := range []store.DutyFilter{{}, decisions, {Unit: "amr", Acknowledged: "no"}} {
			n, oldest := map[string]int64{}, map[string]time.Time{}
			for _, d := range all(boss, f, 50) {
				key := d.Unit + " " + d.Officer
				if n[key]++; n[key] == 1 {
					oldest[key] = d.Late // the longest overdue comes first
				}
			}
			lines, err := w.WhoIsLate(ctx, boss, f)
			if err != nil || len(lines) != len(n) || len(n) == 0 {
				t.Fatalf("%+v: %v, %v", f, lines, err)
			}
			for i, l := range lines {
				if key := l.Unit + " " + l.Officer; l.N != n[key] || !l.Oldest.Equal(oldest[key]) || i > 0 && l.N > lines[i-1].N {
					t.Errorf("%+v: %+v, not %d since %s", f, l, n[key], oldest[key])
				}
			}
		}
		first := all(boss, store.DutyFilter{Clock: "accept_decision", Acknowledged: "yes"}, 50)[0]
		if first.Acknowledged == nil || first.Acknowledged.Actor != "officer:rehearsal" || first.Explained == nil || first.Explained.Seq != first.Acknowledged.Seq+1 || len(first.Steps) == 0 || first.Steps[0].Step != "officer" ||
			!first.Steps[0].Due.Equal(first.Late) || len(first.Steps[0].Told) != 0 || first.Steps[0].Waiting[0] != "unit:"+first.Unit {
			t.Errorf("%+v", first)
		}
		for _, d := range whole {
			v := d.Supervised
			if (v != nil) != (d.Number == numbers[0]) || v != nil && (v.State != workflow.Running || v.Actor == "" || v.Due <= calendar.On(w.Now()) || !v.At.Equal(w.Now())) {
				t.Errorf("%s: %+v", d.Number, v)
			}
		}
		_, next, _ := w.Duties(ctx, boss, store.DutyFilter{}, "", 3)
		if _, _, err := w.Duties(ctx, boss, decisions, next, 3); err != store.ErrCursor {
			t.Errorf("another list's cursor: %v", err)
		}
	})
}

// Acknowledged or explained, a duty stays owed, and only what is owed can be: the
// words of an explanation are sealed.
func TestAnsweringForABreach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		number := w.File()
		w.Do(number, "classify")
		say := func(event string, clock int64) (store.Answer, error) {
			cmd := w.Compose(number, event)
			cmd.Input.Clock, cmd.Private.Words = clock, "人手不足，明日办结"
			return w.Execute(ctx, store.Request{Case: number, Command: cmd})
		}
		c, _ := w.Case(ctx, number)
		decision := c.Clock("accept_decision").No
		if _, err := say("acknowledge_breach", decision); err == nil || !strings.Contains(err.Error(), "no_such_duty") {
			t.Errorf("while it runs: %v", err)
		}
		w.Advance(20 * 24 * time.Hour)
		sweep(t, w.Store)
		a, err := say("explain_breach", decision)
		if err != nil {
			t.Fatal(err)
		}
		c, _ = w.Case(ctx, number)
		if k := c.ClockNo(decision); k.State != workflow.Owed || c.State != "RECEIVED.triage" || c.Facts[fmt.Sprintf("explained.%d", decision)] != fmt.Sprint(c.Version) {
			t.Errorf("%+v in %s, %v", k, c.State, c.Facts)
		}
		if n := w.Count("select count(*) from events where payload like '%人手不足%'"); n != 0 {
			t.Error("the words are in the log")
		}
		if u, err := w.Unseal(ctx, c.ID, c.Version); err != nil || u.Words != "人手不足，明日办结" {
			t.Errorf("%+v %v", u, err)
		}
		if _, err := say("explain_breach", 99); err == nil || !strings.Contains(err.Error(), "no_such_duty") {
			t.Errorf("of no clock: %v (%+v)", err, a)
		}
	})
}
