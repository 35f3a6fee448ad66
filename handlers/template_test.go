package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"fangxin/store"
)

func body(t *testing.T, v map[string]any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A supervisor reads what a notice says, saves other words with a reason, once
// for a key and not over a colleague's; all versions stay to be read.
func TestTemplatesOverTheWire(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		boss, officer := s.officer("supervisor"), s.officer("officer")
		const list, one = "/api/v1/templates", "/api/v1/templates/correction/zh"
		got, text := s.ok("GET", list, boss, "")
		if n := len(got["templates"].([]any)); n != len(s.api.Texts.Built) || n < 50 || !strings.Contains(text, `"acceptance@merchant"`) {
			t.Fatalf("%d %s", n, text)
		}
		got, text = s.ok("GET", one, boss, "")
		if current := got["current"].(map[string]any); current["version"] != 0.0 || !strings.Contains(current["text"].(string), "{days}") || len(got["earlier"].([]any)) != 0 || !strings.Contains(text, `"more":["bureau","days","link","number","reason"]`) {
			t.Fatal(text)
		}
		s.ok("GET", list+"/acceptance@merchant/zh", boss, "")
		first := map[string]any{"base": 0, "subject": "请补正 {number}", "text": "请在{days}内补正{number}：{link}", "more": "缺：{reason}", "why": "用语更平实"}
		for range 2 { // and again
			status, out, text := s.call("PUT", one, boss, body(t, first), "Idempotency-Key", "k")
			if status != http.StatusOK || out["version"] != 1.0 || out["by"] != "supervisor:supervisor" || out["why"] != "用语更平实" || out["at"] == nil {
				t.Fatalf("%d %s", status, text)
			}
		}
		second := map[string]any{"base": 0, "subject": "补正", "text": "{days}：{link}", "more": "{reason}", "why": "再改"}
		if status, out, text := s.call("PUT", one, boss, body(t, second), "Idempotency-Key", "k"); status != http.StatusUnprocessableEntity || out["code"] != "key_reused" {
			t.Errorf("%d %s", status, text)
		}
		if status, out, text := s.call("PUT", one, boss, body(t, second)); status != http.StatusConflict || out["code"] != "stale_template" {
			t.Errorf("from an old base: %d %s", status, text)
		}
		second["base"] = 1
		s.ok("PUT", one, boss, body(t, second))
		got, text = s.ok("GET", one, boss, "")
		earlier := got["earlier"].([]any)
		if got["current"].(map[string]any)["version"] != 2.0 || len(earlier) != 2 || earlier[0].(map[string]any)["version"] != 1.0 || earlier[1].(map[string]any)["version"] != 0.0 || got["next"] != nil {
			t.Error(text)
		}
		got, text = s.ok("GET", one+"?limit=1", boss, "")
		if got["next"] != "1" || len(got["earlier"].([]any)) != 1 {
			t.Fatal(text)
		}
		if got, text = s.ok("GET", one+"?limit=1&after=1", boss, ""); got["next"] != nil || got["earlier"].([]any)[0].(map[string]any)["version"] != 0.0 {
			t.Error(text)
		}
		for _, path := range []string{list + "/correction/fr", list + "/none/zh", list + "/contact_check/zh"} {
			if status, _, _ := s.call("GET", path, boss, ""); status != http.StatusNotFound {
				t.Errorf("%s: %d", path, status)
			}
		}
		for _, call := range [][3]string{{"GET", list, ""}, {"GET", one, ""}, {"PUT", one, body(t, first)}, {"POST", one + "/preview", "{}"}} {
			if status, _, _ := s.call(call[0], call[1], officer, call[2]); status != http.StatusForbidden {
				t.Errorf("%v by an officer: %d", call[:2], status)
			}
		}
	})
}

