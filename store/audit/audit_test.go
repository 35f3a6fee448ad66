package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

var ctx = context.Background()

// populate lives some lives, seals blocks, lets clocks run out.
func populate(t *testing.T, w *storetest.World) []string {
	t.Helper()
	block := func() {
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var numbers []string
	for _, events := range [][]string{
		{"classify", "dispatch", "accept", "ask_consent", "one_consents", "both_consent", "commission_appraisal", "appraisal_reported", "agree"},
		{"classify", "dispatch"},
		{"withdraw_before_acceptance"},
		{"classify", "invite_settlement", "delivered", "answer_with_offer", "accept_offer", "report_performance"},
		{"request_correction"},
	} {
		n := w.File()
		w.Do(n, events...)
		numbers = append(numbers, n)
		block()
	}
	w.Advance(100 * 24 * time.Hour)
	for {
		n, err := w.Sweep(ctx, 50)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	block()
	w.Do(numbers[1], "accept")
	w.Do(numbers[1], "split_report")
	return numbers
}

func verify(t *testing.T, w *storetest.World, opt audit.Options) audit.Report {
	t.Helper()
	opt.Now = w.Now()
	opt.Unseal = func(ctx context.Context, caseID, seq int64) ([]byte, []byte, bool, error) {
		u, err := w.Unseal(ctx, caseID, seq)
		if errors.Is(err, store.ErrErased) {
			return nil, nil, false, nil
		}
		return u.Salt, u.Text, true, err
	}
	r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Erasing a person leaves everything that can be proven.
func TestGreenAfterAnErasure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := populate(t, w)[2]
		w.Advance(400 * 24 * time.Hour)
		w.Do(number, "publish_or_hold", "erase_person")
		if r := verify(t, w, audit.Options{}); len(r.Findings) > 0 {
			t.Fatal(r.Findings)
		}
	})
}

// A notice imported later moves what runs, and what was counted before it stays
// lawful: the year 2027, and an amendment of a year that was certain.
func TestGreenAfterAnImportedNotice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		day := calendar.On(w.Now()).AddDays(2)
		var days strings.Builder
		for i := range 13 {
			fmt.Fprintf(&days, `{"name":"x","date":%q,"isOffDay":true},`, day.AddDays(i))
		}
		file := fmt.Sprintf(`{"year":%d,"days":[%s]}`, day.Year(), strings.TrimSuffix(days.String(), ","))
		w.Advance(time.Hour)
		if _, err := w.KeepNotice(ctx, []byte(file), calendar.On(w.Now())); err != nil {
			t.Fatal(err)
		}
		cal, err := w.Calendar(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w.Rules(workflow.Rules{Rules: w.Law().WithCalendar(cal)})
		before, _ := w.Case(ctx, number)
		if n, err := w.Reproject(ctx); err != nil || n != 1 {
			t.Fatalf("%d cases moved, %v", n, err)
		}
		after, _ := w.Case(ctx, number)
		if a, b := before.Clock("accept_decision").Due, after.Clock("accept_decision").Due; b <= a {
			t.Errorf("due %s, before %s", b, a)
		}
		w.File()
		if r := verify(t, w, audit.Options{}); len(r.Findings) > 0 {
			t.Fatal(r.Findings)
		}
	})
}

func TestGreen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		populate(t, w)
		r := verify(t, w, audit.Options{})
		if len(r.Findings) > 0 {
			t.Fatal(r.Findings)
		}
		if r.Cases != 6 || r.Events < 35 || r.Blocks != 6 || r.Expiries < 4 || r.Commitments < 5 || r.Clocks < 20 {
			t.Errorf("%+v", r)
		}
	})
}

