package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"fangxin/workflow/register"
)

// NewContact is a way to reach a merchant, in clear.
type NewContact struct{ Kind, Value string }

// Contact is a way to reach a merchant as it is read: the value is opened only
// for who may see it. Source says who stated it: what a complaint says of a
// merchant is not what the merchant says of itself.
type Contact struct {
	No        int64      `json:"no"`
	Kind      string     `json:"kind"`
	Value     string     `json:"value"`
	Source    string     `json:"source"`
	Delivered *time.Time `json:"last_delivered_at,omitempty"`
	Bounced   *time.Time `json:"last_bounced_at,omitempty"`
	Bounce    string     `json:"bounce,omitempty"` // why the last one bounced
	Reachable string     `json:"reachable"`        // yes, no: how the last sending ended; unknown: nothing was sent
	Created   time.Time  `json:"created_at"`
}

// contactMac finds a contact again without keeping it in clear. A number is one
// whether it is called or written to.
func (k *Keys) contactMac(c NewContact) []byte {
	value := strings.ToLower(squeeze(c.Value))
	kind := c.Kind
	if kind == "phone" || kind == "sms" {
		kind, value = "phone", digits(c.Value)
	}
	m := hmac.New(sha256.New, k.blind)
	m.Write([]byte("merchant\x00" + kind + "\x00" + value))
	return m.Sum(nil)
}

// keysOf reads the merchants' keys and makes those that are not there.
func (b *book) keysOf(ids []int64) (map[int64][]byte, error) {
	var v binds
	rows, err := b.tx.QueryContext(b.ctx, "select merchant_id, kek, wrapped from merchant_keys where merchant_id in ("+v.list(ids)+")", v.values...)
	if err != nil {
		return nil, err
	}
	keys := map[int64][]byte{}
	err = scan(rows, func() error {
		var id int64
		var kek string
		var wrapped []byte
		if err := rows.Scan(&id, &kek, &wrapped); err != nil {
			return err
		}
		keys[id], err = b.s.unwrap(kek, wrapped)
		return err
	})
	if err != nil {
		return nil, err
	}
	var made [][]any
	for _, id := range ids {
		if keys[id] == nil {
			key, kek, wrapped := b.s.cfg.Keys.newKey()
			keys[id] = key
			made = append(made, []any{id, kek, wrapped})
		}
	}
	return keys, b.many("merchant_keys", "merchant_id, kek, wrapped", nil, made)
}

// newKey makes a key of its own for something, wrapped with the first of ours.
func (k *Keys) newKey() (key []byte, kek string, wrapped []byte) {
	key = make([]byte, 32)
	_, _ = rand.Read(key)
	return key, k.ids[0], k.wrap[k.ids[0]].Seal(nil, nil, key, nil)
}

// contactsOf are contacts to be added to an entry.
type contactsOf struct {
	id    int64
	since int64 // contacts that it ever had
	fresh []NewContact
}

