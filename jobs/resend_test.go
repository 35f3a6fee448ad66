package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
)

// again has a notice sent anew by an officer.
func again(w *storetest.World, number string, no int64) (store.Resent, error) {
	return w.Resend(ctx, store.Once{Scope: "test"}, number, no, "officer:li")
}

// links remembers the link of every message to a party.
type links struct {
	mu sync.Mutex
	of map[string][]string // by template
}

func (l *links) channel() channel.Channel {
	return channel.Channel{Name: "sms", Send: func(_ context.Context, m channel.Message) (channel.Sent, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, token, _ := strings.Cut(m.Link, "#")
		l.of[m.Template] = append(l.of[m.Template], token)
		return channel.Sent{Ref: m.ID}, nil
	}}
}

// A bounced link can be sent again, the old one dead, and so is what somebody who
// got it by mistake made of it; who had it sent, and when, is kept.
func TestABouncedLinkIsSentAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		l := &links{of: map[string][]string{}}
		number := w.File()
		o := open(t, w, channel.Channel{}, func(p *jobs.Post) { p.Channels = []channel.Channel{l.channel()} })
		settled(t, w)
		if _, err := again(w, number, 99); !errors.Is(err, store.ErrNoMessage) {
			t.Errorf("a notice that is not there: %v", err)
		}
		old := l.of["receipt"][0]
		who, err := w.Admit(ctx, old, number)
		if err != nil {
			t.Fatal(err)
		}
		token, hash := w.NewToken("test", "rotated", "consumer")
		if _, err := w.RotateLink(ctx, store.Once{Scope: "test"}, number, who.Link.ID, "", hash); err != nil {
			t.Fatal(err)
		}
		if err := o.Reported(ctx, channel.Report{Channel: "sms", Ref: number + "/1/notice", Code: "number_unknown", Lasting: true, At: w.Now()}); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("select count(*) from outbox where topic = 'notice' and no = 1 and state = 'failed'"); n != 1 {
			t.Fatal("it came back, and no person has it")
		}
		r, err := again(w, number, 1)
		if err != nil || r.Round != 1 || r.By != "officer:li" || !r.At.Equal(w.Now()) {
			t.Fatalf("%+v %v", r, err)
		}
		settled(t, w)
		all := l.of["receipt"]
		if len(all) != 2 || all[1] == old {
			t.Fatalf("%d links, or the old one again", len(all))
		}
		for what, dead := range map[string]string{"the old link": old, "what it was rotated into": token} {
			if _, err := w.Admit(ctx, dead, number); !errors.Is(err, store.ErrNoLink) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := w.Admit(ctx, all[1], number); err != nil {
			t.Errorf("the new link: %v", err)
		}
		facts, err := w.Notices(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		n := facts[0]
		if n.State != "told" || n.Round != 1 || len(n.Attempts) != 2 || n.Attempts[0].Outcome != store.Failed || n.Attempts[1].Round != 1 || n.Attempts[1].Outcome != store.Handed {
			t.Errorf("%+v", n)
		}
		if len(n.Resends) != 1 || n.Resends[0].By != "officer:li" || n.Resends[0].Round != 1 || !n.Resends[0].At.Equal(w.Now()) {
			t.Errorf("%+v", n.Resends)
		}
	})
}

// The report of an earlier sending says nothing of the new one: its bounce does
// not undo it, and it is sent once.
func TestALateBounceLeavesTheNewSendingAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		l := &links{of: map[string][]string{}}
		number := w.File()
		o := open(t, w, channel.Channel{}, func(p *jobs.Post) { p.Channels = []channel.Channel{l.channel()} })
		settled(t, w)
		if _, err := again(w, number, 1); err != nil { // told, and the consumer says that nothing came
			t.Fatal(err)
		}
		settled(t, w)
		if err := o.Reported(ctx, channel.Report{Channel: "sms", Ref: number + "/1/notice", Code: "number_unknown", Lasting: true, At: w.Now()}); err != nil {
			t.Fatal(err)
		}
		settled(t, w)
		if n := w.Count("select count(*) from outbox where topic = 'notice' and no = 1 and state = 'told' and round = 1"); n != 1 || len(l.of["receipt"]) != 2 {
			t.Errorf("told in the new round %d, sent %d times", n, len(l.of["receipt"]))
		}
	})
}

// Only what was tried and did not arrive is sent anew, once for a key.
func TestWhatIsNotSentAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		number := w.File()
		if _, err := again(w, number, 1); !errors.Is(err, store.ErrNoticeOnItsWay) {
			t.Errorf("owed: %v", err)
		}
		for state, want := range map[string]error{"told": nil, "failed": nil, "dead": nil, "delivered": store.ErrNoticeServed, "void": store.ErrNoticeOver} {
			w.Run("update outbox set state = '" + state + "', attempts = 9, error = 'x', held = 'n' where no = 1 and topic = 'notice'")
			before := w.Count("select round from outbox where no = 1 and topic = 'notice'")
			_, err := again(w, number, 1)
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", state, err)
			}
			after, anew := w.Count("select round from outbox where no = 1 and topic = 'notice'"), w.Count("select count(*) from outbox where no = 1 and topic = 'notice' and state = 'owed' and attempts = 0 and error = '' and held = ''")
			if want == nil && (after != before+1 || anew != 1) || want != nil && (after != before || anew != 0) {
				t.Errorf("%s: round %d, then %d; owed anew %d", state, before, after, anew)
			}
		}
		w.Run("update outbox set state = 'told' where no = 1 and topic = 'notice'")
		q := store.Once{Scope: "test", Key: "one"}
		first, err := w.Resend(ctx, q, number, 1, "officer:li")
		if err != nil {
			t.Fatal(err)
		}
		if second, err := w.Resend(ctx, q, number, 1, "officer:li"); err != nil || second != first {
			t.Errorf("asked again with the same key: %+v %v", second, err)
		}
		w.Run("delete from case_keys")
		w.Run("update outbox set state = 'told' where no = 1 and topic = 'notice'")
		if _, err := again(w, number, 1); !errors.Is(err, store.ErrErased) {
			t.Errorf("of an erased person: %v", err)
		}
		w.Run("delete from outbox")
		if facts, err := w.Notices(ctx, number); err != nil || len(facts) == 0 || facts[0].State != "owed" {
			t.Errorf("the log alone: %+v %v", facts, err)
		}
	})
}
