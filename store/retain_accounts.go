package store

import (
	"context"
	"time"
)

// AccountsKeep is how long what a user once signed in with stays after its end, so
// that one can still see from where it was.
const AccountsKeep = 90 * 24 * time.Hour

// RetainAccounts drops what accounts need no more and says how many rows: sessions,
// links to set a password with and API tokens AccountsKeep after they ended, used
// recovery codes likewise, and at its end what a browser was to bring back from the
// OIDC provider. What was changed about a user stays for ever.
func (s *Store) RetainAccounts(ctx context.Context) (int64, error) {
	now := s.cfg.Now()
	old := s.stamp(now.Add(-AccountsKeep))
	total := int64(0)
	for _, x := range []struct {
		table, where string
		at           any
	}{
		{"user_sessions", "expires_at <= $1 or ended_at <= $1", old},
		{"user_links", "expires_at <= $1 or ended_at <= $1 or used_at <= $1", old},
		{"user_tokens", "expires_at <= $1 or ended_at <= $1", old},
		{"user_recovery", "used_at <= $1", old},
		{"user_away", "expires_at <= $1", s.stamp(now)},
	} {
		row := map[string]string{"postgres": "ctid = any(array(select ctid", "sqlite": "rowid in (select rowid"}[s.dialect]
		end := map[string]string{"postgres": "))", "sqlite": ")"}[s.dialect]
		for ctx.Err() == nil {
			n, err := s.dropLot(ctx, "delete from "+x.table+" where "+row+" from "+x.table+" where "+x.where+" limit $2"+end, x.at)
			total += n
			if err != nil {
				return total, err
			}
			if n < retainLot {
				break
			}
		}
	}
	return total, nil
}

// dropLot drops at most one lot of rows.
func (s *Store) dropLot(ctx context.Context, query string, before any) (int64, error) {
	gone, err := s.exec(ctx, query, before, retainLot)
	if err != nil {
		return 0, err
	}
	return gone.RowsAffected()
}
