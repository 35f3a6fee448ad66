package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fangxin/store"
)

const checkedPerson = `"person":{"name":"王芳","phone":"%s"},"respondent":{"name":"惠民超市","address":"索镇"},"words":"要求退货","publish_consent":true,"entrust_consent":false`

// codeOf opens the last letter that was owed.
func (s *site) codeOf() string {
	s.t.Helper()
	l, err := s.w.Letter(context.Background(), &store.Owed{No: int64(s.w.Count("select max(id) from letters")), Topic: "letter"})
	if err != nil {
		s.t.Fatal(err)
	}
	return l.Fields["code"]
}

// Who enters the code that was sent is filed as checked; who does not is filed
// all the same, and the officer sees it, in the case and in the list. Without a
// channel nothing is held up.
func TestFilingWithACheck(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		file := func(phone, check string) (int, map[string]any, string) {
			body := "{" + fmt.Sprintf(checkedPerson, phone) + check + "}"
			return s.call("POST", "/api/v1/cases", "", body)
		}
		facts := func(out map[string]any, token string) map[string]any {
			number := out["case"].(map[string]any)["number"].(string)
			seen, _ := s.ok("GET", "/api/v1/cases/"+number, token, "")
			return seen["facts"].(map[string]any)
		}
		out, text := s.ok("POST", "/api/v1/checks", "", `{"phone":"13800000000"}`)
		if out["channel"] != "ok" || len(out["id"].(string)) != 43 || out["kind"] != "phone" {
			t.Fatal(text)
		}
		id := out["id"].(string)
		named := `,"check":"` + id + `"`
		if status, out, text := file("13800000000", named); status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(out["missing"]), "field:check") {
			t.Errorf("not confirmed: %d %s", status, text)
		}
		if status, out, _ := s.call("POST", "/api/v1/checks/"+id+"/confirm", "", `{"code":"no"}`); status != http.StatusUnprocessableEntity || out["code"] != "wrong_code" {
			t.Errorf("a wrong code: %d %v", status, out)
		}
		s.ok("POST", "/api/v1/checks/"+id+"/confirm", "", `{"code":"`+s.codeOf()+`"}`)
		if status, _, text := file("13900000000", named); status != http.StatusBadRequest {
			t.Errorf("another number: %d %s", status, text)
		}
		if status, _, text := s.call("POST", "/api/v1/cases", "", `{`+strings.Replace(fmt.Sprintf(checkedPerson, "13800000000"), `,"publish_consent":true`, "", 1)+named+`}`); status != http.StatusUnprocessableEntity {
			t.Errorf("incomplete: %d %s", status, text)
		}
		status, filed, text := file("+86 138-0000-0000", named) // the refused one gave it back
		if status != http.StatusCreated {
			t.Fatalf("%d %s", status, text)
		}
		if f := facts(filed, officer); f["contact_checked"] != "phone" || f["contact_checked_at"] == nil {
			t.Errorf("%v", f)
		}
		if status, _, _ := file("13800000000", named); status != http.StatusBadRequest {
			t.Errorf("used twice: %d", status)
		}
		s.w.Run("update outbox set error = 'channel.down' where template = 'contact_check'")
		if out, _ := s.ok("POST", "/api/v1/checks", "", `{"phone":"13700000000"}`); out["channel"] != "failing" {
			t.Errorf("%v", out)
		}
		status, unchecked, _ := file("13700000000", "")
		if f := facts(unchecked, officer); status != http.StatusCreated || f["contact_checked"] != "none" {
			t.Errorf("%d %v", status, f)
		}
		if _, text := s.ok("GET", "/api/v1/cases", officer, ""); !strings.Contains(text, `"contact_checked":"phone"`) || !strings.Contains(text, `"contact_checked":"none"`) {
			t.Errorf("the list: %s", text)
		}
		for _, body := range []string{`{}`, `{"phone":"x"}`, `{"email":"x"}`, `{"email":"a <a@example.com>"}`, `{"phone":"13800000000","email":"a@example.com"}`} {
			if status, _, _ := s.call("POST", "/api/v1/checks", "", body); status != http.StatusBadRequest {
				t.Errorf("%s: %d", body, status)
			}
		}
		if status, _, _ := s.call("POST", "/api/v1/cases/"+unchecked["case"].(map[string]any)["number"].(string)+"/commands", officer, `{"event":"add_evidence","contact_checked":"phone"}`); status != http.StatusBadRequest {
			t.Errorf("somebody says himself that he was checked: %d", status)
		}
		if strings.Contains(s.payloads(), "13800000000") {
			t.Error("the number is in the log")
		}
	})
}

// Another contact is not checked by the old code; the same one stays checked.
func TestAChangedContact(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		check := func(phone string) string {
			out, _ := s.ok("POST", "/api/v1/checks", "", `{"phone":"`+phone+`"}`)
			s.ok("POST", "/api/v1/checks/"+out["id"].(string)+"/confirm", "", `{"code":"`+s.codeOf()+`"}`)
			return `,"check":"` + out["id"].(string) + `"`
		}
		out, _ := s.ok("POST", "/api/v1/cases", "", `{`+fmt.Sprintf(checkedPerson, "13800000000")+check("13800000000")+`}`)
		path, token := "/api/v1/cases/"+out["case"].(map[string]any)["number"].(string), out["token"].(string)
		for _, x := range []struct{ phone, check, want string }{
			{"13800000000", "", "phone"},
			{"13900000000", "", "none"},
			{"13900000001", check("13900000001"), "phone"},
		} {
			s.ok("POST", path+"/correction-request", officer, `{"missing":["identity"]}`)
			s.ok("POST", path+"/correction", token, `{"person":{"name":"王芳","phone":"`+x.phone+`"},"words":"更正"`+x.check+`}`)
			seen, _ := s.ok("GET", path, officer, "")
			if f := seen["facts"].(map[string]any); f["contact_checked"] != x.want || (f["contact_checked_at"] != nil) != (x.want == "phone") {
				t.Errorf("%s%s: %v", x.phone, x.check, f)
			}
		}
		if status, _, _ := s.call("POST", path+"/correction", token, `{"words":"更正","check":"x"}`); status != http.StatusBadRequest {
			t.Errorf("a check of nobody: %d", status)
		}
	})
}
