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

func (s *site) user(u store.User) string {
	s.t.Helper()
	token, err := s.w.AddUser(context.Background(), u)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// ok sends a request that must succeed.
func (s *site) ok(method, path, token, body string, headers ...string) (map[string]any, string) {
	s.t.Helper()
	status, out, text := s.call(method, path, token, body, headers...)
	if status >= 300 {
		s.t.Fatalf("%s %s %s: %d %s", method, path, body, status, text)
	}
	return out, text
}

// Internal notes are for the authority's people only, sealed, and go with the key.
func TestInternalNotes(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer, court := s.officer("officer", "hub", "supervisor"), s.user(store.User{Name: "superior", Roles: []string{"superior"}})
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		path := "/api/v1/cases/" + number + "/notes"
		s.ok("POST", path, officer, `{"words":"备注金丝雀：商家态度可疑"}`, "Idempotency-Key", "n1")
		s.ok("POST", path, officer, `{"words":"备注金丝雀：商家态度可疑"}`, "Idempotency-Key", "n1")
		if status, _, _ := s.call("POST", path, officer, `{"words":"另一条"}`, "Idempotency-Key", "n1"); status != http.StatusUnprocessableEntity {
			t.Errorf("another body: %d", status)
		}
		out, text := s.ok("GET", path, officer, "")
		if notes := out["notes"].([]any); len(notes) != 1 || !strings.Contains(text, `"author":"officer-hub-supervisor"`) {
			t.Error(text)
		}
		for who, token := range map[string]string{"consumer": consumer, "merchant": merchant, "superior": court} {
			if status, _, text := s.call("GET", path, token, ""); status == http.StatusOK {
				t.Errorf("%s reads notes: %s", who, text)
			}
			for _, p := range []string{"", "/data", "/events"} {
				if _, _, text := s.call("GET", "/api/v1/cases/"+number+p, token, ""); strings.Contains(text, "备注金丝雀") {
					t.Errorf("%s sees a note in %q", who, p)
				}
			}
		}
		for _, body := range []string{`{"words":""}`, `{"words":"a\u0000b"}`, `{"words":"` + strings.Repeat("长", 6000) + `"}`, `{"text":"x"}`} {
			if status, _, text := s.call("POST", path, officer, body); status != http.StatusBadRequest {
				t.Errorf("%.40s: %d %s", body, status, text)
			}
		}
		if strings.Contains(s.dump(), "备注金丝雀") || strings.Contains(s.payloads(), "note") {
			t.Error("a note lies about in clear")
		}
		s.erase(number, officer)
		if status, out, _ := s.call("GET", path, officer, ""); status != http.StatusGone || out["code"] != "erased" {
			t.Errorf("after the erasure: %d", status)
		}
		if status, _, _ := s.call("POST", path, officer, `{"words":"x"}`); status != http.StatusGone {
			t.Errorf("a note for an erased person: %d", status)
		}
	})
}

// erase ends a case and erases its person.
func (s *site) erase(number, officer string) {
	s.t.Helper()
	s.w.Do(number, "withdraw_before_acceptance")
	s.w.Advance(400 * 24 * time.Hour)
	s.w.Do(number, "publish_or_hold")
	s.ok("POST", "/api/v1/cases/"+number+"/commands", officer, `{"event":"erase_person","as":"supervisor","reason":"pipl_47"}`)
}

