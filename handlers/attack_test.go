package handlers_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
	"fangxin/store"
)

// attacks are the classes of attack seen in software of this kind, by the ids of
// docs/security.md; those that other tests cover stand there with their names.
var attacks = map[string]func(s *raid){
	"A1 guessed numbers":              guessedNumbers,
	"A2 token of another case":        tokenOfAnotherCase,
	"A6 identity from a header":       identityFromAHeader,
	"A7 mass assignment":              massAssignment,
	"A8 disabled at once":             disabledAtOnce,
	"T1 tokens in what is kept":       tokensInWhatIsKept,
	"T4 empty and crooked tokens":     crookedTokens,
	"T5 links end":                    linksEnd,
	"T6 tokens are random":            tokensAreRandom,
	"T8 brute force":                  bruteForce,
	"E1 search is for staff":          searchIsForStaff,
	"E2 keys that the client sends":   spoofedAddresses,
	"E5 expensive questions":          expensiveQuestions,
	"C1 markup":                       markup,
	"C7 header injection":             headerInjection,
	"C9 crooked text":                 crookedText,
	"C11 log injection":               logInjection,
	"S3 traversal":                    traversal,
	"S4 other sites and odd methods":  otherSites,
	"S5 SQL, wildcards, minus":        sqlInFilters,
	"S7 more keys, deeper, more ways": strictness,
}

// raid is one attack on a site that has seen others.
type raid struct {
	*site
	number, token   string // a case and its consumer's link
	other, stranger string // another case, and its consumer's
	officer, boss   string
}

func TestAttacks(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		r := &raid{site: s}
		r.number, r.token = s.file()
		r.other, r.stranger = s.file()
		r.officer = s.officer("officer", "hub")
		for _, name := range slices.Sorted(maps.Keys(attacks)) {
			t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
				s.t = t
				attacks[name](r)
				s.t = t
			})
		}
		s.t = t
	})
}

// fill puts the raid's own case into a route's path.
func (r *raid) fill(path, number string) string {
	return strings.NewReplacer("{number}", number, "{seq}", "1", "{no}", "1", "{id}", "0000000000000000").Replace(path)
}

// routes are all that name a case.
func (r *raid) caseRoutes() []handlers.Route {
	return slices.DeleteFunc(r.api.Routes(), func(x handlers.Route) bool { return !strings.Contains(x.Path, "{number}") })
}

func bodyFor(method string) string {
	if method == "GET" {
		return ""
	}
	return "{}"
}

// same collects answers that must not differ but for the request's id.
type same map[string]bool

func (x same) note(t *testing.T, what string, want, status int, out map[string]any) {
	t.Helper()
	delete(out, "request_id")
	text, _ := json.Marshal(out)
	x[string(text)] = true
	if status != want || len(x) != 1 {
		t.Errorf("%s: %d %s, before it %v", what, status, text, slices.Collect(maps.Keys(x)))
	}
}

// Numbers near one's own, numbers that no case has and what is no number are one
// answer, on every route.
func guessedNumbers(r *raid) {
	seen := same{}
	for _, route := range r.caseRoutes() {
		for _, number := range []string{r.other, "HT-2026-999999-1", "1", "%2e%2e", r.number + "x", "-1", "' or 1=1 --", strings.ToLower(r.number) + "/"} {
			path := r.fill(route.Path, strings.NewReplacer(" ", "%20", "/", "%2F").Replace(number))
			status, out, _ := r.call(route.Method, path, r.token, bodyFor(route.Method))
			seen.note(r.t, route.Method+" "+path, http.StatusNotFound, status, out)
		}
	}
}

func tokenOfAnotherCase(r *raid) {
	seen := same{}
	for _, route := range r.caseRoutes() {
		status, out, _ := r.call(route.Method, r.fill(route.Path, r.number), r.stranger, bodyFor(route.Method))
		seen.note(r.t, route.Method+" "+route.Path, http.StatusNotFound, status, out)
	}
}

