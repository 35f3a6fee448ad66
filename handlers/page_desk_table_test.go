package handlers

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/workflow"
)

const deskTable = "../docs/desk.md"

// tableOfTheDesk is who may open or send which page, and take which row.
func tableOfTheDesk(s *Server) string {
	var b strings.Builder
	line := func(first string, cell func(role workflow.Role) string) {
		b.WriteString("| " + first + " |")
		for _, name := range store.UserRoles {
			b.WriteString(" " + cell(workflow.Role(name)) + " |")
		}
		b.WriteString("\n")
	}
	head := func(what string) {
		line(what, func(role workflow.Role) string { return string(role) })
		b.WriteString("|---|" + strings.Repeat(":-:|", len(store.UserRoles)) + "\n")
	}
	head("page")
	for _, d := range s.deskPages() {
		line("`"+d.Method+" "+d.Path+"`", func(role workflow.Role) string {
			return map[bool]string{true: "x"}[mayPage(&d, role)]
		})
	}
	for _, list := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		b.WriteString("\n")
		head("act")
		for i := range list {
			row := &list[i]
			if len(people(row)) == 0 || len(row.From) == 0 {
				continue
			}
			line(fmt.Sprintf("%s `%s`", row.ID, row.Event), func(role workflow.Role) string {
				return map[bool]string{true: "x"}[slices.Contains(people(row), role)]
			})
		}
	}
	return b.String()
}

// mayPage is the table's word on a page.
func mayPage(d *deskPage, role workflow.Role) bool {
	reading := d.Method == "GET" || d.Limit == Searching
	if role == "auditor" {
		return reading
	}
	return slices.Contains(d.For, role)
}

// docs/desk.md is what pages and table give.
func TestTheTableOfTheDesk(t *testing.T) {
	page, err := os.ReadFile(deskTable)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), " -update` -->\n")
	_, after, closed := strings.Cut(rest, "<!-- /rows -->")
	if !ok || !closed {
		t.Fatal("docs/desk.md has no place for the table")
	}
	whole := before + " -update` -->\n" + tableOfTheDesk(&Server{}) + "<!-- /rows -->" + after
	if *update {
		if err := os.WriteFile(deskTable, []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if whole != string(page) {
		t.Error("docs/desk.md is not what pages and table give: go test ./handlers -run TestTheTableOfTheDesk -update")
	}
}
