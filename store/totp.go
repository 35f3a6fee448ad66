package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238: what every authenticator speaks
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Codes by the second (RFC 6238): six digits that change every 30 seconds. One
// step before and one behind are taken, for clocks that are a little off.
const (
	codeStep   = 30
	codeSpread = 1
	// CodeSecret is the length of an authenticator's secret, bytes.
	CodeSecret = 20
	// RecoveryCodes is how many codes stand in for a lost authenticator.
	RecoveryCodes = 10
	recoverySize  = 10
)

// ErrWrongCode is the one answer for a code that is wrong, late or used.
var ErrWrongCode = errors.New("the code does not fit")

// codeAt is the code of a step (RFC 4226).
func codeAt(secret []byte, step int64) string {
	m := hmac.New(sha1.New, secret)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(step))) //nolint:gosec // after 1970
	sum := m.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// stepOf finds the step after the last one whose code this is; 0 for none.
func stepOf(secret []byte, code string, now time.Time, last int64) (found int64) {
	step := now.Unix() / codeStep
	for n := step - codeSpread; n <= step+codeSpread; n++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(secret, n)), []byte(code)) == 1 && n > last {
			found = n
		}
	}
	return found
}

// HasCode reports whether a user signs in with a code as well.
func (s *Store) HasCode(ctx context.Context, userID int64) (bool, error) {
	var n int
	err := s.pool.QueryRowContext(ctx, "select count(*) from user_logins where user_id = $1 and totp is not null", userID).Scan(&n)
	return n > 0, err
}

// StartCode takes an authenticator into use once it has shown a code, and returns
// the codes for when it is lost: shown once, each good once.
func (s *Store) StartCode(ctx context.Context, u *User, secret []byte, code string) (recovery []string, err error) {
	step := stepOf(secret, code, s.cfg.Now(), 0)
	if step == 0 || len(secret) != CodeSecret {
		return nil, ErrWrongCode
	}
	box := gcm(s.cfg.Keys.deskKey("codes")).Seal(nil, nil, secret, nil)
	for range RecoveryCodes {
		text := base32.StdEncoding.EncodeToString(random(recoverySize))[:recoverySize]
		recovery = append(recovery, text[:recoverySize/2]+"-"+text[recoverySize/2:])
	}
	return recovery, s.changeUser(ctx, userChange{u.ID, u.Name, "code_on", "", ""}, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `insert into user_logins (user_id, totp, totp_step, totp_at) values ($1, $2, $3, $4)
			on conflict (user_id) do update set totp = excluded.totp, totp_step = excluded.totp_step, totp_at = excluded.totp_at`, u.ID, box, step, s.stamp(s.cfg.Now())); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "delete from user_recovery where user_id = $1", u.ID); err != nil {
			return err
		}
		for _, r := range recovery {
			if _, err := tx.ExecContext(ctx, "insert into user_recovery (user_id, hash) values ($1, $2)", u.ID, s.recoveryHash(u.ID, r)); err != nil {
				return err
			}
		}
		return nil
	})
}

// StopCode lets a user sign in by the password alone again; by is who said so.
func (s *Store) StopCode(ctx context.Context, by string, userID int64) error {
	return s.changeUser(ctx, userChange{userID, by, "code_off", "", ""}, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "update user_logins set totp = null, totp_at = null where user_id = $1", userID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "delete from user_recovery where user_id = $1", userID)
		return err
	})
}

// StopCodeOf is StopCode of a name, for who has lost authenticator and codes.
func (s *Store) StopCodeOf(ctx context.Context, by, name string) error {
	u, err := s.activeUser(ctx, "name = $1", name)
	if err != nil {
		return err
	}
	return s.StopCode(ctx, by, u.ID)
}

// CheckCode takes a code of the authenticator or one for when it is lost, each
// once: ErrWrongCode for any other.
func (s *Store) CheckCode(ctx context.Context, userID int64, code string) error {
	var box []byte
	var last int64
	err := s.pool.QueryRowContext(ctx, "select totp, totp_step from user_logins where user_id = $1 and totp is not null", userID).Scan(&box, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrWrongCode
	}
	if err != nil {
		return err
	}
	secret, err := gcm(s.cfg.Keys.deskKey("codes")).Open(nil, nil, box, nil)
	if err != nil {
		return err
	}
	code = plainCode(code)
	defer s.solo()()
	query, args := "update user_recovery set used_at = $1 where user_id = $2 and hash = $3 and used_at is null", []any{s.stamp(s.cfg.Now()), userID, s.recoveryHash(userID, code)}
	if step := stepOf(secret, code, s.cfg.Now(), last); step != 0 {
		query, args = "update user_logins set totp_step = $1 where user_id = $2 and totp_step < $1", []any{step, userID}
	}
	res, err := s.pool.ExecContext(ctx, query, args...)
	return one(res, err, ErrWrongCode)
}

// plainCode is a code as it is compared: people type spaces, dashes and small letters.
func plainCode(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(plainPassword(code)))
}

func (s *Store) recoveryHash(userID int64, code string) []byte {
	m := hmac.New(sha256.New, s.cfg.Keys.deskKey("recovery"))
	_, _ = fmt.Fprintf(m, "%d/%s", userID, plainCode(code))
	return m.Sum(nil)
}

// RecoveryLeft is how many codes a user has left for a lost authenticator.
func (s *Store) RecoveryLeft(ctx context.Context, userID int64) (n int, err error) {
	err = s.pool.QueryRowContext(ctx, "select count(*) from user_recovery where user_id = $1 and used_at is null", userID).Scan(&n)
	return n, err
}

// NewCodeSecret makes a secret for an authenticator.
func NewCodeSecret() []byte { return random(CodeSecret) }

// HalfTerm is how long one may take for the second step.
const HalfTerm = 5 * time.Minute

// OpenHalf remembers that a user has shown who he is, and in which way; it opens nothing but the
// second step.
func (s *Store) OpenHalf(ctx context.Context, userID int64, way string) (token string, err error) {
	return s.openSession(ctx, userID, "half", DeskSession{Way: way}, HalfTerm)
}

// HalfSession is who has shown who he is and not yet the second step, and in which
// way: ErrNoLink when that is unknown, over or too old.
func (s *Store) HalfSession(ctx context.Context, token string) (u User, way string, err error) {
	var id int64
	err = s.pool.QueryRowContext(ctx, "select user_id, way from user_sessions where hash = $1 and stage = 'half' and ended_at is null and expires_at > $2", hashToken(token), s.stamp(s.cfg.Now())).Scan(&id, &way)
	if err == nil {
		u, err = s.userByID(ctx, id)
	}
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, ErrNoUser) {
		err = ErrNoLink
	}
	return u, way, err
}

// EndHalf ends what OpenHalf began.
func (s *Store) EndHalf(ctx context.Context, token string) error {
	_, err := s.exec(ctx, "update user_sessions set ended_at = $1, ended_by = 'holder' where hash = $2 and stage = 'half' and ended_at is null", s.stamp(s.cfg.Now()), hashToken(token))
	return err
}
