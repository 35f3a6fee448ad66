package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"

	"filippo.io/age"
)

// binary is this program as a process of its own.
func binary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "fangxin")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// county fills a database with some filings and gives the settings that name it.
func county(t *testing.T, w *storetest.World) (settings []string, identity string) {
	t.Helper()
	for range 300 {
		w.File()
	}
	if _, err := w.Block(context.Background()); err != nil {
		t.Fatal(err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity = filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(identity, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings = []string{"--data", w.Cfg.Data, "--key", storetest.Key, "--backup-recipient", id.Recipient().String()}
	if w.Cfg.URL != "" {
		settings = append(settings, "--database-url", w.Cfg.URL)
	}
	return settings, identity
}

func fangxin(args ...string) (code int, said string) {
	var out bytes.Buffer
	code = run(context.Background(), args, &out, &out, time.Now)
	return code, out.String()
}

// Killed in the middle a backup leaves nothing that could be taken for one, and
// the next one clears away what it left.
func TestABackupIsKilled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		settings, identity := county(t, w)
		program, dir := binary(t), t.TempDir()
		for i := range 3 {
			file := filepath.Join(dir, fmt.Sprint("b", i))
			cmd := exec.Command(program, append([]string{"backup", file}, settings...)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for begun := false; !begun; { // the later ones are killed later
				_, err := os.Stat(file + []string{".part", ".keys.part", ".keys"}[i])
				begun = err == nil
				if _, err := os.Stat(file); err == nil {
					begun = true
				}
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_, main := os.Stat(file)
			_, keys := os.Stat(file + ".keys")
			if main == nil && keys != nil {
				t.Error("the backup is there without its keys")
			}
			if main == nil { // it was faster: then it is whole
				if code, said := fangxin("restore", file, "--identity", identity, "--into", t.TempDir(), "--key", storetest.Key); w.Dialect() == "sqlite" && code != 0 {
					t.Error(said)
				}
				continue
			}
			_ = os.Remove(file + ".keys")
			if code, said := fangxin(append([]string{"backup", file}, settings...)...); code != 0 {
				t.Fatal(said)
			}
		}
		for _, left := range []string{filepath.Join(dir, "*.part"), filepath.Join(w.Cfg.Data, "backup.tmp*")} {
			if files, _ := filepath.Glob(left); len(files) > 0 {
				t.Errorf("%v left behind", files)
			}
		}
		into := t.TempDir()
		if w.Cfg.URL != "" {
			into = storetest.Postgres(t)
		}
		if code, said := fangxin("restore", filepath.Join(dir, "b0"), "--identity", identity, "--into", into, "--key", storetest.Key, "--data", t.TempDir()); code != 0 || !strings.Contains(said, "restored: 300 cases") {
			t.Error(said)
		}
	})
}

// A full disk ends a backup and leaves nothing of it.
func TestABackupOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no small file system can be mounted here, so a full disk was not tried: %s", out)
	}
	defer func() { _ = exec.Command("umount", dir).Run() }()
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		settings, _ := county(t, w)
		blocked := filepath.Join(t.TempDir(), "b")
		f, err := claim(blocked + ".part") // as a running backup does
		if err != nil {
			t.Fatal(err)
		}
		if code, said := fangxin(append([]string{"backup", blocked}, settings...)...); code != 1 || !strings.Contains(said, "another backup is writing it") {
			t.Errorf("%d %s", code, said)
		}
		_ = f.Close()
		code, said := fangxin(append([]string{"backup", filepath.Join(dir, "b")}, settings...)...)
		if code != 1 || !strings.Contains(said, "nothing was kept of the backup") || !strings.Contains(said, "no space left") {
			t.Errorf("%d %s", code, said)
		}
		if files, _ := os.ReadDir(dir); len(files) > 0 {
			t.Errorf("%v left behind", files)
		}
		w.File() // and intake goes on
	})
}

// The key that seals is rotated by a start, and a start may be killed: some case
// keys are wrapped with the new key then, some with the old one, all of them
// open, and the next start goes on.
func TestARotationIsKilled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		const fresh, all = "ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A=", 2000
		filing := w.Filing()
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range all / 16 {
					if _, err := w.Execute(context.Background(), store.Request{Command: filing}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		settings := []string{"--data", w.Cfg.Data, "--key", fresh + "," + storetest.Key, "--listen", "127.0.0.1:0"}
		if w.Cfg.URL != "" {
			settings = append(settings, "--database-url", w.Cfg.URL)
		}
		old := bytesOf(t, w, "select min(kek) from case_keys")
		rest := func() int { return w.Count("select count(*) from case_keys where kek = $1", string(old)) }
		cmd := exec.Command(binary(t), append([]string{"serve"}, settings...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for rest() == all {
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if w.Dialect() == "postgres" { // the server may still be committing what the dead one sent last
			for w.Count("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'") > 0 {
			}
		}
		left := rest()
		t.Logf("%d of %d case keys were still wrapped with the old key", left, all)
		if left%500 != 0 {
			t.Errorf("%d left: a lot is whole or not at all", left)
		}
		keys, err := store.ParseKeys(fresh + "," + storetest.Key)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Store.Close()
		w.Cfg.Keys = keys
		w.Reopen()
		if n, err := w.Rewrap(context.Background()); err != nil || n != left || rest() != 0 {
			t.Errorf("%d %v", n, err)
		}
		opt := audit.Options{Now: w.Now(), Unseal: unsealer(w.Store)}
		r, err := audit.Verify(context.Background(), w.Pool(), w.Dialect(), opt)
		if err != nil || len(r.Findings) > 0 || r.Commitments != all {
			t.Errorf("%+v %v", r, err)
		}
	})
}

func bytesOf(t *testing.T, w *storetest.World, query string) (out []byte) {
	t.Helper()
	if err := w.Pool().QueryRow(query).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}
