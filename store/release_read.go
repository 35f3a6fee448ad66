package store

import (
	"context"
	"encoding/json"
	"time"

	"fangxin/workflow/calendar"
)

// PublicTable reads the last that was published of a slice and period; ErrNoRelease
// when nothing was.
func (s *Store) PublicTable(ctx context.Context, slice, period string) (PublicTable, error) {
	all, err := s.releases(ctx, "slice = $1 and period = $2 order by no desc limit 1", slice, period)
	if err == nil && len(all) == 0 {
		return PublicTable{}, ErrNoRelease
	}
	if err != nil {
		return PublicTable{}, err
	}
	return all[0], nil
}

// PublicPeriods lists the periods that something is published of by a slice, the last
// first.
func (s *Store) PublicPeriods(ctx context.Context, slice string) ([]string, error) {
	return column[string](s.pool.QueryContext(ctx, "select period from releases where slice = $1 group by period, to_day, from_day order by to_day desc, from_day desc", slice))
}

func (s *Store) releases(ctx context.Context, where string, args ...any) (out []PublicTable, err error) {
	rows, err := s.pool.QueryContext(ctx, "select slice, period, no, from_day, to_day, taken_at, height, hash, definitions, rules, calendar, body from releases where "+where, args...)
	if err != nil {
		return nil, err
	}
	err = scan(rows, func() error {
		var r PublicTable
		var from, to, body string
		var taken int64
		err := rows.Scan(&r.Slice, &r.Period, &r.No, &from, &to, &taken, &r.At.Height, &r.At.Hash, &r.Definitions, &r.Rules, &r.Calendar, &body)
		if err != nil {
			return err
		}
		r.At.Taken = time.UnixMicro(taken).UTC()
		if r.From, err = calendar.ParseDate(from); err != nil {
			return err
		}
		if r.To, err = calendar.ParseDate(to); err != nil {
			return err
		}
		out = append(out, r)
		var x releaseBody
		err = json.Unmarshal([]byte(body), &x)
		last := &out[len(out)-1]
		last.Groups, last.Lines = x.Groups, x.Lines
		return err
	})
	return out, err
}
