package store

import (
	"errors"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ErrNoTerms says that a search has nothing to look for.
var ErrNoTerms = errors.New("no words to search for")

// mostTerms bounds what is indexed of one case: a place after it cannot be kept
// by PostgreSQL, whose positions end at 16,383.
const mostTerms = 16_000

// searchTokens cuts a text into what is indexed: of Chinese every pair of
// neighbours, and the last character of a run alone: so one character finds its
// words too, and no phrase reaches over the end of a run. Of anything else the word.
func searchTokens(text string) []string {
	var out []string
	for _, run := range searchRuns(text) {
		if r := []rune(run); unicode.Is(unicode.Han, r[0]) {
			for i := range r[:len(r)-1] {
				out = append(out, string(r[i:i+2]))
			}
			out = append(out, string(r[len(r)-1:]))
			continue
		}
		out = append(out, run)
	}
	return out
}

// searchRuns folds width, case and composition and splits a text where script or
// word ends.
func searchRuns(text string) []string {
	var out []string
	var run []rune
	var kind int
	flush := func() {
		if len(run) > 0 {
			out, run = append(out, string(run)), nil
		}
	}
	for _, c := range strings.ToLower(norm.NFKC.String(text)) {
		k := 0
		switch {
		case unicode.Is(unicode.Han, c):
			k = 1
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			k = 2
		}
		if k != kind {
			flush()
			kind = k
		}
		if k != 0 {
			run = append(run, c)
		}
	}
	flush()
	return out
}

// searchDocument writes tokens as the dialect indexes them: for PostgreSQL a
// tsvector with places, for SQLite words with blanks.
func (s *Store) searchDocument(tokens []string) string {
	if len(tokens) > mostTerms {
		tokens = tokens[:mostTerms]
	}
	var b strings.Builder
	for i, t := range tokens {
		if s.dialect == "postgres" {
			t = "'" + t + "':" + strconv.Itoa(i+1)
		}
		b.WriteString(t)
		b.WriteByte(' ')
	}
	return b.String()
}

// searchTerms writes what is sought as a query: every run must be there, as a
// phrase. ErrNoTerms when there is nothing to look for.
func (s *Store) searchTerms(words string) (string, error) {
	var out []string
	for _, run := range searchRuns(words) {
		r := []rune(run)
		if !unicode.Is(unicode.Han, r[0]) {
			out = append(out, s.phrase([]string{run}, false))
			continue
		}
		if len(r) == 1 {
			out = append(out, s.phrase([]string{run}, true))
			continue
		}
		var pairs []string
		for i := range r[:len(r)-1] {
			pairs = append(pairs, string(r[i:i+2]))
		}
		out = append(out, s.phrase(pairs, false))
	}
	if len(out) == 0 {
		return "", ErrNoTerms
	}
	if s.dialect == "postgres" {
		return strings.Join(out, " & "), nil
	}
	return strings.Join(out, " AND "), nil
}

func (s *Store) phrase(tokens []string, prefix bool) string {
	if s.dialect == "postgres" {
		text := "'" + strings.Join(tokens, "' <-> '") + "'"
		if prefix {
			text += ":*"
		}
		return "(" + text + ")"
	}
	text := `"` + strings.Join(tokens, " ") + `"`
	if prefix {
		text += "*"
	}
	return text
}
