package main

import (
	"encoding/json"
	"fmt"
	"io"
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
	Lang    string `default:"both" enum:"zh,en,both" help:"zh, en or both; with --json both is zh."`
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
	if due.Due.Year() > 9999 {
		return errUse{fmt.Errorf("--days: %d %s from %s end after the year 9999", c.Days, unitWords[c.Unit][1], from)}
	}
	counted, skipped := view.Explain(due)
	if c.JSON {
		return c.json(g, due, known, counted, skipped)
	}
	if c.Lang != "en" {
		c.inChinese(g.Out, due, known, counted, skipped)
	}
	if c.Lang == "both" {
		fmt.Fprintln(g.Out)
	}
	if c.Lang != "zh" {
		c.inEnglish(g.Out, due, known, counted, skipped)
	}
	return nil
}

type skippedDay struct {
	Date   calendar.Date `json:"date"`
	Reason string        `json:"reason"`
}

func (c *DeadlineCmd) json(g *Globals, due calendar.Due, known calendar.Date, counted []calendar.Date, skipped []calendar.Skip) error {
	days := make([]skippedDay, 0, len(skipped))
	for _, s := range skipped {
		reason := s.Reason
		if c.Lang == "en" {
			reason = s.English
		}
		days = append(days, skippedDay{s.Date, reason})
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

var unitWords = map[string][2]string{"working": {"个工作日", "working days"}, "calendar": {"个自然日", "calendar days"}, "month": {"个月", "months"}, "year": {"年", "years"}}

func (c *DeadlineCmd) inChinese(out io.Writer, due calendar.Due, known calendar.Date, counted []calendar.Date, skipped []calendar.Skip) {
	fmt.Fprintf(out, "%s 起 %d %s（当日不计），到期日 %s（%s），次日零时起逾期\n", due.From, c.Days, unitWords[c.Unit][0], due.Due, weekday(due.Due, 0))
	if c.Unit == "working" {
		fmt.Fprintf(out, "计入：%s\n", dates(counted))
	}
	if due.Raw != due.Due {
		fmt.Fprintf(out, "届满日 %s（%s）休息，顺延至其后第一个不休息的日子\n", due.Raw, weekday(due.Raw, 0))
	}
	if len(skipped) > 0 {
		fmt.Fprintln(out, c.pick("不计入：", "顺延跳过："))
	}
	for _, s := range skipped {
		fmt.Fprintf(out, "  %s %s %s\n", s.Date, weekday(s.Date, 0), s.Reason)
	}
	fmt.Fprintf(out, "提醒日：%s · 日历版本 %s，按 %s 所知\n", due.Alarm, due.Version, known)
	if due.Provisional {
		fmt.Fprintln(out, "暂定：其间有的年份放假安排尚未公布，公布后重算")
	}
}

func (c *DeadlineCmd) inEnglish(out io.Writer, due calendar.Due, known calendar.Date, counted []calendar.Date, skipped []calendar.Skip) {
	fmt.Fprintf(out, "%d %s from %s (that day not counted): due %s (%s), late from the midnight after\n", c.Days, unitWords[c.Unit][1], due.From, due.Due, weekday(due.Due, 1))
	if c.Unit == "working" {
		fmt.Fprintf(out, "counted: %s\n", dates(counted))
	}
	if due.Raw != due.Due {
		fmt.Fprintf(out, "it ends on %s (%s), a day off, and rolls on to the next day that is none\n", due.Raw, weekday(due.Raw, 1))
	}
	if len(skipped) > 0 {
		fmt.Fprintln(out, c.pick("not counted:", "rolled over:"))
	}
	for _, s := range skipped {
		fmt.Fprintf(out, "  %s %s: %s\n", s.Date, weekday(s.Date, 1), s.English)
	}
	fmt.Fprintf(out, "reminder: %s · calendar %s, as known on %s\n", due.Alarm, due.Version, known)
	if due.Provisional {
		fmt.Fprintln(out, "provisional: a year in between has no notice yet; counted again when it comes")
	}
}

// pick takes the word for working days, or the one for other units.
func (c *DeadlineCmd) pick(working, other string) string {
	if c.Unit == "working" {
		return working
	}
	return other
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
