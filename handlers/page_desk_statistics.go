package handlers

import (
	"cmp"
	"context"
	"encoding/csv"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"fangxin/handlers/view"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// deskStatisticsPath is where the authority's own people read figures: every slice,
// nothing hidden, and behind every number its cases.
const deskStatisticsPath = "/desk/statistics"

// watched are who reads figures inside: the authority's own people and its auditors.
var watched = append([]workflow.Role{"auditor"}, staff...)

// figureRowsShown is how many rows of a table one page shows; the file has them all.
const figureRowsShown = 200

var (
	figureParams = []string{"from", "to", "by", "of", "per"}
	numberParams = []string{"from", "to", "by", "of", "indicator", "line", "side"}
)

func init() {
	queries["GET "+deskStatisticsPath+"/paper"] = []string{"quarter"}
	queries["GET "+deskStatisticsPath], queries["GET "+deskStatisticsPath+"/export"] = figureParams, figureParams
	queries["GET "+deskStatisticsPath+"/cases"], queries["GET "+deskStatisticsPath+"/cases/export"] = append(numberParams, "after"), numberParams
}

// statisticsPages are the pages of figures inside.
func (s *Server) statisticsPages() []deskPage {
	return []deskPage{
		{"GET", deskStatisticsPath, watched, Listing, s.deskStatistics},
		{"GET", deskStatisticsPath + "/export", watched, Listing, s.exportStatistics},
		{"GET", deskStatisticsPath + "/paper", watched, Listing, s.conferencePaper},
		{"GET", deskStatisticsPath + "/cases", watched, Listing, s.deskNumber},
		{"GET", deskStatisticsPath + "/cases/export", watched, Listing, s.exportNumber},
	}
}

// deskFiguresAsked reads the question of a page: unasked, the 365 days that the
// public page shows first.
func (s *Server) deskFiguresAsked(c *Call) (indicator.Query, error) {
	for name, list := range c.Params {
		if len(list) > 1 {
			return indicator.Query{}, badQuery(name, "why.repeated")
		}
	}
	if c.Query("from") == "" && c.Query("to") == "" {
		x, _ := periodOf(rollingYear, calendar.On(s.Now()))
		c.Params.Set("from", x.From.String())
		c.Params.Set("to", x.To.String())
	}
	for _, name := range []string{"by", "per"} { // a form sends what nobody chose
		if c.Query(name) == "" {
			c.Params.Del(name)
		}
	}
	by := c.Query("by")
	if per := c.Query("per"); per != "" {
		if !slices.Contains(indicator.Periods, per) {
			return indicator.Query{}, badQuery("per", "why.choice")
		}
		if by != "" {
			by += ","
		}
		by += per
	}
	return figuresAsked(c, by)
}

// deskStatistics shows figures: of the county or of one value of a slice every
// indicator, otherwise a table of a slice, of periods or of both.
func (s *Server) deskStatistics(ctx context.Context, c *Call) (any, error) {
	q, err := s.deskFiguresAsked(c)
	if err != nil {
		return nil, err
	}
	groups, at, err := s.groupsOf(ctx, q)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.stat.inside")
	p.Path = deskStatisticsPath + "?" + c.Params.Encode()
	all := indicator.Exact(groups, calendar.On(at.Taken))
	name := s.namesOf(ctx, p, q.By)
	out := &view.Statistics{Lead: []string{s.figuresLead(p, q, name), p.T("page.stat.inside.text")}}
	s.chooseFigures(p, c, q, out)
	if q.Per == "" && (q.By == "" || q.Of != nil) {
		g := indicator.Exact([]indicator.Group{{Key: c.Query("of"), From: q.From, To: q.To}}, calendar.On(at.Taken))[0]
		if len(all) > 0 {
			g = all[0]
		}
		err = s.wholeFigures(ctx, p, q, &g, out)
	} else {
		s.tableOfFigures(p, c, q, all, name, out)
	}
	out.Made = s.made(p, indicator.Version, s.Rules().VersionOn(q.To), s.Rules().Calendar().KnownAt(calendar.On(s.Now())).Version(), at)
	out.Files = []view.Link{{To: with(deskStatisticsPath+"/export", c.Params, "", ""), Name: "CSV"}}
	for _, name := range choices(calendar.On(s.Now())) {
		if _, ok := indicator.QuarterOf(name); ok && q.By == "" && q.Per == "" {
			out.Papers = append(out.Papers, view.Link{To: deskStatisticsPath + "/paper?quarter=" + name, Name: timeWords(p, name)})
		}
	}
	return page{body: view.StatisticsPage(p, out)}, err
}

// figuresLead says of whom and of when the figures are.
func (s *Server) figuresLead(p *view.Page, q indicator.Query, name func(string) string) string {
	of := p.T("page.stat.county")
	switch {
	case q.Of != nil:
		of = p.T("page.stat.by."+q.By) + p.T("page.desk.colon") + name(*q.Of)
	case q.By != "":
		of = p.T("page.stat.by." + q.By)
	}
	return p.T("page.stat.inside.of", "Of", of, "From", q.From.String(), "To", q.To.String())
}

// chooseFigures are the ways to other slices, times and periods.
func (s *Server) chooseFigures(p *view.Page, c *Call, q indicator.Query, out *view.Statistics) {
	plain := url.Values{"from": {q.From.String()}, "to": {q.To.String()}}
	if q.Per != "" {
		plain.Set("per", q.Per)
	}
	out.Slices = []view.Link{{To: with(deskStatisticsPath, plain, "", ""), Name: p.T("page.stat.county"), On: q.By == ""}}
	for _, by := range slices.Concat(indicator.LogSlices, indicator.RegisterSlices) {
		out.Slices = append(out.Slices, view.Link{To: with(deskStatisticsPath, plain, "by", by), Name: p.T("page.stat.by." + by), On: q.By == by})
	}
	today := calendar.On(s.Now())
	quarter, _ := indicator.QuarterOf(indicator.Quarter(today))
	spans := []period{{"now.month", indicator.Span{From: monthOf(today), To: today}}, {"now.quarter", indicator.Span{From: quarter.From, To: today}}, {"now.year", indicator.Span{From: calendar.NewDate(today.Year(), 1, 1), To: today}}}
	for _, name := range choices(today) {
		if x, why := periodOf(name, today); why == "" {
			spans = append(spans, x)
		}
	}
	for _, x := range spans {
		v := maps.Clone(c.Params)
		v.Set("from", x.From.String())
		words := timeWordsInside(p, x.name)
		out.Periods = append(out.Periods, view.Link{To: with(deskStatisticsPath, v, "to", x.To.String()), Name: words, On: x.Span == indicator.Span{From: q.From, To: q.To}})
	}
	typed := &unsent{Form: url.Values{"per": {q.Per}}}
	per := view.Field{Name: "per", Kind: "select", Label: p.T("page.stat.per"), Options: options(p, typed, "per", "page.stat.per.", indicator.Periods)}
	per.Options[0].Label = p.T("page.stat.per.none")
	out.Form = &view.StatForm{Action: deskStatisticsPath, Fields: []view.Field{
		{Name: "from", Kind: "date", Label: p.T("page.stat.from"), Value: q.From.String()}, {Name: "to", Kind: "date", Label: p.T("page.stat.to"), Value: q.To.String()}, per}}
	for _, name := range []string{"by", "of"} {
		if c.Params.Has(name) {
			out.Form.Hidden = append(out.Form.Hidden, view.Row{Name: name, Value: c.Query(name)})
		}
	}
}

// timeWordsInside also names what has not ended yet.
func timeWordsInside(p *view.Page, name string) string {
	if name[:3] == "now" {
		return p.T("page.stat.period." + name)
	}
	return timeWords(p, name)
}

// wholeFigures shows every indicator of one group, each number with the way to its
// cases.
func (s *Server) wholeFigures(ctx context.Context, p *view.Page, q indicator.Query, g *indicator.PublicGroup, out *view.Statistics) (err error) {
	out.Tiles = tiles(p, g)
	if q.By == "" {
		if out.Targets, err = s.targets(ctx, p, indicator.Span{From: q.From, To: q.To}, g); err != nil {
			return err
		}
		if out.Overdue, err = s.unitsOverdue(ctx, p, indicator.Span{From: q.From, To: q.To}); err != nil {
			return err
		}
	}
	months := q
	months.From, months.Per = monthOf(q.To).AddMonths(-11), "month"
	trend, at, err := s.groupsOf(ctx, months)
	if err != nil {
		return err
	}
	if len(trend) > 1 {
		chart := monthly(indicator.Exact(trend, calendar.On(at.Taken))).volumes(p)
		chart.Data = ""
		out.Charts = []view.Chart{chart}
	}
	asked := url.Values{"from": {q.From.String()}, "to": {q.To.String()}}
	if q.By != "" {
		asked.Set("by", q.By)
		asked.Set("of", *q.Of)
	}
	out.Groups = statGroups(p, g, func(part indicator.Part) string {
		v := maps.Clone(asked)
		v.Set("indicator", part.ID)
		v.Set("side", part.Side)
		return with(deskStatisticsPath+"/cases", v, "line", part.Line)
	})
	if q.By == "merchant" { // no other knows who complained again
		out.Groups[len(out.Groups)-1].Indicators = append(out.Groups[len(out.Groups)-1].Indicators, indicatorOf(p, figureOf(g, "I-12a"), nil))
	}
	return nil
}

func monthly(groups []indicator.PublicGroup) *months { return &months{groups} }

// tableOfFigures shows the main numbers of many groups, and how many complaints each
// received.
func (s *Server) tableOfFigures(p *view.Page, c *Call, q indicator.Query, all []indicator.PublicGroup, name func(string) string, out *view.Statistics) {
	if q.Per == "" {
		slices.SortStableFunc(all, func(a, b indicator.PublicGroup) int { return cmp.Compare(*b.Numbers["filed"], *a.Numbers["filed"]) })
	}
	t := &view.StatTable{Caption: p.T("page.stat.table")}
	if q.By != "" {
		t.Head = append(t.Head, p.T("page.stat.by."+q.By))
	}
	if q.Per != "" {
		t.Head = append(t.Head, p.T("page.stat.period"))
	}
	t.Head = append(t.Head, p.T("page.stat.tile.received"), p.T("page.stat.tile.closed"), p.T("page.stat.tile.owed"))
	for _, id := range sliceColumns {
		t.Head = append(t.Head, in(p, definitionOf(id).Zh, definitionOf(id).ID+" "+definitionOf(id).En))
	}
	chart := view.Chart{ID: "received", Title: p.T("page.stat.chart.received"), Unit: p.T("page.stat.unit.volumes"), Head: p.T("page.stat.by.any"), Series: []view.Series{{Name: p.T("page.stat.tile.received")}}, Lines: q.Per != "" && q.By == ""}
	for i := range all[:min(len(all), figureRowsShown)] {
		g := &all[i]
		var row []string
		to := maps.Clone(c.Params)
		if q.By != "" {
			row = append(row, name(g.Key))
			to.Set("of", g.Key)
		}
		if q.Per != "" {
			row = append(row, spanWords(g.From, g.To))
			to.Set("from", g.From.String())
			to.Set("to", g.To.String())
		}
		chart.Labels, chart.Series[0].Values = append(chart.Labels, row[len(row)-1]), append(chart.Series[0].Values, g.Numbers["filed"])
		row = append(row, view.Number(g.Numbers["filed"]), view.Number(g.Numbers["closed.**"]), view.Number(g.Numbers["owed.*"]))
		for _, id := range sliceColumns {
			row = append(row, shareWords(&figureOf(g, id).Rates[0]))
		}
		t.Rows, t.To = append(t.Rows, row), append(t.To, with(deskStatisticsPath, to, "per", ""))
	}
	if len(all) > figureRowsShown {
		out.Lead = append(out.Lead, p.T("page.stat.more_rows", "N", strconv.Itoa(len(all)), "Shown", strconv.Itoa(figureRowsShown)))
	}
	if len(all) == 0 {
		out.None = p.T("page.stat.nothing")
		return
	}
	out.Table = t
	if q.By == "" || q.Per == "" {
		if q.By != "" {
			sortChart(&chart)
		}
		out.Charts = []view.Chart{chart}
	}
}

// spanWords names a period by its days: a month as a month.
func spanWords(from, to calendar.Date) string {
	switch {
	case from == to:
		return from.String()
	case from == monthOf(from) && to == from.AddMonths(1)-1:
		return from.String()[:7]
	}
	return from.String() + "–" + to.String()
}

// namesOf says what people call the values of a slice.
func (s *Server) namesOf(ctx context.Context, p *view.Page, by string) func(key string) string {
	return func(key string) string {
		switch {
		case by == "merchant" && key != "":
			if m, err := s.Store.Merchant(ctx, key); err == nil {
				return m.Name
			}
		case by == "unit":
			return s.unitName(p, key)
		case (by == "mediator" || by == "size" || by == "member" || by == "programme") && key != "":
			return wordsOr(p, "page.stat."+by+".", key)
		}
		return s.keyName(p, by, key)
	}
}

// exportStatistics hands figures out as a table, row by row.
func (s *Server) exportStatistics(ctx context.Context, c *Call) (any, error) {
	q, err := s.deskFiguresAsked(c)
	if err != nil {
		return nil, err
	}
	groups, at, err := s.groupsOf(ctx, q)
	if err != nil {
		return nil, err
	}
	r := indicator.ReportOf(q, q.By, groups, at, s.Rules())
	return rowsFile{name: "statistics-" + q.From.String() + "-" + q.To.String() + ".csv", rows: func(row func([]string) error) error { return ReportRows(&r, row) }}, nil
}

// rowsFile is a table that is written while it is sent, with a mark that tells
// spreadsheets that it is UTF-8. Cells are harmless already.
type rowsFile struct {
	name string
	rows func(row func([]string) error) error
}

func (f rowsFile) send(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write([]byte("\uFEFF")); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := f.rows(out.Write); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}
