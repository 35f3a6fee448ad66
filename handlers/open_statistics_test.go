package handlers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fangxin/store/storetest"

	"github.com/xuri/excelize/v2"
)

// published is a site with a quarter behind it, of which tables are published.
func published(t *testing.T) *site {
	t.Helper()
	s := newSite(t, storetest.New(t))
	for range 3 {
		s.w.File()
	}
	s.w.Advance(130 * 24 * time.Hour)
	for n := 1; n > 0; {
		var err error
		if n, err = s.w.Block(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if made, err := s.w.ReleaseDue(context.Background()); err != nil || len(made) == 0 {
		t.Fatal(made, err)
	}
	return s
}

// get asks as a browser without scripts does.
func (s *site) get(path string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequest("GET", s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(body)
}

// Anybody reads the county's figures, what is published by each slice and how each
// number is made; a period that cannot be is a 400 that names it.
func TestPublicStatistics(t *testing.T) {
	s := published(t)
	for path, want := range map[string]string{
		"/statistics": "三种算法", "/statistics?period=2026-Q2": "2026 年第 2 季度", "/statistics?period=2026-05": "2026 年 5 月", "/statistics/by/domain": "—", "/statistics/by/town?period=2026-Q2": "第 1 次",
		"/statistics/by/category": "全县", "/statistics/by/channel": "网上", "/statistics/trends": "<svg", "/statistics/definitions": "I-20", "/statistics/definitions/I-01A": "talks.settled 8", "/data": "datapackage.json",
	} {
		res, text := s.get(path)
		if res.StatusCode != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d, no %q", path, res.StatusCode, want)
		}
		if _, text = s.get(path, "Accept-Language", "en"); strings.Contains(text, "page.") || !strings.Contains(text, `lang="en"`) {
			t.Errorf("%s in English", path)
		}
	}
	for path, status := range map[string]int{
		"/statistics?period=2026-13": 400, "/statistics?period=1990": 400, "/statistics?period=2031": 400, "/statistics?period=%2B026": 400, "/statistics?x=1": 400, "/statistics/by/shoe_size": 404,
		"/statistics/by/domain?period=2026-05": 400, "/statistics/definitions/I-99": 404, "/data/passwd": 404, "/data/statistics.csv?month=2026": 400, "/data/statistics.csv?month=2026-Q2": 400,
	} {
		if res, _ := s.get(path); res.StatusCode != status {
			t.Errorf("%s: %d, not %d", path, res.StatusCode, status)
		}
	}
	for query, param := range map[string]string{"?period=2026-13": "period", "?period=2027": "period", "": "period", "?by=merchant&period=2026": "by", "?by=domain&period=2026-05": "period", "?period=2026-05&period=2026-06": "period", "?period=2026-05&x=1": "x"} {
		status, out, text := s.call("GET", "/api/v1/public/statistics"+query, "", "")
		if status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(out["missing"]), param) {
			t.Errorf("%q: %d %s", query, status, text)
		}
	}
	res, text := s.get("/api/v1/public/statistics?by=domain&period=2026-Q2")
	if res.StatusCode != http.StatusOK || !strings.Contains(text, `"numerator":null`) || !strings.Contains(res.Header.Get("Cache-Control"), "public") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if again, _ := s.get("/api/v1/public/statistics?by=domain&period=2026-Q2", "If-None-Match", res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("%d", again.StatusCode)
	}
}

// The open data is the same in every format, is what its descriptor says, and
// shows no number of a slice from 1 to 4.
func TestOpenStatistics(t *testing.T) {
	s := published(t)
	_, text := s.get("/data/statistics.csv")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || len(rows) < 100 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows[1:] {
		for _, i := range []int{9, 10, 14} {
			if r[0] != "" && len(r[i]) == 1 && r[i] >= "1" && r[i] <= "4" {
				t.Errorf("%q", r)
			}
		}
	}
	_, list := s.get("/data/statistics.json")
	var objects []map[string]any
	if err := json.Unmarshal([]byte(list), &objects); err != nil || len(objects) != len(rows)-1 {
		t.Errorf("%d objects of %d rows, %v", len(objects), len(rows)-1, err)
	}
	_, book := s.get("/data/statistics.xlsx")
	f, err := excelize.OpenReader(bytes.NewReader([]byte(book)))
	if err != nil {
		t.Fatal(err)
	}
	cells, err := f.GetRows("Sheet1")
	if err != nil || len(cells) != len(rows) {
		t.Fatalf("%d rows in the book, %v", len(cells), err)
	}
	for i, r := range rows[1:] { // P5: what one format hides no other shows
		for j, name := range rows[0] {
			other := ""
			if j < len(cells[i+1]) { // the book cuts what is empty at the end of a row
				other = cells[i+1][j]
			}
			if v := objects[i][name]; v != nil && fmt.Sprint(v) != r[j] || v == nil && r[j] != "" || other != r[j] && !strings.EqualFold(other, r[j]) {
				t.Fatalf("row %d, %s: %q, %v and %q", i, name, r[j], v, other)
			}
		}
	}
	_, text2 := s.get("/data/datapackage.json")
	var pack struct {
		Resources []struct {
			Path, Hash string
			Bytes      int
			Schema     struct{ Fields []struct{ Name string } }
		}
	}
	if err := json.Unmarshal([]byte(text2), &pack); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{text, list} {
		sum := sha256.Sum256([]byte(want))
		if r := pack.Resources[i]; r.Hash != "sha256:"+hex.EncodeToString(sum[:]) || r.Bytes != len(want) || len(r.Schema.Fields) != len(rows[0]) {
			t.Errorf("%+v is not what is handed out", r)
		}
	}
	if _, month := s.get("/data/statistics.csv?month=2026-05"); strings.Count(month, "\n") < 50 || strings.Contains(month, "2026-06-30") {
		t.Errorf("%d lines of one month", strings.Count(month, "\n"))
	}
}
