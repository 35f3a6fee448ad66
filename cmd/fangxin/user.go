package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"fangxin/store"
	"fangxin/workflow/policy"
)

// UserCmd manages the people of the authority.
type UserCmd struct {
	Add      UserAdd      `cmd:"" help:"Add a user; prints the API token once, and a link to set a password with."`
	Code     UserCode     `cmd:"" help:"Put a user's authenticator out of use."`
	Password UserPassword `cmd:"" help:"Print a one-time link with which a user sets a password."`
	Mail     UserMail     `cmd:"" help:"Change the mailbox in which a user is told of what he owes."`
	List     UserList     `cmd:"" help:"List users."`
	Change   UserChange   `cmd:"" help:"Give a user other roles, department or town; they hold at once."`
	Subject  UserSubject  `cmd:"" help:"Say as whom a user is known at the OIDC provider."`
	Sessions UserSessions `cmd:"" help:"Sign a user out wherever he is signed in."`
	Disable  UserDisable  `cmd:"" help:"Keep a user out: his sessions, links and tokens end."`
	Enable   UserEnable   `cmd:"" help:"Let a user sign in again, with the password that he had."`
	History  UserHistory  `cmd:"" help:"Print what was changed about a user, by whom and when."`
}

// UserAdd adds a user.
type UserAdd struct {
	Name  string   `arg:""`
	Roles []string `required:"" help:"officer, hub, unit, town, supervisor, coordinator, mediator, court, superior, other_authority; auditor (reads only, alone); operator (keeps users and the machine)."`
	Unit  string   `help:"Only the cases of this department; a mediator's organisation, or the authority that cases are transferred to."`
	Town  string   `help:"Only the cases of this town (division code); of a county for a hub."`
	Mail  string   `placeholder:"ADDRESS" help:"Where he is told of what he owes; without it his department's mailbox is used, then the hub's."`
}

// Run prints the token, which is kept only as a hash; the link to set a password
// goes to where warnings go, so that scripts can catch the token.
func (c *UserAdd) Run(g *Globals) error {
	u := store.User{Name: c.Name, Roles: c.Roles, Unit: c.Unit, Town: c.Town}
	if c.Mail != "" && !policy.PlainMail(c.Mail) {
		return errUse{fmt.Errorf("--mail: an address like zhang@example.cn is expected, not %q", c.Mail)}
	}
	if err := g.checkUser(&u); err != nil {
		return err
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	token, err := e.AddUser(g.Context, u)
	if err != nil {
		return err
	}
	fmt.Fprintln(g.Out, token)
	if c.Mail != "" {
		if err := e.SetUserMail(g.Context, "cli", c.Name, c.Mail); err != nil {
			return err
		}
	}
	return g.passwordLink(e, g.Err, c.Name)
}

// checkUser says what keeps a user from being so, by the flag that it was said with.
func (g *Globals) checkUser(u *store.User) error {
	law, err := g.rules()
	if err != nil {
		return err
	}
	for _, f := range u.Faults(law.County().Departments) {
		switch f.Field + " " + f.Why {
		case "roles unknown", "roles needed":
			bad := slices.IndexFunc(u.Roles, func(r string) bool { return !slices.Contains(store.UserRoles, r) })
			return errUse{fmt.Errorf("--roles: %q is none of %s", strings.Join(u.Roles[max(bad, 0):], ","), strings.Join(store.UserRoles, ", "))}
		case "roles alone":
			return errUse{fmt.Errorf("--roles: %w", store.ErrAlone)}
		case "unit unknown":
			return errUse{fmt.Errorf("--unit: %q is no department of the county's plan", u.Unit)}
		case "name name":
			return errUse{fmt.Errorf("%q: a name has 1 to 40 characters, none of | : / \\ < > \" and no space at its ends, and is not cli", u.Name)}
		default:
			return errUse{fmt.Errorf("--roles %s: sees no case without --%s", strings.Join(u.Roles, ","), f.Field)}
		}
	}
	return nil
}

// UserMail changes a user's mailbox.
type UserMail struct {
	Name    string `arg:""`
	Address string `arg:"" optional:"" help:"The new mailbox."`
	None    bool   `help:"Take the mailbox away: his department's is used."`
}

// Run changes it at once; it lies sealed and is not shown again.
func (c *UserMail) Run(g *Globals) error {
	if (c.Address == "") != c.None {
		return errUse{errors.New("user mail NAME: an ADDRESS or --none, one of them")}
	}
	if !c.None && !policy.PlainMail(c.Address) {
		return errUse{fmt.Errorf("user mail: an address like zhang@example.cn is expected, not %q", c.Address)}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return e.SetUserMail(g.Context, "cli", c.Name, c.Address)
}

// passwordLink prints a one-time link.
func (g *Globals) passwordLink(e *engine, to io.Writer, name string) error {
	token, until, err := e.GivePassword(g.Context, "cli", name)
	if err != nil {
		return err
	}
	address := strings.TrimSuffix(g.SiteAddress, "/")
	if address == "" {
		address = "http://" + g.Listen
	}
	_, err = fmt.Fprintf(to, "%s sets a password here, once, until %s:\n%s/desk/password#%s\n", name, until.Format("2006-01-02 15:04 MST"), address, token)
	return err
}

// UserCode is for who has lost authenticator and recovery codes.
type UserCode struct {
	Name string `arg:""`
	Stop bool   `required:"" help:"Let the password alone sign in again, until another authenticator is taken into use."`
}

// Run puts the authenticator out of use; where his role must have one, signing in
// begins with a new one.
func (c *UserCode) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return e.StopCodeOf(g.Context, "cli", c.Name)
}

// UserPassword lets a user set a password.
type UserPassword struct {
	Name string `arg:""`
}

// Run prints the link, which is kept only as a hash; links from before end.
func (c *UserPassword) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return g.passwordLink(e, g.Out, c.Name)
}

