package handlers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// tableOf is a table of so many rows; it ends with an error if there is one.
func tableOf(rows int, fault error) *openTable {
	return &openTable{name: "numbers", columns: []openColumn{{"n", "integer"}, {"text", "string"}}, each: func(_ context.Context, _ string, row func(openRow) error) error {
		for i := range rows {
			if err := row(openRow{strconv.Itoa(i), "=1+1"}); err != nil {
				return err
			}
		}
		return fault
	}}
}

// A book goes on in another sheet where one is full, each with the head.
func TestABookOfManySheets(t *testing.T) {
	for rows, want := range map[int][]int{0: {1}, 3: {4}, 4: {4, 2}, 7: {4, 4, 2}} {
		var b bytes.Buffer
		table := tableOf(rows, nil)
		if err := table.through(t.Context(), "", &xlsxRows{t: table, to: &b, most: 3}); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		list := f.GetSheetList()
		if len(list) != len(want) {
			t.Errorf("%d rows in %v", rows, list)
			continue
		}
		for i, name := range list {
			cells, err := f.GetRows(name)
			if err != nil || len(cells) != want[i] || cells[0][0] != "n" {
				t.Errorf("%d rows: %s is %q %v", rows, name, cells, err)
			}
		}
		if formula, err := f.GetCellFormula("Sheet1", "B2"); err != nil || formula != "" {
			t.Errorf("%q %v", formula, err)
		}
	}
}

// A file whose making fails on the way does not look like a whole one.
func TestHalfAFileIsNoFile(t *testing.T) {
	for _, format := range fileFormats {
		for _, fault := range []error{nil, errors.New("the database went away")} {
			f := openFile{table: tableOf(5000, fault), ctx: t.Context(), name: "x", format: format, slow: time.Minute}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = f.send(w, r) }))
			res, err := http.Get(server.URL)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				_ = res.Body.Close()
			}
			server.Close()
			if (err == nil) != (fault == nil) {
				t.Errorf("%s, %v: %v", format, fault, err)
			}
		}
	}
}
