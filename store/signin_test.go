package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

const goodPassword = "correct horse battery"

// withPassword is a user who has set a password by a link.
func withPassword(t *testing.T, w *storetest.World, u store.User) store.User {
	t.Helper()
	if _, err := w.AddUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	link, _, err := w.GivePassword(ctx, "cli", u.Name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.SetPassword(ctx, link, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A link sets a password once and within its day; the newest alone works; what is
// refused uses it not up; setting one ends what is open.
func TestAPasswordIsSetOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		u := withPassword(t, w, store.User{Name: "张敏", Roles: []string{"officer"}})
		open, err := w.OpenSession(ctx, u.ID, store.DeskSession{Way: "password"}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		old, _, _ := w.GivePassword(ctx, "cli", u.Name)
		link, until, _ := w.GivePassword(ctx, "cli", u.Name)
		if !until.Equal(w.Now().Add(24 * time.Hour)) {
			t.Error(until)
		}
		for _, dead := range []string{old, "", strings.Repeat("A", 43)} {
			if _, err := w.SetPassword(ctx, dead, goodPassword); !errors.Is(err, store.ErrNoLink) {
				t.Errorf("%.8q: %v", dead, err)
			}
		}
		if _, err := w.SetPassword(ctx, link, "short"); !errors.Is(err, store.ErrShortPassword) {
			t.Error(err)
		}
		if _, err := w.AdmitSession(ctx, open, "", time.Hour); err != nil {
			t.Error(err)
		}
		if _, err := w.SetPassword(ctx, link, "another good phrase"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SetPassword(ctx, link, "another good phrase"); !errors.Is(err, store.ErrNoLink) {
			t.Error("a link sets twice", err)
		}
		if _, err := w.AdmitSession(ctx, open, "", time.Hour); !errors.Is(err, store.ErrEnded) {
			t.Error("a session outlives its password", err)
		}
		if _, err := w.CheckPassword(ctx, u.Name, goodPassword); !errors.Is(err, store.ErrNoUser) {
			t.Error("the old password", err)
		}
		if got, err := w.CheckPassword(ctx, u.Name, "another good phrase"); err != nil || got.ID != u.ID {
			t.Error(got, err)
		}
		late, _, _ := w.GivePassword(ctx, "cli", u.Name)
		w.Advance(24 * time.Hour)
		if _, err := w.SetPassword(ctx, late, goodPassword); !errors.Is(err, store.ErrNoLink) {
			t.Error("after its day", err)
		}
		if n := w.Count("select count(*) from user_changes where what in ('password', 'password_link')"); n != 6 {
			t.Errorf("%d changes are written down", n)
		}
		for _, secret := range []string{link, goodPassword} {
			if n := w.Count("select count(*) from user_logins where password like '%" + secret + "%'"); n != 0 {
				t.Error("a secret is kept as it is")
			}
		}
	})
}

// Whoever cannot sign in gets one answer, for one hash: a name that is unknown,
// disabled or without a password, and a wrong password.
func TestNoNameIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		withPassword(t, w, store.User{Name: "zhang", Roles: []string{"officer"}})
		withPassword(t, w, store.User{Name: "gone", Roles: []string{"officer"}})
		_, _ = w.AddUser(ctx, store.User{Name: "tokens", Roles: []string{"officer"}})
		if err := w.DisableUser(ctx, "cli", "gone"); err != nil {
			t.Fatal(err)
		}
		wrong := [][2]string{{"zhang", "wrong"}, {"zhang", ""}, {"nobody", goodPassword}, {"gone", goodPassword}, {"tokens", ""}, {"tokens", goodPassword}, {"", ""}, {"zhang' --", goodPassword}}
		for _, x := range wrong {
			if _, err := w.CheckPassword(ctx, x[0], x[1]); err == nil || err.Error() != store.ErrNoUser.Error() {
				t.Errorf("%q: %v", x, err)
			}
		}
		defer store.NoPlaceToHash()()
		for _, x := range append(wrong, [2]string{"zhang", goodPassword}) {
			brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			if _, err := w.CheckPassword(brief, x[0], x[1]); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%q is answered without a hash: %v", x, err)
			}
			cancel()
		}
	})
}

