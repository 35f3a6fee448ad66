package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

var ours = &workflow.Person{Phone: "+86 138 0000 0000", Email: "Wang@example.com"}

// ask asks for a code and opens the letter that it is in; "" when none was owed.
func ask(t *testing.T, w *storetest.World, kind, value, key string) (token, code string) {
	t.Helper()
	ctx := context.Background()
	token, _ = w.NewToken("check", key, kind)
	before := w.Count("select coalesce(max(id), 0) from letters")
	until, err := w.AskCheck(ctx, store.Check{Kind: kind, Value: value, Language: "zh", Token: token})
	if err != nil || !until.Equal(w.Now().Add(10*time.Minute)) {
		t.Fatalf("until %s, %v", until, err)
	}
	id := w.Count("select coalesce(max(id), 0) from letters")
	if id == before {
		return token, ""
	}
	l, err := w.Letter(ctx, &store.Owed{No: int64(id), Topic: "letter"})
	if err != nil || !l.Until.Equal(until) || l.Phone+l.Email != value {
		t.Fatalf("%+v %v", l, err)
	}
	return token, l.Fields["code"]
}

// The whole way: a code is sent, entered, and stands for the number it was sent
// to, once, however that number is written.
func TestACheckStandsForItsContactOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		for kind, value := range map[string]string{"phone": "13800000000", "email": "wang@example.com"} {
			token, code := ask(t, w, kind, value, kind)
			if len(code) != 6 {
				t.Fatalf("code %q", code)
			}
			if _, err := w.TakeCheck(ctx, token, "a", ours); !errors.Is(err, store.ErrCheck) {
				t.Errorf("before it is confirmed: %v", err)
			}
			for range 2 { // and again
				if err := w.ConfirmCheck(ctx, token, code); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.TakeCheck(ctx, token, "a", &workflow.Person{Phone: "13900000000", Email: "li@example.com"}); !errors.Is(err, store.ErrCheck) {
				t.Errorf("of another number: %v", err)
			}
			for range 2 { // the same request, repeated
				if k, err := w.TakeCheck(ctx, token, "a", ours); err != nil || k.Method != kind || !k.At.Equal(w.Now()) {
					t.Errorf("%+v %v", k, err)
				}
			}
			if _, err := w.TakeCheck(ctx, token, "b", ours); !errors.Is(err, store.ErrCheck) {
				t.Errorf("used before: %v", err)
			}
			if err := w.GiveBackCheck(ctx, token, "a"); err != nil {
				t.Fatal(err)
			}
			w.Advance(25 * time.Hour)
			if _, err := w.TakeCheck(ctx, token, "b", ours); !errors.Is(err, store.ErrCheck) {
				t.Errorf("a day later: %v", err)
			}
		}
	})
}

// A code is good for its minutes and its attempts, many at once included, and for
// its own check alone.
func TestACodeCannotBeGuessed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		refused := func(what, token, code string) {
			t.Helper()
			if err := w.ConfirmCheck(ctx, token, code); !errors.Is(err, store.ErrCode) {
				t.Errorf("%s: %v", what, err)
			}
		}
		late, code := ask(t, w, "phone", "13800000001", "late")
		w.Advance(10 * time.Minute)
		refused("at the last instant", late, code)
		a, codeA := ask(t, w, "phone", "13800000002", "a")
		b, codeB := ask(t, w, "phone", "13800000003", "b")
		if codeA != codeB {
			refused("another's code", b, codeA)
		}
		refused("of nothing", "x", codeA)
		refused("of no check", late, "")
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() { _ = w.ConfirmCheck(ctx, a, fmt.Sprintf("x%d", i)) })
		}
		wg.Wait()
		refused("after too many", a, codeA)
		if n := w.Count("select max(attempts) from contact_checks"); n != 5 {
			t.Errorf("%d attempts were looked at", n)
		}
		if err := w.ConfirmCheck(ctx, b, codeB); err != nil {
			t.Errorf("the other one: %v", err)
		}
	})
}

// A number is sent one code a minute and five a day; who asks more gets the same
// answer, and a check that no code fits.
func TestANumberIsNotFlooded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		sent := 0
		for i := range 12 {
			token, code := ask(t, w, "phone", []string{"13800000000", "+86 13800000000"}[i%2], fmt.Sprint("n", i))
			if code != "" {
				sent++
			} else if err := w.ConfirmCheck(ctx, token, "000000"); !errors.Is(err, store.ErrCode) {
				t.Errorf("%v", err)
			}
			w.Advance(45 * time.Second)
		}
		if sent != 5 {
			t.Errorf("%d were sent", sent)
		}
		if _, code := ask(t, w, "phone", "13800000009", "other"); code == "" {
			t.Error("another number waits for this one")
		}
		w.Advance(24 * time.Hour)
		if _, code := ask(t, w, "phone", "13800000000", "tomorrow"); code == "" {
			t.Error("nothing on the next day")
		}
		token, _ := w.NewToken("check", "same", "phone")
		c := store.Check{Kind: "phone", Value: "13800000007", Language: "zh", Token: token}
		letters := w.Count("select count(*) from letters")
		for range 3 {
			if _, err := w.AskCheck(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.Count("select count(*) from letters"); n != letters+1 {
			t.Errorf("%d letters for one request", n-letters)
		}
		c.Value = "13800000008"
		var r *workflow.Refusal
		if _, err := w.AskCheck(ctx, c); !errors.As(err, &r) || r.Code != "key_reused" {
			t.Errorf("another number under the same key: %v", err)
		}
	})
}

// Checks that are over are erased.
func TestOldChecksAreErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ask(t, w, "phone", "13800000000", "old")
		w.Advance(47 * time.Hour)
		ask(t, w, "phone", "13800000001", "new")
		w.Advance(2 * time.Hour)
		if _, err := w.Retain(context.Background(), 0, 0); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("select count(*) from contact_checks"); n != 1 {
			t.Errorf("%d are left", n)
		}
	})
}
