package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hash is a SHA-256 hash.
type Hash = [32]byte

// Chain is the hash of an event: SHA-256(previous hash || payload). The first
// event of a case follows 32 zero bytes.
func Chain(prev Hash, payload []byte) Hash {
	h := sha256.New()
	h.Write(prev[:])
	h.Write(payload)
	var out Hash
	h.Sum(out[:0])
	return out
}

// Commit is the salted commitment to something sealed beside the log:
// "sha256:" and SHA-256(salt || data) in hex. Without the salt, which is sealed
// too and stands on the receipt, nothing can be guessed back.
func Commit(salt, data []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(data)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Head is where a case's chain stood when a block sealed it.
type Head struct {
	Case string
	Seq  int64
	Hash Hash
}

// Block seals the heads that moved since the block before it, in a second
// chain, so that a case deleted or rolled back shows.
type Block struct {
	Height int64
	Prev   Hash
	At     time.Time
	Heads  []Head // by case, one for each
}

// Payload is the canonical text of the block; Prev is not in it: it is chained
// like an event.
func (b Block) Payload() []byte {
	heads := slices.Clone(b.Heads)
	slices.SortFunc(heads, func(x, y Head) int { return strings.Compare(x.Case, y.Case) })
	out := append([]byte(nil), `{"at":`...)
	out = append(AppendTime(out, b.At), `,"heads":[`...)
	for i, h := range heads {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(AppendString(append(out, `{"case":`...), h.Case), `,"hash":"`...)
		out = append(hex.AppendEncode(out, h.Hash[:]), `","seq":`...)
		out = append(AppendInt(out, h.Seq), '}')
	}
	out = append(AppendInt(append(out, `],"height":`...), b.Height), `,"v":1}`...)
	return out
}

// Hash is the block's hash.
func (b Block) Hash() Hash { return Chain(b.Prev, b.Payload()) }

// ParseBlock reads a block's payload; it refuses what is not canonical.
func ParseBlock(payload []byte) (Block, error) {
	if err := Canonical(payload); err != nil {
		return Block{}, err
	}
	v, _ := Parse(payload)
	m, _ := v.(map[string]any)
	var b Block
	b.Height, _ = m["height"].(int64)
	at, _ := m["at"].(string)
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return b, errors.New("a block without an instant")
	}
	b.At = t
	heads, _ := m["heads"].([]any)
	for _, item := range heads {
		h, _ := item.(map[string]any)
		var head Head
		head.Case, _ = h["case"].(string)
		head.Seq, _ = h["seq"].(int64)
		text, _ := h["hash"].(string)
		if n, err := hex.Decode(head.Hash[:], []byte(text)); err != nil || n != 32 || head.Case == "" {
			return b, fmt.Errorf("head %q of block %d is broken", head.Case, b.Height)
		}
		b.Heads = append(b.Heads, head)
	}
	return b, nil
}

// Checkpoint is the last block, kept outside the database: whoever restores an
// old backup cannot restore this as well.
type Checkpoint struct {
	Height int64
	Hash   Hash
	At     time.Time
}

// Text is the checkpoint as a file of three lines.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("fangxin checkpoint\n%d %x\n%s\n", c.Height, c.Hash, c.At.UTC().Format(time.RFC3339Nano))
}

// ParseCheckpoint reads what Text wrote.
func ParseCheckpoint(text string) (c Checkpoint, err error) {
	var hash, at string
	if _, err = fmt.Sscanf(text, "fangxin checkpoint\n%d %s\n%s\n", &c.Height, &hash, &at); err != nil {
		return c, errors.New("not a checkpoint: three lines, the first of them \"fangxin checkpoint\"")
	}
	if n, err := hex.Decode(c.Hash[:], []byte(hash)); err != nil || n != 32 {
		return c, errors.New("checkpoint: the hash is not 64 hexadecimal digits")
	}
	c.At, err = time.Parse(time.RFC3339Nano, at)
	return c, err
}
