package store

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// PasswordTerm is how long a link to set a password with works.
const PasswordTerm = 24 * time.Hour

// ErrEnded says that a session was there and is over: no guess, and no right.
var ErrEnded = errors.New("the session has ended")

// DeskSession is an officer's session: where and when he signed in.
type DeskSession struct {
	Ref           string
	Way           string // password, oidc
	Device, Place string // browser and system; the network that it came from
	Created, Seen time.Time
	Expires       time.Time
	hash          []byte
}

// CheckPassword finds who signs in. ErrNoUser is the one answer for a name that is
// unknown, disabled or has no password, and for a wrong password: each costs one
// query and one hash.
func (s *Store) CheckPassword(ctx context.Context, name, password string) (User, error) {
	var id sql.NullInt64
	var phc sql.NullString
	err := s.pool.QueryRowContext(ctx, `select u.id, l.password from (select 1 as one) x left join users u on u.name = $1 and u.disabled_at is null
		left join user_logins l on l.user_id = u.id and l.password <> ''`, strings.TrimSpace(name)).Scan(&id, &phc)
	if err != nil {
		return User{}, err
	}
	if !phc.Valid {
		phc.String = nobodysPassword()
	}
	good, old, err := isPassword(ctx, phc.String, password)
	if err != nil {
		return User{}, err
	}
	if !good || !phc.Valid {
		return User{}, ErrNoUser
	}
	if old {
		if err := s.rehash(ctx, id.Int64, phc.String, password); err != nil {
			return User{}, err
		}
	}
	return s.userByID(ctx, id.Int64)
}

// rehash stores the password at today's cost, unless it was changed meanwhile.
func (s *Store) rehash(ctx context.Context, id int64, was, password string) error {
	phc, err := hashPassword(ctx, password, passwordCost)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, "update user_logins set password = $1 where user_id = $2 and password = $3", phc, id, was)
	return err
}

func (s *Store) userByID(ctx context.Context, id int64) (User, error) {
	return s.activeUser(ctx, "id = $1", id)
}

// activeUser is the one user of a condition: ErrNoUser for nobody and for one who
// has left.
func (s *Store) activeUser(ctx context.Context, where string, arg any) (User, error) {
	all, err := s.users(ctx, "where "+where+" and disabled_at is null", arg)
	if err == nil && len(all) != 1 {
		err = ErrNoUser
	}
	if err != nil {
		return User{}, err
	}
	return all[0], nil
}

// holderOf is the active user of what somebody holds, by a query for his id:
// ErrNoLink where it is nobody's any more.
func (s *Store) holderOf(ctx context.Context, query string, args ...any) (User, error) {
	var id int64
	err := s.pool.QueryRowContext(ctx, query, args...).Scan(&id)
	var u User
	if err == nil {
		u, err = s.userByID(ctx, id)
	}
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, ErrNoUser) {
		err = ErrNoLink
	}
	return u, err
}

// OpenSession opens a session of a user and returns its token, which is kept only
// as a hash. It is always a new one: what a browser brought along is never taken up.
func (s *Store) OpenSession(ctx context.Context, userID int64, d DeskSession, term time.Duration) (token string, err error) {
	return s.openSession(ctx, userID, "full", d, term)
}

func (s *Store) openSession(ctx context.Context, userID int64, stage string, d DeskSession, term time.Duration) (token string, err error) {
	now := s.cfg.Now()
	token = newSecret()
	hash := hashToken(token)
	_, err = s.exec(ctx, `insert into user_sessions (hash, ref, user_id, stage, way, device, place, created_at, seen_at, expires_at, ended_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, '')`, hash, linkID(hash), userID, stage, d.Way, d.Device, d.Place, s.stamp(now), s.stamp(now.Add(term)))
	return token, err
}

// seenEvery is how often a session writes down that it is used.
const seenEvery = time.Minute

