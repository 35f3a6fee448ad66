package paper

import "fangxin/workflow/calendar"

// Register is the 投诉登记表 (form 1 of the official set).
type Register struct {
	Head
	Filed                              calendar.Date
	Source                             string // by which way it came, with its number there
	Name, Phone, Email, Address        string
	IdentityKind, Identity             string // of the card; masked by who fills it in
	Agent                              string
	Publish, Entrust                   string // the two consents: 是, 否 or empty
	Respondent, Place, ShopPhone, Code string
	Goods, Amount, Facts, Asks, Proofs string
	Officer                            string // who took it down
	OnSite                             bool   // the complainant signs
}

// Title is the form's name.
func (Register) Title() string { return "投诉登记表" }

func (r Register) draw(s *sheet) {
	s.centred(s.bold, titleSize, "投　诉　登　记　表")
	s.y += 3
	s.text(s.serif, smallSize, left, s.y, "登记单位："+r.Authority)
	filed := "登记日期：" + Day(r.Filed)
	s.text(s.serif, smallSize, right-s.width(s.serif, smallSize, filed), s.y, filed)
	s.y += 6
	s.text(s.serif, smallSize, left, s.y, "编号："+r.number())
	number := "投诉编号：" + r.Case
	s.text(s.serif, smallSize, right-s.width(s.serif, smallSize, number), s.y, number)
	s.y += 7
	s.group("投诉人", func(g *group) {
		g.two("姓　　名", r.Name, "联系电话", r.Phone)
		g.two("证件类型", r.IdentityKind, "证件号码", r.Identity)
		if r.Agent != "" {
			g.two("电子邮箱", r.Email, "代理人", r.Agent)
		} else {
			g.two("电子邮箱", r.Email, "登记来源", r.Source)
		}
		g.one("通讯地址", r.Address, 9)
		g.two("是否同意公示投诉信息", box(r.Publish), "是否同意委托调解", box(r.Entrust))
	})
	s.group("被投诉人", func(g *group) {
		g.one("名　　称", r.Respondent, 9)
		g.one("住　　所", r.Place, 9)
		g.two("联系电话", r.ShopPhone, "统一代码", r.Code)
	})
	s.group("投诉内容", func(g *group) {
		g.two("商品/服务", r.Goods, "涉及金额", r.Amount)
		g.one("消费者权益\n争议事实\n依据", r.Facts, 52)
		g.one("投诉请求", r.Asks, 20)
		g.one("证据材料", r.Proofs, 10)
	})
	r.declare(s)
	s.low = true
	s.note("注：1. 消费者通过非现场方式提起投诉的，无须签字。\n2. 本表一式两份，投诉人和市场监督管理部门各执一份。")
}

// box shows an answer as the form does: the other one is crossed out by leaving
// its box empty.
func box(answer string) string {
	switch answer {
	case "是":
		return "■是　□否"
	case "否":
		return "□是　■否"
	}
	return "□是　□否"
}

func (r Register) declare(s *sheet) {
	const height = 32.0
	s.room(height)
	s.pdf.SetLineWidth(0.25)
	s.pdf.RectFromUpperLeft(left, s.y, headingWidth+labelWidth, height)
	s.pdf.RectFromUpperLeft(left+headingWidth+labelWidth, s.y, right-left-headingWidth-labelWidth, height)
	x, y := left+headingWidth+labelWidth+cellPad, s.y+cellPad
	s.text(s.serif, cellSize, left+(headingWidth+labelWidth-s.width(s.serif, cellSize, "投诉人声明"))/2, s.y+height/2-3, "投诉人声明")
	for _, line := range s.serif.wrap("本人承诺以上内容真实，为生活消费需要购买、使用商品或者接受服务，且未就同一争议向人民法院起诉、申请仲裁或者向其他行政机关投诉。",
		(right-x-cellPad)*pointsPerMM/cellSize, 2) {
		at := x
		if y == s.y+cellPad {
			at += 2 * cellSize / pointsPerMM
		}
		s.text(s.serif, cellSize, at, y, line)
		y += cellSize * cellLead / pointsPerMM
	}
	y = s.y + height - 9
	if r.OnSite {
		s.text(s.serif, cellSize, x, y, "投诉人（签字）：")
	} else {
		s.text(s.serif, cellSize, x, y, "非现场投诉，无须签字")
	}
	s.text(s.serif, cellSize, x+62, y, "经办人（签字）：")
	s.y, s.bare = s.y+height+3, false
}
