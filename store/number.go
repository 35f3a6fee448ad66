package store

import (
	"context"
	"fmt"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// blockSize is how many case numbers a node reserves at once. A counter inside
// the group's transaction would make all nodes as fast as one.
const blockSize = 1024

// series is one run of case numbers.
type series struct {
	prefix string
	year   int
}

// numberBlock is a reserved run of numbers; next is the first not used.
type numberBlock struct {
	id                int64
	first, last, next int64
	saved             int64 // next at the start of the attempt
	touched           bool
	stale             bool // an attempt failed: what was used is for the database to say
}

// numbers are this node's blocks, oldest first, and the ids of those that are
// used up and still to be closed.
type numbers struct {
	held  map[series][]*numberBlock
	spent []int64
}

// begin starts an attempt; the one before it has ended well, or its blocks are
// stale.
func (n *numbers) begin() {
	for s, blocks := range n.held {
		for len(blocks) > 0 && blocks[0].next > blocks[0].last {
			n.spent = append(n.spent, blocks[0].id)
			blocks = blocks[1:]
		}
		n.held[s] = blocks
		for _, b := range blocks {
			b.saved, b.touched = b.next, false
		}
	}
}

func (n *numbers) first(s series) *numberBlock {
	for _, b := range n.held[s] {
		if b.next <= b.last {
			return b
		}
	}
	return nil // provide saw to it that there are enough
}

func (n *numbers) next(s series) int64 { return n.first(s).next }

func (n *numbers) take(s series) {
	b := n.first(s)
	b.next++
	b.touched = true
}

func (n *numbers) left(s series) (sum int64) {
	for _, b := range n.held[s] {
		sum += b.last - b.next + 1
	}
	return sum
}

// used lists the blocks whose numbers this group takes.
func (n *numbers) used() []int64 {
	var out []int64
	for _, blocks := range n.held {
		for _, b := range blocks {
			if b.touched {
				out = append(out, b.id)
			}
		}
	}
	return out
}

// revert marks the blocks of a failed attempt: its commit may stand after all,
// so the database is asked before another number is given from them.
func (n *numbers) revert() {
	for _, blocks := range n.held {
		for _, b := range blocks {
			if b.touched {
				b.next, b.stale = b.saved, true
			}
		}
	}
}

// provide reserves blocks, each in a transaction of its own, while the group
// could need more numbers than are left.
func (d *door) provide(ctx context.Context, group []*request, now time.Time, law workflow.Rules) error {
	need := map[series]int64{}
	year := calendar.On(now).Year()
	for _, r := range group {
		if r.caseID == 0 {
			need[r.series(law, now)]++
		}
		if r.Command.Event == "split_report" {
			need[series{reportPrefix, year}]++
		}
	}
	for s, n := range need {
		if err := d.dropStale(ctx, s, now); err != nil {
			return err
		}
		for d.numbers.left(s) < n {
			b, err := d.db.reserve(ctx, s.prefix, s.year, d.s.cfg.Node, now, d.numbers.spent)
			if err != nil {
				return err
			}
			b.next = b.first
			d.numbers.held[s], d.numbers.spent = append(d.numbers.held[s], &b), nil
		}
	}
	return nil
}

// dropStale closes the blocks of a failed attempt: the database says what was
// used of them.
func (d *door) dropStale(ctx context.Context, s series, now time.Time) error {
	kept := d.numbers.held[s][:0]
	for _, b := range d.numbers.held[s] {
		if !b.stale {
			kept = append(kept, b)
			continue
		}
		if err := d.s.closeBlock(ctx, b.id, s, now); err != nil {
			return errLost
		}
	}
	d.numbers.held[s] = kept
	return nil
}

// giveBack closes this node's blocks at the end.
func (d *door) giveBack() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for s, blocks := range d.numbers.held {
		for _, b := range blocks {
			_ = d.s.closeBlock(ctx, b.id, s, d.s.cfg.Now()) // a later start closes what this could not
		}
	}
	for _, id := range d.numbers.spent {
		_, _ = d.s.pool.ExecContext(ctx, "update number_blocks set closed_at = $1 where id = $2", d.s.stamp(d.s.cfg.Now()), id)
	}
}

// abandoned is how long a block's node must have been silent before another
// node closes the block.
const abandoned = 10 * time.Minute

// closeOldBlocks records the unused numbers of nodes that died.
func (s *Store) closeOldBlocks(ctx context.Context) error {
	now := s.cfg.Now()
	rows, err := s.pool.QueryContext(ctx, `select b.id, b.prefix, b.year from number_blocks b left join heartbeats h on h.node = b.node
		where b.closed_at is null and coalesce(h.at, b.reserved_at) < $1 and b.reserved_at < $1`, s.stamp(now.Add(-abandoned)))
	if err != nil {
		return err
	}
	type old struct {
		id int64
		s  series
	}
	var all []old
	err = scan(rows, func() error {
		var o old
		if err := rows.Scan(&o.id, &o.s.prefix, &o.s.year); err != nil {
			return err
		}
		all = append(all, o)
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		if err := s.closeBlock(ctx, o.id, o.s, now); err != nil {
			return err
		}
	}
	return nil
}

// closeBlock ends a block: what is unused goes back if nobody reserved after
// it, and is recorded as never issued otherwise.
func (s *Store) closeBlock(ctx context.Context, id int64, of series, now time.Time) error {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if s.dialect == "postgres" { // the row lock waits for a commit that is still on its way
		for _, text := range []string{"lock table number_blocks in share row exclusive mode", fmt.Sprintf("select id from number_blocks where id = %d for update", id)} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
	}
	var first, last, top int64
	var closed instant
	if err := tx.QueryRowContext(ctx, "select first, last, closed_at from number_blocks where id = $1", id).Scan(&first, &last, &closed); err != nil {
		return err
	}
	if !closed.IsZero() {
		return nil
	}
	if err := tx.QueryRowContext(ctx, "select max(last) from number_blocks where prefix = $1 and year = $2", of.prefix, of.year).Scan(&top); err != nil {
		return err
	}
	used, err := usedNumbers(ctx, tx, of, first, last)
	if err != nil {
		return err
	}
	end := first - 1
	for n := first; n <= last; n++ {
		if used[n] {
			end = n
		}
	}
	stop := last
	if last == top { // nobody came after: the rest was never given away
		stop = end
	}
	for n := first; n <= stop; n++ {
		if used[n] {
			continue
		}
		from := n
		for n < stop && !used[n+1] {
			n++
		}
		if _, err := tx.ExecContext(ctx, "insert into number_gaps (prefix, year, first, last, reason, at) values ($1, $2, $3, $4, 'never issued', $5)",
			of.prefix, of.year, from, n, s.stamp(now)); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "update number_blocks set last = $1, closed_at = $2 where id = $3", stop, s.stamp(now), id); err != nil {
		return err
	}
	return tx.Commit()
}

func usedNumbers(ctx context.Context, tx queryer, of series, first, last int64) (map[int64]bool, error) {
	zero := caseID(of.prefix, of.year, 0)
	rows, err := tx.QueryContext(ctx, "select id from cases where id between $1 and $2", zero+first, zero+last)
	if err != nil {
		return nil, err
	}
	used := map[int64]bool{}
	err = scan(rows, func() error {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		used[id-zero] = true
		return nil
	})
	return used, err
}
