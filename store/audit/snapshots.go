package audit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fangxin/workflow/ledger"
)

// view is what the log made of some days when it had reached a height: what was
// published then rests on it.
type view struct {
	from, to string
	height   int64
	window   []place
	sums     map[sum]int64
	of       *published // nil: of releases only
}

// published is a snapshot as it lies there, and what the log makes of it.
type published struct {
	*view
	id              string
	first, size     int64
	body, statement string
	salt            []byte
	bound           int64
	said            ledger.Statement
	sealed          bool // the block says so
	leaves          int64
}

// place is up to which event a case was sealed. Per view those are kept that
// moved since the one before: 16 bytes for each case and view that it lived
// through, which is all that grows with the log here.
type place struct{ id, seq int64 }

// sum names one sum of a view.
type sum struct {
	slice, key, code string
	measure          int64
}

// leaf is a row of the tree.
type leaf struct {
	snapshot string
	no, seq  int64
	salt     []byte
	hash     []byte
}

// restating is an event noted as one that came after a snapshot.
type restating struct {
	snapshot string
	seq      int64
}

// loadSnapshots reads them, and what else was published: the heights that they were
// made at must be known before the blocks are read.
func (a *auditor) loadSnapshots() error {
	if !a.on("statistics") {
		return nil
	}
	err := each(a.ctx, a.db, "select id, from_day, to_day, height, first_leaf, size, body, salt, statement, bound from snapshots order by height", func(scan func(...any) error) error {
		p := &published{view: &view{sums: map[sum]int64{}}}
		p.of = p
		a.snapshots, a.views = append(a.snapshots, p), append(a.views, p.view)
		return scan(&p.id, &p.from, &p.to, &p.height, &p.first, &p.size, &p.body, &p.salt, &p.statement, &p.bound)
	})
	if err == nil {
		err = a.loadReleases()
	}
	slices.SortStableFunc(a.views, func(x, y *view) int { return cmp.Compare(x.height, y.height) })
	return err
}

const snapshotHead = "statistics "

// positions follows up to which event each case was sealed when the log had the
// height of a view.
type positions struct {
	a    *auditor
	next int // view
	seqs map[int64]int64
}

// block takes the heads of a block, in their order.
func (x *positions) block(b *ledger.Block) {
	if x.next == len(x.a.views) {
		return
	}
	x.upto(b.Height)
	for _, h := range b.Heads {
		if id, ok := idOf(h.Case); ok && x.next < len(x.a.views) {
			x.seqs[id] = h.Seq
		}
	}
}

// upto ends the windows of views that lie before a block.
func (x *positions) upto(height int64) {
	for x.next < len(x.a.views) && x.a.views[x.next].height < height {
		v := x.a.views[x.next]
		for id, seq := range x.seqs {
			v.window = append(v.window, place{id, seq})
		}
		slices.SortFunc(v.window, func(a, b place) int { return cmp.Compare(a.id, b.id) })
		x.seqs = map[int64]int64{}
		x.next++
	}
}

// idOf is the id of a case by its number.
func idOf(number string) (int64, bool) {
	prefix, year, serial, err := ledger.ParseNumber(number)
	id := int64(year)*1_000_000_000_000 + serial
	if prefix == "JB" {
		id += 500_000_000_000
	}
	return id, err == nil
}

// seqAt is up to which event a case was sealed at the height of view i.
func (a *auditor) seqAt(id int64, i int) int64 {
	for ; i >= 0; i-- {
		w := a.views[i].window
		if at, ok := slices.BinarySearchFunc(w, id, func(p place, id int64) int { return cmp.Compare(p.id, id) }); ok {
			return w[at].seq
		}
	}
	return 0
}

