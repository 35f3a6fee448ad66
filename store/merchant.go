package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"fangxin/workflow/register"
)

// The merchant register lies beside the log. Its writers take turns: one lock for
// all of it, so that two of them never open the same merchant twice.

// ErrNoMerchant is the one answer for an entry that is not there.
var ErrNoMerchant = errors.New("no such merchant")

// By is who changes the register, and why: "officer:zhang", "import:file.csv".
type By struct{ Actor, Why string }

// HistoryLine is one thing that happened to an entry.
type HistoryLine struct {
	No    int64     `json:"no"`
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
	What  string    `json:"what"`
	Why   string    `json:"why"`
	HistoryBody
}

// HistoryBody is what changed.
type HistoryBody struct {
	Changes []register.Change `json:"changes,omitempty"`
	Other   string            `json:"other,omitempty"` // the other entry of a merger or succession, the case of an opening
}

// registerLock is the turn of the register's writers.
const registerLock = 0x66786d72

// book is the register open for writing, in one transaction.
type book struct {
	ctx context.Context
	s   *Store
	tx  *sql.Tx
	now time.Time
}

// entry is a merchant with the id that the tables use.
type entry struct {
	id int64
	register.Merchant
}

// write opens the register for writing, when it is free.
func (s *Store) write(ctx context.Context, do func(b *book) error) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.alone(ctx, tx, registerLock); err != nil {
		return err
	}
	if err := do(&book{ctx, s, tx, s.cfg.Now().UTC().Truncate(time.Microsecond)}); err != nil {
		return err
	}
	return tx.Commit()
}

// writeOnce is write, at most once for a key.
func (s *Store) writeOnce(ctx context.Context, q Once, answer any, do func(b *book) error) error {
	_, err := s.once(ctx, q, answer, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, registerLock); err != nil {
			return err
		}
		return do(&book{ctx, s, tx, now})
	})
	return err
}

// places are the names that do not tell merchants of this county apart.
func (s *Store) places() register.Places {
	county := s.cfg.Rules().County()
	names := []string{county.Zh}
	for _, t := range county.Towns {
		names = append(names, t.Zh)
	}
	return register.NewPlaces(names...)
}

// newRef names something of the register for outsiders: the millisecond, which
// keeps indexes in order, and eighty random bits.
func newRef(prefix string, now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16) //nolint:gosec // after 1970
	_, _ = rand.Read(raw[6:])
	return prefix + base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding).EncodeToString(raw[:])
}

const entryColumns = "m.id, m.body"

func scanEntries(rows *sql.Rows, err error) ([]entry, error) {
	if err != nil {
		return nil, err
	}
	var out []entry
	err = scan(rows, func() error {
		var e entry
		var body string
		if err := rows.Scan(&e.id, &body); err != nil {
			return err
		}
		out = append(out, e)
		return json.Unmarshal([]byte(body), &out[len(out)-1].Merchant)
	})
	return out, err
}

func entryByRef(ctx context.Context, q queryer, ref string) (entry, error) {
	all, err := scanEntries(q.QueryContext(ctx, "select "+entryColumns+" from merchants m where m.ref = $1", ref))
	if err == nil && len(all) == 0 {
		err = ErrNoMerchant
	}
	if err != nil {
		return entry{}, err
	}
	return all[0], nil
}

func entriesByID(ctx context.Context, q queryer, ids []int64) ([]entry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var b binds
	return scanEntries(q.QueryContext(ctx, "select "+entryColumns+" from merchants m where m.id in ("+b.list(ids)+")", b.values...))
}

// Merchant reads an entry. ErrNoMerchant when there is none.
func (s *Store) Merchant(ctx context.Context, ref string) (register.Merchant, error) {
	e, err := entryByRef(ctx, s.pool, ref)
	return e.Merchant, err
}

// root is the entry that an entry was merged into, in the end.
func root(ctx context.Context, q queryer, e entry) (entry, error) {
	for e.Status == register.Merged {
		var err error
		if e, err = entryByRef(ctx, q, e.MergedInto); err != nil {
			return e, err
		}
	}
	return e, nil
}

// rootByRef is what an entry became. ErrNoMerchant when there is none.
func rootByRef(ctx context.Context, q queryer, ref string) (entry, error) {
	e, err := entryByRef(ctx, q, ref)
	if err != nil {
		return e, err
	}
	return root(ctx, q, e)
}

// MerchantFilter narrows a list of entries; empty fields ask nothing. After is
// the id that the page before ended with.
type MerchantFilter struct {
	Status register.Status
	Town   string
	After  string
	Limit  int
}

// Merchants reads entries in the order in which they were opened. ErrCursor when
// After is none of them.
func (s *Store) Merchants(ctx context.Context, f MerchantFilter) ([]register.Merchant, error) {
	var b binds
	var after int64
	if f.After != "" {
		e, err := entryByRef(ctx, s.pool, f.After)
		if errors.Is(err, ErrNoMerchant) {
			err = ErrCursor
		}
		if err != nil {
			return nil, err
		}
		after = e.id
	}
	text := "select " + entryColumns + " from merchants m where m.id > " + b.add(after)
	if f.Status != "" {
		text += " and m.status = " + b.add(string(f.Status))
	}
	if f.Town != "" {
		text += " and m.town = " + b.add(f.Town)
	}
	all, err := scanEntries(s.pool.QueryContext(ctx, text+" order by m.id limit "+b.add(f.Limit), b.values...))
	return merchantsOf(all), err
}

