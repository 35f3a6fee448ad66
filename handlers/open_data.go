package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// fileFormats are those of the open data; each holds the same rows.
var fileFormats = []string{"csv", "json", "xlsx"}

// licence of the open data.
const licence = "CC-BY-4.0"

// openColumn is a field of a table: its name, and its kind as Frictionless Table
// Schema has it.
type openColumn struct{ name, kind string }

// openRow is one row of the open data, a cell for each column.
type openRow []string

// openTable is a table of the open data.
type openTable struct {
	name    string
	words   string // key of the catalogue under which its fields are explained
	columns []openColumn
	seconds int // that its files may be kept
	// each hands over the rows, some hundreds in memory; month narrows, empty asks nothing.
	each func(ctx context.Context, month string, row func(openRow) error) error
	// stamp changes when a row of what each would hand over does; nil: not known.
	stamp func(ctx context.Context, month string) (string, error)
	// month says what is wrong with a month, as a key of the catalogue.
	month func(text string, today calendar.Date) string
}

func (s *Server) openTables() []openTable {
	return []openTable{
		{name: "statistics", words: "data.field.", columns: statisticColumns, seconds: 300, each: s.eachOpenRow, month: monthEnded},
		{name: "complaints", words: "data.complaints.", columns: complaintColumns, seconds: cacheSeconds, each: s.eachComplaintRow, stamp: s.Store.PublishedStamp, month: monthBegun},
		{name: "infringements", words: "data.infringements.", columns: infringementColumns, seconds: cacheSeconds, each: s.eachInfringementRow, stamp: s.infringementStamp, month: monthBegun},
	}
}

func monthEnded(text string, today calendar.Date) string {
	if x, why := periodOf(text, today); why != "" || len(x.name) == 7 && x.name[5] != 'Q' {
		return why
	}
	return "why.period"
}

// monthBegun: what is published of a month is there from its first day.
func monthBegun(text string, today calendar.Date) string {
	if !monthForm.MatchString(text) || text > today.String()[:7] {
		return "why.month"
	}
	return ""
}

// openFile is a file of open data, written while it is read.
type openFile struct {
	table  *openTable
	ctx    context.Context
	name   string
	format string
	month  string
	etag   string        // empty: not known before it is written
	slow   time.Duration // how long a reader may take nothing
}

var openMedia = map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

// send hands the file out while it is made. What breaks off breaks the connection:
// half a file must not look like a whole one.
func (f openFile) send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	if f.etag != "" && keepable(h, r, f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", openMedia[f.format])
	h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	if f.etag == "" {
		h.Set("Cache-Control", "public, max-age=300")
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	out := &begun{w: w, patience: f.slow}
	err := f.table.write(f.ctx, out, f.format, f.month)
	if out.end != nil {
		out.end()
	}
	if err != nil {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0))
	}
	return err
}

// begun is patient from its first byte on: a book is made before it is sent.
type begun struct {
	w        http.ResponseWriter
	patience time.Duration
	slow     io.Writer
	end      func() bool
}

func (b *begun) Write(p []byte) (int, error) {
	if b.slow == nil {
		b.slow, b.end = patiently(b.w, b.patience)
	}
	return b.slow.Write(p)
}

// openFile hands out a table, whole or one month of it.
func (s *Server) openFile(ctx context.Context, c *Call) (any, error) {
	name, format, _ := strings.Cut(c.Param("file"), ".")
	tables := s.openTables()
	i := slices.IndexFunc(tables, func(t openTable) bool { return t.name == name })
	if i < 0 || !slices.Contains(fileFormats, format) {
		return nil, notFound()
	}
	f := openFile{table: &tables[i], ctx: ctx, name: name + "." + format, format: format, slow: s.Limits.bodyTime}
	if c.Params.Has("month") {
		f.month = c.Query("month")
		if len(c.Params["month"]) > 1 {
			return nil, badQuery("month", "why.repeated")
		}
		if why := f.table.month(f.month, calendar.On(s.Now())); why != "" {
			return nil, badQuery("month", why)
		}
		f.name = name + "-" + f.month + "." + format
	}
	if f.table.stamp != nil {
		stamp, err := f.table.stamp(ctx, f.month)
		if err != nil {
			return nil, err
		}
		f.etag = etagOf([]byte(stamp + format))
	}
	return f, nil
}

// fileSum is how long the files of a table are, and their digests, by format.
type fileSum map[string]struct {
	bytes int64
	hash  string
}

// fileSums remembers them with the stamp of the table, so that they are counted
// once for each state of it, by whoever asks first.
type fileSums struct {
	sync.Mutex
	stamp map[string]string
	of    map[string]fileSum
}

