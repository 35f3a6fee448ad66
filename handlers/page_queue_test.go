package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// A doubt of the register is shown with both entries side by side and settled with a
// reason, once; who may not, looks.
func TestDoubtsAtTheDesk(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer := s.officer("officer", "hub")
	known := openShop(t, s, officer, "金丝雀小店", "")
	s.file()
	for _, step := range []func(context.Context, int) (int, error){func(ctx context.Context, _ int) (int, error) { return s.w.Block(ctx) }, s.w.Board, s.w.MatchRespondents} {
		if _, err := step(context.Background(), 100); err != nil {
			t.Fatal(err)
		}
	}
	v, boss := s.sit(store.User{Name: "zhang", Roles: []string{"officer"}}), s.sit(store.User{Name: "boss", Roles: []string{"supervisor"}})
	_, text := v.ask("GET", "/desk/register", nil)
	m := regexp.MustCompile(`href="(/desk/register/r_[^"]+)"`).FindStringSubmatch(text)
	if m == nil || !strings.Contains(text, "金丝雀小店") || !strings.Contains(text, "金丝雀店") {
		t.Fatal(text)
	}
	if res, text := boss.ask("GET", m[1], nil); res.StatusCode != http.StatusOK || strings.Contains(text, `name="verdict"`) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if res, _ := boss.ask("POST", m[1], url.Values{}); res.StatusCode != http.StatusForbidden {
		t.Error(res.StatusCode)
	}
	same := url.Values{"verdict": {"same " + known}, "why": {"地址一致<b>"}}
	for field, form := range map[string]url.Values{"why": {"verdict": {"same " + known}}, "verdict": {"why": {"x"}}} {
		if res, text := v.fill(m[1], form); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `href="#f-`+field+`"`) {
			t.Errorf("%s: %d %s", field, res.StatusCode, text)
		}
	}
	if res, text := v.ask("POST", m[1], url.Values{"key": {"x"}, "verdict": {"different"}, "why": {"写好的理由"}}); res.StatusCode != http.StatusConflict || !strings.Contains(text, "写好的理由") {
		t.Errorf("forged: %d", res.StatusCode)
	}
	if res, text := v.fill(m[1], same); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if _, text := v.ask("GET", "/desk/register", nil); strings.Contains(text, m[1]) {
		t.Error("it waits still")
	}
	if _, text := v.ask("GET", "/desk/register?status=settled", nil); !strings.Contains(text, "地址一致&lt;b&gt;") || !strings.Contains(text, "zhang") {
		t.Error(text)
	}
	for _, path := range []string{"/desk/register?status=x", "/desk/register?after=x", "/desk/register/r_x", "/desk/leads/l_x", "/desk/leads?after=x"} {
		if res, _ := v.ask("GET", path, nil); res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// A member whose clocks ran out is put before a person with the figures; he decides
// with a reason, and what does not fit his state is not offered.
func TestLeadsAtTheDesk(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer := s.officer("officer", "hub")
	member, shop, _ := s.enrolled(officer)
	for range 10 {
		number := s.w.File()
		s.w.Do(number, "classify", "invite_settlement", "delivered")
		ask(t, s, http.StatusOK, "POST", "/api/v1/cases/"+number+"/merchants", officer, `{"merchant":"`+shop+`","why":"核实"}`)
	}
	s.w.Advance(40 * 24 * time.Hour)
	for n := 1; n > 0; {
		var err error
		if n, err = s.w.Sweep(context.Background(), 100); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.w.WatchMembers(context.Background()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	v := s.sit(store.User{Name: "zhang", Roles: []string{"officer"}})
	_, text := v.ask("GET", "/desk/leads", nil)
	m := regexp.MustCompile(`href="(/desk/leads/l_[^"]+)"`).FindStringSubmatch(text)
	if m == nil || !strings.Contains(text, "惠民&lt;超市&gt;") || !strings.Contains(text, "/clock/") {
		t.Fatal(text)
	}
	_, text = v.ask("GET", m[1], nil)
	for verdict, offered := range map[string]bool{"watch": true, "suspend": true, "exit": true, "no_action": true, "resume": false, "end_watch": false} {
		if strings.Contains(text, `name="verdict" value="`+verdict+`"`) != offered {
			t.Errorf("%s offered: %t", verdict, !offered)
		}
	}
	for field, form := range map[string]url.Values{"why": {"verdict": {"suspend"}}, "verdict": {"why": {"x"}}, "cause": {"verdict": {"exit"}, "why": {"x"}}} {
		if res, text := v.sent(m[1], m[1], withSees(form, text)); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `href="#f-`+field+`"`) {
			t.Errorf("%s: %d %s", field, res.StatusCode, text)
		}
	}
	town := s.sit(store.User{Name: "town", Roles: []string{"officer"}, Town: "370321001"})
	if _, text := town.ask("GET", m[1], nil); strings.Contains(text, `name="verdict"`) {
		t.Error("who has one town decides for the county")
	}
	late := withSees(url.Values{"verdict": {"watch"}, "why": {"先看看"}}, text)
	if res, text := v.sent(m[1], m[1], withSees(url.Values{"verdict": {"suspend"}, "why": {"屡次逾期"}}, text)); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if got, err := s.w.Member(context.Background(), member); err != nil || got.State != "suspended" {
		t.Errorf("%s %v", got.State, err)
	}
	other := s.sit(store.User{Name: "li", Roles: []string{"coordinator"}})
	_, form := other.ask("GET", "/desk/leads", nil)
	late.Set("key", keyField.FindStringSubmatch(form)[1])
	if res, text := other.ask("POST", m[1], late); res.StatusCode != http.StatusConflict || !strings.Contains(text, "这件已处理") {
		t.Errorf("decided already: %d %s", res.StatusCode, text)
	}
	if _, text := other.ask("GET", "/desk/leads?status=decided", nil); !strings.Contains(text, "屡次逾期") || !strings.Contains(text, "暂停") {
		t.Error(text)
	}
}

// withSees adds what a form carries of the version that its reader saw.
func withSees(form url.Values, text string) url.Values {
	form.Set("sees", seesField.FindStringSubmatch(text)[1])
	return form
}
