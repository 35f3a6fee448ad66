package store

import (
	"context"
	"errors"

	"fangxin/workflow/indicator"
	"fangxin/workflow/register"
)

// PublicMerchant is a merchant of whom something is published, or who is in the
// green channel; an entry that was merged is what it became. ErrNotPublished for
// every other, known or not.
func (s *Store) PublicMerchant(ctx context.Context, ref string) (register.Merchant, error) {
	e, err := rootByRef(ctx, s.pool, ref)
	if errors.Is(err, ErrNoMerchant) {
		return register.Merchant{}, ErrNotPublished
	}
	if err != nil {
		return register.Merchant{}, err
	}
	var n int
	err = s.pool.QueryRowContext(ctx, `select count(*) from (select 1 from publications where merchant = $1 and form is not null
		union all select 1 from members g where g.merchant_id = $2 and exists (select 1 from member_history h where h.member_id = g.id and h.state = 'approved')) x`, e.ID, e.id).Scan(&n)
	if err == nil && n == 0 {
		err = ErrNotPublished
	}
	return e.Merchant, err
}

// MerchantFigures counts what the cases about one merchant, and about entries that
// were merged into his, add to some days. It reads his cases and no others.
func (s *Store) MerchantFigures(ctx context.Context, ref string, x indicator.Span) (indicator.Group, indicator.At, error) {
	out, at := indicator.Group{Key: ref, From: x.From, To: x.To, Counts: indicator.Counts{}}, indicator.At{Taken: s.cfg.Now().UTC()}
	rows, err := s.pool.QueryContext(ctx, `with recursive family (id) as (select id from merchants where ref = $1 union select m.id from merchants m join family f on m.merged_into = f.id)
		select c.indicator, c.measure, cast(sum(c.value) as bigint) from contributions c
		where c.case_id in (select x.case_id from case_merchants x join family f on f.id = x.merchant_id where x.no = (select max(l.no) from case_merchants l where l.case_id = x.case_id))
			and c.day <= $3 and (c.day >= $2 or c.indicator >= 'owed.' and c.indicator < 'owed/')
		group by 1, 2`, ref, x.From.String(), x.To.String())
	if err != nil {
		return out, at, err
	}
	err = scan(rows, func() error {
		var code string
		var measure, n int64
		err := rows.Scan(&code, &measure, &n)
		out.Counts.Add(code, measure, n)
		return err
	})
	if err == nil {
		err = s.pool.QueryRowContext(ctx, "select coalesce(max(height), 0) from blocks").Scan(&at.Height)
	}
	return out, at, err
}
