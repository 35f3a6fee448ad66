package handlers

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"fangxin/handlers/view"
)

// tooMuch hands a form back that is larger than any page takes: every word, to be
// copied and shortened. Nothing of it is kept.
func (s *Server) tooMuch(c *Call) page {
	p := s.base(c, "page.fault.too_large.title")
	p.Path = "/"
	var typed []view.Field
	for _, name := range slices.Sorted(maps.Keys(c.Form)) {
		if slices.Contains(notTyped, name) || strings.Contains(name, "password") {
			continue
		}
		for n, text := range c.Form[name] {
			if strings.TrimSpace(text) == "" {
				continue
			}
			f := view.Field{Name: numbered(name, n), Value: text, Label: p.T("page.much.words")}
			if key := "page.ask." + name; has(p.Lang, key) {
				f.Label = p.T(key)
			}
			typed = append(typed, f)
		}
	}
	return page{status: http.StatusRequestEntityTooLarge, body: view.MuchPage(p, typed, c.path)}
}
