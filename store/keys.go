package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Keys is the deployment's secret: key-encryption keys that wrap the key of
// each case, the first of them for new cases, and the key of the blind index
// and of links, which must never change.
type Keys struct {
	ids    []string
	wrap   map[string]cipher.AEAD
	blind  []byte
	links  []byte
	prints []byte
	secret []byte // of the oldest key: what else must never change is made from it
}

// ParseKeys reads one or more keys of 32 bytes in base64, separated by commas.
// The first wraps new cases; the last, the oldest, keys the blind index.
func ParseKeys(text string) (*Keys, error) {
	k := &Keys{wrap: map[string]cipher.AEAD{}}
	var secret []byte
	for _, part := range strings.Split(text, ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil || len(raw) != 32 {
			return nil, errors.New("a key is 32 bytes in base64: `head -c 32 /dev/urandom | base64`")
		}
		sum := sha256.Sum256(raw)
		id := fmt.Sprintf("%x", sum[:4])
		k.ids, k.wrap[id], secret = append(k.ids, id), gcm(raw), raw
	}
	k.secret = secret
	var err error
	if k.blind, err = hkdf.Key(sha256.New, secret, nil, "fangxin blind index", 32); err != nil {
		return nil, err
	}
	if k.prints, err = hkdf.Key(sha256.New, secret, nil, "fangxin prints", 32); err != nil {
		return nil, err
	}
	k.links, err = hkdf.Key(sha256.New, secret, nil, "fangxin links", 32)
	return k, err
}

// KeyFile reads the key file, or makes one that only its owner may read. made
// tells whoever starts the program to say so: without the file nobody's data can
// be read again.
func KeyFile(path string) (keys *Keys, made bool, err error) {
	text, made, err := secretFile(path, func() (string, error) { return base64.StdEncoding.EncodeToString(random(32)), nil })
	if err != nil {
		return nil, false, fmt.Errorf("key file: %w", err)
	}
	keys, err = ParseKeys(text)
	return keys, made, err
}

// print is the fingerprint of a request, by which the same key with another body
// is refused. Under a key, because it outlives the person: without it nobody can
// try what was said until the fingerprint fits.
func (k *Keys) print(text []byte) (out [sha256.Size]byte) {
	m := hmac.New(sha256.New, k.prints)
	m.Write(text)
	m.Sum(out[:0])
	return out
}

// newSecret is a token that nobody guesses: 256 random bits in 43 characters.
func newSecret() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// secretFile reads a file that only its owner may read; where there is none it
// makes one of what fresh gives.
func secretFile(path string, fresh func() (string, error)) (text string, made bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		if text, err = fresh(); err != nil {
			return "", false, err
		}
		return text, true, writeSecret(path, text)
	}
	if err != nil {
		return "", false, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", false, fmt.Errorf("%s may be read by others: chmod 600 it", path)
	}
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), false, err
}

// writeSecret writes a file that is not there yet, durably.
func writeSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only a wrong length gets here
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}
