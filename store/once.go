package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"time"

	"fangxin/workflow"

	"github.com/google/uuid"
)

// Once is a change beside the log with its idempotency: whose key, and what was
// asked. Keys of different scopes never meet.
type Once struct {
	Scope, Key string
	Asked      any // as it is asked again: another body with the same key is refused
}

// once does a change in one transaction, at most once for a key, and fills
// answer, which it keeps as JSON: no secret may be in it. Asked again with the
// same key it fills in what was answered then, and says so.
func (s *Store) once(ctx context.Context, q Once, answer any, do func(tx *sql.Tx, now time.Time) error) (replayed bool, err error) {
	if q.Key == "" {
		key, err := uuid.NewV7()
		if err != nil {
			return false, err
		}
		q.Key = key.String()
	}
	text, err := json.Marshal(q.Asked)
	if err != nil {
		return false, err
	}
	sum := s.cfg.Keys.print(text)
	key, now := q.Scope+"/"+q.Key, s.cfg.Now().UTC().Truncate(time.Microsecond)
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	res, err := tx.ExecContext(ctx, "insert into idempotency (key, print, answer, at) values ($1, $2, '', $3) on conflict (key) do nothing", key, sum[:], s.stamp(now))
	if err != nil {
		return false, err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return true, replay(ctx, tx, key, sum, answer)
	}
	if err := do(tx, now); err != nil {
		return false, err
	}
	if text, err = json.Marshal(answer); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "update idempotency set answer = $1 where key = $2", string(text), key); err != nil {
		return false, err
	}
	return false, tx.Commit()
}

func replay(ctx context.Context, tx *sql.Tx, key string, sum [sha256.Size]byte, answer any) error {
	var print []byte
	var text string
	if err := tx.QueryRowContext(ctx, "select print, answer from idempotency where key = $1", key).Scan(&print, &text); err != nil {
		return err
	}
	if [sha256.Size]byte(print) != sum {
		return &workflow.Refusal{Code: "key_reused"}
	}
	return json.Unmarshal([]byte(text), answer)
}

// alone keeps others who change what lies beside this case waiting until the
// transaction ends; an embedded database has one writer anyhow.
func (s *Store) alone(ctx context.Context, tx *sql.Tx, what int64) error {
	if s.dialect != "postgres" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "select pg_advisory_xact_lock($1)", what)
	return err
}
