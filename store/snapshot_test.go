package store_test

import (
	"context"
	"errors"
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
