package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fangxin/store"
)

// notice picks one notice of a list by kind and recipient.
func notice(t *testing.T, out map[string]any, kind, to string) map[string]any {
	t.Helper()
	for _, n := range out["notices"].([]any) {
		if n := n.(map[string]any); n["kind"] == kind && n["to"] == to {
			return n
		}
	}
	t.Fatalf("no %s to %s in %v", kind, to, out)
	return nil
}

// tried writes down an attempt of a notice, as whoever delivers it does.
func (s *site) tried(number, to string, no int64) {
	s.t.Helper()
	ctx := s.t.Context()
	c, err := s.w.Case(ctx, number)
	if err != nil {
		s.t.Fatal(err)
	}
	o, err := s.w.Message(ctx, c.ID, no, "notice")
	if err != nil {
		s.t.Fatal(err)
	}
	a := store.Attempt{Recipient: to, Channel: "sms", Merchant: "m_1", Contact: 7, Template: "acceptance", Version: 3, Language: "zh"}
	if err := s.w.BeginAttempt(ctx, &o, &a, nil); err != nil {
		s.t.Fatal(err)
	}
	a.Outcome, a.Code, a.Ref = store.Handed, "", "ref-"+o.ID()
	if err := s.w.EndAttempt(ctx, &a); err != nil {
		s.t.Fatal(err)
	}
	if err := s.w.ReportAttempt(ctx, &store.Report{Channel: "sms", Ref: a.Ref, Code: "number_unknown", At: s.w.Now()}); err != nil {
		s.t.Fatal(err)
	}
}

// A notice tells what caused it, what waits for it and what became of it; a
// party sees its own, nobody an address.
func TestNoticesAsFacts(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer", "hub")
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		path := "/api/v1/cases/" + number
		s.w.Do(number, "classify", "invite_settlement")
		out, _ := s.ok("GET", path+"/notices", officer, "")
		invited := notice(t, out, "invitation", "merchant")
		if invited["event"] != "invite_settlement" || invited["state"] != "owed" || invited["owed_at"] == nil {
			t.Errorf("%v", invited)
		}
		if text := fmt.Sprint(invited["starts"], invited["meets"]); !strings.Contains(text, "answer") || !strings.Contains(text, "delivery") {
			t.Errorf("nothing waits for the invitation: %s", text)
		}
		no := int64(invited["no"].(float64))
		s.tried(number, "merchant", no)
		out, text := s.ok("GET", path+"/notices", merchant, "")
		first := notice(t, out, "invitation", "merchant")["attempts"].([]any)[0].(map[string]any)
		for field, want := range map[string]any{"channel": "sms", "template": "acceptance", "version": 3.0, "language": "zh", "outcome": "failed", "code": "number_unknown", "ordinal": 1.0, "round": 0.0} {
			if first[field] != want {
				t.Errorf("%s: %v", field, first[field])
			}
		}
		if first["at"] == nil || first["reported_at"] == nil {
			t.Errorf("%v", first)
		}
		if strings.Contains(text, `"to":"consumer"`) || strings.Contains(text, "m_1") || strings.Contains(text, "ref-") || strings.Contains(text, "138") {
			t.Errorf("more than the merchant may see: %s", text)
		}
		if _, text := s.ok("GET", path+"/notices", consumer, ""); strings.Contains(text, `"to":"merchant"`) || !strings.Contains(text, `"receipt"`) {
			t.Errorf("the consumer sees %s", text)
		}
		other, _ := s.file()
		if status, _, _ := s.call("GET", "/api/v1/cases/"+other+"/notices", merchant, ""); status != http.StatusNotFound {
			t.Errorf("of another case: %d", status)
		}
		if status, _, _ := s.call("GET", path+"/notices", s.user(store.User{Name: "far", Roles: []string{"unit"}, Unit: "elsewhere"}), ""); status != http.StatusNotFound {
			t.Errorf("an officer out of whose scope it is: %d", status)
		}
	})
}

// The duty to serve a notice stands with it, with its day.
func TestTheServiceClockOfANotice(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer", "hub")
		s.w.Do(number, "request_correction")
		out, _ := s.ok("GET", "/api/v1/cases/"+number+"/notices", officer, "")
		n := notice(t, out, "correction", "consumer")
		service, ok := n["service"].(map[string]any)
		if !ok || service["code"] != "service" || service["due"] == "" || service["late_from"] == nil || len(n["starts"].([]any)) != 1 {
			t.Errorf("%v", n)
		}
	})
}

