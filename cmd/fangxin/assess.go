package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"fangxin/store"
	"fangxin/workflow/indicator"
)

// AssessCmd freezes the assessment of a year, or prints it.
type AssessCmd struct {
	Year  string `arg:"" help:"A year that is frozen: 2026."`
	Facts string `type:"existingfile" help:"CSV of what is reported: target,actual,of,source; of is empty for a number of things. Only the first time."`
	JSON  bool   `name:"json" help:"For programs."`
}

// Run freezes what is measured and what is reported, once.
func (c *AssessCmd) Run(g *Globals) error {
	var reported []indicator.Reported
	if c.Facts != "" {
		var err error
		if reported, err = factsOf(c.Facts); err != nil {
			return errUse{err}
		}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	a, digest, made, err := e.Assess(g.Context, c.Year, reported)
	period, target := (*store.ErrPeriod)(nil), (*store.ErrNoTarget)(nil)
	switch {
	case errors.As(err, &period), errors.As(err, &target):
		return errUse{err}
	case err != nil:
		return err
	case !made && c.Facts != "":
		return errUse{fmt.Errorf("%s is assessed already, and an assessment is never changed: print it without --facts", c.Year)}
	}
	if c.JSON {
		return json.NewEncoder(g.Out).Encode(a)
	}
	now, err := e.Reassessed(g.Context, &a)
	if err != nil {
		return err
	}
	fmt.Fprintf(g.Out, "%s\t%s\t%s %d\tsha256 %s\n", a.Year, a.Taken.Format("2006-01-02T15:04:05Z"), "block", a.Log.Height, digest)
	return assessed(g.Out, a.Lines, now)
}

// assessed prints each line: what was to be reached, what was, and what it reads now
// where that is another number.
func assessed(w io.Writer, lines, now []indicator.Assessed) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	actual := func(l *indicator.Assessed) string {
		switch {
		case !l.Known:
			return "未报送"
		case l.Percent > 0:
			return fmt.Sprintf("%d/%d", l.Numerator, l.Denominator)
		}
		return strconv.FormatInt(l.Numerator, 10)
	}
	for i := range lines {
		l := &lines[i]
		goal := fmt.Sprintf(">= %d", l.Count)
		if l.Percent > 0 {
			goal = fmt.Sprintf(">= %d%%", l.Percent)
		}
		verdict := "—"
		if reached, known := l.Reached(); known {
			verdict = map[bool]string{true: "达到", false: "未达"}[reached]
		}
		later := ""
		if j := slices.IndexFunc(now, func(n indicator.Assessed) bool { return n.Same(l) }); j >= 0 && actual(&now[j]) != actual(l) {
			later = "现值 " + actual(&now[j])
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Code, l.Reading, strings.TrimSpace(l.Slice+" "+l.Key), goal, actual(l), verdict, l.Source, later)
	}
	return t.Flush()
}

// factsOf reads what is reported of targets; a fault names file, line and column.
func factsOf(path string) ([]indicator.Reported, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.FieldsPerRecord = 4
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) == 0 || strings.TrimPrefix(strings.Join(rows[0], ","), "\uFEFF") != "target,actual,of,source" {
		return nil, fmt.Errorf("%s:1: the columns are target,actual,of,source", path)
	}
	var out []indicator.Reported
	for i, row := range rows[1:] {
		x := indicator.Reported{Code: row[0], Source: row[3]}
		for j, into := range []*int64{&x.Numerator, &x.Denominator} {
			if cell := row[j+1]; cell != "" || j == 0 {
				if *into, err = strconv.ParseInt(cell, 10, 64); err != nil || *into < 0 {
					return nil, fmt.Errorf("%s:%d: %s: %q is no number", path, i+2, rows[0][j+1], cell)
				}
			}
		}
		if x.Source == "" {
			return nil, fmt.Errorf("%s:%d: source: by which paper is that known?", path, i+2)
		}
		if slices.ContainsFunc(out, func(y indicator.Reported) bool { return y.Code == x.Code }) {
			return nil, fmt.Errorf("%s:%d: target: %s is reported twice", path, i+2, x.Code)
		}
		out = append(out, x)
	}
	return out, nil
}
