package handlers_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238
	"encoding/base32"
	"encoding/binary"
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

// authenticator is a phone that has read the letters of the page.
func authenticator(t *testing.T, letters string, at time.Time) string {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(letters)
	if err != nil {
		t.Fatal(letters, err)
	}
	m := hmac.New(sha1.New, secret)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30))) //nolint:gosec // after 1970
	sum := m.Sum(nil)
	n := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[n:n+4])&0x7fffffff%1_000_000)
}

var (
	lettersField = regexp.MustCompile(`<p class="code">([A-Z2-7]{32})</p>`)
	hiddenField  = regexp.MustCompile(`type="hidden" name="(secret|key|to|kept)" value="([^"]*)"`)
	recoveryItem = regexp.MustCompile(`<li>([A-Z2-7]{5}-[A-Z2-7]{5})</li>`)
)

// hiddens are a form's own fields; the forms of a page have one key.
func hiddens(text string) url.Values {
	out := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(text[strings.Index(text, "<main"):], -1) {
		if !out.Has(m[1]) {
			out.Set(m[1], m[2])
		}
	}
	return out
}

// An officer takes an authenticator into use, signs in with it and with a recovery
// code, each once, and puts it out of use again.
func TestSigningInWithACode(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.desk(store.User{Name: "zhang", Roles: []string{"officer"}})
		_, text := v.ask("GET", "/desk/account/code", nil)
		letters, form := lettersField.FindStringSubmatch(text)[1], hiddens(text)
		form.Set("code", "12345")
		res, text := v.ask("POST", "/desk/account/code", form)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, letters) {
			t.Fatalf("another secret after a wrong code: %d", res.StatusCode)
		}
		form = hiddens(text)
		form.Set("code", authenticator(t, letters, s.w.Now()))
		_, text = v.ask("POST", "/desk/account/code", form)
		recovery := recoveryItem.FindAllStringSubmatch(text, -1)
		if len(recovery) != store.RecoveryCodes {
			t.Fatal(text)
		}
		second := func(v *visitor, code string) (*http.Response, string) {
			t.Helper()
			res, text := v.signIn("zhang", deskPassword, url.Values{"to": {"/desk/account"}})
			if res.StatusCode != http.StatusOK || cookieNamed(res, "desk") != nil || cookieNamed(res, "desk_half") == nil || !strings.Contains(text, `action="/desk/sign-in/code"`) {
				t.Fatalf("%d %s", res.StatusCode, text)
			}
			if res, _ := v.ask("GET", "/desk", nil, "Cookie", "desk="+cookieNamed(res, "desk_half").Value); res.StatusCode != http.StatusSeeOther {
				t.Error("the password alone opens the desk")
			}
			form := hiddens(text)
			form.Set("code", code)
			return v.ask("POST", "/desk/sign-in/code", form)
		}
		s.w.Advance(time.Minute)
		code := authenticator(t, letters, s.w.Now())
		if res, text := second(s.visitor(), code); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/desk/account" || cookieNamed(res, "desk") == nil {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		for _, wrong := range []string{code, "", "000000x", recovery[0][1] + "A"} {
			if res, _ := second(s.visitor(), wrong); res.StatusCode != http.StatusUnprocessableEntity || cookieNamed(res, "desk") != nil {
				t.Errorf("%q: %d", wrong, res.StatusCode)
			}
		}
		if res, _ := second(s.visitor(), recovery[0][1]); res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		if res, _ := second(s.visitor(), recovery[0][1]); res.StatusCode != http.StatusUnprocessableEntity {
			t.Error("a recovery code twice", res.StatusCode)
		}
		if res, _ := s.visitor().ask("POST", "/desk/sign-in/code", url.Values{"code": {recovery[1][1]}}); res.StatusCode != http.StatusForbidden {
			t.Error("a code without a password", res.StatusCode)
		}
		if _, text := v.ask("GET", "/desk/account", nil); !strings.Contains(text, "还有 9 个备用码") {
			t.Error(text)
		}
		if res, _ := v.fill("/desk/account/code", url.Values{"code": {recovery[2][1]}}); res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		if res, _ := s.visitor().signIn("zhang", deskPassword, nil); res.StatusCode != http.StatusSeeOther {
			t.Error("still asks for a code", res.StatusCode)
		}
		for _, secret := range append([]string{letters, code}, recovery[3][1]) {
			if strings.Contains(s.logs.String(), `"`+secret) {
				t.Error("the log tells")
			}
		}
	})
}

