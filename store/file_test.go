package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

const canary = "kanarienvogel-文件名.jpg"

func photo(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pdf(size int) []byte { return append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte{'x'}, size)...) }

func secret(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func upload(t testing.TB, w *storetest.World, draft, key string, data []byte) store.File {
	t.Helper()
	w.Advance(time.Millisecond) // lists are in the order in which files came
	f, err := w.TakeFile(ctx, store.Once{Scope: "upload", Key: key}, store.NewFile{Draft: secret(draft), Name: canary, Seen: store.SeenByBoth, Body: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// fileWith files a complaint with what waits under a draft's secret.
func fileWith(t testing.TB, w *storetest.World, draft string) string {
	t.Helper()
	a, err := w.Execute(ctx, store.Request{Command: w.Filing(), Draft: secret(draft)})
	if err != nil {
		t.Fatal(err)
	}
	return a.Number
}

func read(t testing.TB, w *storetest.World, f store.File, small bool) []byte {
	t.Helper()
	o, err := w.OpenFile(ctx, f, small)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(o)
	if err := errors.Join(err, o.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}

// A file waits before the filing, is made anew, comes into the case with the
// filing's transaction, and the log commits to it without a name.
func TestAFileComesWithTheFiling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		jpg, doc := upload(t, w, "d", "1", photo(t, 2000, 1000)), upload(t, w, "d", "2", pdf(200_000))
		for _, f := range []store.File{jpg, doc} {
			if got, err := w.FinishFile(ctx, f.ID); err != nil || got.State != store.FileKept {
				t.Fatalf("%+v %v", got, err)
			}
		}
		number := fileWith(t, w, "d")
		c, _ := w.Case(ctx, number)
		files, err := w.Files(ctx, number)
		if err != nil || len(files) != 2 {
			t.Fatalf("%v %v", files, err)
		}
		u, err := w.Unseal(ctx, c.ID, 1)
		if err != nil || len(u.Files) != 2 {
			t.Fatalf("%v %v", u.Files, err)
		}
		for i, f := range files {
			sealed := u.Files[i]
			if f.Name != canary || f.Seq != 1 || f.Actor != "consumer:rehearsal" || f.Side != "consumer" || sealed.ID != f.ID || sealed.Kind != f.Kind || sealed.Size != f.Size {
				t.Errorf("%+v %+v", f, sealed)
			}
		}
		if p, err := jpeg.DecodeConfig(bytes.NewReader(read(t, w, files[0], false))); err != nil || p.Width != 1600 || files[0].Width != 1600 || files[0].Height != 800 {
			t.Errorf("%+v %v", p, err)
		}
		if p, err := jpeg.DecodeConfig(bytes.NewReader(read(t, w, files[0], true))); err != nil || p.Width != 320 {
			t.Errorf("%+v %v", p, err)
		}
		if got := read(t, w, files[1], false); !bytes.Equal(got, pdf(200_000)) {
			t.Errorf("%d bytes", len(got))
		}
		if _, err := w.OpenFile(ctx, files[1], true); err != store.ErrNoFile {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(w.Cfg.Data, "files", jpg.ID[:2], jpg.ID+".in")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what the camera wrote is still there: %v", err)
		}
		if onDisk(t, w, []byte(canary)) {
			t.Error("a name lies in clear")
		}
		if _, err := w.DraftFiles(ctx, secret("d")); err != store.ErrNoWaiting {
			t.Error(err)
		}
		verifyAll(t, w)
		if n, err := w.CheckFiles(ctx, func(f store.File, err error) { t.Errorf("%s: %v", f.ID, err) }); n != 2 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	})
}

// The same request again is the same file and the same case, whatever has become
// of the draft; one secret serves one filing.
func TestFilesAreTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		first, again := upload(t, w, "d", "k", pdf(10)), upload(t, w, "d", "k", pdf(10))
		if first.ID != again.ID {
			t.Errorf("%s %s", first.ID, again.ID)
		}
		_, err := w.TakeFile(ctx, store.Once{Scope: "upload", Key: "k"}, store.NewFile{Draft: secret("d"), Name: canary, Seen: store.SeenByBoth, Body: bytes.NewReader(pdf(11))})
		var refusal *workflow.Refusal
		if !errors.As(err, &refusal) || refusal.Code != "key_reused" {
			t.Error(err)
		}
		if n := filesOnDisk(t, w); n != 1 {
			t.Errorf("%d files on the disk", n)
		}
		q := store.Request{Command: w.Filing(), Draft: secret("d"), Scope: "file", Key: "f"}
		a, err := w.Execute(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := w.Execute(ctx, q); err != nil || b.Number != a.Number || !b.Replayed {
			t.Errorf("%+v %v", b, err)
		}
		q.Key = "g"
		if _, err := w.Execute(ctx, q); !errors.Is(err, store.ErrNoWaiting) {
			t.Error(err)
		}
		if w.Count("select count(*) from file_keys") != 0 {
			t.Error("a case's file can be opened without the case's key")
		}
	})
}

