package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/register"
)

// greenForm stands where a form's secret stands for who is not signed in. The key
// makes a double click one request.
const greenForm = "green"

// sessionDays is how long the cookie of a session is kept.
const sessionDays = 14

// greenPath is the pages of a membership: its cookie is sent to them alone.
func greenPath(ref string) string { return "/green/" + ref }

// greenDoor asks for the link of the letter, or for a contact to send one to.
// Reading it uses nothing up.
func (s *Server) greenDoor(_ context.Context, c *Call) (any, error) {
	return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
}

func (s *Server) doorPage(c *Call, bad string, u *unsent, wrong []view.Wrong, status int) page {
	p := s.base(c, "page.green.title")
	d := &view.Door{Key: formKey(greenForm), Faults: wrong, Contact: u.ask(p, "contact", "text")}
	d.Contact.Label, d.Contact.Hint = p.T("page.green.contact"), p.T("page.green.contact_hint")
	if bad != "" {
		d.Bad = p.T(bad)
	} else if c.lost {
		d.Bad = p.T("page.green.ended")
	}
	for _, w := range wrong {
		d.Contact.Error = w.Text
	}
	return page{status: status, body: view.DoorPage(p, d)}
}

// askGreen owes a link to whoever is registered with a contact: the API's own
// log-in, with its one answer for everybody.
func (s *Server) askGreen(ctx context.Context, c *Call) (any, error) {
	u := &unsent{Form: c.Form}
	phone, email := contactIn(u.get("contact"))
	p := s.base(c, "page.green.title")
	if phone == "" && email == "" {
		return s.doorPage(c, "", u, []view.Wrong{{Field: "contact", Text: p.T("page.bad.contact")}}, http.StatusUnprocessableEntity), nil
	}
	c.ourForm(greenForm) // takes the key of the form, where it has one
	body, err := json.Marshal(filled(map[string]string{"phone": phone, "email": email}))
	if err != nil {
		return nil, err
	}
	out, err := s.askLogin(ctx, &Call{Body: body, Key: c.Key, Language: c.Language})
	if err != nil {
		return nil, err
	}
	p.Title = p.T("page.green.asked")
	minutes := digit(out.(loginView).Minutes)
	return page{status: http.StatusAccepted, body: view.WordsPage(p, []string{p.T("page.green.asked_text", "Minutes", minutes), p.T("page.green.asked_none")})}, nil
}

// enterGreen takes the link of a letter, once, from the script that found it
// behind # or from a person who pasted it.
func (s *Server) enterGreen(ctx context.Context, c *Call) (any, error) {
	if err := s.Limits.guess(c.from, ""); err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"token": codeIn(c.Form.Get("code"))})
	if err != nil {
		return nil, err
	}
	out, err := s.redeemLogin(ctx, &Call{Body: body, Language: c.Language})
	if err != nil {
		if problemOf(err).Code != "login_dead" {
			return nil, err
		}
		s.Limits.wrong(ctx, c.from, "")
		return s.doorPage(c, "page.green.bad", newUnsent(), nil, http.StatusNotFound), nil
	}
	all := out.(sessionsView).Sessions
	var cookies []*http.Cookie
	var rows []view.Act
	for _, x := range all {
		cookies = append(cookies, s.cookie(memberCookie, x.Token, greenPath(x.Member), sessionDays))
		rows = append(rows, view.Act{To: greenPath(x.Member), Label: x.Name})
	}
	if len(all) == 1 {
		return moved{greenPath(all[0].Member), cookies}, nil
	}
	p := s.base(c, "page.green.which")
	return page{body: view.ChoicePage(p, rows), cookies: cookies}, nil
}

// leaveGreen ends the session, and with it what it opened on this device.
func (s *Server) leaveGreen(ctx context.Context, c *Call) (any, error) {
	if c.Member == nil || !c.ourForm(c.token) {
		return moved{to: "/green"}, nil
	}
	if err := s.Store.EndSession(ctx, c.Member); err != nil {
		return nil, err
	}
	return moved{"/green", []*http.Cookie{s.cookie(memberCookie, "", greenPath(c.Member.Member.ID), 0)}}, nil
}

// inside begins a page of a membership; nil when nobody is signed in.
func (s *Server) inside(c *Call, title string) (*view.Page, *view.Member) {
	if c.Member == nil {
		return nil, nil
	}
	p := s.base(c, title)
	m := &c.Member.Member
	out := &view.Member{Base: greenPath(m.ID), Name: c.Member.Entry.Name, Tag: p.T("page.green.state." + string(m.State)), Key: formKey(c.token),
		In: m.State == register.Approved || m.State == register.Suspended, Sheet: m.Shop != "", Contact: c.Member.Person.Role == "contact"}
	out.Who = c.Member.Person.Name
	if out.In {
		out.Meta = p.T("page.green.term", "To", dateWords(p, m.To))
	}
	if key := "page.green.done." + c.Query("done"); c.Query("done") != "" && has(c.Language, key) {
		out.News = p.T(key)
	}
	return p, out
}

