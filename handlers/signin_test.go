package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/store/storetest"
)

const deskPassword = "correct horse 电池 battery"

// deskUser has signed in never yet.
func (s *site) deskUser(u store.User) {
	s.t.Helper()
	if _, err := s.w.AddUser(context.Background(), u); err != nil {
		s.t.Fatal(err)
	}
	link, _, err := s.w.GivePassword(context.Background(), "cli", u.Name)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.w.SetPassword(context.Background(), link, deskPassword); err != nil {
		s.t.Fatal(err)
	}
}

// signIn fills in the page and returns what it answers.
func (v *visitor) signIn(name, password string, more url.Values, headers ...string) (*http.Response, string) {
	v.s.t.Helper()
	_, text := v.ask("GET", "/desk/sign-in", nil)
	form := url.Values{"name": {name}, "password": {password}, "key": {keyField.FindStringSubmatch(text)[1]}}
	for k, list := range more {
		form[k] = list
	}
	return v.ask("POST", "/desk/sign-in", form, headers...)
}

// desk is a visitor who has signed in.
func (s *site) desk(u store.User) *visitor {
	s.t.Helper()
	s.deskUser(u)
	v := s.visitor()
	if res, text := v.signIn(u.Name, deskPassword, nil); res.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%d %s", res.StatusCode, text)
	}
	return v
}

func cookieNamed(res *http.Response, name string) *http.Cookie {
	for _, c := range res.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// An officer sets a password by a link, signs in, goes where he wanted to go, and
// out again; nothing of it is in the log.
func TestSigningIn(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		if _, err := s.w.AddUser(context.Background(), store.User{Name: "张敏", Roles: []string{"officer"}, Unit: "scjg"}); err != nil {
			t.Fatal(err)
		}
		link, _, _ := s.w.GivePassword(context.Background(), "cli", "张敏")
		v := s.visitor()
		_, text := v.ask("POST", "/desk/password", url.Values{"code": {s.URL + "/desk/password#" + link}})
		form := url.Values{"code": {link}, "new": {deskPassword}, "again": {"other"}, "key": {keyField.FindStringSubmatch(text)[1]}}
		res, text := v.ask("POST", "/desk/password", form)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-again-error"`) || strings.Contains(text, deskPassword) {
			t.Errorf("%d %s", res.StatusCode, text)
		}
		form.Set("again", deskPassword)
		if res, text = v.ask("POST", "/desk/password", form); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/desk/sign-in?done=password" {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if res, _ := v.ask("POST", "/desk/password", form); res.StatusCode != http.StatusNotFound {
			t.Error("a link sets twice", res.StatusCode)
		}
		if res, _ := v.ask("GET", "/desk", nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/desk/sign-in?to=%2Fdesk" {
			t.Errorf("%d %s", res.StatusCode, res.Header.Get("Location"))
		}
		_, text = v.ask("GET", "/desk/sign-in?to=%2Fdesk%2Fcases%3Funit%3Dx", nil)
		if !strings.Contains(text, `value="/desk/cases?unit=x"`) {
			t.Error(text)
		}
		res, text = v.signIn(" 张敏 ", deskPassword, url.Values{"to": {"/desk/cases?unit=x"}})
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/desk/cases?unit=x" {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		session := cookieNamed(res, "desk")
		if session == nil || !session.HttpOnly || session.SameSite != http.SameSiteLaxMode || session.Path != "/" || session.Domain != "" || session.MaxAge != 0 || len(session.Value) != 43 || session.Secure {
			t.Errorf("%+v", session)
		}
		res, text = v.ask("GET", "/desk", nil)
		if res.StatusCode != http.StatusOK || !strings.Contains(text, "张敏") || !strings.Contains(text, "承办人") || !strings.Contains(text, "/desk/sign-out") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		for _, forged := range []string{"", "x"} {
			v.ask("POST", "/desk/sign-out", url.Values{"key": {forged}})
		}
		if res, _ := v.ask("POST", "/desk/sign-out", url.Values{"key": {keyField.FindStringSubmatch(text)[1]}}, "Sec-Fetch-Site", "cross-site", "Origin", "http://other.example"); res.StatusCode != http.StatusForbidden {
			t.Error("another site signs out", res.StatusCode)
		}
		if res, text = v.ask("GET", "/desk", nil); res.StatusCode != http.StatusOK {
			t.Fatal("a forged form signs out")
		}
		other := s.visitor()
		other.signIn("张敏", deskPassword, nil)
		if res, _ := v.ask("POST", "/desk/sign-out", url.Values{"key": {keyField.FindStringSubmatch(text)[1]}, "all": {"yes"}}); res.StatusCode != http.StatusSeeOther || cookieNamed(res, "desk").MaxAge >= 0 {
			t.Error(res.StatusCode)
		}
		for _, x := range []*visitor{v, other} {
			if res, _ := x.ask("GET", "/desk", nil, "Cookie", "desk="+session.Value); res.StatusCode != http.StatusSeeOther {
				t.Error("still signed in", res.StatusCode)
			}
		}
		for _, secret := range []string{deskPassword, "horse", link, session.Value, "张敏"} {
			if strings.Contains(s.logs.String(), secret) || strings.Contains(s.logs.String(), url.QueryEscape(secret)) {
				t.Errorf("the log tells %s", secret)
			}
		}
	})
}

