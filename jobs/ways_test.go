package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
)

// carrier is a channel with a memory: what it took once under an id it drops the
// second time, answering with the same reference.
type carrier struct {
	name  string
	mail  bool
	post  *jobs.Post
	mu    sync.Mutex
	rnd   *rand.Rand
	taken map[string]string // id → reference
	told  map[string]int    // message and address → ids taken
	later []channel.Report
	modes []string // what it may do; empty: it takes everything
	pick  func(m channel.Message) string
}

func newCarrier(name string, seed uint64, modes ...string) *carrier {
	return &carrier{name: name, mail: name == "mail", rnd: rand.New(rand.NewPCG(seed, uint64(len(name)))), taken: map[string]string{}, told: map[string]int{}, modes: modes}
}

func (c *carrier) channel() channel.Channel {
	return channel.Channel{Name: c.name, Send: c.send, Reaches: func(m channel.Message) bool { return c.mail && m.Email != "" || !c.mail && m.Phone != "" }}
}

func (c *carrier) send(ctx context.Context, m channel.Message) (channel.Sent, error) {
	c.mu.Lock()
	mode := "take"
	if len(c.modes) > 0 {
		mode = c.modes[c.rnd.IntN(len(c.modes))]
	}
	if c.pick != nil {
		mode = c.pick(m)
	}
	ref, again := c.taken[m.ID]
	if !again {
		ref = fmt.Sprintf("%s-%d", c.name, len(c.taken))
	}
	report := func(delivered bool) channel.Report {
		return channel.Report{Channel: c.name, Ref: ref, Delivered: delivered, Code: "unknown_user", Lasting: true, At: c.post.Now()}
	}
	switch mode {
	case "refuse":
		c.mu.Unlock()
		return channel.Sent{}, &channel.Fault{Code: "number_unknown", Lasting: true}
	case "busy":
		c.mu.Unlock()
		return channel.Sent{}, &channel.Fault{Code: "busy"}
	case "hang":
		c.mu.Unlock()
		<-ctx.Done()
		return channel.Sent{}, ctx.Err()
	}
	if !again {
		c.taken[m.ID] = ref
		c.told[m.Number+m.Template+m.Phone+m.Email+fmt.Sprint(strings.Split(m.ID, "/")[1])]++
		switch mode {
		case "bounce":
			c.later = append(c.later, report(false))
		case "arrive":
			c.later = append(c.later, report(true))
		case "twice":
			c.later = append(c.later, report(true), report(true))
		case "both":
			c.later = append(c.later, report(true), report(false))
		}
	}
	c.mu.Unlock()
	switch mode {
	case "early":
		if err := c.post.Reported(ctx, report(true)); err != nil {
			return channel.Sent{}, err
		}
	case "early bounce":
		if err := c.post.Reported(ctx, report(false)); err != nil {
			return channel.Sent{}, err
		}
	case "lost": // it took the message, and its answer is lost
		return channel.Sent{}, errors.New("connection reset")
	}
	return channel.Sent{Ref: ref}, nil
}

// reports hands over what the carrier has to report, in any order, and again what
// was not taken: the timeouts of others close connections under it.
func (c *carrier) reports(t *testing.T) int {
	t.Helper()
	c.mu.Lock()
	all := c.later
	c.later = nil
	c.rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	c.mu.Unlock()
	for _, r := range all {
		if err := c.post.Reported(ctx, r); err != nil {
			t.Log(err)
			c.mu.Lock()
			c.later = append(c.later, r)
			c.mu.Unlock()
		}
	}
	return len(all)
}

// ripe counts the reports that should have been applied: a carrier that took a
// message, lost its answer and refuses the second time reports of nothing known.
const ripe = "select count(*) from channel_reports r where exists (select 1 from notice_attempts a where a.channel = r.channel and a.ref = r.ref)"

