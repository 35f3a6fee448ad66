package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow/ledger"
)

// kept are the tables that name a case and outlive its person, each with the
// reason why nothing of a person can be in it.
var kept = map[string]string{
	"events":           "the log: references and salted commitments",
	"clocks":           "days and rules",
	"outbox":           "roles and templates",
	"notice_attempts":  "roles, channels, codes, and the number of a merchant's contact",
	"notice_resends":   "officers and instants",
	"contributions":    "counts",
	"rollups":          "counts, of no case",
	"snapshot_leaves":  "salted commitments to counts",
	"restated":         "which events came after a snapshot",
	"moved":            "heads that wait for a block",
	"sealed_heads":     "heads",
	"sealed":           "boxes that nobody can open once the key is gone",
	"links":            "hashes of random capabilities",
	"erasures":         "the list itself",
	"board":            "roles, places, officers, days",
	"live_board":       "the same",
	"board_todo":       "what is to be read again",
	"board_late":       "days, places, officers",
	"live_late":        "the same",
	"search_todo":      "what is to be read again; an erased case gives no words",
	"search_done":      "how far it was read",
	"erasure_requests": "that it was asked for, and when",
	"case_merchants":   "the respondent's entry in the register, which is no complainant's",
	"merchant_todo":    "what is to be read again; an erased case gives no respondent",
	"merchant_done":    "how far it was read",
	"escalations":      "days and officers",
	"publication_todo": "what is to be read again; an erased case gives no form",
	"webhook_feed":     "which events a block sealed",
	"papers":           "numbers, forms, officers, and salted commitments",
}

// Every table with a case in it dies with the person or has a reason to stay.
func TestEveryTableIsToldOfErasure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		query := "select distinct m.name from sqlite_master m join pragma_table_info(m.name) p where p.name = 'case_id'"
		if w.Dialect() == "postgres" {
			query = "select table_name from information_schema.columns where column_name = 'case_id' and table_schema = current_schema()"
		}
		rows, err := w.Pool().Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var table string
			if err := rows.Scan(&table); err != nil {
				t.Fatal(err)
			}
			if kept[table] == "" && !store.Dies(table) {
				t.Errorf("%s names a case: does it die with the person (store/erase.go), or why may it stay?", table)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// erasable brings a case to where its person may be erased.
func erasable(w *storetest.World) string {
	number := w.File()
	w.Do(number, "withdraw_before_acceptance")
	w.Advance(400 * 24 * time.Hour)
	w.Do(number, "publish_or_hold")
	return number
}

func bytesOf(t *testing.T, w *storetest.World, query string, args ...any) (out []byte) {
	t.Helper()
	if err := w.Pool().QueryRow(query, args...).Scan(&out); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

// After an erasure nothing is left that was the person's or opens it: not in a
// row, and not in the bytes of the database's files.
func TestErasureLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number, other := erasable(w), w.File()
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		const canary = "kanarienvogel"
		words := "insert into case_search (rowid, words) values ($1, '" + canary + "')"
		if w.Dialect() == "postgres" {
			words = "insert into case_search (case_id, words) values ($1, '" + canary + "'::tsvector)"
		}
		w.Run(words, c.ID)
		w.Run("insert into notes (case_id, no, author, box, at) values ($1, 1, 'zhang', $2, "+now(w)+")", c.ID, []byte(canary))
		mac := bytes.Repeat([]byte{0xab, 0xcd}, 16) // the invented people share their own
		w.Run("insert into blind (case_id, kind, mac) values ($1, 'canary', $2)", c.ID, mac)
		secrets := [][]byte{[]byte(canary), bytesOf(t, w, "select wrapped from case_keys where case_id = $1", c.ID), mac}
		before := verifyAll(t, w)
		for i, secret := range secrets {
			if !onDisk(t, w, secret) {
				t.Fatalf("secret %d is not where this test looks", i)
			}
		}
		w.Do(number, "erase_person")
		if err := w.Scrub(ctx); err != nil {
			t.Fatal(err)
		}
		for i, secret := range secrets {
			if onDisk(t, w, secret) {
				t.Errorf("secret %d is still there", i)
			}
		}
		for _, table := range []string{"case_keys", "blind", "notes"} {
			if n := w.Count("select count(*) from "+table+" where case_id = $1", c.ID); n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
		after := verifyAll(t, w)
		if after.Cases != before.Cases || after.Clocks != before.Clocks || after.Events != before.Events+1 || after.Commitments >= before.Commitments {
			t.Errorf("before %+v\nafter %+v", before, after)
		}
		if list, err := w.Erasures(ctx); err != nil || len(list) != 1 || list[0] != (store.Erasure{Number: number, At: w.Now()}) {
			t.Errorf("%v %v", list, err)
		}
		o, _ := w.Case(ctx, other)
		if _, err := w.Unseal(ctx, o.ID, 1); err != nil {
			t.Errorf("another's words: %v", err)
		}
	})
}

