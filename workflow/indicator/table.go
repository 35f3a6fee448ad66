package indicator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fangxin/workflow/calendar"
)

// builder lays a table out as a grid.
type builder struct {
	g      grid
	keys   []string
	spans  []Span
	groups []Group // every key in every period
	codes  []string
	sums   []Sum
	at     map[string]int // of each sum, by its name
	pairs  [][2]int       // numerator and denominator
}

// periods finds which periods lie around which. Each must be whole: made up of
// others, or of none of them.
func (b *builder) periods(whole []Group) error {
	for _, g := range whole {
		b.spans = append(b.spans, Span{g.From, g.To})
	}
	slices.SortFunc(b.spans, func(x, y Span) int { return cmp.Or(cmp.Compare(x.days(), y.days()), cmp.Compare(x.From, y.From)) })
	for i, x := range b.spans {
		within := calendar.Date(0)
		chain := []int{i}
		for j, y := range b.spans {
			switch inside := y.From >= x.From && y.To <= x.To; {
			case i == j || y.To < x.From || y.From > x.To:
			case inside && !slices.ContainsFunc(b.spans[:i], func(z Span) bool {
				return z != y && z.From <= y.From && z.To >= y.To && z.From >= x.From && z.To <= x.To
			}):
				within += y.days()
			case !inside && (y.From > x.From || y.To < x.To):
				return fmt.Errorf("the periods %s to %s and %s to %s overlap", x.From, x.To, y.From, y.To)
			case !inside:
				chain = append(chain, j)
			}
		}
		switch within {
		case 0:
			b.g.chains = append(b.g.chains, chain)
		case x.days():
		default:
			return fmt.Errorf("the period %s to %s is not made up of those within it", x.From, x.To)
		}
	}
	return nil
}

func (s Span) days() calendar.Date { return s.To - s.From + 1 }

// place sets every value of the slice into every period, also where nothing
// happened.
func (b *builder) place(whole, parts []Group) {
	have := map[string]Counts{}
	name := func(key string, x Span) string { return fmt.Sprint(key, "|", x.From, "|", x.To) }
	for _, g := range parts {
		have[name(g.Key, Span{g.From, g.To})] = g.Counts
		if !slices.Contains(b.keys, g.Key) {
			b.keys = append(b.keys, g.Key)
		}
	}
	slices.Sort(b.keys)
	for _, x := range b.spans {
		for _, key := range b.keys {
			b.groups = append(b.groups, Group{Key: key, From: x.From, To: x.To, Counts: have[name(key, x)]})
		}
	}
	b.codes = codesOf(slices.Concat(whole, b.groups))
	b.g.keys = len(b.keys)
}

// sumsOf lists the sums that the figures show. To hide one costs as much as the
// lines that it is part of.
func (b *builder) sumsOf() {
	b.at = map[string]int{}
	note := func(s Sum) int {
		i, known := b.at[s.name()]
		if !known {
			i = len(b.sums)
			b.at[s.name()], b.sums, b.g.weight = i, append(b.sums, s), append(b.g.weight, 0)
		}
		b.g.weight[i]++
		return i
	}
	for i := range Definitions {
		d := &Definitions[i]
		for _, l := range d.rates(b.codes) {
			b.pairs = append(b.pairs, [2]int{note(l.Num), note(l.Den)})
		}
		for _, l := range d.Spread {
			note(l.Num)
		}
		for _, code := range d.apart(b.codes) {
			note(Sum{code})
		}
		if d.Open != nil {
			note(*d.Open)
		}
	}
}

// classesOf groups the codes that every sum counts alike.
func (b *builder) classesOf() {
	g := &b.g
	class := map[string]int{}
	add := func(plus, minus bitset, standing bool) {
		g.sums, g.minus, g.standing = append(g.sums, plus), append(g.minus, minus), append(g.standing, standing)
	}
	none := newBitset(len(b.sums))
	add(none, none, false)
	class[fmt.Sprint(none, none)] = 0
	of := map[string]int{}
	for _, code := range b.codes {
		plus, minus := newBitset(len(b.sums)), newBitset(len(b.sums))
		for i, s := range b.sums {
			switch s.Has(code) {
			case 1:
				plus.put(i)
			case -1:
				minus.put(i)
			}
		}
		name := fmt.Sprint(plus, minus)
		if _, known := class[name]; !known {
			class[name] = len(g.sums)
			add(plus, minus, strings.HasPrefix(code, "owed."))
		}
		of[code] = class[name]
	}
	for _, x := range b.groups {
		counts := make([]int64, len(g.sums))
		for code := range x.Counts {
			counts[of[code]] += x.Counts.of(code)
		}
		g.counts = append(g.counts, counts)
	}
}

// secrets hides what tells of few, and lists it.
func (b *builder) secrets() (out []secret) {
	for i, x := range b.groups {
		shown := newBitset(len(b.sums))
		b.g.shown, b.g.fixed = append(b.g.shown, shown), append(b.g.fixed, newBitset(len(b.sums)))
		n := make([]int64, len(b.sums))
		key, period := i%len(b.keys), i/len(b.keys)
		for j, s := range b.sums {
			if n[j] = x.Counts.sum(s); small(n[j]) {
				out = append(out, secret{key, period, j, -1})
			} else {
				shown.put(j)
			}
		}
		for _, p := range b.pairs {
			if num, den := p[0], p[1]; small(n[den] - n[num]) {
				shown.drop(num)
				out = append(out, secret{key, period, den, num})
			}
		}
	}
	return out
}

// before lays what was published of the same cells beside: what was hidden stays
// so, what was shown and is as it was is known, and a small step from what was
// shown is as secret as a small number.
func (b *builder) before(earlier []PublicGroup) (out []secret) {
	for _, was := range earlier {
		i := slices.IndexFunc(b.groups, func(g Group) bool { return g.Key == was.Key && g.From == was.From && g.To == was.To })
		if was.Whole || i < 0 {
			continue
		}
		for name, said := range was.Numbers {
			j, known := b.at[name]
			if !known {
				continue
			}
			n := b.groups[i].Counts.sum(b.sums[j])
			switch {
			case said == nil:
				b.g.shown[i].drop(j)
			case *said == n:
				b.g.fixed[i].put(j)
			case small(n-*said) || small(*said-n):
				b.g.shown[i].drop(j)
				out = append(out, secret{i % len(b.keys), i / len(b.keys), j, -1})
			}
		}
	}
	slices.SortFunc(out, func(x, y secret) int { return cmp.Or(x.period-y.period, x.key-y.key, x.sum-y.sum) })
	return out
}