// carried opens a post with carriers and lets it work until nothing moves.
func carried(t *testing.T, w *storetest.World, url string, carriers ...*carrier) {
	t.Helper()
	var all []channel.Channel
	for _, c := range carriers {
		all = append(all, c.channel())
	}
	o := open(t, w, channel.Channel{}, func(p *jobs.Post) {
		p.Channels, p.Redis = all, url
		p.Limits.Timeout, p.Limits.Beat = 300*time.Millisecond, 20*time.Millisecond // a busy machine needs some of it for what does not hang
		for _, c := range carriers {
			c.post = p
		}
	})
	defer o.stop()
	until(t, "nothing moves any more", func() bool {
		n := 0
		for _, c := range carriers {
			n += c.reports(t)
		}
		w.Run("update outbox set next_at = at where state = 'owed' and held = ''")
		err := o.Ripe(ctx) // its next turn comes, as in the runner
		return err == nil && n == 0 && w.Count(owing) == 0 && w.Count(ripe) == 0
	})
}

// invited brings a case to where its merchant was invited.
func invited(t *testing.T, w *storetest.World) string {
	t.Helper()
	number := w.File()
	w.Do(number, "classify", "invite_settlement")
	return number
}

// Whatever the channels answer, in whatever order, every owed notice ends in one
// of three ways: served, told and waiting, or with a person; the log says of each
// way that failed that it did, once; and no channel that knows doubles got two.
func TestWhateverChannelsAnswer(t *testing.T) {
	modes := []string{"take", "refuse", "busy", "lost", "bounce", "arrive", "twice", "both", "early", "early bounce"}
	for _, driver := range []string{"process", "redis"} {
		t.Run(driver, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, w *storetest.World) {
				url := ""
				if driver == "redis" {
					url = startRedis(t).url
				}
				for range 12 {
					w.Do(w.File(), "request_correction")
				}
				for range 12 {
					invited(t, w)
				}
				seeds := [2]uint64{rand.Uint64(), rand.Uint64()}
				t.Log("seeds", seeds)
				sms, mail := newCarrier("sms", seeds[0], append(modes, "hang")...), newCarrier("mail", seeds[1], modes...)
				carried(t, w, url, sms, mail)
				kept(t, w)
				if n := w.Count("select count(*) from outbox where state not in ('delivered', 'told', 'failed', 'dead', 'void')"); n != 0 {
					t.Errorf("%d messages have no end", n)
				}
				if n := w.Count(ripe); n != 0 {
					t.Errorf("%d reports were not applied", n)
				}
				for _, c := range []*carrier{sms, mail} {
					for what, n := range c.told {
						if n > 1 {
							t.Errorf("%s took %s %d times", c.name, what, n)
						}
					}
				}
				consistent(t, w)
			})
		})
	}
}

// consistent holds what became of every notice against its attempts and the log.
func consistent(t *testing.T, w *storetest.World) {
	t.Helper()
	rows, err := w.Pool().Query("select case_id, no, state, template, recipient from outbox where topic = 'notice'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, no int64
		var state, template, recipient string
		if err := rows.Scan(&id, &no, &state, &template, &recipient); err != nil {
			t.Fatal(err)
		}
		tried, err := w.Attempts(ctx, &store.Owed{CaseID: id, No: no, Topic: "notice"})
		if err != nil {
			t.Fatal(err)
		}
		open, lost := 0, map[string]bool{}
		for _, a := range tried {
			if a.Outcome == store.Handed || a.Outcome == store.Delivered {
				open++
			}
			if a.Outcome == store.Failed && a.Lasting {
				lost[a.Channel] = true
			}
		}
		at := fmt.Sprintf("case %d notice %d (%s to %s) is %s: %+v", id, no, template, recipient, state, tried)
		switch {
		case state == "told" && open == 0:
			t.Errorf("told, and every way came back: %s", at)
		case state == "failed" && (open > 0 || len(lost) == 0):
			t.Errorf("with a person, and a way is open: %s", at)
		}
	}
}
