package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
)

// A key file is made once, for its owner alone, and refused when others may
// read it.
func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, made, err := store.KeyFile(path); err != nil || !made {
		t.Fatalf("%v %v", made, err)
	}
	if _, made, err := store.KeyFile(path); err != nil || made {
		t.Errorf("%v %v", made, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.KeyFile(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	for _, bad := range []string{"", "x", "AAEC", storetest.Key + ",x"} {
		if _, err := store.ParseKeys(bad); err == nil {
			t.Errorf("%q was taken for a key", bad)
		}
	}
}

// A new first key wraps the old case keys; people read as before, links and
// "the same person" stay.
func TestRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		first := w.File()
		c, err := w.Case(ctx, first)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Store.Close(); err != nil {
			t.Fatal(err)
		}
		const fresh = "ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="
		if w.Cfg.Keys, err = store.ParseKeys(fresh + "," + storetest.Key); err != nil {
			t.Fatal(err)
		}
		w.Reopen()
		if n, err := w.Rewrap(ctx); err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		if n, err := w.Rewrap(ctx); err != nil || n != 0 {
			t.Errorf("the second time: %d %v", n, err)
		}
		if _, err := w.Unseal(ctx, c.ID, 1); err != nil {
			t.Error(err)
		}
		second := w.File()
		w.Do(second, "classify")
		cmd := w.Compose(second, "mark_duplicate")
		cmd.Input.Other = first
		if _, err := w.Execute(ctx, store.Request{Case: second, Command: cmd}); err != nil {
			t.Errorf("the same person after the rotation: %v", err)
		}
	})
}
