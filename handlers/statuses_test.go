package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// elsewhere are the statuses that come before any route is asked, from the same
// few lines for all of them; the tests of the edge provoke each.
var elsewhere = map[int]string{
	http.StatusRequestTimeout: "a body that does not arrive", http.StatusRequestURITooLong: "a URL of 4096 bytes", http.StatusTooManyRequests: "a budget that is spent",
	http.StatusRequestHeaderFieldsTooLarge: "65 header fields", http.StatusInternalServerError: "a fault of ours", http.StatusServiceUnavailable: "a database that is away",
}

// probe asks every route for everything that it says it may answer: without a
// token, with wrong ones, with broken bodies, of cases that are not there, of a
// closed one, of one whose person was erased, by people who may not.
func (x *wire) probe(closed, report string) {
	acts := x.api.acts()
	x.links(closed)
	x.beside(closed)
	x.register(closed)
	x.green()
	x.penalties()
	for _, r := range x.api.Routes() {
		number := closed
		if strings.HasPrefix(r.Path, reportPath) {
			number = report
		}
		path := func(number string) string {
			return strings.NewReplacer("{number}", number, "{offer}", "1", "{notice}", "1", "{order}", "1", "{clock}", "1", "{seq}", "1", "{id}", "0123456789abcdef", "{no}", "1", "{merchant}", "m_0", "{member}", "g_0", "{person}", "p_0", "{code}", "0000000000", "{contact}", "1", "{review}", "r_0", "{complaint}", "p_0", "{check}", "none", "{webhook}", "w_0", "{infringement}", "i_0", "{name}", "receipt", "{language}", "zh").Replace(r.Path)
		}
		call := func(number, token string, body any, headers ...string) int {
			if r.Who == Signing && !slices.Contains(headers, "Authorization") {
				headers = append(headers, "Webhook-Signature", "good")
			}
			status, _ := x.contract.call(r.Method, path(number), token, body, "", headers...)
			return status
		}
		officer := x.user([]workflow.Role{"officer"}, &workflow.Case{})
		if r.Who != Anyone && r.Who != Machine {
			x.expect(r, "a header that is no token", http.StatusUnauthorized, call(number, "", "{}", "Authorization", "Basic x"))
		}
		if r.Who != Anyone && r.Who != Machine && r.Who != Signing {
			x.expect(r, "a foreign token", http.StatusNotFound, call(number, strings.Repeat("A", 43), "{}"))
		}
		if strings.Contains(r.Path, "{number}") {
			for _, wrong := range []string{"HT-2026-999999-0", "ht" + number[2:], "ZZ" + number[2:], strings.ReplaceAll(number, "-", ""), number + "%00"} {
				x.expect(r, wrong, http.StatusNotFound, call(wrong, officer, "{}"))
			}
		}
		if strings.Contains(r.Path, "{number}") {
			status, _ := x.contract.ask(r.Method, path(strings.Replace(number, "-", "%2F", 1)), officer, "{}")
			x.expect(r, "an encoded slash", http.StatusNotFound, status)
		}
		token := officer
		if r.Who == LinkHolder || r.Who == Rotating {
			token = x.party(closed, "consumer")
		}
		if r.Who == Member {
			token = x.applicant()
		}
		if r.Who == Supervising {
			token = x.user([]workflow.Role{"supervisor"}, &workflow.Case{})
		}
		status, _ := x.contract.call(r.Method, path(number)+"?nosuch=1", token, "{}", "")
		x.expect(r, "an unknown parameter", http.StatusBadRequest, status)
		status, _ = x.contract.ask(r.Method, path(number)+"/", token, "{}")
		if r.Path != "/api" {
			x.expect(r, "a slash behind", http.StatusNotFound, status)
		}
		if r.Method == "GET" {
			call(number, token, nil)
			call(number, officer, nil) // who may not be told so
			continue
		}
		if isOfFiles(r) { // TestWhatRoutesOfFilesAnswer
			continue
		}
		x.expect(r, "null", http.StatusBadRequest, call(number, token, "null"))
		x.expect(r, "an unknown field", http.StatusBadRequest, call(number, token, `{"nosuch":1}`))
		x.expect(r, "another media type", http.StatusUnsupportedMediaType, call(number, token, "{}", "Content-Type", "text/plain"))
		x.expect(r, "too much", http.StatusRequestEntityTooLarge, call(number, token, strings.Repeat(" ", 1<<20+1)))
		x.expect(r, "from another site", http.StatusForbidden, call(number, token, "{}", "Sec-Fetch-Site", "cross-site", "Origin", "http://other.example"))
		if a, ok := acts[r.name()]; ok {
			x.probeAct(r, a)
		}
	}
	// Without their keys every case is one whose person was erased.
	if _, err := x.s.Pool().Exec("delete from case_keys"); err != nil {
		x.t.Fatal(err)
	}
	for _, r := range x.api.Routes() {
		if a, ok := acts[r.name()]; ok {
			x.probeErased(r, a)
		}
	}
	officer := x.user([]workflow.Role{"officer"}, &workflow.Case{})
	x.cameBack()
	x.contract.call("POST", "/api/v1/cases/"+closed+"/notices/1/resend", officer, `{}`, "")
	x.contract.call("GET", "/api/v1/cases/"+closed+"/events/1/words", officer, nil, "")
	x.contract.call("POST", "/api/v1/cases/"+closed+"/commands", officer, `{"event":"relate_case","words":"话"}`, "")
}