// Two filings at once with one draft: one has the files, the other is refused
// and leaves nothing.
func TestOneDraftTwoFilings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		upload(t, w, "d", "k", pdf(10))
		errs := make(chan error, 8)
		for range cap(errs) {
			q := store.Request{Command: w.Filing(), Draft: secret("d")}
			go func() {
				_, err := w.Execute(ctx, q)
				errs <- err
			}()
		}
		filed := 0
		for range cap(errs) {
			if err := <-errs; err == nil {
				filed++
			} else if !errors.Is(err, store.ErrNoWaiting) && !errors.Is(err, store.ErrNoFile) {
				t.Error(err)
			}
		}
		if filed != 1 || w.Count("select count(*) from cases") != 1 {
			t.Errorf("%d filed", filed)
		}
		verifyAll(t, w)
	})
}

func filesOnDisk(t testing.TB, w *storetest.World) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.Cfg.Data, "files", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// What is refused leaves neither row nor bytes.
func TestRefusedFilesLeaveNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Cfg.Uploads = store.FileLimits{Group: map[string]int64{"picture": 5000, "document": 1000}, Count: 2, Bytes: 1500}
		_ = w.Store.Close()
		w.Reopen()
		refuse := func(code string, body io.Reader) {
			t.Helper()
			_, err := w.TakeFile(ctx, store.Once{}, store.NewFile{Draft: secret("d"), Name: "n", Seen: "both", Body: body})
			var r *store.FileRefusal
			if !errors.As(err, &r) || r.Code != code {
				t.Errorf("%s: %v", code, err)
			}
		}
		refuse("file_empty", strings.NewReader(""))
		refuse("file_kind", strings.NewReader("<html>"))
		refuse("file_large", bytes.NewReader(pdf(1000)))
		broken := errors.New("the line went dead")
		if _, err := w.TakeFile(ctx, store.Once{}, store.NewFile{Draft: secret("d"), Seen: "both", Body: io.MultiReader(bytes.NewReader(pdf(5000)[:900]), &deadLine{broken})}); !errors.Is(err, broken) {
			t.Error(err)
		}
		if filesOnDisk(t, w) != 0 || w.Count("select count(*) from files") != 0 {
			t.Error("something is left")
		}
		upload(t, w, "d", "1", pdf(900))
		refuse("case_large", bytes.NewReader(pdf(700)))
		upload(t, w, "d", "2", pdf(90))
		refuse("many_files", bytes.NewReader(pdf(1)))
		if n := filesOnDisk(t, w); n != 2 {
			t.Errorf("%d files on the disk", n)
		}
		bad := upload(t, w, "other", "3", []byte("\xFF\xD8\xFF\xE0 no picture"))
		if f, err := w.FinishFile(ctx, bad.ID); err != nil || f.State != store.FileRefused || f.Code != "picture_broken" {
			t.Errorf("%+v %v", f, err)
		}
		if n := filesOnDisk(t, w); n != 2 {
			t.Errorf("%d files on the disk", n)
		}
	})
}

type deadLine struct{ err error }

