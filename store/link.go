package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/workflow"
)

// NewLink is a capability to be stored: the hash only.
type NewLink struct {
	Hash      []byte
	Role      string // side in whose name it acts: consumer, merchant
	Recipient string // one of Recipients; empty: the party itself
	Actor     string // how the log names it; empty: chosen by GiveLink
	Actions   []string
	GivenBy   string
	Expires   time.Time
}

// Link is who holds a capability, for which case, and for what.
type Link struct {
	ID                     string // public name of the link within its case: tells nothing of the token
	Number                 string
	Role, Recipient, Actor string
	Actions                []string
	GivenBy                string
	Expires, Created       time.Time
	Ended                  time.Time // zero while it works
	EndedBy                string    // who ended it
	Follows                string    // id of the link that was rotated into this one
	hash                   []byte
}

// Recipients are those who may hold a link, and the side in whose name each acts.
// Everybody has a link of his own and another name in the log.
var Recipients = map[string]string{"consumer": "consumer", "agent": "consumer", "guardian": "consumer", "representative": "consumer",
	"merchant": "merchant", "colleague": "merchant"}

// Actions beside the events of the table that a link may be given for. Whoever
// may act may also read; every link may be rotated by its holder.
const (
	// ActionRead is for looking only.
	ActionRead = "read"
	// ActionAct is for every event that the party may take.
	ActionAct = "act"
	// ActionData is for the copy of one's data and for asking for their erasure
	// (PIPL Art. 45, 47); acting includes it.
	ActionData = "data"
)

// May reports whether the link was given for an event or for ActionData.
func (l *Link) May(action string) bool {
	return action == ActionRead || slices.Contains(l.Actions, ActionAct) || slices.Contains(l.Actions, action)
}

// ErrNoLink is the one answer for a link that is unknown, expired, revoked or
// foreign.
var ErrNoLink = errors.New("no such link")

// endedByHolder marks a link that its own holder rotated.
const endedByHolder = "holder"

// NewToken makes the capability that a request's answer hands out, the same one
// when the request is repeated: 32 bytes, 43 characters.
func (s *Store) NewToken(scope, key, role string) (token string, hash []byte) {
	token = s.cfg.Keys.token(scope, key, role)
	return token, hashToken(token)
}

// hashToken is what a token is stored as. What cannot be a token hashes to what
// none is stored as, so that it takes the same way.
func hashToken(token string) []byte {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 32 {
		raw = []byte("no token: " + token)
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}

func linkID(hash []byte) string { return hex.EncodeToString(hash[:8]) }

func factInt(c *workflow.Case, name string) int64 {
	n, _ := strconv.ParseInt(c.Facts[name], 10, 64)
	return n
}

// GiveLink stores a capability for somebody of a case that exists, once for a
// key, and returns it as it was stored.
func (s *Store) GiveLink(ctx context.Context, q Once, number string, l NewLink) (Link, error) {
	c, err := s.Case(ctx, number)
	if err != nil {
		return Link{}, err
	}
	if l.Recipient == "" {
		l.Recipient = l.Role
	}
	l.Role = Recipients[l.Recipient]
	out := Link{ID: linkID(l.Hash), Number: c.Number, Role: l.Role, Recipient: l.Recipient, Actor: l.Actor, Actions: l.Actions, GivenBy: l.GivenBy, Expires: l.Expires}
	_, err = s.once(ctx, q, &out, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, c.ID); err != nil {
			return err
		}
		out.Created = now
		if out.Actor == "" {
			if out.Actor, err = actorOf(ctx, tx, c.ID, l.Recipient); err != nil {
				return err
			}
		}
		return s.insertLink(ctx, tx, c, l.Hash, nil, &out)
	})
	return out, err
}

// actorOf is the name that the next holder of this kind will have in the log.
func actorOf(ctx context.Context, tx *sql.Tx, caseID int64, recipient string) (string, error) {
	if recipient == "consumer" || recipient == "merchant" {
		return recipient, nil
	}
	var n int
	err := tx.QueryRowContext(ctx, "select count(distinct actor) from links where case_id = $1 and recipient = $2", caseID, recipient).Scan(&n)
	return fmt.Sprintf("%s_%d", recipient, n+1), err
}

func (s *Store) insertLink(ctx context.Context, tx *sql.Tx, c View, hash, follows []byte, l *Link) error {
	_, err := tx.ExecContext(ctx, `insert into links (hash, case_id, role, actor, expires_at, created_at, recipient, actions, given_by, follows, respondent)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (hash) do nothing`, hash, c.ID, l.Role, l.Actor, s.stamp(l.Expires), s.stamp(l.Created), l.Recipient,
		strings.Join(l.Actions, " "), l.GivenBy, follows, factInt(&c.Case, "respondent"))
	return err
}

