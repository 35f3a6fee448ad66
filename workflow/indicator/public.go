package indicator

import (
	"maps"
	"slices"
	"strings"

	"fangxin/workflow/calendar"
)

// PublicSlices are the slices that a county publishes tables by, whole quarters
// and years; the whole county is published by months too. PublicPeriods are those.
var (
	PublicSlices  = []string{"domain", "town", "category", "channel"}
	PublicPeriods = []string{"quarter", "year"}
)

// PublicRate is a line as others may see it: a number that tells of too few, or
// from which such a number could be worked out, is nil. The rate stands only where
// both its numbers do and it is divided by at least LeastRate.
type PublicRate struct {
	Line        string `json:"line"`
	Numerator   *int64 `json:"numerator"`
	Denominator *int64 `json:"denominator"`
	Rate        string `json:"rate,omitempty"`
	Low         string `json:"low,omitempty"`
	High        string `json:"high,omitempty"`
}

// PublicSpread is a histogram as others may see it: nil and empty below LeastRate,
// its deciles only of three times as many, because they are values of single cases.
type PublicSpread struct {
	Line    string  `json:"line"`
	N       *int64  `json:"n"`
	Sum     *int64  `json:"sum"`
	Mean    string  `json:"mean,omitempty"`
	Median  *int64  `json:"median"`
	P90     *int64  `json:"p90"`
	Deciles []int64 `json:"deciles"`
}

// PublicApart is what belongs to no rate, as others may see it.
type PublicApart struct {
	Code string `json:"code"`
	N    *int64 `json:"n"`
}

// PublicFigure is one indicator as others may see it.
type PublicFigure struct {
	ID       string         `json:"id"`
	Version  int            `json:"version"`
	Basis    Basis          `json:"basis"`
	Rates    []PublicRate   `json:"rates"`
	Spreads  []PublicSpread `json:"spreads"`
	Excluded []PublicApart  `json:"excluded"`
	Open     *int64         `json:"open,omitempty"`
	Mature   *bool          `json:"mature,omitempty"`
}

// PublicGroup is one slice in one period as others may see it. Whole marks the
// county, whose totals are exact.
type PublicGroup struct {
	Key     string         `json:"key"`
	Whole   bool           `json:"whole,omitempty"`
	From    calendar.Date  `json:"from"`
	To      calendar.Date  `json:"to"`
	Figures []PublicFigure `json:"figures"`
	// Numbers are all sums that the figures are made of, by the name of the sum:
	// what a later table is protected together with. Nil is hidden.
	Numbers map[string]*int64 `json:"numbers,omitempty"`
}

// Table is all that is published together by one slice: the county by each period,
// and every value of the slice by each period. A period may be made up of others
// (a year of its quarters); periods that overlap otherwise are refused. Earlier is
// what was published of the same slice before; Seen the day of taking.
type Table struct {
	Whole, Parts []Group
	Keys         []string // every value that the slice can have, also those that nothing was counted for
	Earlier      []PublicGroup
	Seen         calendar.Date
}

// WholePublic is what is published of the county as a whole: every count, and
// rates and histograms of enough.
func WholePublic(whole []Group, seen calendar.Date) []PublicGroup {
	return wholePublic(whole, codesOf(whole), seen)
}

func wholePublic(whole []Group, codes []string, seen calendar.Date) []PublicGroup {
	out := make([]PublicGroup, 0, len(whole))
	for _, g := range whole {
		p := public(g, codes, seen, LeastRate, func(sum string, n int64) *int64 { return &n })
		p.Whole = true
		out = append(out, p)
	}
	return out
}

// Public is the one rule by which figures go out (DOMAIN 8.5). The county's own
// numbers are exact. Of every part a number from 1 to 4 is hidden, and so is one
// whose complement in its rate is that small, and beside them as many others as it
// takes for none of these to follow from all that is shown: not by adding up or
// taking away along the slice, the periods and the sums of one group, not because
// no count is below nothing, and not by comparing with what was published before.
// The second value is false where that cannot be reached: then Earlier stands.
func Public(t Table) ([]PublicGroup, bool, error) {
	b := &builder{keys: slices.Clone(t.Keys)}
	if err := b.periods(t.Whole); err != nil {
		return nil, false, err
	}
	b.place(t.Whole, t.Parts)
	b.sumsOf()
	b.classesOf()
	secrets := append(b.secrets(), b.before(t.Earlier)...)
	for _, s := range secrets {
		if !b.g.guard(s) {
			return t.Earlier, false, nil
		}
	}
	out := wholePublic(t.Whole, b.codes, t.Seen)
	for i, g := range b.groups {
		out = append(out, public(g, b.codes, t.Seen, LeastRate, func(sum string, n int64) *int64 {
			if !b.g.shown[i].has(b.at[sum]) {
				return nil
			}
			return &n
		}))
	}
	return out, true, nil
}

