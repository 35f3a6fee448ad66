package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/ledger"
)

func receiptOf(t *testing.T, w *storetest.World, number string) []byte {
	t.Helper()
	r, err := w.Receipt(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.PublicKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(keys); err != nil {
		t.Errorf("%s: %v", r.Append(nil), err)
	}
	return r.Append(nil)
}

// A rotated key is published before it signs, by whichever node sees it first;
// receipts of its predecessor stay the same bytes and stay good.
func TestSigningKeysRotate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		path := filepath.Join(w.Cfg.Data, "signing-key")
		open := func() *store.Signing {
			s, _, err := store.SigningFile(path, "桓台县")
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		w.Run("delete from signing_keys")
		w.Cfg.Signing = open()
		w.Reopen()
		first := w.File()
		before := receiptOf(t, w, first)

		id, err := store.RotateSigning(path, "桓台县")
		if err != nil {
			t.Fatal(err)
		}
		w.Advance(time.Minute)
		second := w.File()
		old := receiptOf(t, w, second) // this node has not looked yet
		if err := w.Beat(ctx); err != nil {
			t.Fatal(err)
		}
		keys, _ := w.PublicKeys(ctx)
		k, ok := keys.Find(id)
		if !ok || len(keys.Keys) != 2 || !k.From.Equal(w.Now().Add(10*time.Minute)) || !keys.Keys[1].To.Equal(k.From) {
			t.Fatalf("%+v", keys)
		}
		w.Advance(10*time.Minute - time.Microsecond)
		third := w.File()
		w.Advance(time.Microsecond)
		fourth := w.File()
		for number, want := range map[string]string{second: keys.Keys[1].ID, third: keys.Keys[1].ID, fourth: id} {
			if r, _ := ledger.ParseReceipt(receiptOf(t, w, number)); r.Key != want {
				t.Errorf("%s is signed by %s", number, r.Key)
			}
		}
		if !bytes.Equal(receiptOf(t, w, first), before) || !bytes.Equal(receiptOf(t, w, second), old) {
			t.Error("a receipt given again is not the same bytes")
		}
		w.Reopen() // another node with the same file
		if !bytes.Equal(receiptOf(t, w, first), before) {
			t.Error("another node gives another receipt")
		}
		if stray, err := w.StrayKeys(); err != nil || len(stray) > 0 {
			t.Errorf("%v %v", stray, err)
		}
		w.Cfg.Signing = nil // a node with a key of its own
		w.Reopen()
		if stray, err := w.StrayKeys(); err != nil || len(stray) != 1 || stray[0] != id {
			t.Errorf("%v %v", stray, err)
		}
	})
}

// The key that follows a revoked one signs from where that was revoked, so that
// every holder of a doubtful receipt can fetch a good one.
func TestARevokedKeyIsReplaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		path := filepath.Join(w.Cfg.Data, "signing-key")
		var err error
		if w.Cfg.Signing, _, err = store.SigningFile(path, "桓台县"); err != nil {
			t.Fatal(err)
		}
		w.Run("delete from signing_keys")
		w.Reopen()
		good := w.File()
		before := receiptOf(t, w, good)
		w.Advance(time.Hour)
		stolen := w.Now()
		doubtful := w.File()
		bad, _ := ledger.ParseReceipt(receiptOf(t, w, doubtful))
		w.Advance(time.Hour)
		if err := w.EndKey(ctx, bad.Key, stolen, true, "stolen"); err != nil {
			t.Fatal(err)
		}
		if err := w.EndKey(ctx, bad.Key, stolen, true, "stolen"); err == nil {
			t.Error("revoked twice")
		}
		keys, _ := w.PublicKeys(ctx)
		if err := bad.Verify(keys); err == nil {
			t.Error("a receipt of a revoked key passes")
		}
		if r, _ := ledger.ParseReceipt(before); r.Verify(keys) != nil {
			t.Error("a receipt from before does not pass")
		}
		if _, err := w.Receipt(ctx, doubtful); !errors.Is(err, store.ErrSigning) {
			t.Error(err)
		}
		if _, err := store.RotateSigning(path, "桓台县"); err != nil {
			t.Fatal(err)
		}
		if err := w.Beat(ctx); err != nil {
			t.Fatal(err)
		}
		receiptOf(t, w, doubtful)
	})
}

func TestSigningFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signing-key")
	if _, made, err := store.SigningFile(path, "桓 台+县"); err != nil || !made {
		t.Fatalf("%v %v", made, err)
	}
	first, _ := os.ReadFile(path)
	if _, made, err := store.SigningFile(path, "x"); err != nil || made {
		t.Errorf("%v %v", made, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.SigningFile(path, "x"); err == nil {
		t.Error("a signing key that others may read was taken")
	}
	if _, err := store.RotateSigning(path, "x"); err == nil {
		t.Error("it was rotated")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.RotateSigning(path, "桓台县"); err != nil {
		t.Fatal(err)
	}
	both, _ := os.ReadFile(path)
	info, _ := os.Stat(path)
	if !bytes.HasSuffix(both, first) || len(both) <= len(first) || info.Mode().Perm() != 0o600 {
		t.Errorf("%o\n%s", info.Mode().Perm(), both)
	}
	for _, bad := range []string{"", ",", "x", string(first) + "x"} {
		if _, err := store.ParseSigning(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
