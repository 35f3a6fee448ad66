package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow/register"
)

// applyWith applies with a licence and another paper as files that wait.
func applyWith(t *testing.T, w *storetest.World, key string) (register.Member, []store.File) {
	t.Helper()
	files := []store.File{choose(t, w, store.NewFile{Draft: secret(key), Paper: "licence"}, photo(t, 40, 30))}
	w.Advance(time.Millisecond) // lists are in the order in which files came
	files = append(files, choose(t, w, store.NewFile{Draft: secret(key), Paper: "other"}, pdf(20)))
	m, err := w.Apply(ctx, store.Once{Scope: "apply", Key: key}, applicant, withFiles(key, files))
	if err != nil {
		t.Fatal(err)
	}
	return m, files
}

func withFiles(key string, files []store.File) store.Application {
	a := anApplication("", "13800000001")
	a.Details = register.Details{Name: "惠民超市"}
	a.Draft, a.Papers = secret(key), []store.NewPaper{{Kind: "pledge", Name: "承诺书"}, {Kind: "licence", File: files[0].ID}, {Kind: "other", File: files[1].ID}}
	return a
}

// Files of an application come with it in one transaction, once, under the merchant's
// key; name and digest of a paper are its file's. Nobody brings one twice.
func TestPapersAreFiles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		m, files := applyWith(t, w, "a")
		again, err := w.Apply(ctx, store.Once{Scope: "apply", Key: "a"}, applicant, withFiles("a", files))
		if err != nil || again.ID != m.ID {
			t.Errorf("a double click: %+v %v", again, err)
		}
		if _, err := w.Apply(ctx, store.Once{Scope: "apply", Key: "b"}, applicant, withFiles("a", files)); !errors.Is(err, store.ErrNoWaiting) {
			t.Errorf("brought twice: %v", err)
		}
		if n := w.Count("select count(*) from members"); n != 1 {
			t.Errorf("%d memberships", n)
		}
		papers, err := w.Papers(ctx, m.ID)
		if err != nil || len(papers) != 3 || papers[1].Name != canary || papers[1].File != files[0].ID || len(papers[1].Digest) != 64 || papers[0].File != "" {
			t.Fatalf("%+v %v", papers, err)
		}
		if _, err := w.FinishFile(ctx, files[0].ID); err != nil {
			t.Fatal(err)
		}
		got, err := w.MemberFiles(ctx, m.ID)
		if err != nil || len(got) != 2 || got[0].State != store.FileKept || got[0].Paper != "licence" || got[0].Seen != store.SeenByOfficers {
			t.Fatalf("%+v %v", got, err)
		}
		if data := read(t, w, got[0], true); !bytes.HasPrefix(data, []byte("\xFF\xD8")) {
			t.Error("no small picture")
		}
		if n := w.Count("select count(*) from file_keys"); n != 0 {
			t.Errorf("%d keys outside", n)
		}
		if _, err := w.SweepFiles(ctx); err != nil || filesOnDisk(t, w) != 3 {
			t.Errorf("%v, %d files", err, filesOnDisk(t, w))
		}
		w.Advance(40 * 24 * time.Hour)
		if _, err := w.SweepFiles(ctx); err != nil || filesOnDisk(t, w) != 3 {
			t.Errorf("a membership's files end with its draft: %v, %d", err, filesOnDisk(t, w))
		}
		verifyAll(t, w)
	})
}

// A membership has as much room as a case; too much is refused whole.
func TestRoomForPapers(t *testing.T) {
	w := storetest.New(t)
	m, _ := applyWith(t, w, "a")
	w.Cfg.Uploads = store.DefaultFileLimits()
	w.Cfg.Uploads.Count = 2
	_ = w.Store.Close()
	w.Reopen()
	f := choose(t, w, store.NewFile{Draft: secret("b"), Paper: "other"}, pdf(30))
	_, err := w.SupplyMember(ctx, store.Once{Scope: "t"}, applicant, m.ID, []store.NewPaper{{Kind: "other", File: f.ID}}, secret("b"), nil, nil)
	var refused *store.FileRefusal
	if !errors.As(err, &refused) || refused.Code != "many_files" {
		t.Error(err)
	}
	if all, err := w.DraftFiles(ctx, secret("b")); err != nil || len(all) != 1 {
		t.Errorf("it waits no more: %v %v", all, err)
	}
}

