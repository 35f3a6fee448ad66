package indicator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// LogSlices are the slices that the log knows; RegisterSlices are read from the
// merchant register as it stands, after corrections and mergers.
var (
	LogSlices      = []string{"domain", "category", "town", "unit", "channel", "mediator"}
	RegisterSlices = []string{"merchant", "size", "member", "programme"}
	Periods        = []string{"day", "month", "quarter", "year", "rolling"}
)

// Query asks for figures of the legal days From to To, both included. By is a
// slice or empty; Per a period or empty; Of narrows to one value of By.
type Query struct {
	From, To calendar.Date
	By, Per  string
	Of       *string
}

// Fault names the parameter that cannot be answered, and why: a key of the
// catalogue of words.
type Fault struct{ Param, Why string }

func (f *Fault) Error() string { return f.Param + ": " + f.Why }

// most is how many days one question may ask for, MostGroups how many groups one
// answer holds.
const (
	most       = 20*366 + 1
	MostGroups = 5000
)

// ParseBy reads "merchant", "month", "merchant,month".
func ParseBy(text string) (by, per string, ok bool) {
	if text == "" {
		return "", "", true
	}
	for _, x := range strings.Split(text, ",") {
		switch {
		case per == "" && slices.Contains(Periods, x):
			per = x
		case by == "" && (slices.Contains(LogSlices, x) || slices.Contains(RegisterSlices, x)):
			by = x
		default:
			return "", "", false
		}
	}
	return by, per, true
}

// Check says what is impossible in the question.
func (q *Query) Check() *Fault {
	switch {
	case q.From == 0:
		return &Fault{"from", "why.date"}
	case q.To == 0:
		return &Fault{"to", "why.date"}
	case q.From > q.To:
		return &Fault{"to", "why.before_from"}
	case q.To-q.From > most:
		return &Fault{"to", "why.twenty_years"}
	case q.Of != nil && q.By == "":
		return &Fault{"of", "why.of_without_by"}
	}
	return nil
}

// Group is one slice in one period.
type Group struct {
	Key      string
	From, To calendar.Date
	Counts   Counts
}

// Span is one period of a question.
type Span struct{ From, To calendar.Date }

// Spans are the periods of a question, cut at its ends; a rolling one is the 365
// days up to the end of each month, or of the question.
func (q *Query) Spans() []Span {
	if q.Per == "" {
		return []Span{{q.From, q.To}}
	}
	var out []Span
	for from := q.From; from <= q.To; {
		end := min(q.end(from), q.To)
		if q.Per == "rolling" {
			out = append(out, Span{end.AddDays(-364), end})
		} else {
			out = append(out, Span{from, end})
		}
		from = end + 1
	}
	return out
}

// end is the last day of the period that a day lies in.
func (q *Query) end(d calendar.Date) calendar.Date {
	month, _ := strconv.Atoi(d.String()[5:7])
	switch q.Per {
	case "day":
		return d
	case "quarter":
		month = (month + 2) / 3 * 3
	case "year":
		month = 12
	}
	return calendar.NewDate(d.Year(), time.Month(month), 1).AddMonths(1) - 1
}

// Bucket is how finely days must be read for the question: how much of the text
// of a day is kept.
func (q *Query) Bucket() int {
	whole := q.From.String()[8:] == "01" && (q.To + 1).String()[8:] == "01"
	switch {
	case q.Per == "":
		return 0
	case q.Per == "day", q.Per == "rolling", !whole:
		return 10
	}
	return 7
}

// At says where in the log figures were read: all that blocks up to Height seal,
// and what came since.
type At struct {
	Height int64     `json:"height"`
	Hash   string    `json:"hash"` // of the block, hexadecimal
	Taken  time.Time `json:"taken_at"`
}

// Report is figures with all that is needed to make them again.
type Report struct {
	From        calendar.Date  `json:"from"`
	To          calendar.Date  `json:"to"`
	By          string         `json:"by"`
	Definitions string         `json:"definitions"` // their version
	Rules       string         `json:"rules"`       // regime of the last day
	Calendar    string         `json:"calendar"`    // its version, as known on the day of taking
	Log         At             `json:"log"`
	Groups      []GroupFigures `json:"groups"`
}

// GroupFigures are the figures of one slice in one period.
type GroupFigures struct {
	Key     string        `json:"key"`
	From    calendar.Date `json:"from"`
	To      calendar.Date `json:"to"`
	Figures []Figure      `json:"figures"`
}

// ReportOf divides out every group, under the law in force.
func ReportOf(q Query, by string, groups []Group, at At, law workflow.Rules) Report {
	seen := calendar.On(at.Taken)
	out := Report{From: q.From, To: q.To, By: by, Definitions: Version, Rules: law.VersionOn(q.To), Calendar: law.Calendar().KnownAt(seen).Version(), Log: at, Groups: []GroupFigures{}}
	for _, g := range groups {
		out.Groups = append(out.Groups, GroupFigures{g.Key, g.From, g.To, Figures(g.Counts, g.To, seen)})
	}
	return out
}

// TooMany says that an answer would hold more groups than MostGroups.
type TooMany struct{ Groups int }

func (e *TooMany) Error() string {
	return fmt.Sprintf("%d groups, of which one answer holds %d: ask for fewer days or a longer period, or have the whole written to a file with --format csv", e.Groups, MostGroups)
}
