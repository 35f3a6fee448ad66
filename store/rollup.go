package store

import (
	"context"
	"database/sql"
	"strings"

	"fangxin/workflow/calendar"
)

// logSlices are the slices that the log itself knows, and the column of a count
// that holds each; "" is the whole.
var logSlices = map[string]string{"": "''", "domain": "cast(c.domain as text)", "category": "c.category", "town": "c.town", "unit": "c.unit", "channel": "c.channel", "mediator": "c.mediator"}

// everySlice lists them in their order.
var everySlice = []string{"", "domain", "category", "town", "unit", "channel", "mediator"}

// fold adds what the events that a block seals count for to the rollups, in the
// block's own transaction: so the rollups are at every block exactly what its log
// makes them, and whoever publishes a number can say as of which. upto is the
// last event sealed of each case; sealed_heads still says the one before.
func (s *Store) fold(ctx context.Context, tx *sql.Tx, upto []claimed) error {
	sealing, pairs := s.pairs(upto)
	var key, slices strings.Builder
	sliced(&key, &slices)
	// added up once by everything that tells counts apart, before each is counted by every
	// slice: of a busy hour that is a few sums
	_, err := tx.ExecContext(ctx, `insert into rollups (slice, indicator, day, key, measure, value)
		select k.slice, c.indicator, c.day, case k.slice`+key.String()+` end, c.measure, cast(sum(c.value) as bigint)
			from (select c.indicator, c.day, c.measure, c.domain, c.category, c.town, c.unit, c.channel, c.mediator, sum(c.value) as value
				from `+sealing+` x join contributions c on c.case_id = x.case_id and c.seq <= x.seq left join sealed_heads h on h.case_id = x.case_id
				where c.seq > coalesce(h.seq, 0) group by 1, 2, 3, 4, 5, 6, 7, 8, 9) c
			cross join (`+slices.String()+`) k where true group by 1, 2, 3, 4, 5 having sum(c.value) <> 0 order by 1, 2, 3, 4, 5
		on conflict (slice, indicator, day, key, measure) do update set value = rollups.value + excluded.value`, pairs)
	return err
}

// sliced writes what a statement needs to count by every slice: the key of each, and
// the slices as a table.
func sliced(key, slices *strings.Builder) {
	for i, name := range everySlice {
		key.WriteString(" when '" + name + "' then " + logSlices[name])
		if i > 0 {
			slices.WriteString(" union all ")
		}
		slices.WriteString("select '" + name + "' as slice")
	}
}

// kinds goes from one indicator of a slice to the next by the key, so that what
// is read grows neither with the number of cases nor with days nobody asks for.
const kinds = `with recursive kinds (indicator) as (select min(indicator) from rollups where slice = $1
	union all select (select min(r.indicator) from rollups r where r.slice = $1 and r.indicator > k.indicator) from kinds k where k.indicator is not null)`

// unsealed are the counts that are in no block yet.
const unsealed = `(select distinct case_id from moved) m join contributions c on c.case_id = m.case_id
	left join sealed_heads h on h.case_id = c.case_id where c.seq > coalesce(h.seq, 0)`

// Totals counts every indicator over the legal days from and to, both included:
// the rollups, and what is in no block yet.
func (s *Store) Totals(ctx context.Context, from, to calendar.Date) (map[string]int64, error) {
	rows, err := s.pool.QueryContext(ctx, kinds+` select indicator, cast(sum(value) as bigint) from (
			select k.indicator, (select sum(r.value) from rollups r where r.slice = $1 and r.indicator = k.indicator and r.day >= $2 and r.day <= $3) as value from kinds k
			union all select c.indicator, c.value from `+unsealed+` and c.day >= $2 and c.day <= $3) x
		where value is not null group by indicator`, "", from.String(), to.String())
	if err != nil {
		return nil, err
	}
	return tally(rows)
}
