package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fangxin/store"
)

func ask(t *testing.T, s *site, want int, method, path, token, body string, headers ...string) map[string]any {
	t.Helper()
	status, out, text := s.call(method, path, token, body, headers...)
	if status != want {
		t.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, status, want, text)
	}
	return out
}

func openShop(t *testing.T, s *site, token, name, more string) string {
	t.Helper()
	quoted, _ := json.Marshal(name)
	out := ask(t, s, http.StatusCreated, "POST", "/api/v1/merchants", token, `{"name":`+string(quoted)+`,"town":"370321001","why":"现场核实"`+more+`}`)
	return out["id"].(string)
}

// An entry is opened, corrected, renamed, merged and taken apart again, each with
// a reason, each in its history; the same request with the same key happens once.
func TestTheRegisterOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		a := openShop(t, s, officer, "惠民超市", `,"code":"91370321MA3C0AAA0X","contacts":[{"kind":"phone","value":"0533-8180001"}]`)
		b := openShop(t, s, officer, "惠民百货", "")
		at := "/api/v1/merchants/" + a
		out := ask(t, s, http.StatusOK, "PATCH", at, officer, `{"size":"small","domain":1,"why":"补充"}`)
		if e := out["entry"].(map[string]any); e["size"] != "small" || e["code_valid"] != false || e["code"] != "91370321MA3C0AAA0X" || e["version"] != 2.0 {
			t.Errorf("%v", out)
		}
		for range 2 {
			out = ask(t, s, http.StatusOK, "POST", at+"/rename", officer, `{"name":"惠民生活超市","sees":2,"why":"营业执照变更"}`, "Idempotency-Key", "r1")
			if out["entry"].(map[string]any)["version"] != 3.0 {
				t.Errorf("%v", out)
			}
		}
		ask(t, s, http.StatusConflict, "PATCH", at, officer, `{"size":"large","sees":2,"why":"x"}`)
		if out := ask(t, s, http.StatusCreated, "POST", at+"/contacts", officer, `{"kind":"email","value":"shop@example.com","why":"登记"}`); out["no"] != 2.0 {
			t.Errorf("%v", out)
		}
		ask(t, s, http.StatusOK, "POST", at+"/contacts/1/end", officer, `{"why":"停机"}`)
		if all := ask(t, s, http.StatusOK, "GET", at+"/contacts", officer, "")["contacts"].([]any); len(all) != 1 || all[0].(map[string]any)["value"] != "shop@example.com" {
			t.Errorf("%v", all)
		}
		ask(t, s, http.StatusOK, "POST", at+"/merge", officer, `{"into":"`+b+`","why":"同一经营者"}`)
		ask(t, s, http.StatusConflict, "POST", at+"/rename", officer, `{"name":"x","why":"x"}`)
		ask(t, s, http.StatusOK, "POST", at+"/unmerge", officer, `{"why":"误判"}`)
		ask(t, s, http.StatusOK, "POST", at+"/successor", officer, `{"successor":"`+b+`","since":"2026-05-01","why":"转让"}`)
		var what []string
		next := ""
		for {
			page := ask(t, s, http.StatusOK, "GET", at+"/history?limit=3&after="+next, officer, "")
			for _, l := range page["lines"].([]any) {
				what = append(what, l.(map[string]any)["what"].(string))
			}
			var more bool
			if next, more = page["next"].(string); !more {
				break
			}
		}
		if got := strings.Join(what, " "); got != "opened contact_added changed renamed contact_added contact_ended merged unmerged succeeded" {
			t.Error(got)
		}
		if all := ask(t, s, http.StatusOK, "GET", "/api/v1/merchants?limit=1", officer, ""); all["next"] == nil || len(all["merchants"].([]any)) != 1 {
			t.Errorf("%v", all)
		}
		if strings.Contains(s.logs.String(), "8180001") || strings.Contains(s.logs.String(), "shop@example") {
			t.Error("a contact is in the log")
		}
	})
}

// A visitor finds active entries by two characters, ten at most, and learns their
// name, town and status: no code, no contact, no count, nothing unverified.
func TestVisitorsSeeLittle(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		for i := range 12 {
			openShop(t, s, officer, fmt.Sprintf("惠民超市%d店", i+1), `,"shop_address":"中心大街1号"`)
		}
		hidden := openShop(t, s, officer, "惠民隐藏店", "")
		ask(t, s, http.StatusOK, "PATCH", "/api/v1/merchants/"+hidden, officer, `{"status":"unverified","why":"待核实"}`)
		_, consumer := s.file()
		for _, token := range []string{"", consumer, s.officer("mediator")} {
			status, out, text := s.call("GET", "/api/v1/merchants?q=惠民", token, "")
			if status != http.StatusOK || len(out["merchants"].([]any)) != 10 || len(out) != 1 {
				t.Fatalf("%d %s", status, text)
			}
			for _, m := range out["merchants"].([]any) {
				if m := m.(map[string]any); len(m) != 4 || m["status"] != "active" {
					t.Errorf("%v", m)
				}
			}
			for query, field := range map[string]string{"": "q", "?q=惠": "q", "?q=%E6%83%A0%20": "q", "?q=惠民&limit=200": "limit", "?q=惠民&status=unverified": "status", "?q=惠民&after=x": "after"} {
				if status, _, text := s.call("GET", "/api/v1/merchants"+query, token, ""); status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+field+`"`) {
					t.Errorf("%s: %d %s", query, status, text)
				}
			}
			if status, out, _ := s.call("GET", "/api/v1/merchants?q=惠民隐藏", token, ""); status != http.StatusOK || len(out["merchants"].([]any)) != 0 {
				t.Errorf("an unverified entry shows: %v", out)
			}
		}
		if out := ask(t, s, http.StatusOK, "GET", "/api/v1/merchants?q=hmcs", officer, ""); len(out["merchants"].([]any)) != 12 {
			t.Errorf("%v", out)
		}
		ask(t, s, http.StatusNotFound, "GET", "/api/v1/merchants?q=惠民", strings.Repeat("A", 43), "")
	})
}

