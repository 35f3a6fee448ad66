package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/publication"

	"github.com/go-json-experiment/json"
)

const (
	decisionsPath         = "/infringements"
	deskInfringementsPath = "/desk/infringements"
)

// decisionsPage is the public list of penalty decisions. Forms send every field,
// also those left empty, so an empty one asks nothing here.
func (s *Server) decisionsPage(ctx context.Context, c *Call) (any, error) {
	c.dropEmpty()
	list, next, err := s.readDecisions(ctx, c)
	if err != nil && !errors.Is(err, store.ErrNotPublished) { // of whom nothing is public nothing is found
		return nil, err
	}
	p := s.base(c, "page.infringements.title")
	p.Path = decisionsPath + "?" + c.Params.Encode()
	out := &view.Decisions{Town: choicesOf(p, "page.published.all_towns", s.Rules().County().Towns, c.Query("town")), Domain: s.domainChoices(p, c.Query("domain"))}
	for i := range list {
		out.Lines = append(out.Lines, s.decisionLine(p, &list[i]))
	}
	if next != "" {
		out.Next = with(decisionsPath, c.Params, "after", next)
	}
	return page{body: view.DecisionsPage(p, out), public: c.Query("after") == "", kept: true}, nil
}

// decisionPage is one decision's page, or the tombstone of one that is over.
func (s *Server) decisionPage(ctx context.Context, c *Call) (any, error) {
	form, err := s.Store.PublicInfringement(ctx, c.Param("infringement"))
	switch {
	case errors.Is(err, store.ErrTombstone):
		p := s.base(c, "page.infringements.gone")
		return page{status: http.StatusGone, body: view.TombstonePage(p, c.Param("infringement"), decisionsPath, "page.infringements"), kept: true}, nil
	case errors.Is(err, store.ErrNotPublished):
		return nil, notFound()
	case err != nil:
		return nil, err
	}
	p := s.base(c, "page.infringements.of", "Merchant", form.Merchant.Name)
	line := s.decisionLine(p, &form)
	return page{body: view.DecisionPage(p, &line), public: true, kept: true}, nil
}

func (s *Server) domainChoices(p *view.Page, chosen string) []view.Option {
	out := []view.Option{{Label: p.T("page.published.all_domains")}}
	for _, d := range s.Rules().County().Domains {
		out = append(out, view.Option{Value: digit(d.Number), Label: s.domainName(p, d.Number), On: digit(d.Number) == chosen})
	}
	return out
}

func (s *Server) decisionLine(p *view.Page, d *publication.PublicInfringement) view.Decision {
	return view.Decision{To: decisionsPath + "/" + d.ID, Merchant: d.Merchant.Name, About: s.domainName(p, d.Domain) + " · " + s.townName(p, d.Town), Penalties: penaltyWords(p, d.Penalties, d.FineFen), Rows: []view.Row{
		{Name: p.T("page.infringements.code"), Value: d.Merchant.Code},
		{Name: p.T("page.infringements.docket"), Value: p.T("page.infringements.numbered", "Number", d.Docket, "Day", publicDay(p, d.DocketedOn))},
		{Name: p.T("page.infringements.decision"), Value: p.T("page.infringements.numbered", "Number", d.Decision, "Day", publicDay(p, d.DecidedOn))},
		{Name: p.T("page.infringements.basis"), Value: d.Basis},
		{Name: p.T("page.infringements.until"), Value: publicDay(p, d.Until)},
	}}
}

func penaltyWords(p *view.Page, penalties []string, fine int64) string {
	var out []string
	for _, code := range penalties {
		words := p.T("penalty." + code)
		if code == "fine" {
			words += " " + yuan(fine) + " " + p.T("page.infringements.yuan")
		}
		out = append(out, words)
	}
	return strings.Join(out, p.T("page.and"))
}

// deskInfringements lists penalty cases for the authority's people.
func (s *Server) deskInfringements(ctx context.Context, c *Call) (any, error) {
	f, err := s.infringementFilter(c)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.Infringements(ctx, f)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.infringements.title")
	out := &view.DeskDecisions{States: []view.Part{{Label: p.T("page.desk.any"), To: deskInfringementsPath, Now: f.State == ""}}}
	for _, state := range publication.InfringementStates {
		out.States = append(out.States, view.Part{Label: p.T("infringement." + state), To: deskInfringementsPath + "?state=" + state, Now: state == f.State})
	}
	for i := range list {
		x := &list[i]
		m, err := s.Store.Merchant(ctx, x.Merchant)
		if err != nil {
			return nil, err
		}
		out.Lines = append(out.Lines, view.Act{To: deskInfringementsPath + "/" + x.ID, Label: m.Name, Means: p.T("infringement."+x.State) + " · " + x.Docket + " · " + dateWords(p, x.DocketedOn)})
	}
	if next != "" {
		out.More = with(deskInfringementsPath, c.Params, "after", next)
	}
	out.May = isOne(c.User, decidingPenalties)
	return page{body: view.DeskDecisionsPage(p, out)}, nil
}

