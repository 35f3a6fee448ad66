package handlers

import (
	"fmt"
	"regexp"
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
		span, ok = quarterOf(name)
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

var quarterForm = regexp.MustCompile(`^[0-9]{4}-Q[1-4]$`)

// quarterOf are the days of a quarter by its name, 2026-Q2.
func quarterOf(name string) (indicator.Span, bool) {
	if !quarterForm.MatchString(name) {
		return indicator.Span{}, false
	}
	year, _ := strconv.Atoi(name[:4])
	from := calendar.NewDate(year, time.Month(3*int(name[6]-'0')-2), 1)
	return indicator.Span{From: from, To: from.AddMonths(3) - 1}, true
}

// choices are the periods that a page leads to: the last ones that have ended.
func choices(today calendar.Date) (out []string) {
	out = append(out, rollingYear)
	month := monthOf(today)
	for i := 1; i <= 6; i++ {
		out = append(out, month.AddMonths(-i).String()[:7])
	}
	for q, n := calendar.NewDate(today.Year(), time.Month((monthNumber(today)-1)/3*3+1), 1), 0; n < 4; n++ {
		q = q.AddMonths(-3)
		out = append(out, fmt.Sprintf("%d-Q%d", q.Year(), monthNumber(q)/3+1))
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
