package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"fangxin/store"
)

// What a list does not know is refused with the parameter named, in its query and
// in a search's body alike.
func TestAQuestionThatIsNotUnderstood(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer")
		for query, name := range map[string]string{"colour=red": "colour", "state=CLOSED": "state", "stage=closed": "stage", "domain=13": "domain", "domain=x": "domain", "unit=a'b": "unit",
			"town=%25": "town", "acceptance=maybe": "acceptance", "clock=tea": "clock", "overdue=yes": "overdue", "filed_from=2026-02-30": "filed_from", "filed_to=": "filed_to",
			"due_before=tomorrow": "due_before", "kind=all": "kind", "sort=name": "sort", "order=up": "order", "limit=0": "limit", "limit=201": "limit", "limit=1e1": "limit",
			"after=!": "after", "after=AAAA": "after", "state=RECEIVED.triage&state=CLOSED.closed": "state", "officer=": "officer"} {
			status, out, text := s.call("GET", "/api/v1/cases?"+query, officer, "")
			if status != http.StatusBadRequest || out["code"] != "bad_query" || !strings.Contains(text, `"field":"`+name+`"`) {
				t.Errorf("%s: %d %s", query, status, text)
			}
		}
		if status, _, text := s.call("GET", "/api/v1/counts?after=AAAA", officer, ""); status != http.StatusBadRequest || !strings.Contains(text, `"after"`) {
			t.Errorf("counts by the page: %d %s", status, text)
		}
		for body, name := range map[string]string{`{"filters":{"colour":"red"}}`: "filters.colour", `{"filters":{"domain":"13"}}`: "filters.domain", `{"filters":{"sort":"due"}}`: "filters.sort",
			`{"sort":"name"}`: "sort", `{"after":"x"}`: "after", `{"limit":201}`: "limit", `{"words":"，。"}`: "words", `{"word":"x"}`: "word", `{"words":"` + strings.Repeat("长", 90) + `"}`: "words"} {
			status, _, text := s.call("POST", "/api/v1/search", officer, body)
			if status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+name+`"`) {
				t.Errorf("%s: %d %s", body, status, text)
			}
		}
		for _, query := range []string{"", "state=RECEIVED.registered", "stage=RECEIVED&domain=1&category=false_publicity&town=370321001&source=web&acceptance=pending&sort=number&order=desc&limit=1",
			"clock=accept_decision&due_before=2026-07-01", "filed_from=2026-05-06&filed_to=2026-05-06", "number=" + url.QueryEscape(number)} {
			if status, out, text := s.call("GET", "/api/v1/cases?"+query, officer, ""); status != http.StatusOK || len(out["cases"].([]any)) != 1 {
				t.Errorf("%s: %d %s", query, status, text)
			}
		}
	})
}

// What a user may not read he does not find, by no way of asking.
func TestScopeByEveryPath(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		number, _ := s.file()
		other, _ := s.file()
		officer := s.officer("officer", "hub")
		for _, step := range []string{`{"event":"classify"}`, `{"event":"assign","unit":"amr"}`} {
			if status, _, text := s.call("POST", "/api/v1/cases/"+other+"/commands", officer, step); status != http.StatusOK {
				t.Fatal(text)
			}
		}
		if _, err := s.w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		users := map[string]store.User{"unit": {Roles: []string{"unit"}, Unit: "psb"}, "court": {Roles: []string{"court"}}, "mediator": {Roles: []string{"mediator"}, Unit: "org"},
			"other": {Roles: []string{"other_authority"}, Unit: "tourism"}, "far": {Roles: []string{"town"}, Town: "370321002"}}
		for name, u := range users {
			u.Name = name
			token, err := s.w.AddUser(ctx, u)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []string{number, other} {
				for _, path := range []string{"", "/events", "/events/1/words", "/links"} {
					if status, _, _ := s.call("GET", "/api/v1/cases/"+n+path, token, ""); status != http.StatusNotFound {
						t.Errorf("%s: %s is %d", name, path, status)
					}
				}
				for _, path := range []string{"/commands", "/links"} {
					if status, _, _ := s.call("POST", "/api/v1/cases/"+n+path, token, `{"event":"assign","unit":"psb"}`); status != http.StatusNotFound {
						t.Errorf("%s: POST %s is %d", name, path, status)
					}
				}
				if _, out, _ := s.call("GET", "/api/v1/cases?number="+n, token, ""); len(out["cases"].([]any)) != 0 {
					t.Errorf("%s lists it", name)
				}
				if _, out, _ := s.call("GET", "/api/v1/counts?number="+n, token, ""); out["total"] != 0. {
					t.Errorf("%s counts it", name)
				}
			}
			if status, out, text := s.call("POST", "/api/v1/search", token, `{"phone":"13812345678"}`); status == http.StatusOK && len(out["cases"].([]any)) != 0 {
				t.Errorf("%s searches: %s", name, text)
			}
		}
		for _, role := range []string{"superior", "coordinator"} { // an offer's words are not for the first
			token, want := s.officer(role), http.StatusForbidden
			if role == "coordinator" {
				want = http.StatusOK
			}
			for _, body := range []string{`{"words":"退款"}`, `{"phone":"13812345678"}`, `{"identity":"370321199001011234"}`} {
				if status, _, text := s.call("POST", "/api/v1/search", token, body); status != want {
					t.Errorf("%s searches %s: %d %s", role, body, status, text)
				}
			}
		}
		if _, out, text := s.call("POST", "/api/v1/search", officer, `{"phone":"138 1234-5678"}`); len(out["cases"].([]any)) != 2 {
			t.Error(text)
		}
		if _, out, text := s.call("GET", "/api/v1/counts", officer, ""); out["total"] != 2. || fmt.Sprint(out["units"]) != "map[:map[overdue:0 total:1] amr:map[overdue:0 total:1]]" {
			t.Error(text)
		}
		for _, word := range []string{"13812345678", "金丝雀"} {
			if strings.Contains(s.logs.String(), word) {
				t.Errorf("%s in the log", word)
			}
		}
	})
}

