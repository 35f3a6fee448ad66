package store

import (
	"context"
	"time"
)

// retainLot is how many rows one statement drops: short enough to hold nobody up.
const retainLot = 2000

// Retain drops what is not needed any more and says how many rows: idempotency
// keys that are older than keys (whoever repeats such a request makes it anew),
// messages older than done that were delivered or not needed, drafts and checks
// of contacts whose time is over, and the heartbeats of nodes that are gone. What
// a letter says goes when the letter is of no use. What is owed or dead stays,
// however old. Zero keeps a kind for ever.
func (s *Store) Retain(ctx context.Context, keys, done time.Duration) (int64, error) {
	now := s.cfg.Now()
	total := int64(0)
	for _, x := range []struct {
		keep           time.Duration
		postgres, lite string
	}{
		{keys, "delete from idempotency where ctid = any(array(select ctid from idempotency where at < $1 limit $2))",
			// rows lie in the order in which they came: look at the first only
			"delete from idempotency where rowid in (select rowid from idempotency order by rowid limit $2) and at < $1"},
		{done, "delete from outbox where ctid = any(array(select ctid from outbox where at < $1 and state not in ('owed', 'dead') limit $2))",
			"delete from outbox where rowid in (select rowid from outbox where at < $1 and state not in ('owed', 'dead') limit $2)"},
		{done, "delete from letters where ctid = any(array(select ctid from letters where at < $1 and box is null limit $2))",
			"delete from letters where id in (select id from letters order by id limit $2) and at < $1 and box is null"},
	} {
		query := x.postgres
		if s.dialect == "sqlite" {
			query = x.lite
		}
		for x.keep > 0 && ctx.Err() == nil {
			gone, err := s.exec(ctx, query, s.stamp(now.Add(-x.keep)), retainLot)
			if err != nil {
				return total, err
			}
			n, _ := gone.RowsAffected()
			if total += n; n < retainLot {
				break
			}
		}
	}
	// what a letter says is erased when it is of no use, whether it arrived or died
	if _, err := s.exec(ctx, "update letters set wrapped = null, box = null where until_at <= $1 and box is not null", s.stamp(now)); err != nil {
		return total, err
	}
	gone, err := s.exec(ctx, "delete from drafts where expires_at <= $1", s.stamp(now))
	if err != nil {
		return total, err
	}
	n, _ := gone.RowsAffected()
	total += n
	sendings, err := s.dropSendings(ctx)
	if total += sendings; err != nil {
		return total, err
	}
	checks, err := s.dropChecks(ctx)
	if total += checks; err != nil {
		return total, err
	}
	_, err = s.exec(ctx, "delete from heartbeats where at < $1 and at < (select max(at) from heartbeats)", s.stamp(now.Add(-7*24*time.Hour)))
	return total, err
}
