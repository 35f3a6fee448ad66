package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/register"
)

// registerPath is where doubts of the register are settled, leadsPath where members
// of the green channel are decided about.
const (
	registerPath = "/desk/register"
	leadsPath    = "/desk/leads"
)

// settlers settle doubts of the county's whole register: registrars without a town
// of their own.
var settlers = []workflow.Role{"officer", "hub"}

// queuesPage is how many doubts or leads one page lists.
const queuesPage = 20

func init() {
	for _, path := range []string{registerPath, leadsPath} {
		queries["GET "+path] = []string{"status", "after", "done"}
	}
}

// queuePages are the pages on which somebody decides what no case waits for.
func (s *Server) queuePages() []deskPage {
	return []deskPage{
		{"GET", registerPath, staff, Listing, s.doubts},
		{"GET", registerPath + "/{review}", staff, Reading, s.doubt},
		{"POST", registerPath + "/{review}", settlers, Writing, s.settleDoubt},
		{"GET", leadsPath, staff, Listing, s.leads},
		{"GET", leadsPath + "/{lead}", staff, Reading, s.lead},
		{"POST", leadsPath + "/{lead}", deciders, Writing, s.settleLead},
	}
}

// queueBase is the head of a list: what is open, and what was decided.
func (s *Server) queueBase(c *Call, title, path, over string) (*view.Page, *view.Queue, string, error) {
	state, err := chosenOf(c, "status", "open", over)
	if err != nil {
		return nil, nil, "", err
	}
	p := s.base(c, title)
	p.Path = with(path, c.Params, "done", "")
	q := &view.Queue{Base: path, None: p.T("page.queue.none"), Tabs: []view.Part{{Label: p.T("page.queue.open"), To: path, Now: state == "open"}, {Label: p.T("page.queue.over"), To: path + "?status=" + over, Now: state != "open"}}}
	if c.Query("done") != "" {
		q.News = p.T("page.queue.done")
	}
	return p, q, state, nil
}

// doubts lists what the register could not tell by itself.
func (s *Server) doubts(ctx context.Context, c *Call) (any, error) {
	p, q, state, err := s.queueBase(c, "page.register.title", registerPath, "settled")
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Reviews(ctx, state, c.Query("after"), queuesPage)
	return queueList(c, p, q, state, all, err, func(r *store.Review) (string, view.QueueItem) { return r.ID, s.doubtItem(p, r) })
}

// queueList lists what was read, each with the way to its decision while it is open.
func queueList[T any](c *Call, p *view.Page, q *view.Queue, state string, all []T, err error, item func(*T) (id string, x view.QueueItem)) (any, error) {
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	if err != nil {
		return nil, err
	}
	for i := range all {
		id, x := item(&all[i])
		if state == "open" {
			x.To = q.Base + "/" + id
		}
		q.Items = append(q.Items, x)
		if i+1 == queuesPage {
			q.More = with(q.Base, c.Params, "after", id)
		}
	}
	return page{body: view.QueuePage(p, q)}, nil
}

// doubtItem shows what was told and each entry that it could be, side by side.
func (s *Server) doubtItem(p *view.Page, r *store.Review) view.QueueItem {
	x := view.QueueItem{When: momentWords(p, r.Created)}
	told := r.Row
	if r.Entry != nil {
		told = &r.Entry.Details
	}
	if told != nil {
		x.Title = told.Name
		x.Sides = append(x.Sides, s.side(p, p.T("page.register.told"), told, nil))
	}
	for i := range r.Candidates {
		k := &r.Candidates[i]
		if x.Title == "" {
			x.Title = k.Merchant.Name
		}
		x.Sides = append(x.Sides, s.side(p, p.T("page.register.candidate", "N", digit(i+1)), &k.Merchant.Details, &view.Row{Name: p.T("page.register.why"), Value: p.T("page.register.why."+k.Why, "N", digit(k.Score))}))
	}
	x.Lead = p.T("page.register.source", "Source", r.Source)
	if r.State == "settled" {
		x.Done = decided(p, p.T("page.register.verdict."+r.Decision), r.Actor, r.Why, r.Decided)
	}
	return x
}

// side is an entry's own words.
func (s *Server) side(p *view.Page, title string, d *register.Details, more *view.Row) view.Card {
	card := view.Card{Title: title}
	town := ""
	if d.Town != "" {
		town = s.townWords(p, d.Town)
	}
	for _, f := range [][2]string{{"name", d.Name}, {"legal_name", d.LegalName}, {"code", d.Code}, {"town", town}, {"domain", s.domainName(p, d.Domain)}, {"shop_address", d.ShopAddress}, {"licence_address", d.LicenceAddress}, {"shown_address", d.ShownAddress}} {
		if f[1] != "" {
			card.Rows = append(card.Rows, view.Row{Name: p.T("page.register." + f[0]), Value: f[1]})
		}
	}
	if more != nil {
		card.Rows = append(card.Rows, *more)
	}
	return card
}

