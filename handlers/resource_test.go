package handlers_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"fangxin/store"
)

// with changes one field of the usual complaint.
func with(fields string) string { return strings.TrimSuffix(complaint, "}") + "," + fields + "}" }

const atWindow = `"on_behalf":{"party":"consumer","channel":"telephone","identity":"id_card","read_back":true}`

// An officer files for somebody at the window or on the telephone; the consumer
// gets his link and receipt all the same. Nobody else may say where a complaint
// came from.
func TestAnOfficerFilesForSomebody(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		status, out, text := s.call("POST", "/api/v1/cases", officer, with(atWindow))
		if status != http.StatusCreated {
			t.Fatal(text)
		}
		c := out["case"].(map[string]any)
		if facts := c["facts"].(map[string]any); facts["source"] != "telephone" {
			t.Errorf("source %v", facts["source"])
		}
		number, token := c["number"].(string), out["token"].(string)
		if status, _, text := s.call("GET", "/api/v1/cases/"+number, token, ""); status != http.StatusOK {
			t.Error(text)
		}
		if log := s.payloads(); !strings.Contains(log, `"on_behalf_of":"consumer"`) || !strings.Contains(log, `"channel":"telephone"`) {
			t.Error("the log does not say on whose behalf")
		}
		for _, x := range []struct{ who, body, field string }{
			{"", with(`"source":"12345"`), "source"}, {"", with(`"ticket":"A1"`), "ticket"}, {"", with(atWindow), "on_behalf"}, {"", with(`"as":"officer"`), "as"},
			{"", with(`"received_on":"2026-05-01"`), "received_on"}, {officer, with(`"source":"nowhere"`), "source"}, {"", with(`"proof":"x"`), "proof"},
			{officer, with(strings.Replace(atWindow, "consumer", "merchant", 1)), "on_behalf.party"}, {"", with(`"town2":"1"`), "town2"},
			{"", strings.Replace(complaint, `"domain":1`, `"domain":13`, 1), "domain"}, {"", strings.Replace(complaint, "370321001", "110101001", 1), "town"},
			{"", strings.Replace(complaint, "false_publicity", "no_such", 1), "category"}, {"", with(`"requests":["beg"]`), "requests"},
			{"", strings.Replace(complaint, "12800", "-1", 1), "amount_fen"}, {"", with(`"language":"fr"`), "language"},
		} {
			if status, out, text := s.call("POST", "/api/v1/cases", x.who, x.body); status != http.StatusBadRequest || out["code"] != "bad_json" || !strings.Contains(text, `"field":"`+x.field+`"`) {
				t.Errorf("%s: %d %s", x.field, status, text)
			}
		}
		if status, _, text := s.call("POST", "/api/v1/cases", officer, complaint); status != http.StatusUnprocessableEntity || !strings.Contains(text, `"source"`) {
			t.Errorf("an officer without a source: %d %s", status, text)
		}
	})
}

// One ticket of another system is one complaint, whoever enters it, even when two
// do at once.
func TestATicketIsEnteredOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		hub, officer := s.officer("hub"), s.officer("officer")
		body := with(`"source":"12345","ticket":"ZB-2026-77"`)
		var wg sync.WaitGroup
		statuses := make([]int, 8)
		for i := range statuses {
			wg.Go(func() { statuses[i], _, _ = s.call("POST", "/api/v1/cases", hub, body) })
		}
		wg.Wait()
		filed := 0
		for _, status := range statuses {
			switch status {
			case http.StatusCreated:
				filed++
			case http.StatusConflict:
			default:
				t.Errorf("%d", status)
			}
		}
		if n := s.w.Count("select count(*) from cases"); filed != 1 || n != 1 {
			t.Errorf("%d filed, %d cases", filed, n)
		}
		var number string
		if err := s.w.Pool().QueryRow("select number from cases").Scan(&number); err != nil {
			t.Fatal(err)
		}
		status, out, text := s.call("POST", "/api/v1/cases", officer, with(`"source":"12345","ticket":"ZB-2026-77",`+atWindow), "Accept-Language", "en")
		if status != http.StatusConflict || out["code"] != "entered_before" || out["case"] != number || !strings.Contains(out["detail"].(string), number) {
			t.Errorf("%d %s", status, text)
		}
		if status, _, text := s.call("POST", "/api/v1/cases", hub, with(`"source":"12315","ticket":"ZB-2026-77"`)); status != http.StatusCreated {
			t.Errorf("the same number of another system: %d %s", status, text)
		}
		status, first, text := s.call("POST", "/api/v1/cases", hub, with(`"source":"12345","ticket":"ZB-2026-78"`), "Idempotency-Key", "k")
		if status != http.StatusCreated {
			t.Fatal(text)
		}
		if _, again, text := s.call("POST", "/api/v1/cases", hub, with(`"source":"12345","ticket":"ZB-2026-78"`), "Idempotency-Key", "k"); again["token"] != first["token"] {
			t.Error(text)
		}
	})
}

