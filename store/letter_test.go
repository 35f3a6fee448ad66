package store_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

func aLetter(w *storetest.World, cause string) store.Letter {
	return store.Letter{Cause: cause, Topic: "letter", Template: "member_login", Language: "zh", Recipient: "member", Phone: "138 0000 0001",
		Fields: map[string]string{"link": "/m#canary"}, Until: w.Now().Add(15 * time.Minute)}
}

// A letter is owed once for its cause, is claimed like a notice, and is erased
// when it is done.
func TestALetterIsOwedOnceAndErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		for range 2 {
			if err := w.OweLetter(ctx, aLetter(w, "login/1"), store.LetterRate{}); err != nil {
				t.Fatal(err)
			}
		}
		lot := claim(t, w, "deadlines", "n", 10, true)
		if len(lot) != 1 || lot[0].Number != "letters" || lot[0].Recipient != "member" || lot[0].Template != "member_login" {
			t.Fatalf("%+v", lot)
		}
		if o, err := w.Holding(ctx, lot[0].ID(), lot[0].Fence); err != nil || o.ID() != lot[0].ID() {
			t.Fatal(o, err)
		}
		l, err := w.Letter(ctx, &lot[0])
		if err != nil || l.Phone != "138 0000 0001" || l.Fields["link"] != "/m#canary" || l.Language != "zh" || !l.Until.Equal(w.Now().Add(15*time.Minute)) {
			t.Fatalf("%+v %v", l, err)
		}
		if err := w.EndLetter(ctx, &lot[0], "done", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Letter(ctx, &lot[0]); !errors.Is(err, store.ErrErased) {
			t.Error(err)
		}
		if n := w.Count("select count(*) from letters where box is not null or wrapped is not null"); n != 0 {
			t.Errorf("%d letters can still be read", n)
		}
	})
}

// A dead letter is listed, revived by its id and, once it is of no use, erased.
func TestADeadLetterIsRevivedAndInTheEndErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		if err := w.OweLetter(ctx, aLetter(w, "a"), store.LetterRate{}); err != nil {
			t.Fatal(err)
		}
		lot := claim(t, w, "deadlines", "n", 10, true)
		if err := w.Settle(ctx, &lot[0], "dead", "refused"); err != nil {
			t.Fatal(err)
		}
		dead, err := w.Messages(ctx, "dead", 10)
		if err != nil || len(dead) != 1 {
			t.Fatal(dead, err)
		}
		if n, err := w.Revive(ctx, dead[0].ID()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		w.Advance(15 * time.Minute)
		if _, err := w.Retain(ctx, 0, 0); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("select count(*) from letters where box is not null"); n != 0 {
			t.Errorf("%d letters are kept beyond their use", n)
		}
	})
}

// Many who ask at once for one address get as many letters as its rate allows;
// another spelling of a number is the same number.
func TestAnAddressIsSentNoMoreThanItsRate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		rate := store.LetterRate{Most: 3, Within: time.Hour}
		var refused atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				l := aLetter(w, string(rune('a'+i)))
				if i%2 == 0 {
					l.Phone = "13800000001"
				}
				err := w.OweLetter(ctx, l, rate)
				switch {
				case errors.Is(err, store.ErrTooManyLetters):
					refused.Add(1)
				case err != nil:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := w.Count("select count(*) from letters"); n != 3 || refused.Load() != 5 {
			t.Errorf("%d letters, %d refused", n, refused.Load())
		}
		other := aLetter(w, "other")
		other.Phone, other.Email = "", "li@example.com"
		if err := w.OweLetter(ctx, other, rate); err != nil {
			t.Error(err)
		}
		w.Advance(time.Hour)
		if err := w.OweLetter(ctx, aLetter(w, "later"), rate); err != nil {
			t.Error(err)
		}
	})
}

// Address and words of a letter lie in no column in clear, and new keys wrap what
// is still to be sent.
func TestALettersWordsAreSealed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		if err := w.OweLetter(ctx, aLetter(w, "a"), store.LetterRate{}); err != nil {
			t.Fatal(err)
		}
		var box, mac []byte
		if err := w.Pool().QueryRow("select box, mac from letters").Scan(&box, &mac); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"canary", "0000 0001", "13800000001"} {
			if bytes.Contains(box, []byte(secret)) || bytes.Contains(mac, []byte(secret)) {
				t.Errorf("%q can be read", secret)
			}
		}
		more, err := store.ParseKeys("BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=," + storetest.Key)
		if err != nil {
			t.Fatal(err)
		}
		w.Cfg.Keys = more
		_ = w.Close()
		w.Reopen()
		if n, err := w.Rewrap(ctx); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		lot := claim(t, w, "deadlines", "n", 10, true)
		if l, err := w.Letter(ctx, &lot[0]); err != nil || l.Phone == "" {
			t.Errorf("%+v %v", l, err)
		}
	})
}
