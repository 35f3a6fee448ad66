package handlers_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The county's list shows who is in force, by town, with the address and the way to
// complain first, and nothing of people; a search finds by name and by initials;
// who is suspended, has not been approved or is over is not there.
func TestTheCountysList(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer", "hub")
		at := map[string]string{}
		shown := func(path string) string {
			t.Helper()
			res, text := s.visitor().ask("GET", path, nil)
			if res.StatusCode != http.StatusOK || strings.Contains(text, "13900000") || strings.Contains(text, "李娜") || strings.Contains(text, "<b>乙") {
				t.Errorf("%s: %d %s", path, res.StatusCode, text)
			}
			var names []string
			for _, m := range regexp.MustCompile(`(?s)<div><b>(.*?)</b>`).FindAllStringSubmatch(text, -1) {
				names = append(names, m[1])
			}
			return strings.Join(names, " ")
		}
		if got := shown("/merchants"); got != "" {
			t.Error(got)
		}
		for i, x := range []struct{ name, town, domain string }{{"丙超市", "370321105", "1"}, {"<b>乙饭店", "370321001", "2"}, {"甲商行", "370321001", "1"}, {"未批准店", "370321001", "1"}} {
			shop := ask(t, s, http.StatusCreated, "POST", "/api/v1/merchants", officer, `{"name":"`+x.name+`","town":"`+x.town+`","domain":`+x.domain+`,"shop_address":"大街`+fmt.Sprint(i)+`号","why":"x"}`)["id"].(string)
			at[x.name] = "/api/v1/memberships/" + ask(t, s, http.StatusCreated, "POST", "/api/v1/memberships", officer, `{"merchant":"`+shop+`",`+wholeChecklist+`,`+bothPapers+`,"people":[{"role":"contact","name":"李娜","phone":"1390000003`+fmt.Sprint(i)+`"}],"why":"x"}`)["id"].(string)
			if x.name != "未批准店" {
				ask(t, s, http.StatusOK, "POST", at[x.name]+"/decisions", officer, `{"verdict":"approve","why":"x"}`)
			}
		}
		for path, want := range map[string]string{"/merchants": "甲商行 &lt;b&gt;乙饭店 丙超市", "/merchants?q=%E5%95%86%E8%A1%8C": "甲商行", "/merchants?q=jsh": "甲商行", "/merchants?q=CS": "丙超市", "/merchants?town=370321105": "丙超市", "/merchants?domain=1": "甲商行 丙超市",
			"/merchants?domain=x&page=-7": "甲商行 &lt;b&gt;乙饭店 丙超市", "/merchants?page=99": "甲商行 &lt;b&gt;乙饭店 丙超市", "/merchants?q=%E6%B2%A1%E6%9C%89": "", "/": "丙超市 &lt;b&gt;乙饭店 甲商行"} {
			if got := shown(path); got != want {
				t.Errorf("%s: %s, not %s", path, got, want)
			}
		}
		_, text := s.visitor().ask("GET", "/merchants", nil)
		to := regexp.MustCompile(`href="(/s/[0-9a-z]{10})"`).FindAllStringSubmatch(text, -1)
		if len(to) != 3 || strings.Count(text, `class="town"`) != 2 || !strings.Contains(text, "大街2号") {
			t.Fatalf("%v", text)
		}
		if _, text := s.visitor().ask("GET", to[0][1], nil); !strings.Contains(text, "甲商行") {
			t.Error("the way does not lead to the shop")
		}
		ask(t, s, http.StatusOK, "POST", at["甲商行"]+"/decisions", officer, `{"verdict":"suspend","why":"x"}`)
		if got := shown("/merchants"); got != "&lt;b&gt;乙饭店 丙超市" {
			t.Error(got)
		}
		s.w.Advance(366 * 24 * time.Hour)
		if got := shown("/merchants") + shown("/"); got != "" {
			t.Error("after the term: " + got)
		}
	})
}
