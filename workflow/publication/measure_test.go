package publication

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// measured is what a second reader found against what the rules find.
type measured struct{ found, there, right, said int }

func (m measured) recall() float64    { return float64(m.found) / float64(max(m.there, 1)) }
func (m measured) precision() float64 { return float64(m.right) / float64(max(m.said, 1)) }

// against counts, of the parts of a text that are somebody's, those that are
// covered whole, and of the parts that were found, those that touch one of them.
func (m *measured) against(found, there []Span) {
	m.there += len(there)
	m.said += len(found)
	for _, x := range there {
		if slices.ContainsFunc(found, func(s Span) bool { return s.From <= x.From && s.To >= x.To }) {
			m.found++
		}
	}
	for _, s := range found {
		if slices.ContainsFunc(there, func(x Span) bool { return touch(s, x) }) {
			m.right++
		}
	}
}

func touch(a, b Span) bool { return a.From < b.To && b.From < a.To }

// marked are places of runes as a second reader marked them, in bytes.
func marked(text string, labels [][2]int) (there []Span) {
	at := make([]int, 0, len(text)+1)
	for i := range text {
		at = append(at, i)
	}
	at = append(at, len(text))
	for _, l := range labels {
		there = append(there, Span{From: at[l[0]], To: at[l[0]+l[1]]})
	}
	return there
}

// reading is a set of texts that a second reader read: the places of names in the
// first characters of each, by its id. The texts themselves are not ours to keep.
type reading struct {
	Chars int
	Texts map[string][][2]int
}

// The names that a second reader marked in real complaints: in two hundred that
// the rules were mended after, and in fresh ones that nobody had looked at before.
// FANGXIN_TEST_COMPLAINTS names the file; docs/publication.md has the figures.
func TestNamesInRealTexts(t *testing.T) {
	path := os.Getenv("FANGXIN_TEST_COMPLAINTS")
	if path == "" {
		t.Skip("FANGXIN_TEST_COMPLAINTS names no file of complaints")
	}
	text, err := os.ReadFile("testdata/names.json")
	if err != nil {
		t.Fatal(err)
	}
	var readings map[string]reading
	if err := json.Unmarshal(text, &readings); err != nil {
		t.Fatal(err)
	}
	told := complaints(t, path)
	for name, r := range readings {
		var m measured
		for id, labels := range r.Texts {
			text, ok := told[id]
			if !ok {
				t.Fatalf("%s is not in %s", id, path)
			}
			m.against(namesOf(text, r.Chars, labels))
		}
		t.Logf("%s: %d texts, %d names: recall %.3f, precision %.3f of %d", name, len(r.Texts), m.there, m.recall(), m.precision(), m.said)
	}
}

// namesOf are the parts found as names, and those marked as such. What was found
// as something else and covers a name hides it too.
func namesOf(text []rune, chars int, labels [][2]int) (found, there []Span) {
	part := string(text[:min(len(text), chars)])
	there = marked(part, labels)
	for _, s := range Find(part) {
		if s.Kind == Name || slices.ContainsFunc(there, func(x Span) bool { return touch(s, x) }) {
			found = append(found, s)
		}
	}
	return found, there
}

func complaints(t *testing.T, path string) map[string][]rune {
	t.Helper()
	f, err := os.Open(path) //nolint:gosec // the tester's own file
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	out := map[string][]rune{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct{ ID, Text string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		out[row.ID] = []rune(row.Text)
	}
	return out
}
