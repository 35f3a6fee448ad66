package paper_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"fangxin/handlers/paper"
	"fangxin/workflow/calendar"
)

var update = flag.Bool("update", false, "write the golden texts anew")

func day(text string) calendar.Date {
	d, err := calendar.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// words is a PDF's text as it is copied out, without blanks: a line of a page may
// end anywhere.
func words(t testing.TB, pdf []byte, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", append(append([]string{"-raw", "-enc", "UTF-8"}, args...), file, "-")...).Output()
	if err != nil {
		t.Fatalf("pdftotext (poppler-utils): %v", err)
	}
	return string(out)
}

func solid(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\f' {
			return -1
		}
		return r
	}, text)
}

var (
	head = paper.Head{Authority: "桓台县市场监督管理局", Number: "桓市监投受〔2026〕第0427号", Case: "HT-2026-000427-4", On: day("2026-05-20"), Law: "市场监督管理投诉举报处理办法",
		Contact: "周敏䶮", Phone: "0533-8210001", Place: "桓台县政务服务中心二楼12号窗口"}
	about = paper.About{Complainant: "欧阳䶮𬭩", Respondent: "桓台县青禾健身服务有限公司（镕堃㙍路店）", Filed: day("2026-05-18"), Amount: paper.Yuan(156000)}
	long  = strings.Repeat("2025年11月20日，本人在被投诉人处办理健身年卡一张，支付2,340.00元（微信支付，订单号4200002718），合同约定有效期12个月。", 3)
)

// forms are all of them, filled in.
func forms() map[string]paper.Paper {
	second := paper.Ground{Article: "第二十三条第一款", Item: "第（五）项", Text: "自投诉受理之日起六十日内投诉人和被投诉人未能达成调解协议", Reason: "三次调解，双方对退款比例分歧较大。"}
	return map[string]paper.Paper{
		"register": paper.Register{Head: head, Filed: day("2026-05-18"), Source: "12315平台 ZB2026-7781", Name: "欧阳䶮𬭩", Phone: "138****6621", Email: "ouyang@example.cn", Address: "山东省桓台县索镇文化路66号3号楼2单元501室",
			IdentityKind: "居民身份证", Identity: "3703**********4127", Publish: "是", Entrust: "否", Respondent: about.Respondent, Place: "桓台县滨河路128号万象汇广场B1层", ShopPhone: "0533-8886677", Code: "91370321MA3XXXXX7K",
			Goods: "文化服务：健身年卡（含私教课）", Amount: about.Amount, Facts: long, Asks: "1．退还未使用的预付款1,560.00元；\n2．赔偿损失。", Proofs: "照片6份、文件1份", Officer: "周敏", OnSite: true},
		"acceptance": paper.Acceptance{Head: head, About: about, Article: "第十五条", Refusal: "第十六条", Limit: "六十日", Ends: day("2026-07-20")},
		"refusal": paper.Refusal{Head: head, About: about, Ground: paper.Ground{Article: "第十六条", Item: "第（四）项", Text: "除法律另有规定外，投诉人知道或者应当知道自己的权益受到被投诉人侵害之日起超过三年",
			Reason: "投诉人自述于2022年3月已知悉。"}},
		"correction": paper.Correction{Head: head, About: about, Article: "第十条", Refusal: "第十六条", Items: []string{"身份证明材料", "具体的投诉请求"}, Reason: "所附身份证照片不清晰。", Term: "自收到本通知之日起五个工作日内"},
		"mediation": paper.Mediation{Head: head, About: about, To: "欧阳䶮𬭩", Article: "第二十条", Recusal: "第二十一条", When: "2026年6月8日9时30分", Where: "桓台县市场监督管理局索镇监管所二楼调解室", Mediator: "周敏、王㙍",
			Bring: "健身合同原件、付款凭证"},
		"termination": paper.Termination{Head: head, About: about, Ground: second},
		"agreement": paper.Agreement{Head: head, About: about, Phone: "13800006621", Address: "山东省桓台县索镇文化路66号", ShopPhone: "0533-8886677", ShopPlace: "桓台县滨河路128号", Represents: "张三", ShopAgent: "李四", ShopAgentPhone: "0533-1",
			Agent: "王五", AgentPhone: "0533-2", Article: "第二十四条", Claim: "健身年卡停业后拒绝退费；请求退还预付款1,560.00元。", Terms: "一、被投诉人于2026年6月15日前退还投诉人1,200.00元。\n二、投诉人交回会员卡。", Performance: "履行期限：2026年6月15日。",
			Mediator: "周敏"},
		"dispatch": paper.Dispatch{Head: head, About: about, To: "桓台县市场监督管理局索镇监管所", Basis: "《市场监督管理投诉举报处理办法》第四十一条", Report: day("2026-05-27"), Contents: "投诉登记表1份，证据材料7份", Reason: "被投诉人实际经营地在索镇。"},
		"transfer": paper.Dispatch{Head: head, About: about, Away: true, To: "桓台县文化和旅游局", Basis: "《中华人民共和国旅游法》第九十一条", Contents: "投诉登记表1份", Reason: "属于旅游投诉。"},
	}
}

