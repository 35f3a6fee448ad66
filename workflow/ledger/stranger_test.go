package ledger

import (
	"crypto/sha256"
	"database/sql" //nolint:depguard // the stranger reads a real file
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the file that the stranger reads
)

const stranger = "../../docs/verify_ledger.py"

// writeLog writes a SQLite file with the tables that docs/ledger.md names and
// nothing else: three cases of three events, sealed in three blocks, and a snapshot.
func writeLog(t *testing.T) (path string, db *sql.DB, last Checkpoint) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("create table events (case_id integer, seq integer, prev_hash blob, hash blob, payload text, primary key (case_id, seq))")
	exec("create table blocks (height integer primary key, prev_hash blob, hash blob, payload text, sealed_at integer)")
	exec("create table snapshots (id text, statement text)")
	exec("create table releases (slice text, period text, no integer, from_day text, to_day text, taken_at integer, height integer, hash text, definitions text, rules text, calendar text, body text)")
	at := time.Date(2026, 5, 6, 1, 12, 44, 120553000, time.UTC)
	heads := map[int64]Hash{}
	var sealed Hash
	for seq := int64(1); seq <= 3; seq++ {
		b := Block{Height: seq, Prev: sealed, At: at}
		for id := int64(1); id <= 3; id++ {
			e := Entry{Actor: "merchant:m1", At: at, Case: Number("HT", 2026, id), Event: "offer", ID: "T14", Rules: "R2/2026-04-15", Seq: seq, V: Version,
				Data: Raw(fmt.Sprintf(`{"info":{"amount":"12800","note":"退款%s🙂\n"},"offer":%d}`, "\u007f\u2028<", seq))}
			payload, prev := e.Append(nil), heads[id]
			hash := Chain(prev, payload)
			exec("insert into events values (?, ?, ?, ?, ?)", id, seq, prev[:], hash[:], string(payload))
			heads[id] = hash
			b.Heads = append(b.Heads, Head{e.Case, seq, hash})
		}
		if seq == 3 {
			statement := "fangxin statistics Huantai\n1\n"
			exec("insert into snapshots values ('2026-05', ?)", statement+"\n— Huantai AAAA\n")
			r := Release{"town", "2026-Q2", 1, "2026-04-01", "2026-06-30", at.UnixMicro(), 2, "00", "2026-11", "R2/2026-04-15", "2026", `{"groups":["乡镇"]}`}
			exec("insert into releases values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", r.Slice, r.Period, r.No, r.From, r.To, r.Taken, r.Height, r.Hash, r.Definitions, r.Rules, r.Calendar, r.Body)
			b.Heads = append(b.Heads, r.Head(), Head{"statistics 2026-05", 1, sha256.Sum256([]byte(statement))})
		}
		hash := b.Hash()
		exec("insert into blocks values (?, ?, ?, ?, ?)", b.Height, b.Prev[:], hash[:], string(b.Payload()), at.UnixMicro())
		sealed, last = hash, Checkpoint{Origin: "Huantai", Height: seq, Hash: hash, At: at}
	}
	return path, db, last
}

func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not on this machine, so the verifier in docs/ was not tried; make test installs it")
	}
	return path
}

