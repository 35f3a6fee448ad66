package jobs_test

import (
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/register"
)

// A link goes to an address that a member has registered and to nobody else; it
// opens a session once.
func TestALoginLinkGoesToARegisteredContactOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		box := &sink{}
		m, err := w.Apply(ctx, store.Once{}, store.By{Actor: "officer:zhang", Why: "window"}, store.Application{Details: register.Details{Name: "惠民超市"}, Terms: register.Terms{AnswerDays: 3},
			People: []store.NewPerson{{Role: "contact", Name: "李娜", Phone: "13900000001"}}})
		if err != nil {
			t.Fatal(err)
		}
		for key, phone := range map[string]string{"a": "139 0000 0001", "b": "13900000002"} {
			if err := w.AskLogin(ctx, key, phone, "", "en"); err != nil {
				t.Fatal(err)
			}
		}
		open(t, w, box.channel(), nil)
		until(t, "both are settled", func() bool {
			return w.Count("select count(*) from outbox where topic = 'login' and state = 'owed'") == 0
		})
		if n := w.Count("select count(*) from outbox where topic = 'login' and state = 'void' and error = 'not_registered'"); n != 1 {
			t.Errorf("%d are not registered", n)
		}
		box.mu.Lock()
		defer box.mu.Unlock()
		if len(box.all) != 1 {
			t.Fatalf("%+v", box.all)
		}
		_, token, _ := strings.Cut(box.all[0].Link, "#")
		all, err := w.Redeem(ctx, "k", token)
		if err != nil || len(all) != 1 || all[0].Member != m.ID {
			t.Fatalf("%+v %v", all, err)
		}
		if _, err := w.Redeem(ctx, "other", token); err != store.ErrNoLink {
			t.Errorf("a second time: %v", err)
		}
		c, err := w.AdmitMember(ctx, all[0].Token, "")
		if err != nil || c.Person.Name != "李娜" || c.Person.Reached == nil {
			t.Errorf("%+v %v", c.Person, err)
		}
		w.Advance(store.SessionTerm)
		if _, err := w.AdmitMember(ctx, all[0].Token, ""); err != store.ErrNoLink {
			t.Errorf("a session that is too old: %v", err)
		}
	})
}

// An unused link dies after fifteen minutes.
func TestALoginLinkDies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		if _, err := w.Apply(ctx, store.Once{}, store.By{Actor: "merchant"}, store.Application{Details: register.Details{Name: "惠民超市"}, Terms: register.Terms{AnswerDays: 3},
			People: []store.NewPerson{{Role: "contact", Name: "李娜", Email: "li@example.com"}}}); err != nil {
			t.Fatal(err)
		}
		box := &sink{}
		if err := w.AskLogin(ctx, "a", "", "li@example.com", "zh"); err != nil {
			t.Fatal(err)
		}
		open(t, w, box.channel(), nil)
		until(t, "it is sent", func() bool {
			return w.Count("select count(*) from outbox where topic = 'login' and state = 'done'") == 1
		})
		_, token, _ := strings.Cut(box.all[0].Link, "#")
		w.Advance(store.LoginTerm)
		if _, err := w.Redeem(ctx, "k", token); err != store.ErrNoLink {
			t.Errorf("%v", err)
		}
	})
}
