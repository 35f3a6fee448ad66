package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"fangxin/jobs/simulate"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// told is a county with something to show: what the public pages are opened with.
type told struct {
	Entry    string `json:"entry"`    // a published complaint
	Gone     string `json:"gone"`     // one that was taken down
	Merchant string `json:"merchant"` // of the entry
	Number   string `json:"number"`   // of the entry's case
	Link     string `json:"link"`     // of its consumer
	Receipt  string `json:"receipt"`  // its receipt, as it was signed
	Decision string `json:"decision"` // a penalty decision
	Revoked  string `json:"revoked"`  // one that was revoked
}

// tellOfTheCounty lets the browser's tests have a county with a year behind it.
func (s *site) tellOfTheCounty(mux *http.ServeMux) {
	mux.HandleFunc("/county", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Cases, Merchants int }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(rw).Encode(s.county(in.Cases, in.Merchants))
	})
}

// county lives a year of complaints about so many merchants, then two of its own:
// one is published with its text, one was and is no more.
func (s *site) county(cases, merchants int) told {
	t, ctx := s.t, context.Background()
	t.Helper()
	s.w.County("pilots: [] ", "pilots: [{domain: daily_goods}, {domain: food}, {domain: transport}] ", "narratives: false ", "narratives: true ")
	today, clock := calendar.On(s.w.Now()), &simulate.Clock{}
	clock.Set(s.w.Now())
	s.w.Follow(clock.Now)
	plan := simulate.Plan{Cases: cases, From: today + 1, To: today + 365, Seed: 1, Merchants: merchants, Members: merchants / 4, Stop: true}
	if _, err := simulate.Run(ctx, s.w.Store, s.w.Law, clock, plan); err != nil {
		t.Fatal(err)
	}
	s.w.Set(clock.Now())
	zhang, li := s.user(store.User{Name: "zhang-of-texts", Roles: []string{"officer"}}), s.user(store.User{Name: "li-of-texts", Roles: []string{"officer"}})
	out := told{Merchant: openShop(t, s, zhang, "青禾家电（滨河路店）", `,"code":"91370321MA3C0AAA0H","shop_address":"索镇街道滨河路 12 号"`)}
	var numbers []string
	for range 2 {
		numbers = append(numbers, s.ended(zhang))
	}
	out.Number = numbers[0]
	s.derived()
	for i, number := range numbers {
		at := "/api/v1/cases/" + number + "/publication"
		ref := ask(t, s, http.StatusOK, "GET", at, zhang, "")["form"].(map[string]any)["id"].(string)
		if i == 0 {
			out.Entry = ref
			ask(t, s, http.StatusOK, "POST", at+"/narrative", zhang, `{"words":"四月在店里买的洗衣机，三天后不能脱水。找店里换，店里说要等厂家上门，一直没有人来。"}`)
			ask(t, s, http.StatusOK, "POST", at+"/narrative/confirmation", li, `{}`)
			continue
		}
		out.Gone = ref
	}
	s.doubted(zhang)
	s.w.Advance(100 * 24 * time.Hour)
	for n := 1; n > 0; {
		var err error
		if n, err = s.w.Sweep(ctx, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.w.WatchMembers(ctx); err != nil {
		t.Fatal(err)
	}
	s.derived()
	cmd := s.w.Compose(numbers[1], "change_consent")
	cmd.Input.PublishConsent = new(bool)
	if _, err := s.w.Execute(ctx, store.Request{Case: numbers[1], Command: cmd}); err != nil {
		t.Fatal(err)
	}
	s.derived()
	for _, make := range []func(context.Context) ([]string, error){s.w.FreezeDue, s.w.ReleaseDue} {
		if _, err := make(ctx); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.w.Receipt(ctx, out.Number)
	if err != nil {
		t.Fatal(err)
	}
	token, _ := s.give(out.Number, s.officer("hub", "officer", "supervisor"), `{"recipient":"consumer"}`)
	out.Decision, out.Revoked = s.decided(zhang, out.Merchant), s.decided(zhang, out.Merchant)
	ask(t, s, http.StatusOK, "POST", inside+"/"+out.Revoked+"/result", zhang, `{"state":"revoked","why":"复议撤销"}`)
	out.Receipt, out.Link = string(r.Append(nil)), "/c/"+out.Number+"#"+token
	return out
}

// decided is a penalty decision against a merchant.
func (s *site) decided(officer, merchant string) string {
	s.t.Helper()
	day := calendar.On(s.w.Now()).String()
	docket := `{"lead":"` + s.openedLead() + `","merchant":"` + merchant + `","domain":1,"town":"370321001","docket":"桓市监立案〔2026〕15号","docketed_on":"` + day + `","why":"举报属实"}`
	id := ask(s.t, s, http.StatusCreated, "POST", inside, officer, docket)["id"].(string)
	ask(s.t, s, http.StatusOK, "POST", inside+"/"+id+"/result", officer, `{`+fined+`,"decided_on":"`+day+`"}`)
	return id
}

// doubted leaves work at the register: a complaint about a shop that may be the one
// that is known, one that asks to become a member, and a member who lets his days pass.
func (s *site) doubted(officer string) {
	s.t.Helper()
	s.enrol(officer, openShop(s.t, s, officer, "新城小馆", ""))
	cmd := s.w.Filing()
	cmd.Private.Respondent = &workflow.Respondent{Name: "新城小馆店", Address: "新城镇中心路 3 号"}
	if _, err := s.w.Execute(context.Background(), store.Request{Command: cmd}); err != nil {
		s.t.Fatal(err)
	}
	shop := openShop(s.t, s, officer, "惠民超市", `,"shop_address":"中心大街 1 号","domain":1`)
	ask(s.t, s, http.StatusOK, "POST", "/api/v1/memberships/"+s.enrol(officer, shop)+"/decisions", officer, `{"verdict":"approve","why":"齐全"}`)
	for range 10 {
		number := s.w.File()
		s.w.Do(number, "classify", "invite_settlement", "delivered")
		ask(s.t, s, http.StatusOK, "POST", "/api/v1/cases/"+number+"/merchants", officer, `{"merchant":"`+shop+`","why":"核实"}`)
	}
}

// derived writes all that is read off the log, and decides what is due.
func (s *site) derived() {
	s.t.Helper()
	ctx := context.Background()
	for range 4 {
		for n := 1; n > 0; {
			var err error
			if n, err = s.w.Block(ctx); err != nil {
				s.t.Fatal(err)
			}
		}
		for _, step := range []func(context.Context, int) (int, error){s.w.Board, s.w.MatchRespondents, s.w.Publish} {
			if _, err := step(ctx, 10_000); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// ended is a complaint of everyday things, led to its end.
func (s *site) ended(officer string) string {
	s.t.Helper()
	cmd := s.w.Filing()
	cmd.Private.Respondent = &workflow.Respondent{Name: "青禾家电（滨河路店）", Code: "91370321MA3C0AAA0H", Address: "索镇街道滨河路 12 号"}
	cmd.Private.Words = "四月十日在店里买的洗衣机，三天后不能脱水。"
	a, err := s.w.Execute(context.Background(), store.Request{Command: cmd})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range toTheEnd {
		cmd := s.w.Compose(a.Number, e)
		if cmd.Actor.Role == "officer" {
			cmd.Actor.ID = "zhang-of-texts"
		}
		if _, err := s.w.Execute(context.Background(), store.Request{Case: a.Number, Command: cmd}); err != nil {
			s.t.Fatalf("%s: %v", e, err)
		}
	}
	return a.Number
}

// The county of the browser's tests is one that has something to show.
func TestTheCountyOfTheBrowser(t *testing.T) {
	s := newSite(t, storetest.New(t))
	c := s.county(10, 8)
	for path, want := range map[string]string{"/complaints/" + c.Entry: "洗衣机", "/merchants/" + c.Merchant: "青禾家电", "/statistics": "%"} {
		if status, _, text := s.read(path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d, no %q", path, status, want)
		}
	}
	if status, _, _ := s.read("/complaints/" + c.Gone); status != http.StatusGone {
		t.Errorf("%d", status)
	}
}
