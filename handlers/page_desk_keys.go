package handlers

import (
	"context"

	"fangxin/handlers/view"
)

// navKeys are the short cuts of the pages of the navigation.
var navKeys = map[string]string{deskPath: "g t", "/desk/cases": "g c", "/desk/overdue": "g o", "/desk/intake": "g i", accountPath: "g a"}

// keyParts are the other short cuts, by where they work.
var keyParts = []struct {
	words string
	keys  []string
}{
	{"lists", []string{"j", "k", "/"}},
	{"case", []string{"g d", "g k", "g p", "g n"}},
	{"forms", []string{"Ctrl+Enter"}},
}

// shortCuts lists the short cuts that the reader has, and switches them off: letters alone
// are in the way of who speaks to his machine (WCAG 2.1.4).
func (s *Server) shortCuts(_ context.Context, c *Call) (any, error) {
	p := s.base(c, "page.desk.keys")
	out := &view.Keys{State: p.T("page.desk.keys.on"), Set: "keys:off", Switch: p.T("page.desk.keys.turn_off")}
	if !p.Desk.Keys {
		out.State, out.Set, out.Switch = p.T("page.desk.keys.off"), "keys:on", p.T("page.desk.keys.turn_on")
	}
	pages := view.Card{Title: p.T("page.desk.keys.pages")}
	for _, n := range p.Desk.Nav {
		if n.Key != "" {
			pages.Rows = append(pages.Rows, view.Row{Name: n.Key, Value: n.Label})
		}
	}
	pages.Rows = append(pages.Rows, view.Row{Name: "?", Value: p.Title})
	out.Parts = append(out.Parts, pages)
	for _, part := range keyParts {
		card := view.Card{Title: p.T("page.desk.keys." + part.words)}
		for _, k := range part.keys {
			card.Rows = append(card.Rows, view.Row{Name: k, Value: p.T("page.desk.key." + k)})
		}
		out.Parts = append(out.Parts, card)
	}
	return page{body: view.KeysPage(p, out)}, nil
}
