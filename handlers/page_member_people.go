package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
)

// formFaults puts what the API refused a body for into the lines above a form and
// beside its fields; field names the page's own field for one of the body. A fault
// of ours is no fault of the form.
func formFaults(err error, lang string, field func(string) string) (wrong []view.Wrong, status int, fault error) {
	problem := problemOf(err)
	if problem.Status >= http.StatusInternalServerError {
		return nil, 0, err
	}
	problem.say(lang, "")
	for _, m := range problem.Missing {
		wrong = append(wrong, view.Wrong{Field: field(m.Field), Text: capital(m.Why)})
	}
	if len(wrong) == 0 {
		wrong = []view.Wrong{{Text: problem.Title + " " + problem.Detail}}
	}
	return wrong, http.StatusUnprocessableEntity, nil
}

// mark puts what is wrong beside the questions.
func mark(fields []view.Field, wrong []view.Wrong) {
	for i := range fields {
		for _, w := range wrong {
			switch {
			case w.Field != fields[i].Name:
			case fields[i].Error != "" && fields[i].Kind == "files": // of several files each is said
				fields[i].Error += "\n" + w.Text
			default:
				fields[i].Error = w.Text
			}
		}
	}
}

// greenPeople lists who answers for the member; a contact invites others.
func (s *Server) greenPeople(ctx context.Context, c *Call) (any, error) {
	u := newUnsent()
	u.Form.Set("role", "colleague")
	return s.peoplePage(ctx, c, u, nil, http.StatusOK)
}

func (s *Server) peoplePage(ctx context.Context, c *Call, u *unsent, wrong []view.Wrong, status int) (any, error) {
	p, out := s.inside(c, "page.green.people")
	if p == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	got, err := s.ownMembership(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, x := range got.(memberView).People {
		out.People = append(out.People, personRow(p, c, &x, out))
	}
	if out.Contact {
		p.Form = "invite"
		role := u.ask(p, "role", "choice")
		role.Options = u.options(p, "role", "page.green.role.", store.PersonRoles...)
		name, phone, email := u.ask(p, "name", "text"), u.ask(p, "phone", "tel"), u.ask(p, "email", "email")
		name.Label, phone.Hint, email.Optional, role.Label = p.T("page.green.name"), p.T("page.green.reach_hint"), true, p.T("page.green.role")
		out.Invite = &view.Form{Action: out.Base + "/people", Key: formKey(c.token), Faults: wrong, Submit: p.T("page.green.invite"), Fields: []view.Field{name, phone, email, role}}
		mark(out.Invite.Fields, wrong)
	}
	return page{status: status, body: view.PeoplePage(p, out)}, nil
}

// personRow is a person of the member as a colleague may see him.
func personRow(p *view.Page, c *Call, x *store.MemberPerson, m *view.Member) view.Person {
	out := view.Person{Name: x.Name, Role: p.T("page.green.role." + x.Role), Reach: strings.TrimSpace(x.Phone + " " + x.Email), You: x.ID == c.Member.Person.ID}
	if out.Seen = p.T("page.green.never"); x.Reached != nil {
		out.Seen = p.T("page.green.seen", "Day", dayWords(p, *x.Reached))
	}
	if m.Contact && !out.You {
		out.Remove = m.Base + "/people/" + x.ID
	}
	return out
}

// invite adds a colleague: from then on he is sent links to sign in with. The API
// says who may.
func (s *Server) invite(ctx context.Context, c *Call) (any, error) {
	if c.Member == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	u := &unsent{Form: c.Form}
	p := s.base(c, "page.green.people")
	ours := c.ourForm(c.token)
	if set := s.preferences(c); set != nil {
		c.Language = languageSet(c)
		out, err := s.peoplePage(ctx, c, u, nil, http.StatusOK)
		return setting(out, set), err
	}
	if !ours {
		return s.peoplePage(ctx, c, u, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict)
	}
	role := u.get("role")
	if role == "" {
		role = "colleague"
	}
	body, err := json.Marshal(map[string]string{"role": role, "name": u.get("name"), "phone": phoneTyped(u), "email": u.get("email"), "why": "页面邀请"})
	if err != nil {
		return nil, err
	}
	if _, err := s.addPerson(ctx, &Call{Param: c.Param, Body: body, Key: c.Key, Language: c.Language, Member: c.Member}); err != nil {
		wrong, status, fault := formFaults(err, c.Language, func(f string) string { return f })
		if fault != nil {
			return nil, fault
		}
		return s.peoplePage(ctx, c, u, wrong, status)
	}
	return moved{to: greenPath(c.Member.Member.ID) + "/people?done=invited"}, nil
}

// languageSet is the language that a form's switch asks for, or the one that is.
func languageSet(c *Call) string {
	if lang, ok := strings.CutPrefix(c.Form.Get("set"), "lang:"); ok && (lang == "zh" || lang == "en") {
		return lang
	}
	return c.Language
}

// phoneTyped is a telephone number as people type it, without full-width digits.
func phoneTyped(u *unsent) string {
	if phone, _ := contactIn(u.get("phone")); phone != "" {
		return phone
	}
	return u.get("phone")
}

// greenPerson asks before somebody is removed.
func (s *Server) greenPerson(ctx context.Context, c *Call) (any, error) {
	p, out := s.inside(c, "page.green.remove")
	if p == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	all, err := s.Store.People(ctx, c.Member.Member.ID)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID == c.Param("person") && out.Contact {
			p.Title = p.T("page.green.remove_who", "Name", all[i].Name)
			return page{body: view.FormPage(p, &view.Form{Action: out.Base + "/people/" + all[i].ID, Key: out.Key, Kicker: out.Name, Lead: []string{p.T("page.green.remove_text")},
				Submit: p.T("page.green.remove"), Danger: true, Back: out.Base + "/people"})}, nil
		}
	}
	return nil, notFound()
}

