package handlers

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"fangxin/workflow"
)

var update = flag.Bool("update", false, "write what is generated into the documents")

const apiPage = "../docs/api.md"

// resourceTable lists every row that a person may take with each who may and
// where, as docs/api.md shows it.
func resourceTable() string {
	var b strings.Builder
	b.WriteString("| row | event | who | resource |\n|---|---|---|---|\n")
	for _, list := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for i := range list {
			row := &list[i]
			who := people(row)
			if len(who) == 0 {
				continue
			}
			names := make([]string, len(who))
			for i, by := range who {
				names[i] = string(by)
			}
			where := "`" + strings.TrimPrefix(resourceOf[row.ID], "POST ") + "`"
			if row.Event == "open_report" {
				where = "with `" + strings.TrimPrefix(resourceOf["T05"], "POST ") + "`"
			}
			kind := workflow.Complaint
			if row.ID[0] == 'P' {
				kind = workflow.Report
			}
			if _, choice, value, ok := find(kind, row.Event, 0); ok && choice != "" {
				where += fmt.Sprintf(" `%s=%s`", choice, value)
			}
			if row.Event == "file_green_channel" {
				where += " `track=green_channel`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.ID, row.Event, strings.Join(names, ", "), where)
		}
	}
	return b.String()
}

// The table in docs/api.md is the one that the resources give, and each of its
// resources stands in the document.
func TestTheTableOfResources(t *testing.T) {
	page, err := os.ReadFile(apiPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), " -update` -->\n")
	_, after, closed := strings.Cut(rest, "<!-- /rows -->")
	if !ok || !closed {
		t.Fatal("docs/api.md has no place for the table")
	}
	whole := before + " -update` -->\n" + resourceTable() + "<!-- /rows -->" + after
	if *update {
		if err := os.WriteFile(apiPage, []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if whole != string(page) {
		t.Error("docs/api.md is not what the resources give: go test ./handlers -run TestTheTableOfResources -update")
	}
	_, doc := documented(t, "en")
	for _, line := range strings.Split(resourceTable(), "\n")[2:] {
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			continue
		}
		_, path, _ := strings.Cut(cells[4], "`")
		path, _, _ = strings.Cut(path, "`")
		if item := doc.Paths.Value(path); item == nil || item.Post == nil {
			t.Errorf("%s: %s is not in the document", cells[1], path)
		}
	}
}
