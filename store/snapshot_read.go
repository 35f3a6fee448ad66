package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

const snapshotColumns = "select id, from_day, to_day, taken_at, height, first_leaf, size, statement, bound from snapshots "

// Snapshots lists every snapshot, in the order in which they were made.
func (s *Store) Snapshots(ctx context.Context) ([]Snapshot, error) {
	return s.snapshots(ctx, snapshotColumns+"order by no")
}

// Snapshot is the snapshot of a period; sql.ErrNoRows where there is none.
func (s *Store) Snapshot(ctx context.Context, id string) (Snapshot, error) {
	all, err := s.snapshots(ctx, snapshotColumns+"where id = $1", id)
	if err == nil && len(all) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return Snapshot{}, err
	}
	return all[0], nil
}

func (s *Store) snapshots(ctx context.Context, query string, args ...any) (out []Snapshot, err error) {
	rows, err := s.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	err = scan(rows, func() error {
		var x Snapshot
		var from, to string
		var taken instant
		if err := rows.Scan(&x.ID, &from, &to, &taken, &x.Height, &x.First, &x.Size, &x.Statement, &x.Bound); err != nil {
			return err
		}
		x.Taken = taken.Time
		a, err := calendar.ParseDate(from)
		if err != nil {
			return err
		}
		b, err := calendar.ParseDate(to)
		x.From, x.To = a, b
		out = append(out, x)
		return err
	})
	return out, err
}

// Frozen reads the text of a snapshot: what stands in it is not for the public.
func (s *Store) Frozen(ctx context.Context, id string) (indicator.Frozen, error) {
	var text string
	if err := s.pool.QueryRowContext(ctx, "select body from snapshots where id = $1", id).Scan(&text); err != nil {
		return indicator.Frozen{}, err
	}
	return indicator.ParseFrozen(text)
}

// Restated says what has changed since a snapshot: what its days would say now, as
// of the last block, and the events that changed it, by kind. of narrows to one
// slice of the log ("" the whole).
func (s *Store) Restated(ctx context.Context, id, slice string) (indicator.Restatement, error) {
	var out indicator.Restatement
	frozen, err := s.Frozen(ctx, id)
	if err != nil {
		return out, err
	}
	tx, err := s.snapshot(ctx)
	if err != nil {
		return out, err
	}
	defer func() { _ = tx.Rollback() }()
	f := &freezing{s: s, ctx: ctx, tx: tx}
	if _, err := f.position(); err != nil {
		return out, err
	}
	rows, err := tx.QueryContext(ctx, `select r.case_id, r.seq, e.payload, c.indicator, c.measure, c.domain, c.category, c.channel, c.mediator, c.town, c.unit, c.value from restated r
		join events e on e.case_id = r.case_id and e.seq = r.seq join contributions c on c.case_id = r.case_id and c.seq = r.seq
		where r.snapshot = $1 and c.day <= $3 and (c.day >= $2 or c.indicator >= 'owed.' and c.indicator < 'owed/') order by r.case_id, r.seq`,
		id, frozen.From.String(), frozen.To.String())
	if err != nil {
		return out, err
	}
	late := indicator.Late{Frozen: frozen, Slice: slice}
	err = scan(rows, func() error {
		var p ledger.Part
		var caseID, seq int64
		var payload string
		if err := rows.Scan(&caseID, &seq, &payload, &p.Code, &p.Measure, &p.Domain, &p.Category, &p.Channel, &p.Mediator, &p.Town, &p.Unit, &p.Value); err != nil {
			return err
		}
		if late.Begins(caseID, seq) {
			e, _, err := workflow.ParseEvent([]byte(payload))
			if err != nil {
				return err
			}
			late.Event(caseID, seq, e.Event)
		}
		late.Add(p)
		return nil
	})
	return late.Restatement(f.text.Log), err
}

// restate notes which events that a block seals count for the days of a snapshot
// made before them. What is owed counts up to the last day of each.
func (s *Store) restate(ctx context.Context, tx *sql.Tx, upto []claimed) error {
	sealing, pairs := s.pairs(upto)
	_, err := tx.ExecContext(ctx, `insert into restated (snapshot, case_id, seq)
		select distinct p.id, c.case_id, c.seq from `+sealing+` x join contributions c on c.case_id = x.case_id and c.seq <= x.seq left join sealed_heads h on h.case_id = c.case_id
			join snapshots p on c.day <= p.to_day and (c.day >= p.from_day or c.indicator >= 'owed.' and c.indicator < 'owed/')
			where c.seq > coalesce(h.seq, 0)`, pairs)
	return err
}

