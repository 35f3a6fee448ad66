package paper

import (
	"cmp"
	"fmt"
	"strings"

	"fangxin/workflow/calendar"
)

// About is the complaint that a letter is about.
type About struct {
	Complainant string
	Respondent  string
	Filed       calendar.Date
	Amount      string // empty: none is in dispute
}

// complaint names it: 关于……的投诉（编号……）.
func (a About) complaint(number string) string {
	more := "编号" + number
	if a.Amount != "" {
		more += "，涉及金额人民币" + a.Amount
	}
	return fmt.Sprintf("关于%s的投诉（%s）", cmp.Or(a.Respondent, "被投诉人"), more)
}

// Ground is a ground as the law words it.
type Ground struct {
	Article string // 第十六条; empty where the article is not known
	Item    string // 第（二）项; empty likewise
	Text    string
	Reason  string // the officer's own words
}

// under cites the ground: 《……》第十六条第（二）项.
func (g Ground) under(law string) string { return law + g.Article + g.Item }

// Routes are those of Art. 39 of the Consumer Protection Law, as it words them.
var Routes = []string{"（一）与经营者协商和解；", "（二）请求消费者协会或者依法成立的其他调解组织调解；", "（三）向有关行政部门投诉；",
	"（四）根据与经营者达成的仲裁协议提请仲裁机构仲裁；", "（五）向人民法院提起诉讼。"}

const twoCopies = "本文书一式两份，一份送达当事人，一份归档；可以通过互联网、电话、短信、电子邮件、信函等方式告知。"

// Acceptance is the 投诉受理决定书.
type Acceptance struct {
	Head
	About
	Article string        // of the law, under which it is accepted
	Refusal string        // the article whose grounds do not apply
	Limit   string        // of the mediation: 六十日
	Ends    calendar.Date // the last day of the mediation; 0: not known
}

// Title is the form's name.
func (Acceptance) Title() string { return "投诉受理决定书" }

func (p Acceptance) draw(s *sheet) {
	s.letter(p.Head, p.Title(), p.Complainant)
	s.flow(fmt.Sprintf("本局于%s收到你（单位）%s。", Day(p.Filed), p.complaint(p.Case)))
	s.flow(fmt.Sprintf("经审查，上述投诉符合%s规定的受理条件，不属于该办法%s规定的不予受理情形。依据该办法%s的规定，本局决定予以受理。", p.law(), p.Refusal, p.Article))
	ends := ""
	if p.Ends != 0 {
		ends = "调解期限至" + Day(p.Ends) + "届满，依法不计入期限的时间除外。"
	}
	s.flow(fmt.Sprintf("本局将依法组织调解。调解实行自愿原则；一方拒绝调解，或者自受理之日起%s内未能达成调解协议的，本局将依法终止调解。%s终止调解的，你（单位）可以依法提起诉讼，或者根据仲裁协议申请仲裁。", p.Limit, ends))
	s.flow("特此告知。")
	s.end(p.Head, twoCopies)
}

// Refusal is the 投诉不予受理决定书.
type Refusal struct {
	Head
	About
	Ground Ground
}

// Title is the form's name.
func (Refusal) Title() string { return "投诉不予受理决定书" }

func (p Refusal) draw(s *sheet) {
	s.letter(p.Head, p.Title(), p.Complainant)
	s.flow(fmt.Sprintf("本局于%s收到你（单位）%s。", Day(p.Filed), p.complaint(p.Case)))
	s.flow(fmt.Sprintf("经审查，上述投诉属于%s规定的下列情形：%s。依据该规定，本局决定不予受理。", p.Ground.under(p.law()), p.Ground.Text))
	s.flow("理由：" + cmp.Or(p.Ground.Reason, "＿＿＿＿＿＿＿＿"))
	s.flow("你（单位）还可以按照《中华人民共和国消费者权益保护法》第三十九条规定的下列途径解决消费者权益争议：")
	s.flow(strings.Join(Routes, "\n"))
	s.flow("特此告知。")
	s.end(p.Head, twoCopies)
}

// Correction is the 补正通知书 (限期提供材料通知书).
type Correction struct {
	Head
	About
	Article string   // what a complaint must hold
	Refusal string   // the article that refuses it otherwise
	Items   []string // what is missing
	Reason  string
	Term    string // 自收到本通知之日起五个工作日内, or a day
}

// Title is the form's name.
func (Correction) Title() string { return "投诉补正通知书" }

func (p Correction) draw(s *sheet) {
	s.letter(p.Head, p.Title(), p.Complainant)
	s.flow(fmt.Sprintf("本局于%s收到你（单位）%s。经审查，尚缺少%s%s规定的下列材料或者内容：", Day(p.Filed), p.complaint(p.Case), p.law(), p.Article))
	for i, item := range p.Items {
		s.flow(fmt.Sprintf("%d．%s", i+1, item))
	}
	s.flow(p.Reason)
	s.flow(fmt.Sprintf("请你（单位）%s向本局提供。逾期未提供或者提供虚假材料的，本局将依据%s%s的规定处理，投诉可能不予受理。", p.Term, p.law(), p.Refusal))
	s.flow("补正期间，本局作出是否受理决定的期限照常计算。特此通知。")
	s.end(p.Head, twoCopies)
}

