package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Why a notice is not sent anew.
var (
	// ErrNoticeServed says that it was delivered: nobody waits for it.
	ErrNoticeServed = errors.New("the notice was delivered")
	// ErrNoticeOnItsWay says that it is being tried already.
	ErrNoticeOnItsWay = errors.New("the notice is on its way")
	// ErrNoticeOver says that it is of no use any more: its row went with the
	// years, or it was for a respondent who gave way to another.
	ErrNoticeOver = errors.New("the notice is of no use any more")
)

// LinkKey names the link of a message: another one each time that a person had
// it sent anew.
func (o *Owed) LinkKey() string { return o.linkKey(o.Round) }

func (o *Owed) linkKey(round int64) string {
	if round == 0 {
		return o.ID()
	}
	return fmt.Sprintf("%s/again%d", o.ID(), round)
}

// LinkOf makes the capability that a message carries, the same one whenever it is
// asked for in the same round.
func (s *Store) LinkOf(o *Owed) (token string, hash []byte) {
	return s.NewToken("outbox", o.LinkKey(), o.Recipient)
}

// Resend owes a notice anew that was told, came back, failed or died, and was not
// delivered: its ways are all open again and its link is another. The links that
// it carried before, and what they were rotated into, are dead in the same
// transaction: whoever got them by mistake holds nothing. ErrNoMessage when the
// case never owed it; ErrErased when nobody can be reached any more.
func (s *Store) Resend(ctx context.Context, q Once, number string, no int64, by string) (Resent, error) {
	c, err := s.Case(ctx, number)
	if err != nil {
		return Resent{}, err
	}
	all, err := s.Notices(ctx, number)
	if err != nil {
		return Resent{}, err
	}
	i := slices.IndexFunc(all, func(n NoticeFact) bool { return n.No == no })
	if i < 0 {
		return Resent{}, ErrNoMessage
	}
	out := Resent{By: by}
	_, err = s.once(ctx, q, &out, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, c.ID); err != nil {
			return err
		}
		if all[i].ForAnother(&c.Case) {
			return ErrNoticeOver
		}
		if err := s.holdKey(ctx, tx, c.ID); err != nil {
			return err
		}
		o, err := s.owedAnew(ctx, tx, c.ID, no, now)
		if err != nil {
			return err
		}
		out.Round, out.At = o.Round, now
		if _, err := tx.ExecContext(ctx, "insert into notice_resends (case_id, no, round, actor, at) values ($1, $2, $3, $4, $5)", c.ID, no, o.Round, by, s.stamp(now)); err != nil {
			return err
		}
		return s.endLinksOf(ctx, tx, &o, by, now)
	})
	return out, err
}

// owedAnew begins the next round of a notice and reads it as it is then. Its
// fence grows, so that nothing that an attempt before still does counts.
func (s *Store) owedAnew(ctx context.Context, tx *sql.Tx, caseID, no int64, now time.Time) (o Owed, err error) {
	row := tx.QueryRowContext(ctx, `update outbox set state = 'owed', round = round + 1, fence = fence + 1, attempts = 0, error = '', held = '', next_at = $1
		where case_id = $2 and no = $3 and topic = 'notice' and state in ('told', 'failed', 'dead') returning `+owedColumns, s.stamp(now), caseID, no)
	if o, err = scanOwed(row.Scan); !errors.Is(err, sql.ErrNoRows) {
		return o, err
	}
	var state string
	err = tx.QueryRowContext(ctx, "select state from outbox where case_id = $1 and no = $2 and topic = 'notice'", caseID, no).Scan(&state)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return o, err
	case state == "delivered":
		return o, ErrNoticeServed
	case state == "owed":
		return o, ErrNoticeOnItsWay
	}
	return o, ErrNoticeOver
}

// endLinksOf ends the links that a message carried in earlier rounds, and those
// that their holders rotated them into.
func (s *Store) endLinksOf(ctx context.Context, tx *sql.Tx, o *Owed, by string, now time.Time) error {
	all, err := s.links(ctx, tx, "where l.case_id = $1 order by l.created_at", o.CaseID)
	if err != nil {
		return err
	}
	dead := map[string]bool{}
	for round := range o.Round {
		_, hash := s.NewToken("outbox", o.linkKey(round), o.Recipient)
		dead[linkID(hash)] = true
	}
	for more := true; more; { // rotated twice within one instant, they come in any order
		more = false
		for _, l := range all {
			if dead[l.Follows] && !dead[l.ID] {
				dead[l.ID], more = true, true
			}
		}
	}
	for _, l := range all {
		if dead[l.ID] && l.Ended.IsZero() {
			if err := s.end(ctx, tx, l.hash, by, now); err != nil {
				return err
			}
		}
	}
	return nil
}
