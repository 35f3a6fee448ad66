package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow/ledger"
)

// backup makes both archives in memory.
func backup(t testing.TB, w *storetest.World) (main, keys []byte, m store.Manifest) {
	t.Helper()
	var a, b bytes.Buffer
	m, err := w.Backup(ctx, &a, &b, store.KeyTerm)
	if err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes(), m
}

// elsewhere is the configuration of an empty place of the same kind.
func elsewhere(t *testing.T, w *storetest.World) store.Config {
	t.Helper()
	cfg := w.Cfg
	cfg.Data, cfg.Node = t.TempDir(), "elsewhere"
	if cfg.URL != "" {
		cfg.URL = storetest.Postgres(t)
	}
	return cfg
}

// restored lets the world go on in what was restored.
func restored(t *testing.T, w *storetest.World, cfg store.Config) *storetest.World {
	t.Helper()
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	w.Cfg = cfg
	w.Reopen()
	return w
}

// A backup taken while filings come in is green, holds a prefix of what was
// acknowledged, all that was acknowledged before it began, and opens what was
// sealed; nobody waited for it.
func TestBackupUnderLoad(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		filing := w.Filing()
		var mu sync.Mutex
		var acked []string
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					a, err := w.Execute(ctx, store.Request{Command: filing})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					acked = append(acked, a.Number)
					mu.Unlock()
				}
			})
		}
		count := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
		for count() < 200 && !t.Failed() {
			if _, err := w.Block(ctx); err != nil {
				t.Fatal(err)
			}
		}
		before := count()
		main, keys, m := backup(t, w)
		after := count()
		for count() < after+50 && !t.Failed() { // and goes on
		}
		close(stop)
		wg.Wait()
		cfg := elsewhere(t, w)
		r, err := store.Restore(ctx, cfg, bytes.NewReader(main), store.RestoreOptions{Keys: bytes.NewReader(keys), Skip: 1000})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d acknowledged before, %d after, %d in the backup", before, after, m.Cases)
		if m.Cases < int64(before) || m.Cases > int64(after+8+256) || m.Keys != m.Cases || r.NoKeys != 0 || m.Height == 0 {
			t.Errorf("%+v", m)
		}
		x := restored(t, w, cfg)
		proof := verifyAll(t, x)
		if proof.Cases != m.Cases || proof.Commitments != m.Cases {
			t.Errorf("%+v", proof)
		}
		for i, number := range acked[:before] {
			if _, err := x.Case(ctx, number); err != nil {
				t.Errorf("%d %s: %v", i, number, err)
			}
		}
		next := x.File() // numbers go on beyond what may have been given out
		for _, number := range acked {
			if number == next {
				t.Errorf("%s was given twice", next)
			}
		}
		if _, err := x.Block(ctx); err != nil {
			t.Error(err)
		}
		verifyAll(t, x)
	})
}

// The main archive holds no key of a case, whatever may be done with it.
func TestMainArchiveHoldsNoKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		c, _ := w.Case(ctx, number)
		wrapped := bytesOf(t, w, "select wrapped from case_keys where case_id = $1", c.ID)
		main, keys, _ := backup(t, w)
		for _, form := range [][]byte{wrapped, []byte(fmt.Sprintf("%x", wrapped))} {
			if bytes.Contains(main, form) {
				t.Error("the main archive holds a key")
			}
		}
		if len(keys) == 0 {
			t.Error("no keys")
		}
		if files, _ := filepath.Glob(filepath.Join(w.Cfg.Data, "backup.tmp*")); len(files) > 0 {
			t.Errorf("%v left behind", files)
		}
		cfg := elsewhere(t, w)
		r, err := store.Restore(ctx, cfg, bytes.NewReader(main), store.RestoreOptions{})
		if err != nil || r.NoKeys != 1 {
			t.Fatalf("%+v %v", r, err)
		}
		x := restored(t, w, cfg)
		if _, err := x.Unseal(ctx, c.ID, 1); !errors.Is(err, store.ErrErased) || !errors.Is(err, store.ErrKeyMissing) {
			t.Error(err)
		}
		if _, err := x.Receipt(ctx, number); !errors.Is(err, store.ErrKeyMissing) {
			t.Error(err)
		}
		if proof := verifyAll(t, x); !strings.Contains(strings.Join(proof.Notes, "\n"), "the keys of 1 cases are missing") {
			t.Errorf("%v", proof.Notes)
		}
	})
}

