package audit_test

import (
	"strings"
	"testing"
	"time"

	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow/ledger"
)

// The log bears a receipt out, or says in which field they part; and a receipt
// of a filing that a restore lost says so.
func TestAReceipt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		good, err := w.Receipt(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		if block, err := audit.VerifyReceipt(ctx, w.Pool(), good); err != nil || block != 0 {
			t.Errorf("%d %v", block, err)
		}
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		if block, err := audit.VerifyReceipt(ctx, w.Pool(), good); err != nil || block != 1 {
			t.Errorf("%d %v", block, err)
		}
		day := good.At.Add(24 * time.Hour)
		for says, change := range map[string]func(r *ledger.Receipt){
			"is of 2026":           func(r *ledger.Receipt) { r.At = day },
			"was filed under":      func(r *ledger.Receipt) { r.Rules = "R1/2020-01-01" },
			"commits to other":     func(r *ledger.Receipt) { r.Commitment = "sha256:" + strings.Repeat("00", 32) },
			"the receipt names":    func(r *ledger.Receipt) { r.Clocks = r.Clocks[1:] },
			"in another way":       func(r *ledger.Receipt) { r.Clocks[0].Due = "2026-12-31" },
			"began the clock":      func(r *ledger.Receipt) { r.Clocks[0].LateFrom = &day },
			"has another hash":     func(r *ledger.Receipt) { r.Hash = strings.Repeat("00", 32) },
			"event 9 is not in":    func(r *ledger.Receipt) { r.Seq = 9 },
			"000009-0 event 1 is ": func(r *ledger.Receipt) { r.Case = ledger.Number("HT", 2026, 9) },
		} {
			bad := good
			bad.Clocks = append([]ledger.ReceiptClock(nil), good.Clocks...)
			change(&bad)
			if _, err := audit.VerifyReceipt(ctx, w.Pool(), bad); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%v\nwanted %s", err, says)
			}
		}
		stamp := any(good.At)
		if w.Dialect() == "sqlite" {
			stamp = good.At.UnixMicro()
		}
		w.Run("insert into restores (id, at, taken_at, height, keys_missing) values ('a', $1, $1, 1, 0)", stamp)
		lost := good
		lost.Case = ledger.Number("HT", 2026, 9)
		if _, err := audit.VerifyReceipt(ctx, w.Pool(), lost); err == nil || !strings.Contains(err.Error(), "enter the complaint again") {
			t.Error(err)
		}
	})
}
