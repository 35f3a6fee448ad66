package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/register"
)

// The answer to asking is the same for everybody; the letter tells only who is
// registered, its link opens once and for a quarter of an hour, and a session
// ends with its person.
func TestLoginByLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		m := enrol(t, w, huimin, "138 0000 0001")
		ask := func(key, phone string) (token string, registered bool) {
			t.Helper()
			if err := w.AskLogin(ctx, key, phone, "", "zh"); err != nil {
				t.Fatal(err)
			}
			lot := claim(t, w, "deadlines", "n", 10, true)
			if len(lot) != 1 {
				return "", false
			}
			l, err := w.Letter(ctx, &lot[0])
			if err != nil {
				t.Fatal(err)
			}
			token, registered, err = w.GiveLogin(ctx, &lot[0], &l)
			if err != nil {
				t.Fatal(err)
			}
			again, _, _ := w.GiveLogin(ctx, &lot[0], &l)
			if again != token {
				t.Error("a letter that is sent again has another link")
			}
			_ = w.EndLetter(ctx, &lot[0], "done", "")
			return token, registered
		}
		if _, registered := ask("k0", "13999999999"); registered {
			t.Error("a stranger is registered")
		}
		token, registered := ask("k1", "13800000001")
		if !registered {
			t.Fatal("not registered")
		}
		sessions, err := w.Redeem(ctx, "s1", token)
		if err != nil || len(sessions) != 1 || sessions[0].Member != m.ID || sessions[0].Name != "惠民超市" {
			t.Fatal(sessions, err)
		}
		if again, err := w.Redeem(ctx, "s1", token); err != nil || again[0] != sessions[0] {
			t.Error("the same request again is answered otherwise", again, err)
		}
		if _, err := w.Redeem(ctx, "s2", token); !errors.Is(err, store.ErrNoLink) {
			t.Error("the link opens twice", err)
		}
		caller, err := w.AdmitMember(ctx, sessions[0].Token, "")
		if err != nil || caller.Member.ID != m.ID || caller.Person.Name != "canary-0" || caller.Person.Reached == nil {
			t.Fatal(caller, err)
		}
		late, _ := ask("k2", "13800000001")
		w.Advance(15 * time.Minute)
		if _, err := w.Redeem(ctx, "s3", late); !errors.Is(err, store.ErrNoLink) {
			t.Error("a link opens after its time", err)
		}
		if _, err := w.AdmitMember(ctx, token, ""); !errors.Is(err, store.ErrNoLink) {
			t.Error("the link itself is a session", err)
		}
		if err := w.EndPerson(ctx, store.Once{Scope: "t"}, zhang, m.ID, caller.Person.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.AdmitMember(ctx, sessions[0].Token, ""); !errors.Is(err, store.ErrNoLink) {
			t.Error("a person who left is still logged in", err)
		}
		other := enrol(t, w, register.Details{Name: "绿源车行", Town: "370321001"}, "13800000003")
		token, _ = ask("k3", "13800000003")
		if _, err := w.Redeem(ctx, "s4", token); err != nil {
			t.Fatal(err)
		}
		decide(t, w, other.ID, store.Decision{What: "exit", Cause: "own_request"})
		if n := w.Count("select count(*) from member_sessions where ended_by = 'membership'"); n != 1 || w.Count("select count(*) from member_sessions where ended_at is null") != 0 {
			t.Errorf("%d sessions ended with their membership", n)
		}
		third := enrol(t, w, register.Details{Name: "金源家电", Town: "370321001"}, "13800000004")
		token, _ = ask("k4", "13800000004")
		open, err := w.Redeem(ctx, "s5", token)
		if err != nil {
			t.Fatal(err)
		}
		w.Advance(store.SessionTerm - time.Microsecond)
		if caller, err := w.AdmitMember(ctx, open[0].Token, ""); err != nil || caller.Member.ID != third.ID {
			t.Error("a session ends before its term", err)
		}
		w.Advance(time.Microsecond)
		if _, err := w.AdmitMember(ctx, open[0].Token, ""); !errors.Is(err, store.ErrNoLink) {
			t.Error("a session goes on after its term", err)
		}
		for i := range 9 {
			if err := w.AskLogin(ctx, fmt.Sprint("many", i), "13911111111", "", "zh"); err != nil {
				t.Error(err)
			}
		}
		if n := w.Count("select count(*) from letters where box is not null"); n > 5 {
			t.Errorf("%d letters to one address", n)
		}
		var hash []byte
		if err := w.Pool().QueryRow("select hash from member_sessions limit 1").Scan(&hash); err != nil || len(hash) != 32 || strings.Contains(string(hash), sessions[0].Token) {
			t.Error(len(hash), err)
		}
	})
}