// Where a role must have an authenticator, the first signing in takes one into use
// before anything opens.
func TestARoleThatMustHaveACode(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.api.SignIn.Codes = []string{"supervisor"}
	s.deskUser(store.User{Name: "boss", Roles: []string{"supervisor"}})
	s.desk(store.User{Name: "zhang", Roles: []string{"officer"}})
	v := s.visitor()
	res, text := v.signIn("boss", deskPassword, nil)
	if res.StatusCode != http.StatusOK || cookieNamed(res, "desk") != nil {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	form := hiddens(text)
	other := s.w.SealForm(999, strings.Repeat("x", store.CodeSecret))
	for _, bad := range []url.Values{{"code": {"000000"}}, {"secret": {other}, "code": {"1"}}, {"secret": {""}, "code": {"1"}}} {
		tried := url.Values{"key": form["key"], "secret": form["secret"], "to": form["to"]}
		for k, list := range bad {
			tried[k] = list
		}
		if res, _ := v.ask("POST", "/desk/sign-in/code", tried); res.StatusCode != http.StatusUnprocessableEntity || cookieNamed(res, "desk") != nil {
			t.Errorf("%v: %d", bad, res.StatusCode)
		}
	}
	form.Set("code", authenticator(t, lettersField.FindStringSubmatch(text)[1], s.w.Now()))
	res, text = v.ask("POST", "/desk/sign-in/code", form)
	if res.StatusCode != http.StatusOK || cookieNamed(res, "desk") == nil || len(recoveryItem.FindAllString(text, -1)) != store.RecoveryCodes {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, _ := v.ask("GET", "/desk", nil); res.StatusCode != http.StatusOK {
		t.Error(res.StatusCode)
	}
}

// Guesses at the second step wait too, and one comes back.
func TestGuessingACode(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.deskUser(store.User{Name: "zhang", Roles: []string{"officer"}})
	who, _ := s.w.CheckPassword(context.Background(), "zhang", deskPassword)
	secret := store.NewCodeSecret()
	letters := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	if _, err := s.w.StartCode(context.Background(), &who, secret, authenticator(t, letters, s.w.Now())); err != nil {
		t.Fatal(err)
	}
	s.api.Limits = handlers.NewLimits(s.w.Now)
	server := httptest.NewServer(s.api.Handler())
	defer server.Close()
	s.URL = server.URL
	v := s.visitor()
	_, text := v.signIn("zhang", deskPassword, nil)
	form := hiddens(text)
	try := func(code string) int {
		form.Set("code", code)
		res, _ := v.ask("POST", "/desk/sign-in/code", form)
		return res.StatusCode
	}
	for range 5 {
		if got := try("x"); got != http.StatusUnprocessableEntity {
			t.Fatal(got)
		}
	}
	if got := try(authenticator(t, letters, s.w.Now().Add(30*time.Second))); got != http.StatusTooManyRequests {
		t.Errorf("after five tries: %d", got)
	}
	s.w.Advance(2 * time.Minute)
	if got := try(authenticator(t, letters, s.w.Now())); got != http.StatusSeeOther {
		t.Errorf("a try does not come back: %d", got)
	}
}

// Sessions, password, tokens and absences of one's own, on one page.
func TestMyAccount(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.desk(store.User{Name: "zhang", Roles: []string{"officer"}})
		s.deskUser(store.User{Name: "li", Roles: []string{"officer"}})
		other := s.visitor()
		other.signIn("zhang", deskPassword, nil, "User-Agent", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36")
		_, text := v.ask("GET", "/desk/account", nil)
		if !strings.Contains(text, "Chrome · Windows") || !strings.Contains(text, "127.0.0.0/24") || strings.Contains(text, "127.0.0.1") {
			t.Error(text)
		}
		ref := regexp.MustCompile(`name="ref" value="([0-9a-f]{16})"`).FindStringSubmatch(text)[1]
		if res, _ := v.fill("/desk/account", url.Values{}); res.StatusCode != http.StatusMethodNotAllowed {
			t.Error(res.StatusCode)
		}
		send := func(path string, form url.Values) (*http.Response, string) {
			t.Helper()
			_, text := v.ask("GET", "/desk/account", nil)
			form.Set("key", keyField.FindStringSubmatch(text)[1])
			return v.ask("POST", path, form)
		}
		if res, _ := v.ask("POST", "/desk/account/sessions", url.Values{"key": {"x"}, "ref": {ref}}); res.StatusCode != http.StatusConflict {
			t.Error("a forged form", res.StatusCode)
		}
		if res, _ := send("/desk/account/sessions", url.Values{"ref": {ref}}); res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		if res, _ := other.ask("GET", "/desk", nil); res.StatusCode != http.StatusSeeOther {
			t.Error("the ended session goes on")
		}
		res, text := send("/desk/account/tokens", url.Values{"label": {"报表 <b>"}, "scope": {"read"}, "days": {"30"}})
		m := regexp.MustCompile(`id="token">([^<]{43})<`).FindStringSubmatch(text)
		if res.StatusCode != http.StatusCreated || m == nil || strings.Contains(text, "报表 <b>") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if status, _, _ := s.call("GET", "/api/v1/me", m[1], ""); status != http.StatusOK {
			t.Error(status)
		}
		if status, out, _ := s.call("POST", "/api/v1/absences", m[1], "{}"); status != http.StatusForbidden || out["code"] != "reads_only" {
			t.Error("a token for reading writes", status)
		}
		if _, text := v.ask("GET", "/desk/account", nil); strings.Contains(text, m[1]) || !strings.Contains(text, "报表") {
			t.Error("the token is shown twice, or not named")
		}
		for _, bad := range []url.Values{{"scope": {"all"}, "label": {"x"}, "days": {"30"}}, {"scope": {"read"}, "days": {"30"}}, {"scope": {"read"}, "label": {"x"}, "days": {"9999"}}} {
			if res, _ := send("/desk/account/tokens", bad); res.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d", bad, res.StatusCode)
			}
		}
		day := s.w.Now().AddDate(0, 0, 3).Format(time.DateOnly)
		if res, text := send("/desk/account/absence", url.Values{"from": {day}, "until": {day}, "deputy": {"nobody"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-deputy-error"`) {
			t.Errorf("%d", res.StatusCode)
		}
		if res, text := send("/desk/account/absence", url.Values{"from": {day}, "until": {day}, "deputy": {"li"}}); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%d %s", res.StatusCode, text)
		}
		if _, text := v.ask("GET", "/desk/account", nil); !strings.Contains(text, "由他代办") {
			t.Error("the absence is not shown")
		}
		if res, _ := send("/desk/account/back", url.Values{"ref": {"1"}}); res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		if res, text := send("/desk/account/password", url.Values{"old": {"wrong"}, "new": {"another phrase here"}, "again": {"another phrase here"}}); res.StatusCode != http.StatusUnprocessableEntity || strings.Contains(text, "another phrase") {
			t.Error(res.StatusCode)
		}
		if res, _ := send("/desk/account/password", url.Values{"old": {deskPassword}, "new": {"another phrase here"}, "again": {"another phrase here"}}); res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		if res, _ := v.ask("GET", "/desk", nil); res.StatusCode != http.StatusOK {
			t.Error("who changes his password must sign in again")
		}
		if strings.Contains(s.logs.String(), "another phrase") || strings.Contains(s.logs.String(), m[1]) {
			t.Error("the log tells")
		}
	})
}

// Every page of signing in says its words in both languages.
func TestTheDeskSaysItsWords(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.desk(store.User{Name: "zhang", Roles: store.UserRoles[:10], Unit: "scjg"})
	missing := regexp.MustCompile(`\b(?:page|problem)\.[a-z_]+(?:\.[a-z_]+)*\b|<no value>`)
	for _, lang := range []string{"zh", "en"} {
		v.ask("POST", "/preferences", url.Values{"set": {"lang:" + lang}})
		for _, path := range []string{"/desk/sign-in", "/desk/sign-in?done=password", "/desk/password", "/desk", "/desk/account", "/desk/account?done=token", "/desk/account/code"} {
			res, text := v.ask("GET", path, nil)
			policy := res.Header.Get("Content-Security-Policy")
			if m := missing.FindString(text); m != "" || res.StatusCode != http.StatusOK || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
				t.Errorf("%s in %s: %d %q %s", path, lang, res.StatusCode, m, policy)
			}
		}
	}
	for _, role := range store.UserRoles {
		if handlers.Said("zh", "page.role."+role) == "page.role."+role || handlers.Said("en", "page.role."+role) == "page.role."+role {
			t.Errorf("no words for %s", role)
		}
	}
}