// Whoever has no password learns no name: one answer, whatever is wrong.
func TestSigningInTellsNoName(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.deskUser(store.User{Name: "zhang", Roles: []string{"officer"}})
	s.deskUser(store.User{Name: "leaver", Roles: []string{"officer"}})
	s.officer("hub")
	if err := s.w.DisableUser(context.Background(), "cli", "leaver"); err != nil {
		t.Fatal(err)
	}
	answers := map[string]bool{}
	key := regexp.MustCompile(`name="key" value="[^"]+"`)
	for name, password := range map[string]string{"zhang": "wrong", "leaver": deskPassword, "hub": deskPassword, "nobody": deskPassword, "<b>": "x"} {
		res, text := s.visitor().signIn(name, password, nil)
		text = strings.ReplaceAll(key.ReplaceAllString(text, ""), `value="`+strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(name)+`"`, "")
		answers[fmt.Sprint(res.StatusCode, len(res.Cookies()), text)] = true
		if strings.Contains(text, deskPassword) {
			t.Error("the password is shown again")
		}
	}
	if len(answers) != 1 {
		t.Errorf("%d answers: %v", len(answers), answers)
	}
}

// A session that somebody else put into the browser is never taken up, and other
// secrets are none.
func TestNoSessionIsTakenUp(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.deskUser(store.User{Name: "zhang", Roles: []string{"officer"}})
	token, _ := s.w.AddUser(context.Background(), store.User{Name: "api", Roles: []string{"officer"}})
	planted := strings.Repeat("A", 43)
	res, _ := s.visitor().signIn("zhang", deskPassword, nil, "Cookie", "desk="+planted)
	session := cookieNamed(res, "desk").Value
	again, _ := s.visitor().signIn("zhang", deskPassword, nil, "Cookie", "desk="+session)
	if session == planted || cookieNamed(again, "desk").Value == session {
		t.Error("a session is taken up")
	}
	for _, cookie := range []string{planted, token, "", session + "x", session[:42]} {
		if res, _ := s.visitor().ask("GET", "/desk", nil, "Cookie", "desk="+cookie); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%.8s: %d", cookie, res.StatusCode)
		}
	}
	if status, _, _ := s.call("GET", "/api/v1/me", session, ""); status != http.StatusNotFound {
		t.Errorf("a session is a token: %d", status)
	}
	if res, _ := s.visitor().ask("GET", "/desk", nil, "Authorization", "Bearer "+token); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a token is a session: %d", res.StatusCode)
	}
	for _, forged := range []string{"", "x"} {
		if res, _ := s.visitor().signIn("zhang", deskPassword, url.Values{"key": {forged}}); res.StatusCode != http.StatusConflict || cookieNamed(res, "desk") != nil {
			t.Errorf("a forged form: %d", res.StatusCode)
		}
	}
	if res, _ := s.visitor().signIn("zhang", deskPassword, nil, "Sec-Fetch-Site", "cross-site", "Origin", "http://other.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site signs somebody in: %d", res.StatusCode)
	}
}

