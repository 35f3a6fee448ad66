package audit_test

import (
	"strings"
	"testing"

	"fangxin/store/audit"
	"fangxin/store/storetest"
)

// Each way of tampering with counts and rollups is found and named, and what is
// put back is good again.
func TestTamperingWithStatistics(t *testing.T) {
	const two = "(select id from cases order by id limit 1 offset 1)"
	const row = " where case_id = " + two + " and seq = 1"
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := populate(t, w)[1]
		findings := func() []audit.Finding {
			r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Parts: []string{"statistics"}, Now: w.Now()})
			if err != nil {
				t.Fatal(err)
			}
			return r.Findings
		}
		if f := findings(); len(f) > 0 {
			t.Fatal(f)
		}
		for _, x := range []struct{ name, do, undo, where, says string }{
			{"a count's day", "update contributions set day = '2026-05-07'" + row, "update contributions set day = '2026-05-06'" + row, number, "filed 2026-05-06"},
			{"a count's town", "update contributions set town = 'x'" + row, "update contributions set town = '370321001'" + row, number, `town "370321001"`},
			{"a count's unit", "update contributions set unit = 'x'" + row, "update contributions set unit = ''" + row, number, `unit ""`},
			{"a count's domain", "update contributions set domain = 9" + row, "update contributions set domain = 1" + row, number, "domain 1"},
			{"a count's measure", "update contributions set measure = 9" + row, "update contributions set measure = 0" + row, number, "measure 0"},
			{"a count's channel", "update contributions set channel = 'x'" + row, "update contributions set channel = 'web'" + row, number, `channel "web"`},
			{"a count's mediator", "update contributions set mediator = 'x'" + row, "update contributions set mediator = ''" + row, number, `mediator ""`},
			{"a count's name", "update contributions set indicator = 'rated.5'" + row, "update contributions set indicator = 'filed'" + row, number, "filed"},
			{"a count made up", "insert into contributions (case_id, seq, indicator, day, value, domain, town, unit) select id, 2, 'rated.5', '2026-05-06', 1, 1, '', '' from cases where id = " + two,
				"delete from contributions where indicator = 'rated.5'", number, "rated.5"},
			{"a count of no case", "insert into contributions (case_id, seq, indicator, day, value, domain, town, unit) values (77, 1, 'filed', '2026-05-06', 1, 1, '', '')",
				"delete from contributions where case_id = 77", "case 77", "a row in contributions of a case that is not there"},
			{"a rollup removed", "delete from rollups where slice = '' and indicator = 'filed'", "insert into rollups select '', indicator, day, '', measure, sum(value) from rollups where slice = 'domain' and indicator = 'filed' group by 2, 3, 5",
				"rollup filed 2026-05-06 measure 0", "off the counts of its events"},
			{"a rollup made up", "insert into rollups (slice, indicator, day, key, measure, value) values ('town', 'rated.5', '2026-05-06', '370321001', 0, 1)", "delete from rollups where indicator = 'rated.5'",
				`rollup rated.5 2026-05-06 town "370321001" measure 0`, "+1 off"},
			{"a rollup moved to another unit", "update rollups set key = 'x' where slice = 'unit' and indicator = 'met.accept_decision'", "update rollups set key = 'amr' where slice = 'unit' and indicator = 'met.accept_decision'",
				"rollup met.accept_decision", "off"},
			{"a slice made up", "insert into rollups (slice, indicator, day, key, measure, value) values ('shoes', 'filed', '2026-05-06', '', 0, 1)", "delete from rollups where slice = 'shoes'", "rollup", `no slice "shoes"`},
		} {
			w.Run(x.do)
			found := findings()
			if !strings.HasPrefix(x.where, "rollup") && len(found) > 0 { // a rollup that does not fit any more comes after the case
				found = found[:1]
			}
			named := false
			for _, f := range found {
				named = named || f.Part == "statistics" && strings.HasPrefix(f.Case, x.where) && strings.Contains(f.What, x.says) || strings.HasPrefix(x.where, "case") && strings.Contains(f.String(), x.says)
			}
			if !named {
				t.Errorf("%s: %v", x.name, found)
			}
			w.Run(x.undo)
			if f := findings(); len(f) > 0 {
				t.Fatalf("%s, put back: %v", x.name, f)
			}
		}
	})
}

// A database from before the counts had their present form is right again after one
// recount, and a second one finds nothing to do.
func TestRecount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		numbers := populate(t, w)
		w.Run("update contributions set indicator = 'accepted_old' where indicator = 'filed'")
		w.Run("update contributions set category = '', channel = '', mediator = '', measure = 0")
		w.Run("delete from rollups")
		w.Run("insert into rollups (slice, indicator, day, key, measure, value) select '', indicator, day, '', 0, sum(value) from contributions group by 2, 3")
		if r := verify(t, w, audit.Options{Parts: []string{"statistics"}}); len(r.Findings) == 0 {
			t.Fatal("old counts pass for those of the log")
		}
		for _, changed := range []int64{int64(len(numbers)), 0} {
			cases, n, err := w.Recount(ctx)
			if err != nil || n != changed || cases < int64(len(numbers)) {
				t.Errorf("%d of %d cases had other counts, not %d: %v", n, cases, changed, err)
			}
			if r := verify(t, w, audit.Options{Parts: []string{"statistics"}}); len(r.Findings) > 0 {
				t.Errorf("counted again: %v", r.Findings)
			}
		}
	})
}
