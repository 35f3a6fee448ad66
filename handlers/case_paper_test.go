package handlers_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"fangxin/store"
)

// readPDF is what one copies out of a PDF, without blanks.
func readPDF(t *testing.T, pdf string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.pdf")
	if err := os.WriteFile(file, []byte(pdf), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-raw", "-enc", "UTF-8", file, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (poppler-utils): %v", err)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, string(out))
}

// rare is the complaint of somebody with rare characters in every field.
var rare = strings.NewReplacer("金丝雀名", "欧阳䶮𬭩", "金丝雀店", "㙍镕健身𫟹店", "370321199001011234", "370321199001014127").Replace(complaint)

func (s *site) fileRare() (number, token string) {
	s.t.Helper()
	status, out, text := s.call("POST", "/api/v1/cases", "", rare)
	if status != http.StatusCreated {
		s.t.Fatal(text)
	}
	return out["case"].(map[string]any)["number"].(string), out["token"].(string)
}

// paper makes one and gives its view and text.
func (s *site) paper(number, token, body string) (map[string]any, string) {
	s.t.Helper()
	out, _ := s.ok("POST", "/api/v1/cases/"+number+"/papers", token, body)
	status, _, pdf := s.call("GET", out["link"].(string), token, "")
	if sum := sha256.Sum256([]byte(pdf)); status != http.StatusOK || hex.EncodeToString(sum[:]) != out["sha256"] || !strings.HasPrefix(pdf, "%PDF-") {
		s.t.Fatalf("%s: %d, digest %v", out["link"], status, out["sha256"])
	}
	return out, readPDF(s.t, pdf)
}

// Every form is filled in from the case at the step to which it belongs, and not
// before; the words of the law are those of the day of the decision.
func TestEveryFormFromACase(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer", "hub", "supervisor")
		says := func(number, body string, wants ...string) {
			t.Helper()
			view, text := s.paper(number, officer, body)
			for _, want := range append(wants, view["number"].(string), number, "桓台县市场监督管理局") {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %q is not in %s", body, want, text)
				}
			}
		}
		number, _ := s.fileRare()
		for _, form := range []string{"acceptance", "refusal", "correction", "termination", "agreement", "dispatch"} {
			if status, out, _ := s.call("POST", "/api/v1/cases/"+number+"/papers", officer, `{"form":"`+form+`"}`); status != http.StatusConflict || out["code"] != "paper_not_yet" {
				t.Errorf("%s before its time: %d %v", form, status, out["code"])
			}
		}
		says(number, `{"form":"register"}`, "欧阳䶮𬭩", "㙍镕健身𫟹店", "138****5678", "3703**********4127", "金丝雀街一号", "金丝雀路二号", "金丝雀事由", "128.00元", "■是□否", "□是■否")
		s.ok("POST", "/api/v1/cases/"+number+"/commands", officer, `{"event":"request_correction","missing":["identity","facts"],"words":"所附照片不清晰"}`)
		says(number, `{"form":"correction","phone":"0533-8210001"}`, "身份证明材料", "消费者权益争议的事实依据", "所附照片不清晰", "第十条", "第十六条", "0533-8210001", "个工作日内")
		s.w.Do(number, "supply_correction")
		s.ok("POST", "/api/v1/cases/"+number+"/commands", officer, `{"event":"classify"}`)
		s.w.Do(number, "dispatch")
		says(number, `{"form":"dispatch","report_by":"2026-05-27","attached":"投诉登记表1份"}`, "第四十一条", "不得自行移送", "2026年5月27日")
		s.w.Do(number, "accept")
		says(number, `{"form":"acceptance","contact":"周敏","office":"政务服务中心二楼12号窗口"}`, "第十五条", "第十六条", "六十日", "欧阳䶮𬭩：", "周敏", "政务服务中心二楼12号窗口")
		s.w.Do(number, "ask_consent", "one_consents", "both_consent")
		says(number, `{"form":"mediation","to":"merchant","when":"2026年6月8日9时30分","where":"二楼调解室","mediator":"王㙍","bring":"合同原件"}`, "㙍镕健身𫟹店：", "2026年6月8日9时30分", "二楼调解室", "王㙍", "合同原件", "第二十一条", "第二十条")
		other, _ := s.fileRare()
		s.w.Do(other, "classify", "dispatch", "accept", "ask_consent", "one_consents", "both_consent")
		s.ok("POST", "/api/v1/cases/"+other+"/commands", officer, `{"event":"agree","words":"退还一千二百元","due_on":"`+s.w.Now().AddDate(0, 0, 20).Format("2006-01-02")+`","amount_fen":120000,"form":"signed"}`)
		says(other, `{"form":"agreement","represents":"张三","shop_agent":"李四","agent":"王五","mediator":"周敏"}`, "退还一千二百元", "第二十四条", "第三十九条", "签名", "张三", "李四", "王五", "金丝雀事由")
		s.w.Do(number, "no_agreement_possible")
		s.ok("POST", "/api/v1/cases/"+number+"/commands", officer, `{"event":"decide_termination","ground":"TER3","words":"双方分歧较大"}`)
		says(number, `{"form":"termination"}`, "第二十三条第一款第（三）项", "经组织调解，投诉人或者被投诉人明确表示无法达成调解协议", "双方分歧较大", "第三十九条", "（五）向人民法院提起诉讼", "欧阳䶮𬭩、㙍镕健身𫟹店：")
		third, _ := s.fileRare()
		s.w.Do(third, "classify", "dispatch")
		s.ok("POST", "/api/v1/cases/"+third+"/commands", officer, `{"event":"refuse","ground":"REF4","words":"三年前已经知悉"}`)
		says(third, `{"form":"refusal"}`, "第十六条第（四）项", "超过三年", "三年前已经知悉", "（一）与经营者协商和解", "（五）向人民法院提起诉讼")
	})
}

