package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow"
)

// daily are the moves that most cases need, in this order; the others follow in
// the table's.
var daily = []string{"classify", "open_green_channel", "dispatch", "invite_settlement", "accept", "accept_meanwhile", "accept_settled", "ask_consent", "hold_session", "agree",
	"decide_termination", "told_offer_link", "told_close", "told_close_settled", "close_with_result"}

// deskActs lists what may be done now: the table's rows that are this user's.
func (s *Server) deskActs(p *view.Page, x *looked, out *view.DeskCase) {
	place := func(a *deskAct) int {
		if i := slices.Index(daily, a.move.Event); i >= 0 {
			return i
		}
		return len(daily)
	}
	slices.SortStableFunc(x.acts, func(a, b deskAct) int { return place(&a) - place(&b) })
	for i := range x.acts {
		a := &x.acts[i]
		v := x.inWords(p, a)
		switch {
		case a.For != "":
			out.Behalf = append(out.Behalf, v)
		case place(a) < len(daily):
			out.Acts = append(out.Acts, v)
		default:
			out.Rare = append(out.Rare, v)
		}
	}
	if len(out.Acts) == 0 {
		out.Acts, out.Rare = out.Rare, nil
	}
	for i := range x.lacks {
		if a := &x.lacks[i]; a.For == "" {
			v := x.inWords(p, a)
			v.To = ""
			for _, g := range a.move.Lacks {
				v.Lacks = append(v.Lacks, p.T("guard."+g))
			}
			out.Lacking = append(out.Lacking, v)
		}
	}
}

// inWords is a row in words: its article, what it starts and stops, and where the
// case goes.
func (x *looked) inWords(p *view.Page, a *deskAct) view.DeskAct {
	out := view.DeskAct{To: x.path() + "/act/" + a.move.Event, Label: capital(p.T("event." + a.move.Event)), ID: a.row.ID, Basis: basisWords(p, a.row.Basis), Form: a.row.Form, Effects: x.effects(p, a)}
	if a.For != "" {
		out.To += "?for=" + string(a.For)
		out.Label = p.T("page.desk.act.for", "Who", p.T("page.who."+string(a.For)), "Act", out.Label)
	}
	return out
}

// orderArticle is an article of the procedure's own order in the table's short form.
var orderArticle = regexp.MustCompile(`^R2((?: [0-9]+)+)$`)

// basisWords says an article of law as people cite it.
func basisWords(p *view.Page, basis string) string {
	if m := orderArticle.FindStringSubmatch(basis); m != nil {
		return p.T("page.desk.order", "N", strings.Join(strings.Fields(m[1]), p.T("page.and")))
	}
	return basis
}

// effects say what a row does: to the state, and to clocks.
func (x *looked) effects(p *view.Page, a *deskAct) []string {
	var out []string
	if to := a.move.To; to != x.v.State && to != "" {
		out = append(out, p.T("page.desk.act.to", "State", stateWords(p.Lang, to)))
	}
	for _, op := range []struct {
		sign byte
		key  string
	}{{'+', "start"}, {'-', "meet"}, {'x', "void"}, {'p', "pause"}, {'r', "resume"}, {'m', "extend"}} {
		var names []string
		for _, c := range a.row.Clocks {
			if c.Op != op.sign || op.sign != '+' && !x.runs(c.Code) {
				continue
			}
			name := p.T("clock." + c.Code)
			if c.When != "" {
				name = p.T("page.desk.act.perhaps", "Clock", name)
			}
			names = append(names, name)
		}
		if len(names) > 0 {
			out = append(out, p.T("page.desk.act."+op.key, "Clocks", strings.Join(names, p.T("page.and"))))
		}
	}
	if a.row.Outcome != "" {
		out = append(out, p.T("page.desk.act.outcome", "Outcome", p.T("outcome."+a.row.Outcome)))
	}
	return out
}

func (x *looked) runs(code string) bool {
	return slices.ContainsFunc(x.v.Clocks, func(k workflow.Clock) bool { return k.Code == code && k.State.Open() })
}

