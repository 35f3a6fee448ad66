package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"fangxin/handlers"
	"fangxin/jobs/channel"
	"fangxin/store"
)

// A supervisor names a machine that is told of events: its secret is shown once,
// a private address is refused with the reason, and what became of it is plain.
func TestWebhooks(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		to := channel.NewWebhooks(false, nil, nil, s.w.Now)
		code := "webhook.503"
		s.api.Hooks = handlers.Hooks{Check: to.Check, Test: func(context.Context, store.Webhook) string { return code }}
		boss, officer := s.officer("supervisor"), s.officer("officer")
		const path = "/api/v1/webhooks"
		for body, field := range map[string]string{`{}`: "url", `{"url":"https://127.0.0.1/"}`: "url", `{"url":"http://93.184.216.34/"}`: "url", `{"url":"https://u:p@93.184.216.34/"}`: "url",
			`{"url":"https://93.184.216.34/","topics":["everything"]}`: "topics", `{"url":"https://93.184.216.34/","description":"` + strings.Repeat("长", 501) + `"}`: "description"} {
			if status, _, text := s.call("POST", path, boss, body); status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+field+`"`) {
				t.Errorf("%s: %d %s", body, status, text)
			}
		}
		if _, _, text := s.call("POST", path, boss, `{"url":"https://127.0.0.1/"}`); !strings.Contains(text, "FANGXIN_WEBHOOK_PRIVATE") {
			t.Error(text)
		}
		body := `{"url":"https://93.184.216.34/hook?robot=s3cret","description":"大屏","topics":["classify"]}`
		status, out, first := s.call("POST", path, boss, body, "Idempotency-Key", "k1")
		_, again, _ := s.call("POST", path, boss, body, "Idempotency-Key", "k1")
		secret, _ := out["secret"].(string)
		if _, err := channel.ParseSecret(secret); status != http.StatusCreated || err != nil || again["secret"] != secret || again["id"] != out["id"] {
			t.Fatalf("%d %s %v", status, first, again)
		}
		one := path + "/" + out["id"].(string)
		for _, token := range []string{officer, s.officer("court")} {
			if status, _, _ := s.call("GET", one, token, ""); status != http.StatusForbidden {
				t.Errorf("another reads it: %d", status)
			}
		}
		if got, text := s.ok("GET", one, boss, ""); got["state"] != "live" || got["url"] != "https://93.184.216.34/hook?robot=s3cret" || strings.Contains(text, secret) {
			t.Error(text)
		}
		if got, text := s.ok("POST", one+"/rotate", boss, `{}`); got["secret"] == secret {
			t.Error(text)
		}
		if got, text := s.ok("PATCH", one, boss, `{"url":"https://93.184.216.34:8443/","description":"新"}`); got["secrets"] != 2.0 || got["description"] != "新" || len(got["topics"].([]any)) != 0 {
			t.Error(text)
		}
		if got, text := s.ok("POST", one+"/test", boss, `{}`); got["arrived"] != false || got["code"] != code {
			t.Error(text)
		}
		s.ok("POST", one+"/pause", boss, `{}`)
		if got, text := s.ok("GET", one, boss, ""); got["state"] != "paused" || got["paused_why"] != "by_hand" || got["paused_by"] == nil {
			t.Error(text)
		}
		s.ok("POST", one+"/resume", boss, `{}`)
		if got, text := s.ok("GET", one, boss, ""); got["state"] != "live" {
			t.Error(text)
		}
		s.ok("POST", one+"/end", boss, `{}`)
		for _, call := range [][2]string{{"GET", one}, {"POST", one + "/resume"}, {"POST", one + "/test"}} {
			if status, _, _ := s.call(call[0], call[1], boss, map[bool]string{true: "", false: "{}"}[call[0] == "GET"]); status != http.StatusNotFound {
				t.Errorf("%v: %d", call, status)
			}
		}
	})
}
