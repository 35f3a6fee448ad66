package workflow

import (
	"strings"
	"unicode"
)

// creditAlphabet are the characters of a unified social credit code, in the
// order of their values: letters that look like digits or like each other are
// left out (GB 32100-2015, 4.2).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CreditCode reads a unified social credit code as people write it: full-width,
// in small letters, with blanks. It answers the code as the standard writes it,
// and whether its check character is right (GB 32100-2015, annex A: the values,
// weighted by powers of three, add up to a multiple of 31). Nothing else is
// judged: not whether the body exists, nor the parts of the code. Registration
// numbers from before 2015 have 15 digits and are no such codes.
func CreditCode(text string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // full-width
			r -= '！' - '!'
		}
		if unicode.IsSpace(r) {
			return -1
		}
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, text)
	if len(code) != 18 {
		return code, false
	}
	sum, weight := 0, 1
	for i := range len(code) {
		value := strings.IndexByte(creditAlphabet, code[i])
		if value < 0 {
			return code, false
		}
		if i == 17 {
			weight = 1
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	return code, sum%31 == 0
}

// wrongCreditCode finds a field that should hold a unified credit code and holds
// a wrong one. An organisation may be named by its reference in the register
// instead; what is written like a credit code must be one. History stays as it
// was written.
func wrongCreditCode(cmd *Command) string {
	if cmd.Event == "archive" {
		return ""
	}
	if p := cmd.Private; p != nil && p.Respondent != nil && p.Respondent.Code != "" {
		if _, ok := CreditCode(p.Respondent.Code); !ok {
			return "respondent.code"
		}
	}
	if o := cmd.Input.Organisation; len(o) == 18 && !strings.ContainsAny(o, "_.:/#-") {
		if _, ok := CreditCode(o); !ok {
			return "organisation"
		}
	}
	return ""
}
