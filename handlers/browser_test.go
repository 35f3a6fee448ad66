package handlers_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// browse runs tests of handlers/browser against a server of their own. A second
// address, for the tests alone, lets others act and time pass.
func browse(t *testing.T, script []string, env ...string) {
	if os.Getenv("FANGXIN_TEST_BROWSER") == "" {
		t.Skip("FANGXIN_TEST_BROWSER is not set: make test names a Chromium where one can be installed")
	}
	w := storetest.New(t)
	s := newSite(t, w)
	mux := http.NewServeMux()
	mux.HandleFunc("/do", func(rw http.ResponseWriter, r *http.Request) {
		var in struct {
			Number string
			Events []string
			Hours  int
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		w.Advance(time.Duration(in.Hours) * time.Hour)
		for in.Hours > 0 {
			if n, err := w.Sweep(r.Context(), 100); err != nil || n == 0 {
				break
			}
		}
		if len(in.Events) > 0 {
			w.Do(in.Number, in.Events...)
		}
		_, _ = rw.Write([]byte("{}"))
	})
	officer := s.officer("officer", "hub")
	mux.HandleFunc("/link", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Number, Party string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		token, _ := s.give(in.Number, officer, fmt.Sprintf(`{"recipient":%q}`, cmp.Or(in.Party, "merchant")))
		_ = json.NewEncoder(rw).Encode(map[string]string{"link": "/c/" + in.Number + "#" + token})
	})
	mux.HandleFunc("/file", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Track string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		out, _ := s.ok("POST", "/api/v1/cases", "", fmt.Sprintf(`{"track":%q,"elected":%t,%s`, in.Track, in.Track == "green_channel", complaint[1:]))
		number := out["case"].(map[string]any)["number"].(string)
		_ = json.NewEncoder(rw).Encode(map[string]string{"number": number, "link": "/c/" + number + "#" + out["token"].(string)})
	})
	mux.HandleFunc("/end", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Number, Party string }
		err := json.NewDecoder(r.Body).Decode(&in)
		if err == nil {
			err = w.RevokeLinks(r.Context(), in.Number, in.Party)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = rw.Write([]byte("{}"))
	})
	mux.HandleFunc("/count", func(rw http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(rw).Encode(map[string]int{"cases": w.Count("select count(*) from cases"), "events": w.Count("select count(*) from events")})
	})
	mux.HandleFunc("/code", func(rw http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(rw).Encode(map[string]string{"code": s.codeOf()})
	})
	s.tellOfMembers(mux, officer)
	s.tellOfTheDesk(mux)
	s.tellOfDesks(mux)
	s.tellOfTheCounty(mux)
	control := httptest.NewServer(mux)
	t.Cleanup(control.Close)
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script...)
	cmd.Dir = "browser"
	cmd.Env = append(append(os.Environ(), "SITE="+s.URL, "CONTROL="+control.URL), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Whole lives in a real browser, on a phone, with scripts and without.
func TestBrowser(t *testing.T) { browse(t, []string{"--test", "lives.test.mjs"}) }

// A member's pages, on a server of their own: in whole lives weeks pass.
func TestMembersInTheBrowser(t *testing.T) { browse(t, []string{"--test", "members.test.mjs"}) }

// Files on their way, and what keeps them from it, on a server of their own.
func TestFilesInTheBrowser(t *testing.T) { browse(t, []string{"--test", "files.test.mjs"}) }

// Officers sign in, on a server of their own.
func TestTheDeskInTheBrowser(t *testing.T) { browse(t, []string{"--test", "desk.test.mjs"}) }

// tellOfTheDesk lets the browser's tests have officers, and know what time it is.
func (s *site) tellOfTheDesk(mux *http.ServeMux) {
	mux.HandleFunc("/desk-user", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Name string }
		err := json.NewDecoder(r.Body).Decode(&in)
		if err == nil {
			_, err = s.w.AddUser(r.Context(), store.User{Name: in.Name, Roles: []string{"officer", "hub"}, Unit: "scjg"})
		}
		link := ""
		if err == nil {
			link, _, err = s.w.GivePassword(r.Context(), "cli", in.Name)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]string{"link": "/desk/password#" + link})
	})
	mux.HandleFunc("/provider", func(rw http.ResponseWriter, _ *http.Request) {
		out := map[string]string{}
		if os.Getenv("FANGXIN_TEST_OIDC") != "" {
			out["issuer"] = realProvider(s.t, s).Issuer
			s.subject(store.User{Name: "at-provider", Roles: []string{"officer"}}, "id1")
		}
		_ = json.NewEncoder(rw).Encode(out)
	})
	mux.HandleFunc("/now", func(rw http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(rw).Encode(map[string]int64{"now": s.w.Now().Unix()})
	})
}

// The desk of the authority's people and their duties, likewise.
func TestDutiesInTheBrowser(t *testing.T) { browse(t, []string{"--test", "duties.test.mjs"}) }

// Every other page, in a county that has something to show.
func TestPagesInTheBrowser(t *testing.T) { browse(t, []string{"--test", "pages.test.mjs"}) }

// Whole lives by the keyboard alone and as in WeChat's browser, and pages on paper.
func TestWaysInTheBrowser(t *testing.T) { browse(t, []string{"--test", "ways.test.mjs"}) }

// The pages as they look, for people to judge: make screenshots.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("FANGXIN_TEST_SCREENSHOTS")
	if folder == "" {
		t.Skip("FANGXIN_TEST_SCREENSHOTS is not set: make screenshots")
	}
	script := "screenshots.mjs"
	if os.Getenv("ONLY") == "print" {
		script = "prints.mjs"
	}
	browse(t, []string{script, folder})
}
