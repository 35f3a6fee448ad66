package paper

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/signintech/gopdf"
)

// Where a page's words stand, millimetres from its upper left corner.
const (
	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 25.0, 185.0
	top, bottom           = 25.0, 268.0
	footAt                = 281.0
)

// Sizes of letters in points, and the distance of two lines in sizes.
const (
	bodySize, smallSize, cellSize = 14.0, 10.5, 11.0
	titleSize, headSize           = 22.0, 16.0
	lead, cellLead                = 1.72, 1.5
)

const pointsPerMM = 72 / 25.4

// sheet is a document while it is drawn. The first thing that goes wrong stays.
type sheet struct {
	pdf         *gopdf.GoPdf
	serif, bold *face
	y           float64 // where the next line begins
	pages       int
	bare        bool // nothing but headings stands on this page yet
	low         bool // notes at the end: they may stand lower
	runningHead string
	tight       float64 // by how much lines stand closer: 1 not at all
	lacks       []rune
	err         error
}

func newSheet(title string, tight float64) (*sheet, error) {
	s := &sheet{pdf: &gopdf.GoPdf{}, tight: tight}
	var err error
	if s.serif, err = serif(); err != nil {
		return nil, err
	}
	if s.bold, err = bold(); err != nil {
		return nil, err
	}
	s.pdf.Start(gopdf.Config{Unit: gopdf.UnitMM, PageSize: gopdf.Rect{W: pageWidth, H: pageHeight}})
	s.pdf.SetInfo(gopdf.PdfInfo{Title: title, Creator: "Fangxin", Producer: "Fangxin"})
	s.page()
	for _, f := range []*face{s.serif, s.bold} {
		if err := s.pdf.AddTTFFontData(f.name, f.data); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *sheet) page() {
	s.pdf.AddPage()
	s.pages++
	s.y, s.bare = top, true
	if s.pages > 1 && s.runningHead != "" {
		s.text(s.serif, smallSize, left, s.y, s.runningHead)
		s.y += 5.5
		s.rule(left, s.y, right, 0.2)
		s.y += 3.5
	}
}

// room begins a new page when less than this is left of the page.
func (s *sheet) room(height float64) {
	limit := bottom
	if s.low {
		limit = footAt - 2
	}
	if s.y+height > limit {
		s.page()
	}
}

// clean keeps what can be printed: a character that the fonts lack becomes 〓, and
// is named at the end of the paper, so that nothing is left out in silence.
func (s *sheet) clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Variation_Selector):
			return -1
		case unicode.IsSpace(r) && r != '\u3000':
			return ' '
		}
		if _, ok := s.serif.width(r); ok {
			return r
		}
		if !slices.Contains(s.lacks, r) {
			s.lacks = append(s.lacks, r)
		}
		return '〓'
	}, text)
}

// text writes words on one line whose top is y. Headings that the bold font cannot
// write are written in the other.
func (s *sheet) text(f *face, size, x, y float64, words string) {
	if words = s.clean(words); words == "" || s.err != nil {
		return
	}
	if !f.has(words) {
		f = s.serif
	}
	if s.err = s.pdf.SetFont(f.name, "", size); s.err != nil {
		return
	}
	s.pdf.SetXY(x, y+size*0.88/pointsPerMM)
	s.err = s.pdf.Text(words)
}

func (s *sheet) width(f *face, size float64, words string) float64 {
	return f.measure(s.clean(words)) * size / pointsPerMM
}

// centred writes lines in the middle, each as wide as the page at most.
func (s *sheet) centred(f *face, size float64, words string) {
	for _, line := range f.wrap(s.clean(words), (right-left)*pointsPerMM/size, 0) {
		s.text(f, size, (pageWidth-s.width(f, size, line))/2, s.y, line)
		s.y += size * 1.5 / pointsPerMM
	}
}

func (s *sheet) rule(x0, y, x1, thick float64) {
	s.pdf.SetLineWidth(thick)
	s.pdf.Line(x0, y, x1, y)
}

// flow writes paragraphs, one for each line of the text, the first line of each
// two characters in; what does not fit on this page goes on on the next.
func (s *sheet) flow(text string) { s.paragraphs(text, bodySize, lead, 2) }

// note writes small lines that begin at the edge.
func (s *sheet) note(text string) { s.paragraphs(text, smallSize, 1.5, 0) }

func (s *sheet) paragraphs(text string, size, lead, indent float64) {
	height := size * lead * s.tight / pointsPerMM
	for _, p := range split(text) {
		lines := s.serif.wrap(s.clean(p), (right-left)*pointsPerMM/size, indent)
		for i, line := range lines {
			if i == 0 && len(lines) > 1 {
				s.room(2 * height) // no paragraph leaves one line behind
			}
			s.room(height)
			x := left
			if i == 0 {
				x += indent * size / pointsPerMM
			}
			s.text(s.serif, size, x, s.y, line)
			s.y, s.bare = s.y+height, false
		}
	}
}

// split is a text by lines, without empty ones.
func split(text string) []string {
	var out []string
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// finish names what could not be written, numbers the pages and gives the file.
func (s *sheet) finish(mark string) ([]byte, error) {
	if len(s.lacks) > 0 {
		var codes []string
		for _, r := range s.lacks {
			codes = append(codes, fmt.Sprintf("U+%04X", r))
		}
		s.note("〓处的字符字库未收，其编码依次为：" + strings.Join(codes, "、"))
	}
	for n := 1; n <= s.pages && s.err == nil; n++ {
		if s.err = s.pdf.SetPage(n); s.err != nil {
			break
		}
		s.text(s.serif, 9, left, footAt, mark)
		count := fmt.Sprintf("第 %d 页　共 %d 页", n, s.pages)
		s.text(s.serif, 9, (pageWidth-s.width(s.serif, 9, count))/2, footAt, count)
	}
	if s.err != nil {
		return nil, s.err
	}
	pdf, err := s.pdf.GetBytesPdfReturnErr()
	return mendMeanings(pdf), err
}
