package jobs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store/storetest"
)

// noPlace counts what waits for a place in the rate.
const noPlace = "select count(*) from outbox where state = 'owed' and error = 'rate' and held = ''"

// Two nodes with all their workers send an address no more than its hour and its
// day have room for; what waits goes when there is room, each once, and none is
// lost. What a deadline hangs on does not wait.
func TestAnAddressIsSentNoMoreThanItsRate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.County("sms: {hour: 6, day: 20}", "sms: {hour: 3, day: 5}")
		for range 9 {
			w.File() // a receipt each, to one telephone
		}
		sms := newCarrier("sms", 1)
		post := func(p *jobs.Post) { p.Channels, p.Rules, sms.post = []channel.Channel{sms.channel()}, w.Law, p }
		open(t, w, channel.Channel{}, post)
		open(t, w, channel.Channel{}, post)
		start := w.Now()
		for i, x := range []struct {
			after         time.Duration
			sent, waiting int
		}{{0, 3, 6}, {time.Hour, 5, 5}, {24 * time.Hour, 8, 2}, {25 * time.Hour, 10, 0}} {
			w.Set(start.Add(x.after))
			until(t, fmt.Sprint(x.waiting, " wait"), func() bool { return w.Count(noPlace) == x.waiting && w.Count(owing) == x.waiting })
			if n := len(sms.taken); n != x.sent {
				t.Fatalf("after %s: %d are sent, wanted %d", x.after, n, x.sent)
			}
			if i == 0 { // a deadline hangs on it
				w.Do(strings.Split(sms.one(), "/")[0], "request_correction")
				until(t, "the correction is sent", func() bool {
					return w.Count("select count(*) from outbox where template = 'correction' and state = 'told'") == 1
				})
			}
		}
		for what, n := range sms.told {
			if n != 1 {
				t.Errorf("%s: %d times", what, n)
			}
		}
		kept(t, w)
	})
}

// one is the id of a message that the carrier took.
func (c *carrier) one() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.taken {
		return id
	}
	return ""
}

// What did not arrive takes nobody's place, and old places are forgotten.
func TestAFailureTakesNoPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.County("sms: {hour: 6, day: 20}", "sms: {hour: 1, day: 1}")
		w.File()
		sms, fails := newCarrier("sms", 1), 2
		sms.pick = func(channel.Message) string {
			if fails--; fails >= 0 {
				return "busy"
			}
			return "take"
		}
		open(t, w, channel.Channel{}, func(p *jobs.Post) { p.Channels, p.Rules, sms.post = []channel.Channel{sms.channel()}, w.Law, p })
		for i := range 2 {
			until(t, "it rests after a failure", func() bool {
				return w.Count("select count(*) from outbox where state = 'owed' and error = 'busy' and held = '' and attempts = $1", i+1) == 1
			})
			w.Advance(time.Minute)
		}
		settled(t, w)
		if n := w.Count("select count(*) from sendings"); n != 1 || len(sms.taken) != 1 {
			t.Errorf("%d places, %d sent", n, len(sms.taken))
		}
		w.Advance(26 * time.Hour)
		if _, err := w.Retain(ctx, 0, 0); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("select count(*) from sendings"); n != 0 {
			t.Errorf("%d places are kept", n)
		}
	})
}
