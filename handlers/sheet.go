package handlers

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"rsc.io/qr"
)

// sheetLine is a line of the sheet for a wall: millimetres from the top of an A4
// page, height of its letters in millimetres, words.
type sheetLine struct {
	y, size float64
	words   string
}

// shopSheet is the sheet for a shop's wall, in both languages: its lines and what
// its code says.
type shopSheet struct {
	lines []sheetLine
	runs  []qrRun
	size  int // of the code, in modules with its margin
}

// Where the code stands on the page, millimetres.
const (
	codeLeft, codeTop, codeSide = 50.0, 92.0, 106.0
	sheetWidth                  = 178.0 // that words may take
)

// newShopSheet composes the sheet of a shop; site is where people reach the pages.
func newShopSheet(name, code, site string) (*shopSheet, error) {
	link := site + "/s/" + code
	out := &shopSheet{}
	var err error
	if out.runs, out.size, err = qrRuns(link); err != nil {
		return nil, err
	}
	at := func(y, size float64, words string) {
		out.lines = append(out.lines, sheetLine{y, min(size, sheetWidth/ems(words)), words})
	}
	both := func(y, size float64, key string, under, small float64) {
		at(y, size, say("zh", key, nil))
		at(y+under, small, say("en", key, nil))
	}
	both(40, 16, "sheet.title", 12, 6)
	at(76, 11, name)
	both(214, 8, "sheet.scan", 10, 5)
	at(238, 5, link)
	both(258, 5, "sheet.routes", 9, 4.2)
	return out, nil
}

// ems is how wide a text is: a Han character is as wide as it is high, the
// letters of Latin a little over half of that.
func ems(text string) float64 {
	w := 0.0
	for _, r := range text {
		if r < 0x2000 {
			w += 0.58
		} else {
			w++
		}
	}
	return max(w, 1)
}

// ShopSheet draws the sheet for a shop's wall, A4, as SVG: the words are text and
// the QR code, which opens a complaint against this shop, is one path. site is
// where people reach the pages.
func ShopSheet(name, code, site string) ([]byte, error) {
	sheet, err := newShopSheet(name, code, site)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297" font-family="'Noto Sans SC','Source Han Sans SC','Microsoft YaHei',sans-serif">` + "\n")
	b.WriteString(`<rect width="210" height="297" fill="#fff"/>` + "\n")
	for _, l := range sheet.lines {
		fmt.Fprintf(&b, `<text x="105" y="%g" font-size="%.4g" text-anchor="middle">`, l.y, l.size)
		_ = xml.EscapeText(&b, []byte(l.words))
		b.WriteString("</text>\n")
	}
	fmt.Fprintf(&b, `<svg x="%g" y="%g" width="%g" height="%g" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path d="%s"/></svg>`+"\n</svg>\n",
		codeLeft, codeTop, codeSide, codeSide, sheet.size, sheet.size, pathOf(sheet.runs))
	return b.Bytes(), nil
}

// qrRun is a run of black modules in a row of a QR code.
type qrRun struct{ x, y, n int }

// qrRuns makes a QR code. The white margin of four modules belongs to the standard.
func qrRuns(text string) (runs []qrRun, size int, err error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, 0, err
	}
	const margin = 4
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if n := x - from; n > 0 {
				runs = append(runs, qrRun{from + margin, y + margin, n})
			}
		}
	}
	return runs, code.Size + 2*margin, nil
}

// pathOf draws runs as one path.
func pathOf(runs []qrRun) string {
	var b bytes.Buffer
	for _, r := range runs {
		fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", r.x, r.y, r.n, r.n)
	}
	return b.String()
}

// sheet is the sheet for a member's wall, as SVG.
func (s *Server) sheet(ctx context.Context, c *Call) (any, error) {
	return s.sheetAs(ctx, c, "image/svg+xml", ShopSheet)
}

// sheetPDF is the same sheet as PDF.
func (s *Server) sheetPDF(ctx context.Context, c *Call) (any, error) {
	return s.sheetAs(ctx, c, "application/pdf", ShopSheetPDF)
}

func (s *Server) sheetAs(ctx context.Context, c *Call, kind string, draw func(name, code, site string) ([]byte, error)) (any, error) {
	ref := c.Param("member")
	if c.Member != nil {
		ref = c.Member.Member.ID
	}
	m, err := s.Store.Member(ctx, ref)
	if err != nil {
		return nil, err
	}
	if m.Shop == "" {
		return nil, notFound()
	}
	e, err := s.Store.Merchant(ctx, m.Merchant)
	if err != nil {
		return nil, err
	}
	body, err := draw(e.Name, m.Shop, s.address(c))
	var lacks missingGlyph
	if errors.As(err, &lacks) {
		return nil, problem("no_glyph")
	}
	return document{kind: kind, body: body}, err
}

// missingGlyph is a character that the font of our papers does not have.
type missingGlyph rune

func (m missingGlyph) Error() string {
	return fmt.Sprintf("the font has no %q (U+%04X): print the SVG", rune(m), rune(m))
}
