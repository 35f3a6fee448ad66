package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"fangxin/workflow/ledger"

	"github.com/rogpeppe/go-internal/testscript"
)

// The binary used as a newcomer would use it: testdata/script.
func TestMain(m *testing.M) {
	if os.Getenv("FANGXIN_TEST_NODE") != "" {
		node()
	}
	testscript.Main(m, map[string]func(){"fangxin": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"receipt": scriptReceipt, "proof": scriptProof, "handover": scriptHandover, "alter": scriptAlter, "keyid": scriptKeyID, "readenv": scriptReadEnv, "cut": scriptCut}})
}

// scriptReceipt writes the receipt that the API gives: receipt DATA CASE FILE.
func scriptReceipt(ts *testscript.TestScript, _ bool, args []string) {
	g := &Globals{Err: io.Discard, Now: time.Now, time: newClock(time.Now), Context: context.Background(), Settings: &Settings{Data: ts.MkAbs(args[0]), RateLimits: "on"}}
	e, err := g.open(g.clock)
	ts.Check(err)
	defer func() { _ = e.Close() }()
	r, err := e.Receipt(g.Context, args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), r.Append(nil), 0o600))
}

// scriptProof freezes the month of now and the one after, as seen when both have
// ended, and writes the receipt of a case, the proof that it is counted in the first,
// and the statement of the second: proof DATA CASE
// RECEIPT PROOF STATEMENT HASHES.
func scriptProof(ts *testscript.TestScript, _ bool, args []string) {
	month := time.Now().UTC()
	later := func() time.Time { return time.Date(month.Year(), month.Month()+2, 2, 0, 0, 0, 0, time.UTC) }
	g := &Globals{Err: io.Discard, Now: later, time: newClock(later), Context: context.Background(), Settings: &Settings{Data: ts.MkAbs(args[0]), RateLimits: "on"}}
	e, err := g.open(g.clock)
	ts.Check(err)
	defer func() { _ = e.Close() }()
	r, err := e.Receipt(g.Context, args[1])
	ts.Check(err)
	_, err = e.Freeze(g.Context, month.Format("2006-01"))
	ts.Check(err)
	p, err := e.Proof(g.Context, args[1], month.Format("2006-01"))
	ts.Check(err)
	second, err := e.Freeze(g.Context, time.Date(month.Year(), month.Month()+1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01"))
	ts.Check(err)
	text, err := p.Append(nil)
	ts.Check(err)
	first, err := ledger.ParseStatement(p.Statement)
	ts.Check(err)
	between, err := e.Consistency(g.Context, first.Size, second.Size)
	ts.Check(err)
	hashes := []string{}
	for _, h := range between {
		hashes = append(hashes, base64.StdEncoding.EncodeToString(h[:]))
	}
	path, err := json.Marshal(map[string]any{"hashes": hashes})
	ts.Check(err)
	for i, b := range [][]byte{r.Append(nil), text, []byte(second.Statement), path} {
		ts.Check(os.WriteFile(ts.MkAbs(args[2+i]), b, 0o600))
	}
}

// scriptHandover writes a hand-over file of one page: handover DATA CASE FILE.
func scriptHandover(ts *testscript.TestScript, _ bool, args []string) {
	g := &Globals{Err: io.Discard, Now: time.Now, time: newClock(time.Now), Context: context.Background(), Settings: &Settings{Data: ts.MkAbs(args[0]), RateLimits: "on"}}
	e, err := g.open(g.clock)
	ts.Check(err)
	defer func() { _ = e.Close() }()
	v, err := e.Case(g.Context, args[1])
	ts.Check(err)
	h, err := e.HandoverHead(g.Context, &v.Case)
	ts.Check(err)
	const page = "移送材料"
	h.Pages = []ledger.HandoverPage{{Name: "page.txt", SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(page))), Size: int64(len(page)), Title: "材料"}}
	h, err = e.SignHandover(h)
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(ledger.WriteHandover(&b, h, func(int) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(page)), nil }))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b.Bytes(), 0o600))
}

// scriptAlter copies a file with one thing changed: alter FROM TO OLD NEW.
func scriptAlter(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[2]) {
		ts.Fatalf("%s does not hold %s", args[0], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Replace(text, args[2], args[3], 1)), 0o600))
}

// scriptReadEnv sets a variable to what a file holds: readenv NAME FILE.
func scriptReadEnv(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// scriptCut copies a file without its last bytes: cut FROM TO BYTES; or with one
// byte there changed: cut FROM TO -BYTES.
func scriptCut(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	if n < 0 {
		data[len(data)+n] ^= 1
	} else {
		data = data[:len(data)-n]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// scriptKeyID sets KEYID to the key of a receipt.
func scriptKeyID(ts *testscript.TestScript, _ bool, args []string) {
	r, err := ledger.ParseReceipt([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Setenv("KEYID", r.Key)
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
