package handlers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"

	"github.com/xuri/excelize/v2"
)

const publicStatistics = "/api/v1/public/statistics"

// fileFormats are those of the open data; each holds the same rows.
var fileFormats = []string{"csv", "json", "xlsx"}

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

// openColumns are the fields of the open data, one row for each line of each
// indicator; hidden says that a number of the row is not published.
var openColumns = []struct{ name, kind string }{
	{"slice", "string"}, {"key", "string"}, {"from", "date"}, {"to", "date"}, {"indicator", "string"}, {"version", "integer"}, {"basis", "string"}, {"line", "string"}, {"kind", "string"},
	{"numerator", "integer"}, {"denominator", "integer"}, {"rate", "number"}, {"low", "number"}, {"high", "number"}, {"n", "integer"}, {"sum", "integer"}, {"mean", "number"}, {"median", "integer"}, {"p90", "integer"}, {"hidden", "boolean"},
}

// openRow is one row of the open data.
type openRow []string

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
		head := openRow{slice, Harmless(g.Key), g.From.String(), g.To.String(), f.ID, strconv.Itoa(f.Version), string(f.Basis)}
		var all []openRow
		for _, r := range f.Rates {
			all = append(all, openRow{Harmless(r.Line), "rate", no(r.Numerator), no(r.Denominator), r.Rate, r.Low, r.High, "", "", "", "", "", strconv.FormatBool(r.Numerator == nil || r.Denominator == nil)})
		}
		for _, x := range f.Spreads {
			all = append(all, openRow{x.Line, "spread", "", "", "", "", "", no(x.N), no(x.Sum), x.Mean, no(x.Median), no(x.P90), strconv.FormatBool(x.N == nil)})
		}
		for _, a := range f.Excluded {
			all = append(all, openRow{Harmless(a.Code), "excluded", "", "", "", "", "", no(a.N), "", "", "", "", strconv.FormatBool(a.N == nil)})
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

// openFile is a file of open data, written while it is read.
type openFile struct {
	s      *Server
	ctx    context.Context
	name   string
	format string
	month  string
}

func (f openFile) send(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}[f.format])
	h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	h.Set("Cache-Control", "public, max-age=300")
	w.WriteHeader(http.StatusOK)
	return f.write(w)
}

func (f openFile) write(w io.Writer) error {
	switch f.format {
	case "csv":
		return f.csv(w)
	case "json":
		return f.json(w)
	}
	return f.xlsx(w)
}

func openHead() (out openRow) {
	for _, c := range openColumns {
		out = append(out, c.name)
	}
	return out
}