// links takes the routes of links and of search through their successes.
func (x *wire) links(number string) {
	staff := x.user([]workflow.Role{"officer"}, &workflow.Case{})
	path := "/api/v1/cases/" + number + "/links"
	_, text := x.contract.call("POST", path, staff, `{"party":"merchant"}`, "k")
	x.contract.call("POST", path, staff, `{"party":"consumer"}`, "k")
	var link struct{ ID, Token string }
	_ = json.Unmarshal([]byte(text), &link)
	_, text = x.contract.call("POST", path+"/"+link.ID+"/rotate", staff, `{}`, "r")
	_ = json.Unmarshal([]byte(text), &link)
	_, text = x.contract.call("POST", "/api/v1/link/rotate", link.Token, `{}`, "o")
	_ = json.Unmarshal([]byte(text), &link)
	x.contract.call("GET", "/api/v1/link", link.Token, nil, "")
	x.contract.call("POST", path+"/"+link.ID+"/revoke", staff, `{}`, "v")
	x.contract.call("POST", "/api/v1/search", staff, `{"words":"演练"}`, "")
	for _, body := range []string{`{"event":"relate_case","sees":999999}`, `{"event":"request_correction"}`, `{"event":"relate_case","other":"HT-2026-000001-7"}`, `{"event":"record_finding"}`} {
		x.contract.call("POST", "/api/v1/cases/"+number+"/commands", staff, body, "c")
	}
	for _, who := range []string{"", x.user([]workflow.Role{"hub"}, &workflow.Case{})} {
		x.contract.call("POST", "/api/v1/cases", who, `{"source":"12345","ticket":"A-1","person":{"name":"王","phone":"13800000000"},"publish_consent":true,"entrust_consent":true}`, "")
		x.contract.call("POST", "/api/v1/cases", who, `{"source":"12345","ticket":"A-1","person":{"name":"王","phone":"13800000000"},"publish_consent":true,"entrust_consent":true}`, "")
		x.contract.call("POST", "/api/v1/cases", who, `{"words":"话"}`, "")
	}
	for _, lang := range []string{"zh", "en"} {
		x.contract.call("GET", "/api?lang="+lang, "", nil, "")
	}
}

// cameBack leaves the first notice of every case to a person.
func (x *wire) cameBack() {
	if _, err := x.s.Pool().Exec("update outbox set state = 'failed' where topic = 'notice' and no = 1"); err != nil {
		x.t.Fatal(err)
	}
}

