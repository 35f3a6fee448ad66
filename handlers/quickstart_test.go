package handlers_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The quick start of docs/api.md, run as it stands, ends in a settled case.
func TestTheQuickStart(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	page, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- quick start: a test runs this block -->\n```sh\n")
	script, _, ok := strings.Cut(rest, "\n```")
	if !ok {
		t.Fatal("no quick start")
	}
	each(t, func(t *testing.T, s *site) {
		run := exec.Command("bash", "-euo", "pipefail", "-c", script) //nolint:gosec // our own page
		run.Env = append(os.Environ(), "API="+s.URL+"/api/v1", "OFFICER="+s.officer("hub", "officer"))
		out, err := run.CombinedOutput()
		if err != nil || strings.Contains(string(out), `"/problems/`) {
			t.Fatalf("%v: %s", err, out)
		}
		if n := s.w.Count("select count(*) from cases where outcome = 'SETTLED_SELF'"); n != 1 {
			t.Errorf("%d settled: %s", n, out)
		}
	})
}
