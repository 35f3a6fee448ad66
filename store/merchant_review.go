package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/register"
)

// Review is a doubt that a person settles: whether an entry that a complaint
// opened, or a row of a file that waits, is one of the candidates.
type Review struct {
	ID         string             `json:"id"`
	State      string             `json:"state"` // open, settled
	Entry      *register.Merchant `json:"entry,omitempty"`
	Row        *register.Details  `json:"row,omitempty"`
	Candidates []ReviewCandidate  `json:"candidates"`
	Source     string             `json:"source"`
	Decision   string             `json:"decision,omitempty"` // same, different, merge
	Actor      string             `json:"actor,omitempty"`
	Why        string             `json:"why,omitempty"`
	Created    time.Time          `json:"created_at"`
	Decided    *time.Time         `json:"decided_at,omitempty"`
}

// ReviewCandidate is an entry that it could be, and what speaks for it: code_other_name,
// code, name, name_elsewhere, name_alike; score is how alike the names are, in a hundred.
type ReviewCandidate struct {
	Merchant register.Merchant `json:"merchant"`
	Why      string            `json:"why"`
	Score    int               `json:"score"`
}

// candidateRow is a candidate as a review keeps it.
type candidateRow struct {
	Ref   string `json:"ref"`
	Why   string `json:"why"`
	Score int    `json:"score"`
}

// review is a row of merchant_reviews that is to be made.
type review struct {
	merchantID any
	digest     []byte
	kek        string
	wrapped    []byte
	box        []byte
	source     string
}

// ask puts a doubt before a person.
func (b *book) ask(r review, who []register.Candidate) error {
	var rows []candidateRow
	for _, c := range who {
		rows = append(rows, candidateRow{c.Merchant.Top(), c.Why, int(c.Score * 100)})
	}
	body, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	var digest any
	if r.digest != nil {
		digest = r.digest
	}
	_, err = b.tx.ExecContext(b.ctx, `insert into merchant_reviews (id, ref, state, merchant_id, digest, kek, wrapped, box, body, source, decision, actor, why, created_at)
		select coalesce(max(id), 0) + 1, $1, 'open', $2, $3, $4, $5, $6, $7, $8, '', '', '', $9 from merchant_reviews`,
		newRef("r_", b.now), r.merchantID, digest, r.kek, r.wrapped, r.box, string(body), r.source, b.s.stamp(b.now))
	return err
}

const reviewColumns = "id, ref, state, merchant_id, kek, wrapped, box, body, source, decision, actor, why, created_at, decided_at"

// reviewRow is a review as it is stored.
type reviewRow struct {
	Review
	id, merchantID int64
	candidates     []candidateRow
	stated         *StatedMerchant // while it waits
}

// Reviews lists doubts in the order in which they came up, after the one that the
// page before ended with; ErrCursor when that is none.
func (s *Store) Reviews(ctx context.Context, state, after string, limit int) ([]Review, error) {
	var v binds
	var last int64
	if after != "" {
		err := s.pool.QueryRowContext(ctx, "select id from merchant_reviews where ref = $1", after).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrCursor
		}
		if err != nil {
			return nil, err
		}
	}
	text := "select " + reviewColumns + " from merchant_reviews where id > " + v.add(last)
	switch state { // literals: the index holds the open ones only
	case "open":
		text += " and state = 'open'"
	case "settled":
		text += " and state = 'settled'"
	}
	rows, err := s.scanReviews(ctx, s.pool, text+" order by id limit "+v.add(limit), v.values...)
	if err != nil {
		return nil, err
	}
	out := []Review{}
	for i := range rows {
		if err := s.complete(ctx, s.pool, &rows[i]); err != nil {
			return nil, err
		}
		out = append(out, rows[i].Review)
	}
	return out, nil
}

// Review is one doubt: ErrNoReview when it is not there.
func (s *Store) Review(ctx context.Context, ref string) (Review, error) {
	rows, err := s.scanReviews(ctx, s.pool, "select "+reviewColumns+" from merchant_reviews where ref = $1", ref)
	if err == nil && len(rows) == 0 {
		err = ErrNoReview
	}
	if err != nil {
		return Review{}, err
	}
	err = s.complete(ctx, s.pool, &rows[0])
	return rows[0].Review, err
}

func (s *Store) scanReviews(ctx context.Context, q queryer, text string, args ...any) ([]reviewRow, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	var out []reviewRow
	err = scan(rows, func() error {
		var r reviewRow
		var subject sql.NullInt64
		var kek, body string
		var wrapped, box []byte
		var created, decided instant
		if err := rows.Scan(&r.id, &r.ID, &r.State, &subject, &kek, &wrapped, &box, &body, &r.Source, &r.Decision, &r.Actor, &r.Why, &created, &decided); err != nil {
			return err
		}
		r.merchantID, r.Created = subject.Int64, created.Time
		if !decided.IsZero() {
			r.Decided = &decided.Time
		}
		if box != nil {
			key, err := s.unwrap(kek, wrapped)
			if err != nil {
				return err
			}
			plain, err := gcm(key).Open(nil, nil, box, nil)
			if err != nil {
				return err
			}
			if err := json.Unmarshal(plain, &r.stated); err != nil {
				return err
			}
			r.Row = &r.stated.Details
		}
		out = append(out, r)
		return json.Unmarshal([]byte(body), &out[len(out)-1].candidates)
	})
	return out, err
}

