package handlers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"fangxin/handlers/paper"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// paperForm is what a kind of paper is about.
type paperForm struct {
	mark      string   // of its series, in the number
	receiver  string   // consumer, both; "" an office or as chosen
	events    []string // it is about the last of these
	corrected []string // events that take its ground away
	fill      func(f *filling, h paper.Head, a paper.About) paper.Paper
}

var formNames = []string{"register", "acceptance", "refusal", "correction", "mediation", "termination", "agreement", "dispatch"}

// forms are the official papers. What a case does not hold yet cannot be printed:
// a paper is made after the event that it is about.
var forms = map[string]paperForm{
	"register": {"投登", "consumer", []string{"file_with_authority", "file_green_channel", "archive"},
		[]string{"supply_correction", "amend_claim", "change_consent", "succeed_party"}, (*filling).register},
	"acceptance":  {"投受", "consumer", []string{"accept", "accept_meanwhile", "accept_settled"}, nil, (*filling).acceptance},
	"refusal":     {"投不受", "consumer", []string{"refuse"}, nil, (*filling).refusal},
	"correction":  {"投补", "consumer", []string{"request_correction"}, []string{"end_correction"}, (*filling).correction},
	"mediation":   {"投调通", "", []string{"both_consent"}, nil, (*filling).mediation},
	"termination": {"投终", "both", []string{"decide_termination"}, nil, (*filling).termination},
	"agreement":   {"投调", "both", []string{"agree", "amend_agreement"}, []string{"amend_agreement"}, (*filling).agreement},
	"dispatch":    {"投送", "", []string{"dispatch", "dispatch_accepted", "transfer_by_statute", "transfer_out"}, nil, (*filling).dispatch},
}

// filling is what a paper is filled from.
type filling struct {
	s          *Server
	in         paperOrder
	v          store.View
	events     []workflow.Event
	event      *workflow.Event // that it is about
	on         calendar.Date   // of the event
	told       map[int64]store.Unsealed
	person     workflow.Person
	respondent workflow.Respondent
	author     string
	proofs     string // what evidence there is
	law        policy.Articles
}

// lastOf finds the last event of a list of names.
func lastOf(events []workflow.Event, names []string) *workflow.Event {
	for i := len(events) - 1; i >= 0; i-- {
		if slices.Contains(names, events[i].Event) {
			return &events[i]
		}
	}
	return nil
}

// filling reads what is asked for and all that the case says.
func (s *Server) filling(ctx context.Context, c *Call) (*filling, error) {
	f := &filling{s: s, author: c.User.Name}
	err := strict(c.Body, &f.in)
	if err == nil {
		err = f.in.check()
	}
	if err != nil {
		return nil, err
	}
	if f.v, err = s.open(ctx, c, workflow.Complaint); err != nil {
		return nil, err
	}
	if f.events, err = s.Store.Events(ctx, f.v.Number); err != nil {
		return nil, err
	}
	if f.event = lastOf(f.events, forms[f.in.Form].events); f.event == nil {
		return nil, problem("paper_not_yet")
	}
	f.on = calendar.On(f.event.Effective())
	f.law, _ = s.Rules().Articles(f.on)
	if f.told, err = s.Store.Parts(ctx, f.v.ID); err != nil {
		return nil, err
	}
	f.people()
	f.proofs, err = s.proofs(ctx, f.v.Number)
	return f, err
}

// fresh refuses an order for a version that the case has left.
func (f *filling) fresh() error {
	if f.in.Sees != 0 && f.in.Sees != f.v.Version {
		return problem("stale")
	}
	return nil
}

// people are the parties as they stand now: who joined a complaint later is not
// its complainant.
func (f *filling) people() {
	for _, e := range f.events {
		t := f.told[e.Seq]
		if t.Person != nil && t.Person.Name != "" && e.Event != "add_complainant" && e.Event != "change_representative" {
			f.person = *t.Person
		}
		if t.Respondent != nil && t.Respondent.Name != "" {
			f.respondent = *t.Respondent
		}
	}
}

func (s *Server) proofs(ctx context.Context, number string) (string, error) {
	all, err := s.Store.Files(ctx, number)
	count := map[string]int{}
	for _, f := range all {
		if f.State == store.FileKept || f.State == store.FilePending {
			count[store.FileKindOf(f.Kind).Group]++
		}
	}
	var out []string
	for _, g := range []struct{ group, word string }{{store.GroupPicture, "图片"}, {store.GroupDocument, "文件"}, {store.GroupSound, "录音"}, {store.GroupVideo, "视频"}} {
		if n := count[g.group]; n > 0 {
			out = append(out, fmt.Sprintf("%s%d份", g.word, n))
		}
	}
	return cmp.Or(strings.Join(out, "、"), "无"), err
}

func (f *filling) receiver() string { return cmp.Or(forms[f.in.Form].receiver, f.in.To) }

