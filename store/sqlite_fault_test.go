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

// file is what new connections to one test's SQLite file are told.
type file struct {
	folder   string
	pages    atomic.Int64 // 0: as many as the disk holds
	readOnly atomic.Bool
}

var files atomic.Pointer[file]

func init() {
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, dsn string) error {
		f := files.Load()
		if f == nil || f.folder == "" || !strings.Contains(dsn, f.folder) {
			return nil
		}
		for _, text := range []string{fmt.Sprintf("pragma max_page_count = %d", f.pages.Load()), fmt.Sprintf("pragma query_only = %t", f.readOnly.Load())} {
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
	f := &file{folder: w.Cfg.Data}
	f.pages.Store(350)
	files.Store(f)
	defer files.Store(nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	suffer(t, w, "sqlite/full+read-only", func(l *storetest.Load) int {
		for range often(1, 10) {
			l.Troubled(20)
			f.readOnly.Store(true) // a connection that could not write is opened anew
			f.pages.Store(1 << 30)
			l.Troubled(20)
			f.pages.Store(int64(w.Count("pragma page_count") + 100))
			f.readOnly.Store(false)
			l.Recovered(40)
		}
		l.Troubled(1)
		f.pages.Store(1 << 30)
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