// Over TLS the cookies are the host's own, which no neighbour can set.
func TestCookiesOverTLS(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.deskUser(store.User{Name: "zhang", Roles: []string{"officer"}})
	s.api.Site.Address = "https://fangxin.example.gov.cn"
	res, _ := s.visitor().signIn("zhang", deskPassword, nil)
	for _, name := range []string{"__Host-desk", "__Host-device"} {
		if c := cookieNamed(res, name); c == nil || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	token := cookieNamed(res, "__Host-desk").Value
	if res, _ := s.visitor().ask("GET", "/desk", nil, "Cookie", "desk="+token); res.StatusCode != http.StatusSeeOther {
		t.Error("a cookie that a neighbour may set opens the desk")
	}
	if res, _ := s.visitor().ask("GET", "/desk", nil, "Cookie", "__Host-desk="+token); res.StatusCode != http.StatusOK {
		t.Error(res.StatusCode)
	}
}

// Signing in leads to a page of the desk and to nothing else.
func TestSigningInLeadsNowhereElse(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.deskUser(store.User{Name: "zhang", Roles: []string{"officer"}})
	for to, want := range map[string]string{"/desk/cases/1?a=b": "/desk/cases/1?a=b", "//evil.example/desk": "/desk", "https://evil.example/desk": "/desk", "/\\evil.example": "/desk", "javascript:alert(1)": "/desk",
		"": "/desk", "/deskevil": "/desk", "/file": "/desk", "/desk/../c/x": "/desk", "/desk/%2e%2e/c/x": "/desk", "/desk/sign-in": "/desk", "/desk\r\nX: y": "/desk", "/desk/@evil.example": "/desk/@evil.example"} {
		if res, _ := s.visitor().signIn("zhang", deskPassword, url.Values{"to": {to}}); res.Header.Get("Location") != want {
			t.Errorf("%q: %q", to, res.Header.Get("Location"))
		}
	}
}

// A session that ended in the middle of a long note: the note is kept, for its
// writer alone, and goes on after signing in.
func TestTheLongNoteIsKept(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		var taken []string
		s.Config.Handler = s.api.WithNote(func(user, words string) { taken = append(taken, user+": "+words) })
		v := s.desk(store.User{Name: "zhang", Roles: []string{"officer"}})
		s.deskUser(store.User{Name: "li", Roles: []string{"officer"}})
		note := strings.Repeat("很长的笔录，", 2500) + naughty
		_, text := v.ask("GET", "/desk/note", nil)
		key := keyField.FindStringSubmatch(text)[1]
		s.w.Advance(handlers.IdleDefault)
		res, text := v.ask("POST", "/desk/note", url.Values{"key": {key}, "words": {note}, "score": {"5"}})
		if res.StatusCode != http.StatusForbidden || len(taken) != 0 || strings.Contains(text, "很长的笔录") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		kept := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(text)[1]
		if res, text := v.signIn("zhang", "wrong", url.Values{"kept": {kept}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, kept) {
			t.Fatalf("a wrong password loses it: %d", res.StatusCode)
		}
		if res, text := s.visitor().signIn("li", deskPassword, url.Values{"kept": {kept}}); res.StatusCode != http.StatusSeeOther || strings.Contains(text, "很长的笔录") {
			t.Errorf("somebody else gets it: %d", res.StatusCode)
		}
		res, text = v.signIn("zhang", deskPassword, url.Values{"kept": {kept}})
		if res.StatusCode != http.StatusOK || !strings.Contains(text, `action="/desk/note"`) || !strings.Contains(text, "很长的笔录") || strings.Contains(text, "<script>alert") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		res, text = v.ask("POST", "/desk/note", url.Values{"kept": {"yes"}, "words": {note}, "score": {"5"}})
		if res.StatusCode != http.StatusConflict || !strings.Contains(text, "很长的笔录") || !strings.Contains(text, "您刚才重新登录了") || len(taken) != 0 {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if res, _ := v.ask("POST", "/desk/note", url.Values{"key": {keyField.FindStringSubmatch(text)[1]}, "words": {note}}); res.StatusCode != http.StatusSeeOther || len(taken) != 1 || taken[0] != "zhang: "+strings.TrimSpace(note) {
			t.Errorf("%d, %d taken", res.StatusCode, len(taken))
		}
		if res, text := s.visitor().ask("POST", "/desk/note", url.Values{"words": {note}}); res.StatusCode != http.StatusForbidden || strings.Contains(text, `name="kept"`) {
			t.Errorf("a stranger's text is kept: %d", res.StatusCode)
		}
	})
}

// Guesses at a name's password wait, whether the name exists or not; the device
// that it has been on does not wait for them; a try comes back.
func TestGuessingAPassword(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.api.Limits = handlers.NewLimits(s.w.Now)
	server := httptest.NewServer(s.api.Handler())
	defer server.Close()
	s.URL = server.URL
	s.deskUser(store.User{Name: "zhang", Roles: []string{"officer"}})
	home := s.visitor()
	home.signIn("zhang", deskPassword, nil)
	_, door := home.ask("GET", "/desk/sign-in", nil)
	key := keyField.FindStringSubmatch(door)[1]
	try := func(v *visitor, name, password string) int {
		res, _ := v.ask("POST", "/desk/sign-in", url.Values{"name": {name}, "password": {password}, "key": {key}})
		return res.StatusCode
	}
	for i, name := range []string{"zhang", "nobody"} {
		for range 9 + i { // one of zhang's was his own
			if got := try(s.visitor(), name, "wrong"); got != http.StatusUnprocessableEntity {
				t.Fatal(name, got)
			}
		}
		if got := try(s.visitor(), name, deskPassword); got != http.StatusTooManyRequests {
			t.Errorf("%s: after ten tries %d", name, got)
		}
		s.w.Advance(time.Hour) // for the address
	}
	for range 10 {
		try(s.visitor(), "zhang", "wrong")
	}
	if got := try(s.visitor(), "ZHANG", "wrong"); got != http.StatusTooManyRequests {
		t.Errorf("written otherwise: %d", got)
	}
	if got := try(home, "zhang", deskPassword); got != http.StatusSeeOther {
		t.Errorf("his own device waits: %d", got)
	}
	s.w.Advance(time.Minute)
	if got := try(s.visitor(), "zhang", deskPassword); got != http.StatusSeeOther {
		t.Errorf("a try does not come back: %d", got)
	}
}

// An auditor reads and writes nothing: every route of the table, every page.
func TestAuditorsWriteNothing(t *testing.T) {
	s := newSite(t, storetest.New(t))
	number, _ := s.file()
	token, err := s.w.AddUser(context.Background(), store.User{Name: "audit", Roles: []string{"auditor"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.w.AddUser(context.Background(), store.User{Name: "both", Roles: []string{"auditor", "officer"}}); err == nil {
		t.Error("an auditor has another role")
	}
	v := s.desk(store.User{Name: "audit2", Roles: []string{"auditor"}})
	before, refused := s.dump(), 0
	for _, r := range append(s.api.Routes(), s.api.PageRoutes()...) {
		path := strings.NewReplacer("{number}", number, "{seq}", "1").Replace(r.Path)
		path = regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, "1")
		switch open := r.Who == handlers.Anyone || r.Who == handlers.Machine; {
		case r.Status != 0 && r.Writes() && !open && r.Who != handlers.Signing && r.Who != handlers.Uploader && r.Who != handlers.Member && r.Who != handlers.LinkHolder && r.Who != handlers.Rotating:
			status, out, text := s.call(r.Method, path, token, "{}", "Content-Type", "application/json")
			if r.Method == "DELETE" {
				status, out, text = s.call(r.Method, path, token, "")
			}
			if status != http.StatusForbidden || out["code"] != "reads_only" {
				t.Errorf("%s %s: %d %s", r.Method, r.Path, status, text)
			}
			refused++
		case r.Status == 0 && r.Writes() && r.Who == handlers.Desk:
			if res, _ := v.ask(r.Method, path, url.Values{"x": {"y"}}); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: %d", r.Method, r.Path, res.StatusCode)
			}
			refused++
		case r.Method == "GET" && (r.Who == handlers.Staff || r.Who == handlers.Supervising || r.Who == handlers.Officer || r.Who == handlers.Holder):
			if status, _, text := s.call("GET", path, token, ""); status == http.StatusForbidden {
				t.Errorf("does not read %s: %d %s", r.Path, status, text)
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d routes refused", refused)
	}
	if after := s.dump(); after != before {
		t.Error("an auditor has changed something")
	}
	if status, _, text := s.call("GET", "/api/v1/cases/"+number, token, ""); status != http.StatusOK {
		t.Errorf("reads no case: %d %s", status, text)
	}
}
