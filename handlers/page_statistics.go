package handlers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

const statisticsPath = "/statistics"

// kinds are the indicators as the page of figures groups them.
var kinds = []struct {
	name string
	ids  []string
}{
	{"outcome", []string{"I-01A", "I-01B", "I-03a", "I-03b", "I-03c", "I-04", "I-05", "I-13", "I-14"}},
	{"time", []string{"I-06a", "I-06b", "I-06c", "I-11", "I-18"}},
	{"merchants", []string{"I-02", "I-17", "I-19"}},
	{"kept", []string{"I-01C", "I-09", "I-16", "I-10a", "I-10b", "I-10c"}},
	{"quality", []string{"I-08", "I-12b", "I-20", "I-15", "I-07"}},
}

// countyOf are the county's own figures of a time that has ended.
func (s *Server) countyOf(ctx context.Context, x indicator.Span) (g indicator.PublicGroup, at indicator.At, err error) {
	groups, at, err := s.figures(ctx, indicator.Query{From: x.From, To: x.To})
	if err != nil {
		return g, at, err
	}
	return indicator.WholePublic(groups, calendar.On(at.Taken))[0], at, nil
}

// showStatistics is the county in one period, with the last twelve months.
func (s *Server) showStatistics(ctx context.Context, c *Call) (any, error) {
	today := calendar.On(s.Now())
	x, why := periodOf(cmp.Or(c.Query("period"), rollingYear), today)
	if why != "" {
		return nil, badQuery("period", why)
	}
	p := s.base(c, "page.stat.title")
	p.Path = statisticsPath + "?period=" + x.name
	g, at, err := s.countyOf(ctx, x.Span)
	if err != nil {
		return nil, err
	}
	out := &view.Statistics{Lead: []string{p.T("page.stat.lead", "Period", timeWords(p, x.name), "From", x.From.String(), "To", x.To.String()), p.T("page.stat.not_quality")}, Slices: statSlices(p, "")}
	for _, name := range choices(today) {
		out.Periods = append(out.Periods, view.Link{To: statisticsPath + "?period=" + name, Name: timeWords(p, name), On: name == x.name})
	}
	out.Tiles = tiles(p, &g)
	if out.Targets, err = s.targets(ctx, p, x.Span, &g); err != nil {
		return nil, err
	}
	trend, err := s.trend(ctx, p, x.To, 12)
	if err != nil {
		return nil, err
	}
	out.Charts = []view.Chart{trend.volumes(p)}
	if out.Overdue, err = s.unitsOverdue(ctx, p, x.Span); err != nil {
		return nil, err
	}
	out.Groups = statGroups(p, &g, nil)
	out.Made = s.made(p, indicator.Version, s.Rules().VersionOn(x.To), s.Rules().Calendar().KnownAt(today).Version(), at)
	for _, format := range fileFormats {
		out.Files = append(out.Files, view.Link{To: "/data/statistics." + format, Name: strings.ToUpper(format)})
	}
	out.Files = append(out.Files, view.Link{To: publicStatistics + "?period=" + x.name, Name: "API"})
	return page{body: view.StatisticsPage(p, out), public: true}, nil
}

// statSlices lead from one page of figures to the others.
func statSlices(p *view.Page, on string) []view.Link {
	out := []view.Link{{To: statisticsPath, Name: p.T("page.stat.county"), On: on == ""}}
	for _, by := range indicator.PublicSlices {
		out = append(out, view.Link{To: statisticsPath + "/by/" + by, Name: p.T("page.stat.by." + by), On: on == by})
	}
	return append(out, view.Link{To: statisticsPath + "/trends", Name: p.T("page.stat.trends"), On: on == "trends"},
		view.Link{To: statisticsPath + "/definitions", Name: p.T("page.stat.definitions"), On: on == "definitions"},
		view.Link{To: "/data", Name: p.T("page.opendata.title"), On: on == "data"})
}

// accepted is how many were accepted: what was decided, less what was refused.
func accepted(g *indicator.PublicGroup) *int64 {
	decided, refused := g.Numbers["accepted closed.REFUSED.**"], g.Numbers["closed.REFUSED.**"]
	if decided == nil || refused == nil {
		return nil
	}
	n := *decided - *refused
	return &n
}

func figureOf(g *indicator.PublicGroup, id string) *indicator.PublicFigure {
	i := slices.IndexFunc(g.Figures, func(f indicator.PublicFigure) bool { return f.ID == id })
	if i < 0 {
		return &indicator.PublicFigure{ID: id, Rates: make([]indicator.PublicRate, 1)}
	}
	return &g.Figures[i]
}

func tiles(p *view.Page, g *indicator.PublicGroup) (out []view.StatTile) {
	for _, t := range []struct {
		name string
		n    *int64
	}{{"received", g.Numbers["filed"]}, {"accepted", accepted(g)}, {"closed", g.Numbers["closed.**"]}, {"open", figureOf(g, "I-05").Open}, {"owed", g.Numbers["owed.*"]}} {
		out = append(out, view.StatTile{Name: p.T("page.stat.tile." + t.name), Value: view.Number(t.n)})
	}
	return out
}

