package handlers_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"testing"
	"time"

	"fangxin/store"
)

// digest is a fingerprint of every row of every table.
func (s *site) digest() string {
	s.t.Helper()
	sum := sha256.New()
	for _, table := range s.tables() {
		all := s.rows(table)
		sort.Strings(all)
		_, _ = io.WriteString(sum, table+"\n"+strings.Join(all, ""))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (s *site) strings(query string) []string {
	s.t.Helper()
	rows, err := s.w.Pool().Query(query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			s.t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// give asks for a link and returns its token and the answer.
func (s *site) give(number, officer, body string) (string, map[string]any) {
	s.t.Helper()
	status, out, text := s.call("POST", "/api/v1/cases/"+number+"/links", officer, body)
	if status != http.StatusCreated {
		s.t.Fatalf("%s: %d %s", body, status, text)
	}
	return out["token"].(string), out
}

// Whoever opens a page changes nothing, with whatever token, GET and HEAD alike:
// mail scanners and chat previews do it unasked.
func TestReadingChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer", "supervisor")
		merchant, out := s.give(number, officer, `{"recipient":"merchant","actions":["read"]}`)
		if _, err := s.w.Block(context.Background()); err != nil {
			t.Fatal(err)
		}
		fill := strings.NewReplacer("{number}", number, "{seq}", "1", "{id}", out["id"].(string), "{no}", "1")
		before, n := s.digest(), 0
		for _, r := range s.api.Routes() {
			if r.Method != "GET" {
				continue
			}
			for _, method := range []string{"GET", "HEAD"} {
				for _, token := range []string{"", consumer, merchant, officer, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
					s.call(method, fill.Replace(r.Path), token, "")
					if after := s.digest(); after != before {
						t.Fatalf("%s %s changed something", method, r.Path)
					}
					n++
				}
			}
		}
		if n < 50 {
			t.Errorf("%d requests only", n)
		}
	})
}

// Each recipient has a link of his own, for what it was given, and another name
// in the log.
func TestLinksByRecipientAndAction(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer", "hub")
		path := "/api/v1/cases/" + number
		actors := map[string]bool{}
		for _, r := range []string{"agent", "guardian", "representative", "representative", "merchant", "colleague", "colleague"} {
			token, out := s.give(number, officer, `{"recipient":"`+r+`","actions":["read"]}`)
			actors[out["actor"].(string)] = true
			if status, _, text := s.call("GET", path, token, ""); status != http.StatusOK {
				t.Errorf("%s reads: %d %s", r, status, text)
			}
			status, p, text := s.call("POST", path+"/commands", token, `{"event":"withdraw_before_acceptance","warned":true}`)
			if status != http.StatusForbidden || p["code"] != "link_lacks_action" {
				t.Errorf("%s acts: %d %s", r, status, text)
			}
		}
		if len(actors) != 7 {
			t.Errorf("actors %v", actors)
		}
		agent, _ := s.give(number, officer, `{"recipient":"agent","actions":["change_consent"]}`)
		_, own, text := s.call("GET", "/api/v1/link", agent, "")
		if own["actor"] != "agent_2" || own["party"] != "consumer" || fmt.Sprint(own["events"]) != "[change_consent]" {
			t.Error(text)
		}
		if status, _, text := s.call("POST", path+"/commands", agent, `{"event":"change_consent","publish_consent":false}`); status != http.StatusOK {
			t.Errorf("what it was given for: %d %s", status, text)
		}
		if status, _, _ := s.call("POST", path+"/commands", agent, `{"event":"withdraw_before_acceptance","warned":true}`); status != http.StatusForbidden {
			t.Errorf("what it was not: %d", status)
		}
		if _, _, text := s.call("GET", path+"/events", officer, ""); !strings.Contains(text, `"consumer:agent_2"`) {
			t.Errorf("the log does not name the agent: %s", text)
		}
	})
}