// newInfringement is the form of a case that was opened.
func (s *Server) newInfringement(_ context.Context, c *Call) (any, error) {
	return s.docketPage(c, newUnsent(), nil, http.StatusOK), nil
}

func (s *Server) docketPage(c *Call, u *unsent, wrong []view.Wrong, status int) page {
	p := s.base(c, "page.infringements.new")
	p.Form = "docket"
	f := &view.Form{Action: deskInfringementsPath + "/new", Key: formKey(c.token), Faults: wrong, Submit: p.T("page.infringements.record"), Back: deskInfringementsPath}
	for _, name := range []string{"lead", "merchant", "domain", "town", "docket", "docketed_on", "why"} {
		q := s.penaltyField(p, u, name)
		switch name {
		case "domain":
			q.Options = s.domainChoices(p, u.get(name))
		case "town":
			q.Options = choicesOf(p, "page.desk.choose", s.Rules().County().Towns, u.get(name))
		}
		f.Fields = append(f.Fields, q)
	}
	f.Fields[2].Options[0].Label = p.T("page.desk.choose")
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f)}
}

// penaltyField is one question about a penalty case.
func (s *Server) penaltyField(p *view.Page, u *unsent, name string) view.Field {
	kind := map[string]string{"domain": "select", "town": "select", "docketed_on": "date", "decided_on": "date", "why": "area", "state": "choice", "penalties": "checks", "fine": "money", "basis": "area"}[name]
	if kind == "" {
		kind = "text"
	}
	q := view.Field{Name: name, Kind: kind, Label: p.T("page.infringements.ask." + name), Value: u.Form.Get(name)}
	if key := "page.infringements.hint." + name; has(p.Lang, key) {
		q.Hint = p.T(key)
	}
	return q
}

// takeDocket records it: the form becomes the body that a program would send.
func (s *Server) takeDocket(ctx context.Context, c *Call) (any, error) {
	u := &unsent{Form: c.Form}
	p := s.base(c, "page.infringements.new")
	ours := c.ourForm(c.token)
	if set := s.preferences(c); set != nil {
		return setting(s.docketPage(c, u, nil, http.StatusOK), set), nil
	}
	if !ours {
		return s.docketPage(c, u, []view.Wrong{{Text: p.T(c.staleWords())}}, http.StatusConflict), nil
	}
	domain, _ := number(u.get("domain"))
	body, err := json.Marshal(docketing{Lead: u.get("lead"), Merchant: u.get("merchant"), Domain: int(domain), Town: u.get("town"), Docket: u.get("docket"), DocketedOn: u.get("docketed_on"), Why: u.get("why")})
	if err != nil {
		return nil, err
	}
	got, err := s.docket(ctx, &Call{Param: c.Param, Body: body, Key: c.Key, Language: c.Language, User: c.User})
	if err != nil {
		wrong, status, fault := formFaults(err, c.Language, func(f string) string { return f })
		if fault != nil {
			return nil, fault
		}
		return s.docketPage(c, u, wrong, status), nil
	}
	return moved{to: deskInfringementsPath + "/" + got.(publication.Infringement).ID + "?done=docketed"}, nil
}

// deskInfringement shows a penalty case with its history, and takes its result.
func (s *Server) deskInfringement(ctx context.Context, c *Call) (any, error) {
	return s.deskInfringementPage(ctx, c, newUnsent(), nil, http.StatusOK)
}

func (s *Server) deskInfringementPage(ctx context.Context, c *Call, u *unsent, wrong []view.Wrong, status int) (any, error) {
	i, lines, err := s.Store.Infringement(ctx, c.Param("infringement"))
	if err != nil {
		return nil, err
	}
	m, err := s.Store.Merchant(ctx, i.Merchant)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.infringements.title")
	p.Title = m.Name
	out := &view.DeskDecision{Tag: p.T("infringement." + i.State), Rows: s.infringementRows(p, &i)}
	if c.Query("done") != "" {
		out.News = p.T("page.infringements.done")
	}
	for _, l := range lines {
		out.Lines = append(out.Lines, view.Row{Name: momentWords(p, l.At) + " · " + whoDid(p, l.Actor), Value: p.T("infringement."+l.What) + "\n" + l.Why})
	}
	if isOne(c.User, decidingPenalties) {
		out.Form = s.resultForm(p, c, u, &i, wrong)
	}
	return page{status: status, body: view.DeskDecisionPage(p, out)}, nil
}

