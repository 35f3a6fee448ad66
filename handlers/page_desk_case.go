package handlers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// looked is a case or report record as the desk's pages need it.
type looked struct {
	v          store.View
	c          *Call
	events     []workflow.Event
	parts      map[int64]store.Unsealed // none when the person was erased
	acts       []deskAct                // what this user may do now
	lacks      []deskAct                // and what the case still lacks something for
	colleagues []string                 // the officers whom the case may be given to; for an act's form only
	narrative  *store.Narrative         // the text before and after; for the forms of what becomes of it
}

// deskAct is a row of the table that the user may take, for a party or himself.
type deskAct struct {
	move MoveView
	row  *workflow.Row
	For  workflow.Role // on whose behalf; "" for the user's own
}

// readLog reads a case and its log for somebody of the authority.
func (s *Server) readLog(ctx context.Context, c *Call) (*looked, error) {
	v, err := s.seen(ctx, c)
	if err != nil {
		return nil, err
	}
	x := &looked{v: v, c: c}
	x.events, err = s.Store.Events(ctx, v.Number)
	return x, err
}

// lookAt reads a case with what was sealed with it, and what may be done now.
func (s *Server) lookAt(ctx context.Context, c *Call) (*looked, error) {
	x, err := s.readLog(ctx, c)
	if err != nil {
		return nil, err
	}
	if x.parts, err = s.Store.Parts(ctx, x.v.ID); err != nil && !errors.Is(err, store.ErrErased) {
		return nil, err
	}
	for _, m := range workflow.Allowed(settled(x.v.Case, s.Rules(), s.Now()), s.Rules(), s.Now()) {
		row, _ := workflow.RowByID(m.ID)
		for _, party := range x.mayAs(m.By) {
			a := deskAct{movesOf([]workflow.Move{m}, "")[0], row, party}
			if m.Possible() {
				x.acts = append(x.acts, a)
			} else {
				x.lacks = append(x.lacks, a)
			}
		}
	}
	return x, nil
}

// lookToAct is lookAt for the form of an act, which also offers the officers whom
// the case may be given to.
func (s *Server) lookToAct(ctx context.Context, c *Call) (*looked, error) {
	x, err := s.lookAt(ctx, c)
	if err == nil {
		x.colleagues, err = s.colleaguesOf(ctx, c)
	}
	if err == nil && slices.Contains(narrativeActs, c.Param("event")) && isOne(c.User, staff) && x.v.Facts["erased"] == "" {
		standing, told := s.Store.Standing(ctx, x.v.Number, true)
		x.narrative, err = &standing.Text, told
	}
	return x, err
}

// mayAs says how the user may take a row: himself (""), or for a party that spoke
// at the window or on the telephone. It mirrors what workflow permits, and no
// more hangs on it than which buttons are shown.
func (x *looked) mayAs(by []workflow.Role) []workflow.Role {
	own := slices.Clone(by)
	if slices.Contains(by, "units") {
		own = append(own, "unit")
	}
	var out []workflow.Role
	if isOne(x.c.User, own) {
		out = append(out, "")
	}
	if isOne(x.c.User, []workflow.Role{"officer", "hub"}) {
		for _, party := range []workflow.Role{"consumer", "merchant"} {
			if slices.Contains(by, party) {
				out = append(out, party)
			}
		}
	}
	return out
}

// act finds what may be done now by its event.
func (x *looked) act(event, party string) *deskAct {
	for i := range x.acts {
		if a := &x.acts[i]; a.move.Event == event && string(a.For) == party {
			return a
		}
	}
	return nil
}

func (x *looked) path() string { return deskCasePath(x.v.Number) }

// deskCasePath is a case's page for the authority.
func deskCasePath(number string) string { return deskPath + "/case/" + number }

// words are an act's words, where this user may read them.
func (x *looked) words(e *workflow.Event) string {
	if confidential(x.c, e.Event) {
		return ""
	}
	return x.parts[e.Seq].Words
}

// headline is the beginning of what was told.
func (x *looked) headline(p *view.Page) string {
	if h := (&shown{parts: x.parts, side: "consumer"}).headline(); h != "" {
		return h
	}
	if x.v.Kind == workflow.Report {
		return p.T("page.desk.report")
	}
	return p.T("page.case.erased")
}

