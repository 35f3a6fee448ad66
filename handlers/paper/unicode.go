package paper

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf16"
)

// The library that writes the PDF says what a glyph means in one list, and of a
// character beyond U+FFFF with five digits. The format wants at most a hundred
// lines in a list and two halves for such a character (PDF 32000-1, 9.10.3): who
// copied 𬭩 out of a name would get something else.
var (
	meanings = regexp.MustCompile(`\d+ beginbfrange\n((?:<[0-9A-F]+><[0-9A-F]+><[0-9A-F]+>\n)*)endbfrange\n`)
	meaning  = regexp.MustCompile(`<([0-9A-F]+)><[0-9A-F]+><([0-9A-F]+)>\n`)
	cmap     = regexp.MustCompile(`<<\n/Length (\d+)\n>>\nstream\n(/CIDInit[^\x00]*?CMapName currentdict /CMap defineresource pop end end\n)endstream\n`)
	offset   = regexp.MustCompile(`\d{10} 00000 n `)
)

// edit replaces a part of a file.
type edit struct {
	at, end int
	by      []byte
}

// mendMeanings writes those lists as the format wants them and moves the table of
// where every object begins.
func mendMeanings(pdf []byte) []byte {
	var edits []edit
	for _, m := range cmap.FindAllSubmatchIndex(pdf, -1) {
		body := meanings.ReplaceAllFunc(pdf[m[4]:m[5]], lists)
		edits = append(edits, edit{m[0], m[1], fmt.Appendf(nil, "<<\n/Length %d\n>>\nstream\n%sendstream\n", len(body), body)})
	}
	table := bytes.LastIndex(pdf, []byte("\nxref\n")) + 1
	moved := func(at int) (by int) {
		for _, e := range edits {
			if e.at < at {
				by += len(e.by) - (e.end - e.at)
			}
		}
		return at + by
	}
	var out []byte
	from := 0
	for _, e := range edits {
		out = append(append(out, pdf[from:e.at]...), e.by...)
		from = e.end
	}
	out = append(out, pdf[from:table]...)
	tail := offset.ReplaceAllFunc(pdf[table:], func(line []byte) []byte {
		at, _ := strconv.Atoi(string(line[:10]))
		return fmt.Appendf(nil, "%010d 00000 n ", moved(at))
	})
	start := bytes.LastIndex(tail, []byte("startxref\n"))
	return fmt.Appendf(append(out, tail[:start]...), "startxref\n%d\n%%%%EOF\n", moved(table))
}

// lists is one list anew, in parts of a hundred.
func lists(old []byte) []byte {
	const most = 100
	all := meaning.FindAllSubmatch(old, -1)
	var out []byte
	for len(all) > 0 {
		part := all[:min(most, len(all))]
		all = all[len(part):]
		out = fmt.Appendf(out, "%d beginbfrange\n", len(part))
		for _, m := range part {
			r, _ := strconv.ParseInt(string(m[2]), 16, 32)
			out = fmt.Appendf(out, "<%s><%s><", m[1], m[1])
			for _, unit := range utf16.Encode([]rune{rune(r)}) {
				out = fmt.Appendf(out, "%04X", unit)
			}
			out = append(out, ">\n"...)
		}
		out = append(out, "endbfrange\n"...)
	}
	return out
}