// beside takes the routes of what lies beside the log through their successes.
func (x *wire) beside(number string) {
	staff, boss := x.user([]workflow.Role{"officer"}, &workflow.Case{}), x.user([]workflow.Role{"supervisor"}, &workflow.Case{})
	path := "/api/v1/cases/" + number
	x.contract.call("POST", path+"/notes", staff, `{"words":"备忘"}`, "n")
	x.contract.call("POST", path+"/notes", staff, `{"words":"另一条"}`, "n")
	x.contract.call("POST", path+"/erasure-requests", staff, `{}`, "e")
	x.contract.call("GET", path+"/notices", staff, nil, "")
	x.cameBack()
	for range 2 { // sent anew, then on its way
		x.contract.call("POST", path+"/notices/1/resend", staff, `{}`, "")
	}
	for _, list := range []string{"/public/statistics?period=365", "/erasure-requests", "/users", "/absences", "/escalations", "/statistics?from=2026-05-01&to=2026-05-31&by=town", "/statistics/cases?from=2026-05-01&to=2026-05-31&indicator=I-05&side=open"} {
		x.contract.call("GET", "/api/v1"+list, boss, nil, "")
	}
	x.contract.call("GET", publicPath+"?merchant=m_0", "", nil, "")
	x.contract.call("GET", "/api/v1/statistics/snapshots", "", nil, "")
	const first, other = `{"subject":"登记","text":"{link}","why":"一"}`, `{"subject":"登记","text":"已登记{link}","why":"二"}`
	receipt := "/api/v1/templates/receipt/zh"
	for _, in := range []string{first, other} { // the second time with another body
		x.contract.call("PUT", receipt, boss, in, "t")
	}
	x.contract.call("PUT", receipt, boss, other, "")
	x.contract.call("POST", receipt+"/preview", boss, `{"number":"`+number+`","subject":"登记","text":"{link}"}`, "")
	_, named := x.contract.call("POST", "/api/v1/webhooks", boss, `{"url":"https://93.184.216.34/"}`, "w")
	x.contract.call("POST", "/api/v1/webhooks", boss, `{"url":"https://93.184.216.34/","topics":["classify"]}`, "w")
	var made struct{ ID string }
	_ = json.Unmarshal([]byte(named), &made)
	one := "/api/v1/webhooks/" + made.ID
	x.contract.call("GET", "/api/v1/webhooks", boss, nil, "")
	x.contract.call("GET", one, boss, nil, "")
	x.contract.call("PATCH", one, boss, `{"url":"https://93.184.216.34/","description":"d"}`, "c")
	x.contract.call("PATCH", one, boss, `{"url":"https://93.184.216.34/","description":"e"}`, "c")
	for _, act := range []string{"rotate", "pause", "resume", "test", "end"} {
		x.contract.call("POST", one+"/"+act, boss, `{}`, "")
	}
	x.contract.call("POST", "/api/v1/channels/sms/reports", "", `{"reports":[{"ref":"gw-1","state":"delivered"},{"ref":"","state":"lost"}]}`, "", "Webhook-Signature", "good")
	x.contract.call("GET", "/api/v1/absences", x.user([]workflow.Role{"court"}, &workflow.Case{}), nil, "")
	x.contract.call("GET", "/api/v1/escalations", x.user([]workflow.Role{"court"}, &workflow.Case{}), nil, "")
	x.contract.call("GET", "/api/v1/statistics?from=2026-05-01&to=2026-05-31", x.user([]workflow.Role{"court"}, &workflow.Case{}), nil, "")
	x.contract.call("GET", "/api/v1/statistics/cases?from=2026-05-01&to=2026-05-31&indicator=I-05&side=open", x.user([]workflow.Role{"court"}, &workflow.Case{}), nil, "")
	x.checks()
	users, err := x.s.Users(context.Background())
	if err != nil {
		x.t.Fatal(err)
	}
	day := calendar.On(x.api.Now())
	body := fmt.Sprintf(`{"name":%q,"deputy":%q,"from":%q,"to":%q}`, users[0].Name, users[1].Name, day, day)
	_, text := x.contract.call("POST", "/api/v1/absences", boss, body, "a")
	x.contract.call("POST", "/api/v1/absences", boss, `{"deputy":"`+users[0].Name+`","from":"`+day.String()+`","to":"`+day.String()+`"}`, "a")
	x.contract.call("POST", "/api/v1/absences", boss, body, "b")
	var absence struct{ ID int64 }
	_ = json.Unmarshal([]byte(text), &absence)
	x.contract.call("POST", fmt.Sprintf("/api/v1/absences/%d/end", absence.ID), boss, `{}`, "")
}

