package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
// too and stands on the receipt, nothing can be guessed back. The salt is always
// 16 bytes: were its length free, two pairs could give one commitment.
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

// ParseBlock reads a block's payload. It takes exactly what Payload writes, so
// that no two texts mean one block; Prev stands beside the payload and stays
// zero.
func ParseBlock(payload []byte) (Block, error) {
	var m struct {
		At    time.Time
		Heads []struct {
			Case, Hash string
			Seq        int64
		}
		Height int64
		V      int
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return Block{}, fmt.Errorf("not a block: %w", err)
	}
	b := Block{Height: m.Height, At: m.At.UTC()}
	switch {
	case m.V != Version:
		return b, fmt.Errorf("block of format %d: this program knows format %d", m.V, Version)
	case b.Height < 1 || b.At.IsZero():
		return b, errors.New("a block has a height from 1 and an instant")
	}
	for i, h := range m.Heads {
		head := Head{Case: h.Case, Seq: h.Seq}
		if !hexed(h.Hash, 64) || h.Case == "" || !Clean(h.Case) || h.Seq < 1 {
			return b, fmt.Errorf("head %q of block %d is broken", h.Case, b.Height)
		}
		if i > 0 && h.Case <= m.Heads[i-1].Case {
			return b, fmt.Errorf("head %q of block %d stands twice or out of order", h.Case, b.Height)
		}
		_, _ = hex.Decode(head.Hash[:], []byte(h.Hash)) // hexed has looked
		b.Heads = append(b.Heads, head)
	}
	if !bytes.Equal(b.Payload(), payload) {
		return b, fmt.Errorf("block %d is not in canonical form", b.Height)
	}
	return b, nil
}
