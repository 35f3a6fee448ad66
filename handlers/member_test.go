package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"fangxin/store"
)

const (
	wholeChecklist = `"checklist":{"place":true,"staff":true,"computer":true,"telephone":true,"procedure":true},"terms":{"answer_days":3,"return_days":7,"pledges":["no_reason_return"]}`
	bothPapers     = `"papers":[{"kind":"licence","name":"营业执照","sha256":"` + "" + `"},{"kind":"pledge","name":"承诺书"}]`
	onePerson      = `"people":[{"role":"contact","name":"李娜","phone":"13900000001"}]`
)

func (s *site) enrol(officer, merchant string) string {
	s.t.Helper()
	return ask(s.t, s, http.StatusCreated, "POST", "/api/v1/memberships", officer, `{"merchant":"`+merchant+`",`+wholeChecklist+`,`+bothPapers+`,`+onePerson+`,"why":"窗口受理"}`)["id"].(string)
}

// An application is asked for more, supplied, approved, watched, renewed,
// suspended, resumed and ended, each by a person of the county with a reason, each
// in its history.
func TestTheLifeOfAMembership(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		shop := openShop(t, s, officer, "惠民超市", "")
		at := "/api/v1/memberships/" + s.enrol(officer, shop)
		decide := func(want int, verdict, more string) map[string]any {
			t.Helper()
			return ask(t, s, want, "POST", at+"/decisions", officer, `{"verdict":"`+verdict+`","why":"核实"`+more+`}`)
		}
		decide(http.StatusOK, "ask_more", "")
		if out := ask(t, s, http.StatusOK, "POST", at+"/supplement", officer, `{"papers":[{"kind":"other","name":"照片"}],"why":"补充"}`); out["state"] != "applied" {
			t.Errorf("%v", out)
		}
		decide(http.StatusConflict, "suspend", "")
		out := decide(http.StatusOK, "approve", "")
		if out["state"] != "approved" || out["shop"] == "" || out["from"] == "" || out["to"] == "" {
			t.Errorf("%v", out)
		}
		last := out["to"]
		if out := decide(http.StatusOK, "renew", ""); out["to"].(string) <= last.(string) {
			t.Errorf("renewed from %v to %v", last, out["to"])
		}
		decide(http.StatusOK, "watch", "")
		decide(http.StatusOK, "suspend", "")
		decide(http.StatusOK, "resume", "")
		if out := decide(http.StatusOK, "exit", `,"cause":"own_request"`); out["state"] != "exited" || out["shop"] != "" || out["cause"] != "own_request" {
			t.Errorf("%v", out)
		}
		decide(http.StatusConflict, "approve", "")
		var what []string
		for _, l := range ask(t, s, http.StatusOK, "GET", at+"/history", officer, "")["lines"].([]any) {
			if l := l.(map[string]any); l["why"] == "" {
				t.Errorf("no reason: %v", l)
			} else {
				what = append(what, l["what"].(string))
			}
		}
		if got := strings.Join(what, " "); got != "applied person_added paper_added paper_added ask_more paper_added supplied approve renew watch suspend resume exit" {
			t.Error(got)
		}
		if people := ask(t, s, http.StatusOK, "GET", at, officer, "")["people"].([]any); len(people) != 0 {
			t.Errorf("people stay: %v", people)
		}
		again := s.enrol(officer, shop)
		if status, _, text := s.call("POST", "/api/v1/memberships/"+again+"/decisions", officer, `{"verdict":"approve","why":"x"}`); status != http.StatusConflict || !strings.Contains(text, "member_too_early") {
			t.Errorf("%d %s", status, text)
		}
		for _, secret := range []string{"13900000001", "李娜"} {
			if strings.Contains(s.logs.String(), secret) || strings.Contains(s.dump(), secret) {
				t.Errorf("%s lies there in clear", secret)
			}
		}
	})
}

