package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow/ledger"
)

// VerifyReceipt checks that the log still holds what a receipt says, field by
// field, and gives the height of a block that seals it, 0 while none does. The
// signature is not its business.
func VerifyReceipt(ctx context.Context, db *sql.DB, r ledger.Receipt) (block int64, err error) {
	var payload string
	var hash []byte
	var height sql.NullInt64
	err = db.QueryRowContext(ctx, `select e.payload, e.hash, h.height from events e join cases c on c.id = e.case_id
		left join sealed_heads h on h.case_id = c.id and h.seq >= e.seq where c.number = $1 and e.seq = $2`, r.Case, r.Seq).Scan(&payload, &hash, &height)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, missing(ctx, db, r)
	}
	if err != nil {
		return 0, err
	}
	e, err := ledger.ParseEntry([]byte(payload))
	if err != nil {
		return 0, fmt.Errorf("%s event %d of the log does not read: %w", r.Case, r.Seq, err)
	}
	var data struct {
		Sealed string
		Clocks []struct {
			Op, Code string
			Clock    *struct {
				Due      string
				LateFrom *time.Time `json:"late_from"`
			}
		}
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return 0, fmt.Errorf("%s event %d of the log does not read: %w", r.Case, r.Seq, err)
	}
	says := ledger.Receipt{Case: e.Case, Seq: e.Seq, At: e.At, Hash: fmt.Sprintf("%x", hash), Commitment: data.Sealed, Rules: e.Rules}
	for _, op := range data.Clocks {
		if op.Op == "start" && op.Clock != nil {
			says.Clocks = append(says.Clocks, ledger.ReceiptClock{Code: op.Code, Due: op.Clock.Due, LateFrom: op.Clock.LateFrom})
		}
	}
	return height.Int64, differs(says, r)
}

// differs names the first field in which the log and the receipt part.
func differs(log, r ledger.Receipt) error {
	at := fmt.Sprintf("%s event %d", r.Case, r.Seq)
	switch {
	case log.At != r.At:
		return fmt.Errorf("%s is of %s in the log, of %s on the receipt", at, log.At.Format(time.RFC3339Nano), r.At.Format(time.RFC3339Nano))
	case log.Rules != r.Rules:
		return fmt.Errorf("%s was filed under %s by the log, under %s by the receipt", at, log.Rules, r.Rules)
	case log.Commitment != r.Commitment:
		return fmt.Errorf("%s commits to other words than the receipt", at)
	case len(log.Clocks) != len(r.Clocks):
		return fmt.Errorf("%s began %d clocks, the receipt names %d", at, len(log.Clocks), len(r.Clocks))
	}
	for i, k := range log.Clocks {
		g := r.Clocks[i]
		same := k.LateFrom == nil && g.LateFrom == nil || k.LateFrom != nil && g.LateFrom != nil && k.LateFrom.Equal(*g.LateFrom)
		if k.Code != g.Code || k.Due != g.Due || !same {
			return fmt.Errorf("%s began the clock %s, due %q, in another way than the receipt says (%s, due %q)", at, k.Code, k.Due, g.Code, g.Due)
		}
	}
	if log.Hash != r.Hash {
		return fmt.Errorf("%s has another hash than the receipt", at)
	}
	return nil
}

// missing says why an event may not be there: a restore to an earlier point is
// the honest reason, and the receipt then proves what was lost.
func missing(ctx context.Context, db *sql.DB, r ledger.Receipt) error {
	var taken instant
	err := db.QueryRowContext(ctx, "select max(taken_at) from restores").Scan(&taken)
	if err == nil && !taken.IsZero() && !r.At.Before(taken.Time) {
		return fmt.Errorf("%s event %d is not in the log, which was restored from a backup of %s, before this filing: enter the complaint again, the receipt proves when it came",
			r.Case, r.Seq, taken.Format(time.RFC3339))
	}
	return fmt.Errorf("%s event %d is not in the log", r.Case, r.Seq)
}
