package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

// some picks one of a few values, often the same ones, so that rules meet cases.
func some(r *rand.Rand, values ...string) string { return values[r.IntN(len(values))] }

var (
	towns     = []string{"", "370321001", "370321002", "370322001"}
	unitNames = []string{"", "amr", "psb", "edu"}
	names     = []string{"", "zhang", "li", "li_si"}
)

// randomCase is a row of cases that no life has to lead to.
func randomCase(w *storetest.World, r *rand.Rand, n int64) workflow.Case {
	kind := workflow.Complaint
	states := workflow.States
	if r.IntN(5) == 0 {
		kind, states = workflow.Report, workflow.ReportStates
	}
	c := workflow.New(kind, 2026_000_000_000_000+n, fmt.Sprintf("X-%d", n))
	c.Version, c.State = int64(1+r.IntN(9)), states[r.IntN(len(states))].State
	c.Outcome, c.Acceptance = some(r, "", "TRANSFERRED", "MEDIATED"), some(r, "none", "pending", "accepted")
	c.Mediator, c.Facts = some(r, "unit", "organisation"), workflow.Facts{}
	for fact, value := range map[string]string{"unit": some(r, unitNames...), "town": some(r, towns...), "officer": some(r, names...), "organisation": some(r, "", "org1", "org2"),
		"receiver": some(r, "", "tourism", "psb"), "recused": some(r, "", "", "|zhang|", "|li_si|zhang|"), "category": some(r, "", "food"), "ticket": some(r, "", "12345-1")} {
		if value != "" {
			c.Facts[fact] = value
		}
	}
	c.Facts["domain"] = fmt.Sprint(1 + r.IntN(12))
	for no, code := range []string{"survey", some(r, "link_election", "result_close", "publish", "triage")} {
		if r.IntN(3) > 0 {
			c.Clocks = append(c.Clocks, workflow.Clock{No: int64(no + 1), Code: code, State: []workflow.ClockState{"running", "owed", "void", "waiting"}[r.IntN(4)],
				LateFrom: w.Now().Add(time.Duration(r.IntN(2000)-1000) * time.Hour)})
		}
	}
	insert(w, c)
	return c
}

// stamp is an instant as the dialect keeps it.
func stamp(w *storetest.World, t time.Time) any {
	if w.Dialect() == "sqlite" {
		return t.UnixMicro()
	}
	return t
}

