package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// handedTo are who may have the hand-over file.
var handedTo = append([]workflow.Role{"court"}, staff...)

// paperAsks are the questions of each form, about what a case does not hold; those
// of paperHead belong to every form.
var paperAsks = map[string][]string{
	"register":  {"agent"},
	"mediation": {"to", "when", "where", "mediator", "bring"},
	"dispatch":  {"recipient", "report_by", "attached"},
	"agreement": {"represents", "shop_agent", "shop_agent_phone", "agent", "agent_phone", "mediator"},
}

var paperHead = []string{"contact", "phone", "office"}

func asksOf(form string) []string { return append(slices.Clone(paperAsks[form]), paperHead...) }

// deskPapers puts onto a case's page the papers that were made of it, which can be
// made now, and the way to the hand-over file.
func (s *Server) deskPapers(ctx context.Context, c *Call, p *view.Page, x *looked, out *view.DeskCase) error {
	all, err := s.Store.CasePaperRows(ctx, x.v.Number)
	if err != nil {
		return err
	}
	versions := map[string]int{}
	for i := range all {
		if !c.mayHave(&all[i], &x.v.Case) {
			continue
		}
		v := s.viewPaper(c, x.v, all, i, x.events)
		kind := v.Form + " " + v.To
		if v.Form != "register" {
			kind += " " + digit(int(v.Seq))
		}
		versions[kind]++
		line := view.DeskPaper{To: x.path() + "/paper/" + digit(int(v.No)), Title: v.Title, Number: v.Number, State: p.T("page.desk.papers.valid"),
			About: p.T("page.desk.papers.about", "Version", digit(versions[kind]), "Day", momentWords(p, v.At), "Who", v.Author, "For", paperFor(p, v.To))}
		if v.Superseded != "" {
			line.Off, line.State = true, p.T("page.desk.papers."+v.Superseded)
		}
		out.Papers = append(out.Papers, line)
	}
	slices.Reverse(out.Papers)
	if isOne(c.User, staff) {
		for _, name := range formNames {
			if lastOf(x.events, forms[name].events) != nil {
				out.Forms = append(out.Forms, view.Part{Label: p.T("form." + name), To: x.path() + "/papers/" + name})
			}
		}
	}
	if x.v.State.Stage() == "LITIGATION_LINK" && (reads(c.User) || isOne(c.User, handedTo)) {
		out.Handover = x.path() + "/handover"
	}
	return nil
}

// paperFor is to whom a paper goes.
func paperFor(p *view.Page, to string) string {
	if to == "both" || to == "" {
		return p.T("page.desk.papers.for." + cmp.Or(to, "office"))
	}
	return p.T("page.who." + to)
}

// paperAfter is the form that belongs to an act that was just done.
func (x *looked) paperAfter(p *view.Page, done string) *view.Part {
	if !isOne(x.c.User, staff) {
		return nil
	}
	for _, name := range formNames {
		if slices.Contains(forms[name].events, done) && lastOf(x.events, forms[name].events) != nil {
			return &view.Part{Label: p.T("page.desk.papers.next", "Form", p.T("form."+name)), To: x.path() + "/papers/" + name}
		}
	}
	return nil
}

// showPaper is the page on which a paper is previewed and made.
func (s *Server) showPaper(ctx context.Context, c *Call) (any, error) {
	x, err := s.paperOn(ctx, c)
	if err != nil {
		return nil, err
	}
	typed := newUnsent()
	typed.Form.Set("sees", digit(int(x.v.Version)))
	typed.Form.Set("contact", cmp.Or(x.v.Facts["officer"], c.User.Name))
	return s.paperPage(c, x, typed, nil, http.StatusOK), nil
}

// paperOn reads the case for one of its forms.
func (s *Server) paperOn(ctx context.Context, c *Call) (*looked, error) {
	if _, ok := forms[c.Param("form")]; !ok {
		return nil, notFound()
	}
	x, err := s.readLog(ctx, c)
	if err == nil && x.v.Kind != workflow.Complaint {
		err = notFound()
	}
	return x, err
}

func (s *Server) paperPage(c *Call, x *looked, typed *unsent, wrong []view.Wrong, status int) page {
	form := c.Param("form")
	p := s.base(c, "form."+form)
	p.Form = "act"
	about := lastOf(x.events, forms[form].events)
	if about == nil {
		return page{status: http.StatusConflict, body: view.NotNowPage(p, &view.NotNow{Text: p.T("page.desk.papers.not_yet"), Case: x.path()})}
	}
	f := &view.Form{Action: x.path() + "/papers/" + form, Key: formKey(c.token), Faults: wrong, Submit: p.T("page.desk.papers.make"), Back: x.path() + "#papers", Kicker: p.T("page.case.number", "Number", x.v.Number)}
	for _, name := range asksOf(form) {
		f.Fields = append(f.Fields, paperField(p, typed, name))
	}
	out := &view.ActPage{Form: f, Second: p.T("page.desk.papers.of", "Act", capital(p.T("event."+about.Event)), "When", momentWords(p, about.At))}
	if status == http.StatusConflict {
		out.Changed = x.since(p, typed)
		typed.Form.Set("sees", digit(int(x.v.Version)))
	}
	f.Fields = append(f.Fields, view.Field{Name: "sees", Kind: "hidden", Value: typed.get("sees")})
	mark(f.Fields, wrong)
	return page{status: status, body: view.PaperPage(p, out)}
}

