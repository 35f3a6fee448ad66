package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/store/storetest"
)

var keptField = regexp.MustCompile(`name="kept" value="([^"]+)"`)

// What somebody closed a second ago is not acted on, nothing typed is lost, and the
// page offers it no more. Cases that moved between preview and act say so; the others
// go through.
func TestAnotherWasQuicker(t *testing.T) {
	s := newSite(t, storetest.New(t))
	li := s.sit(store.User{Name: "li", Roles: []string{"officer", "hub"}})
	number, _ := s.file()
	s.w.Do(number, "classify", "dispatch")
	base := "/desk/case/" + number
	_, form := li.ask("GET", base+"/act/accept", nil)
	typed := url.Values{"key": {keyField.FindStringSubmatch(form)[1]}, "sees": {seesField.FindStringSubmatch(form)[1]}, "no_refusal_ground": {"yes"}, "words": {"材料齐全，予以受理"}}
	s.w.Do(number, "refuse")
	res, text := li.ask("POST", base+"/act/accept", typed)
	if res.StatusCode != http.StatusConflict || !strings.Contains(text, "材料齐全，予以受理") || !strings.Contains(text, "不予受理") {
		t.Errorf("closed meanwhile: %d %s", res.StatusCode, text)
	}
	if _, text := li.ask("GET", base, nil); strings.Contains(text, "/act/accept") {
		t.Error("a closed case is to be accepted")
	}
	if n := s.w.Count(`select count(*) from events where payload like '%"event":"accept"%'`); n != 0 {
		t.Errorf("%d times accepted", n)
	}

	first, _ := s.file()
	second, _ := s.file()
	s.w.Do(first, "classify")
	s.w.Do(second, "classify")
	move := url.Values{"what": {"dispatch"}, "case": {first, second}, "unit": {"amr"}}
	if _, text = li.ask("POST", "/desk/bulk", move); !strings.Contains(text, "2 件可以办理，0 件不能") {
		t.Fatal(text)
	}
	s.w.Do(first, "dispatch", "refuse")
	move.Set("key", keyField.FindStringSubmatch(text)[1])
	move.Set("go", "do")
	if _, text = li.ask("POST", "/desk/bulk", move); !strings.Contains(text, "已办理 1 件，1 件未办理") || !strings.Contains(text, "现在不能这样做") || !strings.Contains(text, first) {
		t.Errorf("one of two: %s", text)
	}
}

// A session that ends in the middle of a long note: it stands in its case's own form
// after signing in, and is kept once it is sent from there.
func TestALongNoteOfACaseOutlivesItsSession(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.desk(store.User{Name: "zhang", Roles: []string{"officer"}})
	number, _ := s.file()
	s.w.Do(number, "classify", "dispatch")
	base := "/desk/case/" + number
	_, text := v.ask("GET", base, nil)
	note := strings.Repeat("现场笔录，", 300) + naughty
	form := url.Values{"key": {keyField.FindStringSubmatch(text)[1]}, "words": {note}}
	s.w.Advance(handlers.IdleDefault)
	res, text := v.ask("POST", base+"/notes", form)
	kept := keptField.FindStringSubmatch(text)
	if res.StatusCode != http.StatusForbidden || kept == nil || strings.Contains(text, "现场笔录") {
		t.Fatalf("ended: %d %s", res.StatusCode, text)
	}
	if res, text = v.signIn("zhang", deskPassword, url.Values{"kept": {kept[1]}}); res.StatusCode != http.StatusOK || !strings.Contains(text, `action="`+base+`/notes"`) || !strings.Contains(text, "现场笔录") {
		t.Fatalf("signed in again: %d %s", res.StatusCode, text)
	}
	res, text = v.ask("POST", base+"/notes", url.Values{"kept": {"yes"}, "words": {note}})
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "您刚才重新登录了") || !strings.Contains(text, "现场笔录") || strings.Contains(text, "<script>alert") {
		t.Fatalf("looked at once more: %d %s", res.StatusCode, text)
	}
	form.Set("key", keyField.FindStringSubmatch(text)[1])
	if res, text = v.ask("POST", base+"/notes", form); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if n := s.w.Count("select count(*) from notes"); n != 1 {
		t.Errorf("%d notes", n)
	}
	if _, text = v.ask("GET", base, nil); !strings.Contains(text, "现场笔录") {
		t.Error("the note is not on the page")
	}
}
