package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/register"
)

// membersPath is the list of memberships of the green channel at the desk.
const membersPath = "/desk/members"

// deskMembers lists memberships, those that wait for the county first.
func (s *Server) deskMembers(ctx context.Context, c *Call) (any, error) {
	state := register.MemberState(cmp.Or(c.Query("status"), string(register.Applied)))
	if !slices.Contains(register.MemberStates, state) {
		return nil, badQuery("status", "why.choice")
	}
	p := s.base(c, "page.desk.members.title")
	all, err := s.Store.Members(ctx, store.MemberFilter{State: state, After: c.Query("after"), Limit: mostOfMember})
	if err == store.ErrCursor {
		return nil, badQuery("after", "why.cursor")
	}
	if err != nil {
		return nil, err
	}
	out := &view.DeskMembers{}
	for _, x := range register.MemberStates {
		out.States = append(out.States, view.Part{Label: p.T("page.green.state." + string(x)), To: with(membersPath, c.Params, "status", string(x)), Now: x == state})
	}
	for i := range all {
		m := &all[i]
		out.Lines = append(out.Lines, view.Act{To: membersPath + "/" + m.ID, Label: m.Entry.Name, Means: s.townWords(p, m.Entry.Town) + " · " + p.T("page.desk.members.since", "Day", dayWords(p, m.Since))})
	}
	if len(all) == mostOfMember {
		out.More = with(membersPath, c.Params, "after", all[len(all)-1].ID)
	}
	return page{body: view.DeskMembersPage(p, out)}, nil
}

// deskMember shows a membership whole: what the shop stated, its papers, what
// happened, and what may be decided.
func (s *Server) deskMember(ctx context.Context, c *Call) (any, error) {
	return s.deskMemberPage(ctx, c, newUnsent(), nil, http.StatusOK)
}

