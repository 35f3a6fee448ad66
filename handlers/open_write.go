package handlers

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/xuri/excelize/v2"
)

// rowWriter is a file in one of the formats, row by row. end is called in any case.
type rowWriter interface {
	row(openRow) error
	end() error
}

// writer begins a file of a table.
func (t *openTable) writer(w io.Writer, format string) rowWriter {
	switch format {
	case "csv":
		return &csvRows{t: t, to: w, out: csv.NewWriter(w)}
	case "json":
		return &jsonRows{t: t, to: w}
	}
	return &xlsxRows{t: t, to: w, most: sheetRows}
}

// through hands every row to every file.
func (t *openTable) through(ctx context.Context, month string, files ...rowWriter) error {
	err := t.each(ctx, month, func(r openRow) error {
		for _, f := range files {
			if err := f.row(r); err != nil {
				return err
			}
		}
		return nil
	})
	for _, f := range files {
		if err == nil {
			err = f.end()
		} else if x, ok := f.(*xlsxRows); ok { // what it spilled goes
			_ = x.close()
		}
	}
	return err
}

func (t *openTable) write(ctx context.Context, w io.Writer, format, month string) error {
	return t.through(ctx, month, t.writer(w, format))
}

// csvRows begins with a byte order mark, because the office programs that people
// have read Chinese only so.
type csvRows struct {
	t     *openTable
	to    io.Writer
	out   *csv.Writer
	begun bool
	cells []string
}

func (f *csvRows) begin() error {
	if f.begun {
		return nil
	}
	f.begun, f.cells = true, make([]string, len(f.t.columns))
	if _, err := io.WriteString(f.to, "\ufeff"); err != nil {
		return err
	}
	return f.out.Write(f.t.head())
}

func (f *csvRows) row(r openRow) error {
	if err := f.begin(); err != nil {
		return err
	}
	for i, x := range r {
		f.cells[i] = f.t.harmless(i, x)
	}
	return f.out.Write(f.cells)
}

func (f *csvRows) end() error {
	err := f.begin()
	f.out.Flush()
	return errors.Join(err, f.out.Error())
}

func (t *openTable) head() (out []string) {
	for _, c := range t.columns {
		out = append(out, c.name)
	}
	return out
}

// harmless is a cell that no spreadsheet takes for a formula. Numbers and days are
// made here and begin like none.
func (t *openTable) harmless(i int, cell string) string {
	if t.columns[i].kind == "string" {
		return Harmless(cell)
	}
	return cell
}

// jsonRows is an array of objects, one a line; a field without a value is left out,
// a text is empty.
type jsonRows struct {
	t     *openTable
	to    io.Writer
	begun bool
	line  []byte
}

func (f *jsonRows) row(r openRow) error {
	b := append(f.line[:0], ",\n"...)
	if !f.begun {
		b, f.begun = append(b[:0], "[\n"...), true
	}
	comma := byte('{')
	for i, c := range f.t.columns {
		if r[i] == "" && c.kind != "string" {
			continue
		}
		var err error
		b = append(append(append(append(b, comma), '"'), c.name...), '"', ':')
		if comma = ','; c.kind == "integer" || c.kind == "number" || c.kind == "boolean" {
			b = append(b, r[i]...)
		} else if b, err = jsontext.AppendQuote(b, r[i]); err != nil {
			return err
		}
	}
	f.line = append(b, '}')
	_, err := f.to.Write(f.line)
	return err
}

func (f *jsonRows) end() error {
	text := "\n]\n"
	if !f.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(f.to, text)
	return err
}

// sheetRows is how many rows a sheet holds; Excel takes 1,048,576 and a head.
const sheetRows = 1_000_000

// xlsxRows spills to a file of its own beyond sixteen megabytes, and goes on in
// another sheet where one is full.
type xlsxRows struct {
	t       *openTable
	to      io.Writer
	most    int // rows of a sheet
	book    *excelize.File
	sheet   *excelize.StreamWriter
	n, last int // rows of the last sheet, its number
	cells   []any
}

// next begins a sheet with the head.
func (f *xlsxRows) next() (err error) {
	if f.book == nil {
		f.book, f.cells = excelize.NewFile(), make([]any, len(f.t.columns))
	} else if err = f.sheet.Flush(); err != nil {
		return err
	}
	f.last++
	name := "Sheet" + strconv.Itoa(f.last)
	if f.last > 1 {
		if _, err = f.book.NewSheet(name); err != nil {
			return err
		}
	}
	if f.sheet, err = f.book.NewStreamWriter(name); err != nil {
		return err
	}
	for i, x := range f.t.head() {
		f.cells[i] = x
	}
	f.n = 1
	return f.sheet.SetRow("A1", f.cells)
}

func (f *xlsxRows) row(r openRow) error {
	if f.book == nil || f.n > f.most {
		if err := f.next(); err != nil {
			return err
		}
	}
	f.n++
	for i, x := range r {
		f.cells[i] = f.t.harmless(i, x)
		if kind := f.t.columns[i].kind; kind == "integer" || kind == "number" {
			if v, err := strconv.ParseFloat(x, 64); err == nil {
				f.cells[i] = v
			}
		}
	}
	return f.sheet.SetRow("A"+strconv.Itoa(f.n), f.cells)
}

func (f *xlsxRows) end() error {
	var err error
	if f.book == nil {
		err = f.next()
	}
	if err == nil {
		err = f.sheet.Flush()
	}
	if err == nil {
		err = f.book.Write(f.to)
	}
	return errors.Join(err, f.close())
}

func (f *xlsxRows) close() error {
	if f.book == nil {
		return nil
	}
	return f.book.Close()
}
