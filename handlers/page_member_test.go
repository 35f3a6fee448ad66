package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// letter is the secret of a link to sign in with, as a letter carries it.
func (s *site) letter(phone string) string {
	s.t.Helper()
	token, registered, err := s.w.GiveLogin(context.Background(), &store.Owed{Number: fmt.Sprint("page", s.w.Count("select count(*) from member_links"))}, &store.Letter{Phone: phone, Until: s.w.Now().Add(store.LoginTerm)})
	if err != nil || !registered {
		s.t.Fatal(registered, err)
	}
	return token
}

// enter signs in by the pages and returns where they lead.
func (v *visitor) enter(phone string) string {
	v.s.t.Helper()
	res, text := v.ask("POST", "/green", url.Values{"code": {v.s.URL + "/green#" + v.s.letter(phone)}})
	if res.StatusCode != http.StatusSeeOther {
		v.s.t.Fatalf("%d %s", res.StatusCode, text)
	}
	return res.Header.Get("Location")
}

// enrolled is an approved member with one case put to it.
func (s *site) enrolled(officer string) (member, shop, number string) {
	s.t.Helper()
	shop = openShop(s.t, s, officer, "惠民<超市>", `,"shop_address":"中心大街1号","domain":1`)
	member = s.enrol(officer, shop)
	ask(s.t, s, http.StatusOK, "POST", "/api/v1/memberships/"+member+"/decisions", officer, `{"verdict":"approve","why":"齐全"}`)
	number = s.w.File()
	s.w.Do(number, "classify", "invite_settlement", "delivered")
	ask(s.t, s, http.StatusOK, "POST", "/api/v1/cases/"+number+"/merchants", officer, `{"merchant":"`+shop+`","why":"核实"}`)
	return member, shop, number
}

// tellOfMembers lets the browser's tests have a member with cases, and the link of
// a letter.
func (s *site) tellOfMembers(mux *http.ServeMux, officer string) {
	var lock sync.Mutex
	mux.HandleFunc("/member", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Phone, Name string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		shop := openShop(s.t, s, officer, in.Name, `,"shop_address":"索镇街道中心大街 1 号","domain":1,"size":"large"`)
		member := ask(s.t, s, http.StatusCreated, "POST", "/api/v1/memberships", officer, `{"merchant":"`+shop+`",`+wholeChecklist+`,`+bothPapers+`,"people":[{"role":"contact","name":"李娜","phone":"`+in.Phone+`"}],"why":"窗口受理"}`)["id"].(string)
		out := ask(s.t, s, http.StatusOK, "POST", "/api/v1/memberships/"+member+"/decisions", officer, `{"verdict":"approve","why":"齐全"}`)
		var numbers []string
		for _, events := range [][]string{{"classify", "invite_settlement", "delivered"}, {"classify", "invite_settlement", "delivered", "answer_with_offer"}} {
			number := s.visitor().file("authority")
			s.w.Do(number, events...)
			ask(s.t, s, http.StatusOK, "POST", "/api/v1/cases/"+number+"/merchants", officer, `{"merchant":"`+shop+`","why":"核实"}`)
			numbers = append(numbers, number)
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"member": member, "code": out["shop"], "numbers": numbers, "link": "/green#" + s.letter(in.Phone)})
	})
	mux.HandleFunc("/letter", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Phone string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		_ = json.NewEncoder(rw).Encode(map[string]string{"link": "/green#" + s.letter(in.Phone)})
	})
}

