package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func statusOf(err error) int {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status
	}
	return http.StatusOK
}

// A budget never gives more than its burst and what came back since, and says
// exactly how long to wait.
func TestABudgetHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
		r := Rate{time.Duration(rapid.IntRange(1, 5000).Draw(t, "every")) * time.Millisecond, rapid.IntRange(1, 20).Draw(t, "burst")}
		l := NewLimits(func() time.Time { return now })
		began, given := now, 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			wait, _ := l.spend(context.Background(), "k", r, false)
			if wait == 0 {
				given++
			}
			if most := float64(r.Burst) + float64(now.Sub(began))/float64(r.Every); float64(given) > most+1e-6 {
				t.Fatalf("%d given, %f at most", given, most)
			}
			if wait > 0 {
				now = now.Add(wait + time.Microsecond)
				if again, _ := l.spend(context.Background(), "k", r, false); again > 0 {
					t.Fatalf("told to wait %s, then %s more", wait, again)
				}
				given++
			}
		}
	})
}

// However many addresses come, memory is bounded, and one that keeps coming is
// not forgotten.
func TestBudgetsAreBoundedInMemory(t *testing.T) {
	now := time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
	b := buckets{most: 100}
	r := Rate{time.Hour, 3}
	given := 0
	for i := range 10_000 {
		if b.take("persistent", r, now) == 0 {
			given++
		}
		b.take(fmt.Sprint(i), r, now)
		if n := len(b.young) + len(b.old); n > 200 {
			t.Fatalf("%d keys", n)
		}
	}
	if given != 3 {
		t.Errorf("%d given to one that keeps coming", given)
	}
}

// E2, T8: each budget refuses alone, and the answer says when to come back.
func TestBudgetsOfAddressCallerAndCase(t *testing.T) {
	now := time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
	l := NewLimits(func() time.Time { return now })
	ctx := context.Background()
	for i := range limits[Intake].Address.Burst {
		if err := l.arrive(ctx, Intake, netip.MustParseAddr("203.0.113.9")); err != nil {
			t.Fatal(i, err)
		}
	}
	err := l.arrive(ctx, Intake, netip.MustParseAddr("203.0.113.9"))
	var p *Problem
	if !errors.As(err, &p) || p.Status != 429 || p.retryAfter() != "1" {
		t.Errorf("%v", err)
	}
	if err := l.arrive(ctx, Intake, netip.MustParseAddr("203.0.113.10")); err != nil {
		t.Error("another address waits for this one")
	}
	if err := l.arrive(ctx, Reading, netip.MustParseAddr("203.0.113.9")); err != nil {
		t.Error("who files much may not read")
	}
	for i := range limits[Writing].Case.Burst {
		if err := l.admit(ctx, Writing, fmt.Sprintf("u/%d", i), "HT-2026-000001-1"); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := l.admit(ctx, Writing, "u/9999", "ht-2026-000001-1"); statusOf(err) != 429 {
		t.Errorf("a case that everybody writes to: %v", err)
	}
	if err := l.admit(ctx, Writing, "u/9999", "HT-2026-000002-9"); err != nil {
		t.Error(err)
	}
	for range limits[Listing].Caller.Burst {
		_ = l.admit(ctx, Listing, "u/1", "")
	}
	if err := l.admit(ctx, Listing, "u/1", ""); statusOf(err) != 429 {
		t.Errorf("one caller: %v", err)
	}
	now = now.Add(limits[Listing].Caller.Every)
	if err := l.admit(ctx, Listing, "u/1", ""); err != nil {
		t.Errorf("after waiting: %v", err)
	}
}

// T8: wrong tokens are counted by address, by case and in all; only addresses
// that guessed themselves are kept waiting for others' guesses.
func TestGuessing(t *testing.T) {
	now := time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
	ctx := context.Background()
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}) }
	t.Run("one address", func(t *testing.T) {
		l := NewLimits(func() time.Time { return now })
		for i := range wrongByAddress.Burst {
			if err := l.guess(addr(1), fmt.Sprint(i)); err != nil {
				t.Fatal(i, err)
			}
			l.wrong(ctx, addr(1), fmt.Sprint(i))
		}
		if err := l.guess(addr(1), "x"); statusOf(err) != 429 {
			t.Error(err)
		}
		if err := l.guess(addr(2), "x"); err != nil {
			t.Error(err)
		}
	})
	t.Run("one case from many addresses", func(t *testing.T) {
		l := NewLimits(func() time.Time { return now })
		for i := range wrongByCase.Burst {
			l.wrong(ctx, addr(i), "HT-1")
		}
		if err := l.guess(addr(3), "HT-1"); statusOf(err) != 429 {
			t.Errorf("a guesser goes on: %v", err)
		}
		if err := l.guess(addr(3), "HT-2"); err != nil {
			t.Errorf("another case: %v", err)
		}
		if err := l.guess(addr(9999), "HT-1"); err != nil {
			t.Errorf("the party of that case is locked out: %v", err)
		}
	})
	t.Run("all cases from many addresses", func(t *testing.T) {
		l := NewLimits(func() time.Time { return now })
		for i := range wrongByAll.Burst {
			l.wrong(ctx, addr(i), fmt.Sprint("HT-", i))
		}
		if err := l.guess(addr(3), "HT-9999"); statusOf(err) != 429 {
			t.Errorf("a guesser goes on: %v", err)
		}
		if err := l.guess(addr(9999), "HT-9999"); err != nil {
			t.Errorf("somebody who never guessed is locked out: %v", err)
		}
	})
}
