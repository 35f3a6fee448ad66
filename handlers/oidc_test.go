package handlers_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/store/storetest"

	"github.com/go-jose/go-jose/v4"
)

// away presses the button that leads to the provider, and says where it leads.
func (v *visitor) away(more url.Values) *url.URL {
	v.s.t.Helper()
	_, text := v.ask("GET", "/desk/sign-in", nil)
	form := url.Values{"key": {keyField.FindStringSubmatch(text)[1]}}
	maps.Copy(form, more)
	res, text := v.ask("POST", "/desk/sign-in/provider", form)
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusSeeOther {
		v.s.t.Fatalf("%d %s", res.StatusCode, text)
	}
	return to
}

// subject makes a user who is known at the provider.
func (s *site) subject(u store.User, value string) {
	s.t.Helper()
	s.deskUser(u)
	if err := s.w.SetSubject(context.Background(), "cli", u.Name, s.api.SignIn.Provider.Issuer, value); err != nil {
		s.t.Fatal(err)
	}
}

// realProvider starts the provider of .ci/tools/oidc.
func realProvider(t *testing.T, s *site) *handlers.Provider {
	t.Helper()
	binary := os.Getenv("FANGXIN_TEST_OIDC")
	if binary == "" {
		t.Skip("FANGXIN_TEST_OIDC is not set: make test builds the provider")
	}
	cmd := exec.CommandContext(context.Background(), binary, s.URL+"/desk/sign-in/back")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	issuer, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p := &handlers.Provider{Issuer: strings.TrimSpace(issuer), Client: "fangxin", Secret: "a secret of the tests", Claim: "sub"}
	s.api.SignIn.Provider = p
	res, err := http.Get(p.Issuer) //nolint:noctx // for its clock alone
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	now, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	s.w.Advance(now.Sub(s.w.Now()))
	return p
}