// paper is the form filled in, under a number or, without one, as a preview.
func (f *filling) paper(number string) paper.Paper {
	county := f.s.Rules().County()
	h := paper.Head{Authority: county.Authority, Number: number, Case: f.v.Number, On: f.on, Law: cmp.Or(f.law.Law, "消费者权益保护法"),
		Contact: cmp.Or(f.in.Contact, f.v.Facts["officer"], f.author), Phone: f.in.Phone, Place: f.in.Office}
	return forms[f.in.Form].fill(f, h, paper.About{Complainant: f.person.Name, Respondent: f.respondent.Name, Filed: f.received(), Amount: f.amount()})
}

// received is the day on which the authority received the complaint: day 0 of the
// decision on it, else the day of the filing.
func (f *filling) received() calendar.Date {
	for _, k := range f.v.Clocks {
		if k.Code == "accept_decision" {
			return k.Starts
		}
	}
	return calendar.On(f.v.Filed)
}

func (f *filling) amount() string {
	if fen, ok := number(f.v.Facts["amount_fen"]); ok {
		return paper.Yuan(fen)
	}
	return ""
}

// reason are the words that were sealed with the event.
func (f *filling) reason() string { return f.told[f.event.Seq].Words }

// tells reports whether an event is the consumer's own telling of what happened.
func tells(e *workflow.Event) bool {
	return e.Seq == 1 || e.Event == "supply_correction" || e.Event == "amend_claim"
}

// facts are what the consumer told: with the filing, in the order of what he added.
func (f *filling) facts() string {
	var out []string
	for _, e := range f.events {
		if words := f.told[e.Seq].Words; words != "" && tells(&e) {
			out = append(out, words)
		}
	}
	return strings.Join(out, "\n")
}

func (f *filling) asks() string {
	var out []string
	for i, code := range strings.Fields(f.v.Facts["requests"]) {
		out = append(out, fmt.Sprintf("%d．%s", i+1, say("zh", "request."+code, nil)))
	}
	return strings.Join(out, "；\n")
}

// goods are domain and category in words.
func (f *filling) goods() string {
	for _, d := range f.s.Rules().County().Domains {
		if d.Number != f.v.Domain() {
			continue
		}
		for _, c := range d.Categories {
			if c.Code == f.v.Facts["category"] {
				return d.Zh + "：" + c.Zh
			}
		}
		return d.Zh
	}
	return ""
}

func (f *filling) register(h paper.Head, _ paper.About) paper.Paper {
	h.On = calendar.On(f.v.Filed)
	source := f.v.Facts["source"]
	out := paper.Register{Head: h, Filed: h.On, Name: f.person.Name, Phone: masked(f.person.Phone, 3), Email: f.person.Email, Address: f.person.Address, Identity: masked(f.person.Identity, 4),
		Agent: f.in.Agent, Publish: consentWord(f.v.Facts["publish_consent"]), Entrust: consentWord(f.v.Facts["entrust_consent"]),
		Respondent: f.respondent.Name, Place: f.respondent.Address, ShopPhone: f.respondent.Phone, Code: f.respondent.Code,
		Goods: f.goods(), Amount: f.amount(), Facts: f.facts(), Asks: f.asks(), Proofs: f.proofs, OnSite: source == "window"}
	if source != "" {
		out.Source = strings.TrimSpace(say("zh", "source."+source, nil) + " " + f.v.Facts["ticket"])
	}
	if f.person.Identity != "" {
		out.IdentityKind = "居民身份证"
	}
	return out
}

func consentWord(answer string) string { return map[string]string{"yes": "是", "no": "否"}[answer] }

// masked hides the middle of a number: the paper is handed around.
func masked(number string, keep int) string {
	r := []rune(number)
	if len(r) < 2*keep+1 {
		return number
	}
	return string(r[:keep]) + strings.Repeat("*", len(r)-keep-4) + string(r[len(r)-4:])
}

func (f *filling) acceptance(h paper.Head, a paper.About) paper.Paper {
	out := paper.Acceptance{Head: h, About: a, Article: f.law.Accept, Refusal: f.law.Refuse, Limit: cmp.Or(f.law.Limit, "法定期限")}
	for _, k := range f.v.Clocks {
		if k.Code == "mediation_end" && k.N > 0 {
			out.Ends, out.Limit = k.Due, termWords(k.N, k.Unit)
			break
		}
	}
	return out
}

// termWords is a term in words.
func termWords(n int, unit calendar.Unit) string {
	if unit == calendar.WorkingDay {
		return numeral(n) + "个工作日"
	}
	return numeral(n) + "日"
}

// numeral writes a number below a hundred as laws do.
func numeral(n int) string {
	digits := []rune("零一二三四五六七八九十")
	switch {
	case n <= 10:
		return string(digits[n])
	case n >= 100:
		return fmt.Sprint(n)
	}
	out := "十"
	if n >= 20 {
		out = string(digits[n/10]) + "十"
	}
	if n%10 > 0 {
		out += string(digits[n%10])
	}
	return out
}

