package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/workflow/ledger"
)

// grove is a tree of snapshots that grows, as a site keeps it.
type grove struct {
	t      *testing.T
	key    *ledger.Signer
	keys   ledger.KeyList
	leaves []ledger.Hash
	kept   []ledger.Hash
	last   ledger.Statement
	text   string
}

func newGrove(t *testing.T, seed byte) *grove {
	key, _, err := ledger.NewSigner("桓台县", bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &grove{t: t, key: key, keys: ledger.KeyList{Keys: []ledger.PublicKey{{ID: key.ID(), Key: key.Public()}}, V: 1}}
}

func (g *grove) read(places []int64) ([]ledger.Hash, error) {
	var out []ledger.Hash
	for _, at := range places {
		if at >= int64(len(g.kept)) {
			return nil, fmt.Errorf("no hash %d", at)
		}
		out = append(out, g.kept[at])
	}
	return out, nil
}

// freeze adds a snapshot with its cases and signs it.
func (g *grove) freeze(id string, totals []string, cases ...ledger.Hash) {
	g.t.Helper()
	s := ledger.Statement{Site: g.key.Name(), Snapshot: id, From: id + "-01", To: id + "-30", First: int64(len(g.leaves)), Definitions: "2026-11", Rules: "R2/2026-04-15", Calendar: "2026a",
		Taken: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Height: 3, Counts: "sha256:" + strings.Repeat("0", 64), Totals: totals}
	add := append([]ledger.Hash{s.Lead()}, cases...)
	more, root, err := ledger.Grow(int64(len(g.leaves)), add, g.read)
	if err != nil {
		g.t.Fatal(err)
	}
	g.kept, g.leaves = append(g.kept, more...), append(g.leaves, add...)
	s.Size, s.Root = int64(len(g.leaves)), root
	if g.text, err = s.Sign(g.key); err != nil {
		g.t.Fatal(err)
	}
	g.last = s
}

func (g *grove) prove(l ledger.Leaf, salt []byte, in ledger.Statement, text string) ledger.Proof {
	g.t.Helper()
	sum, err := l.Commit(salt)
	p := ledger.Proof{Case: l.Case, Salt: hex.EncodeToString(salt), Parts: l.Parts, Index: int64(slices.Index(g.leaves, sum)), Statement: text, Newest: g.text}
	for _, do := range []func(){
		func() { p.Hashes, err = ledger.ProveLeaf(in.Size, p.Index, g.read) },
		func() { p.Lead, err = ledger.ProveLeaf(in.Size, in.First, g.read) },
		func() { p.Since, err = ledger.ProveTree(g.last.Size, in.Size, g.read) },
	} {
		if do(); err != nil {
			g.t.Fatal(err)
		}
	}
	return p
}

func (g *grove) receipt(number string) ledger.Receipt {
	r := ledger.Receipt{Case: number, Seq: 1, Hash: strings.Repeat("0a", 32), Commitment: "sha256:" + strings.Repeat("0b", 32), Salt: strings.Repeat("0c", 16),
		At: time.Date(2026, 5, 6, 1, 0, 0, 0, time.UTC), Rules: "R2/2026-04-15"}
	if err := r.Sign(g.key); err != nil {
		g.t.Fatal(err)
	}
	return r
}

var one = []ledger.Part{{Code: "filed", Value: 1, Domain: 1, Channel: "web", Town: "370321001"}}

const number = "HT-2026-000123-8"

// A case is shown to be counted, and every way of cheating is named.
func TestProof(t *testing.T) {
	g := newGrove(t, 1)
	mine, salt := ledger.Leaf{Case: number, Snapshot: "2026-05", Parts: one}, bytes.Repeat([]byte{7}, 16)
	leaf, err := mine.Commit(salt)
	if err != nil {
		t.Fatal(err)
	}
	var others []ledger.Hash
	for i := range 5 {
		others = append(others, sha256.Sum256([]byte{byte(i)}))
	}
	g.freeze("2026-04", nil)
	g.freeze("2026-05", []string{"I-05 closed 901 1203", "I-05 open 302"}, append(others, leaf)...)
	may, text := g.last, g.text
	g.freeze("2026-06", nil, others[:2]...)
	r, p := g.receipt(number), g.prove(mine, salt, may, text)
	line, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ledger.ParseProof(append(line, '\n'))
	if err != nil {
		t.Fatal(err)
	}
	s, err := again.Verify(g.keys, r)
	if err != nil || s.Totals[0] != "I-05 closed 901 1203" {
		t.Fatalf("%v %v", s, err)
	}
	forged := newGrove(t, 2)
	for name, x := range map[string]struct {
		do   func(*ledger.Proof, *ledger.Receipt)
		says string
	}{
		"another salt":              {func(p *ledger.Proof, _ *ledger.Receipt) { p.Salt = strings.Repeat("00", 16) }, "NOT among"},
		"a short salt":              {func(p *ledger.Proof, _ *ledger.Receipt) { p.Salt = "00" }, "16 bytes"},
		"counted as something else": {func(p *ledger.Proof, _ *ledger.Receipt) { p.Parts = []ledger.Part{{Code: "filed", Value: 2}} }, "NOT among"},
		"another place":             {func(p *ledger.Proof, _ *ledger.Receipt) { p.Index-- }, "NOT among"},
		"the leading leaf's place":  {func(p *ledger.Proof, _ *ledger.Receipt) { p.Index = may.First }, "NOT among"},
		"a negative place":          {func(p *ledger.Proof, _ *ledger.Receipt) { p.Index = -1 }, "NOT among"},
		"a place beyond":            {func(p *ledger.Proof, _ *ledger.Receipt) { p.Index = may.Size }, "NOT among"},
		"a hash too many":           {func(p *ledger.Proof, _ *ledger.Receipt) { p.Hashes = append(slices.Clone(p.Hashes), leaf) }, "NOT among"},
		"no hashes":                 {func(p *ledger.Proof, _ *ledger.Receipt) { p.Hashes = nil }, "NOT among"},
		"another's receipt":         {func(_ *ledger.Proof, r *ledger.Receipt) { *r = g.receipt("HT-2026-000124-6") }, "receipt that of"},
		"a receipt nobody signed":   {func(_ *ledger.Proof, r *ledger.Receipt) { r.Rules = "R1" }, "altered"},
		"another total":             {func(p *ledger.Proof, _ *ledger.Receipt) { p.Statement = strings.Replace(text, "901", "902", 1) }, "no good signature"},
		"another's signature": {func(p *ledger.Proof, _ *ledger.Receipt) {
			s := may
			p.Statement, _ = s.Sign(forged.key)
		}, "no good signature"},
		"totals beside the tree, signed": {func(p *ledger.Proof, _ *ledger.Receipt) {
			s := may
			s.Totals = []string{"I-05 closed 1200 1203"}
			p.Statement, _ = s.Sign(g.key)
		}, "does not hold the totals"},
		"the newest tree is another": {func(p *ledger.Proof, _ *ledger.Receipt) {
			s := g.last
			s.Root[0] ^= 1
			p.Newest, _ = s.Sign(g.key)
		}, "SPLIT VIEW"},
		"a newest that is older": {func(p *ledger.Proof, _ *ledger.Receipt) {
			s := may
			s.Size, s.First = 2, 1
			p.Newest, _ = s.Sign(g.key)
		}, "which is to follow it"},
		"two words for one tree": {func(p *ledger.Proof, _ *ledger.Receipt) {
			s := may
			s.Totals = []string{"I-05 closed 1200 1203"}
			p.Newest, _ = s.Sign(g.key)
			p.Since = nil
		}, "SPLIT VIEW"},
	} {
		p, r := again, r
		x.do(&p, &r)
		if _, err := p.Verify(g.keys, r); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	revoked := g.keys
	revoked.Keys = slices.Clone(g.keys.Keys)
	revoked.Keys[0].Revoked = time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)
	if _, err := p.Verify(revoked, r); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("a revoked key: %v", err)
	}
	for name, bad := range map[string]string{"": "cut off", "{}": "format 0", string(line) + " ": "one spelling", strings.Replace(string(line), `"v":1`, `"v":1,"x":1`, 1): "not a proof",
		strings.Replace(string(line), `"hashes":["`, `"hashes":["A`, 1): "base64"} {
		if _, err := ledger.ParseProof([]byte(name)); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%.40s: %v", name, err)
		}
	}
}