func (f *deadLine) Read([]byte) (int, error) { return 0, f.err }

// Damage on the disk is found: nothing that was changed, cut or exchanged is ever
// delivered.
func TestDamageIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		var all []store.File
		for _, key := range []string{"1", "2", "3", "4"} {
			f := upload(t, w, "d", key, pdf(200_000))
			if _, err := w.FinishFile(ctx, f.ID); err != nil {
				t.Fatal(err)
			}
		}
		all, err := w.Files(ctx, fileWith(t, w, "d"))
		if err != nil {
			t.Fatal(err)
		}
		path := func(i int) string { return filepath.Join(w.Cfg.Data, "files", all[i].ID[:2], all[i].ID+".in") }
		data, _ := os.ReadFile(path(0))
		flipped := bytes.Clone(data)
		flipped[100_000] ^= 1
		for i, bad := range [][]byte{flipped, data[:len(data)-1], data} { // the third: another file's
			if err := os.WriteFile(path(i), bad, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(path(3)); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		if _, err := w.CheckFiles(ctx, func(f store.File, err error) { found[f.ID] = errors.Is(err, store.ErrFileBytes) }); err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if !found[f.ID] {
				t.Errorf("%s: nothing was found", f.ID)
			}
		}
		if err := os.WriteFile(filepath.Join(w.Cfg.Data, "files", "folder-of"), []byte("another"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := w.OpenFile(ctx, all[0], false); !errors.Is(err, store.ErrFilesElsewhere) {
			t.Error(err)
		}
		if _, err := w.SweepOrphans(ctx); !errors.Is(err, store.ErrFilesElsewhere) {
			t.Error(err)
		}
	})
}

// Erasing the person leaves neither key nor bytes nor digest.
func TestErasureTakesTheFiles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		f := upload(t, w, "d", "1", photo(t, 40, 40))
		if _, err := w.FinishFile(ctx, f.ID); err != nil {
			t.Fatal(err)
		}
		number := fileWith(t, w, "d")
		if filesOnDisk(t, w) != 2 || !onDisk(t, w, f.SHA256[:]) {
			t.Fatal("this test looks in the wrong place")
		}
		w.Do(number, "withdraw_before_acceptance")
		w.Advance(400 * 24 * time.Hour)
		w.Do(number, "publish_or_hold", "erase_person")
		if _, err := w.Files(ctx, number); !errors.Is(err, store.ErrErased) {
			t.Error(err)
		}
		if _, err := w.SweepFiles(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.Scrub(ctx); err != nil {
			t.Fatal(err)
		}
		if filesOnDisk(t, w) != 0 || onDisk(t, w, f.SHA256[:]) || w.Count("select count(*) from file_gone") != 0 {
			t.Error("something is left")
		}
		verifyAll(t, w)
	})
}

// Who brought a file may take it back while no act names it; a tombstone stays.
func TestRemoving(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		upload(t, w, "d", "1", pdf(10))
		upload(t, w, "d", "2", pdf(20))
		drafts, _ := w.DraftFiles(ctx, secret("d"))
		if err := w.RemoveDraftFile(ctx, secret("other"), drafts[0].ID); err != store.ErrNoFile {
			t.Error(err)
		}
		number := fileWith(t, w, "d")
		files, _ := w.Files(ctx, number)
		cmd := w.Compose(number, "add_evidence")
		cmd.Input.Paper = files[0].ID
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveFile(ctx, files[0]); err != store.ErrFileCited {
			t.Error(err)
		}
		if err := w.RemoveFile(ctx, files[1]); err != nil {
			t.Error(err)
		}
		if err := w.RemoveFile(ctx, files[1]); err != store.ErrNoFile {
			t.Error(err)
		}
		files, err := w.Files(ctx, number)
		if err != nil || files[1].State != store.FileRemoved || files[1].Name != "" || !files[1].Removed.Equal(w.Now()) || filesOnDisk(t, w) != 1 {
			t.Errorf("%+v %v", files, err)
		}
		verifyAll(t, w)
	})
}