// checks asks for a code, enters a wrong one and the right one.
func (x *wire) checks() {
	_, text := x.contract.call("POST", "/api/v1/checks", "", `{"phone":"13800000000"}`, "check")
	x.contract.call("POST", "/api/v1/checks", "", `{"phone":"13800000001"}`, "check")
	var check struct{ ID string }
	_ = json.Unmarshal([]byte(text), &check)
	var last int64
	if err := x.s.Pool().QueryRow("select max(id) from letters").Scan(&last); err != nil {
		x.t.Fatal(err)
	}
	letter, err := x.s.Letter(context.Background(), &store.Owed{No: last, Topic: "letter"})
	if err != nil {
		x.t.Fatal(err)
	}
	for _, code := range []string{"000", letter.Fields["code"]} {
		x.contract.call("POST", "/api/v1/checks/"+check.ID+"/confirm", "", `{"code":"`+code+`"}`, "")
	}
}

// register takes the routes of the merchant register through their successes and
// through what others did meanwhile.
func (x *wire) register(number string) {
	staff := x.user([]workflow.Role{"officer"}, &workflow.Case{})
	call := func(method, path, body, key string) string {
		_, text := x.contract.call(method, "/api/v1"+path, staff, body, key)
		return text
	}
	open := func(name string) string {
		var m struct{ ID string }
		_ = json.Unmarshal([]byte(call("POST", "/merchants", `{"name":"`+name+`","town":"370321001","shop_address":"中心大街1号","contacts":[{"kind":"phone","value":"05338180001"}],"why":"登记"}`, "")), &m)
		return m.ID
	}
	a, b := open("演练甲店"), open("演练乙店")
	at := "/merchants/" + a
	// each twice with one key: done, and refused with another body
	for _, step := range [][3]string{
		{"POST", "/merchants", `{"name":"演练丙店","why":"%s"}`},
		{"PATCH", at, `{"size":"small","why":"%s"}`},
		{"POST", at + "/rename", `{"name":"演练甲新店","why":"%s"}`},
		{"POST", at + "/contacts", `{"kind":"email","value":"a@example.com","why":"%s"}`},
		{"POST", at + "/contacts/1/end", `{"why":"%s"}`},
		{"POST", at + "/merge", `{"into":"` + b + `","why":"%s"}`},
		{"POST", at + "/unmerge", `{"why":"%s"}`},
		{"POST", at + "/successor", `{"successor":"` + b + `","since":"2026-05-01","why":"%s"}`},
		{"POST", "/cases/" + number + "/merchants", `{"merchant":"` + b + `","why":"%s"}`},
	} {
		key := "register" + step[1]
		if strings.HasSuffix(step[1], "/contacts") { // what was asked is the contact, without the reason
			call(step[0], step[1], fmt.Sprintf(step[2], "一"), key)
			call(step[0], step[1], `{"kind":"email","value":"b@example.com","why":"二"}`, key)
			continue
		}
		call(step[0], step[1], fmt.Sprintf(step[2], "一"), key)
		call(step[0], step[1], fmt.Sprintf(step[2], "二"), key)
	}
	for _, path := range []string{"/merchants?q=演练", "/merchants", at, at + "/history", at + "/contacts", "/merchant-reviews", "/cases/" + number + "/merchants"} {
		call("GET", path, "", "")
	}
	call("PATCH", at, `{"size":"micro","sees":1,"why":"x"}`, "")
	call("POST", at+"/rename", `{"name":"x","sees":1,"why":"x"}`, "")
	call("POST", at+"/merge", `{"into":"`+a+`","why":"x"}`, "")
	call("POST", at+"/unmerge", `{"why":"x"}`, "")
	call("POST", at+"/successor", `{"successor":"`+b+`","since":"2026-05-01","why":"x"}`, "")
	town := x.user([]workflow.Role{"court"}, &workflow.Case{})
	for _, path := range []string{at, at + "/history", at + "/contacts", "/merchant-reviews", "/cases/" + number + "/merchants"} {
		x.contract.call("GET", "/api/v1"+path, town, nil, "")
	}
	x.reviews(staff)
}