func identityFromAHeader(r *raid) {
	for _, route := range r.api.Routes() {
		if route.Who == handlers.Anyone {
			continue
		}
		status, out, _ := r.call(route.Method, r.fill(route.Path, r.number), "", bodyFor(route.Method), "X-User", "officer-hub", "X-Remote-User", "officer-hub",
			"X-Forwarded-User", "officer-hub", "Remote-User", "1", "X-User-Id", "1", "Cookie", "token="+r.officer, "X-Api-Key", r.officer, "Authorization", "Basic "+r.officer)
		code := "no_token"
		if route.Who == handlers.Signing {
			code = "bad_signature"
		}
		if status != http.StatusUnauthorized || out["code"] != code {
			r.t.Errorf("%s %s: %d %v", route.Method, route.Path, status, out["code"])
		}
	}
	res, err := http.Get(r.URL + "/api/v1/cases")
	if err != nil {
		r.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.Header.Get("WWW-Authenticate") != "Bearer" {
		r.t.Errorf("%v", res.Header)
	}
	for _, where := range []string{"?token=" + r.officer, "?access_token=" + r.officer, "?Authorization=Bearer%20" + r.officer} {
		if status, _, _ := r.call("GET", "/api/v1/cases/"+r.number+where, "", ""); status != http.StatusUnauthorized {
			r.t.Errorf("a token in the URL: %d", status)
		}
	}
}

// signed are the headers of a route that asks for a signature instead of a token.
func (r *raid) signed(route handlers.Route) []string {
	if route.Who != handlers.Signing {
		return nil
	}
	return []string{"Webhook-Signature", "good"}
}

// What the engine decides can be said by nobody, on any route.
func massAssignment(r *raid) {
	for _, route := range r.api.Routes() {
		if route.Method == "GET" || route.Limit == handlers.Removing || strings.Contains(route.Path, "/reports/") { // a complaint's number is none of a report
			continue
		}
		for _, field := range []string{"id", "case_id", "number", "state", "stage", "deadline", "late_from", "version", "merchant_id", "is_public", "outcome", "acceptance",
			"role", "roles", "actor", "user", "at", "filed_at", "head", "hash", "Private", "token", "expires_at", "__proto__"} {
			body, headers := `{"`+field+`":1}`, r.signed(route)
			if route.Limit == handlers.Upload {
				body, headers = "--b\r\nContent-Disposition: form-data; name=\""+field+"\"\r\n\r\n1\r\n--b--\r\n", []string{"Content-Type", "multipart/form-data; boundary=b"}
			}
			status, out, text := r.call(route.Method, r.fill(route.Path, r.number), r.tokenFor(route), body, headers...)
			named := `"field":"` + field
			if route.Path == "/api/v1/proofs" { // takes a receipt in its one spelling, and no fields
				named = `"field":""`
			}
			if status != http.StatusBadRequest || out["code"] != "bad_json" || !strings.Contains(text, named) {
				r.t.Errorf("%s %s takes %s: %d %s", route.Method, route.Path, field, status, text)
			}
		}
	}
}

// tokenFor is the token of somebody who may call a route.
func (r *raid) tokenFor(route handlers.Route) string {
	switch route.Who {
	case handlers.Anyone, handlers.Uploader:
		return ""
	case handlers.Holder, handlers.LinkHolder, handlers.Rotating:
		return r.token
	case handlers.Supervising:
		if r.boss == "" {
			var err error
			if r.boss, err = r.w.AddUser(context.Background(), store.User{Name: "boss", Roles: []string{"supervisor"}}); err != nil {
				r.t.Fatal(err)
			}
		}
		return r.boss
	}
	if route.Who == handlers.Member {
		return r.member()
	}
	return r.officer
}

func disabledAtOnce(r *raid) {
	token, err := r.w.AddUser(context.Background(), store.User{Name: "leaver", Roles: []string{"officer"}})
	if err != nil {
		r.t.Fatal(err)
	}
	if status, _, text := r.call("GET", "/api/v1/cases", token, ""); status != http.StatusOK {
		r.t.Fatal(text)
	}
	if err := r.w.DisableUser(context.Background(), "cli", "leaver"); err != nil {
		r.t.Fatal(err)
	}
	if status, _, _ := r.call("GET", "/api/v1/cases", token, ""); status != http.StatusNotFound {
		r.t.Errorf("a disabled user goes on: %d", status)
	}
}

// No token is in the log, in the metrics, in any row, in an event or in an
// answer's headers, whatever its holder does.
func tokensInWhatIsKept(r *raid) {
	r.call("GET", "/api/v1/cases/"+r.number+"?token="+r.token, r.token, "", "Referer", "https://x/?t="+r.token, "User-Agent", r.token)
	r.call("GET", "/"+r.token, "", "")
	r.call("POST", "/api/v1/cases/"+r.number+"/commands", r.token, `{"event":"`+r.token+`"}`, "Idempotency-Key", "k-t1")
	_, metrics := r.scrape()
	for what, text := range map[string]string{"log": r.logs.String(), "metrics": metrics, "database": r.dump()} {
		for _, token := range []string{r.token, r.stranger, r.officer} {
			if strings.Contains(text, token) {
				r.t.Errorf("a token in the %s", what)
			}
		}
	}
	res, err := http.Get(r.URL + "/api/v1/cases/" + r.number + "?" + r.token)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("X-Robots-Tag") != "noindex" || res.Header.Get("Cache-Control") != "no-store" || strings.Contains(fmt.Sprint(res.Header), r.token) {
		r.t.Errorf("%v", res.Header)
	}
}

func crookedTokens(r *raid) {
	raw, _ := base64.RawURLEncoding.DecodeString(r.token)
	last := r.token[:42] + string(r.token[42]+1) // the same 32 bytes to a careless reader
	seen := same{}
	for _, token := range []string{"null", "undefined", "0", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", r.token + "!", r.token + "=", r.token[:42], last, "A" + r.token,
		strings.ToUpper(r.token), base64.StdEncoding.EncodeToString(raw) + ".", r.token + " " + r.token, "*", "%", "' or ''='", strings.Repeat("A", 4000)} {
		status, out, _ := r.call("GET", "/api/v1/cases/"+r.number, token, "")
		seen.note(r.t, token, http.StatusNotFound, status, out)
	}
	for _, header := range []string{"", "Bearer", "Bearer ", "bearer " + r.token, "Token " + r.token, r.token} {
		if status, _, _ := r.call("GET", "/api/v1/cases/"+r.number, "", "", "Authorization", header); status != http.StatusUnauthorized {
			r.t.Errorf("%q: %d", header, status)
		}
	}
	if status, _, text := r.call("GET", "/api/v1/cases/"+r.number, r.token, ""); status != http.StatusOK {
		r.t.Error(text)
	}
}

func linksEnd(r *raid) {
	if n := r.w.Count("select count(*) from links where expires_at is null"); n != 0 {
		r.t.Errorf("%d links without an end", n)
	}
	for _, days := range []string{"0", "-1", "100000"} {
		if status, _, text := r.call("POST", "/api/v1/cases/"+r.number+"/links", r.officer, `{"recipient":"agent","days":`+days+`}`); status == http.StatusCreated && days != "0" {
			r.t.Errorf("a link for %s days: %s", days, text)
		}
	}
}

func tokensAreRandom(r *raid) {
	seen := map[string]bool{}
	for range 20 {
		_, token := r.file()
		raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
		if err != nil || len(raw) != 32 || seen[token[:8]] {
			r.t.Errorf("%s: %v", token, err)
		}
		seen[token[:8]] = true
	}
}

// limited serves the same store with limits, and with a choice of where the
// client's address comes from.
func (r *raid) limited(clients handlers.Clients) *site {
	s := &site{t: r.t, w: r.w, logs: &bytes.Buffer{}}
	s.api = &handlers.Server{Store: r.w.Store, Rules: r.w.Law, Now: r.w.Now, Log: handlers.NewLog(io.Discard, nil), Clients: clients}
	s.Server = httptest.NewServer(s.api.Handler())
	r.t.Cleanup(s.Close)
	return s
}

func spoofed(i int) []string {
	a := fmt.Sprintf("198.51.%d.%d", i/250, i%250+1)
	return []string{"X-Forwarded-For", a, "X-Real-IP", a, "Forwarded", "for=" + a, "Client-IP", a, "True-Client-IP", a, "CF-Connecting-IP", a,
		"X-Client-IP", a, "X-Cluster-Client-IP", a, "Referer", "http://" + a, "User-Agent", a}
}

// A hundred wrong tokens with a hundred spoofed addresses are cut off after the
// budget of one; the holder of the link at another address still reads.
func bruteForce(r *raid) {
	s := r.limited(handlers.Clients{})
	refused := 0
	for i := range 100 {
		wrong := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{byte(i)}, 32))
		if status, _, _ := s.call("GET", "/api/v1/cases/"+r.number, wrong, "", spoofed(i)...); status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 80 {
		r.t.Errorf("%d of 100 guesses were refused, want 80", refused)
	}
	status, out, _ := s.call("GET", "/api/v1/cases/"+r.number, r.token, "")
	if status != http.StatusTooManyRequests || out["code"] != "too_many" {
		r.t.Errorf("after guessing, a right token: %d", status)
	}
	proxied, err := handlers.ParseClients(handlers.ForwardedFor, "127.0.0.0/8,::1")
	if err != nil {
		r.t.Fatal(err)
	}
	s = r.limited(proxied)
	for i := range 30 { // each in front of the proxy's own word for it
		wrong := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{byte(i)}, 32))
		s.call("GET", "/api/v1/cases/"+r.number, wrong, "", "X-Forwarded-For", spoofed(i)[1]+", 203.0.113.9")
	}
	if status, _, _ := s.call("GET", "/api/v1/cases/"+r.number, r.token, "", "X-Forwarded-For", "203.0.113.9"); status != http.StatusTooManyRequests {
		r.t.Errorf("the guesser goes on: %d", status)
	}
	if status, _, text := s.call("GET", "/api/v1/cases/"+r.number, r.token, "", "X-Forwarded-For", "203.0.113.10"); status != http.StatusOK {
		r.t.Errorf("the holder is locked out: %d %s", status, text)
	}
}

