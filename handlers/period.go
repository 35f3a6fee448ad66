package handlers

import (
	"strconv"
	"strings"
	"time"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// rollingYear names the 365 days up to the end of the last month that has ended.
const rollingYear = "365"

// period is a time that figures are published of, by its name: 2026-05, 2026-Q2,
// 2026 or 365.
type period struct {
	name string
	indicator.Span
}

func monthOf(d calendar.Date) calendar.Date {
	return calendar.NewDate(d.Year(), time.Month(monthNumber(d)), 1)
}

func monthNumber(d calendar.Date) int {
	n, _ := strconv.Atoi(d.String()[5:7])
	return n
}

// lastDay is that of the last month that has ended before a day.
func lastDay(today calendar.Date) calendar.Date { return monthOf(today) - 1 }

// periodOf reads the name of a period. Why is a key of the catalogue: what is
// wrong, or that it has not ended.
func periodOf(name string, today calendar.Date) (p period, why string) {
	p.name = name
	end := lastDay(today)
	if name == rollingYear {
		p.Span = indicator.Span{From: end.AddDays(-364), To: end}
		return p, ""
	}
	span, ok := indicator.SpanOf(name)
	if !ok {
		span, ok = indicator.QuarterOf(name)
	}
	if !ok {
		return p, "why.period"
	}
	p.Span = span
	switch {
	case p.From.Year() < today.Year()-20:
		return p, "why.twenty_years"
	case p.To > end:
		return p, "why.period_open"
	}
	return p, ""
}

// choices are the periods that a page leads to: the last ones that have ended.
func choices(today calendar.Date) (out []string) {
	out = append(out, rollingYear)
	month := monthOf(today)
	for i := 1; i <= 6; i++ {
		out = append(out, month.AddMonths(-i).String()[:7])
	}
	for i := 1; i <= 4; i++ {
		out = append(out, indicator.Quarter(month.AddMonths(-3*i)))
	}
	return append(out, strconv.Itoa(today.Year()-1), strconv.Itoa(today.Year()-2))
}

// timeWords is what people call a period.
func timeWords(p *view.Page, name string) string {
	switch {
	case name == rollingYear:
		return p.T("page.stat.period.rolling")
	case len(name) == 4:
		return p.T("page.stat.period.year", "Year", name)
	case name[5] == 'Q':
		return p.T("page.stat.period.quarter", "Year", name[:4], "N", name[6:])
	}
	return p.T("page.stat.period.month", "Year", name[:4], "N", strings.TrimPrefix(name[5:], "0"))
}
