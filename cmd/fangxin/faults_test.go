package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/faults.md and docs/tricks.md name tests that exist, at least one for each row.
func TestFaultsPage(t *testing.T) {
	namesTests(t, "faults.md", 22)
	namesTests(t, "tricks.md", 21)
}

var faultRow = regexp.MustCompile(`^\| [FGP][0-9]+ \|`)

func namesTests(t *testing.T, page string, want int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z0-9]+)`")
	rows := 0
	for line := range strings.Lines(string(text)) {
		tests := named.FindAllStringSubmatch(line, -1)
		if faultRow.MatchString(line) {
			rows++
			if len(tests) == 0 && !strings.Contains(line, "there are no uploads yet") {
				t.Errorf("no test: %s", line)
			}
		}
		for _, m := range tests {
			if !hasTest(t, m[1], m[2]) {
				t.Errorf("%s has no %s", m[1], m[2])
			}
		}
	}
	if rows != want {
		t.Errorf("%s has %d rows", page, rows)
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