// A hundred filings with a hundred spoofed addresses spend one budget.
func spoofedAddresses(r *raid) {
	s := r.limited(handlers.Clients{})
	refused := 0
	for i := range 100 {
		status, _, _ := s.call("POST", "/api/v1/cases", "", "{}", spoofed(i)...)
		if status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 40 {
		r.t.Errorf("%d of 100 were refused, want 40", refused)
	}
	r.w.Advance(time.Second)
	if status, _, _ := s.call("POST", "/api/v1/cases", "", "{}"); status == http.StatusTooManyRequests {
		r.t.Error("a second later still refused")
	}
}

func searchIsForStaff(r *raid) {
	for _, body := range []string{`{"phone":"13812345678"}`, `{"identity":"370321199001011234"}`, `{"words":"事由"}`} {
		if status, _, text := r.call("POST", "/api/v1/search", r.token, body); status != http.StatusNotFound {
			r.t.Errorf("a consumer looks up people: %d %s", status, text)
		}
		if status, _, text := r.call("POST", "/api/v1/search", r.mediator(), body); status != http.StatusForbidden {
			r.t.Errorf("a mediator looks up people: %d %s", status, text)
		}
	}
	if status, _, _ := r.call("GET", "/api/v1/cases?phone=13812345678", r.officer, ""); status != http.StatusBadRequest {
		r.t.Errorf("a telephone number in a URL: %d", status)
	}
}

func (r *raid) mediator() string {
	name := fmt.Sprint("mediator", r.w.Count("select count(*) from users"))
	token, err := r.w.AddUser(context.Background(), store.User{Name: name, Roles: []string{"mediator"}})
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

func expensiveQuestions(r *raid) {
	for _, q := range []string{"limit=1000000", "limit=0", "limit=-1", "offset=99999999", "page=9999", "after=" + strings.Repeat("A", 200), "sort=body", "order=random", "fields=*"} {
		if status, out, text := r.call("GET", "/api/v1/cases?"+q, r.officer, ""); status != http.StatusBadRequest || out["code"] != "bad_query" {
			r.t.Errorf("%s: %d %s", q, status, text)
		}
	}
}

func markup(r *raid) {
	const script = `<script>alert(1)</script><img src=x onerror=alert(1)>"'>{{7*7}}${7*7}`
	quoted, _ := json.Marshal(script)
	body := strings.NewReplacer(`"金丝雀名"`, string(quoted), `"金丝雀事由"`, string(quoted), `"金丝雀店"`, string(quoted)).Replace(complaint)
	_, out, text := r.call("POST", "/api/v1/cases", "", body)
	number, _ := out["case"].(map[string]any)["number"].(string)
	for _, path := range []string{"/api/v1/cases/" + number, "/api/v1/cases/" + number + "/events", "/api/v1/cases/" + number + "/events/1/words"} {
		req, _ := http.NewRequestWithContext(context.Background(), "GET", r.URL+path, nil)
		req.Header.Set("Authorization", "Bearer "+r.officer)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			r.t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") || res.Header.Get("X-Content-Type-Options") != "nosniff" || strings.Contains(string(answer), "<script") {
			r.t.Errorf("%s: %v %s", path, res.Header, answer)
		}
		if strings.HasSuffix(path, "/words") {
			var p struct{ Words string }
			if err := json.Unmarshal(answer, &p); err != nil || p.Words != script {
				r.t.Errorf("not what was written: %q", p.Words)
			}
		}
	}
	if strings.Contains(text, "<script") {
		r.t.Error(text)
	}
}

func headerInjection(r *raid) {
	for _, field := range []string{"name", "phone", "email", "address", "identity"} {
		body := `{"person":{"` + field + `":"a\r\nBcc: x@y"}}`
		if status, out, text := r.call("POST", "/api/v1/cases", "", body); status != http.StatusBadRequest || out["code"] != "bad_json" || !strings.Contains(text, `"person.`+field) {
			r.t.Errorf("%s: %d %s", field, status, text)
		}
	}
	res := r.socket("GET /api/v1/cases/x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n")
	if strings.Contains(res, "Set-Cookie") {
		r.t.Error(res)
	}
	for _, bad := range []string{"Idempotency-Key: a\x00b", "Accept-Language: en\r\n Set-Cookie: a=b", "Idempotency-Key: \x1b[31m"} {
		res := r.socket("POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" + bad + "\r\n\r\n{}")
		if strings.Contains(res, "\r\nSet-Cookie") || !strings.HasPrefix(res, "HTTP/1.1 4") {
			r.t.Errorf("%q: %.200s", bad, res)
		}
	}
}

// socket sends bytes and reads what comes until the server is silent.
func (r *raid) socket(text string) string {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.Listener.Addr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, strings.Replace(text, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
	all, _ := io.ReadAll(conn)
	return string(all)
}

func crookedText(r *raid) {
	for text, want := range map[string]int{
		`\u0000`: 400, "\xff": 400, `\ud800`: 400, `\u0007`: 400, strings.Repeat("a", 1<<20): 413, strings.Repeat("a", 1<<19): 400,
		`\u200b\u202e`: 201, `ａ𝐚а`: 201, `😀👨‍👩‍👧`: 201, `一\n二`: 201,
	} {
		status, _, answer := r.call("POST", "/api/v1/cases", "", strings.Replace(complaint, "金丝雀事由", "事由"+text, 1))
		if status != want {
			r.t.Errorf("%.20q: %d %.200s", text, status, answer)
		}
	}
}

// Nothing that a client writes breaks a log line or speaks to a terminal.
func logInjection(r *raid) {
	held := r.api.Log
	defer func() { r.api.Log = held }()
	var logs bytes.Buffer
	r.api.Log = handlers.NewLog(&logs, nil)
	for _, bad := range []string{"\x1b[2J", "a\u009b31m", "\u202egol", "x\u2028{\"level\":\"ERROR\"}"} {
		r.call("GET", "/api/v1/cases/x", "", "", "User-Agent", "Mozilla", "X-Request-Id", "id-"+base64.StdEncoding.EncodeToString([]byte(bad)))
		r.socket("GET /" + strings.ReplaceAll(bad, " ", "") + " HTTP/1.1\r\nHost: x\r\nUser-Agent: " + bad + "\r\nReferer: " + bad + "\r\n\r\n")
		r.api.Log.Error("fault", "error", fmt.Errorf("value %q %s", bad, bad), "text", bad)
	}
	for line := range strings.Lines(logs.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			r.t.Errorf("%q: %v", line, err)
		}
		for _, c := range line {
			if c != '\n' && (c < ' ' || c == 0x7f || c >= 0x80 && c < 0xA0 || c == '\u202e' || c == '\u2028') {
				r.t.Errorf("%U in %q", c, line)
			}
		}
	}
	if n := strings.Count(logs.String(), "\n"); n < 8 {
		r.t.Errorf("%d lines", n)
	}
}

func traversal(r *raid) {
	for _, path := range []string{"/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/../../etc/passwd", "/api/v1/cases/..%2f" + r.number, "/api/v1/cases/%2e%2e%2fopenapi.json",
		"//healthz", "/api/v1/cases/" + r.number + "%00", "/api/v1/cases/" + r.number + "%2fevents", `/api/v1/cases/..%5c..%5c`, "/api/v1/cases/" + r.number + "/", "/api/v1/cases/" + r.number + ";x=1", "/static/../data/key", "/data/fangxin.db"} {
		res := r.socket("GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + r.token + "\r\n\r\n")
		if !strings.HasPrefix(res, "HTTP/1.1 404") || strings.Contains(res, "root:") {
			r.t.Errorf("%s: %.100s", path, res)
		}
	}
}

func otherSites(r *raid) {
	post := func(headers ...string) int {
		status, _, text := r.call("POST", "/api/v1/cases", "", complaint, headers...)
		if strings.Contains(text, "callback") {
			r.t.Error(text)
		}
		return status
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		if status := post(headers...); status != http.StatusForbidden {
			r.t.Errorf("%v: %d", headers, status)
		}
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", r.URL}, nil} {
		if status := post(headers...); status != http.StatusCreated {
			r.t.Errorf("%v: %d", headers, status)
		}
	}
	before := r.w.Count("select count(*) from cases")
	for _, headers := range [][]string{{"X-HTTP-Method-Override", "POST"}, {"X-HTTP-Method", "POST"}, {"X-Method-Override", "DELETE"}} {
		if status, _, text := r.call("GET", "/api/v1/cases/"+r.number, r.token, "", headers...); status != http.StatusOK || !strings.HasPrefix(text, "{") {
			r.t.Errorf("%v: %d %.80s", headers, status, text)
		}
	}
	for _, q := range []string{"_method=DELETE", "callback=alert", "jsonp=alert"} {
		if status, _, _ := r.call("GET", "/api/v1/cases/"+r.number+"?"+q, r.token, ""); status != http.StatusBadRequest {
			r.t.Errorf("%s: %d", q, status)
		}
	}
	if n := r.w.Count("select count(*) from cases"); n != before {
		r.t.Errorf("%d cases more", n-before)
	}
	for _, method := range []string{"GET", "OPTIONS", "POST"} {
		req, _ := http.NewRequestWithContext(context.Background(), method, r.URL+"/api/v1/cases", strings.NewReader("{}"))
		req.Header.Set("Origin", "https://evil.example")
		req.Header.Set("Access-Control-Request-Method", "POST")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			r.t.Fatal(err)
		}
		_ = res.Body.Close()
		for name := range res.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				r.t.Errorf("%s: %s %s", method, name, res.Header.Get(name))
			}
		}
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/xml", "application/jsonp", ""} {
		if status := post("Content-Type", kind); status != http.StatusUnsupportedMediaType {
			r.t.Errorf("%q: %d", kind, status)
		}
	}
}