// Who gets a paper: the authority's people all, a party what is addressed to it,
// nobody else anything; a preview is kept nowhere and has no number.
func TestWhoGetsAPaper(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer := s.fileRare()
		hub, officer := s.officer("hub"), s.officer("officer", "hub", "supervisor")
		merchant, _ := s.give(number, officer, `{"recipient":"merchant"}`)
		_, stranger := s.fileRare()
		path := "/api/v1/cases/" + number + "/papers"
		if status, _, pdf := s.call("POST", path+"/preview", hub, `{"form":"register"}`); status != http.StatusOK || !strings.Contains(readPDF(t, pdf), "未编号，不得送达") {
			t.Errorf("preview: %d", status)
		}
		if n := s.w.Count("select count(*) from papers"); n != 0 {
			t.Errorf("%d papers after a preview", n)
		}
		made, _ := s.paper(number, hub, `{"form":"register"}`)
		if made["bound"] != nil {
			t.Error("a hub has no place in the log for a paper")
		}
		s.w.Do(number, "classify", "dispatch", "accept", "ask_consent", "one_consents", "both_consent")
		s.paper(number, officer, `{"form":"acceptance"}`)
		s.paper(number, officer, `{"form":"mediation","to":"merchant"}`)
		s.w.Do(number, "no_agreement_possible", "decide_termination")
		s.paper(number, officer, `{"form":"termination"}`)
		seen := map[string]string{}
		for who, token := range map[string]string{"officer": officer, "consumer": consumer, "merchant": merchant} {
			out, text := s.ok("GET", path, token, "")
			var got []string
			for _, p := range out["papers"].([]any) {
				view := p.(map[string]any)
				got = append(got, view["form"].(string))
				if status, _, _ := s.call("GET", view["link"].(string), token, ""); status != http.StatusOK {
					t.Errorf("%s: %v: %d", who, view["link"], status)
				}
				if who != "officer" && view["author"] != nil {
					t.Errorf("%s sees who made it", who)
				}
			}
			seen[who] = strings.Join(got, " ")
			if (who == "officer") != strings.Contains(text, `"forms"`) {
				t.Errorf("%s: %s", who, text)
			}
		}
		want := map[string]string{"officer": "register acceptance mediation termination", "consumer": "register acceptance termination", "merchant": "mediation termination"}
		for who := range want {
			if seen[who] != want[who] {
				t.Errorf("%s has %s", who, seen[who])
			}
		}
		for who, token := range map[string]string{"merchant": merchant, "stranger": stranger} {
			if status, _, _ := s.call("GET", path+"/1/content", token, ""); status != http.StatusNotFound {
				t.Errorf("%s reads the register: %d", who, status)
			}
			for _, p := range []string{path, path + "/preview"} {
				if status, _, _ := s.call("POST", p, token, `{"form":"register"}`); status != http.StatusNotFound {
					t.Errorf("%s makes a paper: %d", who, status)
				}
			}
		}
		for _, body := range []string{`{"form":"letter"}`, `{"form":"mediation"}`, `{"form":"mediation","to":"both"}`, `{"form":"register","to":"consumer"}`, `{"form":"register","contact":"` + strings.Repeat("长", 301) + `"}`, `{"form":"register","more":1}`} {
			if status, _, text := s.call("POST", path, officer, body); status != http.StatusBadRequest {
				t.Errorf("%.50s: %d %s", body, status, text)
			}
		}
		if status, out, _ := s.call("POST", path, officer, `{"form":"register","sees":1}`); status != http.StatusConflict || out["code"] != "stale" {
			t.Errorf("of an old version: %d %v", status, out["code"])
		}
	})
}