func insert(w *storetest.World, c workflow.Case) {
	w.Run("insert into cases (id, number, kind, version, head, state, outcome, unit, town, domain, filed_at, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		c.ID, c.Number, string(c.Kind), c.Version, make([]byte, 32), string(c.State), c.Outcome, c.Unit(), c.Town(), c.Domain(), stamp(w, w.Now().Add(time.Duration(c.ID%977)*time.Minute)), string(c.Body(nil)))
	for _, k := range c.Clocks {
		var late any
		if k.State != workflow.Waiting {
			late = stamp(w, k.LateFrom)
		}
		w.Run(`insert into clocks (case_id, no, code, state, seq, rule, n, unit, roll, starts, due, late_from, calendar, provisional, notice, ended, more)
			values ($1, $2, $3, $4, 1, '', 0, '', '', '', '', $5, '', $6, 0, 0, '')`, c.ID, k.No, k.Code, string(k.State), late, false)
	}
	w.Run("insert into moved (case_id, seq, hash) values ($1, $2, $3)", c.ID, c.Version, make([]byte, 32))
}

// change lets a case become another one, as a command would: its projection, a
// clock, and the mark that it moved.
func change(w *storetest.World, r *rand.Rand, c *workflow.Case) {
	c.Version++
	c.Facts["unit"], c.Acceptance = some(r, "amr", "psb"), some(r, "none", "pending")
	w.Run("update cases set version = $1, unit = $2, body = $3 where id = $4", c.Version, c.Unit(), string(c.Body(nil)), c.ID)
	for i := range c.Clocks {
		if k := &c.Clocks[i]; k.State == workflow.Running {
			k.LateFrom = k.LateFrom.Add(-500 * time.Hour)
			w.Run("update clocks set late_from = $1 where case_id = $2 and no = $3", stamp(w, k.LateFrom), c.ID, k.No)
		}
	}
	w.Run("insert into moved (case_id, seq, hash) values ($1, $2, $3)", c.ID, c.Version, make([]byte, 32))
}

func randomUser(r *rand.Rand) store.User {
	roles := []string{some(r, store.UserRoles...)}
	if r.IntN(3) == 0 {
		roles = append(roles, some(r, store.UserRoles...))
	}
	u := store.User{Name: some(r, "zhang", "li", "li_si", "wang"), Roles: roles, Unit: some(r, "", "amr", "psb", "org1", "tourism"), Town: some(r, "", "370321001", "370321", "3703")}
	if r.IntN(3) == 0 {
		absent := randomUser(r)
		absent.For = nil
		u.For = append(u.For, absent)
	}
	return u
}

// Asking a case and asking the database are the same rule, for every case and
// every user, before board has caught up and after; and what board says of a case
// is what the case says.
func TestOneRuleInBothForms(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		r := rand.New(rand.NewPCG(7, 7))
		var all []workflow.Case
		for n := range int64(300) {
			all = append(all, randomCase(w, r, n))
		}
		for { // what moved is sealed, then board follows
			if n, err := w.Block(ctx); err != nil {
				t.Fatal(err)
			} else if n == 0 {
				break
			}
		}
		if n := w.Count("select count(*) from board"); n != 0 {
			t.Fatalf("%d on the board already", n)
		}
		for {
			if n, err := w.Board(ctx, 70); err != nil {
				t.Fatal(err)
			} else if n == 0 {
				break
			}
		}
		seen, unseen := 0, 0
		for range 300 {
			u := randomUser(r)
			var want []int64
			for i := range all {
				if u.Scope().Sees(&all[i]) {
					want = append(want, all[i].ID)
				}
			}
			seen, unseen = seen+len(want), unseen+len(all)-len(want)
			for _, table := range []string{"board", "live_board"} {
				for _, apart := range []bool{false, true} {
					if got, err := w.ScopeRows(&u, table, apart); err != nil || !slices.Equal(got, want) {
						t.Fatalf("%+v in %s, apart %v: %d seen, %d in the database, %v", u, table, apart, len(want), len(got), err)
					}
				}
			}
		}
		if seen < 1000 || unseen < 1000 {
			t.Errorf("seen %d, not seen %d: the cases tell nothing", seen, unseen)
		}
		columns := "case_id, version, number, kind, state, stage, outcome, acceptance, unit, town, domain, category, officer, source, ticket, organisation, receiver, recused, linked, filed, due"
		if n := w.Count("select count(*) from (select " + columns + " from board intersect select " + columns + " from live_board) x"); n != len(all) {
			t.Errorf("%d of %d rows of board are as the cases are", n, len(all))
		}
	})
}

// The clocks that tell a court's cases are those that only the way into its stage
// starts, and every way in starts one.
func TestLinkStageByItsClocks(t *testing.T) {
	inside := func(s string) bool { return strings.HasPrefix(s, "LITIGATION_LINK.") }
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		starts := false
		for _, op := range row.Clocks {
			starts = starts || op.Op == '+' && slices.Contains(store.LinkStage, op.Code)
		}
		to := string(row.To)
		var from []string
		for _, s := range row.FromStates() {
			from = append(from, string(s))
		}
		enters := inside(to) && slices.ContainsFunc(from, func(s string) bool { return !inside(s) })
		if enters && !starts {
			t.Errorf("%s enters without a clock of the stage", row.ID)
		}
		if starts && !inside(to) && !(to == "same" && !slices.ContainsFunc(from, func(s string) bool { return !inside(s) })) {
			t.Errorf("%s starts a clock of the stage elsewhere", row.ID)
		}
	}
}

