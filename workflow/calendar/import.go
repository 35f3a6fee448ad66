package calendar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ParseNotice reads an arrangement in the holiday-cn form: {"year", "papers":
// [addresses], "days": [{"name", "date", "isOffDay"}]}. Days that only repeat
// the week (a Monday "worked") are left out. Such a file tells the whole year,
// so it takes the place of what was known of the year before. published is the
// day from which the notice counts as known.
func ParseNotice(data []byte, published Date) (Notice, error) {
	var file struct {
		Schema string   `json:"$schema"`
		ID     string   `json:"$id"`
		Year   int      `json:"year"`
		Papers []string `json:"papers"`
		Days   []struct {
			Name     string `json:"name"`
			Date     Date   `json:"date"`
			IsOffDay *bool  `json:"isOffDay"`
		} `json:"days"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return Notice{}, fmt.Errorf("not a holiday-cn file: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Notice{}, errors.New("not a holiday-cn file: something follows the closing brace")
	}
	n := Notice{Year: file.Year, Number: notYet, Published: published, URL: strings.Join(file.Papers, " "),
		Title: yearlyTitle(file.Year), Whole: true}
	if file.Year < 2011 || file.Year > lastYear || len(file.Days) == 0 {
		return n, fmt.Errorf("year %d with %d days: a notice names its year and its days off", file.Year, len(file.Days))
	}
	seen := map[Date]bool{}
	off := 0
	for _, d := range file.Days {
		if y := d.Date.Year(); d.Date == 0 || y < file.Year-1 || y > file.Year || seen[d.Date] {
			return n, fmt.Errorf("day %q (%s): a date of %d, once", d.Date, d.Name, file.Year)
		}
		if d.IsOffDay == nil {
			return n, fmt.Errorf("day %s (%s) does not say isOffDay", d.Date, d.Name)
		}
		seen[d.Date] = true
		w := d.Date.Weekday()
		if !*d.IsOffDay && w != time.Saturday && w != time.Sunday {
			continue
		}
		if *d.IsOffDay {
			off++
		}
		n.Days = append(n.Days, NoticeDay{d.Date, *d.IsOffDay, d.Name})
	}
	if off < 11 {
		return n, fmt.Errorf("only %d days off: a year has at least the statutory ones", off)
	}
	return n, nil
}