// A stranger's sixty lines in another language take a good log and name the
// first bad row of a bad one.
func TestStrangersVerifier(t *testing.T) {
	py := python(t)
	for name, tc := range map[string]struct{ trick, says string }{
		"nothing":          {"", "good: 9 events, 3 blocks"},
		"a digit":          {"update events set payload = replace(payload, '12800', '12900') where case_id = 2 and seq = 2", "HT-2026-000002-8 event 2: its hash is not that of its text"},
		"a hash":           {"update events set hash = zeroblob(32) where case_id = 1 and seq = 3", "HT-2026-000001-5 event 3: its hash is not that of its text"},
		"a hash before":    {"update events set prev_hash = zeroblob(32) where case_id = 1 and seq = 3", "HT-2026-000001-5 event 3: does not follow the event before it"},
		"a block's before": {"update blocks set prev_hash = zeroblob(32) where height = 2", "block 2: does not follow the block before it"},
		"a first event":    {"delete from events where case_id = 3 and seq = 1", "HT-2026-000003-1 event 2: an event before it is missing"},
		"an event":         {"delete from events where case_id = 2 and seq = 2", "HT-2026-000002-8 event 3: an event before it is missing"},
		"a last event":     {"delete from events where case_id = 2 and seq = 3", "HT-2026-000002-8 event 3: is not the event that block 3 sealed"},
		"a case":           {"delete from events where case_id = 1", "HT-2026-000001-5 event 1: is not the event that block 1 sealed"},
		"an event moved":   {"update events set seq = 9 where case_id = 1 and seq = 3", "HT-2026-000001-5 event 9: an event before it is missing"},
		"a case relabeled": {"update events set case_id = 9 where case_id = 1 and seq = 3", "HT-2026-000001-5 event 3: an event before it is missing"},
		"not a text":       {"update events set payload = null where case_id = 3 and seq = 2", "HT-2026-000003-1 event 2: its hash is not that of its text"},
		"broken UTF-8":     {"update events set payload = cast(x'ff' as text) where case_id = 3 and seq = 2", "HT-2026-000003-1 event 2: its hash is not that of its text"},
		"a block":          {"delete from blocks where height = 2", "block 3: a block before it is missing"},
		"the first block":  {"delete from blocks where height = 1", "block 2: a block before it is missing"},
		"a block's digit":  {"update blocks set payload = replace(payload, '\"seq\":2', '\"seq\":1') where height = 2", "block 2: its hash is not that of its text"},
		"the last block":   {"delete from blocks where height = 3", "block 3: is not the checkpoint's; the log ends at block 2"},
		"a statement":      {"update snapshots set statement = replace(statement, 'Huantai', 'Huanta')", "statistics 2026-05 event 1: is not the event that block 3 sealed"},
		"a release":        {"update releases set body = replace(body, '乡', '村')", "release town 2026-Q2 event 1: is not the event that block 3 sealed"},
		"a release gone":   {"delete from releases", "release town 2026-Q2 event 1: is not the event that block 3 sealed"},
		"a snapshot":       {"delete from snapshots", "statistics 2026-05 event 1: is not the event that block 3 sealed"},
		"an old backup":    {"delete from events where seq = 3; delete from blocks where height = 3", "block 3: is not the checkpoint's; the log ends at block 2"},
	} {
		t.Run(name, func(t *testing.T) {
			path, db, last := writeLog(t)
			if _, err := db.Exec(tc.trick); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+".checkpoint", []byte(last.Text()), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(py, stranger, path, path+".checkpoint").CombinedOutput()
			if (err == nil) != (tc.trick == "") || !strings.HasPrefix(string(out), tc.says) {
				t.Errorf("%s %v\nwanted %s", out, err, tc.says)
			}
		})
	}
}

// What the chain alone proves stops at the last block: without the checkpoint a
// complete old backup is good, as the page says.
func TestOldBackupNeedsTheCheckpoint(t *testing.T) {
	py := python(t)
	path, db, _ := writeLog(t)
	if _, err := db.Exec("delete from events where seq = 3; delete from blocks where height = 3"); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(py, stranger, path).CombinedOutput(); err != nil || string(out) != "good: 6 events, 2 blocks\n" {
		t.Errorf("%s %v", out, err)
	}
}

// Who knows the format can alter an event and chain it anew; the texts must
// still be canonical, say where they stand, and be what the blocks sealed.
func TestStrangerSeesChainsMadeAnew(t *testing.T) {
	py := python(t)
	for says, alter := range map[string]func(string) string{
		"HT-2026-000001-5 event 3: is not the event that block 3 sealed":        func(p string) string { return strings.Replace(p, "12800", "12900", 1) },
		"HT-2026-000001-5 event 3: its text is not in order":                    func(p string) string { return strings.Replace(p, `"seq":3`, `"seq": 3`, 1) },
		"HT-2026-000001-5 event 3: its text says that it is HT-2026-000001-5 4": func(p string) string { return strings.Replace(p, `"seq":3`, `"seq":4`, 1) },
		"HT-2026-000001-5 event 3: its text says that it is HT-2026-000002-8 3": func(p string) string { return strings.Replace(p, "HT-2026-000001-5", "HT-2026-000002-8", 1) },
	} {
		path, db, _ := writeLog(t)
		var payload string
		var prev []byte
		if err := db.QueryRow("select payload, prev_hash from events where case_id = 1 and seq = 3").Scan(&payload, &prev); err != nil {
			t.Fatal(err)
		}
		payload = alter(payload)
		hash := Chain(Hash(prev), []byte(payload))
		if _, err := db.Exec("update events set payload = ?, hash = ? where case_id = 1 and seq = 3", payload, hash[:]); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(py, stranger, path).CombinedOutput(); err == nil || !strings.HasPrefix(string(out), says) {
			t.Errorf("%s %v\nwanted %s", out, err, says)
		}
	}
}

func TestStrangerIsShort(t *testing.T) {
	text, err := os.ReadFile(stranger)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 60 {
		t.Errorf("%d lines: the page promises at most 60", n)
	}
}
