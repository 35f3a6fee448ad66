package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

var shownLink = regexp.MustCompile(`id="link">[^<]*/desk/password#([^<]+)<`)

// An operator adds somebody, who sets his password and works; what he may changes
// while he is signed in; he is kept out and let in again; every step is written down.
func TestTheUsersPage(t *testing.T) {
	s := newSite(t, storetest.New(t))
	boss := s.sit(store.User{Name: "root", Roles: []string{"operator"}})
	res, text := boss.fill("/desk/users/new", url.Values{})
	if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMethodNotAllowed {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	for field, form := range map[string]url.Values{
		"name":  {"name": {"a|b"}, "roles": {"officer"}},
		"roles": {"name": {"zhang"}, "roles": {"auditor", "hub"}},
		"unit":  {"name": {"zhang"}, "roles": {"unit"}},
		"town":  {"name": {"zhang"}, "roles": {"officer"}, "town": {"999"}},
	} {
		if res, text := boss.sent("/desk/users/new", "/desk/users", form); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-`+field+`-error"`) {
			t.Errorf("%s: %d %s", field, res.StatusCode, text)
		}
	}
	if res, _ := boss.sent("/desk/users/new", "/desk/users", url.Values{"name": {"x"}, "roles": {"king"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Error("a king", res.StatusCode)
	}
	if res, _ := boss.ask("POST", "/desk/users", url.Values{"key": {"forged"}, "name": {"x"}, "roles": {"operator"}}); res.StatusCode != http.StatusConflict {
		t.Error("forged", res.StatusCode)
	}
	res, text = boss.sent("/desk/users/new", "/desk/users", url.Values{"name": {"张敏"}, "roles": {"officer"}, "unit": {"amr"}})
	m := shownLink.FindStringSubmatch(text)
	if res.StatusCode != http.StatusCreated || m == nil {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, _ := boss.sent("/desk/users/new", "/desk/users", url.Values{"name": {"张敏"}, "roles": {"hub"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Error("twice", res.StatusCode)
	}
	if _, err := s.w.SetPassword(context.Background(), m[1], deskPassword); err != nil {
		t.Fatal(err)
	}
	zhang := s.visitor()
	zhang.signIn("张敏", deskPassword, nil)
	u, err := s.w.UserNamed(context.Background(), "张敏")
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("/desk/users/%d", u.ID)
	if _, text := boss.ask("GET", at, nil); strings.Contains(text, m[1]) || !strings.Contains(text, "添加用户") {
		t.Error("the link is shown twice, or nobody added him")
	}
	if res, _ := zhang.ask("GET", "/desk/users", nil); res.StatusCode != http.StatusForbidden {
		t.Error("an officer looks at users", res.StatusCode)
	}
	rights := url.Values{"roles": {"supervisor"}, "unit": {""}, "town": {"370321001"}, "was": {"officer|amr|"}}
	if res, text := boss.sent(at, at+"/rights", rights); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, _ := zhang.ask("GET", "/desk/users", nil); res.StatusCode != http.StatusOK {
		t.Error("a change of role waits", res.StatusCode)
	}
	if res, text := boss.sent(at, at+"/rights", rights); res.StatusCode != http.StatusConflict || !strings.Contains(text, "刚被别人改过") {
		t.Error("over another's change", res.StatusCode)
	}
	for _, what := range []string{"rights", "disable", "password", "code", "sessions"} { // a supervisor looks only
		if res, _ := zhang.ask("POST", at+"/"+what, url.Values{}); res.StatusCode != http.StatusForbidden {
			t.Error(what, res.StatusCode)
		}
	}
	if res, text := boss.sent(at, at+"/password", url.Values{}); res.StatusCode != http.StatusCreated || shownLink.FindString(text) == "" {
		t.Error(res.StatusCode)
	}
	for _, step := range []struct{ what, says string }{{"sessions", "已在所有设备上退出登录"}, {"code", "动态验证码已停用"}, {"disable", "账号已停用"}, {"enable", "账号已恢复"}} {
		if res, text := boss.sent(at, at+"/"+step.what, url.Values{}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", step.what, res.StatusCode, text)
		}
		if _, text := boss.ask("GET", at+"?done="+step.what, nil); !strings.Contains(text, step.says) {
			t.Error(step.what, text)
		}
		if res, _ := zhang.ask("GET", "/desk", nil); res.StatusCode != http.StatusSeeOther {
			t.Error(step.what, "still in", res.StatusCode)
		}
	}
	if res, _ := boss.sent(at, at+"/enable", url.Values{}); res.StatusCode != http.StatusConflict {
		t.Error("enabled twice", res.StatusCode)
	}
	s.deskUser(store.User{Name: "li", Roles: []string{"officer"}})
	day := s.w.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	if res, text := boss.sent(at, at+"/absence", url.Values{"from": {day}, "until": {day}, "deputy": {"nobody"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-deputy-error"`) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if res, text := boss.sent(at, at+"/absence", url.Values{"from": {day}, "until": {day}, "deputy": {"li"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if res, _ := boss.sent(at, at+"/back", url.Values{"ref": {"1"}}); res.StatusCode != http.StatusSeeOther {
		t.Error(res.StatusCode)
	}
	_, text = boss.ask("GET", at, nil)
	for _, words := range []string{"添加用户", "更改角色", "负责人", "更改单位", "更改镇", "停用账号", "恢复账号", "全部退出登录", "登记外出与代办", "提前结束外出", "root"} {
		if !strings.Contains(text[strings.Index(text, `id="ch"`):], words) {
			t.Errorf("%s is not written down", words)
		}
	}
	if strings.Contains(s.logs.String(), "张敏") || strings.Contains(s.logs.String(), m[1]) {
		t.Error("the log tells")
	}
}

// Nobody gives himself a right, and nobody's number opens nothing.
func TestNobodyChangesHimself(t *testing.T) {
	s := newSite(t, storetest.New(t))
	boss := s.sit(store.User{Name: "root", Roles: []string{"operator"}})
	me, err := s.w.UserNamed(context.Background(), "root")
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("/desk/users/%d", me.ID)
	before := s.dump()
	for what, form := range map[string]url.Values{"rights": {"roles": {"operator", "officer"}, "was": {"operator||"}}, "disable": {}, "password": {}, "code": {}, "sessions": {}} {
		if res, text := boss.sent(at, at+"/"+what, form); res.StatusCode != http.StatusForbidden || !strings.Contains(text, "不能更改自己的账号") {
			t.Errorf("%s: %d", what, res.StatusCode)
		}
	}
	if s.dump() != before {
		t.Error("something is changed")
	}
	for _, path := range []string{"/desk/users/99", "/desk/users/x", "/desk/users/01", "/desk/users/0"} {
		if res, _ := boss.ask("GET", path, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// The list narrows by its address, page by page.
func TestTheListOfUsers(t *testing.T) {
	s := newSite(t, storetest.New(t))
	boss := s.sit(store.User{Name: "root", Roles: []string{"operator"}})
	for i := range 60 {
		s.user(store.User{Name: fmt.Sprintf("u%02d", i), Roles: []string{[]string{"officer", "hub"}[i%2]}, Unit: map[bool]string{true: "amr"}[i%3 == 0]})
	}
	if err := s.w.DisableUser(context.Background(), "cli", "u07"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/desk/users": 50, "/desk/users?after=u48": 11, "/desk/users?q=U0": 10, "/desk/users?role=hub": 30, "/desk/users?unit=amr": 20, "/desk/users?state=disabled": 1, "/desk/users?role=operator&state=active": 1, "/desk/users?q=nobody": 0, "/desk/users?town=370321001": 0} {
		_, text := boss.ask("GET", path, nil)
		if got := strings.Count(text, `class="what"`); got != want {
			t.Errorf("%s: %d, wanted %d", path, got, want)
		}
	}
	for _, path := range []string{"/desk/users?role=king", "/desk/users?state=x", "/desk/users?zzz=1"} {
		if res, _ := boss.ask("GET", path, nil); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