// Who was erased after the backup stays erased: by the list kept apart, and by
// the one in the backup.
func TestARestoreErasesAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		first, second, third := erasable(w), erasable(w), w.File()
		w.Do(first, "erase_person")
		main, keys, m := backup(t, w)
		if m.Erasures != 1 {
			t.Errorf("%+v", m)
		}
		c, _ := w.Case(ctx, second)
		gone := bytesOf(t, w, "select wrapped from case_keys where case_id = $1", c.ID)
		w.Do(second, "erase_person")
		list, err := w.Erasures(ctx)
		if err != nil {
			t.Fatal(err)
		}
		c, _ = w.Case(ctx, third)
		wrapped := bytesOf(t, w, "select wrapped from case_keys where case_id = $1", c.ID)
		cfg := elsewhere(t, w)
		r, err := store.Restore(ctx, cfg, bytes.NewReader(main), store.RestoreOptions{Keys: bytes.NewReader(keys), Erasures: list})
		if err != nil || r.Erased != 1 || r.NoKeys != 0 {
			t.Fatalf("%+v %v", r, err)
		}
		x := restored(t, w, cfg)
		for number, erased := range map[string]bool{first: true, second: true, third: false} {
			c, err := x.Case(ctx, number)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x.Unseal(ctx, c.ID, 1); errors.Is(err, store.ErrErased) != erased || errors.Is(err, store.ErrKeyMissing) {
				t.Errorf("%s: %v", number, err)
			}
		}
		verifyAll(t, x)
		if !onDisk(t, x, wrapped) || onDisk(t, x, gone) {
			t.Error("a key that must be there is not, or one that must not is")
		}
	})
}

// The keys of a backup have a term, and belong to one backup.
func TestKeysOfABackup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.File()
		main, keys, m := backup(t, w)
		_, others, _ := backup(t, w)
		place := elsewhere(t, w)
		try := func(main, keys []byte, force bool) (*store.Restored, error) {
			r, err := store.Restore(ctx, place, bytes.NewReader(main), store.RestoreOptions{Keys: bytes.NewReader(keys), Force: force})
			return &r, err
		}
		for says, c := range map[string]struct{ main, keys []byte }{
			"keys are of another backup":  {main, others},
			"are the two files exchanged": {keys, main},
			"this is an archive of kind":  {main, main},
			"no archive of ours":          {[]byte("x"), keys},
			"unexpected EOF":              {main[:len(main)/2], keys},
		} {
			if _, err := try(c.main, c.keys, false); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%v\nwanted %s", err, says)
			}
		}
		w.Set(m.Expires)
		if _, err := try(main, keys, false); err == nil || !strings.Contains(err.Error(), "were to be deleted on 2026-06-05T02:00:00Z") {
			t.Error(err)
		}
		if _, err := try(main, keys, true); err != nil {
			t.Error(err)
		}
	})
}

// A restore never goes over anything, and one that fails leaves a place that
// can be restored into, or says what to do.
func TestRestoreIntoAnEmptyPlaceOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		main, keys, _ := backup(t, w)
		opt := func() store.RestoreOptions { return store.RestoreOptions{Keys: bytes.NewReader(keys)} }
		if _, err := store.Restore(ctx, w.Cfg, bytes.NewReader(main), opt()); !errors.Is(err, store.ErrNotEmpty) {
			t.Error(err)
		}
		cfg := elsewhere(t, w)
		broken := io.MultiReader(bytes.NewReader(main), failing{})
		if _, err := store.Restore(ctx, cfg, broken, opt()); err == nil {
			t.Fatal("what ends with an error was restored")
		}
		bad := opt()
		bad.Keys = bytes.NewReader(keys[:len(keys)-2048]) // cut off after the manifest
		_, err := store.Restore(ctx, cfg, bytes.NewReader(main), bad)
		if err == nil {
			t.Fatal("a restore without the keys that it was given went through")
		}
		if w.Dialect() == "postgres" { // rows are there, the rest is not: nobody may start on it
			if _, err := store.Open(ctx, cfg); !errors.Is(err, store.ErrUnfinished) {
				t.Error(err)
			}
			if _, err := store.Restore(ctx, cfg, bytes.NewReader(main), opt()); !errors.Is(err, store.ErrUnfinished) {
				t.Error(err)
			}
			cfg = elsewhere(t, w)
		}
		if _, err := store.Restore(ctx, cfg, bytes.NewReader(main), opt()); err != nil {
			t.Fatal(err)
		}
		x := restored(t, w, cfg)
		if _, err := x.Case(ctx, number); err != nil {
			t.Error(err)
		}
		other := w.Cfg
		other.Data, other.URL = t.TempDir(), ""
		if w.Dialect() == "sqlite" {
			other.URL = "postgres://nobody@127.0.0.1:1/x"
		}
		if _, err := store.Restore(ctx, other, bytes.NewReader(main), opt()); err == nil || !strings.Contains(err.Error(), "the backup is of "+w.Dialect()) {
			t.Error(err)
		}
	})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cut off") }

