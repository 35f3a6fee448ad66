package indicator_test

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"

	"pgregory.net/rapid"
)

// few codes, chosen so that many sums share them.
var fewCodes = []string{
	"filed", "talks.settled", "talks.refused", "talks.expired", "talks.merged",
	"ended.SETTLED_SELF.none.self.-.done", "ended.MEDIATED.accepted.mediated.-.missed", "ended.REFUSED.refused.none.REF1.none", "ended.MERGED.none.none.-.none",
	"closed.MEDIATED.accepted.mediated.-", "closed.REFUSED.refused.none.REF1", "accepted", "owed.publish",
}

var quarters = []indicator.Span{day("2025-01-01", "2025-03-31"), day("2025-04-01", "2025-06-30"), day("2025-07-01", "2025-09-30"), day("2025-10-01", "2025-12-31")}

func day(from, to string) indicator.Span {
	a, _ := calendar.ParseDate(from)
	b, _ := calendar.ParseDate(to)
	return indicator.Span{From: a, To: b}
}

// atoms are the truth that a table is made of: how often each code was counted for
// each key in each quarter.
type atoms map[string][]int64 // by code: key × quarter

func drawAtoms(t *rapid.T, used, keys int) atoms {
	out := atoms{}
	for _, code := range rapid.SliceOfNDistinct(rapid.SampledFrom(fewCodes), 2, 5, rapid.ID[string]).Draw(t, "codes") {
		out[code] = rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 6), rapid.Int64Range(0, 40), rapid.Just[int64](0)), used*4, used*4).Draw(t, code)
		out[code] = append(out[code], make([]int64, (keys-used)*4)...)
	}
	for code, n := range out { // what ended was filed
		if strings.HasPrefix(code, "ended.") {
			if out["filed"] == nil {
				out["filed"] = make([]int64, keys*4)
			}
			for i := range n {
				out["filed"][i] += n[i]
			}
		}
	}
	return out
}

func (a atoms) clone() atoms {
	out := atoms{}
	for code, n := range a {
		out[code] = slices.Clone(n)
	}
	return out
}

// table is what would be counted of these.
func (a atoms) table(keys int) (x indicator.Table) {
	whole := map[indicator.Span]indicator.Counts{}
	year := indicator.Span{From: quarters[0].From, To: quarters[3].To}
	for _, s := range append(slices.Clone(quarters), year) {
		whole[s] = indicator.Counts{}
	}
	for k := range keys {
		part := map[indicator.Span]indicator.Counts{year: {}}
		for q, s := range quarters {
			part[s] = indicator.Counts{}
			for code, n := range a {
				for _, into := range []indicator.Counts{part[s], whole[s]} {
					into.Add(code, 0, n[k*4+q])
				}
				if !strings.HasPrefix(code, "owed.") {
					part[year].Add(code, 0, n[k*4+q])
					whole[year].Add(code, 0, n[k*4+q])
				}
			}
		}
		for s, c := range part {
			x.Parts = append(x.Parts, indicator.Group{Key: fmt.Sprint("k", k), From: s.From, To: s.To, Counts: c})
		}
	}
	for s, c := range whole {
		x.Whole = append(x.Whole, indicator.Group{From: s.From, To: s.To, Counts: c})
	}
	x.Keys, x.Seen = []string{"k0", "k1", "k2"}, year.To+400
	return x
}

// reader is one who reads everything that was published and solves it: the unknowns
// are the atoms, each published number is an equation.
type reader struct {
	codes []string
	keys  int
	shift int // of a second release's unknowns
	a     [][]*big.Rat
	b     []*big.Rat
}

// functional is what a sum of a group adds up of the atoms.
func (r *reader) functional(g *indicator.PublicGroup, sum string) []*big.Rat {
	out := make([]*big.Rat, (r.shift+1)*len(r.codes)*r.keys*4)
	for i := range out {
		out[i] = new(big.Rat)
	}
	for c, code := range r.codes {
		has := indicator.Sum(strings.Fields(sum)).Has(code)
		for k := range r.keys {
			for q, s := range quarters {
				year := g.To-g.From > 100
				if has == 0 || !g.Whole && g.Key != fmt.Sprint("k", k) || s.From < g.From || s.To > g.To || year && strings.HasPrefix(code, "owed.") {
					continue
				}
				out[r.shift*len(r.codes)*r.keys*4+(c*r.keys+k)*4+q] = new(big.Rat).SetInt64(has)
			}
		}
	}
	return out
}

