package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
)

// shown is a case as the page of a party needs it.
type shown struct {
	view.Page
	v      store.View
	side   string // consumer or merchant
	link   *store.Link
	events []workflow.Event
	parts  map[int64]store.Unsealed // none when the person was erased
	moves  []MoveView
	names  map[int64]string // who of the reader's own shop took an event

	waiting []store.File  // for the act whose form is shown
	first   string        // of the files that come with it: the one that it names
	came    map[int64]int // how many files came with an event
	signed  []fileView    // that may state what nobody disputes
}

// look reads a case for the party whose link it is.
func (s *Server) look(ctx context.Context, c *Call) (*shown, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	x := &shown{v: v, side: c.Link.Role, link: c.Link}
	if x.events, err = s.Store.Events(ctx, v.Number); err != nil {
		return nil, err
	}
	if c.Member != nil {
		if x.names, err = s.Store.ByPerson(ctx, c.Member, v.Number); err != nil {
			return nil, err
		}
	}
	if x.parts, err = s.Store.Parts(ctx, v.ID); err != nil && !errors.Is(err, store.ErrErased) {
		return nil, err
	}
	if err := s.bothSee(ctx, c, x); err != nil {
		return nil, err
	}
	allowed := workflow.Allowed(settled(v.Case, s.Rules(), s.Now()), s.Rules(), s.Now())
	for _, m := range movesOf(allowed, x.side) {
		if c.Link.May(m.Event) && !needsMore(m) && x.ownSide(m) && x.answerable(m) {
			x.moves = append(x.moves, m)
		}
	}
	for _, m := range movesOf(allowed, x.other()) { // what only the other side may do, after this one has proposed it
		if slices.Contains(jointActs(), m.Event) && !slices.Contains(m.By, workflow.Role(x.side)) && c.Link.May("propose") && !needsMore(m) && x.v.Facts["proposal."+m.Event] == "" {
			x.moves = append(x.moves, m)
		}
	}
	return x, nil
}

func (x *shown) other() string {
	return map[string]string{"consumer": "merchant", "merchant": "consumer"}[x.side]
}

// answerable holds a joint act to who could agree to it: nobody is asked to
// propose what the other side may not do.
func (x *shown) answerable(m MoveView) bool {
	return !slices.Contains(jointActs(), m.Event) || x.v.Facts["proposal."+m.Event] == x.other() || slices.Contains(m.By, workflow.Role(x.other()))
}

// needsMore reports whether a move asks for what no field of a page can give.
func needsMore(m MoveView) bool {
	for _, g := range m.Needs {
		for _, field := range workflow.Needs(g) {
			file := field == "paper" || field == "proof"
			if field == "items" && m.Event != transfer || field == "person" || file && !slices.Contains(withFiles, m.Event) {
				return true
			}
		}
	}
	return false
}

// ownSide holds a move about an offer to whose offer it is: which side acts is
// all that such a guard still waits for.
func (x *shown) ownSide(m MoveView) bool {
	_, by := x.v.OpenOffer()
	return !(slices.Contains(m.Needs, "own_offer") && by != x.side || slices.Contains(m.Needs, "not_own_offer") && by == x.side)
}

