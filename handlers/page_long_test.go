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
	if res, _ := v.fill("/lost", url.Values{"number": {strings.Repeat("x", 2<<20)}}); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(res.StatusCode)
	}
}