// sumOf reads a table once for the digests of all its files. A book of XLSX has
// the moment of its making in it, and no digest.
func (s *Server) sumOf(ctx context.Context, t *openTable) (fileSum, error) {
	s.sums.Lock()
	defer s.sums.Unlock()
	stamp := ""
	if t.stamp != nil {
		var err error
		if stamp, err = t.stamp(ctx, ""); err != nil {
			return nil, err
		}
		if stamp == s.sums.stamp[t.name] {
			return s.sums.of[t.name], nil
		}
	}
	out := fileSum{}
	formats := []string{"csv", "json"}
	hashes, sizes := make([]io.Writer, len(formats)), make([]*counter, len(formats))
	all := make([]rowWriter, len(formats))
	for i, format := range formats {
		sizes[i] = &counter{}
		hashes[i] = sha256.New()
		all[i] = t.writer(io.MultiWriter(hashes[i], sizes[i]), format)
	}
	if err := t.through(ctx, "", all...); err != nil {
		return nil, err
	}
	for i, format := range formats {
		sum := hashes[i].(interface{ Sum([]byte) []byte }).Sum(nil)
		out[format] = struct {
			bytes int64
			hash  string
		}{sizes[i].n, "sha256:" + hex.EncodeToString(sum)}
	}
	if stamp != "" {
		if s.sums.of == nil {
			s.sums.of, s.sums.stamp = map[string]fileSum{}, map[string]string{}
		}
		s.sums.of[t.name], s.sums.stamp[t.name] = out, stamp
	}
	return out, nil
}

// dataPackage describes the open data (Frictionless Data Package 1): every file,
// how long it is and its digest, every field in both languages.
func (s *Server) dataPackage(ctx context.Context, _ *Call) (any, error) {
	var resources []map[string]any
	tables := s.openTables()
	for i := range tables {
		t := &tables[i]
		sum, err := s.sumOf(ctx, t)
		if err != nil {
			return nil, err
		}
		var fields []map[string]any
		for _, x := range t.columns {
			fields = append(fields, map[string]any{"name": x.name, "type": x.kind, "title": say("zh", t.words+x.name, nil), "description": say("en", t.words+x.name, nil)})
		}
		for _, format := range fileFormats {
			media, _, _ := strings.Cut(openMedia[format], ";")
			r := map[string]any{"name": t.name + "-" + format, "path": t.name + "." + format, "format": format, "mediatype": media, "profile": "tabular-data-resource",
				"title": say("zh", "data.table."+t.name, nil), "description": say("en", "data.table."+t.name, nil), "schema": map[string]any{"fields": fields, "missingValues": []string{""}}}
			if x, ok := sum[format]; ok {
				r["encoding"], r["bytes"], r["hash"] = "utf-8", x.bytes, x.hash
			} else {
				delete(r, "profile")
			}
			resources = append(resources, r)
		}
	}
	body, err := json.MarshalIndent(map[string]any{"profile": "data-package", "name": "consumer-complaint-open-data", "title": say("zh", "data.package.title", vars{"County": s.Rules().County().Zh}), "description": say("en", "data.package.about", nil),
		"version": indicator.Version, "licenses": []map[string]string{{"name": licence, "path": "https://creativecommons.org/licenses/by/4.0/", "title": "Creative Commons Attribution 4.0"}}, "resources": resources}, "", "  ")
	return kept{kind: "application/json", body: body, seconds: cacheSeconds}, err
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
	out := &view.OpenData{Lead: []string{p.T("page.opendata.lead"), p.T("page.opendata.licence", "Licence", licence)}, Slices: statSlices(p, "data")}
	ended, begun := lastDay(calendar.On(s.Now())).String()[:7], calendar.On(s.Now()).String()[:7]
	for _, t := range s.openTables() {
		x := view.OpenTable{ID: t.name, Title: p.T("data.table." + t.name), Fields: &view.StatTable{Caption: p.T("page.opendata.fields"), Head: []string{p.T("page.opendata.field"), p.T("page.opendata.type"), p.T("page.opendata.meaning")}}}
		for _, column := range t.columns {
			x.Fields.Rows = append(x.Fields.Rows, []string{column.name, column.kind, p.T(t.words + column.name)})
		}
		month := begun
		if t.name == "statistics" {
			month = ended
		}
		for _, format := range fileFormats {
			x.Files = append(x.Files, view.Link{To: "/data/" + t.name + "." + format, Name: strings.ToUpper(format)})
		}
		x.Files = append(x.Files, view.Link{To: "/data/" + t.name + ".csv?month=" + month, Name: "CSV " + month})
		out.Tables = append(out.Tables, x)
	}
	out.Made = []view.Row{{Name: p.T("page.stat.made.definitions"), Value: indicator.Version}, {Name: "API", Value: publicStatistics + "?period=" + ended}, {Name: "API", Value: publicPath}, {Name: "API", Value: publicInfringementsPath}}
	return page{body: view.OpenDataPage(p, out), public: true}, nil
}
