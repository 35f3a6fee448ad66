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
)

// An assessment is frozen once out of the frozen year: nothing changes it, neither a
// second one nor the database; what came later is read beside it.
func TestAssess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		first, second := w.File(), w.File()
		w.Do(first, "classify", "dispatch", "refuse")
		if _, _, _, err := w.Assess(ctx, "2026", nil); err == nil {
			t.Error("a year that is not frozen")
		}
		w.Advance(300 * 24 * time.Hour)
		if _, err := w.Freeze(ctx, "2026"); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := w.Assess(ctx, "2026", []indicator.Reported{{Code: "self_negotiation_rate"}}); !errors.As(err, new(*store.ErrNoTarget)) {
			t.Errorf("what is measured was reported: %v", err)
		}
		a, digest, made, err := w.Assess(ctx, "2026", []indicator.Reported{{Code: "model_units_total", Numerator: 131, Source: "桓放心办〔2026〕3号"}})
		if err != nil || !made || len(digest) != 64 {
			t.Fatal(made, digest, err)
		}
		line := func(list []indicator.Assessed, code, reading, slice string) *indicator.Assessed {
			i := slices.IndexFunc(list, func(l indicator.Assessed) bool { return l.Code == code && l.Reading == reading && l.Slice == slice })
			if i < 0 {
				t.Fatalf("no line %s %s %s in %+v", code, reading, slice, list)
			}
			return &list[i]
		}
		frozen, err := w.Frozen(ctx, "2026")
		if err != nil {
			t.Fatal(err)
		}
		want := indicator.Figures(frozen.Groups("")[0].Counts, frozen.To, frozen.To)[1].Rates[0]
		all := line(a.Lines, "self_negotiation_rate", "disputes", "")
		if all.Numerator != want.Numerator || all.Denominator != want.Denominator || all.Denominator != 1 || line(a.Lines, "self_negotiation_rate", "disputes", "domain").Denominator != 1 {
			t.Errorf("%+v, the frozen year says %+v", all, want)
		}
		if reached, known := all.Reached(); reached || !known {
			t.Error("none of one is not eighty percent")
		}
		if reached, _ := line(a.Lines, "model_units_total", "", "").Reached(); !reached {
			t.Error("131 of 130")
		}
		if _, known := line(a.Lines, "circulation_batches", "", "").Reached(); known {
			t.Error("nobody has reported it")
		}
		w.Do(second, "classify", "dispatch", "refuse")
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		again, same, made, err := w.Assess(ctx, "2026", []indicator.Reported{{Code: "model_units_total", Numerator: 1, Source: "x"}})
		if err != nil || made || same != digest || line(again.Lines, "self_negotiation_rate", "disputes", "").Denominator != 1 {
			t.Errorf("a second time: %v %v %+v", made, err, again)
		}
		now, err := w.Reassessed(ctx, &a)
		if err != nil || line(now, "self_negotiation_rate", "disputes", "").Denominator != 2 {
			t.Errorf("now: %v %+v", err, now)
		}
		if _, err := w.Pool().ExecContext(ctx, "update assessments set digest = 'x'"); err == nil || !strings.Contains(err.Error(), "never changed") {
			t.Errorf("the database let it change: %v", err)
		}
	})
}