// Withdrawing needs the warning to have been read: it is shown, and shown again
// by the refusal, for the situation the case is in.
func TestTheWarningBeforeWithdrawing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		path := "/api/v1/cases/" + number + "/withdrawal"
		check := func(situation, word string) {
			t.Helper()
			_, shown, _ := s.call("GET", path, consumer, "", "Accept-Language", "en")
			if shown["situation"] != situation || !strings.Contains(shown["warning"].(string), word) {
				t.Errorf("%v", shown)
			}
			status, out, text := s.call("POST", path, consumer, `{"words":"x"}`, "Accept-Language", "en")
			if status != http.StatusUnprocessableEntity || out["warning"] != shown["warning"] || !strings.Contains(text, `"field":"warned"`) || strings.Contains(text, "split_report") {
				t.Errorf("%d %s", status, text)
			}
		}
		check("before_acceptance", "again")
		s.w.Do(number, "classify", "dispatch", "accept")
		check("after_acceptance", "refused")
		status, out, text := s.call("POST", path, consumer, `{"warned":true}`)
		if status != http.StatusOK || out["events"].([]any)[0].(map[string]any)["event"] != "withdraw_after_acceptance" {
			t.Errorf("%d %s", status, text)
		}
	})
}

// One path stands for several rows; the case says which. A repeat gets the first
// answer, whatever the case would allow by now, and from whichever role.
func TestAResourcePicksTheRow(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		token, err := s.w.AddUser(t.Context(), store.User{Name: "all", Roles: []string{"supervisor", "hub", "officer"}})
		if err != nil {
			t.Fatal(err)
		}
		_, link, _ := s.call("POST", "/api/v1/cases/"+number+"/links", token, `{"party":"merchant"}`)
		merchant := link["token"].(string)
		for i, x := range []struct{ who, path, body, event string }{
			{token, "/classification", `{}`, "classify"}, {token, "/classification", `{"domain":1}`, "reclassify"}, {token, "/invitation", `{}`, "invite_settlement"},
			{merchant, "/offers", `{"words":"退货"}`, "answer_with_offer"}, {consumer, "/offers", `{"words":"退一赔一","offer":1}`, "counter"},
			{merchant, "/offers/2/rejection", `{}`, "reject_offer"}, {merchant, "/offers", `{"words":"换货"}`, "offer"}, {merchant, "/questions", `{"words":"型号？"}`, "say"},
			{consumer, "/offers/3/acceptance", `{"due_on":"2026-05-20"}`, "accept_offer"}, {merchant, "/performance", `{"proof":"file:1"}`, "report_performance"},
			{consumer, "/performance/confirmation", `{"extent":"full"}`, "close_settled"},
		} {
			key := "key-" + string(rune('a'+i))
			for _, replayed := range []bool{false, true} {
				status, out, text := s.call("POST", "/api/v1/cases/"+number+x.path, x.who, x.body, "Idempotency-Key", key)
				if status >= 300 || out["events"].([]any)[0].(map[string]any)["event"] != x.event || out["replayed"] != replayed {
					t.Fatalf("%s: %d %s", x.path, status, text)
				}
			}
		}
		status, out, _ := s.call("POST", "/api/v1/cases/"+number+"/offers", merchant, `{"words":"x"}`)
		if status != http.StatusConflict || out["code"] != "not_allowed_now" || out["allowed"] == nil {
			t.Errorf("an offer in a closed case: %d %v", status, out)
		}
		for _, path := range []string{"/offers/0/acceptance", "/offers/01/acceptance", "/offers/+1/acceptance", "/offers/x/acceptance", "/offers/99999999999999999999/acceptance"} {
			if status, _, text := s.call("POST", "/api/v1/cases/"+number+path, consumer, `{}`); status != http.StatusNotFound {
				t.Errorf("%s: %d %s", path, status, text)
			}
		}
	})
}

// The same request many times at once is done once and answered alike, though it
// changes what the path would mean.
func TestOneRequestAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.file()
		officer := s.officer("officer", "hub")
		var wg sync.WaitGroup
		var mu sync.Mutex
		fresh := 0
		for range 16 {
			wg.Go(func() {
				status, out, text := s.call("POST", "/api/v1/cases/"+number+"/classification", officer, `{}`, "Idempotency-Key", "one")
				mu.Lock()
				defer mu.Unlock()
				if status != http.StatusOK || out["events"].([]any)[0].(map[string]any)["event"] != "classify" {
					t.Errorf("%d %s", status, text)
				} else if out["replayed"] == false {
					fresh++
				}
			})
		}
		wg.Wait()
		if n := s.w.Count("select count(*) from events"); fresh != 1 || n != 2 {
			t.Errorf("%d fresh, %d events", fresh, n)
		}
	})
}

// The reference asks no other host for anything, runs nothing and is there in
// both languages.
func TestTheReferencePage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for lang, word := range map[string]string{"zh": "接口说明", "en": "API reference"} {
			res, err := http.Get(s.URL + "/api?lang=" + lang)
			if err != nil {
				t.Fatal(err)
			}
			if policy := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self';") || strings.Contains(policy, "unsafe") {
				t.Error(policy)
			}
			_ = res.Body.Close()
			_, _, text := s.call("GET", "/api?lang="+lang, "", "")
			for _, bad := range []string{"<script", "style=", "<style", "http://", "https://", " onclick", "src="} {
				if strings.Contains(text, bad) {
					t.Errorf("%s in the page", bad)
				}
			}
			if !strings.Contains(text, word) || !strings.Contains(text, "/api/v1/cases/{number}/offers/{offer}/acceptance") {
				t.Errorf("%.300s", text)
			}
		}
		if status, _, _ := s.call("GET", "/api?lang=fr", "", ""); status != http.StatusBadRequest {
			t.Errorf("%d", status)
		}
	})
}
