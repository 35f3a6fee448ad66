package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/register"
)

// session logs somebody of a member in, by telephone number.
func session(s *store.Store, phone, key string, now time.Time) (string, error) {
	ctx := context.Background()
	token, _, err := s.GiveLogin(ctx, &store.Owed{Number: key}, &store.Letter{Phone: phone, Until: now.Add(store.LoginTerm)})
	if err != nil {
		return "", err
	}
	all, err := s.Redeem(ctx, key, token)
	if err != nil {
		return "", err
	}
	return all[len(all)-1].Token, nil
}

// applicant is a session of somebody whose merchant has applied.
func (x *wire) applicant() string {
	x.n++
	phone := fmt.Sprintf("139000%05d", x.n)
	if _, err := x.s.Apply(context.Background(), store.Once{}, store.By{Actor: "merchant"}, store.Application{Details: register.Details{Name: "演练" + phone}, Terms: register.Terms{AnswerDays: 3, Pledges: []string{}},
		People: []store.NewPerson{{Role: "contact", Name: "李娜", Phone: phone}}}); err != nil {
		x.t.Fatal(err)
	}
	return x.loggedIn(phone)
}

func (x *wire) loggedIn(phone string) string {
	x.n++
	token, err := session(x.s, phone, fmt.Sprint("session", x.n), x.api.Now())
	if err != nil {
		x.t.Fatal(err)
	}
	return token
}

// green asks the routes of the green channel for what they may answer.
func (x *wire) green() {
	staff, court := x.user([]workflow.Role{"officer"}, &workflow.Case{}), x.user([]workflow.Role{"court"}, &workflow.Case{})
	call := func(token, method, path, body, key string) string {
		_, text := x.contract.call(method, "/api/v1"+path, token, body, key)
		return text
	}
	twice := func(token, path, body string) string { // one key: done, and refused with another body
		x.n++
		key := fmt.Sprint("green", x.n)
		out := call(token, "POST", path, fmt.Sprintf(body, "一"), key)
		call(token, "POST", path, fmt.Sprintf(body, "二"), key)
		return out
	}
	apply := func(phone string) string {
		var m, g struct{ ID string }
		_ = json.Unmarshal([]byte(call(staff, "POST", "/merchants", `{"name":"绿色`+phone+`","town":"370321001","why":"登记"}`, "")), &m)
		_ = json.Unmarshal([]byte(twice(staff, "/memberships", `{"merchant":"`+m.ID+`","checklist":{"place":true,"staff":true,"computer":true,"telephone":true,"procedure":true},"terms":{"answer_days":3},`+
			`"papers":[{"kind":"licence","name":"营业执照"},{"kind":"pledge","name":"承诺书"}],"people":[{"role":"contact","name":"李娜","phone":"`+phone+`"}],"why":"%s"}`)), &g)
		return "/memberships/" + g.ID
	}
	at, gone := apply("13911110001"), apply("13911110002")
	x.own(twice, call, "13911110003", apply)
	twice(staff, at+"/decisions", `{"verdict":"ask_more","why":"%s"}`)
	twice(staff, at+"/supplement", `{"papers":[{"kind":"other","name":"照片"}],"why":"%s"}`)
	twice(staff, at+"/people", `{"role":"colleague","name":"王芳","phone":"13911110009","why":"%s"}`)
	twice(staff, at+"/decisions", `{"verdict":"approve","why":"%s"}`)
	twice(staff, at+"/shop-code", `{"why":"%s"}`)
	twice(staff, gone+"/withdrawal", `{"why":"%s"}`)
	for path, body := range map[string]string{at + "/decisions": `{"verdict":"approve","why":"x"}`, at + "/supplement": `{"papers":[{"kind":"other","name":"照片"}],"why":"x"}`, gone + "/people": `{"role":"colleague","name":"王芳","phone":"13911110009","why":"x"}`,
		gone + "/shop-code": `{"why":"x"}`, gone + "/withdrawal": `{"why":"x"}`} {
		call(staff, "POST", path, body, "")
	}
	var whole struct{ People []struct{ ID string } }
	_ = json.Unmarshal([]byte(call(staff, "GET", at, "", "")), &whole)
	twice(staff, at+"/people/"+whole.People[1].ID+"/end", `{"why":"%s"}`)
	for _, path := range []string{"/memberships", at, at + "/history", at + "/figures", at + "/sheet.svg", at + "/sheet.pdf", at + "/files/x/content", at + "/files/x/thumbnail", "/membership-leads", "/coverage"} {
		call(staff, "GET", path, "", "")
		call(court, "GET", path, "", "")
	}
	var g struct{ Shop string }
	_ = json.Unmarshal([]byte(call(staff, "GET", at, "", "")), &g)
	call("", "GET", "/shops/"+g.Shop, "", "")
	approved := x.loggedIn("13911110001")
	for _, path := range []string{"/member", "/member/cases", "/member/figures", "/member/sheet.svg", "/member/sheet.pdf"} {
		call(approved, "GET", path, "", "")
	}
	call(approved, "POST", "/member/session/end", "{}", "")
}

// own asks what a member's own people may.
func (x *wire) own(twice func(token, path, body string) string, call func(token, method, path, body, key string) string, phone string, apply func(string) string) {
	apply(phone)
	token := x.loggedIn(phone)
	call("", "POST", "/member/login", `{"phone":"`+phone+`"}`, "")
	call("", "POST", "/member/session", `{"token":"`+strings.Repeat("A", 43)+`"}`, "")
	link, _, err := x.s.GiveLogin(context.Background(), &store.Owed{Number: "own"}, &store.Letter{Phone: phone, Until: x.api.Now().Add(store.LoginTerm)})
	if err != nil {
		x.t.Fatal(err)
	}
	call("", "POST", "/member/session", `{"token":"`+link+`"}`, "")
	twice(token, "/member/supplement", `{"papers":[{"kind":"other","name":"照片"}],"why":"%s"}`)
	var people struct{ People []struct{ ID string } }
	_ = json.Unmarshal([]byte(twice(token, "/member/people", `{"role":"colleague","name":"王芳","email":"w@example.com","why":"%s"}`)), &people)
	twice(token, "/member/people/"+people.People[1].ID+"/end", `{"why":"%s"}`)
	for range 50 { // until it has as many as it may
		call(token, "POST", "/member/people", `{"role":"colleague","name":"王芳","email":"w@example.com"}`, "")
	}
	for range 9 { // as many as without files, and as many as with
		twenty := strings.Repeat(`{"kind":"other"},`, 19) + `{"kind":"other"}`
		call(token, "POST", "/member/supplement", `{"papers":[`+twenty+`]}`, "")
	}
	twice(token, "/member/withdrawal", `{"why":"%s"}`)
}
