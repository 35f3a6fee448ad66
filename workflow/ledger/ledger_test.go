package ledger

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"
)

var controls = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 1, Hi: 0x1f, Stride: 1}}, LatinOffset: 1}

// value makes what the log may hold.
func value(depth int) *rapid.Generator[any] {
	text := rapid.String().Filter(Clean)
	leaf := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int64Range(-MaxInt, MaxInt), func(n int64) any { return n }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just(any(nil)),
		rapid.Map(rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("消费者退款🙂\u2028\u2029<>&\"\\/\x7f\ufeff")), rapid.RuneFrom(nil, controls))), func(s string) any { return s }),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(value(depth-1), 0, 4), func(s []any) any { return s }),
		rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z_.]{1,6}`), value(depth-1), 0, 4), func(m map[string]any) any { return m }))
}

// Another implementation of RFC 8785 gives the same bytes: 10,000 values.
func TestCanonicalAgainstJCS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, v := range rapid.SliceOfN(value(3), 100, 100).Draw(t, "values") {
			got, err := Append(nil, []any{v}) // jcs takes no bare scalar
			if err != nil {
				t.Fatal(err)
			}
			plain, err := json.Marshal([]any{v})
			if err != nil {
				t.Fatal(err)
			}
			if want, err := jcs.Transform(plain); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s\n%s\n%v", got, want, err)
			}
			if err := Canonical(got); err != nil {
				t.Fatalf("%s: %v", got, err)
			}
		}
	})
}

// Texts that broke other programs stay what they were, byte by byte.
func TestNaughtyStrings(t *testing.T) {
	naughty := []string{"", " ", "\x7f", "\u0080", "\u2028\u2029", "\ufeff", "\ufffd", "\U0010ffff", "\ue000", "e\u0301 é", "👩‍👩‍👧‍👦", "𠮷野家", "㐂", "\u202egnp.exe",
		"<script>alert(1)</script>&amp;", "'; drop table events; --", "\\\"/\b\f\n\r\t", "null", "1e309", "NaN", "__proto__", "Ω≈ç√∫", "ﷺ", "Z̡͎͟a̵l̵g̵o̴", "../../etc/passwd", "%s%n", "${x}"}
	for c := range rune(0x20) {
		if c > 0 {
			naughty = append(naughty, "a"+string(c)+"b")
		}
	}
	for _, s := range naughty {
		got := AppendString(nil, s)
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != s {
			t.Errorf("%q became %s: %v", s, got, err)
		}
		plain, _ := json.Marshal([]string{s})
		if want, err := jcs.Transform(plain); err != nil || "["+string(got)+"]" != string(want) {
			t.Errorf("%q: %s, jcs %s %v", s, got, want, err)
		}
		if err := Canonical(got); err != nil {
			t.Errorf("%q: %s: %v", s, got, err)
		}
		if m, err := Append(nil, map[string]any{"k": s}); err != nil || string(AppendMap(nil, map[string]string{"k": s})) != string(m) {
			t.Errorf("%q: a map of texts is written in two ways", s)
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for _, bad := range []string{`{"b":1,"a":2}`, `{"a":1,"a":2}`, `{"a": 1}`, `1.5`, `9007199254740993`, `{"a":1} `, `{"a":1}{}`, `"\u00e9"`, `{"é":1}`, ``, `nul`, `"\u0000"`} {
		if Canonical([]byte(bad)) == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	for _, bad := range []any{1.5, "a\x00", "\xff", int64(MaxInt + 1), struct{}{}} {
		if _, err := Append(nil, bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// What Canonical takes reads and writes back to the same bytes; nothing panics,
// whichever reader is asked.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"a":[1,"消费",null,true]}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Add([]byte(entryLine))
	f.Add(receipt(f).Append(nil))
	f.Add(Block{Height: 1, At: entry().At, Heads: []Head{{"HT-2026-000123-8", 7, Hash{1}}}}.Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		if e, err := ParseEntry(in); err == nil && !bytes.Equal(e.Append(nil), in) {
			t.Fatalf("entry %q", in)
		}
		if b, err := ParseBlock(in); err == nil && (!bytes.Equal(b.Payload(), in) || Canonical(in) != nil) {
			t.Fatalf("block %q", in)
		}
		_, _ = ParseReceipt(in)
		_, _ = ParseCheckpoint(string(in))
		v, err := Parse(in)
		if err != nil {
			return
		}
		out, err := Append(nil, v)
		if err != nil {
			return
		}
		if err := Canonical(out); err != nil {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
	})
}

func TestRawIsTakenAsItIs(t *testing.T) {
	got, err := Append(nil, map[string]any{"b": Raw(`{"x":1}`), "a": []any{Raw("2")}})
	if err != nil || string(got) != `{"a":[2],"b":{"x":1}}` {
		t.Errorf("%s %v", got, err)
	}
}

func TestBlocks(t *testing.T) {
	b := Block{Height: 3, Prev: Hash{1}, At: time.Date(2026, 5, 6, 1, 2, 3, 4000, time.UTC),
		Heads: []Head{{"HT-2026-000002-1", 4, Hash{9}}, {"HT-2026-000001-2", 7, Hash{8}}}}
	again, err := ParseBlock(b.Payload())
	if err != nil || again.Height != 3 || len(again.Heads) != 2 || again.Heads[0].Case != "HT-2026-000001-2" {
		t.Fatalf("%+v %v", again, err)
	}
	again.Prev = b.Prev
	if again.Hash() != b.Hash() {
		t.Error("the same block has two hashes")
	}
	again.Heads[0].Seq++
	if again.Hash() == b.Hash() {
		t.Error("another block has the same hash")
	}
}

func TestBlockRefuses(t *testing.T) {
	b := Block{Height: 3, At: time.Date(2026, 5, 6, 1, 2, 3, 4000, time.UTC), Heads: []Head{{"HT-2026-000001-5", 7, Hash{8}}, {"HT-2026-000002-8", 4, Hash{9}}}}
	good := string(b.Payload())
	for name, change := range map[string][2]string{
		"a blank":           {`"seq":7`, `"seq": 7`},
		"event 0":           {`"seq":7`, `"seq":0`},
		"a case twice":      {"HT-2026-000002-8", "HT-2026-000001-5"},
		"cases in disorder": {"HT-2026-000001-5", "HT-2026-000003-1"},
		"a case unnamed":    {"HT-2026-000001-5", ""},
		"NUL":               {"HT-2026-000001-5", `\u0000`},
		"a short hash":      {`"hash":"08`, `"hash":"`},
		"a hash in capital": {`"hash":"08`, `"hash":"0A`},
		"a key more":        {`"v":1`, `"v":1,"w":0`},
		"a later format":    {`"v":1`, `"v":2`},
		"height 0":          {`"height":3`, `"height":0`},
		"another zone":      {`01:02:03.000004Z`, `09:02:03.000004+08:00`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s changes nothing", name)
		}
		if got, err := ParseBlock([]byte(bad)); err == nil {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}

func TestCheckpoint(t *testing.T) {
	c := Checkpoint{Height: 12, Hash: Hash{5, 6}, At: time.Date(2026, 5, 6, 1, 2, 3, 0, time.UTC)}
	got, err := ParseCheckpoint(c.Text())
	if err != nil || got != c {
		t.Fatalf("%+v %v", got, err)
	}
	c.Origin = "桓台 Huantai"
	if got, err = ParseCheckpoint(strings.ReplaceAll(c.Text(), "\n", "\r\n")); err != nil || got != c {
		t.Errorf("through Windows: %+v %v", got, err)
	}
	lines := strings.Split(c.Text(), "\n")
	for _, bad := range []string{"", "hello", "fangxin checkpoints\n" + lines[1] + "\n" + lines[2], lines[0] + "\n" + lines[1], c.Text() + "more\n",
		lines[0] + "\n0 " + lines[1][3:] + "\n" + lines[2], lines[0] + "\n" + lines[1] + "0\n" + lines[2], lines[0] + "\n" + lines[1] + "\nyesterday"} {
		if got, err := ParseCheckpoint(bad); err == nil {
			t.Errorf("%q was taken as %+v", bad, got)
		}
	}
}

func TestCommit(t *testing.T) {
	if Commit([]byte("salt"), []byte("words")) == Commit([]byte("tlas"), []byte("words")) {
		t.Error("the salt does not count")
	}
}
