package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is the last block, kept outside the database: whoever restores an
// old backup cannot restore this as well.
type Checkpoint struct {
	Origin string // whose log it is, one line; may be ""
	Height int64
	Hash   Hash
	At     time.Time // when the block was sealed, UTC
}

const checkpointTitle = "fangxin checkpoint"

// Text is the checkpoint as a file of three lines.
func (c Checkpoint) Text() string {
	title := strings.TrimSpace(checkpointTitle + " " + c.Origin)
	return fmt.Sprintf("%s\n%d %x\n%s\n", title, c.Height, c.Hash, c.At.UTC().Format(time.RFC3339Nano))
}

// Sign is the checkpoint as a signed note (C2SP): Text, an empty line, a line
// for each signature. A witness may add its own line with any tool for notes.
func (c Checkpoint) Sign(s *Signer) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.Text()}, s)
	return string(signed), err
}

// VerifyCheckpoint checks the signatures of a checkpoint by a site's keys; no
// signature at all is signed = false. Lines of witnesses are passed over.
func VerifyCheckpoint(text string, keys KeyList) (signed bool, err error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.Contains(text, "\n\n") {
		return false, nil
	}
	var known []note.Verifier
	for _, k := range keys.Keys {
		v, err := k.verifier()
		if err != nil {
			return false, fmt.Errorf("key %s is broken: %w", k.ID, err)
		}
		known = append(known, v)
	}
	if _, err := note.Open([]byte(text), note.VerifierList(known...)); err != nil {
		return false, fmt.Errorf("checkpoint: no good signature of this site: %w", err)
	}
	return true, nil
}

// ParseCheckpoint reads what Text or Sign wrote, also after a mail program turned
// the ends of its lines into those of Windows. Signatures are for
// VerifyCheckpoint.
func ParseCheckpoint(text string) (c Checkpoint, err error) {
	text, _, _ = strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	title, titled := strings.CutPrefix(lines[0], checkpointTitle)
	if len(lines) != 3 || !titled || title != "" && title[0] != ' ' {
		return c, errors.New("not a checkpoint: three lines, the first of them begins \"fangxin checkpoint\"")
	}
	c.Origin = strings.TrimSpace(title)
	height, hash, _ := strings.Cut(lines[1], " ")
	if c.Height, err = strconv.ParseInt(height, 10, 64); err != nil || c.Height < 1 {
		return c, errors.New("checkpoint: the second line begins with the height of a block, from 1")
	}
	if !hexed(hash, 64) {
		return c, errors.New("checkpoint: the hash is not 64 hexadecimal digits")
	}
	_, _ = hex.Decode(c.Hash[:], []byte(hash)) // hexed has looked
	if c.At, err = time.Parse(time.RFC3339Nano, lines[2]); err != nil {
		return c, errors.New("checkpoint: the third line is no instant, such as 2026-05-06T01:12:44Z")
	}
	return c, nil
}
