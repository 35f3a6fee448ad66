package main

import (
	"errors"
	"fmt"
	"os"

	"fangxin/jobs/intake"
	"fangxin/workflow/calendar"
)

// ExportCmd writes complaints for the national platform.
type ExportCmd struct {
	Kind   string `default:"12315" enum:"12315" help:"12315: the file that is exchanged with the national platform; docs/12315.md."`
	From   string `required:"" help:"First day of filing: 2026-07-01."`
	To     string `required:"" help:"Last day of filing, included."`
	Out    string `required:"" type:"path" help:"The file to write."`
	People bool   `help:"With people and words. Without it, codes, days and amounts only."`
	Only   bool   `name:"only-12315" help:"Only complaints that came from the platform."`
}

// Run writes the file; a file that is there already is not touched.
func (c *ExportCmd) Run(g *Globals) (err error) {
	var days [2]calendar.Date
	for i, x := range []struct{ name, text string }{{"--from", c.From}, {"--to", c.To}} {
		if days[i], err = calendar.ParseDate(x.text); err != nil || days[i] == 0 {
			return errUse{fmt.Errorf("%s: %q is not a day: write it as 2026-07-01", x.name, x.text)}
		}
	}
	if days[1] < days[0] {
		return errUse{errors.New("--to: lies before --from")}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errUse{fmt.Errorf("--out: %w", err)}
	}
	n, err := intake.Export(g.Context, e.Store, f, intake.ExportOptions{From: days[0].Start(), To: days[1].AddDays(1).Start(), People: c.People, Only: c.Only})
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.Out)) // half a file looks like a whole one
	}
	fmt.Fprintf(g.Out, "%d complaints written to %s\n", n, c.Out)
	return nil
}