// Links lists every link of a case, ended ones too, oldest first; never a token.
func (s *Store) Links(ctx context.Context, number string) ([]Link, error) {
	id, err := parseCase(number)
	if err != nil {
		return nil, err
	}
	return s.links(ctx, s.pool, "where l.case_id = $1 order by l.created_at, l.hash", id)
}

func (s *Store) links(ctx context.Context, q queryer, tail string, args ...any) ([]Link, error) {
	rows, err := q.QueryContext(ctx, `select l.hash, c.number, l.role, l.recipient, l.actor, l.actions, l.given_by, l.expires_at, l.created_at, l.revoked_at, l.ended_by, l.follows
		from links l join cases c on c.id = l.case_id `+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []Link
	err = scan(rows, func() error {
		var l Link
		var actions string
		var follows []byte
		var expires, created, ended instant
		if err := rows.Scan(&l.hash, &l.Number, &l.Role, &l.Recipient, &l.Actor, &actions, &l.GivenBy, &expires, &created, &ended, &l.EndedBy, &follows); err != nil {
			return err
		}
		l.ID, l.Actions, l.Expires, l.Created, l.Ended = linkID(l.hash), strings.Fields(actions), expires.Time, created.Time, ended.Time
		if l.Recipient == "" {
			l.Recipient = l.Role
		}
		if len(follows) == sha256.Size {
			l.Follows = linkID(follows)
		}
		out = append(out, l)
		return nil
	})
	return out, err
}

// EndLink revokes a link of a case at once; ErrNoLink when it has none of that id
// or it ended before.
func (s *Store) EndLink(ctx context.Context, q Once, number, id, by string) error {
	caseID, err := parseCase(number)
	if err != nil {
		return err
	}
	_, err = s.once(ctx, q, &struct{}{}, func(tx *sql.Tx, now time.Time) error {
		l, err := s.working(ctx, tx, caseID, id)
		if err != nil {
			return err
		}
		return s.end(ctx, tx, l.hash, by, now)
	})
	return err
}

// RotateLink puts a new capability in the place of a link, which is dead at once;
// recipient, actor, actions and term stay. by is who asks, empty for the holder
// himself: he may ask again with the same key and learns the same new link.
func (s *Store) RotateLink(ctx context.Context, q Once, number, id, by string, hash []byte) (Link, error) {
	c, err := s.Case(ctx, number)
	if err != nil {
		return Link{}, err
	}
	var out Link
	_, err = s.once(ctx, q, &out, func(tx *sql.Tx, now time.Time) error {
		old, err := s.working(ctx, tx, c.ID, id)
		if err != nil {
			return err
		}
		ender := by
		if by == "" {
			ender = endedByHolder
		}
		if err := s.end(ctx, tx, old.hash, ender, now); err != nil {
			return err
		}
		out = old
		out.ID, out.Follows, out.Created, out.GivenBy, out.hash = linkID(hash), id, now, by, nil
		return s.insertLink(ctx, tx, c, hash, old.hash, &out)
	})
	return out, err
}

func (s *Store) working(ctx context.Context, tx *sql.Tx, caseID int64, id string) (Link, error) {
	if err := s.alone(ctx, tx, caseID); err != nil {
		return Link{}, err
	}
	all, err := s.links(ctx, tx, "where l.case_id = $1 and l.revoked_at is null", caseID)
	if err != nil {
		return Link{}, err
	}
	i := slices.IndexFunc(all, func(l Link) bool { return l.ID == id })
	if i < 0 {
		return Link{}, ErrNoLink
	}
	return all[i], nil
}

func (s *Store) end(ctx context.Context, tx *sql.Tx, hash []byte, by string, now time.Time) error {
	res, err := tx.ExecContext(ctx, "update links set revoked_at = $1, ended_by = $2 where hash = $3 and revoked_at is null", s.stamp(now), by, hash)
	return one(res, err, ErrNoLink)
}

// RevokeLinks ends every link of a side to a case.
func (s *Store) RevokeLinks(ctx context.Context, number, role string) error {
	id, err := parseCase(number)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, "update links set revoked_at = $1 where case_id = $2 and role = $3 and revoked_at is null", s.stamp(s.cfg.Now()), id, role)
	return err
}
