package handlers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/paper"
	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// paperSlices are those that the joint conference's report is made by; "" is the
// county.
var paperSlices = []string{"", "domain", "unit", "town", "category"}

// mostCategories is how many categories the report names.
const mostCategories = 10

// ErrQuarter says that there is no report of such a quarter.
var ErrQuarter = errors.New("a quarter that has ended, as 2026Q3")

// conference is the quarterly report of the 联席会议 while it is put together: a
// quarter, the one before, and the same of the year before.
type conference struct {
	s        *Server
	ctx      context.Context
	p        *view.Page
	name     string
	quarters [3]store.Quarter
	shown    [3]map[string][]indicator.PublicGroup // of each, by slice
	chapters []paper.Chapter
}

// QuarterPaper draws the report of a quarter that has ended, 2026-Q3 or 2026Q3: from
// the frozen months where all three are there, else from the log up to its last block,
// and says where in the log its figures stand, so that it can be had again.
func (s *Server) QuarterPaper(ctx context.Context, name string) ([]byte, error) {
	if len(name) == 6 {
		name = name[:4] + "-" + name[4:]
	}
	span, ok := indicator.QuarterOf(name)
	if !ok || span.To > lastDay(calendar.On(s.Now())) {
		return nil, ErrQuarter
	}
	c := &conference{s: s, ctx: ctx, p: s.frame("zh", false, "/"), name: name}
	for i, back := range []int{0, -3, -12} {
		from := span.From.AddMonths(back)
		var err error
		if c.quarters[i], err = s.Store.Quarter(ctx, indicator.Span{From: from, To: from.AddMonths(3) - 1}, paperSlices...); err != nil {
			return nil, err
		}
		c.shown[i] = map[string][]indicator.PublicGroup{}
		for _, by := range paperSlices {
			c.shown[i][by] = indicator.Exact(c.quarters[i].Groups(by), c.quarters[i].Seen())
		}
	}
	return c.draw()
}

func (c *conference) draw() ([]byte, error) {
	for _, part := range []func() error{c.overall, c.readings, c.domains, c.units, c.towns, c.categories, c.indicators, c.since, c.sources, c.definitions} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	digest, err := c.digest()
	if err != nil {
		return nil, err
	}
	county := c.s.Rules().County()
	r := paper.Report{Head: paper.Head{Authority: c.p.Authority, Number: c.name[:4] + "年第" + c.name[6:] + "季度", Case: c.name, On: calendar.On(c.s.Now())}, Name: "消费者权益保护工作联席会议季度报告", Chapters: c.chapters,
		Lead:  []string{county.Zh + "消费投诉处理情况。每个比率旁都有分子与分母，区间为 95 % Wilson 区间；内部使用，未隐去小数，对外请用公布的数字。"},
		Notes: []string{"本季、上季、去年同季全部数字的摘要（SHA-256）：" + digest, "重新生成：fangxin statistics paper --quarter " + strings.ReplaceAll(c.name, "-", "")}}
	return paper.Draw(r)
}

