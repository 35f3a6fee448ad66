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

// Every role tries every page of the desk and every act of the table on a case, as
// a page and as a form that is sent: who may what is one table, tried cell by cell,
// and nothing that may not be done changes anything.
func TestWhoMayWhatAtTheDesk(t *testing.T) {
	w := storetest.New(t)
	x := &clerks{wire: newWire(t, w.Store, w, w.Now), taken: map[string]bool{}}
	number := w.File()
	w.Do(number, "classify", "dispatch")
	v, err := w.Case(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	var events []string
	for i := range workflow.Transitions {
		if e := workflow.Transitions[i].Event; !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	lacking := map[string]bool{}
	for _, m := range workflow.Allowed(v.Case, w.Law(), w.Now()) {
		lacking[m.Event] = !m.Possible()
	}
	// may is the table's own word, not the pages'.
	may := func(role workflow.Role, event string) bool {
		return slices.ContainsFunc(workflow.Transitions, func(row workflow.Row) bool {
			clock := slices.ContainsFunc(row.Clocks, func(k workflow.ClockEffect) bool { return k.Op == '!' })
			return row.Event == event && slices.Contains(row.FromStates(), v.State) && slices.Contains(row.By, role) && !clock && !lacking[event]
		})
	}
	member, err := w.Apply(context.Background(), store.Once{}, store.By{Actor: "merchant"}, store.Application{Details: register.Details{Name: "惠民超市"}})
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, name := range store.UserRoles {
		role := workflow.Role(name)
		u := store.User{Name: "the-" + name, Roles: []string{name}, Unit: map[string]string{"unit": v.Unit(), "mediator": "org", "other_authority": "far"}[name], Town: map[string]string{"town": v.Town()}[name]}
		token, err := w.AddUser(context.Background(), u)
		if err != nil {
			t.Fatal(err)
		}
		session := x.session(token)
		sees := u.Scope()
		inside := sees.Sees(&v.Case)
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
			path := strings.NewReplacer("{number}", number, "{clock}", "1", "{event}", "say", "{notice}", "1", "{file}", "x", "{member}", member.ID, "{form}", "register", "{paper}", "1", "{user}", "1").Replace(d.Path)
			want := []int{http.StatusOK}
			switch {
			case strings.Contains(d.Path, "{number}") && !inside:
				want = []int{http.StatusNotFound}
			case d.Method != http.MethodGet && name == "auditor" && d.Limit != Searching, !slices.Contains(d.For, role) && name != "auditor":
				want = []int{http.StatusForbidden}
			case strings.Contains(d.Path, "{event}"):
				want = []int{http.StatusConflict}
			case strings.Contains(d.Path, "{file}"), strings.Contains(d.Path, "{paper}"):
				want = []int{http.StatusNotFound}
			case strings.HasSuffix(d.Path, "/handover"): // the case is not in the court link
				want = []int{http.StatusConflict}
			case d.Path == "/desk/bulk":
				want = []int{http.StatusBadRequest}
			case d.Method == http.MethodPost && d.Limit != Searching:
				want = []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusSeeOther}
			}
			expect(d.Method, path, nil, want...)
		}
		if !inside {
			continue
		}
		for _, event := range events {
			path := "/desk/case/" + number + "/act/" + event
			if may(role, event) {
				expect("GET", path, nil, http.StatusOK)
				continue
			}
			expect("GET", path, nil, http.StatusConflict)
			want := http.StatusConflict
			if name == "auditor" {
				want = http.StatusForbidden
			}
			expect("POST", path, url.Values{"key": {formKey(session)}, "words": {"不该办成"}, "no_refusal_ground": {"yes"}, "unit": {"amr"}}, want)
		}
	}
	after, err := w.Case(context.Background(), number)
	if err != nil || after.Version != v.Version {
		t.Errorf("somebody did something: version %d, then %d, %v", v.Version, after.Version, err)
	}
	t.Logf("%d cells", cells)
	if cells < 1000 {
		t.Errorf("only %d cells", cells)
	}
}
