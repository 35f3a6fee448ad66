package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fangxin/workflow/calendar"
)

// CalendarCmd shows and extends the calendar.
type CalendarCmd struct {
	List   CalendarList   `cmd:"" help:"The notices that are known."`
	Import CalendarImport `cmd:"" help:"Add a notice of the State Council, in the holiday-cn JSON form."`
}

// CalendarList lists the notices.
type CalendarList struct{}

// Run prints year, number and the day from which each notice is known.
func (c *CalendarList) Run(g *Globals) error {
	cal, err := g.calendar()
	if err != nil {
		return err
	}
	for _, n := range cal.Notices() {
		off, worked := 0, 0
		for _, d := range n.Days {
			if d.Off {
				off++
			} else {
				worked++
			}
		}
		fmt.Fprintf(g.Out, "%d  known from %s  %2d off, %d worked weekends  %s\n", n.Year, n.Published, off, worked, n.Number)
	}
	view := cal.KnownAt(calendar.On(g.Now()))
	fmt.Fprintf(g.Out, "version today: %s\n", view.Version())
	return nil
}

// CalendarImport adds a notice.
type CalendarImport struct {
	File      string `arg:"" type:"existingfile"`
	Published string `help:"The day on which it was published; empty: today."`
}

// Run keeps the notice in the database; running clocks that were provisional
// are counted again when the server next looks.
func (c *CalendarImport) Run(g *Globals) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	published := calendar.On(g.Now())
	if c.Published != "" {
		if published, err = calendar.ParseDate(c.Published); err != nil {
			return errUse{fmt.Errorf("--published: %w", err)}
		}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	old, err := e.Calendar(g.Context)
	if err != nil {
		return err
	}
	n, err := e.KeepNotice(g.Context, data, published)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := e.refresh(g.Context); err != nil {
		return err
	}
	moved, err := e.Reproject(g.Context)
	if err != nil {
		return err
	}
	fmt.Fprintf(g.Out, "%d: %d days kept, known from %s; %d running clocks counted again\n", n.Year, len(n.Days), published, moved)
	now, err := e.Calendar(g.Context)
	if err != nil {
		return err
	}
	changes(g.Out, old.KnownAt(published), now.KnownAt(published))
	return nil
}

// changes prints the days that are worked in one of two views only.
func changes(out io.Writer, old, now *calendar.View) {
	days := old.Changed(now)
	for _, d := range days {
		if reason, off := now.Rest(d); off {
			fmt.Fprintf(out, "  %s %s 休息 off: %s\n", d, weekday(d, 0), reason)
		} else {
			fmt.Fprintf(out, "  %s %s 上班 worked\n", d, weekday(d, 0))
		}
	}
	fmt.Fprintf(out, "%d days changed; version %s, was %s\n", len(days), now.Version(), old.Version())
}

// calendar is the embedded calendar, with what was imported where there is a
// database already.
func (g *Globals) calendar() (*calendar.Calendar, error) {
	if g.DatabaseURL == "" {
		if _, err := os.Stat(filepath.Join(g.Data, "fangxin.db")); err != nil {
			return calendar.Embedded(), nil
		}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return nil, err
	}
	defer func() { _ = e.Close() }()
	return e.Calendar(g.Context)
}
