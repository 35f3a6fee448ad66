package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

var applicant = store.By{Actor: "applicant"}

// paperDigest stands for the SHA-256 of a paper.
const paperDigest = "0123456789abcdef0123456789abcdef"

var huimin = register.Details{Name: "惠民超市", Town: "370321001", Size: "large", Domain: 1, ShopAddress: "中心大街1号"}

func anApplication(merchant string, phones ...string) store.Application {
	a := store.Application{Merchant: merchant, Checklist: register.Checklist{Place: true, Staff: true, Computer: true, Telephone: true, Procedure: true},
		Terms:  register.Terms{AnswerDays: 3, ReturnDays: 7, Pledges: []string{"no_reason_return", "price_marked"}},
		Papers: []store.NewPaper{{Kind: "licence", Name: "营业执照副本", Digest: []byte(paperDigest), Note: "canary-paper"}, {Kind: "pledge", Name: "承诺书", Digest: []byte(paperDigest)}}}
	for i, phone := range phones {
		a.People = append(a.People, store.NewPerson{Role: []string{"contact", "colleague"}[min(i, 1)], Name: fmt.Sprintf("canary-%d", i), Phone: phone})
	}
	return a
}

// enrol opens an entry and makes it a member that is approved.
func enrol(t *testing.T, w *storetest.World, d register.Details, phones ...string) register.Member {
	t.Helper()
	e, err := w.OpenMerchant(ctx, store.Once{}, zhang, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Apply(ctx, store.Once{}, applicant, anApplication(e.ID, phones...))
	if err != nil {
		t.Fatal(err)
	}
	return decide(t, w, m.ID, store.Decision{What: "approve"})
}

func decide(t *testing.T, w *storetest.World, id string, d store.Decision) register.Member {
	t.Helper()
	m, err := w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, id, d)
	if err != nil {
		t.Fatalf("%s: %v", d.What, err)
	}
	return m
}

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	var r *workflow.Refusal
	if !errors.As(err, &r) || r.Code != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

