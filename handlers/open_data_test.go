package handlers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"

	"github.com/xuri/excelize/v2"
)

// cells are the rows of a CSV file of the open data, the head first.
func (s *site) cells(path string) [][]string {
	s.t.Helper()
	res, text := s.get(path)
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, res.StatusCode, text)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

// publishedCase is a complaint that anybody may read, with the id of its entry.
func (s *site) publishedCase() (number, id string) {
	s.t.Helper()
	number = lived(s.t, s, toTheEnd...)
	settle(s.t, s)
	st, err := s.w.Standing(context.Background(), number, false)
	if err != nil || st.Preview == nil {
		s.t.Fatalf("%+v %v", st, err)
	}
	s.w.Set(st.On.Start())
	settle(s.t, s)
	return number, st.Preview.ID
}

// What is published of complaints is had whole and by month in three formats that
// hold the same, is what the descriptor says, runs no formula, and what is taken
// down is gone from every file at once but for its id.
func TestOpenComplaints(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.w.Rules(pilot(t))
	openShop(t, s, s.officer("officer"), "=惠民超市", `,"code":"91370321MA3C0AAA0H"`)
	first, firstID := s.publishedCase()
	_, secondID := s.publishedCase()
	rows := s.cells("/data/complaints.csv")
	if len(rows) != 3 || rows[1][1] != secondID || rows[2][1] != firstID || rows[1][3] != "'=惠民超市" || rows[1][6] != "日用消费品领域" {
		t.Fatalf("%q", rows)
	}
	month := rows[1][slices.Index(rows[0], "closed")]
	if of := s.cells("/data/complaints.csv?month=" + month); len(of) != 3 {
		t.Errorf("of %s: %q", month, of)
	}
	if of := s.cells("/data/complaints.csv?month=2026-01"); len(of) != 1 || !slices.Equal(of[0], rows[0]) {
		t.Errorf("of a month without any: %q", of)
	}
	_, list := s.get("/data/complaints.json")
	var objects []map[string]any
	if err := json.Unmarshal([]byte(list), &objects); err != nil || len(objects) != 2 || objects[0]["merchant"] != "=惠民超市" || objects[0]["days"] == nil || objects[0]["id"] != secondID {
		t.Errorf("%v %v", objects, err)
	}
	_, book := s.get("/data/complaints.xlsx")
	f, err := excelize.OpenReader(bytes.NewReader([]byte(book)))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := f.GetRows("Sheet1")
	if err != nil || len(sheet) != 3 || sheet[1][3] != "'=惠民超市" || sheet[2][1] != firstID {
		t.Errorf("%q %v", sheet, err)
	}
	s.describes(t, "complaints")
	for _, path := range []string{"/data/complaints.csv", "/data/complaints.json?month=" + month, "/data/complaints.xlsx", "/data/infringements.csv"} {
		s.cachedFor(t, path)
	}
	res, _ := s.get("/data/complaints.csv")
	no := false
	cmd := s.w.Compose(first, "change_consent")
	cmd.Input.PublishConsent = &no
	if _, err := s.w.Execute(context.Background(), store.Request{Case: first, Command: cmd}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // at once, and when the job came round
		after, text := s.get("/data/complaints.csv", "If-None-Match", res.Header.Get("ETag"))
		if after.StatusCode != http.StatusOK || after.Header.Get("ETag") == res.Header.Get("ETag") {
			t.Errorf("%d for who has the file of before", after.StatusCode)
		}
		if rows := s.cells("/data/complaints.csv"); len(rows) != 3 || rows[1][1] != secondID || rows[2][0] != "gone" || rows[2][1] != firstID || strings.Join(rows[2][2:], "") != "" {
			t.Errorf("%q", rows)
		}
		if _, of := s.get("/data/complaints.json?month=" + month); strings.Contains(of, firstID) || !strings.Contains(of, secondID) {
			t.Errorf("the month's file: %s", of)
		}
		if strings.Contains(text, "金丝雀") {
			t.Errorf("%s", text)
		}
		s.describes(t, "complaints")
		settle(t, s)
	}
	for query, status := range map[string]int{"complaints.csv?month=2026-13": 400, "complaints.csv?month=2031-01": 400, "complaints.csv?month=2026": 400, "complaints.csv?month=": 400, "complaints.csv?month=2026-05&month=2026-06": 400, "complaints.csv?day=1": 400,
		"infringements.xlsx?month=x": 400, "complaints.pdf": 404, "complaints": 404, "cases.csv": 404} {
		if res, text := s.get("/data/"+query, "Accept", "application/json"); res.StatusCode != status || status == 400 && !strings.Contains(text, "month") && !strings.Contains(text, "day") {
			t.Errorf("%s: %d, not %d", query, res.StatusCode, status)
		}
	}
}

// describes holds a table's files against what the descriptor says of them.
func (s *site) describes(t *testing.T, table string) {
	t.Helper()
	_, text := s.get("/data/datapackage.json")
	var pack struct {
		Licenses  []struct{ Name string }
		Resources []struct {
			Name, Path, Hash, Format, Title, Description string
			Bytes                                        int
			Schema                                       struct {
				Fields []struct{ Name, Type, Title, Description string }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &pack); err != nil || len(pack.Licenses) != 1 {
		t.Fatal(err, text)
	}
	seen := 0
	for _, r := range pack.Resources {
		for _, f := range r.Schema.Fields {
			if f.Title == "" || f.Description == "" || strings.HasPrefix(f.Title, "data.") || strings.HasPrefix(f.Description, "data.") || strings.HasPrefix(r.Title, "data.") {
				t.Errorf("%s: %+v has no words", r.Name, f)
			}
		}
		if !strings.HasPrefix(r.Name, table+"-") {
			continue
		}
		seen++
		_, body := s.get("/data/" + r.Path)
		sum := sha256.Sum256([]byte(body))
		if r.Format != "xlsx" && (r.Hash != "sha256:"+hex.EncodeToString(sum[:]) || r.Bytes != len(body)) {
			t.Errorf("%s is not what is handed out", r.Name)
		}
	}
	if seen != 3 {
		t.Errorf("%d files of %s are described", seen, table)
	}
}

// Penalty decisions are open data too, and go with their term.
func TestOpenInfringements(t *testing.T) {
	s := newSite(t, storetest.New(t))
	officer := s.officer("officer")
	id := s.decided(officer, openShop(t, s, officer, "惠民超市", `,"code":"91370321MA3C0AAA0H"`))
	rows := s.cells("/data/infringements.csv")
	if len(rows) != 2 || rows[1][0] != id || rows[1][13] != "fine" || rows[1][14] != "500000" {
		t.Errorf("%q", rows)
	}
	if of := s.cells("/data/infringements.csv?month=2026-04"); len(of) != 1 {
		t.Errorf("%q", of)
	}
	s.describes(t, "infringements")
	res, _ := s.get("/data/infringements.csv")
	s.w.Set(s.w.Now().AddDate(3, 0, 1))
	if after, text := s.get("/data/infringements.csv", "If-None-Match", res.Header.Get("ETag")); after.StatusCode != http.StatusOK || strings.Contains(text, id) {
		t.Errorf("after its term: %d %s", after.StatusCode, text)
	}
}
