package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

var (
	waitingTile = regexp.MustCompile(`/act/[a-z_]+/files/([A-Z2-7]{26})/content`)
	caseTile    = regexp.MustCompile(`href="(/c/[^"]+/files/[A-Z2-7]{26})"`)
)

// held are the files that a form shows as waiting for it.
func held(text string) []string {
	var out []string
	for _, m := range waitingTile.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// shopAt opens a case as its merchant.
func (s *site) shopAt(number string) *visitor {
	s.t.Helper()
	token, _ := s.give(number, s.officer("officer", "hub"), `{"recipient":"merchant"}`)
	v := s.visitor()
	if res, _ := v.ask("POST", "/c/"+number, url.Values{"code": {token}}); res.StatusCode != http.StatusSeeOther {
		s.t.Fatal(res.StatusCode)
	}
	return v
}

// Both sides add evidence and see each other's; each takes back its own, while
// nothing relies on it.
func TestEvidenceOfBothSides(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.visitor()
		number := v.file("authority")
		s.w.Do(number, "classify", "invite_settlement", "delivered")
		shop := s.shopAt(number)
		form, to := "/c/"+number+"/act/add_evidence", "/c/"+number+"/act/add_evidence/files"
		if res, text := v.bring(form, to, url.Values{"go": {"next"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-words-error"`) {
			t.Errorf("nothing at all: %d", res.StatusCode)
		}
		pdf := append([]byte("%PDF-1.4\n<script>alert(1)</script>"), make([]byte, 100)...)
		if res, text := v.bring(form, to, url.Values{"go": {"next"}}, picked{"发票.jpg", jpegOf(t, 30, 30)}, picked{"合同<script>alert(1) ' {{.X}} 𠮷.pdf", pdf}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if n := s.w.Count(`select count(*) from events where payload like '%"event":"add_evidence"%'`); n != 1 {
			t.Errorf("%d acts", n)
		}
		shop.bring(form, to, url.Values{"go": {"next"}, "words": {"监控"}}, picked{"监控.jpg", jpegOf(t, 31, 30)})
		var paths []string
		for _, who := range []*visitor{v, shop} {
			_, text := who.ask("GET", "/c/"+number, nil)
			paths = nil
			for _, m := range caseTile.FindAllStringSubmatch(text, -1) {
				paths = append(paths, m[1])
			}
			if len(paths) != 3 || !strings.Contains(text, "3 个文件") || !strings.Contains(text, "发票.jpg") || strings.Contains(text, "<script>alert") {
				t.Errorf("%d files", len(paths))
			}
		}
		taken := 0
		for _, path := range paths {
			_, mine := v.ask("GET", path, nil)
			if strings.Contains(mine, "<script>alert") || !strings.Contains(mine, "SHA-256") {
				t.Error("the page of a file")
			}
			res, body := shop.ask("GET", path+"/content", nil)
			h := res.Header
			if res.StatusCode != http.StatusOK || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%d %v", res.StatusCode, h)
			}
			if strings.HasPrefix(body, "%PDF") && !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename*=utf-8''%E5%90%88%E5%90%8C") {
				t.Error(h.Get("Content-Disposition"))
			}
			if res, _ := s.visitor().ask("GET", path+"/content", nil); res.StatusCode != http.StatusNotFound {
				t.Errorf("a stranger: %d", res.StatusCode)
			}
			if !strings.Contains(mine, path+"/remove") { // the other side's
				v.ask("POST", path+"/remove", url.Values{"key": {keyField.FindStringSubmatch(must(v.ask("GET", "/c/"+number, nil)))[1]}})
				continue
			}
			if res, _ := v.ask("POST", path+"/remove", url.Values{"key": {"x"}}); res.StatusCode != http.StatusConflict {
				t.Errorf("forged: %d", res.StatusCode)
			}
			if res, text := v.ask("POST", path+"/remove", url.Values{"key": {keyField.FindStringSubmatch(mine)[1]}}); res.StatusCode != http.StatusSeeOther {
				t.Errorf("%d %s", res.StatusCode, text)
			}
			taken++
		}
		if n := s.w.Count("select count(*) from files where state = 'removed' and side = 'consumer'"); n != 2 || taken != 2 || s.w.Count("select count(*) from files where state = 'kept'") != 1 {
			t.Errorf("%d and %d were taken back", taken, n)
		}
	})
}

func must(_ *http.Response, text string) string { return text }