// binds notes that a block seals a snapshot's statement.
func (a *auditor) binds(name string, b *ledger.Block, h *ledger.Head) error {
	id := strings.TrimPrefix(h.Case, snapshotHead)
	for _, p := range a.snapshots {
		if p.id == id {
			p.sealed = p.bound == b.Height && sha256.Sum256([]byte(textOf(p.statement))) == h.Hash
			if !p.sealed {
				a.find("statistics", "snapshot "+id, 0, "is not what %s seals: the statement was exchanged", name)
				p.sealed = true // once is enough
			}
			return nil
		}
	}
	var n int
	err := a.db.QueryRowContext(a.ctx, "select count(*) from snapshots where id = $1", id).Scan(&n)
	if n == 0 {
		a.find("statistics", "snapshot "+id, 0, "%s seals it, and it is not there", name)
	}
	return err
}

// textOf is what the signatures of a note stand under.
func textOf(note string) string {
	text, _, _ := strings.Cut(note, "\n\n")
	return text + "\n"
}

// within reports whether a count belongs to the view's days; of what is owed all
// before them does.
func (v *view) within(c *count) bool {
	return c.day <= v.to && (c.day >= v.from || strings.HasPrefix(c.indicator, "owed."))
}

// frozen counts a case again into everything published, up to where it was sealed
// then, and holds its leaf in a snapshot and what was noted of later events against
// that.
func (a *auditor) frozen(r *row, counts []count) {
	for i, v := range a.views {
		var upto int64 = -1
		parts, late := map[ledger.Part]int64{}, []int64{}
		for j := range counts {
			c := &counts[j]
			if !v.within(c) {
				continue
			}
			if upto < 0 {
				upto = a.seqAt(r.id, i)
			}
			if c.seq <= upto {
				parts[ledger.Part{Code: c.indicator, Measure: c.measure, Domain: c.domain, Category: c.category, Channel: c.channel, Mediator: c.mediator, Town: c.town, Unit: c.unit}] += c.value
			} else if c.seq <= r.sealed && !slices.Contains(late, c.seq) {
				late = append(late, c.seq)
			}
		}
		list := v.add(parts)
		if v.of != nil {
			a.frozenLeaf(r, v.of, list, upto)
			a.frozenLate(r, v.of, late)
		}
	}
}

// add adds a case's parts to the sums of every slice, and lists them in order.
func (v *view) add(parts map[ledger.Part]int64) (list []ledger.Part) {
	for part, n := range parts {
		if n == 0 {
			continue
		}
		for _, x := range [][2]string{{"", ""}, {"domain", strconv.FormatInt(part.Domain, 10)}, {"category", part.Category}, {"town", part.Town}, {"unit", part.Unit}, {"channel", part.Channel}, {"mediator", part.Mediator}} {
			v.sums[sum{x[0], x[1], part.Code, part.Measure}] += n
		}
		part.Value = n
		list = append(list, part)
	}
	ledger.SortParts(list)
	return list
}

func (a *auditor) frozenLeaf(r *row, p *published, parts []ledger.Part, upto int64) {
	found := 0
	for _, l := range r.leaves {
		if l.snapshot != p.id {
			continue
		}
		p.leaves++
		found++
		made := ledger.Leaf{Case: r.number, Snapshot: p.id, Parts: parts}
		sum, err := made.Commit(l.salt)
		switch {
		case found > 1:
			a.find("statistics", r.number, 0, "is counted twice in snapshot %s: leaf %d is one too many", p.id, l.no)
		case len(parts) == 0:
			a.find("statistics", r.number, 0, "has a leaf in snapshot %s, and its log counted for nothing there", p.id)
		case l.seq != upto:
			a.find("statistics", r.number, l.seq, "was sealed up to event %d when snapshot %s was made, and its leaf says %d", upto, p.id, l.seq)
		case err != nil || !bytes.Equal(sum[:], l.hash):
			a.find("statistics", r.number, l.seq, "its leaf %d in snapshot %s is not what its log counted for then", l.no, p.id)
		}
	}
	if found == 0 && len(parts) > 0 {
		a.find("statistics", r.number, upto, "was left out of snapshot %s: %s counted there by its log", p.id, parts[0].Code)
	}
}

