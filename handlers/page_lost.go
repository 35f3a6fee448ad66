package handlers

import (
	"context"
	"net/http"
	"net/mail"
	"strings"

	"fangxin/handlers/view"

	"golang.org/x/text/width"
)

// lostForm stands where a form's secret stands: who has lost his link holds none.
// The key makes a double click one request.
const lostForm = "lost"

// lostLink asks for the number of a complaint and the contact that it was filed with.
func (s *Server) lostLink(_ context.Context, c *Call) (any, error) {
	u := newUnsent()
	u.Form.Set("number", c.Query("number"))
	return s.lostPage(c, u, nil), nil
}

func (s *Server) lostPage(c *Call, u *unsent, wrong []view.Wrong) page {
	p := s.base(c, "page.lost.title")
	p.Form = "lost"
	f := &view.Form{Action: "/lost", Key: formKey(lostForm), Faults: wrong, Submit: p.T("page.lost.send"), Back: "/", Lead: []string{p.T("page.lost.lead")}, Note: p.T("page.lost.note"),
		Fields: []view.Field{u.ask(p, "number", "text"), u.ask(p, "contact", "text")}}
	for i := range f.Fields {
		for _, w := range wrong {
			if w.Field == f.Fields[i].Name {
				f.Fields[i].Error = w.Text
			}
		}
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return page{status: status, body: view.FormPage(p, f)}
}

// sendLost owes a new link to the registered contact. Whatever is asked for, and
// however often, the answer is the same and takes the same work: what is wrong is
// said of the spelling alone.
func (s *Server) sendLost(ctx context.Context, c *Call) (any, error) {
	u := &unsent{Form: c.Form}
	if set := s.preferences(c); set != nil {
		out := s.lostPage(c, u, nil)
		out.cookies = set
		return out, nil
	}
	p := s.base(c, "page.lost.title")
	number := tidyNumber(u.get("number"))
	var phone, email string
	var wrong []view.Wrong
	if !s.spelled(number) {
		wrong = append(wrong, view.Wrong{Field: "number", Text: p.T("page.track.bad")})
	}
	if phone, email = contactIn(u.get("contact")); phone == "" && email == "" {
		wrong = append(wrong, view.Wrong{Field: "contact", Text: p.T("page.bad.contact")})
	}
	if long := tooLong(p, u, "number", "contact"); len(long) > 0 {
		wrong = long
	}
	if len(wrong) > 0 {
		return s.lostPage(c, u, wrong), nil
	}
	c.ourForm(lostForm) // takes the key of the form, where it has one
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	if err := s.Store.AskLost(ctx, key, number, phone, email, c.Language); err != nil {
		return nil, err
	}
	return page{status: http.StatusAccepted, body: view.WordsPage(p, []string{p.T("page.lost.done"), p.T("page.lost.none")})}, nil
}

// tooLong says of lines that they are longer than any may be.
func tooLong(p *view.Page, u *unsent, names ...string) []view.Wrong {
	var out []view.Wrong
	for _, name := range names {
		if _, why := tidyText(u.get(name), true); why == "why.long_line" {
			out = append(out, view.Wrong{Field: name, Text: p.T("page.bad.text", "Name", p.T("page.ask."+name), "Why", p.T(why))})
		}
	}
	return out
}

// contactIn reads a telephone number or a mailbox as people write it; both are
// empty when it is neither.
func contactIn(text string) (phone, email string) {
	contact := strings.NewReplacer("(", "", ")", "").Replace(width.Fold.String(text))
	if a, err := mail.ParseAddress(contact); err == nil && a.Address == contact && len(contact) <= 254 {
		return "", contact
	}
	if phoneForm.MatchString(contact) {
		return contact, ""
	}
	return "", ""
}
