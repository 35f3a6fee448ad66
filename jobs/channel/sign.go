package channel

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Secret signs what goes over HTTP, and proves what comes, after Standard
// Webhooks: HMAC-SHA256 over "id.timestamp.body", in base64.
type Secret struct{ with *standardwebhooks.Webhook }

const (
	secretMark  = "whsec_"
	secretLeast = 24 // bytes, as Standard Webhooks wants it
	secretMost  = 64
)

// ParseSecret reads a secret as it is written: whsec_ and 24 to 64 bytes in
// base64. The error does not hold it.
func ParseSecret(text string) (Secret, error) {
	rest, marked := strings.CutPrefix(text, secretMark)
	raw, err := base64.StdEncoding.DecodeString(rest)
	if !marked || err != nil || len(raw) < secretLeast || len(raw) > secretMost {
		return Secret{}, errors.New("a secret is written whsec_ and 24 to 64 bytes in base64: `echo whsec_$(head -c 32 /dev/urandom | base64)`")
	}
	with, err := standardwebhooks.NewWebhookRaw(raw)
	return Secret{with}, err
}

// WriteSecret writes a secret as ParseSecret reads it.
func WriteSecret(raw []byte) string { return secretMark + base64.StdEncoding.EncodeToString(raw) }

// Known reports whether there is a secret at all.
func (s Secret) Known() bool { return s.with != nil }

// sign puts the signature of every secret on a request: while one is being
// exchanged for another, either proves it.
func sign(r *http.Request, id string, at time.Time, body []byte, secrets ...Secret) error {
	var all []string
	for _, s := range secrets {
		one, err := s.with.Sign(id, at, body)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(all, " "))
	return nil
}

// signedFor is how far the time in a signature may be from ours, either way.
const signedFor = 5 * time.Minute

// ErrSignature says that a request is not signed with the secret, or not now.
var ErrSignature = errors.New("no valid signature")

// Prove checks a request's signature and that it was made just now.
func (s Secret) Prove(h http.Header, body []byte, now time.Time) error {
	at, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if s.with == nil || err != nil {
		return ErrSignature
	}
	if away := now.Sub(time.Unix(at, 0)); away > signedFor || away < -signedFor {
		return ErrSignature
	}
	if s.with.VerifyIgnoringTimestamp(body, h) != nil {
		return ErrSignature
	}
	return nil
}