// sign says which codes a sum counts: sums that count the same are one equation.
func (r *reader) sign(sum string) (out string) {
	for _, code := range r.codes {
		out += fmt.Sprint(indicator.Sum(strings.Fields(sum)).Has(code))
	}
	return out
}

func (r *reader) learn(groups []indicator.PublicGroup) {
	for i := range groups {
		said := map[string]bool{}
		for sum, n := range groups[i].Numbers {
			if sign := r.sign(sum); n != nil && !said[sign] {
				said[sign] = true
				r.know(r.functional(&groups[i], sum), new(big.Rat).SetInt64(*n))
			}
		}
	}
}

// know adds an equation that does not follow from those that are there: each of
// these leads with an unknown of its own.
func (r *reader) know(f []*big.Rat, n *big.Rat) {
	for i, row := range r.a {
		lead := slices.IndexFunc(row, func(v *big.Rat) bool { return v.Sign() != 0 })
		if by := new(big.Rat).Set(f[lead]); by.Sign() != 0 {
			for j := range row {
				f[j] = new(big.Rat).Sub(f[j], new(big.Rat).Mul(by, row[j]))
			}
			n = new(big.Rat).Sub(n, new(big.Rat).Mul(by, r.b[i]))
		}
	}
	lead := slices.IndexFunc(f, func(v *big.Rat) bool { return v.Sign() != 0 })
	if lead < 0 {
		return
	}
	by := new(big.Rat).Inv(f[lead])
	for j := range f {
		f[j] = new(big.Rat).Mul(f[j], by)
	}
	r.a, r.b = append(r.a, f), append(r.b, new(big.Rat).Mul(n, by))
}

// range of a functional over all truths that agree with everything published.
func (r *reader) bounds(f []*big.Rat) (lo, hi float64) {
	return simplex(r.a, r.b, f, -1), simplex(r.a, r.b, f, 1)
}

// secrets are the small numbers of a table, and the small complements of its rates.
func secrets(r *reader, x indicator.Table, shown []indicator.PublicGroup) (names []string, out [][]*big.Rat) {
	for i := range shown {
		g, known := &shown[i], map[string]bool{}
		if g.Whole {
			continue
		}
		counts := indicator.Counts{}
		for _, p := range x.Parts {
			if p.Key == g.Key && p.From == g.From && p.To == g.To {
				counts = p.Counts
			}
		}
		value := func(f []*big.Rat) int64 {
			n := int64(0)
			for c, code := range r.codes {
				for j := range r.keys * 4 {
					if f[r.shift*len(r.codes)*r.keys*4+c*r.keys*4+j].Sign() != 0 {
						n += f[r.shift*len(r.codes)*r.keys*4+c*r.keys*4+j].Num().Int64() * counts[code][0]
						break
					}
				}
			}
			return n
		}
		note := func(name string, f []*big.Rat) {
			if n := value(f); n > 0 && n < indicator.Least {
				names, out = append(names, fmt.Sprint(g.Key, " ", g.From, " ", name, " = ", n)), append(out, f)
			}
		}
		for sum := range g.Numbers {
			if sign := r.sign(sum); !known[sign] {
				known[sign] = true
				note(sum, r.functional(g, sum))
			}
		}
		for _, d := range indicator.Definitions {
			for _, l := range d.Lines {
				sign := r.sign(strings.Join(l.Den, " ")) + "-" + r.sign(strings.Join(l.Num, " "))
				if known[sign] {
					continue
				}
				known[sign] = true
				f := r.functional(g, strings.Join(l.Den, " "))
				for j, y := range r.functional(g, strings.Join(l.Num, " ")) {
					f[j] = new(big.Rat).Sub(f[j], y)
				}
				note(d.ID+" complement of "+l.Key, f)
			}
		}
	}
	return names, out
}

