package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ReceiptVersion is the "v" of receipts. Those of version 1 bore no signature.
const ReceiptVersion = 2

// receiptContext stands before what is signed, so that no signed checkpoint can
// pass for a receipt nor the reverse.
const receiptContext = "fangxin receipt v2\n"

// Receipt is the acknowledgement of a filing: where it stands in the log, the
// commitment to what was filed with its salt, the clocks that ran from then on,
// and the site's signature over all of it. The salt makes whoever holds the
// receipt, and nobody else, able to show what was filed.
type Receipt struct {
	Case       string         `json:"case"`
	Seq        int64          `json:"seq"`
	Hash       string         `json:"hash"`       // of the event, hexadecimal
	Commitment string         `json:"commitment"` // sha256:…
	Salt       string         `json:"salt"`       // 16 bytes, hexadecimal
	At         time.Time      `json:"at"`         // when it was filed, UTC
	Rules      string         `json:"rules"`      // regime of the day
	Clocks     []ReceiptClock `json:"clocks"`
	Site       string         `json:"site"`      // whose log it is: the name of the key
	Key        string         `json:"key"`       // id of the key that signed
	Signature  string         `json:"signature"` // Ed25519, 64 bytes in base64
	V          int            `json:"v"`
}

// ReceiptClock is a deadline as it stood when the receipt was given.
type ReceiptClock struct {
	Code     string     `json:"code"`
	Due      string     `json:"due"`       // the last day in time, the day in China; "" while it waits
	LateFrom *time.Time `json:"late_from"` // the first instant too late; nil while it waits
}

// Waiting reports whether the clock had not begun: it waits for the delivery of
// its notice.
func (c ReceiptClock) Waiting() bool { return c.LateFrom == nil }

// Append appends the receipt in canonical form.
func (r Receipt) Append(b []byte) []byte { return r.write(b, true) }

// Signed is the text that the signature stands under: a line that says what it
// is, and the receipt without the key "signature".
func (r Receipt) Signed() []byte { return r.write([]byte(receiptContext), false) }

func (r Receipt) write(b []byte, signature bool) []byte {
	b = AppendTime(append(b, `{"at":`...), r.At)
	b = AppendString(append(b, `,"case":`...), r.Case)
	b = append(b, `,"clocks":[`...)
	for i, c := range r.Clocks {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(append(b, `{"code":`...), c.Code)
		b = AppendString(append(b, `,"due":`...), c.Due)
		var late time.Time
		if c.LateFrom != nil {
			late = *c.LateFrom
		}
		b = append(AppendTime(append(b, `,"late_from":`...), late), '}')
	}
	b = AppendString(append(b, `],"commitment":`...), r.Commitment)
	b = AppendString(append(b, `,"hash":`...), r.Hash)
	b = AppendString(append(b, `,"key":`...), r.Key)
	b = AppendString(append(b, `,"rules":`...), r.Rules)
	b = AppendString(append(b, `,"salt":`...), r.Salt)
	b = AppendInt(append(b, `,"seq":`...), r.Seq)
	if signature {
		b = AppendString(append(b, `,"signature":`...), r.Signature)
	}
	b = AppendString(append(b, `,"site":`...), r.Site)
	return append(AppendInt(append(b, `,"v":`...), int64(r.V)), '}')
}

// MarshalJSON writes the canonical form.
func (r Receipt) MarshalJSON() ([]byte, error) { return r.Append(nil), nil }

// Sign puts site, key and signature on the receipt. The same receipt under the
// same key gets the same bytes.
func (r *Receipt) Sign(s *Signer) error {
	r.Site, r.Key, r.V = s.Name(), s.ID(), ReceiptVersion
	signature, err := s.Sign(r.Signed())
	r.Signature = base64.StdEncoding.EncodeToString(signature)
	return err
}

// ParseReceipt reads a receipt in its one spelling, of which only a newline at
// the end may differ: what was saved by another program in another layout is
// refused, since its signature could not be told from a forged one.
func ParseReceipt(data []byte) (r Receipt, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	switch err := dec.Decode(&r); {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return r, errors.New("the receipt is cut off")
	case err != nil:
		return r, fmt.Errorf("not a receipt: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("not a receipt: there is more after it")
	}
	if r.V != ReceiptVersion {
		return r, fmt.Errorf("receipt of format %d: this program knows format %d", r.V, ReceiptVersion)
	}
	if _, _, _, err := ParseNumber(r.Case); err != nil {
		return r, fmt.Errorf("case %q of the receipt: %w", r.Case, err)
	}
	if err := r.shape(); err != nil {
		return r, err
	}
	if !bytes.Equal(r.Append(nil), bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))) {
		return r, errors.New("the receipt is not in its one spelling: another program saved it in another layout, or a key is missing or stands twice; fetch it again")
	}
	return r, nil
}

func (r *Receipt) shape() error {
	commitment, salted := strings.CutPrefix(r.Commitment, "sha256:")
	signature, err := base64.StdEncoding.DecodeString(r.Signature)
	switch {
	case r.Seq < 1 || r.At.IsZero() || !hexed(r.Hash, 64):
		return errors.New("a receipt names its instant, its event, from 1, and the event's hash, 64 hexadecimal digits")
	case !salted || !hexed(commitment, 64):
		return errors.New("the commitment of a receipt is sha256: and 64 hexadecimal digits")
	case !hexed(r.Salt, 2*saltSize):
		return errors.New("the salt of a receipt is 32 hexadecimal digits")
	case !hexed(r.Key, 8) || r.Site == "" || r.Site != SiteName(r.Site):
		return errors.New("a receipt names its site and the key that signed, 8 hexadecimal digits")
	case err != nil || len(signature) != 64:
		return errors.New("the signature of a receipt is 64 bytes in base64")
	}
	return nil
}

// saltSize is how long every salt is: were it free, two pairs could give one
// commitment.
const saltSize = 16

// Verify checks the signature and that its key was good when the receipt was
// given. It needs no log: good means that the site gave this receipt as it is.
func (r Receipt) Verify(keys KeyList) error {
	return keys.signed("receipt", r.Site, r.Key, r.At, r.Signed(), r.Signature)
}

// Shows reports whether text, as it was sealed, is what the receipt commits to.
func (r Receipt) Shows(text []byte) bool {
	salt, err := hex.DecodeString(r.Salt)
	return err == nil && Commit(salt, text) == r.Commitment
}

// hexed reports whether s is n small hexadecimal digits.
func hexed(s string, n int) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(s) == n && hex.EncodeToString(b) == s
}