// A filter's value is a value: no quote, wildcard, minus or second statement
// finds more than it says.
func sqlInFilters(r *raid) {
	before := r.digest()
	for _, value := range []string{"'", "' or '1'='1", "%", "_", "%25", "*", "-1", "--", "1;drop table cases", "\\", "?", "$1", "0x1", "1e9", "NaN", "null", "\u0000", "٣"} {
		for _, name := range []string{"state", "stage", "unit", "town", "category", "outcome", "source", "ticket", "number", "officer", "acceptance", "clock", "overdue", "domain", "filed_from", "sort", "order", "after", "limit", "kind"} {
			q := strings.NewReplacer("%", "%25", " ", "%20", "'", "%27", ";", "%3B", "\\", "%5C", "?", "%3F", "\u0000", "%00", "#", "%23").Replace(value)
			status, out, text := r.call("GET", "/api/v1/cases?"+name+"="+q, r.officer, "")
			cases, _ := out["cases"].([]any)
			if status != http.StatusBadRequest && (status != http.StatusOK || len(cases) > 0) {
				r.t.Errorf("%s=%s: %d %.200s", name, value, status, text)
			}
		}
		quoted, _ := json.Marshal(value)
		status, out, text := r.call("POST", "/api/v1/search", r.officer, `{"words":`+string(quoted)+`}`)
		if cases, _ := out["cases"].([]any); status >= 500 || len(cases) > 0 {
			r.t.Errorf("words %q: %d %.200s", value, status, text)
		}
	}
	if r.digest() != before {
		r.t.Error("something changed")
	}
}