// Mediation is the 投诉调解通知书, to both parties.
type Mediation struct {
	Head
	About
	To       string // who is asked to come
	Article  string
	Recusal  string // the article on stepping aside
	When     string // 2026年5月8日9时30分; empty: to be written in
	Where    string
	Mediator string
	Bring    string // beside proof of identity
}

// Title is the form's name.
func (Mediation) Title() string { return "投诉调解通知书" }

func (p Mediation) draw(s *sheet) {
	s.letter(p.Head, p.Title(), p.To)
	s.flow(fmt.Sprintf("%s%s，本局已经受理。根据%s%s的规定，现组织双方当事人进行现场调解，请于%s到%s参加调解。无正当理由不参加调解的，本局将依法终止调解。",
		p.Complainant, p.complaint(p.Case), p.law(), p.Article, cmp.Or(p.When, "　　　　年　　月　　日　　时"), cmp.Or(p.Where, "＿＿＿＿＿＿＿＿＿＿")))
	s.flow("请携带以下材料：1．身份证明材料，委托他人参加的，授权委托书和受托人身份证明；2．" + cmp.Or(p.Bring, "与争议有关的凭证、合同、照片等证据") + "。")
	s.flow(fmt.Sprintf("你（单位）认为调解人员是投诉人、被投诉人的近亲属或者有其他利害关系，可能影响公正处理投诉的，可以依据%s%s的规定，在调解开始前申请其回避。", p.law(), p.Recusal))
	s.flow("调解人员：" + cmp.Or(p.Mediator, "＿＿＿＿＿＿") + "。")
	s.flow("调解不收取费用；达不成协议的，不影响依法提起诉讼或者根据仲裁协议申请仲裁。特此通知。")
	s.end(p.Head, twoCopies)
}

// Termination is the 投诉终止调解决定书, to both parties.
type Termination struct {
	Head
	About
	Ground Ground
}

// Title is the form's name.
func (Termination) Title() string { return "投诉终止调解决定书" }

func (p Termination) draw(s *sheet) {
	s.letter(p.Head, p.Title(), p.Complainant+"、"+cmp.Or(p.Respondent, "被投诉人"))
	s.flow(fmt.Sprintf("经审查，%s%s的调解过程中出现下列情形：%s。依据%s的规定，本局决定终止调解。", p.Complainant, p.complaint(p.Case), p.Ground.Text, p.Ground.under(p.law())))
	s.flow("理由：" + cmp.Or(p.Ground.Reason, "＿＿＿＿＿＿＿＿"))
	s.flow("对本局作出的终止调解决定、调解结果不服的，可以按照《中华人民共和国消费者权益保护法》第三十九条规定的其他途径，通过民事诉讼、仲裁等方式解决消费者权益争议。该条规定的途径为：")
	s.flow(strings.Join(Routes, "\n"))
	s.flow("特此告知。")
	s.end(p.Head, "本文书一式三份，投诉人、被投诉人各一份，一份归档；应当自作出决定之日起七个工作日内告知双方当事人。")
}

// Dispatch is the 投诉分送（移送）通知书: to a unit of the bureau, or to another authority.
type Dispatch struct {
	Head
	About
	To       string
	Away     bool          // to another authority, by what Basis says
	Basis    string        // 《……》第四十一条
	Report   calendar.Date // until when the result is to be told; 0: in the lawful time
	Contents string        // what is attached
	Reason   string
}

// Title is the form's name.
func (p Dispatch) Title() string {
	if p.Away {
		return "投诉移送通知书"
	}
	return "投诉分送通知书"
}

func (p Dispatch) draw(s *sheet) {
	s.letter(p.Head, p.Title(), cmp.Or(p.To, "＿＿＿＿＿＿"))
	verb := "分送"
	if p.Away {
		verb = "移送"
	}
	by := "在法定期限内"
	if p.Report != 0 {
		by = "于" + Day(p.Report) + "前"
	}
	s.flow(fmt.Sprintf("现将%s于%s提出的%s%s你单位，依据为%s。请依法予以处理，并将处理结果%s告知本局。", p.Complainant, Day(p.Filed), p.complaint(p.Case), verb, p.Basis, by))
	if p.Reason != "" {
		s.flow("理由：" + p.Reason)
	}
	if !p.Away {
		s.flow("收到单位不具有处理权限的，应当立即退回本局并说明理由，不得自行移送。受理期限自本局收到投诉之日起计算，不因分送中断。")
	}
	s.flow("附：" + cmp.Or(p.Contents, "投诉登记表") + "。")
	s.end(p.Head, "本文书一式两份，一份送达收件单位，一份归档。")
}