// The smallest trees: of nothing, of a snapshot without a case, of one case.
func TestSmallTrees(t *testing.T) {
	_, root, err := ledger.Grow(0, nil, nil)
	if err != nil || root != sha256.Sum256(nil) {
		t.Errorf("the root of no leaves is the hash of nothing, not %x %v", root, err)
	}
	g := newGrove(t, 1)
	g.freeze("2026-05", nil)
	empty, text := g.last, g.text
	if g.last.Root != sha256.Sum256(append([]byte{0}, leadOf(&g.last)...)) {
		t.Error("the root of one leaf is its hash under a 0 byte")
	}
	mine, salt := ledger.Leaf{Case: number, Snapshot: "2026-06", Parts: one}, bytes.Repeat([]byte{7}, 16)
	leaf, _ := mine.Commit(salt)
	g.freeze("2026-06", nil, leaf)
	p := g.prove(mine, salt, g.last, g.text)
	if _, err := p.Verify(g.keys, g.receipt(number)); err != nil {
		t.Error(err)
	}
	since, err := ledger.ProveTree(g.last.Size, empty.Size, g.read)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.last.Follows(&empty, since); err != nil {
		t.Error(err)
	}
	p.Statement, p.Index = text, 0 // the only leaf of the first is no case
	if _, err := p.Verify(g.keys, g.receipt(number)); err == nil {
		t.Error("a case among none")
	}
}

