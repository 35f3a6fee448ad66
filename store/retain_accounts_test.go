package store_test

import (
	"errors"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// What somebody signed in with goes a while after its end, not a moment earlier,
// and nothing that still works; who changed what stays.
func TestOldSignInsGo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		u := withPassword(t, w, store.User{Name: "zhang", Roles: []string{"officer"}}) // its link is used
		if _, _, err := w.GivePassword(ctx, "cli", "zhang"); err != nil {              // ends in a day
			t.Fatal(err)
		}
		if _, err := w.OpenSession(ctx, u.ID, store.DeskSession{Way: "password"}, 12*time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := w.OpenHalf(ctx, u.ID, "password"); err != nil {
			t.Fatal(err)
		}
		away, err := w.SendAway(ctx, store.SentAway{State: "s"})
		if err != nil {
			t.Fatal(err)
		}
		for _, term := range []int{1, 365} {
			if _, err := w.AddToken(ctx, u.ID, store.UserToken{Name: "x", Scope: store.TokenReads, Expires: w.Now().AddDate(0, 0, term)}); err != nil {
				t.Fatal(err)
			}
		}
		changes := w.Count("select count(*) from user_changes")
		drop := func(want int64) {
			t.Helper()
			if n, err := w.RetainAccounts(ctx); n != want || err != nil {
				t.Errorf("%d rows, wanted %d: %v", n, want, err)
			}
		}
		drop(0)
		w.Advance(store.AwayTerm)
		drop(1) // away
		if _, err := w.ComeBack(ctx, away); !errors.Is(err, store.ErrNoLink) {
			t.Error(err)
		}
		w.Advance(store.AccountsKeep - store.AwayTerm - time.Microsecond)
		drop(0)
		w.Advance(time.Microsecond)
		drop(1) // the used link
		w.Advance(store.HalfTerm)
		drop(1)
		w.Advance(12*time.Hour - store.HalfTerm)
		drop(1)
		live, err := w.OpenSession(ctx, u.ID, store.DeskSession{Way: "password"}, 12*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		w.Advance(12 * time.Hour)
		drop(2) // the other link, a token
		if n := w.Count("select count(*) from user_tokens"); n != 1 {
			t.Errorf("%d tokens", n)
		}
		if _, err := w.AdmitSession(ctx, live, "", time.Hour); !errors.Is(err, store.ErrEnded) {
			t.Error("a session that has just ended is forgotten", err)
		}
		if n := w.Count("select count(*) from user_changes"); n != changes {
			t.Errorf("%d changes, were %d", n, changes)
		}
	})
}
