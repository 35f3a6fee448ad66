package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The binary used as a newcomer would use it: testdata/script.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fangxin": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}

// docs/states.md is what the table says.
func TestGeneratedDocs(t *testing.T) {
	want := statesPage()
	got, err := os.ReadFile("../../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		if os.Getenv("FANGXIN_TEST_UPDATE") != "" {
			if err := os.WriteFile("../../docs/states.md", []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Error("docs/states.md differs from the table: FANGXIN_TEST_UPDATE=1 go test ./cmd/fangxin -run GeneratedDocs")
	}
}

func statesPage() string {
	var diagram, table bytes.Buffer
	mermaid(&diagram)
	tableOf(&table)
	return "# The procedure\n\nGenerated from the table in `workflow/transitions.go` (`fangxin workflow --format mermaid|table`); do not edit.\n\n```mermaid\n" +
		diagram.String() + "```\n\n" + table.String()
}

// Links between documents lead somewhere.
func TestLinksInDocs(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "../../*.md").Output()
	if err != nil {
		t.Skip("not a checkout")
	}
	for _, name := range strings.Fields(string(out)) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dir := name[:strings.LastIndex(name, "/")+1]
		for _, part := range strings.Split(string(text), "](")[1:] {
			link, _, _ := strings.Cut(part, ")")
			link, _, _ = strings.Cut(link, "#")
			if link == "" || strings.Contains(link, "://") {
				continue
			}
			if _, err := os.Stat(dir + link); err != nil {
				t.Errorf("%s links to %s, which is not there", name, link)
			}
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
	}{{"--help", 0}, {"deadline --from 2026-04-30 --days 7 --unit working", 0}, {"deadline --from x --days 7 --unit working", 2}, {"nonsense", 2}, {"verify receipt", 2}} {
		var out, errs bytes.Buffer
		args := append([]string{"--data", t.TempDir()}, strings.Fields(c.args)...)
		if got := run(context.Background(), args, &out, &errs, time.Now); got != c.code {
			t.Errorf("%s: %d, want %d: %s%s", c.args, got, c.code, out.String(), errs.String())
		}
	}
}
