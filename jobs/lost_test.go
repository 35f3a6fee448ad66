package jobs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/store"
	"fangxin/store/storetest"
)

// A new link goes to the registered contact of the case that is named, however its
// number is written, and to nobody else; the earlier one goes on working. What an
// officer has ended stays ended.
func TestALostLinkGoesToTheRegisteredContactOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		box := &sink{}
		file := func(phone string) (string, string) {
			cmd := w.Filing()
			person := *cmd.Private.Person
			person.Phone = phone
			cmd.Private.Person = &person
			token, hash := w.NewToken("file", phone, "consumer")
			a, err := w.Execute(ctx, store.Request{Key: phone, Scope: "file", Command: cmd, Links: []store.NewLink{{Hash: hash, Role: "consumer", Actor: "consumer", Expires: w.Now().Add(1000 * time.Hour)}}})
			if err != nil {
				t.Fatal(err)
			}
			return a.Number, token
		}
		number, first := file("13900000001")
		ended, _ := file("13900000002")
		open(t, w, box.channel(), func(p *jobs.Post) { p.Site = "https://fangxin.example" })
		until(t, "the receipts are sent, with links of their own", func() bool {
			return w.Count("select count(*) from outbox where state = 'owed'") == 0
		})
		if err := w.RevokeLinks(ctx, ended, "consumer"); err != nil {
			t.Fatal(err)
		}
		report := strings.Replace(number, "HT-", "JB-", 1)
		for i, ask := range [][2]string{{number, "+86 139 0000 0001"}, {number, "13900000002"}, {ended, "13900000002"}, {ended, "13900000001"}, {report, "13900000001"}, {"HT-2026-999999-0", "13900000001"}} {
			if err := w.AskLost(ctx, fmt.Sprint(i), ask[0], ask[1], "", "zh"); err != nil {
				t.Fatal(err)
			}
		}
		until(t, "all are settled", func() bool {
			return w.Count("select count(*) from outbox where topic = 'lost' and state = 'owed'") == 0
		})
		if n := w.Count("select count(*) from outbox where topic = 'lost' and state = 'void' and error = 'not_registered'"); n != 5 {
			t.Errorf("%d are not registered", n)
		}
		box.mu.Lock()
		defer box.mu.Unlock()
		var links []string
		for _, m := range box.all {
			if m.Template == "lost_link" {
				links = append(links, m.Link)
				if strings.Count(m.Text, "https://fangxin.example/c/"+number+"#") != 1 || strings.Count(m.Text, "https://") != 1 {
					t.Errorf("the site is not there once: %s", m.Text)
				}
			}
		}
		path, token, _ := strings.Cut(strings.Join(links, " "), "#")
		if len(links) != 1 || path != "/c/"+number {
			t.Fatalf("%v", links)
		}
		if n := w.Count("select count(*) from links l where l.given_by = 'lost' and exists (select 1 from links o where o.case_id = l.case_id and o.expires_at = l.expires_at and o.hash <> l.hash)"); n != 1 {
			t.Error("it does not end with the one that it was made after")
		}
		for _, x := range []string{token, first} {
			who, err := w.Admit(ctx, x, number)
			if err != nil || who.Link == nil || !who.Link.Ended.IsZero() || who.Link.Actor != "consumer" || !who.Link.May("withdraw_before_acceptance") {
				t.Errorf("%+v %v", who.Link, err)
			}
		}
	})
}

// An address is sent five an hour, whatever number is asked for; the same request
// twice is one.
func TestAskingForALostLinkFloodsNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		for i := range 9 {
			for range 2 {
				if err := w.AskLost(ctx, fmt.Sprint(i), fmt.Sprint("HT-", i), "13900000001", "", "zh"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := w.Count("select count(*) from letters"); n != 5 {
			t.Errorf("%d letters", n)
		}
		w.Advance(time.Hour)
		if err := w.AskLost(ctx, "later", "HT-1", "13900000001", "", "zh"); err != nil || w.Count("select count(*) from letters") != 6 {
			t.Error(err)
		}
	})
}