// A scanner that is away keeps files pending and loses none; what it finds is
// never delivered and the officers are told.
func TestScanning(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		away := true
		w.Cfg.Scan = func(_ context.Context, from io.Reader) (bool, error) {
			if away {
				return false, errors.New("connection refused")
			}
			data, err := io.ReadAll(from)
			return bytes.Contains(data, []byte("EICAR")), err
		}
		_ = w.Store.Close()
		w.Reopen()
		clean, bad := upload(t, w, "d", "1", pdf(10)), upload(t, w, "d", "2", append(pdf(10), "EICAR"...))
		for _, f := range []store.File{clean, bad} {
			if got, err := w.FinishFile(ctx, f.ID); err != nil || got.State != store.FilePending {
				t.Fatalf("%+v %v", got, err)
			}
		}
		number := fileWith(t, w, "d")
		if ids, err := w.PendingFiles(ctx, 10); err != nil || len(ids) != 0 {
			t.Errorf("too early: %v %v", ids, err)
		}
		files, _ := w.Files(ctx, number)
		if _, err := w.OpenFile(ctx, files[0], false); err != store.ErrNoFile {
			t.Error(err)
		}
		away = false
		w.Advance(time.Hour)
		ids, err := w.PendingFiles(ctx, 10)
		if err != nil || len(ids) != 2 {
			t.Fatalf("%v %v", ids, err)
		}
		for _, id := range ids {
			if _, err := w.FinishFile(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		files, _ = w.Files(ctx, number)
		state := map[string]string{}
		for _, f := range files {
			state[f.ID] = f.State + f.Code
			if _, err := w.OpenFile(ctx, f, false); (err == nil) != (f.ID == clean.ID) {
				t.Errorf("%s: %v", f.State, err)
			}
		}
		if state[clean.ID] != "kept" || state[bad.ID] != "refusedinfected" {
			t.Errorf("%v", state)
		}
		for range 2 {
			if _, err := w.TellInfected(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if notes, err := w.Notes(ctx, number); err != nil || len(notes) != 1 || !strings.Contains(notes[0].Words, bad.ID) {
			t.Errorf("%v %v", notes, err)
		}
		w.Advance(31 * 24 * time.Hour)
		if _, err := w.SweepFiles(ctx); err != nil || filesOnDisk(t, w) != 1 {
			t.Errorf("%v, %d files", err, filesOnDisk(t, w))
		}
		verifyAll(t, w)
	})
}

// Drafts go after thirty days, bytes without a row after one; what is in use stays.
func TestSweeping(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		upload(t, w, "d", "1", pdf(10))
		upload(t, w, "kept", "2", pdf(10))
		number := fileWith(t, w, "kept")
		left := filepath.Join(w.Cfg.Data, "files", "AA", strings.Repeat("A", 26)+".in")
		if err := errors.Join(os.MkdirAll(filepath.Dir(left), 0o700), os.WriteFile(left, nil, 0o600), os.Chtimes(left, w.Now(), w.Now())); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			after         time.Duration
			orphans, left int
		}{{time.Hour, 0, 3}, {25 * time.Hour, 1, 2}, {30 * 24 * time.Hour, 0, 1}} {
			w.Advance(x.after)
			n, err := w.SweepOrphans(ctx)
			if _, e := w.SweepFiles(ctx); err != nil || e != nil || n != x.orphans || filesOnDisk(t, w) != x.left {
				t.Errorf("after %v: %v %v, %d orphans, %d files", x.after, err, e, n, filesOnDisk(t, w))
			}
		}
		if w.Count("select count(*) from file_keys") != 0 {
			t.Error("a key is left")
		}
		if files, err := w.Files(ctx, number); err != nil || len(files) != 1 {
			t.Errorf("%v %v", files, err)
		}
	})
}

// counting is a file of any size that is nowhere, and says how large the heap
// was while it was read.
type counting struct {
	head []byte
	left int
	most uint64
	n    int
}

