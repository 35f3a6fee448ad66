package handlers_test

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// unpacked is a hand-over file that was checked: the bytes of every page, and of a
// PDF also its text.
func (s *site) unpacked(number, token string) (ledger.Handover, map[string]string) {
	s.t.Helper()
	status, _, file := s.call("GET", "/api/v1/cases/"+number+"/handover", token, "")
	if status != http.StatusOK {
		s.t.Fatalf("%d %s", status, file)
	}
	keys, err := s.w.PublicKeys(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	list, err := ledger.CheckHandover(strings.NewReader(file), int64(len(file)), keys)
	if err != nil {
		s.t.Fatal(err)
	}
	z, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			s.t.Fatal(err)
		}
		out[f.Name] = string(body)
		if strings.HasSuffix(f.Name, ".pdf") && !strings.HasPrefix(f.Name, "evidence/") {
			out[f.Name+" text"] = readPDF(s.t, string(body))
		}
	}
	return list, out
}

// link tells both parties of the end of the mediation, so that the case is in the
// court link.
func (s *site) link(number string) {
	s.t.Helper()
	s.told(number)
	v, err := s.w.Case(context.Background(), number)
	if err != nil {
		s.t.Fatal(err)
	}
	if v.State == "REFERRAL.terminated" {
		s.w.Do(number, "told_offer_link")
	}
}

// told has every notice of a case handed over.
func (s *site) told(number string) {
	s.t.Helper()
	v, err := s.w.Case(context.Background(), number)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, n := range v.Notices {
		cmd := workflow.Command{Event: "notice_sent", Actor: workflow.Actor{Role: "job", ID: "job"}, Input: workflow.Input{Notice: n.No}}
		if _, err := s.w.Execute(context.Background(), store.Request{Case: number, Command: cmd}); err != nil && !n.Told {
			s.t.Fatal(err)
		}
	}
}

// What a court gets: the list with digests and signature, the filing with a receipt
// that shows it, the decisions as served, the evidence of both sides, the time sheet.
func TestTheHandoverFile(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer, court := s.officer("officer", "hub", "supervisor"), s.user(store.User{Name: "clerk", Roles: []string{"court"}})
		number, consumer := s.fileRare()
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		path := "/api/v1/cases/" + number
		if status, out, _ := s.call("GET", path+"/handover", officer, ""); status != http.StatusConflict || out["code"] != "no_handover" {
			t.Errorf("before the court link: %d %v", status, out["code"])
		}
		own := s.putPDF(number, consumer, "both", "%PDF-1.4 合同")
		hidden := s.putPDF(number, consumer, "own", "%PDF-1.4 私密")
		inner := s.putPDF(number, officer, "officers", "%PDF-1.4 内部")
		theirs := s.putPDF(number, merchant, "both", "%PDF-1.4 发票")
		s.w.Do(number, "classify", "dispatch", "accept")
		s.paper(number, officer, `{"form":"acceptance"}`)
		s.w.Do(number, "ask_consent", "one_consents", "both_consent", "no_agreement_possible", "decide_termination")
		s.paper(number, officer, `{"form":"termination"}`)
		s.link(number)
		list, got := s.unpacked(number, court)
		names := strings.Join(func() (out []string) {
			for _, p := range list.Pages {
				out = append(out, p.Name)
			}
			return out
		}(), " ")
		year := s.w.Now().Year()
		for _, want := range []string{"index.pdf", "case.pdf", "case.json", "filing.json", "receipt.json", fmt.Sprintf("papers/acceptance-%d-1.pdf", year), fmt.Sprintf("papers/termination-%d-1.pdf", year), "evidence/" + own + ".pdf", "evidence/" + theirs + ".pdf"} {
			if !strings.Contains(names, want) {
				t.Errorf("%s is not in %s", want, names)
			}
		}
		for _, not := range []string{hidden, inner} {
			if strings.Contains(names, not) {
				t.Errorf("%s is in %s", not, names)
			}
		}
		for _, p := range list.Pages {
			if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(got[p.Name]))); sum != p.SHA256 {
				t.Errorf("%s has digest %s", p.Name, sum)
			}
			if p.Name != "index.pdf" && !strings.Contains(got["index.pdf text"], p.SHA256) {
				t.Errorf("the index does not say %s", p.Name)
			}
		}
		receipt, err := ledger.ParseReceipt([]byte(got["receipt.json"]))
		if err != nil || !receipt.Shows([]byte(got["filing.json"])) {
			t.Errorf("the receipt does not show the filing: %v", err)
		}
		for _, want := range []string{"欧阳䶮𬭩", "金丝雀街一号", "370321199001014127", "金丝雀事由", "受理。", "终止调解", "调解期限", "没有经调解达成的协议"} {
			if !strings.Contains(got["case.pdf text"], want) || !strings.Contains(got["case.json"], want) {
				t.Errorf("%q is not in %s", want, got["case.pdf text"])
			}
		}
		_, _, first := s.call("GET", path+"/handover", officer, "")
		_, _, second := s.call("GET", path+"/handover", officer, "")
		if first != second {
			t.Error("the same case gave other bytes")
		}
		for who, token := range map[string]string{"consumer": consumer, "merchant": merchant} {
			if status, _, _ := s.call("GET", path+"/handover", token, ""); status != http.StatusNotFound {
				t.Errorf("%s: %d", who, status)
			}
		}
		superior := s.user(store.User{Name: "superior", Roles: []string{"superior"}})
		if status, _, _ := s.call("GET", path+"/handover", superior, ""); status == http.StatusOK {
			t.Error("a superior gets it")
		}
	})
}

