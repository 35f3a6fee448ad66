package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A sealed stream is the STREAM construction (Hoang, Reyhanitabar, Rogaway and
// Vizár, 2015) as age uses it: pieces of 64 KiB, each sealed with AES-256-GCM
// under a nonce that counts the pieces and says of the last one that it is the
// last. So a piece that is changed, left out, repeated or moved does not open,
// nor does a stream that ends early. The key is of one stream only.
const (
	piece   = 64 << 10
	overlap = 16 // of a piece's tag
)

// errStream says that a sealed stream is not as it was written.
var errStream = errors.New("the sealed bytes are not as they were written")

// streamKey makes the key of one stream of a file from the file's own.
func streamKey(file []byte, stream string) ([]byte, error) {
	return hkdf.Key(sha256.New, file, nil, "fangxin file "+stream, 32)
}

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func nonce(n int64, last bool) []byte {
	b := make([]byte, 12)
	binary.BigEndian.PutUint64(b[3:11], uint64(n))
	if last {
		b[11] = 1
	}
	return b
}

// sealer seals what is written to it. Close writes the last piece.
type sealer struct {
	to   io.Writer
	seal cipher.AEAD
	held []byte // a piece is written when it is known not to be the last
	room []byte
	n    int64
}

// newSealer seals to a writer under a key of 32 bytes that seals nothing else.
func newSealer(to io.Writer, key []byte) (*sealer, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	return &sealer{to: to, seal: a, held: make([]byte, 0, piece), room: make([]byte, 0, piece+overlap)}, nil
}

func (w *sealer) Write(p []byte) (int, error) {
	taken := 0
	for len(p) > 0 {
		if len(w.held) == piece {
			if err := w.flush(false); err != nil {
				return taken, err
			}
		}
		n := min(len(p), piece-len(w.held))
		w.held, p, taken = append(w.held, p[:n]...), p[n:], taken+n
	}
	return taken, nil
}

func (w *sealer) flush(last bool) error {
	_, err := w.to.Write(w.seal.Seal(w.room, nonce(w.n, last), w.held, nil))
	w.held, w.n = w.held[:0], w.n+1
	return err
}

// Close writes what is left as the last piece; the writer beneath stays open.
func (w *sealer) Close() error { return w.flush(true) }

// opener opens a sealed stream, from wherever it is asked to.
type opener struct {
	from   io.ReaderAt
	open   cipher.AEAD
	size   int64 // of what was sealed
	pieces int64
	at     int64
	have   int64 // number of the piece in clear, -1 for none
	clear  []byte
	sealed []byte
}

// newOpener reads a stream of so many sealed bytes. That the length is possible
// is checked at once, everything else piece by piece; errStream says that a piece
// is not as it was written.
func newOpener(from io.ReaderAt, sealed int64, key []byte) (*opener, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	pieces := (sealed + piece + overlap - 1) / (piece + overlap)
	r := &opener{from: from, open: a, size: sealed - pieces*overlap, pieces: pieces, have: -1,
		clear: make([]byte, 0, piece), sealed: make([]byte, piece+overlap)}
	if pieces < 1 || r.size < (pieces-1)*piece || pieces > 1 && r.size == (pieces-1)*piece {
		return nil, errStream
	}
	return r, nil
}

// Size is how many bytes were sealed.
func (r *opener) Size() int64 { return r.size }

func (r *opener) load(n int64) error {
	if r.have == n {
		return nil
	}
	r.have = -1
	length := min(piece, r.size-n*piece) + overlap
	got, err := r.from.ReadAt(r.sealed[:length], n*(piece+overlap))
	if int64(got) < length {
		return fmt.Errorf("%w: %v", errStream, err) //nolint:errorlint // an end that comes too early is no end
	}
	if r.clear, err = r.open.Open(r.clear[:0], nonce(n, n == r.pieces-1), r.sealed[:length], nil); err != nil {
		return errStream
	}
	r.have = n
	return nil
}

func (r *opener) Read(p []byte) (int, error) {
	if r.at >= r.size {
		if r.size == 0 { // even nothing is proven
			if err := r.load(0); err != nil {
				return 0, err
			}
		}
		return 0, io.EOF
	}
	n := r.at / piece
	if err := r.load(n); err != nil {
		return 0, err
	}
	taken := copy(p, r.clear[r.at-n*piece:])
	r.at += int64(taken)
	return taken, nil
}

// Seek moves to a place, as io.Seeker says.
func (r *opener) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("before the beginning")
	}
	r.at = offset
	return offset, nil
}