// A hash names its own cost: one of another cost opens, and is made anew.
func TestPasswordsAreMadeAnewAtTodaysCost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		restore := store.CheapPasswords()
		withPassword(t, w, store.User{Name: "zhang", Roles: []string{"officer"}})
		restore()
		phc := func() (out string) {
			if err := w.Pool().QueryRow("select password from user_logins").Scan(&out); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if !strings.HasPrefix(phc(), "$argon2id$v=19$m=64,t=1,p=1$") {
			t.Fatal(phc())
		}
		if _, err := w.CheckPassword(ctx, "zhang", "wrong"); err == nil || !strings.Contains(phc(), "m=64,") {
			t.Error("a wrong password makes it anew", err)
		}
		if _, err := w.CheckPassword(ctx, "zhang", goodPassword); err != nil || !strings.HasPrefix(phc(), "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Error(phc(), err)
		}
		if _, err := w.CheckPassword(ctx, "zhang", goodPassword); err != nil {
			t.Error("after that", err)
		}
	})
}

func TestWhichPasswordsAreTaken(t *testing.T) {
	w := storetest.New(t)
	if _, err := w.AddUser(ctx, store.User{Name: "zhangmin", Roles: []string{"officer"}}); err != nil {
		t.Fatal(err)
	}
	defer store.CheapPasswords()()
	for password, want := range map[string]error{
		"correct horse battery": nil, "一匹正确的马和电池吧": nil, "q8!x-Lm2#vZ": nil, "": store.ErrShortPassword, "123456789": store.ErrShortPassword, strings.Repeat("长", 201): store.ErrShortPassword,
		"1234567890": store.ErrPlainPassword, "zhangmin123": store.ErrPlainPassword, "aaaaaaaaaaaa": store.ErrPlainPassword, "qwertyuiop1": store.ErrPlainPassword, "Password1234": store.ErrPlainPassword,
		"ZhangMin zhangmin": store.ErrPlainPassword, "abababababab": store.ErrPlainPassword, "correct\x00horse battery": store.ErrPlainPassword,
	} {
		link, _, err := w.GivePassword(ctx, "cli", "zhangmin")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.SetPassword(ctx, link, password); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", password, err, want)
		}
	}
	link, _, _ := w.GivePassword(ctx, "cli", "zhangmin")
	if _, err := w.SetPassword(ctx, link, "ｃｏｒｒｅｃｔ　horse１２"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CheckPassword(ctx, "zhangmin", "correct horse12"); err != nil {
		t.Error("another keyboard writes the same otherwise", err)
	}
}