// What the predicates mean, by role.
func TestWhoSeesWhat(t *testing.T) {
	base := workflow.New(workflow.Complaint, 1, "X-1")
	of := func(change func(c *workflow.Case)) workflow.Case {
		c := base.Clone()
		c.State, c.Mediator = "RECEIVED.triage", "unit"
		change(&c)
		return c
	}
	user := func(role, unit, town string) store.User {
		return store.User{Name: "zhang", Roles: []string{role}, Unit: unit, Town: town}
	}
	amr := of(func(c *workflow.Case) { c.Facts["unit"], c.Facts["town"] = "amr", "370321001" })
	fresh := of(func(*workflow.Case) {})
	entrusted := of(func(c *workflow.Case) {
		c.Facts["unit"], c.Facts["organisation"], c.Mediator = "amr", "ca", "organisation"
	})
	returned := of(func(c *workflow.Case) { c.Facts["unit"], c.Facts["organisation"] = "amr", "ca" })
	recused := of(func(c *workflow.Case) {
		c.Facts["organisation"], c.Mediator, c.Facts["recused"] = "ca", "organisation", "|li|zhang|"
	})
	linked := of(func(c *workflow.Case) { c.Clocks = []workflow.Clock{{Code: "link_election", State: workflow.Void}} })
	sent := of(func(c *workflow.Case) {
		c.State, c.Outcome, c.Facts["receiver"] = workflow.Closed, "TRANSFERRED", "tourism"
	})
	back := of(func(c *workflow.Case) { c.State, c.Facts["receiver"] = "REFERRAL.dispatching", "tourism" })
	deputy := user("officer", "psb", "")
	deputy.For = []store.User{{Name: "li", Roles: []string{"officer"}, Unit: "amr"}}
	held := of(func(c *workflow.Case) { c.Facts["unit"], c.Facts["officer"] = "amr", "li" })
	elsewhere := of(func(c *workflow.Case) { c.Facts["unit"], c.Facts["officer"] = "edu", "li" })
	report := workflow.New(workflow.Report, 2, "JB-1")
	report.State = "REPORT.open"
	for _, x := range []struct {
		what string
		u    store.User
		c    workflow.Case
		sees bool
	}{
		{"his unit", user("officer", "amr", ""), amr, true}, {"another unit", user("officer", "psb", ""), amr, false},
		{"his town", user("town", "", "370321001"), amr, true}, {"another town", user("town", "", "370321002"), amr, false},
		{"a town without a town", user("town", "", ""), amr, false}, {"a unit without a unit", user("unit", "", ""), amr, false},
		{"unit and town", user("officer", "amr", "370321002"), amr, false}, {"unassigned, to a unit", user("unit", "amr", ""), fresh, false},
		{"unassigned, to a hub", user("hub", "", "370321"), fresh, true}, {"its county", user("hub", "", "370321"), amr, true},
		{"another county", user("hub", "", "370322"), amr, false}, {"a hub of a unit", user("hub", "psb", ""), amr, false},
		{"all", user("coordinator", "", ""), amr, true}, {"all", user("supervisor", "", ""), amr, true},
		{"entrusted", user("mediator", "ca", ""), entrusted, true}, {"to another", user("mediator", "cb", ""), entrusted, false},
		{"taken back", user("mediator", "ca", ""), returned, false}, {"never entrusted", user("mediator", "", ""), amr, false},
		{"replaced after a challenge", user("mediator", "ca", ""), recused, false}, {"whatever else he is", user("supervisor", "", ""), recused, false},
		{"in the link", user("court", "", ""), linked, true}, {"before it", user("court", "", ""), amr, false},
		{"transferred", user("other_authority", "tourism", ""), sent, true}, {"to another", user("other_authority", "health", ""), sent, false},
		{"returned", user("other_authority", "tourism", ""), back, false},
		{"a report", user("officer", "", ""), report, true}, {"a report", user("supervisor", "", ""), report, true},
		{"a report", user("hub", "", ""), report, false}, {"a report", user("coordinator", "", ""), report, false}, {"a report", user("court", "", ""), report, false},
		{"of the absent colleague", deputy, held, true}, {"of his unit, and nobody's", deputy, amr, false}, {"held, outside his scope", deputy, elsewhere, false},
		{"a role of no rule", user("evaluator", "", ""), amr, false},
	} {
		if got := x.u.Scope().Sees(&x.c); got != x.sees {
			t.Errorf("%s of %v: %v", x.what, x.u.Roles, got)
		}
	}
}
