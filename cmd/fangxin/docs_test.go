package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write the generated parts of the documents anew")

// The operators' page names every setting, as the program itself explains it.
func TestSettingsArePrintedAsTheyAre(t *testing.T) {
	var c cli
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| flag | environment | default | meaning |\n|---|---|---|---|\n")
	for _, f := range parser.Model.Flags {
		if len(f.Envs) == 1 {
			b.WriteString("| `--" + f.Name + "` | `" + f.Envs[0] + "` | " + quoted(f.Default) + " | " + f.Help + " |\n")
		}
	}
	const begin, end = "<!-- settings: cmd/fangxin/docs_test.go -->\n", "<!-- /settings -->"
	path := filepath.Join("..", "..", "docs", "for-operators.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatal("the page has no place for the settings")
	}
	if old == b.String() {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("docs/for-operators.md tells other settings than the program has: go test ./cmd/fangxin -run Settings -update\n%s", b.String())
}

func quoted(s string) string {
	if s == "" {
		return "–"
	}
	return "`" + s + "`"
}

// systemd reads the unit without a complaint.
func TestServiceFile(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not on this machine")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "fangxin.service"))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // the binary's place, so that only the unit is judged
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "fangxin.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/fangxin", self)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", unit).CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "" {
		t.Errorf("%v: %s", err, out)
	}
}
