package handlers

import (
	"context"
	"errors"

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
