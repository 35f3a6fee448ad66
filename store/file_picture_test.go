package store

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"testing"
)

func zipped(name, text string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, _ := w.Create(name)
	_, _ = f.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

// Every kind is known by what it holds, and what is not taken is named for what
// it is.
func TestKinds(t *testing.T) {
	box := func(brand string) []byte {
		return append([]byte("\x00\x00\x00\x18ftyp"+brand+"\x00\x00\x00\x00"+brand+"mp42"), make([]byte, 64)...)
	}
	var jpg, pngs bytes.Buffer
	_ = jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 2, 2)), nil)
	_ = png.Encode(&pngs, image.NewGray(image.Rect(0, 0, 2, 2)))
	for name, head := range map[string][]byte{
		"jpeg": jpg.Bytes(), "png": pngs.Bytes(), "webp": []byte("RIFF\x24\x00\x00\x00WEBPVP8 "), "heic": box("heic"), "pdf": []byte("%PDF-1.4\n"),
		"mp3": append([]byte("ID3\x03\x00\x00\x00\x00\x00\x0a"), make([]byte, 64)...), "m4a": box("M4A "), "aac": {0xFF, 0xF1, 0x50, 0x80, 0, 0}, "amr": []byte("#!AMR\n\x3c"),
		"wav": []byte("RIFF\x24\x00\x00\x00WAVEfmt "), "ogg": append([]byte("OggS\x00\x02"), append(make([]byte, 22), []byte("\x01vorbis")...)...), "mp4": box("isom"), "mov": box("qt  "),
		"webm": []byte("\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"), "3gp": box("3gp4"),
	} {
		if k, family, ok := fileKindOf(head); !ok || k.Name != name || FileKindOf(name).Media != k.Media {
			t.Errorf("%s is %q %q", name, k.Name, family)
		}
	}
	for family, head := range map[string][]byte{
		"drawing": []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`), "page": []byte("<!DOCTYPE html><html><script>"),
		"office": zipped("word/document.xml", "<w/>"), "archive": zipped("a.txt", "a"), "program": []byte("\x7fELF\x02\x01\x01" + string(make([]byte, 60))),
		"picture": []byte("GIF89a\x01\x00\x01\x00"), "text": []byte("just words"), "other": {0, 1, 2, 3, 0xFE, 0xFF, 0x80},
	} {
		if k, got, ok := fileKindOf(head); ok || got != family {
			t.Errorf("%s: %q %q", family, k.Name, got)
		}
	}
	if _, family, ok := fileKindOf([]byte("MZ\x90\x00\x03")); ok || family != "program" {
		t.Error(family)
	}
}

// exif puts an orientation and a place, as a telephone writes them, into a JPEG.
func exif(picture []byte, orientation uint16, order binary.AppendByteOrder, mark string) []byte {
	t := []byte(mark)
	t = order.AppendUint32(t, 8)
	t = order.AppendUint16(t, 2)
	for _, e := range [][3]uint16{{0x010F, 2, 0}, {0x0112, 3, orientation}} {
		t = order.AppendUint16(order.AppendUint16(t, e[0]), e[1])
		t = order.AppendUint32(t, 1)
		t = order.AppendUint16(order.AppendUint16(t, e[2]), 0)
	}
	t = append(order.AppendUint32(t, 0), "GPS 36.9621N 118.1003E Huawei"...)
	segment := append([]byte("\xFF\xE1\x00\x00Exif\x00\x00"), t...)
	binary.BigEndian.PutUint16(segment[2:], uint16(len(segment)-2))
	return append(append(append([]byte{}, picture[:2]...), segment...), picture[2:]...)
}

// corners is a picture with another colour in each corner.
func corners(w, h int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{A: 255}
			if x < w/2 {
				c.R = 255
			}
			if y < h/2 {
				c.B = 255
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

// A picture comes back upright, however it was held, in two sizes, and with
// nothing but pixels.
func TestPicturesAreMadeAnew(t *testing.T) {
	for o := 1; o <= 8; o++ {
		upright := corners(64, 32)
		// the inverse of each turn is itself, but 6 and 8 are each other's
		back := map[int]int{6: 8, 8: 6}[o]
		if back == 0 {
			back = o
		}
		taken := turn(upright, back)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, taken, &jpeg.Options{Quality: 95}); err != nil {
			t.Fatal(err)
		}
		for order, mark := range map[binary.AppendByteOrder]string{binary.LittleEndian: "II*\x00", binary.BigEndian: "MM\x00*"} {
			file := append(exif(b.Bytes(), uint16(o), order, mark), "<script>alert(1)</script>PK\x03\x04"...)
			got, err := render(context.Background(), "jpeg", bytes.NewReader(file))
			if err != nil || got.Width != 64 || got.Height != 32 {
				t.Fatalf("%d %s: %v %dx%d", o, mark, err, got.Width, got.Height)
			}
			for _, out := range [][]byte{got.Big, got.Small} {
				for _, trace := range []string{"Exif", "GPS", "Huawei", "script", "PK\x03\x04"} {
					if bytes.Contains(out, []byte(trace)) {
						t.Errorf("%d: %q is still in it", o, trace)
					}
				}
			}
			p, err := jpeg.Decode(bytes.NewReader(got.Big))
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []image.Point{{8, 8}, {56, 8}, {8, 24}, {56, 24}} {
				r, _, b, _ := p.At(at.X, at.Y).RGBA()
				wr, _, wb, _ := upright.At(at.X, at.Y).RGBA()
				if (r > 0x8000) != (wr > 0x8000) || (b > 0x8000) != (wb > 0x8000) {
					t.Errorf("orientation %d: %v is not upright", o, at)
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for _, x := range []struct{ is, big image.Point }{{image.Pt(4000, 3000), image.Pt(1600, 1200)}, {image.Pt(3000, 4000), image.Pt(1200, 1600)}, {image.Pt(800, 600), image.Pt(800, 600)},
		{image.Pt(1080, 10_000), image.Pt(1080, 10_000)}, {image.Pt(2160, 20_000), image.Pt(1080, 10_000)}, {image.Pt(1, 45_000), image.Pt(1, 20_000)}} {
		if got := fit(x.is, bigSide, stripSide); got != x.big {
			t.Errorf("%v becomes %v", x.is, got)
		}
	}
}

// claiming is a PNG that says it has so many pixels and holds none.
func claiming(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, w), h)
	b = append(b, 8, 6, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

// What claims too many pixels is refused before memory is taken for them; what is
// brokenDisk, animated or nothing at all is refused too, and never a panic.
func TestBombsAndBrokenPictures(t *testing.T) {
	for _, x := range [][2]uint32{{30_000, 30_000}, {65_535, 65_535}, {50_000_001, 1}, {1, 50_000_001}, {0x7FFFFFFF, 1}} {
		before := testing.AllocsPerRun(1, func() {
			if _, err := render(context.Background(), "png", bytes.NewReader(claiming(x[0], x[1]))); !errors.Is(err, errPixels) && !errors.Is(err, errPicture) {
				t.Errorf("%v: %v", x, err)
			}
		})
		if before > 200 {
			t.Errorf("%v: %v allocations", x, before)
		}
	}
	if _, err := render(context.Background(), "png", bytes.NewReader(claiming(30_000, 30_000))); !errors.Is(err, errPixels) {
		t.Error(err)
	}
	animated := append([]byte("RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x01\x00\x00ANIM\x06\x00\x00\x00"), make([]byte, 64)...)
	var whole bytes.Buffer
	_ = jpeg.Encode(&whole, corners(400, 400), nil)
	for name, x := range map[string]struct {
		kind string
		data []byte
	}{"nothing": {"jpeg", nil}, "a header and a script": {"jpeg", []byte("\xFF\xD8\xFF\xE0<script>alert(1)</script>")}, "cut": {"jpeg", whole.Bytes()[:whole.Len()/2]},
		"animated": {"webp", animated}, "no heic": {"heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")}, "no picture": {"pdf", []byte("%PDF-1.4")}} {
		if _, err := render(context.Background(), x.kind, bytes.NewReader(x.data)); !errors.Is(err, errPicture) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A fault of the disk is not the picture's.
func TestAFaultOfTheDiskIsNotThePictures(t *testing.T) {
	_, err := render(context.Background(), "jpeg", &brokenDisk{})
	if !errors.Is(err, errStream) || errors.Is(err, errPicture) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := render(ctx, "jpeg", bytes.NewReader([]byte("\xFF\xD8"))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type brokenDisk struct{}

func (*brokenDisk) Read([]byte) (int, error)       { return 0, errStream }
func (*brokenDisk) Seek(int64, int) (int64, error) { return 0, nil }

var _ io.ReadSeeker = (*brokenDisk)(nil)

func FuzzOrientation(f *testing.F) {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, corners(8, 8), nil)
	f.Add(exif(b.Bytes(), 6, binary.LittleEndian, "II*\x00"))
	f.Add(exif(b.Bytes(), 3, binary.BigEndian, "MM\x00*"))
	f.Fuzz(func(t *testing.T, head []byte) {
		if o := orientationOf(head); o < 1 || o > 8 {
			t.Errorf("%d", o)
		}
	})
}

// What an iPhone takes is read too, by libheif in its sandbox.
func TestHEIC(t *testing.T) {
	data, err := os.ReadFile("testdata/photo.heic")
	if err != nil {
		t.Fatal(err)
	}
	if k, _, ok := fileKindOf(data); !ok || k.Name != "heic" {
		t.Fatalf("it is %q", k.Name)
	}
	got, err := render(context.Background(), "heic", bytes.NewReader(data))
	if err != nil || got.Width < 100 || len(got.Small) == 0 {
		t.Errorf("%dx%d %v", got.Width, got.Height, err)
	}
}