// mostOfMember is how many open cases one page lists: the most urgent.
const mostOfMember = 50

// greenHome lists the open cases, the most urgent first, and says how the
// membership stands.
func (s *Server) greenHome(ctx context.Context, c *Call) (any, error) {
	p, out := s.inside(c, "page.green.cases")
	if p == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	p.Title = c.Member.Entry.Name
	if key := "page.green.status." + string(c.Member.Member.State); has(p.Lang, key) {
		out.Status = p.T(key)
	}
	all, err := s.Store.MemberCases(ctx, c.Member)
	if err != nil {
		return nil, err
	}
	out.Count = p.T("page.green.open", "N", digit(len(all)))
	if len(all) > mostOfMember {
		out.More, all = p.T("page.green.more", "N", digit(mostOfMember)), all[:mostOfMember]
	}
	for _, k := range all {
		line, err := s.caseLine(ctx, p, out.Base, &k)
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, line)
	}
	return page{body: view.MemberPage(p, out)}, nil
}

// caseLine is an open case in the list: what it is about and how long is left, as
// its own page says it.
func (s *Server) caseLine(ctx context.Context, p *view.Page, base string, k *store.MemberCase) (view.MemberCase, error) {
	out := view.MemberCase{To: base + "/case/" + k.Number, Number: p.T("page.case.number", "Number", k.Number), State: capital(stateWords(p.Lang, k.State))}
	v, err := s.Store.Case(ctx, k.Number)
	if err != nil {
		return out, err
	}
	x := &shown{v: v, side: "merchant"}
	if x.parts, err = s.Store.Parts(ctx, v.ID); err != nil && !errors.Is(err, store.ErrErased) {
		return out, err
	}
	if out.Title = x.headline(); out.Title == "" {
		out.Title = p.T("page.case.erased")
	}
	if k.Due == 0 {
		out.Due = p.T("page.green.no_clock")
		return out, nil
	}
	out.Late, out.Soon = k.DaysLeft < 0, k.DaysLeft >= 0 && k.DaysLeft <= 1
	law := s.Rules()
	for _, clock := range v.Clocks {
		if clock.Code == k.Clock && clock.Due == k.Due && clock.State.Open() {
			cv := clockView(&v.Case, clock, law, p.Lang)
			w := s.clockWords(p, x, &cv)
			out.Clock, out.Due = w.Title, w.Summary
		}
	}
	return out, nil
}

// greenCase opens a case of the list in the merchant's page of the case: the
// session is its link there, for as long as the session lasts.
func (s *Server) greenCase(_ context.Context, c *Call) (any, error) {
	if c.Member == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	number := c.Param("case")
	if !s.spelled(number) {
		return nil, notFound()
	}
	return moved{"/c/" + number, []*http.Cookie{s.cookie(caseCookie, c.token, "/c/"+number, 0)}}, nil
}

// greenFigures are the member's own, from the API's own count, with how they were
// counted.
func (s *Server) greenFigures(ctx context.Context, c *Call) (any, error) {
	p, out := s.inside(c, "page.green.figures")
	if p == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	got, err := s.figuresOfMember(ctx, &Call{Param: c.Param, Query: c.Query, Member: c.Member, Language: c.Language})
	if err != nil {
		return nil, err
	}
	f, law := got.(register.Figures), s.Rules().GreenChannel()
	row := func(key, value string) {
		out.Rows = append(out.Rows, view.Row{Name: p.T("page.green.figure." + key), Value: value})
	}
	row("window", p.T("page.green.window", "From", dateWords(p, f.From), "To", dateWords(p, f.To)))
	row("clocks", digit(int(f.Clocks)))
	row("in_time", digit(int(f.InTime)))
	share := p.T("page.green.few", "N", digit(law.Least))
	if f.Clocks > 0 {
		share = p.T("page.green.share", "InTime", digit(int(f.InTime)), "Clocks", digit(int(f.Clocks)), "Percent", digit(int(f.InTime*100/f.Clocks)))
	}
	row("share", share)
	row("failed", digit(int(f.Failed)))
	names := ""
	for i, code := range law.Clocks {
		if i > 0 {
			names += p.T("page.and")
		}
		names += p.T("clock." + code)
	}
	out.How = []string{p.T("page.green.how.clocks", "Clocks", names, "Window", digit(law.Window)), p.T("page.green.how.void"),
		p.T("page.green.how.rule", "Least", digit(law.Least), "Watch", digit(law.Watch), "Suspend", digit(law.Suspend), "Failed", digit(law.Failed)),
		p.T("page.green.how.person"), p.T("page.green.how.log", "Height", digit(int(f.Height)))}
	out.Late = f.Late
	return page{body: view.FiguresPage(p, out)}, nil
}