// UserList lists users.
type UserList struct{}

// Run prints name, roles and scope.
func (c *UserList) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	users, err := e.Users(g.Context)
	for _, u := range users {
		state := "active"
		if !u.Disabled.IsZero() {
			state = "disabled " + u.Disabled.Format("2006-01-02")
		}
		fmt.Fprintf(g.Out, "%-20s %-30s unit=%s town=%s %s\n", u.Name, strings.Join(u.Roles, ","), u.Unit, u.Town, state)
	}
	return err
}

// UserChange changes what a user may.
type UserChange struct {
	Name  string   `arg:""`
	Roles []string `help:"All that he has from now on."`
	Unit  *string  `help:"His department; --unit= for all of them."`
	Town  *string  `help:"His town; --town= for all of them."`
}

// Run leaves what is not named as it is.
func (c *UserChange) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	was, err := e.UserNamed(g.Context, c.Name)
	if err != nil {
		return fmt.Errorf("%w: %q", err, c.Name)
	}
	now := was
	if len(c.Roles) > 0 {
		now.Roles = c.Roles
	}
	if c.Unit != nil {
		now.Unit = *c.Unit
	}
	if c.Town != nil {
		now.Town = *c.Town
	}
	if err := g.checkUser(&now); err != nil {
		return err
	}
	return e.ChangeUser(g.Context, "cli", was, now)
}

// UserSubject says as whom a user is known at the provider.
type UserSubject struct {
	Name  string `arg:""`
	Value string `arg:"" optional:"" help:"The value of the claim that oidc-claim names; empty: he does not sign in from there."`
}

// Run changes it; it holds for the provider of the settings alone.
func (c *UserSubject) Run(g *Globals) error {
	if g.OIDCIssuer == "" {
		return errUse{errors.New("oidc-issuer (FANGXIN_OIDC_ISSUER): say first which provider it is")}
	}
	return g.onUser(func(e *engine) error { return e.SetSubject(g.Context, "cli", c.Name, g.OIDCIssuer, c.Value) })
}

// UserSessions ends a user's sessions.
type UserSessions struct {
	Name string `arg:""`
	End  bool   `required:"" help:"End them all."`
}

// Run ends them at once; tokens go on.
func (c *UserSessions) Run(g *Globals) error {
	return g.onUser(func(e *engine) error { return e.EndSessionsOf(g.Context, "cli", c.Name) })
}

// UserDisable disables a user.
type UserDisable struct {
	Name string `arg:""`
}

// Run keeps him out at once.
func (c *UserDisable) Run(g *Globals) error {
	return g.onUser(func(e *engine) error { return e.DisableUser(g.Context, "cli", c.Name) })
}

// UserEnable enables a user.
type UserEnable struct {
	Name string `arg:""`
}

// Run lets him sign in again; his old sessions and tokens stay ended.
func (c *UserEnable) Run(g *Globals) error {
	return g.onUser(func(e *engine) error { return e.EnableUser(g.Context, "cli", c.Name) })
}

// UserHistory prints what was changed.
type UserHistory struct {
	Name string `arg:""`
}

// Run prints a line for each change, the last first; at most 1000.
func (c *UserHistory) Run(g *Globals) error {
	return g.onUser(func(e *engine) error {
		u, err := e.UserNamed(g.Context, c.Name)
		if err != nil {
			return fmt.Errorf("%w: %q", err, c.Name)
		}
		list, err := e.UserChanges(g.Context, u.ID, 1000)
		for _, k := range list {
			line := fmt.Sprintf("%s %-13s by %s", k.At.UTC().Format("2006-01-02 15:04:05"), k.What, k.By)
			if k.Was != k.Now {
				line += fmt.Sprintf(": %q, now %q", k.Was, k.Now)
			}
			fmt.Fprintln(g.Out, line)
		}
		return err
	})
}

// onUser opens the store for one act.
func (g *Globals) onUser(do func(e *engine) error) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return do(e)
}
