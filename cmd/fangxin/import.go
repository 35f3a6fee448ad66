package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fangxin/jobs/intake"
)

// ImportCmd takes complaints or merchants from a file.
type ImportCmd struct {
	File    string            `arg:"" type:"existingfile"`
	Kind    string            `default:"complaints" enum:"complaints,merchants,12315" help:"complaints, merchants, or 12315: the file of the national platform (docs/12315.md)."`
	As      string            `default:"live" enum:"live,archive" help:"live: complaints that begin now; archive: history that ended elsewhere."`
	Format  string            `default:"" enum:",csv,xlsx,jsonl" help:"csv, xlsx or jsonl; empty: by the file's name."`
	Map     map[string]string `help:"field=column, where the column has another name."`
	Rejects string            `help:"Where bad rows are kept, with line and reason; empty: FILE.rejects.jsonl." type:"path"`
}

// Run takes every good row and keeps every bad one; run twice it doubles
// nothing. Exit 1 when rows were rejected.
func (c *ImportCmd) Run(g *Globals) error {
	fields := intake.Fields
	switch c.Kind {
	case "merchants":
		fields = intake.MerchantFields
	case "12315":
		fields = map[string][]string{}
		for _, x := range intake.PlatformColumns {
			if x.Reads {
				fields[x.Name] = []string{x.Header}
			}
		}
		if c.As == "archive" {
			return errUse{errors.New("--as archive: the platform's file holds complaints that begin now; import history with --kind complaints")}
		}
	}
	for field := range c.Map {
		if fields[field] == nil {
			return errUse{fmt.Errorf("--map: %q is no field", field)}
		}
	}
	rows, closeFile, err := intake.Open(c.File, c.Format)
	if err != nil {
		return err
	}
	defer func() { _ = closeFile() }()
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	if c.Rejects == "" {
		c.Rejects = c.File + ".rejects.jsonl"
	}
	rejects := &lateFile{path: c.Rejects}
	defer func() { _ = rejects.Close() }()
	opt := intake.Options{File: c.File, Archive: c.As == "archive", Platform: c.Kind == "12315", Map: c.Map, Rejects: rejects,
		Progress: func(done int) { fmt.Fprintf(g.Err, "%d rows\n", done) }}
	rejected, err := c.take(g, e, rows, opt)
	if err != nil {
		return err
	}
	if rejected > 0 {
		fmt.Fprintf(g.Out, "rejected rows are in %s\n", c.Rejects)
		return errFinding
	}
	return nil
}

func (c *ImportCmd) take(g *Globals, e *engine, rows func(yield func(intake.Row) bool), opt intake.Options) (rejected int, err error) {
	if c.Kind == "merchants" {
		opt.File = filepath.Base(c.File)
		r, err := intake.ImportMerchants(g.Context, e.Store, rows, e.towns(), opt)
		fmt.Fprintf(g.Out, "%d rows read, %d new, %d changed, %d known already, %d wait for a person, %d rejected\n", r.Read, r.New, r.Changed, r.Known, r.Waiting, r.Rejected)
		printReasons(g.Out, r.Reasons)
		return r.Rejected, err
	}
	r, err := intake.Import(g.Context, e.Store, rows, opt)
	fmt.Fprintf(g.Out, "%d rows read, %d taken, %d known already, %d rejected\n", r.Read, r.Taken, r.Known, r.Rejected)
	if r.Other > 0 {
		fmt.Fprintf(g.Out, "%d of those known say other things than what was taken under their number; they are in %s\n", r.Other, c.Rejects)
	}
	printReasons(g.Out, r.Reasons)
	return r.Rejected, err
}

// towns are the county's towns, by code and by name.
func (e *engine) towns() map[string]string {
	out := map[string]string{}
	for _, t := range e.law.Load().County().Towns {
		out[t.Code], out[t.Zh], out[t.En] = t.Code, t.Code, t.Code
	}
	return out
}

func printReasons(w io.Writer, reasons map[string]int) {
	var lines []string
	for reason, n := range reasons {
		lines = append(lines, fmt.Sprintf("%6d  %s", n, reason))
	}
	slices.Sort(lines)
	if len(lines) > 0 {
		fmt.Fprintln(w, strings.Join(lines, "\n"))
	}
}

// lateFile is made with the first byte written to it.
type lateFile struct {
	path string
	f    *os.File
}

func (l *lateFile) Write(b []byte) (int, error) {
	if l.f == nil {
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return 0, err
		}
		l.f = f
	}
	return l.f.Write(b)
}

// Close closes what was made.
func (l *lateFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
