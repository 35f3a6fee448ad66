package store

import (
	"context"
	"database/sql"

	"fangxin/workflow/calendar"
)

// fold adds what the events that a block seals count for to the rollups, in the
// block's own transaction: so the rollups are at every block exactly what its log
// makes them, and whoever publishes a number can say as of which. upto is the
// last event sealed of each case; sealed_heads still says the one before.
func (s *Store) fold(ctx context.Context, tx *sql.Tx, upto []claimed) error {
	sealing, pairs := s.pairs(upto)
	_, err := tx.ExecContext(ctx, `insert into rollups (indicator, day, domain, town, unit, value)
		select c.indicator, c.day, c.domain, c.town, c.unit, cast(sum(c.value) as bigint) from `+sealing+` x join contributions c on c.case_id = x.case_id and c.seq <= x.seq
			left join sealed_heads h on h.case_id = x.case_id where c.seq > coalesce(h.seq, 0) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
		on conflict (indicator, day, domain, town, unit) do update set value = rollups.value + excluded.value`, pairs)
	return err
}

// Totals counts every indicator over the legal days from and to, both included:
// the rollups, and what is in no block yet. The time that it takes grows neither
// with the number of cases nor with the days that nobody asks for: it goes from
// one indicator to the next by the key.
func (s *Store) Totals(ctx context.Context, from, to calendar.Date) (map[string]int64, error) {
	rows, err := s.pool.QueryContext(ctx, `with recursive kinds (indicator) as (select min(indicator) from rollups
			union all select (select min(r.indicator) from rollups r where r.indicator > k.indicator) from kinds k where k.indicator is not null)
		select indicator, cast(sum(value) as bigint) from (
			select k.indicator, (select sum(r.value) from rollups r where r.indicator = k.indicator and r.day >= $1 and r.day <= $2) as value from kinds k
			union all select c.indicator, c.value from (select distinct case_id from moved) m join contributions c on c.case_id = m.case_id
				left join sealed_heads h on h.case_id = c.case_id where c.seq > coalesce(h.seq, 0) and c.day >= $1 and c.day <= $2) x
		where value is not null group by indicator`, from.String(), to.String())
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	err = scan(rows, func() error {
		var indicator string
		var n int64
		if err := rows.Scan(&indicator, &n); err != nil {
			return err
		}
		out[indicator] = n
		return nil
	})
	return out, err
}
