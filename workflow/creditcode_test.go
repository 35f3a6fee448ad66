package workflow

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Codes that their holders publish, and what is none.
func TestCreditCode(t *testing.T) {
	for text, want := range map[string]string{
		"914403001922038216":    "914403001922038216", // Huawei Technologies
		"9144030071526726XG":    "9144030071526726XG", // Shenzhen Tencent Computer Systems
		"12100000400000624D":    "12100000400000624D", // Tsinghua University
		"9144030071526726xg":    "9144030071526726XG",
		"9144 0300 7152 6726XG": "9144030071526726XG",
		"９１４４０３００７１５２６７２６ＸＧ":    "9144030071526726XG",
		"　9144030071526726XG\n": "9144030071526726XG",
	} {
		if code, ok := CreditCode(text); !ok || code != want {
			t.Errorf("%q: %q, %v", text, code, ok)
		}
	}
	for _, text := range []string{"", "914403001922038217", "440301103097413", "91440300192203821", "9144030019220382166", "91440300192203821O", "统一社会信用代码统一社会信用代码统一",
		"9144030071526726X\x00", "9144030071526726-G", strings.Repeat("0", 17) + "1"} {
		if code, ok := CreditCode(text); ok {
			t.Errorf("%q is taken as %q", text, code)
		}
	}
}

func anyCredit(t *rapid.T) string {
	body := rapid.StringOfN(rapid.RuneFrom([]rune(creditAlphabet)), 17, 17, -1).Draw(t, "body")
	for _, c := range creditAlphabet {
		if code, ok := CreditCode(body + string(c)); ok {
			return code
		}
	}
	t.Fatalf("%s has no check character", body)
	return ""
}

// Every body has exactly one check character, and every slip of one character
// and every exchange of two neighbours is found: the weights are never 0, and
// those of neighbours never equal, modulo a prime.
func TestEverySlipInACreditCodeIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := anyCredit(t)
		for i := range code {
			for _, c := range creditAlphabet {
				if wrong := code[:i] + string(c) + code[i+1:]; wrong != code {
					if _, ok := CreditCode(wrong); ok {
						t.Fatalf("%s for %s", wrong, code)
					}
				}
			}
			if i > 0 && code[i-1] != code[i] {
				wrong := code[:i-1] + string(code[i]) + string(code[i-1]) + code[i+1:]
				if _, ok := CreditCode(wrong); ok {
					t.Fatalf("%s for %s", wrong, code)
				}
			}
		}
	})
}

// A wrong code is refused where one is given, with the field named; history
// stays as it was written.
func TestAWrongCreditCodeIsRefused(t *testing.T) {
	cmd := func(event, code, organisation string) *Command {
		return &Command{Event: event, Private: &Private{Respondent: &Respondent{Code: code}}, Input: Input{Organisation: organisation}}
	}
	for _, tt := range []struct {
		cmd  *Command
		want string
	}{
		{cmd("file_with_authority", "914403001922038216", ""), ""}, {cmd("file_with_authority", "914403001922038217", ""), "respondent.code"},
		{cmd("file_with_authority", "440301103097413", ""), "respondent.code"}, {cmd("file_with_authority", "", ""), ""}, {cmd("archive", "440301103097413", ""), ""},
		{cmd("entrust", "", "org:1"), ""}, {cmd("entrust", "", "12100000400000624D"), ""}, {cmd("entrust", "", "12100000400000624E"), "organisation"}, {&Command{Event: "classify"}, ""},
	} {
		if got := wrongCreditCode(tt.cmd); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.cmd, got, tt.want)
		}
	}
}