// showCase is the page of a case; without a link that works it asks for one.
func (s *Server) showCase(ctx context.Context, c *Call) (any, error) {
	if c.Link == nil {
		return s.askLink(c, "", nil), nil
	}
	x, err := s.look(ctx, c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.case.title", "Headline", x.headline())
	p.Title = x.headline()
	if p.Title == "" {
		p.Title = p.T("page.case.erased")
	}
	out := &view.Case{Number: x.v.Number, Tag: capital(stateWords(c.Language, x.v.State)), Merchant: x.about(p), Mine: x.side == "consumer", Key: formKey(c.token)}
	if key := "page.done." + c.Query("done"); c.Query("done") != "" && has(c.Language, key) {
		out.News = p.T(key)
	} else if c.Query("done") != "" {
		out.News = p.T("page.done")
	}
	x.steps(p, out)
	s.clocks(p, x, out)
	x.offer(p, out)
	x.proposals(p, out)
	x.promised(p, out)
	x.acts(p, out)
	if err := s.evidence(ctx, c, x, p, out); err != nil {
		return nil, err
	}
	x.line(p, out)
	x.facts(p, out, s)
	return page{body: view.CasePage(p, out)}, nil
}

// told is what was filed, without what it says of people when the merchant reads it.
func (x *shown) told() string {
	text := x.parts[1].Words
	if x.side != "consumer" {
		text, _, _ = strings.Cut(text, peopleMark)
	}
	return text
}

// headline is the beginning of what was told: its first clause.
func (x *shown) headline() string {
	text := strings.TrimSpace(x.told())
	if i := strings.IndexAny(text, "。！？!?\n"); i > 0 {
		text = text[:i]
	}
	const most = 28
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// about names the other side, and when it began.
func (x *shown) about(p *view.Page) string {
	day := dayWords(p, x.v.Filed)
	if x.side == "merchant" {
		return p.T("page.case.about_merchant", "Day", day)
	}
	if r := x.parts[1].Respondent; r != nil {
		return p.T("page.case.about", "Merchant", r.Name, "Day", day)
	}
	return p.T("page.case.filed", "Day", day)
}

// fiveSteps are the five steps, in order.
var fiveSteps = []string{"RECEIVED", "NEGOTIATION", "REFERRAL", "LITIGATION_LINK", "CLOSED"}

func (x *shown) steps(p *view.Page, out *view.Case) {
	first := map[string]string{}
	for i := range x.events {
		e := &x.events[i]
		if st := e.Data.To.Stage(); first[st] == "" {
			first[st] = shortDay(e.At)
		}
	}
	now := x.v.State.Stage()
	at := slices.Index(fiveSteps, now)
	for i, st := range fiveSteps {
		step := view.Step{Label: p.T("page.stage." + st), Note: first[st], Done: first[st] != "" && st != now, Now: st == now && now != "CLOSED"}
		switch {
		case st == now && now == "CLOSED":
			step.Done = true
		case step.Now:
			step.Note = p.T("page.stage.now")
		case first[st] == "" && i < at:
			step.Note = p.T("page.stage.skipped")
		}
		out.Steps = append(out.Steps, step)
	}
	out.StepsTitle = p.T("page.stage.title", "N", digit(at+1), "State", stateWords(p.Lang, x.v.State))
}

// requestWords says what is asked for.
func requestWords(p *view.Page, codes string) string {
	var out []string
	for _, r := range strings.FieldsFunc(codes, func(r rune) bool { return r == ' ' || r == ',' }) {
		out = append(out, p.T("request."+r))
	}
	return strings.Join(out, p.T("page.and"))
}

// facts are what the case is about.
func (x *shown) facts(p *view.Page, out *view.Case, s *Server) {
	add := func(key, value string) {
		if value != "" {
			out.Facts = append(out.Facts, view.Row{Name: p.T(key), Value: value})
		}
	}
	f := x.v.Facts
	if n, ok := number(f["amount_fen"]); ok {
		add("page.case.amount", "¥"+yuan(n))
	}
	add("page.case.requests", requestWords(p, f["requests"]))
	add("page.case.town", s.townName(p, f["town"]))
	if x.v.Outcome != "" {
		add("page.case.outcome", p.T("outcome."+x.v.Outcome))
	}
	if x.side == "consumer" {
		for _, name := range []string{"publish_consent", "entrust_consent"} {
			if f[name] != "" {
				add("page.case."+name, p.T("page.case."+f[name]))
			}
		}
	}
}

// askLink is the page of whoever has no link that works; hidden is what he typed.
func (s *Server) askLink(c *Call, bad string, hidden []view.Row) page {
	p := s.base(c, "page.open.title")
	p.Form = ""
	o := &view.Open{Number: c.Param("number"), Action: "/c/" + c.Param("number"), Lead: p.T("page.open.lead"), Hidden: hidden, Lost: true}
	status := http.StatusOK
	if bad != "" {
		o.Bad, status = p.T(bad), http.StatusNotFound
	} else if c.lost {
		o.Bad = p.T("page.open.ended")
	}
	if len(hidden) > 0 {
		o.Bad, status = p.T("page.open.typed"), http.StatusGone
	}
	return page{status: status, body: view.OpenPage(p, o)}
}