// Who may change the register, what is refused with the field named, and that an
// entry that is not there is one identical 404.
func TestWhoChangesTheRegister(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer, unit, mediator := s.officer("officer"), s.officer("unit"), s.officer("mediator")
		town, err := s.w.AddUser(context.Background(), store.User{Name: "t", Roles: []string{"town"}, Town: "370321105"})
		if err != nil {
			t.Fatal(err)
		}
		a := openShop(t, s, officer, "惠民超市", "")
		at := "/api/v1/merchants/" + a
		for _, token := range []string{unit, town, mediator} {
			ask(t, s, http.StatusForbidden, "PATCH", at, token, `{"size":"small","why":"x"}`)
		}
		_, consumer := s.file()
		for _, path := range []string{at, at + "/history", at + "/contacts", "/api/v1/merchant-reviews"} {
			ask(t, s, http.StatusNotFound, "GET", path, consumer, "")
			ask(t, s, http.StatusUnauthorized, "GET", path, "", "")
			ask(t, s, http.StatusForbidden, "GET", path, mediator, "")
		}
		mine := ask(t, s, http.StatusCreated, "POST", "/api/v1/merchants", town, `{"name":"马桥面馆","town":"370321105","why":"登记"}`)["id"].(string)
		ask(t, s, http.StatusForbidden, "PATCH", "/api/v1/merchants/"+mine, town, `{"town":"370321001","why":"x"}`)
		ask(t, s, http.StatusForbidden, "POST", "/api/v1/merchants/"+mine+"/merge", town, `{"into":"`+a+`","why":"x"}`)
		for body, field := range map[string]string{`{"name":"x"}`: "why", `{"name":"（）","why":"x"}`: "name", `{"name":"x","town":"999999999","why":"x"}`: "town", `{"name":"x","kind":"king","why":"x"}`: "kind",
			`{"name":"x","domain":13,"why":"x"}`: "domain", `{"name":"x","contacts":[{"kind":"pigeon","value":"1"}],"why":"x"}`: "contacts.0.kind", `{"name":"x","id":"m_1","why":"x"}`: "id", `{"name":"x","status":"active","why":"x"}`: "status"} {
			if status, _, text := s.call("POST", "/api/v1/merchants", officer, body); status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+field+`"`) {
				t.Errorf("%s: %d %s", body, status, text)
			}
		}
		for _, path := range []string{"/api/v1/merchants/m_0", "/api/v1/merchants/1", "/api/v1/merchants/m_0/history"} {
			ask(t, s, http.StatusNotFound, "GET", path, officer, "")
		}
		ask(t, s, http.StatusBadRequest, "POST", at+"/merge", officer, `{"into":"m_0","why":"x"}`)
		ask(t, s, http.StatusBadRequest, "GET", "/api/v1/merchants?after=m_0", officer, "")
	})
}

// A complaint whose respondent may be one that is there puts a question, which an
// officer settles; the case then shows both.
func TestReviewsOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer", "hub")
		known := openShop(t, s, officer, "金丝雀小店", "")
		number, _ := s.file()
		for _, step := range []func(context.Context, int) (int, error){func(ctx context.Context, _ int) (int, error) { return s.w.Block(ctx) }, s.w.Board, s.w.MatchRespondents} {
			if _, err := step(context.Background(), 100); err != nil {
				t.Fatal(err)
			}
		}
		page := ask(t, s, http.StatusOK, "GET", "/api/v1/merchant-reviews", officer, "")
		all := page["reviews"].([]any)
		if len(all) != 1 {
			t.Fatalf("%v", page)
		}
		id := "/api/v1/merchant-reviews/" + all[0].(map[string]any)["id"].(string)
		for _, body := range []string{`{"verdict":"perhaps","why":"x"}`, `{"verdict":"same","why":"x"}`, `{"verdict":"different","merchant":"` + known + `","why":"x"}`, `{"verdict":"same","merchant":"m_0","why":"x"}`, `{"verdict":"same","merchant":"` + known + `"}`} {
			ask(t, s, http.StatusBadRequest, "POST", id, officer, body)
		}
		done := ask(t, s, http.StatusOK, "POST", id, officer, `{"verdict":"same","merchant":"`+known+`","why":"地址一致"}`)
		if done["decision"] != "same" || done["state"] != "settled" || done["actor"] != "officer:officer-hub" {
			t.Errorf("%v", done)
		}
		ask(t, s, http.StatusConflict, "POST", id, officer, `{"verdict":"different","why":"x"}`)
		of := ask(t, s, http.StatusOK, "GET", "/api/v1/cases/"+number+"/merchants", officer, "")["merchants"].([]any)
		if m := of[0].(map[string]any); len(of) != 1 || m["now"] != known || m["merchant"] == known || m["name"] != "金丝雀店" {
			t.Errorf("%v", of)
		}
		other := openShop(t, s, officer, "另一家", "")
		of = ask(t, s, http.StatusOK, "POST", "/api/v1/cases/"+number+"/merchants", officer, `{"merchant":"`+other+`","why":"消费者更正"}`)["merchants"].([]any)
		if m := of[len(of)-1].(map[string]any); len(of) != 2 || m["now"] != other || m["how"] != "officer" {
			t.Errorf("%v", of)
		}
	})
}