// penalties records a penalty case on a lead on which a case was opened, and its
// result, each twice with one key.
func (x *wire) penalties() {
	leads := x.find("REPORT.closed", false)
	i := slices.IndexFunc(leads, func(number string) bool {
		events, err := x.s.Events(context.Background(), number)
		return err == nil && slices.ContainsFunc(events, func(e workflow.Event) bool { return e.Event == "case_opened" })
	})
	if i < 0 {
		x.t.Fatal("no case was opened on any lead")
	}
	var m, made struct{ ID string }
	staff, day := x.user([]workflow.Role{"officer"}, &workflow.Case{}), calendar.On(x.api.Now())
	_, text := x.contract.call("POST", "/api/v1/merchants", staff, `{"name":"演练戊店","code":"91370321MA3C0BBB0F","town":"370321001","why":"登记"}`, "")
	_ = json.Unmarshal([]byte(text), &m)
	for _, why := range []string{"一", "二"} {
		body := fmt.Sprintf(`{"lead":%q,"merchant":%q,"domain":1,"town":"370321001","docket":"立案1号","docketed_on":%q,"why":%q}`, leads[i], m.ID, day, why)
		if _, text := x.contract.call("POST", infringementsPath, staff, body, "docket"); made.ID == "" {
			_ = json.Unmarshal([]byte(text), &made)
		}
	}
	x.contract.call("POST", infringementsPath, staff, fmt.Sprintf(`{"lead":%q,"merchant":%q,"domain":1,"town":"370321001","docket":"立案1号","docketed_on":%q,"why":"再"}`, leads[i], m.ID, day), "")
	for _, why := range []string{"一", "二"} {
		body := fmt.Sprintf(`{"state":"penalised","decision":"处罚1号","decided_on":%q,"basis":"第一条","penalties":["criticism"],"why":%q}`, day, why)
		x.contract.call("POST", infringementsPath+"/"+made.ID+"/result", staff, body, "result")
	}
	x.contract.call("POST", infringementsPath+"/"+made.ID+"/result", staff, `{"state":"not_penalised","why":"三","decision":"1号","decided_on":"`+day.String()+`","basis":"第一条"}`, "")
	x.contract.call("GET", publicInfringementsPath+"/"+made.ID, "", nil, "")
	x.contract.call("GET", publicInfringementsPath+"?merchant=m_0", "", nil, "")
	x.contract.call("POST", infringementsPath+"/"+made.ID+"/result", staff, `{"state":"revoked","why":"四"}`, "")
	x.contract.call("GET", publicInfringementsPath+"/"+made.ID, "", nil, "")
	x.contract.call("GET", infringementsPath, x.user([]workflow.Role{"court"}, &workflow.Case{}), nil, "")
	x.contract.call("POST", infringementsPath, x.user([]workflow.Role{"court"}, &workflow.Case{}), `{}`, "")
}

// reviews settles two rows of a file that wait.
func (x *wire) reviews(staff string) {
	rows := []store.StatedMerchant{{Details: register.Details{Name: "演练丁店", Town: "370321001", ShopAddress: "中心大街1号"}},
		{Details: register.Details{Name: "演练丁店", Town: "370321001", ShopAddress: "渔洋路88号"}, Digest: [32]byte{1}}}
	if _, err := x.s.TakeMerchants(context.Background(), store.By{Actor: "import"}, rows); err != nil {
		x.t.Fatal(err)
	}
	open, err := x.s.Reviews(context.Background(), "open", "", 200)
	if err != nil || len(open) == 0 {
		x.t.Fatal(open, err)
	}
	path := "/api/v1/merchant-reviews/" + open[len(open)-1].ID
	for _, body := range []string{`{"verdict":"different","why":"一"}`, `{"verdict":"different","why":"二"}`} {
		x.contract.call("POST", path, staff, body, "review")
	}
	x.contract.call("POST", path, staff, `{"verdict":"different","why":"三"}`, "")
}

