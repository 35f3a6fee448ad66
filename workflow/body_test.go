package workflow

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A projection reads back as it was written, whatever stands in it.
func TestBodyRoundTrip(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[a-z_0-9 ]{0,9}`), rapid.SampledFrom([]string{"消费", `a"b\c`, "\n\t\x01", "", "🙂\u2028"}))
	rapid.Check(t, func(t *rapid.T) {
		c := Case{ID: 7, Kind: Complaint, Number: text.Draw(t, "number"), State: State(text.Draw(t, "state")), Version: rapid.Int64Range(0, 1<<50).Draw(t, "version"),
			At: time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "at")).UTC(), Ground: text.Draw(t, "ground"), Outcome: text.Draw(t, "outcome"), Facts: Facts{}}
		for range rapid.IntRange(0, 4).Draw(t, "facts") {
			c.Facts[text.Draw(t, "name")] = text.Draw(t, "value")
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "notices") {
			c.Notices = append(c.Notices, Notice{No: int64(i + 1), To: text.Draw(t, "to"), Kind: text.Draw(t, "kind"), Told: rapid.Bool().Draw(t, "told")})
		}
		body := c.Body(nil)
		again, err := ParseBody(7, body)
		if err != nil || cmp.Diff(c, again) != "" {
			t.Fatalf("%s: %v\n%s", body, err, cmp.Diff(c, again))
		}
		cut := rapid.IntRange(0, len(body)-1).Draw(t, "cut")
		if _, err := ParseBody(7, body[:cut]); err == nil {
			t.Fatalf("half a body was taken: %s", body[:cut])
		}
	})
}

func FuzzBody(f *testing.F) {
	f.Add(New(Complaint, 1, "HT-2026-000001-5").Body(nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := ParseBody(1, in)
		if err == nil && len(c.Facts) > len(in) {
			t.Fatal("more facts than bytes")
		}
	})
}
