package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms says which of our rooms each room may enter.
var rooms = map[string][]string{
	"workflow":                 {"workflow/calendar", "workflow/ledger", "workflow/policy"},
	"workflow/calendar":        {},
	"workflow/ledger":          {},
	"workflow/policy":          {"workflow/calendar"},
	"workflow/rehearse":        {"workflow", "workflow/calendar"},
	"workflow/indicator":       {"workflow", "workflow/calendar", "workflow/ledger"},
	"workflow/publication":     {"workflow", "workflow/calendar"},
	"workflow/register":        {"workflow", "workflow/calendar"},
	"migrations":               {},
	"store":                    {"workflow", "workflow/calendar", "workflow/indicator", "workflow/ledger", "workflow/policy", "workflow/publication", "workflow/register", "migrations"},
	"store/audit":              {"workflow/calendar", "workflow/ledger"},
	"store/storetest":          {"migrations", "store", "workflow", "workflow/policy", "workflow/rehearse"},
	"jobs":                     {"jobs/channel", "store", "workflow"},
	"jobs/channel":             {},
	"jobs/channel/channeltest": {},
	"jobs/intake":              {"store", "workflow", "workflow/calendar", "workflow/ledger", "workflow/register"},
	"jobs/simulate":            {"store", "workflow", "workflow/calendar", "workflow/register", "workflow/rehearse"},
	"handlers/view":            {},
	"handlers/paper":           {"workflow/calendar"},
	"handlers":                 {"handlers/paper", "handlers/view", "store", "workflow", "workflow/calendar", "workflow/indicator", "workflow/ledger", "workflow/policy", "workflow/publication", "workflow/register"},
	"cmd/fangxin":              nil, // wires everything
	"bench":                    nil,
}

// outside says what must stay out of the law.
var outside = []string{"github.com/labstack/echo", "github.com/uptrace/bun", "github.com/hibiken/asynq", "net/http", "database/sql", "os"}

type listed struct {
	ImportPath, Doc, Dir string
	Imports              []string
}

func packages(t *testing.T) []listed {
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,Dir,Imports", "fangxin/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestWhoMayEnterWhichRoom(t *testing.T) {
	all := packages(t)
	built := 0
	for _, p := range all { // what only tests enter is not in the binary
		if !strings.HasSuffix(p.ImportPath, "test") {
			built++
		}
	}
	if built > 20 {
		t.Errorf("%d packages", built)
	}
	for _, p := range all {
		room := strings.TrimPrefix(p.ImportPath, "fangxin/")
		may, known := rooms[room]
		if !known {
			t.Errorf("%s is no room of the house", room)
		}
		if p.Doc == "" {
			t.Errorf("%s does not say what it is for", room)
		}
		for _, i := range p.Imports {
			if ours, ok := strings.CutPrefix(i, "fangxin/"); ok && may != nil && !slices.Contains(may, ours) {
				t.Errorf("%s may not enter %s", room, ours)
			}
			if strings.HasPrefix(room, "workflow") && slices.ContainsFunc(outside, func(o string) bool { return i == o || strings.HasPrefix(i, o+"/") }) {
				t.Errorf("%s knows %s", room, i)
			}
		}
	}
}

// Time is handed in: only cmd and bench may read a clock, and one file of the
// handlers knows the web framework, beside the bench, whose limit it is.
func TestOneClockOneFramework(t *testing.T) {
	root, _ := filepath.Abs("../..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		if err != nil || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			if strings.Contains(i.Path.Value, "labstack/echo") && rel != "handlers/engine.go" && rel != "bench/http.go" {
				t.Errorf("%s knows the web framework", rel)
			}
			if strings.Contains(i.Path.Value, "hibiken/asynq") && !strings.HasPrefix(rel, "jobs/") && rel != "bench/queues.go" {
				t.Errorf("%s knows the queue", rel)
			}
		}
		if strings.HasPrefix(rel, "cmd/") || strings.HasPrefix(rel, "bench/") {
			return nil
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Now" {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s reads the clock", rel)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
