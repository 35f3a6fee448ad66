package handlers

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
)

// changesMost is how many changes the page of a user shows.
const changesMost = 200

// userSheet is what is shown of a user beside what is kept of him.
type userSheet struct {
	typed *unsent // what was typed into its forms; nil: as he is
	wrong []view.Wrong
	link  string // shown once
	until time.Time
}

// deskUser is the page of one user.
func (s *Server) deskUser(ctx context.Context, c *Call) (any, error) {
	return s.userPage(ctx, c, userSheet{}, http.StatusOK)
}

func (s *Server) userPage(ctx context.Context, c *Call, x userSheet, status int) (any, error) {
	u, err := s.userAt(ctx, c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.users.one", "Name", u.Name)
	p.Path = userPath(u.ID)
	out := &view.UserSheet{Base: p.Path, Key: formKey(c.token), Faults: x.wrong, State: p.T("page.users.active"), Off: !u.Disabled.IsZero()}
	if out.Off {
		out.State = p.T("page.users.disabled", "Day", dayWords(p, u.Disabled))
	}
	if done := "page.users.done." + c.Query("done"); c.Query("done") != "" && has(c.Language, done) {
		out.News = p.T(done)
	}
	if x.link != "" {
		out.Link, out.Until = s.address(c)+passwordPath+"#"+x.link, momentWords(p, x.until)
	}
	own := u.ID == c.User.ID
	out.May = isOne(c.User, keepers) && !own
	if own && isOne(c.User, keepers) {
		out.Own = p.T("page.users.own")
	}
	out.MayAway = isOne(c.User, watchers) && !out.Off
	s.userRights(p, &u, x, out)
	return page{status: status, body: view.UserPage(p, out)}, s.userRest(ctx, p, &u, x, out)
}

// userRights are the questions about what he may, or the answers.
func (s *Server) userRights(p *view.Page, u *store.User, x userSheet, out *view.UserSheet) {
	if !out.May {
		out.Rows = append(out.Rows, view.Row{Name: p.T("page.users.roles"), Value: rolesWords(p, u.Roles)}, view.Row{Name: p.T("page.users.place"), Value: s.placeWords(p, u)})
	}
	typed := x.typed
	if typed == nil || !typed.Form.Has("was") {
		typed = newUnsent()
		typed.Form["roles"] = u.Roles
		typed.Form.Set("unit", u.Unit)
		typed.Form.Set("town", u.Town)
		if nameOf(p, s.Rules().County().Departments, u.Unit) == u.Unit {
			typed.Form.Set("organisation", u.Unit)
		}
	}
	out.Rights = append(s.userForm(p, typed, x.wrong), view.Field{Name: "was", Kind: "hidden", Value: wasOf(u)})
}

// wasOf is what a form's reader saw of a user's rights.
func wasOf(u *store.User) string { return strings.Join(u.Roles, " ") + "|" + u.Unit + "|" + u.Town }

// userRest is how a user signs in, when he is away, and what was changed.
func (s *Server) userRest(ctx context.Context, p *view.Page, u *store.User, x userSheet, out *view.UserSheet) error {
	sessions, err := s.Store.DeskSessions(ctx, u.ID, s.SignIn.idle())
	for _, d := range sessions {
		out.Sessions = append(out.Sessions, view.OwnThing{Name: d.Device, Text: p.T("page.account.session", "From", momentWords(p, d.Created), "Seen", momentWords(p, d.Seen), "Place", d.Place)})
	}
	ways, err2 := s.Store.WaysIn(ctx, u.ID)
	yes := func(has bool) string { return p.T("page.users." + map[bool]string{true: "yes", false: "no"}[has]) }
	out.Rows = append(out.Rows, view.Row{Name: p.T("page.users.added"), Value: dayWords(p, u.Created)}, view.Row{Name: p.T("page.users.has_password"), Value: yes(ways.Password)},
		view.Row{Name: p.T("page.users.has_code"), Value: yes(ways.Code)}, view.Row{Name: p.T("page.users.sessions"), Value: digit(len(sessions))}, view.Row{Name: p.T("page.users.tokens"), Value: digit(ways.Tokens)})
	err5 := s.userSubject(ctx, p, u, x, out)
	if out.May {
		out.Acts = userActs(p, out, ways.Code, len(sessions) > 0)
	}
	absences, err3 := s.absencesOf(ctx, p, u.Name)
	out.Absences = absences
	typed := x.typed
	if typed == nil {
		typed = newUnsent()
	}
	out.Away = []view.Field{{Name: "from", Kind: "date", Label: p.T("page.account.from"), Value: typed.get("from")}, {Name: "until", Kind: "date", Label: p.T("page.account.until"), Value: typed.get("until")},
		{Name: "deputy", Kind: "text", Label: p.T("page.account.deputy"), Hint: p.T("page.account.deputy_hint"), Value: typed.get("deputy")}}
	mark(out.Away, x.wrong)
	changes, err4 := s.Store.UserChanges(ctx, u.ID, changesMost)
	for _, k := range changes {
		out.Entries = append(out.Entries, s.changeEntry(p, k))
	}
	return errors.Join(err, err2, err3, err4, err5)
}

// userSubject asks as whom he is known at the provider, where there is one.
func (s *Server) userSubject(ctx context.Context, p *view.Page, u *store.User, x userSheet, out *view.UserSheet) error {
	if s.SignIn.Provider == nil || !out.May || out.Off {
		return nil
	}
	known, err := s.Store.Subject(ctx, u.ID, s.SignIn.Provider.Issuer)
	if x.typed != nil && x.typed.Form.Has("subject") {
		known = x.typed.get("subject")
	}
	out.Subject = []view.Field{{Name: "subject", Kind: "text", Label: p.T("page.users.subject"), Hint: p.T("page.users.subject_hint", "Claim", s.SignIn.Provider.Claim), Value: known, Fill: "off", Optional: true}}
	mark(out.Subject, x.wrong)
	return err
}

// userActs are the buttons of the page.
func userActs(p *view.Page, out *view.UserSheet, coded, signedIn bool) []view.UserAct {
	var acts []view.UserAct
	add := func(what string, danger bool) {
		acts = append(acts, view.UserAct{To: out.Base + "/" + what, Label: p.T("page.users.do." + what), Text: p.T("page.users.text." + what), Danger: danger})
	}
	if out.Off {
		add("enable", false)
		return acts
	}
	add("password", false)
	if coded {
		add("code", false)
	}
	if signedIn {
		add("sessions", false)
	}
	add("disable", true)
	return acts
}

// changeEntry is a line of what was changed, in words.
func (s *Server) changeEntry(p *view.Page, k store.UserChange) view.Entry {
	by := k.By
	if by == "cli" {
		by = p.T("page.users.shell")
	}
	e := view.Entry{Dot: "·", Title: p.T("page.users.change." + k.What), Stamp: stamp(k.At), When: p.T("page.when", "When", momentWords(p, k.At), "Who", by)}
	for _, f := range [][2]string{{"was", k.Was}, {"now", k.Now}} {
		if f[1] != "" {
			e.Facts = append(e.Facts, view.Row{Name: p.T("page.users." + f[0]), Value: s.changeWords(p, k.What, f[1])})
		}
	}
	return e
}

// changeWords says codes as people call them.
func (s *Server) changeWords(p *view.Page, what, text string) string {
	county := s.Rules().County()
	switch what {
	case "roles":
		return rolesWords(p, strings.Split(text, ","))
	case "unit":
		return nameOf(p, county.Departments, text)
	case "town":
		return nameOf(p, county.Towns, text)
	case "added":
		parts := strings.SplitN(text, " ", 3)
		u := store.User{Roles: strings.Split(parts[0], ",")}
		if len(parts) > 1 {
			u.Unit = parts[1]
		}
		if len(parts) > 2 {
			u.Town = parts[2]
		}
		return rolesWords(p, u.Roles) + p.T("page.desk.comma") + s.placeWords(p, &u)
	}
	return text
}

// addUser adds somebody and shows the link with which he sets his password, once.
func (s *Server) addUser(ctx context.Context, c *Call) (any, error) {
	typed := &unsent{Form: c.Form}
	ours := c.ourForm(c.token)
	if set := s.preferences(c); set != nil {
		c.Language = languageSet(c)
		out := s.newUserPage(c, typed, nil, http.StatusOK)
		out.cookies = set
		return out, nil
	}
	p := s.base(c, "page.users.add")
	if !ours {
		return s.newUserPage(c, typed, []view.Wrong{{Text: p.T(c.staleWords())}}, http.StatusConflict), nil
	}
	u := typedUser(typed)
	if wrong := s.faultsOf(p, &u); len(wrong) > 0 {
		return s.newUserPage(c, typed, wrong, http.StatusUnprocessableEntity), nil
	}
	link, until, err := s.Store.Enrol(ctx, c.User.Name, u)
	if errors.Is(err, store.ErrTaken) {
		return s.newUserPage(c, typed, []view.Wrong{{Field: "name", Text: p.T("page.users.wrong.name.taken")}}, http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return nil, err
	}
	added, err := s.Store.UserNamed(ctx, u.Name)
	if err != nil {
		return nil, err
	}
	c.Param = func(string) string { return strconv.FormatInt(added.ID, 10) }
	return s.userPage(ctx, c, userSheet{link: link, until: until}, http.StatusCreated)
}

// onUser is what every form of a user's page begins with: stale ones are shown
// again, and nobody changes himself.
func (s *Server) onUser(ctx context.Context, c *Call, mayOwn bool, do func(u *store.User) (any, error)) (any, error) {
	u, err := s.userAt(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case !mayOwn && u.ID == c.User.ID:
		return s.userWrong(ctx, c, "", "page.users.own", http.StatusForbidden)
	case !c.ourForm(c.token):
		return s.userWrong(ctx, c, "", c.staleWords(), http.StatusConflict)
	}
	return do(&u)
}

func (s *Server) userWrong(ctx context.Context, c *Call, field, words string, status int) (any, error) {
	return s.userPage(ctx, c, userSheet{typed: &unsent{Form: c.Form}, wrong: []view.Wrong{{Field: field, Text: say(c.Language, words, nil)}}}, status)
}

func userDone(u *store.User, what string) moved { return moved{to: userPath(u.ID) + "?done=" + what} }

// changeUser gives a user other roles, unit or town: they hold at his next request.
func (s *Server) changeUser(ctx context.Context, c *Call) (any, error) {
	return s.onUser(ctx, c, false, func(u *store.User) (any, error) {
		typed := &unsent{Form: c.Form}
		now := typedUser(typed)
		now.Name = u.Name
		if c.Form.Get("was") != wasOf(u) {
			return s.userWrong(ctx, c, "", "page.users.changed", http.StatusConflict)
		}
		if wrong := s.faultsOf(s.base(c, "page.users.title"), &now); len(wrong) > 0 {
			return s.userPage(ctx, c, userSheet{typed: typed, wrong: wrong}, http.StatusUnprocessableEntity)
		}
		err := s.Store.ChangeUser(ctx, c.User.Name, *u, now)
		if errors.Is(err, store.ErrChanged) {
			return s.userWrong(ctx, c, "", "page.users.changed", http.StatusConflict)
		}
		return userDone(u, "rights"), err
	})
}

// actOnUser does what a button of the page says; what is so already says so.
func (s *Server) actOnUser(ctx context.Context, c *Call) (any, error) {
	return s.onUser(ctx, c, false, func(u *store.User) (any, error) {
		what, by := path.Base(c.path), c.User.Name
		var err error
		switch what {
		case "password":
			link, until, err := s.Store.GivePassword(ctx, by, u.Name)
			if err == nil {
				return s.userPage(ctx, c, userSheet{link: link, until: until}, http.StatusCreated)
			}
			return s.actFault(ctx, c, u, what, err)
		case "code":
			err = s.Store.StopCodeOf(ctx, by, u.Name)
		case "sessions":
			err = s.Store.EndSessionsOf(ctx, by, u.Name)
		case "disable":
			err = s.Store.DisableUser(ctx, by, u.Name)
		case "enable":
			err = s.Store.EnableUser(ctx, by, u.Name)
		}
		return s.actFault(ctx, c, u, what, err)
	})
}

func (s *Server) actFault(ctx context.Context, c *Call, u *store.User, what string, err error) (any, error) {
	if errors.Is(err, store.ErrNoUser) {
		return s.userWrong(ctx, c, "", "page.users.changed", http.StatusConflict)
	}
	return userDone(u, what), err
}

// setSubject says as whom a user is known at the OIDC provider: that alone lets him
// in from there.
func (s *Server) setSubject(ctx context.Context, c *Call) (any, error) {
	return s.onUser(ctx, c, false, func(u *store.User) (any, error) {
		typed := &unsent{Form: c.Form}
		text := typed.get("subject")
		if _, why := tidyText(text, true); s.SignIn.Provider == nil || why != "" {
			return s.userWrong(ctx, c, "subject", "page.users.wrong.subject", http.StatusUnprocessableEntity)
		}
		err := s.Store.SetSubject(ctx, c.User.Name, u.Name, s.SignIn.Provider.Issuer, text)
		if errors.Is(err, store.ErrTaken) {
			return s.userWrong(ctx, c, "subject", "page.users.wrong.subject_taken", http.StatusUnprocessableEntity)
		}
		return s.actFault(ctx, c, u, "subject", err)
	})
}

// sayUserAbsent hands somebody's cases to a deputy for a while, as the API does.
func (s *Server) sayUserAbsent(ctx context.Context, c *Call) (any, error) {
	return s.onUser(ctx, c, true, func(u *store.User) (any, error) {
		typed := &unsent{Form: c.Form}
		wrong, status, err := s.takeAbsence(ctx, c, u.Name, typed)
		if err != nil {
			return nil, err
		}
		if wrong != nil {
			return s.userPage(ctx, c, userSheet{typed: typed, wrong: wrong}, status)
		}
		return userDone(u, "absence"), nil
	})
}

// endUserAbsence is for who came back early.
func (s *Server) endUserAbsence(ctx context.Context, c *Call) (any, error) {
	return s.onUser(ctx, c, true, func(u *store.User) (any, error) {
		id, err := position(c.Form.Get("ref"))
		if err != nil {
			return nil, err
		}
		err = s.Store.EndAbsence(ctx, store.Once{Scope: "absence/" + c.Form.Get("ref") + "/" + c.User.Name, Key: c.Key}, c.User.Name, id, u.Name)
		return userDone(u, "back"), err
	})
}
