package handlers

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"fangxin/handlers/view"
)

// BodyTypes are the Go types of every body that the API takes.
func BodyTypes() []reflect.Type {
	all := []any{filing{}, chosen{}}
	all = slices.AppendSeq(all, maps.Values(bodies))
	seen := map[reflect.Type]bool{}
	for _, b := range all {
		seen[reflect.TypeOf(b)] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b reflect.Type) int { return cmp.Compare(a.Name(), b.Name()) })
}

// PageRoutes are the pages.
func (s *Server) PageRoutes() []Route { return s.pageRoutes() }

// DeskRoutes are the pages of the desk.
func (s *Server) DeskRoutes() []Route { return s.deskRoutes() }

// Writes reports whether a route may change anything.
func (r Route) Writes() bool { return r.writes() }

// WithNote serves, beside everything else, a page of the desk with one long text.
func (s *Server) WithNote(taken func(user, words string)) http.Handler {
	show := func(c *Call, u *unsent, wrong []view.Wrong, status int) (any, error) {
		p := s.base(c, "page.desk.home")
		p.Form = "note"
		f := &view.Form{Action: c.path, Key: formKey(c.token), Faults: wrong, Submit: "x", Fields: []view.Field{u.ask(p, "words", "area"), u.ask(p, "score", "text")}}
		return page{status: status, body: view.FormPage(p, f)}, nil
	}
	get := func(_ context.Context, c *Call) (any, error) { return show(c, newUnsent(), nil, http.StatusOK) }
	post := func(_ context.Context, c *Call) (any, error) {
		u := &unsent{Form: c.Form}
		if !c.ourForm(c.token) {
			return show(c, u, []view.Wrong{{Text: say(c.Language, c.staleWords(), nil)}}, http.StatusConflict)
		}
		taken(c.User.Name, u.get("words"))
		return moved{to: deskPath}, nil
	}
	return s.handler(append(append(s.Routes(), s.pageRoutes()...), Route{"GET", "/desk/note", Desk, Reading, get, 0}, Route{"POST", "/desk/note", Desk, Writing, post, 0}))
}

// Said is a text of the catalogue.
func Said(lang, key string) string { return say(lang, key, nil) }
