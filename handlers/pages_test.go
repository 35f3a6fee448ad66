package handlers_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"fangxin/store/storetest"
)

// visitor is a browser without scripts: it keeps cookies and follows nothing.
type visitor struct {
	s      *site
	client *http.Client
}

func (s *site) visitor() *visitor {
	jar, _ := cookiejar.New(nil)
	return &visitor{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v *visitor) ask(method, path string, form url.Values, headers ...string) (*http.Response, string) {
	v.s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, v.s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.s.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return res, string(text)
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// fill asks for a page and sends its form.
func (v *visitor) fill(path string, form url.Values) (*http.Response, string) {
	v.s.t.Helper()
	_, text := v.ask("GET", path, nil)
	if m := keyField.FindStringSubmatch(text); m != nil {
		form.Set("key", m[1])
	}
	return v.ask("POST", path, form)
}

const naughty = `<script>alert("x")</script> ' " {{.X}} ${y} \u202e </textarea><img src=x onerror=alert(1)> 𠮷 金丝雀`

func answersOf(track string) map[string]url.Values {
	return map[string]url.Values{
		"what": {"story": {"健身房停业。" + naughty}}, "merchant": {"merchant": {"青禾" + naughty}, "shop_address": {"滨河路 12 号"}},
		"deal":    {"requests": {"refund", "compensate"}, "amount": {"1,560"}, "bought": {naughty}},
		"you":     {"name": {"王芳"}, "phone": {"138 1234 5678"}, "joint": {"yes"}},
		"people":  {"other_1": {"李四"}, "other_phone_1": {"13900000000"}, "others": {naughty}, "representative_1": {"李四"}},
		"consent": {"publish_consent": {"yes"}, "entrust_consent": {"no"}}, "review": {},
	}
}

// file writes a whole complaint over the pages and returns its number.
func (v *visitor) file(track string) string {
	v.s.t.Helper()
	if res, text := v.ask("POST", "/file", url.Values{"track": {track}}); res.StatusCode != http.StatusSeeOther {
		v.s.t.Fatalf("%d %s", res.StatusCode, text)
	}
	at := ""
	for _, step := range []string{"what", "merchant", "deal", "you", "people", "consent", "review"} {
		res, text := v.fill("/file/"+step, answersOf(track)[step])
		if res.StatusCode != http.StatusSeeOther {
			v.s.t.Fatalf("%s: %d %s", step, res.StatusCode, text)
		}
		at = res.Header.Get("Location")
	}
	return strings.TrimSuffix(strings.TrimPrefix(at, "/c/"), "/kept")
}

// A complaint is written, filed and read without scripts; what was typed is text
// wherever it appears; the merchant sees nothing of people.
func TestFiledOverThePages(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.visitor()
		number := v.file("authority")
		res, text := v.ask("GET", "/c/"+number, nil)
		if res.StatusCode != http.StatusOK || !strings.Contains(text, "健身房停业") || strings.Contains(text, "<script>alert") || strings.Contains(text, "<img") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if _, text := v.ask("GET", "/c/"+number+"/kept", nil); !strings.Contains(text, "/c/"+number+"#") || !strings.Contains(text, `class="qr"`) {
			t.Error("no link to keep")
		}
		for _, path := range []string{"/receipt", "/data", "/data/copy", "/act/add_evidence", "/act/withdraw_before_acceptance"} {
			if res, text := v.ask("GET", "/c/"+number+path, nil); res.StatusCode != http.StatusOK || strings.Contains(text, "<script>alert") {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
		}
		s.w.Do(number, "classify", "invite_settlement", "delivered")
		token, _ := s.give(number, s.officer("officer", "hub"), `{"recipient":"merchant"}`)
		shop := s.visitor()
		if res, _ := shop.ask("POST", "/c/"+number, url.Values{"code": {token}}); res.StatusCode != http.StatusSeeOther {
			t.Fatal(res.StatusCode)
		}
		_, text = shop.ask("GET", "/c/"+number, nil)
		if !strings.Contains(text, "健身房停业") || !strings.Contains(text, "/act/answer_with_offer") {
			t.Error(text)
		}
		for _, secret := range []string{"王芳", "13812345678", "138 1234 5678", "李四", "13900000000"} {
			if strings.Contains(text, secret) {
				t.Errorf("the merchant sees %s", secret)
			}
		}
		res, text = shop.fill("/c/"+number+"/act/answer_with_offer", url.Values{"amount": {"1280"}, "due_on": {"2026-05-29"}, "words": {"余款原路退回 " + naughty}})
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if _, text = v.ask("GET", "/c/"+number, nil); !strings.Contains(text, "1,280.00") || !strings.Contains(text, "/act/accept_offer") {
			t.Error(text)
		}
		if log := s.payloads(); strings.Contains(log, "128000") {
			t.Error("the log holds what was offered")
		}
		if res, text := v.fill("/c/"+number+"/act/accept_offer", url.Values{"offer": {"1"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if c, err := s.w.Case(context.Background(), number); err != nil || c.State != "NEGOTIATION.settled_pending_performance" || c.Facts["due_on"] != "2026-05-29" {
			t.Errorf("%s %v %v", c.State, c.Facts, err)
		}
		if strings.Contains(s.logs.String(), "金丝雀") || strings.Contains(s.logs.String(), token) || strings.Contains(s.logs.String(), number) {
			t.Error("the log tells")
		}
	})
}

// However often a form is sent it is one case and one act; the form of another
// page, or none of ours, does nothing and loses nothing.
func TestOneFormOneAct(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	for _, step := range []string{"what", "merchant", "deal", "you", "people", "consent"} {
		v.fill("/file/"+step, answersOf("")[step])
	}
	_, text := v.ask("GET", "/file/review", nil)
	key := keyField.FindStringSubmatch(text)[1]
	for range 3 {
		if res, text := v.ask("POST", "/file/review", url.Values{"key": {key}}); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/c/") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
	}
	if n := s.w.Count("select count(*) from cases"); n != 1 {
		t.Fatalf("%d cases", n)
	}
	var number string
	if err := s.w.Pool().QueryRow("select number from cases").Scan(&number); err != nil {
		t.Fatal(err)
	}
	s.w.Do(number, "classify", "invite_settlement", "delivered", "answer_with_offer")
	path := "/c/" + number + "/act/say"
	_, text = v.ask("GET", path, nil)
	key = keyField.FindStringSubmatch(text)[1]
	for range 2 {
		if res, text := v.ask("POST", path, url.Values{"key": {key}, "words": {"一次"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
	}
	for _, forged := range []string{"", "x", key + "x", strings.Replace(key, ".", "0.", 1)} {
		res, text := v.ask("POST", path, url.Values{"key": {forged}, "words": {"伪造的表单金丝雀"}})
		if res.StatusCode != http.StatusConflict || !strings.Contains(text, "伪造的表单金丝雀") {
			t.Errorf("%q: %d", forged, res.StatusCode)
		}
	}
	if res, _ := v.ask("POST", path, url.Values{"key": {key}, "words": {"别处"}}, "Sec-Fetch-Site", "cross-site", "Origin", "http://other.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site: %d", res.StatusCode)
	}
	if n := s.w.Count(`select count(*) from events where payload like '%"event":"say"%'`); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// A link that ended between typing and sending: every word is still there, and
// goes on under the new link.
func TestALinkThatEndsMeanwhile(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	number := v.file("authority")
	officer := s.officer("officer", "hub")
	s.w.Do(number, "classify", "invite_settlement", "delivered", "answer_with_offer")
	path := "/c/" + number + "/act/say"
	_, page := v.ask("GET", path, nil)
	key := keyField.FindStringSubmatch(page)[1]
	s.w.Run("update links set revoked_at = 1 where revoked_at is null")
	res, text := v.ask("POST", path, url.Values{"key": {key}, "words": {"打到一半的话"}})
	if res.StatusCode != http.StatusGone || !strings.Contains(text, "打到一半的话") || !strings.Contains(text, `name="then" value="say"`) {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	out, _ := s.ok("POST", "/api/v1/cases/"+number+"/links", officer, `{"party":"consumer"}`)
	token := out["token"].(string)
	again := url.Values{"then": {"say"}, "words": {"打到一半的话"}, "code": {"wrong"}}
	if res, text := v.ask("POST", "/c/"+number, again); res.StatusCode != http.StatusGone || !strings.Contains(text, "打到一半的话") {
		t.Errorf("a wrong code: %d %s", res.StatusCode, text)
	}
	again.Set("code", s.URL+"/c/"+number+"#"+token)
	res, text = v.ask("POST", "/c/"+number, again)
	if res.StatusCode != http.StatusOK || !strings.Contains(text, "打到一半的话") {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, _ := v.ask("POST", path, url.Values{"key": {keyField.FindStringSubmatch(text)[1]}, "words": {"打到一半的话"}}); res.StatusCode != http.StatusSeeOther {
		t.Error(res.StatusCode)
	}
}

// A draft is gone on with on another device by its own link, and by nothing else.
func TestADraftElsewhere(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v, other := s.visitor(), s.visitor()
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	v.fill("/file/what", url.Values{"story": {"在手机上写了一半"}})
	_, text := v.ask("GET", "/file/merchant", nil)
	link := regexp.MustCompile(`http[^<]+/file/resume#[^<]+`).FindString(text)
	if res, _ := other.ask("POST", "/file/resume", url.Values{"code": {strings.Repeat("A", 43)}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("a guess: %d", res.StatusCode)
	}
	if res, _ := other.ask("POST", "/file/resume", url.Values{"code": {link}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%q: %d", link, res.StatusCode)
	}
	if _, text := other.ask("GET", "/file/what", nil); !strings.Contains(text, "在手机上写了一半") {
		t.Error(text)
	}
	s.w.Advance(31 * 24 * time.Hour)
	res, text := v.fill("/file/what", url.Values{"story": {"三十一天以后"}})
	if res.StatusCode != http.StatusGone || !strings.Contains(text, "三十一天以后") {
		t.Errorf("after its time: %d", res.StatusCode)
	}
}

// Whoever has no link learns nothing: a case that is not there looks the same.
func TestStrangersLearnNothing(t *testing.T) {
	s := newSite(t, storetest.New(t))
	number := s.visitor().file("authority")
	strip := func(text, number string) string { return strings.ReplaceAll(text, number, "N") }
	other := "HT-2026-000999-4"
	for n := range 10 { // whichever digit fits
		if res, _ := s.visitor().ask("GET", "/c/HT-2026-000999-"+string(rune('0'+n)), nil); res.StatusCode == http.StatusOK {
			other = "HT-2026-000999-" + string(rune('0'+n))
		}
	}
	v := s.visitor()
	for _, form := range []url.Values{nil, {"code": {strings.Repeat("A", 43)}}} {
		method := map[bool]string{true: "GET", false: "POST"}[form == nil]
		a, there := v.ask(method, "/c/"+number, form)
		b, absent := v.ask(method, "/c/"+other, form)
		if a.StatusCode != b.StatusCode || strip(there, number) != strip(absent, other) || strings.Contains(there, "健身") {
			t.Errorf("%s: %d and %d", method, a.StatusCode, b.StatusCode)
		}
	}
	officer := s.officer("officer", "hub")
	if res, text := v.ask("GET", "/c/"+number, nil, "Cookie", "case="+officer); res.StatusCode != http.StatusOK || strings.Contains(text, "健身") {
		t.Errorf("an officer's token as a cookie: %d", res.StatusCode)
	}
}

// A first visit weighs less than 60 KB, a case's page less than 40, as they travel.
func TestPagesAreLight(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	number := v.file("authority")
	s.w.Do(number, "classify", "invite_settlement", "delivered", "answer_with_offer", "counter", "counter")
	weigh := func(path string) int {
		_, plain := v.ask("GET", path, nil)
		total := 0
		for _, at := range append(regexp.MustCompile(`/static/[^"]+`).FindAllString(plain, -1), path) {
			res, text := v.ask("GET", at, nil, "Accept-Encoding", "gzip, br")
			if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") == "" {
				t.Errorf("%s: %d, %q", at, res.StatusCode, res.Header.Get("Content-Encoding"))
			}
			total += len(text)
			if res.Header.Get("Content-Encoding") == "gzip" && at == path {
				z, err := gzip.NewReader(strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				if whole, err := io.ReadAll(z); err != nil || len(whole) < len(plain)/2 {
					t.Errorf("%s: %d bytes, %v", at, len(whole), err)
				}
			}
		}
		t.Logf("%s: %d bytes", path, total)
		return total
	}
	for path, most := range map[string]int{"/": 60_000, "/file": 60_000, "/c/" + number: 40_000} {
		if n := weigh(path); n > most {
			t.Errorf("%s: %d bytes", path, n)
		}
	}
}

// Every page says all of its words, in both languages, and no page is another
// site's to frame, to script or to read.
func TestEveryPageSaysItsWords(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	number := v.file("green_channel")
	s.w.Do(number, "classify", "open_green_channel", "delivered", "answer_with_offer")
	draft := s.visitor()
	draft.ask("POST", "/file", url.Values{"track": {"green_channel"}})
	missing := regexp.MustCompile(`\b(?:page|event|clock|request|outcome|reason)\.[a-z_]+(?:\.[a-z_]+)*\b|<no value>`)
	look := func(v *visitor, path string) {
		for _, lang := range []string{"zh", "en"} {
			v.ask("POST", "/preferences", url.Values{"set": {"lang:" + lang}})
			res, text := v.ask("GET", path, nil)
			if m := missing.FindString(text); m != "" || res.StatusCode >= 500 {
				t.Errorf("%s in %s: %d %q", path, lang, res.StatusCode, m)
			}
			if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: %s", path, policy)
			}
		}
	}
	for _, path := range []string{"/", "/guide", "/file", "/lost", "/lost?number=x", "/track?number=x", "/nowhere", "/file/resume", "/c/" + number} {
		look(s.visitor(), path)
	}
	draft.fill("/file/what", url.Values{"story": {"x"}})
	draft.fill("/file/you", url.Values{"name": {"王芳"}, "phone": {"13812345678"}, "as": {"guardian"}, "joint": {"yes"}})
	for _, step := range []string{"what", "merchant", "deal", "you", "people", "check", "consent", "review"} {
		look(draft, "/file/"+step)
	}
	draft.fill("/file/check", url.Values{})
	look(draft, "/file/check")
	for _, path := range []string{"", "/kept", "/data", "/act/say", "/act/accept_offer", "/act/counter", "/act/escalate", "/act/withdraw_before_acceptance", "/act/change_consent", "/act/settle_outside", "/act/rate"} {
		look(v, "/c/"+number+path)
	}
}

// Who asks for a lost link is told the same whether the case is there, the number
// is his or neither; only the spelling is mended. One form asks once.
func TestALostLinkTellsAnOutsiderNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number := s.visitor().file("authority")
		none := "HT-2026-000999-"
		for n := range 10 { // whichever digit fits
			if res, _ := s.visitor().ask("GET", "/c/"+none+string(rune('0'+n)), nil); res.StatusCode == http.StatusOK {
				none += string(rune('0' + n))
				break
			}
		}
		v, answers := s.visitor(), map[string]bool{}
		for _, form := range []url.Values{{"number": {number}, "contact": {"13812345678"}}, {"number": {number}, "contact": {"13800000000"}}, {"number": {none}, "contact": {"13812345678"}},
			{"number": {" " + strings.ToLower(number)}, "contact": {"a@example.com"}}} {
			before := s.w.Count("select count(*) from letters where topic = 'lost'")
			res, text := v.fill("/lost", form)
			again, _ := v.ask("POST", "/lost", form)
			if n := s.w.Count("select count(*) from letters where topic = 'lost'") - before; res.StatusCode != http.StatusAccepted || again.StatusCode != http.StatusAccepted || n != 1 {
				t.Errorf("%v: %d, %d letters", form, res.StatusCode, n)
			}
			answers[text] = true
		}
		if len(answers) != 1 {
			t.Errorf("%d different answers", len(answers))
		}
		for field, form := range map[string]url.Values{"number": {"number": {"HT-1"}, "contact": {"13812345678"}}, "contact": {"number": {number}, "contact": {"不记得"}}} {
			res, text := v.fill("/lost", form)
			if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-`+field+`-error"`) || !strings.Contains(text, form.Get(field)) {
				t.Errorf("%s: %d", field, res.StatusCode)
			}
		}
		if strings.Contains(s.logs.String(), "13812345678") {
			t.Error("the log tells")
		}
	})
}