// fields are the words and days of a form, as a reader must find them.
func fields(v reflect.Value) (out []string) {
	switch {
	case v.Type() == reflect.TypeFor[calendar.Date]():
		return []string{paper.Day(v.Interface().(calendar.Date))}
	case v.Kind() == reflect.String:
		if s := v.String(); s == "是" || s == "否" {
			return []string{"■" + s}
		}
		return strings.Split(v.String(), "\n")
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			out = append(out, fields(v.Index(i))...)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			out = append(out, fields(v.Field(i))...)
		}
	}
	return out
}

// unsaid are fields of forms that have no place for them.
var unsaid = map[string][]string{
	"register":    {head.Contact, head.Phone, head.Place, head.Law, paper.Day(head.On), "周敏"},
	"mediation":   {paper.Day(about.Filed)},
	"termination": {paper.Day(about.Filed)},
	"agreement":   {head.Contact, head.Phone, head.Place, about.Amount, "0533-8886677"}, // the number is that of the agent
	"dispatch":    {head.Law},
	"transfer":    {head.Law, paper.Day(0)},
}

// Who copies the text out of a form finds every field of it, rare characters and
// those beyond U+FFFF included, and the whole is the golden text.
func TestEveryFormSaysItsFields(t *testing.T) {
	for name, form := range forms() {
		pdf, err := paper.Draw(form)
		if err != nil {
			t.Fatal(name, err)
		}
		text := words(t, pdf)
		v := reflect.ValueOf(form)
		for i := range v.NumField() {
			for _, f := range fields(v.Field(i)) {
				if slices.Contains(unsaid[name], f) {
					continue
				}
				if !strings.Contains(solid(text), solid(f)) {
					t.Errorf("%s: %s %q is not in the text", name, v.Type().Field(i).Name, f)
				}
			}
		}
		golden := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(want) != text {
			t.Errorf("%s: the text is not that of %s (go test ./handlers/paper -update, and look at it)\n%s", name, golden, text)
		}
		if out := os.Getenv("FANGXIN_PAPERS"); out != "" { // to look at them
			_ = os.WriteFile(filepath.Join(out, name+".pdf"), pdf, 0o644)
		}
		if again, _ := paper.Draw(form); string(again) != string(pdf) {
			t.Errorf("%s: the same fields gave other bytes", name)
		}
	}
}

// A text of any length goes on on further pages: nothing is cut, and every page
// says which of how many it is.
func TestLongTextGoesOn(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 30, 80} {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("第%d段：%s", i+1, strings.Repeat("经营者以预收款方式提供服务未按约定提供的，应当按照消费者的要求履行约定或者退回预付款（order-4200002718）。", 3)))
		}
		facts := strings.Join(all, "\n")
		r := forms()["register"].(paper.Register)
		r.Facts, r.Asks = facts, facts
		f := forms()["refusal"].(paper.Refusal)
		f.Ground.Reason = facts
		for name, form := range map[string]paper.Paper{"register": r, "refusal": f} {
			pdf, err := paper.Draw(form)
			if err != nil {
				t.Fatal(err)
			}
			text := words(t, pdf)
			got := regexp.MustCompile(`第 (\d+) 页\s*共 (\d+) 页`).FindAllStringSubmatch(text, -1)
			pages := strings.Count(text, "\f")
			if len(got) != pages || fmt.Sprint(pages) != got[0][2] || n >= 30 && pages < 3 {
				t.Errorf("%s, %d paragraphs: %d pages, marked %v", name, n, pages, got)
			}
			body := solid(regexp.MustCompile(`(?m)^(投诉登记表|投诉不予受理决定书)\s+桓.*号$|^HT-2026.*$|^第 \d+ 页.*$|^[投诉内容]$`).ReplaceAllString(strings.ReplaceAll(text, "\f", "\n"), ""))
			for _, p := range all {
				if count := strings.Count(body, solid(p)); count < 1 {
					t.Errorf("%s, %d paragraphs: one is cut: %.30s", name, n, p)
					break
				}
			}
		}
	}
}

// What the fonts lack is shown as 〓 and named, control characters are dropped, and
// nothing breaks: names and complaints are what people typed.
func TestWhatTheFontsLack(t *testing.T) {
	a := forms()["acceptance"].(paper.Acceptance)
	a.Complainant = "王😀\x00\u202e雪\U000e0101梅\ufe0f"
	a.Respondent = strings.Repeat("超长无空格名称ABCDEFGHIJKLMNOPQRSTUVWXYZ", 12) + strings.Repeat("W", 300)
	pdf, err := paper.Draw(a)
	if err != nil {
		t.Fatal(err)
	}
	text := solid(words(t, pdf))
	for _, want := range []string{"王〓雪梅：", "U+1F600", a.Respondent} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}

// A preview says that it is one.
func TestAPreviewSaysSo(t *testing.T) {
	a := forms()["acceptance"].(paper.Acceptance)
	a.Number = ""
	pdf, err := paper.Draw(a)
	if err != nil {
		t.Fatal(err)
	}
	if text := words(t, pdf); !strings.Contains(text, "预览，未编号，不得送达") || strings.Contains(text, "〔2026〕") {
		t.Error(text)
	}
}
