package indicator_test

import (
	"math"
	"slices"
	"testing"

	"fangxin/workflow/indicator"

	"pgregory.net/rapid"
)

// The interval is Wilson's, rounded outwards and by less than two ten thousandths.
func TestWilson(t *testing.T) {
	for _, x := range []struct{ num, den, low, high int64 }{
		{0, 10, 0, 2776}, {10, 10, 7224, 10000}, {8, 10, 4901, 9434}, {8448, 10669, 7840, 7995}, {1, 2, 945, 9055}, // R: prop.test(correct = FALSE)
	} {
		if low, high := indicator.Wilson(x.num, x.den); low != x.low || high != x.high {
			t.Errorf("%d of %d: %d to %d, not %d to %d", x.num, x.den, low, high, x.low, x.high)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		den := rapid.Int64Range(1, 10_000_000).Draw(t, "of")
		num := rapid.Int64Range(0, den).Draw(t, "n")
		low, high := indicator.Wilson(num, den)
		n, p, z := float64(den), float64(num)/float64(den), 1.959963984540054
		middle, half := (p+z*z/(2*n))/(1+z*z/n), z/(1+z*z/n)*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
		if l, h := (middle-half)*1e4, (middle+half)*1e4; float64(low) > l+1e-3 || float64(low) < l-2 || float64(high) < h-1e-3 || float64(high) > h+2 {
			t.Fatalf("%d of %d: %d to %d, not %v to %v", num, den, low, high, l, h)
		}
	})
}

// A median is a value that was there: the least that half do not exceed.
func TestSpreads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfN(rapid.Int64Range(0, 90), 1, 60).Draw(t, "days")
		c, sum := indicator.Counts{}, int64(0)
		for _, d := range days {
			c.Add("closed.REFUSED.refused.none.REF1", d, 1)
			sum += d
		}
		slices.Sort(days)
		got := figure(c, "I-11").Spreads[0]
		if want := days[(len(days)+1)/2-1]; got.Median != want || got.N != int64(len(days)) || got.Sum != sum || got.P90 != days[(len(days)*9+9)/10-1] {
			t.Fatalf("%+v of %v", got, days)
		}
	})
}

func figure(c indicator.Counts, id string) indicator.Figure {
	for _, f := range indicator.Figures(c, 20_700, 20_800) {
		if f.ID == id {
			return f
		}
	}
	panic("no " + id)
}

// What DOMAIN 8.2 shows of one table: four rates, by what is divided by what.
func TestOneTableFourRates(t *testing.T) {
	for _, x := range []struct {
		den  int64
		rate string
	}{{10669, "0.7918"}, {11028, "0.7661"}, {13785, "0.6128"}, {14230, "0.5937"}} {
		if r := indicator.RateOf("agreed", 8448, x.den); r.Rate != x.rate {
			t.Errorf("of %d: %s, not %s", x.den, r.Rate, x.rate)
		}
	}
}

func TestSums(t *testing.T) {
	for i, x := range []struct {
		sum  indicator.Sum
		code string
		has  int64
	}{
		{indicator.Sum{"ended.**", "~ended.MERGED.**"}, "ended.MERGED.none.none.-.none", 0},
		{indicator.Sum{"ended.**", "~ended.MERGED.**"}, "ended.REFUSED.refused.none.REF1.none", 1},
		{indicator.Sum{"filed", "!ended.**"}, "ended.REFUSED.refused.none.REF1.none", -1},
		{indicator.Sum{"met|expired.service"}, "met.service", 1},
		{indicator.Sum{"met|expired.service"}, "met.survey", 0},
		{indicator.Sum{"rated.4|5"}, "rated.3", 0},
		{indicator.Sum{"kept.*.due"}, "kept.self.due", 1},
		{indicator.Sum{"kept.*.due"}, "kept.self.due.late", 0},
		{indicator.Sum{"kept.*.due.late"}, "kept.self.due", 0},
		{indicator.Sum{"publication.hold.**"}, "publication.hold", 1},
		{indicator.Sum{"publication.hold.**"}, "publication.publish", 0},
	} {
		if has := x.sum.Has(x.code); has != x.has {
			t.Errorf("%d %v has %s: %d", i, x.sum, x.code, has)
		}
	}
}

// Every indicator of the list is there, once, in both languages, and shows nobody
// twice: what is apart is not in the denominator.
func TestDefinitions(t *testing.T) {
	want := []string{"I-01A", "I-01B", "I-01C", "I-02", "I-03a", "I-03b", "I-03c", "I-04", "I-05", "I-06a", "I-06b", "I-06c", "I-07", "I-08", "I-09", "I-10a", "I-10b", "I-10c",
		"I-11", "I-12a", "I-12b", "I-13", "I-14", "I-15", "I-16", "I-17", "I-18", "I-19", "I-20"}
	var got []string
	for _, d := range indicator.Definitions {
		got = append(got, d.ID)
		if d.Zh == "" || d.En == "" || d.Version < 1 || d.Basis == "" {
			t.Errorf("%s is not whole", d.ID)
		}
		for i, l := range d.Lines {
			if l.Zh == "" || l.En == "" || l.Key == "" || len(l.Num) == 0 || len(l.Den) == 0 {
				t.Errorf("%s line %d is not whole", d.ID, i)
			}
		}
		if (d.Basis == indicator.Cohort) != (d.Open != nil) {
			t.Errorf("%s: what is open is shown of every cohort, and of nothing else", d.ID)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
