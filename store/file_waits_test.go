package store_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

func choose(t testing.TB, w *storetest.World, in store.NewFile, data []byte) store.File {
	t.Helper()
	in.Name, in.Seen, in.Waits, in.Body = canary, store.SeenByBoth, true, bytes.NewReader(data)
	f, err := w.TakeFile(ctx, store.Once{}, in)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The same bytes chosen again for the same form are one file, at once or one after
// the other; once it was removed, or the form was sent, they are a new one.
func TestChosenTwiceIsOneFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		other := choose(t, w, store.NewFile{Draft: secret("another")}, photo(t, 9, 9))
		var wg sync.WaitGroup
		ids := make([]string, 4)
		for i := range ids {
			wg.Go(func() { ids[i] = choose(t, w, store.NewFile{Draft: secret("form")}, photo(t, 9, 9)).ID })
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] || id == other.ID {
				t.Errorf("%v and %s", ids, other.ID)
			}
		}
		if n := w.Count("select count(*) from files"); n != 2 {
			t.Errorf("%d files", n)
		}
		if err := w.RemoveDraftFile(ctx, secret("form"), ids[0]); err != nil {
			t.Fatal(err)
		}
		again := choose(t, w, store.NewFile{Draft: secret("form")}, photo(t, 9, 9))
		if again.ID == ids[0] {
			t.Error("removed and there")
		}
		fileWith(t, w, "form")
		if late := choose(t, w, store.NewFile{Draft: secret("form")}, photo(t, 9, 9)); late.ID == again.ID || late.CaseID != 0 {
			t.Errorf("%+v", late)
		}
	})
}

// What waits for an act of a case waits as long as a draft and fills the case's room.
func TestWaitingForAnAct(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		upload(t, w, "filing", "1", pdf(1))
		number := fileWith(t, w, "filing")
		most := w.FileLimits().Count
		for n := range most - 1 {
			if f := choose(t, w, store.NewFile{Draft: secret("act"), Case: number}, pdf(100+n)); f.Expires.Sub(w.Now()) < 29*24*time.Hour {
				t.Fatal(f.Expires)
			}
		}
		_, err := w.TakeFile(ctx, store.Once{}, store.NewFile{Draft: secret("act"), Case: number, Waits: true, Seen: store.SeenByBoth, Body: bytes.NewReader(pdf(9))})
		var refused *store.FileRefusal
		if !errors.As(err, &refused) || refused.Code != "many_files" {
			t.Error(err)
		}
	})
}

// Files that came in without a link that works are gone on with under one that does.
func TestAdopting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		f := choose(t, w, store.NewFile{Draft: secret("stranger")}, pdf(1))
		if err := w.AdoptFiles(ctx, secret("stranger"), secret("party")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.DraftFiles(ctx, secret("stranger")); !errors.Is(err, store.ErrNoWaiting) {
			t.Error(err)
		}
		if all, err := w.DraftFiles(ctx, secret("party")); err != nil || len(all) != 1 || all[0].ID != f.ID || all[0].Name != canary {
			t.Errorf("%v %v", all, err)
		}
	})
}

// What came with a report of performance stays with it, named there or not; what
// came as evidence is its sender's to take back.
func TestProofStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := fileWithNothing(t, w)
		w.Do(number, "classify", "invite_settlement", "delivered", "answer_with_offer", "accept_offer")
		for name, stays := range map[string]bool{"add_evidence": false, "report_performance": true} {
			first := choose(t, w, store.NewFile{Draft: secret(name), Case: number}, pdf(1))
			second := choose(t, w, store.NewFile{Draft: secret(name), Case: number}, pdf(2))
			in := map[bool]workflow.Input{true: {Proof: first.ID}, false: {Paper: first.ID}}[stays]
			if _, err := w.Execute(ctx, store.Request{Case: number, Draft: secret(name), Command: workflow.Command{Event: name, Actor: workflow.Actor{Role: "merchant", ID: "merchant"}, Input: in}}); err != nil {
				t.Fatal(err)
			}
			all, err := w.Files(ctx, number)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range all {
				if f.ID != first.ID && f.ID != second.ID {
					continue
				}
				if err := w.RemoveFile(ctx, f); errors.Is(err, store.ErrFileCited) != stays || !stays && err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}

func fileWithNothing(t testing.TB, w *storetest.World) string {
	t.Helper()
	a, err := w.Execute(ctx, store.Request{Command: w.Filing()})
	if err != nil {
		t.Fatal(err)
	}
	return a.Number
}
