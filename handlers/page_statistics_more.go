package handlers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// months are the county's figures by month.
type months struct{ groups []indicator.PublicGroup }

// trend reads the months up to the one that a day lies in.
func (s *Server) trend(ctx context.Context, p *view.Page, to calendar.Date, n int) (*months, error) {
	from := monthOf(to).AddMonths(1 - n)
	groups, at, err := s.figures(ctx, indicator.Query{From: from, To: to, Per: "month"})
	if err != nil {
		return nil, err
	}
	return &months{indicator.WholePublic(groups, calendar.On(at.Taken))}, nil
}

func (m *months) labels(p *view.Page) (out []string) {
	for i, g := range m.groups {
		label := p.T("page.stat.month", "N", strconv.Itoa(monthNumber(g.From)))
		if i > 0 && monthNumber(g.From) == 1 {
			label = strconv.Itoa(g.From.Year())
		}
		out = append(out, label)
	}
	return out
}

func (m *months) series(name string, of func(*indicator.PublicGroup) *int64) view.Series {
	out := view.Series{Name: name}
	for i := range m.groups {
		out.Values = append(out.Values, of(&m.groups[i]))
	}
	return out
}

func (m *months) chart(p *view.Page, id string) view.Chart {
	last := len(m.groups) - 1
	return view.Chart{ID: id, Title: p.T("page.stat.chart." + id), Note: p.T("page.stat.chart.months", "From", m.groups[0].From.String()[:7], "To", m.groups[last].From.String()[:7]),
		Unit: p.T("page.stat.unit." + id), Head: p.T("page.stat.month_head"), Labels: m.labels(p), Lines: true, Data: "/data/statistics.csv"}
}

func (m *months) volumes(p *view.Page) view.Chart {
	out := m.chart(p, "volumes")
	out.Series = []view.Series{
		m.series(p.T("page.stat.tile.received"), func(g *indicator.PublicGroup) *int64 { return g.Numbers["filed"] }),
		m.series(p.T("page.stat.tile.closed"), func(g *indicator.PublicGroup) *int64 { return g.Numbers["closed.**"] }),
	}
	return out
}

// rates are whole percent of rates of at least ten.
func (m *months) rates(p *view.Page, id string, indicators ...string) view.Chart {
	out := m.chart(p, id)
	for _, name := range indicators {
		d := definitionOf(name)
		out.Series = append(out.Series, m.series(in(p, d.Zh, d.ID), func(g *indicator.PublicGroup) *int64 {
			share, err := strconv.ParseFloat(figureOf(g, name).Rates[0].Rate, 64)
			if err != nil {
				return nil
			}
			n := int64(share*100 + .5)
			return &n
		}))
	}
	return out
}

// showTrends draws three years.
func (s *Server) showTrends(ctx context.Context, c *Call) (any, error) {
	p := s.base(c, "page.stat.trends")
	p.Path = statisticsPath + "/trends"
	m, err := s.trend(ctx, p, lastDay(calendar.On(s.Now())), 24)
	if err != nil {
		return nil, err
	}
	owed := m.chart(p, "owed")
	owed.Series = []view.Series{m.series(p.T("page.stat.tile.owed"), func(g *indicator.PublicGroup) *int64 { return g.Numbers["owed.*"] })}
	out := &view.Statistics{Lead: []string{p.T("page.stat.trends.lead")}, Slices: statSlices(p, "trends"),
		Charts: []view.Chart{m.volumes(p), m.rates(p, "settled", "I-01A", "I-03b"), m.rates(p, "in_time", "I-06a", "I-02"), owed}}
	return page{body: view.StatisticsPage(p, out), public: true}, nil
}

// showSlice is what is published by one slice in one period.
func (s *Server) showSlice(ctx context.Context, c *Call) (any, error) {
	by := c.Param("slice")
	if !slices.Contains(indicator.PublicSlices, by) {
		return nil, notFound()
	}
	p := s.base(c, "page.stat.by."+by)
	p.Path = statisticsPath + "/by/" + by + "?" + c.Params.Encode()
	r, periods, err := s.tableAsked(ctx, by, c.Query("period"))
	if err != nil {
		return nil, err
	}
	out := &view.Statistics{Lead: []string{p.T("page.stat.by.lead")}, Slices: statSlices(p, by), Hidden: true}
	for _, name := range periods {
		out.Periods = append(out.Periods, view.Link{To: statisticsPath + "/by/" + by + "?period=" + name, Name: timeWords(p, name), On: name == r.Period})
	}
	switch {
	case r.Period == "":
		out.None = p.T("page.stat.by.none")
	case len(r.Groups) == 0:
		out.None = p.T("page.stat.by.cannot")
	default:
		s.slicePage(p, out, &r)
	}
	return page{body: view.StatisticsPage(p, out), public: true}, nil
}

// tableAsked is the table of a slice that is asked for, the last one without a
// period; none at all is an empty one.
func (s *Server) tableAsked(ctx context.Context, by, name string) (r store.PublicTable, periods []string, err error) {
	if periods, err = s.Store.PublicPeriods(ctx, by); err != nil {
		return r, nil, err
	}
	if name == "" {
		if len(periods) == 0 {
			return r, nil, nil
		}
		name = periods[0]
	} else if _, why := periodOf(name, calendar.On(s.Now())); why != "" {
		return r, nil, badQuery("period", why)
	}
	r, err = s.Store.PublicTable(ctx, by, name)
	if errors.Is(err, store.ErrNoRelease) {
		return r, periods, badQuery("period", "why.period_unpublished")
	}
	return r, periods, err
}

// sliceColumns are the indicators that a table of a slice shows.
var sliceColumns = []string{"I-01A", "I-02", "I-03b", "I-04", "I-06a"}

