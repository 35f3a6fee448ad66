package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// Statistics reads the counts behind figures: the rollups and what is in no block
// yet, in one snapshot, without touching a case; what the register says of
// merchants is read from the counts themselves. With limit > 0 it answers a
// *indicator.TooMany rather than more groups than that.
func (s *Store) Statistics(ctx context.Context, q indicator.Query, limit int) ([]indicator.Group, indicator.At, error) {
	groups, at, err := s.statistics(ctx, []indicator.Query{q}, limit, false)
	if err != nil {
		return nil, at, err
	}
	return groups[0], at, nil
}

// sealedStatistics reads the same of several questions in one state, that of the last
// block: what is in none yet is left out, so that the log up to there gives every
// count again.
func (s *Store) sealedStatistics(ctx context.Context, list []indicator.Query) ([][]indicator.Group, indicator.At, error) {
	return s.statistics(ctx, list, 0, true)
}

func (s *Store) statistics(ctx context.Context, list []indicator.Query, limit int, sealed bool) ([][]indicator.Group, indicator.At, error) {
	at := indicator.At{Taken: s.cfg.Now().UTC()}
	tx, err := s.snapshot(ctx)
	if err != nil {
		return nil, at, err
	}
	defer func() { _ = tx.Rollback() }()
	all := make([]*reading, len(list))
	for i, q := range list {
		r := &reading{s: s, ctx: ctx, tx: tx, q: q, spans: q.Spans(), groups: map[groupKey]indicator.Counts{}, limit: limit, sealed: sealed}
		if limit > 0 && len(r.spans) > limit {
			return nil, at, &indicator.TooMany{Groups: len(r.spans)}
		}
		if err := r.read(); err != nil {
			return nil, at, err
		}
		all[i] = r
	}
	if at.Height, at.Hash, err = lastBlock(ctx, tx); err != nil {
		return nil, at, err
	}
	_ = tx.Rollback() // what follows reads by itself
	out := make([][]indicator.Group, len(all))
	for i, r := range all {
		if err := r.beside(); err != nil {
			return nil, at, err
		}
		out[i] = r.sorted()
	}
	return out, at, nil
}

