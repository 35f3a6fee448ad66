package indicator

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Together are the counts of frozen months that follow one another, by one of the
// log's slices: what happened adds up, and of what stands the last month says it.
// What became of each month's cohort is as of that month's own freezing.
func Together(months []Frozen, slice string) []Group {
	by := map[string]Counts{}
	if slice == "" {
		by[""] = Counts{}
	}
	for i := range months {
		for _, c := range months[i].Counts {
			if c.Slice != slice || strings.HasPrefix(c.Code, "owed.") && i < len(months)-1 {
				continue
			}
			if by[c.Key] == nil {
				by[c.Key] = Counts{}
			}
			by[c.Key].Add(c.Code, c.Measure, c.Value)
		}
	}
	out := make([]Group, 0, len(by))
	for _, key := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }) {
		out = append(out, Group{key, months[0].From, months[len(months)-1].To, by[key]})
	}
	return out
}
