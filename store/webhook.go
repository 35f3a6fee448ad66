package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Webhook is a machine of the bureau's own that is told what happens.
type Webhook struct {
	ID          int64
	Ref         string // as the API names it
	URL         string
	Description string
	Topics      []string // names of events; empty: all
	CreatedBy   string
	Created     time.Time
	Paused      time.Time // zero while it is told
	PausedWhy   string    // a code: by_hand, or of what failed
	PausedBy    string    // a person; empty: it failed too often
	Failures    int64     // in a row
	Error       string    // code of the last failure, until one arrives
	Next        time.Time // not before
	Sent        time.Time // the last that arrived; zero: none yet
	// Secrets are the secrets that sign, the newest first: two while one is
	// exchanged for another.
	Secrets [][]byte

	fence int64
	at    standing
}

// standing is where a webhook stands in what the blocks sealed: this event and all
// before it have arrived.
type standing struct{ height, caseID, seq int64 }

// webhookBox is what of a webhook lies sealed.
type webhookBox struct {
	URL        string    `json:"url"`
	Secret     []byte    `json:"secret"`
	Before     []byte    `json:"before,omitempty"`
	BeforeEnds time.Time `json:"before_ends,omitzero"`
}

// rotationTime is how long a secret that was exchanged still signs.
const rotationTime = 24 * time.Hour

// MaxWebhooks is how many a site may have: each is told of every event.
const MaxWebhooks = 50

var (
	// ErrNoWebhook is the answer for one that is not there.
	ErrNoWebhook = errors.New("no such webhook")
	// ErrManyWebhooks says that there are MaxWebhooks already.
	ErrManyWebhooks = errors.New("too many webhooks")
)

const webhookColumns = `id, ref, kek, wrapped, description, topics, created_by, created_at, paused_at, paused_why, paused_by, failures, error, next_at, sent_at,
	fence, at_height, at_case, at_seq`

func (s *Store) webhooks(ctx context.Context, q queryer, tail string, args ...any) (out []Webhook, err error) {
	rows, err := q.QueryContext(ctx, "select "+webhookColumns+" from webhooks "+tail, args...)
	if err != nil {
		return nil, err
	}
	err = scan(rows, func() error {
		var w Webhook
		var kek, topics string
		var wrapped []byte
		var created, paused, next, sent instant
		if err := rows.Scan(&w.ID, &w.Ref, &kek, &wrapped, &w.Description, &topics, &w.CreatedBy, &created, &paused, &w.PausedWhy, &w.PausedBy, &w.Failures, &w.Error,
			&next, &sent, &w.fence, &w.at.height, &w.at.caseID, &w.at.seq); err != nil {
			return err
		}
		w.Topics, w.Created, w.Paused, w.Next, w.Sent = strings.Fields(topics), created.Time, paused.Time, next.Time, sent.Time
		box, err := s.openWebhook(kek, wrapped)
		if err != nil {
			return fmt.Errorf("webhook %s: %w", w.Ref, err)
		}
		w.URL, w.Secrets = box.URL, [][]byte{box.Secret}
		if len(box.Before) > 0 && s.cfg.Now().Before(box.BeforeEnds) {
			w.Secrets = append(w.Secrets, box.Before)
		}
		out = append(out, w)
		return nil
	})
	return out, err
}

func (s *Store) openWebhook(kek string, wrapped []byte) (box webhookBox, err error) {
	text, err := s.unwrap(kek, wrapped)
	if err == nil {
		err = json.Unmarshal(text, &box)
	}
	return box, err
}

func (s *Store) sealWebhook(box webhookBox) (kek string, wrapped []byte, err error) {
	text, err := json.Marshal(box)
	kek = s.cfg.Keys.ids[0]
	return kek, s.cfg.Keys.wrap[kek].Seal(nil, nil, text, nil), err
}

// Webhooks lists them, the oldest first.
func (s *Store) Webhooks(ctx context.Context) ([]Webhook, error) {
	return s.webhooks(ctx, s.pool, "where ended_at is null order by id")
}

// Webhook reads one by its name: ErrNoWebhook when there is none.
func (s *Store) Webhook(ctx context.Context, ref string) (Webhook, error) {
	return s.webhookIn(ctx, s.pool, ref)
}

func (s *Store) webhookIn(ctx context.Context, q queryer, ref string) (Webhook, error) {
	all, err := s.webhooks(ctx, q, "where ref = $1 and ended_at is null", ref)
	if err != nil {
		return Webhook{}, err
	}
	if len(all) == 0 {
		return Webhook{}, ErrNoWebhook
	}
	return all[0], nil
}

// webhookSecret is the secret of one request: the same when it is repeated, so
// that no answer with it needs keeping.
func (s *Store) webhookSecret(q Once, use string) []byte {
	return []byte(s.cfg.Keys.token("webhook", q.Scope, q.Key, use))
}

