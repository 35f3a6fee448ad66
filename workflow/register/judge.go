package register

import (
	"cmp"
	"slices"
)

// Verdict is what the rules alone can say of a stated merchant.
type Verdict string

const (
	// Same: it is the first candidate.
	Same Verdict = "same"
	// New: nothing in the register is like it.
	New Verdict = "new"
	// Doubtful: a person must look at the candidates.
	Doubtful Verdict = "doubtful"
)

// Candidate is an entry that could be the stated merchant: how alike the names
// are, and a code for why it is listed: code, name, name_elsewhere, code_other_name.
type Candidate struct {
	Merchant Merchant
	Score    float64
	Why      string
}

// What the verdict rests on. Between surely and maybe a person looks; below
// maybe two names have only words in common.
const (
	surely    = 0.95
	maybe     = 0.6
	otherName = 0.3 // below it a shared code is a slip of the pen
	samePlace = 0.6 // of addresses
	most      = 5   // candidates that a person is shown
)

// Judge compares a stated merchant with the entries that could be it: first by
// credit code, then by name and town. Only one entry that fits without
// contradiction is the same; several that fit are doubtful. Of an entry that was
// merged MergedInto must name the last one of its line.
func (p Places) Judge(stated Details, valid bool, entries []Merchant) (Verdict, []Candidate) {
	byCode, byName := p.sort(stated, valid, entries)
	switch {
	case sole(byCode, "code"):
		return Same, byCode[:1]
	case len(byCode) > 0:
		return Doubtful, firsts(apart(append(byCode, byName...)))
	case len(byName) == 0:
		return New, nil
	case sole(byName, "name"):
		return Same, byName[:1]
	}
	return Doubtful, firsts(byName)
}

// sole reports whether the first candidate fits and no other does. Entries that
// nobody has looked at do not stand against one that somebody vouches for: else
// one complaint with a merchant's code would put every later one in doubt.
func sole(all []Candidate, why string) bool {
	if len(all) == 0 || all[0].Why != why {
		return false
	}
	vouched := all[0].Merchant.Status != Unverified
	return !slices.ContainsFunc(all[1:], func(c Candidate) bool { return c.Why == why && !(vouched && c.Merchant.Status == Unverified) })
}

func (p Places) sort(stated Details, valid bool, entries []Merchant) (byCode, byName []Candidate) {
	key := CodeKey(stated.Code)
	for _, m := range entries {
		c := Candidate{Merchant: m, Score: p.score(stated, m)}
		switch {
		case key != "" && key == CodeKey(m.Code):
			c.Why = "code"
			if c.Score < otherName || !valid && c.Score < maybe {
				c.Why = "code_other_name"
			}
			byCode = append(byCode, c)
		case key != "" && m.Code != "" && valid && m.CodeValid: // two legal persons
		case c.Score < maybe:
		case c.Score >= surely && p.inPlace(stated, m):
			c.Why = "name"
			byName = append(byName, c)
		default:
			c.Why = "name_elsewhere"
			if c.Score < surely {
				c.Why = "name_alike"
			}
			byName = append(byName, c)
		}
	}
	order := func(a, b Candidate) int {
		return cmp.Or(whyOrder(a.Why)-whyOrder(b.Why), vouchOrder(a)-vouchOrder(b), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Merchant.ID, b.Merchant.ID))
	}
	slices.SortFunc(byCode, order)
	slices.SortFunc(byName, order)
	return apart(byCode), apart(byName)
}

// Top is the id of the entry that an entry is read as: the one it was merged
// into, or itself.
func (m *Merchant) Top() string {
	if m.MergedInto != "" {
		return m.MergedInto
	}
	return m.ID
}

// apart keeps the best of the candidates that are one merchant already.
func apart(all []Candidate) []Candidate {
	var out []Candidate
	for _, c := range all {
		if !slices.ContainsFunc(out, func(x Candidate) bool { return x.Merchant.Top() == c.Merchant.Top() }) {
			out = append(out, c)
		}
	}
	return out
}

func vouchOrder(c Candidate) int {
	if c.Merchant.Status == Unverified {
		return 1
	}
	return 0
}

func whyOrder(why string) int {
	return slices.Index([]string{"code", "code_other_name", "name", "name_elsewhere", "name_alike"}, why)
}

func firsts(all []Candidate) []Candidate { return all[:min(len(all), most)] }

// score is how alike the closest of their names are, former names included.
func (p Places) score(stated Details, m Merchant) float64 {
	best := 0.0
	for _, a := range []string{stated.Name, stated.LegalName} {
		for _, b := range Names(m) {
			best = max(best, p.Similar(a, b))
		}
	}
	return best
}

// inPlace reports whether nothing speaks against the same place and something
// speaks for it: the town, or an address.
func (p Places) inPlace(stated Details, m Merchant) bool {
	known, near := false, false
	for _, a := range addresses(stated) {
		for _, b := range addresses(m.Details) {
			known = true
			near = near || overlap(Fold(a), Fold(b), 2) >= samePlace
		}
	}
	if known && !near {
		return false
	}
	if stated.Town != "" && m.Town != "" {
		return stated.Town == m.Town
	}
	return near
}

func addresses(d Details) []string {
	var out []string
	for _, a := range []string{d.LicenceAddress, d.ShopAddress, d.ShownAddress} {
		if Fold(a) != "" {
			out = append(out, a)
		}
	}
	return out
}

// Names are all names of an entry, the present ones first.
func Names(m Merchant) []string {
	out := []string{m.Name}
	if m.LegalName != "" && m.LegalName != m.Name {
		out = append(out, m.LegalName)
	}
	for _, f := range m.Former {
		out = append(out, f.Name)
		if f.LegalName != "" && f.LegalName != f.Name {
			out = append(out, f.LegalName)
		}
	}
	return out
}
