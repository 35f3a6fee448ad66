package jobs_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fangxin/jobs"
	"fangxin/store/storetest"
)

// The checkpoint beside the data is signed, follows the log, and is never lost
// when the log falls behind it.
func TestKeepCheckpoint(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		read := func(name string) string {
			text, _ := os.ReadFile(filepath.Join(w.Cfg.Data, name))
			return string(text)
		}
		seal := func() {
			t.Helper()
			w.File()
			if _, err := w.Block(ctx); err != nil {
				t.Fatal(err)
			}
			if err := jobs.KeepCheckpoint(ctx, w.Store, w.Cfg.Data); err != nil {
				t.Fatal(err)
			}
		}
		seal()
		seal()
		second := read("checkpoint")
		if !strings.HasPrefix(second, "fangxin checkpoint 桓台县\n2 ") || !strings.Contains(second, "\n\n— 桓台县 ") {
			t.Errorf("%s", second)
		}
		if !strings.HasPrefix(read("keys.json"), `{"keys":[{"from":`) {
			t.Errorf("%s", read("keys.json"))
		}
		w.Run("delete from blocks where height = 2")
		w.Run("delete from sealed_heads where height = 2")
		seal()
		if read("checkpoint.lost-2") != second || !strings.HasPrefix(read("checkpoint"), "fangxin checkpoint 桓台县\n2 ") || read("checkpoint") == second {
			t.Errorf("%s\n%s", read("checkpoint.lost-2"), read("checkpoint"))
		}
		if err := os.WriteFile(filepath.Join(w.Cfg.Data, "checkpoint"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := jobs.KeepCheckpoint(ctx, w.Store, w.Cfg.Data); err == nil || read("checkpoint") != "x" {
			t.Errorf("what is no checkpoint was written over: %v", err)
		}
	})
}