// lastBlock is the height of the log, and the hash of its last block in hexadecimal;
// 0 and nothing while there is none.
func lastBlock(ctx context.Context, tx *sql.Tx) (height int64, _ string, err error) {
	var hash []byte
	err = tx.QueryRowContext(ctx, "select height, hash from blocks order by height desc limit 1").Scan(&height, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return height, hex.EncodeToString(hash), err
}

// snapshot begins a transaction that sees one state.
func (s *Store) snapshot(ctx context.Context) (*sql.Tx, error) {
	if s.dialect == "postgres" {
		return s.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	}
	return s.pool.BeginTx(ctx, nil)
}

type groupKey struct {
	key  string
	span int
}

// reading is one question while it is read.
type reading struct {
	s      *Store
	ctx    context.Context
	tx     *sql.Tx
	q      indicator.Query
	spans  []indicator.Span
	groups map[groupKey]indicator.Counts
	limit  int
	sealed bool                                           // without what is in no block yet
	name   func(merchant int64, day calendar.Date) string // of a register slice
	only   []claimed                                      // the merchants that the answer can be about; nil: any
}

// line is one sum as it is read: day is the day, the first seven characters of it,
// or empty, as finely as the question asks.
type line struct {
	code, day, key string
	merchant       int64
	measure, value int64
}

func (r *reading) read() error {
	first := r.first()
	registered := slices.Contains(indicator.RegisterSlices, r.q.By)
	text := r.fromRollups
	if registered {
		text = r.fromCounts
		var err error
		if r.name, err = r.namer(); err != nil {
			return err
		}
	}
	bucket := r.q.Bucket()
	daily := r.q.By == "member" || r.q.By == "programme"
	if daily {
		bucket = 10 // whether he was a member is asked of each day
	}
	if err := r.each(text(bucket, false), r.take, first, r.q.To); err != nil {
		return err
	}
	stock := func(l line) error { // what stood before the first day
		for i := range r.spans {
			r.into(r.keyOf(l), i, l)
		}
		return nil
	}
	before := 0
	if daily {
		before = 10
	}
	return r.each(text(before, true), stock, 0, first-1)
}

// first is the first day of any period: a rolling one begins before the question.
func (r *reading) first() calendar.Date {
	first := r.q.From
	for _, x := range r.spans {
		first = min(first, x.From)
	}
	return first
}

func (r *reading) keyOf(l line) string {
	if r.name == nil {
		return l.key
	}
	day, _ := calendar.ParseDate(l.day)
	return r.name(l.merchant, day)
}

// take puts a sum into every period that it belongs to.
func (r *reading) take(l line) error {
	key := r.keyOf(l)
	owed := strings.HasPrefix(l.code, "owed.")
	for i, x := range r.spans {
		from, to := x.From.String(), x.To.String()
		if n := len(l.day); n < 10 && r.q.Per != "" || r.q.Per == "" && r.q.By == "" {
			from, to = from[:n], to[:n]
		}
		in := l.day >= from && l.day <= to || r.q.Per == ""
		if owed && l.day <= to || in { // a stock is what was added up to the last day
			r.into(key, i, l)
		}
	}
	if r.limit > 0 && len(r.groups) > r.limit {
		return &indicator.TooMany{Groups: len(r.groups)}
	}
	return nil
}

func (r *reading) into(key string, span int, l line) {
	if r.q.Of != nil && key != *r.q.Of {
		return
	}
	k := groupKey{key, span}
	if r.groups[k] == nil {
		r.groups[k] = indicator.Counts{}
	}
	r.groups[k].Add(l.code, l.measure, l.value)
}

// fromRollups reads what the log's own slices add up to. $1 is the slice, $2 and
// $3 the days; of the stock only what is owed. Cross join, because SQLite would
// otherwise look through all rollups for each of them.
func (r *reading) fromRollups(bucket int, stock bool) string {
	of := func(alias string) string {
		if stock {
			return " and " + alias + ".indicator >= 'owed.' and " + alias + ".indicator < 'owed/'"
		}
		return ""
	}
	day := func(column string) string { return fmt.Sprintf("substr(%s, 1, %d)", column, bucket) }
	key := logSlices[r.q.By]
	only := [2]string{}
	if r.q.Of != nil {
		only = [2]string{" and r.key = $4", " and " + key + " = $4"}
	}
	tail := `
			union all select c.indicator, ` + day("c.day") + `, ` + key + `, c.measure, c.value from ` + unsealed + ` and c.day >= $2 and c.day <= $3` + of("c") + only[1]
	if r.sealed {
		tail = ""
	}
	return kinds + ` select indicator, day, key, 0, measure, cast(sum(value) as bigint) from (
			select r.indicator, ` + day("r.day") + ` as day, r.key, r.measure, r.value from kinds k cross join rollups r where r.slice = $1 and r.indicator = k.indicator and r.day >= $2 and r.day <= $3` + of("r") + only[0] + tail + `) x
		group by 1, 2, 3, 5`
}

// about is the merchant that each case is read as being about: the last that was
// found.
const about = "(select x.case_id, x.merchant_id from case_merchants x where x.no = (select max(l.no) from case_merchants l where l.case_id = x.case_id))"

// fromCounts reads the counts themselves, each with the merchant that its case is
// read as being about.
func (r *reading) fromCounts(bucket int, stock bool) string {
	of := ""
	if stock {
		of = " and c.indicator >= 'owed.' and c.indicator < 'owed/'"
	}
	if r.only != nil {
		pairs, _ := r.s.pairs(nil)
		return fmt.Sprintf(`select c.indicator, substr(c.day, 1, %d), '', k.merchant_id, c.measure, cast(sum(c.value) as bigint)
			from `+pairs+` x cross join case_merchants k cross join contributions c
			where k.merchant_id = x.case_id and k.no = (select max(l.no) from case_merchants l where l.case_id = k.case_id)
				and c.case_id = k.case_id and c.day >= $2 and c.day <= $3%s group by 1, 2, 4, 5`, bucket, of)
	}
	return fmt.Sprintf(`select c.indicator, substr(c.day, 1, %d), $1, coalesce(k.merchant_id, 0), c.measure, cast(sum(c.value) as bigint)
		from contributions c left join %s k on k.case_id = c.case_id
		where c.day >= $2 and c.day <= $3%s group by 1, 2, 4, 5`, bucket, about, of)
}

func (r *reading) each(text string, take func(line) error, from, to calendar.Date) error {
	slice := r.q.By
	if r.name != nil {
		slice = ""
	}
	args := []any{slice, from.String(), to.String()}
	if r.only != nil {
		_, args[0] = r.s.pairs(r.only)
	}
	if from == 0 {
		args[1] = ""
	}
	if r.q.Of != nil && r.name == nil {
		args = append(args, *r.q.Of)
	}
	rows, err := r.tx.QueryContext(r.ctx, text, args...)
	if err != nil {
		return err
	}
	return scan(rows, func() error {
		var l line
		if err := rows.Scan(&l.code, &l.day, &l.key, &l.merchant, &l.measure, &l.value); err != nil {
			return err
		}
		return take(l)
	})
}

// sorted are the groups in order: by key, then by time. A question for the whole
// has an answer for every period, even where nothing happened.
func (r *reading) sorted() []indicator.Group {
	if r.q.By == "" {
		for i := range r.spans {
			if k := (groupKey{"", i}); r.groups[k] == nil {
				r.groups[k] = indicator.Counts{}
			}
		}
	}
	keys := slices.Collect(maps.Keys(r.groups))
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		if a.key != b.key {
			return len(a.key) < len(b.key) || len(a.key) == len(b.key) && a.key < b.key
		}
		return a.span < b.span
	})
	out := make([]indicator.Group, len(keys))
	for i, k := range keys {
		out[i] = indicator.Group{Key: k.key, From: r.spans[k.span].From, To: r.spans[k.span].To, Counts: r.groups[k]}
	}
	return out
}
