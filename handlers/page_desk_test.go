package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

// longDays lets nobody's session end, however much time passes in a test.
var longDays = handlers.SignIn{Idle: 12 * 365 * 24 * time.Hour, Term: 12 * 365 * 24 * time.Hour}

// sit lets a browser sign in as somebody of the authority.
func (s *site) sit(u store.User) *visitor {
	s.t.Helper()
	s.api.SignIn = longDays
	v := s.visitor()
	at, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	v.client.Jar.SetCookies(at, []*http.Cookie{{Name: "desk", Value: s.session(u), Path: "/"}})
	return v
}

// session is a session of a new user.
func (s *site) session(u store.User) string {
	s.t.Helper()
	who, err := s.w.Admit(context.Background(), s.user(u), "")
	if err != nil {
		s.t.Fatal(err)
	}
	token, err := s.w.OpenSession(context.Background(), who.User.ID, store.DeskSession{Way: "password"}, longDays.Term)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// tableRow is a row of the table as the browser's tests compare it with a page.
type tableRow struct {
	ID    string `json:"id"`
	Event string `json:"event"`
}

// rowsFor are the table's own rows that somebody of a role may take in a case, no
// clock's among them.
func (s *site) rowsFor(number, role string) (out []tableRow, err error) {
	v, err := s.w.Case(context.Background(), number)
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		clock := slices.ContainsFunc(row.Clocks, func(k workflow.ClockEffect) bool { return k.Op == '!' })
		if slices.Contains(row.FromStates(), v.State) && slices.Contains(row.By, workflow.Role(role)) && !clock {
			out = append(out, tableRow{row.ID, row.Event})
		}
	}
	return out, err
}

// tellOfDesks lets a browser's test sit down at a desk of its own, hand notices over,
// and ask what the table allows.
func (s *site) tellOfDesks(mux *http.ServeMux) {
	mux.HandleFunc("/told", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Number string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		s.told(in.Number)
		_, _ = rw.Write([]byte("{}"))
	})
	mux.HandleFunc("/table", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Number, Role string }
		err := json.NewDecoder(r.Body).Decode(&in)
		var rows []tableRow
		if err == nil {
			rows, err = s.rowsFor(in.Number, in.Role)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"rows": rows})
	})
	mux.HandleFunc("/sit", func(rw http.ResponseWriter, r *http.Request) {
		s.api.SignIn = longDays
		var in struct {
			Name, Unit, Town string
			Roles            []string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]string{"name": "desk", "value": s.session(store.User{Name: in.Name, Roles: in.Roles, Unit: in.Unit, Town: in.Town}), "path": "/"})
	})
}

// sent fills in the form of a page that another address shows.
func (v *visitor) sent(from, to string, form url.Values) (*http.Response, string) {
	v.s.t.Helper()
	_, text := v.ask("GET", from, nil)
	m := keyField.FindStringSubmatch(text)
	if m == nil {
		v.s.t.Fatalf("no form at %s: %s", from, text)
	}
	form.Set("key", m[1])
	return v.ask("POST", to, form)
}

var seesField = regexp.MustCompile(`name="sees" value="([0-9]+)"`)

