package handlers

import (
	"context"
	"errors"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// statistics answers with the indicators of a time, whole or by a slice and a
// period. It is for the authority's own people: small numbers are not hidden here.
func (s *Server) statistics(ctx context.Context, c *Call) (any, error) {
	var q indicator.Query
	for name, into := range map[string]*calendar.Date{"from": &q.From, "to": &q.To} {
		if d, err := calendar.ParseDate(c.Query(name)); err == nil {
			*into = d
		}
	}
	by, ok := c.Query("by"), false
	if q.By, q.Per, ok = indicator.ParseBy(by); !ok {
		return nil, badQuery("by", "why.slice")
	}
	if c.Params.Has("of") {
		of := c.Query("of")
		q.Of = &of
	}
	if f := q.Check(); f != nil {
		return nil, badQuery(f.Param, f.Why)
	}
	groups, at, err := s.Store.Statistics(ctx, q, indicator.MostGroups)
	if many := (*indicator.TooMany)(nil); errors.As(err, &many) {
		return nil, badQuery("by", "why.too_many_groups")
	}
	if err != nil {
		return nil, err
	}
	return indicator.ReportOf(q, by, groups, at, s.Rules()), nil
}
