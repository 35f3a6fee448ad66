package register

import (
	"slices"
	"strings"
	"unicode"
)

// Index is what one entry is found by: beginnings of the present name in four
// writings, and pieces of all its names.
type Index struct {
	Name, Legal      string   // folded
	Initials, Pinyin string   // of the trade name
	Pieces           []string // sorted, each once; letters, digits and Chinese characters only
}

// IndexOf makes the index of an entry. Former names are in it: who looks for the
// old sign finds the shop.
func IndexOf(m Merchant) Index {
	x := Index{Name: Fold(m.Name), Legal: Fold(m.LegalName), Initials: Initials(m.Name), Pinyin: strings.Join(Syllables(m.Name), "")}
	for _, name := range Names(m) {
		x.Pieces = append(x.Pieces, namePieces(stem(Fold(name)))...)
		x.Pieces = append(x.Pieces, marked("i", pieces(Initials(name), initialsPiece))...)
		s := Syllables(name)
		for i := 0; i+1 < len(s); i++ {
			x.Pieces = append(x.Pieces, "p"+s[i]+s[i+1])
		}
	}
	slices.Sort(x.Pieces)
	x.Pieces = slices.Compact(x.Pieces)
	return x
}

// initialsPiece is how many initials stand together in one piece: two would be
// in every tenth name.
const initialsPiece = 3

// namePieces are pairs of characters; a lone character is a piece of its own.
func namePieces(folded string) []string {
	out := pieces(folded, 2)
	if len(out) == 0 && folded != "" {
		out = []string{folded}
	}
	return marked("n", out)
}

func marked(mark string, all []string) []string {
	for i, p := range all {
		all[i] = mark + p
	}
	return all
}

// Query is what somebody typed, as the register is asked for it. Every non-empty
// part is one way to find an entry.
type Query struct {
	Words    string     // folded; compared with what was found
	Code     string     // beginning of a credit code
	Name     string     // beginning of a name
	Initials string     // beginning of the initials
	Pinyin   string     // beginning of the pinyin
	Pieces   [][]string // all pieces of one list are in the entry
}

// shortestCode is how much of a credit code is worth a search: the first two
// characters say who registered it, the next six where.
const shortestCode = 4

// longestQuery bounds what is searched for, in characters.
const longestQuery = 60

// Ask reads what somebody typed: a name or part of it, initials, pinyin with or
// without blanks, or a credit code or its beginning.
func Ask(words string) Query {
	folded := []rune(Fold(words))
	if len(folded) > longestQuery {
		folded = folded[:longestQuery]
	}
	q := Query{Words: string(folded)}
	if q.Words == "" {
		return q
	}
	q.Name = q.Words
	if p := namePieces(stem(q.Words)); len(folded) > 1 {
		q.Pieces = append(q.Pieces, p)
	}
	if strings.ContainsFunc(q.Words, func(c rune) bool { return c > unicode.MaxASCII }) {
		return q
	}
	if len(q.Words) >= shortestCode && len(q.Words) <= 18 && strings.ContainsAny(q.Words, "0123456789") {
		q.Code = q.Words
	}
	typed := strings.ToLower(q.Words)
	q.Initials, q.Pinyin = typed, typed
	if len(typed) >= initialsPiece {
		q.Pieces = append(q.Pieces, marked("i", pieces(typed, initialsPiece)))
	}
	if s := segment(typed); len(s) > 1 {
		var pairs []string
		for i := 0; i+1 < len(s); i++ {
			pairs = append(pairs, "p"+s[i]+s[i+1])
		}
		q.Pieces = append(q.Pieces, pairs)
	}
	return q
}

// Rank orders what was found: the higher, the better it fits. 0 is no hit.
func (q Query) Rank(m Merchant) float64 {
	if q.Words == "" {
		return 0
	}
	best := 0.0
	if key := CodeKey(m.Code); q.Code != "" && strings.HasPrefix(key, q.Code) {
		best = 0.9 + share(q.Code, key)
	}
	for i, name := range Names(m) {
		r := max(fit(q.Words, Fold(name), 0.6), fit(q.Initials, Initials(name), 0.2), fit(q.Pinyin, strings.Join(Syllables(name), ""), 0.2))
		if i > 0 { // the name on the sign comes first
			r *= 0.9
		}
		best = max(best, r)
	}
	return best
}

// fit is how well what was typed fits a writing of the name: whole, beginning,
// inside; the longer the part, the better.
func fit(typed, writing string, base float64) float64 {
	switch at := strings.Index(writing, typed); {
	case typed == "" || at < 0:
		return 0
	case at == 0:
		return base + 0.2 + 0.2*share(typed, writing)
	default:
		return base + 0.2*share(typed, writing)
	}
}

func share(part, whole string) float64 { return float64(len(part)) / float64(len(whole)) }

// Near are the pieces by which entries with a name like this one are looked for:
// one of the first two of what tells it from others, and any one further.
func (p Places) Near(name string) (first, further []string) {
	all := namePieces(p.Core(name))
	return all[:min(2, len(all))], all
}
