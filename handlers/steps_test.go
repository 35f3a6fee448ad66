package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"fangxin/store/storetest"
)

// write answers steps of a complaint, each sent to the next, and returns where the
// last led.
func (v *visitor) write(answers map[string]url.Values, steps ...string) string {
	v.s.t.Helper()
	at := ""
	for _, step := range steps {
		res, text := v.fill("/file/"+step, answers[step])
		if res.StatusCode != http.StatusSeeOther {
			v.s.t.Fatalf("%s: %d %s", step, res.StatusCode, text)
		}
		at = res.Header.Get("Location")
	}
	return at
}

func alone() map[string]url.Values {
	answers := answersOf("")
	answers["merchant"] = url.Values{"merchant": {"青禾健身"}, "shop_address": {"滨河路 12 号"}}
	answers["you"] = url.Values{"name": {"王芳"}, "phone": {"138 1234 5678"}}
	return answers
}

// begun is a visitor who has written everything up to the check.
func (s *site) begun() *visitor {
	v := s.visitor()
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	if at := v.write(alone(), "what", "merchant", "deal", "you"); at != "/file/check" {
		s.t.Fatal(at)
	}
	return v
}

func (v *visitor) finish() string {
	at := v.write(alone(), "consent", "review")
	return strings.TrimSuffix(strings.TrimPrefix(at, "/c/"), "/kept")
}

// A code that is entered is in the log, as the API would have it; a wrong one loses
// nothing; a double click sends one; again only after the pause.
func TestAContactIsCheckedOverThePages(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.begun()
		_, text := v.ask("GET", "/file/check", nil)
		key := keyField.FindStringSubmatch(text)[1]
		for range 2 {
			if res, text := v.ask("POST", "/file/check", url.Values{"key": {key}, "go": {"next"}}); res.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d %s", res.StatusCode, text)
			}
		}
		letters := "select count(*) from letters"
		if n := s.w.Count(letters); n != 1 {
			t.Fatalf("%d codes", n)
		}
		code := s.codeOf()
		if res, _ := v.fill("/file/check", url.Values{"go": {"again"}}); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("within the pause: %d", res.StatusCode)
		}
		s.w.Advance(61 * time.Second)
		if res, _ := v.fill("/file/check", url.Values{"go": {"again"}}); res.StatusCode != http.StatusSeeOther || s.w.Count(letters) != 2 {
			t.Errorf("after the pause: %d", res.StatusCode)
		}
		if res, text := v.fill("/file/check", url.Values{"code": {code + "1"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-code-error"`) {
			t.Errorf("a wrong code: %d", res.StatusCode)
		}
		wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, s.codeOf())
		if res, text := v.fill("/file/check", url.Values{"code": {" " + wide + " "}}); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/file/consent" {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		v.finish()
		if log := s.payloads(); !strings.Contains(log, `"contact_checked":"phone"`) {
			t.Error(log)
		}
		if strings.Contains(s.logs.String(), code) {
			t.Error("the log tells a code")
		}
	})
}

// Whoever skips the check, changes the number afterwards or waits for two days is
// taken all the same, as not checked.
func TestAComplaintNeedsNoCheck(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.begun().finish()
	other := s.begun()
	other.fill("/file/check", url.Values{})
	other.fill("/file/check", url.Values{"code": {s.codeOf()}})
	changed := alone()
	changed["you"].Set("phone", "13900000009")
	other.write(changed, "you")
	if _, text := other.ask("GET", "/file/check", nil); !strings.Contains(text, "13900000009") || strings.Contains(text, "f-code") {
		t.Error("a code for another number is asked for")
	}
	other.finish()
	late := s.begun()
	s.w.Advance(2 * time.Minute)
	late.fill("/file/check", url.Values{})
	late.fill("/file/check", url.Values{"code": {s.codeOf()}})
	s.w.Run("update contact_checks set used_by = 'another'")
	late.finish()
	if n := strings.Count(s.payloads(), `"contact_checked":"none"`); n != 3 || s.w.Count("select count(*) from cases") != 3 {
		t.Errorf("%d of %d are not checked", n, s.w.Count("select count(*) from cases"))
	}
}