// AddWebhook makes one that is told what happens from now on, once for a key,
// and gives its secret, which is shown this once. The key must not be empty.
func (s *Store) AddWebhook(ctx context.Context, q Once, w Webhook) (ref string, secret []byte, err error) {
	secret = s.webhookSecret(q, "new")
	_, err = s.once(ctx, q, &ref, func(tx *sql.Tx, now time.Time) error {
		if err := s.holdBlocks(ctx, tx); err != nil { // the next block must know of it
			return err
		}
		var n, height int64
		if err := tx.QueryRowContext(ctx, "select (select count(*) from webhooks where ended_at is null), (select coalesce(max(height), 0) from blocks)").Scan(&n, &height); err != nil {
			return err
		}
		if n >= MaxWebhooks {
			return ErrManyWebhooks
		}
		kek, wrapped, err := s.sealWebhook(webhookBox{URL: w.URL, Secret: secret})
		if err != nil {
			return err
		}
		ref = s.cfg.Keys.token("webhook.ref", q.Scope, q.Key)[:16]
		_, err = tx.ExecContext(ctx, `insert into webhooks (ref, kek, wrapped, description, topics, created_by, created_at, changed_at, paused_why, paused_by, failures, error, next_at, fence,
			at_height, at_case, at_seq) values ($1, $2, $3, $4, $5, $6, $7, $7, '', '', 0, '', $7, 0, $8, $9, 0)`,
			ref, kek, wrapped, w.Description, strings.Join(w.Topics, " "), w.CreatedBy, s.stamp(now), height, int64(1)<<62)
		return err
	})
	return ref, secret, err
}

// holdBlocks keeps the next block waiting until the transaction ends.
func (s *Store) holdBlocks(ctx context.Context, tx *sql.Tx) error {
	if s.dialect != "postgres" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "lock table blocks in share row exclusive mode")
	return err
}

// changeWebhook changes a webhook in one transaction, once for a key.
func (s *Store) changeWebhook(ctx context.Context, q Once, ref string, do func(tx *sql.Tx, now time.Time, w *Webhook) error) error {
	_, err := s.once(ctx, q, &struct{}{}, func(tx *sql.Tx, now time.Time) error {
		if s.dialect == "postgres" {
			if _, err := tx.ExecContext(ctx, "select 1 from webhooks where ref = $1 for update", ref); err != nil {
				return err
			}
		}
		w, err := s.webhookIn(ctx, tx, ref)
		if err != nil {
			return err
		}
		return do(tx, now, &w)
	})
	return err
}

// rebox seals a webhook anew after its address or secret was changed.
func (s *Store) rebox(ctx context.Context, tx *sql.Tx, w *Webhook, now time.Time, change func(*webhookBox)) error {
	var kek string
	var wrapped []byte
	if err := tx.QueryRowContext(ctx, "select kek, wrapped from webhooks where id = $1", w.ID).Scan(&kek, &wrapped); err != nil {
		return err
	}
	box, err := s.openWebhook(kek, wrapped)
	if err != nil {
		return err
	}
	change(&box)
	if kek, wrapped, err = s.sealWebhook(box); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "update webhooks set kek = $1, wrapped = $2, changed_at = $3 where id = $4", kek, wrapped, s.stamp(now), w.ID)
	return err
}

// ChangeWebhook changes address, description and topics. What is under way goes
// to the old address.
func (s *Store) ChangeWebhook(ctx context.Context, q Once, to Webhook) error {
	return s.changeWebhook(ctx, q, to.Ref, func(tx *sql.Tx, now time.Time, w *Webhook) error {
		if err := s.rebox(ctx, tx, w, now, func(b *webhookBox) { b.URL = to.URL }); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "update webhooks set description = $1, topics = $2, fence = fence + 1, held_until = null where id = $3", to.Description, strings.Join(to.Topics, " "), w.ID)
		return err
	})
}

// RotateWebhook gives a new secret, shown this once; the old one signs beside it
// for a day. The key must not be empty.
func (s *Store) RotateWebhook(ctx context.Context, q Once, ref string) (secret []byte, err error) {
	secret = s.webhookSecret(q, "rotated")
	err = s.changeWebhook(ctx, q, ref, func(tx *sql.Tx, now time.Time, w *Webhook) error {
		return s.rebox(ctx, tx, w, now, func(b *webhookBox) {
			b.Before, b.BeforeEnds, b.Secret = b.Secret, now.Add(rotationTime), secret
		})
	})
	return secret, err
}

// PauseWebhook tells it nothing until it is resumed.
func (s *Store) PauseWebhook(ctx context.Context, q Once, ref, by string) error {
	return s.changeWebhook(ctx, q, ref, func(tx *sql.Tx, now time.Time, w *Webhook) error {
		_, err := tx.ExecContext(ctx, "update webhooks set paused_at = coalesce(paused_at, $1), paused_why = 'by_hand', paused_by = $2, fence = fence + 1, held_until = null where id = $3",
			s.stamp(now), by, w.ID)
		return err
	})
}

// ResumeWebhook goes on where it stopped.
func (s *Store) ResumeWebhook(ctx context.Context, q Once, ref string) error {
	return s.changeWebhook(ctx, q, ref, func(tx *sql.Tx, now time.Time, w *Webhook) error {
		_, err := tx.ExecContext(ctx, "update webhooks set paused_at = null, paused_why = '', paused_by = '', failures = 0, error = '', next_at = $1 where id = $2", s.stamp(now), w.ID)
		return err
	})
}

// EndWebhook ends one: it is told nothing more, and its address and secrets are
// destroyed.
func (s *Store) EndWebhook(ctx context.Context, q Once, ref string) error {
	return s.changeWebhook(ctx, q, ref, func(tx *sql.Tx, now time.Time, w *Webhook) error {
		if err := s.rebox(ctx, tx, w, now, func(b *webhookBox) { *b = webhookBox{} }); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "update webhooks set ended_at = $1, fence = fence + 1, held_until = null where id = $2", s.stamp(now), w.ID)
		return err
	})
}
