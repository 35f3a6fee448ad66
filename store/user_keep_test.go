package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/policy"
)

// What somebody is changes at once, and each change says who, what, from what to
// what; a user who was out comes back with nothing that worked before.
func TestKeepingUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		link, until, err := w.Enrol(ctx, "boss", store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "amr"})
		if err != nil || !until.Equal(w.Now().Add(store.PasswordTerm)) {
			t.Fatal(until, err)
		}
		if _, _, err := w.Enrol(ctx, "boss", store.User{Name: "zhang", Roles: []string{"hub"}}); !errors.Is(err, store.ErrTaken) {
			t.Error("twice", err)
		}
		if _, err := w.SetPassword(ctx, link, goodPassword); err != nil {
			t.Fatal(err)
		}
		was, err := w.UserNamed(ctx, "zhang")
		if err != nil {
			t.Fatal(err)
		}
		session, err := w.OpenSession(ctx, was.ID, store.DeskSession{Way: "password"}, 12*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		now := was
		now.Roles, now.Town, now.Unit = []string{"hub", "supervisor"}, "370321001", ""
		if err := w.ChangeUser(ctx, "boss", was, now); err != nil {
			t.Fatal(err)
		}
		who, err := w.AdmitSession(ctx, session, "", time.Hour)
		if err != nil || !slices.Equal(who.User.Roles, now.Roles) || who.User.Unit != "" || who.User.Town != "370321001" {
			t.Errorf("%+v %v", who.User, err)
		}
		if err := w.ChangeUser(ctx, "other", was, now); !errors.Is(err, store.ErrChanged) {
			t.Error("from what he is no more", err)
		}
		if err := w.ChangeUser(ctx, "boss", now, store.User{Roles: []string{"auditor", "hub"}}); !errors.Is(err, store.ErrAlone) {
			t.Error("an auditor who writes", err)
		}
		token, err := w.AddToken(ctx, was.ID, store.UserToken{Name: "x", Scope: store.TokenWrites, Expires: w.Now().AddDate(1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		unused, _, err := w.GivePassword(ctx, "boss", "zhang")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.DisableUser(ctx, "boss", "zhang"); err != nil {
			t.Fatal(err)
		}
		if err := w.DisableUser(ctx, "boss", "zhang"); !errors.Is(err, store.ErrNoUser) {
			t.Error("twice", err)
		}
		for _, again := range []bool{false, true} {
			if again {
				if err := w.EnableUser(ctx, "boss", "zhang"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.AdmitSession(ctx, session, "", time.Hour); !errors.Is(err, store.ErrEnded) {
				t.Error("a session", again, err)
			}
			if who, err := w.Admit(ctx, token, ""); err == nil {
				t.Error("a token", again, who.User)
			}
			if _, err := w.SetPassword(ctx, unused, goodPassword); !errors.Is(err, store.ErrNoLink) {
				t.Error("a link", again, err)
			}
			if _, err := w.CheckPassword(ctx, "zhang", goodPassword); (err == nil) != again {
				t.Error("the password", again, err)
			}
		}
		session, err = w.OpenSession(ctx, was.ID, store.DeskSession{Way: "password"}, 12*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.EndSessionsOf(ctx, "boss", "zhang"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.AdmitSession(ctx, session, "", time.Hour); !errors.Is(err, store.ErrEnded) {
			t.Error("goes on", err)
		}
		_, err = w.AddUser(ctx, store.User{Name: "li", Roles: []string{"officer"}})
		if err != nil {
			t.Fatal(err)
		}
		day := w.Now().Truncate(24 * time.Hour)
		away, err := w.SayAbsent(ctx, store.Once{Scope: "t"}, store.Absence{Name: "zhang", Deputy: "li", From: day, To: day.AddDate(0, 0, 3), By: "boss"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.EndAbsence(ctx, store.Once{Scope: "t"}, "boss", away.ID, "zhang"); err != nil {
			t.Fatal(err)
		}
		if err := w.SetUserMail(ctx, "boss", "zhang", "a@b.example"); err != nil {
			t.Fatal(err)
		}
		var said []string
		list, err := w.UserChanges(ctx, was.ID, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range slices.Backward(list) {
			if c.By != "boss" && c.What != "password" || !c.At.Equal(w.Now()) {
				t.Errorf("%+v", c)
			}
			said = append(said, c.What+"|"+c.Was+"|"+c.Now)
		}
		dates := away.From.Add(8*time.Hour).Format(time.DateOnly) + " " + away.To.Add(8*time.Hour).Format(time.DateOnly) + " li"
		want := []string{"added||officer amr", "password||", "roles|officer|hub,supervisor", "unit|amr|", "town||370321001", "password_link||", "disabled||", "enabled||", "sessions||", "absence||" + dates, "back|" + dates + "|", "mail||"}
		if !slices.Equal(said, want) {
			t.Errorf("%q, wanted %q", said, want)
		}
	})
}

func TestWhatAUserMustBe(t *testing.T) {
	county := policy.Default().County()
	for name, x := range map[string]struct {
		u    store.User
		want []store.UserFault
	}{
		"an officer":             {store.User{Name: "张敏", Roles: []string{"officer"}, Unit: "amr"}, nil},
		"nobody":                 {store.User{}, []store.UserFault{{Field: "name", Why: "name"}, {Field: "roles", Why: "needed"}}},
		"a king":                 {store.User{Name: "x", Roles: []string{"king"}}, []store.UserFault{{Field: "roles", Why: "unknown"}}},
		"an auditor who writes":  {store.User{Name: "x", Roles: []string{"auditor", "hub"}}, []store.UserFault{{Field: "roles", Why: "alone"}}},
		"nowhere":                {store.User{Name: "x", Roles: []string{"officer"}, Unit: "moon"}, []store.UserFault{{Field: "unit", Why: "unknown"}}},
		"a unit without one":     {store.User{Name: "x", Roles: []string{"unit"}}, []store.UserFault{{Field: "unit", Why: "needed"}}},
		"a mediator":             {store.User{Name: "x", Roles: []string{"mediator"}, Unit: "消费者协会"}, nil},
		"a mediator of nothing":  {store.User{Name: "x", Roles: []string{"mediator"}}, []store.UserFault{{Field: "unit", Why: "needed"}}},
		"a town without one":     {store.User{Name: "x", Roles: []string{"town"}}, []store.UserFault{{Field: "town", Why: "needed"}}},
		"the shell":              {store.User{Name: "cli", Roles: []string{"officer"}}, []store.UserFault{{Field: "name", Why: "name"}}},
		"a name with a bar":      {store.User{Name: "a|b", Roles: []string{"officer"}}, []store.UserFault{{Field: "name", Why: "name"}}},
		"a name with two lines":  {store.User{Name: "a\nb", Roles: []string{"officer"}}, []store.UserFault{{Field: "name", Why: "name"}}},
		"a name with a space":    {store.User{Name: "a ", Roles: []string{"officer"}}, []store.UserFault{{Field: "name", Why: "name"}}},
		"a name nobody can read": {store.User{Name: "a\u202eb", Roles: []string{"officer"}}, []store.UserFault{{Field: "name", Why: "name"}}},
	} {
		if got := x.u.Faults(county.Departments); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
