package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
	"fangxin/jobs"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"

	"github.com/getkin/kin-openapi/openapi3"
)

// site is a server on a fresh store.
type site struct {
	*httptest.Server
	t    *testing.T
	w    *storetest.World
	logs *bytes.Buffer
	api  *handlers.Server
}

func each(t *testing.T, test func(t *testing.T, s *site)) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) { test(t, newSite(t, w)) })
}

// newSite serves a store, without limits on how often.
func newSite(t *testing.T, w *storetest.World) *site {
	s := &site{t: t, w: w, logs: &bytes.Buffer{}}
	s.api = &handlers.Server{Store: w.Store, Rules: w.Law, Now: w.Now, Log: slog.New(slog.NewJSONHandler(s.logs, nil)), Limits: handlers.Unlimited(), SMS: handlers.SignedForTests}
	s.api.Texts = textsFor(w)
	s.Server = httptest.NewServer(s.api.Handler())
	t.Cleanup(s.Close)
	return s
}

// textsFor is what messages say, as main hands it in.
func textsFor(w *storetest.World) handlers.Texts {
	post := &jobs.Post{Now: w.Now, Rules: w.Law, Site: "https://fangxin.example.gov.cn"}
	return handlers.Texts{Built: jobs.Texts(), Places: jobs.Places, Check: post.Check, Preview: post.Preview, Parts: jobs.Parts}
}

// call sends a request and reads the answer.
func (s *site) call(method, path, token, body string, headers ...string) (int, map[string]any, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var out map[string]any
	_ = json.Unmarshal(text, &out)
	if kind := res.Header.Get("Content-Type"); res.StatusCode >= 400 && !strings.HasPrefix(kind, "application/problem+json") {
		s.t.Errorf("%s %s: %d as %s", method, path, res.StatusCode, kind)
	}
	return res.StatusCode, out, string(text)
}

const complaint = `{"person":{"name":"金丝雀名","phone":"13812345678","identity":"370321199001011234","address":"金丝雀街一号"},
	"respondent":{"name":"金丝雀店","address":"金丝雀路二号","phone":"05331234567"},"words":"金丝雀事由","domain":1,"category":"false_publicity",
	"town":"370321001","publish_consent":true,"entrust_consent":false,"amount_fen":12800}`

func (s *site) officer(roles ...string) string {
	s.t.Helper()
	token, err := s.w.AddUser(context.Background(), store.User{Name: strings.Join(roles, "-"), Roles: roles})
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func (s *site) file() (number, token string) {
	s.t.Helper()
	status, out, text := s.call("POST", "/api/v1/cases", "", complaint)
	if status != http.StatusCreated {
		s.t.Fatal(text)
	}
	return out["case"].(map[string]any)["number"].(string), out["token"].(string)
}

// A case is filed with nothing but HTTP and driven to its end.
func TestAWholeLifeOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer", "hub")
		_, link, text := s.call("POST", "/api/v1/cases/"+number+"/links", officer, `{"party":"merchant"}`)
		merchant, ok := link["token"].(string)
		if !ok {
			t.Fatal(text)
		}
		for _, step := range []struct{ token, body, state string }{
			{officer, `{"event":"classify"}`, "RECEIVED.triage"},
			{officer, `{"event":"invite_settlement"}`, "NEGOTIATION.notified"},
			{merchant, `{"event":"answer_with_offer","answer_kind":"offer","words":"退货退款"}`, "NEGOTIATION.offer_pending"},
			{consumer, `{"event":"accept_offer","offer":1,"due_on":"2026-05-20"}`, "NEGOTIATION.settled_pending_performance"},
			{merchant, `{"event":"report_performance","proof":"file:1","performed_on":"2026-05-07"}`, "NEGOTIATION.settled_pending_performance"},
			{consumer, `{"event":"close_settled"}`, "CLOSED.closed"},
		} {
			status, out, text := s.call("POST", "/api/v1/cases/"+number+"/commands", step.token, step.body)
			if status != http.StatusOK || out["case"].(map[string]any)["state"] != step.state {
				t.Fatalf("%s: %d %s", step.body, status, text)
			}
		}
		_, out, _ := s.call("GET", "/api/v1/cases/"+number, consumer, "")
		if out["outcome"] != "SETTLED_SELF" {
			t.Errorf("%v", out["outcome"])
		}
		_, out, text = s.call("GET", "/api/v1/cases/"+number+"/events", officer, "")
		if n := len(out["events"].([]any)); n < 7 {
			t.Errorf("%d events: %s", n, text)
		}
		_, out, text = s.call("GET", "/api/v1/cases/"+number+"/events/1/words", officer, "")
		if out["words"] != "金丝雀事由" {
			t.Error(text)
		}
	})
}

func TestWhatIsMissingIsAskedForAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		status, out, text := s.call("POST", "/api/v1/cases", "", `{"words":"x"}`, "Accept-Language", "en-GB")
		missing, _ := out["missing"].([]any)
		if status != http.StatusUnprocessableEntity || len(missing) != 4 || !strings.Contains(text, "Order 121 Art. 10") || out["title"] != "Something is missing" {
			t.Errorf("%d %s", status, text)
		}
		if n := s.w.Count("select count(*) from cases"); n != 0 {
			t.Errorf("%d cases", n)
		}
	})
}

func TestStrictJSON(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer")
		for body, want := range map[string]string{
			`{"event":"classify","evnt":1}`: "evnt|no such field", `{"event":"classify","event":"x"}`: "event|twice", `{"event":"classify"} {}`: "|followed by more",
			`null`: "|null", `{"event":null}`: "event|null", `{"person":{"name":null}}`: "person.name|null", "": "|not JSON",
			`{"event":1}`: "event|type", `{"event":"classify","domain":"1"}`: "domain|type", `{"event":"classify","domain":1.5}`: "domain|type",
			`{"event":"classify","amount_fen":9223372036854775808}`: "amount_fen|type", `{"event":"classify","Domain":1}`: "Domain|no such field",
			`{"event":"a","person":{"nam":1}}`: "person.nam|no such field", `[]`: "|type", `{`: "|not JSON",
			"{\"event\":\"\xff\"}": "event|UTF-8", `{"words":"a\u0000b"}`: "words|NUL", `{"words":"\ud800"}`: "words|surrogate", `{"words":"\udc00x"}`: "words|surrogate",
			`{"\u0000":1}`: "NUL", `{"requests":["a","\u0000"]}`: "requests.1|NUL",
			`{"event":"classify","due_on":"2026-13-01"}`: "due_on|type", `{"items":[[[[[[[[[1]]]]]]]]]}`: "items|deep", strings.Repeat("[", 20_000): "deep",
		} {
			status, out, text := s.call("POST", "/api/v1/cases/"+number+"/commands", officer, body, "Accept-Language", "en", "Content-Type", "application/json")
			field, why, _ := strings.Cut(want, "|")
			if why == "" {
				field, why = "", field
			}
			if status != http.StatusBadRequest || out["code"] != "bad_json" || !strings.Contains(text, `"field":"`+field) || !strings.Contains(text, why) {
				t.Errorf("%.200s: %d %s", body, status, text)
			}
		}
		status, _, _ := s.call("POST", "/api/v1/cases", "", complaint, "Content-Type", "text/xml")
		if status != http.StatusUnsupportedMediaType {
			t.Errorf("XML: %d", status)
		}
		if status, _, text := s.call("POST", "/api/v1/cases", "", `{"words":"`+strings.Repeat("长", 400_000)+`"}`); status != http.StatusRequestEntityTooLarge {
			t.Errorf("too large: %d %.200s", status, text)
		}
	})
}

// Unknown, expired, revoked and foreign links, and cases that are not there,
// are one identical answer.
func TestOneIdentical404(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, token := s.file()
		other, _ := s.file()
		officer := s.officer("officer")
		answers := map[string]bool{}
		note := func(status int, out map[string]any, _ string) {
			delete(out, "request_id")
			text, _ := json.Marshal(out)
			answers[string(text)] = true
			if status != http.StatusNotFound {
				t.Errorf("%d %s", status, text)
			}
		}
		note(s.call("GET", "/api/v1/cases/"+other, token, ""))
		note(s.call("GET", "/api/v1/cases/"+number, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""))
		note(s.call("GET", "/api/v1/cases/HT-2026-999999-1", officer, ""))
		note(s.call("GET", "/api/v1/cases/"+number+"/events", token, ""))
		note(s.call("GET", "/api/v1/cases/"+number, token+"A", ""))
		note(s.call("GET", "/api/v1/cases/"+number, token[:42], ""))
		note(s.call("GET", "/api/v1/cases/"+number, "*", ""))
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		alias := letters[strings.IndexByte(letters, token[42])+1] // another spelling of the same 32 bytes
		note(s.call("GET", "/api/v1/cases/"+number, token[:42]+string(alias), ""))
		if err := s.w.RevokeLinks(context.Background(), number, "consumer"); err != nil {
			t.Fatal(err)
		}
		note(s.call("GET", "/api/v1/cases/"+number, token, ""))
		number, token = s.file()
		s.w.Advance(4 * 366 * 24 * time.Hour)
		note(s.call("GET", "/api/v1/cases/"+number, token, ""))
		if len(answers) != 1 {
			t.Errorf("%d different answers: %v", len(answers), answers)
		}
	})
}