// A report of performance needs its proof, happens once however often it is sent,
// and its proof stays.
func TestPerformanceWithProof(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.visitor()
		number := v.file("authority")
		s.w.Do(number, "classify", "invite_settlement", "delivered", "answer_with_offer", "accept_offer")
		shop := s.shopAt(number)
		if _, text := shop.ask("GET", "/c/"+number, nil); !strings.Contains(text, "/act/report_performance") {
			t.Fatal("not offered")
		}
		form, to := "/c/"+number+"/act/report_performance", "/c/"+number+"/act/report_performance/files"
		res, text := shop.bring(form, to, url.Values{"go": {"next"}, "words": {"已退到原卡"}})
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-files-error"`) || !strings.Contains(text, "已退到原卡") {
			t.Errorf("without proof: %d", res.StatusCode)
		}
		shop.bring(form, to, url.Values{"go": {"add"}, "words": {"已退到原卡"}}, picked{"转账.jpg", jpegOf(t, 40, 20)})
		_, text = shop.ask("GET", form, nil)
		ids := held(text)
		if len(ids) != 1 || !strings.Contains(text, "已退到原卡") {
			t.Fatalf("%v waits, and what was typed", ids)
		}
		if res, _ := shop.ask("GET", form+"/files/"+ids[0]+"/small", nil); res.StatusCode != http.StatusOK {
			t.Error(res.StatusCode)
		}
		if res, _ := v.ask("GET", form+"/files/"+ids[0]+"/small", nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("the other side, before it was sent: %d", res.StatusCode)
		}
		body, kind := shop.body(form, url.Values{"go": {"next"}, "words": {"已退到原卡"}, "held": ids, "performed_on": {"2026-05-06"}, "performed": {"1280"}}, picked{"收据.jpg", jpegOf(t, 41, 20)})
		for range 3 {
			if res, text := shop.post(to, body, kind); res.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d %s", res.StatusCode, text)
			}
		}
		if n := s.w.Count(`select count(*) from events where payload like '%"event":"report_performance"%' and payload like '%` + ids[0] + `%'`); n != 1 {
			t.Errorf("%d reports", n)
		}
		if _, text := shop.ask("GET", form, nil); len(held(text)) != 0 || strings.Contains(text, "已退到原卡") {
			t.Error("something waits still")
		}
		_, text = v.ask("GET", "/c/"+number, nil)
		if !strings.Contains(text, "转账.jpg") || !strings.Contains(text, "收据.jpg") || !strings.Contains(text, "已退到原卡") {
			t.Error("the consumer does not see the proof")
		}
		_, mine := shop.ask("GET", "/c/"+number+"/files/"+ids[0], nil)
		if strings.Contains(mine, "/remove") {
			t.Error("a proof is offered to be taken back")
		}
		if res, text := shop.ask("POST", "/c/"+number+"/files/"+ids[0]+"/remove", url.Values{"key": {keyField.FindStringSubmatch(must(shop.ask("GET", form, nil)))[1]}}); res.StatusCode != http.StatusConflict {
			t.Errorf("%d %s", res.StatusCode, text)
		}
	})
}

// A link that ended between typing and sending: every word and every photo goes on
// under the new one; a connection that broke keeps both as well.
func TestALinkThatEndsWithPhotos(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		v := s.visitor()
		number := v.file("authority")
		form, to := "/c/"+number+"/act/add_evidence", "/c/"+number+"/act/add_evidence/files"
		body, kind := v.body(form, url.Values{"words": {"断线以前写的"}}, picked{"0.jpg", jpegOf(t, 21, 20)}, picked{"1.jpg", jpegOf(t, 22, 20)})
		v.cut(to, body, kind, strings.Index(body, "1.jpg")+200)
		_, text := v.ask("GET", form, nil)
		if len(held(text)) != 1 || !strings.Contains(text, "断线以前写的") {
			t.Fatalf("%v", held(text))
		}
		officer := s.officer("officer", "hub")
		body, kind = v.body(form, url.Values{"go": {"next"}, "words": {"第一行\r\n第二行 " + naughty}}, picked{"2.jpg", jpegOf(t, 23, 20)}, picked{"3.jpg", jpegOf(t, 24, 20)})
		if err := s.w.RevokeLinks(t.Context(), number, "consumer"); err != nil {
			t.Fatal(err)
		}
		res, text := v.post(to, body, kind)
		if res.StatusCode != http.StatusGone || !strings.Contains(text, "第二行") || strings.Contains(text, "<script>alert") {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		secret := regexp.MustCompile(`name="uploads" value="([^"]+)"`).FindStringSubmatch(text)[1]
		out, _ := s.ok("POST", "/api/v1/cases/"+number+"/links", officer, `{"party":"consumer"}`)
		again := url.Values{"then": {"add_evidence"}, "words": {"第一行\n第二行"}, "uploads": {secret}, "code": {"wrong"}}
		if res, text := v.ask("POST", "/c/"+number, again); res.StatusCode != http.StatusGone || !strings.Contains(text, secret) {
			t.Errorf("a wrong code: %d", res.StatusCode)
		}
		again.Set("code", out["token"].(string))
		res, text = v.ask("POST", "/c/"+number, again)
		ids := held(text)
		if res.StatusCode != http.StatusOK || len(ids) != 3 || !strings.Contains(text, "第二行") {
			t.Fatalf("%d: %d files", res.StatusCode, len(ids))
		}
		if res, text := v.bring(form, to, url.Values{"go": {"next"}, "words": {"第一行\n第二行"}, "held": ids}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if n := s.w.Count("select count(*) from files where case_id is not null"); n != 3 {
			t.Errorf("%d files", n)
		}
	})
}