// ground is the event's ground as the law of the day words it.
func (f *filling) ground(list []policy.Ground, article string) paper.Ground {
	code := cmp.Or(f.event.Data.Info["ground"], f.v.Ground)
	out := paper.Ground{Text: code, Reason: f.reason()}
	for _, g := range list {
		if g.Code == code {
			out.Text = cmp.Or(g.Text, g.Zh)
			if article != "" && g.Item != "" {
				out.Item = "第" + g.Item + "项"
			}
		}
	}
	out.Article = article
	return out
}

func (f *filling) refusal(h paper.Head, a paper.About) paper.Paper {
	return paper.Refusal{Head: h, About: a, Ground: f.ground(f.s.Rules().RefusalGrounds(f.on), f.law.Refuse)}
}

func (f *filling) termination(h paper.Head, a paper.About) paper.Paper {
	return paper.Termination{Head: h, About: a, Ground: f.ground(f.s.Rules().TerminationGrounds(f.on), f.law.End)}
}

func (f *filling) correction(h paper.Head, a paper.About) paper.Paper {
	out := paper.Correction{Head: h, About: a, Article: f.law.Contents, Refusal: f.law.Refuse, Reason: f.reason(), Term: "在本局指定的期限内"}
	for _, code := range strings.Fields(f.event.Data.Info["missing"]) {
		out.Items = append(out.Items, cmp.Or(lacking[code], code))
	}
	if t, err := f.s.Rules().Term("correction", policy.Question{Start: f.on, Domain: f.v.Domain()}); err == nil && t.N > 0 {
		out.Term = "自收到本通知之日起" + termWords(t.N, t.Unit) + "内"
	}
	return out
}

// lacking are words for what a complaint may lack (Order 121 Art. 10 to 12); an
// officer may write another code.
var lacking = map[string]string{"identity": "身份证明材料", "name": "投诉人姓名", "phone": "投诉人电话号码", "address": "投诉人通讯地址", "respondent": "被投诉人名称（姓名）", "respondent_address": "被投诉人地址",
	"requests": "具体的投诉请求", "facts": "消费者权益争议的事实依据", "evidence": "相关证明材料", "power_of_attorney": "授权委托书原件", "agent_identity": "受托人身份证明", "joint": "共同投诉人的书面推选材料"}

func (f *filling) mediation(h paper.Head, a paper.About) paper.Paper {
	h.On = calendar.On(f.s.Now())
	to := a.Complainant
	if f.in.To == "merchant" {
		to = a.Respondent
	}
	return paper.Mediation{Head: h, About: a, To: to, Article: f.law.Mediate, Recusal: f.law.Recuse, When: f.in.When, Where: f.in.Where, Mediator: f.in.Mediator, Bring: f.in.Bring}
}

func (f *filling) agreement(h paper.Head, a paper.About) paper.Paper {
	out := paper.Agreement{Head: h, About: a, Phone: f.person.Phone, Address: f.person.Address, Agent: f.in.Agent, AgentPhone: f.in.AgentPhone, ShopPhone: f.respondent.Phone, ShopPlace: f.respondent.Address,
		Represents: f.in.Represents, ShopAgent: f.in.ShopAgent, ShopAgentPhone: f.in.ShopAgentTel, Article: f.law.Agree, Terms: f.reason(), Mediator: f.in.Mediator}
	out.Claim = f.facts()
	if asks := strings.ReplaceAll(f.asks(), "\n", ""); asks != "" {
		out.Claim += "\n请求：" + asks + "。"
	}
	if due, err := calendar.ParseDate(f.event.Data.Info["due_on"]); err == nil && due != 0 {
		out.Performance = "履行期限：" + paper.Day(due) + "。"
	}
	return out
}

func (f *filling) dispatch(h paper.Head, a paper.About) paper.Paper {
	law := "《" + h.Law + "》"
	out := paper.Dispatch{Head: h, About: a, To: cmp.Or(f.in.Recipient, f.unitName()), Report: f.in.ReportBy, Reason: f.reason(), Basis: law + f.law.Dispatch,
		Contents: cmp.Or(f.in.Attached, "投诉登记表1份；证据材料："+f.proofs)}
	switch f.event.Event {
	case "transfer_out":
		out.Away, out.Basis = true, law+f.law.Place
	case "transfer_by_statute":
		out.Away = true
		if basis, ok := f.s.Rules().TransferDuty(f.v.Domain(), f.on); ok {
			out.Basis = basis
		}
	}
	return out
}

// unitName is the office that the event names.
func (f *filling) unitName() string {
	code := cmp.Or(f.event.Data.Info["receiver"], f.event.Data.Set["unit"], f.v.Unit())
	county := f.s.Rules().County()
	for _, d := range county.Departments {
		if d.Code == code {
			return strings.Replace(d.Zh, "县", county.Zh, 1)
		}
	}
	return code
}