// PublicLine says what a line of a public table is made of: the names of its sums,
// which are those of Numbers. Without Den it is a histogram or stands alone; "open"
// is what is open of a figure.
type PublicLine struct {
	Figure string `json:"figure"`
	Line   string `json:"line"`
	Num    string `json:"num"`
	Den    string `json:"den,omitempty"`
}

// Lines lists what the lines of a table are made of, so that a reader of it needs no
// other definition.
func (t *Table) Lines() (out []PublicLine) {
	codes := codesOf(slices.Concat(t.Whole, t.Parts))
	for i := range Definitions {
		d := &Definitions[i]
		for _, l := range d.rates(codes) {
			out = append(out, PublicLine{d.ID, l.Key, l.Num.name(), l.Den.name()})
		}
		for _, l := range d.Spread {
			out = append(out, PublicLine{Figure: d.ID, Line: l.Key, Num: l.Num.name()})
		}
		if d.Open != nil {
			out = append(out, PublicLine{Figure: d.ID, Line: "open", Num: d.Open.name()})
		}
	}
	return out
}

// name of a sum: its patterns.
func (s Sum) name() string { return strings.Join(s, " ") }

// pairs of a definition's lines over some counts: what each rate is divided from.
func (d *Definition) rates(codes []string) (out []Line) {
	out = append(out, d.Lines...)
	if d.Each == nil {
		return out
	}
	all := Sum{d.Each.Of}
	if len(d.Lines) > 0 {
		all = d.Lines[0].Den
	}
	by := map[string]Sum{}
	for _, code := range codes {
		if (Sum{d.Each.Of}).Has(code) > 0 {
			part := strings.Split(code, ".")[d.Each.Part]
			by[part] = append(by[part], code)
		}
	}
	for _, part := range slices.Sorted(maps.Keys(by)) {
		out = append(out, Line{Key: part, Num: by[part], Den: all})
	}
	return out
}

func (d *Definition) apart(codes []string) (out []string) {
	for _, s := range d.Excluded {
		for _, code := range codes {
			if s.Has(code) > 0 {
				out = append(out, code)
			}
		}
	}
	return out
}

// codesOf lists what anything was counted as.
func codesOf(groups []Group) (out []string) {
	for _, g := range groups {
		out = slices.AppendSeq(out, maps.Keys(g.Counts))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// public divides out a group, by the codes of all groups, because a line that is
// missing would tell too; may says of each sum whether it is shown, least what a
// rate is divided by at least.
func public(g Group, codes []string, seen calendar.Date, least int64, may func(sum string, n int64) *int64) PublicGroup {
	out := PublicGroup{Key: g.Key, From: g.From, To: g.To, Numbers: map[string]*int64{}}
	number := func(s Sum) *int64 {
		n := may(s.name(), g.Counts.sum(s))
		out.Numbers[s.name()] = n
		return n
	}
	for i := range Definitions {
		d := &Definitions[i]
		f := PublicFigure{ID: d.ID, Version: d.Version, Basis: d.Basis, Rates: []PublicRate{}, Spreads: []PublicSpread{}, Excluded: []PublicApart{}}
		for _, l := range d.rates(codes) {
			f.Rates = append(f.Rates, publicRate(l.Key, number(l.Num), number(l.Den), least))
		}
		for _, l := range d.Spread {
			f.Spreads = append(f.Spreads, publicSpread(spreadOf(l.Key, g.Counts.measures(l.Num, d.Basis, g.To)), number(l.Num), least))
		}
		for _, code := range d.apart(codes) {
			f.Excluded = append(f.Excluded, PublicApart{code, number(Sum{code})})
		}
		if d.Open != nil {
			mature := g.To.AddDays(matureAfter) <= seen
			f.Open, f.Mature = number(*d.Open), &mature
		}
		out.Figures = append(out.Figures, f)
	}
	return out
}

// PublicRateOf divides what may be shown; nil is hidden.
func PublicRateOf(line string, num, den *int64) PublicRate {
	return publicRate(line, num, den, LeastRate)
}

func publicRate(line string, num, den *int64, least int64) PublicRate {
	r := PublicRate{Line: line, Numerator: num, Denominator: den}
	if num != nil && den != nil && *den >= least {
		x := RateOf(line, *num, *den)
		r.Rate, r.Low, r.High = x.Rate, x.Low, x.High
	}
	return r
}

func publicSpread(x Spread, n *int64, least int64) PublicSpread {
	out := PublicSpread{Line: x.Line, N: n, Deciles: []int64{}}
	if n == nil || *n < least {
		return out
	}
	out.Sum, out.Mean = &x.Sum, x.Mean
	if (*n >= 3*least || least == 1) && len(x.Deciles) == 9 {
		out.Median, out.P90, out.Deciles = &x.Median, &x.P90, x.Deciles
	}
	return out
}
