package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
)

// A user's mailbox lies sealed, is found again under a new key, and goes when it
// is taken away; nobody else's is touched.
func TestAUsersMailboxIsSealed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		users(t, w, store.User{Name: "zhang", Roles: []string{"officer"}}, store.User{Name: "li", Roles: []string{"officer"}})
		if err := w.SetUserMail(ctx, "cli", "nobody", "a@b.example"); !errors.Is(err, store.ErrNoUser) {
			t.Errorf("of nobody: %v", err)
		}
		for name, mail := range map[string]string{"zhang": "old@county.example", "li": "li@county.example"} {
			if err := w.SetUserMail(ctx, "cli", name, mail); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.SetUserMail(ctx, "cli", "zhang", "zhang@county.example"); err != nil {
			t.Fatal(err)
		}
		if box := bytesOf(t, w, "select wrapped from user_mails where user_id = (select id from users where name = 'zhang')"); bytes.Contains(box, []byte("zhang")) {
			t.Error("it lies there in clear")
		}
		keys, err := store.ParseKeys("8PHy8/T19vf4+fr7/P3+/w8PDw8PDw8PDw8PDw8PDw8=," + storetest.Key)
		if err != nil {
			t.Fatal(err)
		}
		w.Cfg.Keys = keys
		_ = w.Close()
		w.Reopen()
		if n, err := w.Rewrap(ctx); err != nil || n != 2 {
			t.Errorf("%d wrapped anew, %v", n, err)
		}
		if mail, err := w.UserMail(ctx, "zhang"); err != nil || mail != "zhang@county.example" {
			t.Errorf("%q %v", mail, err)
		}
		if err := w.SetUserMail(ctx, "cli", "zhang", ""); err != nil {
			t.Fatal(err)
		}
		if mail, err := w.UserMail(ctx, "zhang"); err != nil || mail != "" {
			t.Errorf("%q %v", mail, err)
		}
		if mail, err := w.UserMail(ctx, "li"); err != nil || mail != "li@county.example" {
			t.Errorf("li: %q %v", mail, err)
		}
	})
}

// Every recipient that the outbox names at the authority has the addresses of who
// he is: of his own, his department, the hub, each once.
func TestWhereOfficesAreReached(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.County("{code: amr, ", "{code: amr, mail: amr@c.example, ", "{code: agri_rural, ", "{code: agri_rural, mail: agri@c.example, phone: \"13900000001\", ", "{code: agri, ", "{code: agri, mail: old@c.example, ", "{code: court, ", "{code: court, mail: court@c.example, ")
		users(t, w, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "agri_rural"}, store.User{Name: "li", Roles: []string{"coordinator"}})
		for name, mail := range map[string]string{"zhang": "zhang@c.example", "li": "amr@c.example"} {
			if err := w.SetUserMail(ctx, "cli", name, mail); err != nil {
				t.Fatal(err)
			}
		}
		number := w.File()
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		for recipient, want := range map[string]string{
			"unit:agri_rural":      "agri@c.example 13900000001 amr@c.example(unit:amr)",
			"unit:agri":            "agri@c.example(unit:agri_rural) 13900000001(unit:agri_rural) amr@c.example(unit:amr)",
			"unit_head:agri_rural": "agri@c.example(unit:agri_rural) 13900000001(unit:agri_rural) amr@c.example(unit:amr)",
			"unit:psb":             "amr@c.example(unit:amr)",
			"unit:amr":             "amr@c.example",
			"officer:zhang":        "zhang@c.example agri@c.example(unit:agri_rural) 13900000001(unit:agri_rural) amr@c.example(unit:amr)",
			"coordinator:li":       "amr@c.example",
			"officer:gone":         "amr@c.example(unit:amr)",
			"coordinator":          "amr@c.example(unit:amr)",
			"joint_conference":     "amr@c.example(unit:amr)",
			"court":                "court@c.example(unit:court) amr@c.example(unit:amr)",
			"mediator":             "amr@c.example(unit:amr)",
			"other_authority":      "amr@c.example(unit:amr)",
		} {
			all, err := w.OfficeAddresses(ctx, &store.Owed{CaseID: c.ID, Number: number, Recipient: recipient})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, a := range all {
				got += " " + a.Email + a.Phone
				if a.Office != "" {
					got += fmt.Sprintf("(%s)", a.Office)
				}
			}
			if got != " "+want {
				t.Errorf("%s:%s, wanted %s", recipient, got, want)
			}
		}
	})
}