// A deputy finds and does the absent colleague's cases for as long as it lasts,
// and the log names who really acted.
func TestAbsenceAndDeputy(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		hub := s.officer("hub", "officer")
		zhang, li := s.user(store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr"}), s.user(store.User{Name: "li", Roles: []string{"officer"}, Unit: "psb"})
		path := "/api/v1/cases/" + number
		s.ok("POST", path+"/commands", hub, `{"event":"classify"}`)
		s.ok("POST", path+"/commands", hub, `{"event":"assign","unit":"amr","officer":"zhang"}`)
		mine := func(token string) int {
			out, _ := s.ok("GET", "/api/v1/cases?officer=me", token, "")
			return len(out["cases"].([]any))
		}
		reads := func(token string) int { status, _, _ := s.call("GET", path, token, ""); return status }
		if mine(zhang) != 1 || mine(li) != 0 || reads(li) != http.StatusNotFound {
			t.Fatal("before the absence")
		}
		s.ok("POST", "/api/v1/absences", zhang, `{"deputy":"li","from":"2026-05-06","to":"2026-05-08"}`)
		if mine(zhang) != 1 || mine(li) != 1 || reads(li) != http.StatusOK {
			t.Errorf("the deputy has %d and reads %d", mine(li), reads(li))
		}
		_, text := s.ok("GET", "/api/v1/cases", hub, "")
		if !strings.Contains(text, `"officer_absent":{"deputy":"li"`) {
			t.Errorf("the list does not show that he is away: %s", text)
		}
		if out, text := s.ok("GET", "/api/v1/me", li, ""); fmt.Sprint(out["deputy_for"]) != "[zhang]" {
			t.Error(text)
		}
		s.ok("POST", path+"/commands", li, `{"event":"prepare_refusal"}`)
		if _, text := s.ok("GET", path+"/events", hub, ""); !strings.Contains(text, `"actor":"officer:li"`) {
			t.Errorf("the log: %s", text)
		}
		s.w.Set(time.Date(2026, 5, 8, 15, 59, 59, 0, time.UTC)) // the last second of May 8 in China
		last := reads(li)
		s.w.Advance(time.Second)
		if last != http.StatusOK || reads(li) != http.StatusNotFound || mine(li) != 0 {
			t.Errorf("at the end %d, then %d", last, reads(li))
		}
	})
}

// Nobody is absent twice, deputies do not stand for one another in a circle, and
// only supervisors speak for others.
func TestAbsencesThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := map[string]string{}
		for _, name := range []string{"a", "b", "c"} {
			tokens[name] = s.user(store.User{Name: name, Roles: []string{"officer"}})
		}
		boss := s.officer("supervisor")
		say := func(token, body string) (int, string) {
			status, out, text := s.call("POST", "/api/v1/absences", token, body)
			if code, ok := out["code"].(string); ok && status == http.StatusConflict {
				return status, code
			}
			return status, text
		}
		out, _ := s.ok("POST", "/api/v1/absences", tokens["a"], `{"deputy":"b","from":"2026-05-10","to":"2026-05-20"}`)
		s.ok("POST", "/api/v1/absences", boss, `{"name":"b","deputy":"c","from":"2026-05-15","to":"2026-05-25"}`)
		for _, x := range []struct {
			token, body, want string
			status            int
		}{
			{tokens["a"], `{"deputy":"c","from":"2026-05-20","to":"2026-05-21"}`, "absence_overlaps", http.StatusConflict},
			{tokens["c"], `{"deputy":"a","from":"2026-05-20","to":"2026-05-20"}`, "absence_circular", http.StatusConflict},
			{tokens["c"], `{"deputy":"b","from":"2026-05-25","to":"2026-05-30"}`, "absence_circular", http.StatusConflict},
			{tokens["c"], `{"deputy":"c","from":"2026-06-01","to":"2026-06-02"}`, `"deputy"`, http.StatusBadRequest},
			{tokens["c"], `{"deputy":"nobody","from":"2026-06-01","to":"2026-06-02"}`, `"deputy"`, http.StatusBadRequest},
			{tokens["c"], `{"deputy":"a","from":"2026-06-02","to":"2026-06-01"}`, `"to"`, http.StatusBadRequest},
			{tokens["c"], `{"deputy":"a","from":"2026-05-01","to":"2026-05-05"}`, `"to"`, http.StatusBadRequest},
			{tokens["c"], `{"deputy":"a","from":"2026-06-01","to":"2027-06-02"}`, `"to"`, http.StatusBadRequest},
			{tokens["c"], `{"deputy":"a","to":"2026-06-02"}`, `"from"`, http.StatusBadRequest},
			{tokens["c"], `{"name":"a","deputy":"b","from":"2026-07-01","to":"2026-07-02"}`, "not_for_you", http.StatusForbidden},
			{boss, `{"name":"nobody","deputy":"b","from":"2026-07-01","to":"2026-07-02"}`, `"name"`, http.StatusBadRequest},
			{tokens["c"], `{"deputy":"a","from":"2026-05-21","to":"2026-05-21"}`, "", http.StatusCreated},
		} {
			if status, text := say(x.token, x.body); status != x.status || !strings.Contains(text, x.want) {
				t.Errorf("%s: %d %s", x.body, status, text)
			}
		}
		if status, _, _ := s.call("POST", fmt.Sprintf("/api/v1/absences/%v/end", out["id"]), tokens["b"], `{}`); status != http.StatusNotFound {
			t.Errorf("b ends a's absence: %d", status)
		}
		s.ok("POST", fmt.Sprintf("/api/v1/absences/%v/end", out["id"]), tokens["a"], `{}`)
		s.ok("POST", "/api/v1/absences", tokens["a"], `{"deputy":"c","from":"2026-05-11","to":"2026-05-11"}`)
		if out, text := s.ok("GET", "/api/v1/absences", tokens["a"], ""); len(out["absences"].([]any)) != 3 {
			t.Error(text)
		}
	})
}

