package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"fangxin/workflow/ledger"
)

// VerifyHandover checks that the log still holds the event that a hand-over file
// is as of, by its hash, and gives the height of a block that seals it, 0 while
// none does. The signature is not its business.
func VerifyHandover(ctx context.Context, db *sql.DB, h ledger.Handover) (block int64, err error) {
	var hash []byte
	var height sql.NullInt64
	err = db.QueryRowContext(ctx, `select e.hash, h.height from events e join cases c on c.id = e.case_id
		left join sealed_heads h on h.case_id = c.id and h.seq >= e.seq where c.number = $1 and e.seq = $2 order by h.seq limit 1`, h.Case, h.Seq).Scan(&hash, &height)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, fmt.Errorf("%s event %d is not in the log", h.Case, h.Seq)
	case err != nil:
		return 0, err
	case fmt.Sprintf("%x", hash) != h.Hash:
		return 0, fmt.Errorf("%s event %d has another hash in the log", h.Case, h.Seq)
	}
	return height.Int64, nil
}
