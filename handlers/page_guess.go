package handlers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow/policy"
)

// guess is a domain and category that a text seems to be about, and the words
// that say so.
type guess struct {
	domain   policy.Domain
	category policy.Place
	words    []string
	weight   int
}

// guesses proposes at most three kinds, the likeliest first: by the domain's own
// words in the county's file, and by what the category's name and the text have
// in common. It proposes and decides nothing.
func guesses(county policy.County, text string) []guess {
	text = strings.ToLower(text)
	var out []guess
	for _, d := range county.Domains {
		var said []string
		for _, w := range d.Words {
			if strings.Contains(text, strings.ToLower(w)) {
				said = append(said, w)
			}
		}
		if len(said) == 0 {
			continue
		}
		best := guess{domain: d, words: said, weight: 2 * len(said)}
		for _, c := range d.Categories {
			shared := slices.DeleteFunc(common2(c.Zh, text), func(w string) bool { // says no more than the domain does
				return slices.ContainsFunc(said, func(of string) bool { return strings.Contains(of, w) || strings.Contains(w, of) })
			})
			if len(shared) > 0 && 2*len(said)+len(shared) > best.weight {
				best.category, best.weight, best.words = c, 2*len(said)+len(shared), append(slices.Clone(said), shared...)
			}
		}
		out = append(out, best)
	}
	slices.SortStableFunc(out, func(a, b guess) int { return cmp.Compare(b.weight, a.weight) })
	return out[:min(3, len(out))]
}

// common2 are the pairs of characters that a name and a text share, joined where
// they overlap.
func common2(name, text string) []string {
	var out []string
	runes := []rune(name)
	for i := 0; i+2 <= len(runes); i++ {
		n := 2
		if !strings.Contains(text, string(runes[i:i+n])) {
			continue
		}
		for i+n < len(runes) && strings.Contains(text, string(runes[i:i+n+1])) {
			n++
		}
		out = append(out, string(runes[i:i+n]))
		i += n - 1
	}
	return out
}

// proposed puts what the text seems to be about before all other kinds, each
// with the words that it was found by.
func (s *Server) proposed(p *view.Page, u *unsent) []view.Option {
	var out []view.Option
	for _, g := range guesses(s.Rules().County(), u.get("story")+" "+u.get("bought")) {
		value, label := strconv.Itoa(g.domain.Number)+"/"+g.category.Code, g.domain.Zh
		if p.Lang == "en" {
			label = g.domain.En
		}
		if g.category.Code != "" {
			label = p.T("page.kind.of", "Domain", label, "Category", placeName(p, g.category))
		}
		out = append(out, view.Option{Value: value, Label: label, Hint: p.T("page.kind.why", "Words", strings.Join(g.words, p.T("page.and"))), On: u.Form.Get("kind") == value})
	}
	return out
}
