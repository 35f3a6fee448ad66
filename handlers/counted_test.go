package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"fangxin/store/storetest"
	"fangxin/workflow/ledger"
)

// Whoever holds the receipt learns on a page and by the API that he is counted;
// nobody else learns anything, and what anybody may read tells of no case.
func TestCounted(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	number := v.file("authority")
	r, err := s.w.Receipt(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	receipt := string(r.Append(nil))
	if status, out, text := s.call("POST", "/api/v1/proofs", "", receipt); status != http.StatusNotFound || out["code"] != "not_counted" {
		t.Errorf("before anything is frozen: %d %s", status, text)
	}
	if _, text := v.fill("/counted", url.Values{"receipt": {receipt}}); !strings.Contains(text, "还没有计入") {
		t.Errorf("%s", text)
	}
	s.w.Set(time.Date(2026, 6, 1, 2, 0, 0, 0, time.UTC))
	if _, err := s.w.Freeze(context.Background(), "2026-05"); err != nil {
		t.Fatal(err)
	}

	_, text := s.ok("POST", "/api/v1/proofs", "", receipt)
	p, err := ledger.ParseProof([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.w.PublicKeys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if said, err := p.Verify(keys, r); err != nil || said.Snapshot != "2026-05" {
		t.Errorf("%v %v", said, err)
	}
	zhang := s.officer("officer", "hub")
	if _, same := s.ok("GET", "/api/v1/cases/"+number+"/proof?snapshot=2026-05", zhang, ""); same != text {
		t.Errorf("at the window: %s", same)
	}
	if status, _, text := s.call("GET", "/api/v1/cases/"+number+"/proof?snapshot=2026-04", zhang, ""); status != http.StatusNotFound {
		t.Errorf("a period that was not frozen: %d %s", status, text)
	}
	merchant, _ := s.give(number, zhang, `{"recipient":"merchant"}`)
	if status, _, text := s.call("GET", "/api/v1/cases/"+number+"/proof", merchant, ""); status != http.StatusNotFound {
		t.Errorf("the merchant: %d %s", status, text)
	}
	forged := strings.Replace(receipt, `"salt":"`, `"salt":"0`, 1)
	other := strings.Replace(receipt, r.Hash, strings.Repeat("0", 64), 1)
	for name, bad := range map[string]string{"salt": forged, "hash": other, "nothing": "{}", "words": `"x"`} {
		if status, _, text := s.call("POST", "/api/v1/proofs", "", bad); status != http.StatusBadRequest || strings.Contains(text, "hashes") {
			t.Errorf("%s: %d %s", name, status, text)
		}
		if res, text := v.fill("/counted", url.Values{"receipt": {bad}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "回执原文") {
			t.Errorf("%s on the page: %d", name, res.StatusCode)
		}
	}

	res, page := v.fill("/counted", url.Values{"receipt": {receipt}})
	if res.StatusCode != http.StatusOK || !strings.Contains(page, "算进去了：投诉 "+number) || !strings.Contains(page, "2026 年 5 月") {
		t.Errorf("%d %s", res.StatusCode, page)
	}
	if _, page := v.ask("GET", "/c/"+number+"/counted", nil); !strings.Contains(page, "算进去了") || !strings.Contains(page, "/proof") {
		t.Errorf("%s", page)
	}
	if _, file := v.ask("GET", "/c/"+number+"/proof", nil); file != text {
		t.Errorf("%s", file)
	}
	if _, page := s.visitor().ask("GET", "/c/"+number+"/proof", nil); strings.Contains(page, "hashes") {
		t.Error("a stranger gets a proof")
	}

	list, text := s.ok("GET", "/api/v1/statistics/snapshots", "", "")
	if len(list["snapshots"].([]any)) != 1 || strings.Contains(text, number) {
		t.Errorf("%s", text)
	}
	s.w.Do(number, "withdraw_before_acceptance")
	if _, err := s.w.Block(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, text := s.ok("GET", "/api/v1/statistics/snapshots/2026-05", "", ""); !strings.Contains(text, `"id":"I-05","line":"closed","then":{"numerator":0,"denominator":1},"now":{"numerator":1,"denominator":1}`) ||
		!strings.Contains(text, `"reason":"withdraw_before_acceptance","ripened":true,"events":1`) || strings.Contains(text, number) {
		t.Errorf("%s", text)
	}
	for path, want := range map[string]int{"/snapshots/2026-04": 404, "/snapshots/may": 404, "/consistency?from=0&to=2": 400, "/consistency?from=2&to=x": 400, "/consistency?from=1&to=2": 400, "/consistency?from=2&to=2": 200} {
		if status, _, text := s.call("GET", "/api/v1/statistics"+path, "", ""); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}