// A text that would not do is refused, saved or previewed, with the part named
// and what to do; nothing is written.
func TestATemplateThatWouldNotDo(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		boss := s.officer("supervisor")
		const one = "/api/v1/templates/correction/zh"
		good := map[string]any{"subject": "补正", "text": "{days}：{link}", "more": "{reason}"}
		for _, c := range [][4]string{{"subject", "", "subject", "不能为空"}, {"subject", "{link}", "subject", "places"}, {"text", "{days}", "text", "缺少 {link}"}, {"text", "{link}", "text", "缺少期限"},
			{"text", "{days}{link}{phone}", "text", "places"}, {"text", "{days}{link", "text", "不成对"}, {"text", "{days}{link}\n", "text", "换行"}, {"text", "{days}{link}" + strings.Repeat("长", 201), "text", "三条短信"},
			{"more", "略", "more", "缺少 {reason}"}, {"more", "{reason}\x07", "more", "控制字符"}} {
			in := map[string]any{"base": 0, "why": "改"}
			draft := map[string]any{"number": number}
			for k, v := range good {
				in[k], draft[k] = v, v
			}
			in[c[0]], draft[c[0]] = c[1], c[1]
			for _, call := range [][3]string{{"PUT", one, body(t, in)}, {"POST", one + "/preview", body(t, draft)}} {
				status, _, text := s.call(call[0], call[1], boss, call[2])
				if status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+c[2]+`"`) || !strings.Contains(text, c[3]) {
					t.Errorf("%s %s=%.30q: %d %s", call[0], c[0], c[1], status, text)
				}
			}
		}
		for _, why := range []string{"", strings.Repeat("长", 501)} {
			in := map[string]any{"subject": good["subject"], "text": good["text"], "more": good["more"], "why": why}
			if status, _, text := s.call("PUT", one, boss, body(t, in)); status != http.StatusBadRequest || !strings.Contains(text, `"field":"why"`) {
				t.Errorf("%d %s", status, text)
			}
		}
		if n := s.w.Count("select count(*) from templates"); n != 0 {
			t.Errorf("%d were written", n)
		}
	})
}

// A draft is seen in the words of a real case within the caller's scope. It holds
// no link that opens anything and nothing that is sealed, and changes nothing.
func TestAPreviewTellsNothingSecret(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, token := s.file()
		boss, other := s.officer("supervisor"), s.user(store.User{Name: "far", Roles: []string{"supervisor"}, Town: "370321109"})
		officer := s.officer("hub", "officer")
		const one = "/api/v1/templates/correction/zh/preview"
		draft := body(t, map[string]any{"number": number, "subject": "补正 {number}", "text": "{days}内补正{number}：{link}", "more": "缺：{reason}"})
		got, text := s.ok("POST", one, boss, draft)
		if got["subject"] != "补正 "+number || !strings.Contains(got["short"].(string), "［期限］内") {
			t.Errorf("a case without this notice: %s", text)
		}
		s.ok("POST", "/api/v1/cases/"+number+"/commands", officer, body(t, map[string]any{"event": "request_correction", "missing": []string{"identity"}, "words": "金丝雀补正内容"}))
		before := s.digest()
		got, text = s.ok("POST", one, boss, draft)
		short, mail := got["short"].(string), got["mail"].(string)
		if !strings.HasPrefix(short, "3个工作日内补正"+number+"：https://fangxin.example.gov.cn/c/"+number+"#xxx") || got["parts"] != 2.0 {
			t.Error(text)
		}
		if !strings.HasPrefix(mail, "您好：\n\n"+short+"\n\n缺：［理由］\n\n") {
			t.Error(mail)
		}
		if strings.Contains(text, "金丝雀") || strings.Contains(text, token) {
			t.Errorf("something secret: %s", text)
		}
		link := short[strings.Index(short, "#")+1:]
		if status, _, _ := s.call("GET", "/api/v1/cases/"+number, link, ""); status != http.StatusNotFound {
			t.Errorf("the link opens the case: %d", status)
		}
		if s.digest() != before {
			t.Error("a preview changed something")
		}
		var seen []string
		for _, who := range []string{other, boss} {
			n := number
			if who == boss {
				n = "HT-2026-999999-1"
			}
			status, _, text := s.call("POST", one, who, strings.ReplaceAll(draft, number, n))
			if status != http.StatusNotFound {
				t.Errorf("%d %s", status, text)
			}
			seen = append(seen, strings.Split(text, "request_id")[0])
		}
		if seen[0] != seen[1] {
			t.Errorf("another's case and none are told apart: %q", seen)
		}
	})
}
