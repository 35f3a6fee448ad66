package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Notice is one arrangement of holidays by the State Council. Days holds only
// what it says of single days: off, or worked though it is a weekend.
type Notice struct {
	Year      int
	Number    string // 国办发明电〔2025〕7号
	Title     string
	URL       string
	Published Date // known from this day on
	Amends    bool // changes an earlier notice of the same year
	Whole     bool // says everything about its year: what earlier notices said of it no longer counts
	Days      []NoticeDay

	builtIn bool
}

// NoticeDay is one day that a notice names.
type NoticeDay struct {
	Date Date
	Off  bool
	Name string // 春节
}

// notice is the checked-in form.
type notice struct {
	year      int
	amends    string // its title, where it changes an earlier notice
	number    string
	published string
	url       string
	d         string
}

// Calendar is a set of notices; it never changes.
type Calendar struct {
	notices []Notice // by day of publication
	views   []View   // views[i] knows notices[:i]
	once    []sync.Once
}

var theEmbedded = sync.OnceValue(func() *Calendar {
	var all []Notice
	for _, n := range embedded {
		all = append(all, n.open())
	}
	c, err := build(all)
	if err != nil {
		panic(err)
	}
	return c
})

// Embedded is the calendar inside the binary: 2011 to 2026, amendments as they
// became known.
func Embedded() *Calendar { return theEmbedded() }

// With adds notices that came later. A second notice for a year amends it.
// Whoever knew a day before the notice was published is not affected: see
// KnownAt.
func (c *Calendar) With(more ...Notice) (*Calendar, error) {
	all := slices.Clone(c.notices)
	for _, n := range more {
		n.builtIn = false
		n.Amends = slices.ContainsFunc(all, func(o Notice) bool { return o.Year == n.Year })
		n.Days = slices.Clone(n.Days)
		all = append(all, n)
	}
	return build(all)
}

// Notices lists the notices in the order in which they became known.
func (c *Calendar) Notices() []Notice { return slices.Clone(c.notices) }

func build(all []Notice) (*Calendar, error) {
	slices.SortStableFunc(all, func(a, b Notice) int { return cmp.Compare(a.Published, b.Published) })
	for _, n := range all {
		if n.Published == 0 || n.Year < 2011 || n.Year > lastYear || len(n.Days) == 0 {
			return nil, fmt.Errorf("notice for %d: needs a year from 2011 to %d, a day of publication and at least one day", n.Year, lastYear)
		}
	}
	return &Calendar{all, make([]View, len(all)+1), make([]sync.Once, len(all)+1)}, nil
}

// KnownAt is the calendar as it was known at the end of a day.
func (c *Calendar) KnownAt(d Date) *View {
	n, _ := slices.BinarySearchFunc(c.notices, d+1, func(n Notice, d Date) int { return cmp.Compare(n.Published, d) })
	c.once[n].Do(func() { c.views[n].fill(c.notices[:n]) })
	return &c.views[n]
}

// ViewOf finds the knowledge that a version names, nil where it is not a stage
// of this calendar.
func (c *Calendar) ViewOf(version string) *View {
	for n := len(c.notices); n >= 0; n-- {
		c.once[n].Do(func() { c.views[n].fill(c.notices[:n]) })
		if c.views[n].version == version {
			return &c.views[n]
		}
	}
	return nil
}

func yearlyTitle(year int) string {
	return fmt.Sprintf("国务院办公厅关于%d年部分节假日安排的通知", year)
}

func (n notice) open() Notice {
	published, err := ParseDate(n.published)
	if err != nil {
		panic(err)
	}
	out := Notice{Year: n.year, Number: n.number, URL: n.url, Published: published, Amends: n.amends != "",
		Title: cmp.Or(n.amends, yearlyTitle(n.year)), builtIn: true}
	for _, part := range strings.Split(n.d, "; ") {
		words := strings.Fields(part)
		from, to, ranged := strings.Cut(words[1], "..")
		if !ranged {
			to = from
		}
		first, err1 := ParseDate(from)
		last, err2 := ParseDate(to)
		if err1 != nil || err2 != nil || last < first {
			panic("calendar: " + part)
		}
		for d := first; d <= last; d++ {
			out.Days = append(out.Days, NoticeDay{d, words[0] == "off", words[2]})
		}
	}
	return out
}
