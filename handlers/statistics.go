package handlers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// statistics answers with the indicators of a time, whole or by a slice and a
// period. It is for the authority's own people: small numbers are not hidden here.
func (s *Server) statistics(ctx context.Context, c *Call) (any, error) {
	q, err := figuresAsked(c, c.Query("by"))
	if err != nil {
		return nil, err
	}
	groups, at, err := s.groupsOf(ctx, q)
	if err != nil {
		return nil, err
	}
	return indicator.ReportOf(q, c.Query("by"), groups, at, s.Rules()), nil
}

// groupsOf reads the counts of a question, as many groups as one answer holds.
func (s *Server) groupsOf(ctx context.Context, q indicator.Query) ([]indicator.Group, indicator.At, error) {
	groups, at, err := s.Store.Statistics(ctx, q, indicator.MostGroups)
	if many := (*indicator.TooMany)(nil); errors.As(err, &many) {
		return nil, at, badQuery("by", "why.too_many_groups")
	}
	return groups, at, err
}

// figuresAsked reads a question for figures.
func figuresAsked(c *Call, by string) (q indicator.Query, err error) {
	for name, into := range map[string]*calendar.Date{"from": &q.From, "to": &q.To} {
		if d, err := calendar.ParseDate(c.Query(name)); err == nil {
			*into = d
		}
	}
	ok := false
	if q.By, q.Per, ok = indicator.ParseBy(by); !ok {
		return q, badQuery("by", "why.slice")
	}
	if c.Params.Has("of") {
		of := c.Query("of")
		q.Of = &of
	}
	if f := q.Check(); f != nil {
		return q, badQuery(f.Param, f.Why)
	}
	return q, nil
}

// countedView are the cases behind one number.
type countedView struct {
	indicator.Part
	Log      indicator.At  `json:"log"`
	Sum      int64         `json:"sum"`
	Cases    int64         `json:"cases"`
	Shown    int64         `json:"shown"`
	ShownSum int64         `json:"shown_sum"`
	List     []countedCase `json:"list"`
	Next     string        `json:"next,omitempty"`
}

type countedCase struct {
	Number   string         `json:"number"`
	Counts   int64          `json:"counts"`
	Kind     workflow.Kind  `json:"kind"`
	State    workflow.State `json:"state"`
	Outcome  string         `json:"outcome,omitempty"`
	Unit     string         `json:"unit,omitempty"`
	Town     string         `json:"town,omitempty"`
	Domain   int            `json:"domain,omitempty"`
	Category string         `json:"category,omitempty"`
	Filed    time.Time      `json:"filed_at"`
}

// countedCases lists the cases behind a number, those that the caller may see.
func (s *Server) countedCases(ctx context.Context, c *Call) (any, error) {
	q, part, err := countedAsked(c)
	if err != nil {
		return nil, err
	}
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	got, err := s.behindNumber(ctx, c, q, part, c.Query("after"), limit)
	if err != nil {
		return nil, err
	}
	out := countedView{Part: part, Log: got.At, Sum: got.Sum, Cases: got.Cases, Shown: got.Shown, ShownSum: got.ShownSum, List: []countedCase{}, Next: got.Next}
	for _, l := range got.Lines {
		out.List = append(out.List, countedCase{l.Number, l.N, l.Kind, l.State, l.Outcome, l.Unit, l.Town, l.Domain, l.Category, l.Filed})
	}
	return out, nil
}

// countedAsked reads which number of which question is meant: of one value, when
// it is by a slice.
func countedAsked(c *Call) (q indicator.Query, part indicator.Part, err error) {
	if q, err = figuresAsked(c, c.Query("by")); err != nil {
		return q, part, err
	}
	part = indicator.Part{ID: c.Query("indicator"), Line: c.Query("line"), Side: c.Query("side")}
	switch {
	case q.Per != "":
		return q, part, badQuery("by", "why.one_period")
	case q.By != "" && q.Of == nil:
		return q, part, badQuery("of", "why.one_value")
	case definitionOf(part.ID) == nil:
		return q, part, badQuery("indicator", "why.indicator")
	case !slices.Contains(indicator.Sides, part.Side):
		return q, part, badQuery("side", "why.choice")
	}
	return q, part, nil
}

// behindNumber reads a page of the cases behind a number.
func (s *Server) behindNumber(ctx context.Context, c *Call, q indicator.Query, part indicator.Part, after string, limit int) (store.Counted, error) {
	got, err := s.Store.CountedCases(ctx, c.User, q, part, after, limit)
	switch {
	case errors.Is(err, store.ErrCursor):
		return got, badQuery("after", "why.cursor")
	case errors.Is(err, store.ErrNoNumber):
		return got, badQuery("line", "why.no_number")
	case errors.Is(err, store.ErrNoCases):
		return got, badQuery("indicator", "why.no_cases")
	}
	return got, err
}

// ReportColumns are those of figures as a file: a row for each line of each
// indicator.
var ReportColumns = []string{"key", "from", "to", "indicator", "version", "basis", "line", "kind", "numerator", "denominator", "rate", "low", "high", "n", "sum", "mean", "median", "p90"}

// ReportRows hands over figures row by row, the names of the columns first.
func ReportRows(r *indicator.Report, row func([]string) error) error {
	if err := row(ReportColumns); err != nil {
		return err
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		for j := range g.Figures {
			f := &g.Figures[j]
			head := []string{Harmless(g.Key), g.From.String(), g.To.String(), f.ID, strconv.Itoa(f.Version), string(f.Basis)}
			for _, x := range figureRows(f) {
				if err := row(append(head[:len(head):len(head)], x...)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func figureRows(f *indicator.Figure) (all [][]string) {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, x := range f.Rates {
		all = append(all, []string{Harmless(x.Line), "rate", number(x.Numerator), number(x.Denominator), x.Rate, x.Low, x.High, "", "", "", "", ""})
	}
	for _, x := range f.Spreads {
		all = append(all, []string{x.Line, "spread", "", "", "", "", "", number(x.N), number(x.Sum), x.Mean, number(x.Median), number(x.P90)})
	}
	for _, x := range f.Excluded {
		all = append(all, []string{Harmless(x.Code), "excluded", "", "", "", "", "", number(x.N), "", "", "", ""})
	}
	if f.Open != nil {
		kind := "open"
		if !*f.Mature {
			kind = "open_not_mature"
		}
		all = append(all, []string{"open", kind, "", "", "", "", "", number(*f.Open), "", "", "", ""})
	}
	return all
}
