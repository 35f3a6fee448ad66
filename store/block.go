package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"fangxin/workflow/ledger"
)

// blockHeads bounds a block.
const blockHeads = 4096

// Block seals the heads that moved since the last block into the next one, adds
// what they count for to the rollups, and says how many. It claims rows instead of remembering a mark: a mark would skip
// transactions that commit late. Two nodes take turns.
func (s *Store) Block(ctx context.Context) (int, error) {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.lockBlocks(ctx, tx); err != nil {
		return 0, err
	}
	rows, err := tx.QueryContext(ctx, "select m.case_id, m.seq, m.hash, c.number from moved m join cases c on c.id = m.case_id order by m.case_id, m.seq limit $1", blockHeads)
	if err != nil {
		return 0, err
	}
	var claims []claimed
	heads, ids := map[string]ledger.Head{}, map[string]int64{}
	err = scan(rows, func() error {
		var c claimed
		var h ledger.Head
		var hash []byte
		if err := rows.Scan(&c.caseID, &c.seq, &hash, &h.Case); err != nil {
			return err
		}
		h.Seq, h.Hash = c.seq, ledger.Hash(hash)
		claims, heads[h.Case], ids[h.Case] = append(claims, c), h, c.caseID
		return nil
	})
	if err != nil || len(claims) == 0 {
		return 0, err
	}
	b := ledger.Block{At: s.cfg.Now()}
	for _, h := range heads {
		b.Heads = append(b.Heads, h)
	}
	slices.SortFunc(b.Heads, func(x, y ledger.Head) int { return strings.Compare(x.Case, y.Case) })
	if err := s.next(ctx, tx, &b); err != nil {
		return 0, err
	}
	upto := make([]claimed, 0, len(heads))
	for number, h := range heads {
		upto = append(upto, claimed{ids[number], h.Seq})
	}
	if err := s.fold(ctx, tx, upto); err != nil {
		return 0, err
	}
	if err := s.restate(ctx, tx, upto); err != nil {
		return 0, err
	}
	if err := s.feed(ctx, tx, upto, b.Height); err != nil {
		return 0, err
	}
	if err := s.sealed(ctx, tx, upto, b.Height); err != nil {
		return 0, err
	}
	last := claims[len(claims)-1] // what readers derive follows; of a case that moved meanwhile a row stays in moved
	if _, err := tx.ExecContext(ctx, "insert into board_todo (case_id, seq) select case_id, seq from moved where (case_id, seq) <= ($1, $2) on conflict do nothing", last.caseID, last.seq); err != nil {
		return 0, err
	}
	if err := s.drop(ctx, tx, "moved", claims); err != nil {
		return 0, err
	}
	return len(b.Heads), tx.Commit()
}

// lockBlocks lets one transaction at a time add blocks; SQLite's are so by
// themselves.
func (s *Store) lockBlocks(ctx context.Context, tx *sql.Tx) error {
	if s.dialect != "postgres" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "lock table blocks in share row exclusive mode")
	return err
}

// next chains a block to the last one.
func (s *Store) next(ctx context.Context, tx *sql.Tx, b *ledger.Block) error {
	var prev []byte
	if err := tx.QueryRowContext(ctx, "select coalesce(max(height), 0) from blocks").Scan(&b.Height); err != nil {
		return err
	}
	if b.Height > 0 {
		if err := tx.QueryRowContext(ctx, "select hash from blocks where height = $1", b.Height).Scan(&prev); err != nil {
			return err
		}
		b.Prev = ledger.Hash(prev)
	}
	b.Height++
	return s.chain(ctx, tx, b)
}

// chain adds a block.
func (s *Store) chain(ctx context.Context, tx *sql.Tx, b *ledger.Block) error {
	hash := b.Hash()
	_, err := tx.ExecContext(ctx, "insert into blocks (height, prev_hash, hash, payload, sealed_at) values ($1, $2, $3, $4, $5)",
		b.Height, b.Prev[:], hash[:], string(b.Payload()), s.stamp(b.At))
	return err
}

// sealed notes up to which event, and in which block, each case is sealed now.
func (s *Store) sealed(ctx context.Context, tx *sql.Tx, upto []claimed, height int64) error {
	text, pairs := s.pairs(upto)
	_, err := tx.ExecContext(ctx, "insert into sealed_heads (case_id, seq, height) select case_id, seq, $2 from "+text+" x where true order by case_id"+
		" on conflict (case_id) do update set seq = excluded.seq, height = excluded.height", pairs, height)
	return err
}

// Checkpoint is the last block, to be kept outside the database; ok is false
// while there is none.
func (s *Store) Checkpoint(ctx context.Context) (c ledger.Checkpoint, ok bool, err error) {
	var hash []byte
	var at instant
	rows, err := s.pool.QueryContext(ctx, "select height, hash, sealed_at from blocks order by height desc limit 1")
	if err != nil {
		return c, false, err
	}
	err = scan(rows, func() error {
		if err := rows.Scan(&c.Height, &hash, &at); err != nil {
			return err
		}
		c.Hash, c.At, ok = ledger.Hash(hash), at.Time, true
		return nil
	})
	return c, ok, err
}

// SignedCheckpoint is the last block as a note that the site signed, and as
// text; height 0 while there is none. Without a key that may sign it is bare.
func (s *Store) SignedCheckpoint(ctx context.Context) (ledger.Checkpoint, string, error) {
	c, ok, err := s.Checkpoint(ctx)
	if err != nil || !ok {
		return c, "", err
	}
	signer, err := s.signer(s.cfg.Now())
	if errors.Is(err, ErrSigning) {
		return c, c.Text(), nil
	}
	if err != nil {
		return c, "", err
	}
	c.Origin = signer.Name()
	text, err := c.Sign(signer)
	return c, text, err
}

// Lost reports whether a checkpoint names a block that the log does not have,
// and of which height; an error says that the text is no checkpoint.
func (s *Store) Lost(ctx context.Context, text string) (height int64, lost bool, err error) {
	c, err := ledger.ParseCheckpoint(text)
	if err != nil {
		return 0, false, err
	}
	var n int
	err = s.pool.QueryRowContext(ctx, "select count(*) from blocks where height = $1 and hash = $2", c.Height, c.Hash[:]).Scan(&n)
	return c.Height, err == nil && n == 0, err
}