// digest is that of all figures of the three quarters, which whoever makes the
// report again gets again as long as they come from frozen months.
func (c *conference) digest() (string, error) {
	sum := sha256.New()
	out := json.NewEncoder(sum)
	for i := range c.quarters {
		q := &c.quarters[i]
		for _, by := range paperSlices {
			for _, g := range q.Groups(by) {
				if err := out.Encode([]any{q.From, q.To, by, g.Key, indicator.Figures(g.Counts, q.To, q.Seen())}); err != nil {
					return "", err
				}
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (c *conference) add(x paper.Chapter) {
	const numerals = "一二三四五六七八九十"
	x.Title = string([]rune(numerals)[len(c.chapters)]) + "、" + x.Title
	c.chapters = append(c.chapters, x)
}

// of is a value of a slice in one of the three quarters; nothing where it had none.
func (c *conference) of(quarter int, by, key string) *indicator.PublicGroup {
	list := c.shown[quarter][by]
	if i := slices.IndexFunc(list, func(g indicator.PublicGroup) bool { return g.Key == key }); i >= 0 {
		return &list[i]
	}
	q := &c.quarters[quarter]
	return &indicator.Exact([]indicator.Group{{Key: key, From: q.From, To: q.To}}, q.Seen())[0]
}

// overall are the county's main numbers, and its months.
func (c *conference) overall() error {
	t := &paper.Table{Head: []string{"项目", "本季", "上季", "去年同季"}, Wide: []float64{3, 2, 2, 2}}
	for i, x := range tiles(c.p, c.of(0, "", "")) {
		t.Rows = append(t.Rows, []string{x.Name, x.Value, tiles(c.p, c.of(1, "", ""))[i].Value, tiles(c.p, c.of(2, "", ""))[i].Value})
	}
	x := paper.Chapter{Title: "总体情况", Table: t}
	var all []indicator.PublicGroup
	for m := c.quarters[0].From.AddMonths(-9); m < c.quarters[0].To; m = m.AddMonths(1) {
		g, err := c.month(m)
		if err != nil {
			return err
		}
		all = append(all, indicator.Exact([]indicator.Group{g}, c.quarters[0].Seen())...)
	}
	chart := monthly(all).volumes(c.p)
	x.Drawing = drawingOf(&chart, 0.25)
	c.add(x)
	return nil
}

// month is one month of the county: as it was frozen, else as the log has it.
func (c *conference) month(m calendar.Date) (indicator.Group, error) {
	f, err := c.s.Store.Frozen(c.ctx, m.String()[:7])
	if err == nil {
		return f.Groups("")[0], nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return indicator.Group{}, err
	}
	groups, _, err := c.s.Store.Statistics(c.ctx, indicator.Query{From: m, To: m.AddMonths(1) - 1}, 0)
	if err != nil {
		return indicator.Group{}, err
	}
	return groups[0], nil
}

// drawingOf is a chart for paper.
func drawingOf(c *view.Chart, scale float64) *paper.Drawing {
	_, height, marks := c.Drawing()
	out := &paper.Drawing{Title: strings.TrimSpace(c.Title + "　" + c.Note), Height: float64(height), Scale: scale}
	number := func(s string) float64 {
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
	for _, m := range marks {
		out.Marks = append(out.Marks, paper.Mark{Kind: m.Kind, Class: m.Class, D: m.D, X: number(m.X), Y: number(m.Y), W: number(m.W), H: number(m.H), Anchor: m.Anchor, Text: m.Text})
	}
	return out
}

// readings are the programme's 80 % in its three readings.
func (c *conference) readings() error {
	t := &paper.Table{Head: []string{"算法", "本季", "95 % 区间", "目标 80 %", "上季", "去年同季"}, Wide: []float64{3.2, 2, 2, 1.6, 2, 2}}
	var row [3][]view.Target
	for i := range c.quarters {
		q := &c.quarters[i]
		var err error
		if row[i], err = c.s.targets(c.ctx, c.p, q.Span, c.of(i, "", "")); err != nil {
			return err
		}
	}
	say := func(t *view.Target) string { return t.Rate + "（" + t.Of + "）" }
	for i := range row[0] {
		x := &row[0][i]
		t.Rows = append(t.Rows, []string{x.Name, say(x), strings.TrimPrefix(x.Range, "95 % 区间 "), x.Verdict, say(&row[1][i]), say(&row[2][i])})
	}
	c.add(paper.Chapter{Title: "和解率目标 80 %（三种算法）", Words: []string{c.p.T("page.stat.targets.text")}, Table: t, Notes: []string{"第一行按取数时的商户登记（成员期与规模）读出，不在定格的快照之内。"}})
	return nil
}

// sliced is a table of a slice with what each received in the three quarters.
func (c *conference) sliced(title, by string, most int, ids ...string) {
	list := slices.Clone(c.shown[0][by])
	received := func(g *indicator.PublicGroup) int64 { return *g.Numbers["filed"] }
	slices.SortStableFunc(list, func(a, b indicator.PublicGroup) int { return cmp.Compare(received(&b), received(&a)) })
	list = list[:min(len(list), most)]
	t := &paper.Table{Head: []string{title, "收到", "上季", "去年同季", "办结"}, Wide: []float64{3, 1, 1, 1.2, 1}}
	for _, id := range ids {
		t.Head, t.Wide = append(t.Head, definitionOf(id).Zh), append(t.Wide, 2.2)
	}
	chart := view.Chart{ID: by, Title: "收到的投诉", Unit: "件", Series: []view.Series{{}}}
	for i := range list {
		g := &list[i]
		name := c.s.namesOf(c.ctx, c.p, by)(g.Key)
		row := []string{name, view.Number(g.Numbers["filed"]), view.Number(c.of(1, by, g.Key).Numbers["filed"]), view.Number(c.of(2, by, g.Key).Numbers["filed"]), view.Number(g.Numbers["closed.**"])}
		for _, id := range ids {
			row = append(row, shareWords(&figureOf(g, id).Rates[0]))
		}
		t.Rows = append(t.Rows, row)
		chart.Labels, chart.Series[0].Values = append(chart.Labels, name), append(chart.Series[0].Values, g.Numbers["filed"])
	}
	x := paper.Chapter{Title: title, Table: t}
	if len(t.Rows) == 0 {
		x.Words, x.Table = []string{"本季没有。"}, nil
	} else {
		x.Drawing = drawingOf(&chart, 0.19)
	}
	c.add(x)
}

func (c *conference) domains() error {
	c.sliced("各领域", "domain", 20, "I-01A", "I-03b", "I-04", "I-06a")
	return nil
}

func (c *conference) towns() error {
	c.sliced("各镇（街道）", "town", 30, "I-01A", "I-04", "I-06a")
	return nil
}

func (c *conference) categories() error {
	c.sliced("投诉最多的类别", "category", mostCategories, "I-01A", "I-04")
	return nil
}

// units are the duties of the authorities themselves.
func (c *conference) units() error {
	t := &paper.Table{Head: []string{"责任单位（事发时）", "办结", "期末超期", "超期天数中位", "按时受理", "按期办结", "按期告知", "转办弹回"}, Wide: []float64{3, 1, 1.2, 1.4, 2, 2, 2, 2}}
	for i := range c.shown[0]["unit"] {
		g := &c.shown[0]["unit"][i]
		owed := &figureOf(g, "I-18").Spreads[0]
		row := []string{c.s.unitName(c.p, g.Key), view.Number(g.Numbers["closed.**"]), view.Number(owed.N), "—"}
		if owed.Median != nil {
			row[3] = view.Number(owed.Median)
		}
		for _, id := range []string{"I-06a", "I-06b", "I-06c", "I-20"} {
			row = append(row, shareWords(&figureOf(g, id).Rates[0]))
		}
		t.Rows = append(t.Rows, row)
	}
	x := paper.Chapter{Title: "各责任单位与机关自身的时限", Words: []string{c.p.T("page.stat.overdue.text")}, Table: t}
	if len(t.Rows) == 0 {
		x.Table = nil
	}
	c.add(x)
	return nil
}

// indicators are all of them, line by line, in the three quarters.
func (c *conference) indicators() error {
	t := &paper.Table{Head: []string{"指标", "项目", "本季", "95 % 区间", "上季", "去年同季"}, Wide: []float64{1.1, 4, 2.2, 1.9, 2.2, 2.2}}
	whole := c.of(0, "", "")
	for i := range whole.Figures {
		f := &whole.Figures[i]
		if (indicator.Part{ID: f.ID}).Beside() {
			continue // of the register: no log has them
		}
		d := definitionOf(f.ID)
		others := [2]*indicator.PublicFigure{figureOf(c.of(1, "", ""), f.ID), figureOf(c.of(2, "", ""), f.ID)}
		for j := range f.Rates {
			r := &f.Rates[j]
			name := lineName(c.p, d, d.Lines, r.Line)
			if j == 0 && len(d.Lines) > 0 {
				name = d.Zh + "：" + name
			}
			t.Rows = append(t.Rows, []string{f.ID, name, shareWords(r), shortRange(r.Low, r.High), sameLine(others[0], r.Line), sameLine(others[1], r.Line)})
		}
		for j := range f.Spreads {
			t.Rows = append(t.Rows, []string{f.ID, lineName(c.p, d, d.Spread, f.Spreads[j].Line), spreadWords(&f.Spreads[j]), "", spreadWords(&others[0].Spreads[j]), spreadWords(&others[1].Spreads[j])})
		}
		for _, a := range f.Excluded {
			if *a.N != 0 {
				t.Rows = append(t.Rows, []string{f.ID, "不计入：" + a.Code, view.Number(a.N), "", "", ""})
			}
		}
		if f.Open != nil {
			mature := map[bool]string{true: "", false: "（尚未成熟）"}[*f.Mature]
			t.Rows = append(t.Rows, []string{f.ID, "尚未办结" + mature, view.Number(f.Open), "", view.Number(others[0].Open), view.Number(others[1].Open)})
		}
	}
	c.add(paper.Chapter{Title: "全部指标", Table: t, Notes: []string{"接收口径的指标（I-01B、I-03c、I-04、I-05）在定格的快照中按各月定格之时计；三个季度口径相同，可以互比。"}})
	return nil
}

// sameLine is the line in another quarter; grounds and clocks may have had none.
func sameLine(f *indicator.PublicFigure, line string) string {
	if r := rateOf(f, line); r.Denominator != nil {
		return shareWords(r)
	}
	return "—"
}

func rateOf(f *indicator.PublicFigure, line string) *indicator.PublicRate {
	if i := slices.IndexFunc(f.Rates, func(r indicator.PublicRate) bool { return r.Line == line }); i >= 0 {
		return &f.Rates[i]
	}
	return &indicator.PublicRate{}
}

func spreadWords(x *indicator.PublicSpread) string {
	if x.Median == nil {
		return view.Number(x.N) + " 件"
	}
	return fmt.Sprintf("%d 件，中位 %d，平均 %s", *x.N, *x.Median, x.Mean)
}

// since says what the quarter's days read now, where that is another number.
func (c *conference) since() error {
	x := paper.Chapter{Title: "定格以来的变化"}
	if c.quarters[0].Months == nil {
		x.Words = []string{"本季三个月尚未全部定格，以上数字直接取自日志。"}
		c.add(x)
		return nil
	}
	groups, at, err := c.s.Store.Statistics(c.ctx, indicator.Query{From: c.quarters[0].From, To: c.quarters[0].To}, 0)
	if err != nil {
		return err
	}
	then, now := c.of(0, "", ""), indicator.Exact(groups, calendar.On(at.Taken))[0]
	t := &paper.Table{Head: []string{"指标", "项目", "定格", "现值"}, Wide: []float64{1.1, 4, 2.4, 2.4}}
	for i := range then.Figures {
		f := &then.Figures[i]
		if (indicator.Part{ID: f.ID}).Beside() {
			continue
		}
		d := definitionOf(f.ID)
		for j := range f.Rates {
			a, b := shareWords(&f.Rates[j]), sameLine(figureOf(&now, f.ID), f.Rates[j].Line)
			if a != b {
				t.Rows = append(t.Rows, []string{f.ID, lineName(c.p, d, d.Lines, f.Rates[j].Line), a, b})
			}
		}
	}
	x.Words = []string{fmt.Sprintf("公布时的数字保持不变；此后的办结、更正与迟到的结果使同一季度的现值不同。现值取自日志第 %d 块及其后的事件。", at.Height)}
	if len(t.Rows) > 0 {
		x.Table = t
	} else {
		x.Words = append(x.Words, "没有变化。")
	}
	c.add(x)
	return nil
}

// sources says what each quarter was taken from.
func (c *conference) sources() error {
	t := &paper.Table{Head: []string{"期间", "来源", "日志位置", "取数时间", "摘要（SHA-256）"}, Wide: []float64{1.4, 1, 2.6, 1.7, 3.2}}
	for i := range c.quarters {
		q := &c.quarters[i]
		for j := range q.Months {
			f := &q.Months[j]
			text, err := f.Text()
			if err != nil {
				return err
			}
			sum := sha256.Sum256(text)
			t.Rows = append(t.Rows, []string{f.ID, "定格", logPlace(f.Log), logMoment(f.Log), hex.EncodeToString(sum[:])})
		}
		if q.Months == nil {
			t.Rows = append(t.Rows, []string{spanWords(q.From, q.To), "日志", logPlace(q.Log), logMoment(q.Log), "—"})
		}
	}
	law := c.s.Rules()
	x := c.quarters[0]
	c.add(paper.Chapter{Title: "数字的来源", Table: t, Words: []string{fmt.Sprintf("口径版本 %s；规则版本 %s；工作日历版本 %s。", indicator.Version, cmp.Or(law.VersionOn(x.To), "—"), law.Calendar().KnownAt(x.Seen()).Version()),
		"“定格”指该月结束后冻结、由日志区块封存的快照，此后不变，fangxin verify statistics 可由日志重新算出；“日志”指直接读取到该区块为止，其后的事件不在内。"}})
	return nil
}

func logPlace(at indicator.At) string {
	return fmt.Sprintf("第 %d 块 %s", at.Height, at.Hash[:min(len(at.Hash), 16)])
}

func logMoment(at indicator.At) string { return at.Taken.In(china).Format("2006-01-02 15:04") }

// definitions says how each number is made.
func (c *conference) definitions() error {
	t := &paper.Table{Head: []string{"指标", "名称", "怎样得来"}, Wide: []float64{1, 2, 7}}
	for _, d := range indicator.Definitions {
		x, _ := indicator.Explain(d.ID)
		t.Rows = append(t.Rows, []string{d.ID, d.Zh, plainWords(x.Zh)})
	}
	c.add(paper.Chapter{Title: "每个数字怎样得来", Table: t})
	return nil
}

// conferencePaper hands the report of a quarter out.
func (s *Server) conferencePaper(ctx context.Context, c *Call) (any, error) {
	pdf, err := s.QuarterPaper(ctx, c.Query("quarter"))
	if errors.Is(err, ErrQuarter) {
		return nil, badQuery("quarter", "why.quarter")
	}
	return download{name: "conference-" + c.Query("quarter") + ".pdf", kind: "application/pdf", body: pdf}, err
}
