package indicator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

var periodForm = regexp.MustCompile(`^[0-9]{4}(-(0[1-9]|1[0-2]))?$`)

// SpanOf are the legal days of a snapshot by its name: a month, 2026-05, or a year,
// 2026.
func SpanOf(id string) (Span, bool) {
	if !periodForm.MatchString(id) {
		return Span{}, false
	}
	year, _ := strconv.Atoi(id[:4])
	month, months := 1, 12
	if len(id) > 4 {
		month, _ = strconv.Atoi(id[5:])
		months = 1
	}
	from := calendar.NewDate(year, time.Month(month), 1)
	return Span{from, from.AddMonths(months) - 1}, true
}

var quarterForm = regexp.MustCompile(`^[0-9]{4}-Q[1-4]$`)

// QuarterOf are the legal days of a quarter by its name, 2026-Q2.
func QuarterOf(name string) (Span, bool) {
	if !quarterForm.MatchString(name) {
		return Span{}, false
	}
	year, _ := strconv.Atoi(name[:4])
	from := calendar.NewDate(year, time.Month(3*int(name[6]-'0')-2), 1)
	return Span{from, from.AddMonths(3) - 1}, true
}

// Quarter names the quarter that a day lies in.
func Quarter(d calendar.Date) string {
	month, _ := strconv.Atoi(d.String()[5:7])
	return fmt.Sprintf("%d-Q%d", d.Year(), (month+2)/3)
}

// Ended names the last month and the last year that had ended before a day.
func Ended(day calendar.Date) []string {
	text := (calendar.NewDate(day.Year(), 1, 1) - 1).String()
	this, _ := calendar.ParseDate(day.String()[:8] + "01")
	return []string{(this - 1).String()[:7], text[:4]}
}

// In reports whether a count of a day belongs to a snapshot: of what is owed all
// up to its last day, of everything else what its days hold.
func (s Span) In(code string, day calendar.Date) bool {
	return day <= s.To && (day >= s.From || strings.HasPrefix(code, "owed."))
}

// Frozen is the text of a snapshot: coded fields and counts, and what they were
// made with.
type Frozen struct {
	ID          string        `json:"id"`
	From        calendar.Date `json:"from"`
	To          calendar.Date `json:"to"`
	Definitions string        `json:"definitions"`
	Rules       string        `json:"rules"`
	Calendar    string        `json:"calendar"`
	Log         At            `json:"log"`
	Counts      []FrozenCount `json:"counts"` // every slice by itself, in order; "" the whole
	V           int           `json:"v"`
}

// FrozenCount is one sum of a snapshot.
type FrozenCount struct {
	Slice   string `json:"slice"`
	Key     string `json:"key"`
	Code    string `json:"code"`
	Measure int64  `json:"measure"`
	Value   int64  `json:"value"`
}

// Add adds what a case counts for to every slice.
func (f *Frozen) Add(sums map[FrozenCount]int64, parts []ledger.Part) {
	for i := range parts {
		p := &parts[i]
		for _, s := range SliceKeys(p) {
			sums[FrozenCount{Slice: s[0], Key: s[1], Code: p.Code, Measure: p.Measure}] += p.Value
		}
	}
}

// SliceKeys are the slices that a part belongs to, the whole first.
func SliceKeys(p *ledger.Part) [][2]string {
	return [][2]string{{"", ""}, {"domain", strconv.FormatInt(p.Domain, 10)}, {"category", p.Category}, {"town", p.Town}, {"unit", p.Unit}, {"channel", p.Channel}, {"mediator", p.Mediator}}
}

// Set puts the sums into the text, in order.
func (f *Frozen) Set(sums map[FrozenCount]int64) {
	f.Counts = []FrozenCount{}
	for c, n := range sums {
		if c.Value = n; n != 0 {
			f.Counts = append(f.Counts, c)
		}
	}
	slices.SortFunc(f.Counts, func(a, b FrozenCount) int {
		return cmp.Or(strings.Compare(a.Slice, b.Slice), strings.Compare(a.Key, b.Key), strings.Compare(a.Code, b.Code), cmp.Compare(a.Measure, b.Measure))
	})
}

// Text is the snapshot in canonical form.
func (f *Frozen) Text() ([]byte, error) {
	counts := make([]any, len(f.Counts))
	for i, c := range f.Counts {
		counts[i] = map[string]any{"slice": c.Slice, "key": c.Key, "code": c.Code, "measure": c.Measure, "value": c.Value}
	}
	return ledger.Append(nil, map[string]any{"id": f.ID, "from": f.From.String(), "to": f.To.String(), "definitions": f.Definitions, "rules": f.Rules, "calendar": f.Calendar,
		"log": map[string]any{"height": f.Log.Height, "hash": f.Log.Hash, "taken_at": ledger.Raw(ledger.AppendTime(nil, f.Log.Taken))}, "counts": counts, "v": int64(1)})
}

// ParseFrozen reads a snapshot's text.
func ParseFrozen(text string) (f Frozen, err error) {
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return f, fmt.Errorf("snapshot: %w", err)
	}
	again, err := f.Text()
	if err == nil && string(again) != text {
		err = fmt.Errorf("the text of snapshot %s is not in canonical form", f.ID)
	}
	return f, err
}

// Groups are the snapshot's counts by one of the log's slices; "" the whole.
func (f *Frozen) Groups(slice string) []Group {
	by := map[string]Counts{}
	if slice == "" {
		by[""] = Counts{}
	}
	for _, c := range f.Counts {
		if c.Slice != slice {
			continue
		}
		if by[c.Key] == nil {
			by[c.Key] = Counts{}
		}
		by[c.Key].Add(c.Code, c.Measure, c.Value)
	}
	var out []Group
	for _, key := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }) {
		out = append(out, Group{key, f.From, f.To, by[key]})
	}
	return out
}

// Report divides the snapshot out, by the definitions of today: if they have
// another version than the snapshot names, the two are not the same thing.
func (f *Frozen) Report(slice string) Report {
	out := Report{From: f.From, To: f.To, By: slice, Definitions: f.Definitions, Rules: f.Rules, Calendar: f.Calendar, Log: f.Log, Groups: []GroupFigures{}}
	for _, g := range f.Groups(slice) {
		out.Groups = append(out.Groups, GroupFigures{g.Key, g.From, g.To, Figures(g.Counts, g.To, calendar.On(f.Log.Taken))})
	}
	return out
}

// Totals are the lines that a statement signs of the county as a whole: of every
// rate the numerator and denominator, of a cohort how many are open, of a spread of
// how many it is. The county's own numbers are exact; what is told of its parts
// follows the rule for small cells and is no part of a statement. I-12a and I-17 are
// left out: they come from the register, which no log seals.
func Totals(figures []Figure) (lines []string) {
	for _, f := range figures {
		if f.ID == "I-12a" || f.ID == "I-17" {
			continue
		}
		for _, r := range f.Rates {
			lines = append(lines, fmt.Sprintf("%s %s %d %d", f.ID, r.Line, r.Numerator, r.Denominator))
		}
		for _, s := range f.Spreads {
			lines = append(lines, fmt.Sprintf("%s %s %d", f.ID, s.Line, s.N))
		}
		if f.Open != nil {
			lines = append(lines, fmt.Sprintf("%s open %d", f.ID, *f.Open))
		}
	}
	return lines
}
