package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// openedLead is a confidential report on which a case was opened.
func (s *site) openedLead() string {
	s.t.Helper()
	ctx := context.Background()
	number := s.w.File()
	a, err := s.w.Execute(ctx, store.Request{Case: number, Command: s.w.Compose(number, "split_report")})
	if err == nil {
		_, err = s.w.Execute(ctx, store.Request{Case: a.Report, Command: workflow.Command{Event: "case_opened", Actor: workflow.Actor{Role: "officer", ID: "zhang"}, Private: &workflow.Private{Words: "立案"}}})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Report
}

const (
	inside, outside = "/api/v1/infringements", "/api/v1/public/infringements"
	fined           = `"state":"penalised","decision":"桓市监处罚〔2026〕15号","basis":"《消费者权益保护法》第五十六条","penalties":["fine"],"fine_fen":500000,"why":"处罚"`
)

// An officer records a penalty case and its result; the lead's own log says so too.
// Anybody reads the decision, and nothing else of it.
func TestInfringementsOverHTTP(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer, boss := s.officer("officer"), s.officer("supervisor")
	shop := openShop(t, s, officer, "惠民超市", `,"code":"91370321MA3C0AAA0H","legal_name":"金丝雀姓名个体"`)
	other := openShop(t, s, officer, "大众商行", `,"code":"91370321MA3C0BBB0F"`)
	lead, day := s.openedLead(), calendar.On(s.w.Now())
	docket := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(`{"lead":"` + lead + `","merchant":"` + shop + `","domain":1,"town":"370321001","docket":"桓市监立案〔2026〕15号","docketed_on":"` + day.String() + `","why":"查实"}`)
	}
	for change, field := range map[[2]string]string{{lead, "HT-1"}: "lead", {shop, "惠民"}: "merchant", {`"domain":1`, `"domain":13`}: "domain", {"370321001", "1"}: "town", {day.String(), day.AddDays(1).String()}: "docketed_on",
		{"15号", "13912345678"}: "docket", {"查实", " "}: "why"} {
		status, out, text := s.call("POST", inside, officer, docket(change[0], change[1]))
		if status != http.StatusBadRequest || !strings.Contains(strings.Join(fieldsOf(out), " "), field) {
			t.Errorf("%v: %d %s", change, status, text)
		}
	}
	ask(t, s, http.StatusForbidden, "POST", inside, boss, docket())
	ask(t, s, http.StatusUnauthorized, "POST", inside, "", docket())
	if out := ask(t, s, http.StatusConflict, "POST", inside, officer, docket(lead, "JB-2026-999999-0")); out["code"] != "lead_not_opened" {
		t.Errorf("%v", out)
	}
	id := ask(t, s, http.StatusCreated, "POST", inside, officer, docket())["id"].(string)
	if out := ask(t, s, http.StatusConflict, "POST", inside, officer, docket()); out["code"] != "infringement_there" {
		t.Errorf("%v", out)
	}
	settle := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(`{` + fined + `,"decided_on":"` + day.String() + `","sees":1}`)
	}
	at := inside + "/" + id + "/result"
	for change, field := range map[[2]string]string{{`"penalised"`, `"docketed"`}: "state", {`["fine"]`, `["prison"]`}: "penalties", {`["fine"]`, `[]`}: "penalties", {`["fine"]`, `["warning"]`}: "fine_fen", {`500000`, `0`}: "fine_fen",
		{`500000`, `-1`}: "fine_fen", {day.String(), day.AddDays(1).String()}: "decided_on", {day.String(), day.AddDays(-1).String()}: "decided_on", {"《消费者权益保护法》第五十六条", "电话13912345678"}: "basis", {"处罚〔2026〕15号", strings.Repeat("长", 61)}: "decision"} {
		status, out, text := s.call("POST", at, officer, settle(change[0], change[1]))
		if status != http.StatusBadRequest || !strings.Contains(strings.Join(fieldsOf(out), " "), field) {
			t.Errorf("%v: %d %s", change, status, text)
		}
	}
	if out := ask(t, s, http.StatusConflict, "POST", at, officer, settle(`"sees":1`, `"sees":9`)); out["code"] != "stale_entry" {
		t.Errorf("%v", out)
	}
	_, _, unknown := s.call("GET", outside+"/i_0", "", "")
	if status, _, text := s.call("GET", outside+"/"+id, "", ""); status != http.StatusNotFound || withoutRequest(text) != withoutRequest(unknown) {
		t.Errorf("before its result: %d %s", status, text)
	}
	ask(t, s, http.StatusForbidden, "POST", at, boss, settle())
	if events, err := s.w.Events(context.Background(), lead); err != nil || events[len(events)-1].Event == "penalty_recorded" {
		t.Errorf("what was refused stands in the lead's log: %v", err)
	}
	ask(t, s, http.StatusOK, "POST", at, officer, settle())
	if events, err := s.w.Events(context.Background(), lead); err != nil || events[len(events)-1].Event != "penalty_recorded" || events[len(events)-1].Actor != "officer" {
		t.Errorf("the lead's log: %+v %v", events[len(events)-1], err)
	}
	for query, want := range map[string]int{"": 1, "?merchant=" + shop: 1, "?domain=1&town=370321001": 1, "?domain=2": 0} {
		if list := ask(t, s, http.StatusOK, "GET", outside+query, "", "")["infringements"].([]any); len(list) != want {
			t.Errorf("%s: %v", query, list)
		}
	}
	for query, field := range map[string]string{"?domain=13": "domain", "?domain=01": "domain", "?town=1": "town", "?town=": "town", "?merchant=": "merchant", "?after=x": "after", "?after=i_0": "after", "?limit=0": "limit", "?limit=201": "limit", "?state=docketed": "state", "?domain=1&domain=2": "domain"} {
		if out := ask(t, s, http.StatusBadRequest, "GET", outside+query, "", ""); !strings.Contains(strings.Join(fieldsOf(out), " "), field) {
			t.Errorf("%s: %v", query, out)
		}
	}
	_, _, unknown = s.call("GET", outside+"?merchant=m_0", "", "")
	if status, _, text := s.call("GET", outside+"?merchant="+other, "", ""); status != http.StatusNotFound || withoutRequest(text) != withoutRequest(unknown) {
		t.Errorf("of whom nothing is public: %d %s", status, text)
	}
	for _, path := range []string{outside, outside + "/" + id, "/infringements?domain=1", "/infringements/" + id} {
		s.cachedFor(t, path)
	}
	for _, path := range []string{"/infringements", "/infringements/" + id, outside, outside + "/" + id} {
		if status, _, text := s.read(path); status != http.StatusOK || !strings.Contains(text, "惠民超市") || strings.Contains(text, lead) || strings.Contains(text, "金丝雀") || strings.Contains(text, "officer") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if list := ask(t, s, http.StatusOK, "GET", inside+"?state=penalised&merchant="+shop, boss, "")["infringements"].([]any); len(list) != 1 {
		t.Errorf("inside: %v", list)
	}
	ask(t, s, http.StatusForbidden, "GET", inside, s.officer("court"), "")
	ask(t, s, http.StatusOK, "POST", at, officer, `{"state":"revoked","why":"复议撤销","sees":2}`)
	if out := ask(t, s, http.StatusGone, "GET", outside+"/"+id, "", ""); out["code"] != "taken_down" {
		t.Errorf("%v", out)
	}
	if status, header, text := s.read("/infringements/" + id); status != http.StatusGone || header.Get("ETag") != "" || !strings.Contains(text, id) || strings.Contains(text, "惠民超市") {
		t.Errorf("the tombstone: %d %s", status, text)
	}
	if list := ask(t, s, http.StatusOK, "GET", outside, "", "")["infringements"].([]any); len(list) != 0 {
		t.Errorf("revoked: %v", list)
	}
}