// putPDF brings a file as evidence and gives its id.
func (s *site) putPDF(number, token, seen, content string) string {
	s.t.Helper()
	body := "--b\r\nContent-Disposition: form-data; name=\"seen\"\r\n\r\n" + seen + "\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.pdf\"\r\nContent-Type: application/pdf\r\n\r\n" + content + "\r\n--b--\r\n"
	status, out, text := s.call("POST", "/api/v1/cases/"+number+"/files", token, body, "Content-Type", "multipart/form-data; boundary=b")
	if status != http.StatusCreated {
		s.t.Fatalf("%d %s", status, text)
	}
	return out["id"].(string)
}

// Whatever was offered, said or conceded, in whatever course, and even where
// somebody repeats it later in a reason, an evidence or an amended claim: no word of
// it is in any byte of the file, unpacked and read.
func TestNoOfferIsHandedOver(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer := s.officer("officer", "hub", "supervisor")
	for round := range 6 {
		random := rand.New(rand.NewPCG(7, uint64(round)))
		number, consumer := s.fileRare()
		path := "/api/v1/cases/" + number + "/commands"
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		var secret []string
		fresh := func(what string) string {
			text := fmt.Sprintf("愿意%s赔付%d元整并道歉", what, 100000+random.IntN(800000))
			secret = append(secret, text)
			return text
		}
		say := func(token string, m map[string]any) {
			t.Helper()
			text, _ := json.Marshal(m)
			s.ok("POST", path, token, string(text))
		}
		s.w.Do(number, "classify", "invite_settlement", "delivered")
		say(merchant, map[string]any{"event": "answer_with_offer", "words": fresh("首先"), "amount_fen": 120000})
		offer := 1
		sides := []string{consumer, merchant}
		for i := range random.IntN(4) {
			say(sides[i%2], map[string]any{"event": "counter", "offer": offer, "words": fresh("还价"), "amount_fen": 1})
			offer++
		}
		if random.IntN(2) == 0 {
			say(merchant, map[string]any{"event": "say", "words": fresh("私下")})
		}
		last := secret[random.IntN(len(secret))]
		if random.IntN(2) == 0 {
			say(consumer, map[string]any{"event": "amend_claim", "words": "对方说过" + last + "，因此变更请求", "requests": []string{"refund"}})
		}
		leak := s.putPDF(number, consumer, "both", "%PDF-1.4 聊天记录："+last)
		plain := s.putPDF(number, consumer, "both", "%PDF-1.4 合同")
		say(merchant, map[string]any{"event": "merchant_refuses", "reason": "other", "words": "不再协商"})
		s.w.Do(number, "accept", "ask_consent", "one_consents", "both_consent")
		say(officer, map[string]any{"event": "hold_session", "words": fresh("调解笔记")})
		s.w.Do(number, "no_agreement_possible")
		say(officer, map[string]any{"event": "decide_termination", "ground": "TER3", "words": "投诉人不接受：" + secret[random.IntN(len(secret))][:len("愿意首先赔付")] + secret[len(secret)-1]})
		s.paper(number, officer, `{"form":"termination"}`)
		s.link(number)
		list, got := s.unpacked(number, officer)
		for name, body := range got {
			for _, words := range secret {
				if strings.Contains(body, words) || strings.Contains(body, fmt.Sprintf("%q", words)) {
					t.Errorf("round %d: %s holds %s", round, name, words)
				}
			}
			if strings.Contains(body, "offer") || strings.Contains(body, "方案答复") {
				t.Errorf("round %d: %s tells that there was an offer", round, name)
			}
		}
		has := func(id string) bool {
			return slices.ContainsFunc(list.Pages, func(p ledger.HandoverPage) bool { return strings.Contains(p.Name, id) })
		}
		if has(leak) || !has(plain) {
			t.Errorf("round %d: evidence that repeats an offer: %v, other evidence: %v", round, has(leak), has(plain))
		}
	}
}

// Every act that may carry words, with words that nobody else has: only those that
// are gathered by name are in the file.
func TestOnlyNamedWordsAreHandedOver(t *testing.T) {
	s := newSite(t, storetest.New(t))
	number := s.w.File()
	may := map[string]bool{"supply_correction": true, "amend_claim": true, "decide_termination": true}
	marks := map[string]string{}
	for i, event := range []string{"classify", "invite_settlement", "delivered", "answer", "offer", "counter", "reject_offer", "offer", "take_back_offer", "say", "amend_claim", "add_evidence", "merchant_refuses", "accept", "ask_consent", "one_consents",
		"both_consent", "hold_session", "challenge_mediator", "decide_recusal", "no_agreement_possible", "decide_termination"} {
		cmd := s.w.Compose(number, event)
		if cmd.Private == nil {
			cmd.Private = &workflow.Private{}
		}
		mark := fmt.Sprintf("独有的话语第%02d号%s", i, strings.Repeat("甲", i%5))
		cmd.Private.Words = mark
		marks[mark] = event
		if _, err := s.w.Execute(context.Background(), store.Request{Case: number, Command: cmd}); err != nil {
			t.Fatalf("%s: %v", event, err)
		}
	}
	s.link(number)
	_, got := s.unpacked(number, s.officer("officer"))
	for mark, event := range marks {
		found := ""
		for name, body := range got {
			if strings.Contains(body, mark) {
				found = name
			}
		}
		if (found != "") != may[event] {
			t.Errorf("%s: in %q", event, found)
		}
	}
}
