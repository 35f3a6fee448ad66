package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Receipt is the acknowledgement of a filing: where it stands in the log, the
// commitment to what was filed with its salt, and the clocks that run. A
// signature comes with a later V.
type Receipt struct {
	Case       string         `json:"case"`
	Seq        int64          `json:"seq"`
	Hash       string         `json:"hash"`       // of the event, hexadecimal
	Commitment string         `json:"commitment"` // sha256:…, or "" when nothing was sealed
	Salt       string         `json:"salt"`       // hexadecimal; "" once the person was erased
	At         time.Time      `json:"at"`         // UTC
	Rules      string         `json:"rules"`      // regime of the day
	Clocks     []ReceiptClock `json:"clocks"`
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

// Append appends the receipt in canonical form, so that a later signature has
// one text to stand under.
func (r Receipt) Append(b []byte) []byte {
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
	b = AppendString(append(b, `,"rules":`...), r.Rules)
	b = AppendString(append(b, `,"salt":`...), r.Salt)
	b = AppendInt(append(b, `,"seq":`...), r.Seq)
	return append(AppendInt(append(b, `,"v":`...), int64(r.V)), '}')
}

// MarshalJSON writes the canonical form.
func (r Receipt) MarshalJSON() ([]byte, error) { return r.Append(nil), nil }

// ParseReceipt reads a receipt's file. Blanks and the order of keys do not
// matter, since people open and save such files; unknown keys and broken
// numbers or hashes do.
func ParseReceipt(data []byte) (r Receipt, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, fmt.Errorf("not a receipt: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("not a receipt: there is more after it")
	}
	if r.V != Version {
		return r, fmt.Errorf("receipt of format %d: this program knows format %d", r.V, Version)
	}
	if _, _, _, err := ParseNumber(r.Case); err != nil {
		return r, fmt.Errorf("case %q of the receipt: %w", r.Case, err)
	}
	commitment, salted := strings.CutPrefix(r.Commitment, "sha256:")
	switch {
	case r.Seq < 1 || !hexed(r.Hash, 64):
		return r, errors.New("a receipt names its event, from 1, and the event's hash, 64 hexadecimal digits")
	case r.Commitment != "" && (!salted || !hexed(commitment, 64)):
		return r, errors.New("the commitment of a receipt is sha256: and 64 hexadecimal digits")
	case r.Salt != "" && !hexed(r.Salt, 32):
		return r, errors.New("the salt of a receipt is 32 hexadecimal digits")
	}
	return r, nil
}

// hexed reports whether s is n small hexadecimal digits.
func hexed(s string, n int) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(s) == n && hex.EncodeToString(b) == s
}
