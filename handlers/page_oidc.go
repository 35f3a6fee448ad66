package handlers

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"

	"fangxin/store"

	"golang.org/x/oauth2"
)

// awayPath sends people to the OIDC provider, backPath is where they come back.
const (
	awayPath = "/desk/sign-in/provider"
	backPath = "/desk/sign-in/back"
)

// What providers send along; more than state and code is not looked at.
func init() {
	queries["GET "+backPath] = []string{"code", "state", "iss", "error", "error_description", "error_uri", "session_state", "scope", "authuser", "hd", "prompt"}
}

// goAway sends a browser to the provider. What must come back is kept here, and the
// browser alone can show that it was sent.
func (s *Server) goAway(ctx context.Context, c *Call) (any, error) {
	x := entry{to: c.here(c.Form.Get("to")), kept: c.Form.Get("kept")}
	if s.SignIn.Provider == nil {
		return nil, notFound()
	}
	if !c.ourForm(signInForm) {
		return s.signInPage(c, x, "page.form.stale", http.StatusConflict), nil
	}
	if err := s.Limits.guess(c.from, ""); err != nil {
		return s.signInLater(c, x, err)
	}
	a := store.SentAway{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), To: x.to}
	if s.Store.IsForm(x.kept) {
		a.Kept = x.kept
	}
	to, err := s.SignIn.Provider.ask(ctx, s.address(c)+backPath, a.State, a.Nonce, a.Verifier)
	if err != nil {
		s.Log.Error("sign-in provider", "err", err)
		return s.signInPage(c, x, "page.signin.oidc_down", http.StatusServiceUnavailable), nil
	}
	token, err := s.Store.SendAway(ctx, a)
	if err != nil {
		return nil, err
	}
	return moved{to, []*http.Cookie{s.cookie(s.hostCookie(awayCookie), token, "/", 0)}}, nil
}

// comeBack takes a browser that the provider sends back. Whatever does not fit gets
// one answer, and who is nobody here another one that tells nothing more. What was
// kept is used up by the first try.
func (s *Server) comeBack(ctx context.Context, c *Call) (any, error) {
	p := s.SignIn.Provider
	if p == nil {
		return nil, notFound()
	}
	x := entry{to: deskPath}
	if err := s.Limits.guess(c.from, ""); err != nil {
		return s.signInLater(c, x, err)
	}
	away, err := s.Store.ComeBack(ctx, c.cookie(s.hostCookie(awayCookie)))
	state := subtle.ConstantTimeCompare([]byte(away.State), []byte(c.Query("state"))) == 1 && away.State != ""
	if err != nil && !errors.Is(err, store.ErrNoLink) {
		return nil, err
	}
	if iss := c.Query("iss"); err != nil || !state || iss != "" && iss != p.Issuer {
		s.Limits.wrong(ctx, c.from, "")
		return s.notBack(c, x, "page.signin.oidc_again", http.StatusForbidden), nil
	}
	x = entry{to: c.here(away.To), kept: away.Kept}
	if c.Query("error") != "" || c.Query("code") == "" {
		return s.notBack(c, x, "page.signin.oidc_again", http.StatusForbidden), nil
	}
	who, err := p.redeem(ctx, s.address(c)+backPath, c.Query("code"), away.Nonce, away.Verifier, s.Now)
	switch {
	case errors.Is(err, errForeign):
		s.Limits.wrong(ctx, c.from, "")
		return s.notBack(c, x, "page.signin.oidc_again", http.StatusForbidden), nil
	case err != nil:
		s.Log.Error("sign-in provider", "err", err)
		return s.notBack(c, x, "page.signin.oidc_down", http.StatusServiceUnavailable), nil
	}
	u, err := s.Store.UserBySubject(ctx, p.Issuer, who.name)
	if errors.Is(err, store.ErrNoUser) {
		return s.notBack(c, x, "page.signin.oidc_unknown", http.StatusForbidden), nil
	}
	if err != nil {
		return nil, err
	}
	return s.admitBack(ctx, c, &u, x, who)
}

// admitBack asks for our own second step unless the provider has asked for one.
func (s *Server) admitBack(ctx context.Context, c *Call, u *store.User, x entry, who identity) (any, error) {
	coded, err := s.Store.HasCode(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	if !who.second && (coded || s.needsCode(u)) {
		return s.beginCode(ctx, c, u, x, coded, "oidc")
	}
	return s.enter(ctx, c, u, x, "oidc")
}

// notBack is the page that asks to sign in, with what went wrong and what was kept.
func (s *Server) notBack(c *Call, x entry, words string, status int) page {
	out := s.signInPage(c, x, words, status)
	out.cookies = []*http.Cookie{s.cookie(s.hostCookie(awayCookie), "", "/", 0)}
	return out
}

// leaveProvider is where who signed out here signs out of the provider as well.
func (s *Server) leaveProvider(c *Call) string {
	end := s.SignIn.Provider.leave()
	u, err := url.Parse(end)
	if end == "" || err != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", s.SignIn.Provider.Client)
	q.Set("post_logout_redirect_uri", s.address(c)+signInPath)
	u.RawQuery = q.Encode()
	return u.String()
}
