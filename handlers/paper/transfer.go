package paper

import (
	"fmt"
	"slices"
	"strings"
)

// Transfer is the 案件移送情况表 that a court gets with a case: sections of
// paragraphs. Who fills it in leaves out what either side offered.
type Transfer struct {
	Head
	To       string
	Sections []Section
}

// Section is a heading with its paragraphs, one a line.
type Section struct{ Heading, Text string }

// Title is the form's name.
func (Transfer) Title() string { return "案件移送情况表" }

func (p Transfer) draw(s *sheet) {
	s.letter(p.Head, p.Title(), p.To)
	for _, x := range p.Sections {
		s.room(24)
		s.text(s.bold, bodySize, left, s.y, x.Heading)
		s.y += bodySize * lead / pointsPerMM
		s.paragraphs(x.Text, 12, 1.6, 2)
		s.y += 1.5
	}
	s.sign(p.Head)
	s.foot("本表由案件记录生成。双方在协商、调解中提出的方案、让步和意见，以及调解人员的笔记，依法不移送，本表和所附材料均不包含。")
}

// Index is the 移送材料目录: every page of a hand-over file with its digest, but
// the list itself.
type Index struct {
	Head
	Rows []IndexRow
}

// IndexRow is a page of a hand-over file.
type IndexRow struct{ Title, Name, Size, SHA256 string }

// Title is the form's name.
func (Index) Title() string { return "移送材料目录" }

func (p Index) draw(s *sheet) {
	s.letter(p.Head, p.Title(), "")
	s.group("目录", func(g *group) {
		row := func(label bool, no, title, size, sum string) {
			g.row(cell{no, 12, true, 9}, cell{title, 55, label, 9}, cell{size, 22, true, 9}, cell{sum, right - left - headingWidth - 89, label, 9})
		}
		row(true, "序号", "材料", "字节", "SHA-256")
		for i, r := range p.Rows {
			row(false, fmt.Sprint(i+1), r.Title+"\n"+r.Name, r.Size, inFours(r.SHA256))
		}
	})
	s.y += 3
	s.note("本目录不含其自身和清单 handover.json；清单列有包括本目录在内的全部材料及其 SHA-256，并有本站点的签名。核对方法：fangxin verify handover 文件名，或者按公开的格式说明自行核对。")
}

// inFours writes a digest on lines of sixteen digits, which an eye can compare.
func inFours(digest string) string {
	var lines []string
	for line := range slices.Chunk([]byte(digest), 16) {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}
