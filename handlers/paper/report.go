package paper

import "strings"

// Report is a paper of chapters: words, a drawing and a table in each.
type Report struct {
	Head
	Name     string // 联席会议季度报告
	Lead     []string
	Chapters []Chapter
	Notes    []string
}

// Chapter is a part of a report under its own heading.
type Chapter struct {
	Title   string
	Words   []string
	Drawing *Drawing
	Table   *Table
	Notes   []string // small, beneath
}

// Table has a head that is repeated on every page. Wide is how wide each column is,
// in shares of the page.
type Table struct {
	Head []string
	Wide []float64
	Rows [][]string
}

// Title is the report's name.
func (r Report) Title() string { return r.Name }

func (r Report) draw(s *sheet) {
	s.centred(s.bold, headSize, r.Authority)
	s.y += 1.5
	s.centred(s.bold, titleSize, r.Name)
	s.y += 2
	s.centred(s.serif, bodySize, r.Number)
	s.y += 2
	s.rule(left, s.y, right, 0.6)
	s.y += 4
	for _, l := range r.Lead {
		s.paragraphs(l, 12, 1.6, 2)
	}
	for i := range r.Chapters {
		s.chapter(&r.Chapters[i])
	}
	s.foot(r.Notes...)
}

// chapter keeps its heading together with what follows.
func (s *sheet) chapter(x *Chapter) {
	need := 30.0
	if x.Table != nil {
		need = 60
	}
	if x.Drawing != nil {
		need = x.Drawing.height() + 25
	}
	s.room(need)
	s.y += 4
	s.text(s.bold, 13, left, s.y, x.Title)
	s.y += 8
	for _, w := range x.Words {
		s.paragraphs(w, 11, 1.5, 2)
	}
	if x.Drawing != nil {
		s.drawing(x.Drawing)
	}
	if x.Table != nil {
		s.table(x.Table)
	}
	if len(x.Notes) > 0 {
		s.y += 1
		s.paragraphs(strings.Join(x.Notes, "\n"), 9, 1.5, 0)
	}
}

const (
	gridSize = 8.5 // points
	gridStep = gridSize * 1.4 / pointsPerMM
	gridPad  = 1.2
)

// table draws rows, each as high as its highest cell and whole on one page.
func (s *sheet) table(t *Table) {
	whole := 0.0
	for _, w := range t.Wide {
		whole += w
	}
	widths := make([]float64, len(t.Wide))
	for i, w := range t.Wide {
		widths[i] = (right - left) * w / whole
	}
	s.room(22)
	s.gridRow(t.Head, widths, true)
	for _, r := range t.Rows {
		if s.y+s.gridHeight(r, widths) > bottom {
			s.page()
			s.gridRow(t.Head, widths, true)
		}
		s.gridRow(r, widths, false)
	}
	s.y += 1.5
}

func (s *sheet) gridLines(text string, width float64) (out []string) {
	for _, p := range split(text) {
		out = append(out, s.serif.wrap(s.clean(p), (width-2*gridPad)*pointsPerMM/gridSize, 0)...)
	}
	return out
}

func (s *sheet) gridHeight(row []string, widths []float64) float64 {
	most := 1
	for i, c := range row {
		most = max(most, len(s.gridLines(c, widths[i])))
	}
	return float64(most)*gridStep + 2*gridPad
}

// gridRow writes numbers in the middle, and words from the left.
func (s *sheet) gridRow(row []string, widths []float64, head bool) {
	height, x := s.gridHeight(row, widths), left
	for i, c := range row {
		if head {
			s.pdf.SetFillColor(238, 240, 243)
			s.pdf.RectFromUpperLeftWithStyle(x, s.y, widths[i], height, "F")
			s.pdf.SetFillColor(0, 0, 0)
		}
		s.pdf.SetLineWidth(0.2)
		s.pdf.RectFromUpperLeft(x, s.y, widths[i], height)
		lines := s.gridLines(c, widths[i])
		y := s.y + (height-gridStep*float64(len(lines)))/2
		for _, l := range lines {
			at := x + gridPad
			if first := []rune(l)[0]; head || len(lines) == 1 && i > 0 && (first == '—' || first >= '0' && first <= '9') {
				at = x + (widths[i]-s.width(s.serif, gridSize, l))/2
			}
			s.text(s.serif, gridSize, at, y+0.5, l)
			y += gridStep
		}
		x += widths[i]
	}
	s.y, s.bare = s.y+height, false
}
