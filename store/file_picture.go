package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"github.com/gen2brain/heic"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// What a picture may be and what becomes of it, in pixels.
const (
	MostPixels  = 50_000_000
	bigSide     = 1600 // longest side of the picture that is kept
	smallSide   = 320  // and of the one for lists
	stripSide   = 1080 // short side of a strip: a long screenshot stays legible
	jpegQuality = 85
	headroom    = 256 << 10 // where a camera says how it was held
)

var (
	// errPixels says that a picture has more than MostPixels.
	errPixels = errors.New("a picture of too many pixels")
	// errPicture says that a picture cannot be read: broken, or of a kind within its kind (animated WebP).
	errPicture = errors.New("a picture that cannot be read")
)

// rendered is a picture made anew from pixels: JPEG, upright, with nothing that a
// camera wrote beside them.
type rendered struct {
	Big, Small    []byte
	Width, Height int // of Big
}

// decoding bounds how many pictures are in memory at once: one of twelve
// megapixels takes some hundred megabytes.
var decoding = make(chan struct{}, 2)

// picturePatience is how long one picture may take; an honest one of the largest size
// takes three seconds, and HEIC ten.
const picturePatience = 30 * time.Second

// render makes the two pictures. It asks for the size before it takes memory for
// the pixels. errPixels and errPicture are the file's fault, errStream the
// disk's, anything else the caller's context.
func render(ctx context.Context, kind string, from io.ReadSeeker) (rendered, error) {
	select {
	case decoding <- struct{}{}:
	case <-ctx.Done():
		return rendered{}, ctx.Err()
	}
	defer func() { <-decoding }()
	ctx, cancel := context.WithTimeout(ctx, picturePatience)
	defer cancel()
	source := &timely{ctx: ctx, from: from}
	picture, err := decodePicture(kind, source)
	switch {
	case source.fault != nil && !errors.Is(source.fault, context.DeadlineExceeded):
		return rendered{}, source.fault
	case errors.Is(err, errPixels):
		return rendered{}, err
	case err != nil:
		return rendered{}, fmt.Errorf("%w: %w", errPicture, err)
	}
	return picture.render()
}

// timely ends the reading when time is up, and keeps a fault of the disk apart
// from a fault of the picture. A decoder that is fed a picture of a hundred
// thousand passes reads again and again, and so ends.
type timely struct {
	ctx   context.Context
	from  io.ReadSeeker
	fault error
}

func (w *timely) Read(p []byte) (int, error) {
	if w.fault == nil {
		w.fault = w.ctx.Err()
	}
	if w.fault != nil {
		return 0, w.fault
	}
	n, err := w.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.fault = err
	}
	return n, err
}

type decoded struct {
	image.Image
	orientation int
}

// decoders read one kind each.
var decoders = map[string]struct {
	size func(io.Reader) (image.Config, error)
	read func(io.Reader) (image.Image, error)
}{"jpeg": {jpeg.DecodeConfig, jpeg.Decode}, "png": {png.DecodeConfig, png.Decode}, "webp": {webp.DecodeConfig, webp.Decode}, "heic": {heic.DecodeConfig, heic.Decode}}

func decodePicture(kind string, from *timely) (d decoded, err error) {
	defer func() { // of a decoder: other people's code on other people's bytes
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: the decoder broke down", errPicture)
		}
	}()
	with, ok := decoders[kind]
	if !ok {
		return d, fmt.Errorf("%w: %s is no picture", errPicture, kind)
	}
	if kind == "heic" && heic.Dynamic() == nil { // the system's own library, in no sandbox: the build lacks -tags nodynamic
		return d, fmt.Errorf("%w: not with a library outside its sandbox", errPicture)
	}
	head, err := io.ReadAll(io.LimitReader(from, headroom))
	if err != nil {
		return d, err
	}
	again := func() (io.Reader, error) {
		_, err := from.from.Seek(0, io.SeekStart)
		return bufio.NewReader(from), err
	}
	r, err := again()
	if err != nil {
		return d, err
	}
	cfg, err := with.size(r)
	if err != nil {
		return d, err
	}
	if most := mostPixels(cfg); cfg.Width < 1 || cfg.Height < 1 || cfg.Width > most || cfg.Height > most/cfg.Width {
		return d, errPixels
	}
	if r, err = again(); err != nil {
		return d, err
	}
	d.orientation = 1
	if kind == "jpeg" { // libheif turns by itself; no camera writes the others
		d.orientation = orientationOf(head)
	}
	d.Image, err = with.read(r)
	return d, err
}

// mostPixels halves what is taken where a pixel takes twice the room.
func mostPixels(cfg image.Config) int {
	switch cfg.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		return MostPixels / 2
	}
	return MostPixels
}

func (d decoded) render() (rendered, error) {
	big := turn(shrink(d.Image, fit(d.Bounds().Size(), bigSide, stripSide)), d.orientation)
	small := shrink(big, fit(big.Bounds().Size(), smallSide, smallSide/4))
	out := rendered{Width: big.Bounds().Dx(), Height: big.Bounds().Dy()}
	for _, x := range []struct {
		from *image.RGBA
		to   *[]byte
	}{{big, &out.Big}, {small, &out.Small}} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, x.from, &jpeg.Options{Quality: jpegQuality}); err != nil {
			return out, err
		}
		*x.to = b.Bytes()
	}
	return out, nil
}

// fit is the size that a picture gets: within a square of side, but what is more
// than twice as long as wide no narrower than strip, since what is written on it is why it was sent. Never
// larger than it is.
func fit(is image.Point, side, strip int) image.Point {
	long, short := max(is.X, is.Y), min(is.X, is.Y)
	num, den := side, long
	if long > 2*short && short*side < strip*long {
		num, den = min(strip, short), short
	}
	const longest = 20_000 // of a strip: what JPEG and browsers take
	if long*num > longest*den {
		num, den = longest, long
	}
	if num >= den {
		return is
	}
	return image.Pt(max(1, is.X*num/den), max(1, is.Y*num/den))
}

// shrink scales onto white: JPEG has no transparency.
func shrink(from image.Image, to image.Point) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: to})
	op := draw.Src
	if o, ok := from.(interface{ Opaque() bool }); !ok || !o.Opaque() {
		draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
		op = draw.Over
	}
	if to == from.Bounds().Size() {
		draw.Draw(out, out.Bounds(), from, from.Bounds().Min, op)
		return out
	}
	draw.BiLinear.Scale(out, out.Bounds(), from, from.Bounds(), op, nil)
	return out
}

// turn puts a picture upright; orientation is as EXIF counts.
func turn(from *image.RGBA, orientation int) *image.RGBA {
	w, h := from.Bounds().Dx(), from.Bounds().Dy()
	// where a pixel of the upright picture lies in the one that was taken
	at, swap := map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	}[orientation], orientation >= 5
	if at == nil {
		return from
	}
	size := image.Pt(w, h)
	if swap {
		size = image.Pt(h, w)
	}
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			fx, fy := at(x, y)
			copy(out.Pix[out.PixOffset(x, y):][:4], from.Pix[from.PixOffset(fx, fy):])
		}
	}
	return out
}