func TestABadLinkIsNotGiven(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer")
		for body, field := range map[string]string{`{}`: "recipient", `{"recipient":"lawyer"}`: "recipient", `{"recipient":"agent","party":"merchant"}`: "party",
			`{"recipient":"agent","days":-1}`: "days", `{"recipient":"agent","days":1099}`: "days", `{"recipient":"merchant","actions":["read","escalate"]}`: "actions.0",
			`{"recipient":"agent","actions":["no_event"]}`: "actions.0"} {
			if status, _, text := s.call("POST", "/api/v1/cases/"+number+"/links", officer, body); status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+field+`"`) {
				t.Errorf("%s: %d %s", body, status, text)
			}
		}
		if status, _, _ := s.call("POST", "/api/v1/cases/"+number+"/links", s.officer("court"), `{"recipient":"agent"}`); status != http.StatusNotFound {
			t.Errorf("a court gives a link: %d", status)
		}
		if status, _, _ := s.call("POST", "/api/v1/cases/"+number+"/links", consumer, `{"recipient":"agent"}`); status != http.StatusNotFound {
			t.Errorf("a party gives a link: %d", status)
		}
		_, a := s.give(number, officer, `{"recipient":"agent"}`)
		if a["expires_at"] == nil {
			t.Error("a link that never ends")
		}
	})
}

// The same request gives the same token; another body with its key is refused.
func TestTheSameLinkAgain(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer")
		ask := func(path, token, body string) (int, string) {
			status, out, _ := s.call("POST", path, token, body, "Idempotency-Key", "k")
			text, _ := out["token"].(string)
			return status, text
		}
		path := "/api/v1/cases/" + number + "/links"
		_, a := ask(path, officer, `{"recipient":"agent","actions":["read"]}`)
		_, b := ask(path, officer, `{"recipient":"agent","actions":["read"]}`)
		if a == "" || a != b {
			t.Errorf("%q and %q", a, b)
		}
		if status, _ := ask(path, officer, `{"recipient":"agent","actions":["act"]}`); status != http.StatusUnprocessableEntity {
			t.Errorf("another body: %d", status)
		}
		// the answer to a rotation may be lost: the old link asks again, with its key
		_, a = ask("/api/v1/link/rotate", consumer, `{}`)
		_, b = ask("/api/v1/link/rotate", consumer, `{}`)
		if a == "" || a != b {
			t.Errorf("rotated to %q and %q", a, b)
		}
		if status, _, _ := s.call("POST", "/api/v1/link/rotate", consumer, `{}`, "Idempotency-Key", "other"); status != http.StatusNotFound {
			t.Errorf("a dead link is rotated again: %d", status)
		}
		if status, _, _ := s.call("GET", "/api/v1/link", consumer, ""); status != http.StatusNotFound {
			t.Errorf("a dead link is read: %d", status)
		}
		if n := s.w.Count("select count(*) from idempotency where answer like '%" + a + "%'"); n != 0 {
			t.Error("a token is kept")
		}
	})
}

// A rotated or revoked link is dead at once, its history stays, and no list ever
// shows a token.
func TestRotateAndRevoke(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer")
		s.w.Advance(time.Second)
		old, out := s.give(number, officer, `{"recipient":"agent","days":30}`)
		s.w.Advance(time.Second)
		path := "/api/v1/cases/" + number + "/links"
		_, next, text := s.call("POST", path+"/"+out["id"].(string)+"/rotate", officer, `{}`)
		fresh, _ := next["token"].(string)
		if fresh == "" || fresh == old || next["actor"] != out["actor"] || next["expires_at"] != out["expires_at"] {
			t.Fatal(text)
		}
		reads := func(token string) int {
			status, _, _ := s.call("GET", "/api/v1/cases/"+number, token, "")
			return status
		}
		if reads(old) != http.StatusNotFound || reads(fresh) != http.StatusOK {
			t.Errorf("old %d, new %d", reads(old), reads(fresh))
		}
		if status, _, _ := s.call("POST", path+"/"+out["id"].(string)+"/rotate", officer, `{}`); status != http.StatusNotFound {
			t.Errorf("an ended link rotates: %d", status)
		}
		if status, _, text := s.call("POST", path+"/"+next["id"].(string)+"/revoke", officer, `{}`); status != http.StatusOK || reads(fresh) != http.StatusNotFound {
			t.Errorf("revoked: %d %s", status, text)
		}
		_, list, text := s.call("GET", path, officer, "")
		links := list["links"].([]any)
		if len(links) != 3 || links[2].(map[string]any)["follows"] != out["id"] || links[2].(map[string]any)["ended_by"] != "officer" {
			t.Error(text)
		}
		for _, token := range []string{consumer, old, fresh} {
			if strings.Contains(text, token) || strings.Contains(s.logs.String(), token) || strings.Contains(s.payloads(), token) {
				t.Error("a token is shown")
			}
		}
		other, _ := s.file()
		if status, _, _ := s.call("POST", "/api/v1/cases/"+other+"/links/"+links[0].(map[string]any)["id"].(string)+"/revoke", officer, `{}`); status != http.StatusNotFound {
			t.Errorf("a link is ended through another case: %d", status)
		}
		token, _ := s.give(other, officer, `{"recipient":"agent","days":1}`)
		s.w.Advance(24*time.Hour - time.Microsecond)
		before, _, _ := s.call("GET", "/api/v1/link", token, "")
		s.w.Advance(time.Microsecond)
		after, _, _ := s.call("GET", "/api/v1/link", token, "")
		if before != http.StatusOK || after != http.StatusNotFound {
			t.Errorf("at its end %d, then %d", before, after)
		}
	})
}

