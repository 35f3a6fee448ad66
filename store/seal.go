package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/ledger"

	"golang.org/x/text/width"
)

// ErrErased says that the case's person was erased: nothing of it can be read
// or added any more.
var ErrErased = errors.New("the personal data of this case were erased")

// ErrKeyMissing is an ErrErased of which nobody wrote down that it was an
// erasure: a restore without this case's key.
var ErrKeyMissing = fmt.Errorf("the key of this case is missing since a restore: %w", ErrErased)

const saltSize = 16

// sealed is what a command keeps of people and words: ciphertext, the wrapped
// key of a new case, and macs for "the same person".
type sealedBox struct {
	box, key []byte
	salt     []byte // of the commitment
	kek      string
	blind    []blindMac
	files    []boundFile
}

type blindMac struct {
	kind string
	mac  []byte
}

// seal encrypts the private part of a command in the caller's goroutine: the
// committer must not pay for it. Each case has a key of its own, so a box needs
// no other binding: in another case it does not open.
func (s *Store) seal(ctx context.Context, caseID int64, cmd *workflow.Command, files []File) (sealedBox, error) {
	var out sealedBox
	var key []byte
	if caseID == 0 || cmd.Event == "split_report" { // the report's words belong to the report's key
		key = make([]byte, 32)
		_, _ = rand.Read(key)
		out.kek = s.cfg.Keys.ids[0]
		out.key = s.cfg.Keys.wrap[out.kek].Seal(nil, nil, key, nil)
	} else {
		if cmd.Private == nil {
			return out, nil
		}
		var err error
		if key, err = s.caseKey(ctx, caseID); err != nil {
			return out, err
		}
	}
	private := cmd.Private
	if private == nil {
		private = &workflow.Private{}
	}
	text, err := json.Marshal(private)
	if err != nil {
		return out, err
	}
	plain := make([]byte, saltSize, saltSize+len(text))
	_, _ = rand.Read(plain)
	plain = append(plain, text...)
	out.box = gcm(key).Seal(nil, nil, plain, nil)
	out.salt = plain[:saltSize:saltSize]
	cmd.Commitment = ledger.Commit(out.salt, text)
	if caseID == 0 {
		out.blind = s.cfg.Keys.macs(private)
	}
	out.files, err = s.wrapFiles(ctx, key, files)
	return out, err
}

func (s *Store) caseKey(ctx context.Context, caseID int64) ([]byte, error) {
	var kek string
	var wrapped []byte
	err := s.pool.QueryRowContext(ctx, "select kek, wrapped from case_keys where case_id = $1", caseID).Scan(&kek, &wrapped)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		var n int
		if err := s.pool.QueryRowContext(ctx, "select count(*) from cases where id = $1", caseID).Scan(&n); err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, ErrNoSuchCase
		}
		return nil, s.noKey(ctx, caseID)
	case err != nil:
		return nil, err
	}
	return s.unwrap(kek, wrapped)
}

// noKey says why a case has no key.
func (s *Store) noKey(ctx context.Context, caseID int64) error {
	var n int
	if err := s.pool.QueryRowContext(ctx, "select count(*) from erasures where case_id = $1", caseID).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return ErrKeyMissing
	}
	return ErrErased
}

func (s *Store) unwrap(kek string, wrapped []byte) ([]byte, error) {
	wrap := s.cfg.Keys.wrap[kek]
	if wrap == nil {
		return nil, fmt.Errorf("a key is wrapped with key %s, which is not configured", kek)
	}
	return wrap.Open(nil, nil, wrapped, nil)
}

// Unsealed is a private part as it was sealed, with what its commitment in the
// log was made from.
type Unsealed struct {
	workflow.Private
	Salt []byte
	Text []byte
}

// Unseal opens what was sealed with one event. ErrErased when the key is gone.
func (s *Store) Unseal(ctx context.Context, caseID, seq int64) (Unsealed, error) {
	key, err := s.caseKey(ctx, caseID)
	if err != nil {
		return Unsealed{}, err
	}
	var box []byte
	if err := s.pool.QueryRowContext(ctx, "select box from sealed where case_id = $1 and seq = $2", caseID, seq).Scan(&box); err != nil {
		return Unsealed{}, err
	}
	u, err := open(key, box)
	if err != nil {
		return Unsealed{}, fmt.Errorf("case %d, event %d: %w", caseID, seq, err)
	}
	return u, nil
}

// part is what was sealed with one event.
type part struct {
	seq int64
	Unsealed
}

