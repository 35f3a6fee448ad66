package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"fangxin/handlers"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"

	"github.com/xuri/excelize/v2"
)

// StatisticsCmd holds what is counted: asked for, frozen, counted again.
type StatisticsCmd struct {
	Show      FiguresCmd   `cmd:"" default:"withargs" help:"The indicators of a time."`
	Freeze    FreezeCmd    `cmd:"" help:"Freeze a month or a year that has ended; the server does it by itself."`
	Recount   RecountCmd   `cmd:"" help:"Count every case again from its log, after an upgrade that changed what is counted."`
	Assess    AssessCmd    `cmd:"" help:"Freeze the assessment of a year against the plan's targets, or print it and what it reads now."`
	Paper     PaperCmd     `cmd:"" help:"The joint conference's report of a quarter, as PDF."`
	Snapshots SnapshotsCmd `cmd:"" help:"What was frozen: all of it, or one period then and now, and what changed it."`
}

// FiguresCmd prints the indicators of a time.
type FiguresCmd struct {
	From   string  `required:"" help:"First legal day: 2026-01-01."`
	To     string  `required:"" help:"Last legal day, included."`
	By     string  `help:"One slice (domain, category, town, unit, channel, mediator, merchant, size, member, programme), one period (day, month, quarter, year, rolling), or both with a comma."`
	Of     *string `help:"Only this value of the slice."`
	Format string  `default:"table" enum:"table,csv,json,xlsx" help:"table, csv, json or xlsx; the last three hold the whole, however many rows."`
	Lang   string  `default:"zh" enum:"zh,en" help:"Names of the indicators: zh or en."`
}

// Run asks the store and writes.
func (c *FiguresCmd) Run(g *Globals) error {
	q, err := c.query()
	if err != nil {
		return errUse{err}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	limit := 0
	if c.Format == "table" {
		limit = indicator.MostGroups
	}
	groups, at, err := e.Statistics(g.Context, q, limit)
	if many := (*indicator.TooMany)(nil); errors.As(err, &many) {
		return errUse{fmt.Errorf("--by: %w", err)}
	}
	if err != nil {
		return err
	}
	r := indicator.ReportOf(q, c.By, groups, at, *e.law.Load())
	switch c.Format {
	case "json":
		out := json.NewEncoder(g.Out)
		out.SetIndent("", "  ")
		return out.Encode(r)
	case "csv":
		return c.csv(g.Out, &r)
	case "xlsx":
		return c.xlsx(g.Out, &r)
	}
	return c.table(g.Out, &r)
}

func (c *FiguresCmd) query() (q indicator.Query, err error) {
	for _, x := range []struct {
		name, text string
		into       *calendar.Date
	}{{"--from", c.From, &q.From}, {"--to", c.To, &q.To}} {
		if *x.into, err = calendar.ParseDate(x.text); err != nil {
			return q, fmt.Errorf("%s: %w", x.name, err)
		}
	}
	ok := false
	if q.By, q.Per, ok = indicator.ParseBy(c.By); !ok {
		return q, fmt.Errorf("--by: %q: one of %s, one of %s, or both with a comma", c.By,
			strings.Join(append(indicator.LogSlices, indicator.RegisterSlices...), " "), strings.Join(indicator.Periods, " "))
	}
	q.Of = c.Of
	if f := q.Check(); f != nil {
		return q, fmt.Errorf("--%s: %s", f.Param, map[string]string{"why.before_from": "lies before --from", "why.twenty_years": "more than twenty years",
			"why.of_without_by": "needs --by with a slice", "why.date": "no date"}[f.Why])
	}
	return q, nil
}

func (c *FiguresCmd) csv(w io.Writer, r *indicator.Report) error {
	out := csv.NewWriter(w)
	if err := handlers.ReportRows(r, out.Write); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func (c *FiguresCmd) xlsx(w io.Writer, r *indicator.Report) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	n := 0
	err = handlers.ReportRows(r, func(row []string) error {
		n++
		cells := make([]any, len(row))
		for i, x := range row {
			cells[i] = x
			if k, err := strconv.ParseInt(x, 10, 64); err == nil && n > 1 && i >= 8 {
				cells[i] = k
			}
		}
		return s.SetRow("A"+strconv.Itoa(n), cells)
	})
	if err != nil {
		return err
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}

// table prints for people.
func (c *FiguresCmd) table(w io.Writer, r *indicator.Report) error {
	words := func(zh, en string) string {
		if c.Lang == "en" {
			return en
		}
		return zh
	}
	fmt.Fprintf(w, words("口径版本 %s，规则 %s，日历 %s，区块 %d %.16s，取数时间 %s\n", "definitions %s, rules %s, calendar %s, block %d %.16s, taken %s\n"),
		r.Definitions, cmp.Or(r.Rules, "-"), r.Calendar, r.Log.Height, r.Log.Hash, r.Log.Taken.Format("2006-01-02T15:04:05Z"))
	for _, g := range r.Groups {
		fmt.Fprintf(w, "\n%s %s … %s\n", g.Key, g.From, g.To)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for i, f := range g.Figures {
			d := &indicator.Definitions[i]
			fmt.Fprintf(t, "%s\t%s\t\t\t\n", d.ID, words(d.Zh, d.En))
			for j, x := range f.Rates {
				name := x.Line
				if j < len(d.Lines) {
					name = words(d.Lines[j].Zh, d.Lines[j].En)
				}
				fmt.Fprintf(t, "\t%s\t%d/%d\t%s\t%s\n", name, x.Numerator, x.Denominator, cmp.Or(x.Rate, "-"), strings.Trim(x.Low+"…"+x.High, "…"))
			}
			for j, x := range f.Spreads {
				fmt.Fprintf(t, "\t%s\tn=%d\tΣ=%d\t%s\n", words(d.Spread[j].Zh, d.Spread[j].En), x.N, x.Sum, spreadWords(x, words))
			}
			for _, x := range f.Excluded {
				fmt.Fprintf(t, "\t%s %s\t%d\t\t\n", words("除外", "apart:"), x.Code, x.N)
			}
			if f.Open != nil {
				fmt.Fprintf(t, "\t%s\t%d\t\t%s\n", words("未办结", "open"), *f.Open, map[bool]string{false: words("尚未成熟", "not mature")}[*f.Mature])
			}
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func spreadWords(x indicator.Spread, words func(zh, en string) string) string {
	if x.N <= 0 {
		return "-"
	}
	return fmt.Sprintf(words("中位 %d，平均 %s，九成 %d", "median %d, mean %s, p90 %d"), x.Median, x.Mean, x.P90)
}