// unsealer lets the auditor check what was sealed against its commitments.
func unsealer(s *store.Store) func(context.Context, int64, int64) ([]byte, []byte, bool, error) {
	return func(ctx context.Context, id, seq int64) ([]byte, []byte, bool, error) {
		u, err := s.Unseal(ctx, id, seq)
		if errors.Is(err, store.ErrErased) {
			return nil, nil, false, nil
		}
		return u.Salt, u.Text, true, err
	}
}

func now(w *storetest.World) string {
	if w.Dialect() == "postgres" {
		return "now()"
	}
	return "1"
}

func verifyAll(t *testing.T, w *storetest.World) audit.Report {
	t.Helper()
	r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Now: w.Now(), Unseal: unsealer(w.Store)})
	if err != nil || len(r.Findings) > 0 {
		t.Fatalf("%v %v", r.Findings, err)
	}
	return r
}

// onDisk looks for bytes in the files of SQLite, and in every row of PostgreSQL,
// whose files are not a test's to read.
func onDisk(t *testing.T, w *storetest.World, secret []byte) bool {
	t.Helper()
	if w.Dialect() == "sqlite" {
		files, _ := filepath.Glob(filepath.Join(w.Cfg.Data, "fangxin.db*"))
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, secret) {
				return true
			}
		}
		return false
	}
	rows, err := w.Pool().Query("select tablename from pg_tables where schemaname = current_schema()")
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	_ = rows.Close()
	for _, table := range tables {
		n := 0
		if err := w.Pool().QueryRow("select count(*) from "+table+" x where position($1 in x::text) > 0 or position(encode($2::bytea, 'hex') in x::text) > 0", string(asText(secret)), secret).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return true
		}
	}
	return false
}

// asText is the secret if it is a word, else a word that nobody has.
func asText(secret []byte) []byte {
	if len(secret) < 16 {
		return secret
	}
	return []byte("\u2603\u2603\u2603")
}

// A fingerprint of a request outlives the person: without the deployment's key
// it cannot be tried until it fits.
func TestFingerprintsAreKeyed(t *testing.T) {
	first, _ := store.ParseKeys(storetest.Key)
	second, _ := store.ParseKeys("ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A=")
	rotated, _ := store.ParseKeys("ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A=," + storetest.Key)
	if first.Print("x") == second.Print("x") || first.Print("x") != rotated.Print("x") || first.Print("x") == first.Print("y") {
		t.Error("a fingerprint depends on the oldest key and the text")
	}
}

func TestListOfErasures(t *testing.T) {
	at := time.Date(2026, 5, 6, 1, 2, 3, 4000, time.UTC)
	list := []store.Erasure{{Number: "HT-2026-000001-5", At: at}, {Number: "HT-2026-000002-8", At: at.Add(time.Hour)}}
	text := store.ErasureList(list)
	got, err := store.ParseErasures(strings.ReplaceAll(text, "\n", "\r\n"))
	if err != nil || len(got) != 2 || got[0] != list[0] || got[1] != list[1] {
		t.Errorf("%v %v", got, err)
	}
	later := []store.Erasure{{Number: "HT-2026-000002-8", At: at}, {Number: "HT-2026-000003-1", At: at.Add(2 * time.Hour)}}
	merged := store.MergeErasures(list, later)
	if len(merged) != 3 || merged[1] != later[0] || merged[2].Number != "HT-2026-000003-1" {
		t.Errorf("%v", merged)
	}
	for _, bad := range []string{"", "x", text + "x\n", strings.Replace(text, "-5 ", "-6 ", 1), strings.Replace(text, "2026-05-06T", "", 1)} {
		if _, err := store.ParseErasures(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// A restore repeats erasures, of cases that are there and of those that are not.
func TestEraseAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		c, _ := w.Case(ctx, number)
		list := []store.Erasure{{Number: number, At: w.Now()}, {Number: ledger.Number("HT", 2025, 1), At: w.Now()}}
		for want := 1; want >= 0; want-- {
			if n, err := w.EraseAgain(ctx, list); err != nil || n != want {
				t.Errorf("%d %v", n, err)
			}
		}
		if _, err := w.Unseal(ctx, c.ID, 1); err != store.ErrErased {
			t.Error(err)
		}
		if got, err := w.Erasures(ctx); err != nil || len(got) != 2 {
			t.Errorf("%v %v", got, err)
		}
		verifyAll(t, w)
	})
}