func merchantsOf(all []entry) []register.Merchant {
	out := make([]register.Merchant, 0, len(all))
	for _, e := range all {
		out = append(out, e.Merchant)
	}
	return out
}

// MerchantHistory reads what happened to an entry, from the line after, in order.
func (s *Store) MerchantHistory(ctx context.Context, ref string, after int64, limit int) ([]HistoryLine, error) {
	e, err := entryByRef(ctx, s.pool, ref)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.QueryContext(ctx, "select no, at, actor, what, why, body from merchant_history where merchant_id = $1 and no > $2 order by no limit $3", e.id, after, limit)
	if err != nil {
		return nil, err
	}
	out := []HistoryLine{}
	err = scan(rows, func() error {
		var h HistoryLine
		var at instant
		var body string
		if err := rows.Scan(&h.No, &at, &h.Actor, &h.What, &h.Why, &body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &h.HistoryBody); err != nil {
			return err
		}
		h.At = at.Time
		out = append(out, h)
		return nil
	})
	return out, err
}

// row is the row of an entry, in the order of merchantColumns.
func (b *book) row(e *entry) ([]any, error) {
	body, err := json.Marshal(e.Merchant)
	return []any{e.id, e.ID, e.Version, string(e.Status), register.CodeKey(e.Code), e.Town, string(body), b.s.stamp(e.Created), b.s.stamp(e.Updated)}, err
}

const merchantColumns = "id, ref, version, status, code, town, body, created_at, updated_at"

// fresh prepares entries that are new: ids, names for outsiders, the check of the
// code.
func (b *book) fresh(all []*entry) error {
	var last int64
	if err := b.tx.QueryRowContext(b.ctx, "select coalesce(max(id), 0) from merchants").Scan(&last); err != nil {
		return err
	}
	for i, e := range all {
		b.born(e, last+int64(i)+1)
	}
	return nil
}

func (b *book) born(e *entry, id int64) {
	e.id, e.ID, e.Version = id, newRef("m_", b.now), 1
	e.CodeValid, e.Created, e.Updated = register.ValidCode(e.Code), b.now, b.now
}

// insert writes new entries with the first line of their history.
func (b *book) insert(all []*entry, by By, what, other string) error {
	var rows, lines [][]any
	for _, e := range all {
		r, err := b.row(e)
		if err != nil {
			return err
		}
		body, err := json.Marshal(HistoryBody{Changes: register.Diff(register.Details{}, e.Details), Other: other})
		if err != nil {
			return err
		}
		rows = append(rows, r)
		lines = append(lines, []any{e.id, 1, b.s.stamp(b.now), by.Actor, what, by.Why, string(body)})
	}
	if err := b.many("merchants", merchantColumns, nil, rows); err != nil {
		return err
	}
	if err := b.many("merchant_history", historyColumns, nil, lines); err != nil {
		return err
	}
	return b.index(all)
}

// registerSeq keeps the marks that changes of entries leave in publication_todo
// apart from those of links, which count from 1.
const registerSeq = 1_000_000

const historyColumns = "merchant_id, no, at, actor, what, why, body"

// save writes an entry that changed over the version that was read, with a line
// of its history.
func (b *book) save(before, after *entry, by By, what, other string) error {
	after.Version, after.Updated = before.Version+1, b.now
	after.CodeValid = register.ValidCode(after.Code)
	r, err := b.row(after)
	if err != nil {
		return err
	}
	done, err := b.tx.ExecContext(b.ctx, "update merchants set version = $1, status = $2, code = $3, town = $4, body = $5, updated_at = $6 where id = $7 and version = $8",
		append(append([]any{}, r[2], r[3], r[4], r[5], r[6], r[8], r[0]), before.Version)...)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n != 1 {
		return fmt.Errorf("merchant %s changed meanwhile", before.ID)
	}
	if _, err := b.tx.ExecContext(b.ctx, "insert into publication_todo (case_id, seq) select case_id, $1 from publications where merchant_id = $2 or merchant = $3 on conflict do nothing",
		-(registerSeq + after.Version), after.id, after.ID); err != nil { // public forms name the merchant
		return err
	}
	changes := register.Diff(before.Details, after.Details)
	if before.Status != after.Status {
		changes = append(changes, register.Change{Field: "status", Before: string(before.Status), After: string(after.Status)})
	}
	if err := b.note(after.id, by, what, HistoryBody{Changes: changes, Other: other}); err != nil {
		return err
	}
	return b.index([]*entry{after})
}

// note adds a line to an entry's history.
func (b *book) note(id int64, by By, what string, line HistoryBody) error {
	body, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = b.tx.ExecContext(b.ctx, "insert into merchant_history ("+historyColumns+") select $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5, $6 from merchant_history where merchant_id = $7",
		id, b.s.stamp(b.now), by.Actor, what, by.Why, string(body), id)
	return err
}
