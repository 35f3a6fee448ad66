package store

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// cost is what one argon2id hash costs: memory in KiB, passes, lanes. The
// parameters of OWASP's password storage cheat sheet, about 50 ms of one core.
type cost struct {
	memory, time uint32
	lanes        uint8
}

// passwordCost is today's; whoever signs in with a hash of another cost gets a new one.
var passwordCost = cost{memory: 19 << 10, time: 2, lanes: 1}

// hashing bounds how many hashes are made at once: each takes its memory, and
// requests must not be kept from the cores by guesses.
var hashing = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

const (
	passwordSalt = 16
	passwordHash = 32
	// PasswordLeast and PasswordMost bound a password, in characters.
	PasswordLeast = 10
	PasswordMost  = 200
)

var (
	// ErrShortPassword says that a password has too few or too many characters.
	ErrShortPassword = errors.New("a password has 10 to 200 characters")
	// ErrPlainPassword says that a password is guessed first: the name, few
	// different characters, a run of the keyboard.
	ErrPlainPassword = errors.New("this password is too easy to guess")
)

// runs are what people type without thinking; a password must have more beside them.
var runs = []string{"1234567890", "0987654321", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv", "abcdefghijklmnopqrstuvwxyz", "password", "admin", "huantai", "fangxin"}

// checkPassword refuses what is guessed first. Length and variety are all that is
// asked: rules about kinds of characters make people write passwords down.
func checkPassword(name, password string) error {
	password = plainPassword(password)
	if n := utf8.RuneCountInString(password); n < PasswordLeast || n > PasswordMost {
		return ErrShortPassword
	}
	rest := strings.ToLower(password)
	for _, run := range append([]string{strings.ToLower(name)}, runs...) {
		for n := len(run); n >= 4; n-- {
			for at := 0; at+n <= len(run); at++ {
				rest = strings.ReplaceAll(rest, run[at:at+n], "")
			}
		}
	}
	kinds := map[rune]bool{}
	for _, r := range rest {
		kinds[r] = true
	}
	if len(kinds) < 4 || strings.IndexFunc(password, unicode.IsControl) >= 0 {
		return ErrPlainPassword
	}
	return nil
}

// plainPassword is a password as it is hashed: keyboards write the same character
// in several ways.
func plainPassword(password string) string { return norm.NFKC.String(password) }

// hashPassword makes a PHC string, which names its own parameters.
func hashPassword(ctx context.Context, password string, c cost) (string, error) {
	salt := random(passwordSalt)
	sum, err := c.sum(ctx, password, salt, passwordHash)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.lanes, b64(salt), b64(sum)), err
}

// sum waits for its place and makes a hash.
func (c cost) sum(ctx context.Context, password string, salt []byte, size uint32) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(plainPassword(password)), salt, c.time, c.memory, c.lanes, size), nil
}

// nobodysPassword is what a name without a password is compared with, so that it
// costs the same and answers the same.
func nobodysPassword() string {
	b64 := base64.RawStdEncoding.EncodeToString
	c := passwordCost
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.lanes, b64(make([]byte, passwordSalt)), b64(make([]byte, passwordHash)))
}

// isPassword compares a password with a PHC string and says whether that should
// be made anew at today's cost.
func isPassword(ctx context.Context, phc, password string) (good, old bool, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, false, errors.New("a stored password is not readable")
	}
	var c cost
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.lanes); err != nil {
		return false, false, fmt.Errorf("a stored password is not readable: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, false, err
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, false, err
	}
	got, err := c.sum(ctx, password, salt, uint32(len(want))) //nolint:gosec // 32 bytes
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, c != passwordCost, nil
}
