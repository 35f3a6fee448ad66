package ledger

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func receipt() Receipt {
	late := time.Date(2026, 5, 15, 16, 0, 0, 0, time.UTC)
	return Receipt{Case: "HT-2026-000123-8", Seq: 1, Hash: strings.Repeat("0a", 32), Commitment: "sha256:" + strings.Repeat("0b", 32), Salt: strings.Repeat("0c", 16),
		At: time.Date(2026, 5, 6, 1, 12, 44, 120000000, time.UTC), Rules: "R2/2026-04-15", V: Version,
		Clocks: []ReceiptClock{{Code: "accept_decision", Due: "2026-05-15", LateFrom: &late}, {Code: "green_channel"}}}
}

func TestReceiptIsCanonical(t *testing.T) {
	text, err := json.Marshal(receipt())
	if err != nil {
		t.Fatal(err)
	}
	if err := Canonical(text); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	want := `{"at":"2026-05-06T01:12:44.120000Z","case":"HT-2026-000123-8","clocks":[{"code":"accept_decision","due":"2026-05-15",` +
		`"late_from":"2026-05-15T16:00:00.000000Z"},{"code":"green_channel","due":"","late_from":null}],"commitment":"sha256:` + strings.Repeat("0b", 32) +
		`","hash":"` + strings.Repeat("0a", 32) + `","rules":"R2/2026-04-15","salt":"` + strings.Repeat("0c", 16) + `","seq":1,"v":1}`
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if text, _ := json.Marshal(Receipt{}); !strings.Contains(string(text), `"clocks":[]`) {
		t.Errorf("%s: no clocks are an empty list", text)
	}
}

func TestReceiptReadsBack(t *testing.T) {
	r := receipt()
	pretty, _ := json.MarshalIndent(r, "", "  ") // as people save it
	for _, text := range [][]byte{r.Append(nil), pretty, append(r.Append(nil), '\n')} {
		got, err := ParseReceipt(text)
		if err != nil || string(got.Append(nil)) != string(r.Append(nil)) {
			t.Errorf("%s\n%+v\n%v", text, got, err)
		}
		if got.Clocks[0].Waiting() || !got.Clocks[1].Waiting() {
			t.Error("the second clock waits, the first runs")
		}
	}
}

func TestReceiptRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"an unknown key":    {`"v":1`, `"v":1,"signature":"x"`},
		"a later format":    {`"v":1`, `"v":2`},
		"no format":         {`,"v":1`, ``},
		"a wrong number":    {`000123-8`, `000124-8`},
		"event 0":           {`"seq":1`, `"seq":0`},
		"a short hash":      {`"hash":"0a`, `"hash":"`},
		"a hash of capital": {`"hash":"0a`, `"hash":"0A`},
		"a bare commitment": {`sha256:`, ``},
		"a long salt":       {`"salt":"`, `"salt":"00`},
		"more after it":     {`"v":1}`, `"v":1}{}`},
		"a day for instant": {`"at":"2026-05-06T01:12:44.120000Z"`, `"at":"2026-05-06"`},
	} {
		good := string(receipt().Append(nil))
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := ParseReceipt([]byte(bad)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
