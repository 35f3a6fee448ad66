package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
)

const accountPath = "/desk/account"

// accountDays are the terms that an API token may have, in days.
var accountDays = []string{"30", "90", "365"}

// account is what belongs to the caller alone: his sessions, second step,
// password, API tokens, and when he is away.
func (s *Server) account(ctx context.Context, c *Call) (any, error) {
	return s.accountPage(ctx, c, newUnsent(), "", nil, http.StatusOK)
}

func (s *Server) accountPage(ctx context.Context, c *Call, u *unsent, fresh string, wrong []view.Wrong, status int) (any, error) {
	p := s.base(c, "page.account.title")
	p.Path = accountPath
	d := &view.Account{Key: formKey(c.token), Faults: wrong, Fresh: fresh, CodePath: accountCodePath, MayBeAway: !reads(c.User) && isOne(c.User, staff)}
	if done := "page.account.done." + c.Query("done"); c.Query("done") != "" && has(c.Language, done) {
		d.News = p.T(done)
	}
	away, err := s.absencesOf(ctx, p, c.User.Name)
	d.Absences = away
	if err := errors.Join(err, s.accountSessions(ctx, c, p, d), s.accountCodes(ctx, c, p, d), s.accountTokens(ctx, c, p, d)); err != nil {
		return nil, err
	}
	scope, days := u.ask(p, "scope", "select"), u.ask(p, "days", "select")
	scope.Label, days.Label = p.T("page.account.scope"), p.T("page.account.days")
	scope.Options = u.options(p, "scope", "page.account.scope.", store.TokenReads, store.TokenWrites)
	for _, n := range accountDays {
		days.Options = append(days.Options, view.Option{Value: n, Label: p.T("page.length.day", "N", n), On: u.get("days") == n})
	}
	d.Token = []view.Field{{Name: "label", Kind: "text", Label: p.T("page.account.label"), Hint: p.T("page.account.label_hint"), Value: u.get("label")}, scope, days}
	d.Away = []view.Field{{Name: "from", Kind: "date", Label: p.T("page.account.from"), Value: u.get("from")}, {Name: "until", Kind: "date", Label: p.T("page.account.until"), Value: u.get("until")},
		{Name: "deputy", Kind: "text", Label: p.T("page.account.deputy"), Hint: p.T("page.account.deputy_hint"), Value: u.get("deputy")}}
	d.Password = append([]view.Field{{Name: "name", Kind: "username", Value: c.User.Name}, {Name: "old", Kind: "password", Label: p.T("page.account.old"), Fill: "current-password"}}, newPasswords(p)...)
	mark(d.Token, wrong)
	mark(d.Away, wrong)
	mark(d.Password, wrong)
	return page{status: status, body: view.AccountPage(p, d)}, nil
}

func (s *Server) accountSessions(ctx context.Context, c *Call, p *view.Page, d *view.Account) error {
	all, err := s.Store.DeskSessions(ctx, c.User.ID, s.SignIn.idle())
	for _, x := range all {
		d.Sessions = append(d.Sessions, view.OwnThing{Ref: x.Ref, Name: x.Device, Text: p.T("page.account.session", "From", momentWords(p, x.Created), "Seen", momentWords(p, x.Seen), "Place", x.Place), Here: x.Ref == c.Session.Ref})
	}
	return err
}

func (s *Server) accountCodes(ctx context.Context, c *Call, p *view.Page, d *view.Account) error {
	coded, err := s.Store.HasCode(ctx, c.User.ID)
	if err != nil {
		return err
	}
	n, err := s.Store.RecoveryLeft(ctx, c.User.ID)
	d.Code, d.CodeGo = p.T("page.account.code_no"), p.T("page.code.enrol")
	if coded {
		d.Code, d.CodeGo = p.T("page.account.code_yes", "N", digit(n)), p.T("page.code.off")
	}
	return err
}

func (s *Server) accountTokens(ctx context.Context, c *Call, p *view.Page, d *view.Account) error {
	all, err := s.Store.UserTokens(ctx, c.User.ID)
	for _, t := range all {
		used := p.T("page.account.never")
		if !t.Used.IsZero() {
			used = momentWords(p, t.Used)
		}
		d.Tokens = append(d.Tokens, view.OwnThing{Ref: t.Ref, Name: t.Name, Text: p.T("page.account.token", "Scope", p.T("page.account.scope."+t.Scope), "Until", dayWords(p, t.Expires), "Used", used)})
	}
	return err
}

// absencesOf lists when somebody is away, and who stands in.
func (s *Server) absencesOf(ctx context.Context, p *view.Page, name string) (out []view.OwnThing, err error) {
	all, err := s.Store.Absences(ctx, name)
	for _, a := range all {
		out = append(out, view.OwnThing{Ref: strconv.FormatInt(a.ID, 10), Name: a.Deputy, Text: p.T("page.account.away", "From", dayWords(p, a.From), "To", dayWords(p, a.To.Add(-time.Second)))})
	}
	return out, err
}

// accountForm is what every form of the page begins with: stale ones are shown again.
func (s *Server) accountForm(ctx context.Context, c *Call, do func() (any, error)) (any, error) {
	if !c.ourForm(c.token) {
		return s.accountPage(ctx, c, &unsent{Form: c.Form}, "", []view.Wrong{{Text: say(c.Language, c.staleWords(), nil)}}, http.StatusConflict)
	}
	return do()
}

