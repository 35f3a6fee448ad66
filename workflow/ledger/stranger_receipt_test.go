package ledger

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A stranger's lines in another language, with openssl, take a good receipt and
// refuse an altered one.
func TestStrangersReceiptVerifier(t *testing.T) {
	py := python(t)
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not on this machine, so the verifier of receipts in docs/ was not tried")
	}
	const script = "../../docs/verify_receipt.py"
	r, key := receipt(t), signer(t, "桓台县", 7).Public()
	for says, c := range map[string]struct{ key, words, old, new string }{
		"good: 桓台县 gave this receipt for HT-2026-000123-8": {key, "退款", "", ""},
		"what was filed is something else":                 {key, "退货", "", ""},
		"the signature is not that of this receipt":        {key, "退款", "2026-05-15\"", "2026-05-16\""},
		"not in its one spelling":                          {key, "退款", `"seq":1`, `"seq": 1`},
		"another key signed it":                            {signer(t, "桓台县", 8).Public(), "退款", "", ""},
		"the key is broken":                                {strings.Replace(key, "桓台县", "淄川区", 1), "退款", "", ""},
	} {
		dir := t.TempDir()
		file, words := filepath.Join(dir, "receipt.json"), filepath.Join(dir, "words")
		for path, text := range map[string]string{file: strings.Replace(string(r.Append(nil)), c.old, c.new, 1) + "\n", words: c.words} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command(py, script, file, c.key, words).CombinedOutput()
		if (err == nil) != strings.HasPrefix(says, "good") || !strings.HasPrefix(string(out), says) {
			t.Errorf("%s %v\nwanted %s", out, err, says)
		}
	}
	text, err := os.ReadFile(script)
	if n := strings.Count(string(text), "\n"); err != nil || n > 40 {
		t.Errorf("%d lines %v: the page promises at most 40", n, err)
	}
}
