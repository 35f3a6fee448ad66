package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"
)

// View is the calendar as it was known on a day.
type View struct {
	version string
	first   Date
	kind    []kind // from first on; outside it, weekends and statutory days
	named   map[Date]reason
	years   map[int]bool // covered by a notice
	solid   Date         // from here to the last day covered, every day is
}

type kind uint8

const (
	rest      kind = 1 << iota // not worked
	holiday                    // off by a notice or by statute, not a plain weekend
	uncertain                  // no notice covers the year
)

type reason struct {
	name, number string
	off          bool
	year         int // of the notice
}

const lastYear = 2050

func (v *View) fill(known []Notice) {
	v.first = NewDate(2010, 1, 1)
	v.kind = make([]kind, NewDate(lastYear+1, 1, 1)-v.first)
	v.named, v.years = map[Date]reason{}, map[int]bool{}
	last, amendments, imported := 0, 0, false
	for _, n := range known {
		changed := v.learn(n)
		switch {
		case n.Year > last:
			last, amendments = n.Year, 0
		case changed:
			amendments++
		}
		imported = imported || changed && !n.builtIn
	}
	for i := range v.kind {
		v.kind[i] = v.classify(v.first + Date(i))
	}
	v.solid = v.solidFrom()
	v.name(last, amendments, imported)
}

// learn takes in a notice and says whether it changed what was known. A day on
// which it only repeats an earlier notice keeps that one as its reason.
func (v *View) learn(n Notice) bool {
	before, covered := maps.Clone(v.named), v.years[n.Year]
	v.years[n.Year] = true
	if n.Whole {
		maps.DeleteFunc(v.named, func(_ Date, r reason) bool { return r.year == n.Year })
	}
	for _, d := range n.Days {
		r, repeated := before[d.Date]
		if !repeated || r.off != d.Off {
			r = reason{d.Name, n.Number, d.Off, n.Year}
		}
		v.named[d.Date] = r
	}
	return !covered || !maps.EqualFunc(before, v.named, func(a, b reason) bool { return a.off == b.off })
}

// solidFrom is the first of the days that end with the last one covered and
// have no hole among them.
func (v *View) solidFrom() Date {
	i := len(v.kind) - 1
	for i >= 0 && v.kind[i]&uncertain != 0 {
		i--
	}
	for i >= 0 && v.kind[i]&uncertain == 0 {
		i--
	}
	return v.first + Date(i+1)
}

// name gives the version. Notices inside the binary are told apart by year and
// letter; what was imported could say anything, so its digest is added.
func (v *View) name(last, amendments int, imported bool) {
	v.version = "none"
	if last > 0 {
		v.version = fmt.Sprintf("%d%c", last, 'a'+amendments)
	}
	if imported {
		bytes := make([]byte, len(v.kind))
		for i, k := range v.kind {
			bytes[i] = byte(k)
		}
		sum := sha256.Sum256(bytes)
		v.version += "." + hex.EncodeToString(sum[:4])
	}
}

func (v *View) classify(d Date) kind {
	var k kind
	if !v.years[d.Year()] {
		k |= uncertain
		if statutory(d) != "" {
			k |= rest | holiday
		}
	}
	if r, ok := v.named[d]; ok {
		if r.off {
			return k&^uncertain | rest | holiday
		}
		return 0
	}
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		k |= rest
	}
	return k
}

func (v *View) of(d Date) kind {
	if i := int(d - v.first); i >= 0 && i < len(v.kind) {
		return v.kind[i]
	}
	return v.classify(d) | uncertain
}

// Version names the knowledge: the last year with a notice and a letter for
// what changed since ("2026a"), and where notices were imported a digest of the
// days ("2027a.5f0c1b2e"). The same name means the same knowledge.
func (v *View) Version() string { return v.version }

// Working reports whether the day is worked.
func (v *View) Working(d Date) bool { return v.of(d)&rest == 0 }

// Provisional reports whether no notice covers the day yet.
func (v *View) Provisional(d Date) bool { return v.of(d)&uncertain != 0 }

// NextWorking is the first working day after d.
func (v *View) NextWorking(d Date) Date {
	for d++; !v.Working(d); d++ {
	}
	return d
}

// WorkingDaysBetween counts the working days after one day, up to and
// including another: the length of a pause (rules: pause_length).
func (v *View) WorkingDaysBetween(after, upto Date) int {
	n := 0
	for d := after + 1; d <= upto; d++ {
		if v.Working(d) {
			n++
		}
	}
	return n
}

// Skip is a day that was not counted, and why.
type Skip struct {
	Date    Date
	Reason  string // in Chinese, with the notice
	English string
}

// Why says why a day is not worked; ok is false for a working day.
func (v *View) Why(d Date) (s Skip, ok bool) {
	if v.Working(d) {
		return Skip{}, false
	}
	s.Date = d
	if r, named := v.named[d]; named {
		s.Reason, s.English = r.name+"放假（"+r.number+"）", inEnglish(r.name)+" holiday ("+r.number+")"
		if r.number == notYet {
			s.Reason = r.name + "放假（通知文号待核）"
		}
		return s, true
	}
	if name := statutory(d); name != "" && v.Provisional(d) {
		return Skip{d, name + "（法定节日，当年安排尚未公布）", inEnglish(name) + " (statutory; no notice for the year yet)"}, true
	}
	return Skip{d, "周末", "weekend"}, true
}

// Rest gives the reason, in Chinese, for which a day is not worked; off is false
// for a working day.
func (v *View) Rest(d Date) (reason string, off bool) {
	s, off := v.Why(d)
	return s.Reason, off
}

// Changed lists the days that are worked in one of two views and not in the
// other, ascending.
func (v *View) Changed(later *View) []Date {
	var out []Date
	for i := range v.kind {
		if d := v.first + Date(i); v.Working(d) != later.Working(d) {
			out = append(out, d)
		}
	}
	return out
}

// Covered lists the years with a notice, ascending.
func (v *View) Covered() []int {
	var out []int
	for y := range v.years {
		out = append(out, y)
	}
	slices.Sort(out)
	return out
}
