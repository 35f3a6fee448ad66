package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"fangxin/store/storetest"
)

// A text that no field takes is said where it was typed, and is still there: also
// on the pages whose requests are otherwise small.
func TestTooLongIsSaidAtTheField(t *testing.T) {
	s := newSite(t, storetest.New(t))
	long := strings.Repeat("长", 30_000)
	v := s.visitor()
	for field, form := range map[string]url.Values{"number": {"number": {long}, "contact": {"13812345678"}}, "contact": {"number": {"HT-2026-000001-7"}, "contact": {long}}} {
		res, text := v.fill("/lost", form)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-`+field+`-error"`) || !strings.Contains(text, long) || !strings.Contains(text, "500") {
			t.Errorf("%s: %d", field, res.StatusCode)
		}
	}
	if res, text := v.fill("/green/link", url.Values{"contact": {long}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, long) {
		t.Error(res.StatusCode)
	}
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	v.fill("/file/you", url.Values{"name": {"王芳"}, "phone": {"13812345678"}})
	v.fill("/file/check", url.Values{})
	if res, text := v.fill("/file/check", url.Values{"code": {long}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-code-error"`) {
		t.Errorf("the code: %d", res.StatusCode)
	}
}

// More than any form takes is handed back with words, and where a form is larger still
// the answer is heard all the same; neither is kept. Programs get a problem.
func TestTooMuchIsHandedBack(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	much := strings.Repeat("长<b>", 200_000)
	res, text := v.fill("/lost", url.Values{"number": {much}, "contact": {"138"}, "password": {"geheim"}})
	if res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(text, strings.Repeat("长&lt;b&gt;", 200_000)) || !strings.Contains(text, ">138<") || !strings.Contains(text, `href="/lost"`) || strings.Contains(text, "geheim") {
		t.Errorf("%d, %d bytes", res.StatusCode, len(text))
	}
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	if res, _ := v.fill("/file/what", url.Values{"story": {much}}); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(res.StatusCode)
	}
	if _, text := v.ask("GET", "/file/what", nil); strings.Contains(text, "长&lt;b&gt;") {
		t.Error("what is too much was kept")
	}
	res, text = v.ask("POST", "/lost", url.Values{"number": {strings.Repeat("x", 20<<20)}})
	if res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(text, "太多") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if status, _, text := s.call("POST", "/api/v1/cases", "", `{"words":"`+strings.Repeat("x", 2<<20)+`"}`); status != http.StatusRequestEntityTooLarge || !strings.Contains(text, "too_large") {
		t.Errorf("%d %s", status, text)
	}
	res, text = v.bring("/join", "/join", url.Values{"go": {"next"}, "shop": {much}}, picked{"执照.pdf", append([]byte("%PDF-1.4\n"), make([]byte, 99)...)})
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "执照.pdf") || !strings.Contains(text, "长&lt;b&gt;") {
		t.Errorf("with files: %d", res.StatusCode)
	}
}