// Numbers of a form's series follow one another without a gap, whoever makes
// papers at once; the same key makes one; a series begins anew with the year.
func TestPaperNumbersHaveNoGap(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer", "hub")
		const cases, each = 4, 3
		var all []string
		var numbers []string
		for range cases {
			number, _ := s.fileRare()
			numbers = append(numbers, number)
		}
		var mu sync.Mutex
		var wait sync.WaitGroup
		for i, number := range numbers {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for n := range each {
					key := fmt.Sprint(i, "-", n)
					first, _ := s.ok("POST", "/api/v1/cases/"+number+"/papers", officer, `{"form":"register"}`, "Idempotency-Key", key)
					again, _ := s.ok("POST", "/api/v1/cases/"+number+"/papers", officer, `{"form":"register"}`, "Idempotency-Key", key)
					if first["number"] != again["number"] || first["bound"] != again["bound"] || first["sha256"] != again["sha256"] || first["bound"] == nil {
						t.Errorf("the same key: %v, then %v", first, again)
					}
					mu.Lock()
					all = append(all, first["number"].(string))
					mu.Unlock()
				}
			}()
		}
		wait.Wait()
		slices.Sort(all)
		year := s.w.Now().Year()
		for i, n := range all {
			if want := fmt.Sprintf("桓市监投登〔%d〕第%04d号", year, i+1); n != want {
				t.Errorf("%s, not %s", n, want)
			}
		}
		if status, _, _ := s.call("POST", "/api/v1/cases/"+numbers[0]+"/papers", officer, `{"form":"register","phone":"1"}`, "Idempotency-Key", "0-0"); status != http.StatusUnprocessableEntity {
			t.Errorf("another body with the same key: %d", status)
		}
		s.w.Set(s.w.Now().AddDate(1, 0, 0))
		next, _ := s.fileRare()
		if view, _ := s.paper(next, officer, `{"form":"register"}`); view["number"] != fmt.Sprintf("桓市监投登〔%d〕第0001号", year+1) {
			t.Errorf("the first of the next year is %v", view["number"])
		}
	})
}

// The log commits to a paper: its code in clear, number and digest sealed. What
// the rows say of it cannot be guessed back, and the paper dies with the key.
func TestAPaperIsBoundAndDies(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		number, _ := s.fileRare()
		officer := s.officer("officer", "hub", "supervisor")
		view, _ := s.paper(number, officer, `{"form":"register"}`)
		path := "/api/v1/cases/" + number
		_, words := s.ok("GET", fmt.Sprintf("%s/events/%v/words", path, view["bound"]), officer, "")
		if !strings.Contains(words, view["number"].(string)) || !strings.Contains(words, view["sha256"].(string)) {
			t.Errorf("sealed with the event: %s", words)
		}
		if log := s.payloads(); !strings.Contains(log, fmt.Sprintf("register-%d-1", s.w.Now().Year())) || strings.Contains(log, view["sha256"].(string)) {
			t.Error("the log names the paper by its code, and its digest not in clear")
		}
		if dump := s.dump(); strings.Contains(dump, "欧阳") || strings.Contains(dump, view["sha256"].(string)) {
			t.Error("a paper lies about in clear")
		}
		all, err := s.w.CasePapers(ctx, number)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		s.w.Run("update papers set commitment = 'sha256:00'")
		if _, err := s.w.CasePaperBytes(ctx, store.CasePaper{CaseID: all[0].CaseID, No: 1, Commitment: "sha256:00"}); err == nil {
			t.Error("a row that commits to something else passes")
		}
		s.w.Run("update papers set commitment = $1", all[0].Commitment)
		s.erase(number, officer)
		if status, out, _ := s.call("GET", path+"/papers/1/content", officer, ""); status != http.StatusGone || out["code"] != "erased" {
			t.Errorf("after the erasure: %d", status)
		}
		if status, _, _ := s.call("POST", path+"/papers", officer, `{"form":"register"}`); status != http.StatusGone {
			t.Errorf("a paper for an erased person: %d", status)
		}
		if n := s.w.Count("select count(*) from paper_boxes"); n != 0 {
			t.Errorf("%d boxes outlive the person", n)
		}
		if out, _ := s.ok("GET", path+"/papers", officer, ""); len(out["papers"].([]any)) != 1 {
			t.Error("that the number was given is forgotten")
		}
	})
}

// A paper is marked when another of its kind takes its place, and when what it is
// about was corrected since.
func TestASupersededPaperIsMarked(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.fileRare()
		officer := s.officer("officer", "hub", "supervisor")
		path := "/api/v1/cases/" + number
		marks := func() string {
			out, _ := s.ok("GET", path+"/papers", officer, "")
			var got []string
			for _, p := range out["papers"].([]any) {
				v := p.(map[string]any)
				got = append(got, fmt.Sprintf("%v:%v", v["form"], v["superseded"]))
			}
			return strings.Join(got, " ")
		}
		s.paper(number, officer, `{"form":"register"}`)
		s.w.Do(number, "classify")
		if got := marks(); got != "register:<nil>" {
			t.Error(got)
		}
		s.w.Do(number, "change_consent")
		if got := marks(); got != "register:corrected" {
			t.Error(got)
		}
		s.paper(number, officer, `{"form":"register"}`)
		if got := marks(); got != "register:newer register:<nil>" {
			t.Error(got)
		}
		s.w.Do(number, "dispatch", "refuse")
		s.paper(number, officer, `{"form":"refusal"}`)
		if got := marks(); got != "register:newer register:<nil> refusal:<nil>" {
			t.Error(got)
		}
		s.w.Do(number, "correct_closing")
		if got := marks(); got != "register:newer register:<nil> refusal:corrected" {
			t.Error(got)
		}
	})
}
