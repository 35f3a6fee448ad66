package indicator

import (
	_ "embed"
	"strings"
)

// words is docs/indicators.md: what people read and what programs show is one text.
//
//go:embed words.txt
var words string

// Explanation says in plain words how an indicator is made. Given and Gives are
// its worked example: counts, and the lines that they give.
type Explanation struct {
	Zh, En       string
	Given, Gives []string
}

// General are the paragraphs about all indicators: Chinese and English in turns.
func General() []string {
	head, _, _ := strings.Cut(words, "\n## ")
	_, head, _ = strings.Cut(head, "\n")
	return strings.Split(strings.TrimSpace(head), "\n")
}

// Explain finds what is said of an indicator; false for one that is none.
func Explain(id string) (x Explanation, ok bool) {
	for _, section := range strings.Split(words, "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		if name, _, _ := strings.Cut(title, " "); name != id {
			continue
		}
		text, example, _ := strings.Cut(body, "```example\n")
		x.Zh, x.En, _ = strings.Cut(strings.TrimSpace(text), "\n")
		example, _, _ = strings.Cut(example, "```")
		for _, line := range strings.Split(strings.TrimSpace(example), "\n") {
			if said, ok := strings.CutPrefix(line, "= "); ok {
				x.Gives = append(x.Gives, said)
			} else {
				x.Given = append(x.Given, line)
			}
		}
		return x, true
	}
	return x, false
}
