package indicator

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"fangxin/workflow/calendar"
)

// Counts are sums of counts: by code, by measure.
type Counts map[string]map[int64]int64

// Add adds to one sum; what comes to nothing leaves.
func (c Counts) Add(code string, measure, value int64) {
	if value == 0 {
		return
	}
	if c[code] == nil {
		c[code] = map[int64]int64{}
	}
	if c[code][measure] += value; c[code][measure] == 0 {
		delete(c[code], measure)
		if len(c[code]) == 0 {
			delete(c, code)
		}
	}
}

// of adds up what one code counted.
func (c Counts) of(code string) (n int64) {
	for _, v := range c[code] {
		n += v
	}
	return n
}

// sum adds up what a sum counts.
func (c Counts) sum(s Sum) (n int64) {
	for code, by := range c {
		if has := s.Has(code); has != 0 {
			for _, v := range by {
				n += has * v
			}
		}
	}
	return n
}

// Rate is one line of an indicator. Rate, Low and High are decimals of four
// places, exact and rounded the same everywhere; Low and High bound a 95 % Wilson
// interval, rounded outwards. All are empty without a denominator.
type Rate struct {
	Line        string `json:"line"`
	Numerator   int64  `json:"numerator"`
	Denominator int64  `json:"denominator"`
	Rate        string `json:"rate,omitempty"`
	Low         string `json:"low,omitempty"`
	High        string `json:"high,omitempty"`
}

// Spread is one histogram: how many, their sum, the median and the ninth decile
// (the least value that half, and nine tenths, do not exceed), all nine deciles.
type Spread struct {
	Line    string  `json:"line"`
	N       int64   `json:"n"`
	Sum     int64   `json:"sum"`
	Mean    string  `json:"mean,omitempty"` // two decimals, rounded half up
	Median  int64   `json:"median"`
	P90     int64   `json:"p90"`
	Deciles []int64 `json:"deciles"`
}

// Apart is what was counted and belongs to no rate, or one line of several.
type Apart struct {
	Code string `json:"code"`
	N    int64  `json:"n"`
}

// Figure is one indicator for one slice and one period.
type Figure struct {
	ID       string   `json:"id"`
	Version  int      `json:"version"`
	Basis    Basis    `json:"basis"`
	Rates    []Rate   `json:"rates"`
	Spreads  []Spread `json:"spreads"`
	Excluded []Apart  `json:"excluded"`         // by reason
	Open     *int64   `json:"open,omitempty"`   // of a cohort: not closed yet
	Mature   *bool    `json:"mature,omitempty"` // of a cohort: older than the longest clock
}

// matureAfter is the longest clock of the table in calendar days: result_close
// and feedback.
const matureAfter = 90

// Figures divides the counts of a period that ends with to, as seen on a day.
func Figures(c Counts, to, seen calendar.Date) []Figure {
	out := make([]Figure, 0, len(Definitions))
	for i := range Definitions {
		out = append(out, Definitions[i].figure(c, to, seen))
	}
	return out
}

func (d *Definition) figure(c Counts, to, seen calendar.Date) Figure {
	f := Figure{ID: d.ID, Version: d.Version, Basis: d.Basis, Rates: []Rate{}, Spreads: []Spread{}, Excluded: []Apart{}}
	for _, l := range d.Lines {
		f.Rates = append(f.Rates, RateOf(l.Key, c.sum(l.Num), c.sum(l.Den)))
	}
	for _, l := range d.Spread {
		f.Spreads = append(f.Spreads, spreadOf(l.Key, c.measures(l.Num, d.Basis, to)))
	}
	if d.Each != nil {
		f.Rates = append(f.Rates, d.each(c)...)
	}
	for _, s := range d.Excluded {
		for _, code := range slices.Sorted(maps.Keys(c)) {
			if n := c.of(code); n != 0 && s.Has(code) > 0 {
				f.Excluded = append(f.Excluded, Apart{code, n})
			}
		}
	}
	if d.Open != nil {
		n, mature := c.sum(*d.Open), to.AddDays(matureAfter) <= seen
		f.Open, f.Mature = &n, &mature
	}
	return f
}