// complete reads the entries that a review is about.
func (s *Store) complete(ctx context.Context, q queryer, r *reviewRow) error {
	if r.merchantID != 0 {
		all, err := entriesByID(ctx, q, []int64{r.merchantID})
		if err != nil {
			return err
		}
		r.Entry = &all[0].Merchant
	}
	r.Candidates = []ReviewCandidate{}
	for _, c := range r.candidates {
		e, err := entryByRef(ctx, q, c.Ref)
		if err != nil {
			return err
		}
		r.Candidates = append(r.Candidates, ReviewCandidate{e.Merchant, c.Why, c.Score})
	}
	return nil
}

// ErrNoReview is the one answer for a doubt that is not there.
var ErrNoReview = errors.New("no such review")

// SettleReview settles a doubt. "same": it is the merchant named. "different": it
// is none of the candidates. "merge": the candidates are one merchant, the one
// named, and so is it. The reason is kept in the history of all.
func (s *Store) SettleReview(ctx context.Context, q Once, by By, ref, decision, merchant string) (Review, error) {
	q.Asked = []any{ref, decision, merchant, by.Why}
	var out Review
	err := s.writeOnce(ctx, q, &out, func(b *book) error {
		all, err := s.scanReviews(ctx, b.tx, "select "+reviewColumns+" from merchant_reviews where ref = $1", ref)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return ErrNoReview
		}
		r := &all[0]
		if r.State != "open" {
			return &workflow.Refusal{Code: "review_settled"}
		}
		if err := b.settle(r, by, decision, merchant); err != nil {
			return err
		}
		// what is settled needs its row no more
		if _, err := b.tx.ExecContext(ctx, "update merchant_reviews set state = 'settled', decision = $1, actor = $2, why = $3, decided_at = $4, box = null, wrapped = null where id = $5",
			decision, by.Actor, by.Why, s.stamp(b.now), r.id); err != nil {
			return err
		}
		if err := s.complete(ctx, b.tx, r); err != nil {
			return err
		}
		r.State, r.Decision, r.Actor, r.Why, r.Decided, r.Row = "settled", decision, by.Actor, by.Why, &b.now, nil
		out = r.Review
		return nil
	})
	return out, err
}

func (b *book) settle(r *reviewRow, by By, decision, merchant string) error {
	if decision == "different" {
		return b.other(r, by)
	}
	target, err := entryByRef(b.ctx, b.tx, merchant)
	if err != nil {
		return err
	}
	if target, err = root(b.ctx, b.tx, target); err != nil {
		return err
	}
	if decision == "merge" {
		if !slices.ContainsFunc(r.candidates, func(c candidateRow) bool { return c.Ref == merchant }) {
			return ErrNoMerchant
		}
		for _, c := range r.candidates {
			if err := b.join(c.Ref, target, by); err != nil {
				return err
			}
		}
	}
	if r.merchantID != 0 {
		all, err := entriesByID(b.ctx, b.tx, []int64{r.merchantID})
		if err != nil {
			return err
		}
		return b.join(all[0].ID, target, by)
	}
	all, err := entriesByID(b.ctx, b.tx, []int64{target.id})
	if err != nil {
		return err
	}
	byCode := register.CodeKey(r.stated.Code) != "" && register.CodeKey(r.stated.Code) == register.CodeKey(target.Code)
	_, err = b.state(all[0], r.stated, by, byCode)
	return err
}

// join merges an entry into another, unless it is that one already.
func (b *book) join(ref string, target entry, by By) error {
	e, err := entryByRef(b.ctx, b.tx, ref)
	if err != nil {
		return err
	}
	if e, err = root(b.ctx, b.tx, e); err != nil || e.id == target.id {
		return err
	}
	_, err = b.merge(e, target, by)
	return err
}

// other keeps what is none of the candidates: the entry as it is, the row as a
// new one.
func (b *book) other(r *reviewRow, by By) error {
	if r.merchantID != 0 {
		return b.note(r.merchantID, by, "found_different", HistoryBody{})
	}
	e := &entry{Merchant: register.Merchant{Status: register.Active, Details: r.stated.Details}}
	if r.stated.Closed {
		e.Status = register.Closed
	}
	if err := b.fresh([]*entry{e}); err != nil {
		return err
	}
	if err := b.insert([]*entry{e}, by, "opened", ""); err != nil {
		return err
	}
	return b.addContacts([]contactsOf{{id: e.id, fresh: r.stated.Contacts}}, by, true)
}
