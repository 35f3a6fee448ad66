package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"fangxin/store"
)

// Overdue duties over the wire: how late in working days, which step, who was
// told; an officer acknowledges and explains; what the parties see of it is
// nothing, and a colleague of another unit sees none of it.
func TestEscalationsOverTheWire(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.file()
		hub := s.officer("hub", "officer")
		zhang, psb := s.user(store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr"}), s.user(store.User{Name: "li", Roles: []string{"officer"}, Unit: "psb"})
		path := "/api/v1/cases/" + number
		s.ok("POST", path+"/commands", hub, `{"event":"classify"}`)
		s.ok("POST", path+"/assignment", hub, `{"unit":"amr","officer":"zhang"}`)
		s.w.Set(time.Date(2026, 5, 19, 2, 0, 0, 0, time.UTC)) // the decision was due on the 14th
		if _, err := s.w.Sweep(context.Background(), 10); err != nil {
			t.Fatal(err)
		}
		if _, err := s.w.Escalate(context.Background(), 10); err != nil {
			t.Fatal(err)
		}
		list := func(token, query string) []any {
			out, _ := s.ok("GET", "/api/v1/escalations"+query, token, "")
			return out["duties"].([]any)
		}
		all := list(zhang, "?clock=accept_decision")
		if len(all) != 1 || len(list(psb, "")) != 0 {
			t.Fatalf("%v", all)
		}
		d := all[0].(map[string]any)
		if d["working_days_late"] != 2.0 || d["step"] != "unit_head" || d["acknowledged"] != nil || !strings.Contains(fmt.Sprint(d["steps"]), "told:[] unreached:[] waiting:[officer:zhang]") {
			t.Errorf("%v", d)
		}
		breach := fmt.Sprintf("%s/breaches/%v", path, d["clock"])
		s.ok("POST", breach+"/acknowledgement", zhang, `{}`)
		s.ok("POST", breach+"/explanation", zhang, `{"words":"说明金丝雀：等待检测"}`)
		if status, out, text := s.call("POST", breach+"/explanation", zhang, `{}`); status != http.StatusUnprocessableEntity || out["code"] != "missing" {
			t.Errorf("explained with nothing: %d %s", status, text)
		}
		if status, out, _ := s.call("POST", path+"/breaches/77/acknowledgement", zhang, `{}`); status != http.StatusConflict || out["code"] != "no_such_duty" {
			t.Errorf("of no duty: %d %v", status, out)
		}
		if status, _, _ := s.call("POST", breach+"/acknowledgement", psb, `{}`); status != http.StatusNotFound {
			t.Errorf("by another unit: %d", status)
		}
		d = list(zhang, "?acknowledged=yes")[0].(map[string]any)
		if by := d["explained"].(map[string]any); by["by"] != "officer:zhang" || d["acknowledged"] == nil || d["step"] != "unit_head" {
			t.Errorf("%v", d)
		}
		if _, text := s.ok("GET", path, consumer, ""); strings.Contains(text, "acknowledged") || strings.Contains(text, "explained") {
			t.Errorf("the consumer sees it: %s", text)
		}
		if _, text := s.ok("GET", path, zhang, ""); !strings.Contains(text, "acknowledged.") {
			t.Errorf("the officer does not: %s", text)
		}
		if strings.Contains(s.dump(), "说明金丝雀") {
			t.Error("an explanation lies about in clear")
		}
		for _, query := range []string{"?step=mayor", "?acknowledged=maybe", "?clock=x", "?unit=%20", "?after=abc", "?limit=0", "?kind=all"} {
			if status, _, _ := s.call("GET", "/api/v1/escalations"+query, zhang, ""); status != http.StatusBadRequest {
				t.Errorf("%s: %d", query, status)
			}
		}
	})
}
