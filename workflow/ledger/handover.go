package ledger

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"
)

// HandoverVersion is the "v" of hand-over files.
const HandoverVersion = 1

// handoverContext stands before what is signed.
const handoverContext = "fangxin handover v1\n"

// HandoverList is the name of the list in a hand-over file: it comes first.
const HandoverList = "handover.json"

// Handover is the list of a hand-over file: which case, as of which event of its
// log, and every page with its digest, under the site's signature. A page is a
// file in the ZIP.
type Handover struct {
	At        time.Time // of the event, UTC
	Case      string
	Hash      string // of the event, hexadecimal: all that came before is under it
	Key       string // id of the key that signed
	Pages     []HandoverPage
	Seq       int64
	Signature string // Ed25519, 64 bytes in base64
	Site      string
	V         int
}

// HandoverPage is one file of a hand-over file.
type HandoverPage struct {
	Name   string `json:"name"`   // within the ZIP: letters, digits, - . / and no way out
	SHA256 string `json:"sha256"` // hexadecimal
	Size   int64  `json:"size"`   // bytes
	Title  string `json:"title"`
}

// Append appends the list in canonical form.
func (h Handover) Append(b []byte) []byte { return h.write(b, true) }

// Signed is the text that the signature stands under.
func (h Handover) Signed() []byte { return h.write([]byte(handoverContext), false) }

func (h Handover) write(b []byte, signature bool) []byte {
	b = AppendTime(append(b, `{"at":`...), h.At)
	b = AppendString(append(b, `,"case":`...), h.Case)
	b = AppendString(append(b, `,"hash":`...), h.Hash)
	b = AppendString(append(b, `,"key":`...), h.Key)
	b = append(b, `,"pages":[`...)
	for i, p := range h.Pages {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(append(b, `{"name":`...), p.Name)
		b = AppendString(append(b, `,"sha256":`...), p.SHA256)
		b = AppendInt(append(b, `,"size":`...), p.Size)
		b = append(AppendString(append(b, `,"title":`...), p.Title), '}')
	}
	b = AppendInt(append(b, `],"seq":`...), h.Seq)
	if signature {
		b = AppendString(append(b, `,"signature":`...), h.Signature)
	}
	b = AppendString(append(b, `,"site":`...), h.Site)
	return append(AppendInt(append(b, `,"v":`...), int64(h.V)), '}')
}

// Sign puts site, key and signature on the list.
func (h *Handover) Sign(s *Signer) error {
	h.Site, h.Key, h.V = s.Name(), s.ID(), HandoverVersion
	signature, err := s.Sign(h.Signed())
	h.Signature = base64.StdEncoding.EncodeToString(signature)
	return err
}

// parseHandover reads a list in its one spelling.
func parseHandover(data []byte) (h Handover, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return h, fmt.Errorf("%s does not read: %s", HandoverList, strings.TrimPrefix(err.Error(), "json: "))
	}
	if h.V != HandoverVersion {
		return h, fmt.Errorf("hand-over file of format %d: this program knows format %d", h.V, HandoverVersion)
	}
	if _, _, _, err := ParseNumber(h.Case); err != nil {
		return h, fmt.Errorf("case %q of the hand-over file: %w", h.Case, err)
	}
	signature, wrong := base64.StdEncoding.DecodeString(h.Signature)
	switch {
	case h.Seq < 1 || h.At.IsZero() || !hexed(h.Hash, 64) || !hexed(h.Key, 8) || wrong != nil || len(signature) != 64:
		return h, errors.New("a hand-over file names its instant, its event and the event's hash, the key that signed and its signature")
	case !bytes.Equal(h.Append(nil), data):
		return h, fmt.Errorf("%s is not in its one spelling: another program saved it in another layout", HandoverList)
	}
	seen := map[string]bool{HandoverList: true}
	for _, p := range h.Pages {
		if seen[p.Name] || !pageName(p.Name) || !hexed(p.SHA256, 64) || p.Size < 0 {
			return h, fmt.Errorf("page %q of the hand-over file is named twice, or not as pages are", p.Name)
		}
		seen[p.Name] = true
	}
	return h, nil
}

// pageName: it can be unpacked anywhere without leaving its folder.
func pageName(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if part == "" || strings.Trim(part, ".") == "" {
			return false
		}
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == ""
}

// handoverDate is 1980-01-01, the date of every entry: a ZIP cannot leave it out.
const handoverDate = 1<<5 | 1

