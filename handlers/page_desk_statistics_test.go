package handlers_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
)

// counting is a site with three complaints, of which one is with the market
// regulator and two are with nobody yet.
func counting(t *testing.T) (s *site, boss, amr *visitor, numbers []string) {
	s = newSite(t, storetest.New(t))
	for range 3 {
		numbers = append(numbers, s.w.File())
	}
	s.w.Do(numbers[0], "classify", "dispatch", "accept")
	if _, err := s.w.Block(context.Background()); err != nil {
		t.Fatal(err)
	}
	v, err := s.w.Case(context.Background(), numbers[0])
	if err != nil {
		t.Fatal(err)
	}
	return s, s.sit(store.User{Name: "boss", Roles: []string{"supervisor"}}), s.sit(store.User{Name: "zhang", Roles: []string{"officer"}, Unit: v.Unit()}), numbers
}

const may = "from=2026-05-01&to=2026-05-31"

// Inside, every slice is shown with nothing hidden, each number leads to its cases,
// and an officer is told how many lie outside of what he may see.
func TestFiguresAtTheDesk(t *testing.T) {
	_, boss, amr, numbers := counting(t)
	_, text := boss.ask("GET", "/desk/statistics?"+may, nil)
	for _, want := range []string{`id="I-01A"`, "/statistics/definitions/I-03b", "Wilson", "indicator=I-05&amp;line=closed&amp;side=denominator", "side=open", "<svg", "/desk/statistics/export?from=2026-05-01"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
	link := regexp.MustCompile(`/desk/statistics/cases\?[^"]*indicator=I-05[^"]*side=denominator[^"]*`).FindString(text)
	link = strings.ReplaceAll(link, "&amp;", "&")
	res, text := boss.ask("GET", link, nil)
	if res.StatusCode != http.StatusOK || !strings.Contains(text, "由 3 件构成，其中您可以查看 3 件") || !strings.Contains(text, "/desk/case/"+numbers[2]) {
		t.Errorf("%s: %d %s", link, res.StatusCode, text)
	}
	_, text = amr.ask("GET", link, nil)
	if !strings.Contains(text, "其中您可以查看 1 件") || !strings.Contains(text, "另有 2 件（计 2）") || strings.Contains(text, numbers[1]) || !strings.Contains(text, numbers[0]) {
		t.Errorf("what an officer of one unit sees: %s", text)
	}
	if _, text = amr.ask("GET", strings.Replace(link, "/cases?", "/cases/export?", 1), nil); strings.Count(text, "\r\n") != 2 || !strings.Contains(text, numbers[0]) {
		t.Errorf("his list as a file: %q", text)
	}
	for _, by := range []string{"domain", "category", "town", "unit", "channel", "mediator", "merchant", "size", "member", "programme"} {
		for _, path := range []string{"?" + may + "&by=" + by, "?" + may + "&per=month&by=" + by} {
			for _, lang := range []string{"zh", "en"} {
				res, text := boss.ask("GET", "/desk/statistics"+path, nil, "Accept-Language", lang)
				if res.StatusCode != http.StatusOK || !strings.Contains(text, `<th scope="row">`) || strings.Contains(text, "page.stat.") {
					t.Errorf("%s in %s: %d", path, lang, res.StatusCode)
				}
			}
		}
	}
	_, text = boss.ask("GET", "/desk/statistics?"+may+"&by=unit", nil)
	one := strings.ReplaceAll(regexp.MustCompile(`/desk/statistics\?[^"]*of=[a-z][^"]*`).FindString(text), "&amp;", "&")
	if _, text = boss.ask("GET", one, nil); !strings.Contains(text, "by=unit") || !strings.Contains(text, `id="I-18"`) {
		t.Errorf("one unit, %q: %s", one, text)
	}
	for _, per := range []string{"day", "month", "quarter", "year", "rolling"} {
		if res, text := boss.ask("GET", "/desk/statistics?"+may+"&per="+per, nil); res.StatusCode != http.StatusOK || !strings.Contains(text, "2026-05") {
			t.Errorf("per %s: %d", per, res.StatusCode)
		}
	}
	_, text = boss.ask("GET", "/desk/statistics/export?"+may+"&by=town&per=month", nil)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\uFEFF"))).ReadAll()
	if err != nil || len(rows) < 60 || rows[0][0] != "key" {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	for _, bad := range []string{"?" + may + "&by=shoe_size", "?from=2026-05-02&to=2026-05-01", "?" + may + "&per=week", "?" + may + "&x=1", "/cases?" + may, "/cases?" + may + "&indicator=I-05&side=open&by=town",
		"/cases?" + may + "&indicator=I-05&line=x&side=numerator", "/cases?" + may + "&indicator=I-17&line=covered&side=numerator", "/cases?" + may + "&indicator=I-05&side=open&after=x"} {
		if res, _ := boss.ask("GET", "/desk/statistics"+bad, nil); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, res.StatusCode)
		}
	}
}

// The API lists the same by pages; auditors read it, and nobody from outside.
func TestCasesBehindANumber(t *testing.T) {
	s, _, _, _ := counting(t)
	const path = "/api/v1/statistics/cases?" + may + "&indicator=I-05&line=closed&side=denominator"
	auditor := s.user(store.User{Name: "wen", Roles: []string{"auditor"}})
	seen, after := map[string]bool{}, ""
	for range 3 {
		out, text := s.ok("GET", path+"&limit=1&after="+url.QueryEscape(after), auditor, "")
		list := out["list"].([]any)
		if len(list) != 1 || out["sum"] != float64(3) || out["cases"] != float64(3) || out["log"].(map[string]any)["height"] == float64(0) {
			t.Fatal(text)
		}
		seen[list[0].(map[string]any)["number"].(string)] = true
		after = fmt.Sprint(out["next"])
	}
	if len(seen) != 3 || after != "<nil>" {
		t.Errorf("%v, then %s", seen, after)
	}
	out, _ := s.ok("GET", path+"&limit=1", auditor, "")
	next := url.QueryEscape(out["next"].(string))
	if status, _, text := s.call("GET", strings.Replace(path, "denominator", "numerator", 1)+"&after="+next, auditor, ""); status != http.StatusBadRequest {
		t.Errorf("a cursor of another number: %d %s", status, text)
	}
	_, consumer := s.file()
	for token, want := range map[string]int{"": http.StatusUnauthorized, consumer: http.StatusNotFound, s.user(store.User{Name: "wu", Roles: []string{"mediator"}}): http.StatusForbidden, s.user(store.User{Name: "op", Roles: []string{"operator"}}): http.StatusForbidden} {
		if status, _, text := s.call("GET", path, token, ""); status != want {
			t.Errorf("%d instead of %d: %s", status, want, text)
		}
	}
}