// target is the programme's promise of settlements, in percent.
const target = 80

// targets are the three readings of the programme's 80 %: no other is shown without
// these two beside it (docs/indicators.md, I-01A).
func (s *Server) targets(ctx context.Context, p *view.Page, x indicator.Span, whole *indicator.PublicGroup) ([]view.Target, error) {
	yes := "yes"
	groups, at, err := s.figures(ctx, indicator.Query{From: x.From, To: x.To, By: "programme", Of: &yes})
	if err != nil {
		return nil, err
	}
	members := indicator.Group{From: x.From, To: x.To, Counts: indicator.Counts{}}
	if len(groups) > 0 {
		members = groups[0]
	}
	own := indicator.WholePublic([]indicator.Group{members}, calendar.On(at.Taken))[0]
	return []view.Target{targetOf(p, "members", figureOf(&own, "I-01A")), targetOf(p, "all", figureOf(whole, "I-01A")), targetOf(p, "disputes", figureOf(whole, "I-01B"))}, nil
}

func targetOf(p *view.Page, name string, f *indicator.PublicFigure) view.Target {
	r := &f.Rates[0]
	out := view.Target{Name: p.T("page.stat.target." + name), Rate: "—", Of: ofWords(r), Verdict: p.T("page.stat.target.few")}
	if r.Rate == "" {
		return out
	}
	out.Rate, out.Range = percent(r.Rate), rangeWords(p, r.Low, r.High)
	share, _ := strconv.ParseFloat(r.Rate, 64)
	out.Good, out.Bad = share*100 >= target, share*100 < target
	out.Verdict = p.T("page.stat.target.reached")
	if out.Bad {
		out.Verdict = p.T("page.stat.target.missed")
	}
	return out
}

// percent writes 0.7918 as 79.2 %: exact, cut from the four places that there are,
// rounded half up.
func percent(rate string) string {
	whole, rest, _ := strings.Cut(rate, ".")
	n, err := strconv.Atoi(whole + rest)
	if err != nil {
		return "—"
	}
	n = (n + 5) / 10
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}

func ofWords(r *indicator.PublicRate) string {
	return view.Number(r.Numerator) + " / " + view.Number(r.Denominator)
}

func rangeWords(p *view.Page, low, high string) string {
	if low == "" {
		return ""
	}
	return p.T("page.stat.interval", "Low", percent(low), "High", percent(high))
}

func shortRange(low, high string) string {
	if low == "" {
		return ""
	}
	return strings.TrimSuffix(percent(low), " %") + " – " + percent(high)
}

// unitsOverdue are the duties of each authority: owed at the end, decided in time.
// These count what authorities do and are not cells of persons.
func (s *Server) unitsOverdue(ctx context.Context, p *view.Page, x indicator.Span) (*view.StatTable, error) {
	groups, at, err := s.figures(ctx, indicator.Query{From: x.From, To: x.To, By: "unit"})
	if err != nil {
		return nil, err
	}
	out := &view.StatTable{Caption: p.T("page.stat.overdue"), Head: []string{p.T("page.stat.unit"), p.T("page.stat.owed"), p.T("page.stat.late_median"), p.T("page.stat.accept_in_time"), p.T("page.stat.end_in_time")}}
	for _, g := range indicator.WholePublic(groups, calendar.On(at.Taken)) {
		owed, accept, end := figureOf(&g, "I-18"), figureOf(&g, "I-06a"), figureOf(&g, "I-06b")
		if *owed.Spreads[0].N == 0 && *accept.Rates[0].Denominator == 0 && *end.Rates[0].Denominator == 0 {
			continue
		}
		out.Rows = append(out.Rows, []string{s.unitName(p, g.Key), view.Number(owed.Spreads[0].N), view.Number(owed.Spreads[0].Median), shareWords(&accept.Rates[0]), shareWords(&end.Rates[0])})
	}
	if len(out.Rows) == 0 {
		return nil, nil
	}
	return out, nil
}

// shareWords is a rate in one cell, with what it is divided out of.
func shareWords(r *indicator.PublicRate) string {
	if r.Rate == "" {
		return ofWords(r)
	}
	return percent(r.Rate) + " (" + ofWords(r) + ")"
}

// statGroups are all indicators of a group with every line; cases, inside, is where
// the cases behind a number are listed.
func statGroups(p *view.Page, g *indicator.PublicGroup, cases func(indicator.Part) string) (out []view.StatGroup) {
	for _, k := range kinds {
		one := view.StatGroup{ID: "k-" + k.name, Title: p.T("page.stat.kind." + k.name)}
		for _, id := range k.ids {
			one.Indicators = append(one.Indicators, indicatorOf(p, figureOf(g, id), cases))
		}
		out = append(out, one)
	}
	return out
}

func definitionOf(id string) *indicator.Definition {
	i := slices.IndexFunc(indicator.Definitions, func(d indicator.Definition) bool { return d.ID == id })
	if i < 0 {
		return nil
	}
	return &indicator.Definitions[i]
}

func in(p *view.Page, zh, en string) string {
	if p.Lang == "en" {
		return en
	}
	return zh
}