func (s *Server) dismiss(ctx context.Context, c *Call) (any, error) {
	if c.Member == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	back := greenPath(c.Member.Member.ID) + "/people"
	if !c.ourForm(c.token) {
		return moved{to: back}, nil
	}
	if _, err := s.endPerson(ctx, &Call{Param: c.Param, Body: []byte(`{"why":"页面移除"}`), Key: c.Key, Language: c.Language, Member: c.Member}); err != nil {
		return nil, err
	}
	return moved{to: back + "?done=removed"}, nil
}

// greenSheet shows the code for the wall, to print or to let people scan from the
// screen.
func (s *Server) greenSheet(_ context.Context, c *Call) (any, error) {
	p, out := s.inside(c, "page.green.sheet")
	if p == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	if !out.Sheet {
		return nil, notFound()
	}
	out.Link = s.address(c) + "/s/" + c.Member.Member.Shop
	var err error
	out.QR, out.Size, err = qrPath(out.Link)
	return page{body: view.SheetPage(p, out)}, err
}

// keepsake is a sheet that a browser shows or keeps.
type keepsake struct {
	document
	name string // of the file, for what is kept; empty: it is shown
}

func (d keepsake) send(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", d.kind)
	if d.name != "" {
		h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(d.body)
	return err
}

func (s *Server) greenSheetSVG(ctx context.Context, c *Call) (any, error) {
	return s.memberPaper(ctx, c, s.sheet, "")
}

func (s *Server) greenSheetPDF(ctx context.Context, c *Call) (any, error) {
	return s.memberPaper(ctx, c, s.sheetPDF, "fangxin-green-channel.pdf")
}

func (s *Server) memberPaper(ctx context.Context, c *Call, draw func(context.Context, *Call) (any, error), name string) (any, error) {
	if c.Member == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	out, err := draw(ctx, c)
	if err != nil {
		return nil, err
	}
	return keepsake{out.(document), name}, nil
}
