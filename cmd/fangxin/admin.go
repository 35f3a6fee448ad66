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
