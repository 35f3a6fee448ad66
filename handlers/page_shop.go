package handlers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/register"
)

// merchantIndicators are what a merchant's page shows, with n beside each.
var merchantIndicators = []string{"I-01A", "I-01B", "I-01C", "I-02", "I-03a", "I-03b", "I-03c", "I-09"}

// carefulDomains are those of which even a merchant's count tells of its customers.
var carefulDomains = []string{"medical", "finance"}

// showMerchant is what is published of one merchant in the 365 days up to the end
// of the last month. Unknown and unpublished are one 404.
func (s *Server) showMerchant(ctx context.Context, c *Call) (any, error) {
	m, err := s.Store.PublicMerchant(ctx, c.Param("merchant"))
	if errors.Is(err, store.ErrNotPublished) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	if m.ID != c.Param("merchant") {
		return moved{to: "/merchants/" + m.ID}, nil // merged
	}
	today := calendar.On(s.Now())
	x, _ := periodOf(rollingYear, today)
	group, at, err := s.Store.MerchantFigures(ctx, m.ID, x.Span)
	if err != nil {
		return nil, err
	}
	g := indicator.MerchantPublic(group, s.careful(&m), today)
	p := s.base(c, "page.shop.title", "Merchant", m.Name)
	p.Path = "/merchants/" + m.ID
	out := &view.Statistics{Lead: []string{p.T("page.shop.lead", "From", x.From.String(), "To", x.To.String()), p.T("page.stat.not_quality")}, Tiles: tiles(p, &g)[:3]}
	if g.Numbers["filed"] == nil {
		out.None, out.Tiles = p.T("page.shop.few"), nil
	} else {
		one := view.StatGroup{ID: "figures", Title: p.T("page.shop.figures")}
		for _, id := range merchantIndicators {
			one.Indicators = append(one.Indicators, indicatorOf(p, figureOf(&g, id), nil))
		}
		out.Groups = []view.StatGroup{one}
	}
	if out.About, err = s.aboutShop(ctx, p, &m, today); err != nil {
		return nil, err
	}
	out.Made = s.made(p, indicator.Version, s.Rules().VersionOn(x.To), s.Rules().Calendar().KnownAt(today).Version(), at)
	out.Files = []view.Link{{To: complaintsPath + "?merchant=" + m.ID, Name: p.T("page.published.title")}, {To: "/feeds/merchants/" + m.ID, Name: "Atom"}}
	return page{body: view.StatisticsPage(p, out), public: true}, nil
}

func (s *Server) careful(m *register.Merchant) bool {
	if m.Kind == "sole_trader" {
		return true
	}
	for _, d := range s.Rules().County().Domains {
		if d.Number == m.Domain {
			return slices.Contains(carefulDomains, d.Code)
		}
	}
	return false
}

// aboutShop says who it is and where he stands in the green channel.
func (s *Server) aboutShop(ctx context.Context, p *view.Page, m *register.Merchant, today calendar.Date) ([]view.Row, error) {
	green := p.T("page.shop.green.no")
	list, err := s.Store.Members(ctx, store.MemberFilter{Merchant: m.ID, ActiveOn: today, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		green = p.T("page.shop.green.yes", "Day", dateWords(p, list[0].From))
	}
	var former []string
	for _, f := range m.Former {
		former = append(former, f.Name)
	}
	var out []view.Row
	for _, r := range [][2]string{{"code", m.Code}, {"domain", s.domainName(p, m.Domain)}, {"town", s.townWords(p, m.Town)}, {"former", strings.Join(former, p.T("page.and"))}, {"green", green}} {
		if r[1] != "" {
			out = append(out, view.Row{Name: p.T("page.shop." + r[0]), Value: r[1]})
		}
	}
	return out, nil
}