// PITFALLS P4: whoever adds up and takes away all that is published, along the
// slice, the periods and the sums, and knows that no count is below nothing, can
// work out no number from 1 to 4 of a part.
func TestNoSmallCellFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const keys = 3
		truth := drawAtoms(t, rapid.IntRange(1, keys).Draw(t, "used"), keys)
		x := truth.table(keys)
		shown, ok, err := indicator.Public(x)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		attack(t, truth, keys, x, shown)
	})
}

// attack solves all that is shown for every secret of the truth.
func attack(t *rapid.T, truth atoms, keys int, x indicator.Table, shown []indicator.PublicGroup) *reader {
	r := &reader{keys: keys}
	for code := range truth {
		r.codes = append(r.codes, code)
	}
	slices.Sort(r.codes)
	r.learn(shown)
	for _, g := range shown {
		if len(g.Numbers) != len(shown[0].Numbers) {
			t.Fatalf("%s has %d numbers, the county %d: what is missing tells", g.Key, len(g.Numbers), len(shown[0].Numbers))
		}
	}
	names, fs := secrets(r, x, shown)
	for i, f := range fs {
		if lo, hi := r.bounds(f); hi-lo < 0.5 {
			t.Fatalf("%s follows from what is shown: %v to %v", names[i], lo, hi)
		}
	}
	return r
}

// PITFALLS P4: two releases that a few cases lie between. Of a second table nothing
// small follows either, no step from a number that was shown before is small and
// known, and a number that was hidden stays so.
func TestNoSmallStepFollows(t *testing.T) {
	stood := 0
	rapid.Check(t, func(t *rapid.T) {
		const keys = 3
		truth := drawAtoms(t, keys, keys)
		first, ok, err := indicator.Public(truth.table(keys))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		later := truth.clone()
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			code := rapid.SampledFrom(slices.Sorted(maps.Keys(later))).Draw(t, "of")
			later[code][rapid.IntRange(0, keys*4-1).Draw(t, "at")] += rapid.Int64Range(1, 9).Draw(t, "more")
		}
		x := later.table(keys)
		x.Earlier = first
		second, ok, err := indicator.Public(x)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			stood++
			if !reflect.DeepEqual(first, second) {
				t.Fatal("what cannot be protected is published")
			}
			return
		}
		r := attack(t, later, keys, x, second)
		for i := range second {
			g := &second[i]
			was := first[slices.IndexFunc(first, func(o indicator.PublicGroup) bool {
				return o.Key == g.Key && o.Whole == g.Whole && o.From == g.From && o.To == g.To
			})]
			for sum, n := range g.Numbers {
				old := was.Numbers[sum]
				switch _, known := was.Numbers[sum]; {
				case g.Whole || !known:
				case old == nil && n != nil:
					t.Fatalf("%s of %s was hidden and is %d", sum, g.Key, *n)
				case old != nil && n != nil && *n != *old && *n-*old < indicator.Least && *old-*n < indicator.Least:
					t.Fatalf("%s of %s steps from %d to %d", sum, g.Key, *old, *n)
				case old != nil && n == nil:
					if lo, hi := r.bounds(r.functional(g, sum)); hi-lo < 0.5 && hi-float64(*old) < indicator.Least && hi != float64(*old) {
						t.Fatalf("%s of %s was %d and follows to be %v", sum, g.Key, *old, hi)
					}
				}
			}
		}
	})
	t.Log("stood:", stood)
}

