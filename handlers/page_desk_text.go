package handlers

import (
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
)

// narrativeActs are what becomes of the text that is to be published.
var narrativeActs = []string{"propose_narrative", "confirm_narrative", "withhold_narrative"}

// textsOf lays what the complainant wrote, what the rules make of it and what was
// proposed beside each other, with what keeps it from being shown.
func textsOf(p *view.Page, n *store.Narrative) []view.Entry {
	if n == nil {
		return nil
	}
	out := []view.Entry{{Title: p.T("page.desk.text.before"), Words: []string{n.Before}}}
	if n.After == "" {
		return append(out, view.Entry{Title: p.T("page.desk.text.suggested"), Words: []string{n.Suggested}})
	}
	after := view.Entry{Title: p.T("page.desk.text.after"), When: p.T("page.desk.text.by", "Name", n.By), Words: []string{n.After}}
	for _, k := range n.Left {
		after.Facts = append(after.Facts, view.Row{Name: p.T("page.desk.text.left"), Value: p.T("why.personal." + string(k))})
	}
	if len(n.MaybeNames) > 0 {
		after.Facts = append(after.Facts, view.Row{Name: p.T("page.desk.text.maybe"), Value: strings.Join(n.MaybeNames, p.T("page.and"))})
	}
	return append(out, after)
}
