package ledger

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func entry() Entry {
	return Entry{Actor: "merchant:m_01J", At: time.Date(2026, 5, 6, 1, 12, 44, 120553000, time.UTC), Case: "HT-2026-000123-8",
		Data: Raw(`{"offer":2,"terms":"sha256:9f"}`), Event: "offer", ID: "T14", Rules: "R2/2026-04-15", Seq: 7, V: Version}
}

const entryLine = `{"actor":"merchant:m_01J","at":"2026-05-06T01:12:44.120553Z","case":"HT-2026-000123-8","data":{"offer":2,"terms":"sha256:9f"},` +
	`"event":"offer","id":"T14","lawful_at":null,"rules":"R2/2026-04-15","seq":7,"v":1}`

func TestEntryLine(t *testing.T) {
	if got := string(entry().Append(nil)); got != entryLine {
		t.Errorf("got\n%s\nwant\n%s", got, entryLine)
	}
	late := entry()
	late.At = late.At.In(time.FixedZone("CST", 8*3600)) // another zone, the same instant
	late.LawfulAt = time.Date(2026, 5, 5, 16, 0, 0, 0, time.UTC)
	want := strings.Replace(entryLine, `"lawful_at":null`, `"lawful_at":"2026-05-05T16:00:00.000000Z"`, 1)
	if got := string(late.Append(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEntryReadsBack(t *testing.T) {
	instant := rapid.Map(rapid.Int64Range(0, 4_000_000_000_000_000), func(us int64) time.Time { return time.UnixMicro(us).UTC() })
	text := rapid.String().Filter(Clean)
	rapid.Check(t, func(t *rapid.T) {
		data, err := Append(nil, rapid.MapOfN(rapid.StringMatching(`[a-z_]{1,8}`), value(2), 0, 4).Draw(t, "data"))
		if err != nil {
			t.Fatal(err)
		}
		e := Entry{Actor: text.Draw(t, "actor"), At: instant.Draw(t, "at"), Case: "c" + text.Draw(t, "case"), Data: data, Event: text.Draw(t, "event"),
			ID: text.Draw(t, "id"), Rules: text.Draw(t, "rules"), Seq: rapid.Int64Range(1, MaxInt).Draw(t, "seq"), V: Version}
		if rapid.Bool().Draw(t, "lawful") {
			e.LawfulAt = instant.Draw(t, "lawful_at")
		}
		line := e.Append(nil)
		again, err := ParseEntry(line)
		if err != nil || !again.At.Equal(e.At) || !again.LawfulAt.Equal(e.LawfulAt) || again.Actor != e.Actor || again.Case != e.Case ||
			again.Seq != e.Seq || !bytes.Equal(again.Data, e.Data) || !bytes.Equal(again.Append(nil), line) {
			t.Fatalf("%s\n%+v\n%v", line, again, err)
		}
	})
}

func TestEntryRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"a blank":              {`,"seq":7`, `, "seq":7`},
		"a key more":           {`"v":1}`, `"v":1,"w":1}`},
		"a key less":           {`"rules":"R2/2026-04-15",`, ``},
		"a key twice":          {`"seq":7`, `"seq":7,"seq":7`},
		"keys in other order":  {`"seq":7,"v":1`, `"v":1,"seq":7`},
		"a key in capitals":    {`"v":1`, `"V":1`},
		"another zone":         {`"at":"2026-05-06T01:12:44.120553Z"`, `"at":"2026-05-06T09:12:44.120553+08:00"`},
		"fewer digits":         {`44.120553Z`, `44.12Z`},
		"more digits":          {`44.120553Z`, `44.1205530Z`},
		"no instant":           {`"2026-05-06T01:12:44.120553Z"`, `null`},
		"a lawful year one":    {`"lawful_at":null`, `"lawful_at":"0001-01-01T00:00:00.000000Z"`},
		"event 0":              {`"seq":7`, `"seq":0`},
		"a fraction":           {`"seq":7`, `"seq":7.0`},
		"a later format":       {`"v":1`, `"v":2`},
		"no case":              {`"HT-2026-000123-8"`, `""`},
		"data no object":       {`{"offer":2,"terms":"sha256:9f"}`, `[2]`},
		"data null":            {`{"offer":2,"terms":"sha256:9f"}`, `null`},
		"data not in order":    {`{"offer":2,"terms":"sha256:9f"}`, `{"terms":2,"offer":1}`},
		"an escape not needed": {`"offer","id"`, `"\u006fffer","id"`},
		"broken UTF-8":         {`"offer","id"`, "\"\xff\",\"id\""},
		"NUL":                  {`"offer","id"`, `"\u0000","id"`},
	} {
		bad := strings.Replace(entryLine, change[0], change[1], 1)
		if bad == entryLine {
			t.Fatalf("%s changes nothing", name)
		}
		if e, err := ParseEntry([]byte(bad)); err == nil {
			t.Errorf("%s: taken as %+v", name, e)
		}
	}
}

// A group writes hundreds of entries into one buffer.
func TestEntryAllocatesNothing(t *testing.T) {
	e := entry()
	e.Data, _ = Append(nil, map[string]any{"words": "消费者\n\"退款\"\u2028🙂"})
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf = e.Append(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEntry(b *testing.B) {
	e, buf := entry(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Append(buf[:0])
		Chain(Hash{}, buf)
	}
}

// One altered byte anywhere in the text, the hash before it or the order of
// events gives another hash.
func TestChainSeesEveryByte(t *testing.T) {
	line := []byte(entryLine)
	want := Chain(Hash{1}, line)
	for i := range line {
		line[i] ^= 1
		if Chain(Hash{1}, line) == want {
			t.Fatalf("byte %d does not count", i)
		}
		line[i] ^= 1
	}
	for i := range 32 {
		prev := Hash{1}
		prev[i] ^= 1
		if Chain(prev, line) == want {
			t.Fatalf("byte %d of the hash before it does not count", i)
		}
	}
}
