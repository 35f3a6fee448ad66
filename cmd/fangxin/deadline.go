package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"fangxin/workflow/calendar"
)

// DeadlineCmd answers when a period ends.
type DeadlineCmd struct {
	From    string `required:"" help:"Day 0, which is never counted: 2026-04-30."`
	Days    int    `required:"" help:"How many."`
	Unit    string `required:"" enum:"working,calendar,month,year" help:"working, calendar, month or year."`
	Roll    string `default:"rest_day" enum:"rest_day,holiday_only" help:"What moves the last day on."`
	KnownAt string `help:"Count with what was known on this day; empty: today."`
	JSON    bool   `name:"json" help:"For programs."`
}

var units = map[string]calendar.Unit{"working": calendar.WorkingDay, "calendar": calendar.Day, "month": calendar.Month, "year": calendar.Year}

// Run prints the last day in time and why it is that day.
func (c *DeadlineCmd) Run(g *Globals) error {
	from, err := calendar.ParseDate(c.From)
	if err != nil {
		return errUse{fmt.Errorf("--from: %w", err)}
	}
	known := calendar.On(g.Now())
	if c.KnownAt != "" {
		if known, err = calendar.ParseDate(c.KnownAt); err != nil {
			return errUse{fmt.Errorf("--known-at: %w", err)}
		}
	}
	if c.Days < 0 || c.Days > 36500 {
		return errUse{fmt.Errorf("--days: %d is not from 0 to 36500", c.Days)}
	}
	cal, err := g.calendar()
	if err != nil {
		return err
	}
	view := cal.KnownAt(known)
	due := view.Count(from, c.Days, units[c.Unit], calendar.Roll(c.Roll))
	counted, skipped := view.Explain(due)
	if c.JSON {
		return c.json(g, due, known, counted, skipped)
	}
	c.explain(g, due, counted, skipped)
	return nil
}

type skippedDay struct {
	Date   calendar.Date `json:"date"`
	Reason string        `json:"reason"`
}

func (c *DeadlineCmd) json(g *Globals, due calendar.Due, known calendar.Date, counted []calendar.Date, skipped []calendar.Skip) error {
	days := make([]skippedDay, 0, len(skipped))
	for _, s := range skipped {
		days = append(days, skippedDay{s.Date, s.Reason})
	}
	if counted == nil {
		counted = []calendar.Date{}
	}
	enc := json.NewEncoder(g.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		From        calendar.Date   `json:"from"`
		Unit        string          `json:"unit"`
		Days        int             `json:"days"`
		Roll        string          `json:"roll"`
		KnownAt     calendar.Date   `json:"known_at"`
		Due         calendar.Date   `json:"due"`
		RawDue      calendar.Date   `json:"raw_due"`
		LateFrom    string          `json:"late_from"`
		Alarm       calendar.Date   `json:"alarm"`
		Provisional bool            `json:"provisional"`
		Counted     []calendar.Date `json:"counted"`
		Skipped     []skippedDay    `json:"skipped"`
		Version     string          `json:"calendar_version"`
	}{due.From, c.Unit, c.Days, c.Roll, known, due.Due, due.Raw, due.LateFrom.Format("2006-01-02T15:04:05Z"), due.Alarm, due.Provisional, counted, days, due.Version})
}

var unitWords = map[string][2]string{"working": {"个工作日", "working days"}, "calendar": {"日", "calendar days"}, "month": {"个月", "months"}, "year": {"年", "years"}}

func (c *DeadlineCmd) explain(g *Globals, due calendar.Due, counted []calendar.Date, skipped []calendar.Skip) {
	w := unitWords[c.Unit]
	fmt.Fprintf(g.Out, "%s 起 %d%s，到期日 %s（%s），次日零时起逾期\n", due.From, c.Days, w[0], due.Due, weekday(due.Due, 0))
	fmt.Fprintf(g.Out, "%d %s from %s: due %s (%s), late from the midnight after\n", c.Days, w[1], due.From, due.Due, weekday(due.Due, 1))
	if c.Unit == "working" {
		fmt.Fprintf(g.Out, "\n计入 counted: %s\n", dates(counted))
	}
	if due.Raw != due.Due {
		fmt.Fprintf(g.Out, "\n届满日 %s 非工作日，顺延 · the period ends on %s, which is a day off, and rolls on\n", due.Raw, due.Raw)
	}
	if len(skipped) > 0 {
		fmt.Fprintln(g.Out, "\n不计入 not counted:")
		for _, s := range skipped {
			fmt.Fprintf(g.Out, "  %s %s · %s\n", s.Date, s.Reason, s.English)
		}
	}
	fmt.Fprintf(g.Out, "\n提醒日 alarm: %s · 日历版本 calendar: %s\n", due.Alarm, due.Version)
	if due.Provisional {
		fmt.Fprintln(g.Out, "暂定：其间有的年份放假安排尚未公布，公布后重算 · provisional: a year in between has no notice yet; counted again when it comes")
	}
}

func weekday(d calendar.Date, language int) string {
	return [2][7]string{{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"}, {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}}[language][d.Weekday()]
}

func dates(all []calendar.Date) string {
	words := make([]string, len(all))
	for i, d := range all {
		words[i] = d.String()
	}
	return strings.Join(words, " ")
}