func strictness(r *raid) {
	deep := strings.Repeat(`{"items":[`, 50) + strings.Repeat("]}", 50)
	for _, body := range []string{`{"words":"a","words":"b"}`, deep, `{"words":"a"}{}`, `[` + strings.Repeat("1,", 1000) + `1]`, `{"Words":"a"}`, `{"words":["a"]}`} {
		if status, out, text := r.call("POST", "/api/v1/cases", "", body); status != http.StatusBadRequest || out["code"] != "bad_json" {
			r.t.Errorf("%.40s: %d %.200s", body, status, text)
		}
	}
}

// dump is every row of every table, as text.
func (s *site) dump() string {
	s.t.Helper()
	var b strings.Builder
	for _, table := range s.tables() {
		b.WriteString(s.table(table))
	}
	return b.String()
}

// tables lists every table there is.
func (s *site) tables() []string {
	s.t.Helper()
	if s.w.Dialect() == "postgres" {
		return s.strings("select tablename from pg_tables where schemaname = 'public' order by 1")
	}
	return s.strings("select name from sqlite_master where type = 'table' order by 1")
}

func (s *site) table(name string) string {
	s.t.Helper()
	return strings.Join(s.rows(name), "")
}

// rows are the rows of a table as text, a line each.
func (s *site) rows(table string) []string {
	s.t.Helper()
	rows, err := s.w.Pool().Query("select * from " + table)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, _ := rows.Columns()
	var out []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			s.t.Fatal(err)
		}
		var b strings.Builder
		for _, v := range values {
			switch v := (*v.(*any)).(type) {
			case []byte:
				b.Write(v)
			default:
				fmt.Fprint(&b, v)
			}
			b.WriteByte('|')
		}
		b.WriteByte('\n')
		out = append(out, b.String())
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// docs/security.md answers every class of attack: with tests that exist, or with
// the reason why it does not apply yet.
func TestEveryAttackHasAnAnswer(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, dir := range []string{".", "../workflow", "../store", "../jobs", "../jobs/channel", "../jobs/intake", "../cmd/fangxin"} {
		files, _ := filepath.Glob(dir + "/*_test.go")
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") {
					tests[fn.Name.Name] = true
				}
			}
		}
	}
	answers := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([ATECS]\d+) \|[^|]*\|([^|]*)\|$`).FindAllStringSubmatch(string(page), -1) {
		if answers[m[1]] != "" {
			t.Errorf("%s stands there twice", m[1])
		}
		answers[m[1]] = strings.TrimSpace(m[2])
	}
	for kind, n := range map[string]int{"A": 9, "T": 9, "E": 5, "C": 11, "S": 7} {
		for i := range n {
			id := fmt.Sprint(kind, i+1)
			own := slices.ContainsFunc(slices.Collect(maps.Keys(attacks)), func(name string) bool { return strings.HasPrefix(name, id+" ") })
			named := regexp.MustCompile(`Test\w+`).FindAllString(answers[id], -1)
			switch {
			case answers[id] == "":
				t.Errorf("%s has no answer", id)
			case !own && len(named) == 0 && !strings.HasPrefix(answers[id], "Not yet: "):
				t.Errorf("%s: neither a test nor a reason: %s", id, answers[id])
			case own && !slices.Contains(named, "TestAttacks"):
				t.Errorf("%s is one of TestAttacks; the page does not say so", id)
			}
			for _, name := range named {
				if !tests[name] {
					t.Errorf("%s: there is no %s", id, name)
				}
			}
		}
	}
}
