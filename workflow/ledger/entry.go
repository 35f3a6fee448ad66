package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Raw is text that is canonical already; Append takes it as it is. Who makes it
// answers for it: Canonical tells.
type Raw []byte

// Version is the version of the format, the "v" of entries, blocks and receipts.
const Version = 1

// Entry is the frame of an event as it is hashed. What the event did is in Data,
// which this package does not interpret.
type Entry struct {
	Actor    string    // role and stable id, never a person
	At       time.Time // when the engine recorded it, UTC, whole microseconds
	Case     string    // the case's number
	Data     Raw       // a canonical object; nil is {}
	Event    string
	ID       string    // row of the procedure's table
	LawfulAt time.Time // of an expiry: the first instant too late; zero is null
	Rules    string    // regime of the day
	Seq      int64     // place in the case's chain, from 1
	V        int       // Version
}

// Append appends the entry's one line, keys in byte order. It allocates nothing
// but room in b. Its texts are Clean and Seq is within MaxInt: the engine has
// seen to that at the edge.
func (e Entry) Append(b []byte) []byte {
	b, _ = e.append(b)
	return b
}

// Form is the entry with a gap where its case stands; Case is empty. Texts of a
// filing are made before it has its number.
func (e Entry) Form(b []byte) Form {
	b, gap := e.append(b)
	return Form{b, gap}
}

func (e Entry) append(b []byte) (_ []byte, gap int) {
	b = AppendString(append(b, `{"actor":`...), e.Actor)
	b = AppendTime(append(b, `,"at":`...), e.At)
	b = AppendString(append(b, `,"case":`...), e.Case)
	gap = len(b) - 1
	b = append(b, `,"data":`...)
	if e.Data == nil {
		b = append(b, "{}"...)
	}
	b = append(b, e.Data...)
	b = AppendString(append(b, `,"event":`...), e.Event)
	b = AppendString(append(b, `,"id":`...), e.ID)
	b = AppendTime(append(b, `,"lawful_at":`...), e.LawfulAt)
	b = AppendString(append(b, `,"rules":`...), e.Rules)
	b = AppendInt(append(b, `,"seq":`...), e.Seq)
	return append(AppendInt(append(b, `,"v":`...), int64(e.V)), '}'), gap
}

// Form is a canonical text with a gap for the number of its case.
type Form struct {
	Text []byte
	Gap  int // where the number goes
}

// Fill appends the text with the number in its place: letters, digits, hyphens.
func (f Form) Fill(b []byte, number string) []byte {
	return append(append(append(b, f.Text[:f.Gap]...), number...), f.Text[f.Gap:]...)
}

// ParseEntry reads one payload of the log. It takes exactly what Append writes:
// anything else, be it one blank more, is an error that says what is wrong.
func ParseEntry(payload []byte) (Entry, error) {
	if err := Canonical(payload); err != nil {
		return Entry{}, err
	}
	var m struct {
		Actor, Case, Event, ID, Rules string
		At                            time.Time
		LawfulAt                      *time.Time `json:"lawful_at"`
		Data                          json.RawMessage
		Seq                           int64
		V                             int
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return Entry{}, fmt.Errorf("not an entry of the log: %w", err)
	}
	e := Entry{Actor: m.Actor, At: m.At.UTC(), Case: m.Case, Data: Raw(m.Data), Event: m.Event, ID: m.ID, Rules: m.Rules, Seq: m.Seq, V: m.V}
	if m.LawfulAt != nil {
		e.LawfulAt = m.LawfulAt.UTC()
	}
	switch {
	case m.V != Version:
		return e, fmt.Errorf("entry of format %d: this program knows format %d", m.V, Version)
	case m.Case == "" || m.Seq < 1 || m.At.IsZero():
		return e, errors.New("an entry names its case, its place from 1, and its instant")
	case len(m.Data) == 0 || m.Data[0] != '{':
		return e, errors.New("the data of an entry is an object")
	case !bytes.Equal(e.Append(nil), payload):
		return e, errors.New("an entry has exactly the ten keys, and instants in UTC with six digits")
	}
	return e, nil
}
