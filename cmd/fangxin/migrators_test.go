package main

import (
	"database/sql"
	"strings"
	"sync"
	"testing"

	"fangxin/store/storetest"

	_ "github.com/jackc/pgx/v5/stdlib"
)

func migrate(t *testing.T, dsn string, args ...string) (string, error) {
	out, err := storetest.Command([]string{"FANGXIN_DATABASE_URL=" + dsn}, append(args, "--data", t.TempDir())...).CombinedOutput()
	return string(out), err
}

// Migrators that run together apply each file once, and both end well.
func TestMigratorsTogether(t *testing.T) {
	dsn := storetest.Postgres(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	all := ""
	for range 2 {
		wg.Go(func() {
			out, err := migrate(t, dsn, "migrate", "up")
			if err != nil {
				t.Errorf("%v %s", err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			all += out
		})
	}
	wg.Wait()
	if n := strings.Count(all, "applied 0001_log.sql"); n != 1 {
		t.Errorf("applied %d times:\n%s", n, all)
	}
}

// A migrator killed in the middle of a file leaves nothing of it and holds no
// lock: the next one does it all.
func TestMigratorKilled(t *testing.T) {
	dsn := storetest.Postgres(t)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("create table outages (x int)"); err != nil { // the last table of the first file waits for this
		t.Fatal(err)
	}
	cmd := storetest.Command([]string{"FANGXIN_DATABASE_URL=" + dsn}, "migrate", "up", "--data", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for n := 0; n == 0; {
		if err := db.QueryRow("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%create table outages%'").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if out, err := migrate(t, dsn, "migrate", "up"); err != nil || !strings.Contains(out, "applied 0001_log.sql") {
		t.Errorf("%v %s", err, out)
	}
	if out, err := migrate(t, dsn, "migrate", "status"); err != nil || strings.Contains(out, "missing") {
		t.Errorf("%v %s", err, out)
	}
	storetest.Tally{Name: "nodes/migrator-killed", Faults: 1}.Report(t)
}

// A node refuses a database of an older schema, and one of a newer.
func TestAnotherSchema(t *testing.T) {
	dsn := storetest.Postgres(t)
	if out, err := migrate(t, dsn, "serve"); err == nil || !strings.Contains(out, "migrate up") {
		t.Errorf("a database without a schema: %v %s", err, out)
	}
	if out, err := migrate(t, dsn, "migrate", "up"); err != nil {
		t.Fatal(out)
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec("insert into goose_db_version (version_id, is_applied) values (9999, true)"); err != nil {
		t.Fatal(err)
	}
	if out, err := migrate(t, dsn, "serve"); err == nil || !strings.Contains(out, "newer") {
		t.Errorf("a database of a later version: %v %s", err, out)
	}
	if _, err := db.Exec("delete from goose_db_version where version_id >= 2"); err != nil {
		t.Fatal(err)
	}
	if out, err := migrate(t, dsn, "serve"); err == nil || !strings.Contains(out, "migrate up") {
		t.Errorf("a database of an earlier version: %v %s", err, out)
	}
}