// unsealAll opens everything that was sealed with a case after an event, in
// order: one look at the key, however much there is. ErrErased when it is gone.
func (s *Store) unsealAll(ctx context.Context, caseID, after int64) ([]part, error) {
	key, err := s.caseKey(ctx, caseID)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.QueryContext(ctx, "select seq, box from sealed where case_id = $1 and seq > $2 order by seq", caseID, after)
	if err != nil {
		return nil, err
	}
	var out []part
	err = scan(rows, func() error {
		var p part
		var box []byte
		if err := rows.Scan(&p.seq, &box); err != nil {
			return err
		}
		u, err := open(key, box)
		if err != nil {
			return fmt.Errorf("case %d, event %d: %w", caseID, p.seq, err)
		}
		p.Unsealed = u
		out = append(out, p)
		return nil
	})
	return out, err
}

func open(key, box []byte) (Unsealed, error) {
	plain, err := gcm(key).Open(nil, nil, box, nil)
	if err != nil {
		return Unsealed{}, fmt.Errorf("the sealed part does not open: %w", err)
	}
	out := Unsealed{Salt: plain[:saltSize], Text: plain[saltSize:]}
	return out, json.Unmarshal(out.Text, &out.Private)
}

// wrappedKeys are the tables of wrapped keys, with what names a row of each.
var wrappedKeys = [][2]string{{"case_keys", "case_id"}, {"merchant_keys", "merchant_id"}, {"merchant_reviews", "id"}, {"letters", "id"}, {"webhooks", "id"}, {"file_keys", "file_id"}, {"user_mails", "user_id"}}

// Rewrap wraps every key of a case, a merchant, a row that waits or a letter with the first
// configured key and says how many it changed. Data stay as they are. It goes in
// lots, each whole or not at all: killed at any time, it goes on at the next call.
func (s *Store) Rewrap(ctx context.Context) (int, error) {
	done := 0
	for _, t := range wrappedKeys {
		for {
			n, err := s.rewrapLot(ctx, t[0], t[1])
			done += n
			if err != nil {
				return done, err
			}
			if n == 0 {
				break
			}
		}
	}
	return done, nil
}

const rewrapLot = 500

func (s *Store) rewrapLot(ctx context.Context, table, name string) (int, error) {
	first := s.cfg.Keys.ids[0]
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	query := "select " + name + ", kek, wrapped from " + table + " where kek <> $1 and wrapped is not null order by " + name + " limit $2"
	if s.dialect == "postgres" {
		query += " for update" // an erasure waits, and then finds the row
	}
	rows, err := tx.QueryContext(ctx, query, first, rewrapLot)
	if err != nil {
		return 0, err
	}
	again := map[any][]byte{}
	err = scan(rows, func() error {
		var id any // a number or a text
		var kek string
		var wrapped []byte
		err := rows.Scan(&id, &kek, &wrapped)
		if err == nil {
			wrapped, err = s.unwrap(kek, wrapped)
		}
		if err != nil {
			return err
		}
		again[id] = s.cfg.Keys.wrap[first].Seal(nil, nil, wrapped, nil)
		return nil
	})
	if err != nil || len(again) == 0 {
		return 0, err
	}
	for id, wrapped := range again {
		if _, err := tx.ExecContext(ctx, "update "+table+" set kek = $1, wrapped = $2 where "+name+" = $3", first, wrapped, id); err != nil {
			return 0, err
		}
	}
	return len(again), tx.Commit()
}

// macs are the blind index of a filing: "the same person" and "the same
// respondent" are found without keeping either in clear.
func (k *Keys) macs(p *workflow.Private) []blindMac {
	var out []blindMac
	add := func(kind, value string) {
		if value != "" {
			m := hmac.New(sha256.New, k.blind)
			m.Write([]byte(kind + "\x00" + value))
			out = append(out, blindMac{kind, m.Sum(nil)})
		}
	}
	if p.Person != nil {
		add("phone", digits(p.Person.Phone))
		add("identity", strings.ToUpper(strings.ReplaceAll(width.Fold.String(p.Person.Identity), " ", "")))
	}
	if r := p.Respondent; r != nil {
		who := strings.ToUpper(squeeze(r.Code))
		if who == "" && r.Name != "" { // many shops share a name
			who = squeeze(r.Name) + "|" + squeeze(r.Address)
		}
		add("respondent", who)
	}
	return out
}

// digits folds a telephone number: full-width, blanks, +86.
func digits(phone string) string {
	var b strings.Builder
	for _, c := range width.Fold.String(phone) {
		if c >= '0' && c <= '9' {
			b.WriteRune(c)
		}
	}
	d := strings.TrimPrefix(b.String(), "00")
	if len(d) == 13 && strings.HasPrefix(d, "86") {
		d = d[2:]
	}
	return d
}

func squeeze(s string) string { return strings.Join(strings.Fields(width.Fold.String(s)), "") }

// token is a capability of 32 bytes for a party of a case, made from the
// caller's idempotency key: the same request, repeated, gets the same link.
func (k *Keys) token(parts ...string) string {
	m := hmac.New(sha256.New, k.links)
	m.Write([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
