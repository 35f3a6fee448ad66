package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"
)

// Signer signs receipts and checkpoints of one site with Ed25519. Its forms are
// those of C2SP's signed notes: PRIVATE+KEY+site+id+base64, of which the public
// half is site+id+base64.
type Signer struct {
	note.Signer
	public, private string
}

// NewSigner makes a key from a seed of 32 random bytes; text is its private form.
func NewSigner(site string, seed []byte) (s *Signer, text string, err error) {
	site = SiteName(site)
	public, err := note.NewEd25519VerifierKey(site, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, "", err
	}
	id := public[len(site)+1 : len(site)+9]
	text = "PRIVATE+KEY+" + site + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))
	s, err = ParseSigner(text)
	return s, text, err
}

// ParseSigner reads the private form.
func ParseSigner(text string) (*Signer, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, errors.New("not a signing key: PRIVATE+KEY+site+id+base64 is expected, as `fangxin keys rotate` writes it")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.SplitN(text, "+", 5)[4]) // PRIVATE, KEY, site, id, data
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, errors.New("not a signing key: its last part is not 33 bytes in base64")
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey))
	return &Signer{signer, public, text}, err
}

// ID names the key: eight hexadecimal digits, a hash of site and public key.
func (s *Signer) ID() string { return fmt.Sprintf("%08x", s.KeyHash()) }

// Public is the public half in its one spelling.
func (s *Signer) Public() string { return s.public }

// Private is the private form, as ParseSigner reads it.
func (s *Signer) Private() string { return s.private }

// SiteName is a county's name as it may stand in a key: without blanks and plus.
func SiteName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '+' {
			return -1
		}
		return r
	}, name)
}

// PublicKey is a site's public key with its term. A receipt is good under it if
// it was given from From on and before To and Revoked; zero is open.
type PublicKey struct {
	ID      string    `json:"id"`
	Key     string    `json:"key"` // site+id+base64
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`      // rotated: a younger key signs from here on
	Revoked time.Time `json:"revoked"` // not to be trusted from here on
	Reason  string    `json:"reason"`
}

// verifier is the key as the notes' library takes it.
func (k PublicKey) verifier() (note.Verifier, error) { return note.NewVerifier(k.Key) }

// KeyList is what GET /api/v1/keys answers and what lies as keys.json in the
// data folder: every public key that the site ever had.
type KeyList struct {
	Keys []PublicKey `json:"keys"`
	V    int         `json:"v"`
}

// Append appends the list in canonical form.
func (l KeyList) Append(b []byte) []byte {
	b = append(b, `{"keys":[`...)
	for i, k := range l.Keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendTime(append(b, `{"from":`...), k.From)
		b = AppendString(append(b, `,"id":`...), k.ID)
		b = AppendString(append(b, `,"key":`...), k.Key)
		b = AppendString(append(b, `,"reason":`...), k.Reason)
		b = AppendTime(append(b, `,"revoked":`...), k.Revoked)
		b = append(AppendTime(append(b, `,"to":`...), k.To), '}')
	}
	return append(AppendInt(append(b, `],"v":`...), int64(l.V)), '}')
}

// MarshalJSON writes the canonical form.
func (l KeyList) MarshalJSON() ([]byte, error) { return l.Append(nil), nil }

// ParseKeys reads public keys: a list as the site publishes it, or keys alone,
// one a line.
func ParseKeys(data []byte) (l KeyList, err error) {
	data = bytes.TrimSpace(data)
	if !bytes.HasPrefix(data, []byte("{")) {
		for line := range strings.Lines(string(data)) {
			v, err := note.NewVerifier(strings.TrimSpace(line))
			if err != nil {
				return l, fmt.Errorf("%q is no public key: site+id+base64 is expected, as GET /api/v1/keys says it", strings.TrimSpace(line))
			}
			l.Keys = append(l.Keys, PublicKey{ID: fmt.Sprintf("%08x", v.KeyHash()), Key: strings.TrimSpace(line)})
		}
		if len(l.Keys) == 0 {
			return l, errors.New("no public key")
		}
		return l, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return l, fmt.Errorf("not a list of keys: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return l, errors.New("not a list of keys: there is more after it")
	}
	for _, k := range l.Keys {
		v, err := k.verifier()
		if err != nil || fmt.Sprintf("%08x", v.KeyHash()) != k.ID {
			return l, fmt.Errorf("key %q of the list is broken", k.ID)
		}
	}
	return l, nil
}

// Find is the key with an id.
func (l KeyList) Find(id string) (PublicKey, bool) {
	for _, k := range l.Keys {
		if k.ID == id {
			return k, true
		}
	}
	return PublicKey{}, false
}

// signed checks the signature under what a site gave at an instant, and that the
// key was good then. what names it: receipt, hand-over file.
func (l KeyList) signed(what, site, key string, at time.Time, text []byte, signature string) error {
	k, ok := l.Find(key)
	if !ok {
		return fmt.Errorf("key %s is unknown: the site never published it, or the list of keys is older than the %s", key, what)
	}
	v, err := k.verifier()
	if err != nil {
		return fmt.Errorf("key %s is broken: %w", key, err)
	}
	raw, _ := base64.StdEncoding.DecodeString(signature) // its shape was looked at
	switch {
	case v.Name() != site:
		return fmt.Errorf("key %s is that of %s, and the %s names %s", key, v.Name(), what, site)
	case !v.Verify(text, raw):
		return fmt.Errorf("the signature is not that of %s: something in the %s was altered after it was given, or another key signed it", site, what)
	}
	return k.good(what, at)
}

// good reports whether the key may be trusted for what was given at an instant.
func (k PublicKey) good(what string, at time.Time) error {
	switch {
	case !k.Revoked.IsZero() && !at.Before(k.Revoked):
		return fmt.Errorf("key %s was revoked on %s (%s), before this %s was given", k.ID, k.Revoked.Format(time.RFC3339), k.Reason, what)
	case at.Before(k.From):
		return fmt.Errorf("the %s is older than its key, which signs from %s", what, k.From.Format(time.RFC3339))
	case !k.To.IsZero() && !at.Before(k.To):
		return fmt.Errorf("the %s is younger than its key, which signed until %s", what, k.To.Format(time.RFC3339))
	}
	return nil
}