// body is the least that a resource may be sent.
func (a acting) least() map[string]any {
	body := map[string]any{"words": "话", "sees": 999_999}
	if choice, all := a.options(); choice != "" {
		body[choice] = all[0].value
	}
	return body
}

// each asks a resource as one of everybody who may, each on a closed case that he
// sees.
func (x *wire) each(r Route, a acting, visit func(role workflow.Role, path, token string)) {
	if x.cases == nil {
		x.cases = map[workflow.Kind][]workflow.Case{}
		for kind, state := range map[workflow.Kind]string{workflow.Complaint: "CLOSED.closed", workflow.Report: "REPORT.closed"} {
			for _, number := range x.find(state, false) {
				v, err := x.s.Case(context.Background(), number)
				if err != nil {
					x.t.Fatal(err)
				}
				x.cases[kind] = append(x.cases[kind], v.Case)
			}
		}
	}
	everybody := append([]workflow.Role{"consumer", "merchant", "supervisor", "coordinator", "officer", "hub"}, a.by(a.kind)...)
	slices.Sort(everybody)
	for _, role := range slices.Compact(everybody) {
		for i := range x.cases[a.kind] {
			c := &x.cases[a.kind][i]
			token := x.maybe(role, c)
			if a.kind == workflow.Complaint && r.Who == Holder && (role == "consumer" || role == "merchant") {
				token = x.party(c.Number, string(role))
			}
			if token != "" {
				visit(role, strings.NewReplacer("{number}", c.Number, "{offer}", "1", "{notice}", "1", "{order}", "1", "{clock}", "1").Replace(r.Path), token)
				break
			}
		}
	}
}

// probeAct: who may is told that it is not possible now, who may not who may.
func (x *wire) probeAct(r Route, a acting) {
	by := a.by(a.kind)
	x.each(r, a, func(role workflow.Role, path, token string) {
		status, text := x.contract.call("POST", path, token, a.least(), "")
		switch may := slices.Contains(by, role); {
		case may && status != http.StatusConflict && status != http.StatusUnprocessableEntity && status != http.StatusForbidden: // of several rows one may be another's
			x.t.Errorf("%s by %s: %d %s", r.name(), role, status, text)
		case !may && (status != http.StatusForbidden || !strings.Contains(text, `"by":["`+string(by[0]))):
			x.t.Errorf("%s by %s, who may not: %d %s", r.name(), role, status, text)
		}
	})
}

func (x *wire) probeErased(r Route, a acting) {
	x.each(r, a, func(role workflow.Role, path, token string) {
		if slices.Contains(a.by(a.kind), role) {
			x.contract.call("POST", path, token, a.least(), "")
		}
	})
}

// maybe is the token of somebody with a role who sees the case, or none.
func (x *wire) maybe(role workflow.Role, c *workflow.Case) string {
	u := store.User{Roles: []string{string(role)}, Unit: map[workflow.Role]string{"unit": c.Unit(), "mediator": c.Facts["organisation"], "other_authority": c.Facts["receiver"]}[role]}
	if scope := u.Scope(); !scope.Sees(c) {
		return ""
	}
	return x.user([]workflow.Role{role}, c)
}

func (x *wire) expect(r Route, what string, want, got int) {
	x.t.Helper()
	if want != got {
		x.t.Errorf("%s, %s: %d, not %d", r.name(), what, got, want)
	}
}

// unseen compares what the routes say that they answer with what they did.
func (x *wire) unseen(t *testing.T) {
	for _, r := range x.api.Routes() {
		if isOfFiles(r) {
			continue
		}
		seen := x.contract.seen[r.name()]
		for _, status := range append(r.statuses(), r.Status) {
			if elsewhere[status] == "" && !seen[status] && rare[fmt.Sprint(status, " ", r.name())] == "" {
				t.Errorf("%s never answered %d", r.name(), status)
			}
		}
	}
}

