package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/workflow/ledger"
)

// The receipt that a filing answers with is signed, verifies with the published
// keys alone, shows what was filed to nobody but its holder, and is given again
// byte for byte.
func TestReceiptOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, _, text := s.call("POST", "/api/v1/cases", "", complaint, "Idempotency-Key", "r1")
		var out struct {
			Case    struct{ Number string }
			Token   string
			Receipt json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatalf("%v %s", err, text)
		}
		path := "/api/v1/cases/" + out.Case.Number + "/receipt"
		verify := func(text string) {
			t.Helper()
			_, _, published := s.call("GET", "/api/v1/keys", "", "")
			keys, err := ledger.ParseKeys([]byte(published))
			if err != nil {
				t.Fatal(err)
			}
			r, err := ledger.ParseReceipt([]byte(text))
			if err == nil {
				err = r.Verify(keys)
			}
			if err != nil || r.Case != out.Case.Number || len(r.Clocks) == 0 {
				t.Errorf("%s: %v", text, err)
			}
			u, err := s.w.Unseal(context.Background(), caseID(t, s, r.Case), 1)
			if err != nil || !r.Shows(u.Text) {
				t.Errorf("the receipt does not show what was filed: %v", err)
			}
		}
		verify(string(out.Receipt))
		again := func() string { _, _, text := s.call("GET", path, out.Token, ""); return text }
		if got := again(); got != string(out.Receipt) {
			t.Errorf("given again\n%s\nwas\n%s", got, out.Receipt)
		}
		if _, _, text := s.call("POST", "/api/v1/cases", "", complaint, "Idempotency-Key", "r1"); !strings.Contains(text, string(out.Receipt)) {
			t.Error("the repeated filing got another receipt")
		}
		for _, role := range []string{"officer", "mediator"} {
			token, err := s.w.AddUser(context.Background(), store.User{Name: role, Roles: []string{role}})
			if err != nil {
				t.Fatal(err)
			}
			if status, _, text := s.call("GET", path, token, ""); (status == http.StatusOK) != (role == "officer") {
				t.Errorf("%s: %d %s", role, status, text)
			}
			if role == "officer" {
				_, link, _ := s.call("POST", "/api/v1/cases/"+out.Case.Number+"/links", token, `{"party":"merchant"}`)
				if status, _, text := s.call("GET", path, link["token"].(string), ""); status != http.StatusNotFound {
					t.Errorf("the merchant: %d %s", status, text)
				}
			}
		}

		// Revoked: the key may sign no more, and no filing fails for it.
		key := s.w.Now()
		s.w.Advance(time.Hour)
		keys, err := s.w.PublicKeys(context.Background())
		if err == nil {
			err = s.w.EndKey(context.Background(), keys.Keys[0].ID, key, true, "stolen")
		}
		if err != nil {
			t.Fatal(err)
		}
		if status, out, text := s.call("POST", "/api/v1/cases", "", complaint); status != http.StatusCreated || out["receipt"] != nil {
			t.Errorf("%d %s", status, text)
		}
		if status, _, text := s.call("GET", path, out.Token, ""); status != http.StatusServiceUnavailable {
			t.Errorf("%d %s", status, text)
		}
	})
}

func caseID(t *testing.T, s *site, number string) int64 {
	t.Helper()
	c, err := s.w.Case(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}
