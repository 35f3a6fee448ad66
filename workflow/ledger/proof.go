package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Proof shows the holder of a receipt, and whoever he hands both to, that his case
// was counted in a published snapshot, and as what: the salt and the parts give his
// leaf, the hashes lead from there to the root under which the site signed the
// totals. It says nothing of any other case.
type Proof struct {
	Case      string
	Salt      string // of the leaf, 16 bytes, hexadecimal
	Parts     []Part // what the case counts for in the snapshot
	Index     int64  // of its leaf, from 0
	Hashes    []Hash // from the leaf to the root
	Lead      []Hash // from the snapshot's leading leaf to the root
	Statement string // the signed statement of the snapshot
	Newest    string // the site's last statement when the proof was made
	Since     []Hash // by which the newest tree is seen to begin with the snapshot's
}

// ProofVersion is the "v" of proofs.
const ProofVersion = 1

// Append appends the proof in canonical form.
func (p *Proof) Append(b []byte) ([]byte, error) {
	return Append(b, map[string]any{"case": p.Case, "salt": p.Salt, "parts": partValues(p.Parts), "index": p.Index, "hashes": based(p.Hashes), "lead": based(p.Lead),
		"statement": p.Statement, "newest": p.Newest, "since": based(p.Since), "v": int64(ProofVersion)})
}

func based(list []Hash) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = base64.StdEncoding.EncodeToString(list[i][:])
	}
	return out
}

// ParseHashes reads hashes in base64.
func ParseHashes(list []string) ([]Hash, error) {
	out := make([]Hash, len(list))
	for i, text := range list {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("%q is not 32 bytes in base64", text)
		}
		out[i] = Hash(raw)
	}
	return out, nil
}

// ParseProof reads a proof in its one spelling; a newline at the end may follow.
func ParseProof(data []byte) (p Proof, err error) {
	var m struct {
		Case, Salt, Statement, Newest string
		Parts                         []Part
		Index                         int64
		Hashes, Lead, Since           []string
		V                             int
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	switch err := dec.Decode(&m); {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return p, errors.New("the proof is cut off")
	case err != nil:
		return p, fmt.Errorf("not a proof: %w", err)
	case m.V != ProofVersion:
		return p, fmt.Errorf("proof of format %d: this program knows format %d", m.V, ProofVersion)
	}
	p = Proof{Case: m.Case, Salt: m.Salt, Parts: m.Parts, Index: m.Index, Statement: m.Statement, Newest: m.Newest}
	for _, x := range []struct {
		from []string
		into *[]Hash
	}{{m.Hashes, &p.Hashes}, {m.Lead, &p.Lead}, {m.Since, &p.Since}} {
		if *x.into, err = ParseHashes(x.from); err != nil {
			return p, fmt.Errorf("the proof: %w", err)
		}
	}
	again, err := p.Append(nil)
	if err != nil || !bytes.Equal(again, bytes.TrimRight(data, "\r\n")) {
		return p, errors.New("the proof is not in its one spelling: another program saved it in another layout; fetch it again")
	}
	return p, nil
}

// Verify checks a proof against the receipt, which needs no log and no network, and
// gives the statement in which the case is counted. Good means: the site signed
// these totals over a tree, the leading leaf of which is the hash of them, and one
// leaf of which is this case with these parts; and the site's newest tree begins
// with that tree. That the totals are the sum of the leaves it cannot show: for that
// all leaves must be opened, which `fangxin verify statistics` does where the log is.
func (p *Proof) Verify(keys KeyList, r Receipt) (Statement, error) {
	if err := r.Verify(keys); err != nil {
		return Statement{}, err
	}
	s, err := OpenStatement(p.Statement, keys)
	if err != nil {
		return s, err
	}
	salt, err := hex.DecodeString(p.Salt)
	if err != nil {
		return s, errors.New("the salt of the proof is 32 hexadecimal digits")
	}
	leaf := Leaf{p.Case, s.Snapshot, p.Parts}
	sum, err := leaf.Commit(salt)
	switch {
	case err != nil:
		return s, err
	case p.Case != r.Case:
		return s, fmt.Errorf("the proof is that of %s, and the receipt that of %s", p.Case, r.Case)
	case s.Site != r.Site:
		return s, fmt.Errorf("the statistics are those of %s, and the receipt is of %s", s.Site, r.Site)
	case p.Index <= s.First || !s.holds(sum, p.Index, p.Hashes):
		return s, fmt.Errorf("the case is NOT among what the statement of %s covers as the proof says it: the salt, a part, the place or a hash is another", s.Snapshot)
	case !s.holds(s.Lead(), s.First, p.Lead):
		return s, fmt.Errorf("the tree of %s does not hold the totals that the statement names", s.Snapshot)
	}
	newest, err := OpenStatement(p.Newest, keys)
	if err != nil {
		return s, err
	}
	return s, newest.Follows(&s, p.Since)
}