func (s *Server) deskMemberPage(ctx context.Context, c *Call, u *unsent, wrong []view.Wrong, status int) (any, error) {
	got, err := s.membership(ctx, c)
	if err != nil {
		return nil, err
	}
	m := got.(membershipWhole)
	e, err := s.Store.Merchant(ctx, m.Merchant)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.desk.members.title")
	p.Title = m.Name
	out := &view.DeskMember{Tag: p.T("page.green.state." + string(m.State)), Rows: s.memberRows(p, &m, &e)}
	if key := "page.desk.members.done"; c.Query("done") != "" {
		out.News = p.T(key)
	}
	files, err := s.Store.MemberFiles(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	for i := range m.Papers {
		out.Papers = append(out.Papers, s.paperTile(p, &m.Papers[i], files, membersPath+"/"+m.ID+"/files"))
	}
	lines, err := s.Store.MemberHistory(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		out.Lines = append(out.Lines, view.Row{Name: momentWords(p, l.At) + " · " + whoDid(p, l.Actor), Value: strings.TrimSpace(p.T("page.desk.members.what."+l.What) + "\n" + l.Why)})
	}
	if _, err := decider(c, "x"); err == nil && len(decisionsIn(m.State)) > 0 {
		out.Form = s.decisionForm(p, c, u, &m, wrong)
	}
	return page{status: status, body: view.DeskMemberPage(p, out)}, nil
}

// whoDid says who acted upon a membership: his role, and an officer's name.
func whoDid(p *view.Page, actor string) string {
	role, name, _ := strings.Cut(actor, ":")
	words := p.T("role." + role)
	if role != "merchant" && role != "job" {
		words += " " + name
	}
	return words
}

// memberRows are what a shop stated.
func (s *Server) memberRows(p *view.Page, m *membershipWhole, e *register.Merchant) []view.Row {
	list := func(prefix string, codes []string) string {
		var out []string
		for _, code := range codes {
			out = append(out, p.T(prefix+code))
		}
		return strings.Join(out, p.T("page.and"))
	}
	entry := e.Code + " · " + p.T("page.desk.members.entry."+string(e.Status))
	if e.Code == "" {
		entry = p.T("page.desk.members.entry." + string(e.Status))
	}
	rows := []view.Row{{Name: p.T("page.join.ask.code"), Value: entry}, {Name: p.T("page.join.ask.shop_address"), Value: e.ShopAddress}, {Name: p.T("page.join.ask.town"), Value: s.townWords(p, e.Town)}}
	for _, x := range m.People {
		rows = append(rows, view.Row{Name: p.T("page.desk.members.person." + x.Role), Value: strings.TrimSpace(x.Name + " " + x.Phone + " " + x.Email)})
	}
	rows = append(rows, view.Row{Name: p.T("page.join.ask.checklist"), Value: list("page.join.checklist.", pointsOf(m.Checklist))},
		view.Row{Name: p.T("page.join.ask.answer_days"), Value: digit(m.Terms.AnswerDays)},
		view.Row{Name: p.T("page.join.ask.pledges"), Value: list("page.join.pledge.", m.Terms.Pledges)})
	if m.Terms.ReturnDays > 0 {
		rows = append(rows, view.Row{Name: p.T("page.join.ask.return_days"), Value: digit(m.Terms.ReturnDays)})
	}
	if m.To != 0 {
		rows = append(rows, view.Row{Name: p.T("page.desk.members.term"), Value: dateWords(p, m.From) + " – " + dateWords(p, m.To)})
	}
	return slices.DeleteFunc(rows, func(r view.Row) bool { return r.Value == "" })
}

// decisionsIn are the decisions that fit a state; what a lead asks for is decided
// with the lead.
func decisionsIn(state register.MemberState) []string {
	var out []string
	for _, name := range register.DecisionNames {
		if name != "no_action" && slices.Contains(register.Decisions[name].From, state) {
			out = append(out, name)
		}
	}
	return out
}

func (s *Server) decisionForm(p *view.Page, c *Call, u *unsent, m *membershipWhole, wrong []view.Wrong) *view.Form {
	p.Form = "decision"
	verdict, why, cause := u.ask(p, "verdict", "choice"), u.ask(p, "why", "area"), u.ask(p, "cause", "select")
	verdict.Label, why.Label, cause.Label = p.T("page.desk.members.which"), p.T("page.desk.members.why"), p.T("page.desk.members.cause")
	why.Hint, cause.Hint = p.T("page.desk.members.why_hint"), ""
	verdict.Options = u.options(p, "verdict", "page.desk.members.what.", decisionsIn(m.State)...)
	f := &view.Form{Action: membersPath + "/" + m.ID, Key: formKey(c.token), Faults: wrong, Submit: p.T("page.desk.members.decide"), Fields: []view.Field{verdict, why}}
	if slices.Contains(decisionsIn(m.State), "exit") {
		cause.Optional, cause.Options = true, append([]view.Option{{}}, u.options(p, "cause", "page.desk.members.cause.", register.Causes...)...)
		f.Fields = append(f.Fields, cause)
	}
	f.Fields = append(f.Fields, view.Field{Name: "sees", Kind: "hidden", Value: digit(int(m.Version))})
	mark(f.Fields, wrong)
	return f
}

// takeDecision takes a decision: the form becomes the body that a program would send.
func (s *Server) takeDecision(ctx context.Context, c *Call) (any, error) {
	u := &unsent{Form: c.Form}
	p := s.base(c, "page.desk.members.title")
	ours := c.ourForm(c.token)
	switch set := s.preferences(c); {
	case set != nil:
		out, err := s.deskMemberPage(ctx, c, u, nil, http.StatusOK)
		return setting(out, set), err
	case !ours:
		return s.deskMemberPage(ctx, c, u, []view.Wrong{{Text: p.T(c.staleWords())}}, http.StatusConflict)
	}
	sees, _ := number(u.get("sees"))
	body, err := json.Marshal(map[string]any{"verdict": u.get("verdict"), "why": u.get("why"), "cause": u.get("cause"), "sees": sees})
	if err != nil {
		return nil, err
	}
	if _, err := s.decideMember(ctx, &Call{Param: c.Param, Body: body, Key: c.Key, Language: c.Language, User: c.User}); err != nil {
		wrong, status, fault := formFaults(err, c.Language, func(f string) string { return f })
		if fault != nil {
			return nil, fault
		}
		return s.deskMemberPage(ctx, c, u, wrong, status)
	}
	return moved{to: membersPath + "/" + c.Param("member") + "?done=1"}, nil
}

// deskPaper hands a paper's file to who reviews the application.
func (s *Server) deskPaper(ctx context.Context, c *Call) (any, error) {
	f, err := s.paperOf(ctx, c.Param("member"), c.Param("file"))
	return s.sendSized(ctx, c, f, err)
}
