package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"
)

// sources are the files that make pages.
func pageSources(t *testing.T, patterns ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, p := range patterns {
		names, err := filepath.Glob(p)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", p, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(text)
		}
	}
	return out
}

// Every key that a template or a page's code names is in the catalogue.
func TestPagesHaveWords(t *testing.T) {
	keys := keysOf(t, "zh")
	named := regexp.MustCompile(`(?:\.T|s\.base\(c,|bad)\(?[^"\n]{0,24}"((?:page|event|why|clock)\.[a-z_.0-9A-Z]*)"(\s*\+)?`)
	n := 0
	for name, text := range pageSources(t, "page*.go", "view/*.templ") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			n++
			if _, ok := keys[m[1]]; ok {
				continue
			}
			begins := false
			for key := range keys {
				begins = begins || m[2] != "" && strings.HasPrefix(key, m[1])
			}
			if !begins {
				t.Errorf("%s names %s", name, m[1])
			}
		}
	}
	if n < 150 {
		t.Errorf("only %d found", n)
	}
	for _, list := range [][2][]string{{{"page.stage."}, fiveSteps}, {{"page.term.", "page.term."}, longCourse}, {{"page.right."}, rights}} {
		for _, code := range list[1] {
			needKey(t, list[0][0]+code, nil)
		}
	}
	for _, event := range append(partyEvents("consumer"), partyEvents("merchant")...) {
		needKey(t, "event."+event, nil)
		needKey(t, "page.means."+event, nil) // what a choice means is said before it is made
	}
	for holder := range store.Recipients {
		needKey(t, "page.who.of."+holder, vars{"N": "1"})
	}
	for _, st := range filingSteps {
		needKey(t, "page.file."+st.name, nil)
		for _, field := range st.names {
			needKey(t, "page.ask."+strings.TrimRight(field, "_0123456789"), vars{"N": "1"})
		}
	}
}

// No word stands in a template: every letter that a person reads comes out of
// the catalogue or of what people wrote.
func TestNoLiteralInATemplate(t *testing.T) {
	code := regexp.MustCompile(`(?s)<!--.*?-->|\{[^{}]*\}|<[^>]*>`)
	word := regexp.MustCompile(`\p{Han}|[A-Za-z]{3,}`)
	told := regexp.MustCompile(`(?:aria-label|title|placeholder|alt|content)="[^"]*\p{Han}`)
	for name, text := range pageSources(t, "view/*.templ") {
		if told.MatchString(text) {
			t.Errorf("%s: an attribute with words", name)
		}
		for i, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "<") {
				continue // Go, or a text in braces
			}
			if found := word.FindString(code.ReplaceAllString(strings.ReplaceAll(line, "=>", ""), "")); found != "" && !strings.Contains(line, "if ") && !strings.Contains(line, "{...") {
				t.Errorf("%s:%d: %q", name, i+1, found)
			}
		}
	}
}

// What a strict policy forbids, and what would make it useless, is nowhere.
func TestNothingInline(t *testing.T) {
	bad := regexp.MustCompile(`templ\.Raw|templ\.JSExpression|@templ\.JS|\son[a-z]+=|hx-on|js:|\sstyle=|<style|<script>|javascript:|innerHTML|eval\(`)
	for name, text := range pageSources(t, "view/*.templ", "view/view.go", "view/assets/fangxin.js") {
		if m := bad.FindString(text); m != "" {
			t.Errorf("%s: %q", name, m)
		}
	}
}

// What browsers load was made from the sources that lie beside it: make generate.
func TestAssetsAreFresh(t *testing.T) {
	text, err := os.ReadFile("view/dist/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]struct{ File, Source string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for name, x := range manifest {
		source, err := os.ReadFile("view/assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(source); hex.EncodeToString(sum[:]) != x.Source {
			t.Errorf("%s has changed since make generate", name)
		}
	}
	const htmx = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130" // of htmx.org 4.0.1 as published
	if manifest["htmx-4.0.1.min.js"].Source != htmx {
		t.Error("htmx is not the published one")
	}
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string]int64{"1280": 128000, "1,280.50": 128050, "￥1280.5元": 128050, "１２８０": 128000, "0.01": 1, " 12 ": 1200} {
		if got, ok := fen(text); !ok || got != want {
			t.Errorf("%q: %d %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "abc", "1.234", "-5", "1e3", ".", "5.", "99999999999999", "12a"} {
		if got, ok := fen(text); ok {
			t.Errorf("%q: %d", text, got)
		}
	}
	for n, want := range map[int64]string{0: "0.00", 5: "0.05", 128050: "1,280.50", 123456789: "1,234,567.89"} {
		if yuan(n) != want {
			t.Errorf("%d: %s", n, yuan(n))
		}
	}
}

// An offer's terms are read as a page wrote them; any other text is words alone.
func TestTerms(t *testing.T) {
	for _, x := range []offerTerms{{128050, 20600, "余款\n原路退回"}, {128050, 0, ""}, {0, 20600, "x"}, {0, 0, "只有文字"}, {0, 0, "¥100｜不是"}} {
		if got := termsIn(x.String()); got != x {
			t.Errorf("%+v: %q %+v", x, x.String(), got)
		}
	}
}

func TestBackStaysHere(t *testing.T) {
	c := &Call{}
	for to, want := range map[string]string{"/guide": "/guide", "/c/HT-2026-000001-7?done=say": "/c/HT-2026-000001-7?done=say", "//evil.example": "/", "https://evil.example/": "/",
		"/\\evil.example": "/", "": "/", "javascript:alert(1)": "/", "/a\r\nb": "/", "evil": "/"} {
		if got := c.back(to); got != want {
			t.Errorf("%q: %q", to, got)
		}
	}
}

func TestCodeIn(t *testing.T) {
	const code = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	for _, text := range []string{code, " " + code + "\n", "https://x.example/c/HT-2026-000001-7#" + code, code[:20] + " " + code[20:]} {
		if got := codeIn(text); got != code {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// What a text seems to be about is proposed with the words that say so; a text
// about nothing of the county's file proposes nothing.
func TestGuesses(t *testing.T) {
	county := (&Server{Rules: func() workflow.Rules { return workflow.Rules{Rules: policy.Default()} }}).Rules().County()
	for text, want := range map[string]string{"健身房停业，年卡不退": "10 健身,健身房", "快递把我的包裹弄丢了": "9 快递,包裹", "超市虚假宣传": "1 false_publicity 超市,虚假宣传",
		"装修公司偷工减料": "3 cutting_corners 装修,偷工减料", "你好": ""} {
		got := ""
		if all := guesses(county, text); len(all) > 0 {
			got = strings.Join(strings.Fields(digit(all[0].domain.Number)+" "+all[0].category.Code+" "+strings.Join(all[0].words, ",")), " ")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// Every row of the table that is a consumer's or a merchant's to take asks for nothing
// that no page can give; but for the filing, which has its own.
func TestEveryRowOfAPartyHasAPage(t *testing.T) {
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		party := slices.Contains(row.By, workflow.Role("consumer")) || slices.Contains(row.By, workflow.Role("merchant"))
		if party && len(row.From) > 0 && needsMore(MoveView{Event: row.Event, Needs: row.If}) {
			t.Errorf("%s %s asks for what no page has", row.ID, row.Event)
		}
	}
}
