package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// Snapshot is what was published of a month or a year, and never changes.
type Snapshot struct {
	ID          string // 2026-05 or 2026
	From, To    calendar.Date
	Taken       time.Time // UTC
	Height      int64     // of the last block whose events were counted
	First, Size int64     // its leading leaf in the tree, and the tree's size with it
	Statement   string    // signed
	Bound       int64     // height of the block that seals the statement
}

// ErrPeriod says why a snapshot cannot be made.
type ErrPeriod struct{ Why string }

func (e *ErrPeriod) Error() string { return e.Why }

// statementHead is how a block names a snapshot among its heads.
const statementHead = "statistics "

// Freeze makes the snapshot of a month or year that has ended, or gives the one
// that was made of it already. All that is due is enforced and all that is recorded
// sealed before; then the counts of every case up to that block become a leaf of
// the tree, the site signs their totals together with its root, and a block of the
// log's own seals what was signed: all in one transaction, which other nodes' blocks
// wait for.
func (s *Store) Freeze(ctx context.Context, id string) (Snapshot, error) {
	span, ok := indicator.SpanOf(id)
	switch {
	case !ok:
		return Snapshot{}, &ErrPeriod{fmt.Sprintf("%q is no period: a month such as 2026-05, or a year", id)}
	case span.To >= calendar.On(s.cfg.Now()):
		return Snapshot{}, &ErrPeriod{fmt.Sprintf("%s has not ended: its last day is %s", id, span.To)}
	}
	if x, err := s.Snapshot(ctx, id); err == nil || !errors.Is(err, sql.ErrNoRows) {
		return x, err
	}
	if err := s.settle(ctx); err != nil {
		return Snapshot{}, err
	}
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return Snapshot{}, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.lockBlocks(ctx, tx); err != nil {
		return Snapshot{}, err
	}
	var there int
	if err := tx.QueryRowContext(ctx, "select count(*) from snapshots where id = $1", id).Scan(&there); err != nil {
		return Snapshot{}, err
	}
	if there == 0 {
		f := &freezing{s: s, ctx: ctx, tx: tx, text: indicator.Frozen{ID: id, From: span.From, To: span.To, V: 1}}
		if err := f.freeze(); err != nil {
			return Snapshot{}, fmt.Errorf("snapshot %s: %w", id, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return Snapshot{}, err
	}
	return s.Snapshot(ctx, id)
}

// settle enforces what is due now and seals what is recorded by now.
func (s *Store) settle(ctx context.Context) error {
	for n := 1; n > 0; {
		var err error
		if n, err = s.Sweep(ctx, blockHeads); err != nil {
			return err
		}
	}
	var waiting int
	if err := s.pool.QueryRowContext(ctx, "select count(*) from moved").Scan(&waiting); err != nil {
		return err
	}
	for ; waiting > 0; waiting -= blockHeads {
		if _, err := s.Block(ctx); err != nil {
			return err
		}
	}
	return nil
}

// FreezeDue makes the snapshots of the last month and the last year, where they
// are missing and there was anything to count, and of every period since the first
// snapshot that a site which stood still has missed. It says which it made.
func (s *Store) FreezeDue(ctx context.Context) (made []string, err error) {
	have, err := s.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	first, err := s.FirstDay(ctx)
	if err != nil || first == 0 {
		return nil, err
	}
	today := calendar.On(s.cfg.Now().Add(-time.Hour)) // what fell due at midnight is enforced by then
	due := indicator.Ended(today)
	for _, x := range have {
		for span := (indicator.Span{From: x.From, To: x.To}); span.To < today; {
			due = append(due, span.From.String()[:len(x.ID)])
			if len(x.ID) == 4 {
				span = indicator.Span{From: span.To + 1, To: (span.To + 1).AddMonths(12) - 1}
			} else {
				span = indicator.Span{From: span.To + 1, To: (span.To + 1).AddMonths(1) - 1}
			}
		}
	}
	slices.Sort(due)
	for _, id := range slices.Compact(due) {
		span, _ := indicator.SpanOf(id)
		if span.To < first || slices.ContainsFunc(have, func(x Snapshot) bool { return x.ID == id }) {
			continue
		}
		if _, err := s.Freeze(ctx, id); err != nil {
			return made, err
		}
		made = append(made, id)
	}
	return made, nil
}

// freezing is one snapshot while it is made.
type freezing struct {
	s      *Store
	ctx    context.Context
	tx     *sql.Tx
	text   indicator.Frozen
	cases  []frozenCase
	signer *ledger.Signer
}

// frozenCase is a case with what it counts for, and its leaf.
type frozenCase struct {
	id, seq    int64
	leaf       ledger.Leaf
	salt       []byte
	commitment ledger.Hash
}

func (f *freezing) freeze() error {
	prev, err := f.position()
	if err != nil {
		return err
	}
	law := f.s.cfg.Rules()
	f.text.Definitions, f.text.Rules = indicator.Version, law.VersionOn(f.text.To)
	f.text.Calendar = law.Calendar().KnownAt(calendar.On(f.text.Log.Taken)).Version()
	if err := f.count(); err != nil {
		return err
	}
	if f.signer, err = f.s.signer(f.text.Log.Taken); err != nil {
		return err
	}
	body, err := f.text.Text()
	if err != nil {
		return err
	}
	salt := random(16)
	t := ledger.Statement{Snapshot: f.text.ID, From: f.text.From.String(), To: f.text.To.String(), Definitions: f.text.Definitions, Rules: f.text.Rules, Calendar: f.text.Calendar,
		Taken: f.text.Log.Taken, Height: f.text.Log.Height, Block: prev, Counts: ledger.Commit(salt, body), Totals: indicator.Totals(f.text.Report("").Groups[0].Figures)}
	if err := f.plant(&t); err != nil {
		return err
	}
	signed, err := t.Sign(f.signer)
	if err != nil {
		return err
	}
	bound := ledger.Block{Height: t.Height + 1, Prev: prev, At: t.Taken, Heads: []ledger.Head{{Case: statementHead + t.Snapshot, Seq: 1, Hash: t.Hash()}}}
	if err := f.s.chain(f.ctx, f.tx, &bound); err != nil {
		return err
	}
	_, err = f.tx.ExecContext(f.ctx, `insert into snapshots (id, no, from_day, to_day, taken_at, height, first_leaf, size, body, salt, statement, bound)
		select $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 from snapshots`, t.Snapshot, t.From, t.To, f.s.stamp(t.Taken), t.Height, t.First, t.Size, string(body), salt, signed, bound.Height)
	return err
}

// position is the last block, as of which everything is counted.
func (f *freezing) position() (hash ledger.Hash, err error) {
	at := &f.text.Log
	at.Taken = f.s.cfg.Now().UTC().Truncate(time.Microsecond)
	var raw []byte
	err = f.tx.QueryRowContext(f.ctx, "select height, hash from blocks order by height desc limit 1").Scan(&at.Height, &raw)
	if errors.Is(err, sql.ErrNoRows) {
		return hash, &ErrPeriod{"nothing is recorded yet, and so there is nothing to freeze"}
	}
	if err == nil {
		hash = ledger.Hash(raw)
		at.Hash = hex.EncodeToString(raw)
	}
	return hash, err
}

// parts are what every case adds to some days, as of the last block: of what is
// owed all up to the last of them.
const parts = `select c.case_id, k.number, h.seq, c.indicator, c.measure, c.domain, c.category, c.channel, c.mediator, c.town, c.unit, cast(sum(c.value) as bigint)
	from contributions c join sealed_heads h on h.case_id = c.case_id and c.seq <= h.seq join cases k on k.id = c.case_id
	where c.day <= $2 and (c.day >= $1 or c.indicator >= 'owed.' and c.indicator < 'owed/')
	group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 having sum(c.value) <> 0 order by c.case_id`

// count reads what every case counts for, makes its leaf, and adds all up.
func (f *freezing) count() error {
	rows, err := f.tx.QueryContext(f.ctx, parts, f.text.From.String(), f.text.To.String())
	if err != nil {
		return err
	}
	sums := map[indicator.FrozenCount]int64{}
	err = scan(rows, func() error {
		var p ledger.Part
		var id, seq int64
		var number string
		if err := rows.Scan(&id, &number, &seq, &p.Code, &p.Measure, &p.Domain, &p.Category, &p.Channel, &p.Mediator, &p.Town, &p.Unit, &p.Value); err != nil {
			return err
		}
		if n := len(f.cases); n == 0 || f.cases[n-1].id != id {
			f.cases = append(f.cases, frozenCase{id: id, seq: seq, leaf: ledger.Leaf{Case: number, Snapshot: f.text.ID}, salt: random(16)})
		}
		last := &f.cases[len(f.cases)-1]
		last.leaf.Parts = append(last.leaf.Parts, p)
		f.text.Add(sums, last.leaf.Parts[len(last.leaf.Parts)-1:])
		return nil
	})
	if err != nil {
		return err
	}
	f.text.Set(sums)
	for i := range f.cases {
		c := &f.cases[i]
		ledger.SortParts(c.leaf.Parts)
		if c.commitment, err = c.leaf.Commit(c.salt); err != nil {
			return err
		}
	}
	// by what they look like: the place of a leaf says nothing of its case
	slices.SortFunc(f.cases, func(a, b frozenCase) int { return bytes.Compare(a.commitment[:], b.commitment[:]) })
	return nil
}

// plant adds the snapshot's leaves to the tree: the one that leads it, then its
// cases.
func (f *freezing) plant(t *ledger.Statement) error {
	if err := f.tx.QueryRowContext(f.ctx, "select coalesce(max(no) + 1, 0) from snapshot_leaves").Scan(&t.First); err != nil {
		return err
	}
	t.Site = f.signer.Name()
	leaves := make([]ledger.Hash, 0, 1+len(f.cases))
	leaves = append(leaves, t.Lead())
	rows := []leafRow{{t.First, 0, 0, []byte{}, leaves[0]}}
	for i := range f.cases {
		c := &f.cases[i]
		rows = append(rows, leafRow{t.First + int64(len(leaves)), c.id, c.seq, c.salt, c.commitment})
		leaves = append(leaves, c.commitment)
	}
	more, root, err := ledger.Grow(t.First, leaves, f.s.treeHashes(f.ctx, f.tx))
	if err != nil {
		return err
	}
	t.Size, t.Root = t.First+int64(len(leaves)), root
	if err := f.keepLeaves(rows); err != nil {
		return err
	}
	return f.keepHashes(ledger.StoredAt(t.First), more)
}

type leafRow struct {
	no, id, seq int64
	salt        []byte
	leaf        ledger.Hash
}

// keptAtOnce bounds a statement that writes leaves or hashes.
const keptAtOnce = 2000

func (f *freezing) keepLeaves(rows []leafRow) error {
	for some := range slices.Chunk(rows, keptAtOnce) {
		var b strings.Builder
		args := []any{f.text.ID}
		for i, r := range some {
			if i > 0 {
				b.WriteString(", ")
			}
			n := len(args)
			fmt.Fprintf(&b, "($%d, $1, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5)
			args = append(args, r.no, r.id, r.seq, r.salt, r.leaf[:])
		}
		if _, err := f.tx.ExecContext(f.ctx, "insert into snapshot_leaves (no, snapshot, case_id, seq, salt, leaf) values "+b.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

func (f *freezing) keepHashes(from int64, hashes []ledger.Hash) error {
	for some := range slices.Chunk(hashes, keptAtOnce) {
		var b strings.Builder
		var args []any
		for i := range some {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "($%d, $%d)", len(args)+1, len(args)+2)
			args = append(args, from, some[i][:])
			from++
		}
		if _, err := f.tx.ExecContext(f.ctx, "insert into snapshot_hashes (no, hash) values "+b.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

// treeHashes reads hashes of the tree.
func (s *Store) treeHashes(ctx context.Context, q queryer) ledger.ReadHashes {
	return func(places []int64) ([]ledger.Hash, error) {
		var b binds
		rows, err := q.QueryContext(ctx, "select no, hash from snapshot_hashes where no in ("+b.list(places)+")", b.values...)
		if err != nil {
			return nil, err
		}
		found := map[int64]ledger.Hash{}
		err = scan(rows, func() error {
			var no int64
			var hash []byte
			err := rows.Scan(&no, &hash)
			if err == nil && len(hash) == 32 {
				found[no] = ledger.Hash(hash)
			}
			return err
		})
		out := make([]ledger.Hash, len(places))
		for i, at := range places {
			h, ok := found[at]
			if !ok && err == nil {
				err = fmt.Errorf("hash %d of the tree of statistics is missing", at)
			}
			out[i] = h
		}
		return out, err
	}
}
