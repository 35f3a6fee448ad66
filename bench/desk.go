package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"fangxin/store"

	"github.com/google/uuid"
)

// deskPages measures the pages of the authority's people over HTTP: what a unit's
// officer and somebody who sees the whole county ask for all day.
func (b *bench) deskPages(s *store.Store, web, database string, cases int, numbers []string, bare []time.Duration) error {
	officer, err := session(s, store.User{Name: "officer-" + uuid.NewString(), Roles: []string{"officer"}, Unit: "unit10"})
	if err != nil {
		return err
	}
	county, err := session(s, store.User{Name: "county-" + uuid.NewString(), Roles: []string{"officer", "hub", "supervisor"}})
	if err != nil {
		return err
	}
	get := func(who, path string) func() (*http.Request, error) {
		return func() (*http.Request, error) { return deskRequest(web, who, "GET", path, nil) }
	}
	search := func(who, words string) func() (*http.Request, error) {
		return func() (*http.Request, error) {
			return deskRequest(web, who, "POST", "/desk/cases/search", url.Values{"words": {words}})
		}
	}
	for _, x := range []struct {
		what string
		ask  func() (*http.Request, error)
	}{
		{"Today of a unit", get(officer, "/desk?when=week")},
		{"Today of the county", get(county, "/desk")},
		{"Today of the county by officer, what falls due in a week", get(county, "/desk?by=officer&when=week")},
		{"the board of the county", get(county, "/desk/cases")},
		{"the board of a unit", get(officer, "/desk/cases")},
		{"the board with three filters", get(county, "/desk/cases?unit=unit3&town=370321004&stage=RECEIVED")},
		{"the board of one officer", get(county, "/desk/cases?officer=officer7")},
		{"a search for two characters, every case a hit", search(county, "演练")},
		{"a search for a word of one case in 5,000", search(county, "x4711")},
		{"the review of what is overdue", get(county, "/desk/overdue")},
		{"the page of a case", func() (*http.Request, error) {
			return deskRequest(web, county, "GET", "/desk/case/"+numbers[rand.IntN(len(numbers))], nil)
		}},
	} {
		b.row("the desk: "+x.what+", "+database, func() error {
			took, err := b.often(func() error {
				ask, err := x.ask()
				if err == nil {
					err = readPage(ask)
				}
				return err
			})
			if err == nil {
				b.report.add(pageLine(fmt.Sprintf("the desk: %s, over HTTP, among %d, %s", x.what, cases, database), took, bare))
			}
			return err
		})
	}
	return nil
}

// session lets somebody of the authority sign in.
func session(s *store.Store, u store.User) (string, error) {
	token, err := s.AddUser(ctx, u)
	if err != nil {
		return "", err
	}
	who, err := s.Admit(ctx, token, "")
	if err != nil {
		return "", err
	}
	return s.OpenSession(ctx, who.User.ID, store.DeskSession{Way: "password"}, 24*time.Hour)
}

func deskRequest(web, session, method, path string, form url.Values) (*http.Request, error) {
	ask, err := http.NewRequestWithContext(ctx, method, web+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	ask.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	ask.AddCookie(&http.Cookie{Name: "desk", Value: session})
	return ask, nil
}