// After a restore verify says what is missing: the blocks of the checkpoint that
// lay beside the data, and the numbers that may have been given out.
func TestVerifySaysWhatARestoreLost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		seal := func() ledger.Checkpoint {
			t.Helper()
			if _, err := w.Block(ctx); err != nil {
				t.Fatal(err)
			}
			c, _, err := w.Checkpoint(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		first := w.File()
		seal()
		main, keys, _ := backup(t, w)
		lostOne := w.File()
		lost := seal()
		receipt, err := w.Receipt(ctx, lostOne)
		if err != nil {
			t.Fatal(err)
		}
		published, err := w.PublicKeys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		published.Keys[0].Revoked, published.Keys[0].Reason = w.Now().Add(time.Hour), "stolen"
		cfg := elsewhere(t, w)
		r, err := store.Restore(ctx, cfg, bytes.NewReader(main), store.RestoreOptions{Keys: bytes.NewReader(keys), Lost: &lost, Skip: 500, Published: published})
		if err != nil {
			t.Fatal(err)
		}
		if r.Owed == 0 || len(r.Skipped) != 2 || r.Skipped[0] != ledger.Number("HT", 2026, 1025)+" to "+ledger.Number("HT", 2026, 1524) {
			t.Errorf("%+v", r)
		}
		x := restored(t, w, cfg)
		if l, err := x.PublicKeys(ctx); err != nil || string(l.Append(nil)) != string(published.Append(nil)) {
			t.Errorf("%s %v: what became of the key since the backup is forgotten", l.Append(nil), err)
		}
		if n := x.Count("select count(*) from outbox where state = 'owed'"); n != 0 || x.Count("select count(*) from outbox where state = 'dead' and error = 'restored'") != int(r.Owed) {
			t.Errorf("%d notices are owed", n)
		}
		proof, err := audit.Verify(ctx, x.Pool(), x.Dialect(), audit.Options{Now: x.Now(), Checkpoint: &lost})
		if err != nil || len(proof.Findings) != 1 || !strings.Contains(proof.Findings[0].What, "block 2 of the checkpoint is not there") && !strings.Contains(proof.Findings[0].Case, "block 2") {
			t.Errorf("%v %v", proof.Findings, err)
		}
		notes := strings.Join(verifyAll(t, x).Notes, "\n")
		for _, want := range []string{"which ended at block 1", "blocks 2 to 2 at least", "HT-2026-000002 to 001024", "HT-2026-001025 to 001524", "JB-2026-000001 to 000500"} {
			if !strings.Contains(notes, want) {
				t.Errorf("%s\nwants %s", notes, want)
			}
		}
		if next := x.File(); next != ledger.Number("HT", 2026, 1525) {
			t.Errorf("the next number is %s after %s and %s", next, first, lostOne)
		}
		if _, err := audit.VerifyReceipt(ctx, x.Pool(), receipt); err == nil || !strings.Contains(err.Error(), "enter the complaint again") {
			t.Error(err)
		}
		sent := elsewhere(t, w)
		if _, err := store.Restore(ctx, sent, bytes.NewReader(main), store.RestoreOptions{Keys: bytes.NewReader(keys), Send: true}); err != nil {
			t.Fatal(err)
		}
		if n := restored(t, w, sent).Count("select count(*) from outbox where state = 'owed'"); n != int(r.Owed) {
			t.Errorf("%d notices are owed, %d were", n, r.Owed)
		}
	})
}

// Keys that were rotated since a backup open it as long as the old ones are
// configured, and the next start wraps what was restored anew.
func TestABackupFromBeforeARotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		c, _ := w.Case(ctx, number)
		main, keys, _ := backup(t, w)
		const fresh = "ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="
		cfg := elsewhere(t, w)
		var err error
		if cfg.Keys, err = store.ParseKeys(fresh); err != nil {
			t.Fatal(err)
		}
		r, err := store.Restore(ctx, cfg, bytes.NewReader(main), store.RestoreOptions{Keys: bytes.NewReader(keys)})
		if err != nil || len(r.UnknownKek) != 1 {
			t.Errorf("%v %v: the old key is missing and nobody says so", r.UnknownKek, err)
		}
		if cfg.Keys, err = store.ParseKeys(fresh + "," + storetest.Key); err != nil {
			t.Fatal(err)
		}
		x := restored(t, w, cfg)
		if n, err := x.Rewrap(ctx); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
		if _, err := x.Unseal(ctx, c.ID, 1); err != nil {
			t.Error(err)
		}
	})
}
