package calendar

import (
	"fmt"
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
}

const lastYear = 2050

func (v *View) fill(known []Notice) {
	v.first = NewDate(2010, 1, 1)
	v.kind = make([]kind, NewDate(lastYear+1, 1, 1)-v.first)
	v.named, v.years, v.version = map[Date]reason{}, map[int]bool{}, "none"
	last, amendments := 0, 0
	for _, n := range known {
		if n.Year > last {
			last, amendments = n.Year, 0
		} else {
			amendments++
		}
		v.years[n.Year] = true
		for _, d := range n.Days {
			v.named[d.Date] = reason{d.Name, n.Number, d.Off}
		}
	}
	if last > 0 {
		v.version = fmt.Sprintf("%d%c", last, 'a'+amendments)
	}
	for i := range v.kind {
		v.kind[i] = v.classify(v.first + Date(i))
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

// Version names the knowledge: the last year with a notice, and a letter for
// its amendments. The same name means the same knowledge.
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

// statutory names the statutory holiday of a day that no notice covers: 11 days
// a year, since 2025 13 (全国年节及纪念日放假办法, State Council Decree 795).
func statutory(d Date) string {
	t := d.utc()
	md := int(t.Month())*100 + t.Day()
	switch {
	case md == 101:
		return "元旦"
	case md == 501 || md == 502 && t.Year() >= 2025:
		return "劳动节"
	case md >= 1001 && md <= 1003:
		return "国庆节"
	}
	l, ok := lunar[t.Year()]
	if !ok {
		return ""
	}
	spring := NewDate(t.Year(), time.Month(l[0]/100), l[0]%100)
	switch {
	case d >= spring-1 && d <= spring+2:
		return "春节"
	case md == l[1]:
		return "清明节"
	case md == l[2]:
		return "端午节"
	case md == l[3]:
		return "中秋节"
	}
	return ""
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
		s.Reason, s.English = r.name+"放假（"+r.number+"）", english[r.name]+" holiday ("+r.number+")"
		if r.number == notYet {
			s.Reason = r.name + "放假（通知文号待核）"
		}
		return s, true
	}
	if name := statutory(d); name != "" && v.Provisional(d) {
		return Skip{d, name + "（法定节日，当年安排尚未公布）", english[name] + " (statutory; no notice for the year yet)"}, true
	}
	return Skip{d, "周末", "weekend"}, true
}

var english = map[string]string{"元旦": "New Year", "春节": "Spring Festival", "清明节": "Qingming", "劳动节": "Labour Day", "端午节": "Dragon Boat", "中秋节": "Mid-Autumn",
	"国庆节": "National Day", "抗战胜利日": "Victory Day", "国庆节、中秋节": "National Day and Mid-Autumn", "中秋节、国庆节": "Mid-Autumn and National Day"}

// Covered lists the years with a notice, ascending.
func (v *View) Covered() []int {
	var out []int
	for y := range v.years {
		out = append(out, y)
	}
	slices.Sort(out)
	return out
}
