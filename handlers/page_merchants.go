package handlers

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

const (
	merchantsOnFront = 6  // on the front page
	merchantsOnPage  = 60 // on one page of the list
)

// inForce are the members whose green channel may be chosen today. A county has
// some hundreds of them.
func (s *Server) inForce(ctx context.Context, town string, domain int) ([]store.MemberLine, error) {
	f := store.MemberFilter{ActiveOn: calendar.On(s.Now()), Town: town, Domain: domain, Limit: 500}
	var out []store.MemberLine
	for {
		lot, err := s.Store.Members(ctx, f)
		out = append(out, lot...)
		if err != nil || len(lot) < f.Limit {
			return out, err
		}
		f.After = lot[len(lot)-1].ID
	}
}

// memberShop is what the county publishes of a member: name, address, since when
// and what it promises; nothing of its people and nothing of its figures.
func (s *Server) memberShop(p *view.Page, m *store.MemberLine) view.MemberShop {
	promises := []string{p.T("page.merchants.answers", "N", digit(m.Terms.AnswerDays))}
	for _, code := range m.Terms.Pledges {
		promises = append(promises, p.T("page.join.pledge."+code))
	}
	town := s.townName(p, m.Entry.Town)
	if town == "" {
		town = p.T("page.merchants.no_town")
	}
	return view.MemberShop{Name: m.Entry.Name, Address: addressOf(&m.Entry), Since: p.T("page.merchants.since", "Day", dateWords(p, m.From)),
		Promises: strings.Join(promises, p.T("page.and")), Town: town, To: "/s/" + m.Shop}
}

// greenMerchants lists the county's green channel by town and domain; a search
// narrows it by the name or its initials.
func (s *Server) greenMerchants(ctx context.Context, c *Call) (any, error) {
	p := s.base(c, "page.merchants.title")
	p.Path = "/merchants?" + c.Params.Encode()
	domain, _ := strconv.Atoi(c.Query("domain"))
	all, err := s.inForce(ctx, c.Query("town"), domain)
	if err != nil {
		return nil, err
	}
	words := strings.TrimSpace(c.Query("q"))
	all = slices.DeleteFunc(all, func(m store.MemberLine) bool { return !named(m.Entry.Name, words) })
	places := map[string]int{}
	for i, t := range s.Rules().County().Towns {
		places[t.Code] = i + 1
	}
	slices.SortStableFunc(all, func(a, b store.MemberLine) int {
		return cmp.Or(places[a.Entry.Town]-places[b.Entry.Town], a.Entry.Domain-b.Entry.Domain, strings.Compare(a.Entry.Name, b.Entry.Name))
	})
	out := &view.Members{Query: words, Count: p.T("page.merchants.count", "N", digit(len(all)))}
	s.narrowings(p, c, out)
	at, _ := strconv.Atoi(c.Query("page"))
	from := min(max(at, 1)-1, len(all)/merchantsOnPage) * merchantsOnPage
	for i := from; i < min(from+merchantsOnPage, len(all)); i++ {
		shop := s.memberShop(p, &all[i])
		shop.First = i == from || all[i-1].Entry.Town != all[i].Entry.Town
		out.Shops = append(out.Shops, shop)
	}
	pageAt := func(n int) string {
		q := url.Values{"q": {words}, "town": {c.Query("town")}, "domain": {c.Query("domain")}, "page": {digit(n)}}
		return "/merchants?" + q.Encode()
	}
	if from > 0 {
		out.Before = pageAt(from / merchantsOnPage)
	}
	if from+merchantsOnPage < len(all) {
		out.Next = pageAt(from/merchantsOnPage + 2)
	}
	return page{body: view.MembersPage(p, out), public: true}, nil
}

// narrowings are the towns and domains of the county to choose from.
func (s *Server) narrowings(p *view.Page, c *Call, out *view.Members) {
	county := s.Rules().County()
	out.Town = []view.Option{{Label: p.T("page.merchants.all_towns")}}
	for _, t := range county.Towns {
		out.Town = append(out.Town, view.Option{Value: t.Code, Label: placeName(p, t), On: t.Code == c.Query("town")})
	}
	out.Domain = []view.Option{{Label: p.T("page.merchants.all_domains")}}
	for _, d := range county.Domains {
		name := d.Zh
		if p.Lang == "en" {
			name = d.En
		}
		out.Domain = append(out.Domain, view.Option{Value: digit(d.Number), Label: name, On: digit(d.Number) == c.Query("domain")})
	}
}

// named reports whether a shop's name holds what was typed, or its initials do.
func named(name, words string) bool {
	typed := register.Fold(words)
	return typed == "" || strings.Contains(register.Fold(name), typed) || strings.Contains(register.Initials(name), strings.ToLower(typed))
}

// someMembers are the shops that the front page shows.
func (s *Server) someMembers(ctx context.Context, p *view.Page) ([]view.MemberShop, error) {
	all, err := s.Store.Members(ctx, store.MemberFilter{ActiveOn: calendar.On(s.Now()), Limit: merchantsOnFront})
	var out []view.MemberShop
	for i := range all {
		out = append(out, s.memberShop(p, &all[i]))
	}
	return out, err
}