// A member's contact signs in by the link of a letter, sees the open cases with
// the days left, opens and answers one under his own name, invites a colleague and
// removes him, and signs out: everything it opened ends with it.
func TestMembersOverThePages(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer", "hub")
		member, _, number := s.enrolled(officer)
		v := s.visitor()
		home := v.enter("13900000001")
		if home != "/green/"+member {
			t.Fatal(home)
		}
		res, text := v.ask("GET", home, nil)
		if res.StatusCode != http.StatusOK || !strings.Contains(text, "惠民&lt;超市&gt;") || !strings.Contains(text, number) || !strings.Contains(text, "个工作日") || !strings.Contains(text, "到期") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		before := s.payloads()
		for _, path := range []string{"", "/people", "/figures", "/sheet", "/sheet.svg", "/sheet.pdf", "/case/" + number} {
			if res, _ := v.ask("GET", home+path, nil); res.StatusCode != http.StatusOK && res.StatusCode != http.StatusSeeOther {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
		}
		if res, text = v.ask("GET", "/c/"+number, nil); res.StatusCode != http.StatusOK || res.Header.Get("X-Robots-Tag") != "noindex" || res.Header.Get("Cache-Control") != "no-store" || !strings.Contains(text, "/act/answer_with_offer") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if s.payloads() != before {
			t.Error("opening changes something")
		}
		if res, text := v.fill("/c/"+number+"/act/answer_with_offer", url.Values{"amount": {"80"}, "words": {"退款"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if n := s.w.Count(`select count(*) from events where payload like '%"actor":"merchant:p_%"event":"answer_with_offer"%'`); n != 1 {
			t.Errorf("%d answers by a person of the member", n)
		}
		add := "/c/" + number + "/act/add_evidence"
		if res, text := v.bring(add, add+"/files", url.Values{"go": {"next"}}, picked{"监控.jpg", jpegOf(t, 33, 20)}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if _, text := v.ask("GET", "/c/"+number, nil); !strings.Contains(text, "监控.jpg") || s.w.Count("select count(*) from files where actor like 'merchant:p_%'") != 1 {
			t.Error("a member's evidence is not the person's")
		}
		peoplePages(t, s, v, home, number)
		for _, forged := range []string{"", "x"} {
			v.ask("POST", home+"/leave", url.Values{"key": {forged}})
		}
		if _, text = v.ask("GET", home, nil); !strings.Contains(text, number) {
			t.Fatal("a forged form signs out")
		}
		if res, _ := v.ask("POST", home+"/leave", url.Values{"key": {keyField.FindStringSubmatch(text)[1]}}); res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		for _, path := range []string{home, "/c/" + number} {
			if _, text := v.ask("GET", path, nil); strings.Contains(text, "惠民") || strings.Contains(text, "/act/") {
				t.Errorf("%s is open after leaving", path)
			}
		}
		if strings.Contains(s.logs.String(), "13900000001") || strings.Contains(s.logs.String(), member) {
			t.Error("the log tells")
		}
	})
}

func peoplePages(t *testing.T, s *site, v *visitor, home, number string) {
	t.Helper()
	wrong, text := v.fill(home+"/people", url.Values{"name": {"王<芳>"}, "phone": {"abc"}})
	if wrong.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-phone-error"`) || !strings.Contains(text, "王&lt;芳&gt;") {
		t.Errorf("%d %s", wrong.StatusCode, text)
	}
	if res, text := v.ask("POST", home+"/people", url.Values{"key": {"x"}, "name": {"伪造"}, "phone": {"13900000003"}}); res.StatusCode != http.StatusConflict || !strings.Contains(text, "伪造") {
		t.Errorf("a forged form: %d", res.StatusCode)
	}
	if res, text := v.fill(home+"/people", url.Values{"name": {"王<芳>"}, "phone": {"１３９ 0000 0002"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	colleague := s.visitor()
	theirs := colleague.enter("139 0000 0002")
	_, text = colleague.ask("GET", theirs+"/people", nil)
	if strings.Contains(text, "13900000001") || strings.Contains(text, `id="invite"`) || strings.Contains(text, "/people/p_") || !strings.Contains(text, "王&lt;芳&gt;") {
		t.Errorf("a colleague sees %s", text)
	}
	colleague.ask("GET", theirs+"/case/"+number, nil)
	if _, text := colleague.ask("GET", "/c/"+number, nil); !strings.Contains(text, "·李娜") {
		t.Errorf("a colleague does not see who answered: %s", text)
	}
	_, text = v.ask("GET", home+"/people", nil)
	at := regexp.MustCompile(home+`/people/p_[0-9a-zA-Z]+`).FindAllString(text, -1)
	if len(at) != 1 {
		t.Fatalf("%v in %s", at, text)
	}
	if res, _ := colleague.fill(at[0], url.Values{}); res.StatusCode == http.StatusSeeOther && s.w.Count("select count(*) from member_people where ended_at is not null") != 0 {
		t.Error("a colleague removes people")
	}
	if res, text := v.fill(at[0], url.Values{}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if _, text := colleague.ask("GET", theirs, nil); strings.Contains(text, "惠民") {
		t.Error("who was removed is still signed in")
	}
}

// Who asks to sign in is told the same whether the contact is registered or not;
// a wrong, used or foreign secret opens nothing.
func TestSigningInTellsAnOutsiderNothing(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer := s.officer("officer", "hub")
	member, _, number := s.enrolled(officer)
	v, answers := s.visitor(), map[string]bool{}
	for _, contact := range []string{"13900000001", "13900000009", "a@example.com"} {
		res, text := v.fill("/green", url.Values{})
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%d", res.StatusCode)
		}
		res, text = v.ask("POST", "/green/link", url.Values{"contact": {contact}, "key": {keyField.FindStringSubmatch(text)[1]}})
		answers[fmt.Sprint(res.StatusCode, text)] = true
	}
	if len(answers) != 1 {
		t.Errorf("%d answers", len(answers))
	}
	if n := s.w.Count("select count(*) from letters where topic = 'login'"); n != 3 {
		t.Errorf("%d letters", n)
	}
	if res, text := v.ask("POST", "/green/link", url.Values{"contact": {"惠民"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `value="惠民"`) {
		t.Error(res.StatusCode)
	}
	s.w.Advance(time.Hour)
	token := s.letter("13900000001")
	if res, _ := v.ask("POST", "/green", url.Values{"code": {token}}, "Sec-Fetch-Site", "cross-site", "Origin", "http://other.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site signs a visitor in: %d", res.StatusCode)
	}
	if res, _ := v.ask("GET", "/green", nil); res.StatusCode != http.StatusOK {
		t.Error(res.StatusCode)
	}
	v.enter("13900000001")
	other := s.visitor()
	for _, cookie := range []string{token, officer, strings.Repeat("A", 43)} {
		for _, path := range []string{"/green/" + member, "/green/" + member + "/people", "/green/" + member + "/sheet.pdf"} {
			if res, text := other.ask("GET", path, nil, "Cookie", "member="+cookie); res.StatusCode != http.StatusOK || strings.Contains(text, "惠民") || strings.Contains(text, "%PDF") {
				t.Errorf("%s opens by %.8s: %d", path, cookie, res.StatusCode)
			}
		}
	}
	theirs := ask(t, s, http.StatusCreated, "POST", "/api/v1/memberships", officer, `{"merchant":"`+openShop(t, s, officer, "别家", "")+`",`+wholeChecklist+`,"people":[{"role":"contact","name":"赵","phone":"13900000005"}],"why":"x"}`)["id"].(string)
	stranger := s.logIn("13900000005")
	if _, text := other.ask("GET", "/green/"+member, nil, "Cookie", "member="+stranger); strings.Contains(text, "惠民") || strings.Contains(text, "别家") {
		t.Error("another member's session opens this one")
	}
	if _, text := other.ask("GET", "/c/"+number, nil, "Cookie", "case="+stranger); strings.Contains(text, "/act/") {
		t.Error("another member's session opens the case")
	}
	if res, _ := other.ask("GET", "/green/"+theirs+"/figures", nil, "Cookie", "member="+stranger); res.StatusCode != http.StatusNotFound {
		t.Errorf("figures of who was not approved: %d", res.StatusCode)
	}
}

// A shop applies over the page: what is wrong is said at its field and nothing
// typed is lost; one form is one application; its contact sees how it stands.
func TestJoiningOverThePages(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.visitor()
		form := url.Values{"go": {"next"}, "shop": {"新店" + naughty}, "code": {"91370321MA3C0AAA0H"}, "shop_address": {"滨河路 3 号"}, "contact": {"孙梅"}, "phone": {"139 0000 0007"}, "answer_days": {"99"}, "checklist": {"place", "staff"}, "pledges": {"price_marked"}, "return_days": {"x"}}
		res, text := v.bring("/join", "/join", form, picked{"执照.jpg", jpegOf(t, 40, 30)}, picked{"坏.svg", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")})
		for _, want := range []string{`id="f-files-error"`, "矢量图", "执照.jpg", "孙梅", `value="price_marked" checked`} {
			if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, want) {
				t.Errorf("%d, no %s", res.StatusCode, want)
			}
		}
		form.Del("key")
		if res, text = v.bring("/join", "/join", form); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-return_days-error"`) || !strings.Contains(text, `id="f-pledged-error"`) {
			t.Errorf("%d %s", res.StatusCode, text)
		}
		form.Set("return_days", "")
		form.Set("pledged", "yes")
		if res, text = v.bring("/join", "/join", form); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-answer_days-error"`) || strings.Contains(text, "<script>alert") {
			t.Errorf("%d %s", res.StatusCode, text)
		}
		form.Set("answer_days", "3")
		form.Set("set", "lang:en")
		if _, text = v.bring("/join", "/join", form); !strings.Contains(text, "Join the green channel") || !strings.Contains(text, "孙梅") || !strings.Contains(text, "执照.jpg") {
			t.Error(text)
		}
		form.Del("set")
		form.Set("key", "x")
		if res, _ := v.bring("/join", "/join", form); res.StatusCode != http.StatusConflict {
			t.Errorf("a forged form: %d", res.StatusCode)
		}
		form.Del("key")
		body, kind := v.body("/join", form)
		for range 2 {
			if res, text = v.post("/join", body, kind); res.StatusCode != http.StatusCreated || !strings.Contains(text, `href="/green"`) {
				t.Fatalf("%d %s", res.StatusCode, text)
			}
		}
		if n := s.w.Count("select count(*) from members where state = 'applied'"); n != 1 {
			t.Errorf("%d applications", n)
		}
		if n := s.w.Count("select count(*) from files where member_id is not null and paper = 'other'"); n != 1 {
			t.Errorf("%d files came with it", n)
		}
		if _, text = v.ask("GET", "/join", nil); strings.Contains(text, "孙梅") || strings.Contains(text, "执照.jpg") {
			t.Error("the form is not begun anew")
		}
		_, text = v.ask("GET", v.enter("13900000007"), nil)
		if !strings.Contains(text, "Application received") || strings.Contains(text, "/figures") || strings.Contains(text, "<script>alert") {
			t.Error(text)
		}
	})
}

// What was typed and brought for an application waits for the next visit; a second
// window, whose form was not the one that was sent, loses nothing either.
func TestAnApplicationWaits(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	whole := url.Values{"go": {"next"}, "shop": {"新店"}, "code": {"91370321MA3C0AAA0H"}, "shop_address": {"滨河路 3 号"}, "contact": {"孙梅"}, "phone": {"13900000007"}, "answer_days": {"3"}, "pledged": {"yes"}}
	res, text := v.bring("/join", "/join", url.Values{"go": {"add"}, "shop": {"新店"}}, picked{"店面.jpg", jpegOf(t, 40, 30)})
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if _, text = v.ask("GET", "/join", nil); !strings.Contains(text, "店面.jpg") || !strings.Contains(text, `value="新店"`) {
		t.Error(text)
	}
	small := regexp.MustCompile(`/join/files/[A-Z2-7]{26}/small`).FindString(text)
	if res, _ := v.ask("GET", small, nil); res.StatusCode != http.StatusOK {
		t.Errorf("%s: %d", small, res.StatusCode)
	}
	if res, _ := s.visitor().ask("GET", small, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("to a stranger: %d", res.StatusCode)
	}
	second, kind := v.body("/join", url.Values{"go": {"next"}, "shop": {"第二家店"}, "contact": {"李四"}})
	if res, text := v.bring("/join", "/join", whole); res.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, text := v.post("/join", second, kind); res.StatusCode != http.StatusConflict || !strings.Contains(text, "第二家店") || !strings.Contains(text, "李四") || strings.Contains(text, "店面.jpg") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if _, text = v.ask("GET", "/join", nil); !strings.Contains(text, "第二家店") {
		t.Error("the second window's words are lost")
	}
}

// Who reviews an application sees its files, on the page and over the API, and asks
// for more; the shop adds it, and is approved. Nobody else sees them.
func TestPapersBeforeWhoDecides(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer := s.officer("officer", "hub")
	id := s.enrol(officer, openShop(t, s, officer, "惠民超市", ""))
	contact := s.visitor()
	at := contact.enter("13900000001")
	desk := s.sit(store.User{Name: "officer", Roles: []string{"officer"}})
	res, text := desk.fill("/desk/members/"+id, url.Values{"verdict": {"ask_more"}, "why": {"请补营业执照" + naughty}})
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if _, text = contact.ask("GET", at+"/papers", nil); !strings.Contains(text, "请补营业执照") || strings.Contains(text, "<script>alert") {
		t.Error(text)
	}
	form := url.Values{"go": {"next"}, "checklist": checklistWhole}
	body, kind := contact.body(at+"/papers", form, picked{"执照.pdf", append([]byte("%PDF-1.4\n"), make([]byte, 100)...)})
	for range 2 {
		if res, text := contact.post(at+"/papers", body, kind); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
	}
	whole := ask(t, s, http.StatusOK, "GET", "/api/v1/memberships/"+id, officer, "")
	files := whole["files"].([]any)
	if len(files) != 1 || files[0].(map[string]any)["name"] != "执照.pdf" || whole["state"] != "applied" {
		t.Fatalf("%v", whole)
	}
	file := files[0].(map[string]any)["id"].(string)
	for path, want := range map[string]int{"/desk/members/" + id + "/files/" + file + "/content": 200, "/desk/members/" + id + "/files/" + file + "/small": 404, "/desk/members/" + id + "/files/" + file + "/x": 404} {
		if res, _ := desk.ask("GET", path, nil); res.StatusCode != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if res, _ := desk.ask("GET", "/desk/members/"+id+"/files/"+file+"/content", nil); res.Header.Get("Content-Disposition")[:10] != "attachment" {
		t.Errorf("%v", res.Header)
	}
	for path, want := range map[string]int{"content": http.StatusOK, "thumbnail": http.StatusNotFound} { // a PDF has no small picture
		if status, _, _ := s.call("GET", "/api/v1/memberships/"+id+"/files/"+file+"/"+path, officer, ""); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	for who, path := range map[*visitor]string{s.visitor(): at + "/papers/" + file + "/content", s.sit(store.User{Name: "court", Roles: []string{"court"}}): "/desk/members/" + id + "/files/" + file + "/content"} {
		if res, _ := who.ask("GET", path, nil); res.StatusCode == http.StatusOK {
			t.Errorf("%s is handed out", path)
		}
	}
	if _, text = desk.ask("GET", "/desk/members/"+id, nil); !strings.Contains(text, "执照.pdf") || !strings.Contains(text, "补充材料") || strings.Contains(text, "<script>alert") {
		t.Error(text)
	}
	if _, text = desk.ask("GET", "/desk/members", nil); !strings.Contains(text, "惠民超市") {
		t.Error(text)
	}
	if res, text := desk.fill("/desk/members/"+id, url.Values{"verdict": {"approve"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-why-error"`) {
		t.Errorf("without reasons: %d", res.StatusCode)
	}
	if res, text := desk.fill("/desk/members/"+id, url.Values{"verdict": {"approve"}, "why": {"材料齐全"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if _, text = contact.ask("GET", at+"/papers", nil); strings.Contains(text, `type="file"`) || !strings.Contains(text, "执照.pdf") {
		t.Error("more is taken, or nothing is shown")
	}
}

var checklistWhole = []string{"place", "staff", "computer", "telephone", "procedure"}

// Every page of a member says its words in both languages, in every state that can
// be signed in to, under the policy of all pages.
func TestMembersPagesSayTheirWords(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer := s.officer("officer", "hub")
	member, _, _ := s.enrolled(officer)
	v := s.visitor()
	home := v.enter("13900000001")
	people, err := s.w.People(context.Background(), member)
	if err != nil {
		t.Fatal(err)
	}
	missing := regexp.MustCompile(`\b(?:page|event|clock|request|outcome|reason)\.[a-z_]+(?:\.[a-z_]+)*\b|<no value>`)
	look := func(v *visitor, paths ...string) {
		t.Helper()
		for _, path := range paths {
			for _, lang := range []string{"zh", "en"} {
				v.ask("POST", "/preferences", url.Values{"set": {"lang:" + lang}})
				res, text := v.ask("GET", path, nil)
				policy := res.Header.Get("Content-Security-Policy")
				if m := missing.FindString(text); m != "" || res.StatusCode != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
					t.Errorf("%s in %s: %d %q %s", path, lang, res.StatusCode, m, policy)
				}
			}
		}
	}
	look(s.visitor(), "/green", "/join", "/merchants", "/merchants?q=x", home)
	look(v, home, home+"?done=x", home+"/people", home+"/people?done=invited", home+"/people/"+people[0].ID, home+"/figures", home+"/sheet")
	ask(t, s, http.StatusOK, "POST", "/api/v1/memberships/"+member+"/decisions", officer, `{"verdict":"suspend","why":"x"}`)
	look(v, home)
	open := s.visitor()
	ask(t, s, http.StatusCreated, "POST", "/api/v1/memberships", "", `{"entry":{"name":"绿源车行"},`+wholeChecklist+`,"people":[{"role":"contact","name":"周","phone":"13900000041"}]}`)
	look(open, open.enter("13900000041"))
}
