package handlers

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// casesShown is how many cases behind a number one page lists, casesExported how
// many a file holds.
const (
	casesShown    = 50
	casesExported = 10_000
)

// deskNumber lists the cases behind one number.
func (s *Server) deskNumber(ctx context.Context, c *Call) (any, error) {
	q, part, err := countedAsked(c)
	if err != nil {
		return nil, err
	}
	got, err := s.behindNumber(ctx, c, q, part, c.Query("after"), casesShown)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.stat.cases")
	p.Path = deskStatisticsPath + "/cases?" + c.Params.Encode()
	d := definitionOf(part.ID)
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	out := &view.Statistics{Lead: []string{
		s.figuresLead(p, q, s.namesOf(ctx, p, q.By)),
		p.T("page.stat.cases.number", "ID", part.ID, "Name", in(p, d.Zh, d.En), "Part", partWords(p, d, part), "Sum", n(got.Sum)),
		p.T("page.stat.cases.of", "Cases", n(got.Cases), "Shown", n(got.Shown)),
	}}
	if hidden := got.Cases - got.Shown; hidden > 0 {
		out.Lead = append(out.Lead, p.T("page.stat.cases.outside", "Cases", n(hidden), "N", n(got.Sum-got.ShownSum)))
	}
	back := onlyOf(c.Params, "from", "to", "by", "of")
	out.Slices = []view.Link{{To: with(deskStatisticsPath, back, "", "") + "#" + part.ID, Name: p.T("page.stat.inside")}, {To: statisticsPath + "/definitions/" + part.ID, Name: p.T("page.stat.definitions")}}
	if len(got.Lines) == 0 {
		out.None = p.T("page.stat.nothing")
	} else {
		out.Table = s.numberTable(p, got.Lines)
	}
	if got.Next != "" {
		out.More = with(deskStatisticsPath+"/cases", c.Params, "after", got.Next)
	}
	out.Made = s.made(p, indicator.Version, s.Rules().VersionOn(q.To), s.Rules().Calendar().KnownAt(calendar.On(s.Now())).Version(), got.At)
	out.Files = []view.Link{{To: with(deskStatisticsPath+"/cases/export", c.Params, "", ""), Name: "CSV"}}
	return page{body: view.StatisticsPage(p, out)}, nil
}

// onlyOf are some of the parameters of a question.
func onlyOf(in url.Values, names ...string) url.Values {
	out := url.Values{}
	for name, list := range in {
		if slices.Contains(names, name) {
			out[name] = list
		}
	}
	return out
}

// partWords names a side of a line.
func partWords(p *view.Page, d *indicator.Definition, part indicator.Part) string {
	side := p.T("page.stat.side." + part.Side)
	switch part.Side {
	case "open":
		return side
	case "excluded":
		return side + p.T("page.desk.colon") + part.Line
	case "n":
		return lineName(p, d, d.Spread, part.Line)
	}
	return lineName(p, d, d.Lines, part.Line) + " · " + side
}

// caseColumns are those of a list of counted cases.
var caseColumns = []string{"number", "state", "outcome", "unit", "town", "domain", "category", "filed"}

func (s *Server) numberTable(p *view.Page, lines []store.CountedCase) *view.StatTable {
	t := &view.StatTable{Caption: p.T("page.stat.cases"), Head: s.numberHead(p)}
	for i := range lines {
		t.Rows, t.To = append(t.Rows, s.numberRow(p, &lines[i])), append(t.To, deskCasePath(lines[i].Number))
	}
	return t
}

func (s *Server) numberHead(p *view.Page) (head []string) {
	for _, name := range caseColumns {
		head = append(head, p.T("page.desk.column."+name))
	}
	return append(head, p.T("page.stat.counts_for"))
}

func (s *Server) numberRow(p *view.Page, l *store.CountedCase) []string {
	outcome := ""
	if l.Outcome != "" {
		outcome = p.T("outcome." + l.Outcome)
	}
	return []string{l.Number, stateWords(p.Lang, l.State), outcome, s.unitName(p, l.Unit), s.townWords(p, l.Town), s.domainName(p, l.Domain), s.categoryName(p, l.Domain, l.Category),
		calendar.On(l.Filed).String(), strconv.FormatInt(l.N, 10)}
}

// exportNumber hands the cases behind a number out as a table.
func (s *Server) exportNumber(ctx context.Context, c *Call) (any, error) {
	q, part, err := countedAsked(c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.stat.cases")
	var rows [][]string
	for after := ""; len(rows) < casesExported; {
		got, err := s.behindNumber(ctx, c, q, part, after, casesExported/10)
		if err != nil {
			return nil, err
		}
		for i := range got.Lines {
			rows = append(rows, s.numberRow(p, &got.Lines[i]))
		}
		if after = got.Next; after == "" {
			break
		}
	}
	return s.sheetOf("cases-"+part.ID, s.numberHead(p), rows)
}
