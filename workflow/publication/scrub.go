// Package publication makes of what was told in confidence what others may read.
// It is pure: text in, text out.
package publication

import (
	"cmp"
	"slices"
	"strings"
)

// Kind says what a part of a text gives away.
type Kind string

// Kinds of what is found. A name is a guess from the way names are written;
// everything else follows from its form, or was known.
const (
	Known   Kind = "known"   // told to us as a person's: name, address, account
	Number  Kind = "number"  // telephone, identity, bank card, order: any long number
	Mail    Kind = "mail"    // e-mail address
	Account Kind = "account" // WeChat, QQ and the like
	Plate   Kind = "plate"   // of a vehicle
	Address Kind = "address" // down to the door
	Name    Kind = "name"    // perhaps a person's name
	Day     Kind = "day"     // a day or a time of day; see Left
)

// Span is a part of a text, in bytes.
type Span struct {
	From, To int
	Kind     Kind
}

// Mark is what stands in the place of what was removed: no letter, so that no
// word grows together over it.
const Mark = "▢"

// Find lists what a text gives away of persons, in order and without overlaps;
// known are names and other texts that are somebody's, wherever they stand.
//
// Numbers are found by their length, however they are written: a number that
// fails its check digit is still a person's, typed wrongly. Names are found by
// surname, less the common words that begin or end with one: about nine of ten
// names, and some words that are none (a published text therefore needs a
// person's eye; an index does not).
func Find(text string, known ...string) []Span {
	f := fold(text)
	var all []Span
	add := func(from, to int, kind Kind) {
		if from < to {
			all = append(all, Span{f.at[from], f.at[to], kind})
		}
	}
	f.known(known, add)
	f.numbers(add)
	for kind, forms := range written {
		for _, form := range forms {
			for _, m := range form.FindAllStringSubmatchIndex(f.text, -1) {
				from, to := m[0], m[1]
				if len(m) > 2 && m[2] >= 0 { // the part that gives away
					from, to = m[2], m[3]
				}
				add(f.rune(from), f.rune(to), kind)
			}
		}
	}
	f.names(add)
	return merge(all)
}

// merge puts overlapping parts together; the surer kind names the whole.
func merge(all []Span) []Span {
	slices.SortFunc(all, func(a, b Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To)) })
	var out []Span
	for _, s := range all {
		if n := len(out); n > 0 && s.From < out[n-1].To {
			last := &out[n-1]
			last.To = max(last.To, s.To)
			if last.Kind == Name {
				last.Kind = s.Kind
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// Scrub replaces everything that Find finds by Mark.
func Scrub(text string, known ...string) string { return replace(text, Find(text, known...)) }

// ScrubForms replaces what is known or shown by its form and leaves what only
// might be a name: a shop may be called after its owner.
func ScrubForms(text string, known ...string) string {
	return replace(text, slices.DeleteFunc(Find(text, known...), func(s Span) bool { return s.Kind == Name }))
}

func replace(text string, spans []Span) string {
	var b strings.Builder
	end := 0
	for _, s := range spans {
		b.WriteString(text[end:s.From])
		b.WriteString(Mark)
		end = s.To
	}
	b.WriteString(text[end:])
	return b.String()
}
