package handlers

import (
	"context"
	"errors"
	"net/http"

	"fangxin/handlers/view"
	"fangxin/store"
)

const passwordPath = "/desk/password"

// showPassword asks for the link to set a password with: its secret stands behind
// # and is handed over by a script, or pasted.
func (s *Server) showPassword(_ context.Context, c *Call) (any, error) {
	return s.passwordDoor(c, "", http.StatusOK), nil
}

func (s *Server) passwordDoor(c *Call, bad string, status int) page {
	p := s.base(c, "page.password.title")
	d := &view.Open{Action: passwordPath, Lead: p.T("page.password.lead")}
	if bad != "" {
		d.Bad = p.T(bad)
	}
	return page{status: status, body: view.OpenPage(p, d)}
}

// setPassword takes the link and asks for the password, or takes both. Only the
// password uses the link up.
func (s *Server) setPassword(ctx context.Context, c *Call) (any, error) {
	if err := s.Limits.guess(c.from, ""); err != nil {
		return nil, err
	}
	code := codeIn(c.Form.Get("code"))
	u, err := s.Store.PasswordLink(ctx, code)
	if errors.Is(err, store.ErrNoLink) {
		s.Limits.wrong(ctx, c.from, "")
		return s.passwordDoor(c, "page.password.dead", http.StatusNotFound), nil
	}
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.password.title")
	first, second := c.Form.Get("new"), c.Form.Get("again")
	set := s.preferences(c)
	if set != nil {
		c.Language = languageSet(c)
	}
	switch ours := c.ourForm(passwordForm); {
	case set != nil, !c.Form.Has("new"):
		out := s.passwordPage(c, &u, code, nil, http.StatusOK)
		out.cookies = set
		return out, nil
	case !ours:
		return s.passwordPage(c, &u, code, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict), nil
	case first != second:
		return s.passwordPage(c, &u, code, []view.Wrong{{Field: "again", Text: p.T("page.password.differ")}}, http.StatusUnprocessableEntity), nil
	}
	_, err = s.Store.SetPassword(ctx, code, first)
	if bad := passwordFault(err); bad != "" {
		return s.passwordPage(c, &u, code, []view.Wrong{{Field: "new", Text: p.T(bad)}}, http.StatusUnprocessableEntity), nil
	}
	if errors.Is(err, store.ErrNoLink) {
		return s.passwordDoor(c, "page.password.dead", http.StatusNotFound), nil
	}
	if err != nil {
		return nil, err
	}
	return moved{to: signInPath + "?done=password"}, nil
}

// passwordFault is why a password is refused, in a key of the catalogue.
func passwordFault(err error) string {
	switch {
	case errors.Is(err, store.ErrShortPassword):
		return "page.password.short"
	case errors.Is(err, store.ErrPlainPassword):
		return "page.password.plain"
	}
	return ""
}

func (s *Server) passwordPage(c *Call, u *store.User, code string, wrong []view.Wrong, status int) page {
	p := s.base(c, "page.password.title")
	p.Path, p.Form = passwordPath, "password"
	f := &view.Form{Action: passwordPath, Key: formKey(passwordForm), Kicker: p.T("page.password.for", "Name", u.Name), Faults: wrong, Submit: p.T("page.password.set"),
		Fields: append([]view.Field{{Name: "code", Kind: "hidden", Value: code}, {Name: "name", Kind: "username", Value: u.Name}}, newPasswords(p)...)}
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f)}
}

// newPasswords are the questions for a new password. What was typed is never shown
// again.
func newPasswords(p *view.Page) []view.Field {
	return []view.Field{{Name: "new", Kind: "password", Label: p.T("page.password.new"), Hint: p.T("page.password.hint", "N", digit(store.PasswordLeast)), Fill: "new-password"},
		{Name: "again", Kind: "password", Label: p.T("page.password.again"), Fill: "new-password"}}
}