// deskCase is the page of a case for somebody of the authority.
func (s *Server) deskCase(ctx context.Context, c *Call) (any, error) {
	x, err := s.lookAt(ctx, c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.desk.report")
	p.Title = x.headline(p)
	out := &view.DeskCase{Number: x.v.Number, Tag: capital(stateWords(c.Language, x.v.State)), Key: formKey(c.token), Base: x.path(), Report: x.v.Kind == workflow.Report}
	switch done := c.Query("done"); done {
	case "":
	case "paper":
		out.News = p.T("page.desk.papers.made")
	default:
		out.News, out.Next = p.T("page.desk.done"), x.paperAfter(p, done)
	}
	out.About = x.about(s, p)
	if !out.Report {
		out.Steps, out.StepsTitle = x.steps(p)
	}
	s.deskClocks(p, x, out)
	s.deskActs(p, x, out)
	x.parties(p, out)
	s.deskFacts(p, x, out)
	for i := len(x.events) - 1; i >= 0; i-- {
		out.Entries = append(out.Entries, x.entry(p, &x.events[i]))
	}
	if err := s.besideLog(ctx, c, p, x, out); err != nil {
		return nil, err
	}
	return page{body: view.DeskCasePage(p, out)}, nil
}

// about says who is in charge, and since when the case is there.
func (x *looked) about(s *Server, p *view.Page) string {
	parts := []string{p.T("page.case.filed", "Day", dayWords(p, x.v.Filed)), s.unitName(p, x.v.Unit()), officerName(p, x.v.Facts["officer"], nil)}
	return strings.Join(parts, " · ")
}

// steps are the five, as a party sees them.
func (x *looked) steps(p *view.Page) ([]view.Step, string) {
	out := &view.Case{}
	(&shown{v: x.v, events: x.events}).steps(p, out)
	return out.Steps, out.StepsTitle
}

// deskClocks lists the clocks, the open ones first, each with the way to its own
// page.
func (s *Server) deskClocks(p *view.Page, x *looked, out *view.DeskCase) {
	clocks := slices.Clone(x.v.Clocks)
	slices.SortStableFunc(clocks, func(a, b workflow.Clock) int {
		if a.State.Open() != b.State.Open() {
			if a.State.Open() {
				return -1
			}
			return 1
		}
		return int(a.Due - b.Due)
	})
	for i := range clocks {
		k := &clocks[i]
		line := view.DeskClock{Title: capital(p.T("clock." + k.Code)), State: p.T("page.desk.clock." + string(k.State)), Open: k.State.Open()}
		def, _ := workflow.ClockByCode(k.Code)
		line.Whose = p.T("page.who." + def.Whose)
		if k.Starts != 0 {
			line.To = x.path() + "/clock/" + digit(int(k.No))
			line.Because = reckoned(p, k)
			line.Due = dateWords(p, k.Due)
		}
		if k.State == workflow.Running || k.State == workflow.Owed {
			line.Due, line.Late = s.dueWords(p, k)
			if line.Late {
				line.State = ""
			}
		}
		if k.Provisional {
			line.Marks = append(line.Marks, p.T("page.desk.provisional"))
		}
		if line.Open {
			out.Clocks = append(out.Clocks, line)
		} else {
			out.Ended = append(out.Ended, line)
		}
	}
}

// parties are the people and the merchant, as they were told last.
func (x *looked) parties(p *view.Page, out *view.DeskCase) {
	var respondent *workflow.Respondent
	for i := range x.events {
		e := &x.events[i]
		part := x.parts[e.Seq]
		if confidential(x.c, e.Event) {
			continue
		}
		if q := part.Person; q != nil {
			card := cardOf(p, "person", [][2]string{{"name", q.Name}, {"phone", q.Phone}, {"email", q.Email}, {"address", q.Address}, {"identity", q.Identity}})
			if e.Seq > 1 {
				card.Title = p.T("page.desk.person_of", "Act", capital(p.T("event."+e.Event)))
			}
			if e.Seq == 1 && x.v.Facts["contact_checked"] != "" {
				card.Rows = append(card.Rows, view.Row{Name: p.T("page.desk.checked"), Value: p.T("page.desk.checked." + x.v.Facts["contact_checked"])})
			}
			out.Parties = append(out.Parties, card)
		}
		if part.Respondent != nil {
			respondent = part.Respondent
		}
	}
	if r := respondent; r != nil {
		out.Parties = append(out.Parties, cardOf(p, "respondent", [][2]string{{"name", r.Name}, {"code", r.Code}, {"address", r.Address}, {"phone", r.Phone}, {"email", r.Email}}))
	}
}

// cardOf shows what was said of somebody.
func cardOf(p *view.Page, who string, said [][2]string) view.Card {
	card := view.Card{Title: p.T("page.desk." + who)}
	for _, f := range said {
		if f[1] != "" {
			card.Rows = append(card.Rows, view.Row{Name: p.T("page.desk.ask." + who + "." + f[0]), Value: f[1]})
		}
	}
	return card
}

// deskFacts are what the case is about and how it stands.
func (s *Server) deskFacts(p *view.Page, x *looked, out *view.DeskCase) {
	add := func(key, value string) {
		if value != "" {
			out.Facts = append(out.Facts, view.Row{Name: p.T(key), Value: value})
		}
	}
	f := x.v.Facts
	add("page.desk.ask.domain", s.domainName(p, x.v.Domain()))
	if f["category"] != "" {
		add("page.desk.ask.category", s.categoryName(p, x.v.Domain(), f["category"]))
	}
	if x.v.Town() != "" {
		add("page.desk.ask.town", s.townWords(p, x.v.Town()))
	}
	if n, ok := number(f["amount_fen"]); ok {
		add("page.case.amount", "¥"+yuan(n))
	}
	add("page.case.requests", requestWords(p, f["requests"]))
	if f["source"] != "" {
		add("page.desk.ask.source", p.T("source."+f["source"]))
	}
	add("page.desk.ask.ticket", f["ticket"])
	for _, name := range []string{"publish_consent", "entrust_consent"} {
		if f[name] != "" {
			add("page.case."+name, p.T("page.case."+f[name]))
		}
	}
	for _, a := range [...][2]string{{"acceptance", x.v.Acceptance}, {"agreement", x.v.Agreement}, {"performance", x.v.Performance}} {
		if a[1] != "" && a[1] != "none" {
			add("page.desk."+a[0], p.T("page.desk."+a[0]+"."+a[1]))
		}
	}
	add("page.desk.ask.ground", x.v.Ground)
	if x.v.Outcome != "" {
		add("page.case.outcome", p.T("outcome."+x.v.Outcome))
	}
	add("page.desk.version", digit(int(x.v.Version)))
}

// entry is a line of the log: everything, with what it said where it may be read.
func (x *looked) entry(p *view.Page, e *workflow.Event) view.Entry {
	side := sideOf(e)
	out := view.Entry{Dot: p.T("page.dot." + side), Class: dotClass[side], Title: capital(p.T("event." + e.Event)), Stamp: stamp(e.At),
		When: p.T("page.when", "When", momentWords(p, e.At), "Who", actorWords(p, e))}
	add := func(name, value string) { out.Facts = append(out.Facts, view.Row{Name: name, Value: value}) }
	if !e.LawfulAt.IsZero() && calendar.On(e.LawfulAt) != calendar.On(e.At) {
		add(p.T("page.desk.lawful_at"), momentWords(p, e.LawfulAt))
	}
	if e.ID != "" {
		add(p.T("page.desk.row"), e.ID+" · "+digit(int(e.Seq)))
	}
	t := termsIn(x.words(e))
	if number := boundPaper(e, t.words); number != "" {
		out.Title, t.words = p.T("page.desk.papers.bound"), ""
		if isOne(x.c.User, staff) {
			add(p.T("page.desk.papers.number"), number)
		}
	}
	if t.fen > 0 {
		add(p.T("page.case.offered"), "¥"+yuan(t.fen))
	}
	if t.words != "" {
		out.Words = strings.Split(strings.TrimSpace(t.words), "\n\n")
	} else if e.Data.Sealed != "" && confidential(x.c, e.Event) {
		add(p.T("page.desk.words"), p.T("page.desk.confidential"))
	}
	return out
}

// actorWords says who acted: role and name; a clock is nobody.
func actorWords(p *view.Page, e *workflow.Event) string {
	role, name, _ := strings.Cut(e.Actor, ":")
	words := p.T("page.who.clock")
	if role != "clock" && has(p.Lang, "role."+role) {
		words = p.T("role." + role)
	}
	if name != "" && name != role {
		words += " " + name
	}
	if party := e.Data.Info["on_behalf_of"]; party != "" {
		words += p.T("page.desk.for", "Who", p.T("page.who."+party))
	}
	return words
}

// clockRow is the clock of the page's path.
func (x *looked) clockRow() (*workflow.Clock, error) {
	no, err := position(x.c.Param("clock"))
	if err != nil {
		return nil, err
	}
	k := x.v.ClockNo(no)
	if k == nil || k.Starts == 0 {
		return nil, notFound()
	}
	return k, nil
}

// deskClock counts out why a clock is due on its day, and in whose hands the case
// was meanwhile.
func (s *Server) deskClock(ctx context.Context, c *Call) (any, error) {
	x, err := s.readLog(ctx, c)
	if err != nil {
		return nil, err
	}
	k, err := x.clockRow()
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.desk.clock.title", "Clock", say(c.Language, "clock."+k.Code, nil))
	v := clockView(&x.v.Case, *k, s.Rules(), p.Lang)
	due, late := s.dueWords(p, k)
	if !k.State.Open() {
		due, late = p.T("page.desk.clock."+string(k.State)), k.State == workflow.MetLate
	}
	out := &view.ClockPage{Number: x.v.Number, Case: x.path(), State: p.T("page.desk.clock." + string(k.State)), Due: due, Late: late, Why: s.derivation(p, &v)}
	for _, d := range v.Counted {
		out.Counted = append(out.Counted, dateWords(p, d))
	}
	if v.Rule != "" {
		out.Rows = append(out.Rows, view.Row{Name: p.T("page.desk.clock.rule"), Value: v.Rule})
	}
	if v.Calendar != "" {
		out.Rows = append(out.Rows, view.Row{Name: p.T("page.desk.clock.calendar"), Value: v.Calendar})
	}
	out.Moves = x.movesOf(p, k)
	s.hands(p, x, k, out)
	return page{body: view.DeskClockPage(p, out)}, nil
}