// A session ends when it is not used, when it is old, when it is ended and when
// its user is disabled, to the microsecond; roles are those of now.
func TestSessionsEndAndRolesAreOfNow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		u := withPassword(t, w, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "scjg"})
		const idle, term = time.Hour, 12 * time.Hour
		open := func() string {
			token, err := w.OpenSession(ctx, u.ID, store.DeskSession{Way: "password", Device: "Chrome", Place: "10.1.2.0/24"}, term)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		in := func(token string) error { _, err := w.AdmitSession(ctx, token, "", idle); return err }
		a := open()
		w.Advance(idle - time.Microsecond)
		if err := in(a); err != nil {
			t.Error("used in time", err)
		}
		w.Advance(idle)
		if err := in(a); !errors.Is(err, store.ErrEnded) {
			t.Error("not used for an hour", err)
		}
		b := open()
		for range 13 {
			w.Advance(55 * time.Minute)
			if err := in(b); err != nil {
				t.Fatal(err)
			}
		}
		w.Advance(5*time.Minute - time.Microsecond)
		if err := in(b); err != nil {
			t.Error("just before its end", err)
		}
		w.Advance(time.Microsecond)
		if err := in(b); !errors.Is(err, store.ErrEnded) {
			t.Error("twelve hours old", err)
		}
		c, d := open(), open()
		if c == d {
			t.Fatal("two sessions with one token")
		}
		all, err := w.DeskSessions(ctx, u.ID, idle)
		if err != nil || len(all) != 2 || all[0].Device != "Chrome" || all[0].Place != "10.1.2.0/24" {
			t.Fatal(all, err)
		}
		got, err := w.AdmitSession(ctx, c, "", idle)
		if err != nil || got.User.Roles[0] != "officer" || got.User.Unit != "scjg" {
			t.Fatal(got, err)
		}
		w.Run("update users set roles = 'mediator', unit = 'xx'")
		if got, err = w.AdmitSession(ctx, c, "", idle); err != nil || fmt.Sprint(got.User.Roles) != "[mediator]" || got.User.Unit != "xx" {
			t.Error("the roles of before", got.User, err)
		}
		if err := w.EndDeskSession(ctx, u.ID+1, got.Session.Ref); !errors.Is(err, store.ErrNoLink) {
			t.Error("another user ends it", err)
		}
		if err := w.EndDeskSession(ctx, u.ID, got.Session.Ref); err != nil || !errors.Is(in(c), store.ErrEnded) || in(d) != nil {
			t.Error(err, in(c), in(d))
		}
		e := open()
		if err := w.EndDeskSessions(ctx, u.ID, "holder"); err != nil || !errors.Is(in(d), store.ErrEnded) || !errors.Is(in(e), store.ErrEnded) {
			t.Error(err, in(d), in(e))
		}
		f := open()
		if err := w.DisableUser(ctx, "cli", "zhang"); err != nil || !errors.Is(in(f), store.ErrEnded) {
			t.Error(err, in(f))
		}
		for _, token := range []string{"", strings.Repeat("A", 43), "x"} {
			if err := in(token); !errors.Is(err, store.ErrNoLink) {
				t.Errorf("%q: %v", token, err)
			}
		}
		for _, token := range []string{a, b, f} {
			if n := w.Count("select count(*) from user_sessions where ref = '" + token + "'"); n != 0 {
				t.Error("a token is kept")
			}
		}
	})
}

// A session sees the cases that its user's token sees.
func TestASessionHasItsUsersScope(t *testing.T) {
	w := storetest.New(t)
	number := w.File()
	mine := withPassword(t, w, store.User{Name: "zhang", Roles: []string{"officer"}})
	other := withPassword(t, w, store.User{Name: "li", Roles: []string{"mediator"}, Unit: "xx"})
	for _, x := range []struct {
		user store.User
		want error
	}{{mine, nil}, {other, store.ErrNoLink}} {
		token, _ := w.OpenSession(ctx, x.user.ID, store.DeskSession{}, time.Hour)
		got, err := w.AdmitSession(ctx, token, number, time.Hour)
		if !errors.Is(err, x.want) || got.User == nil {
			t.Errorf("%s: %v", x.user.Name, err)
		}
		if _, err := w.AdmitSession(ctx, token, "HT-2026-999999-1", time.Hour); !errors.Is(err, store.ErrNoLink) {
			t.Error(err)
		}
	}
}

// What was typed opens for its writer alone, unaltered, for a day; a device proves
// one name.
func TestWhatABrowserKeepsForUs(t *testing.T) {
	w := storetest.New(t)
	box := w.SealForm(7, "打到一半的话")
	if text, ok := w.OpenForm(7, box); !ok || text != "打到一半的话" || strings.Contains(box, "打到") {
		t.Error(text, ok)
	}
	for _, bad := range []string{"", "x", box[:len(box)-2], "A" + box[1:]} {
		if _, ok := w.OpenForm(7, bad); ok && bad != box {
			t.Errorf("%q opens", bad)
		}
	}
	if _, ok := w.OpenForm(8, box); ok {
		t.Error("another user opens it")
	}
	w.Advance(24*time.Hour + time.Second)
	if _, ok := w.OpenForm(7, box); ok {
		t.Error("it opens after its day")
	}
	known := w.KnownDevice("zhang")
	if w.IsKnownDevice("zhang", known) == "" || w.IsKnownDevice("li", known) != "" || w.IsKnownDevice("zhang", known+"x") != "" || w.IsKnownDevice("zhang", "") != "" {
		t.Error("a device")
	}
}
