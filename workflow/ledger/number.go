package ledger

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ErrNumber is the one answer to a number that cannot be: its check digit is
// wrong or it is none at all.
var ErrNumber = errors.New("no such number: check the digits, the last one is a check digit")

// damm is the quasigroup of Damm's check digit: it finds every wrong digit and
// every swap of neighbours.
var damm = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6}, {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7}, {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

func check(digits string) byte {
	var c byte
	for i := 0; i < len(digits); i++ {
		c = damm[c][digits[i]-'0']
	}
	return '0' + c
}

// Number is a case number that can be read aloud: HT-2026-000123-8. The prefix is
// one to four capital letters, the serial at least six digits.
func Number(prefix string, year int, serial int64) string {
	y, s := fmt.Sprintf("%04d", year), fmt.Sprintf("%06d", serial)
	return prefix + "-" + y + "-" + s + "-" + string(check(y+s))
}

var numberForm = regexp.MustCompile(`^([A-Z]{1,4})-?([0-9]{4})-?([0-9]{6,12})-?([0-9])$`)

// spoken turns what people write or dictate into plain letters and digits.
var spoken = strings.NewReplacer("幺", "1", "〇", "0", "○", "0", "零", "0", "一", "1", "二", "2", "三", "3", "四", "4",
	"五", "5", "六", "6", "七", "7", "八", "8", "九", "9", " ", "", "\t", "", "\r", "", "\n", "", "\u00a0", "", "\u200b", "", "\ufeff", "",
	"—", "-", "–", "-", "‐", "-", "\u2011", "-", "−", "-")

// plain folds full-width characters and small letters. Unicode's own upper case
// would make an S of ſ.
func plain(r rune) rune {
	if r >= '！' && r <= '～' {
		r += '!' - '！'
	}
	switch {
	case r == '\u3000': // the full-width blank
		return ' '
	case r >= 'a' && r <= 'z':
		return r - 'a' + 'A'
	}
	return r
}

// ParseNumber reads a number as people write it: full-width, 幺 and 〇, small
// letters, missing hyphens. Each number has one spelling after that: a serial
// padded beyond six digits is another number's and refused. It looks nothing
// up; its only error is ErrNumber.
func ParseNumber(s string) (prefix string, year int, serial int64, err error) {
	if len(s) > 100 {
		return "", 0, 0, ErrNumber
	}
	m := numberForm.FindStringSubmatch(spoken.Replace(strings.Map(plain, s)))
	if m == nil || check(m[2]+m[3]) != m[4][0] || len(m[3]) > 6 && m[3][0] == '0' {
		return "", 0, 0, ErrNumber
	}
	year, _ = strconv.Atoi(m[2])
	serial, _ = strconv.ParseInt(m[3], 10, 64) // at most twelve digits
	return m[1], year, serial, nil
}
