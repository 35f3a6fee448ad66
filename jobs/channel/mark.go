package channel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Marks name our mails towards the outside: a mark says nothing of its message,
// only who holds the key can make one, and the same message to the same
// recipient always has the same.
type Marks struct{ key []byte }

// NewMarks makes marks under a key of 32 bytes or more, which must never change:
// what is under way bears the old ones.
func NewMarks(key []byte) Marks { return Marks{key} }

// markHalf is the length of each half of a mark: 80 bits, in letters and digits
// that survive a mail system which knows no capitals.
const markHalf = 16

var markLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// of makes the mark of a message: its reference, and the seal that proves that
// the reference is ours.
func (k Marks) of(m Message) string {
	ref := k.half("ref", m.ID+"\x00"+m.Recipient)
	return ref + k.half("seal", ref)
}

func (k Marks) half(use, of string) string {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte(use + "\x00" + of))
	return markLetters.EncodeToString(h.Sum(nil)[:markHalf*5/8])
}

// ref is the reference of a mark; ours is false for what we never made.
func (k Marks) ref(mark string) (ref string, ours bool) {
	mark = strings.ToLower(mark)
	if len(mark) != 2*markHalf {
		return "", false
	}
	ref = mark[:markHalf]
	return ref, hmac.Equal([]byte(mark[markHalf:]), []byte(k.half("seal", ref)))
}
