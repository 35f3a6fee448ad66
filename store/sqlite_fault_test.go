package store_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store/storetest"

	"modernc.org/sqlite"
)

// disk is what new connections to the SQLite file in a folder are told, all of
// it at once.
type disk struct {
	folder   string
	pages    int
	readOnly bool
}

var disks atomic.Pointer[disk]

func init() {
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, dsn string) error {
		d := disks.Load()
		if d == nil || !strings.Contains(dsn, d.folder) {
			return nil
		}
		for _, text := range []string{fmt.Sprintf("pragma max_page_count = %d", d.pages), fmt.Sprintf("pragma query_only = %t", d.readOnly)} {
			if _, err := conn.ExecContext(context.Background(), text, []driver.NamedValue{}); err != nil {
				return err
			}
		}
		return nil
	})
}

// The file cannot grow, then it cannot be written, then all is well: everybody
// is told to come again, nothing is half-written, no hand is needed.
func TestSQLiteFullAndReadOnly(t *testing.T) {
	w := storetest.New(t)
	put := func(pages int, readOnly bool) { disks.Store(&disk{w.Cfg.Data, pages, readOnly}) }
	put(w.Count("pragma page_count")+250, false) // room for what the test files first
	defer disks.Store(nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	suffer(t, w, "sqlite/full+read-only", func(l *storetest.Load) int {
		for range often(1, 10) {
			l.Troubled(20)
			put(1<<30, true) // a connection that could not write is opened anew
			l.Troubled(20)
			put(w.Count("pragma page_count")+100, false)
			l.Recovered(40)
		}
		l.Troubled(1)
		put(1<<30, false)
		return 2*often(1, 10) + 1
	})
}

// Another process holds the file: callers wait, or are told to come again.
func TestSQLiteLocked(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	suffer(t, w, "sqlite/locked", func(l *storetest.Load) int {
		n := often(1, 5)
		for range n {
			lock(t, filepath.Join(w.Cfg.Data, "fangxin.db"), time.Duration(often(500, 7000))*time.Millisecond)
			l.Recovered(20)
		}
		return n
	})
}

// lock holds a SQLite file from another process.
func lock(t *testing.T, path string, d time.Duration) {
	t.Helper()
	const hold = `import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
c.execute("begin immediate")
time.sleep(float(sys.argv[2]))
c.execute("rollback")`
	if out, err := exec.Command("python3", "-c", hold, path, fmt.Sprint(d.Seconds())).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
}

// The disk under the file is full.
func TestSQLiteDiskFull(t *testing.T) {
	t.Parallel()
	folder, enlarge := small(t, 6)
	w := storetest.New(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Cfg.Data = folder
	w.Reopen()
	suffer(t, w, "sqlite/disk-full", func(l *storetest.Load) int {
		l.Troubled(20)
		enlarge(400)
		return 1
	})
}