// Who served a paper by hand says when and to whom: the day stands in the log,
// the person beside it, sealed; a day that has not come is no day of service.
func TestServiceByHand(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer", "hub")
		s.w.Do(number, "request_correction")
		out, _ := s.ok("GET", "/api/v1/cases/"+number+"/notices", officer, "")
		n := notice(t, out, "correction", "consumer")
		path := fmt.Sprintf("/api/v1/cases/%s/notices/%v/delivery", number, n["no"])
		body := `{"sees":2,"proof":"registered_post","served_on":"%s","service":{"taken_by":"赵六","relation":"同住家属","mail":"1020030045678","place":"索镇街道"}}`
		status, bad, text := s.call("POST", path, officer, fmt.Sprintf(body, "2026-05-07"))
		if status != http.StatusBadRequest || !strings.Contains(text, `"served_on"`) {
			t.Errorf("tomorrow: %d %v", status, bad)
		}
		s.ok("POST", path, officer, fmt.Sprintf(body, "2026-05-06"))
		_, text = s.ok("GET", "/api/v1/cases/"+number+"/events", officer, "")
		if !strings.Contains(text, `"served_on":"2026-05-06"`) || strings.Contains(text, "赵六") || strings.Contains(text, "1020030045678") {
			t.Errorf("the log says %s", text)
		}
		words, _ := s.ok("GET", "/api/v1/cases/"+number+"/events/3/words", officer, "")
		if got := fmt.Sprint(words["service"]); got != "map[mail:1020030045678 place:索镇街道 relation:同住家属 taken_by:赵六]" {
			t.Errorf("sealed beside it: %s", got)
		}
		out, _ = s.ok("GET", "/api/v1/cases/"+number+"/notices", officer, "")
		if n := notice(t, out, "correction", "consumer"); n["proof"] != "registered_post" || n["delivered_at"] == nil {
			t.Errorf("%v", n)
		}
	})
}

// A respondent who took the place of another reads nothing of what that one was
// told, and what was meant for him goes to nobody else.
func TestAnotherRespondentsNoticesAreNotHis(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer", "hub")
		path := "/api/v1/cases/" + number
		first, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		for _, x := range [][2]string{{officer, `{"event":"classify"}`}, {officer, `{"event":"invite_settlement"}`}, {first, `{"event":"disclaim","reason":"not_ours","words":"不是本店"}`}} {
			s.ok("POST", path+"/commands", x[0], x[1])
		}
		out, text := s.ok("GET", path+"/notices", first, "")
		no := notice(t, out, "invitation", "merchant")["no"]
		if !strings.Contains(text, `"proof":"answer"`) {
			t.Errorf("he answered: %s", text)
		}
		s.ok("POST", path+"/commands", officer, `{"event":"reclassify","respondent":{"name":"另一店","address":"另一路","phone":"05337654321"}}`)
		s.w.Run("update outbox set state = 'told'")
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		if _, text := s.ok("GET", path+"/notices", merchant, ""); strings.Contains(text, "invitation") {
			t.Errorf("the new one sees %s", text)
		}
		if status, out, text := s.call("POST", fmt.Sprintf("%s/notices/%v/resend", path, no), officer, `{}`); status != http.StatusConflict || out["code"] != "notice_over" {
			t.Errorf("%d %s", status, text)
		}
	})
}

// An officer has a notice sent anew; who may not is told so, and why it cannot be
// stands in the answer.
func TestResendingOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		officer := s.officer("officer", "hub")
		path := "/api/v1/cases/" + number + "/notices"
		refused := func(what, no, token string, want int, code string) {
			t.Helper()
			status, out, text := s.call("POST", path+"/"+no+"/resend", token, `{}`)
			if status != want || out["code"] != code || code != "not_found" && out["detail"] == "" {
				t.Errorf("%s: %d %s", what, status, text)
			}
		}
		refused("on its way", "1", officer, http.StatusConflict, "notice_on_its_way")
		refused("no such", "9", officer, http.StatusNotFound, "not_found")
		refused("no number", "x", officer, http.StatusNotFound, "not_found")
		refused("a party", "1", consumer, http.StatusNotFound, "not_found")
		s.w.Run("update outbox set state = 'failed', error = 'number_unknown'")
		first, _ := s.ok("POST", path+"/1/resend", officer, `{}`, "Idempotency-Key", "again")
		second, _ := s.ok("POST", path+"/1/resend", officer, `{}`, "Idempotency-Key", "again")
		if first["round"] != 1.0 || first["by"] != "officer-hub" || fmt.Sprint(first) != fmt.Sprint(second) {
			t.Errorf("%v, then %v", first, second)
		}
		out, _ := s.ok("GET", path, officer, "")
		if n := notice(t, out, "receipt", "consumer"); n["state"] != "owed" || fmt.Sprint(n["resends"]) != fmt.Sprint([]any{first}) {
			t.Errorf("%v", n)
		}
		if _, text := s.ok("GET", path, consumer, ""); strings.Contains(text, "officer-hub") || !strings.Contains(text, `"round":1`) {
			t.Errorf("the consumer sees %s", text)
		}
		s.w.Run("update outbox set state = 'delivered'")
		refused("served", "1", officer, http.StatusConflict, "notice_served")
		s.w.Run("delete from outbox")
		refused("gone with the years", "1", officer, http.StatusConflict, "notice_over")
	})
}
