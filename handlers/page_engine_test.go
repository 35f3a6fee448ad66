package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
)

// The operator sees what waits, what was given up and how channels did, and has
// what was given up tried again; who watches looks, and nobody else.
func TestTheEngineAtTheDesk(t *testing.T) {
	s := newSite(t, storetest.New(t))
	number, _ := s.file()
	operator, boss, officer := s.sit(store.User{Name: "op", Roles: []string{"operator"}}), s.sit(store.User{Name: "boss", Roles: []string{"supervisor"}}), s.sit(store.User{Name: "zhang", Roles: []string{"officer"}})
	_, text := operator.ask("GET", "/desk/engine", nil)
	if !strings.Contains(text, "待发") || strings.Contains(text, `name="id"`) {
		t.Errorf("nothing is given up yet: %s", text)
	}
	s.w.Run("update outbox set state = 'dead', error = 'timeout', attempts = 16")
	s.w.Run("insert into notice_attempts (case_id, no, topic, ordinal, recipient, round, channel, merchant, contact, template, version, language, at, outcome, code, lasting, ref) select case_id, no, topic, 1, recipient, 0, 'mail', '', 0, 'receipt', 0, 'zh', at, 'failed', 'timeout', 0, '' from outbox")
	_, text = operator.ask("GET", "/desk/engine", nil)
	for _, want := range []string{number + "/", "timeout", "16 次", "mail：失败", `name="id"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	if strings.Contains(text, "13800") {
		t.Errorf("it names somebody: %s", text)
	}
	if _, text := boss.ask("GET", "/desk/engine", nil); !strings.Contains(text, "timeout") || strings.Contains(text, `name="id"`) {
		t.Errorf("who only watches: %s", text)
	}
	for who, v := range map[string]*visitor{"officer": officer, "supervisor": boss} {
		if res, _ := v.ask("POST", "/desk/engine", url.Values{"id": {"all"}}); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s tries again: %d", who, res.StatusCode)
		}
	}
	if res, _ := officer.ask("GET", "/desk/engine", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("an officer looks: %d", res.StatusCode)
	}
	if res, _ := operator.ask("POST", "/desk/engine", url.Values{"key": {"x"}, "id": {"all"}}); res.StatusCode != http.StatusConflict || s.w.Count("select count(*) from outbox where state = 'dead'") == 0 {
		t.Errorf("forged: %d", res.StatusCode)
	}
	if res, text := operator.fill("/desk/engine", url.Values{"id": {"HT-2026-000001-5/99/notice"}}); res.StatusCode != http.StatusConflict || !strings.Contains(text, "不在放弃之列") {
		t.Errorf("an id that is not there: %d", res.StatusCode)
	}
	if res, text := operator.fill("/desk/engine", url.Values{"id": {"all"}}); res.StatusCode != http.StatusSeeOther || s.w.Count("select count(*) from outbox where state = 'dead'") != 0 {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}
