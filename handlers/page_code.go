package handlers

import (
	"context"
	"encoding/base32"
	"errors"
	"net/http"
	"net/url"

	"fangxin/handlers/view"
	"fangxin/store"
)

// codePath is the second step of signing in, accountCodePath where one takes an
// authenticator into use or out of it.
const (
	codePath        = "/desk/sign-in/code"
	accountCodePath = "/desk/account/code"
)

// beginCode goes on from the password to the second step: to the code, or for who
// must have an authenticator and has none, to taking one into use.
func (s *Server) beginCode(ctx context.Context, c *Call, u *store.User, x entry, coded bool, way string) (any, error) {
	half, err := s.Store.OpenHalf(ctx, u.ID, way)
	if err != nil {
		return nil, err
	}
	out, err := s.codePage(c, u, half, x, coded, nil, http.StatusOK)
	out.cookies = []*http.Cookie{s.cookie(s.hostCookie(halfCookie), half, "/", 0)}
	return out, err
}

// codePage asks for the code, under a new secret where there is no authenticator yet.
func (s *Server) codePage(c *Call, u *store.User, half string, x entry, coded bool, wrong []view.Wrong, status int) (page, error) {
	p := s.base(c, "page.code.title")
	p.Path, p.Form = signInPath, "code"
	f := &view.Form{Action: codePath, Key: formKey(half), Faults: wrong, Submit: p.T("page.signin.go"), Back: signInPath, Lead: []string{p.T("page.code.lead")},
		Fields: []view.Field{{Name: "to", Kind: "hidden", Value: x.to}, {Name: "kept", Kind: "hidden", Value: x.kept}}}
	if !coded {
		return s.enrolPage(c, p, f, u, wrong, status)
	}
	f.Fields = append(f.Fields, view.Field{Name: "code", Kind: "totp", Label: p.T("page.code.code"), Hint: p.T("page.code.hint"), Fill: "one-time-code"})
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f)}, nil
}

// enrolPage shows a secret for an authenticator, as a picture and in letters, and
// asks for the first code. The secret goes along sealed: until a code has come
// back nothing is kept.
func (s *Server) enrolPage(c *Call, p *view.Page, f *view.Form, u *store.User, wrong []view.Wrong, status int) (page, error) {
	secret := store.NewCodeSecret()
	if text, ok := s.Store.OpenForm(u.ID, c.Form.Get("secret")); ok && len(text) == store.CodeSecret {
		secret = []byte(text)
	}
	letters := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	issuer := p.T("page.site") + " " + p.County
	e := &view.Enrol{Letters: letters, Form: f}
	var err error
	e.QR, e.Size, err = qrPath("otpauth://totp/" + url.PathEscape(issuer+":"+u.Name) + "?" + url.Values{"secret": {letters}, "issuer": {issuer}}.Encode())
	p.Title = p.T("page.code.enrol")
	f.Fields = append(f.Fields, view.Field{Name: "secret", Kind: "hidden", Value: s.Store.SealForm(u.ID, string(secret))},
		view.Field{Name: "code", Kind: "totp", Label: p.T("page.code.first"), Hint: p.T("page.code.first_hint"), Fill: "one-time-code"})
	mark(f.Fields, wrong)
	return page{status: status, body: view.EnrolPage(p, e)}, err
}

