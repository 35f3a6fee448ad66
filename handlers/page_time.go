package handlers

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
)

// china is the one zone of the procedure: there is no summer time.
var china = time.FixedZone("CST", 8*3600)

func digit(n int) string { return strconv.Itoa(n) }

// dayWords says a day as people do, with the year when it is another: 3 月 31 日（星期二）.
func dayWords(p *view.Page, t time.Time) string {
	t = t.In(china)
	parts := []string{"Month", p.T("page.month." + digit(int(t.Month()))), "Day", digit(t.Day()), "Weekday", p.T("page.weekday." + digit(int(t.Weekday())))}
	if t.Year() == p.Year {
		return p.T("page.day", parts...)
	}
	return p.T("page.day_year", append(parts, "Year", digit(t.Year()))...)
}

func dateWords(p *view.Page, d calendar.Date) string { return dayWords(p, d.Start()) }

// shortDay is for narrow places: 3/18.
func shortDay(t time.Time) string { return t.In(china).Format("1/2") }

// momentWords is a day with its time.
func momentWords(p *view.Page, t time.Time) string {
	return p.T("page.moment", "Day", dayWords(p, t), "Time", t.In(china).Format("15:04"))
}

func stamp(t time.Time) string { return t.In(china).Format("2006-01-02T15:04") }

// capital begins a phrase of the catalogue as a sentence or title begins.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}
