// Package ledger is the form of the log: canonical bytes, the hash chain of a
// case, the blocks that seal the heads of all cases, commitments, receipts and
// case numbers. It is pure, and docs/ledger.md describes it well enough that a
// stranger can write it again.
package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Canonical bytes are a restricted RFC 8785: one line, ASCII keys in byte order,
// strings escaped only where JSON must, whole numbers within ±(2^53-1), no
// floats, instants with six digits of a second. The same value always gives the
// same bytes.

// MaxInt is the largest whole number that every JSON reader keeps exact.
const MaxInt = 1<<53 - 1

// AppendString appends s as a JSON string. Callers have refused invalid UTF-8
// and NUL at the edge (Clean).
func AppendString(b []byte, s string) []byte {
	const hexes = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(append(b, s[from:i]...), '\\')
		switch at := strings.IndexByte("\b\t\n\f\r", c); {
		case c == '"' || c == '\\':
			b = append(b, c)
		case at >= 0:
			b = append(b, "btnfr"[at])
		default:
			b = append(b, 'u', '0', '0', hexes[c>>4], hexes[c&15])
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

// AppendTime appends an instant: "2026-05-06T01:12:44.120553Z"; null for none.
func AppendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	t = t.UTC()
	year, month, day := t.Date()
	if year < 1000 || year > 9999 {
		return append(t.AppendFormat(append(b, '"'), "2006-01-02T15:04:05.000000Z"), '"')
	}
	hour, minute, second := t.Clock()
	b = two(two(strconv.AppendInt(append(b, '"'), int64(year), 10), '-', int(month)), '-', day)
	b = two(two(two(b, 'T', hour), ':', minute), ':', second)
	micro := t.Nanosecond() / 1000
	b = append(b, '.')
	for unit := 100_000; unit > 0; unit /= 10 {
		b = append(b, byte('0'+micro/unit%10))
	}
	return append(b, 'Z', '"')
}

func two(b []byte, mark byte, n int) []byte {
	return append(b, mark, byte('0'+n/10), byte('0'+n%10))
}

// AppendInt appends a whole number, which the caller keeps within ±MaxInt.
func AppendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// AppendMap appends an object of strings, keys in byte order; keys are ASCII.
func AppendMap(b []byte, m map[string]string) []byte {
	var room [24]string // keeps the keys of most objects off the heap
	keys := room[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, k), ':')
		b = AppendString(b, m[k])
	}
	return append(b, '}')
}

// Append appends any value made of string, bool, nil, int, int64, Raw, []any and
// map[string]any. Floats, whole numbers beyond MaxInt, NUL, broken UTF-8 and keys
// that are not ASCII are errors: other programs would write them differently.
func Append(b []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		if !Clean(v) {
			return b, errors.New("text with NUL or broken UTF-8")
		}
		return AppendString(b, v), nil
	case Raw:
		return append(b, v...), nil
	case int:
		return Append(b, int64(v))
	case int64:
		if v > MaxInt || v < -MaxInt {
			return b, fmt.Errorf("%d is beyond 2^53-1: write it as a string", v)
		}
		return AppendInt(b, v), nil
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = Append(b, item); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		return appendObject(b, v)
	}
	return b, fmt.Errorf("a %T has no canonical form", v)
}

func appendObject(b []byte, m map[string]any) ([]byte, error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		if !ascii(k) {
			return b, fmt.Errorf("key %q is not ASCII", k)
		}
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	var err error
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, k), ':')
		if b, err = Append(b, m[k]); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Clean reports whether both databases can store the text as it is.
func Clean(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// Canonical reports whether the bytes are one value in canonical form.
func Canonical(payload []byte) error {
	v, err := Parse(payload)
	if err != nil {
		return err
	}
	again, err := Append(nil, v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, payload) {
		return errors.New("not in canonical form")
	}
	return nil
}

// Parse reads one JSON value into the types that Append takes. Repeated keys
// are not refused here: Canonical does, because the bytes then differ.
func Parse(payload []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more after the value")
	}
	return whole(v)
}

func whole(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || n > MaxInt || n < -MaxInt {
			return nil, fmt.Errorf("%s is not a whole number within 2^53-1", v)
		}
		return n, nil
	case []any:
		for i := range v {
			if v[i], err = whole(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = whole(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
