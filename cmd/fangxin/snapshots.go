package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"fangxin/jobs"
	"fangxin/store"
	"fangxin/workflow/indicator"
)

// FreezeCmd makes a snapshot.
type FreezeCmd struct {
	Period string `arg:"" help:"A month, 2026-05, or a year, 2026."`
}

// Run freezes, or says what was frozen before.
func (c *FreezeCmd) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	x, err := e.Freeze(g.Context, c.Period)
	if period := (*store.ErrPeriod)(nil); errors.As(err, &period) {
		return errUse{err}
	}
	if err != nil {
		return err
	}
	fmt.Fprint(g.Out, x.Statement)
	return errors.Join(jobs.KeepCheckpoint(g.Context, e.Store, g.Data), jobs.KeepStatements(g.Context, e.Store, g.Data))
}

// RecountCmd counts again.
type RecountCmd struct{}

// Run counts every case again and says how many had other counts.
func (c *RecountCmd) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	cases, changed, err := e.Recount(g.Context)
	if err == nil {
		fmt.Fprintf(g.Out, "%d cases counted again, of which %d had other counts; snapshots stay as they are\n", cases, changed)
	}
	return err
}

// SnapshotsCmd prints what was frozen.
type SnapshotsCmd struct {
	Period string `arg:"" optional:"" help:"The month or year to print: as it was published, as it would read now, and what changed it."`
	By     string `default:"" enum:",domain,category,town,unit,channel,mediator" help:"One slice of the log: domain, category, town, unit, channel, mediator."`
	Lang   string `default:"zh" enum:"zh,en" help:"zh or en."`
	JSON   bool   `name:"json" help:"For programs."`
}

// Run lists snapshots, or one then and now.
func (c *SnapshotsCmd) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	if c.Period == "" {
		all, err := e.Snapshots(g.Context)
		if err != nil {
			return err
		}
		for _, x := range all {
			fmt.Fprintf(g.Out, "%s\t%s\t%s\t%d\t%d\n", x.ID, x.Taken.Format("2006-01-02T15:04:05Z"), "block", x.Height, x.Size)
		}
		return nil
	}
	r, err := e.Restated(g.Context, c.Period, c.By)
	if errors.Is(err, sql.ErrNoRows) {
		return errUse{fmt.Errorf("%s was not frozen: fangxin statistics snapshots lists what was", c.Period)}
	}
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(g.Out)
		out.SetIndent("", "  ")
		return out.Encode(r.Figures())
	}
	return c.table(g.Out, r.Figures())
}

// table prints lines whose numbers differ, and why.
func (c *SnapshotsCmd) table(w io.Writer, r indicator.RestatedFigures) error {
	words := func(zh, en string) string {
		if c.Lang == "en" {
			return en
		}
		return zh
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range r.Lines {
		mark := ""
		if l.Then != l.Now {
			mark = words("已变", "changed")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d/%d\t%d/%d\t%s\n", l.Key, l.ID, l.Line, l.Then.Numerator, l.Then.Denominator, l.Now.Numerator, l.Now.Denominator, mark)
	}
	for _, x := range r.Changes {
		why := words("改正", "restated")
		if x.Ripened {
			why = words("后续", "went on")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", why, x.Reason, fmt.Sprintf(words("%d 个事件", "%d events"), x.Events), fmt.Sprintf(words("%d 件", "%d cases"), x.Cases))
	}
	return t.Flush()
}
