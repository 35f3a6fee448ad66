package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"fangxin/jobs"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// MigrateCmd applies or lists migrations.
type MigrateCmd struct {
	Up     MigrateUp     `cmd:"" help:"Apply what is missing."`
	Status MigrateStatus `cmd:"" help:"List what is applied."`
}

// MigrateUp applies migrations.
type MigrateUp struct{}

// Run applies what is missing, each in one transaction, under a lock.
func (c *MigrateUp) Run(g *Globals) error {
	s, err := g.connect()
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	steps, err := s.Migrate(g.Context)
	for _, step := range steps {
		fmt.Fprintf(g.Out, "applied %s\n", step.Name)
	}
	if err == nil && len(steps) == 0 {
		fmt.Fprintln(g.Out, "nothing to do")
	}
	return err
}

// MigrateStatus lists migrations.
type MigrateStatus struct{}

// Run lists every migration and whether it is applied.
func (c *MigrateStatus) Run(g *Globals) error {
	s, err := g.connect()
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	steps, err := s.Migrations(g.Context)
	for _, step := range steps {
		state := "missing"
		if step.Applied {
			state = "applied"
		}
		fmt.Fprintf(g.Out, "%-8s %s\n", state, step.Name)
	}
	return err
}

func (g *Globals) connect() (*store.Store, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return store.Connect(g.Context, store.Config{URL: g.DatabaseURL, Data: g.Data, Now: g.clock})
}

// UserCmd manages the people of the authority.
type UserCmd struct {
	Add      UserAdd      `cmd:"" help:"Add a user; prints the API token once, and a link to set a password with."`
	Code     UserCode     `cmd:"" help:"Put a user's authenticator out of use."`
	Password UserPassword `cmd:"" help:"Print a one-time link with which a user sets a password."`
	Mail     UserMail     `cmd:"" help:"Change the mailbox in which a user is told of what he owes."`
	List     UserList     `cmd:"" help:"List users."`
	Disable  UserDisable  `cmd:"" help:"End a user's sessions and tokens."`
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
	for _, r := range c.Roles {
		if !slices.Contains(store.UserRoles, r) {
			return errUse{fmt.Errorf("--roles: %q is none of %s", r, strings.Join(store.UserRoles, ", "))}
		}
	}
	if c.Mail != "" && !policy.PlainMail(c.Mail) {
		return errUse{fmt.Errorf("--mail: an address like zhang@example.cn is expected, not %q", c.Mail)}
	}
	law, err := g.rules()
	if err != nil {
		return err
	}
	outside := slices.Contains(c.Roles, "mediator") || slices.Contains(c.Roles, "other_authority")
	for role, missing := range map[string]bool{"unit": c.Unit == "", "mediator": c.Unit == "", "other_authority": c.Unit == "", "town": c.Town == ""} {
		if missing && slices.Contains(c.Roles, role) {
			return errUse{fmt.Errorf("--roles %s: sees no case without --unit (for a town: --town)", role)}
		}
	}
	if c.Unit != "" && !outside && !slices.ContainsFunc(law.County().Departments, func(d policy.Place) bool { return d.Code == c.Unit }) {
		return errUse{fmt.Errorf("--unit: %q is no department of the county's plan", c.Unit)}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	token, err := e.AddUser(g.Context, store.User{Name: c.Name, Roles: c.Roles, Unit: c.Unit, Town: c.Town})
	if err != nil {
		return err
	}
	fmt.Fprintln(g.Out, token)
	if c.Mail != "" {
		if err := e.SetUserMail(g.Context, c.Name, c.Mail); err != nil {
			return err
		}
	}
	return g.passwordLink(e, g.Err, c.Name)
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
	return e.SetUserMail(g.Context, c.Name, c.Address)
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

// UserDisable disables a user.
type UserDisable struct {
	Name string `arg:""`
}

// Run ends the token at once.
func (c *UserDisable) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return e.DisableUser(g.Context, c.Name)
}

// EraseCmd erases a person.
type EraseCmd struct {
	Case   string `arg:"" help:"Case number."`
	Reason string `required:"" help:"pipl_47 (a lawful request) or retention (the term is over)."`
	By     string `default:"cli" help:"Who decided it."`
}

// Run destroys the case's key; log and numbers stay and still verify.
func (c *EraseCmd) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	_, err = e.Execute(g.Context, store.Request{Case: c.Case, Command: workflow.Command{Event: "erase_person",
		Actor: workflow.Actor{Role: "supervisor", ID: c.By}, Input: workflow.Input{Reason: c.Reason}}})
	var r *workflow.Refusal
	if errors.As(err, &r) {
		return fmt.Errorf("%s: %s", c.Case, refused(r))
	}
	if err != nil {
		return err
	}
	if err := errors.Join(e.RemoveScratch(), jobs.KeepErasures(g.Context, e.Store, g.Data)); err != nil {
		return fmt.Errorf("%s is erased, but not yet in the list beside the data or in the files: %w", c.Case, err)
	}
	fmt.Fprintf(g.Out, "%s: the personal data are gone; they are gone from backups when the last FILE.keys from before is deleted\n", c.Case)
	return nil
}

// refused puts a refusal into a line for the terminal.
func refused(r *workflow.Refusal) string {
	switch {
	case len(r.Missing) > 0:
		return fmt.Sprintf("%s: %s", r.Code, strings.Join(r.Missing, ", "))
	case r.Guard != "":
		return fmt.Sprintf("%s %s: %s", r.Code, r.Guard, workflow.Guards[r.Guard])
	}
	return fmt.Sprintf("%s (%s in %s)", r.Code, r.Event, r.State)
}

// PolicyCmd is about the county's file.
type PolicyCmd struct {
	Init  PolicyInit  `cmd:"" help:"Print the embedded county's file, to start from."`
	Check PolicyCheck `cmd:"" help:"Check a county's file."`
}

// PolicyInit prints the embedded file.
type PolicyInit struct{}

// Run prints it.
func (c *PolicyInit) Run(g *Globals) error { _, err := g.Out.Write(policy.HuantaiFile()); return err }

// PolicyCheck checks a file.
type PolicyCheck struct {
	File string `arg:"" type:"existingfile"`
}

// Run names every fault with file and line.
func (c *PolicyCheck) Run(g *Globals) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	rules, err := policy.Load(c.File, data)
	if err != nil {
		return err
	}
	fmt.Fprintln(g.Out, "good")
	sayUnreachable(g.Out, rules, calendar.On(g.clock()))
	return nil
}

// sayUnreachable says what it means that departments have no address. It is no
// fault: their people can have mailboxes of their own.
func sayUnreachable(out io.Writer, rules *policy.Rules, day calendar.Date) {
	without, hub := rules.Unreachable(day), rules.County().Hub
	if slices.Contains(without, hub) {
		fmt.Fprintf(out, "%s, the hub, has no mail and no phone: an office without an address of its own is told nothing by mail or short message, and what it was to be told is counted as unreached\n", hub)
		without = slices.DeleteFunc(without, func(code string) bool { return code == hub })
	}
	if len(without) > 0 {
		fmt.Fprintf(out, "no mail and no phone: %s: what they are to be told goes to their people's own mailboxes, else to the hub's\n", strings.Join(without, ", "))
	}
}
