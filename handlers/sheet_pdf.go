package handlers

import (
	_ "embed"
	"sync"

	"fangxin/handlers/paper"

	"github.com/signintech/gopdf"
)

// Noto Sans SC under the Open Font License (fonts/OFL.txt), cut by fonts/subset.py.
//
//go:embed fonts/NotoSansSC-Regular.ttf.gz
var fontPacked []byte

// notoSans unpacks the font when the first paper is drawn: 4.5 MB of the binary,
// 7.5 MB of memory.
var notoSans = sync.OnceValues(func() ([]byte, error) { return paper.Unpack(fontPacked) })

// fontName is what the pages of a PDF call their font.
const fontName = "noto"

// ShopSheetPDF draws the sheet of ShopSheet as PDF: the same words at the same
// places, with the letters that it needs embedded. It fails when the font lacks a
// character of the name, rather than leave it out.
func ShopSheetPDF(name, code, site string) ([]byte, error) {
	sheet, err := newShopSheet(name, code, site)
	if err != nil {
		return nil, err
	}
	var lacks error
	pdf, err := blankPaper(func(r rune) { lacks = missingGlyph(r) })
	if err != nil {
		return nil, err
	}
	pdf.SetInfo(gopdf.PdfInfo{Title: name, Creator: "Fangxin", Producer: "Fangxin"})
	for _, l := range sheet.lines {
		if err := centred(pdf, l); err != nil {
			return nil, err
		}
	}
	if lacks != nil {
		return nil, lacks
	}
	module := codeSide / float64(sheet.size)
	for _, r := range sheet.runs { // a hair higher, so that no printer shows a seam between two rows
		pdf.RectFromUpperLeftWithStyle(codeLeft+float64(r.x)*module, codeTop+float64(r.y)*module, float64(r.n)*module, module*1.01, "F")
	}
	return pdf.GetBytesPdfReturnErr()
}

// blankPaper begins a document of A4 pages, measured in millimetres; lacks is told
// of every character that the font does not have.
func blankPaper(lacks func(rune)) (*gopdf.GoPdf, error) {
	font, err := notoSans()
	if err != nil {
		return nil, err
	}
	pdf := &gopdf.GoPdf{}
	pdf.Start(gopdf.Config{Unit: gopdf.UnitMM, PageSize: gopdf.Rect{W: 210, H: 297}})
	pdf.AddPage()
	return pdf, pdf.AddTTFFontDataWithOption(fontName, font, gopdf.TtfOption{OnGlyphNotFound: lacks})
}

// centred writes a line in the middle of the page, on its base line.
func centred(pdf *gopdf.GoPdf, l sheetLine) error {
	const pointsPerMM = 72 / 25.4
	if err := pdf.SetFont(fontName, "", l.size*pointsPerMM); err != nil {
		return err
	}
	width, err := pdf.MeasureTextWidth(l.words)
	if err != nil {
		return err
	}
	pdf.SetXY((210-width)/2, l.y)
	return pdf.Text(l.words)
}
