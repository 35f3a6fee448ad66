package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
)

// An officer previews a paper, numbers it and finds it on the case's page; his own
// paper makes no form of his stale, another's does. What is newer or was corrected
// says so. Who gets what is as over the API.
func TestPapersAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		zhang, li, hub := s.sit(store.User{Name: "zhang", Roles: []string{"officer"}}), s.sit(store.User{Name: "li", Roles: []string{"officer"}}), s.sit(store.User{Name: "hub", Roles: []string{"hub"}})
		court, law := s.sit(store.User{Name: "clerk", Roles: []string{"court"}}), s.sit(store.User{Name: "law", Roles: []string{"superior"}})
		number, _ := s.fileRare()
		base := "/desk/case/" + number
		register := base + "/papers/register"
		made := func() int { return s.w.Count("select count(*) from papers") }
		wants := func(res *http.Response, text string, status int, words ...string) {
			t.Helper()
			if res.StatusCode != status {
				t.Errorf("%d, wanted %d: %s", res.StatusCode, status, text)
			}
			for _, w := range words {
				if !strings.Contains(text, w) {
					t.Errorf("%q is not in %s", w, text)
				}
			}
		}
		res, text := hub.ask("GET", base+"/papers/acceptance", nil)
		wants(res, text, http.StatusConflict, "先办理")
		res, text = hub.fill(register, url.Values{"go": {"preview"}, "phone": {"0533-8210001"}})
		if pdf := readPDF(t, text); res.Header.Get("Content-Type") != "application/pdf" || !strings.Contains(pdf, "未编号") || !strings.Contains(pdf, "欧阳䶮𬭩") || made() != 0 {
			t.Errorf("%v %s, %d kept", res.Header, pdf, made())
		}
		res, text = hub.fill(register, url.Values{"agent": {strings.Repeat("长", 301)}})
		wants(res, text, http.StatusBadRequest, `id="f-agent-error"`, "长长长")
		form := url.Values{"go": {"make"}, "then": {"print"}}
		res, _ = hub.fill(register, form)
		at := res.Header.Get("Location")
		if _, text := hub.ask("POST", register, form); made() != 1 || at != base+"/paper/1" {
			t.Errorf("sent twice: %d papers, %q %s", made(), at, text)
		}
		res, text = hub.ask("GET", at, nil)
		if pdf := readPDF(t, text); !strings.Contains(pdf, "桓市监投登") || !strings.Contains(res.Header.Get("Content-Disposition"), "inline") {
			t.Errorf("%v %s", res.Header, pdf)
		}
		s.w.Do(number, "classify", "dispatch")
		res, text = hub.ask("GET", base+"?done=dispatch", nil)
		wants(res, text, http.StatusOK, base+"/papers/dispatch", "桓市监投登〔2026〕第0001号", "由 hub 制作", "有效")

		_, note := zhang.ask("GET", base+"/act/record_finding", nil) // written while papers are made beside
		_, other := li.ask("GET", base+"/papers/register", nil)
		v, err := s.w.Case(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			res, text = zhang.fill(register, url.Values{"go": {"make"}})
			wants(res, text, http.StatusSeeOther)
		}
		if after, err := s.w.Case(t.Context(), number); err != nil || after.Version != v.Version+2 {
			t.Fatalf("bound: version %d, then %d, %v", v.Version, after.Version, err)
		}
		typed := func(page string) url.Values {
			return url.Values{"key": {keyField.FindStringSubmatch(page)[1]}, "sees": {seesField.FindStringSubmatch(page)[1]}}
		}
		finding := typed(note)
		finding.Set("finding", "ART17a")
		res, text = zhang.ask("POST", base+"/act/record_finding", finding)
		wants(res, text, http.StatusSeeOther)
		stale := typed(other)
		stale.Set("agent", "王五")
		res, text = li.ask("POST", register, stale)
		wants(res, text, http.StatusConflict, "王五", `id="ch"`)
		res, text = li.ask("POST", register, typed(text))
		wants(res, text, http.StatusSeeOther)
		_, text = zhang.ask("GET", base, nil)
		if strings.Contains(text, "sha256") {
			t.Errorf("the log's own words for a paper: %s", text)
		}
		if n := strings.Count(text, "已被新版取代"); n != 3 {
			t.Errorf("%d of three are superseded: %s", n, text)
		}

		s.w.Do(number, "accept", "ask_consent", "one_consents", "both_consent")
		res, text = zhang.fill(base+"/papers/mediation", url.Values{"go": {"make"}})
		wants(res, text, http.StatusUnprocessableEntity, `id="f-to-error"`)
		res, text = zhang.fill(base+"/papers/mediation", url.Values{"go": {"make"}, "to": {"merchant"}, "where": {"二楼调解室"}})
		wants(res, text, http.StatusSeeOther)
		s.w.Do(number, "no_agreement_possible", "decide_termination")
		zhang.fill(base+"/papers/termination", url.Values{"go": {"make"}})
		res, _ = zhang.ask("GET", base+"/handover", nil)
		if res.StatusCode != http.StatusConflict {
			t.Errorf("before the court link: %d", res.StatusCode)
		}
		s.link(number)
		for who, v := range map[string]*visitor{"zhang": zhang, "clerk": court} {
			_, text := v.ask("GET", base, nil)
			if strings.Contains(text, "/papers/register") != (who == "zhang") || strings.Contains(text, "桓市监投登") != (who == "zhang") || !strings.Contains(text, "桓市监投终") || !strings.Contains(text, base+"/handover") {
				t.Errorf("%s: %s", who, text)
			}
			if res, _ := v.ask("GET", base+"/handover", nil); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/zip" {
				t.Errorf("%s: %d %v", who, res.StatusCode, res.Header)
			}
			if res, _ := v.ask("GET", base+"/paper/1", nil); res.StatusCode != map[string]int{"zhang": 200, "clerk": 404}[who] {
				t.Errorf("%s reads the register: %d", who, res.StatusCode)
			}
		}
		if _, text := law.ask("GET", base, nil); strings.Contains(text, base+"/handover") {
			t.Error("another authority is offered the file for the court")
		}
		if res, _ := law.ask("GET", base+"/handover", nil); res.StatusCode == http.StatusOK {
			t.Errorf("another authority: %d", res.StatusCode)
		}
		if res, _ := court.ask("GET", register, nil); res.StatusCode != http.StatusForbidden {
			t.Errorf("a clerk: %d", res.StatusCode)
		}
	})
}

// A paper of a closing that was corrected says so on the page.
func TestACorrectedPaperAtTheDesk(t *testing.T) {
	s := newSite(t, storetest.New(t))
	zhang := s.sit(store.User{Name: "zhang", Roles: []string{"officer"}})
	number, _ := s.fileRare()
	base := "/desk/case/" + number
	s.w.Do(number, "classify", "dispatch", "refuse")
	if res, text := zhang.fill(base+"/papers/refusal", url.Values{"go": {"make"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	s.w.Do(number, "correct_closing")
	if _, text := zhang.ask("GET", base, nil); !strings.Contains(text, "所依据的事项已更正") {
		t.Error(text)
	}
}
