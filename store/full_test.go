package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"fangxin/store/storetest"
)

// small mounts a small file system and returns its folder and what makes it
// large. Where nothing can be mounted the test says so.
func small(t *testing.T, megabytes int) (folder string, enlarge func(megabytes int)) {
	t.Helper()
	folder, err := os.MkdirTemp("", "fangxin-small")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	mount := func(options string) error {
		return exec.Command("mount", "-t", "tmpfs", "-o", options+",mode=0777", "fangxin-small", folder).Run()
	}
	if err := mount(fmt.Sprintf("size=%dm", megabytes)); err != nil {
		fmt.Printf("chaos: %s not run: no mount (%v)\n", t.Name(), err)
		t.Skip("nothing can be mounted here")
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", folder).Run() })
	return folder, func(megabytes int) {
		if err := mount(fmt.Sprintf("remount,size=%dm", megabytes)); err != nil {
			t.Fatal(err)
		}
	}
}

// The disk under a database's tables is full: nothing half-written, everybody
// told to come again, and service resumes when there is room.
func TestPostgresDiskFull(t *testing.T) {
	t.Parallel()
	folder, enlarge := small(t, 13)
	s := storetest.NewServer(t, "")
	admin := connect(t, s.URL)
	if err := os.Mkdir(folder+"/tables", 0o777); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chown", "--reference="+s.Folder(), folder+"/tables").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	dsn := s.Database()
	for _, text := range []string{"create tablespace small location '" + folder + "/tables'", "alter database " + storetest.Name(dsn) + " set tablespace small"} {
		if _, err := admin.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	w := storetest.Open(t, dsn)
	suffer(t, w, "postgres/disk-full", func(l *storetest.Load) int {
		l.Troubled(20)
		enlarge(400)
		return 1
	})
}

// The whole server's disk is full, its log of changes too: it falls, and what
// was acknowledged is there when it is started with room.
func TestPostgresLogFull(t *testing.T) {
	if os.Getenv("FANGXIN_CHAOS") == "" {
		t.Skip("under make chaos")
	}
	folder, enlarge := small(t, 100)
	s := storetest.NewServer(t, folder+"/pg", "-c wal_keep_size=48MB -c max_wal_size=64MB -c min_wal_size=32MB")
	w := storetest.Open(t, s.Database())
	suffer(t, w, "postgres/log-full", func(l *storetest.Load) int {
		l.Troubled(20)
		s.Crash()
		enlarge(600)
		s.Start()
		return 1
	})
}
