package paper

import (
	"cmp"
	"fmt"
)

// Agreement is the 投诉调解书. What it says was agreed by both sides; what either
// offered on the way has no place in it.
type Agreement struct {
	Head
	About
	Phone, Address            string // of the complainant
	Agent, AgentPhone         string
	ShopPhone, ShopPlace      string
	Represents                string // the respondent's legal representative
	ShopAgent, ShopAgentPhone string
	Article                   string
	Claim                     string // the complaint and what it asks for
	Terms                     string // as agreed
	Performance               string // until when, how much
	Mediator                  string
}

// Title is the form's name.
func (Agreement) Title() string { return "投诉调解书" }

func (p Agreement) draw(s *sheet) {
	s.letter(p.Head, p.Title(), "")
	s.group("双方当事人", func(g *group) {
		g.two("投诉人", p.Complainant, "联系电话", p.Phone)
		g.one("联系地址", p.Address, 9)
		g.two("委托代理人", p.Agent, "联系电话", p.AgentPhone)
		g.two("被投诉人", p.Respondent, "法定代表人", p.Represents)
		g.one("经营场所", p.ShopPlace, 9)
		g.two("委托代理人", p.ShopAgent, "联系电话", cmp.Or(p.ShopAgentPhone, p.ShopPhone))
	})
	s.y += 4
	s.flow(fmt.Sprintf("投诉内容及投诉请求（投诉编号%s，本局于%s收到）：", p.Case, Day(p.Filed)))
	s.flow(p.Claim)
	s.flow(fmt.Sprintf("根据%s%s的规定，本局组织双方当事人进行调解，双方自愿达成如下协议：", p.law(), p.Article))
	s.flow(cmp.Or(p.Terms, "＿＿＿＿＿＿＿＿＿＿＿＿"))
	s.flow(p.Performance)
	s.flow("本调解书经双方当事人签字或者盖章后生效。调解书生效后，一方当事人未履行的，另一方当事人可以按照《中华人民共和国消费者权益保护法》第三十九条的规定，通过民事诉讼、仲裁等途径解决消费者权益争议。")
	s.room(24 + 30 + 20*s.tight*s.tight)
	s.y += 5
	s.text(s.serif, 12, left, s.y, "投诉人（签名）：")
	s.text(s.serif, 12, left+82, s.y, "被投诉人（签名或者盖章）：")
	s.y += 13
	s.text(s.serif, 12, left, s.y, "调解人员（签名）：")
	s.text(s.serif, 12, left+38, s.y, p.Mediator)
	s.y, s.bare = s.y+2, false
	s.sign(p.Head)
	s.foot("本调解书由双方当事人签字或者盖章并加盖本局印章，双方各执一份，本局归档一份。")
}
