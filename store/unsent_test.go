package store_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// A draft is opened by its link alone, for thirty days or until it is dropped;
// nothing of it lies in clear, and no other link opens it.
func TestDrafts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		mine, other := store.NewDraftToken(), store.NewDraftToken()
		until := w.Now().Add(30 * 24 * time.Hour)
		for _, text := range []string{"草稿金丝雀一", "草稿金丝雀二"} {
			if err := w.KeepDraft(ctx, mine, []byte(text), until); err != nil {
				t.Fatal(err)
			}
		}
		if text, at, err := w.Draft(ctx, mine); err != nil || string(text) != "草稿金丝雀二" || !at.Equal(until) {
			t.Errorf("%q %s %v", text, at, err)
		}
		var box []byte
		if err := w.Pool().QueryRow("select box from drafts").Scan(&box); err != nil || bytes.Contains(box, []byte("金丝雀")) {
			t.Errorf("in clear: %q %v", box, err)
		}
		for name, token := range map[string]string{"another": other, "none": "", "crooked": "x"} {
			if _, _, err := w.Draft(ctx, token); !errors.Is(err, store.ErrNoDraft) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.Advance(30*24*time.Hour - time.Microsecond)
		if _, _, err := w.Draft(ctx, mine); err != nil {
			t.Errorf("the last microsecond: %v", err)
		}
		w.Advance(time.Microsecond)
		if _, _, err := w.Draft(ctx, mine); !errors.Is(err, store.ErrNoDraft) {
			t.Errorf("after thirty days: %v", err)
		}
		if n, err := w.Retain(ctx, 0, 0); err != nil || n != 1 || w.Count("select count(*) from drafts") != 0 {
			t.Errorf("%d dropped, %v", n, err)
		}
		if err := errors.Join(w.KeepDraft(ctx, mine, []byte("x"), w.Now().Add(time.Hour)), w.DropDraft(ctx, mine)); err != nil {
			t.Error(err)
		}
		if _, _, err := w.Draft(ctx, mine); !errors.Is(err, store.ErrNoDraft) {
			t.Errorf("after dropping: %v", err)
		}
	})
}