// The consumer's copy holds what he said and what became of it, and nothing of
// anybody else's.
func TestACopyOfOnesData(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer", "hub")
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		agent, _ := s.give(number, officer, `{"recipient":"agent"}`)
		other, _ := s.give(number, officer, `{"recipient":"representative"}`)
		reader, _ := s.give(number, officer, `{"recipient":"guardian","actions":["read"]}`)
		path := "/api/v1/cases/" + number
		do := func(token, body string) { s.ok("POST", path+"/commands", token, body) }
		do(officer, `{"event":"classify"}`)
		do(officer, `{"event":"invite_settlement"}`)
		do(merchant, `{"event":"answer_with_offer","answer_kind":"offer","words":"商家秘密方案"}`)
		do(agent, `{"event":"add_evidence","words":"代理人补充"}`)
		do(other, `{"event":"add_evidence","words":"另一代表的话","person":{"name":"另一代表","phone":"13900000000"}}`)
		do(officer, `{"event":"add_evidence","words":"窗口代录","on_behalf":{"party":"consumer","channel":"window","identity":"id_card","read_back":true}}`)
		do(officer, `{"event":"add_evidence","words":"承办人意见"}`)
		s.ok("POST", path+"/notes", officer, `{"words":"私下备忘"}`)
		for who, x := range map[string]struct {
			token    string
			has, not []string
		}{
			"consumer":  {consumer, []string{"金丝雀名", "金丝雀事由", "13812345678", "代理人补充", "窗口代录", "commitment", "receipt"}, []string{"商家秘密方案", "另一代表", "13900000000", "承办人意见", "私下备忘", "\"token\""}},
			"officer":   {officer, []string{"金丝雀名", "代理人补充"}, []string{"商家秘密方案", "另一代表", "私下备忘"}},
			"agent":     {agent, []string{"代理人补充"}, []string{"另一代表", "金丝雀名", "商家秘密方案"}},
			"the other": {other, []string{"另一代表的话", "13900000000"}, []string{"金丝雀名", "13812345678", "代理人补充", "商家秘密方案"}},
		} {
			_, text := s.ok("GET", path+"/data", x.token, "")
			for _, want := range x.has {
				if !strings.Contains(text, want) {
					t.Errorf("%s lacks %s: %s", who, want, text)
				}
			}
			for _, not := range x.not {
				if strings.Contains(text, not) {
					t.Errorf("%s gets %s", who, not)
				}
			}
		}
		if status, _, _ := s.call("GET", path+"/data", merchant, ""); status != http.StatusNotFound {
			t.Errorf("the merchant gets it: %d", status)
		}
		if status, out, _ := s.call("GET", path+"/data", reader, ""); status != http.StatusForbidden || out["code"] != "link_lacks_action" {
			t.Errorf("a link for reading gets it: %d", status)
		}
	})
}

