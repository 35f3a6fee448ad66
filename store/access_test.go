package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// What is not there and what is not the caller's cost the same statements, so
// that time tells nobody which it was; the answer is the same error.
func TestTheSameWorkForAbsentAndForeign(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		give := func(number string) string {
			token, hash := w.NewToken("test", number, "")
			if _, err := w.GiveLink(ctx, store.Once{}, number, store.NewLink{Hash: hash, Recipient: "agent", Expires: w.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			return token
		}
		a, b := w.File(), w.File()
		mine, foreign := give(a), give(b)
		c := w.File()
		revoked := give(c)
		if err := w.RevokeLinks(ctx, c, "consumer"); err != nil {
			t.Fatal(err)
		}
		d := w.File()
		expired, hash := w.NewToken("test", d, "")
		if _, err := w.GiveLink(ctx, store.Once{}, d, store.NewLink{Hash: hash, Recipient: "agent", Expires: w.Now()}); err != nil {
			t.Fatal(err)
		}
		officer, err := w.AddUser(ctx, store.User{Name: "psb", Roles: []string{"officer"}, Unit: "psb"})
		if err != nil {
			t.Fatal(err)
		}
		const absent = "HT-2026-000777-3"
		var run []string
		w.Watch(func(query string) { run = append(run, query) })
		statements := func(token, number string, sees bool) []string {
			t.Helper()
			run = nil
			_, err := w.Admit(ctx, token, number)
			if sees && err != nil || !sees && !errors.Is(err, store.ErrNoLink) {
				t.Errorf("%q %s: %v", token, number, err)
			}
			return run
		}
		want := statements(mine, a, true)
		if len(want) != 1 {
			t.Errorf("%d statements", len(want))
		}
		for what, x := range map[string][2]string{"foreign": {foreign, a}, "expired": {expired, d}, "revoked": {revoked, c}, "unknown": {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", a},
			"no token": {"", a}, "short": {mine[:20], a}, "no base64": {"****", a}, "no case": {mine, absent}, "no number": {mine, "x"}} {
			if got := statements(x[0], x[1], false); !slices.Equal(got, want) {
				t.Errorf("%s: %v", what, got)
			}
		}
		want = statements(officer, absent, false)
		for _, number := range []string{a, "x", "HT-2026-000001-0"} {
			if got := statements(officer, number, false); !slices.Equal(got, want) {
				t.Errorf("an officer asks for %s: %v", number, got)
			}
		}
	})
}
