package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow/register"
)

// joinSecret stands where a form's secret stands: who applies is nobody yet.
const joinSecret = "join"

// checklistPoints are 四有一健全, in the order in which they are read out.
var checklistPoints = []string{"place", "staff", "computer", "telephone", "procedure"}

// joinForm asks a shop that wants to join the green channel.
func (s *Server) joinForm(_ context.Context, c *Call) (any, error) {
	u := newUnsent()
	u.Form.Set("answer_days", "3")
	return s.joinPage(c, u, nil, http.StatusOK), nil
}

func (s *Server) joinPage(c *Call, u *unsent, wrong []view.Wrong, status int) page {
	p := s.base(c, "page.join.title")
	p.Form = "join"
	most := digit(s.Rules().GreenChannel().MostDays)
	q := func(name, kind string) view.Field {
		f := u.ask(p, name, kind)
		f.Label = p.T("page.join.ask." + name)
		if f.Hint = ""; has(p.Lang, "page.join.hint."+name) {
			f.Hint = p.T("page.join.hint." + name)
		}
		return f
	}
	town, points, pledges := q("town", "select"), q("checklist", "checks"), q("pledges", "checks")
	town.Options = []view.Option{{Label: p.T("page.town.unknown")}}
	for _, t := range s.Rules().County().Towns {
		town.Options = append(town.Options, view.Option{Value: t.Code, Label: placeName(p, t), On: t.Code == u.Form.Get("town")})
	}
	points.Options = u.options(p, "checklist", "page.join.checklist.", checklistPoints...)
	pledges.Options = u.options(p, "pledges", "page.join.pledge.", register.Pledges...)
	days := q("answer_days", "text")
	days.Hint = p.T("page.join.days_hint", "N", most)
	contact, phone := q("contact", "text"), q("phone", "tel")
	contact.Fill, phone.Fill = "name", "tel"
	f := &view.Form{Action: "/join", Key: formKey(joinSecret), Faults: wrong, Submit: p.T("page.join.send"), Back: "/", Note: p.T("page.join.note"),
		Lead: []string{p.T("page.join.lead", "Authority", p.Authority), p.T("page.join.member")},
		Fields: []view.Field{q("shop", "text"), q("code", "text"), q("shop_address", "text"), optional(town), contact, phone, optional(q("email", "email")),
			points, days, optional(pledges), optional(q("return_days", "text")), q("pledged", "check")}}
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f), public: status == http.StatusOK}
}

// join takes an application: the form becomes the body that a program would send.
func (s *Server) join(ctx context.Context, c *Call) (any, error) {
	u := &unsent{Form: c.Form}
	ours := c.ourForm(joinSecret)
	if set := s.preferences(c); set != nil {
		c.Language = languageSet(c)
		out := s.joinPage(c, u, nil, http.StatusOK)
		out.cookies, out.public = set, false
		return out, nil
	}
	p := s.base(c, "page.join.title")
	if !ours {
		return s.joinPage(c, u, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict), nil
	}
	application, wrong := joinBody(p, u)
	if len(wrong) > 0 {
		return s.joinPage(c, u, wrong, http.StatusUnprocessableEntity), nil
	}
	body, err := json.Marshal(application)
	if err != nil {
		return nil, err
	}
	if _, err := s.apply(ctx, &Call{Param: c.Param, Body: body, Key: c.Key, Language: c.Language}); err != nil {
		if problemOf(err).Code == "key_reused" { // it was sent before, with other words
			return s.joinPage(c, u, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict), nil
		}
		wrong, status, fault := formFaults(err, c.Language, joinField)
		if fault != nil {
			return nil, fault
		}
		return s.joinPage(c, u, wrong, status), nil
	}
	p.Title = p.T("page.join.done")
	return page{status: http.StatusCreated, body: view.DonePage(p, []string{p.T("page.join.done_text"), p.T("page.join.done_papers"), p.T("page.join.done_status")}, "/green", p.T("page.join.done_go"))}, nil
}

// joinField is the page's field for one of the application's body.
func joinField(field string) string {
	last := field[strings.LastIndex(field, ".")+1:]
	switch last {
	case "name":
		if strings.HasPrefix(field, "people") {
			return "contact"
		}
		return "shop"
	default:
		return last
	}
}

// joinBody is the application that a form states.
func joinBody(p *view.Page, u *unsent) (map[string]any, []view.Wrong) {
	var wrong []view.Wrong
	for _, name := range []string{"shop", "code", "shop_address", "contact", "phone", "answer_days", "pledged"} {
		if u.get(name) == "" {
			wrong = append(wrong, view.Wrong{Field: name, Text: p.T("page.join.need." + name)})
		}
	}
	whole := func(name string) int {
		text := u.get(name)
		n, err := strconv.Atoi(text)
		if text != "" && err != nil {
			wrong = append(wrong, view.Wrong{Field: name, Text: p.T("page.join.bad.number")})
		}
		return n
	}
	checklist := map[string]bool{}
	for _, point := range checklistPoints {
		checklist[point] = slices.Contains(u.Form["checklist"], point)
	}
	pledges := []string{}
	for _, code := range u.Form["pledges"] {
		if code != "" {
			pledges = append(pledges, code)
		}
	}
	entry := filled(map[string]string{"name": u.get("shop"), "code": strings.ToUpper(u.get("code")), "town": u.get("town"), "shop_address": u.get("shop_address")})
	return map[string]any{"entry": entry, "checklist": checklist, "why": "网上申请",
		"terms":  map[string]any{"answer_days": whole("answer_days"), "return_days": whole("return_days"), "pledges": pledges},
		"people": []map[string]string{filled(map[string]string{"role": "contact", "name": u.get("contact"), "phone": phoneTyped(u), "email": u.get("email")})},
		"papers": []map[string]string{{"kind": "pledge", "name": "网上承诺", "note": p.T("page.join.ask.pledged")}}}, wrong
}
