package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every wrong digit and every swap of neighbours is refused, of all that these
// numbers have.
func TestEverySlipOfTheTongue(t *testing.T) {
	for serial := int64(1); serial <= 1_000_000; serial += 4_999 {
		number := Number("HT", 2026, serial)
		plain := strings.ReplaceAll(number, "-", "")
		for i := 2; i < len(plain); i++ {
			for d := byte('0'); d <= '9'; d++ {
				if d != plain[i] {
					refused(t, plain[:i]+string(d)+plain[i+1:])
				}
			}
			if i+1 < len(plain) && plain[i] != plain[i+1] {
				refused(t, plain[:i]+string(plain[i+1])+string(plain[i])+plain[i+2:])
			}
		}
	}
}

func refused(t *testing.T, number string) {
	t.Helper()
	if _, _, _, err := ParseNumber(number); !errors.Is(err, ErrNumber) {
		t.Fatalf("%s was taken: %v", number, err)
	}
}

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	for _, s := range []string{"HT-2026-000123-8", "ht-2026-000123-8", "HT20260001238", " HT 2026 000123 8\r\n", "ＨＴ－２０２６－０００１２３－８",
		"HT—2026—000123—8", "HT–2026–000123–8", "HT‑2026‑000123‑8", "ht2026〇〇〇幺二三八", "HT-二〇二六-零零零一二三-八", "HT-2○26-○○○123-8", "\ufeffHT-2026-000\u200b123-8", "ＨＴ　2026　000123　8"} {
		if p, y, n, err := ParseNumber(s); err != nil || p != "HT" || y != 2026 || n != 123 {
			t.Errorf("%q read as %s %d %d %v", s, p, y, n, err)
		}
	}
	for _, s := range []string{"", "HT", "2026-000123-8", "HT-2026-000123", "HT-2026-123-8", "HT-2026-0000123-" + string(check("20260000123")), "TOOLONG-2026-000123-8",
		"HT-2026-000123-8 or 1=1", "HT--2026-000123-8", "HT-2026-000123-8\x00", "ſT-2026-000123-8", "HT-2026-٠٠٠123-8", strings.Repeat("9", 101)} {
		if _, _, _, err := ParseNumber(s); !errors.Is(err, ErrNumber) {
			t.Errorf("%q was taken: %v", s, err)
		}
	}
}

func TestNumbersReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.StringMatching(`[A-Z]{1,4}`).Draw(t, "prefix")
		year, serial := rapid.IntRange(2000, 2099).Draw(t, "year"), rapid.Int64Range(1, 999_999_999_999).Draw(t, "serial")
		n := Number(prefix, year, serial)
		if p, y, s, err := ParseNumber(n); err != nil || p != prefix || y != year || s != serial {
			t.Fatalf("%s read as %s %d %d %v", n, p, y, s, err)
		}
	})
}

// What is taken has one spelling, so that a number cannot name two cases.
func FuzzNumber(f *testing.F) {
	f.Add("HT-2026-000123-8")
	f.Add("ｈｔ２０２６幺")
	f.Fuzz(func(t *testing.T, s string) {
		p, y, n, err := ParseNumber(s)
		if err != nil {
			return
		}
		number := Number(p, y, n)
		if p2, y2, n2, err := ParseNumber(number); err != nil || p2 != p || y2 != y || n2 != n {
			t.Fatalf("%q is %s, which reads as %s %d %d %v", s, number, p2, y2, n2, err)
		}
	})
}

func ExampleNumber() {
	fmt.Println(Number("HT", 2026, 123))
	// Output: HT-2026-000123-8
}
