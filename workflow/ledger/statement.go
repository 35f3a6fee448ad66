package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Statement is what the site signs of a snapshot of its statistics: the published
// totals, a commitment to all counts, and the root of the tree of what every case
// adds. It is a checkpoint in the form of C2SP's tlog-checkpoint, so that any tool
// for those, and a witness, takes it. The tree holds the leaves of all snapshots,
// one after the other, each led by a leaf that is the hash of its own words: the
// root alone fixes the totals of every snapshot so far.
type Statement struct {
	Site        string
	Size        int64  // leaves of the tree with this snapshot's
	Root        Hash   //
	Snapshot    string // 2026-05 or 2026
	From, To    string // legal days, both included
	First       int64  // index, from 0, of the snapshot's leading leaf; its cases follow
	Definitions string // versions
	Rules       string
	Calendar    string
	Taken       time.Time // UTC
	Height      int64     // of the last block whose events were counted; 0: none
	Block       Hash      // of that block
	Counts      string    // sha256: and the salted commitment to the snapshot's text
	Totals      []string  // what is published of the county: indicator, line, numerator, denominator
}

const statementTitle = "fangxin statistics"

// Words are the lines that the snapshot's leading leaf is the hash of: all but the
// tree itself.
func (s *Statement) Words() string {
	dash := func(text string) string {
		if text == "" {
			return "-"
		}
		return text
	}
	var b strings.Builder
	fmt.Fprintf(&b, "snapshot %s %s %s\nfirst %d\ndefinitions %s\nrules %s\ncalendar %s\ntaken %s\nblock %d %x\ncounts %s\n", s.Snapshot, s.From, s.To, s.First,
		dash(s.Definitions), dash(s.Rules), dash(s.Calendar), AppendTime(nil, s.Taken)[1:28], s.Height, s.Block, s.Counts)
	for _, t := range s.Totals {
		b.WriteString("total " + t + "\n")
	}
	return b.String()
}

// Lead is the snapshot's leading leaf.
func (s *Statement) Lead() Hash { return sha256.Sum256([]byte(s.Words())) }

// Text is what is signed.
func (s *Statement) Text() string {
	return fmt.Sprintf("%s %s\n%d\n%s\n%s", statementTitle, s.Site, s.Size, base64.StdEncoding.EncodeToString(s.Root[:]), s.Words())
}

// Hash is that of the text: what a block of the log seals.
func (s *Statement) Hash() Hash { return sha256.Sum256([]byte(s.Text())) }

// Sign is the statement as a signed note.
func (s *Statement) Sign(key *Signer) (string, error) {
	s.Site = key.Name()
	signed, err := note.Sign(&note.Note{Text: s.Text()}, key)
	return string(signed), err
}

// OpenStatement reads a signed statement and checks that the site signed it with a
// key that was good when it says that it was made.
func OpenStatement(text string, keys KeyList) (Statement, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	s, err := ParseStatement(text)
	if err != nil {
		return s, err
	}
	var known []note.Verifier
	for _, k := range keys.Keys {
		v, err := k.verifier()
		if err != nil {
			return s, fmt.Errorf("key %s is broken: %w", k.ID, err)
		}
		known = append(known, v)
	}
	n, err := note.Open([]byte(text), note.VerifierList(known...))
	if err != nil {
		return s, fmt.Errorf("statement of %s: no good signature of this site: %w", s.Snapshot, err)
	}
	for _, sig := range n.Sigs {
		if sig.Name != s.Site {
			continue
		}
		k, _ := keys.Find(fmt.Sprintf("%08x", sig.Hash))
		if err = k.good("statement", s.Taken); err == nil {
			return s, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("statement of %s: signed by another than the site that it names", s.Snapshot)
	}
	return s, err
}

// ParseStatement reads what Text or Sign wrote; signatures are for OpenStatement.
func ParseStatement(text string) (s Statement, err error) {
	broken := errors.New("not a statement of statistics: its first line begins \"" + statementTitle + "\", then come size, root, and lines in a fixed order")
	body, _, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if len(lines) < 11 {
		return s, broken
	}
	site, titled := strings.CutPrefix(lines[0], statementTitle+" ")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if !titled || err != nil || len(root) != 32 {
		return s, broken
	}
	s.Site, s.Root = site, Hash(root)
	if s.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return s, broken
	}
	var block, taken string
	if _, err := fmt.Sscanf(strings.Join(lines[3:11], "\n"), "snapshot %s %s %s\nfirst %d\ndefinitions %s\nrules %s\ncalendar %s\ntaken %s\nblock %d %s\ncounts %s", &s.Snapshot, &s.From, &s.To,
		&s.First, &s.Definitions, &s.Rules, &s.Calendar, &taken, &s.Height, &block, &s.Counts); err != nil {
		return s, broken
	}
	hash, err := hex.DecodeString(block)
	if err != nil || len(hash) != 32 {
		return s, broken
	}
	s.Block = Hash(hash)
	if s.Taken, err = time.Parse(time.RFC3339Nano, taken); err != nil {
		return s, broken
	}
	for _, v := range []*string{&s.Definitions, &s.Rules, &s.Calendar} {
		*v = strings.TrimPrefix(*v, "-")
	}
	for _, l := range lines[11:] {
		t, ok := strings.CutPrefix(l, "total ")
		if !ok {
			return s, broken
		}
		s.Totals = append(s.Totals, t)
	}
	if s.Text() != body+"\n" && s.Text() != body || s.First < 0 || s.First >= s.Size {
		return s, broken
	}
	return s, nil
}

// Follows checks that the tree of s begins with all of the tree of before, by the
// hashes of ProveTree. Two statements about trees of one size must be the same,
// word for word: else the site showed one to some and the other to others.
func (s *Statement) Follows(before *Statement, proof []Hash) error {
	switch {
	case before.Site != s.Site:
		return fmt.Errorf("the statements are those of two sites, %s and %s", before.Site, s.Site)
	case before.Size > s.Size:
		return fmt.Errorf("the statement of %s covers %d leaves and that of %s, which is to follow it, %d", before.Snapshot, before.Size, s.Snapshot, s.Size)
	case before.Size == s.Size && before.Text() != s.Text():
		return fmt.Errorf("SPLIT VIEW: there are two statements about a tree of %d leaves, and they say different things: keep both", s.Size)
	case before.Size == s.Size:
		return nil
	}
	if err := tlog.CheckTree(library(proof), s.Size, tlog.Hash(s.Root), before.Size, tlog.Hash(before.Root)); err != nil {
		return fmt.Errorf("SPLIT VIEW, or wrong hashes: the tree of %s does not begin with that of %s: keep both statements", s.Snapshot, before.Snapshot)
	}
	return nil
}

// holds checks that a leaf stands at an index of the statement's tree.
func (s *Statement) holds(leaf Hash, index int64, proof []Hash) bool {
	if index < 0 || index >= s.Size {
		return false
	}
	return tlog.CheckRecord(library(slices.Clone(proof)), s.Size, tlog.Hash(s.Root), index, tlog.RecordHash(leaf[:])) == nil
}
