package store_test

import (
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// enrol opens an entry and makes it a member that is approved.
func enrol(t *testing.T, w *storetest.World, d register.Details, phone string) (merchant, member string) {
	t.Helper()
	e, err := w.OpenMerchant(ctx, store.Once{}, zhang, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Apply(ctx, store.Once{}, zhang, store.Application{Merchant: e.ID, Checklist: register.Checklist{Place: true, Staff: true, Computer: true, Telephone: true, Procedure: true}, Terms: register.Terms{AnswerDays: 3, Pledges: []string{}},
		People: []store.NewPerson{{Role: "contact", Name: "李娜", Phone: phone}}, Papers: []store.NewPaper{{Kind: "licence"}, {Kind: "pledge"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.DecideMember(ctx, store.Once{}, zhang, m.ID, store.Decision{What: "approve"}); err != nil {
		t.Fatal(err)
	}
	return e.ID, m.ID
}

// Ten first answers that ran out are put before a person, once, with the clocks by
// number; nothing happens to the member until he decides, and his decision closes
// the lead.
func TestTheWatchDecidesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		merchant, member := enrol(t, w, register.Details{Name: "惠民超市", Town: "370321001"}, "13900000001")
		for range 10 {
			number := w.File()
			w.Do(number, "classify", "invite_settlement", "delivered")
			if err := w.LinkCase(ctx, store.Once{}, zhang, number, merchant); err != nil {
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
		if m, err := w.Member(ctx, member); err != nil || m.State != register.Approved {
			t.Errorf("the watch acted: %s %v", m.State, err)
		}
		if _, err := w.DecideMember(ctx, store.Once{}, zhang, member, store.Decision{What: "no_action", Lead: leads[0].ID}); err != nil {
			t.Fatal(err)
		}
		if n, err := w.WatchMembers(ctx); n != 0 || err != nil {
			t.Errorf("answered, and asked again by the same figures: %d %v", n, err)
		}
		if done, err := w.MemberLeads(ctx, "decided", "", 10); err != nil || len(done) != 1 || done[0].Decision != "no_action" || done[0].Why != zhang.Why {
			t.Errorf("%+v %v", done, err)
		}
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