// From the application through every decision to the exit: each change stands in
// the history with who, when and why, and the history cannot be changed.
func TestTheLifeOfAMembership(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		a := anApplication("", "13800000001")
		a.Details = register.Details{Name: "惠民超市", Code: "91370321MA3C0AAA0X"}
		a.Papers = a.Papers[:1]
		for range 2 {
			if _, err := w.Apply(ctx, store.Once{Scope: "apply", Key: "a1"}, applicant, a); err != nil {
				t.Fatal(err)
			}
		}
		all, err := w.Members(ctx, store.MemberFilter{State: register.Applied, Limit: 10})
		if err != nil || len(all) != 1 || all[0].Entry.Status != register.Unverified || all[0].Entry.Name != "惠民超市" {
			t.Fatalf("%+v %v", all, err)
		}
		id, shop := all[0].ID, all[0].Entry.ID
		_, err = w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, id, store.Decision{What: "approve"})
		refusedAs(t, err, "merchant_unsettled")
		active := register.Active
		if _, err := w.ChangeMerchant(ctx, store.Once{Scope: "t"}, zhang, shop, 0, register.Patch{Status: &active}); err != nil {
			t.Fatal(err)
		}
		_, err = w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, id, store.Decision{What: "approve"})
		refusedAs(t, err, "member_lacks")
		decide(t, w, id, store.Decision{What: "ask_more"})
		if m, err := w.SupplyMember(ctx, store.Once{Scope: "t"}, applicant, id, []store.NewPaper{{Kind: "pledge", Name: "承诺书"}}, nil, nil, nil); err != nil || m.State != register.Applied {
			t.Fatal(m.State, err)
		}
		m := decide(t, w, id, store.Decision{What: "approve"})
		today := calendar.On(w.Now())
		if m.State != register.Approved || m.From != today || m.To != today.AddYears(1)-1 || len(m.Shop) != 10 || !m.ActiveOn(m.To) || m.ActiveOn(m.To+1) {
			t.Fatalf("%+v", m)
		}
		_, err = w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, id, store.Decision{What: "refuse"})
		refusedAs(t, err, "member_state")
		_, err = w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, id, store.Decision{What: "watch", Sees: 1})
		refusedAs(t, err, "stale_entry")
		decide(t, w, id, store.Decision{What: "watch"})
		if m = decide(t, w, id, store.Decision{What: "suspend"}); !m.Watched || m.ActiveOn(today) {
			t.Fatalf("%+v", m)
		}
		decide(t, w, id, store.Decision{What: "resume"})
		_, err = w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, id, store.Decision{What: "renew", To: m.To})
		refusedAs(t, err, "nothing_to_do")
		if again := decide(t, w, id, store.Decision{What: "renew"}); again.To != today.AddYears(2)-1 {
			t.Errorf("renewed to %s", again.To)
		}
		if m = decide(t, w, id, store.Decision{What: "exit", Cause: "own_request"}); m.Cause != "own_request" || m.Shop != "" {
			t.Errorf("%+v", m)
		}
		lines, err := w.MemberHistory(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		var what []string
		for _, l := range lines {
			what = append(what, l.What)
			if l.Actor == "" || l.At.IsZero() || l.Actor == zhang.Actor && l.Why == "" {
				t.Errorf("%+v", l)
			}
		}
		if got := strings.Join(what, " "); got != "applied person_added paper_added ask_more paper_added supplied approve watch suspend resume renew exit" {
			t.Error(got)
		}
		for _, text := range []string{"update member_history set why = 'x'", "delete from member_history"} {
			if _, err := w.Pool().Exec(text); err == nil {
				t.Errorf("%s goes through", text)
			}
		}
		again, err := w.Apply(ctx, store.Once{Scope: "t"}, applicant, anApplication(shop, "13800000001"))
		if err != nil {
			t.Fatal(err)
		}
		w.Advance(179 * 24 * time.Hour)
		_, err = w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, again.ID, store.Decision{What: "approve"})
		refusedAs(t, err, "member_too_early")
		w.Advance(24 * time.Hour)
		decide(t, w, again.ID, store.Decision{What: "approve"})
		third, err := w.Apply(ctx, store.Once{Scope: "t"}, applicant, anApplication(shop, "13800000001"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.DecideMember(ctx, store.Once{Scope: "t"}, zhang, third.ID, store.Decision{What: "approve"})
		refusedAs(t, err, "member_already")
		if out, err := w.WithdrawMember(ctx, store.Once{Scope: "t"}, applicant, third.ID); err != nil || out.State != register.Withdrawn {
			t.Error(out, err)
		}
	})
}

// An application is approved with licence, pledge, a contact and the whole
// checklist; what it lacks is named.
func TestWhatAnApplicationLacks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for n, x := range []struct {
			lacks string
			less  func(*store.Application)
		}{{"papers", func(a *store.Application) { a.Papers = a.Papers[:1] }}, {"papers", func(a *store.Application) { a.Papers = a.Papers[1:] }},
			{"people", func(a *store.Application) { a.People[0].Role = "colleague" }}, {"checklist", func(a *store.Application) { a.Checklist.Telephone = false }}} {
			e, err := w.OpenMerchant(ctx, store.Once{}, zhang, register.Details{Name: fmt.Sprint("店", n)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			a := anApplication(e.ID, "13800000001")
			x.less(&a)
			m, err := w.Apply(ctx, store.Once{}, applicant, a)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.DecideMember(ctx, store.Once{}, zhang, m.ID, store.Decision{What: "approve"})
			var r *workflow.Refusal
			if !errors.As(err, &r) || r.Code != "member_lacks" || len(r.Missing) != 1 || r.Missing[0] != x.lacks {
				t.Errorf("without %s: %v", x.lacks, err)
			}
		}
	})
}