// After "not our shop" and another respondent, the first merchant's link is dead.
func TestTheWrongMerchantLosesTheCase(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer", "hub")
		first, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		path := "/api/v1/cases/" + number
		do := func(token, body string) {
			if status, _, text := s.call("POST", path+"/commands", token, body); status != http.StatusOK {
				t.Fatalf("%s: %d %s", body, status, text)
			}
		}
		do(officer, `{"event":"classify"}`)
		do(officer, `{"event":"invite_settlement"}`)
		do(first, `{"event":"disclaim","reason":"not_ours","words":"不是本店"}`)
		if status, _, _ := s.call("GET", path, first, ""); status != http.StatusOK {
			t.Errorf("before anybody decided: %d", status)
		}
		do(officer, `{"event":"reclassify","respondent":{"name":"另一店","address":"另一路","phone":"05337654321"}}`)
		if status, _, _ := s.call("GET", path, first, ""); status != http.StatusNotFound {
			t.Errorf("the case of another shop: %d", status)
		}
		second, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		if status, _, _ := s.call("GET", path, second, ""); status != http.StatusOK {
			t.Errorf("the right shop: %d", status)
		}
	})
}

// A disabled user, and one whose case left his scope, lose it at once.
func TestAccessEndsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		number, _ := s.file()
		hub := s.officer("hub", "officer")
		token, err := s.w.AddUser(ctx, store.User{Name: "leaver", Roles: []string{"officer"}})
		if err != nil {
			t.Fatal(err)
		}
		path := "/api/v1/cases/" + number
		if status, _, _ := s.call("GET", path, token, ""); status != http.StatusOK {
			t.Fatal(status)
		}
		if err := s.w.DisableUser(ctx, "cli", "leaver"); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{path, "/api/v1/cases", "/api/v1/counts"} {
			if status, _, _ := s.call("GET", p, token, ""); status != http.StatusNotFound {
				t.Errorf("%s: %d", p, status)
			}
		}
		town, err := s.w.AddUser(ctx, store.User{Name: "town", Roles: []string{"town"}, Town: "370321001"})
		if err != nil {
			t.Fatal(err)
		}
		if status, _, _ := s.call("GET", path, town, ""); status != http.StatusOK {
			t.Error("its town's case")
		}
		s.call("POST", path+"/commands", hub, `{"event":"classify"}`)
		if status, _, text := s.call("POST", path+"/commands", hub, `{"event":"recode","town":"370321002"}`); status != http.StatusOK {
			t.Fatal(text)
		}
		if status, _, _ := s.call("GET", path, town, ""); status != http.StatusNotFound {
			t.Error("the case of another town now")
		}
		if _, out, _ := s.call("GET", "/api/v1/cases", town, ""); len(out["cases"].([]any)) != 0 {
			t.Error("and in its list")
		}
	})
}