// A rate needs ten, and single values thirty.
func TestRatesOfEnough(t *testing.T) {
	for _, x := range []struct {
		num, den int64
		want     string
	}{{8, 9, ""}, {9, 10, "0.9000"}, {0, 10, "0.0000"}, {0, 0, ""}} {
		if got := indicator.PublicRateOf("x", &x.num, &x.den); got.Rate != x.want || (got.Low == "") != (x.want == "") || *got.Denominator != x.den {
			t.Errorf("%d of %d: %+v", x.num, x.den, got)
		}
	}
	ten := int64(10)
	if got := indicator.PublicRateOf("x", nil, &ten); got.Rate != "" || got.Numerator != nil {
		t.Errorf("%+v", got)
	}
	for _, n := range []int64{9, 10, 29, 30} {
		c := indicator.Counts{}
		c.Add("closed.REFUSED.refused.none.REF1", 7, n)
		s := indicator.WholePublic([]indicator.Group{{From: 20_000, To: 20_090, Counts: c}}, 20_700)[0].Figures
		at := slices.IndexFunc(s, func(f indicator.PublicFigure) bool { return f.ID == "I-11" })
		if got := s[at].Spreads[0]; (got.Sum != nil) != (n >= 10) || (got.Median != nil) != (n >= 30) || *got.N != n {
			t.Errorf("%d: %+v", n, got)
		}
	}
}

// Periods that overlap without lying in one another would give small ones away.
func TestPeriodsThatOverlap(t *testing.T) {
	for _, x := range [][]indicator.Span{{day("2025-01-01", "2025-03-31"), day("2025-02-01", "2025-04-30")}, {day("2025-01-01", "2025-01-31"), day("2025-01-01", "2025-03-31")}} {
		table := indicator.Table{Keys: []string{"a", "b"}}
		for _, s := range x {
			table.Whole = append(table.Whole, indicator.Group{From: s.From, To: s.To})
		}
		if _, _, err := indicator.Public(table); err == nil {
			t.Error(x, "are taken")
		}
	}
}

// simplex is the greatest (sign 1) or least (sign -1) value of f·x where a·x = b and
// x >= 0, by Bland's rule; endless where there is none.
func simplex(a [][]*big.Rat, b []*big.Rat, f []*big.Rat, sign float64) float64 {
	n, m := len(f), len(a)
	t, basis, cost := make([][]float64, m), make([]int, m), make([]float64, n+m+1)
	number := func(v *big.Rat) float64 { x, _ := v.Float64(); return x }
	for i := range a {
		t[i], basis[i] = make([]float64, n+m+1), n+i
		flip := 1.0
		if b[i].Sign() < 0 {
			flip = -1
		}
		for j := range a[i] {
			t[i][j] = flip * number(a[i][j])
		}
		t[i][n+i], t[i][n+m], cost[n+i] = 1, flip*number(b[i]), -1
	}
	climb(t, basis, cost, n)
	for i := range t { // an artificial unknown that stayed is worth nothing: drive it out
		if j := slices.IndexFunc(t[i][:n], func(v float64) bool { return math.Abs(v) > tiny }); basis[i] >= n && j >= 0 {
			pivot(t, i, j)
			basis[i] = j
		}
	}
	clear(cost)
	for j := range f {
		cost[j] = sign * number(f[j])
	}
	if !climb(t, basis, cost, n) {
		return sign * endless
	}
	out := 0.0
	for i := range t {
		out += cost[basis[i]] * t[i][n+m]
	}
	return sign * out
}

const tiny, endless = 1e-7, 1e15

func climb(t [][]float64, basis []int, cost []float64, until int) bool {
	for {
		enter := -1
		for j := 0; j < until && enter < 0; j++ {
			gain := cost[j]
			for i := range t {
				gain -= cost[basis[i]] * t[i][j]
			}
			if gain > tiny {
				enter = j
			}
		}
		if enter < 0 {
			return true
		}
		leave, least := -1, 0.0
		for i := range t {
			if t[i][enter] < tiny {
				continue
			}
			q := t[i][len(t[i])-1] / t[i][enter]
			if leave < 0 || q < least-tiny || q < least+tiny && basis[i] < basis[leave] {
				leave, least = i, q
			}
		}
		if leave < 0 {
			return false
		}
		pivot(t, leave, enter)
		basis[leave] = enter
	}
}

func pivot(t [][]float64, leave, enter int) {
	by := t[leave][enter]
	for j := range t[leave] {
		t[leave][j] /= by
	}
	for i := range t {
		f := t[i][enter]
		if i == leave || f == 0 {
			continue
		}
		for j, v := range t[leave] {
			if v != 0 {
				t[i][j] -= f * v
			}
		}
	}
}