func TestScopeOfUnitAndParty(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		hub := s.officer("hub", "officer")
		stranger, err := s.w.AddUser(context.Background(), store.User{Name: "stranger", Roles: []string{"officer"}, Unit: "psb"})
		if err != nil {
			t.Fatal(err)
		}
		if status, _, _ := s.call("GET", "/api/v1/cases/"+number, stranger, ""); status != http.StatusNotFound {
			t.Errorf("another unit's officer reads: %d", status)
		}
		if _, out, text := s.call("GET", "/api/v1/cases", stranger, ""); len(out["cases"].([]any)) != 0 {
			t.Errorf("another unit's officer lists: %s", text)
		}
		if _, out, text := s.call("GET", "/api/v1/cases", hub, ""); len(out["cases"].([]any)) != 1 {
			t.Error(text)
		}
		status, _, text := s.call("POST", "/api/v1/cases/"+number+"/commands", consumer, `{"event":"classify"}`)
		if status != http.StatusForbidden || strings.Contains(text, "split_report") {
			t.Errorf("a consumer classifies: %d %s", status, text)
		}
		if status, _, text := s.call("POST", "/api/v1/cases/"+number+"/commands", consumer, `{"event":"classify","as":"officer"}`); status != http.StatusForbidden {
			t.Errorf("a consumer as officer: %d %s", status, text)
		}
		if status, _, _ := s.call("GET", "/api/v1/cases/"+number, "", ""); status != http.StatusUnauthorized {
			t.Errorf("nobody reads: %d", status)
		}
	})
}

func TestTheSameRequestTwice(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, a, _ := s.call("POST", "/api/v1/cases", "", complaint, "Idempotency-Key", "k1")
		_, b, _ := s.call("POST", "/api/v1/cases", "", complaint, "Idempotency-Key", "k1")
		if a["token"] != b["token"] || a["token"] == "" || s.w.Count("select count(*) from cases") != 1 {
			t.Errorf("%v %v", a["token"], b["token"])
		}
		if status, out, _ := s.call("POST", "/api/v1/cases", "", strings.Replace(complaint, "12800", "12900", 1), "Idempotency-Key", "k1"); status != http.StatusUnprocessableEntity || out["code"] != "key_reused" {
			t.Errorf("%d %v", status, out["code"])
		}
	})
}

// A canary in every personal field appears in no log line and no event.
func TestNothingPersonalInLogs(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		s.call("POST", "/api/v1/cases/"+number+"/commands", consumer, `{"event":"withdraw_before_acceptance","warned":true,"words":"金丝雀原因"}`)
		s.call("POST", "/api/v1/cases/"+number+"/commands", consumer, `{"event":"金丝雀"}`)
		for what, text := range map[string]string{"log": s.logs.String(), "events": s.payloads()} {
			for _, canary := range []string{"金丝雀", "13812345678", "370321199001011234", "05331234567", consumer, number[:0] + "Bearer"} {
				if strings.Contains(text, canary) {
					t.Errorf("%s in the %s", canary, what)
				}
			}
		}
		if strings.Contains(s.logs.String(), number) {
			t.Error("a case number in the log lines")
		}
	})
}

func (s *site) payloads() string {
	rows, err := s.w.Pool().Query("select payload from events")
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			s.t.Fatal(err)
		}
		b.WriteString(p)
	}
	_ = rows.Close()
	return b.String()
}

// The document describes every route and nothing else, is valid, and its enum
// of events is the table's.
func TestOpenAPI(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, _, text := s.call("GET", "/api/v1/openapi.json", "", "")
		doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, r := range s.api.Routes() {
			item := doc.Paths.Value(r.Path)
			if item == nil || item.GetOperation(r.Method) == nil || item.GetOperation(r.Method).Summary == "" {
				t.Errorf("%s %s is not described", r.Method, r.Path)
				continue
			}
			n++
		}
		described := 0
		for _, item := range doc.Paths.Map() {
			described += len(item.Operations())
		}
		if described != n {
			t.Errorf("%d described, %d routes", described, n)
		}
		for _, e := range workflow.Events() {
			if !strings.Contains(text, `"`+e+`"`) {
				t.Errorf("%s is not in the enum", e)
			}
		}
	})
}
