package ledger_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// page gives the fenced parts of docs/ledger.md, line by line.
func page(t *testing.T) [][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "```\n")
	var out [][]string
	for i := 1; i < len(parts); i += 2 {
		out = append(out, strings.Split(strings.TrimSuffix(parts[i], "\n"), "\n"))
	}
	if len(out) != 6 {
		t.Fatalf("%d examples on the page: chain, block, checkpoint, commitment, receipt and check digits are wanted", len(out))
	}
	return out
}

// The examples by which a stranger tries his own program are true, and are what
// the engine writes today.
func TestThePagesChainAndBlock(t *testing.T) {
	examples := page(t)
	var head ledger.Hash
	var last ledger.Entry
	for i := 0; i < len(examples[0]); i += 2 {
		payload := []byte(examples[0][i])
		e, err := ledger.ParseEntry(payload)
		if err != nil || e.Seq != last.Seq+1 {
			t.Fatalf("event %d: %v", e.Seq, err)
		}
		event, number, err := workflow.ParseEvent(payload)
		if err != nil || string(event.Payload(nil, number)) != string(payload) {
			t.Errorf("event %d: the engine writes\n%s %v", e.Seq, event.Payload(nil, number), err)
		}
		head, last = ledger.Chain(head, payload), e
		if hex.EncodeToString(head[:]) != examples[0][i+1] {
			t.Errorf("event %d: the hash is %x", e.Seq, head)
		}
	}
	b, err := ledger.ParseBlock([]byte(examples[1][0]))
	if err != nil || b.Heads[0] != (ledger.Head{Case: last.Case, Seq: last.Seq, Hash: head}) {
		t.Fatalf("%+v %v", b, err)
	}
	sealed := b.Hash()
	if hex.EncodeToString(sealed[:]) != examples[1][1] {
		t.Errorf("the block's hash is %x", sealed)
	}
	c := ledger.Checkpoint{Height: b.Height, Hash: sealed, At: b.At}
	if want := strings.Join(examples[2], "\n") + "\n"; c.Text() != want {
		t.Errorf("the checkpoint is\n%swant\n%s", c.Text(), want)
	}
}

func TestThePagesCommitment(t *testing.T) {
	salt, _ := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	if got := ledger.Commit(salt, []byte("退款")); got != page(t)[3][0] {
		t.Error(got)
	}
	if ledger.Commit(salt[1:], []byte("退款")) == page(t)[3][0] {
		t.Error("the salt does not count")
	}
}

func TestThePagesReceipt(t *testing.T) {
	lines := page(t)[4]
	keys, err := ledger.ParseKeys([]byte(lines[1]))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ledger.ParseReceipt([]byte(lines[0]))
	if err == nil {
		err = r.Verify(keys)
	}
	if err != nil || !r.Shows([]byte("退款")) {
		t.Errorf("%v", err)
	}
}

// The table on the page, used as the page says, gives the engine's numbers.
func TestThePagesCheckDigits(t *testing.T) {
	table := page(t)[5]
	for _, serial := range []int64{1, 123, 999_999, 1_234_567} {
		number := strings.ReplaceAll(ledger.Number("HT", 2026, serial), "-", "")[2:]
		at := byte('0')
		for i := range len(number) - 1 {
			at = table[at-'0'][number[i]-'0']
		}
		if at != number[len(number)-1] {
			t.Errorf("%s: the page gives %c", number, at)
		}
	}
}
