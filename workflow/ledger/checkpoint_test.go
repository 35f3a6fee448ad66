package ledger

import (
	"strings"
	"testing"
)

// A signed checkpoint reads as an unsigned one does; a witness may add a line,
// and nobody may alter one.
func TestSignedCheckpoint(t *testing.T) {
	c := Checkpoint{Origin: "桓台县", Height: 7, Hash: Hash{1, 2, 3}, At: filedAt}
	text, err := c.Sign(signer(t, "桓台县", 7))
	if err != nil {
		t.Fatal(err)
	}
	witness, err := c.Sign(signer(t, "法院", 9))
	if err != nil {
		t.Fatal(err)
	}
	line := strings.SplitN(witness, "\n\n", 2)[1]
	for name, tc := range map[string]struct {
		text, says string
		signed     bool
	}{
		"as written":          {text, "", true},
		"with Windows' lines": {strings.ReplaceAll(text, "\n", "\r\n"), "", true},
		"with a witness":      {text + line, "", true},
		"unsigned":            {c.Text(), "", false},
		"altered":             {strings.Replace(text, "\n7 ", "\n8 ", 1), "no good signature", false},
		"another's alone":     {witness, "no good signature", false},
		"half a line":         {text[:len(text)-9] + "\n", "no good signature", false},
	} {
		got, err := ParseCheckpoint(tc.text)
		if err != nil || tc.says == "" && got != c {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		signed, err := VerifyCheckpoint(tc.text, published(t))
		if signed != tc.signed || (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v %v", name, signed, err)
		}
	}
}
