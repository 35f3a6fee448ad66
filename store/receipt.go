package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// Receipt acknowledges how a complaint was filed, signed: the commitment with
// its salt, so that only who holds the receipt can show what was filed, and the
// clocks that began. ErrErased when the salt is gone with the person.
func (s *Store) Receipt(ctx context.Context, number string) (ledger.Receipt, error) {
	id, err := parseCase(number)
	if err != nil {
		return ledger.Receipt{}, err
	}
	var kind, payload string
	var kek sql.NullString
	var hash, wrapped, box []byte
	err = s.pool.QueryRowContext(ctx, `select c.kind, e.hash, e.payload, k.kek, k.wrapped, x.box from cases c join events e on e.case_id = c.id and e.seq = 1
		left join case_keys k on k.case_id = c.id left join sealed x on x.case_id = c.id and x.seq = 1 where c.id = $1`, id).
		Scan(&kind, &hash, &payload, &kek, &wrapped, &box)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && workflow.Kind(kind) != workflow.Complaint:
		return ledger.Receipt{}, ErrNoSuchCase
	case err != nil:
		return ledger.Receipt{}, err
	case !kek.Valid:
		return ledger.Receipt{}, s.noKey(ctx, id)
	}
	key, err := s.unwrap(kek.String, wrapped)
	if err != nil {
		return ledger.Receipt{}, fmt.Errorf("case %s: %w", number, err)
	}
	u, err := open(key, box)
	if err != nil {
		return ledger.Receipt{}, fmt.Errorf("case %s: %w", number, err)
	}
	e, number, err := workflow.ParseEvent([]byte(payload))
	if err != nil {
		return ledger.Receipt{}, err
	}
	return s.sign(receiptOf(number, hash, e, u.Salt))
}

func (s *Store) sign(r ledger.Receipt) (ledger.Receipt, error) {
	signer, err := s.signer(r.At)
	if err != nil {
		return r, err
	}
	return r, r.Sign(signer)
}

// filed is a case as it was filed, for the answer to whoever filed it.
type filed struct {
	view  View
	hash  ledger.Hash // of its first event
	event *workflow.Event
	salt  []byte
}

// Filed is the case that an answer to a filing made, and its receipt: what Case
// and Receipt read, without reading it where it was made just now.
func (s *Store) Filed(ctx context.Context, a Answer) (View, ledger.Receipt, error) {
	if f := a.filed; f != nil {
		r, err := s.sign(receiptOf(a.Number, f.hash[:], *f.event, f.salt))
		return f.view, r, err
	}
	v, err := s.Case(ctx, a.Number)
	if err != nil {
		return v, ledger.Receipt{}, err
	}
	r, err := s.Receipt(ctx, a.Number)
	return v, r, err
}

func receiptOf(number string, hash []byte, e workflow.Event, salt []byte) ledger.Receipt {
	r := ledger.Receipt{Case: number, Seq: e.Seq, Hash: hex.EncodeToString(hash), Commitment: e.Data.Sealed, Salt: hex.EncodeToString(salt), At: e.At, Rules: e.Rules}
	for _, op := range e.Data.Clocks {
		if op.Op != "start" {
			continue
		}
		k := ledger.ReceiptClock{Code: op.Code, Due: op.Clock.Due.String()}
		if !op.Clock.LateFrom.IsZero() {
			k.LateFrom = &op.Clock.LateFrom
		}
		r.Clocks = append(r.Clocks, k)
	}
	return r
}
