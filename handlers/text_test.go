package handlers

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What nobody sees is taken out, what no text holds is refused with the field
// named, in words and in lines about people.
func TestTidy(t *testing.T) {
	type form struct {
		filing
		More []struct {
			Note string `json:"note"`
		} `json:"more"`
	}
	var in form
	body := `{"person":{"name":"金\u202e丝\u200b雀\ufeff"},"words":"一\n二\t三\u2066","more":[{"note":"\u200fa"}]}`
	if err := strict([]byte(body), &in); err != nil || in.Person.Name != "金丝雀" || in.Words != "一\n二\t三" || in.More[0].Note != "a" {
		t.Errorf("%v %+v %q", err, in.Person, in.Words)
	}
	for body, want := range map[string]string{
		`{"person":{"name":"a\nBcc: x"}}`:                                      "person.name|why.control",
		`{"person":{"phone":"1\u001b[31m"}}`:                                   "person.phone|why.control",
		`{"respondent":{"name":"a\u009b31m"}}`:                                 "respondent.name|why.control",
		`{"words":"a\u0007"}`:                                                  "words|why.control",
		`{"ticket":"\u007f"}`:                                                  "ticket|why.control",
		`{"more":[{"note":"\u0001"}]}`:                                         "more.note|why.control",
		`{"words":"` + strings.Repeat("长", mostText+1) + `"}`:                  "words|why.long_text",
		`{"person":{"address":"` + strings.Repeat("路", mostLine+1) + `"}}`:     "person.address|why.long_line",
		`{"words":"` + strings.Repeat("a", 1<<20-20) + `"}`:                    "words|why.long_text",
		`{"words":"` + strings.Repeat("长", mostText) + `","person":{"nam":1}}`: "person.nam|why.unknown",
	} {
		err := strict([]byte(body), &form{})
		var p *Problem
		if !errors.As(err, &p) || len(p.faults) != 1 || p.faults[0].field+"|"+p.faults[0].why != want {
			t.Errorf("%.60s: %+v, want %s", body, p, want)
		}
	}
}

// A tidied text holds no control character and nothing invisible, keeps
// everything else in its order, and tidying it again changes nothing.
func TestTidyingTwiceIsTidyingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\u200b\u202e\ufeff金a\n")))).Draw(t, "text")
		got, why := tidyText(text, false)
		if why != "" {
			return
		}
		again, _ := tidyText(got, false)
		if again != got || strings.ContainsFunc(got, invisible) {
			t.Fatalf("%q, then %q", got, again)
		}
		rest := []rune(got)
		for _, r := range text {
			if len(rest) > 0 && r == rest[0] {
				rest = rest[1:]
			} else if !invisible(r) {
				t.Fatalf("%q lost %q", got, r)
			}
		}
		if len(rest) > 0 {
			t.Fatalf("%q has more than %q", got, text)
		}
	})
}
