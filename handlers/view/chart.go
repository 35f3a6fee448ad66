package view

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Chart is numbers over labels: drawn, and in a table beneath. A series of one is
// drawn as bars, several as lines over time.
type Chart struct {
	ID, Title, Note string
	Unit            string
	Head            string // what the labels are
	Labels          []string
	Series          []Series
	Lines           bool
	Data            string // where the same numbers are as a file
}

// Series is one line of a chart; nil is not published.
type Series struct {
	Name   string
	Values []*int64
}

// Number is a value as it is said; what is not published is a mark.
func Number(n *int64) string {
	if n == nil {
		return "—"
	}
	return strconv.FormatInt(*n, 10)
}

// plot is a chart at one size: axes from zero, in user units of its view box.
type plot struct {
	Class         string
	Width, Height int
	Marks         []Stroke
}

// Stroke is one thing that is drawn, in user units.
type Stroke struct {
	Kind, Class  string // path, text, rect, circle
	D            string // of a path
	X, Y, W, H   string
	Anchor, Text string
}

func num(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

func (p *plot) path(class, d string) {
	p.Marks = append(p.Marks, Stroke{Kind: "path", Class: class, D: d})
}

func (p *plot) text(class, anchor string, x, y float64, text string) {
	p.Marks = append(p.Marks, Stroke{Kind: "text", Class: class, Anchor: anchor, X: num(x), Y: num(y), Text: text})
}

// sizes are the chart for wide and for narrow places.
func (c *Chart) sizes() []plot {
	if c.Lines {
		return []plot{c.lines("w", 640, 300), c.lines("n", 350, 240)}
	}
	return []plot{c.bars("w", 640), c.bars("n", 350)}
}

// Drawing is the chart as it is drawn in a wide place, for paper.
func (c *Chart) Drawing() (width, height int, marks []Stroke) {
	p := c.sizes()[0]
	return p.Width, p.Height, p.Marks
}

// most is the greatest value, at least one.
func (c *Chart) most() int64 {
	most := int64(1)
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v != nil {
				most = max(most, *v)
			}
		}
	}
	return most
}

// gridStep is the distance of the grid's lines: 1, 2 or 5 times a power of ten, at
// most five lines.
func gridStep(most int64) int64 {
	for s := int64(1); ; s *= 10 {
		for _, k := range []int64{1, 2, 5} {
			if most <= 5*s*k {
				return s * k
			}
		}
	}
}

// monthRoom is how wide the label of a month is, in user units.
const monthRoom = 38

func (c *Chart) lines(class string, width, height int) plot {
	const entry = 22
	p := plot{Class: class, Width: width, Height: height + entry*len(c.Series)}
	left, right, top, bottom := 40.0, float64(width)-44, float64(28+entry*len(c.Series)), float64(p.Height)-30
	grid := gridStep(c.most())
	highest := (c.most() + grid - 1) / grid * grid
	y := func(v int64) float64 { return bottom - float64(v)/float64(highest)*(bottom-top) }
	x := func(i int) float64 {
		return left + (right-left)*float64(i)/float64(max(1, len(c.Labels)-1))
	}
	for v := int64(0); v <= highest; v += grid {
		kind := "gl"
		if v == 0 {
			kind = "ax"
		}
		p.path(kind, fmt.Sprintf("M%s %sH%s", num(left), num(y(v)), num(right)))
		p.text("tk", "end", left-8, y(v)+4, strconv.FormatInt(v, 10))
	}
	p.text("tk", "start", 0, top-16, c.Unit)
	every := (len(c.Labels)*monthRoom + int(right-left) - 1) / int(right-left)
	for i, l := range c.Labels {
		if (len(c.Labels)-1-i)%max(1, every) == 0 {
			p.text("tk", "middle", x(i), bottom+18, l)
		}
	}
	var ends []float64
	for i, s := range c.Series {
		kind, at := fmt.Sprint(" s", i%3+1), float64(entry*i+10)
		p.path("ln"+kind, fmt.Sprintf("M%s %sH%s", num(left), num(at), num(left+28)))
		p.text("lb"+kind, "start", left+36, at+5, s.Name)
		ends = p.line(s, kind, x, y, ends)
	}
	return p
}

// line draws one series, with a gap where nothing is published, and its last value
// at the end, clear of those of the others.
func (p *plot) line(s Series, class string, x func(int) float64, y func(int64) float64, ends []float64) []float64 {
	var d strings.Builder
	last, on := -1, false
	for i, v := range s.Values {
		if v == nil {
			on = false
			continue
		}
		d.WriteString(map[bool]string{true: "L", false: "M"}[on] + num(x(i)) + " " + num(y(*v)))
		last, on = i, true
	}
	if last < 0 {
		return ends
	}
	p.path("ln"+class, d.String())
	at := y(*s.Values[last])
	p.Marks = append(p.Marks, Stroke{Kind: "circle", Class: "pt" + class, X: num(x(last)), Y: num(at)})
	label, aside := at+4.5, 4.0
	if slices.ContainsFunc(ends, func(e float64) bool { return label < e && e-label < 17 }) {
		aside = -4 // the greater value above
	}
	for slices.ContainsFunc(ends, func(e float64) bool { return math.Abs(e-label) < 17 }) {
		label += aside
	}
	p.text("lb"+class, "start", x(last)+8, label, Number(s.Values[last]))
	return append(ends, label)
}

// bars draws one series: each label above its bar, so that long ones have room.
func (c *Chart) bars(class string, width int) plot {
	const row = 44
	p := plot{Class: class, Width: width, Height: len(c.Labels)*row + 6}
	var s Series
	if len(c.Series) > 0 {
		s = c.Series[0]
	}
	most, room := c.most(), float64(width)-92
	for i, l := range c.Labels {
		y := float64(i * row)
		p.text("ct", "start", 6, y+16, l)
		v := s.Values[i]
		long := 0.0
		if v != nil {
			long = math.Max(1, float64(*v)/float64(most)*room)
			kind := "bar"
			if *v == most {
				kind = "bar hi"
			}
			p.Marks = append(p.Marks, Stroke{Kind: "rect", Class: kind, X: "0", Y: num(y + 22), W: num(long), H: "14"})
		}
		p.text("vl", "start", long+8, y+34, Number(v)+map[bool]string{true: " " + c.Unit}[v != nil])
	}
	p.path("ax", fmt.Sprintf("M0 2V%d", p.Height-2))
	return p
}

// said is the chart in a sentence: the first and last values of each line, or the
// greatest bar.
func (c *Chart) said(p *Page) string {
	var out []string
	for _, s := range c.Series {
		if len(s.Values) == 0 {
			continue
		}
		if c.Lines {
			end := len(s.Values) - 1
			out = append(out, p.T("page.chart.from_to", "Name", s.Name, "First", c.Labels[0], "From", Number(s.Values[0]), "Last", c.Labels[end], "To", Number(s.Values[end])))
			continue
		}
		best := -1
		for i, v := range s.Values {
			if v != nil && (best < 0 || *v > *s.Values[best]) {
				best = i
			}
		}
		if best >= 0 {
			out = append(out, p.T("page.chart.most", "Label", c.Labels[best], "N", Number(s.Values[best]), "Unit", c.Unit))
		}
	}
	return strings.Join(out, " ")
}

func (p *plot) box() string { return fmt.Sprintf("0 0 %d %d", p.Width, p.Height) }