// doubt is one doubt with the form that settles it.
func (s *Server) doubt(ctx context.Context, c *Call) (any, error) {
	return s.doubtPage(ctx, c, newUnsent(), nil, http.StatusOK)
}

func (s *Server) doubtPage(ctx context.Context, c *Call, typed *unsent, wrong []view.Wrong, status int) (any, error) {
	r, err := s.Store.Review(ctx, c.Param("review"))
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.register.title")
	q := &view.Queue{Base: registerPath, Faults: wrong, Items: []view.QueueItem{s.doubtItem(p, &r)}}
	p.Path = registerPath + "/" + r.ID
	if r.State != "open" || !isOne(c.User, settlers) {
		q.MayNot = p.T("page.queue.may_not")
		return page{status: status, body: view.QueuePage(p, q)}, nil
	}
	verdict := view.Field{Name: "verdict", Kind: "choice", Label: p.T("page.register.verdict")}
	add := func(value, label string) {
		verdict.Options = append(verdict.Options, view.Option{Value: value, Label: label, On: typed.get("verdict") == value})
	}
	for i, k := range r.Candidates {
		add("same "+k.Merchant.ID, p.T("page.register.is", "N", digit(i+1), "Name", k.Merchant.Name))
	}
	if len(r.Candidates) > 1 {
		for i, k := range r.Candidates {
			add("merge "+k.Merchant.ID, p.T("page.register.merge", "N", digit(i+1), "Name", k.Merchant.Name))
		}
	}
	add("different", p.T("page.register.apart"))
	q.Form = &view.Form{Action: p.Path, Key: formKey(c.token), Submit: p.T("page.queue.settle"), Back: registerPath, Fields: []view.Field{verdict, whyField(p, typed)}}
	mark(q.Form.Fields, wrong)
	return page{status: status, body: view.QueuePage(p, q)}, nil
}

func whyField(p *view.Page, typed *unsent) view.Field {
	return view.Field{Name: "why", Kind: "area", Label: p.T("page.queue.why"), Hint: p.T("page.queue.why_hint"), Value: typed.get("why")}
}

// settleDoubt does what the API does, in the words of the form.
func (s *Server) settleDoubt(ctx context.Context, c *Call) (any, error) {
	typed := &unsent{Form: c.Form}
	show := func(wrong []view.Wrong, status int) (any, error) { return s.doubtPage(ctx, c, typed, wrong, status) }
	if !c.ourForm(c.token) {
		return s.staleQueue(c, registerPath, show)
	}
	verdict, merchant, _ := strings.Cut(typed.get("verdict"), " ")
	return s.decideQueue(c, registerPath, show, map[string]any{"verdict": verdict, "merchant": merchant, "why": typed.get("why")}, func(call *Call) error {
		_, err := s.settleReview(ctx, call)
		return err
	})
}

// staleQueue shows a form again that was not made for its sender.
func (s *Server) staleQueue(c *Call, base string, show func([]view.Wrong, int) (any, error)) (any, error) {
	wrong := []view.Wrong{{Text: say(c.Language, c.staleWords(), nil)}}
	out, err := show(wrong, http.StatusConflict)
	if err != nil && problemOf(err).Status == http.StatusNotFound { // whatever it was about
		return moved{to: base}, nil
	}
	return out, err
}