// WriteHandover writes a hand-over file: the list, then its pages in order, stored
// and not packed, so that the list alone determines every byte. open gives a page,
// twice; one that is not what the list says is an error before anything is written.
func WriteHandover(w io.Writer, h Handover, open func(page int) (io.ReadCloser, error)) error {
	sums := make([]uint32, len(h.Pages))
	for i := range h.Pages {
		if err := func() error {
			r, err := open(i)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			sums[i], err = h.Pages[i].check(r)
			return err
		}(); err != nil {
			return fmt.Errorf("page %s: %w", h.Pages[i].Name, err)
		}
	}
	z := zip.NewWriter(w)
	list := h.Append(nil)
	if err := store(z, HandoverList, int64(len(list)), crc32.ChecksumIEEE(list), bytes.NewReader(list)); err != nil {
		return err
	}
	for i, p := range h.Pages {
		r, err := open(i)
		if err != nil {
			return err
		}
		err = errors.Join(store(z, p.Name, p.Size, sums[i], r), r.Close())
		if err != nil {
			return fmt.Errorf("page %s: %w", p.Name, err)
		}
	}
	return z.Close()
}

// check reads a page to its end and holds it against its digest.
func (p *HandoverPage) check(r io.Reader) (uint32, error) {
	sum, crc := sha256.New(), crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(sum, crc), io.LimitReader(r, p.Size+1))
	switch {
	case err != nil:
		return 0, err
	case n != p.Size:
		return 0, fmt.Errorf("it has not the %d bytes of the list", p.Size)
	case hex.EncodeToString(sum.Sum(nil)) != p.SHA256:
		return 0, errors.New("its digest is not that of the list: it was changed")
	}
	return crc.Sum32(), nil
}

func store(z *zip.Writer, name string, size int64, crc uint32, r io.Reader) error {
	head := &zip.FileHeader{Name: name, Method: zip.Store, CreatorVersion: 20, ReaderVersion: 20, CRC32: crc, CompressedSize64: uint64(size), UncompressedSize64: uint64(size)}
	head.ModifiedDate = handoverDate //nolint:staticcheck // the old field alone: no extra field follows the name
	w, err := z.CreateRaw(head)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	return err
}

// listMost bounds the list of a hand-over file, bytes.
const listMost = 4 << 20

// CheckHandover opens a hand-over file and refuses it when anything in it differs
// from what the site signed: the signature, every digest, and every byte between
// the pages. It needs no log.
func CheckHandover(r io.ReaderAt, size int64, keys KeyList) (Handover, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return Handover{}, fmt.Errorf("not a hand-over file: %w", err)
	}
	if len(z.File) == 0 || z.File[0].Name != HandoverList || z.File[0].Method != zip.Store || z.File[0].UncompressedSize64 > listMost {
		return Handover{}, fmt.Errorf("not a hand-over file: it does not begin with %s", HandoverList)
	}
	data, err := readAll(z.File[0])
	if err != nil {
		return Handover{}, fmt.Errorf("%s does not read: %w", HandoverList, err)
	}
	h, err := parseHandover(data)
	if err != nil {
		return h, err
	}
	if err := keys.signed("hand-over file", h.Site, h.Key, h.At, h.Signed(), h.Signature); err != nil {
		return h, err
	}
	if len(z.File) != len(h.Pages)+1 {
		return h, fmt.Errorf("the list names %d pages, and %d are there", len(h.Pages), len(z.File)-1)
	}
	for i, p := range h.Pages {
		if f := z.File[i+1]; f.Name != p.Name || f.Method != zip.Store || f.UncompressedSize64 != uint64(p.Size) {
			return h, fmt.Errorf("page %d is %q, and the list names %q", i+1, f.Name, p.Name)
		}
	}
	same := &comparer{with: r}
	err = WriteHandover(same, h, func(i int) (io.ReadCloser, error) { return z.File[i+1].Open() })
	if err == nil && same.at != size {
		err = errDiffers
	}
	return h, err
}

func readAll(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(io.LimitReader(r, listMost))
}

var errDiffers = errors.New("between its pages the file is not as the site wrote it: something was changed, added or cut off")

// comparer takes what a file should be and compares it with what it is.
type comparer struct {
	with io.ReaderAt
	at   int64
	buf  []byte
}

func (c *comparer) Write(p []byte) (int, error) {
	if len(c.buf) < len(p) {
		c.buf = make([]byte, len(p))
	}
	n, _ := c.with.ReadAt(c.buf[:len(p)], c.at)
	if n < len(p) || !bytes.Equal(c.buf[:n], p) {
		return 0, errDiffers
	}
	c.at += int64(n)
	return n, nil
}
