package handlers_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fangxin/store/storetest"
)

// Every page of the table is held to axe, in the dark too, by a test of the
// browser's, or says why not: it is a file, or leads on to another page. Whoever adds
// a page says in browser/pages.json with what it is opened, or who opens it.
func TestEveryPageOfTheTableIsLookedAt(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("browser", "pages.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Here      map[string][]string
		Elsewhere map[string]string
		None      map[string]string
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	api, pages := newSite(t, storetest.New(t)).api, map[string]bool{}
	for _, r := range slices.Concat(api.PageRoutes(), api.DeskRoutes()) {
		if r.Method != http.MethodGet {
			continue
		}
		pages[r.Path] = true
		said := 0
		if len(list.Here[r.Path]) > 0 {
			said++
		}
		if list.None[r.Path] != "" {
			said++
		}
		if by := list.Elsewhere[r.Path]; by != "" {
			said++
			if _, err := os.Stat(filepath.Join("browser", by+".mjs")); err != nil {
				t.Errorf("%s: %v", r.Path, err)
			}
		}
		if said != 1 {
			t.Errorf("%s is said %d times in browser/pages.json", r.Path, said)
		}
	}
	for _, names := range []map[string]string{list.Elsewhere, list.None} {
		for path := range names {
			if !pages[path] {
				t.Errorf("%s is no page", path)
			}
		}
	}
	for path := range list.Here {
		if !pages[path] {
			t.Errorf("%s is no page", path)
		}
	}
}
