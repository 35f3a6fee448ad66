package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"

	"github.com/mmcdole/gofeed/atom"
)

// A merchant of whom something is published has a page and a feed; one of whom
// nothing is has the same 404 as one that nobody knows. What was taken away is a
// tombstone, and in no merchant's feed.
func TestMerchantsPageAndFeeds(t *testing.T) {
	s := newSite(t, storetest.New(t))
	s.w.Rules(pilot(t))
	officer := s.user(store.User{Name: "zhangsan", Roles: []string{"officer"}})
	shop := openShop(t, s, officer, "惠民超市", `,"code":"91370321MA3C0AAA0H","legal_name":"金丝雀姓名个体"`)
	quiet := openShop(t, s, officer, "静悄悄商店", "")
	number := lived(t, s, toTheEnd...)
	settle(t, s)
	ask(t, s, http.StatusOK, "GET", "/api/v1/cases/"+number+"/publication", officer, "")
	v, err := s.w.Case(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/merchants/", "/feeds/merchants/"} {
		_, unknown := s.get(path+"m_00000000000000000000000000", "Accept", "application/json")
		for _, id := range []string{shop, quiet} {
			if res, text := s.get(path+id, "Accept", "application/json"); res.StatusCode != http.StatusNotFound || withoutRequest(strings.ReplaceAll(text, id, "")) != withoutRequest(strings.ReplaceAll(unknown, "m_00000000000000000000000000", "")) {
				t.Errorf("%s%s: %d is told from an unknown one", path, id, res.StatusCode)
			}
		}
	}
	s.w.Set(v.Publication().On.Start())
	settle(t, s)
	s.w.Advance(40 * 24 * 3600e9) // the month of all of it is over
	res, text := s.get("/merchants/" + shop)
	if res.StatusCode != http.StatusOK || !strings.Contains(text, "惠民超市") || !strings.Contains(text, "不等于好坏") || !strings.Contains(text, "1 / 1") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	entries := func(path string) *atom.Feed {
		t.Helper()
		res, text := s.get(path)
		f, err := (&atom.Parser{}).Parse(strings.NewReader(text))
		if err != nil || res.StatusCode != http.StatusOK || f.ID == "" || f.UpdatedParsed == nil || f.Title == "" || len(f.Authors) == 0 {
			t.Fatalf("%s: %d, %v\n%s", path, res.StatusCode, err, text)
		}
		for _, word := range nobodys {
			if strings.Contains(text, word) {
				t.Errorf("%s says %s", path, word)
			}
		}
		if again, _ := s.get(path, "If-None-Match", res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again %d", path, again.StatusCode)
		}
		return f
	}
	first := entries("/feeds/merchants/" + shop).Entries
	for path, want := range map[string]int{"/feeds/merchants/" + shop: 1, "/feeds/all": 1, "/feeds/domains/1": 1, "/feeds/domains/2": 0, "/feeds/towns/370321001": 1} {
		list := entries(path).Entries
		if len(list) != want || want > 0 && (list[0].ID != first[0].ID || list[0].UpdatedParsed == nil || !strings.Contains(list[0].ID, "/complaints/p_")) {
			t.Errorf("%s: %d entries", path, len(list))
		}
	}
	for _, path := range []string{"/feeds/domains/13", "/feeds/towns/1", "/feeds/shoes/1"} {
		if res, _ := s.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	s.w.Advance(366 * 24 * 3600e9)
	settle(t, s)
	_, all := s.get("/feeds/all")
	if !strings.Contains(all, "deleted-entry") || !strings.Contains(all, first[0].ID) || len(entries("/feeds/domains/1").Entries) != 0 {
		t.Errorf("no tombstone: %s", all)
	}
}
