package handlers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"
)

// pilot is the embedded county with everyday goods in its pilot and texts on.
func pilot(t *testing.T) workflow.Rules {
	t.Helper()
	law, err := policy.Load("county.yaml", []byte(strings.NewReplacer("pilots: [] ", "pilots: [{domain: daily_goods}] ", "narratives: false ", "narratives: true ").Replace(string(policy.HuantaiFile()))))
	if err != nil {
		t.Fatal(err)
	}
	return workflow.Rules{Rules: law}
}

// settle runs what a public form waits for.
func settle(t *testing.T, s *site) {
	t.Helper()
	ctx := context.Background()
	for range 6 {
		for _, step := range []func() (int, error){func() (int, error) { return s.w.Block(ctx) }, func() (int, error) { return s.w.Board(ctx, 100) },
			func() (int, error) { return s.w.MatchRespondents(ctx, 100) }, func() (int, error) { return s.w.Publish(ctx, 100) }} {
			if _, err := step(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Personal texts of a case that no public route may ever render.
var nobodys = []string{"金丝雀姓名", "13912345678", "canary@example.com", "金丝雀路九号", "370321199001011234", "金丝雀原话", "金丝雀方案", "金丝雀留言", "金丝雀证据", "zhangsan", "lisi"}

// lived leads a complaint full of canaries through offers and mediation to its end.
func lived(t *testing.T, s *site, events ...string) string {
	t.Helper()
	ctx := context.Background()
	cmd := s.w.Filing()
	cmd.Private.Person = &workflow.Person{Name: "金丝雀姓名", Phone: "13912345678", Email: "canary@example.com", Address: "金丝雀路九号", Identity: "370321199001011234"}
	cmd.Private.Respondent = &workflow.Respondent{Name: "惠民超市", Code: "91370321MA3C0AAA0H", Address: "演练路二号"}
	cmd.Private.Words = "金丝雀原话：我是金丝雀姓名，电话13912345678，2026年5月3日买的手机三天就坏了。"
	a, err := s.w.Execute(ctx, store.Request{Command: cmd})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		cmd := s.w.Compose(a.Number, e)
		cmd.Private.Words = "金丝雀方案、金丝雀留言、金丝雀证据"
		if e == "classify" {
			cmd.Private.Respondent, cmd.Input.RespondentSet = nil, true
		}
		if cmd.Actor.Role == "officer" {
			cmd.Actor.ID = "zhangsan"
		}
		if _, err := s.w.Execute(ctx, store.Request{Case: a.Number, Command: cmd}); err != nil {
			t.Fatalf("%s: %v", e, err)
		}
	}
	return a.Number
}

var toTheEnd = strings.Fields("classify invite_settlement delivered answer offer reject_offer merchant_refuses accept ask_consent one_consents both_consent agree report_performance close_mediated")

// What is published is found and read by anybody, and once consent is withdrawn
// nothing of it is by any route (P7 of the publication attacks).
func TestPublicComplaints(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		s.w.Rules(pilot(t))
		officer := s.user(store.User{Name: "zhangsan", Roles: []string{"officer"}})
		second := s.user(store.User{Name: "lisi", Roles: []string{"officer"}})
		shop := openShop(t, s, officer, "惠民超市", `,"code":"91370321MA3C0AAA0H","legal_name":"金丝雀姓名个体"`)
		number := lived(t, s, toTheEnd...)
		open := lived(t, s, toTheEnd[:8]...)
		settle(t, s)
		at := "/api/v1/cases/" + number + "/publication"
		out := ask(t, s, http.StatusOK, "GET", at, officer, "")
		n := out["narrative"].(map[string]any)
		if out["state"] != "scheduled" || n["before"] == "" || strings.Contains(n["suggested"].(string), "13912345678") || strings.Contains(n["suggested"].(string), "5月3日") || !strings.Contains(n["suggested"].(string), "5月") {
			t.Errorf("%v", out)
		}
		ask(t, s, http.StatusBadRequest, "POST", at+"/narrative", officer, `{"words":"我是金丝雀姓名，手机坏了"}`)
		ask(t, s, http.StatusOK, "POST", at+"/narrative", officer, `{"words":"5月买的手机三天就坏了。"}`)
		ask(t, s, http.StatusConflict, "POST", at+"/narrative/confirmation", officer, `{}`)
		settle(t, s)
		if list := ask(t, s, http.StatusOK, "GET", "/api/v1/cases?narrative=proposed", second, "")["cases"].([]any); len(list) != 1 {
			t.Errorf("waits for a second officer: %v", list)
		}
		ask(t, s, http.StatusOK, "POST", at+"/narrative/confirmation", second, `{}`)
		v, _ := s.w.Case(context.Background(), number)
		id := out["form"].(map[string]any)["id"].(string)
		const list = "/api/v1/public/complaints"
		_, _, unknown := s.call("GET", list+"/p_aaaaaaaaaaaaaaaaaaaaaaaaaa", "", "")
		if status, _, text := s.call("GET", list+"/"+id, "", ""); status != http.StatusNotFound || withoutRequest(text) != withoutRequest(unknown) {
			t.Errorf("before its day: %d %s, unknown %s", status, text, unknown)
		}
		ask(t, s, http.StatusNotFound, "GET", list+"?merchant="+shop, "", "")
		s.w.Set(v.Publication().On.Start())
		settle(t, s)
		form := ask(t, s, http.StatusOK, "GET", list+"/"+id, "", "")
		if form["narrative"] != "5月买的手机三天就坏了。" || form["merchant"].(map[string]any)["name"] != "惠民超市" || form["received"] != "2026-05" {
			t.Errorf("%v", form)
		}
		for name, v := range form { // P6: no day of his, no instant, no amount
			if text := fmt.Sprint(v); regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]:[0-9]`).MatchString(text) && name != "published" && name != "until" || strings.Contains(name, "amount") {
				t.Errorf("%s is %s", name, text)
			}
		}
		for query, want := range map[string]int{"": 1, "?q=手机": 1, "?q=惠民": 1, "?merchant=" + shop: 1, "?domain=1&town=370321001&month=" + form["closed"].(string): 1, "?domain=2": 0, "?q=金丝雀姓名": 0, "?q=" + number: 0} {
			got := ask(t, s, http.StatusOK, "GET", list+query, "", "")
			if len(got["complaints"].([]any)) != want {
				t.Errorf("%s: %v", query, got)
			}
		}
		for query, field := range map[string]string{"?domain=13": "domain", "?town=1": "town", "?month=2026": "month", "?month=2026-13": "month", "?category=x": "category", "?after=x": "after", "?after=p_aaaaaaaaaaaaaaaaaaaaaaaaaa": "after",
			"?limit=0": "limit", "?q=" + strings.Repeat("字", 101): "q", "?q=": "q", "?officer=x": "officer", "?domain=1&domain=2": "domain"} {
			if out := ask(t, s, http.StatusBadRequest, "GET", list+query, "", ""); !strings.Contains(strings.Join(fieldsOf(out), " "), field) {
				t.Errorf("%s: %v", query, out)
			}
		}
		s.cachedFor(t, list+"/"+id)
		s.cachedFor(t, list+"?q=手机")
		s.cachedFor(t, "/complaints/"+id)
		s.cachedFor(t, "/complaints?q=手机&domain=&town=")
		s.publicPages(t, id, shop)
		if refs, err := s.w.Tombstones(context.Background(), "", 10); err != nil || len(refs) > 0 {
			t.Errorf("tombstones %v %v", refs, err)
		}
		// consent withdrawn: gone at once, and every shape with it (P7)
		no := false
		cmd := s.w.Compose(number, "change_consent")
		cmd.Input.PublishConsent = &no
		if _, err := s.w.Execute(context.Background(), store.Request{Case: number, Command: cmd}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if out := ask(t, s, http.StatusGone, "GET", list+"/"+id, "", ""); out["code"] != "taken_down" {
				t.Errorf("after consent was withdrawn: %v", out)
			}
			if status, header, text := s.read("/complaints/" + id); status != http.StatusGone || !strings.Contains(text, id) || header.Get("ETag") != "" || strings.Contains(text, "惠民超市") {
				t.Errorf("the tombstone: %d %v %s", status, header, text)
			}
			if refs, err := s.w.Tombstones(context.Background(), "", 10); err != nil || !slices.Equal(refs, []string{id}) {
				t.Errorf("tombstones %v %v", refs, err)
			}
			s.nowhere(t, append([]string{number, open, "5月买的手机", id}, nobodys...), "p_aaaaaaaaaaaaaaaaaaaaaaaaaa", number)
			settle(t, s)
		}
	})
}

// publicPages finds the entry on the pages, by whatever it is found by.
func (s *site) publicPages(t *testing.T, id, shop string) {
	t.Helper()
	for query, found := range map[string]bool{"": true, "?q=手机&domain=1&category=&town=370321001": true, "?merchant=" + shop: true, "?domain=2": false, "?q=金丝雀姓名": false, "?q=！": false, "?merchant=m_aaaaaaaaaa": false} {
		if status, _, text := s.read("/complaints" + query); status != http.StatusOK || strings.Contains(text, `href="/complaints/`+id+`"`) != found {
			t.Errorf("/complaints%s: %d, found %v", query, status, !found)
		}
	}
	for query, name := range map[string]string{"?domain=13": "domain", "?town=1": "town", "?month=2026-13": "month", "?after=x": "after", "?domain=1&domain=2": "domain"} {
		if res, text := s.get("/complaints"+query, "Accept", "text/html"); res.StatusCode != http.StatusBadRequest || !strings.Contains(text, "<code>"+name+"</code> ") {
			t.Errorf("/complaints%s: %d %s", query, res.StatusCode, text)
		}
	}
	if _, header, text := s.read("/complaints/" + id); !strings.Contains(text, "5月买的手机三天就坏了。") || !strings.Contains(text, "惠民超市") || header.Get("X-Robots-Tag") != "" {
		t.Errorf("the entry's page: %v %s", header, text)
	}
}

func withoutRequest(text string) string {
	before, after, _ := strings.Cut(text, `"request_id":"`)
	_, after, _ = strings.Cut(after, `"`)
	return before + after
}

func fieldsOf(out map[string]any) (names []string) {
	list, _ := out["missing"].([]any)
	for _, f := range list {
		names = append(names, f.(map[string]any)["field"].(string))
	}
	return names
}

// cachedFor holds an answer to what caches may do with it: half a minute, and
// 304 to who has it.
func (s *site) cachedFor(t *testing.T, path string) {
	t.Helper()
	get := func(etag string) *http.Response {
		q, _ := http.NewRequestWithContext(context.Background(), "GET", s.URL+path, nil)
		if etag != "" {
			q.Header.Set("If-None-Match", etag)
		}
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		return r
	}
	r := get("")
	etag := r.Header.Get("ETag")
	if etag == "" || r.Header.Get("Cache-Control") != "public, max-age=30, must-revalidate" {
		t.Errorf("%s: %v", path, r.Header)
	}
	if r := get(etag); r.StatusCode != http.StatusNotModified {
		t.Errorf("%s with %s: %d", path, etag, r.StatusCode)
	}
	if r := get(`"other"`); r.StatusCode != http.StatusOK {
		t.Errorf("%s with another: %d", path, r.StatusCode)
	}
}

// nowhere asks every route that can be read, pages included, without a token, and
// looks for what must stand in no answer and no header of one, any more:
// TestOneGate asks in more ways for what never may.
func (s *site) nowhere(t *testing.T, hidden []string, id, number string) {
	t.Helper()
	routes, read := append(s.api.Routes(), s.api.PageRoutes()...), 0
	for _, r := range routes {
		if r.Method != http.MethodGet {
			continue
		}
		path := strings.NewReplacer("{complaint}", id, "{number}", number, "{file}", "x", "{code}", "0000000000").Replace(r.Path)
		for _, query := range []string{"", "?q=手机", "?q=惠民超市"} {
			status, header, text := s.read(path + query)
			if status == http.StatusOK {
				read++
			}
			for name, values := range header {
				text += name + strings.Join(values, " ")
			}
			if r.Path == "/feeds/all" { // its readers are told what is gone, by the id alone
				text = feedTombstone.ReplaceAllString(text, "")
			}
			for _, secret := range hidden {
				if strings.Contains(text, secret) && !strings.Contains(path, secret) {
					t.Errorf("%s %s%s says %s", r.Method, r.Path, query, secret)
				}
			}
		}
	}
	if read < 10 || // or the walk sees nothing
		!slices.ContainsFunc(routes, func(r handlers.Route) bool { return strings.HasPrefix(r.Path, "/api/v1/public/") }) {
		t.Errorf("%d routes answered", read)
	}
}

// feedTombstone is all that a feed may say of what was taken down.
var feedTombstone = regexp.MustCompile(`<deleted-entry xmlns="[^"]*" ref="[^"]*/complaints/p_[a-z0-9]+" when="[0-9T:+-]*"></deleted-entry>`)

// read asks as anybody does.
func (s *site) read(path string) (int, http.Header, string) {
	s.t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, r.Header, string(text)
}