// paperField is one question about what a paper says beside the case.
func paperField(p *view.Page, typed *unsent, name string) view.Field {
	f := view.Field{Name: name, Kind: "text", Label: p.T("page.desk.paper.ask." + name), Value: typed.Form.Get(name), Optional: true}
	switch name {
	case "to":
		f.Kind, f.Optional, f.Options = "choice", false, typed.options(p, name, "page.who.", "consumer", "merchant")
	case "report_by":
		f.Kind = "date"
	case "phone", "agent_phone", "shop_agent_phone":
		f.Kind = "tel"
	}
	if key := "page.desk.paper.hint." + name; has(p.Lang, key) {
		f.Hint = p.T(key)
	}
	return f
}

// takePaper previews a paper or makes it, as a program would.
func (s *Server) takePaper(ctx context.Context, c *Call) (any, error) {
	x, err := s.paperOn(ctx, c)
	if err != nil {
		return nil, err
	}
	typed, ours := &unsent{Form: c.Form}, c.ourForm(c.token)
	if set := s.preferences(c); set != nil {
		out := s.paperPage(c, x, typed, nil, http.StatusOK)
		out.cookies = set
		return out, nil
	}
	p := s.notNowBase(c)
	if !ours {
		return s.paperPage(c, x, typed, []view.Wrong{{Text: p.T(c.staleWords())}}, http.StatusConflict), nil
	}
	if err := s.sawOwnPapers(ctx, x, typed); err != nil {
		return nil, err
	}
	if sees := typed.get("sees"); sees != "" && sees != digit(int(x.v.Version)) {
		return s.paperPage(c, x, typed, []view.Wrong{{Text: p.T("page.desk.stale")}}, http.StatusConflict), nil
	}
	body, wrong := paperBody(p, c.Param("form"), typed)
	if len(wrong) > 0 {
		return s.paperPage(c, x, typed, wrong, http.StatusUnprocessableEntity), nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	call := &Call{Param: c.Param, Body: text, Key: c.Key, Language: c.Language, User: c.User}
	if typed.get("go") == "preview" {
		out, err := s.previewPaper(ctx, call)
		if err != nil {
			return s.refusedPaper(c, x, typed, err)
		}
		return out, nil
	}
	out, err := s.makePaper(ctx, call)
	if err != nil {
		return s.refusedPaper(c, x, typed, err)
	}
	if typed.get("then") == "print" {
		return moved{to: x.path() + "/paper/" + digit(int(out.(casePaperView).No))}, nil
	}
	return moved{to: x.path() + "?done=paper#papers"}, nil
}

// paperBody is what a program would send.
func paperBody(p *view.Page, form string, typed *unsent) (map[string]any, []view.Wrong) {
	body := map[string]any{"form": form}
	var wrong []view.Wrong
	for _, name := range asksOf(form) {
		text, why := tidyText(typed.get(name), true)
		switch {
		case why != "":
			wrong = append(wrong, view.Wrong{Field: name, Text: p.T("page.bad.text", "Name", p.T("page.desk.paper.ask."+name), "Why", p.T(why))})
		case name == "to" && text == "":
			wrong = append(wrong, view.Wrong{Field: name, Text: p.T("page.desk.papers.need.to")})
		case name == "report_by" && text != "":
			if _, err := calendar.ParseDate(text); err != nil {
				wrong = append(wrong, view.Wrong{Field: name, Text: p.T("page.bad.date")})
			}
			body[name] = text
		case text != "":
			body[name] = text
		}
	}
	return body, wrong
}

// refusedPaper shows the form again with the reason and all that was typed.
func (s *Server) refusedPaper(c *Call, x *looked, typed *unsent, refusal error) (any, error) {
	problem := problemOf(refusal)
	switch {
	case problem.Code == "key_reused": // made already, with other words: look first
		return moved{to: x.path() + "#papers"}, nil
	case problem.Status >= http.StatusInternalServerError, problem.Status == http.StatusNotFound:
		return nil, refusal
	}
	problem.say(c.Language, "")
	return s.paperPage(c, x, typed, wrongOf(s.notNowBase(c), refusal, problem), problem.Status), nil
}

// sawOwnPapers moves the version that a form was made for past the papers that the
// reader made himself since: the log commits to each by an event of its own, and
// there is nothing in it that he does not know.
func (s *Server) sawOwnPapers(ctx context.Context, x *looked, typed *unsent) error {
	sees, err := strconv.ParseInt(typed.get("sees"), 10, 64)
	if err != nil || sees <= 0 || sees >= x.v.Version {
		return nil //nolint:nilerr // a version that is none is refused where it is read
	}
	all, err := s.Store.CasePaperRows(ctx, x.v.Number)
	if err != nil {
		return err
	}
	own := func(seq int64) bool {
		return slices.ContainsFunc(all, func(p store.CasePaper) bool { return p.Bound == seq && p.Author == x.c.User.Name })
	}
	for own(sees + 1) {
		sees++
	}
	typed.Form.Set("sees", strconv.FormatInt(sees, 10))
	return nil
}
