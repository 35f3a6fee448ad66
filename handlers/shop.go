package handlers

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// wallView is what a code on a wall says to anybody: the shop, and what it
// promises.
type wallView struct {
	Code    string         `json:"code"`
	Name    string         `json:"name"`
	Address string         `json:"address"`
	Town    string         `json:"town"`
	Open    bool           `json:"open"` // its green channel may be chosen now
	Terms   register.Terms `json:"terms"`
}

// shop reads who is behind a code on a wall.
func (s *Server) shop(ctx context.Context, c *Call) (any, error) {
	m, e, err := s.Store.Shop(ctx, c.Param("code"))
	if m.Terms.Pledges == nil {
		m.Terms.Pledges = []string{}
	}
	return wallView{m.Shop, e.Name, addressOf(&e), e.Town, m.ActiveOn(calendar.On(s.Now())), m.Terms}, err
}

// addressOf is where a merchant is found, the shop before the licence.
func addressOf(e *register.Merchant) string {
	if e.ShopAddress != "" {
		return e.ShopAddress
	}
	return e.LicenceAddress
}

// respondentOf fills in whom a filing with a shop's code is about.
func (s *Server) respondentOf(ctx context.Context, in *filing) error {
	if in.Shop == "" {
		return nil
	}
	if in.Respondent != nil {
		return badField("respondent", "why.shop_or_respondent")
	}
	m, e, err := s.Store.Shop(ctx, in.Shop)
	if errors.Is(err, store.ErrNoMember) {
		return badField("shop", "why.no_shop")
	}
	if err != nil {
		return err
	}
	if in.Track == "green_channel" && !m.ActiveOn(calendar.On(s.Now())) {
		return badField("track", "why.no_channel")
	}
	in.Respondent = &workflow.Respondent{Name: e.Name, Address: addressOf(&e)}
	if e.CodeValid {
		in.Respondent.Code = e.Code
	}
	return nil
}

// scanned shows the two ways with the shop whose code was scanned. Reading it
// begins nothing; a code that opens nothing leads to the choice without a shop.
func (s *Server) scanned(ctx context.Context, c *Call) (any, error) {
	e, err := s.onTheWall(ctx, c.Param("code"))
	if err != nil || e == nil {
		return moved{to: "/file"}, err
	}
	return s.ways(ctx, c, e.Name, c.Param("code"))
}

// onTheWall is the merchant behind a code on a wall, nil when the code opens
// nothing or the shop's green channel is closed now.
func (s *Server) onTheWall(ctx context.Context, code string) (*register.Merchant, error) {
	if code == "" {
		return nil, nil
	}
	m, e, err := s.Store.Shop(ctx, code)
	if errors.Is(err, store.ErrNoMember) || err == nil && !m.ActiveOn(calendar.On(s.Now())) {
		return nil, nil
	}
	return &e, err
}

// about fills a draft with the entry of a shop.
func (u *unsent) about(e *register.Merchant) {
	if e == nil {
		return
	}
	for name, value := range map[string]string{"merchant": e.Name, "shop_address": addressOf(e), "town": e.Town} {
		u.Form.Set(name, value)
	}
	u.Form.Del("code")
	if e.CodeValid {
		u.Form.Set("code", e.Code)
	}
}

// sheet is the sheet for a member's wall.
func (s *Server) sheet(ctx context.Context, c *Call) (any, error) {
	m, err := s.Store.Member(ctx, c.Param("member"))
	if err != nil {
		return nil, err
	}
	if m.Shop == "" {
		return nil, notFound()
	}
	e, err := s.Store.Merchant(ctx, m.Merchant)
	if err != nil {
		return nil, err
	}
	body, err := ShopSheet(e.Name, m.Shop, s.address(c))
	return document{kind: "image/svg+xml", body: body}, err
}

// ShopSheet draws the sheet for a shop's wall, A4, as SVG: the words are text and
// the QR code, which opens a complaint against this shop, is one path. site is
// where people reach the pages.
func ShopSheet(name, code, site string) ([]byte, error) {
	link := site + "/s/" + code
	path, size, err := qrPath(link)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	text := func(y, points int, words string) {
		fmt.Fprintf(&b, `<text x="105" y="%d" font-size="%d" text-anchor="middle">`, y, points)
		_ = xml.EscapeText(&b, []byte(words))
		b.WriteString("</text>\n")
	}
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297" font-family="'Noto Sans SC','Source Han Sans SC','Microsoft YaHei',sans-serif">` + "\n")
	b.WriteString(`<rect width="210" height="297" fill="#fff"/>` + "\n")
	text(40, 16, "消费维权 绿色通道")
	text(52, 6, "Fangxin green channel")
	text(74, 11, name)
	fmt.Fprintf(&b, `<svg x="50" y="88" width="110" height="110" viewBox="0 0 %s %s" shape-rendering="crispEdges"><path d="%s"/></svg>`+"\n", size, size, path)
	text(214, 8, "扫码向本店提出投诉，先行和解")
	text(225, 5, "Scan to complain to this shop first")
	text(240, 5, link)
	text(262, 5, "和解不成，可随时向市场监督管理部门投诉：12315")
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}
