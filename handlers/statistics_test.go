package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fangxin/store"
)

// Officers read every indicator with what it is divided out of; a question that
// nothing can answer names its parameter; nobody else reads it.
func TestStatistics(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for range 3 {
			s.w.File()
		}
		zhang := s.user(store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr"})
		const path = "/api/v1/statistics"
		out, text := s.ok("GET", path+"?from=2026-05-01&to=2026-05-31&by=town,month", zhang, "")
		group := out["groups"].([]any)[0].(map[string]any)
		if len(out["groups"].([]any)) != 1 || group["key"] != "370321001" || group["from"] != "2026-05-01" || !strings.Contains(text, `"line":"closed","numerator":0,"denominator":3,"rate":"0.0000"`) {
			t.Errorf("%s", text)
		}
		figures := group["figures"].([]any)
		if len(figures) != 29 || out["definitions"] == "" || out["rules"] == "" || out["calendar"] == "" {
			t.Errorf("%d figures: %v %v %v", len(figures), out["definitions"], out["rules"], out["calendar"])
		}
		for _, x := range [][2]string{
			{"?to=2026-05-31", "from"}, {"?from=2026-05-32&to=2026-05-31", "from"}, {"?from=2026-05-01", "to"}, {"?from=2026-05-02&to=2026-05-01", "to"},
			{"?from=1996-01-01&to=2026-01-01", "to"}, {"?from=2026-05-01&to=2026-05-31&by=shoe_size", "by"}, {"?from=2026-05-01&to=2026-05-31&by=town,domain", "by"},
			{"?from=2026-05-01&to=2026-05-31&by=month,day", "by"}, {"?from=2026-05-01&to=2026-05-31&of=1", "of"}, {"?from=2010-01-01&to=2026-05-31&by=day", "by"}, {"?from=2026-05-01&to=2026-05-31&x=1", "x"},
		} {
			status, out, text := s.call("GET", path+x[0], zhang, "")
			if status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(out["missing"]), x[1]) {
				t.Errorf("%s: %d %s", x[0], status, text)
			}
		}
		if _, _, text := s.call("GET", path+"?from=2010-01-01&to=2026-05-31&by=merchant,day", zhang, ""); !strings.Contains(text, "--format csv") {
			t.Errorf("how to have the whole is not said: %s", text)
		}
		if status, _, _ := s.call("GET", path+"?from=2026-05-01&to=2026-05-31", "", ""); status != http.StatusUnauthorized {
			t.Errorf("anybody: %d", status)
		}
		mediator := s.user(store.User{Name: "wu", Roles: []string{"mediator"}})
		if status, _, _ := s.call("GET", path+"?from=2026-05-01&to=2026-05-31", mediator, ""); status != http.StatusForbidden {
			t.Errorf("a mediator: %d", status)
		}
	})
}