func (a *auditor) frozenLate(r *row, p *published, late []int64) {
	var noted []int64
	for _, x := range r.restating {
		if x.snapshot == p.id {
			noted = append(noted, x.seq)
		}
	}
	slices.Sort(late)
	slices.Sort(noted)
	if !slices.Equal(late, noted) {
		a.find("statistics", r.number, 0, "restates snapshot %s by its events %v, and %v are noted", p.id, late, noted)
	}
}

// totals holds what the log makes of every snapshot against its text, the text
// against the statement, and the tree against its root.
func (a *auditor) totals() error {
	for _, p := range a.snapshots {
		a.signed(p)
		if !a.unsure && !a.full() {
			a.counts(p)
		}
	}
	if err := a.released(); err != nil {
		return err
	}
	if len(a.snapshots) == 0 || a.full() {
		return nil
	}
	return a.tree()
}

// signed checks the statement: who signed it, what it says of itself, and that it
// commits to the text.
func (a *auditor) signed(p *published) {
	name := "snapshot " + p.id
	var err error
	if a.opt.Keys != nil {
		p.said, err = ledger.OpenStatement(p.statement, *a.opt.Keys)
	} else {
		p.said, err = ledger.ParseStatement(p.statement)
	}
	s := &p.said
	switch {
	case err != nil:
		a.find("statistics", name, 0, "%v", err)
	case s.Snapshot != p.id || s.From != p.from || s.To != p.to || s.First != p.first || s.Size != p.size || s.Height != p.height:
		a.find("statistics", name, 0, "its row is not what its statement says")
	case s.Counts != ledger.Commit(p.salt, []byte(p.body)):
		a.find("statistics", name, 0, "its counts were altered: they are not what its statement commits to")
	case !p.sealed:
		a.find("statistics", name, 0, "no block seals its statement")
	}
}

// counts holds the sums against those that the text names, and names the first that
// differs.
func (a *auditor) counts(p *published) {
	var text struct {
		Counts []struct {
			Slice, Key, Code string
			Measure, Value   int64
		}
	}
	name := "snapshot " + p.id
	if err := json.Unmarshal([]byte(p.body), &text); err != nil {
		a.find("statistics", name, 0, "its text does not read: %v", err)
		return
	}
	said := map[sum]int64{}
	for _, c := range text.Counts {
		said[sum{c.Slice, c.Key, c.Code, c.Measure}] += c.Value
	}
	all := maps.Clone(said)
	maps.Copy(all, p.sums)
	for _, x := range slices.SortedFunc(maps.Keys(all), func(a, b sum) int {
		return cmp.Or(strings.Compare(a.slice, b.slice), strings.Compare(a.key, b.key), strings.Compare(a.code, b.code), cmp.Compare(a.measure, b.measure))
	}) {
		if said[x] != p.sums[x] {
			a.find("statistics", name, 0, "says %d of %s%s measure %d, and the log counted %d by then", said[x], x.code, within(x.slice, x.key), x.measure, p.sums[x])
			return
		}
	}
}

// tree hashes all leaves again, as RFC 6962 says, and holds roots and stored hashes
// against that.
func (a *auditor) tree() error {
	var stack []node // subtrees from the left, each half as large as the one before or less
	var stored, next int64
	var wrong bool
	at := 0
	keep := func(h ledger.Hash) error { return a.storedHash(&stored, h, &wrong) }
	err := each(a.ctx, a.db, "select no, snapshot, case_id, leaf from snapshot_leaves order by no", func(scan func(...any) error) error {
		var no, id int64
		var snapshot string
		var hash []byte
		if err := scan(&no, &snapshot, &id, &hash); err != nil || at == len(a.snapshots) {
			return err
		}
		p := a.snapshots[at]
		lead := p.said.Lead()
		switch {
		case wrong:
			return nil
		case no != next || snapshot != p.id || (id == 0) != (no == p.first) || len(hash) != 32:
			wrong = true
			a.find("statistics", "snapshot "+p.id, 0, "leaf %d of the tree is not where it belongs: one is missing, was added or was moved", next)
			return nil
		case id == 0 && !bytes.Equal(hash, lead[:]):
			a.find("statistics", "snapshot "+p.id, 0, "its leading leaf is not the hash of its totals")
		}
		next++
		h := node{1, sha256.Sum256(append([]byte{0}, hash...))}
		if err := keep(h.hash); err != nil {
			return err
		}
		for len(stack) > 0 && stack[len(stack)-1].size == h.size {
			h = over(stack[len(stack)-1], h)
			stack = stack[:len(stack)-1]
			if err := keep(h.hash); err != nil {
				return err
			}
		}
		stack = append(stack, h)
		if next == p.size {
			if root := rootOf(stack); root != p.said.Root {
				a.find("statistics", "snapshot "+p.id, 0, "its root is not that of its leaves")
			}
			at++
		}
		return nil
	})
	if err == nil && len(a.wanted) > 0 {
		err = a.storedHashes(stored, &wrong)
	}
	if err == nil && at < len(a.snapshots) && !wrong {
		a.find("statistics", "snapshot "+a.snapshots[at].id, 0, "leaf %d of the tree is not there", next)
	}
	return err
}

