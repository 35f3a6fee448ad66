package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

var ctx = context.Background()

func each(t *testing.T, test func(t *testing.T, dialect string, open func() *sql.DB, lock string)) {
	t.Run("sqlite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "x.db")
		test(t, "sqlite", func() *sql.DB {
			return connect(t, "sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_txlock=immediate")
		}, file+".lock")
	})
	t.Run("postgres", func(t *testing.T) {
		server := os.Getenv("FANGXIN_TEST_POSTGRES")
		if server == "" {
			t.Skip("FANGXIN_TEST_POSTGRES is not set: make test starts a server")
		}
		name := fmt.Sprintf("m%d", rand.Uint64())
		admin := connect(t, "pgx", server)
		if _, err := admin.Exec("create database " + name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = admin.Exec("drop database " + name + " with (force)") })
		u, _ := url.Parse(server)
		u.Path = name
		test(t, "postgres", func() *sql.DB { return connect(t, "pgx", u.String()) }, "")
	})
}

func connect(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// One that fails half-way leaves nothing of itself, and is named.
func TestFailingHalfWay(t *testing.T) {
	each(t, func(t *testing.T, dialect string, open func() *sql.DB, lock string) {
		broken := fstest.MapFS{
			dialect + "/0001_a.sql": {Data: []byte("-- +goose Up\ncreate table a (x int);\n")},
			dialect + "/0002_b.sql": {Data: []byte("-- +goose Up\ncreate table b (x int);\ncreate table a (x int);\n")},
		}
		db := open()
		if _, err := up(ctx, db, dialect, lock, broken); err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
			t.Fatalf("%v", err)
		}
		if _, err := db.Exec("select * from a"); err != nil {
			t.Error(err)
		}
		if _, err := db.Exec("select * from b"); err == nil {
			t.Error("half of the second migration stayed")
		}
		broken[dialect+"/0002_b.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\ncreate table b (x int);\n")}
		if steps, err := up(ctx, db, dialect, lock, broken); err != nil || len(steps) != 1 {
			t.Errorf("once mended: %v %v", steps, err)
		}
	})
}

// Nodes that migrate together apply each file once.
func TestTogether(t *testing.T) {
	each(t, func(t *testing.T, dialect string, open func() *sql.DB, lock string) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		applied := 0
		for range 4 {
			db := open()
			wg.Go(func() {
				steps, err := Up(ctx, db, dialect, lock)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				applied += len(steps)
				mu.Unlock()
			})
		}
		wg.Wait()
		if names, _ := fs.Glob(files, "sqlite/*.sql"); applied != len(names) {
			t.Errorf("%d files applied, %d are there", applied, len(names))
		}
	})
}

func TestSameFilesForBoth(t *testing.T) {
	a, _ := files.ReadDir("postgres")
	b, _ := files.ReadDir("sqlite")
	if len(a) == 0 || len(a) != len(b) {
		t.Fatalf("%d and %d files", len(a), len(b))
	}
	for i := range a {
		if a[i].Name() != b[i].Name() {
			t.Errorf("%s and %s", a[i].Name(), b[i].Name())
		}
	}
}
