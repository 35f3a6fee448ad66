package paper

import (
	"fmt"
	"strconv"
	"strings"
)

// Drawing is a chart as strokes, in units of its own; Scale is millimetres in one.
type Drawing struct {
	Title  string
	Height float64
	Scale  float64
	Marks  []Mark
}

// Mark is one stroke: a path of M, L, H and V, a rect, a circle or words. Class
// says what it is: gl a line of the grid, ax an axis, ln a series, bar, hi the
// greatest, s1 to s3 of which series.
type Mark struct {
	Kind, Class, D string
	X, Y, W, H     float64
	Anchor, Text   string // start, middle, end
}

func (d *Drawing) height() float64 { return d.Height*d.Scale + 10 }

// inks are the colours of series, dark enough for print.
var inks = map[string][3]uint8{"s1": {31, 78, 121}, "s2": {178, 84, 22}, "s3": {84, 84, 84}}

func (m *Mark) ink() [3]uint8 {
	for _, c := range strings.Fields(m.Class) {
		if ink, ok := inks[c]; ok {
			return ink
		}
	}
	switch {
	case strings.HasPrefix(m.Class, "gl"):
		return [3]uint8{214, 218, 224}
	case strings.HasPrefix(m.Class, "bar hi"):
		return inks["s1"]
	case strings.HasPrefix(m.Class, "bar"):
		return [3]uint8{120, 152, 184}
	}
	return [3]uint8{40, 44, 52}
}

// drawing draws a chart in the middle of the page under its title.
func (s *sheet) drawing(d *Drawing) {
	s.room(d.height())
	s.text(s.bold, 10, left, s.y, d.Title)
	s.y += 6
	x0, y0 := left+2, s.y
	for i := range d.Marks {
		m := &d.Marks[i]
		ink := m.ink()
		x, y := x0+m.X*d.Scale, y0+m.Y*d.Scale
		s.pdf.SetStrokeColor(ink[0], ink[1], ink[2])
		s.pdf.SetFillColor(ink[0], ink[1], ink[2])
		switch m.Kind {
		case "path":
			s.pdf.SetLineWidth(map[bool]float64{true: 0.5, false: 0.2}[strings.HasPrefix(m.Class, "ln")])
			s.path(m.D, x0, y0, d.Scale)
		case "rect":
			s.pdf.RectFromUpperLeftWithStyle(x, y, m.W*d.Scale, m.H*d.Scale, "F")
		case "circle":
			s.pdf.RectFromUpperLeftWithStyle(x-0.8, y-0.8, 1.6, 1.6, "F")
		default:
			s.label(m, x, y)
		}
	}
	s.pdf.SetStrokeColor(0, 0, 0)
	s.pdf.SetFillColor(0, 0, 0)
	s.pdf.SetTextColor(0, 0, 0)
	s.y, s.bare = y0+d.Height*d.Scale+4, false
}

// label writes words whose base line is y.
func (s *sheet) label(m *Mark, x, y float64) {
	const size = 8.5
	ink := m.ink()
	s.pdf.SetTextColor(ink[0], ink[1], ink[2])
	switch wide := s.width(s.serif, size, m.Text); m.Anchor {
	case "middle":
		x -= wide / 2
	case "end":
		x -= wide
	}
	s.text(s.serif, size, x, y-size*0.88/pointsPerMM, m.Text)
}

// path draws straight lines.
func (s *sheet) path(d string, x0, y0, scale float64) {
	var x, y float64
	for _, step := range steps(d) {
		nx, ny := x, y
		switch n := step.numbers; {
		case (step.letter == 'M' || step.letter == 'L') && len(n) == 2:
			nx, ny = n[0], n[1]
		case step.letter == 'H' && len(n) == 1:
			nx = n[0]
		case step.letter == 'V' && len(n) == 1:
			ny = n[0]
		default:
			s.err = fmt.Errorf("a path of %q cannot be drawn", d)
			return
		}
		if step.letter != 'M' {
			s.pdf.Line(x0+x*scale, y0+y*scale, x0+nx*scale, y0+ny*scale)
		}
		x, y = nx, ny
	}
}

type step struct {
	letter  byte
	numbers []float64
}

// steps reads a path: a letter, and the numbers that follow it.
func steps(d string) (out []step) {
	for i := 0; i < len(d); {
		j := i + 1
		for j < len(d) && !strings.ContainsRune("MLHV", rune(d[j])) {
			j++
		}
		s := step{letter: d[i]}
		for _, f := range strings.Fields(d[i+1 : j]) {
			n, err := strconv.ParseFloat(f, 64)
			if err != nil {
				return []step{{}}
			}
			s.numbers = append(s.numbers, n)
		}
		out, i = append(out, s), j
	}
	return out
}
