package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

const publicStatistics = "/api/v1/public/statistics"

// publicReport is what anybody may ask for: the county in a period that has ended,
// or a table of a slice as it was published.
type publicReport struct {
	Period      string                  `json:"period"`
	By          string                  `json:"by"`
	From        calendar.Date           `json:"from"`
	To          calendar.Date           `json:"to"`
	Definitions string                  `json:"definitions"`
	Rules       string                  `json:"rules"`
	Calendar    string                  `json:"calendar"`
	Log         indicator.At            `json:"log"`
	Groups      []indicator.PublicGroup `json:"groups"`
}

// kept is an answer that anybody may keep for some seconds, five minutes when
// nothing is said, and ask again by its digest.
type kept struct {
	kind    string
	body    []byte
	seconds int
}

func (k kept) send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	has := keepable(h, r, etagOf(k.body))
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(cmp.Or(k.seconds, 300)))
	if has {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", k.kind)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(k.body)
	return err
}

// publicFigures answers with what is published. What it was read with changes with
// every block of the log; the digest that caches go by leaves that out where the
// figures are the same.
func (s *Server) publicFigures(ctx context.Context, c *Call) (any, error) {
	for name, list := range c.Params {
		if len(list) > 1 {
			return nil, badQuery(name, "why.repeated")
		}
	}
	by, today := c.Query("by"), calendar.On(s.Now())
	out := publicReport{By: by, Definitions: indicator.Version}
	if by == "" {
		x, why := periodOf(c.Query("period"), today)
		if why != "" {
			return nil, badQuery("period", why)
		}
		g, at, err := s.countyOf(ctx, x.Span)
		if err != nil {
			return nil, err
		}
		law := s.Rules()
		out.Period, out.From, out.To, out.Rules, out.Calendar, out.Log, out.Groups = x.name, x.From, x.To, law.VersionOn(x.To), law.Calendar().KnownAt(today).Version(), at, []indicator.PublicGroup{g}
	} else {
		if !slices.Contains(indicator.PublicSlices, by) {
			return nil, badQuery("by", "why.public_slice")
		}
		r, _, err := s.tableAsked(ctx, by, c.Query("period"))
		if err != nil {
			return nil, err
		}
		if r.Period == "" {
			return nil, badQuery("period", "why.period_unpublished")
		}
		out.Period, out.From, out.To, out.Definitions, out.Rules, out.Calendar, out.Log, out.Groups = r.Period, r.From, r.To, r.Definitions, r.Rules, r.Calendar, r.At, r.Groups
	}
	for i := range out.Groups {
		out.Groups[i].Numbers = nil // the figures say them
	}
	body, err := json.Marshal(out)
	return kept{kind: "application/json", body: body}, err
}

// statisticColumns are the fields of the figures, one row for each line of each
// indicator; hidden says that a number of the row is not published.
var statisticColumns = []openColumn{
	{"slice", "string"}, {"key", "string"}, {"from", "date"}, {"to", "date"}, {"indicator", "string"}, {"version", "integer"}, {"basis", "string"}, {"line", "string"}, {"kind", "string"},
	{"numerator", "integer"}, {"denominator", "integer"}, {"rate", "number"}, {"low", "number"}, {"high", "number"}, {"n", "integer"}, {"sum", "integer"}, {"mean", "number"}, {"median", "integer"}, {"p90", "integer"}, {"hidden", "boolean"},
}

// openRowsOf writes the rows of a group; no is a number that may be hidden.
func openRowsOf(slice string, g *indicator.PublicGroup, row func(openRow) error) error {
	if g.Whole {
		slice = ""
	}
	no := func(n *int64) string {
		if n == nil {
			return ""
		}
		return strconv.FormatInt(*n, 10)
	}
	for i := range g.Figures {
		f := &g.Figures[i]
		head := openRow{slice, g.Key, g.From.String(), g.To.String(), f.ID, strconv.Itoa(f.Version), string(f.Basis)}
		var all []openRow
		for _, r := range f.Rates {
			all = append(all, openRow{r.Line, "rate", no(r.Numerator), no(r.Denominator), r.Rate, r.Low, r.High, "", "", "", "", "", strconv.FormatBool(r.Numerator == nil || r.Denominator == nil)})
		}
		for _, x := range f.Spreads {
			all = append(all, openRow{x.Line, "spread", "", "", "", "", "", no(x.N), no(x.Sum), x.Mean, no(x.Median), no(x.P90), strconv.FormatBool(x.N == nil)})
		}
		for _, a := range f.Excluded {
			all = append(all, openRow{a.Code, "excluded", "", "", "", "", "", no(a.N), "", "", "", "", strconv.FormatBool(a.N == nil)})
		}
		if f.Mature != nil {
			kind := "open"
			if !*f.Mature {
				kind = "open_not_mature"
			}
			all = append(all, openRow{"open", kind, "", "", "", "", "", no(f.Open), "", "", "", "", strconv.FormatBool(f.Open == nil)})
		}
		for _, r := range all {
			if err := row(append(head[:len(head):len(head)], r...)); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachOpenRow hands over all that is published, one month or one table in memory:
// the county month by month from the first to the last that has ended, then every
// table of every slice. Month narrows to the county in one month.
func (s *Server) eachOpenRow(ctx context.Context, month string, row func(openRow) error) error {
	today := calendar.On(s.Now())
	first, err := s.Store.FirstDay(ctx)
	if err != nil || first == 0 {
		return err
	}
	for m := monthOf(first); m <= lastDay(today); m = m.AddMonths(1) {
		if month != "" && m.String()[:7] != month {
			continue
		}
		g, _, err := s.countyOf(ctx, indicator.Span{From: m, To: m.AddMonths(1) - 1})
		if err == nil {
			err = openRowsOf("", &g, row)
		}
		if err != nil {
			return err
		}
	}
	if month != "" {
		return nil
	}
	for _, by := range indicator.PublicSlices {
		periods, err := s.Store.PublicPeriods(ctx, by)
		if err != nil {
			return err
		}
		for _, name := range periods {
			t, err := s.Store.PublicTable(ctx, by, name)
			if err != nil {
				return err
			}
			for i := range t.Groups {
				if err := openRowsOf(by, &t.Groups[i], row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