// AdmitSession finds whose session a token is and, when a case is named, whether
// he may see it: the same answers as Admit. Roles are read here, at every request.
// ErrEnded when the session was there and is over: ended, too old, not used for
// idle, or its user disabled.
func (s *Store) AdmitSession(ctx context.Context, token, number string, idle time.Duration) (Caller, error) {
	id := int64(-1)
	if n, err := parseCase(number); number != "" && err == nil {
		id = n
	}
	var a admitted
	var d DeskSession
	var created, seen, expires, ended, disabled instant
	var stage string
	err := s.pool.QueryRowContext(ctx, `select u.id, u.name, u.roles, u.unit, u.town, u.created_at, u.disabled_at, c.body,
		exists (select 1 from clocks where case_id = $2 and code in ('`+strings.Join(LinkStage, "', '")+`')),
		t.hash, t.ref, t.stage, t.way, t.device, t.place, t.created_at, t.seen_at, t.expires_at, t.ended_at
		from user_sessions t join users u on u.id = t.user_id left join cases c on c.id = $2 where t.hash = $1`, hashToken(token), id).
		Scan(&a.userID, &a.name, &a.roles, &a.unit, &a.town, &a.created, &disabled, &a.body, &a.linked,
			&d.hash, &d.Ref, &stage, &d.Way, &d.Device, &d.Place, &created, &seen, &expires, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return Caller{}, ErrNoLink
	}
	if err != nil {
		return Caller{}, err
	}
	now := s.cfg.Now()
	d.Created, d.Seen, d.Expires = created.Time, seen.Time, expires.Time
	if stage != "full" || !ended.IsZero() || !disabled.IsZero() || !now.Before(d.Expires) || !now.Before(d.Seen.Add(idle)) {
		return Caller{}, ErrEnded
	}
	if now.Sub(d.Seen) >= seenEvery {
		if err := s.seen(ctx, d.hash, now); err != nil {
			return Caller{}, err
		}
	}
	who, err := s.admitUser(ctx, &a, id, number)
	who.Session = &d
	return who, err
}

func (s *Store) seen(ctx context.Context, hash []byte, now time.Time) error {
	_, err := s.exec(ctx, "update user_sessions set seen_at = $1 where hash = $2 and seen_at < $1", s.stamp(now), hash)
	return err
}

