package ledger

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Part is one sum of what a case adds to a snapshot of the statistics: how often,
// or minus how often, it counts as Code, in the slices that it then had.
type Part struct {
	Code     string `json:"code"`
	Measure  int64  `json:"measure"` // days, fen, or a due day; docs/indicators.md
	Value    int64  `json:"value"`
	Domain   int64  `json:"domain"`
	Category string `json:"category"`
	Channel  string `json:"channel"`
	Mediator string `json:"mediator"`
	Town     string `json:"town"`
	Unit     string `json:"unit"`
}

func (p *Part) value() any {
	return map[string]any{"code": p.Code, "measure": p.Measure, "value": p.Value, "domain": p.Domain, "category": p.Category, "channel": p.Channel,
		"mediator": p.Mediator, "town": p.Town, "unit": p.Unit}
}

// SortParts puts parts into the order in which a leaf holds them: by code, measure,
// domain, category, channel, mediator, town and unit.
func SortParts(parts []Part) {
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.Measure, b.Measure), cmp.Compare(a.Domain, b.Domain), strings.Compare(a.Category, b.Category),
			strings.Compare(a.Channel, b.Channel), strings.Compare(a.Mediator, b.Mediator), strings.Compare(a.Town, b.Town), strings.Compare(a.Unit, b.Unit))
	})
}

func partValues(parts []Part) []any {
	out := make([]any, len(parts))
	for i := range parts {
		out[i] = parts[i].value()
	}
	return out
}

// Leaf is all that a case adds to a snapshot. What stands in the tree is only a
// salted commitment to it: a case number and a handful of codes could be tried out.
type Leaf struct {
	Case, Snapshot string
	Parts          []Part // in the order of SortParts
}

// Text is the canonical text of the leaf.
func (l *Leaf) Text() ([]byte, error) {
	return Append(nil, map[string]any{"case": l.Case, "parts": partValues(l.Parts), "snapshot": l.Snapshot, "v": int64(Version)})
}

// Commit is what the tree holds: SHA-256(salt || text). The salt has 16 random
// bytes, of each leaf its own.
func (l *Leaf) Commit(salt []byte) (Hash, error) {
	text, err := l.Text()
	if err == nil && len(salt) != saltSize {
		err = fmt.Errorf("the salt of a leaf has %d bytes", saltSize)
	}
	return sha256.Sum256(append(slices.Clone(salt), text...)), err
}

// ReadHashes gives stored hashes of a tree by their places (tlog's numbering).
type ReadHashes func(places []int64) ([]Hash, error)

// reader lets the library read; below n from what was kept, from there on from
// what is being added.
type reader struct {
	kept  ReadHashes
	n     int64
	added []Hash
}

// ReadHashes gives the hashes at some places.
func (r *reader) ReadHashes(places []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(places))
	var ask []int64
	for i, at := range places {
		if at >= r.n {
			out[i] = tlog.Hash(r.added[at-r.n])
		} else {
			ask = append(ask, at)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	got, err := r.kept(ask)
	if err != nil {
		return nil, err
	}
	if len(got) != len(ask) {
		return nil, errors.New("hashes of the tree are missing")
	}
	for i, at := range places {
		if at < r.n {
			out[i], got = tlog.Hash(got[0]), got[1:]
		}
	}
	return out, nil
}

// Grow adds leaves to a tree of size and gives the hashes to keep, from place
// StoredAt(size) on, and the root of the tree that has them. The tree is that of
// RFC 6962: leaves under a 0 byte, nodes under a 1.
func Grow(size int64, leaves []Hash, kept ReadHashes) (store []Hash, root Hash, err error) {
	r := &reader{kept: kept, n: StoredAt(size)}
	for i, leaf := range leaves {
		more, err := tlog.StoredHashes(size+int64(i), leaf[:], r)
		if err != nil {
			return nil, root, err
		}
		for _, h := range more {
			r.added = append(r.added, Hash(h))
		}
	}
	sum, err := tlog.TreeHash(size+int64(len(leaves)), r)
	return r.added, Hash(sum), err
}

// StoredAt is how many hashes a tree of some size keeps.
func StoredAt(size int64) int64 { return tlog.StoredHashCount(size) }

// ProveLeaf gives the hashes that lead from leaf index, from 0, to the root of the
// tree of size.
func ProveLeaf(size, index int64, kept ReadHashes) ([]Hash, error) {
	p, err := tlog.ProveRecord(size, index, &reader{kept: kept, n: StoredAt(size)})
	return hashes(p), err
}

// ProveTree gives the hashes by which the tree of size is seen to begin with all
// of the tree of before, from 1.
func ProveTree(size, before int64, kept ReadHashes) ([]Hash, error) {
	p, err := tlog.ProveTree(size, before, &reader{kept: kept, n: StoredAt(size)})
	return hashes(p), err
}

func hashes(list []tlog.Hash) []Hash {
	out := make([]Hash, len(list))
	for i, h := range list {
		out[i] = Hash(h)
	}
	return out
}

func library(list []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(list))
	for i, h := range list {
		out[i] = tlog.Hash(h)
	}
	return out
}
