package ledger

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

var filedAt = time.Date(2026, 5, 6, 1, 12, 44, 120000000, time.UTC)

func signer(t testing.TB, site string, seed byte) *Signer {
	t.Helper()
	s, text, err := NewSigner(site, bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseSigner(text)
	if err != nil || again.Public() != s.Public() {
		t.Fatalf("%s does not read back: %v", text, err)
	}
	return s
}

func receipt(t testing.TB) Receipt {
	t.Helper()
	late := time.Date(2026, 5, 15, 16, 0, 0, 0, time.UTC)
	r := Receipt{Case: "HT-2026-000123-8", Seq: 1, Hash: strings.Repeat("0a", 32), Commitment: Commit(bytes.Repeat([]byte{12}, 16), []byte("退款")), Salt: strings.Repeat("0c", 16),
		At: filedAt, Rules: "R2/2026-04-15", Clocks: []ReceiptClock{{Code: "accept_decision", Due: "2026-05-15", LateFrom: &late}, {Code: "green_channel"}}}
	if err := r.Sign(signer(t, "桓台县", 7)); err != nil {
		t.Fatal(err)
	}
	return r
}

func published(t testing.TB) KeyList {
	t.Helper()
	s := signer(t, "桓台县", 7)
	return KeyList{Keys: []PublicKey{{ID: s.ID(), Key: s.Public(), From: filedAt.Add(-time.Hour)}}, V: 1}
}

func TestReceiptIsCanonical(t *testing.T) {
	r := receipt(t)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := Canonical(text); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	want := `{"at":"2026-05-06T01:12:44.120000Z","case":"HT-2026-000123-8","clocks":[{"code":"accept_decision","due":"2026-05-15",` +
		`"late_from":"2026-05-15T16:00:00.000000Z"},{"code":"green_channel","due":"","late_from":null}],"commitment":"` + r.Commitment +
		`","hash":"` + r.Hash + `","key":"` + r.Key + `","rules":"R2/2026-04-15","salt":"` + r.Salt + `","seq":1,"signature":"` + r.Signature + `","site":"桓台县","v":2}`
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	unsigned := strings.Replace(want, `"signature":"`+r.Signature+`",`, "", 1)
	if got := string(r.Signed()); got != "fangxin receipt v2\n"+unsigned {
		t.Errorf("signed is\n%s", got)
	}
	if text, _ := json.Marshal(Receipt{}); !strings.Contains(string(text), `"clocks":[]`) {
		t.Errorf("%s: no clocks are an empty list", text)
	}
	if again := receipt(t); again.Signature != r.Signature {
		t.Error("the same receipt got another signature")
	}
}

func TestReceiptReadsBack(t *testing.T) {
	r := receipt(t)
	for _, end := range []string{"", "\n", "\r\n"} {
		got, err := ParseReceipt(append(r.Append(nil), end...))
		if err != nil || !bytes.Equal(got.Append(nil), r.Append(nil)) {
			t.Fatalf("%+v\n%v", got, err)
		}
		if err := got.Verify(published(t)); err != nil {
			t.Error(err)
		}
		if got.Clocks[0].Waiting() || !got.Clocks[1].Waiting() {
			t.Error("the second clock waits, the first runs")
		}
		if !got.Shows([]byte("退款")) || got.Shows([]byte("退货")) {
			t.Error("what was filed is shown by the salt, and nothing else is")
		}
	}
}

// Whatever is altered is found, with a reason that says what is wrong.
func TestEveryAlterationShows(t *testing.T) {
	r := receipt(t)
	other := signer(t, "桓台县", 8)
	forged := r
	if err := forged.Sign(other); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, says string }{
		"the instant":            {"01:12:44.12", "01:12:44.13", "was altered after it was given"},
		"the case":               {"HT-2026-000123-8", "HT-2026-000124-6", "was altered after it was given"},
		"a digit of the number":  {"000123-8", "000124-8", "case \"HT-2026-000124-8\""},
		"a clock's code":         {"accept_decision", "accept_decisiom", "was altered after it was given"},
		"a due day":              {"2026-05-15\"", "2026-05-16\"", "was altered after it was given"},
		"a first late instant":   {"05-15T16:00", "05-16T16:00", "was altered after it was given"},
		"a clock's late to none": {`"2026-05-15T16:00:00.000000Z"`, "null", "was altered after it was given"},
		"a clock taken out":      {`,{"code":"green_channel","due":"","late_from":null}`, "", "was altered after it was given"},
		"the commitment":         {"sha256:" + r.Commitment[7:9], "sha256:" + strings.Map(func(c rune) rune { return '0' + (c-'0'+1)%10&7 }, r.Commitment[7:9]), "was altered after it was given"},
		"a bare commitment":      {"sha256:", "", "the commitment of a receipt is"},
		"the hash":               {`"hash":"0a`, `"hash":"0b`, "was altered after it was given"},
		"a short hash":           {`"hash":"0a`, `"hash":"`, "64 hexadecimal digits"},
		"a hash of capitals":     {`"hash":"0a`, `"hash":"0A`, "64 hexadecimal digits"},
		"the rules":              {"R2/2026", "R1/2026", "was altered after it was given"},
		"the salt":               {`"salt":"0c`, `"salt":"0d`, "was altered after it was given"},
		"no salt":                {`"salt":"` + r.Salt, `"salt":"`, "the salt of a receipt is"},
		"a long salt":            {`"salt":"`, `"salt":"00`, "the salt of a receipt is"},
		"the place":              {`"seq":1`, `"seq":2`, "was altered after it was given"},
		"event 0":                {`"seq":1`, `"seq":0`, "from 1"},
		"the site":               {"桓台县", "淄川区", "key " + r.Key + " is that of 桓台县"},
		"another site's key":     {r.Key, signer(t, "淄川区", 7).ID(), "is unknown"},
		"the signature":          {r.Signature[:4], "AAAA", "was altered after it was given"},
		"half a signature":       {r.Signature[:44], "", "64 bytes in base64"},
		"a forged signature":     {r.Signature, forged.Signature, "another key signed it"},
		"a key of nobody":        {`"key":"` + r.Key, `"key":"` + other.ID(), "is unknown"},
		"a later format":         {`"v":2`, `"v":3`, "receipt of format 3"},
		"an earlier format":      {`"v":2`, `"v":1`, "receipt of format 1"},
		"an unknown key":         {`"v":2`, `"v":2,"z":1`, "unknown field"},
		"more after it":          {`"v":2}`, `"v":2}{}`, "there is more after it"},
		"cut off":                {`"site":"桓台县","v":2}`, ``, "cut off"},
		"one blank":              {`"seq":1`, `"seq": 1`, "not in its one spelling"},
		"another order":          {`"seq":1,"signature":"` + r.Signature + `"`, `"signature":"` + r.Signature + `","seq":1`, "not in its one spelling"},
		"a key twice":            {`"seq":1`, `"seq":1,"seq":1`, "not in its one spelling"},
		"a key of capitals":      {`"seq":1`, `"Seq":1`, "not in its one spelling"},
		"escapes":                {"桓台县", `\u6853\u53f0\u53bf`, "not in its one spelling"},
		"an instant in Beijing":  {"2026-05-06T01:12:44.120000Z", "2026-05-06T09:12:44.120000+08:00", "not in its one spelling"},
		"a day for an instant":   {"2026-05-06T01:12:44.120000Z", "2026-05-06", "not a receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			good := string(r.Append(nil))
			bad := strings.Replace(good, c.old, c.new, 1)
			if bad == good {
				t.Fatal("changes nothing")
			}
			got, err := ParseReceipt([]byte(bad))
			if err == nil {
				err = got.Verify(published(t))
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v\nwanted %s", err, c.says)
			}
		})
	}
}