func (d *Definition) each(c Counts) (out []Rate) {
	by := map[string]int64{}
	for code := range c {
		if (Sum{d.Each.Of}).Has(code) > 0 {
			by[strings.Split(code, ".")[d.Each.Part]] += c.of(code)
		}
	}
	var all int64
	if len(d.Lines) > 0 {
		all = c.sum(d.Lines[0].Den)
	} else {
		all = c.sum(Sum{d.Each.Of})
	}
	for _, part := range slices.Sorted(maps.Keys(by)) {
		out = append(out, RateOf(part, by[part], all))
	}
	return out
}

// measures is the histogram of what a sum counts; of a stock, of days past due.
func (c Counts) measures(s Sum, b Basis, to calendar.Date) map[int64]int64 {
	out := map[int64]int64{}
	for code, by := range c {
		if has := s.Has(code); has != 0 {
			for m, v := range by {
				if b == OnDate {
					m = int64(to) - m
				}
				out[m] += has * v
			}
		}
	}
	return out
}

func spreadOf(key string, by map[int64]int64) Spread {
	out := Spread{Line: key, Deciles: []int64{}}
	values := slices.Sorted(maps.Keys(by))
	for _, m := range values {
		out.N += by[m]
		out.Sum += m * by[m]
	}
	if out.N <= 0 {
		return out
	}
	out.Mean = decimal(out.Sum, out.N, 2)
	for tenth := int64(1); tenth <= 9; tenth++ {
		var below int64
		for _, m := range values {
			if below += by[m]; below*10 >= out.N*tenth {
				out.Deciles = append(out.Deciles, m)
				break
			}
		}
	}
	if len(out.Deciles) == 9 { // a histogram whose corrections outweigh it has none
		out.Median, out.P90 = out.Deciles[4], out.Deciles[8]
	}
	return out
}

// RateOf divides; without a denominator it says the two numbers only.
func RateOf(line string, num, den int64) Rate {
	r := Rate{Line: line, Numerator: num, Denominator: den}
	if den <= 0 {
		return r
	}
	r.Rate = decimal(num, den, 4)
	if num >= 0 && num <= den {
		low, high := Wilson(num, den)
		r.Low, r.High = decimal(low, 10_000, 4), decimal(high, 10_000, 4)
	}
	return r
}

// Wilson bounds a share by a 95 % interval (E. B. Wilson 1927), in ten
// thousandths: whole numbers all the way, z² = 3.841459, rounded outwards, so
// that every machine says the same.
func Wilson(num, den int64) (low, high int64) {
	const z2 = 3_841_459 // of a millionth
	n, x := big.NewInt(den), big.NewInt(num)
	mul := func(a *big.Int, b int64) *big.Int { return new(big.Int).Mul(a, big.NewInt(b)) }
	// in thousand-millionths: centre 2x + z², width z·sqrt(z² + 4x(n−x)/n), over 2(n + z²)
	centre := new(big.Int).Add(mul(x, 2_000_000_000), big.NewInt(z2*1000))
	spread := new(big.Int).Mul(x, new(big.Int).Sub(n, x))
	inner := new(big.Int).Add(mul(n, z2), mul(spread, 4_000_000))
	inner = mul(mul(inner, z2), 1_000_000)
	root := new(big.Int).Sqrt(inner.Div(inner, n))
	over := new(big.Int).Add(mul(n, 2_000_000_000), big.NewInt(2*z2*1000))
	bottom := mul(new(big.Int).Sub(new(big.Int).Sub(centre, root), big.NewInt(1)), 10_000)
	top := mul(new(big.Int).Add(new(big.Int).Add(centre, root), big.NewInt(1)), 10_000)
	low = new(big.Int).Div(bottom, over).Int64()
	high = new(big.Int).Div(top.Add(top, new(big.Int).Sub(over, big.NewInt(1))), over).Int64()
	return max(0, low), min(10_000, high)
}

// decimal writes a quotient with a number of places, rounded half away from zero.
func decimal(num, den int64, places int) string {
	return new(big.Rat).SetFrac(big.NewInt(num), big.NewInt(den)).FloatString(places)
}

// Sums lists all that a definition adds up.
func (d *Definition) Sums() []Sum {
	out := slices.Clone(d.Excluded)
	for _, l := range slices.Concat(d.Lines, d.Spread) {
		out = append(out, l.Num, l.Den)
	}
	if d.Open != nil {
		out = append(out, *d.Open)
	}
	if d.Each != nil {
		out = append(out, Sum{d.Each.Of})
	}
	return out
}