func (s *Server) slicePage(p *view.Page, out *view.Statistics, r *store.PublicTable) {
	t := &view.StatTable{Caption: p.T("page.stat.by."+r.Slice) + " · " + timeWords(p, r.Period), Head: []string{p.T("page.stat.by." + r.Slice), p.T("page.stat.tile.received"), p.T("page.stat.tile.closed")}}
	for _, id := range sliceColumns {
		t.Head = append(t.Head, in(p, definitionOf(id).Zh, definitionOf(id).ID+" "+definitionOf(id).En))
	}
	chart := view.Chart{ID: "received", Title: p.T("page.stat.chart.received"), Note: timeWords(p, r.Period), Unit: p.T("page.stat.unit.volumes"), Head: p.T("page.stat.by." + r.Slice), Data: publicStatistics + "?by=" + r.Slice + "&period=" + r.Period,
		Series: []view.Series{{Name: p.T("page.stat.tile.received")}}}
	for i := range r.Groups {
		g := &r.Groups[i]
		name := s.keyName(p, r.Slice, g.Key)
		if g.Whole {
			name = p.T("page.stat.whole")
		} else if n := g.Numbers["filed"]; n == nil || *n > 0 {
			chart.Labels, chart.Series[0].Values = append(chart.Labels, name), append(chart.Series[0].Values, n)
		} else if r.Slice == "category" {
			continue // of two hundred most are empty
		}
		row := []string{name, view.Number(g.Numbers["filed"]), view.Number(g.Numbers["closed.**"])}
		for _, id := range sliceColumns {
			row = append(row, shareWords(&figureOf(g, id).Rates[0]))
		}
		t.Rows = append(t.Rows, row)
	}
	sortChart(&chart)
	out.Table = t
	if len(chart.Labels) > 0 {
		out.Charts = []view.Chart{chart}
	}
	out.Made = append(s.made(p, r.Definitions, r.Rules, r.Calendar, r.At), view.Row{Name: p.T("page.stat.made.release"), Value: p.T("page.stat.release", "N", strconv.Itoa(r.No))})
	out.Files = []view.Link{{To: publicStatistics + "?by=" + r.Slice + "&period=" + r.Period, Name: "JSON"}, {To: "/data/statistics.csv", Name: "CSV"}, {To: "/data/statistics.xlsx", Name: "XLSX"}}
}

// sortChart puts the greatest first, what is not published last, and keeps fifteen.
func sortChart(c *view.Chart) {
	order := make([]int, len(c.Labels))
	for i := range order {
		order[i] = i
	}
	value := func(i int) int64 {
		if v := c.Series[0].Values[i]; v != nil {
			return *v
		}
		return -1
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(value(b) - value(a)) })
	var labels []string
	var values []*int64
	for _, i := range order[:min(len(order), 15)] {
		labels, values = append(labels, c.Labels[i]), append(values, c.Series[0].Values[i])
	}
	c.Labels, c.Series[0].Values = labels, values
}

// keyName is what people call a value of a slice.
func (s *Server) keyName(p *view.Page, by, key string) string {
	name := key
	switch by {
	case "domain":
		n, _ := strconv.Atoi(key)
		name = s.domainName(p, n)
	case "town":
		return s.townWords(p, key)
	case "category":
		name = s.categoryName(p, 0, key)
	case "channel":
		if key != "" {
			return p.T("page.stat.channel." + key)
		}
	}
	if name == "" {
		return p.T("page.stat.unknown")
	}
	return name
}

// showDefinitions lists how every number is made.
func (s *Server) showDefinitions(_ context.Context, c *Call) (any, error) {
	p := s.base(c, "page.stat.definitions")
	p.Path = statisticsPath + "/definitions"
	out := &view.Explained{ID: p.T("page.stat.version", "Version", indicator.Version)}
	for i, text := range indicator.General() {
		if text != "" && strings.ContainsRune(text, '。') == (p.Lang != "en") {
			out.Words = append(out.Words, plainWords(text))
		}
		_ = i
	}
	for _, d := range indicator.Definitions {
		out.All = append(out.All, view.Link{To: statisticsPath + "/definitions/" + d.ID, Name: d.ID + " " + in(p, d.Zh, d.En)})
	}
	return page{body: view.ExplainedPage(p, out), public: true}, nil
}

// showDefinition says how one number is made.
func (s *Server) showDefinition(_ context.Context, c *Call) (any, error) {
	d := definitionOf(c.Param("indicator"))
	if d == nil {
		return nil, notFound()
	}
	p := s.base(c, "page.stat.definition", "Name", "")
	p.Title = in(p, d.Zh, d.En)
	p.Path = statisticsPath + "/definitions/" + d.ID
	x, _ := indicator.Explain(d.ID)
	out := &view.Explained{ID: d.ID, Words: []string{plainWords(in(p, x.Zh, x.En))}, Counted: x.Given, Gives: x.Gives, Inside: deskStatisticsPath + "#" + d.ID,
		Reading: []view.Row{{Name: p.T("page.stat.made.definition"), Value: strconv.Itoa(d.Version) + " (" + indicator.Version + ")"}, {Name: p.T("page.stat.basis"), Value: p.T("page.stat.basis." + string(d.Basis))}}}
	for _, l := range slices.Concat(d.Lines, d.Spread) {
		made := strings.Join(l.Num, " + ")
		if l.Den != nil {
			made += "  ÷  " + strings.Join(l.Den, " + ")
		}
		out.Lines = append(out.Lines, []string{in(p, l.Zh, l.En), made})
	}
	return page{body: view.ExplainedPage(p, out), public: true}, nil
}

// plainWords takes the marks of the document out.
func plainWords(text string) string { return strings.NewReplacer("**", "", "`", "").Replace(text) }
