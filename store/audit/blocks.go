package audit

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"fangxin/workflow/ledger"
)

// blocks checks the chain of blocks, that each head it sealed names an event
// with that hash, and that the checkpoint kept outside is one of them: whoever
// restored an old backup or cut blocks off shows here.
func (a *auditor) blocks() error {
	var prev ledger.Hash
	var height int64
	checkpoint := a.opt.Checkpoint == nil
	var pending []ledger.Block
	a.positions = positions{a: a, seqs: map[int64]int64{}}
	err := each(a.ctx, a.db, "select height, prev_hash, hash, payload from blocks order by height", func(scan func(...any) error) error {
		var h int64
		var before, hash []byte
		var payload string
		if err := scan(&h, &before, &hash, &payload); err != nil {
			return err
		}
		name := fmt.Sprintf("block %d", h)
		if len(before) != 32 || len(hash) != 32 {
			a.find("log", name, 0, "its hashes are not 32 bytes long")
			height = h
			return nil
		}
		if h != height+1 {
			a.find("log", fmt.Sprintf("block %d", height+1), 0, "is not there")
			prev = ledger.Hash(before)
		}
		height = h
		b, err := ledger.ParseBlock([]byte(payload))
		sum := ledger.Chain(ledger.Hash(before), []byte(payload))
		switch {
		case err != nil:
			a.find("log", name, 0, "does not read: %v", err)
		case b.Height != h:
			a.find("log", name, 0, "says that it is block %d", b.Height)
		case ledger.Hash(before) != prev:
			a.find("log", name, 0, "does not follow the block before it")
		case ledger.Hash(hash) != sum:
			a.find("log", name, 0, "its hash is not that of its text")
		}
		prev = sum
		if c := a.opt.Checkpoint; c != nil && c.Height == h {
			checkpoint = true
			if c.Hash != sum {
				a.find("log", name, 0, "is not the one of the checkpoint")
			}
		}
		a.report.Blocks++
		a.positions.block(&b)
		pending = append(pending, b)
		if len(pending) == 16 {
			err = a.heads(pending)
			pending = pending[:0]
			return err
		}
		return nil
	})
	if err == nil {
		err = a.heads(pending)
	}
	a.positions.upto(height + 1)
	if !checkpoint {
		a.find("log", fmt.Sprintf("block %d", a.opt.Checkpoint.Height), 0, "of the checkpoint is not there: the database ends at block %d, as an old backup does", height)
	}
	return err
}

// heads looks up the events that blocks sealed, some hundred at a time.
func (a *auditor) heads(blocks []ledger.Block) error {
	type sealed struct {
		ledger.Head
		height int64
	}
	var all []sealed
	for _, b := range blocks {
		for _, h := range b.Heads {
			if strings.HasPrefix(h.Case, snapshotHead) {
				if err := a.binds(fmt.Sprintf("block %d", b.Height), &b, &h); err != nil {
					return err
				}
				continue
			}
			if strings.HasPrefix(h.Case, ledger.ReleaseHead) {
				if err := a.sealsRelease(fmt.Sprintf("block %d", b.Height), &h); err != nil {
					return err
				}
				continue
			}
			all = append(all, sealed{h, b.Height})
		}
	}
	for len(all) > 0 && !a.full() {
		n := min(len(all), 200)
		var b strings.Builder
		var args []any
		for i, h := range all[:n] {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "(cast($%d as text), cast($%d as bigint), cast($%d as bigint))", 3*i+1, 3*i+2, 3*i+3)
			args = append(args, h.Case, h.Seq, int64(i))
		}
		err := each(a.ctx, a.db, "with h (number, seq, i) as (values "+b.String()+`) select h.i, c.id, e.hash from h
			left join cases c on c.number = h.number left join events e on e.case_id = c.id and e.seq = h.seq`, func(scan func(...any) error) error {
			var i int64
			var id sql.NullInt64
			var hash []byte
			if err := scan(&i, &id, &hash); err != nil {
				return err
			}
			h := all[i]
			switch {
			case !id.Valid:
				a.find("log", h.Case, h.Seq, "block %d sealed this case, and it is not there", h.height)
			case hash == nil:
				a.find("log", h.Case, h.Seq, "block %d sealed this event, and it is not there", h.height)
			case len(hash) != 32 || ledger.Hash(hash) != h.Hash:
				a.find("log", h.Case, h.Seq, "is not the event that block %d sealed", h.height)
			}
			return nil
		}, args...)
		if err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// numbers checks that every reserved number is a case or recorded as never
// issued. A case's id is year * 10^12 + serial, for a report record (JB) plus
// 5 * 10^11.
func (a *auditor) numbers() error {
	type block struct {
		prefix            string
		year, first, last int64
		open              bool
	}
	var blocks []block
	err := each(a.ctx, a.db, "select prefix, year, first, last, closed_at from number_blocks order by prefix, year, first", func(scan func(...any) error) error {
		var b block
		var closed instant
		err := scan(&b.prefix, &b.year, &b.first, &b.last, &closed)
		b.open = closed.IsZero()
		blocks = append(blocks, b)
		return err
	})
	if err != nil {
		return err
	}
	open := 0
	for _, b := range blocks {
		if b.open {
			open++
			continue
		}
		zero := b.year * 1_000_000_000_000
		if b.prefix == "JB" {
			zero += 500_000_000_000
		}
		var used, gone int64
		err := errors.Join(
			a.db.QueryRowContext(a.ctx, "select count(*) from cases where id between $1 and $2", zero+b.first, zero+b.last).Scan(&used),
			a.db.QueryRowContext(a.ctx, "select coalesce(sum(last - first + 1), 0) from number_gaps where prefix = $1 and year = $2 and first >= $3 and last <= $4", b.prefix, b.year, b.first, b.last).Scan(&gone))
		if err != nil {
			return err
		}
		if lost := b.last - b.first + 1 - used - gone; lost != 0 {
			a.find("log", fmt.Sprintf("numbers %s-%d-%06d to %06d", b.prefix, b.year, b.first, b.last), 0, "%d of them are neither a case nor recorded as never issued", lost)
		}
	}
	if open > 0 {
		a.report.Notes = append(a.report.Notes, fmt.Sprintf("%d blocks of numbers are still in use", open))
	}
	return nil
}
