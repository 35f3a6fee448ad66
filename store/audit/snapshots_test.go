package audit_test

import (
	"strings"
	"testing"
	"time"

	"fangxin/store/audit"
	"fangxin/store/storetest"
)

// Snapshots are made again from the log, and each way of altering one is named.
func TestTamperingWithSnapshots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		numbers := populate(t, w)
		freeze := func(id string) {
			t.Helper()
			if _, err := w.Freeze(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		freeze("2026-04") // before anything was counted
		freeze("2026-05")
		freeze("2026-06")
		w.Do(numbers[1], "withdraw_after_acceptance")
		w.File()
		w.Advance(24 * time.Hour)
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		findings := func(parts ...string) []audit.Finding {
			t.Helper()
			keys, err := w.PublicKeys(ctx)
			if err != nil {
				t.Fatal(err)
			}
			r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Parts: parts, Now: w.Now(), Keys: &keys})
			if err != nil {
				t.Fatal(err)
			}
			return r.Findings
		}
		if f := findings(); len(f) > 0 {
			t.Fatal(f)
		}
		if n := w.Count("select count(*) from snapshot_leaves where snapshot = '2026-05'"); n != 1+len(numbers) {
			t.Fatalf("%d leaves of %d cases", n, len(numbers))
		}
		for _, table := range []string{"snapshots", "snapshot_leaves", "snapshot_hashes"} {
			for _, text := range []string{"update " + table + " set no = no + 100", "delete from " + table} {
				if _, err := w.Pool().Exec(text); err == nil || !strings.Contains(err.Error(), "a snapshot is never changed") {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
		unguard(w)
		const may = " where id = '2026-05'"
		const first = "(select min(no) from snapshot_leaves where snapshot = '2026-05' and case_id > 0)"
		for i, x := range []struct{ name, do, says string }{
			{"a total in its text", `update snapshots set body = replace(body, '"code":"filed","key":"","measure":0,"slice":"","value":5', '"code":"filed","key":"","measure":0,"slice":"","value":4')` + may, "snapshot 2026-05: its counts were altered"},
			{"a total in its statement", "update snapshots set statement = replace(statement, 'total I-05 closed', 'total I-05 closer')" + may, "snapshot 2026-05: statement of 2026-05: no good signature"},
			{"a statement exchanged for another that the site signed", "update snapshots set statement = (select statement from snapshots where id = '2026-06')" + may, "snapshot 2026-05: is not what block"},
			{"a snapshot removed", "delete from snapshots" + may, "seals it, and it is not there"},
			{"its days", "update snapshots set to_day = '2026-05-30'" + may, "snapshot 2026-05: its row is not what its statement says"},
			{"its place in the log", "update snapshots set height = height - 1" + may, "snapshot 2026-05: its row is not what its statement says"},
			{"a leaf removed", "delete from snapshot_leaves where no = " + first, "was left out of snapshot 2026-05"},
			{"a leaf counted twice", "insert into snapshot_leaves select 1000, snapshot, case_id, seq, salt, leaf from snapshot_leaves where no = " + first, "is counted twice in snapshot 2026-05"},
			{"a leaf of no case", "insert into snapshot_leaves select 1000, snapshot, 77, seq, salt, leaf from snapshot_leaves where no = " + first, "a row in snapshot_leaves of a case that is not there"},
			{"a leaf altered", "update snapshot_leaves set leaf = salt || salt where no = " + first, "is not what its log counted for then"},
			{"a leaf's salt", "update snapshot_leaves set salt = (select salt from snapshots" + may + ") where no = " + first, "is not what its log counted for then"},
			{"up to where a leaf counts", "update snapshot_leaves set seq = seq - 1 where no = " + first, "and its leaf says"},
			{"a stored hash", "update snapshot_hashes set hash = (select leaf from snapshot_leaves where no = 0) where no = 3", "hash 3, of which proofs are made, is not that of the leaves"},
			{"a stored hash removed", "delete from snapshot_hashes where no = 3", "hash 3, of which proofs are made, is not"},
			{"a late event hidden", "delete from restated where snapshot = '2026-05'", "restates snapshot 2026-05"},
			{"a late event made up", "insert into restated select '2026-05', case_id, 1 from snapshot_leaves where no = " + first, "restates snapshot 2026-05"},
		} {
			if i > 3 && w.Dialect() == "postgres" { // the same Go code reads both
				break
			}
			for _, table := range []string{"snapshots", "snapshot_leaves", "snapshot_hashes", "restated"} {
				w.Run("create table kept_" + table + " as select * from " + table)
			}
			w.Run(x.do)
			named := false
			for _, f := range findings("statistics") {
				named = named || f.Part == "statistics" && strings.Contains(f.String(), x.says)
			}
			if !named {
				t.Errorf("%s: %v", x.name, findings("statistics"))
			}
			for _, table := range []string{"snapshots", "snapshot_leaves", "snapshot_hashes", "restated"} {
				w.Run("delete from " + table)
				w.Run("insert into " + table + " select * from kept_" + table)
				w.Run("drop table kept_" + table)
			}
		}
		if f := findings(); len(f) > 0 {
			t.Fatalf("put back: %v", f)
		}
	})
}

// unguard takes the guards away, as whoever owns the database can.
func unguard(w *storetest.World) {
	for _, table := range []string{"snapshots", "snapshot_leaves", "snapshot_hashes"} {
		if w.Dialect() == "postgres" {
			w.Run("drop trigger " + table + "_kept on " + table)
			continue
		}
		w.Run("drop trigger " + table + "_kept_update")
		w.Run("drop trigger " + table + "_kept_delete")
	}
}