// Anybody may apply; only the county decides, and it needs licence, pledge, a
// contact, the whole checklist and a settled entry.
func TestWhoDecidesAboutMembers(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		open := ask(t, s, http.StatusCreated, "POST", "/api/v1/memberships", "", `{"entry":{"name":"绿源车行","town":"370321001"},`+wholeChecklist+`,`+bothPapers+`,`+onePerson+`}`)
		at := "/api/v1/memberships/" + open["id"].(string)
		for _, token := range []string{s.officer("unit"), s.officer("hub"), s.officer("supervisor"), s.user(store.User{Name: "town", Roles: []string{"officer"}, Town: "370321001"})} {
			ask(t, s, http.StatusForbidden, "POST", at+"/decisions", token, `{"verdict":"approve","why":"x"}`)
		}
		refused := func(body, code string) {
			t.Helper()
			if status, _, text := s.call("POST", at+"/decisions", officer, body); status != http.StatusConflict || !strings.Contains(text, code) {
				t.Errorf("%s: %d %s", body, status, text)
			}
		}
		refused(`{"verdict":"approve","why":"x"}`, "merchant_unsettled")
		ask(t, s, http.StatusOK, "PATCH", "/api/v1/merchants/"+open["merchant"].(string), officer, `{"status":"active","why":"核实"}`)
		ask(t, s, http.StatusOK, "POST", at+"/supplement", officer, `{"checklist":{"place":true},"why":"x"}`)
		refused(`{"verdict":"approve","why":"x"}`, "member_lacks")
		for body, field := range map[string]string{`{"verdict":"approve"}`: "why", `{"verdict":"king","why":"x"}`: "verdict", `{"verdict":"exit","why":"x"}`: "cause", `{"verdict":"no_action","why":"x"}`: "lead"} {
			if status, _, text := s.call("POST", at+"/decisions", officer, body); status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+field+`"`) {
				t.Errorf("%s: %d %s", body, status, text)
			}
		}
		for body, field := range map[string]string{`{` + onePerson + `}`: "merchant", `{"entry":{"name":"x"},"terms":{"answer_days":11},` + onePerson + `}`: "terms.answer_days", `{"entry":{"name":"x"},"terms":{"answer_days":1}}`: "people",
			`{"entry":{"name":"x"},"terms":{"answer_days":1},"people":[{"role":"contact","name":"x","phone":"abc"}]}`: "people.0.phone"} {
			if status, _, text := s.call("POST", "/api/v1/memberships", "", body); status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+field+`"`) {
				t.Errorf("%s: %d %s", body, status, text)
			}
		}
		if out := ask(t, s, http.StatusOK, "POST", at+"/decisions", officer, `{"verdict":"refuse","why":"材料不实"}`); out["state"] != "refused" {
			t.Errorf("%v", out)
		}
		mine := s.enrol(officer, open["merchant"].(string))
		if out := ask(t, s, http.StatusOK, "POST", "/api/v1/memberships/"+mine+"/withdrawal", officer, `{"why":"申请人撤回"}`); out["state"] != "withdrawn" {
			t.Errorf("%v", out)
		}
	})
}

// A membership ends with its last day, by itself, and nothing else does.
func TestAMembershipExpires(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		at := "/api/v1/memberships/" + s.enrol(officer, openShop(t, s, officer, "惠民超市", ""))
		to := ask(t, s, http.StatusOK, "POST", at+"/decisions", officer, `{"verdict":"approve","why":"齐全"}`)["to"]
		last, err := time.ParseInLocation("2006-01-02", to.(string), time.FixedZone("", 8*3600))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			at   time.Time
			want string
		}{{last.Add(24*time.Hour - time.Second), "approved"}, {last.Add(24 * time.Hour), "expired"}} {
			s.w.Set(x.at)
			if _, err := s.w.ExpireMembers(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			if out := ask(t, s, http.StatusOK, "GET", at, officer, ""); out["state"] != x.want {
				t.Errorf("%s: %v", x.at, out["state"])
			}
		}
	})
}

// member is a session of somebody whose merchant has applied.
func (s *site) member() string {
	s.t.Helper()
	if s.w.Count("select count(*) from member_people where ended_at is null") == 0 {
		ask(s.t, s, http.StatusCreated, "POST", "/api/v1/memberships", "", `{"entry":{"name":"绿源车行"},`+wholeChecklist+`,`+onePerson+`}`)
	}
	return s.logIn("13900000001")
}

func (s *site) logIn(phone string) string {
	s.t.Helper()
	key := fmt.Sprint(s.w.Count("select count(*) from member_links"))
	token, registered, err := s.w.GiveLogin(context.Background(), &store.Owed{Number: key}, &store.Letter{Phone: phone, Until: s.w.Now().Add(store.LoginTerm)})
	if err != nil || !registered {
		s.t.Fatal(registered, err)
	}
	out := ask(s.t, s, http.StatusCreated, "POST", "/api/v1/member/session", "", `{"token":"`+token+`"}`)
	return out["sessions"].([]any)[0].(map[string]any)["token"].(string)
}