// atProvider signs in there and says where it sends the browser back to.
func atProvider(t *testing.T, ask *url.URL, name string) *url.URL {
	t.Helper()
	jar := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at := ask
	follow := func(res *http.Response, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		to := res.Header.Get("Location")
		if to == "" {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		next, err := at.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		at = next
	}
	follow(jar.Get(at.String())) //nolint:bodyclose // follow closes it
	follow(jar.PostForm(at.Scheme+"://"+at.Host+"/login/username", url.Values{"id": {at.Query().Get("authRequestID")}, "username": {name}, "password": {"verysecure"}}))
	for !strings.HasSuffix(at.Path, "/desk/sign-in/back") {
		follow(jar.Get(at.String())) //nolint:bodyclose // as above
	}
	return at
}

// An officer signs in at a real provider, goes where he wanted to go, and out again;
// a code works once, a stranger is told nothing, and no right comes from there.
func TestSigningInAtAProvider(t *testing.T) {
	s := newSite(t, storetest.New(t))
	p := realProvider(t, s)
	s.subject(store.User{Name: "zhang", Roles: []string{"officer"}}, "id1")
	v := s.visitor()
	ask := v.away(url.Values{"to": {"/desk/cases?unit=x"}})
	q := ask.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("nonce") == "" || q.Get("state") == "" || q.Get("response_type") != "code" || q.Get("redirect_uri") != s.URL+"/desk/sign-in/back" {
		t.Errorf("%v", q)
	}
	back := atProvider(t, ask, "test-user@localhost")
	if res, _ := s.visitor().ask("GET", back.RequestURI(), nil); res.StatusCode != http.StatusForbidden || cookieNamed(res, "desk") != nil {
		t.Fatalf("another browser: %d", res.StatusCode)
	}
	res, text := v.ask("GET", back.RequestURI(), nil)
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/desk/cases?unit=x" || cookieNamed(res, "desk") == nil {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, _ := v.ask("GET", "/desk", nil); res.StatusCode != http.StatusOK {
		t.Error(res.StatusCode)
	}
	if res, _ := v.ask("GET", back.RequestURI(), nil); res.StatusCode != http.StatusForbidden {
		t.Error("a second time", res.StatusCode)
	}
	again := v.away(nil).Query() // the browser is sent once more, but brings the old code
	if res, _ := v.ask("GET", "/desk/sign-in/back?code="+url.QueryEscape(back.Query().Get("code"))+"&state="+again.Get("state"), nil); res.StatusCode != http.StatusForbidden {
		t.Error("a code twice", res.StatusCode)
	}
	_, text = v.ask("GET", "/desk", nil)
	res, _ = v.ask("POST", "/desk/sign-out", url.Values{"key": {keyField.FindStringSubmatch(text)[1]}})
	if _, text := v.ask("GET", res.Header.Get("Location"), nil); res.StatusCode != http.StatusSeeOther || !strings.Contains(text, p.Issuer+"end_session?client_id=fangxin") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	stranger := s.visitor()
	res, text = stranger.ask("GET", atProvider(t, stranger.away(nil), "test-user2").RequestURI(), nil)
	if res.StatusCode != http.StatusForbidden || !strings.Contains(text, "您的身份不能登录本系统") || strings.Contains(text, "id2") || strings.Contains(text, "test-user2") || cookieNamed(res, "desk") != nil {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if err := s.w.DisableUser(context.Background(), "cli", "zhang"); err != nil {
		t.Fatal(err)
	}
	gone := s.visitor()
	if res, same := gone.ask("GET", atProvider(t, gone.away(nil), "test-user@localhost").RequestURI(), nil); res.StatusCode != http.StatusForbidden || keyField.ReplaceAllString(same, "") != keyField.ReplaceAllString(text, "") {
		t.Error("who has left is told more than a stranger", res.StatusCode)
	}
	for _, secret := range []string{back.Query().Get("code"), q.Get("state"), q.Get("nonce"), "id1", "zhang"} {
		if strings.Contains(s.logs.String(), secret) {
			t.Errorf("the log tells %s", secret)
		}
	}
}

// The name may be the address of a mailbox, which the provider has seen to be his.
func TestAProviderThatNamesMailboxes(t *testing.T) {
	s := newSite(t, storetest.New(t))
	realProvider(t, s).Claim = "email"
	s.subject(store.User{Name: "zhang", Roles: []string{"officer"}}, "test-user@zitadel.ch")
	v := s.visitor()
	if res, text := v.ask("GET", atProvider(t, v.away(nil), "test-user@localhost").RequestURI(), nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

// forger is a provider that says what a test wants.
type forger struct {
	*httptest.Server
	key    *rsa.PrivateKey
	nonce  string
	claims map[string]any // changes to a good token; nil takes one away
	info   map[string]any
	raw    string // instead of a token
	status int
}

func newForger(t *testing.T, s *site) *forger {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f := &forger{key: key}
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{"issuer": f.URL, "authorization_endpoint": f.URL + "/auth", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys", "userinfo_endpoint": f.URL + "/info", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		say(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/info", func(w http.ResponseWriter, _ *http.Request) { say(w, f.info) })
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if f.status != 0 {
			w.WriteHeader(f.status)
			return
		}
		if r.FormValue("code_verifier") == "" {
			t.Error("no verifier")
		}
		text := f.raw
		if text == "" {
			text = f.sign(t, s.w.Now())
		}
		say(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": text})
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	s.api.SignIn.Provider = &handlers.Provider{Issuer: f.URL, Client: "fangxin", Secret: "x", Claim: "sub", Factors: []string{"mfa", "gold"}}
	return f
}

func (f *forger) sign(t *testing.T, now time.Time) string {
	t.Helper()
	claims := map[string]any{"iss": f.URL, "aud": "fangxin", "sub": "id1", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "nonce": f.nonce}
	for name, v := range f.claims {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	body, _ := json.Marshal(claims)
	return sealedBy(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: f.key, KeyID: "k"}}, body)
}

// sealedBy is a token with a body, signed with a key.
func sealedBy(t *testing.T, key jose.SigningKey, body []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := signed.CompactSerialize()
	return text
}

// back is a browser that was sent away and comes back.
func (f *forger) back(s *site, v *visitor, more url.Values) (*http.Response, string) {
	s.t.Helper()
	to := v.away(more)
	f.nonce = to.Query().Get("nonce")
	return v.ask("GET", "/desk/sign-in/back?code=c&state="+to.Query().Get("state"), nil)
}

// What is forged in one place lets nobody in, whatever it is; the good one does.
func TestForgedProofsOfAProvider(t *testing.T) {
	s := newSite(t, storetest.New(t))
	f := newForger(t, s)
	s.subject(store.User{Name: "zhang", Roles: []string{"officer"}}, "id1")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := s.w.Now()
	b64 := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	plain := func(nonce string) map[string]any {
		return map[string]any{"iss": f.URL, "aud": "fangxin", "sub": "id1", "exp": now.Add(time.Minute).Unix(), "nonce": nonce}
	}
	for name, x := range map[string]struct {
		claims map[string]any
		raw    func(nonce string) string
		in     bool
	}{
		"good":                 {in: true},
		"wrong issuer":         {claims: map[string]any{"iss": "https://other.example"}},
		"wrong audience":       {claims: map[string]any{"aud": "other"}},
		"for two, of another":  {claims: map[string]any{"aud": []string{"fangxin", "other"}, "azp": "other"}},
		"for two, of nobody":   {claims: map[string]any{"aud": []string{"fangxin", "other"}}},
		"no nonce":             {claims: map[string]any{"nonce": nil}},
		"another nonce":        {claims: map[string]any{"nonce": "x"}},
		"expired":              {claims: map[string]any{"exp": now.Add(-time.Second).Unix()}},
		"never expires":        {claims: map[string]any{"exp": nil}},
		"not yet":              {claims: map[string]any{"nbf": now.Add(time.Hour).Unix()}},
		"nobody":               {claims: map[string]any{"sub": nil}},
		"alg none":             {raw: func(n string) string { return b64(map[string]string{"alg": "none"}) + "." + b64(plain(n)) + "." }},
		"signed by somebody":   {raw: func(n string) string { g := &forger{Server: f.Server, key: other, nonce: n}; return g.sign(t, now) }},
		"signed by the secret": {raw: func(n string) string { return hmacToken(t, f, plain(n)) }},
		"no signature": {raw: func(n string) string {
			f.nonce = n
			return strings.Join(strings.Split(f.sign(t, now), ".")[:2], ".") + "."
		}},
		"no token": {raw: func(string) string { return "x" }},
	} {
		f.claims, f.raw = x.claims, ""
		v := s.visitor()
		to := v.away(nil)
		f.nonce = to.Query().Get("nonce")
		if x.raw != nil {
			f.raw = x.raw(f.nonce)
		}
		res, text := v.ask("GET", "/desk/sign-in/back?code=c&state="+to.Query().Get("state"), nil)
		if in := res.StatusCode == http.StatusSeeOther && cookieNamed(res, "desk") != nil; in != x.in || !in && (res.StatusCode != http.StatusForbidden || strings.Contains(text, "zhang")) {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	f.claims, f.raw = nil, ""
	good := s.visitor().away(nil).Query()
	for name, query := range map[string]string{"forged state": "code=c&state=x", "no state": "code=c", "another's state": "code=c&state=" + good.Get("state"), "refused there": "error=access_denied&state=STATE", "no code": "state=STATE", "another issuer": "code=c&state=STATE&iss=https://other.example"} {
		v := s.visitor()
		to := v.away(nil)
		f.nonce = to.Query().Get("nonce")
		if res, _ := v.ask("GET", "/desk/sign-in/back?"+strings.ReplaceAll(query, "STATE", to.Query().Get("state")), nil); res.StatusCode != http.StatusForbidden || cookieNamed(res, "desk") != nil {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	v := s.visitor()
	to := v.away(nil)
	f.nonce = to.Query().Get("nonce")
	s.w.Advance(store.AwayTerm)
	if res, _ := v.ask("GET", "/desk/sign-in/back?code=c&state="+to.Query().Get("state"), nil); res.StatusCode != http.StatusForbidden {
		t.Error("after ten minutes", res.StatusCode)
	}
	f.status = http.StatusInternalServerError
	if res, _ := f.back(s, s.visitor(), nil); res.StatusCode != http.StatusServiceUnavailable {
		t.Error("the provider is broken", res.StatusCode)
	}
	f.status = 0
	for to, want := range map[string]string{"//evil.example": "/desk", "https://evil.example/desk": "/desk", "/desk/../c/x": "/desk", "/desk/cases": "/desk/cases"} {
		if res, _ := f.back(s, s.visitor(), url.Values{"to": {to}}); res.Header.Get("Location") != want {
			t.Errorf("%s leads to %q", to, res.Header.Get("Location"))
		}
	}
	if res, _ := s.visitor().ask("POST", "/desk/sign-in/provider", url.Values{"key": {"x"}}); res.StatusCode != http.StatusConflict {
		t.Error("a forged form", res.StatusCode)
	}
}

// hmacToken is signed with the provider's public key as if it were a secret.
func hmacToken(t *testing.T, f *forger, claims map[string]any) string {
	t.Helper()
	body, _ := json.Marshal(claims)
	return sealedBy(t, jose.SigningKey{Algorithm: jose.HS256, Key: fmt.Appendf(nil, "%x", f.key.N.Bytes())}, body)
}

// Our second step is asked unless the provider says that it has asked for one; a
// mailbox that it has not seen to be his is nobody's; a long note is kept.
func TestWhatAProviderSaysBeside(t *testing.T) {
	s := newSite(t, storetest.New(t))
	f := newForger(t, s)
	s.api.SignIn.Codes = []string{"supervisor"}
	s.subject(store.User{Name: "boss", Roles: []string{"supervisor"}}, "id1")
	for name, x := range map[string]struct {
		claims map[string]any
		in     bool
	}{"nothing": {}, "a password": {claims: map[string]any{"amr": []string{"pwd"}, "acr": "0"}}, "two steps": {claims: map[string]any{"amr": []string{"pwd", "mfa"}}, in: true}, "a level": {claims: map[string]any{"acr": "gold"}, in: true}} {
		f.claims = x.claims
		res, text := f.back(s, s.visitor(), nil)
		if in := cookieNamed(res, "desk") != nil; in != x.in || !in && !strings.Contains(text, `action="/desk/sign-in/code"`) {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	s.api.SignIn.Provider.Claim, s.api.SignIn.Codes = "email", nil
	s.subject(store.User{Name: "zhang", Roles: []string{"officer"}}, "a@b.example")
	for name, x := range map[string]struct {
		claims, info map[string]any
		in           bool
	}{
		"seen":             {claims: map[string]any{"email": "a@b.example", "email_verified": true}, in: true},
		"not seen":         {claims: map[string]any{"email": "a@b.example", "email_verified": false}},
		"not said":         {claims: map[string]any{"email": "a@b.example"}},
		"asked for":        {info: map[string]any{"sub": "id1", "email": "a@b.example", "email_verified": true}, in: true},
		"asked of another": {info: map[string]any{"sub": "id2", "email": "a@b.example", "email_verified": true}},
	} {
		f.claims, f.info = x.claims, x.info
		if res, _ := f.back(s, s.visitor(), nil); (cookieNamed(res, "desk") != nil) != x.in {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	s.api.SignIn.Provider.Claim = "sub"
	f.claims = nil
	boss, err := s.w.UserNamed(context.Background(), "boss")
	if err != nil {
		t.Fatal(err)
	}
	kept := s.w.SealForm(boss.ID, "/desk/cases\nwords=很长的话")
	if res, text := f.back(s, s.visitor(), url.Values{"kept": {kept}}); res.StatusCode != http.StatusOK || !strings.Contains(text, "很长的话") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if res, _ := f.back(s, s.visitor(), url.Values{"kept": {"x"}}); res.StatusCode != http.StatusSeeOther {
		t.Error(res.StatusCode)
	}
}

// Without a provider there is none of it, and one that does not answer says so.
func TestNoProvider(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	if _, text := v.ask("GET", "/desk/sign-in", nil); strings.Contains(text, "/desk/sign-in/provider") {
		t.Error("a button that leads nowhere")
	}
	for method, path := range map[string]string{"POST": "/desk/sign-in/provider", "GET": "/desk/sign-in/back?code=c&state=s"} {
		if res, _ := v.ask(method, path, url.Values{}); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	s.api.SignIn.Provider = &handlers.Provider{Issuer: "http://127.0.0.1:1", Client: "x", Claim: "sub"}
	res, text := v.ask("GET", "/desk/sign-in", nil)
	if !strings.Contains(res.Header.Get("Content-Security-Policy"), "form-action 'self' http://127.0.0.1:1;") {
		t.Error(res.Header.Get("Content-Security-Policy"))
	}
	if res, text := v.ask("POST", "/desk/sign-in/provider", url.Values{"key": {keyField.FindStringSubmatch(text)[1]}}); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "现在没有回应") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}
