package indicator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/workflow/ledger"
)

// Goal is a target of the county's plan, as the assessment of a year holds it against
// what is.
type Goal struct {
	Code           string
	Domain         int
	Percent, Count int64
	Measured       bool
}

// Reported is what somebody says was reached of a target that the engine does not
// count: Numerator of Denominator, or a number of things, and by which paper.
type Reported struct {
	Code                   string
	Numerator, Denominator int64
	Source                 string
}

// Assessed is one line of an assessment: a target for the county, or for one value of
// a slice. Reading says by which of the three ways the 80 percent are read: members,
// all, disputes. Known is false where nobody has reported.
type Assessed struct {
	Code        string `json:"code"`
	Reading     string `json:"reading"`
	Slice       string `json:"slice"`
	Key         string `json:"key"`
	Percent     int64  `json:"percent"`
	Count       int64  `json:"count"`
	Numerator   int64  `json:"numerator"`
	Denominator int64  `json:"denominator"`
	Known       bool   `json:"known"`
	Source      string `json:"source"`
}

// Reached reports whether the target is reached, where that can be said.
func (a *Assessed) Reached() (reached, known bool) {
	switch {
	case !a.Known || a.Percent > 0 && a.Denominator <= 0:
		return false, false
	case a.Percent > 0:
		return a.Numerator*100 >= a.Percent*a.Denominator, true
	}
	return a.Numerator >= a.Count, true
}

// Assessment is the assessment of a year: what was measured is taken from the frozen
// snapshot of the year, whose digest it names.
type Assessment struct {
	Year        string     `json:"year"`
	Taken       time.Time  `json:"taken_at"`
	Snapshot    string     `json:"snapshot"` // SHA-256 of its text, hexadecimal
	Log         At         `json:"log"`      // of the snapshot
	Definitions string     `json:"definitions"`
	Plan        string     `json:"plan"` // version of the county's plan
	Lines       []Assessed `json:"lines"`
	V           int        `json:"v"`
}

// Assess holds the goals against the counts of a year: by is what was counted by a
// slice, members the members' of the programme.
func Assess(goals []Goal, by func(slice string) []Group, members Counts, reported []Reported) []Assessed {
	out := []Assessed{}
	for _, g := range goals {
		line := Assessed{Code: g.Code, Percent: g.Percent, Count: g.Count}
		if g.Domain != 0 {
			line.Slice, line.Key = "domain", fmt.Sprint(g.Domain)
		}
		if !g.Measured {
			if i := slices.IndexFunc(reported, func(r Reported) bool { return r.Code == g.Code }); i >= 0 {
				r := &reported[i]
				line.Known, line.Numerator, line.Denominator, line.Source = true, r.Numerator, r.Denominator, r.Source
			}
			out = append(out, line)
			continue
		}
		out = append(out, measured(line, "members", members))
		for _, slice := range []string{"", "domain", "unit"} {
			for _, x := range by(slice) {
				line.Slice, line.Key = slice, x.Key
				out = append(out, measured(line, "all", x.Counts))
				if slice != "unit" { // who answers for a case changes: a cohort has no unit
					out = append(out, measured(line, "disputes", x.Counts))
				}
			}
		}
	}
	return out
}

// measured reads the rate of settlements in one of its three ways.
func measured(line Assessed, reading string, c Counts) Assessed {
	id := "I-01A"
	if reading == "disputes" {
		id = "I-01B"
	}
	i := slices.IndexFunc(Definitions, func(d Definition) bool { return d.ID == id })
	l := &Definitions[i].Lines[0]
	line.Reading, line.Known, line.Numerator, line.Denominator, line.Source = reading, true, c.sum(l.Num), c.sum(l.Den), id
	return line
}

// Digest names the text of a snapshot.
func (f *Frozen) Digest() (string, error) {
	text, err := f.Text()
	return digestOf(text), err
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Text is the assessment in canonical form, and its digest.
func (a *Assessment) Text() (text []byte, digest string, err error) {
	lines := make([]any, len(a.Lines))
	for i, l := range a.Lines {
		lines[i] = map[string]any{"code": l.Code, "reading": l.Reading, "slice": l.Slice, "key": l.Key, "percent": l.Percent, "count": l.Count, "numerator": l.Numerator, "denominator": l.Denominator, "known": l.Known, "source": l.Source}
	}
	text, err = ledger.Append(nil, map[string]any{"year": a.Year, "taken_at": ledger.Raw(ledger.AppendTime(nil, a.Taken)), "snapshot": a.Snapshot, "definitions": a.Definitions, "plan": a.Plan, "lines": lines, "v": int64(a.V),
		"log": map[string]any{"height": a.Log.Height, "hash": a.Log.Hash, "taken_at": ledger.Raw(ledger.AppendTime(nil, a.Log.Taken))}})
	return text, digestOf(text), err
}

// ParseAssessment reads the text of an assessment, which must have the digest.
func ParseAssessment(text, digest string) (a Assessment, err error) {
	if got := digestOf([]byte(text)); got != digest {
		return a, fmt.Errorf("the assessment was changed: its digest is %s, not %s", got, digest)
	}
	return a, json.Unmarshal([]byte(text), &a)
}

// Same orders lines so that those of two assessments stand beside one another.
func (a *Assessed) Same(b *Assessed) bool {
	return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.Reading, b.Reading), strings.Compare(a.Slice, b.Slice), strings.Compare(a.Key, b.Key)) == 0
}