// A code on a wall opens the register's entry; replaced, suspended and over, it
// says so. Nobody's name lies in a column in clear, and who left is erased.
func TestShopCodesAndPeople(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		m := enrol(t, w, huimin, "138 0000 0001", "13800000002")
		found, e, err := w.Shop(ctx, m.Shop)
		if err != nil || found.ID != m.ID || e.Name != "惠民超市" {
			t.Fatal(found, e, err)
		}
		next, err := w.NewShopCode(ctx, store.Once{Scope: "t"}, zhang, m.ID)
		if err != nil || next.Shop == m.Shop {
			t.Fatal(next, err)
		}
		if _, _, err := w.Shop(ctx, m.Shop); !errors.Is(err, store.ErrNoMember) {
			t.Error("the old code opens", err)
		}
		decide(t, w, m.ID, store.Decision{What: "suspend"})
		if found, _, err := w.Shop(ctx, next.Shop); err != nil || found.ActiveOn(calendar.On(w.Now())) {
			t.Error(found, err)
		}
		people, err := w.People(ctx, m.ID)
		if err != nil || len(people) != 2 || people[0].Name != "canary-0" || people[0].Role != "contact" || people[1].Phone != "13800000002" {
			t.Fatal(people, err)
		}
		papers, err := w.Papers(ctx, m.ID)
		if err != nil || len(papers) != 2 || papers[0].Note != "canary-paper" || papers[0].Digest != "3031323334353637383961626364656630313233343536373839616263646566" {
			t.Fatal(papers, err)
		}
		if err := w.EndPerson(ctx, store.Once{Scope: "t"}, zhang, m.ID, people[1].ID); err != nil {
			t.Fatal(err)
		}
		if err := w.EndPerson(ctx, store.Once{Scope: "t"}, zhang, m.ID, people[1].ID); !errors.Is(err, store.ErrNoMember) {
			t.Error(err)
		}
		decide(t, w, m.ID, store.Decision{What: "exit", Cause: "not_cured"})
		if n := w.Count("select count(*) from shop_codes where ended_at is null"); n != 0 {
			t.Errorf("%d codes of a membership that is over are still in force", n)
		}
		if n := w.Count("select count(*) from member_people where box is not null or phone_mac is not null"); n != 0 {
			t.Errorf("%d people of a membership that is over can be read", n)
		}
		for _, text := range []string{"select body from member_history", "select why from member_history", "select body from members", "select answer from idempotency"} {
			rows, err := w.Pool().Query(text)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var body string
				if err := rows.Scan(&body); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(body, "canary") || strings.Contains(body, "00000001") {
					t.Errorf("%s: %s", text, body)
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Ten first answers that ran out are put before a person, once, with the clocks by
// number; nothing happens to the member until he decides, and his decision closes
// the lead.
func TestTheWatchDecidesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		m := enrol(t, w, register.Details{Name: "惠民超市", Town: "370321001"}, "13900000001")
		for range 10 {
			number := w.File()
			w.Do(number, "classify", "invite_settlement", "delivered")
			if err := w.LinkCase(ctx, store.Once{}, zhang, number, m.Merchant); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := w.WatchMembers(ctx); n != 0 || err != nil {
			t.Fatalf("before anything ran out: %d %v", n, err)
		}
		w.Advance(40 * 24 * time.Hour)
		for n := 1; n > 0; {
			var err error
			if n, err = w.Sweep(ctx, 100); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []int{1, 0} {
			if n, err := w.WatchMembers(ctx); n != want || err != nil {
				t.Errorf("run %d: %d leads, %v", i, n, err)
			}
		}
		leads, err := w.MemberLeads(ctx, "open", "", 10)
		if err != nil || len(leads) != 1 || leads[0].Kind != "suspend" || leads[0].Figures.Clocks < 10 || leads[0].Figures.InTime != 0 || int64(len(leads[0].Figures.Late)) != leads[0].Figures.Clocks {
			t.Fatalf("%+v %v", leads, err)
		}
		if now, err := w.Member(ctx, m.ID); err != nil || now.State != register.Approved {
			t.Errorf("the watch acted: %s %v", now.State, err)
		}
		if _, err := w.DecideMember(ctx, store.Once{}, zhang, m.ID, store.Decision{What: "no_action", Lead: leads[0].ID}); err != nil {
			t.Fatal(err)
		}
		_, err = w.DecideMember(ctx, store.Once{}, zhang, m.ID, store.Decision{What: "no_action", Lead: leads[0].ID})
		refusedAs(t, err, "lead_decided")
		if n, err := w.WatchMembers(ctx); n != 0 || err != nil {
			t.Errorf("answered, and asked again by the same figures: %d %v", n, err)
		}
		if done, err := w.MemberLeads(ctx, "decided", "", 10); err != nil || len(done) != 1 || done[0].Decision != "no_action" || done[0].Why != zhang.Why {
			t.Errorf("%+v %v", done, err)
		}
	})
}

// What became void counts for nobody; invitations that did not arrive count in a
// row, until one does.
func TestWhatFiguresCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		m := enrol(t, w, huimin, "13900000001")
		put := func(events ...string) {
			t.Helper()
			number := w.File()
			w.Do(number, append([]string{"classify", "invite_settlement"}, events...)...)
			if err := w.LinkCase(ctx, store.Once{}, zhang, number, m.Merchant); err != nil {
				t.Fatal(err)
			}
		}
		look := func(clocks, inTime, failed int64) {
			t.Helper()
			f, err := w.MemberFigures(ctx, m.ID, calendar.On(w.Now()).AddDays(30))
			if err != nil || f.Clocks != clocks || f.InTime != inTime || f.Failed != failed {
				t.Errorf("%+v %v, want %d %d %d", f, err, clocks, inTime, failed)
			}
		}
		put("delivered", "withdraw_before_acceptance")
		look(0, 0, 0)
		put("delivered", "answer_with_offer")
		look(1, 1, 0)
		put("channels_exhausted")
		put("channels_exhausted")
		look(1, 1, 2)
		put("delivered")
		look(1, 1, 0)
	})
}