// A key's term: rotated keys still verify what they signed in their time,
// revoked ones until they were revoked.
func TestTermOfAKey(t *testing.T) {
	r := receipt(t)
	for name, c := range map[string]struct {
		change func(k *PublicKey)
		says   string
	}{
		"rotated since":      {func(k *PublicKey) { k.To = filedAt.Add(time.Hour) }, ""},
		"rotated before":     {func(k *PublicKey) { k.To = filedAt }, "the receipt is younger than its key"},
		"not yet in force":   {func(k *PublicKey) { k.From = filedAt.Add(time.Microsecond) }, "the receipt is older than its key"},
		"in force just then": {func(k *PublicKey) { k.From = filedAt }, ""},
		"revoked since":      {func(k *PublicKey) { k.Revoked = filedAt.Add(time.Microsecond) }, ""},
		"revoked before":     {func(k *PublicKey) { k.Revoked, k.Reason = filedAt, "stolen" }, "was revoked on 2026-05-06T01:12:44Z (stolen)"},
	} {
		keys := published(t)
		c.change(&keys.Keys[0])
		text, err := json.Marshal(keys)
		if err != nil {
			t.Fatal(err)
		}
		if keys, err = ParseKeys(text); err != nil { // as somebody fetched it
			t.Fatal(err)
		}
		if err := r.Verify(keys); (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysRead(t *testing.T) {
	s := signer(t, "桓台县", 7)
	l, err := ParseKeys([]byte("\n" + s.Public() + "\n"))
	if err != nil || len(l.Keys) != 1 || l.Keys[0].ID != s.ID() || receipt(t).Verify(l) != nil {
		t.Errorf("%+v %v", l, err)
	}
	list := string(published(t).Append(nil))
	if err := Canonical([]byte(list)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "x", s.Public() + "x", strings.Replace(list, s.ID(), "00000000", 1), list + "{}", strings.Replace(list, `"v":1`, `"w":1`, 1)} {
		if _, err := ParseKeys([]byte(bad)); err == nil {
			t.Errorf("%q was taken for public keys", bad)
		}
	}
	for _, bad := range []string{"", "x", s.Public(), "PRIVATE+KEY+a+00000000+AQ=="} {
		if _, err := ParseSigner(bad); err == nil {
			t.Errorf("%q was taken for a signing key", bad)
		}
	}
	if got := SiteName("a b\u3000+c"); got != "abc" {
		t.Error(got)
	}
}
