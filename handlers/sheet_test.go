package handlers_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"fangxin/handlers"

	_ "image/png"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// streams are the parts of a PDF, unpacked.
func streams(t *testing.T, pdf []byte) []string {
	t.Helper()
	var out []string
	for _, part := range regexp.MustCompile(`(?s)stream\r?\n(.*?)\r?\nendstream`).FindAllSubmatch(pdf, -1) {
		if z, err := zlib.NewReader(bytes.NewReader(part[1])); err == nil {
			text, _ := io.ReadAll(z)
			out = append(out, string(text))
			continue
		}
		out = append(out, string(part[1]))
	}
	return out
}

// textOf reads a PDF's words as who copies them does: glyphs through the table of
// what they mean.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	means, all := map[string]rune{}, streams(t, pdf)
	for _, s := range all {
		for _, m := range regexp.MustCompile(`<([0-9A-Fa-f]{4})> *<[0-9A-Fa-f]{4}> *<([0-9A-Fa-f]{4,8})>`).FindAllStringSubmatch(s, -1) {
			n, _ := strconv.ParseInt(m[2], 16, 32)
			means[strings.ToUpper(m[1])] = rune(n)
		}
	}
	var out strings.Builder
	for _, s := range all {
		for _, shown := range regexp.MustCompile(`\[<([0-9A-Fa-f<> -]+)>\] *TJ`).FindAllStringSubmatch(s, -1) {
			text := regexp.MustCompile(`> *-?\d* *<`).ReplaceAllString(shown[1], "")
			for i := 0; i+4 <= len(text); i += 4 {
				out.WriteRune(means[strings.ToUpper(text[i:i+4])])
			}
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// pictureOf paints what a PDF fills in black, on a page of 210 mm by 297 mm.
func pictureOf(t *testing.T, pdf []byte) image.Image {
	t.Helper()
	const scale = 4 // pixels for a point
	page := image.NewGray(image.Rect(0, 0, 596*scale, 842*scale))
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for _, s := range streams(t, pdf) {
		for _, m := range regexp.MustCompile(`(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) re f`).FindAllStringSubmatch(s, -1) {
			var v [4]float64
			for i := range v {
				v[i], _ = strconv.ParseFloat(m[i+1], 64)
			}
			x0, x1, y0, y1 := v[0], v[0]+v[2], 842-v[1], 842-v[1]-v[3]
			for x := int(min(x0, x1) * scale); x < int(max(x0, x1)*scale); x++ {
				for y := int(min(y0, y1) * scale); y < int(max(y0, y1)*scale); y++ {
					page.SetGray(x, y, color.Gray{})
				}
			}
		}
	}
	return page
}

// bare says that a picture shows a code and nothing else. Of one in two hundred
// codes the reader mistakes other modules for the corners, so those that are drawn
// by lot are read without looking for them.
var bare = map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}

// scanned reads the QR code of a picture as a telephone would.
func scanned(t *testing.T, picture image.Image, hints map[gozxing.DecodeHintType]any) string {
	t.Helper()
	bits, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	out, err := qrcode.NewQRCodeReader().Decode(bits, hints)
	if err != nil {
		t.Fatal(err)
	}
	return out.GetText()
}

// The PDF says what the SVG says, in both languages; its words can be copied and
// its code leads where the other's does; a name too long for the page becomes
// smaller, and one that the font cannot write is refused.
func TestTheSheetAsPDF(t *testing.T) {
	const site = "https://fangxin.example.cn"
	for _, name := range []string{"惠民超市", "䶮鑫㙍镕 A&B <超市>", strings.Repeat("山东省淄博市桓台县索镇", 4)} {
		pdf, err := handlers.ShopSheetPDF(name, "0123456789", site)
		if err != nil {
			t.Fatal(err)
		}
		svg, err := handlers.ShopSheet(name, "0123456789", site)
		if err != nil {
			t.Fatal(err)
		}
		var lines strings.Builder
		for _, m := range regexp.MustCompile(`font-size="([\d.]+)" text-anchor="middle">(.*)</text>`).FindAllStringSubmatch(string(svg), -1) {
			fmt.Fprintln(&lines, strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(m[2]))
			if size, _ := strconv.ParseFloat(m[1], 64); size < 3.5 {
				t.Errorf("%s is %g mm high", m[2], size)
			}
		}
		if got := textOf(t, pdf); got != lines.String() || !strings.Contains(got, name) || strings.Count(got, "\n") != 8 || !strings.Contains(got, "扫码向本店提出投诉") || !strings.Contains(got, "Scan to complain to this shop first") {
			t.Errorf("%q\n%q", got, lines.String())
		}
		if got := scanned(t, pictureOf(t, pdf), nil); got != site+"/s/0123456789" {
			t.Error(got)
		}
		rendered(t, pdf, name, site+"/s/0123456789")
	}
	if _, err := handlers.ShopSheetPDF("惠民🛒超市", "0123456789", site); err == nil || !strings.Contains(err.Error(), "🛒") {
		t.Error(err)
	}
}

// rendered holds the page that a viewer shows, where one is there, to its words
// and its code.
func rendered(t *testing.T, pdf []byte, name, link string) {
	t.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		return
	}
	at := filepath.Join(t.TempDir(), "sheet")
	if err := os.WriteFile(at+".pdf", pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "pdftoppm", "-png", "-r", "100", "-singlefile", at+".pdf", at).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v %s", err, out)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", at+".pdf", "-").Output()
	if err != nil || !strings.Contains(string(text), name) {
		t.Errorf("%s %v", text, err)
	}
	f, err := os.Open(at + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	picture, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if got := scanned(t, picture, nil); got != link {
		t.Error(got)
	}
}