// takeCode is the second step: it opens the session, a new one.
func (s *Server) takeCode(ctx context.Context, c *Call) (any, error) {
	half := c.cookie(s.hostCookie(halfCookie))
	x := entry{to: c.here(c.Form.Get("to")), kept: c.Form.Get("kept")}
	u, way, err := s.Store.HalfSession(ctx, half)
	if errors.Is(err, store.ErrNoLink) {
		return s.signInPage(c, x, "page.code.late", http.StatusForbidden), nil
	}
	if err != nil {
		return nil, err
	}
	coded, err := s.Store.HasCode(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	again := func(words string, status int) (any, error) {
		return s.codePage(c, &u, half, x, coded, []view.Wrong{{Field: "code", Text: say(c.Language, words, nil)}}, status)
	}
	ours := c.ourForm(half)
	if set := s.preferences(c); set != nil {
		c.Language = languageSet(c)
		out, err := s.codePage(c, &u, half, x, coded, nil, http.StatusOK)
		out.cookies = set
		return out, err
	}
	if !ours {
		return again("page.form.stale", http.StatusConflict)
	}
	if err := s.Limits.tryCode(ctx, u.ID); err != nil {
		return again("page.signin.later", problemOf(err).Status)
	}
	recovery, err := s.checkCode(ctx, c, &u, coded)
	if errors.Is(err, store.ErrWrongCode) {
		return again("page.code.wrong", http.StatusUnprocessableEntity)
	}
	if err != nil {
		return nil, err
	}
	if err := s.Store.EndHalf(ctx, half); err != nil {
		return nil, err
	}
	if recovery == nil {
		return s.enter(ctx, c, &u, x, way)
	}
	cookies, err := s.letIn(ctx, c, &u, way)
	return page{body: view.RecoveryPage(s.base(c, "page.code.recovery"), recovery, x.to), cookies: cookies}, err
}

// checkCode takes the code, or an authenticator into use.
func (s *Server) checkCode(ctx context.Context, c *Call, u *store.User, coded bool) (recovery []string, err error) {
	if coded {
		return nil, s.Store.CheckCode(ctx, u.ID, c.Form.Get("code"))
	}
	secret, ok := s.Store.OpenForm(u.ID, c.Form.Get("secret"))
	if !ok {
		return nil, store.ErrWrongCode
	}
	return s.Store.StartCode(ctx, u, []byte(secret), c.Form.Get("code"))
}

// showAccountCode takes an authenticator into use, or asks for a code to put it out
// of use.
func (s *Server) showAccountCode(ctx context.Context, c *Call) (any, error) {
	return s.accountCode(ctx, c, nil, http.StatusOK)
}

func (s *Server) accountCode(ctx context.Context, c *Call, wrong []view.Wrong, status int) (any, error) {
	p := s.base(c, "page.code.off")
	coded, err := s.Store.HasCode(ctx, c.User.ID)
	if err != nil {
		return nil, err
	}
	f := &view.Form{Action: accountCodePath, Key: formKey(c.token), Faults: wrong, Submit: p.T("page.code.on_go"), Back: accountPath}
	if !coded {
		f.Lead = []string{p.T("page.code.why")}
		return s.enrolPage(c, p, f, c.User, wrong, status)
	}
	f.Lead, f.Submit, f.Danger = []string{p.T("page.code.off_text")}, p.T("page.code.off_go"), true
	f.Fields = []view.Field{{Name: "code", Kind: "totp", Label: p.T("page.code.code"), Hint: p.T("page.code.hint"), Fill: "one-time-code"}}
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f)}, nil
}

func (s *Server) takeAccountCode(ctx context.Context, c *Call) (any, error) {
	bad := func(words string, status int) (any, error) {
		return s.accountCode(ctx, c, []view.Wrong{{Field: "code", Text: say(c.Language, words, nil)}}, status)
	}
	coded, err := s.Store.HasCode(ctx, c.User.ID)
	if err != nil {
		return nil, err
	}
	if !c.ourForm(c.token) {
		return bad(c.staleWords(), http.StatusConflict)
	}
	if err := s.Limits.tryCode(ctx, c.User.ID); err != nil {
		return bad("page.signin.later", problemOf(err).Status)
	}
	recovery, err := s.checkCode(ctx, c, c.User, coded)
	if errors.Is(err, store.ErrWrongCode) {
		return bad("page.code.wrong", http.StatusUnprocessableEntity)
	}
	if err != nil {
		return nil, err
	}
	if !coded {
		return page{body: view.RecoveryPage(s.base(c, "page.code.recovery"), recovery, accountPath)}, nil
	}
	return moved{to: accountPath + "?done=code_off"}, s.Store.StopCode(ctx, c.User.Name, c.User.ID)
}