// WhoseSession is the user of a session, over or not; 0 when there was none.
func (s *Store) WhoseSession(ctx context.Context, token string) (id int64, err error) {
	err = s.pool.QueryRowContext(ctx, "select user_id from user_sessions where hash = $1", hashToken(token)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

// DeskSessions lists a user's sessions that are not over, the last used first.
func (s *Store) DeskSessions(ctx context.Context, userID int64, idle time.Duration) ([]DeskSession, error) {
	now := s.cfg.Now()
	rows, err := s.pool.QueryContext(ctx, `select ref, way, device, place, created_at, seen_at, expires_at from user_sessions
		where user_id = $1 and ended_at is null and stage = 'full' and expires_at > $2 and seen_at > $3 order by seen_at desc, ref`, userID, s.stamp(now), s.stamp(now.Add(-idle)))
	if err != nil {
		return nil, err
	}
	var out []DeskSession
	err = scan(rows, func() error {
		var d DeskSession
		var created, seen, expires instant
		err := rows.Scan(&d.Ref, &d.Way, &d.Device, &d.Place, &created, &seen, &expires)
		d.Created, d.Seen, d.Expires = created.Time, seen.Time, expires.Time
		out = append(out, d)
		return err
	})
	return out, err
}

// EndDeskSession ends one session of a user; ErrNoLink when he has none of that name.
func (s *Store) EndDeskSession(ctx context.Context, userID int64, ref string) error {
	res, err := s.exec(ctx, "update user_sessions set ended_at = $1, ended_by = 'holder' where user_id = $2 and ref = $3 and ended_at is null", s.stamp(s.cfg.Now()), userID, ref)
	return one(res, err, ErrNoLink)
}

// EndDeskSessions ends all sessions of a user.
func (s *Store) EndDeskSessions(ctx context.Context, userID int64, by string) error {
	defer s.solo()()
	return s.endSessions(ctx, s.pool, userID, by)
}

type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (s *Store) endSessions(ctx context.Context, q executor, userID int64, by string) error {
	_, err := q.ExecContext(ctx, "update user_sessions set ended_at = $1, ended_by = $2 where user_id = $3 and ended_at is null", s.stamp(s.cfg.Now()), by, userID)
	return err
}

// GivePassword makes a link to set a user's password with, once, within
// PasswordTerm, and ends those that were given before. by is who gives it.
func (s *Store) GivePassword(ctx context.Context, by, name string) (token string, until time.Time, err error) {
	u, err := s.activeUser(ctx, "name = $1", name)
	if err != nil {
		return "", until, err
	}
	token = newSecret()
	until = s.cfg.Now().Add(PasswordTerm)
	return token, until, s.changeUser(ctx, userChange{u.ID, by, "password_link", "", ""}, func(tx *sql.Tx) error { return s.putLink(ctx, tx, by, u.ID, token) })
}

// putLink stores a link to set a password with; those from before end.
func (s *Store) putLink(ctx context.Context, tx *sql.Tx, by string, user int64, token string) error {
	if err := s.endLinks(ctx, tx, user); err != nil {
		return err
	}
	now := s.cfg.Now()
	_, err := tx.ExecContext(ctx, "insert into user_links (hash, user_id, given_by, created_at, expires_at) values ($1, $2, $3, $4, $5)", hashToken(token), user, by, s.stamp(now), s.stamp(now.Add(PasswordTerm)))
	return err
}

func (s *Store) endLinks(ctx context.Context, tx *sql.Tx, user int64) error {
	_, err := tx.ExecContext(ctx, "update user_links set ended_at = $1 where user_id = $2 and used_at is null and ended_at is null", s.stamp(s.cfg.Now()), user)
	return err
}

const liveUserLink = "hash = $1 and used_at is null and ended_at is null and expires_at > $2"

// PasswordLink says whose a link to set a password with is, and uses nothing up:
// ErrNoLink when it is unknown, used or too old, or its user disabled.
func (s *Store) PasswordLink(ctx context.Context, token string) (User, error) {
	return s.holderOf(ctx, "select user_id from user_links where "+liveUserLink, hashToken(token), s.stamp(s.cfg.Now()))
}

// SetPassword takes a link, once, and sets its user's password; all his sessions
// end. A password that is refused uses the link not up.
func (s *Store) SetPassword(ctx context.Context, token, password string) (User, error) {
	u, err := s.PasswordLink(ctx, token)
	if err != nil {
		return u, err
	}
	if err := checkPassword(u.Name, password); err != nil {
		return u, err
	}
	phc, err := hashPassword(ctx, password, passwordCost)
	if err != nil {
		return u, err
	}
	now := s.cfg.Now()
	return u, s.changeUser(ctx, userChange{u.ID, u.Name, "password", "", ""}, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "update user_links set used_at = $2 where "+liveUserLink, hashToken(token), s.stamp(now))
		if err := one(res, err, ErrNoLink); err != nil {
			return err
		}
		return s.putPassword(ctx, tx, u.ID, phc)
	})
}

// ChangePassword sets the password of who knows the old one; his other sessions end.
// ErrNoUser when the old one is wrong.
func (s *Store) ChangePassword(ctx context.Context, u *User, old, password string) error {
	if _, err := s.CheckPassword(ctx, u.Name, old); err != nil {
		return err
	}
	if err := checkPassword(u.Name, password); err != nil {
		return err
	}
	phc, err := hashPassword(ctx, password, passwordCost)
	if err != nil {
		return err
	}
	return s.changeUser(ctx, userChange{u.ID, u.Name, "password", "", ""}, func(tx *sql.Tx) error { return s.putPassword(ctx, tx, u.ID, phc) })
}

