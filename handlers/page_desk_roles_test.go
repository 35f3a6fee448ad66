package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/register"
)

// deskCases are a case at a unit, one that was entrusted, one in the court link and one
// that was transferred: each role sees one of them at least.
func deskCases(t *testing.T, w *storetest.World) []store.View {
	t.Helper()
	var out []store.View
	for _, events := range []string{"", "accept ask_consent one_consents both_consent entrust", "accept ask_consent one_consents both_consent no_agreement_possible decide_termination", "transfer_out"} {
		number := w.File()
		w.Do(number, append([]string{"classify", "dispatch"}, strings.Fields(events)...)...)
		v, err := w.Case(context.Background(), number)
		for _, n := range v.Notices {
			if v.State == "REFERRAL.terminated" && !n.Told {
				_, err = w.Execute(context.Background(), store.Request{Case: number, Command: workflow.Command{Event: "notice_sent", Actor: workflow.Actor{Role: "job", ID: "job"}, Input: workflow.Input{Notice: n.No}}})
			}
		}
		if err == nil && v.State == "REFERRAL.terminated" {
			w.Do(number, "told_offer_link")
		}
		if v, err = w.Case(context.Background(), number); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// Every role tries every page of the desk and every act of the table on a case, as
// a page and as a form that is sent: who may what is one table, tried cell by cell,
// and nothing that may not be done changes anything.
func TestWhoMayWhatAtTheDesk(t *testing.T) {
	w := storetest.New(t)
	x := &clerks{wire: newWire(t, w.Store, w, w.Now), taken: map[string]bool{}}
	cases := deskCases(t, w)
	number := cases[0].Number
	before := w.Count("select count(*) from events")
	var events []string
	for i := range workflow.Transitions {
		if e := workflow.Transitions[i].Event; !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	// may is the table's own word, not the pages'.
	may := func(v *store.View, role workflow.Role, event string) bool {
		moves := workflow.Allowed(v.Case, w.Law(), w.Now())
		lacking := slices.ContainsFunc(moves, func(m workflow.Move) bool { return m.Event == event && !m.Possible() })
		return slices.ContainsFunc(workflow.Transitions, func(row workflow.Row) bool {
			clock := slices.ContainsFunc(row.Clocks, func(k workflow.ClockEffect) bool { return k.Op == '!' })
			return row.Event == event && slices.Contains(row.FromStates(), v.State) && slices.Contains(row.By, role) && !clock && !lacking
		})
	}
	member, err := w.Apply(context.Background(), store.Once{}, store.By{Actor: "merchant"}, store.Application{Details: register.Details{Name: "惠民超市"}})
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, name := range store.UserRoles {
		role := workflow.Role(name)
		u := store.User{Name: "the-" + name, Roles: []string{name}, Unit: map[string]string{"unit": cases[0].Unit(), "mediator": cases[1].Facts["organisation"], "other_authority": cases[3].Facts["receiver"]}[name], Town: map[string]string{"town": cases[0].Town()}[name]}
		token, err := w.AddUser(context.Background(), u)
		if err != nil {
			t.Fatal(err)
		}
		session := x.session(token)
		sees := u.Scope()
		inside := sees.Sees(&cases[0].Case)
		expect := func(method, path string, form url.Values, want ...int) string {
			t.Helper()
			cells++
			status, text, _ := x.page(method, path, session, form)
			if !slices.Contains(want, status) {
				t.Errorf("%s: %s %s: %d, wanted %v", name, method, path, status, want)
			}
			return text
		}
		for _, d := range x.api.deskPages() {
			path := strings.NewReplacer("{number}", number, "{clock}", "1", "{event}", "say", "{notice}", "1", "{file}", "x", "{member}", member.ID, "{form}", "register", "{paper}", "1", "{user}", "1", "{review}", "r_1", "{lead}", "l_1", "{infringement}", "i_1").Replace(d.Path)
			want := []int{http.StatusOK}
			switch {
			case strings.Contains(d.Path, "{number}") && !inside:
				want = []int{http.StatusNotFound}
			case !mayPage(&d, role):
				want = []int{http.StatusForbidden}
			case strings.Contains(d.Path, "{event}"):
				want = []int{http.StatusConflict}
			case strings.Contains(d.Path, "{infringement}"), strings.Contains(d.Path, "{file}"), strings.Contains(d.Path, "{paper}"), d.Method == http.MethodGet && (strings.Contains(d.Path, "{review}") || strings.Contains(d.Path, "{lead}")):
				want = []int{http.StatusNotFound}
			case strings.HasSuffix(d.Path, "/handover"): // the case is not in the court link
				want = []int{http.StatusConflict}
			case d.Path == "/desk/bulk", strings.HasPrefix(d.Path, "/desk/statistics/cases"), d.Path == "/desk/statistics/paper": // nothing is asked for
				want = []int{http.StatusBadRequest}
			case d.Method == http.MethodPost && d.Limit != Searching:
				want = []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusSeeOther}
			}
			expect(d.Method, path, nil, want...)
		}
		own := slices.IndexFunc(cases, func(v store.View) bool { return sees.Sees(&v.Case) })
		if own < 0 {
			if name != "operator" {
				t.Errorf("%s sees none of the cases", name)
			}
			continue
		}
		v := &cases[own]
		expect("GET", "/desk/case/"+v.Number, nil, http.StatusOK)
		for _, event := range events {
			path := "/desk/case/" + v.Number + "/act/" + event
			if may(v, role, event) {
				expect("GET", path, nil, http.StatusOK)
				continue
			}
			want := http.StatusConflict
			if name == "auditor" {
				want = http.StatusForbidden
			}
			expect("POST", path, url.Values{"key": {formKey(session)}, "words": {"不该办成"}, "no_refusal_ground": {"yes"}, "unit": {"amr"}}, want)
		}
	}
	if after := w.Count("select count(*) from events"); after != before {
		t.Errorf("somebody did something: %d events, then %d", before, after)
	}
	t.Logf("%d cells", cells)
	if cells < 1000 {
		t.Errorf("only %d cells", cells)
	}
}
