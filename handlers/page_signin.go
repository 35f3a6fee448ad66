package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
)

// signInForm and passwordForm stand where a form's secret stands for who is not
// signed in.
const (
	signInForm   = "sign-in"
	passwordForm = "password"
)

// deviceDays is how long a browser remembers that a name has signed in on it.
const deviceDays = 365

// entry is what goes through the page that asks to sign in.
type entry struct {
	name string
	to   string // where one wanted to go
	kept string // what was typed when the session ended, sealed
}

// showSignIn asks for name and password.
func (s *Server) showSignIn(_ context.Context, c *Call) (any, error) {
	news := ""
	if c.Query("done") == "password" {
		news = "page.signin.password_set"
	}
	return s.signInPage(c, entry{to: c.here(c.Query("to"))}, news, http.StatusOK), nil
}

// signInPage says what happened before, if anything did: good news or bad.
func (s *Server) signInPage(c *Call, x entry, said string, status int) page {
	p := s.base(c, "page.signin.title")
	p.Path, p.Form = signInPath, "signin"
	out := page{status: status}
	d := &view.SignIn{Key: formKey(signInForm), To: x.to, Kept: x.kept,
		Name:     view.Field{Name: "name", Kind: "text", Label: p.T("page.signin.name"), Value: x.name, Fill: "username"},
		Password: view.Field{Name: "password", Kind: "password", Label: p.T("page.signin.password"), Fill: "current-password"}}
	switch {
	case said == "":
	case status == http.StatusOK:
		d.News = p.T(said)
	default:
		d.Bad = p.T(said)
	}
	if x.kept != "" {
		d.Lead = p.T("page.signin.kept")
	}
	if o := s.SignIn.Provider; o != nil {
		d.Away = p.T("page.signin.oidc", "Name", cmp.Or(o.Name, p.T("page.signin.oidc_name")))
		out.formTo = o.origin()
		if c.Query("done") == "out" {
			d.Out, d.News = s.leaveProvider(c), p.T("page.signin.out")
		}
	}
	out.body = view.SignInPage(p, d)
	return out
}

// signIn opens a session for who knows name and password. A wrong name and a wrong
// password are one answer and the same work.
func (s *Server) signIn(ctx context.Context, c *Call) (any, error) {
	x := entry{name: strings.TrimSpace(c.Form.Get("name")), to: c.here(c.Form.Get("to")), kept: c.Form.Get("kept")}
	ours := c.ourForm(signInForm)
	if set := s.preferences(c); set != nil {
		c.Language = languageSet(c)
		out := s.signInPage(c, x, "", http.StatusOK)
		out.cookies = set
		return out, nil
	}
	if !ours {
		return s.signInPage(c, x, "page.form.stale", http.StatusConflict), nil
	}
	if x.name == "" || c.Form.Get("password") == "" {
		return s.signInPage(c, x, "page.signin.both", http.StatusUnprocessableEntity), nil
	}
	if err := s.Limits.guess(c.from, ""); err != nil {
		return s.signInLater(c, x, err)
	}
	if err := s.Limits.tryPassword(ctx, x.name, s.Store.IsKnownDevice(x.name, c.cookie(s.hostCookie(deviceCookie)))); err != nil {
		return s.signInLater(c, x, err)
	}
	u, err := s.Store.CheckPassword(ctx, x.name, c.Form.Get("password"))
	if errors.Is(err, store.ErrNoUser) {
		s.Limits.wrong(ctx, c.from, "")
		return s.signInPage(c, x, "page.signin.wrong", http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return nil, err
	}
	coded, err := s.Store.HasCode(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	if coded || s.needsCode(&u) {
		return s.beginCode(ctx, c, &u, x, coded, "password")
	}
	return s.enter(ctx, c, &u, x, "password")
}

// needsCode reports whether one of the user's roles must sign in with a code.
func (s *Server) needsCode(u *store.User) bool {
	return slices.ContainsFunc(u.Roles, func(r string) bool { return slices.Contains(s.SignIn.Codes, r) })
}

// signInLater says when to try again, and loses nothing that was kept.
func (s *Server) signInLater(c *Call, x entry, err error) (any, error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && p.Code != "busy" {
		return nil, err
	}
	return s.signInPage(c, x, "page.signin.later", p.Status), nil
}

// enter opens the session, a new one whatever the browser brought along, and goes
// on where one wanted to go.
func (s *Server) enter(ctx context.Context, c *Call, u *store.User, x entry, way string) (any, error) {
	cookies, err := s.letIn(ctx, c, u, way)
	if err != nil {
		return nil, err
	}
	if text, ok := s.Store.OpenForm(u.ID, x.kept); ok {
		to, typed, _ := strings.Cut(text, "\n")
		return s.goOn(c, c.here(to), typed, cookies)
	}
	return moved{x.to, cookies}, nil
}

// letIn opens a session and returns its cookies.
func (s *Server) letIn(ctx context.Context, c *Call, u *store.User, way string) ([]*http.Cookie, error) {
	token, err := s.Store.OpenSession(ctx, u.ID, store.DeskSession{Way: way, Device: browserOf(c.header), Place: c.placeOf()}, s.SignIn.term())
	if err != nil {
		return nil, err
	}
	device := s.cookie(s.hostCookie(deviceCookie), s.Store.KnownDevice(u.Name), "/", deviceDays)
	return []*http.Cookie{s.cookie(s.hostCookie(deskCookie), token, "/", 0), device, s.cookie(s.hostCookie(halfCookie), "", "/", 0)}, nil
}

// goOn hands back what was typed before the session ended: the form is shown
// again, to be looked at and sent.
func (s *Server) goOn(c *Call, to, typed string, cookies []*http.Cookie) (any, error) {
	form, err := url.ParseQuery(typed)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.signin.again")
	d := &view.GoOn{To: to, Rows: []view.Row{{Name: "kept", Value: "yes"}}}
	for name, list := range form {
		for _, v := range list {
			if name != "kept" {
				d.Rows = append(d.Rows, view.Row{Name: name, Value: v})
			}
		}
	}
	return page{body: view.GoOnPage(p, d), cookies: cookies}, nil
}

// signOut ends this session, or all of one's own.
func (s *Server) signOut(ctx context.Context, c *Call) (any, error) {
	if !c.ourForm(c.token) {
		return moved{to: deskPath}, nil
	}
	var err error
	if c.Form.Get("all") == "yes" {
		err = s.Store.EndDeskSessions(ctx, c.User.ID, "holder")
	} else {
		err = s.Store.EndDeskSession(ctx, c.User.ID, c.Session.Ref)
	}
	if err != nil {
		return nil, err
	}
	to := signInPath
	if c.Session.Way == "oidc" && s.SignIn.Provider != nil {
		to += "?done=out" // he is signed in at the provider still, and can leave there
	}
	return moved{to, []*http.Cookie{s.cookie(s.hostCookie(deskCookie), "", "/", 0)}}, nil
}