// The desk records both by forms; a form that is wrong is handed back with what was
// typed, and who may not is not offered one.
func TestInfringementsAtTheDesk(t *testing.T) {
	s := newSite(t, storetest.New(t))
	shop := openShop(t, s, s.officer("officer"), "惠民超市", `,"code":"91370321MA3C0AAA0H"`)
	lead, day := s.openedLead(), calendar.On(s.w.Now()).String()
	zhang, boss := s.sit(store.User{Name: "zhang", Roles: []string{"officer"}}), s.sit(store.User{Name: "boss", Roles: []string{"supervisor"}})
	form := url.Values{"lead": {lead}, "merchant": {shop}, "domain": {"1"}, "town": {"370321001"}, "docket": {"桓市监立案〔2026〕15号"}, "docketed_on": {day}, "why": {"查实"}}
	wrong := url.Values{}
	for name, v := range form {
		wrong[name] = v
	}
	wrong["town"] = []string{""}
	if res, text := zhang.fill("/desk/infringements/new", wrong); res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "〔2026〕15号") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if res, _ := boss.ask("GET", "/desk/infringements/new", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("a supervisor records: %d", res.StatusCode)
	}
	res, text := zhang.fill("/desk/infringements/new", form)
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	at, _, _ := strings.Cut(res.Header.Get("Location"), "?")
	if _, text := boss.ask("GET", at, nil); !strings.Contains(text, lead) || !strings.Contains(text, "查实") || strings.Contains(text, `name="decision"`) {
		t.Errorf("%s", text)
	}
	result := url.Values{"state": {"penalised"}, "decision": {"桓市监处罚〔2026〕15号"}, "decided_on": {day}, "basis": {"《消费者权益保护法》第五十六条"}, "penalties": {"fine", "warning"}, "fine": {"x"}, "why": {"处罚"}}
	if res, text := zhang.fill(at, result); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "第五十六条") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	result["fine"] = []string{"5000"}
	if res, text := zhang.fill(at, result); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if _, text := boss.ask("GET", "/desk/infringements?state=penalised", nil); !strings.Contains(text, "惠民超市") {
		t.Errorf("%s", text)
	}
	if status, _, text := s.read("/infringements?domain=1&town="); status != http.StatusOK || !strings.Contains(text, "罚款 5,000.00 元") || strings.Contains(text, lead) || strings.Contains(text, "查实") {
		t.Errorf("%d %s", status, text)
	}
}