// A member sees a case from its invitation on, not from the day on which somebody
// found it in the register, and no more when the shop was another one.
func TestAMembersCasesBeginAndEnd(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer", "hub")
		_, shop, _ := s.enrolled(officer)
		mine, _ := s.file()
		token := s.logIn("13900000001")
		count := func(number string, want int) {
			t.Helper()
			text, _ := s.ok("GET", "/api/v1/member/cases", token, "")
			if got := strings.Count(fmt.Sprint(text), number); got != want {
				t.Errorf("%s is listed %d times", number, got)
			}
			status := map[int]int{0: http.StatusNotFound, 1: http.StatusOK}[want]
			ask(t, s, status, "GET", "/api/v1/cases/"+number, token, "")
		}
		do := func(token, body string) {
			t.Helper()
			ask(t, s, http.StatusOK, "POST", "/api/v1/cases/"+mine+"/commands", token, body)
		}
		ask(t, s, http.StatusOK, "POST", "/api/v1/cases/"+mine+"/merchants", officer, `{"merchant":"`+shop+`","why":"核实"}`)
		do(officer, `{"event":"classify"}`)
		count(mine, 0)
		do(officer, `{"event":"invite_settlement"}`)
		count(mine, 1)
		early := s.w.File()
		ask(t, s, http.StatusOK, "POST", "/api/v1/cases/"+early+"/merchants", officer, `{"merchant":"`+shop+`","why":"核实"}`)
		count(early, 0)
		s.w.Do(early, "classify", "invite_settlement")
		count(early, 1)
		do(token, `{"event":"disclaim","reason":"not_ours","words":"不是本店"}`)
		count(mine, 1)
		do(officer, `{"event":"reclassify","respondent":{"name":"另一店","address":"另一路","phone":"05337654321"}}`)
		count(mine, 0)
	})
}

// The answer to who asks for a link is the same for a registered number and for
// any other; a link works once; a member sees its own and nobody else's.
func TestMembersLogIn(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		shop := openShop(t, s, officer, "惠民超市", "")
		at := "/api/v1/memberships/" + s.enrol(officer, shop)
		known, unknown := ask(t, s, http.StatusAccepted, "POST", "/api/v1/member/login", "", `{"phone":"13900000001"}`), ask(t, s, http.StatusAccepted, "POST", "/api/v1/member/login", "", `{"phone":"13900000009"}`)
		if fmt.Sprint(known) != fmt.Sprint(unknown) {
			t.Errorf("%v and %v", known, unknown)
		}
		token := s.logIn("13900000001")
		ask(t, s, http.StatusNotFound, "GET", "/api/v1/member/figures", token, "") // not approved yet
		ask(t, s, http.StatusOK, "POST", at+"/decisions", officer, `{"verdict":"approve","why":"齐全"}`)
		if out := ask(t, s, http.StatusOK, "GET", "/api/v1/member/figures", token, ""); out["clocks"] != 0.0 {
			t.Errorf("%v", out)
		}
		mine, other := s.w.File(), s.w.File()
		s.w.Do(mine, "classify", "invite_settlement", "delivered")
		for _, number := range []string{mine, other} {
			to := shop
			if number == other {
				to = openShop(t, s, officer, "别家超市", "")
			}
			ask(t, s, http.StatusOK, "POST", "/api/v1/cases/"+number+"/merchants", officer, `{"merchant":"`+to+`","why":"核实"}`)
		}
		cases := ask(t, s, http.StatusOK, "GET", "/api/v1/member/cases", token, "")["cases"].([]any)
		if len(cases) != 1 || cases[0].(map[string]any)["case"] != mine || cases[0].(map[string]any)["clock"] != "merchant_first_answer" || cases[0].(map[string]any)["days_left"] != 3.0 || cases[0].(map[string]any)["due"] != "2026-05-09" {
			t.Errorf("%v", cases)
		}
		s.w.Do(mine, "answer_with_offer")
		if _, err := s.w.Pool().Exec("update clocks set state = 'running', starts = '2026-05-06', due = '2026-05-08' where code = 'offer_reply'"); err != nil { // the consumer was told
			t.Fatal(err)
		}
		// Its own offer waits for the consumer: nothing of the merchant's runs but the negotiation
		if got := ask(t, s, http.StatusOK, "GET", "/api/v1/member/cases", token, "")["cases"].([]any)[0].(map[string]any); got["clock"] != "green_channel" {
			t.Errorf("%v", got)
		}
		ask(t, s, http.StatusOK, "GET", "/api/v1/cases/"+mine, token, "")
		ask(t, s, http.StatusNotFound, "GET", "/api/v1/cases/"+other, token, "")
		ask(t, s, http.StatusNotFound, "GET", "/api/v1/memberships", token, "")
		ask(t, s, http.StatusCreated, "POST", "/api/v1/member/people", token, `{"role":"colleague","name":"王芳","phone":"13900000002"}`)
		colleague := s.logIn("13900000002")
		ask(t, s, http.StatusForbidden, "POST", "/api/v1/member/people", colleague, `{"role":"colleague","name":"x","phone":"13900000003"}`)
		if _, text := s.ok("GET", "/api/v1/member", colleague, ""); strings.Contains(text, "13900000001") {
			t.Errorf("a colleague is told how a contact is reached: %s", text)
		}
		ask(t, s, http.StatusOK, "POST", "/api/v1/member/session/end", token, "{}")
		ask(t, s, http.StatusNotFound, "GET", "/api/v1/member", token, "")
	})
}