// addContacts seals contacts and writes them; note says whether each gets a line
// of history.
func (b *book) addContacts(all []contactsOf, by By, note bool) error {
	var ids []int64
	for _, c := range all {
		if len(c.fresh) > 0 {
			ids = append(ids, c.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	keys, err := b.keysOf(ids)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, c := range all {
		for i, n := range c.fresh {
			no := c.since + int64(i) + 1
			box := gcm(keys[c.id]).Seal(nil, nil, []byte(n.Value), fmt.Append(nil, no))
			rows = append(rows, []any{c.id, no, n.Kind, box, b.s.cfg.Keys.contactMac(n), by.Actor, "", b.s.stamp(b.now)})
			if !note {
				continue
			}
			change := register.Change{Field: fmt.Sprintf("contact %d", no), After: n.Kind}
			if err := b.note(c.id, by, "contact_added", HistoryBody{Changes: []register.Change{change}}); err != nil {
				return err
			}
		}
	}
	return b.many("merchant_contacts", "merchant_id, no, kind, box, mac, source, bounce, created_at", nil, rows)
}

// unknown leaves the contacts that the entry does not have, and says how many it
// ever had.
func (b *book) unknown(id int64, stated []NewContact) (contactsOf, error) {
	out := contactsOf{id: id}
	if len(stated) == 0 {
		return out, nil
	}
	if err := b.tx.QueryRowContext(b.ctx, "select count(*) from merchant_contacts where merchant_id = $1", id).Scan(&out.since); err != nil {
		return out, err
	}
	for _, c := range stated {
		var there int
		if err := b.tx.QueryRowContext(b.ctx, "select count(*) from merchant_contacts where merchant_id = $1 and mac = $2 and kind = $3 and ended_at is null",
			id, b.s.cfg.Keys.contactMac(c), c.Kind).Scan(&there); err != nil {
			return out, err
		}
		if there == 0 {
			out.fresh = append(out.fresh, c)
		}
	}
	return out, nil
}

// AddContact adds a way to reach a merchant and returns its number; one that is
// there already is not added twice.
func (s *Store) AddContact(ctx context.Context, q Once, by By, ref string, c NewContact) (no int64, err error) {
	q.Asked = []any{ref, c.Kind, s.cfg.Keys.contactMac(c)} // the print of a telephone number would give it away
	err = s.writeOnce(ctx, q, &no, func(b *book) error {
		e, err := entryByRef(b.ctx, b.tx, ref)
		if err != nil {
			return err
		}
		more, err := b.unknown(e.id, []NewContact{c})
		if err != nil {
			return err
		}
		if len(more.fresh) == 0 {
			return b.tx.QueryRowContext(b.ctx, "select no from merchant_contacts where merchant_id = $1 and mac = $2 and kind = $3 and ended_at is null", e.id, s.cfg.Keys.contactMac(c), c.Kind).Scan(&no)
		}
		no = more.since + 1
		return b.addContacts([]contactsOf{more}, by, true)
	})
	return no, err
}

// EndContact erases the value of a contact and keeps that there was one.
// ErrNoMerchant when there is none.
func (s *Store) EndContact(ctx context.Context, q Once, by By, ref string, no int64) error {
	q.Asked = []any{ref, no, by.Why}
	ended := no
	return s.writeOnce(ctx, q, &ended, func(b *book) error {
		e, err := entryByRef(b.ctx, b.tx, ref)
		if err != nil {
			return err
		}
		var kind string
		err = b.tx.QueryRowContext(b.ctx, "select kind from merchant_contacts where merchant_id = $1 and no = $2 and ended_at is null", e.id, no).Scan(&kind)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoMerchant
		}
		if err != nil {
			return err
		}
		if _, err := b.tx.ExecContext(b.ctx, "update merchant_contacts set box = null, mac = $1, ended_at = $2 where merchant_id = $3 and no = $4", []byte{}, s.stamp(b.now), e.id, no); err != nil {
			return err
		}
		return b.note(e.id, by, "contact_ended", HistoryBody{Changes: []register.Change{{Field: fmt.Sprintf("contact %d", no), Before: kind}}})
	})
}

// ContactOutcome keeps how a sending to a contact ended: delivered, or bounced
// with a code that says why. An older outcome never replaces a newer one.
func (s *Store) ContactOutcome(ctx context.Context, ref string, no int64, at time.Time, bounce string) error {
	e, err := entryByRef(ctx, s.pool, ref)
	if err != nil {
		return err
	}
	text := "update merchant_contacts set delivered_at = $1 where merchant_id = $2 and no = $3 and (delivered_at is null or delivered_at < $1)"
	args := []any{s.stamp(at), e.id, no}
	if bounce != "" {
		text = "update merchant_contacts set bounced_at = $1, bounce = $4 where merchant_id = $2 and no = $3 and (bounced_at is null or bounced_at < $1)"
		args = append(args, bounce)
	}
	_, err = s.exec(ctx, text, args...)
	return err
}

// MerchantContacts reads the ways to reach a merchant, opened.
func (s *Store) MerchantContacts(ctx context.Context, ref string) ([]Contact, error) {
	e, err := entryByRef(ctx, s.pool, ref)
	if err != nil {
		return nil, err
	}
	return s.entryContacts(ctx, e)
}

func (s *Store) entryContacts(ctx context.Context, e entry) ([]Contact, error) {
	rows, err := s.pool.QueryContext(ctx, `select c.no, c.kind, c.box, c.source, c.delivered_at, c.bounced_at, c.bounce, c.created_at, k.kek, k.wrapped
		from merchant_contacts c join merchant_keys k on k.merchant_id = c.merchant_id where c.merchant_id = $1 and c.ended_at is null order by c.no`, e.id)
	if err != nil {
		return nil, err
	}
	out := []Contact{}
	err = scan(rows, func() error {
		var c Contact
		var box, wrapped []byte
		var kek string
		var delivered, bounced, created instant
		if err := rows.Scan(&c.No, &c.Kind, &box, &c.Source, &delivered, &bounced, &c.Bounce, &created, &kek, &wrapped); err != nil {
			return err
		}
		key, err := s.unwrap(kek, wrapped)
		if err != nil {
			return err
		}
		value, err := gcm(key).Open(nil, nil, box, fmt.Append(nil, c.No))
		if err != nil {
			return fmt.Errorf("merchant %s, contact %d does not open: %w", e.ID, c.No, err)
		}
		c.Value, c.Created, c.Reachable = string(value), created.Time, "unknown"
		if !delivered.IsZero() {
			c.Delivered, c.Reachable = &delivered.Time, "yes"
		}
		if !bounced.IsZero() {
			c.Bounced = &bounced.Time
			if !delivered.After(bounced.Time) {
				c.Reachable = "no"
			}
		}
		out = append(out, c)
		return nil
	})
	return out, err
}