// A wish to be erased is on the supervisors' list until the case answers it.
func TestAWishToBeErased(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		second, token := s.file()
		boss, officer := s.officer("supervisor"), s.officer("officer")
		ask := func(number, token string) map[string]any {
			out, _ := s.ok("POST", "/api/v1/cases/"+number+"/erasure-requests", token, `{}`)
			return out
		}
		out := ask(number, consumer)
		if out["due"] != "2026-05-26" || out["actor"] != "consumer" || out["overdue"] != false { // fifteen working days after May 6, May 9 among them
			t.Errorf("%v", out)
		}
		s.w.Advance(time.Hour)
		if again := ask(number, consumer); again["no"] != out["no"] || again["at"] != out["at"] {
			t.Errorf("asked twice: %v", again)
		}
		ask(second, token)
		list := func() []any {
			out, _ := s.ok("GET", "/api/v1/erasure-requests", boss, "")
			return out["requests"].([]any)
		}
		if len(list()) != 2 {
			t.Errorf("%v", list())
		}
		if status, _, _ := s.call("GET", "/api/v1/erasure-requests", officer, ""); status != http.StatusForbidden {
			t.Errorf("an officer: %d", status)
		}
		if _, text := s.ok("GET", "/api/v1/erasure-requests", s.user(store.User{Name: "far", Roles: []string{"coordinator"}, Town: "370322001"}), ""); strings.Contains(text, number) {
			t.Error("beyond the scope")
		}
		s.ok("POST", "/api/v1/cases/"+second+"/commands", boss, `{"event":"refuse_erasure","reason":"case_open","words":"案件尚未办结"}`)
		if all := list(); len(all) != 1 || all[0].(map[string]any)["case"] != number {
			t.Errorf("after the refusal: %v", all)
		}
		if _, text := s.ok("GET", "/api/v1/cases/"+second+"/data", token, ""); !strings.Contains(text, `"answer":"refuse_erasure"`) {
			t.Error(text)
		}
		if again := ask(second, token); again["no"] != 2. {
			t.Errorf("asked anew: %v", again)
		}
		s.w.Set(time.Date(2026, 5, 26, 16, 0, 0, 0, time.UTC))
		if all := list(); all[0].(map[string]any)["overdue"] != true || all[1].(map[string]any)["overdue"] != true {
			t.Errorf("after the day: %v", all)
		}
		s.erase(number, boss)
		if all := list(); len(all) != 1 || all[0].(map[string]any)["case"] != second {
			t.Errorf("after the erasure: %v", all)
		}
		for _, path := range []string{"/data", "/events/1/words"} {
			want, as := http.StatusGone, officer
			if status, _, _ := s.call("GET", "/api/v1/cases/"+number+path, as, ""); status != want {
				t.Errorf("%s of an erased case: %d", path, status)
			}
		}
		if status, _, _ := s.call("POST", "/api/v1/cases/"+number+"/erasure-requests", consumer, `{}`); status != http.StatusGone {
			t.Errorf("asked after it: %d", status)
		}
		if out, _ := s.ok("GET", "/api/v1/cases/"+number, consumer, ""); out["outcome"] != "WITHDRAWN" {
			t.Error("numbers stay")
		}
	})
}

