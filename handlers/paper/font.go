package paper

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Noto Serif SC for what a paper says and Noto Sans SC for its headings, both
// under the Open Font License (fonts/OFL.txt), cut by ../fonts/subset.py.
var (
	//go:embed fonts/NotoSerifSC-Regular.ttf.gz
	serifPacked []byte
	//go:embed fonts/NotoSansSC-Bold.ttf.gz
	boldPacked []byte
)

// face is a font: its letters, and how wide they are.
type face struct {
	name string
	data []byte
	font *sfnt.Font
}

// The fonts are unpacked when the first paper is drawn: 7.7 MB of the binary, 13 MB
// of memory.
var (
	serif = sync.OnceValues(func() (*face, error) { return unpack("serif", serifPacked) })
	bold  = sync.OnceValues(func() (*face, error) { return unpack("bold", boldPacked) })
)

// Unpack gives a font as it was before gzip.
func Unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func unpack(name string, packed []byte) (*face, error) {
	data, err := Unpack(packed)
	if err != nil {
		return nil, err
	}
	f, err := sfnt.Parse(data)
	return &face{name, data, f}, err
}

// width is how wide a character is, in parts of the font's size; false when the
// font has none.
func (f *face) width(r rune) (float64, bool) {
	var b sfnt.Buffer
	i, err := f.font.GlyphIndex(&b, r)
	if err != nil || i == 0 {
		return 0, false
	}
	em := fixed.Int26_6(f.font.UnitsPerEm())
	w, err := f.font.GlyphAdvance(&b, i, em, font.HintingNone)
	return float64(w) / float64(em), err == nil
}

func (f *face) has(text string) bool {
	for _, r := range text {
		if _, ok := f.width(r); !ok {
			return false
		}
	}
	return true
}
