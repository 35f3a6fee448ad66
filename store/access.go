package store

import (
	"context"
	"database/sql"
	"strings"

	"fangxin/workflow"
)

// Caller is whose token it is, an officer's or a link's, never both. Session is
// set where an officer came by a session, Reads where his token may only read.
type Caller struct {
	User    *User
	Link    *Link
	Session *DeskSession
	Reads   bool
}

// admission asks everything that admitting needs in one statement that answers
// with one row, whatever is there: a token that is unknown, expired or foreign
// and a case that does not exist cost the same work and look the same.
var admission = `select u.id, u.name, u.roles, u.unit, u.town, u.created_at,
	l.hash, l.case_id, l.role, l.recipient, l.actor, l.actions, l.respondent, l.expires_at, l.revoked_at, l.ended_by, l.created_at, own.number, own.body, c.body,
	exists (select 1 from clocks where case_id = $2 and code in ('` + strings.Join(LinkStage, "', '") + `')), coalesce(t.scope, ''), t.used_at
	from (select 1 as one) x left join user_tokens t on t.hash = $1 and t.ended_at is null and t.expires_at > $3
	left join users u on u.id = coalesce((select id from users where token_hash = $1), t.user_id) and u.disabled_at is null
	left join links l on l.hash = $1 left join cases own on own.id = l.case_id left join cases c on c.id = $2`

type admitted struct {
	userID                                                             sql.NullInt64
	name, roles, unit, town                                            sql.NullString
	created, expires, revoked, since                                   instant
	hash                                                               []byte
	linkCase, respondent                                               sql.NullInt64
	role, recipient, actor, actions, endedBy, ownNumber, ownBody, body sql.NullString
	linked                                                             bool
	scope                                                              string // of a token that the user made; empty for any other
	used                                                               instant
}

// Admit finds who calls and, when a case is named, whether he may see it at all.
// ErrNoLink is the one answer for a token that is unknown, ended or for another
// case, and for a case that is not there or outside the officer's scope (who is
// named then, to be told no more). A link
// that its holder has rotated is returned with Ended set: it may only ask again
// for the one that followed it.
func (s *Store) Admit(ctx context.Context, token, number string) (Caller, error) {
	id := int64(-1)
	if number != "" {
		if n, err := parseCase(number); err == nil {
			id = n
		}
	}
	var a admitted
	hash := hashToken(token)
	err := s.pool.QueryRowContext(ctx, admission, hash, id, s.stamp(s.cfg.Now())).Scan(&a.userID, &a.name, &a.roles, &a.unit, &a.town, &a.created,
		&a.hash, &a.linkCase, &a.role, &a.recipient, &a.actor, &a.actions, &a.respondent, &a.expires, &a.revoked, &a.endedBy, &a.since, &a.ownNumber, &a.ownBody, &a.body, &a.linked, &a.scope, &a.used)
	if err != nil {
		return Caller{}, err
	}
	if a.userID.Valid {
		if a.scope != "" {
			if err := s.tokenUsed(ctx, hash, a.used.Time); err != nil {
				return Caller{}, err
			}
		}
		who, err := s.admitUser(ctx, &a, id, number)
		who.Reads = a.scope == TokenReads
		return who, err
	}
	return s.admitLink(&a, id, number)
}

func (s *Store) admitUser(ctx context.Context, a *admitted, id int64, number string) (Caller, error) {
	u := &User{ID: a.userID.Int64, Name: a.name.String, Roles: strings.Fields(a.roles.String), Unit: a.unit.String, Town: a.town.String, Created: a.created.Time}
	var err error
	if u.For, err = s.standsFor(ctx, u.Name); err != nil {
		return Caller{}, err
	}
	if number == "" {
		return Caller{User: u}, nil
	}
	c, err := workflow.ParseBody(id, []byte(a.body.String))
	if !a.body.Valid || err != nil {
		c, a.linked = workflow.Case{}, false
	}
	if !u.Scope().rule.holds(columns(&c, a.linked)) || !a.body.Valid {
		return Caller{User: u}, ErrNoLink
	}
	return Caller{User: u}, nil
}

func (s *Store) admitLink(a *admitted, id int64, number string) (Caller, error) {
	own, err := workflow.ParseBody(a.linkCase.Int64, []byte(a.ownBody.String))
	ended := !a.revoked.IsZero()
	switch {
	case a.hash == nil, err != nil, !s.cfg.Now().Before(a.expires.Time), number != "" && a.linkCase.Int64 != id:
		return Caller{}, ErrNoLink
	case ended && (a.endedBy.String != endedByHolder || number != ""):
		return Caller{}, ErrNoLink
	case replaced(&own, a.role.String, a.respondent.Int64):
		return Caller{}, ErrNoLink
	}
	l := &Link{hash: a.hash, ID: linkID(a.hash), Number: a.ownNumber.String, Role: a.role.String, Recipient: a.recipient.String, Actor: a.actor.String,
		Actions: strings.Fields(a.actions.String), Expires: a.expires.Time, Created: a.since.Time, Ended: a.revoked.Time}
	if l.Recipient == "" {
		l.Recipient = l.Role
	}
	return Caller{Link: l}, nil
}

// replaced reports whether a merchant's link belongs to a respondent that said
// "not our shop" and gave way to another: the case is not its own any more.
func replaced(c *workflow.Case, role string, respondent int64) bool {
	now, said := factInt(c, "respondent"), factInt(c, "disclaimed")
	return role == "merchant" && said >= max(respondent, 1) && respondent < now
}

// standsFor lists the active colleagues whose cases the user deputises for at
// this instant, those included who deputise themselves.
func (s *Store) standsFor(ctx context.Context, name string) ([]User, error) {
	now := s.stamp(s.cfg.Now())
	rows, err := s.pool.QueryContext(ctx, `select a.deputy, u.name, u.roles, u.unit, u.town from absences a join users u on u.name = a.name
		where a.to_at > $1 and a.from_at <= $1 and a.ended_at is null and u.disabled_at is null order by a.name`, now)
	if err != nil {
		return nil, err
	}
	absent := map[string][]User{}
	err = scan(rows, func() error {
		var deputy, roles string
		var u User
		if err := rows.Scan(&deputy, &u.Name, &roles, &u.Unit, &u.Town); err != nil {
			return err
		}
		u.Roles = strings.Fields(roles)
		absent[deputy] = append(absent[deputy], u)
		return nil
	})
	var out []User
	seen := map[string]bool{name: true}
	for next := []string{name}; len(next) > 0; next = next[1:] {
		for _, u := range absent[next[0]] {
			if !seen[u.Name] {
				seen[u.Name] = true
				out, next = append(out, u), append(next, u.Name)
			}
		}
	}
	return out, err
}
