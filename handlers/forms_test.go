package handlers_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"fangxin/store/storetest"
)

// form is one form of the pages: who fills it in, with what it is taken, and which
// of its fields may be typed into.
type form struct {
	name, path string
	v          *visitor
	good       url.Values
	typed      []string
	empty      bool // nothing need be answered
}

// forms are those of filing, of either side's acts and of a lost link, each ready
// to be filled in.
func (s *site) forms() []form {
	begun := s.visitor()
	begun.ask("POST", "/file", url.Values{"track": {"authority"}})
	var out []form
	good := answersOf("")
	good["you"].Set("as", "guardian")
	good["people"].Set("agent", "赵六")
	good["people"].Set("agent_phone", "13700000001")
	good["people"].Set("relation", "父亲")
	for _, step := range []struct{ name, typed string }{{"what", "story"}, {"merchant", "merchant platform listing shop_address shop_phone"}, {"deal", "bought"}, {"you", "name address identity"},
		{"people", "agent agent_phone relation other_1 other_phone_1 others"}, {"consent", ""}} { // in order: who there is, "you" says
		out = append(out, form{name: step.name, path: "/file/" + step.name, v: begun, good: good[step.name], typed: strings.Fields(step.typed)})
	}
	filed := s.visitor()
	number := filed.file("authority")
	officer := s.officer("officer", "hub")
	s.w.Do(number, "classify", "invite_settlement", "delivered")
	token, _ := s.give(number, officer, `{"recipient":"merchant"}`)
	shop, at := s.opened(number, token), "/c/"+number+"/act/"
	words := []string{"words"}
	return append(out,
		form{name: "answer", path: at + "answer", v: shop, good: url.Values{"answer_kind": {"question"}, "words": {"好"}}, typed: words},
		form{name: "disclaim", path: at + "disclaim", v: shop, good: url.Values{"reason": {"other_shop"}, "words": {"好"}}, typed: words},
		form{name: "merchant_refuses", path: at + "merchant_refuses", v: shop, good: url.Values{"reason": {"no_defect"}, "words": {"好"}}, typed: words},
		form{name: "answer_with_offer", path: at + "answer_with_offer", v: shop, good: url.Values{"amount": {"100"}, "due_on": {"2026-06-01"}, "words": {"好"}}, typed: words},
		form{name: "add_evidence", path: at + "add_evidence", v: filed, good: url.Values{"words": {"好"}}, typed: words},
		form{name: "amend_claim", path: at + "amend_claim", v: filed, good: url.Values{"amount": {"100"}}, typed: words, empty: true},
		form{name: "withdraw", path: at + "withdraw_before_acceptance", v: filed, good: url.Values{"warned": {"yes"}}, typed: words},
		form{name: "lost", path: "/lost", v: s.visitor(), good: url.Values{"number": {number}, "contact": {"13812345678"}}, typed: []string{"number", "contact"}},
	)
}

// Every form says what is wrong where it is, and keeps what was typed: empty, too
// long, with control characters, with a key that is not ours, with fields that it
// does not have.
func TestEveryFormKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t, storetest.New(t))
	for _, f := range s.forms() {
		cases := func() int { return s.w.Count("select count(*) from events") }
		before := cases()
		refused := func(what string, form url.Values, fields ...string) {
			t.Helper()
			res, text := f.v.fill(f.path, maps.Clone(form))
			if res.StatusCode < 400 || res.StatusCode >= 500 || !strings.Contains(text, `role="alert"`) {
				t.Errorf("%s, %s: %d", f.name, what, res.StatusCode)
			}
			for _, name := range fields {
				if !strings.Contains(text, `id="f-`+name+`-error"`) {
					t.Errorf("%s, %s: nothing is said at %s", f.name, what, name)
				}
				if typed := form.Get(name); len(typed) < 100 && !strings.Contains(text, typed) || !strings.Contains(text, typed[:min(len(typed), 60)]) {
					t.Errorf("%s, %s: %s is lost", f.name, what, name)
				}
			}
		}
		if !f.empty {
			refused("empty", url.Values{})
		}
		for _, name := range f.typed {
			long := maps.Clone(f.good)
			long.Set(name, strings.Repeat("长", map[bool]int{true: 600, false: 20_001}[f.name == "lost"])) // whose body is small
			refused("too long", long, name)
			broken := maps.Clone(f.good)
			broken.Set(name, "a\x00b\x1b[31m")
			refused("control characters", broken)
		}
		if f.name != "lost" { // whoever has lost his link has no secret to sign by
			forged := maps.Clone(f.good)
			forged.Set("key", "0198f2c1-0000-7000-8000-000000000000.AAAAAAAAAAAAAAAAAAAAAA")
			if res, text := f.v.ask("POST", f.path, forged); res.StatusCode != http.StatusConflict || len(f.typed) > 0 && f.good.Get(f.typed[0]) != "" && !strings.Contains(text, "f-"+f.typed[0]) {
				t.Errorf("%s, a forged key: %d", f.name, res.StatusCode)
			}
		}
		if n := cases(); n != before {
			t.Errorf("%s: %d events were written", f.name, n-before)
		}
		more := maps.Clone(f.good)
		for name, value := range map[string]string{"state": "CLOSED.closed", "track": "green_channel", "respondent_set": "true", "as_role": "officer", "offer": "7", "__proto__": "x"} {
			more.Set(name, value)
		}
		if slices.Contains([]string{"merchant_refuses", "disclaim", "answer", "withdraw"}, f.name) {
			continue // they end what the next form needs
		}
		if res, text := f.v.fill(f.path, more); res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusAccepted {
			t.Errorf("%s, with forged fields: %d %s", f.name, res.StatusCode, text)
		}
	}
	if log := s.payloads(); strings.Contains(log, "respondent_set") || strings.Contains(log, "CLOSED") {
		t.Error("a forged field counted")
	}
}