func accountDone(what string) moved {
	return moved{to: accountPath + "?" + url.Values{"done": {what}}.Encode()}
}

// endOwnSession ends one session of the caller's own.
func (s *Server) endOwnSession(ctx context.Context, c *Call) (any, error) {
	return s.accountForm(ctx, c, func() (any, error) {
		return accountDone("session"), s.Store.EndDeskSession(ctx, c.User.ID, c.Form.Get("ref"))
	})
}

// changePassword ends every session but opens this one anew.
func (s *Server) changePassword(ctx context.Context, c *Call) (any, error) {
	return s.accountForm(ctx, c, func() (any, error) {
		bad := func(field, words string, status int) (any, error) {
			return s.accountPage(ctx, c, newUnsent(), "", []view.Wrong{{Field: field, Text: say(c.Language, words, nil)}}, status)
		}
		if c.Form.Get("new") != c.Form.Get("again") {
			return bad("again", "page.password.differ", http.StatusUnprocessableEntity)
		}
		if err := s.Limits.tryPassword(ctx, c.User.Name, "own/"+strconv.FormatInt(c.User.ID, 10)); err != nil {
			return bad("old", "page.signin.later", problemOf(err).Status)
		}
		err := s.Store.ChangePassword(ctx, c.User, c.Form.Get("old"), c.Form.Get("new"))
		switch {
		case errors.Is(err, store.ErrNoUser):
			return bad("old", "page.account.wrong_old", http.StatusUnprocessableEntity)
		case passwordFault(err) != "":
			return bad("new", passwordFault(err), http.StatusUnprocessableEntity)
		case err != nil:
			return nil, err
		}
		cookies, err := s.letIn(ctx, c, c.User, c.Session.Way)
		out := accountDone("password")
		out.cookies = cookies
		return out, err
	})
}

// addOwnToken makes an API token and shows it once.
func (s *Server) addOwnToken(ctx context.Context, c *Call) (any, error) {
	return s.accountForm(ctx, c, func() (any, error) {
		u := &unsent{Form: c.Form}
		days, err := strconv.Atoi(u.get("days"))
		scope, label := u.get("scope"), u.get("label")
		if _, why := tidyText(label, false); err != nil || days < 1 || days > 365 || scope != store.TokenReads && scope != store.TokenWrites || label == "" || len([]rune(label)) > 60 || why != "" {
			return s.accountPage(ctx, c, u, "", []view.Wrong{{Field: "label", Text: say(c.Language, "page.account.bad_label", nil)}}, http.StatusUnprocessableEntity)
		}
		token, err := s.Store.AddToken(ctx, c.User.ID, store.UserToken{Name: label, Scope: scope, Expires: s.Now().AddDate(0, 0, days)})
		if errors.Is(err, store.ErrTooManyTokens) {
			return s.accountPage(ctx, c, u, "", []view.Wrong{{Field: "label", Text: say(c.Language, "page.account.many_tokens", nil)}}, http.StatusConflict)
		}
		if err != nil {
			return nil, err
		}
		return s.accountPage(ctx, c, newUnsent(), token, nil, http.StatusCreated)
	})
}

func (s *Server) endOwnToken(ctx context.Context, c *Call) (any, error) {
	return s.accountForm(ctx, c, func() (any, error) {
		return accountDone("token"), s.Store.EndToken(ctx, c.User.ID, c.Form.Get("ref"))
	})
}

// takeAbsence hands a form about an absence to the API: of whom it names, else of
// the caller. It says what was wrong with the form.
func (s *Server) takeAbsence(ctx context.Context, c *Call, name string, u *unsent) (wrong []view.Wrong, status int, err error) {
	body, err := json.Marshal(filled(map[string]string{"name": name, "deputy": u.get("deputy"), "from": u.get("from"), "to": u.get("until")}))
	if err != nil {
		return nil, 0, err
	}
	if _, err := s.sayAbsent(ctx, &Call{Body: body, Key: c.Key, Language: c.Language, User: c.User}); err != nil {
		return formFaults(err, c.Language, untilField)
	}
	return nil, 0, nil
}

// sayOwnAbsence is the API's own: a deputy does the caller's work for a while.
func (s *Server) sayOwnAbsence(ctx context.Context, c *Call) (any, error) {
	return s.accountForm(ctx, c, func() (any, error) {
		u := &unsent{Form: c.Form}
		wrong, status, err := s.takeAbsence(ctx, c, "", u)
		if err != nil {
			return nil, err
		}
		if wrong != nil {
			return s.accountPage(ctx, c, u, "", wrong, status)
		}
		return accountDone("away"), nil
	})
}

// untilField is a field of the API as the form of an absence calls it.
func untilField(name string) string {
	if name == "to" {
		return "until"
	}
	return name
}

func (s *Server) endOwnAbsence(ctx context.Context, c *Call) (any, error) {
	return s.accountForm(ctx, c, func() (any, error) {
		param := func(string) string { return c.Form.Get("ref") }
		_, err := s.endAbsence(ctx, &Call{Param: param, Body: []byte("{}"), Key: c.Key, Language: c.Language, User: c.User})
		return accountDone("back"), err
	})
}