// ErrNotCounted says that a case is in no snapshot, or not in the one asked for.
var ErrNotCounted = errors.New("the case is in no snapshot yet")

// Proof shows that a case is counted in a snapshot; "" is the last one that counts
// it. Whoever asks has shown that the case is his.
func (s *Store) Proof(ctx context.Context, number, snapshot string) (ledger.Proof, error) {
	var p ledger.Proof
	id, err := parseCase(number)
	if err != nil {
		return p, err
	}
	var seq int64
	var salt []byte
	err = s.pool.QueryRowContext(ctx, `select l.snapshot, l.no, l.seq, l.salt, k.number from snapshot_leaves l join cases k on k.id = l.case_id
		where l.case_id = $1 and (l.snapshot = $2 or $2 = '') order by l.no desc limit 1`, id, snapshot).Scan(&snapshot, &p.Index, &seq, &salt, &p.Case)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNotCounted
	}
	if err != nil {
		return p, err
	}
	p.Salt = hex.EncodeToString(salt)
	x, err := s.Snapshot(ctx, snapshot)
	if err != nil {
		return p, err
	}
	p.Statement = x.Statement
	if p.Parts, err = s.parts(ctx, id, seq, x); err != nil {
		return p, err
	}
	last, err := s.snapshots(ctx, snapshotColumns+"order by no desc limit 1")
	if err != nil {
		return p, err
	}
	p.Newest = last[0].Statement
	read := s.treeHashes(ctx, s.pool)
	for _, prove := range []func() error{
		func() (err error) { p.Hashes, err = ledger.ProveLeaf(x.Size, p.Index, read); return err },
		func() (err error) { p.Lead, err = ledger.ProveLeaf(x.Size, x.First, read); return err },
		func() (err error) { p.Since, err = ledger.ProveTree(last[0].Size, x.Size, read); return err },
	} {
		if err := prove(); err != nil {
			return p, err
		}
	}
	return p, nil
}

// parts are what a case counted for in a snapshot, up to its event seq.
func (s *Store) parts(ctx context.Context, id, seq int64, x Snapshot) (out []ledger.Part, err error) {
	rows, err := s.pool.QueryContext(ctx, `select indicator, measure, domain, category, channel, mediator, town, unit, cast(sum(value) as bigint) from contributions
		where case_id = $1 and seq <= $2 and day <= $4 and (day >= $3 or indicator >= 'owed.' and indicator < 'owed/')
		group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(value) <> 0`, id, seq, x.From.String(), x.To.String())
	if err != nil {
		return nil, err
	}
	err = scan(rows, func() error {
		var p ledger.Part
		err := rows.Scan(&p.Code, &p.Measure, &p.Domain, &p.Category, &p.Channel, &p.Mediator, &p.Town, &p.Unit, &p.Value)
		out = append(out, p)
		return err
	})
	ledger.SortParts(out)
	return out, err
}

// ErrTree says that a tree of that size was never signed.
var ErrTree = errors.New("no snapshot has a tree of that size")

// Consistency gives the hashes by which the tree of one snapshot is seen to begin
// with all of that of an earlier one, by their sizes.
func (s *Store) Consistency(ctx context.Context, before, size int64) ([]ledger.Hash, error) {
	var n int
	if err := s.pool.QueryRowContext(ctx, "select count(distinct size) from snapshots where size in ($1, $2)", before, size).Scan(&n); err != nil {
		return nil, err
	}
	if before > size || n == 0 || n == 1 && before < size {
		return nil, ErrTree
	}
	return ledger.ProveTree(size, before, s.treeHashes(ctx, s.pool))
}

// Held checks a receipt by its signature and by the log: whoever shows a good one
// holds the case's. It needs nothing that an erasure takes away.
func (s *Store) Held(ctx context.Context, r ledger.Receipt) error {
	keys, err := s.PublicKeys(ctx)
	if err != nil {
		return err
	}
	if err := r.Verify(keys); err != nil {
		return err
	}
	id, err := parseCase(r.Case)
	if err != nil {
		return err
	}
	var hash []byte
	err = s.pool.QueryRowContext(ctx, "select hash from events where case_id = $1 and seq = $2", id, r.Seq).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) || err == nil && hex.EncodeToString(hash) != r.Hash {
		return errors.New("the log does not hold what this receipt says: keep it, and complain to the supervising authority")
	}
	return err
}