func (s *Server) infringementRows(p *view.Page, i *publication.Infringement) []view.Row {
	rows := []view.Row{{Name: p.T("page.infringements.ask.lead"), Value: i.Lead}, {Name: p.T("page.infringements.about"), Value: s.domainName(p, i.Domain) + " · " + s.townName(p, i.Town)},
		{Name: p.T("page.infringements.docket"), Value: p.T("page.infringements.numbered", "Number", i.Docket, "Day", dateWords(p, i.DocketedOn))}}
	if i.Decision != "" {
		rows = append(rows, view.Row{Name: p.T("page.infringements.decision"), Value: p.T("page.infringements.numbered", "Number", i.Decision, "Day", dateWords(p, i.DecidedOn))},
			view.Row{Name: p.T("page.infringements.basis"), Value: i.Basis}, view.Row{Name: p.T("page.infringements.ask.penalties"), Value: penaltyWords(p, i.Penalties, i.FineFen)})
	}
	public := p.T("page.infringements.not_public")
	if i.Until != 0 {
		public = dateWords(p, i.Until)
	}
	rows = append(rows, view.Row{Name: p.T("page.infringements.until"), Value: public})
	return slices.DeleteFunc(rows, func(r view.Row) bool { return r.Value == "" })
}

func (s *Server) resultForm(p *view.Page, c *Call, u *unsent, i *publication.Infringement, wrong []view.Wrong) *view.Form {
	p.Form = "result"
	f := &view.Form{Action: deskInfringementsPath + "/" + i.ID, Key: formKey(c.token), Faults: wrong, Submit: p.T("page.infringements.record")}
	for _, name := range []string{"state", "decision", "decided_on", "basis", "penalties", "fine", "why"} {
		q := s.penaltyField(p, u, name)
		switch name {
		case "state":
			q.Options = u.options(p, name, "infringement.", publication.InfringementStates[1:]...)
		case "penalties":
			q.Options = u.options(p, name, "penalty.", publication.Penalties...)
		}
		q.Optional = name != "state" && name != "why"
		f.Fields = append(f.Fields, q)
	}
	f.Fields = append(f.Fields, view.Field{Name: "sees", Kind: "hidden", Value: digit(int(i.Version))})
	mark(f.Fields, wrong)
	return f
}

// takeResult records what came of it.
func (s *Server) takeResult(ctx context.Context, c *Call) (any, error) {
	u := &unsent{Form: c.Form}
	p := s.base(c, "page.infringements.title")
	ours := c.ourForm(c.token)
	if set := s.preferences(c); set != nil {
		out, err := s.deskInfringementPage(ctx, c, u, nil, http.StatusOK)
		return setting(out, set), err
	}
	if !ours {
		return s.deskInfringementPage(ctx, c, u, []view.Wrong{{Text: p.T(c.staleWords())}}, http.StatusConflict)
	}
	in := settling{State: u.get("state"), Decision: u.get("decision"), DecidedOn: u.get("decided_on"), Basis: u.get("basis"), Penalties: c.Form["penalties"], Why: u.get("why")}
	in.Sees, _ = number(u.get("sees"))
	if text := u.get("fine"); text != "" {
		n, ok := fen(text)
		if !ok {
			return s.deskInfringementPage(ctx, c, u, []view.Wrong{{Field: "fine", Text: p.T("page.bad.amount")}}, http.StatusUnprocessableEntity)
		}
		in.FineFen = n
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	if _, err := s.settle(ctx, &Call{Param: c.Param, Body: body, Key: c.Key, Language: c.Language, User: c.User}); err != nil {
		wrong, status, fault := formFaults(err, c.Language, func(f string) string {
			if f == "fine_fen" {
				return "fine"
			}
			return f
		})
		if fault != nil {
			return nil, fault
		}
		return s.deskInfringementPage(ctx, c, u, wrong, status)
	}
	return moved{to: deskInfringementsPath + "/" + c.Param("infringement") + "?done=" + in.State}, nil
}
