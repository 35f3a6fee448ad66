package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// told are the messages about clocks as they were owed: case, clock, topic,
// recipient and when, in order.
type toldRow struct {
	id                         int64
	no                         int64
	topic, recipient, template string
	at                         time.Time
}

func toldRows(t *testing.T, w *storetest.World, kind string) []toldRow {
	t.Helper()
	rows, err := w.Pool().Query("select case_id, no, topic, recipient, template, at from outbox where topic like '" + kind + ".%' order by at, case_id, no, topic")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []toldRow
	for rows.Next() {
		var r toldRow
		var at any
		if err := rows.Scan(&r.id, &r.no, &r.topic, &r.recipient, &r.template, &at); err != nil {
			t.Fatal(err)
		}
		switch v := at.(type) {
		case int64:
			r.at = time.UnixMicro(v).UTC()
		case time.Time:
			r.at = v.UTC()
		}
		out = append(out, r)
	}
	return out
}

// tell lets two nodes owe at once whatever is due.
func tell(t *testing.T, nodes ...*store.Store) {
	t.Helper()
	ctx := context.Background()
	var wg sync.WaitGroup
	for _, s := range nodes {
		wg.Go(func() {
			for _, owe := range []func(context.Context, int) (int, error){s.Remind, s.Escalate} {
				for {
					n, err := owe(ctx, 50)
					if err != nil {
						t.Error(err)
					}
					if n == 0 {
						break
					}
				}
			}
		})
	}
	wg.Wait()
}

func sweep(t *testing.T, s *store.Store) {
	t.Helper()
	for {
		n, err := s.Sweep(context.Background(), 500)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func secondNode(t *testing.T, w *storetest.World) *store.Store {
	t.Helper()
	cfg := w.Cfg
	cfg.Node = "second"
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Random lives, two nodes that remind at once, days on which nobody does: every
// mark of every clock is told once to each, on its day or, after a pause, on the
// first day on which somebody looked; never of a clock that does not run, and of
// several that were missed the last.
func TestEachReminderOnceAndOnItsDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		second, random := secondNode(t, w), rand.New(rand.NewPCG(3, 5))
		var numbers []string
		for range 4 {
			numbers = append(numbers, w.File())
		}
		expected := map[string]bool{}
		seen := map[string]bool{}
		for day := range 50 {
			sweep(t, w.Store)
			away := day%17 > 11
			for _, number := range numbers {
				c, err := w.Case(context.Background(), number)
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range c.Clocks {
					expectReminder(w, expected, seen, &c.Case, k, away)
				}
			}
			if !away {
				tell(t, w.Store, second)
				owed := map[string]bool{}
				for _, r := range toldRows(t, w, "reminder") {
					owed[fmt.Sprint(r.id, "/", r.no, "/", r.topic)] = true
				}
				for id := range expected {
					if !owed[id] {
						t.Fatalf("day %d: %s was not owed", day, id)
					}
				}
				for id := range owed {
					if !expected[id] {
						t.Fatalf("day %d: %s was owed", day, id)
					}
				}
			}
			w.Advance(12 * time.Hour)
			for _, number := range numbers {
				if random.IntN(4) == 0 {
					act(t, w, random, number)
				}
			}
			w.Advance(12 * time.Hour)
		}
		if len(expected) < 25 {
			t.Errorf("only %d reminders", len(expected))
		}
	})
}

// expectReminder says which messages a clock that runs has earned by today: for
// the last mark that nobody has told yet.
func expectReminder(w *storetest.World, expected, seen map[string]bool, c *workflow.Case, k workflow.Clock, away bool) {
	mark := ""
	for _, m := range workflow.Reminders(k, w.Law(), w.Now()) {
		if !m.At.After(w.Now()) {
			mark = m.Mark
		}
	}
	if mark == "last" {
		mark += "." + k.Due.String()
	}
	id := fmt.Sprint(c.ID, "/", k.No, "/reminder.", mark)
	if mark == "" || away || seen[id] {
		return
	}
	seen[id] = true
	def, _ := workflow.ClockByCode(k.Code)
	for _, who := range map[string][]string{"authority": {"unit"}, "party": {"consumer", "merchant"}}[def.Whose] {
		expected[id+"."+who] = true
	}
	if def.Whose != "authority" && def.Whose != "party" {
		expected[id+"."+def.Whose] = true
	}
}