// Of an application that is withdrawn the files go at once, of one that was refused
// after thirty days; what stands of them are digests.
func TestPapersEnd(t *testing.T) {
	w := storetest.New(t)
	gone, _ := applyWith(t, w, "a")
	kept, _ := applyWith(t, w, "b")
	if _, err := w.WithdrawMember(ctx, store.Once{Scope: "t"}, applicant, gone.ID); err != nil {
		t.Fatal(err)
	}
	decide(t, w, kept.ID, store.Decision{What: "refuse"})
	for _, days := range []int{0, 29} {
		w.Advance(time.Duration(days) * 24 * time.Hour)
		if _, err := w.SweepFiles(ctx); err != nil || filesOnDisk(t, w) != 2 {
			t.Errorf("%v, %d files", err, filesOnDisk(t, w))
		}
	}
	w.Advance(48 * time.Hour)
	if _, err := w.SweepFiles(ctx); err != nil || filesOnDisk(t, w) != 0 {
		t.Errorf("%v, %d files", err, filesOnDisk(t, w))
	}
	papers, err := w.Papers(ctx, gone.ID)
	if err != nil || papers[1].Name != "" || len(papers[1].Digest) != 64 {
		t.Errorf("%+v %v", papers, err)
	}
	if files, err := w.MemberFiles(ctx, gone.ID); err != nil || files[0].State != store.FileRemoved || files[0].Removed.IsZero() {
		t.Errorf("%+v %v", files, err)
	}
	verifyAll(t, w)
}

// What comes while the scanner is away is scanned afterwards; a find stands in the
// membership's history, once.
func TestPapersAreScanned(t *testing.T) {
	w := storetest.New(t)
	away := true
	w.Cfg.Scan = func(_ context.Context, from io.Reader) (bool, error) {
		if away {
			return false, errors.New("connection refused")
		}
		data, err := io.ReadAll(from)
		return bytes.Contains(data, []byte("%PDF")), err
	}
	_ = w.Store.Close()
	w.Reopen()
	m, files := applyWith(t, w, "a")
	away = false
	w.Advance(time.Hour)
	for i := range files {
		if _, err := w.FinishFile(ctx, files[i].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.TellInfected(ctx); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.MemberFiles(ctx, m.ID)
	if err != nil || got[0].State != store.FileKept || got[1].State != store.FileRefused {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := w.OpenFile(ctx, got[1], false); err != store.ErrNoFile {
		t.Error(err)
	}
	told := 0
	lines, err := w.MemberHistory(ctx, m.ID)
	for _, l := range lines {
		if l.What == "paper_infected" && strings.HasSuffix(l.Changes[0].Field, files[1].ID) {
			told++
		}
	}
	if err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
	w.Advance(31 * 24 * time.Hour)
	if _, err := w.SweepFiles(ctx); err != nil || filesOnDisk(t, w) != 2 {
		t.Errorf("%v, %d files", err, filesOnDisk(t, w))
	}
	verifyAll(t, w)
}

// The auditor finds a paper that was exchanged, and one that is gone.
func TestVerifyFindsExchangedPapers(t *testing.T) {
	w := storetest.New(t)
	applyWith(t, w, "a")
	verifyAll(t, w)
	w.Run("update files set received = '" + strings.Repeat("x", 32) + "' where paper = 'licence'")
	w.Run("delete from files where paper = 'other'")
	r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Now: w.Now(), Unseal: unsealer(w.Store)})
	if err != nil || len(r.Findings) != 2 || r.Findings[0].Part != "files" {
		t.Errorf("%v %v", r.Findings, err)
	}
}
