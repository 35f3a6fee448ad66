package jobs_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fangxin/jobs"
	"fangxin/store"
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

// The list of erasures lies beside the data too; with an old database in place
// it erases again, and a broken one is not passed over.
func TestKeepErasures(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		path := filepath.Join(w.Cfg.Data, "erasures")
		keep := func() error { return jobs.KeepErasures(ctx, w.Store, w.Cfg.Data) }
		number := w.File()
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		if err := keep(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("a list of nobody")
		}
		if n, err := w.EraseAgain(ctx, []store.Erasure{{Number: number, At: w.Now()}}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if err := keep(); err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(path)
		if !strings.Contains(string(text), number+" 2026-05-06T02:00:00Z\n") {
			t.Errorf("%s", text)
		}
		w.Run("delete from erasures") // as an old database has it, key and all
		w.Run("insert into case_keys (case_id, kek, wrapped) values ($1, 'x', $2)", c.ID, []byte("x"))
		if err := keep(); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("select count(*) from case_keys"); n != 0 || w.Count("select count(*) from erasures") != 1 {
			t.Error("what came back was not erased again")
		}
		if err := os.WriteFile(path, append(text, 'x'), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := keep(); err == nil {
			t.Error("a broken list was taken")
		}
	})
}
