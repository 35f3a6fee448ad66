package main

import (
	"errors"
	"fmt"
	"os"

	"fangxin/handlers"
	"fangxin/workflow"
)

// PaperCmd writes the joint conference's report of a quarter.
type PaperCmd struct {
	Quarter string `required:"" help:"A quarter that has ended: 2026Q3."`
	Out     string `required:"" type:"path" help:"The file to write."`
}

// Run draws the report from the frozen months where all three are there.
func (c *PaperCmd) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	pdf, err := (&handlers.Server{Store: e.Store, Rules: func() workflow.Rules { return *e.law.Load() }, Now: g.clock}).QuarterPaper(g.Context, c.Quarter)
	if errors.Is(err, handlers.ErrQuarter) {
		return errUse{fmt.Errorf("--quarter: %w", err)}
	}
	if err != nil {
		return err
	}
	return os.WriteFile(c.Out, pdf, 0o600)
}