// decideQueue hands a decision to the API's own handler and says what it refused.
func (s *Server) decideQueue(c *Call, base string, show func([]view.Wrong, int) (any, error), body map[string]any, do func(*Call) error) (any, error) {
	for name, v := range body {
		if v == "" || v == int64(0) {
			delete(body, name)
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	err = do(&Call{Param: c.Param, Body: text, Key: c.Key, Language: c.Language, User: c.User})
	if err == nil {
		return moved{to: base + "?done=yes"}, nil
	}
	problem := problemOf(err)
	if problem.Status == http.StatusConflict {
		problem.say(c.Language, "")
		return show([]view.Wrong{{Text: problem.Title + " " + problem.Detail}}, http.StatusConflict)
	}
	wrong, status, fault := formFaults(err, c.Language, func(name string) string {
		if name == "merchant" {
			return "verdict"
		}
		return name
	})
	if fault != nil || problem.Status == http.StatusForbidden || problem.Status == http.StatusNotFound {
		return nil, err
	}
	return show(wrong, status)
}

// decided says what was decided, by whom, when and why.
func decided(p *view.Page, what, actor, why string, at *time.Time) []view.Row {
	_, name, _ := strings.Cut(actor, ":")
	out := []view.Row{{Name: p.T("page.queue.decision"), Value: what}, {Name: p.T("page.queue.by"), Value: name}, {Name: p.T("page.queue.why"), Value: why}}
	if at != nil {
		out = append(out, view.Row{Name: p.T("page.queue.at"), Value: momentWords(p, *at)})
	}
	return out
}

// leads lists members that their figures ask a person to look at.
func (s *Server) leads(ctx context.Context, c *Call) (any, error) {
	p, q, state, err := s.queueBase(c, "page.leads.title", leadsPath, "decided")
	if err != nil {
		return nil, err
	}
	all, err := s.Store.MemberLeads(ctx, state, c.Query("after"), queuesPage)
	return queueList(c, p, q, state, all, err, func(l *store.MemberLead) (string, view.QueueItem) { return l.ID, s.leadItem(p, l) })
}

// leadItem shows the figures, and the clocks that ran out.
func (s *Server) leadItem(p *view.Page, l *store.MemberLead) view.QueueItem {
	f := l.Figures
	x := view.QueueItem{Title: l.Name, When: momentWords(p, l.Created), Lead: p.T("page.leads.kind." + l.Kind),
		Facts: []view.Row{{Name: p.T("page.leads.window"), Value: p.T("page.leads.span", "From", dateWords(p, f.From), "To", dateWords(p, f.To))},
			{Name: p.T("page.leads.in_time"), Value: p.T("page.leads.of", "N", digit(int(f.InTime)), "All", digit(int(f.Clocks)))}, {Name: p.T("page.leads.failed"), Value: digit(int(f.Failed))}}}
	for _, late := range f.Late {
		number, no, _ := strings.Cut(late, "/")
		x.Links = append(x.Links, view.Part{Label: p.T("page.leads.clock", "Number", number, "N", no), To: deskCasePath(number) + "/clock/" + no})
	}
	if l.State == "decided" {
		x.Done = decided(p, p.T("page.leads.verdict."+l.Decision), l.Actor, l.Why, l.Decided)
	}
	return x
}

// lead is one lead with the form that decides it.
func (s *Server) lead(ctx context.Context, c *Call) (any, error) {
	return s.leadPage(ctx, c, newUnsent(), nil, http.StatusOK)
}

// verdictsAt are the decisions that a member's state and a lead allow for.
func verdictsAt(m *register.Member, s *Server) []string {
	var out []string
	for _, name := range []string{"watch", "end_watch", "suspend", "resume", "exit"} {
		trial := *m
		if trial.Decide(name, s.Now()) {
			out = append(out, name)
		}
	}
	return append(out, "no_action")
}

func (s *Server) leadPage(ctx context.Context, c *Call, typed *unsent, wrong []view.Wrong, status int) (any, error) {
	l, err := s.Store.MemberLead(ctx, c.Param("lead"))
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.leads.title")
	p.Path = leadsPath + "/" + l.ID
	q := &view.Queue{Base: leadsPath, Faults: wrong, Items: []view.QueueItem{s.leadItem(p, &l)}}
	m, err := s.Store.Member(ctx, l.Member)
	if err != nil {
		return nil, err
	}
	q.Items[0].Facts = append(q.Items[0].Facts, view.Row{Name: p.T("page.leads.state"), Value: p.T("page.leads.state." + string(m.State))})
	if l.State != "open" || !isOne(c.User, deciders) || c.User.Town != "" {
		q.MayNot = p.T("page.queue.may_not")
		return page{status: status, body: view.QueuePage(p, q)}, nil
	}
	verdict := view.Field{Name: "verdict", Kind: "choice", Label: p.T("page.leads.verdict"), Options: typed.options(p, "verdict", "page.leads.verdict.", verdictsAt(&m, s)...)}
	fields := []view.Field{verdict}
	if slices.ContainsFunc(verdict.Options, func(o view.Option) bool { return o.Value == "exit" }) {
		cause := view.Field{Name: "cause", Kind: "select", Label: p.T("page.leads.cause"), Optional: true, Options: options(p, typed, "cause", "page.leads.cause.", register.Causes)}
		fields = append(fields, cause)
	}
	fields = append(fields, whyField(p, typed), view.Field{Name: "sees", Kind: "hidden", Value: digit(int(m.Version))})
	q.Form = &view.Form{Action: p.Path, Key: formKey(c.token), Submit: p.T("page.queue.settle"), Back: leadsPath, Fields: fields}
	mark(q.Form.Fields, wrong)
	return page{status: status, body: view.QueuePage(p, q)}, nil
}

// settleLead takes a decision about a member, with its reason, as the API does.
func (s *Server) settleLead(ctx context.Context, c *Call) (any, error) {
	typed := &unsent{Form: c.Form}
	show := func(wrong []view.Wrong, status int) (any, error) { return s.leadPage(ctx, c, typed, wrong, status) }
	if !c.ourForm(c.token) {
		return s.staleQueue(c, leadsPath, show)
	}
	l, err := s.Store.MemberLead(ctx, c.Param("lead"))
	if err != nil {
		return nil, err
	}
	sees, _ := position(typed.get("sees"))
	body := map[string]any{"verdict": typed.get("verdict"), "cause": typed.get("cause"), "why": typed.get("why"), "lead": l.ID, "sees": sees}
	return s.decideQueue(c, leadsPath, show, body, func(call *Call) error {
		call.Param = func(string) string { return l.Member }
		_, err := s.decideMember(ctx, call)
		return err
	})
}
