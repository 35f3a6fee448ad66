package paper

// cell is a part of a row: what it is called, or what it says.
type cell struct {
	text  string
	width float64 // millimetres
	label bool
	small float64 // the least height, millimetres
}

const cellPad = 1.8

// group draws rows beside one heading that is written downwards, as the official
// forms have it. A row that does not fit goes on on the next page.
type group struct {
	*sheet
	heading string
	from    float64 // where its part on this page begins
}

const headingWidth = 9.0

func (s *sheet) group(heading string, rows func(g *group)) {
	s.room(18)
	g := &group{s, heading, s.y}
	rows(g)
	g.close()
}

// close draws the heading of what stands on this page.
func (g *group) close() {
	height := g.y - g.from
	if height <= 0 {
		return
	}
	g.pdf.SetLineWidth(0.25)
	g.pdf.RectFromUpperLeft(left, g.from, headingWidth, height)
	letters := []rune(g.heading)
	step := min(6.0, height/float64(len(letters)+1))
	y := g.from + (height-step*float64(len(letters)))/2
	for _, r := range letters {
		g.text(g.bold, cellSize, left+(headingWidth-cellSize/pointsPerMM)/2, y, string(r))
		y += step
	}
}

// row draws cells beside one another, as high as the highest, over as many pages
// as it needs.
func (g *group) row(cells ...cell) {
	height := cellSize * cellLead / pointsPerMM
	lines, most, least := make([][]string, len(cells)), 0, 0.0
	for i, c := range cells {
		lines[i] = g.cellLines(c)
		most, least = max(most, len(lines[i])), max(least, c.small*g.tight*g.tight)
	}
	for done := 0; done < most || done == 0; {
		fit := int((bottom - g.y - 2*cellPad) / height)
		if fit < 1 || fit < most-done && fit < 3 {
			g.turn()
			continue
		}
		part := min(fit, most-done)
		whole := max(float64(part)*height+2*cellPad, min(least, bottom-g.y))
		x := left + headingWidth
		for i, c := range cells {
			g.cell(c, x, whole, lines[i][min(done, len(lines[i])):min(done+part, len(lines[i]))], done > 0 && len(lines[i]) > 0)
			x += c.width
		}
		g.y, g.bare, done = g.y+whole, false, done+max(part, 1)
		if done < most {
			g.turn()
		}
	}
}

// turn ends the part on this page and goes on on the next.
func (g *group) turn() {
	g.close()
	g.page()
	g.from = g.y
}

func (g *group) cellLines(c cell) []string {
	width := (c.width - 2*cellPad) * pointsPerMM / cellSize
	var out []string
	for _, p := range split(c.text) {
		out = append(out, g.serif.wrap(g.clean(p), width, 0)...)
	}
	return out
}

func (g *group) cell(c cell, x, height float64, lines []string, goesOn bool) {
	g.pdf.SetLineWidth(0.25)
	g.pdf.RectFromUpperLeft(x, g.y, c.width, height)
	step := cellSize * cellLead / pointsPerMM
	y := g.y + cellPad
	if c.label || len(lines) == 1 && !goesOn {
		y = g.y + (height-step*float64(len(lines)))/2
	}
	for _, line := range lines {
		at := x + cellPad
		if c.label {
			at = x + (c.width-g.width(g.serif, cellSize, line))/2
		}
		g.text(g.serif, cellSize, at, y+0.6, line)
		y += step
	}
}

// Rows of the forms: a name and a value, or two of each.
const labelWidth = 25.0

func (g *group) one(name, value string, least float64) {
	g.row(cell{name, labelWidth, true, least}, cell{value, right - left - headingWidth - labelWidth, false, least})
}

func (g *group) two(name, value, other, also string) {
	const half = (right - left - headingWidth - 2*labelWidth) / 2
	g.row(cell{name, labelWidth, true, 9}, cell{value, half, false, 9}, cell{other, labelWidth, true, 9}, cell{also, half, false, 9})
}