// storedHash holds one hash that proofs are made of against what it must be.
func (a *auditor) storedHash(no *int64, want ledger.Hash, wrong *bool) error {
	a.wanted = append(a.wanted, want)
	*no++
	if len(a.wanted) < 1000 {
		return nil
	}
	return a.storedHashes(*no, wrong)
}

func (a *auditor) storedHashes(upto int64, wrong *bool) error {
	from := upto - int64(len(a.wanted))
	var n int64
	err := each(a.ctx, a.db, "select no, hash from snapshot_hashes where no >= $1 and no < $2 order by no", func(scan func(...any) error) error {
		var no int64
		var hash []byte
		if err := scan(&no, &hash); err != nil {
			return err
		}
		if !*wrong && (no != from+n || !bytes.Equal(hash, a.wanted[n][:])) {
			*wrong = true
			a.find("statistics", "tree", 0, "hash %d, of which proofs are made, is not that of the leaves", from+n)
		}
		n++
		return nil
	}, from, upto)
	if err == nil && !*wrong && n != int64(len(a.wanted)) {
		*wrong = true
		a.find("statistics", "tree", 0, "hash %d, of which proofs are made, is not there", from+n)
	}
	a.wanted = a.wanted[:0]
	return err
}

// node is a whole subtree.
type node struct {
	size int64
	hash ledger.Hash
}

func over(left, right node) node {
	return node{left.size + right.size, sha256.Sum256(slices.Concat([]byte{1}, left.hash[:], right.hash[:]))}
}

func rootOf(stack []node) ledger.Hash {
	h := stack[len(stack)-1]
	for i := len(stack) - 2; i >= 0; i-- {
		h = over(stack[i], h)
	}
	return h.hash
}

// readFrozen reads what the tree and the notes of late events say of a lot's cases.
func (a *auditor) readFrozen(stray func(string, int64) *row, after, upto int64) error {
	if len(a.snapshots) == 0 {
		return nil
	}
	known := func(id string) bool {
		return slices.ContainsFunc(a.snapshots, func(p *published) bool { return p.id == id })
	}
	err := each(a.ctx, a.tx, "select case_id, snapshot, no, seq, salt, leaf from snapshot_leaves where case_id > $1 and case_id <= $2 and case_id > 0 order by case_id, no", func(scan func(...any) error) error {
		var id int64
		var l leaf
		err := scan(&id, &l.snapshot, &l.no, &l.seq, &l.salt, &l.hash)
		if err == nil && known(l.snapshot) { // a later one was made meanwhile
			r := stray("snapshot_leaves", id)
			r.leaves = append(r.leaves, l)
		}
		return err
	}, after, upto)
	if err != nil {
		return err
	}
	return each(a.ctx, a.tx, "select case_id, snapshot, seq from restated where case_id > $1 and case_id <= $2 order by case_id, seq", func(scan func(...any) error) error {
		var id int64
		var x restating
		err := scan(&id, &x.snapshot, &x.seq)
		if err == nil && known(x.snapshot) {
			r := stray("restated", id)
			r.restating = append(r.restating, x)
		}
		return err
	}, after, upto)
}
