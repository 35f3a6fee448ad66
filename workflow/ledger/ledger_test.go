package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"
)

func value(depth int) *rapid.Generator[any] {
	text := rapid.String().Filter(Clean)
	leaf := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int64Range(-MaxInt, MaxInt), func(n int64) any { return n }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just(any(nil)),
		rapid.Map(rapid.SampledFrom([]string{"消费者", "\u2028<>&", "a\x01\t\"\\", "🙂", "退款\r\n"}), func(s string) any { return s }),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(value(depth-1), 0, 4), func(s []any) any { return s }),
		rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z_.]{1,6}`), value(depth-1), 0, 4), func(m map[string]any) any { return m }))
}

// Another implementation of RFC 8785 gives the same bytes.
func TestCanonicalAgainstJCS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := value(3).Draw(t, "value")
		got, err := Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		plain, _ := json.Marshal(v)
		want, err := jcs.Transform(plain)
		if len(plain) > 0 && (plain[0] == '{' || plain[0] == '[') {
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s\n%s\n%v", got, want, err)
			}
		}
		if err := Canonical(got); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
	})
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

func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"a":[1,"消费",null,true]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
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
	if _, err := ParseBlock([]byte(strings.Replace(string(b.Payload()), `"seq":7`, `"seq": 7`, 1))); err == nil {
		t.Error("a block that is not canonical was taken")
	}
}

func TestCheckpoint(t *testing.T) {
	c := Checkpoint{Height: 12, Hash: Hash{5, 6}, At: time.Date(2026, 5, 6, 1, 2, 3, 0, time.UTC)}
	got, err := ParseCheckpoint(c.Text())
	if err != nil || got != c {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := ParseCheckpoint("hello"); err == nil {
		t.Error("hello is no checkpoint")
	}
}

func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		year, serial := rapid.IntRange(2000, 2099).Draw(t, "year"), rapid.Int64Range(1, 99999999).Draw(t, "serial")
		n := Number("HT", year, serial)
		for _, s := range []string{n, strings.ToLower(n), strings.ReplaceAll(n, "-", ""), strings.ReplaceAll(n, "1", "幺"), strings.ReplaceAll(n, "0", "〇")} {
			if p, y, m, err := ParseNumber(s); err != nil || p != "HT" || y != year || m != serial {
				t.Fatalf("%s read as %s %d %d %v", s, p, y, m, err)
			}
		}
		digits := []byte(n)
		i := rapid.IntRange(3, len(digits)-1).Filter(func(i int) bool { return digits[i] != '-' }).Draw(t, "at")
		digits[i] = '0' + (digits[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, _, _, err := ParseNumber(string(digits)); err == nil {
			t.Fatalf("%s passes for %s", digits, n)
		}
		plain := []byte(strings.ReplaceAll(n, "-", ""))
		j := rapid.IntRange(2, len(plain)-2).Draw(t, "swap")
		if plain[j] != plain[j+1] {
			plain[j], plain[j+1] = plain[j+1], plain[j]
			if _, _, _, err := ParseNumber(string(plain)); err == nil {
				t.Fatalf("%s passes for %s", plain, n)
			}
		}
	})
}

func ExampleNumber() {
	fmt.Println(Number("HT", 2026, 123))
	// Output: HT-2026-000123-8
}

func TestCommit(t *testing.T) {
	if Commit([]byte("salt"), []byte("words")) == Commit([]byte("tlas"), []byte("words")) {
		t.Error("the salt does not count")
	}
}