// What the scanner has not looked at is shown as being checked, and not delivered.
func TestPendingIsShown(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	number := v.file("authority")
	heif := append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, 100)...)
	v.bring("/c/"+number+"/act/add_evidence", "/c/"+number+"/act/add_evidence/files", url.Values{"go": {"next"}}, picked{"慢.heic", heif})
	_, text := v.ask("GET", "/c/"+number, nil)
	path := caseTile.FindStringSubmatch(text)[1]
	if !strings.Contains(text, "正在检查") {
		t.Error("not shown")
	}
	if _, text := v.ask("GET", path, nil); strings.Contains(text, "/content") {
		t.Error("offered")
	}
	if res, _ := v.ask("GET", path+"/content", nil); res.StatusCode != http.StatusConflict {
		t.Error(res.StatusCode)
	}
}

// served records for every notice of a case that it arrived.
func (s *site) served(number string) {
	s.t.Helper()
	c, err := s.w.Case(s.t.Context(), number)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, n := range c.Notices {
		if !n.Told {
			_, err = s.w.Execute(s.t.Context(), store.Request{Case: number, Command: workflow.Command{Event: "notice_served", Actor: workflow.Actor{Role: "officer", ID: "officer"}, Input: workflow.Input{Notice: n.No, Proof: "hand_receipt", Paper: "R-1"}}})
		}
		if err != nil {
			s.t.Log(n, err)
		}
	}
}

// A court's decision is told with its paper.
func TestACourtsPaper(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	number := v.file("authority")
	s.w.Do(number, "classify", "invite_settlement", "delivered", "merchant_refuses", "accept", "ask_consent", "one_consents", "both_consent", "no_agreement_possible", "decide_termination")
	s.served(number)
	s.w.Do(number, "told_offer_link", "sue")
	form := "/c/" + number + "/act/court_result"
	if res, text := v.bring(form, form+"/files", url.Values{"go": {"next"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-files-error"`) || !strings.Contains(text, `id="f-feedback_code-error"`) {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, text := v.bring(form, form+"/files", url.Values{"go": {"next"}, "feedback_code": {"judged_consumer"}}, picked{"判决书.jpg", jpegOf(t, 21, 30)}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	c, err := s.w.Case(t.Context(), number)
	if err != nil || c.State != "LITIGATION_LINK.result_received" {
		t.Errorf("%s %v", c.State, err)
	}
}

// A consumer passes the case on to the court on the page: what goes and what never
// goes stands there, a signed paper may be named, and the parts of the file are the
// ones that the law asks for.
func TestTheCaseGoesToTheCourt(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	number := v.file("authority")
	at := "/c/" + number
	if res, text := v.bring(at+"/act/add_evidence", at+"/act/add_evidence/files", url.Values{"go": {"next"}, "words": {"双方签字"}}, picked{"签字.pdf", append([]byte("%PDF-1.4\n"), make([]byte, 99)...)}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	s.w.Do(number, "classify", "invite_settlement", "delivered", "merchant_refuses", "accept", "ask_consent", "one_consents", "both_consent", "no_agreement_possible", "decide_termination")
	s.served(number)
	s.w.Do(number, "told_offer_link")
	_, text := v.ask("GET", at, nil)
	if !strings.Contains(text, at+"/act/consent_transfer") {
		t.Fatal(text)
	}
	_, text = v.ask("GET", at+"/act/consent_transfer", nil)
	for _, want := range []string{"签字.pdf", "不会移送", "没有这样的书面材料", `name="consent"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	id := regexp.MustCompile(`<option value="([A-Z2-7]{26})"`).FindStringSubmatch(text)
	if res, _ := v.fill(at+"/act/consent_transfer", url.Values{"undisputed_facts": {id[1]}}); res.StatusCode == http.StatusSeeOther {
		t.Error("without consent")
	}
	if res, text := v.fill(at+"/act/consent_transfer", url.Values{"undisputed_facts": {id[1]}, "consent": {"yes"}, "words": {"同意"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if c, err := s.w.Case(t.Context(), number); err != nil || c.State != "LITIGATION_LINK.file_transferred" {
		t.Errorf("%s %v", c.State, err)
	}
	if log := s.payloads(); !strings.Contains(log, "undisputed_facts="+id[1]) || !strings.Contains(log, "time_sheet=case.pdf") {
		t.Error("the log does not say what the file holds")
	}
}