func leadOf(s *ledger.Statement) []byte { h := s.Lead(); return h[:] }

// Whoever does not know the salt learns nothing by trying: two leaves of the same
// case have nothing in common, and the leaf is not the bare hash of its text.
func TestASaltedLeaf(t *testing.T) {
	l := ledger.Leaf{Case: number, Snapshot: "2026-05", Parts: one}
	text, err := l.Text()
	if err != nil || ledger.Canonical(text) != nil {
		t.Fatal(string(text), err)
	}
	a, _ := l.Commit(bytes.Repeat([]byte{1}, 16))
	b, _ := l.Commit(bytes.Repeat([]byte{2}, 16))
	if a == b || a == sha256.Sum256(text) {
		t.Error("a leaf can be tried out")
	}
	if _, err := l.Commit(nil); err == nil {
		t.Error("a leaf without salt")
	}
}

// A statement reads back as it was, and in no other spelling.
func TestStatementText(t *testing.T) {
	g := newGrove(t, 1)
	g.freeze("2026-05", []string{"I-05 closed 901 1203"})
	s, err := ledger.OpenStatement(strings.ReplaceAll(g.text, "\n", "\r\n"), g.keys)
	if err != nil || s.Text() != g.last.Text() {
		t.Fatal(s, err)
	}
	s.Rules = ""
	if again, err := ledger.ParseStatement(s.Text()); err != nil || again.Rules != "" {
		t.Error(again, err)
	}
	for _, change := range [][2]string{{"fangxin statistics", "fangxin checkpoint"}, {"first 0", "first 1"}, {"first 0", "first 00"}, {"total ", "Total "}, {"block 3", "block +3"}, {"\n1\n", "\n01\n"}, {"taken 2026", "taken 26"}} {
		if _, err := ledger.ParseStatement(strings.Replace(g.last.Text(), change[0], change[1], 1)); err == nil {
			t.Errorf("%v is taken", change)
		}
	}
}
