package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// The codes are those of RFC 6238, appendix B: the last six of its eight digits.
func TestCodesAreTheStandards(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := store.CodeOf([]byte("12345678901234567890"), time.Unix(at, 0)); got != want {
			t.Errorf("%d: %s, want %s", at, got, want)
		}
	}
}

// A code works once, for one step to either side; a recovery code works once; new
// ones replace the old; the secret lies sealed.
func TestNoCodeWorksTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		u := withPassword(t, w, store.User{Name: "zhang", Roles: []string{"officer"}})
		secret := store.NewCodeSecret()
		code := func(d time.Duration) string { return store.CodeOf(secret, w.Now().Add(d)) }
		if err := w.CheckCode(ctx, u.ID, code(0)); !errors.Is(err, store.ErrWrongCode) {
			t.Error("without an authenticator", err)
		}
		if _, err := w.StartCode(ctx, &u, secret, "000000"); !errors.Is(err, store.ErrWrongCode) && code(0) != "000000" {
			t.Error(err)
		}
		recovery, err := w.StartCode(ctx, &u, secret, code(0))
		if err != nil || len(recovery) != store.RecoveryCodes {
			t.Fatal(recovery, err)
		}
		check := func(what, code string, want error) {
			t.Helper()
			if err := w.CheckCode(ctx, u.ID, code); !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		check("the code of the beginning again", code(0), store.ErrWrongCode)
		w.Advance(time.Minute)
		next := code(0)
		check("a space within", next[:3]+" "+next[3:], nil)
		check("again", next, store.ErrWrongCode)
		check("an earlier one", code(-30*time.Second), store.ErrWrongCode)
		check("the clock is a little fast", code(30*time.Second), nil)
		w.Advance(10 * time.Minute)
		check("two steps late", code(-time.Minute), store.ErrWrongCode)
		check("two steps early", code(time.Minute), store.ErrWrongCode)
		check("nothing", "", store.ErrWrongCode)
		check("a recovery code", strings.ToLower(recovery[0]), nil)
		check("a recovery code again", recovery[0], store.ErrWrongCode)
		if n, err := w.RecoveryLeft(ctx, u.ID); err != nil || n != store.RecoveryCodes-1 {
			t.Error(n, err)
		}
		other := withPassword(t, w, store.User{Name: "li", Roles: []string{"officer"}})
		if err := w.CheckCode(ctx, other.ID, recovery[1]); !errors.Is(err, store.ErrWrongCode) {
			t.Error("another user's code", err)
		}
		w.Advance(time.Minute)
		if _, err := w.StartCode(ctx, &u, secret, code(0)); err != nil {
			t.Fatal(err)
		}
		check("a recovery code of before", recovery[1], store.ErrWrongCode)
		if n := w.Count("select count(*) from user_recovery"); n != store.RecoveryCodes {
			t.Error(n)
		}
		var box []byte
		if err := w.Pool().QueryRow("select totp from user_logins where totp is not null").Scan(&box); err != nil || strings.Contains(string(box), string(secret)) {
			t.Error("the secret is not sealed", err)
		}
		if err := w.StopCodeOf(ctx, "cli", "zhang"); err != nil {
			t.Fatal(err)
		}
		w.Advance(time.Minute)
		check("out of use", code(0), store.ErrWrongCode)
	})
}

// What is between password and code opens nothing, and ends by itself.
func TestHalfASessionIsNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		u := withPassword(t, w, store.User{Name: "zhang", Roles: []string{"officer"}})
		half, _ := w.OpenHalf(ctx, u.ID, "password")
		if _, err := w.AdmitSession(ctx, half, "", time.Hour); !errors.Is(err, store.ErrEnded) {
			t.Error("half a session opens the desk", err)
		}
		if got, _, err := w.HalfSession(ctx, half); err != nil || got.ID != u.ID {
			t.Error(got, err)
		}
		whole, _ := w.OpenSession(ctx, u.ID, store.DeskSession{}, time.Hour)
		if _, _, err := w.HalfSession(ctx, whole); !errors.Is(err, store.ErrNoLink) {
			t.Error("a whole session is half a one", err)
		}
		w.Advance(store.HalfTerm)
		if _, _, err := w.HalfSession(ctx, half); !errors.Is(err, store.ErrNoLink) {
			t.Error("after five minutes", err)
		}
	})
}

// A token that a user made does what he may, or reads; it ends by itself, by him,
// and with him. The one that he was given stays.
func TestTokensOfOnesOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		first, err := w.AddUser(ctx, store.User{Name: "zhang", Roles: []string{"officer"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Admit(ctx, first, "")
		if err != nil || got.Reads {
			t.Fatal(err)
		}
		id := got.User.ID
		add := func(scope string) string {
			token, err := w.AddToken(ctx, id, store.UserToken{Name: "报表", Scope: scope, Expires: w.Now().Add(48 * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		read, write := add(store.TokenReads), add(store.TokenWrites)
		for token, reads := range map[string]bool{read: true, write: false, first: false} {
			if got, err := w.Admit(ctx, token, ""); err != nil || got.Reads != reads || got.User.Name != "zhang" {
				t.Error(got, err)
			}
		}
		all, err := w.UserTokens(ctx, id)
		if err != nil || len(all) != 2 || all[0].Used.IsZero() || all[0].Name != "报表" {
			t.Fatal(all, err)
		}
		if err := w.EndToken(ctx, id+1, all[0].Ref); !errors.Is(err, store.ErrNoLink) {
			t.Error("another user ends it", err)
		}
		for i, x := range all {
			if x.Scope == store.TokenWrites {
				if err := w.EndToken(ctx, id, all[i].Ref); err != nil {
					t.Error(err)
				}
			}
		}
		if got, err := w.Admit(ctx, write, ""); !errors.Is(err, store.ErrNoLink) || got.User != nil {
			t.Error("ended", err)
		}
		w.Advance(48 * time.Hour)
		if got, err := w.Admit(ctx, read, ""); !errors.Is(err, store.ErrNoLink) || got.User != nil {
			t.Error("too old", err)
		}
		last := add(store.TokenWrites)
		for range store.TokensMost - 1 {
			add(store.TokenReads)
		}
		if _, err := w.AddToken(ctx, id, store.UserToken{Name: "x", Scope: store.TokenReads, Expires: w.Now().Add(time.Hour)}); !errors.Is(err, store.ErrTooManyTokens) {
			t.Error(err)
		}
		if n := w.Count(fmt.Sprintf("select count(*) from user_tokens where ref = '%s' or name = '%s'", last, last)); n != 0 {
			t.Error("a token is kept")
		}
		_ = w.DisableUser(ctx, "cli", "zhang")
		for _, token := range []string{first, last} {
			if _, err := w.Admit(ctx, token, ""); !errors.Is(err, store.ErrNoLink) {
				t.Error("disabled", err)
			}
		}
	})
}
