package ledger_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A stranger's lines in another language take a good hand-over file and refuse one
// that was changed in the list, in a page, in a ZIP's own fields or at its end.
func TestStrangersHandoverVerifier(t *testing.T) {
	py, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not on this machine")
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not on this machine, so the verifier of hand-over files in docs/ was not tried")
	}
	h := newHandover(t)
	key := h.keys.Keys[0].Key
	at := func(text string) int { return bytes.Index(h.file, []byte(text)) }
	for name, c := range map[string]struct {
		byte int
		says string
	}{
		"as it is": {-1, "good: 桓台县 made this file of HT-2026-000123-8 as of event 9"}, "list": {at(`"seq":9`) + 6, ""}, "page": {at("evidence e") + 2, ""},
		"date of an entry": {at("PK\x03\x04") + 12, "something between"}, "attributes": {bytes.LastIndex(h.file, []byte("PK\x01\x02")) + 38, "something between"},
	} {
		file := bytes.Clone(h.file)
		if c.byte >= 0 {
			file[c.byte] ^= 1
		}
		path := filepath.Join(t.TempDir(), "h.zip")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(py, "../../docs/verify_handover.py", path, key).CombinedOutput()
		if (err == nil) != (c.byte < 0) || !strings.HasPrefix(string(out), c.says) {
			t.Errorf("%s: %s %v", name, out, err)
		}
	}
}
