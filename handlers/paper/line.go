package paper

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What must not begin a line, and what must not end one (GB/T 15834).
const (
	neverFirst = "，。、；：？！）》」』】〕〗”’…—～·％℃,.;:?!)]}%"
	neverLast  = "（《「『【〔〖“‘([{￥¥"
)

// wrap breaks a paragraph into lines of a width, in parts of the font's size, the
// first one shorter by an indent. A line ends after any Han character; a word of
// Latin letters or digits stays whole unless it is wider than a line.
func (f *face) wrap(text string, width, indent float64) []string {
	var lines []string
	line, room := "", width-indent
	for _, word := range words(text) {
		w := f.measure(word)
		if w > room && line != "" {
			if strings.TrimSpace(word) == "" {
				continue // a blank at the end of a line is not seen
			}
			var carried string
			line, carried = carry(line, word)
			lines = append(lines, line)
			line, room = carried, width-f.measure(carried)
		}
		for w > room { // wider than a whole line: cut where it must be
			n := f.fits(word, room)
			lines = append(lines, line+word[:n])
			line, word, room = "", word[n:], width
			w = f.measure(word)
		}
		line += word
		room -= w
	}
	return append(lines, strings.TrimRight(line, " "))
}

// carry takes to the next line what may not stand at the end of this one: an
// opening bracket, and the character before one that may not be first.
func carry(line, next string) (kept, carried string) {
	kept = line
	first, _ := utf8.DecodeRuneInString(next)
	for moved := 0; moved < 3 && kept != ""; moved++ {
		last, n := utf8.DecodeLastRuneInString(kept)
		if !strings.ContainsRune(neverFirst, first) && !strings.ContainsRune(neverLast, last) || len(kept) == n || !han(last) {
			break
		}
		kept, carried, first = kept[:len(kept)-n], kept[len(kept)-n:]+carried, last
	}
	return strings.TrimRight(kept, " "), carried
}

// words are the pieces between which a line may end.
func words(text string) []string {
	var out []string
	from := 0
	var last rune
	for i, r := range text {
		if i > from && (han(r) || han(last) || unicode.IsSpace(r) || unicode.IsSpace(last)) {
			out, from = append(out, text[from:i]), i
		}
		last = r
	}
	if from < len(text) {
		out = append(out, text[from:])
	}
	return out
}

// han reports whether a character stands in a square of its own.
func han(r rune) bool { return r >= 0x2010 }

func (f *face) measure(text string) (w float64) {
	for _, r := range text {
		n, _ := f.width(r)
		w += n
	}
	return w
}

// fits is how many bytes of a word a room holds, one character at least.
func (f *face) fits(word string, room float64) int {
	for i, r := range word {
		w, _ := f.width(r)
		if room -= w; room < 0 && i > 0 {
			return i
		}
	}
	return len(word)
}