// showDeskAct is the form of an act.
func (s *Server) showDeskAct(ctx context.Context, c *Call) (any, error) {
	x, err := s.lookToAct(ctx, c)
	if err != nil {
		return nil, err
	}
	a := x.act(c.Param("event"), c.Query("for"))
	if a == nil {
		return s.deskNotNow(s.notNowBase(c), x, nil), nil
	}
	typed := newUnsent()
	typed.Form.Set("sees", digit(int(x.v.Version)))
	if x.narrative != nil && a.move.Event == "propose_narrative" { // to be worded from here
		typed.Form.Set("words", cmp.Or(x.narrative.After, x.narrative.Suggested))
	}
	if no := c.Query("no"); no != "" {
		for _, name := range []string{"clock", "notice", "order"} {
			typed.Form.Set(name, no)
		}
	}
	return s.deskActPage(c, x, a, typed, nil, http.StatusOK), nil
}

// notNowBase is a page that says that something is not possible any more.
func (s *Server) notNowBase(c *Call) *view.Page { return s.base(c, "page.act.not_now.title") }

// deskNotNow keeps what was typed and says what happened meanwhile.
func (s *Server) deskNotNow(p *view.Page, x *looked, typed *unsent) page {
	out := &view.NotNow{Text: p.T("page.act.not_now", "State", stateWords(p.Lang, x.v.State)), Case: x.path()}
	if typed != nil {
		out.Typed = typed.get("words")
		out.Changed = x.since(p, typed)
	}
	return page{status: http.StatusConflict, body: view.NotNowPage(p, out)}
}

// since are the events after the version that the form was made for.
func (x *looked) since(p *view.Page, typed *unsent) []view.Entry {
	sees, err := strconv.ParseInt(typed.get("sees"), 10, 64)
	if err != nil {
		return nil
	}
	var out []view.Entry
	for i := range x.events {
		if x.events[i].Seq > sees {
			out = append(out, x.entry(p, &x.events[i]))
		}
	}
	return out
}

func (s *Server) deskActPage(c *Call, x *looked, a *deskAct, typed *unsent, wrong []view.Wrong, status int) page {
	p := s.base(c, "event."+a.move.Event)
	about := x.inWords(p, a)
	p.Title, p.Form = about.Label, "act"
	f := &view.Form{Action: about.To, Key: formKey(c.token), Faults: wrong, Submit: p.T("page.desk.act.do"), Back: x.path(), Kicker: p.T("page.case.number", "Number", x.v.Number)}
	f.Fields = s.deskFields(p, x, a, typed)
	out := &view.ActPage{Form: f, About: about, Second: x.second(p, a), Texts: textsOf(p, x.narrative)}
	if status == http.StatusConflict {
		out.Changed = x.since(p, typed)
	}
	typed.Form.Set("sees", digit(int(x.v.Version)))
	f.Fields = append(f.Fields, view.Field{Name: "sees", Kind: "hidden", Value: typed.get("sees")})
	if slices.ContainsFunc(a.move.Needs, func(g string) bool { return slices.Contains(workflow.Needs(g), "warned") }) {
		f.Warning = warningOf(&x.v.Case, c.Language).Warning
	}
	mark(f.Fields, wrong)
	return page{status: status, body: view.DeskActPage(p, out)}
}

// second says who prepared what another person has to decide, where the table
// asks for two.
func (x *looked) second(p *view.Page, a *deskAct) string {
	if !slices.ContainsFunc(a.move.Needs, func(g string) bool { return strings.HasPrefix(g, "second_person") }) {
		return ""
	}
	switch by := x.v.Facts["prepared_by"]; by {
	case "":
		return p.T("page.desk.second.nobody")
	case x.c.User.Name:
		return p.T("page.desk.second.you")
	default:
		return p.T("page.desk.second.other", "Name", by)
	}
}