// csv begins with a byte order mark, because the office programs that people have
// read Chinese only so.
func (f openFile) csv(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	err := out.Write(openHead())
	if err == nil {
		err = f.s.eachOpenRow(f.ctx, f.month, func(r openRow) error { return out.Write(r) })
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// json is an array of objects, one a line.
func (f openFile) json(w io.Writer) error {
	between := "[\n"
	err := f.s.eachOpenRow(f.ctx, f.month, func(r openRow) error {
		one := make(map[string]any, len(r))
		for i, c := range openColumns {
			switch {
			case c.kind == "boolean":
				one[c.name] = r[i] == "true"
			case r[i] == "" && c.kind != "string":
			case c.kind == "integer" || c.kind == "number":
				one[c.name] = json.Number(r[i])
			default:
				one[c.name] = r[i]
			}
		}
		text, err := json.Marshal(one)
		if err == nil {
			_, err = w.Write(append([]byte(between), text...))
		}
		between = ",\n"
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, map[bool]string{true: "[]\n", false: "\n]\n"}[between == "[\n"])
	}
	return err
}

// xlsx spills to a file of its own beyond sixteen megabytes.
func (f openFile) xlsx(w io.Writer) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	n := 0
	write := func(r openRow) error {
		n++
		cells := make([]any, len(r))
		for i, x := range r {
			cells[i] = x
			if v, err := strconv.ParseFloat(x, 64); n > 1 && err == nil && (openColumns[i].kind == "integer" || openColumns[i].kind == "number") {
				cells[i] = v
			}
		}
		return sheet.SetRow("A"+strconv.Itoa(n), cells)
	}
	if err := write(openHead()); err != nil {
		return err
	}
	if err := f.s.eachOpenRow(f.ctx, f.month, write); err != nil {
		return err
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// openStatistics hands out the whole, or one month of the county.
func (s *Server) openStatistics(ctx context.Context, c *Call) (any, error) {
	name, format, _ := strings.Cut(c.Param("file"), ".")
	if name != "statistics" || !slices.Contains(fileFormats, format) {
		return nil, notFound()
	}
	f := openFile{s: s, ctx: ctx, name: "statistics." + format, format: format}
	if c.Params.Has("month") {
		x, why := periodOf(c.Query("month"), calendar.On(s.Now()))
		if why == "" && (len(x.name) != 7 || x.name[5] == 'Q') {
			why = "why.period"
		}
		if why != "" {
			return nil, badQuery("month", why)
		}
		f.month, f.name = x.name, "statistics-"+x.name+"."+format
	}
	return f, nil
}

// licence of the open data.
const licence = "CC-BY-4.0"

// dataPackage describes the open data (Frictionless Data Package 1): every file,
// how long it is and its digest, every field in both languages.
func (s *Server) dataPackage(ctx context.Context, c *Call) (any, error) {
	var fields []map[string]any
	for _, x := range openColumns {
		fields = append(fields, map[string]any{"name": x.name, "type": x.kind, "title": say("zh", "data.field."+x.name, nil), "description": say("en", "data.field."+x.name, nil)})
	}
	var resources []map[string]any
	for _, format := range []string{"csv", "json"} {
		sum, size := sha256.New(), &counter{}
		if err := (openFile{s: s, ctx: ctx, format: format}).write(io.MultiWriter(sum, size)); err != nil {
			return nil, err
		}
		resources = append(resources, map[string]any{"name": "statistics-" + format, "path": "statistics." + format, "format": format, "mediatype": map[string]string{"csv": "text/csv", "json": "application/json"}[format],
			"encoding": "utf-8", "profile": "tabular-data-resource", "bytes": size.n, "hash": "sha256:" + hex.EncodeToString(sum.Sum(nil)), "schema": map[string]any{"fields": fields, "missingValues": []string{""}}})
	}
	resources = append(resources, map[string]any{"name": "statistics-xlsx", "path": "statistics.xlsx", "format": "xlsx", "mediatype": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "schema": map[string]any{"fields": fields}})
	body, err := json.MarshalIndent(map[string]any{"profile": "tabular-data-package", "name": "consumer-complaint-statistics", "title": say("zh", "data.package.title", vars{"County": s.Rules().County().Zh}), "description": say("en", "data.package.about", nil),
		"version": indicator.Version, "licenses": []map[string]string{{"name": licence, "path": "https://creativecommons.org/licenses/by/4.0/", "title": "Creative Commons Attribution 4.0"}}, "resources": resources}, "", "  ")
	return kept{kind: "application/json", body: body}, err
}

// counter counts what is written.
type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// showData says what there is to be had, and what its fields mean.
func (s *Server) showData(_ context.Context, c *Call) (any, error) {
	p := s.base(c, "page.opendata.title")
	p.Path = "/data"
	out := &view.Statistics{Lead: []string{p.T("page.opendata.lead"), p.T("page.opendata.licence", "Licence", licence)}, Slices: statSlices(p, "data"),
		Table: &view.StatTable{Caption: p.T("page.opendata.fields"), Head: []string{p.T("page.opendata.field"), p.T("page.opendata.type"), p.T("page.opendata.meaning")}}}
	for _, x := range openColumns {
		out.Table.Rows = append(out.Table.Rows, []string{x.name, x.kind, p.T("data.field." + x.name)})
	}
	for _, format := range fileFormats {
		out.Files = append(out.Files, view.Link{To: "/data/statistics." + format, Name: strings.ToUpper(format)})
	}
	last := lastDay(calendar.On(s.Now())).String()[:7]
	out.Files = append(out.Files, view.Link{To: "/data/statistics.csv?month=" + last, Name: "CSV " + last}, view.Link{To: "/data/datapackage.json", Name: "datapackage.json"})
	out.Made = []view.Row{{Name: p.T("page.stat.made.definitions"), Value: indicator.Version}, {Name: "API", Value: publicStatistics + "?period=" + last}}
	return page{body: view.StatisticsPage(p, out), public: true}, nil
}
