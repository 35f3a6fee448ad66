package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// A month is frozen once it has ended and stays as it was; what comes later is told
// beside it, and why; and each holder of a receipt can show that he is counted.
func TestFreeze(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		var period *store.ErrPeriod
		for _, id := range []string{"2026-5", "2026-13", "may", "2026-05", "2027", ""} {
			if _, err := w.Freeze(ctx, id); !errors.As(err, &period) {
				t.Errorf("%q: %v", id, err)
			}
		}
		refused, open := w.File(), w.File()
		w.Do(refused, "classify", "dispatch", "refuse")
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		if made, err := w.FreezeDue(ctx); err != nil || len(made) > 0 {
			t.Errorf("frozen before it ended: %v %v", made, err)
		}
		w.Set(time.Date(2026, 5, 31, 16, 30, 0, 0, time.UTC)) // half past midnight in the county
		if made, err := w.FreezeDue(ctx); err != nil || len(made) > 0 {
			t.Errorf("frozen while the midnight's deadlines are swept: %v %v", made, err)
		}
		w.Advance(time.Hour)
		made, err := w.FreezeDue(ctx)
		if err != nil || !slices.Equal(made, []string{"2026-05"}) {
			t.Fatalf("%v %v", made, err)
		}
		may, err := w.Snapshot(ctx, "2026-05")
		if err != nil || may.Size != 3 || !strings.Contains(may.Statement, "\ntotal I-05 closed 1 2\n") {
			t.Fatalf("%+v %v", may, err)
		}
		receipt, err := w.Receipt(ctx, refused)
		if err != nil {
			t.Fatal(err)
		}
		then, err := w.Proof(ctx, refused, "")
		if err != nil {
			t.Fatal(err)
		}

		w.Do(refused, "correct_closing")
		w.Do(open, "withdraw_before_acceptance")
		w.Advance(33 * 24 * time.Hour) // a day of July; June is made up for
		late := w.File()
		if made, err = w.FreezeDue(ctx); err != nil || !slices.Equal(made, []string{"2026-06"}) {
			t.Fatalf("%v %v", made, err)
		}
		if again, err := w.Freeze(ctx, "2026-05"); err != nil || again.Statement != may.Statement {
			t.Errorf("frozen a second time: %v %v", again, err)
		}
		r, err := w.Restated(ctx, "2026-05", "")
		if err != nil {
			t.Fatal(err)
		}
		closed := func(g []indicator.Group) [2]int64 {
			for _, f := range indicator.Figures(g[0].Counts, may.To, may.To) {
				if f.ID == "I-05" {
					return [2]int64{f.Rates[0].Numerator, f.Rates[0].Denominator}
				}
			}
			return [2]int64{}
		}
		if closed(r.Then) != [2]int64{1, 2} || closed(r.Now) != [2]int64{1, 2} {
			t.Errorf("then %v, now %v", closed(r.Then), closed(r.Now))
		}
		find := func(reason string) indicator.Change {
			for _, c := range r.Changes {
				if c.Reason == reason {
					return c
				}
			}
			t.Fatalf("no change %s: %+v", reason, r.Changes)
			return indicator.Change{}
		}
		if c := find("correct_closing"); c.Ripened || c.Events != 1 || c.Cases != 1 || c.Counts["reopened"][0] != 1 {
			t.Errorf("a reopening: %+v", c)
		}
		if c := find("withdraw_before_acceptance"); !c.Ripened || c.Events != 1 {
			t.Errorf("what was received in the month ended later: %+v", c)
		}
		groups, _, err := w.Statistics(ctx, indicator.Query{From: may.From, To: may.To}, 0)
		if err != nil || closed(groups) != closed(r.Now) {
			t.Errorf("the statistics of today say %v and the restatement %v", closed(groups), closed(r.Now))
		}
		if u, err := w.Restated(ctx, "2026-05", "unit"); err != nil || len(u.Then) == 0 {
			t.Errorf("by unit: %+v %v", u, err)
		}

		keys, err := w.PublicKeys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		now, err := w.Proof(ctx, refused, "2026-05")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Proof(ctx, late, ""); !errors.Is(err, store.ErrNotCounted) {
			t.Errorf("a case of a month that has not ended: %v", err)
		}
		for name, p := range map[string]*ledger.Proof{"then": &then, "now": &now} {
			s, err := p.Verify(keys, receipt)
			if err != nil || s.Snapshot != "2026-05" || !slices.ContainsFunc(p.Parts, func(x ledger.Part) bool { return x.Code == "filed" && x.Value == 1 }) {
				t.Errorf("%s: %v %v", name, p.Parts, err)
			}
		}
		a, _ := ledger.ParseStatement(then.Newest)
		b, _ := ledger.ParseStatement(now.Newest)
		path, err := w.Consistency(ctx, a.Size, b.Size)
		if err != nil || b.Follows(&a, path) != nil {
			t.Errorf("the second tree does not follow the first: %v", err)
		}
		for _, x := range [][2]int64{{1, b.Size}, {a.Size, b.Size + 1}, {b.Size, a.Size}} {
			if _, err := w.Consistency(ctx, x[0], x[1]); !errors.Is(err, store.ErrTree) {
				t.Errorf("consistency of %v: %v", x, err)
			}
		}
		if err := w.Held(ctx, receipt); err != nil {
			t.Error(err)
		}
		forged := receipt
		forged.Case = open
		if err := w.Held(ctx, forged); err == nil {
			t.Error("a receipt of somebody else")
		}
	})
}

