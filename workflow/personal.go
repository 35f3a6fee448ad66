package workflow

import (
	"strings"
	"time"
)

// personalNumber reports whether a text that should be a code holds a mobile
// telephone number or the number of a resident's identity card (GB 11643: a day
// of birth, and a check character). Such a number fits the form of a code, and
// in the log it could never be erased again. Years of birth are taken up to
// 2013: later ones are how other systems number what they receive.
func personalNumber(text string) bool {
	runs := strings.FieldsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != 'X' && r != 'x' })
	for _, run := range runs {
		if mobile(run) || resident(run) {
			return true
		}
	}
	return false
}

func mobile(s string) bool {
	return len(s) == 11 && s[0] == '1' && s[1] >= '3' && s[1] <= '9' && !strings.ContainsAny(s, "Xx")
}

// residentWeights are those of GB 11643 (ISO 7064, MOD 11-2).
var residentWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

func resident(s string) bool {
	if len(s) != 18 || strings.ContainsAny(s[:17], "Xx") {
		return false
	}
	if year := s[6:10]; year < "1900" || year > "2013" {
		return false
	}
	if _, err := time.Parse("20060102", s[6:14]); err != nil {
		return false
	}
	sum := 0
	for i, w := range residentWeights {
		sum += int(s[i]-'0') * w
	}
	return strings.ToUpper(s)[17] == "10X98765432"[sum%11]
}