// act takes any row that the case allows, or serves a letter.
func act(t *testing.T, w *storetest.World, random *rand.Rand, number string) {
	t.Helper()
	c, err := w.Case(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	moves := workflow.Allowed(c.Case, w.Law(), w.Now())
	moves = slices.DeleteFunc(moves, func(m workflow.Move) bool {
		return !m.Possible() || m.To == workflow.Closed || m.Event == "mark_duplicate" || m.Event == "join_joint_complaint" || m.Event == "relate_case" || m.Event == "split_report"
	})
	m := moves[random.IntN(len(moves))]
	_, err = w.Execute(context.Background(), store.Request{Case: number, Command: w.Compose(number, m.Event)})
	var r *workflow.Refusal
	if err != nil && !errors.As(err, &r) {
		t.Fatal(err)
	}
}

// A clock that was moved has another last day, and is reminded on it too; marks
// that were told before it moved are not told again.
func TestAMovedClockMovesItsReminders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "classify", "dispatch", "accept", "ask_consent", "one_consents", "both_consent")
		marks := func() (out []string) {
			for _, r := range toldRows(t, w, "reminder") {
				if r.template == "reminder.mediation_end" {
					out = append(out, strings.TrimPrefix(r.topic, "reminder."))
				}
			}
			return out
		}
		for range 35 { // past one half
			w.Advance(24 * time.Hour)
			tell(t, w.Store)
		}
		w.Do(number, "commission_appraisal")
		before := marks()
		w.Advance(20 * 24 * time.Hour) // it stands still: nobody is reminded
		tell(t, w.Store)
		if len(before) != 1 || len(marks()) != 1 {
			t.Fatalf("%v before the pause, %v in it", before, marks())
		}
		users(t, w, store.User{Name: "zhang", Roles: []string{"officer"}})
		assign(t, w, number, "amr", "zhang") // comes too late for the half
		w.Do(number, "appraisal_reported")
		c, _ := w.Case(context.Background(), number)
		due := c.Clock("mediation_end").Due
		for calendar.On(w.Now()) <= due {
			tell(t, w.Store)
			w.Advance(24 * time.Hour)
		}
		last := "last." + due.String()
		if got := strings.Join(marks(), " "); got != "50.unit 80.officer 80.unit "+last+".officer "+last+".unit" {
			t.Errorf("due %s: %s", due, got)
		}
	})
}

// After an outage one reminder is owed for several marks that were missed, and
// none for what is over.
func TestMissedRemindersGiveOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		w.Do(number, "classify")
		w.Advance(7 * 24 * time.Hour) // one half and four fifths are over
		sweep(t, w.Store)
		tell(t, w.Store)
		tell(t, w.Store)
		var of []string
		for _, r := range toldRows(t, w, "reminder") {
			of = append(of, r.template+" "+r.topic)
		}
		if len(of) != 1 || !strings.HasPrefix(of[0], "reminder.accept_decision reminder.") {
			t.Errorf("%v", of)
		}
	})
}

// assign puts a unit and an officer in charge.
func assign(t *testing.T, w *storetest.World, number, unit, officer string) {
	t.Helper()
	cmd := w.Compose(number, "assign")
	cmd.Input.Unit, cmd.Input.Officer = unit, officer
	if _, err := w.Execute(context.Background(), store.Request{Case: number, Command: cmd}); err != nil {
		t.Fatal(err)
	}
}

func users(t *testing.T, w *storetest.World, all ...store.User) {
	t.Helper()
	for _, u := range all {
		if _, err := w.AddUser(context.Background(), u); err != nil {
			t.Fatal(err)
		}
	}
}

func absent(t *testing.T, w *storetest.World, name, deputy string, days int) {
	t.Helper()
	if _, err := w.SayAbsent(context.Background(), store.Once{Scope: "test"}, store.Absence{Name: name, Deputy: deputy, From: w.Now().Add(-time.Hour), To: w.Now().Add(time.Duration(days) * 24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
}

// The authority's own clocks are the unit's and the officer's: his deputy's while
// he is away, that one's while he is too, and the unit's alone when he has left.
func TestWhoIsRemindedAtTheAuthority(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		users(t, w, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr"}, store.User{Name: "li", Roles: []string{"officer"}, Unit: "amr"}, store.User{Name: "wang", Roles: []string{"officer"}, Unit: "amr"})
		recipients := func() string {
			w.Run("delete from outbox where topic like 'reminder%'")
			number := w.File()
			w.Do(number, "classify")
			assign(t, w, number, "psb", "zhang")
			w.Advance(6 * 24 * time.Hour)
			tell(t, w.Store)
			var out []string
			for _, r := range toldRows(t, w, "reminder") {
				if r.template == "reminder.accept_decision" && strings.HasPrefix(number, "HT-") {
					out = append(out, r.recipient)
				}
			}
			w.Run("delete from outbox")
			w.Run("update clocks set state = 'void', remind_at = null")
			return strings.Join(out, " ")
		}
		for _, x := range []struct {
			change func()
			want   string
		}{
			{func() {}, "officer:zhang unit:psb"},
			{func() { absent(t, w, "zhang", "li", 20) }, "officer:li unit:psb"},
			{func() { absent(t, w, "li", "wang", 20) }, "officer:wang unit:psb"},
			{func() { _ = w.DisableUser(context.Background(), "cli", "wang") }, "unit:psb"},
		} {
			x.change()
			if got := recipients(); got != x.want {
				t.Errorf("%q, wanted %q", got, x.want)
			}
		}
	})
}