// takeDeskAct does it: the form becomes the body that a program would send.
func (s *Server) takeDeskAct(ctx context.Context, c *Call) (any, error) {
	x, err := s.lookToAct(ctx, c)
	if err != nil {
		return nil, err
	}
	typed := &unsent{Form: c.Form}
	a, ours := x.act(c.Param("event"), c.Query("for")), c.ourForm(c.token)
	p := s.notNowBase(c)
	switch {
	case a == nil && !ours:
		return s.deskNotNow(p, x, typed), nil
	case a == nil: // done by now, perhaps by this very form: its key says so
		a = &deskAct{move: MoveView{Event: c.Param("event")}, row: &workflow.Row{}, For: workflow.Role(c.Query("for"))}
	case !ours:
		return s.deskActPage(c, x, a, typed, []view.Wrong{{Text: p.T(c.staleWords())}}, http.StatusConflict), nil
	}
	if set := s.preferences(c); set != nil {
		out := s.deskActPage(c, x, a, typed, nil, http.StatusOK)
		out.cookies = set
		return out, nil
	}
	if err := s.sawOwnPapers(ctx, x, typed); err != nil {
		return nil, err
	}
	body, wrong := x.deskBody(p, a, typed)
	if len(wrong) > 0 {
		return s.deskActPage(c, x, a, typed, wrong, http.StatusUnprocessableEntity), nil
	}
	if err := s.sendAct(ctx, c, x, a, body); err != nil {
		return s.refusedDeskAct(ctx, c, a, typed, err)
	}
	return moved{to: x.path() + "?done=" + a.move.Event}, nil
}

// sendAct hands the act to the handler that a program would call.
func (s *Server) sendAct(ctx context.Context, c *Call, x *looked, a *deskAct, body map[string]any) error {
	call := &Call{Param: c.Param, Key: c.Key, Language: c.Language, User: c.User}
	handle := s.command
	if x.v.Kind == workflow.Report {
		r, choice, value := reportResource(a.move.Event)
		if choice != "" {
			body[choice] = value
		}
		no, _ := body["clock"].(int64)
		delete(body, "clock")
		call.Param = func(name string) string {
			if name == "clock" {
				return strconv.FormatInt(no, 10)
			}
			return c.Param(name)
		}
		handle = s.resource(r, workflow.Report)
	} else {
		body["event"] = a.move.Event
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	call.Body = text
	_, err = handle(ctx, call)
	return err
}

// reportResource finds where an act on a report record is done.
func reportResource(event string) (r resource, choice, value string) {
	for _, r := range reportResources {
		field, all := r.options()
		for _, o := range all {
			if slices.Contains(o.events, event) {
				return r, field, o.value
			}
		}
	}
	return resource{}, "", ""
}

// refusedDeskAct shows the form again with the reason, every word in its place. The
// case is read anew: it may have moved between.
func (s *Server) refusedDeskAct(ctx context.Context, c *Call, a *deskAct, typed *unsent, refusal error) (any, error) {
	problem := problemOf(refusal)
	x, err := s.lookToAct(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case problem.Code == "key_reused": // it was sent before, with other words: look first
		return moved{to: x.path()}, nil
	case problem.Status >= http.StatusInternalServerError:
		return nil, refusal
	}
	p := s.notNowBase(c)
	now := x.act(a.move.Event, string(a.For))
	if now == nil {
		return s.deskNotNow(p, x, typed), nil
	}
	problem.say(c.Language, "")
	if problem.Code == "stale" {
		return s.deskActPage(c, x, now, typed, []view.Wrong{{Text: p.T("page.desk.stale")}}, http.StatusConflict), nil
	}
	return s.deskActPage(c, x, now, typed, wrongOf(p, refusal, problem), problem.Status), nil
}

// wrongOf puts a refusal at the fields that it is about.
func wrongOf(p *view.Page, refusal error, problem *Problem) []view.Wrong {
	wrong := []view.Wrong{{Text: p.T("page.act.refused", "Why", problem.Title)}}
	var r *workflow.Refusal
	var fields []string
	if errors.As(refusal, &r) && r.Guard != "" {
		wrong[0].Text = p.T("page.desk.refused.guard", "Guard", p.T("guard."+r.Guard))
		fields = workflow.Needs(r.Guard)
	}
	for _, f := range problem.Missing {
		if !slices.Contains(fields, f.Field) {
			wrong = append(wrong, view.Wrong{Field: fieldOnPage(f.Field), Text: capital(f.Why)})
		}
	}
	for _, field := range fields {
		wrong = append(wrong, view.Wrong{Field: fieldOnPage(field), Text: capital(fieldWord(p.Lang, field))})
	}
	return wrong
}

// fieldOnPage is the first of a form's fields that stand for one of a body.
func fieldOnPage(name string) string {
	switch name {
	case "person", "respondent":
		return name + ".name"
	case "attempts":
		return "attempts.on.1"
	case "items":
		return "items." + workflow.TransferItems[0]
	}
	return name
}
