package store

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"fangxin/workflow/ledger"
)

// Signing is a node's private keys for receipts and checkpoints, newest first.
// Rotated keys stay, so that a receipt given again is the same bytes.
type Signing struct {
	path string // "": not from a file
	mu   sync.Mutex
	read time.Time // when the file that was read had been written
	keys []*ledger.Signer
}

// rotationLead is how long before its first signature a rotated key is
// published, so that every node has learned of it by then.
const rotationLead = 10 * time.Minute

// ErrSigning says that this node holds no key that may sign now.
var ErrSigning = errors.New("signing key: none that this node holds may sign now; give it the site's newest one (fangxin keys list)")

// ParseSigning reads one or more private keys, separated by commas or lines,
// newest first.
func ParseSigning(text string) (*Signing, error) {
	keys, err := parseSigners(text)
	return &Signing{keys: keys}, err
}

func parseSigners(text string) ([]*ledger.Signer, error) {
	var out []*ledger.Signer
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		k, err := ledger.ParseSigner(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	if len(out) == 0 {
		return nil, errors.New("no signing key")
	}
	return out, nil
}

// SigningFile reads the file of the signing keys, or makes it with one key of
// the site.
func SigningFile(path, site string) (s *Signing, made bool, err error) {
	text, made, err := secretFile(path, func() (string, error) { _, text, err := ledger.NewSigner(site, random(32)); return text, err })
	if err != nil {
		return nil, false, fmt.Errorf("signing key file: %w", err)
	}
	s = &Signing{path: path}
	if s.keys, err = parseSigners(text); err != nil {
		return nil, false, fmt.Errorf("signing key file %s: %w", path, err)
	}
	return s, made, nil
}

// RotateSigning puts a new key of the site first into the file and gives its
// id. Nodes that read the file publish it and sign with it from then on, after
// the lead.
func RotateSigning(path, site string) (id string, err error) {
	old, _, err := secretFile(path, func() (string, error) { return "", os.ErrNotExist })
	if err != nil {
		return "", fmt.Errorf("signing key file: %w", err)
	}
	signer, text, err := ledger.NewSigner(site, random(32))
	if err != nil {
		return "", err
	}
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := writeSecret(next, text+"\n"+old); err != nil {
		return "", err
	}
	return signer.ID(), os.Rename(next, path)
}

// held are the private keys, read again when the file changed.
func (s *Signing) held() ([]*ledger.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path == "" {
		return s.keys, nil
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, fmt.Errorf("signing key file: %w", err)
	}
	if info.ModTime().Equal(s.read) {
		return s.keys, nil
	}
	text, _, err := secretFile(s.path, func() (string, error) { return "", os.ErrNotExist })
	if err != nil {
		return nil, fmt.Errorf("signing key file: %w", err)
	}
	keys, err := parseSigners(text)
	if err != nil {
		return nil, fmt.Errorf("signing key file %s: %w", s.path, err)
	}
	s.keys, s.read = keys, info.ModTime()
	return s.keys, nil
}

// signing makes a signing key of the deployment's secret.
func (k *Keys) signing(site string) (*Signing, error) {
	seed, err := hkdf.Key(sha256.New, k.secret, nil, "fangxin signing", 32)
	if err != nil {
		return nil, err
	}
	signer, _, err := ledger.NewSigner(site, seed)
	return &Signing{keys: []*ledger.Signer{signer}}, err
}

// publishKeys writes down this node's public keys that the database does not
// know yet, ends the term of those that a newer one follows, and reads the list.
func (s *Store) publishKeys(ctx context.Context) error {
	if s.cfg.Signing == nil {
		law := s.cfg.Rules()
		made, err := s.cfg.Keys.signing(law.County().Zh)
		if err != nil {
			return err
		}
		s.cfg.Signing = made
	}
	held, err := s.cfg.Signing.held()
	if err != nil {
		return err
	}
	known, err := s.readKeys(ctx)
	if err != nil {
		return err
	}
	for i := len(held) - 1; i >= 0; i-- { // oldest first
		if _, ok := known.Find(held[i].ID()); ok {
			continue
		}
		if err := s.publishKey(ctx, held, i, known); err != nil {
			return err
		}
		if known, err = s.readKeys(ctx); err != nil {
			return err
		}
	}
	s.published.Store(&known)
	return nil
}

// publishKey adds one key: the first of a log signs from the log's beginning, one
// that follows another after the lead, or from where that was revoked, and any
// other at once.
func (s *Store) publishKey(ctx context.Context, held []*ledger.Signer, i int, known ledger.KeyList) error {
	from := s.cfg.Now()
	if len(known.Keys) == 0 {
		var oldest instant
		if err := s.pool.QueryRowContext(ctx, "select min(filed_at) from cases").Scan(&oldest); err != nil {
			return err
		}
		if !oldest.IsZero() && oldest.Before(from) {
			from = oldest.Time
		}
	} else if i < len(held)-1 {
		from = from.Add(rotationLead)
		if old, _ := known.Find(held[i+1].ID()); !old.Revoked.IsZero() {
			from = old.Revoked
		}
	}
	if _, err := s.exec(ctx, "insert into signing_keys (id, public, from_at) values ($1, $2, $3) on conflict (id) do nothing",
		held[i].ID(), held[i].Public(), s.stamp(from)); err != nil {
		return err
	}
	if i == len(held)-1 {
		return nil
	}
	_, err := s.exec(ctx, "update signing_keys set to_at = (select from_at from signing_keys where id = $1) where id = $2 and to_at is null",
		held[i].ID(), held[i+1].ID())
	return err
}

func (s *Store) readKeys(ctx context.Context) (ledger.KeyList, error) {
	l := ledger.KeyList{V: 1}
	rows, err := s.pool.QueryContext(ctx, "select id, public, from_at, to_at, revoked_at, reason from signing_keys order by from_at desc, id")
	if err != nil {
		return l, err
	}
	err = scan(rows, func() error {
		var k ledger.PublicKey
		var from, to, revoked instant
		if err := rows.Scan(&k.ID, &k.Key, &from, &to, &revoked, &k.Reason); err != nil {
			return err
		}
		k.From, k.To, k.Revoked = from.Time, to.Time, revoked.Time
		l.Keys = append(l.Keys, k)
		return nil
	})
	return l, err
}

// PublicKeys lists every public key the site ever had, newest first.
func (s *Store) PublicKeys(ctx context.Context) (ledger.KeyList, error) { return s.readKeys(ctx) }

// StrayKeys lists open keys that this node does not hold: those of a node with a
// signing key of its own, or of a key that was lost.
func (s *Store) StrayKeys() (ids []string, err error) {
	held, err := s.cfg.Signing.held()
	for _, k := range s.published.Load().Keys {
		ours := false
		for _, h := range held {
			ours = ours || h.ID() == k.ID
		}
		if !ours && k.To.IsZero() && k.Revoked.IsZero() {
			ids = append(ids, k.ID)
		}
	}
	return ids, err
}

// EndKey ends the term of a key: revoked from an instant on when it is not to be
// trusted any more, or just signing no longer.
func (s *Store) EndKey(ctx context.Context, id string, since time.Time, revoked bool, reason string) error {
	column := "to_at"
	if revoked {
		column = "revoked_at"
	}
	done, err := s.exec(ctx, "update signing_keys set "+column+" = $1, reason = $2 where id = $3 and "+column+" is null", s.stamp(since), reason, id)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n == 0 {
		return fmt.Errorf("key %s: unknown, or ended already (fangxin keys list)", id)
	}
	return s.publishKeys(ctx)
}

// signer is the key that signs what was filed at an instant: of those held here
// the newest in force then. So a receipt given again is the same bytes.
func (s *Store) signer(at time.Time) (*ledger.Signer, error) {
	held, err := s.cfg.Signing.held()
	if err != nil {
		return nil, err
	}
	keys := s.published.Load()
	for _, h := range held {
		k, ok := keys.Find(h.ID())
		if ok && k.Revoked.IsZero() && !at.Before(k.From) && (k.To.IsZero() || at.Before(k.To)) {
			return h, nil
		}
	}
	return nil, ErrSigning
}

// TakeKeys publishes what changed in this node's signing keys.
func (s *Store) TakeKeys(ctx context.Context) error { return s.publishKeys(ctx) }

// NewestSigning is the id of the newest key that this node holds.
func (s *Store) NewestSigning() (string, error) {
	held, err := s.cfg.Signing.held()
	if err != nil {
		return "", err
	}
	return held[0].ID(), nil
}

// NextSigning makes a new key and gives all that this node then should hold, as
// the setting is written. Nothing is kept of it.
func (s *Store) NextSigning(site string) (string, error) {
	held, err := s.cfg.Signing.held()
	if err != nil {
		return "", err
	}
	_, text, err := ledger.NewSigner(site, random(32))
	for _, h := range held {
		text += "," + h.Private()
	}
	return text, err
}
