package ledger_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"fangxin/workflow/ledger"
)

type handover struct {
	list  ledger.Handover
	pages [][]byte
	keys  ledger.KeyList
	file  []byte
}

// newHandover makes a signed file of some pages, an empty one among them.
func newHandover(t testing.TB) *handover {
	t.Helper()
	signer, _, err := ledger.NewSigner("桓台县", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 2, 3, 4, 5000, time.UTC)
	h := &handover{keys: ledger.KeyList{V: 1, Keys: []ledger.PublicKey{{ID: signer.ID(), Key: signer.Public(), From: at.AddDate(0, -1, 0)}}},
		pages: [][]byte{[]byte("目录"), bytes.Repeat([]byte("evidence "), 70), {}}}
	h.list = ledger.Handover{At: at, Case: ledger.Number("HT", 2026, 123), Hash: strings.Repeat("ab", 32), Seq: 9}
	for i, p := range h.pages {
		sum := sha256.Sum256(p)
		h.list.Pages = append(h.list.Pages, ledger.HandoverPage{Name: fmt.Sprintf("pages/%02d.txt", i+1), SHA256: hex.EncodeToString(sum[:]), Size: int64(len(p)), Title: "第" + fmt.Sprint(i+1) + "页"})
	}
	if err := h.list.Sign(signer); err != nil {
		t.Fatal(err)
	}
	h.file = h.write(t)
	return h
}

func (h *handover) open(i int) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(h.pages[i])), nil
}

func (h *handover) write(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ledger.WriteHandover(&b, h.list, h.open); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (h *handover) check(file []byte) (ledger.Handover, error) {
	return ledger.CheckHandover(bytes.NewReader(file), int64(len(file)), h.keys)
}

// Any program opens the file; changed in any one byte, cut off anywhere or with
// something behind it, it is refused.
func TestAHandoverChangedInAnyByteIsRefused(t *testing.T) {
	h := newHandover(t)
	got, err := h.check(h.file)
	if err != nil || got.Case != h.list.Case || len(got.Pages) != 3 {
		t.Fatal(got, err)
	}
	z, err := zip.NewReader(bytes.NewReader(h.file), int64(len(h.file)))
	if err != nil || len(z.File) != 4 || z.File[0].Name != ledger.HandoverList {
		t.Fatal(err)
	}
	for i := range h.file {
		for _, flip := range []byte{1, 0x20, 0x80} {
			changed := bytes.Clone(h.file)
			changed[i] ^= flip
			if _, err := h.check(changed); err == nil {
				t.Fatalf("byte %d of %d changed by %#x passes", i, len(h.file), flip)
			}
		}
		if _, err := h.check(h.file[:i]); err == nil {
			t.Fatalf("cut off at %d it passes", i)
		}
	}
	for _, more := range []string{"x", "\x00", string(h.file)} {
		if _, err := h.check(append(bytes.Clone(h.file), more...)); err == nil {
			t.Errorf("with %.10q behind it, it passes", more)
		}
		if _, err := h.check(append([]byte(more), h.file...)); err == nil {
			t.Errorf("with %.10q before it, it passes", more)
		}
	}
}

// A page that is not what the list says is not written, nor is a page out of its
// folder read; another site's key, or none, is no signature.
func TestAHandoverIsOfItsPagesAndKey(t *testing.T) {
	h := newHandover(t)
	h.pages[1] = append(h.pages[1], 'x')
	var b bytes.Buffer
	if err := ledger.WriteHandover(&b, h.list, h.open); err == nil || b.Len() != 0 {
		t.Errorf("a page that grew: %v, %d bytes written", err, b.Len())
	}
	h = newHandover(t)
	other, _, _ := ledger.NewSigner("桓台县", bytes.Repeat([]byte{8}, 32))
	strange := h.list
	if err := strange.Sign(other); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(l *ledger.Handover){
		"another key":   func(l *ledger.Handover) { *l = strange },
		"no signature":  func(l *ledger.Handover) { l.Signature = "" },
		"another case":  func(l *ledger.Handover) { l.Case = ledger.Number("HT", 2026, 124) },
		"another title": func(l *ledger.Handover) { l.Pages[0].Title = "x" },
		"out of folder": func(l *ledger.Handover) { l.Pages[0].Name = "../x" },
		"twice":         func(l *ledger.Handover) { l.Pages[0].Name = l.Pages[1].Name },
	} {
		forged := newHandover(t)
		forged.list.Pages = append([]ledger.HandoverPage(nil), forged.list.Pages...)
		change(&forged.list)
		if name == "out of folder" || name == "twice" { // rightly signed, and still refused
			signer, _, _ := ledger.NewSigner("桓台县", bytes.Repeat([]byte{7}, 32))
			if err := forged.list.Sign(signer); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.check(forged.write(t)); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	late := newHandover(t)
	late.keys.Keys[0].Revoked = late.list.At
	if _, err := late.check(late.file); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("a revoked key: %v", err)
	}
}

// The bytes of a hand-over file are the same on every machine and with every
// version of Go: those who check it write it again.
func TestAHandoverIsTheSameBytes(t *testing.T) {
	if sum := fmt.Sprintf("%x", sha256.Sum256(newHandover(t).file)); sum != goldenHandover {
		t.Errorf("%s, not %s", sum, goldenHandover)
	}
}

const goldenHandover = "2a91f6522d8c6d65a91df123d1096c1d22df7163d07e3eb1de89e7954c04913e"
