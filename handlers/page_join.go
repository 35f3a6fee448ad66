package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/register"
)

// checklistPoints are 四有一健全, in the order in which they are read out.
var checklistPoints = []string{"place", "staff", "computer", "telephone", "procedure"}

// joinForm asks a shop that wants to join the green channel, with what was typed and
// brought before.
func (s *Server) joinForm(ctx context.Context, c *Call) (any, error) {
	token := c.cookie(joinCookie)
	u, err := s.joining(ctx, token)
	if err != nil {
		return nil, err
	}
	if token != "" && u.Sent == "" {
		return s.joinPage(c, u, token, nil, http.StatusOK), nil
	}
	out := s.joinPage(c, unjoined(), store.NewDraftToken(), nil, http.StatusOK)
	out.public = true
	return out, nil
}

// joinPage is the form; its cookie is under which words and files wait for it.
func (s *Server) joinPage(c *Call, u *unsent, token string, wrong []view.Wrong, status int) page {
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
	f := &view.Form{Action: "/join", Key: formKey(token), Upload: true, Faults: wrong, Submit: p.T("page.join.send"), Back: "/", Note: p.T("page.join.note"),
		Lead: []string{p.T("page.join.lead", "Authority", p.Authority), p.T("page.join.member")},
		Fields: []view.Field{q("shop", "text"), q("code", "text"), q("shop_address", "text"), optional(town), contact, phone, optional(q("email", "email")),
			points, days, optional(pledges), optional(q("return_days", "text"))}}
	f.Fields = append(append(f.Fields, s.paperFields(p, "/join/files", u.files)...), q("pledged", "check"))
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f), cookies: []*http.Cookie{s.cookie(joinCookie, token, "/join", draftDays)}}
}

// join takes an application: the form becomes the body that a program would send.
// What was typed and brought stays, whatever becomes of it.
func (s *Server) join(ctx context.Context, c *Call) (any, error) {
	ctx, end := lasting(ctx)
	defer end()
	token := c.cookie(joinCookie)
	if token == "" {
		token = store.NewDraftToken()
	}
	draft := store.DraftHash(token)
	got, err := s.receiveInto(ctx, c, store.NewFile{Draft: draft}, paperFields)
	if err != nil {
		return nil, err
	}
	if id := c.Form.Get("drop"); id != "" {
		if err := s.dropChosen(ctx, draft, id); err != nil {
			return nil, err
		}
	}
	ours := c.ourForm(token)
	u, err := s.joining(ctx, token)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.join.title")
	if c.Form.Get("go") == "part" {
		return s.filesPart(c, s.paperField(p, got.field, "/join/files", u.files), append(got.wrong, got.cutWords(p)...)), nil
	}
	typed := &unsent{Form: typedOnly(c.Form, "code"), files: u.files}
	if u.Sent != "" {
		return s.joinedBefore(ctx, c, typed, token, ours && u.Key == sumOf(c.Key, typed.Form))
	}
	if err := s.keep(ctx, token, typed); err != nil {
		return nil, err
	}
	return s.joinWith(ctx, c, typed, token, ours, &got)
}

// joinWith sends an application whose form came whole and was made for this browser.
func (s *Server) joinWith(ctx context.Context, c *Call, u *unsent, token string, ours bool, got *chosenFiles) (any, error) {
	if set := s.preferences(c); set != nil {
		c.Language = languageSet(c)
		out := s.joinPage(c, u, token, nil, http.StatusOK)
		out.cookies = append(out.cookies, set...)
		return out, nil
	}
	p := s.base(c, "page.join.title")
	wrong := append(got.wrong, got.cutWords(p)...)
	switch {
	case len(wrong) > 0:
		return s.joinPage(c, u, token, wrong, http.StatusUnprocessableEntity), nil
	case !ours:
		return s.joinPage(c, u, token, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict), nil
	case c.Form.Get("go") == "add", c.Form.Get("drop") != "":
		return moved{to: "/join#f-" + got.field}, nil
	}
	application, wrong := joinBody(p, u)
	if len(wrong) > 0 {
		return s.joinPage(c, u, token, wrong, http.StatusUnprocessableEntity), nil
	}
	application["uploads"] = token
	body, err := json.Marshal(application)
	if err != nil {
		return nil, err
	}
	out, err := s.apply(ctx, &Call{Param: c.Param, Body: body, Key: c.Key, Language: c.Language})
	if err != nil && problemOf(err).Code != "key_reused" { // that is a double click: the first brought the files already
		wrong, status, fault := formFaults(err, c.Language, joinField)
		if fault != nil {
			return nil, fault
		}
		return s.joinPage(c, u, token, wrong, status), nil
	}
	if err == nil {
		done := &unsent{Sent: out.(membershipView).ID, Key: sumOf(c.Key, u.Form), Form: url.Values{}}
		if err := s.keep(ctx, token, done); err != nil {
			s.Log.ErrorContext(ctx, "fault", "error", err) // it is sent: only what was typed stays a little longer
		}
	}
	return s.joined(c), nil
}

// joined says that the application is there and what comes next.
func (s *Server) joined(c *Call) page {
	p := s.base(c, "page.join.done")
	return page{status: http.StatusCreated, body: view.DonePage(p, []string{p.T("page.join.done_text"), p.T("page.join.done_papers"), p.T("page.join.done_status")}, "/green", p.T("page.join.done_go"))}
}

// joinedBefore answers a form whose draft was sent: the very same form, sent twice,
// is done; another, of a second window, begins anew with all that it brings.
func (s *Server) joinedBefore(ctx context.Context, c *Call, u *unsent, sent string, same bool) (any, error) {
	if same {
		return s.joined(c), nil
	}
	token := store.NewDraftToken()
	if err := s.Store.AdoptFiles(ctx, store.DraftHash(sent), store.DraftHash(token)); err != nil {
		return nil, err
	}
	if err := s.keep(ctx, token, u); err != nil {
		return nil, err
	}
	p := s.base(c, "page.join.title")
	return s.joinPage(c, u, token, []view.Wrong{{Text: p.T("page.join.another")}}, http.StatusConflict), nil
}

// joinField is the page's field for one of the application's body.
func joinField(field string) string {
	last := field[strings.LastIndex(field, ".")+1:]
	switch last {
	case "uploads", "file":
		return filesField
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
		"papers": append(papersTyped(u.files), map[string]string{"kind": "pledge", "name": "网上承诺", "note": p.T("page.join.ask.pledged")})}, wrong
}
