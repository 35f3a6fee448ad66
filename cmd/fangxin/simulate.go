package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"fangxin/jobs"
	"fangxin/jobs/intake"
	"fangxin/jobs/simulate"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// SimulateCmd lives whole lives.
type SimulateCmd struct {
	Cases      int    `default:"300" help:"Cases of the realistic mix."`
	From       string `help:"First day of filing; empty: the regime's first day, or the narratives' own."`
	To         string `help:"Last day of filing."`
	Merchants  int    `default:"5000" help:"Invented merchants that an empty register begins with; the complaints are about them."`
	Members    int    `default:"300" help:"Of them, members of the green channel."`
	Seed       uint64 `default:"1" help:"The same seed, the same lives."`
	Narratives string `help:"A JSONL file with texts and dates; the parties are invented." type:"existingfile"`
	Stop       bool   `hidden:"" help:"Leave open what is open after the last day."`
}

// Run lives one scripted case for every row of the table, then the mix, on a
// virtual clock, and prints what came of it.
func (c *SimulateCmd) Run(g *Globals) error {
	plan := simulate.Plan{Cases: c.Cases, Seed: c.Seed, Scripted: !c.Stop, Stop: c.Stop, Merchants: c.Merchants, Members: min(c.Members, c.Merchants)}
	var err error
	if plan.From, plan.To, err = c.days(); err != nil {
		return err
	}
	if c.Narratives != "" {
		if err := c.narratives(g, &plan); err != nil {
			return err
		}
	}
	clock := &simulate.Clock{}
	clock.Set(plan.From.Start())
	e, err := g.open(clock.Now)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	plan.Outage = func(o workflow.Outage) {
		law := *e.law.Load()
		law.Outages = append(slices.Clone(law.Outages), o)
		e.law.Store(&law)
	}
	plan.Progress = func(done, all int) {
		if done%200 == 0 {
			fmt.Fprintf(g.Err, "%d of %d lives\n", done, all)
		}
	}
	r, err := simulate.Run(g.Context, e.Store, func() workflow.Rules { return *e.law.Load() }, clock, plan)
	if err != nil {
		return err
	}
	for {
		n, err := e.Block(g.Context)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if err := simulate.Settle(g.Context, e.Store); err != nil {
		return err
	}
	if err := jobs.KeepCheckpoint(g.Context, e.Store, g.Data); err != nil {
		return err
	}
	return c.print(g.Out, &r)
}

func (c *SimulateCmd) days() (from, to calendar.Date, err error) {
	from, to = calendar.NewDate(2026, 4, 15), calendar.NewDate(2026, 9, 30)
	if c.From != "" {
		if from, err = calendar.ParseDate(c.From); err != nil {
			return from, to, errUse{fmt.Errorf("--from: %w", err)}
		}
		to = max(to, from)
	}
	if c.To != "" {
		if to, err = calendar.ParseDate(c.To); err != nil {
			return from, to, errUse{fmt.Errorf("--to: %w", err)}
		}
	}
	if to < from {
		return from, to, errUse{errors.New("--to lies before --from")}
	}
	return from, to, nil
}

// firstLaw is the first day of which the procedure is known.
var firstLaw = calendar.NewDate(2014, 3, 15)

// narratives reads texts with their days. Days before any known procedure move
// to the same day of 2016; a text without a day takes that of the next one.
func (c *SimulateCmd) narratives(g *Globals, plan *simulate.Plan) error {
	rows, closeFile, err := intake.Open(c.Narratives, "jsonl")
	if err != nil {
		return err
	}
	defer func() { _ = closeFile() }()
	moved, dated := 0, 0
	for row := range rows {
		day, err := intake.Date(row.Values["date"])
		if row.Err != nil || err != nil {
			return fmt.Errorf("%s:%d: %w", c.Narratives, row.Line, errors.Join(row.Err, err))
		}
		if day != 0 && day < firstLaw {
			day, moved = day.AddYears(2016-day.Year()), moved+1
		}
		plan.Narratives = append(plan.Narratives, simulate.Narrative{Text: row.Values["title"] + "\n" + row.Values["text"], On: day})
	}
	if len(plan.Narratives) == 0 {
		return errUse{fmt.Errorf("%s: no narratives", c.Narratives)}
	}
	next := calendar.NewDate(2016, 1, 4)
	for i := len(plan.Narratives) - 1; i >= 0; i-- {
		if plan.Narratives[i].On == 0 {
			plan.Narratives[i].On, dated = next, dated+1
		}
		next = plan.Narratives[i].On
	}
	plan.From, plan.To = plan.Narratives[0].On, plan.Narratives[0].On
	for _, n := range plan.Narratives {
		plan.From, plan.To = min(plan.From, n.On), max(plan.To, n.On)
	}
	fmt.Fprintf(g.Out, "%d narratives from %s to %s; %d from before %s moved to the same day of 2016; %d without a day took the next one's\n",
		len(plan.Narratives), plan.From, plan.To, moved, firstLaw, dated)
	return nil
}

func (c *SimulateCmd) print(w io.Writer, r *simulate.Result) error {
	var missing []string
	for _, list := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for _, row := range list {
			if r.Rows[row.ID] == 0 {
				missing = append(missing, row.ID)
			}
		}
	}
	fmt.Fprintf(w, "%d scripted cases, %d lives, %d left open\n", r.Scripted, r.Lived, r.Open)
	table(w, "outcome", r.Outcomes)
	table(w, "in negotiation the merchant", r.Asides)
	if c.Stop {
		return nil
	}
	fmt.Fprintf(w, "%d of %d rows taken\n", len(workflow.Transitions)+len(workflow.ReportTransitions)-len(missing), len(workflow.Transitions)+len(workflow.ReportTransitions))
	if len(missing) > 0 {
		return fmt.Errorf("rows that no case took: %v", missing)
	}
	return nil
}

func table(w io.Writer, title string, counts map[string]int) {
	all := 0
	var names []string
	for name, n := range counts {
		names, all = append(names, name), all+n
	}
	slices.SortFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	fmt.Fprintln(w, title+":")
	for _, name := range names {
		fmt.Fprintf(w, "  %-28s %5d  %4.1f %%\n", name, counts[name], 100*float64(counts[name])/float64(all))
	}
}