func (c *counting) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	if c.n++; c.n%500 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.most = max(c.most, m.HeapAlloc)
	}
	n := min(len(p), c.left)
	clear(p[:n])
	copy(p, c.head)
	c.head = c.head[min(n, len(c.head)):]
	c.left -= n
	return n, nil
}

// Two hundred megabytes pass through without staying.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	w := storetest.New(t)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	c := &counting{head: []byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42"), left: 200 << 20}
	f, err := w.TakeFile(ctx, store.Once{}, store.NewFile{Draft: secret("d"), Seen: "both", Body: c})
	if err != nil || f.Size != 200<<20 {
		t.Fatalf("%d %v", f.Size, err)
	}
	if grown := int64(c.most) - int64(before.HeapAlloc); c.most == 0 || grown > 32<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}

// A backup takes the files along, of cases and of memberships, what is not filed
// stays behind, and a restore says what is missing.
func TestBackupTakesTheFiles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		f := upload(t, w, "d", "1", photo(t, 400, 400))
		upload(t, w, "d", "2", pdf(100_000))
		for _, x := range []string{f.ID} {
			if _, err := w.FinishFile(ctx, x); err != nil {
				t.Fatal(err)
			}
		}
		number := fileWith(t, w, "d")
		m, _ := applyWith(t, w, "a")
		upload(t, w, "waits", "3", pdf(10))
		var main, keys bytes.Buffer
		if _, err := w.Backup(ctx, &main, &keys, store.KeyTerm); err != nil {
			t.Fatal(err)
		}
		cfg := w.Cfg
		cfg.Data = t.TempDir()
		if cfg.URL != "" {
			cfg.URL = storetest.Postgres(t)
		}
		out, err := store.Restore(ctx, cfg, &main, store.RestoreOptions{Keys: &keys})
		if err != nil || out.Files != 4 || out.NoFiles != 0 {
			t.Fatalf("%+v %v", out, err)
		}
		s, err := store.Open(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if n, err := s.CheckFiles(ctx, func(f store.File, err error) { t.Errorf("%s: %v", f.ID, err) }); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if papers, err := s.Papers(ctx, m.ID); err != nil || papers[1].Name != canary {
			t.Errorf("%+v %v", papers, err)
		}
		if files, err := s.Files(ctx, number); err != nil || len(files) != 2 || files[0].Name != canary {
			t.Errorf("%v %v", files, err)
		}
		if _, err := s.DraftFiles(ctx, secret("waits")); err != store.ErrNoWaiting {
			t.Error(err)
		}
	})
}

// The auditor holds the rows of files against what the log commits to.
func TestVerifyFindsExchangedFiles(t *testing.T) {
	for name, tamper := range map[string]string{"digest": "update files set received_size = received_size + 1", "gone": "delete from files",
		"another event": "update files set seq = 2", "added": "insert into files (id, case_id, seen, kind, received_size, received, state, box, at, next_at) select 'AAAAAAAAAAAAAAAAAAAAAAAAAA', case_id, seen, kind, 1, received, state, box, at, next_at from files"} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, w *storetest.World) {
				upload(t, w, "d", "1", pdf(10))
				fileWith(t, w, "d")
				if r := verifyAll(t, w); r.Files != 1 {
					t.Errorf("%d files were checked", r.Files)
				}
				w.Run(tamper)
				r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Now: w.Now(), Unseal: unsealer(w.Store)})
				if err != nil || len(r.Findings) != 1 || r.Findings[0].Part != "files" {
					t.Errorf("%v %v", r.Findings, err)
				}
			})
		})
	}
}

// A key that is rotated is rotated for what waits as well.
func TestWaitingFilesOutliveAKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		upload(t, w, "d", "1", pdf(10))
		_ = w.Store.Close()
		keys, err := store.ParseKeys("ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A=," + storetest.Key)
		if err != nil {
			t.Fatal(err)
		}
		w.Cfg.Keys = keys
		w.Reopen()
		if n, err := w.Rewrap(ctx); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if files, err := w.DraftFiles(ctx, secret("d")); err != nil || files[0].Name != canary {
			t.Errorf("%v %v", files, err)
		}
	})
}
