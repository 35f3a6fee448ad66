// Package paper draws the bureau's official forms (文书式样) as PDF from plain
// fields: A4, page of pages, with the letters that it needs embedded. It decides
// nothing, and knows neither routes nor rows.
package paper

import (
	"cmp"
	"fmt"
	"strings"

	"fangxin/workflow/calendar"
)

// Head is what every paper carries.
type Head struct {
	Authority string        // who issues it, in full
	Number    string        // 桓市监投受〔2026〕第0001号; empty: a preview, which says so
	Case      string        // the case's number
	On        calendar.Date // the day of the decision, or of the paper
	Law       string        // the instrument in force on that day, without its brackets
	Contact   string        // who deals with the case
	Phone     string
	Place     string // where the office is
}

// Paper is a form that can be drawn.
type Paper interface {
	// Title is the form's name.
	Title() string
	head() Head
	draw(s *sheet)
}

// Draw makes the PDF. The same fields give the same bytes. Lines stand a little
// closer where that saves a page: a seal or a note alone on a sheet is no paper to
// hand to anybody.
func Draw(p Paper) ([]byte, error) {
	pdf, pages, err := drawn(p, 1)
	if err != nil || pages == 1 {
		return pdf, err
	}
	for _, tight := range []float64{0.95, 0.9, 0.86} {
		closer, fewer, err := drawn(p, tight)
		if err != nil || fewer < pages {
			return closer, err
		}
	}
	return pdf, nil
}

func drawn(p Paper, tight float64) (pdf []byte, pages int, err error) {
	h := p.head()
	s, err := newSheet(p.Title()+" "+h.Case, tight)
	if err != nil {
		return nil, 0, err
	}
	s.runningHead = strings.TrimSpace(p.Title() + "　" + h.Number)
	if h.Number == "" {
		s.runningHead = p.Title() + "（预览）"
	}
	p.draw(s)
	pdf, err = s.finish(h.Case)
	return pdf, s.pages, err
}

// number is the paper's, or that it has none.
func (h Head) head() Head { return h }

func (h Head) number() string { return cmp.Or(h.Number, "（预览，未编号，不得送达）") }

// Day writes a legal day as papers do.
func Day(d calendar.Date) string {
	if d == 0 {
		return "　　年　　月　　日"
	}
	var y, m, day int
	_, _ = fmt.Sscanf(d.String(), "%d-%d-%d", &y, &m, &day)
	return fmt.Sprintf("%d年%d月%d日", y, m, day)
}

// Yuan writes an amount of fen.
func Yuan(fen int64) string {
	whole := fmt.Sprint(fen / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s.%02d元", whole, fen%100)
}

// law is the instrument in its brackets.
func (h Head) law() string { return "《" + h.Law + "》" }

// letter begins a paper that is addressed to somebody.
func (s *sheet) letter(h Head, title, to string) {
	s.centred(s.bold, headSize, h.Authority)
	s.y += 1.5
	s.centred(s.bold, titleSize, title)
	s.y += 4
	n := h.number()
	s.text(s.serif, 12, right-s.width(s.serif, 12, n), s.y, n)
	s.y += 7
	s.rule(left, s.y, right, 0.6)
	s.y += 5
	if to != "" {
		s.paragraphs(to+"：", bodySize, lead, 0)
	}
}

// contact says whom to ask.
func (s *sheet) contact(h Head) {
	var lines []string
	if h.Contact != "" || h.Phone != "" {
		lines = append(lines, "联系人："+cmp.Or(h.Contact, "＿＿＿＿＿＿")+"　　联系电话："+cmp.Or(h.Phone, "＿＿＿＿＿＿＿＿"))
	}
	if h.Place != "" {
		lines = append(lines, "联系地址："+h.Place)
	}
	if len(lines) > 0 {
		s.y += 3
		s.paragraphs(strings.Join(lines, "\n"), 12, 1.7, 2)
	}
}

// end closes a letter: who deals with the case, the place for the seal, a note.
func (s *sheet) end(h Head, note string) {
	s.contact(h)
	s.sign(h)
	s.foot(note)
}

// sign leaves the place for the seal over the authority's name and the day, never
// alone on a page without saying so.
func (s *sheet) sign(h Head) {
	height := 30 + 20*s.tight*s.tight
	s.room(height)
	if s.bare {
		s.text(s.serif, smallSize, left, s.y, "（此页无正文）")
		s.y += 8
	}
	wide := max(s.width(s.serif, bodySize, h.Authority), 42)
	middle := right - 6 - wide/2
	y := s.y + height - 28
	s.pdf.SetStrokeColor(176, 36, 24)
	s.pdf.SetLineWidth(0.5)
	s.pdf.Oval(middle-21, y-15, middle+21, y+27)
	s.pdf.SetStrokeColor(0, 0, 0)
	s.pdf.SetTextColor(176, 36, 24)
	seal := "（此处加盖印章）"
	s.text(s.serif, 9, middle-s.width(s.serif, 9, seal)/2, y+19, seal)
	s.pdf.SetTextColor(0, 0, 0)
	s.text(s.serif, bodySize, middle-s.width(s.serif, bodySize, h.Authority)/2, y, h.Authority)
	day := Day(h.On)
	s.text(s.serif, bodySize, middle-s.width(s.serif, bodySize, day)/2, y+9, day)
	s.y, s.bare = s.y+height, false
}

// foot is the line under a paper and its notes.
func (s *sheet) foot(notes ...string) {
	if s.y+float64(len(notes))*6+10 > footAt { // notes may stand lower than the rest
		s.page()
	}
	s.y += 3
	s.rule(left, s.y, right, 0.3)
	s.y += 2
	s.low = true
	s.note(strings.Join(notes, "\n"))
}