// A year is frozen once, an hour after it has ended, with its last month. What happened in
// it is what happened in its twelve months, as each was frozen; what corrects it later
// stands beside it, with its reason.
func TestFreezeYear(t *testing.T) {
	w := storetest.New(t)
	ctx := context.Background()
	var made, refused []string
	month := func(year int, m time.Month, day, n int) {
		t.Helper()
		w.Set(time.Date(year, m, day, 4, 0, 0, 0, time.UTC))
		some, err := w.FreezeDue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, some...)
		for i := range n {
			number := w.File()
			switch i % 3 {
			case 0:
				w.Do(number, "classify", "dispatch", "refuse")
				refused = append(refused, number)
			case 1:
				w.Do(number, "withdraw_before_acceptance")
			}
		}
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for m := time.May; m <= time.December; m++ {
		month(2026, m, 7, int(m)%4+1)
	}
	month(2027, time.January, 2, 1)
	if want := []string{"2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026", "2026-12"}; !slices.Equal(made, want) {
		t.Fatalf("frozen: %v", made)
	}
	if again, err := w.FreezeDue(ctx); err != nil || len(again) > 0 {
		t.Errorf("frozen again: %v %v", again, err)
	}
	year, err := w.Snapshot(ctx, "2026")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Freeze(ctx, "2026"); err != nil || again.Statement != year.Statement {
		t.Errorf("frozen a second time: %v %v", again, err)
	}
	then := func(id string) indicator.Counts {
		t.Helper()
		r, err := w.Restated(ctx, id, "")
		if err != nil || len(r.Then) != 1 {
			t.Fatalf("%s: %v %v", id, r.Then, err)
		}
		return r.Then[0].Counts
	}
	// lines of what happened, by figure and line
	happened := func(c indicator.Counts) map[string][2]int64 {
		out := map[string][2]int64{}
		for _, f := range indicator.Figures(c, year.To, year.To) {
			for _, r := range f.Rates {
				if f.Basis == indicator.Event && r.Denominator+r.Numerator != 0 {
					out[f.ID+" "+r.Line] = [2]int64{r.Numerator, r.Denominator}
				}
			}
		}
		return out
	}
	sum := map[string][2]int64{}
	for m := 5; m <= 12; m++ {
		for line, n := range happened(then(fmt.Sprintf("2026-%02d", m))) {
			sum[line] = [2]int64{sum[line][0] + n[0], sum[line][1] + n[1]}
		}
	}
	whole := happened(then("2026"))
	if !maps.Equal(sum, whole) || whole["I-13 withdrawn"][0] == 0 || whole["I-14 refused"] != [2]int64{int64(len(refused) - 1), int64(len(refused) - 1)} {
		t.Errorf("the months add up to %v, the year is %v", sum, whole)
	}
	w.Do(refused[len(refused)-2], "correct_closing") // of December
	w.Advance(time.Hour)
	if _, err := w.Block(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"2026", "2026-12"} {
		r, err := w.Restated(ctx, id, "")
		if err != nil {
			t.Fatal(err)
		}
		was, is := happened(r.Then[0].Counts)["I-14 refused"], happened(r.Now[0].Counts)["I-14 refused"]
		if was[0] != is[0]+1 || was[1] != is[1]+1 {
			t.Errorf("%s said %v and is %v", id, was, is)
		}
		i := slices.IndexFunc(r.Changes, func(c indicator.Change) bool { return c.Reason == "correct_closing" })
		if i < 0 || r.Changes[i].Ripened || r.Changes[i].Cases != 1 || r.Changes[i].Counts["reopened"][0] != 1 {
			t.Errorf("%s does not say why: %+v", id, r.Changes)
		}
	}
	if x := happened(then("2026")); !maps.Equal(x, whole) {
		t.Errorf("the year said %v and says %v", whole, x)
	}
	if x, err := w.Snapshot(ctx, "2026"); err != nil || x.Statement != year.Statement {
		t.Errorf("%v %v", x, err)
	}
}
