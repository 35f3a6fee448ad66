package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// queryer is what reads: the pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// add keeps a case that was read.
func (got *found) add(id int64, head []byte, filed time.Time, body string) error {
	c, err := workflow.ParseBody(id, []byte(body))
	if err != nil || len(head) != 32 {
		return fmt.Errorf("case %d: its row does not read: %w", id, err)
	}
	c.Head = ledger.Hash(head)
	got.cases[id] = &folding{was: c, now: c, filed: filed}
	got.order = append(got.order, id)
	return nil
}

// clockScan holds what a clock's row keeps in another form.
type clockScan struct {
	starts, due, more string
	late              *time.Time
}

func (r *clockScan) clock(k workflow.Clock) (workflow.Clock, error) {
	var err error
	if r.starts != "" {
		if k.Starts, err = calendar.ParseDate(r.starts); err != nil {
			return k, err
		}
	}
	if r.due != "" {
		if k.Due, err = calendar.ParseDate(r.due); err != nil {
			return k, err
		}
	}
	k.LateFrom = time.Time{}
	if r.late != nil && !r.late.IsZero() {
		k.LateFrom = r.late.UTC()
	}
	var m rare
	if r.more != "" {
		if err := json.Unmarshal([]byte(r.more), &m); err != nil {
			return k, err
		}
	}
	k.About, k.PausedDays, k.PausedWork, k.Decided, k.Was = m.About, m.PausedDays, m.PausedWork, m.Decided, m.Was
	k.PausedOn = 0
	if m.PausedOn != "" {
		k.PausedOn, err = calendar.ParseDate(m.PausedOn)
	}
	return k, err
}

// scan reads every row and closes them, whatever happens.
func scan(rows *sql.Rows, row func() error) error {
	for rows.Next() {
		if err := row(); err != nil {
			_ = rows.Close()
			return err
		}
	}
	if err := rows.Err(); err != nil {
		_ = rows.Close()
		return err
	}
	return rows.Close()
}

// tally reads rows of a key and a number.
func tally(rows *sql.Rows) (map[string]int64, error) {
	out := map[string]int64{}
	err := scan(rows, func() error {
		var key string
		var n int64
		err := rows.Scan(&key, &n)
		out[key] = n
		return err
	})
	return out, err
}

// column reads rows of one column.
func column[T any](rows *sql.Rows, err error) (out []T, _ error) {
	if err != nil {
		return nil, err
	}
	err = scan(rows, func() error {
		var x T
		err := rows.Scan(&x)
		out = append(out, x)
		return err
	})
	return out, err
}

// one holds a change to the single row that it was for: otherwise what is said, where
// it changed none.
func one(done sql.Result, err, otherwise error) error {
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n != 1 {
		return otherwise
	}
	return nil
}