// I-17 counts large and medium merchants that are active; a member counts as
// covered when a contact was reached; the slices add up to the total.
func TestCoverage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for i, d := range []register.Details{{Name: "甲超市", Town: "370321001", Size: "large", Domain: 1}, {Name: "乙超市", Town: "370321001", Size: "medium", Domain: 2}, {Name: "丙超市", Town: "370321105", Size: "medium"}, {Name: "丁超市", Size: "small", Domain: 1}} {
			if i == 0 || i == 1 {
				enrol(t, w, d, "1390000000"+string(rune('1'+i)))
			} else if _, err := w.OpenMerchant(ctx, store.Once{}, zhang, d, nil); err != nil {
				t.Fatal(err)
			}
		}
		token, _, err := w.GiveLogin(ctx, &store.Owed{Number: "x"}, &store.Letter{Phone: "13900000001", Until: w.Now().Add(store.LoginTerm)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Redeem(ctx, "k", token); err != nil {
			t.Fatal(err)
		}
		day := calendar.On(w.Now())
		c, err := w.Coverage(ctx, day)
		if err != nil || c.Total != (store.CoverageLine{Covered: 1, Members: 2, Merchants: 3}) || len(c.Towns) != 2 || len(c.Domains) != 3 {
			t.Fatalf("%+v %v", c, err)
		}
		for name, slices := range map[string][]store.CoverageLine{"towns": c.Towns, "domains": c.Domains} {
			sum := store.CoverageLine{}
			for _, l := range slices {
				sum.Covered, sum.Members, sum.Merchants = sum.Covered+l.Covered, sum.Members+l.Members, sum.Merchants+l.Merchants
			}
			if sum != c.Total {
				t.Errorf("%s: %+v, not %+v", name, sum, c.Total)
			}
		}
		if before, err := w.Coverage(ctx, day-1); err != nil || before.Total.Merchants != 0 || before.Total.Members != 0 {
			t.Errorf("the day before: %+v %v", before.Total, err)
		}
		w.Advance(90 * 24 * time.Hour)
		if later, err := w.Coverage(ctx, day+90); err != nil || later.Total.Covered != 0 || later.Total.Members != 2 {
			t.Errorf("nobody was reached for ninety days: %+v %v", later.Total, err)
		}
	})
}
