package store

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

func sealed(t interface{ Fatal(...any) }, key, text []byte) []byte {
	var out bytes.Buffer
	w, err := newSealer(&out, key)
	if err != nil {
		t.Fatal(err)
	}
	for p := text; len(p) > 0; { // in uneven bits
		n := min(len(p), 1+len(p)/3)
		if _, err := w.Write(p[:n]); err != nil {
			t.Fatal(err)
		}
		p = p[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func opened(key, box []byte) ([]byte, error) {
	r, err := newOpener(bytes.NewReader(box), int64(len(box)), key)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Any length comes back as it was, from any place; whatever is done to the sealed
// bytes, they do not open.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key")
		size := rapid.OneOf(rapid.IntRange(0, 5*piece), rapid.SampledFrom([]int{0, 1, piece - 1, piece, piece + 1, 2 * piece, 3 * piece})).Draw(t, "size")
		text := bytes.Repeat([]byte("0123456789abcdefg"), size/17+1)[:size]
		box := sealed(t, key, text)
		got, err := opened(key, box)
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		r, _ := newOpener(bytes.NewReader(box), int64(len(box)), key)
		from := rapid.IntRange(0, size).Draw(t, "from")
		if _, err := r.Seek(int64(from), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if got, err = io.ReadAll(r); err != nil || !bytes.Equal(got, text[from:]) {
			t.Fatalf("from %d of %d: %v", from, size, err)
		}
		bad := bytes.Clone(box)
		switch what := rapid.SampledFrom([]string{"flip", "cut", "cut a piece", "swap", "repeat", "leave out", "add"}).Draw(t, "what"); {
		case what == "flip":
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case what == "cut":
			bad = bad[:rapid.IntRange(0, len(bad)-1).Draw(t, "to")]
		case what == "add":
			bad = append(bad, rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "more")...)
		case len(bad) <= piece+overlap:
			bad = bad[1:]
		case what == "cut a piece":
			bad = bad[:(len(bad)-1)/(piece+overlap)*(piece+overlap)]
		case what == "repeat":
			bad = append(bytes.Clone(bad[:piece+overlap]), bad...)
		case what == "leave out":
			bad = bad[piece+overlap:]
		case len(bad) >= 2*(piece+overlap):
			copy(bad, box[piece+overlap:2*(piece+overlap)])
			copy(bad[piece+overlap:], box[:piece+overlap])
		default:
			bad = bad[1:]
		}
		if got, err := opened(key, bad); !errors.Is(err, errStream) {
			t.Fatalf("%d bytes opened: %v", len(got), err)
		}
	})
}

// Every stream of a file has a key of its own: the counted nonces repeat.
func TestStreamsHaveTheirOwnKeys(t *testing.T) {
	file := make([]byte, 32)
	a, _ := streamKey(file, "big")
	b, _ := streamKey(file, "small")
	box := sealed(t, a, []byte("text"))
	if _, err := opened(b, box); !errors.Is(err, errStream) || bytes.Equal(a, b) {
		t.Fatal(err)
	}
}
