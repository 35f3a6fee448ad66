package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Bound is how many messages there may be within a time, at most.
type Bound struct {
	Most   int
	Within time.Duration
}

// Slot is a place among what one address is sent by one channel. Without bounds
// it is taken all the same, so that others count it.
type Slot struct {
	Phone, Email string // one of both
	Bounds       []Bound
}

// FullError says that the address was sent as many messages as it may be.
type FullError struct{ Until time.Time } // UTC: then there is a place

func (f *FullError) Error() string { return "no place before " + f.Until.Format(time.RFC3339) }

// keepSendings is longer than any bound looks back.
const keepSendings = 25 * time.Hour

// takeSlot takes a place for an attempt, or says by a *FullError until when there
// is none. On PostgreSQL those who take one of the same address wait for one
// another; SQLite has one writer.
func (s *Store) takeSlot(ctx context.Context, tx *sql.Tx, slot *Slot, a *Attempt) error {
	mac := s.cfg.Keys.addressMac(slot.Phone, slot.Email)
	if len(slot.Bounds) > 0 {
		if err := s.alone(ctx, tx, int64(binary.BigEndian.Uint64(mac))); err != nil { //nolint:gosec // any 64 bits
			return err
		}
	}
	var until time.Time
	for _, b := range slot.Bounds {
		var at instant
		err := tx.QueryRowContext(ctx, fmt.Sprintf("select at from sendings where mac = $1 and channel = $2 order by at desc limit 1 offset %d", b.Most-1), mac, a.Channel).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if free := at.Add(b.Within); free.After(a.At) && free.After(until) {
			until = free
		}
	}
	if !until.IsZero() {
		return &FullError{until}
	}
	a.slot = newRef("s_", a.At)
	_, err := tx.ExecContext(ctx, "insert into sendings (id, mac, channel, at) values ($1, $2, $3, $4)", a.slot, mac, a.Channel, s.stamp(a.At))
	return err
}

// leaveSlot gives the place of an attempt back: nothing arrived.
func (s *Store) leaveSlot(ctx context.Context, a *Attempt) error {
	if a.slot == "" {
		return nil
	}
	_, err := s.exec(ctx, "delete from sendings where id = $1", a.slot)
	return err
}

func (s *Store) dropSendings(ctx context.Context) (int64, error) {
	gone, err := s.exec(ctx, "delete from sendings where at < $1", s.stamp(s.cfg.Now().Add(-keepSendings)))
	if err != nil {
		return 0, err
	}
	return gone.RowsAffected()
}