// Two officers on one case: the second sees that it has changed and what, keeps
// what he wrote, and may send it then; what cannot be done any more says so and
// keeps the text too. A form that is sent twice is one act.
func TestTwoOfficersOnOneCase(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		zhang, li := s.sit(store.User{Name: "zhang", Roles: []string{"officer"}}), s.sit(store.User{Name: "li", Roles: []string{"officer"}})
		number, _ := s.file()
		s.w.Do(number, "classify", "dispatch")
		finding, accept := "/desk/case/"+number+"/act/record_finding", "/desk/case/"+number+"/act/accept"
		_, form := li.ask("GET", finding, nil)
		_, late := li.ask("GET", accept, nil)
		typed := func(page string) url.Values {
			return url.Values{"key": {keyField.FindStringSubmatch(page)[1]}, "sees": {seesField.FindStringSubmatch(page)[1]}, "finding": {"ART17a"}, "no_refusal_ground": {"yes"}, "words": {"写了很久的话<b>" + naughty}}
		}
		once := typed(form)
		if res, text := zhang.fill(accept, url.Values{"no_refusal_ground": {"yes"}, "words": {"材料齐全"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		res, text := li.ask("POST", finding, once)
		if res.StatusCode != http.StatusConflict || !strings.Contains(text, "写了很久的话") || !strings.Contains(text, "材料齐全") || strings.Contains(text, "<script>alert") {
			t.Fatalf("stale: %d %s", res.StatusCode, text)
		}
		again := typed(text)
		for range 2 {
			if res, text = li.ask("POST", finding, again); res.StatusCode != http.StatusSeeOther {
				t.Fatalf("sent once more: %d %s", res.StatusCode, text)
			}
		}
		if n := s.w.Count(`select count(*) from events where payload like '%"event":"record_finding"%'`); n != 1 {
			t.Errorf("%d findings", n)
		}
		if res, text = li.ask("POST", accept, typed(late)); res.StatusCode != http.StatusConflict || !strings.Contains(text, "写了很久的话") || !strings.Contains(text, "材料齐全") {
			t.Errorf("not any more: %d %s", res.StatusCode, text)
		}
		if res, text = li.ask("POST", finding, url.Values{"key": {"forged"}, "words": {"伪造"}}); res.StatusCode != http.StatusConflict || !strings.Contains(text, "伪造") {
			t.Errorf("forged: %d", res.StatusCode)
		}
		if strings.Contains(s.logs.String(), "写了很久") || strings.Contains(s.logs.String(), number) {
			t.Error("the log tells")
		}
	})
}

// What is wrong stands at its field; a second person decides what one prepared.
func TestTheDeskSaysWhatIsWrong(t *testing.T) {
	s := newSite(t, storetest.New(t))
	zhang, li := s.sit(store.User{Name: "zhang", Roles: []string{"officer"}}), s.sit(store.User{Name: "li", Roles: []string{"officer"}})
	number, _ := s.file()
	s.w.Do(number, "classify", "dispatch")
	base := "/desk/case/" + number
	res, text := zhang.fill(base+"/act/refuse", url.Values{"ground": {"REF3"}, "words": {"身份不实"}})
	if res.StatusCode == http.StatusSeeOther || !strings.Contains(text, "身份不实") || !strings.Contains(text, "两人") {
		t.Errorf("alone: %d %s", res.StatusCode, text)
	}
	if res, text := zhang.fill(base+"/act/prepare_refusal", url.Values{"ground": {"REF3"}, "words": {"身份不实"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, text := zhang.fill(base+"/act/refuse", url.Values{"ground": {"REF3"}, "words": {"身份不实"}}); res.StatusCode == http.StatusSeeOther || !strings.Contains(text, "由您拟办") {
		t.Errorf("the same person: %d %s", res.StatusCode, text)
	}
	res, text = li.fill(base+"/act/refuse", url.Values{"ground": {"REF3"}})
	if res.StatusCode == http.StatusSeeOther || !strings.Contains(text, `id="f-words-error"`) || !strings.Contains(text, "zhang 拟办") {
		t.Errorf("no reasons: %d %s", res.StatusCode, text)
	}
	if res, text := li.fill(base+"/act/refuse", url.Values{"ground": {"REF3"}, "words": {"身份不实，可另行起诉"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("by two: %d %s", res.StatusCode, text)
	}
	if res, text := zhang.sent(base, base+"/notes", url.Values{"words": {" "}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty note: %d %s", res.StatusCode, text)
	}
	zhang.sent(base, base+"/notes", url.Values{"words": {"内部<b>话"}})
	if _, text := li.ask("GET", base, nil); !strings.Contains(text, "内部&lt;b&gt;话") {
		t.Error("the note is not there")
	}
	if _, text := s.sit(store.User{Name: "law", Roles: []string{"superior"}}).ask("GET", base, nil); strings.Contains(text, "内部&lt;b&gt;话") {
		t.Error("another authority reads a note")
	}
}

// The board narrows by its address, searches without one, and hands out what it
// shows; several cases at once go through, and each that cannot says why.
func TestBoardAndBulk(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.sit(store.User{Name: "hub", Roles: []string{"hub", "officer", "supervisor"}})
		var numbers []string
		for range 3 {
			n, _ := s.file()
			numbers = append(numbers, n)
		}
		s.w.Do(numbers[0], "classify")
		s.w.Do(numbers[1], "classify")
		shown := func(text string) (out []string) {
			for _, n := range numbers {
				if strings.Contains(text, `value="`+n+`"`) {
					out = append(out, n)
				}
			}
			return out
		}
		for path, want := range map[string]int{"/desk/cases": 3, "/desk/cases?state=RECEIVED.triage&unit=": 2, "/desk/cases?stage=CLOSED": 0, "/desk/cases?overdue=true": 0} {
			if res, text := v.ask("GET", path, nil); res.StatusCode != http.StatusOK || len(shown(text)) != want {
				t.Errorf("%s: %d, %v", path, res.StatusCode, shown(text))
			}
		}
		if res, _ := v.ask("GET", "/desk/cases?state=nowhere", nil); res.StatusCode != http.StatusBadRequest {
			t.Errorf("a state that is none: %d", res.StatusCode)
		}
		if _, err := s.w.Block(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, work := range []func(context.Context, int) (int, error){s.w.Board, s.w.Index} {
			if _, err := work(context.Background(), 100); err != nil {
				t.Fatal(err)
			}
		}
		for words, want := range map[string]int{"事由": 3, "没有": 0} {
			if res, text := v.ask("POST", "/desk/cases/search", url.Values{"words": {words}}); res.StatusCode != http.StatusOK || len(shown(text)) != want {
				t.Errorf("%s: %d, %v", words, res.StatusCode, shown(text))
			}
		}
		if res, text := v.ask("POST", "/desk/cases/search", url.Values{"words": {"，"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "请写下") {
			t.Errorf("nothing to look for: %d", res.StatusCode)
		}
		if res, _ := v.ask("POST", "/desk/cases/search", url.Values{"words": {strings.ToLower(numbers[2])}}); res.Header.Get("Location") != "/desk/case/"+numbers[2] {
			t.Errorf("a number leads to %q", res.Header.Get("Location"))
		}
		res, text := v.ask("GET", "/desk/cases/export?state=RECEIVED.triage", nil)
		if lines := strings.Split(strings.TrimSpace(text), "\r\n"); len(lines) != 3 || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") || strings.Contains(text, "金丝雀") || strings.Contains(text, "13812345678") {
			t.Errorf("%v %q", res.Header, text)
		}
		s.w.Do(numbers[2], "classify", "dispatch")
		move := url.Values{"what": {"dispatch"}, "case": append(numbers, "HT-2026-999999-1"), "unit": {"amr"}}
		res, text = v.ask("POST", "/desk/bulk", move)
		if res.StatusCode != http.StatusOK || !strings.Contains(text, "2 件可以办理，2 件不能") || !strings.Contains(text, "现在不能这样做") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if c, _ := s.w.Case(context.Background(), numbers[0]); c.State != "RECEIVED.triage" {
			t.Fatalf("looking did it: %s", c.State)
		}
		move.Set("key", keyField.FindStringSubmatch(text)[1])
		move.Set("go", "do")
		for range 2 {
			if res, text = v.ask("POST", "/desk/bulk", move); !strings.Contains(text, "已办理 2 件，2 件未办理") {
				t.Fatalf("%d %s", res.StatusCode, text)
			}
		}
		for _, n := range numbers[:2] {
			if c, _ := s.w.Case(context.Background(), n); c.State != "REFERRAL.decision_pending" || c.Unit() != "amr" {
				t.Errorf("%s: %s %s", n, c.State, c.Unit())
			}
		}
	})
}

// A complaint is taken on the telephone: nothing is filed before it was read back,
// what may be the same is shown, the receipt has the link, and one ticket is one case.
func TestIntakeAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for _, role := range []string{"officer", "hub", "town"} {
			v := s.sit(store.User{Name: role, Roles: []string{role}, Town: map[string]string{"town": "370321001"}[role]})
			form := url.Values{"source": {"12345"}, "ticket": {"T-" + role}, "track": {"authority"}, "on_behalf.identity": {"called_back"}, "person.name": {"王芳"}, "person.phone": {"13812345678"},
				"respondent.name": {"青禾健身" + naughty}, "respondent.address": {"滨河路"}, "words": {"年卡不退"}, "town": {"370321001"}, "publish_consent": {"yes"}, "entrust_consent": {"no"}, "amount_fen": {"1,560"}, "requests": {"refund"}}
			before := s.w.Count("select count(*) from cases")
			if res, text := v.fill("/desk/intake", url.Values{"source": {"window"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-person.name-error"`) {
				t.Errorf("%s: nothing said: %d %s", role, res.StatusCode, text)
			}
			res, text := v.fill("/desk/intake", form)
			if res.StatusCode != http.StatusOK || !strings.Contains(text, "年卡不退") || strings.Contains(text, "<script>alert") {
				t.Fatalf("%s: %d %s", role, res.StatusCode, text)
			}
			form.Set("key", keyField.FindStringSubmatch(text)[1])
			form.Set("go", "file")
			if res, text = v.ask("POST", "/desk/intake", form); res.StatusCode != http.StatusUnprocessableEntity || s.w.Count("select count(*) from cases") != before {
				t.Fatalf("%s: not read back: %d %s", role, res.StatusCode, text)
			}
			form.Set("key", keyField.FindStringSubmatch(text)[1])
			form.Set("on_behalf.read_back", "yes")
			for range 2 {
				if res, text = v.ask("POST", "/desk/intake", form); res.StatusCode != http.StatusCreated || !strings.Contains(text, "/c/HT-2026-") || !strings.Contains(text, `class="qr"`) {
					t.Fatalf("%s: %d %s", role, res.StatusCode, text)
				}
			}
			if n := s.w.Count("select count(*) from cases"); n != before+1 {
				t.Errorf("%s: %d cases", role, n-before)
			}
			form.Del("on_behalf.read_back")
			form.Del("go")
			if _, text = v.fill("/desk/intake", form); role == "officer" && !strings.Contains(text, `class="notice warn alike"`) {
				t.Errorf("%s: a second one is not noticed: %s", role, text)
			}
		}
	})
}

// Today and the review say what is late, why, and in whose hands it was; what a
// spreadsheet would run is text.
func TestTodayAndTheReview(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		s.w.Do(number, "classify", "dispatch")
		v := s.sit(store.User{Name: "boss", Roles: []string{"supervisor", "officer"}})
		if _, text := v.ask("GET", "/desk?when=week", nil); strings.Contains(text, number) {
			t.Error("due in more than a week")
		}
		s.w.Advance(12 * 24 * time.Hour)
		if _, err := s.w.Sweep(context.Background(), 100); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/desk", "/desk?when=overdue&by=unit", "/desk?clock=accept_decision", "/desk?unit=amr&by=officer", "/desk?town=370321001&by=town"} {
			if res, text := v.ask("GET", path, nil); res.StatusCode != http.StatusOK || !strings.Contains(text, number) || !strings.Contains(text, "/clock/") {
				t.Errorf("%s: %d %s", path, res.StatusCode, text)
			}
		}
		if _, text := v.ask("GET", "/desk?officer=me", nil); strings.Contains(text, number) {
			t.Error("not mine")
		}
		for _, path := range []string{"/desk?when=never", "/desk?by=colour", "/desk?clock=none", "/desk?unit=a%20b", "/desk?after=x", "/desk?zzz=1", "/desk/overdue?step=none", "/desk/overdue?after=x", "/desk/case/" + number + "/clock/99"} {
			if res, _ := v.ask("GET", path, nil); res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
		}
		c, err := s.w.Case(context.Background(), number)
		if err != nil {
			t.Fatal(err)
		}
		k := c.Clock("accept_decision")
		if _, text := v.ask("GET", fmt.Sprintf("/desk/case/%s/clock/%d", number, k.No), nil); !strings.Contains(text, "不计入") || !strings.Contains(text, "总计") || !strings.Contains(text, k.Calendar) {
			t.Error(text)
		}
		_, text := v.ask("GET", "/desk/overdue", nil)
		act := fmt.Sprintf("/desk/case/%s/act/acknowledge_breach?no=%d", number, k.No)
		if !strings.Contains(text, act) || !strings.Contains(text, "/act/supervise") {
			t.Error(text)
		}
		if res, text := v.fill(act, url.Values{"clock": {fmt.Sprint(k.No)}, "words": {"明天办"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if _, text := v.ask("GET", "/desk/overdue?acknowledged=yes", nil); !strings.Contains(text, "boss 于") {
			t.Error(text)
		}
		for _, words := range []string{"已答复", "应于"} {
			if _, text := v.ask("GET", "/desk/overdue", nil); strings.Contains(text, words) {
				t.Errorf("nobody supervised it: %s", words)
			}
		}
		if res, text := v.fill("/desk/case/"+number+"/act/supervise", url.Values{"words": {"三日内办结"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if _, text := v.ask("GET", "/desk/overdue", nil); !strings.Contains(text, "督办，应于") || !strings.Contains(text, "谁迟了多少") || !strings.Contains(text, "共 1 项，本页 1 项") {
			t.Errorf("supervised: %s", text)
		}
		s.w.Do(number, "answer_supervision")
		if _, text := v.ask("GET", "/desk/overdue", nil); !strings.Contains(text, "督办，已答复") {
			t.Errorf("answered: %s", text)
		}
		if _, err := s.w.Escalate(context.Background(), 100); err != nil {
			t.Fatal(err)
		}
		if _, text := v.ask("GET", "/desk/overdue", nil); !strings.Contains(text, "尚未送到") || strings.Contains(text, "已告知") {
			t.Errorf("whom a step has not reached: %s", text)
		}
		s.w.Run("update escalations set unreached = told")
		if _, text := v.ask("GET", "/desk/overdue", nil); !strings.Contains(text, "未能告知") || strings.Contains(text, "尚未送到") {
			t.Errorf("whom a step cannot reach: %s", text)
		}
		res, text := v.ask("GET", "/desk/overdue/export", nil)
		if !strings.Contains(text, number) || !strings.HasPrefix(text, "\uFEFF") || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") {
			t.Errorf("%v %q", res.Header, text)
		}
	})
}

func TestNothingInASheetIsRun(t *testing.T) {
	for cell, want := range map[string]string{"=1+1": "'=1+1", "+86": "'+86", "-1": "'-1", "@a": "'@a", "\tx": "'\tx", "＝1": "'＝1", "HT-1": "HT-1", "": "", "王芳": "王芳"} {
		if got := handlers.Harmless(cell); got != want {
			t.Errorf("%q: %q", cell, got)
		}
	}
}
