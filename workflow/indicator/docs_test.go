package indicator_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fangxin/workflow/indicator"
)

// Every indicator has its section in docs/indicators.md, in both languages, and
// the example there gives what it says.
func TestTheExamplesOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/indicators.md")
	if err != nil {
		t.Fatal(err)
	}
	if own, err := os.ReadFile("words.txt"); err != nil || string(own) != string(text) {
		t.Errorf("words.txt is another text than docs/indicators.md: cp docs/indicators.md workflow/indicator/words.txt (%v)", err)
	}
	sections := strings.Split(string(text), "\n## ")[1:]
	if len(sections) != len(indicator.Definitions) {
		t.Fatalf("%d sections, %d indicators", len(sections), len(indicator.Definitions))
	}
	for i, d := range indicator.Definitions {
		title, body, _ := strings.Cut(sections[i], "\n")
		if title != d.ID+" "+d.Zh {
			t.Errorf("%q is not the title of %s %s", title, d.ID, d.Zh)
		}
		words, rest, _ := strings.Cut(body, "```example\n")
		example, _, ended := strings.Cut(rest, "```")
		if strings.Count(strings.TrimSpace(words), "\n") != 1 || !ended {
			t.Errorf("%s: two paragraphs, Chinese and English, and an example", d.ID)
			continue
		}
		x, ok := indicator.Explain(d.ID)
		if !ok || x.Zh == "" || x.En == "" || len(x.Given) == 0 || len(x.Gives) == 0 {
			t.Errorf("%s: %+v", d.ID, x)
		}
		given, want := indicator.Counts{}, []string{}
		for _, line := range strings.Split(strings.TrimSpace(example), "\n") {
			if said, ok := strings.CutPrefix(line, "= "); ok {
				want = append(want, said)
				continue
			}
			give(t, given, strings.Fields(line))
		}
		got := shown(figure(given, d.ID))
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s says %q, the code gives\n%s", d.ID, line, strings.Join(got, "\n"))
			}
		}
	}
}

// give reads "code n", "code n @measure" or "code n late days".
func give(t *testing.T, into indicator.Counts, f []string) {
	t.Helper()
	n, err := strconv.ParseInt(f[1], 10, 64)
	measure := int64(0)
	switch {
	case err == nil && len(f) == 3:
		measure, err = strconv.ParseInt(strings.TrimPrefix(f[2], "@"), 10, 64)
	case err == nil && len(f) == 4:
		measure, err = strconv.ParseInt(f[3], 10, 64)
		measure = 20_700 - measure // the day that figure ends on
	}
	if err != nil {
		t.Fatal(f, err)
	}
	into.Add(f[0], measure, n)
}

func shown(f indicator.Figure) (out []string) {
	for _, r := range f.Rates {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %d/%d %s %s %s", r.Line, r.Numerator, r.Denominator, r.Rate, r.Low, r.High)))
	}
	for _, s := range f.Spreads {
		out = append(out, fmt.Sprintf("spread %s n=%d sum=%d median=%d p90=%d", s.Line, s.N, s.Sum, s.Median, s.P90))
	}
	for _, a := range f.Excluded {
		out = append(out, fmt.Sprintf("apart %s %d", a.Code, a.N))
	}
	if f.Open != nil {
		out = append(out, fmt.Sprintf("open %d", *f.Open))
	}
	return out
}
