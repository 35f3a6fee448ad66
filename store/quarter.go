package store

import (
	"context"
	"database/sql"
	"errors"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// Quarter is where the figures of three months are taken from: from what was frozen
// of each, else from the log up to a block: both can be had again.
type Quarter struct {
	indicator.Span
	Months []indicator.Frozen // of all three, or none
	Log    indicator.At       // up to which the log was read; with months, of the last of them
	groups map[string][]indicator.Group
}

// Quarter reads the counts of a quarter by slices of the log; "" is the whole.
func (s *Store) Quarter(ctx context.Context, x indicator.Span, by ...string) (Quarter, error) {
	out := Quarter{Span: x, groups: map[string][]indicator.Group{}}
	for m := x.From; m < x.To; m = m.AddMonths(1) {
		f, err := s.Frozen(ctx, m.String()[:7])
		if errors.Is(err, sql.ErrNoRows) {
			out.Months = nil
			break
		}
		if err != nil {
			return out, err
		}
		out.Months = append(out.Months, f)
		out.Log = f.Log
	}
	if out.Months != nil {
		for _, slice := range by {
			out.groups[slice] = indicator.Together(out.Months, slice)
		}
		return out, nil
	}
	list := make([]indicator.Query, len(by))
	for i, slice := range by {
		list[i] = indicator.Query{From: x.From, To: x.To, By: slice}
	}
	groups, at, err := s.sealedStatistics(ctx, list)
	if err != nil {
		return out, err
	}
	out.Log = at
	for i, slice := range by {
		out.groups[slice] = groups[i]
	}
	return out, nil
}

// Groups are the counts by a slice that was read.
func (q *Quarter) Groups(slice string) []indicator.Group { return q.groups[slice] }

// Seen is the day as of which cohorts are read.
func (q *Quarter) Seen() calendar.Date { return calendar.On(q.Log.Taken) }