func TestWhoIsHere(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		boss, officer := s.officer("supervisor"), s.user(store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr", Town: "370321001"})
		out, text := s.ok("GET", "/api/v1/me", officer, "")
		if out["name"] != "zhang" || out["unit"] != "amr" || fmt.Sprint(out["roles"]) != "[officer]" {
			t.Error(text)
		}
		if err := s.w.DisableUser(context.Background(), "cli", "zhang"); err != nil {
			t.Fatal(err)
		}
		out, text = s.ok("GET", "/api/v1/users", boss, "")
		if users := out["users"].([]any); len(users) != 2 || users[1].(map[string]any)["disabled_at"] == nil || strings.Contains(text, officer) || strings.Contains(text, boss) {
			t.Error(text)
		}
		if status, _, _ := s.call("GET", "/api/v1/users", s.officer("officer"), ""); status != http.StatusForbidden {
			t.Errorf("an officer lists users: %d", status)
		}
		_, consumer := s.file()
		for _, path := range []string{"/api/v1/me", "/api/v1/users", "/api/v1/absences"} {
			if status, _, _ := s.call("GET", path, consumer, ""); status != http.StatusNotFound {
				t.Errorf("a party asks for %s: %d", path, status)
			}
		}
	})
}

// What the sides offered one another is not for a court or another authority to
// read, whatever else of the case it sees.
func TestOffersStayAmongThoseWhoTalk(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer", "hub")
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		path := "/api/v1/cases/" + number
		s.ok("POST", path+"/commands", officer, `{"event":"classify"}`)
		s.ok("POST", path+"/commands", officer, `{"event":"invite_settlement"}`)
		s.ok("POST", path+"/commands", merchant, `{"event":"answer_with_offer","answer_kind":"offer","words":"退一赔一"}`)
		s.w.Do(number, "reject_offer", "consumer_ends_negotiation")
		superior := s.officer("superior")
		out, _ := s.ok("GET", path+"/events", superior, "")
		read := map[string]int{}
		for _, e := range out["events"].([]any) {
			e := e.(map[string]any)
			status, _, _ := s.call("GET", fmt.Sprintf("%s/events/%v/words", path, e["seq"]), superior, "")
			read[e["event"].(string)] = status
		}
		if read["answer_with_offer"] != http.StatusNotFound || read["file_with_authority"] != http.StatusOK {
			t.Errorf("%v", read)
		}
		if status, out, _ := s.call("GET", path+"/events/4/words", officer, ""); status != http.StatusOK || out["words"] != "退一赔一" {
			t.Errorf("an officer: %d %v", status, out)
		}
	})
}

// A mediator who is challenged and replaced loses the case at once, on every path;
// his colleague of the organisation keeps it.
func TestAReplacedMediatorLosesTheCase(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		path := "/api/v1/cases/" + number
		s.w.Do(number, "classify", "dispatch", "accept", "ask_consent", "one_consents", "both_consent", "entrust")
		c, err := s.w.Case(context.Background(), number)
		if err != nil {
			t.Fatal(err)
		}
		organisation := c.Facts["organisation"]
		first := s.user(store.User{Name: "first", Roles: []string{"mediator"}, Unit: organisation})
		second := s.user(store.User{Name: "second", Roles: []string{"mediator"}, Unit: organisation})
		boss := s.officer("supervisor")
		sees := func(token string) string {
			read, _, _ := s.call("GET", path, token, "")
			out, _ := s.ok("GET", "/api/v1/cases", token, "")
			counts, _ := s.ok("GET", "/api/v1/counts", token, "")
			return fmt.Sprint(read, len(out["cases"].([]any)), counts["total"])
		}
		s.ok("POST", path+"/mediation/recusal", consumer, `{"words":"调解员与商家有关系"}`)
		if got := sees(first); got != "200 1 1" {
			t.Errorf("before it is decided: %s", got)
		}
		s.ok("POST", path+"/mediation/recusal/decision", boss, `{"recused":"first","officer":"second"}`)
		if a, b := sees(first), sees(second); a != "404 0 0" || b != "200 1 1" {
			t.Errorf("the first %s, the second %s", a, b)
		}
		if status, _, _ := s.call("POST", path+"/commands", first, `{"event":"hold_session"}`); status != http.StatusNotFound {
			t.Errorf("he acts: %d", status)
		}
		s.ok("POST", path+"/commands", second, `{"event":"entrusted_returned"}`)
		if got := sees(second); got != "404 0 0" {
			t.Errorf("after it was given back: %s", got)
		}
	})
}
