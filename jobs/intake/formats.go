package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// Open opens a file and reads its records one by one. format is csv, xlsx or
// jsonl, or empty for what the name ends in.
func Open(path, format string) (rows func(yield func(Row) bool), close func() error, err error) {
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	}
	if format == "xlsx" {
		return openXLSX(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	switch format {
	case "jsonl", "ndjson":
		return JSONL(f), f.Close, nil
	case "csv":
		r, err := decoded(f)
		if err != nil {
			return nil, nil, errors.Join(err, f.Close())
		}
		rows, err := CSV(r)
		if err != nil {
			return nil, nil, errors.Join(err, f.Close())
		}
		return rows, f.Close, nil
	}
	return nil, nil, errors.Join(fmt.Errorf("%s: csv, xlsx or jsonl (--format)", path), f.Close())
}

// longestLine bounds a record: a narrative of twenty thousand characters fits.
const longestLine = 4 << 20

// JSONL reads an object a line.
func JSONL(r io.Reader) func(yield func(Row) bool) {
	return func(yield func(Row) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 64<<10), longestLine)
		n := 0
		for lines.Scan() {
			n++
			text := bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff"))
			if len(bytes.TrimSpace(text)) == 0 {
				continue
			}
			if !yield(jsonRow(n, text)) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Row{Line: n + 1, Err: fmt.Errorf("the line cannot be read: %w", err)})
		}
	}
}

func jsonRow(line int, text []byte) Row {
	row := Row{Line: line, Values: map[string]string{}}
	var values map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil || values == nil {
		row.Err = errors.New("not a JSON object on one line")
		row.Values["line"] = strings.ToValidUTF8(string(text), "\uFFFD")
		return row
	}
	for name, v := range values {
		switch v := v.(type) {
		case nil:
		case string:
			row.Values[name] = v
		case json.Number:
			row.Values[name] = v.String()
		case bool:
			row.Values[name] = fmt.Sprint(v)
		default: // lists and objects have no column
			text, _ := json.Marshal(v)
			row.Values[name] = string(text)
		}
	}
	return row
}

// decoded reads UTF-8, with or without a mark, and GB18030.
func decoded(f *os.File) (io.Reader, error) {
	valid, err := validUTF8(f)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if !valid {
		return transform.NewReader(f, simplifiedchinese.GB18030.NewDecoder()), nil
	}
	b := bufio.NewReader(f)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		_, _ = b.Discard(3)
	}
	return b, nil
}

// validUTF8 reads the whole file once: a file without a mark may be either.
func validUTF8(r io.Reader) (bool, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	for {
		c, size, err := b.ReadRune()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if c == utf8.RuneError && size == 1 {
			return false, nil
		}
	}
}

// CSV reads a table with a line of names on top.
func CSV(r io.Reader) (func(yield func(Row) bool), error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord = -1
	table.LazyQuotes = false
	names, err := table.Read()
	if err != nil {
		return nil, fmt.Errorf("line 1: the names of the columns: %w", err)
	}
	return func(yield func(Row) bool) {
		for {
			record, err := table.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			line, _ := 0, 0
			if len(record) > 0 {
				line, _ = table.FieldPos(0)
			}
			row := Row{Line: line, Values: named(names, record)}
			var broken *csv.ParseError
			switch {
			case errors.As(err, &broken):
				row.Line, row.Err = broken.StartLine, fmt.Errorf("not CSV: %w", broken.Err)
			case err != nil:
				row.Err = err
			case len(record) > len(names):
				row.Err = fmt.Errorf("%d cells, %d columns", len(record), len(names))
			}
			if !yield(row) || err != nil && broken == nil {
				return
			}
		}
	}, nil
}

func named(names, record []string) map[string]string {
	out := map[string]string{}
	for i, v := range record {
		if i < len(names) {
			out[strings.TrimSpace(names[i])] = v
		} else {
			out[fmt.Sprintf("column %d", i+1)] = v
		}
	}
	return out
}

func openXLSX(path string) (func(yield func(Row) bool), func() error, error) {
	f, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: 512 << 20, UnzipXMLSizeLimit: 16 << 20})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: not a workbook: %w", path, err)
	}
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, nil, errors.Join(fmt.Errorf("%s: no sheet", path), f.Close())
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return func(yield func(Row) bool) {
		var names []string
		for line := 1; rows.Next(); line++ {
			cells, err := rows.Columns()
			if line == 1 && err == nil {
				names = cells
				continue
			}
			row := Row{Line: line, Values: named(names, cells), Err: err}
			if len(cells) == 0 && err == nil {
				continue
			}
			if !yield(row) {
				return
			}
		}
	}, func() error { return errors.Join(rows.Close(), f.Close()) }, nil
}