// A case that an officer may not see cannot be reached as the other case of a
// command either: the answer is the one for a number that does not exist.
func TestTheOtherCaseIsInScopeToo(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		a, _ := s.file()
		b, _ := s.file()
		hub := s.officer("officer", "hub")
		for _, step := range []string{`{"event":"classify"}`, `{"event":"assign","unit":"amr"}`} {
			s.call("POST", "/api/v1/cases/"+b+"/commands", hub, step)
		}
		unit, err := s.w.AddUser(context.Background(), store.User{Name: "amr", Roles: []string{"officer"}, Unit: "amr"})
		if err != nil {
			t.Fatal(err)
		}
		try := func(token, other string) (int, string) {
			status, out, _ := s.call("POST", "/api/v1/cases/"+b+"/commands", token, `{"event":"mark_duplicate","other":"`+other+`","confirmed":true}`)
			return status, fmt.Sprint(out["code"], out["guard"], out["detail"])
		}
		status, text := try(unit, a)
		if nowhere, none := try(unit, "HT-2026-000999-4"); status != nowhere || text != none || status == http.StatusOK {
			t.Errorf("%d %s, not %d %s", status, text, nowhere, none)
		}
		if status, text := try(hub, a); status != http.StatusOK {
			t.Errorf("who sees both: %d %s", status, text)
		}
	})
}

// Words are found over HTTP once they are indexed, within the scope, and a person
// is not.
func TestSearchOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		number, _ := s.file()
		for _, work := range []func() (int, error){func() (int, error) { return s.w.Block(ctx) }, func() (int, error) { return s.w.Board(ctx, 10) }, func() (int, error) { return s.w.Index(ctx, 10) }} {
			if n, err := work(); err != nil || n == 0 {
				t.Fatal(n, err)
			}
		}
		officer := s.officer("officer")
		psb, err := s.w.AddUser(ctx, store.User{Name: "psb", Roles: []string{"officer"}, Unit: "psb"})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			token, body, want string
		}{{officer, `{"words":"事由"}`, number}, {officer, `{"words":"事由","filters":{"domain":"1"}}`, number}, {officer, `{"words":"事由","filters":{"domain":"2"}}`, ""},
			{officer, `{"words":"金丝雀名"}`, ""}, {officer, `{"phone":"13812345678"}`, number}, {officer, `{"identity":"370321199001011234","words":"事由"}`, number}, {psb, `{"words":"事由"}`, ""}, {psb, `{"phone":"13812345678"}`, ""}} {
			status, out, text := s.call("POST", "/api/v1/search", x.token, x.body)
			if status != http.StatusOK {
				t.Fatalf("%s: %d %s", x.body, status, text)
			}
			got := ""
			if cases := out["cases"].([]any); len(cases) == 1 {
				got = cases[0].(map[string]any)["number"].(string)
			}
			if got != x.want {
				t.Errorf("%s: %s", x.body, text)
			}
		}
	})
}
