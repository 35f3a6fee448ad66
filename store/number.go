package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// blockSize is how many case numbers a node reserves at once. A counter inside
// the group's transaction would make all nodes as fast as one.
const blockSize = 256

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

// numbers are this node's blocks.
type numbers struct{ held map[series]*numberBlock }

func (n *numbers) begin() {
	for _, b := range n.held {
		b.saved, b.touched = b.next, false
	}
}

func (n *numbers) next(s series) int64 { return n.held[s].next }

func (n *numbers) take(s series) {
	n.held[s].next++
	n.held[s].touched = true
}

// used lists the blocks whose numbers this group takes.
func (n *numbers) used() []int64 {
	var out []int64
	for _, b := range n.held {
		if b.touched {
			out = append(out, b.id)
		}
	}
	return out
}

// revert marks the blocks of a failed attempt: its commit may stand after all,
// so the database is asked before another number is given from them.
func (n *numbers) revert() {
	for _, b := range n.held {
		if b.touched {
			b.next, b.stale = b.saved, true
		}
	}
}

// provide reserves a block, in a transaction of its own, when the group could
// need more numbers than are left.
func (d *door) provide(ctx context.Context, group []*request, now time.Time, law workflow.Rules) error {
	need := map[string]int64{}
	for _, r := range group {
		if r.caseID == 0 {
			need[law.County().Prefix]++
		}
		if r.Command.Event == "split_report" {
			need[reportPrefix]++
		}
	}
	for prefix, n := range need {
		s := series{prefix, calendar.On(now).Year()}
		if b := d.numbers.held[s]; b != nil && !b.stale && b.next+n-1 <= b.last {
			continue
		}
		if d.numbers.held[s] != nil { // the few that are left are not worth keeping
			if err := d.s.closeBlock(ctx, d.numbers.held[s].id, s, now); err != nil {
				return errLost
			}
			delete(d.numbers.held, s)
		}
		b, err := d.db.reserve(ctx, prefix, s.year, d.s.cfg.Node, now)
		if err != nil {
			return err
		}
		b.next = b.first
		d.numbers.held[s] = &b
	}
	return nil
}

// giveBack closes this node's blocks at the end.
func (d *door) giveBack() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for s, b := range d.numbers.held {
		_ = d.s.closeBlock(ctx, b.id, s, d.s.cfg.Now()) // the next start closes what this could not
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
	for rows.Next() {
		var o old
		if err := rows.Scan(&o.id, &o.s.prefix, &o.s.year); err != nil {
			return errors.Join(err, rows.Close())
		}
		all = append(all, o)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
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
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		used[id-zero] = true
	}
	return used, errors.Join(rows.Err(), rows.Close())
}
