package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/indicator"
)

// recountLot is how many cases are counted again in one transaction: writers wait
// for it.
const recountLot = 200

// Recount counts every case again from its events and puts right what was counted
// otherwise, as in a database from before the counts had their present form; then
// the rollups are added up anew. It may run beside a server, which waits for each
// lot, and twice: the second time changes nothing. Snapshots stay as they are.
func (s *Store) Recount(ctx context.Context) (cases, changed int64, err error) {
	last := int64(-1)
	for {
		n, other, next, err := s.recountSome(ctx, last)
		if err != nil {
			return cases, changed, err
		}
		if cases, changed = cases+n, changed+other; n == 0 {
			return cases, changed, s.rollUpAgain(ctx)
		}
		last = next
	}
}

// recountSome counts the cases after an id again, with nobody counting meanwhile.
func (s *Store) recountSome(ctx context.Context, after int64) (cases, changed, last int64, err error) {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.lockBlocks(ctx, tx); err != nil {
		return 0, 0, 0, err
	}
	if s.dialect == "postgres" {
		if _, err := tx.ExecContext(ctx, "lock table contributions in share row exclusive mode"); err != nil {
			return 0, 0, 0, err
		}
	}
	type one struct {
		id           int64
		kind, number string
	}
	var lot []one
	rows, err := tx.QueryContext(ctx, "select id, kind, number from cases where id > $1 order by id limit $2", after, recountLot)
	if err != nil {
		return 0, 0, 0, err
	}
	err = scan(rows, func() error {
		var x one
		err := rows.Scan(&x.id, &x.kind, &x.number)
		lot, last = append(lot, x), x.id
		return err
	})
	if err != nil {
		return 0, 0, 0, err
	}
	for _, x := range lot {
		differs, err := s.recountCase(ctx, tx, workflow.New(workflow.Kind(x.kind), x.id, x.number))
		if err != nil {
			return 0, 0, 0, fmt.Errorf("case %s: %w", x.number, err)
		}
		if differs {
			changed++
		}
	}
	return int64(len(lot)), changed, last, tx.Commit()
}

// counted is a row of contributions of one case.
type counted struct {
	seq int64
	day string
	indicator.Count
}

func (c *counted) text() string {
	return fmt.Sprintf("%d|%s|%s|%d|%d|%d|%s|%s|%s|%s|%s", c.seq, c.Code, c.day, c.Measure, c.Value, c.Domain, c.Category, c.Town, c.Unit, c.Channel, c.Mediator)
}

func (s *Store) recountCase(ctx context.Context, tx *sql.Tx, c workflow.Case) (bool, error) {
	id := c.ID
	events, err := eventsOf(ctx, tx, id)
	if err != nil {
		return false, err
	}
	var should []counted
	for _, e := range events {
		after := workflow.Apply(c, e)
		for _, n := range indicator.Of(&c, &after, &e) {
			should = append(should, counted{e.Seq, n.Day.String(), n})
		}
		c = after
	}
	var is []string
	rows, err := tx.QueryContext(ctx, "select seq, indicator, day, measure, value, domain, category, town, unit, channel, mediator from contributions where case_id = $1", id)
	if err != nil {
		return false, err
	}
	err = scan(rows, func() error {
		var n counted
		err := rows.Scan(&n.seq, &n.Code, &n.day, &n.Measure, &n.Value, &n.Domain, &n.Category, &n.Town, &n.Unit, &n.Channel, &n.Mediator)
		is = append(is, n.text())
		return err
	})
	want := make([]string, len(should))
	for i := range should {
		want[i] = should[i].text()
	}
	slices.Sort(is)
	slices.Sort(want)
	if err != nil || slices.Equal(is, want) {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "delete from contributions where case_id = $1", id); err != nil {
		return false, err
	}
	for _, n := range should {
		if _, err := tx.ExecContext(ctx, `insert into contributions (case_id, seq, indicator, day, measure, value, domain, category, town, unit, channel, mediator)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, id, n.seq, n.Code, n.day, n.Measure, n.Value, n.Domain, n.Category, n.Town, n.Unit, n.Channel, n.Mediator); err != nil {
			return false, err
		}
	}
	return true, nil
}

// rollUpAgain adds up what is sealed.
func (s *Store) rollUpAgain(ctx context.Context) error {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.lockBlocks(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "delete from rollups"); err != nil {
		return err
	}
	var key, slices strings.Builder
	sliced(&key, &slices)
	_, err = tx.ExecContext(ctx, `insert into rollups (slice, indicator, day, key, measure, value)
		select k.slice, c.indicator, c.day, case k.slice`+key.String()+` end, c.measure, cast(sum(c.value) as bigint)
			from contributions c join sealed_heads h on h.case_id = c.case_id and c.seq <= h.seq
			cross join (`+slices.String()+`) k group by 1, 2, 3, 4, 5 having sum(c.value) <> 0`)
	if err != nil {
		return err
	}
	return tx.Commit()
}