// lineName is what people call a line: of the definition, or the part of a code.
func lineName(p *view.Page, d *indicator.Definition, lines []indicator.Line, key string) string {
	for _, l := range lines {
		if l.Key == key {
			return in(p, l.Zh, l.En)
		}
	}
	switch d.ID {
	case "I-14":
		return codeWords(p, key)
	case "I-18":
		return p.T("clock." + key)
	}
	return key
}

func indicatorOf(p *view.Page, f *indicator.PublicFigure, cases func(indicator.Part) string) view.Indicator {
	d := definitionOf(f.ID)
	out := view.Indicator{ID: f.ID, Name: in(p, d.Zh, d.En), To: statisticsPath + "/definitions/" + f.ID, Basis: p.T("page.stat.basis." + string(d.Basis))}
	to := func(line, side string, n *int64) string {
		if part := (indicator.Part{ID: f.ID, Line: line, Side: side}); cases != nil && n != nil && *n != 0 && part.ID != "I-17" {
			return cases(part)
		}
		return ""
	}
	for i := range f.Rates {
		r := &f.Rates[i]
		rate := "—"
		if r.Rate != "" {
			rate = percent(r.Rate)
		}
		out.Lines = append(out.Lines, view.IndicatorLine{Name: lineName(p, d, d.Lines, r.Line), Num: view.Link{To: to(r.Line, "numerator", r.Numerator), Name: view.Number(r.Numerator)},
			Den: view.Link{To: to(r.Line, "denominator", r.Denominator), Name: view.Number(r.Denominator)}, Rate: rate, Range: shortRange(r.Low, r.High)})
	}
	for i := range f.Spreads {
		x := &f.Spreads[i]
		out.Notes = append(out.Notes, view.Link{To: to(x.Line, "n", x.N), Name: spreadNote(p, d, x)})
	}
	out.Notes = append(out.Notes, apartNotes(p, f.Excluded, to)...)
	if f.Open != nil {
		out.Notes = append(out.Notes, view.Link{To: to("", "open", f.Open), Name: p.T("page.stat.open", "N", view.Number(f.Open))})
	}
	if f.Mature != nil && !*f.Mature {
		out.Notes = append(out.Notes, view.Link{Name: p.T("page.stat.not_mature")})
	}
	return out
}

// apartNotes say what was counted apart, and why: codes of one reason together,
// unless each leads to its cases.
func apartNotes(p *view.Page, list []indicator.PublicApart, to func(line, part string, n *int64) string) (out []view.Link) {
	at := map[string]int{}
	sums := map[string]int64{}
	for _, a := range list {
		if a.N == nil || *a.N == 0 {
			continue
		}
		why, link := codeWords(p, a.Code), to(a.Code, "excluded", a.N)
		if _, known := at[why+link]; !known {
			at[why+link], out = len(out), append(out, view.Link{To: link})
		}
		sums[why+link] += *a.N
		n := sums[why+link]
		out[at[why+link]].Name = p.T("page.stat.apart", "Code", why, "N", view.Number(&n))
	}
	return out
}

// codeWords is what people call a code of the counts: by the longest beginning that
// the catalogue has words for.
func codeWords(p *view.Page, code string) string {
	short := code
	if parts := strings.Split(code, "."); parts[0] == "kept" && len(parts) == 3 {
		short = parts[0] + "." + parts[2] // of talks or of mediation
	}
	for short != "" {
		if key := "page.stat.code." + short; has(p.Lang, key) {
			return p.T(key)
		}
		short = short[:max(0, strings.LastIndexByte(short, '.'))]
	}
	return code
}

func spreadNote(p *view.Page, d *indicator.Definition, x *indicator.PublicSpread) string {
	name := lineName(p, d, d.Spread, x.Line)
	switch {
	case x.Sum == nil:
		return p.T("page.stat.spread.few", "Name", name, "N", view.Number(x.N))
	case d.ID == "I-16":
		return p.T("page.stat.spread.money", "Name", name, "N", view.Number(x.N), "Sum", yuan(*x.Sum))
	case x.Median == nil:
		return p.T("page.stat.spread.mean", "Name", name, "N", view.Number(x.N), "Mean", x.Mean)
	}
	return p.T("page.stat.spread", "Name", name, "N", view.Number(x.N), "Mean", x.Mean, "Median", view.Number(x.Median), "P90", view.Number(x.P90))
}

// made says by which versions, when and where in the log figures were made.
func (s *Server) made(p *view.Page, definitions, rules, holidays string, at indicator.At) []view.Row {
	hash := at.Hash
	if len(hash) > 16 {
		hash = hash[:16] + "…"
	}
	var out []view.Row
	for _, r := range [][2]string{{"definitions", definitions}, {"rules", cmp.Or(rules, "—")}, {"calendar", holidays}, {"taken", at.Taken.In(china).Format("2006-01-02 15:04:05")},
		{"block", p.T("page.stat.block", "Height", strconv.FormatInt(at.Height, 10), "Hash", hash)}, {"interval", p.T("page.stat.wilson")}} {
		out = append(out, view.Row{Name: p.T("page.stat.made." + r[0]), Value: r[1]})
	}
	return out
}