// Without a telephone or a mailbox nothing can be checked and nobody is asked.
func TestNothingToCheck(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	post := alone()
	post["you"] = url.Values{"name": {"王芳"}, "address": {"桓台县索镇街道一号"}}
	if at := v.write(post, "what", "merchant", "deal", "you"); at != "/file/consent" {
		t.Error(at)
	}
	if res, _ := v.ask("GET", "/file/check", nil); res.Header.Get("Location") != "/file/consent" {
		t.Error(res.Header.Get("Location"))
	}
	if res, _ := v.fill("/file/check", url.Values{}); res.Header.Get("Location") != "/file/consent" {
		t.Error(res.Header.Get("Location"))
	}
}

// A possible duplicate is shown to who holds the telephone, and to the browser that
// filed before; to nobody else, whatever number he types.
func TestADuplicateIsShownToItsOwnFiler(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		first := s.begun()
		number := first.finish()
		shown := func(v *visitor) bool {
			v.write(alone(), "consent")
			_, text := v.ask("GET", "/file/review", nil)
			return strings.Contains(text, number)
		}
		if shown(s.begun()) {
			t.Error("a stranger with the number is told")
		}
		holder := s.begun()
		holder.fill("/file/check", url.Values{})
		holder.fill("/file/check", url.Values{"code": {s.codeOf()}})
		if !shown(holder) {
			t.Error("its holder is not told")
		}
		first.ask("POST", "/file", url.Values{"track": {"authority"}})
		first.write(alone(), "what", "merchant", "deal", "you")
		if !shown(first) {
			t.Error("the browser that filed it is not told")
		}
		elsewhere := alone()
		elsewhere["merchant"].Set("shop_address", "另一条路 3 号")
		holder.write(elsewhere, "merchant")
		if shown(holder) {
			t.Error("of another shop")
		}
		holder.write(alone(), "merchant")
		s.w.Do(number, "withdraw_before_acceptance")
		if shown(holder) {
			t.Error("of a closed case")
		}
	})
}

// Who acts for somebody, and who complains with him, is named in fields of its own;
// what is left out is said at the field.
func TestPeopleBesideTheComplainant(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	answers := alone()
	answers["you"].Set("as", "agent")
	answers["you"].Set("joint", "yes")
	if at := v.write(answers, "what", "merchant", "deal", "you"); at != "/file/people" {
		t.Fatal(at)
	}
	for field, form := range map[string]url.Values{
		"agent": {}, "agent_phone": {"agent": {"赵六"}}, "authority": {}, "other_1": {}, "other_phone_2": {"other_2": {"李四"}},
		"representative_1": {"other_1": {"李四"}, "representative_1": {"路人"}},
	} {
		if res, text := v.fill("/file/people", form); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-`+field+`-error"`) && !strings.Contains(text, `#f-`+field+`"`) {
			t.Errorf("%s: %d", field, res.StatusCode)
		}
	}
	answers["people"] = url.Values{"agent": {"赵六"}, "agent_phone": {"13700000001"}, "authority": {"special"}, "other_1": {"李四"}, "other_phone_1": {"13900000000"}, "representative_1": {"王芳"}, "representative_2": {"李四"}}
	if at := v.write(answers, "people"); at != "/file/check" {
		t.Error(at)
	}
	_, text := v.ask("GET", "/file/review", nil)
	for _, want := range []string{"赵六", "13700000001", "李四", "13900000000"} {
		if !strings.Contains(text, want) {
			t.Errorf("the review lacks %s", want)
		}
	}
	number := v.finish()
	if _, text = v.ask("GET", "/c/"+number, nil); !strings.Contains(text, "特别授权") || !strings.Contains(text, "推选的代表：王芳 李四") {
		t.Error(text)
	}
}