// Each way of tampering is found, and the right row named.
func TestTampering(t *testing.T) {
	const one, two = "(select id from cases order by id limit 1)", "(select id from cases order by id limit 1 offset 1)"
	type trick struct {
		name string
		do   func(w *storetest.World, numbers []string)
		part string
		row  func(numbers []string) string
		says string
	}
	sql := func(text string) func(*storetest.World, []string) {
		return func(w *storetest.World, _ []string) { w.Run(text) }
	}
	first := func(n []string) string { return n[0] }
	second := func(n []string) string { return n[1] }
	is := func(s string) func([]string) string { return func([]string) string { return s } }
	for _, x := range []trick{
		{"a digit altered", sql("update events set payload = replace(payload, '12800', '12900') where seq = 1 and case_id = " + one), "log", first, "hash"},
		{"a digit altered and hashed again", rehash, "log", first, "is not the event that block 1 sealed"},
		{"an event removed", sql("delete from events where seq = 3 and case_id = " + one), "log", first, "event 3 is not there"},
		{"the last event removed", sql("delete from events where seq = (select max(seq) from events where case_id = " + one + ") and case_id = " + one), "log", first, "is not there"},
		{"a case removed", func(w *storetest.World, _ []string) {
			for _, table := range []string{"events", "clocks", "contributions", "moved", "sealed_heads"} {
				w.Run("delete from " + table + " where case_id = " + one)
			}
			w.Run("delete from cases where id = " + one)
		}, "log", first, "block 1 sealed this case"},
		{"a case row removed", sql("delete from cases where id = " + two), "log", second, "is not there"},
		{"the last block removed", sql("delete from blocks where height = 6"), "log", first, "sealed in block 6, which is not there"},
		{"a block removed", sql("delete from blocks where height = 3"), "log", is("block 3"), "is not there"},
		{"a block altered", sql("update blocks set payload = replace(payload, '\"seq\":10', '\"seq\":11') where height = 1"), "log", is("block 1"), "hash"},
		{"a block's hash cut", sql("update blocks set hash = substr(hash, 1, 4) where height = 2"), "log", is("block 2"), "32 bytes"},
		{"an event's hash cut", sql("update events set hash = substr(hash, 1, 4) where seq = 2 and case_id = " + two), "log", second, "hash"},
		{"a due day moved", sql("update clocks set due = '2030-01-01' where code = 'mediation_end' and case_id = " + two), "clocks", second, "mediation_end"},
		{"a state changed", sql("update cases set state = 'CLOSED.closed' where id = " + two), "log", second, "not what the log makes it"},
		{"a body changed", sql("update cases set body = replace(body, '\"acceptance\":\"accepted\"', '\"acceptance\":\"refused\"') where id = " + one), "log", first, "not what the log makes it"},
		{"a count changed", sql("update contributions set value = 2 where indicator = 'filed' and case_id = " + two), "statistics", second, "counts otherwise"},
		{"a count removed", sql("delete from contributions where case_id = " + two), "statistics", second, "counts otherwise"},
		{"a clock removed", sql("delete from clocks where no = 1 and case_id = " + two), "clocks", second, "clocks in the log"},
		{"words exchanged", sql("update sealed set box = (select box from sealed where seq = 1 and case_id = " + two + ") where seq = 1 and case_id = " + one), "log", first, "does not open"},
	} {
		t.Run(x.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, w *storetest.World) {
				numbers := populate(t, w)
				x.do(w, numbers)
				r := verify(t, w, audit.Options{})
				want := x.row(numbers)
				for _, f := range r.Findings {
					if f.Part == x.part && f.Case == want && strings.Contains(f.String(), x.says) {
						return
					}
				}
				t.Errorf("want %s %s: %s; found %v", x.part, want, x.says, r.Findings)
			})
		})
	}
}

// rehash alters the second event of the first case and chains it anew, as
// somebody would who knows the format: the blocks still tell.
func rehash(w *storetest.World, numbers []string) {
	rows, err := w.Pool().Query("select seq, payload from events where case_id = (select id from cases order by id limit 1) order by seq")
	if err != nil {
		w.T.Fatal(err)
	}
	var payloads []string
	for rows.Next() {
		var seq int
		var p string
		if err := rows.Scan(&seq, &p); err != nil {
			w.T.Fatal(err)
		}
		if seq == 2 {
			p = strings.Replace(p, "officer:rehearsal", "officer:somebody", 1)
			p = strings.Replace(p, `"actor":"officer`, `"actor":"hubofficer`, 1)
			p = strings.Replace(p, `"actor":"rules`, `"actor":"others`, 1)
		}
		payloads = append(payloads, p)
	}
	_ = rows.Close()
	var head ledger.Hash
	for i, p := range payloads {
		sum := ledger.Chain(head, []byte(p))
		w.Run("update events set payload = $1, prev_hash = $2, hash = $3 where seq = $4 and case_id = (select id from cases order by id limit 1)", p, head[:], sum[:], i+1)
		head = sum
	}
	w.Run("update cases set head = $1 where number = $2", head[:], numbers[0])
}

// A complete old backup is consistent in itself: only what was kept outside
// the database can tell.
func TestAnOldBackupRestored(t *testing.T) {
	w := storetest.New(t)
	populate(t, w)
	old := filepath.Join(t.TempDir(), "old.db")
	w.Run("vacuum into $1", old)
	w.File()
	if _, err := w.Block(ctx); err != nil {
		t.Fatal(err)
	}
	c, ok, err := w.Checkpoint(ctx)
	if err != nil || !ok {
		t.Fatal(err)
	}
	if r := verify(t, w, audit.Options{Checkpoint: &c}); len(r.Findings) > 0 {
		t.Fatal(r.Findings)
	}
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fangxin.db", "fangxin.db-wal", "fangxin.db-shm"} {
		_ = os.Remove(filepath.Join(w.Cfg.Data, name))
	}
	data, err := os.ReadFile(old)
	if err == nil {
		err = os.WriteFile(filepath.Join(w.Cfg.Data, "fangxin.db"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	r := verify(t, w, audit.Options{Checkpoint: &c})
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].What, "as an old backup does") {
		t.Errorf("%v", r.Findings)
	}
}

// A stranger's sixty lines in another language agree.
func TestTheStrangersVerifier(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here: make test installs it")
	}
	run := func(w *storetest.World) (string, error) {
		out, err := exec.Command(python, "../../docs/verify_ledger.py", filepath.Join(w.Cfg.Data, "fangxin.db")).CombinedOutput()
		return string(out), err
	}
	for name, trick := range map[string]string{
		"":                                 "",
		"its hash is not that of its text": "update events set payload = replace(payload, '12800', '12900') where seq = 1",
		"an event before it is missing":    "delete from events where seq = 2",
		"a block before it is missing":     "delete from blocks where height = 2",
		"is not the event that block":      "delete from events where case_id = (select min(case_id) from events)",
	} {
		w := storetest.New(t)
		populate(t, w)
		if trick != "" {
			w.Run(trick)
		}
		out, err := run(w)
		if (err == nil) != (trick == "") || !strings.Contains(out, name) {
			t.Errorf("%q: %s %v", name, out, err)
		}
	}
}
