package calendar

import (
	"fmt"
	"strconv"
	"time"
)

// Date is a legal day in China: days since 1970-01-01. The zero Date means
// that there is none. A legal day is never a time.Time, which would move with
// a zone.
type Date int32

// On returns the legal day of an instant: the day in China (UTC+8; no summer
// time since 1991).
func On(t time.Time) Date {
	return Date(floor(t.Unix()+8*3600, 86400))
}

func floor(a, b int64) int64 {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

// NewDate makes a Date; months and days out of range carry over.
func NewDate(year int, month time.Month, d int) Date {
	return Date(time.Date(year, month, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads 2026-05-06 and nothing else. 1 January 1970, the zero Date,
// is refused: it could not be told from no date.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Unix() == 0 {
		return 0, fmt.Errorf("%q is not a date: write it as 2026-05-06", s)
	}
	return Date(t.Unix() / 86400), nil
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String writes 2026-05-06, and nothing for no date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return string(d.Append(make([]byte, 0, 10)))
}

// Append appends what String writes.
func (d Date) Append(b []byte) []byte {
	if d == 0 {
		return b
	}
	year, month, day := d.utc().Date()
	if year < 1000 || year > 9999 {
		return d.utc().AppendFormat(b, time.DateOnly)
	}
	return append(strconv.AppendInt(b, int64(year), 10), '-', byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10))
}

// MarshalText writes what String writes.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads; an empty text is no date.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	*d, err = ParseDate(string(b))
	return err
}

// Start is the first instant of the day: 00:00 in China, as UTC.
func (d Date) Start() time.Time { return time.Unix(int64(d)*86400-8*3600, 0).UTC() }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday((int(d)%7 + 11) % 7) }

// AddDays moves by calendar days.
func (d Date) AddDays(n int) Date { return d + Date(n) }

// AddMonths moves to the same number in another month, or to that month's last
// day where it has no such number (Civil Code Art. 202).
func (d Date) AddMonths(n int) Date {
	t := d.utc()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date(first.Unix()/86400) + Date(min(t.Day(), last)-1)
}

// AddYears is AddMonths by twelve.
func (d Date) AddYears(n int) Date { return d.AddMonths(12 * n) }

// Year is the calendar year.
func (d Date) Year() int { return d.utc().Year() }