// rare are the answers of single routes that this test does not provoke, and why.
var rare = map[string]string{
	"200 GET /api/v1/cases/{number}/proof":                        "needs a frozen month: see TestCounted",
	"200 POST /api/v1/proofs":                                     "likewise",
	"404 POST /api/v1/proofs":                                     "likewise",
	"200 GET /api/v1/statistics/snapshots/{period}":               "likewise",
	"200 GET /api/v1/statistics/consistency":                      "likewise",
	"200 GET /api/v1/cases/{number}/handover":                     "needs a case at the court: see TestTheHandoverFile",
	"403 GET /api/v1/cases/{number}/handover":                     "likewise",
	"410 GET /api/v1/cases/{number}/handover":                     "likewise",
	"200 GET /api/v1/cases/{number}/papers/{paper}/content":       "see TestWhoGetsAPaper",
	"410 GET /api/v1/cases/{number}/papers/{paper}/content":       "see TestAPaperIsBoundAndDies",
	"201 POST /api/v1/cases/{number}/papers":                      "see TestEveryFormFromACase",
	"409 POST /api/v1/cases/{number}/papers":                      "likewise",
	"410 POST /api/v1/cases/{number}/papers":                      "see TestAPaperIsBoundAndDies",
	"422 POST /api/v1/cases/{number}/papers":                      "a key that comes twice: see TestPaperNumbersHaveNoGap",
	"200 POST /api/v1/cases/{number}/papers/preview":              "see TestWhoGetsAPaper",
	"409 POST /api/v1/cases/{number}/papers/preview":              "a preview of what is not possible yet: see TestEveryFormFromACase",
	"410 POST /api/v1/cases/{number}/papers/preview":              "see TestAPaperIsBoundAndDies",
	"200 GET /api/v1/memberships/{member}/files/{file}/content":   "see TestPapersBeforeWhoDecides",
	"409 GET /api/v1/memberships/{member}/files/{file}/content":   "a file that is being scanned, as of a case",
	"200 GET /api/v1/memberships/{member}/files/{file}/thumbnail": "see TestPapersBeforeWhoDecides",
	"409 GET /api/v1/memberships/{member}/files/{file}/thumbnail": "likewise",
	"422 POST /api/v1/cases/{number}/return":                      "a unit that returned a case does not see it any more, so that no key of it comes twice",
	"422 POST /api/v1/member/login":                               "the letter of the key's first request stands, and nobody learns what it was",
	"409 POST /api/v1/member/withdrawal":                          "a session ends with its membership: only two at once meet it",
	"422 POST /api/v1/member/withdrawal":                          "likewise",
	"200 GET /readyz":                                             "nothing sweeps in this test: see TestReadiness",
	"200 GET /api/v1/cases/{number}/receipt":                      "nothing signs in this test: see TestReceiptOverHTTP",
	"403 GET /api/v1/cases/{number}/links":                        "who is not of the authority seldom sees a case that is over: see TestInternalNotes",
	"403 GET /api/v1/cases/{number}/notes":                        "likewise",
	"403 GET /api/v1/cases/{number}/merchants":                    "likewise",
	"403 GET /api/v1/cases/{number}/data":                         "a link for reading only: see TestACopyOfOnesData",
	"410 GET /api/v1/cases/{number}/data":                         "see TestAWishToBeErased",
	"410 GET /api/v1/cases/{number}/notes":                        "see TestInternalNotes",
	"410 POST /api/v1/cases/{number}/notes":                       "see TestInternalNotes",
	"410 POST /api/v1/cases/{number}/erasure-requests":            "see TestAWishToBeErased",
	"410 POST /api/v1/cases/{number}/reports":                     "its words are sealed under the key of the report, which is new",
	"410 GET /api/v1/public/complaints/{complaint}":               "nothing is published in this test: see TestPublicComplaints",
	"200 GET /api/v1/public/complaints/{complaint}":               "nothing is published in this test: see TestPublicComplaints",
}
