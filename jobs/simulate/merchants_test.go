package simulate_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"fangxin/jobs/simulate"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

var towns = []simulate.Town{{Code: "370321001", Name: "索镇街道"}, {Code: "370321110", Name: "果里镇"}}

// The same seed invents the same merchants, every one of which can be kept; some
// have no code and some a wrong one, none has another's.
func TestInventedMerchants(t *testing.T) {
	invent := func(seed uint64) []store.StatedMerchant {
		return slices.Collect(simulate.Merchants(seed, 3000, "桓台县", towns))
	}
	all := invent(1)
	if fmt.Sprint(all) != fmt.Sprint(invent(1)) || fmt.Sprint(all) == fmt.Sprint(invent(2)) {
		t.Error("not by the seed")
	}
	codes, none, wrong := map[string]bool{}, 0, 0
	for _, m := range all {
		if faults := m.Faults(); len(faults) > 0 {
			t.Fatalf("%+v: %v", m, faults)
		}
		switch {
		case m.Code == "":
			none++
		case !register.ValidCode(m.Code):
			wrong++
		case codes[m.Code]:
			t.Errorf("%s twice", m.Code)
		}
		codes[m.Code] = true
	}
	if none < 60 || none > 300 || wrong < 5 || wrong > 90 {
		t.Errorf("%d without a code, %d wrong", none, wrong)
	}
}

// Complaints of a simulated county find its merchants.
func TestSimulatedComplaintsFindMerchants(t *testing.T) {
	w := storetest.New(t)
	clock, ctx := &simulate.Clock{}, context.Background()
	from := calendar.NewDate(2026, 4, 15)
	clock.Set(from.Start())
	w.Cfg.Now = clock.Now
	_ = w.Close()
	w.Reopen()
	if _, err := simulate.Run(ctx, w.Store, w.Law, clock, simulate.Plan{Cases: 40, From: from, To: from.AddDays(20), Seed: 3, Merchants: 1000, Members: 60, Stop: true}); err != nil {
		t.Fatal(err)
	}
	for {
		n, err := w.Block(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	if err := simulate.Settle(ctx, w.Store); err != nil {
		t.Fatal(err)
	}
	found, all := w.Count("select count(*) from case_merchants where how in ('code', 'name')"), w.Count("select count(*) from cases where kind = 'complaint'")
	if n := w.Count("select count(distinct case_id) from case_merchants"); n != all {
		t.Errorf("%d of %d cases were looked up", n, all)
	}
	if found*10 < all*7 {
		t.Errorf("%d of %d found", found, all)
	}
	if n := w.Count("select count(*) from members where state = 'approved'"); n != 60 {
		t.Errorf("%d members", n)
	}
	if n := w.Count("select count(*) from merchants where status <> 'unverified'"); n > 1000 || n < 950 {
		t.Errorf("%d merchants", n)
	}
}
