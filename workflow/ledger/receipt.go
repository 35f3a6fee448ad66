package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
)

// Receipt is the acknowledgement of a filing: where it stands in the log, the
// commitment to what was filed with its salt, and the clocks that run. A
// signature comes with a later V.
type Receipt struct {
	Case       string         `json:"case"`
	Seq        int64          `json:"seq"`
	Hash       string         `json:"hash"`       // of the event, hexadecimal
	Commitment string         `json:"commitment"` // sha256:…
	Salt       string         `json:"salt"`       // hexadecimal
	At         time.Time      `json:"at"`
	Rules      string         `json:"rules"`
	Clocks     []ReceiptClock `json:"clocks"`
	V          int            `json:"v"`
}

// ReceiptClock is a deadline as it stood when the receipt was given.
type ReceiptClock struct {
	Code     string     `json:"code"`
	Due      string     `json:"due"` // the last day in time
	LateFrom *time.Time `json:"late_from"`
}

// ParseReceipt reads a receipt's file.
func ParseReceipt(data []byte) (r Receipt, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, err
	}
	if r.Case == "" || r.Seq < 1 || len(r.Hash) != 64 {
		return r, errors.New("a receipt names case, event and hash")
	}
	return r, nil
}