func (s *Store) putPassword(ctx context.Context, tx *sql.Tx, id int64, phc string) error {
	if _, err := tx.ExecContext(ctx, `insert into user_logins (user_id, password, password_at) values ($1, $2, $3)
		on conflict (user_id) do update set password = excluded.password, password_at = excluded.password_at`, id, phc, s.stamp(s.cfg.Now())); err != nil {
		return err
	}
	return s.endSessions(ctx, tx, id, "password")
}

// userChange is a line of what was changed about somebody.
type userChange struct {
	user           int64
	by, what       string
	before, behind string
}

// changeUser changes something about a user and writes down who did it, in one
// transaction.
func (s *Store) changeUser(ctx context.Context, c userChange, do func(tx *sql.Tx) error) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return s.noteChange(ctx, tx, c)
	})
}

// inTx does what lies beside the log in one transaction.
func (s *Store) inTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Store) noteChange(ctx context.Context, q executor, c userChange) error {
	_, err := q.ExecContext(ctx, "insert into user_changes (user_id, at, actor, what, was, now) values ($1, $2, $3, $4, $5, $6)", c.user, s.stamp(s.cfg.Now()), c.by, c.what, c.before, c.behind)
	return err
}

// deskKey is a key of the deployment for what a browser keeps for us.
func (k *Keys) deskKey(of string) []byte {
	key, err := hkdf.Key(sha256.New, k.secret, nil, "fangxin desk "+of, 32)
	if err != nil {
		panic(err) // only a wrong length gets here
	}
	return key
}

// SealForm closes what somebody typed, for himself alone: a browser carries it
// through the page that asks to sign in again.
func (s *Store) SealForm(userID int64, text string) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(userID))                            //nolint:gosec // an id
	plain = binary.BigEndian.AppendUint64(plain, uint64(s.cfg.Now().Add(formTerm).Unix())) //nolint:gosec // after 1970
	return base64.RawURLEncoding.EncodeToString(s.formBox().Seal(nil, nil, append(plain, text...), nil))
}

// formTerm is how long a form that was sealed opens.
const formTerm = 24 * time.Hour

func (s *Store) formBox() cipher.AEAD { return gcm(s.cfg.Keys.deskKey("forms")) }

// OpenForm opens what SealForm closed for this user; false for anybody else's and
// for what is too old.
func (s *Store) OpenForm(userID int64, box string) (text string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(box)
	if err != nil {
		return "", false
	}
	plain, err := s.formBox().Open(nil, nil, raw, nil)
	if err != nil || len(plain) < 16 || binary.BigEndian.Uint64(plain) != uint64(userID) || //nolint:gosec // an id
		int64(binary.BigEndian.Uint64(plain[8:])) < s.cfg.Now().Unix() { //nolint:gosec // a time that we wrote
		return "", false
	}
	return string(plain[16:]), true
}

// IsForm reports whether a box is one of ours, whoever may open it, and not too old.
func (s *Store) IsForm(box string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(box)
	if err != nil {
		return false
	}
	plain, err := s.formBox().Open(nil, nil, raw, nil)
	return err == nil && len(plain) >= 16 && int64(binary.BigEndian.Uint64(plain[8:])) >= s.cfg.Now().Unix() //nolint:gosec // a time that we wrote
}

// deviceID is the length of a device's name, in characters.
const deviceID = 22

// KnownDevice makes what a browser keeps to show that this name has signed in on
// it before. It opens nothing: whoever shows it is not kept waiting by others who
// guess at the name's password.
func (s *Store) KnownDevice(name string) string {
	id := base64.RawURLEncoding.EncodeToString(random(16))
	return id + s.deviceProof(id, name)
}

// IsKnownDevice says which device a cookie shows that this name was on; "" for none.
func (s *Store) IsKnownDevice(name, cookie string) string {
	if len(cookie) <= deviceID || !hmac.Equal([]byte(cookie[deviceID:]), []byte(s.deviceProof(cookie[:deviceID], name))) {
		return ""
	}
	return cookie[:deviceID]
}

func (s *Store) deviceProof(id, name string) string {
	m := hmac.New(sha256.New, s.cfg.Keys.deskKey("devices"))
	m.Write([]byte(id + "\x00" + name))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
}
