package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
)

// storm makes many duties of one officer overdue on the same days.
func storm(t *testing.T, w *storetest.World, cases int) {
	t.Helper()
	w.County(amrLine, amrMail, psbLine, psbMail)
	people(t, w, map[string]string{"zhang": "zhang@county.example"}, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "psb"})
	for range cases {
		assigned(t, w, "psb", "zhang")
	}
	overdue(t, w, 20)
}

// letters is a mail channel that keeps what it is given; fail says how one ends.
type letters struct {
	mu   sync.Mutex
	all  []channel.Message
	fail func(channel.Message) error
}

func (l *letters) channel() channel.Channel {
	return channel.Channel{Name: "mail", Reaches: func(m channel.Message) bool { return m.Email != "" }, Send: func(_ context.Context, m channel.Message) (channel.Sent, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = append(l.all, m)
		if l.fail != nil {
			return channel.Sent{}, l.fail(m)
		}
		return channel.Sent{Ref: m.ID}, nil
	}}
}

const (
	// untold counts what is neither told nor waits for a place.
	untold = "select count(*) from outbox where state = 'owed' and (error <> 'rate' or held <> '')"
	// toldTwice counts messages about clocks that more than one sending told, or none.
	toldTwice = `select count(*) from outbox o where state = 'done' and 1 <> (select count(*) from notice_attempts a
		where a.case_id = o.case_id and a.no = o.no and a.topic = o.topic and a.outcome = 'handed')`
)

// Hundreds of overdue duties of one office become a few messages, whichever of two
// nodes tells them: no more in an hour than the county says, every duty in one of
// them, none twice.
func TestAStormIsAFewMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		storm(t, w, 40)
		owed := w.Count(owing)
		if owed < 200 {
			t.Fatalf("%d messages are no storm", owed)
		}
		server, way := postOffice(t, w)
		open(t, w, way, lawful(w))
		open(t, w, way, lawful(w))
		hours := 0
		for ; w.Count(owing) > 0; hours++ {
			until(t, "each is told or waits for a place", func() bool { return w.Count(untold) == 0 })
			for to, n := range addressees(server) {
				if n > 5*(hours+1) {
					t.Fatalf("%s got %d messages within %d hours", to, n, hours+1)
				}
			}
			w.Advance(time.Hour)
		}
		if n := w.Count(toldTwice); n != 0 || w.Count("select count(*) from outbox where state = 'done' or state = 'void' and error = 'clock_ended'") != owed {
			t.Errorf("%d are not told once", n)
		}
		if all := len(server.Letters()); all*10 > owed {
			t.Errorf("%d letters for %d messages", all, owed)
		}
		text := ""
		for _, l := range server.Letters() {
			text += string(l.Data)
		}
		if !strings.Contains(text, "Subject:") || strings.Contains(text, "{") {
			t.Error("a letter in no words")
		}
	})
}

// A digest says of how many, and of each the day, what and number.
func TestWhatADigestSays(t *testing.T) {
	w := storetest.New(t)
	storm(t, w, 6)
	w.Run("update outbox set state = 'void' where recipient <> 'officer:zhang' or template <> 'escalation.accept_decision'")
	l := &letters{}
	open(t, w, channel.Channel{}, func(p *jobs.Post) { lawful(w)(p); p.Channels = []channel.Channel{l.channel()} })
	settled(t, w)
	if len(l.all) != 1 || l.all[0].Subject != "6件投诉的期限将满或已逾期" || l.all[0].Email != "zhang@county.example" || strings.Count(l.all[0].Text, "  逾期  HT-2026-") != 6 {
		t.Errorf("%+v", l.all)
	}
}

// A message that tells of many and breaks off is told again under the same name,
// and each of them ends once.
func TestADigestThatBreaksOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		storm(t, w, 8)
		w.Run("update outbox set state = 'void' where recipient <> 'officer:zhang' or template <> 'escalation.accept_decision'")
		l, broke := &letters{}, 0
		l.fail = func(channel.Message) error {
			if broke++; broke == 1 {
				return errors.New("the line is cut")
			}
			return nil
		}
		open(t, w, channel.Channel{}, func(p *jobs.Post) { lawful(w)(p); p.Channels = []channel.Channel{l.channel()} })
		until(t, "it rests", func() bool {
			return w.Count("select count(*) from outbox where state = 'owed' and held = '' and error = 'error'") == 8
		})
		w.Advance(time.Minute)
		settled(t, w)
		if len(l.all) != 2 || l.all[0].ID != l.all[1].ID || !strings.HasPrefix(l.all[0].ID, "digest/") {
			t.Errorf("%d sendings: %+v", len(l.all), l.all)
		}
		if n := w.Count(toldTwice); n != 0 || w.Count("select count(*) from notice_attempts where outcome = 'unknown'") != 8 {
			t.Errorf("%d are not told once", n)
		}
	})
}

// In quiet hours nothing goes; when they end, one message tells of all.
func TestADigestWaitsForTheMorning(t *testing.T) {
	w := storetest.New(t)
	storm(t, w, 8)
	w.County(amrLine, amrMail, psbLine, psbMail, "channels: [sms]}", "channels: [sms, mail]}")
	w.Run("update outbox set state = 'void' where recipient <> 'officer:zhang' or template <> 'escalation.accept_decision'")
	w.Set(w.Now().Truncate(24 * time.Hour).Add(14 * time.Hour)) // 22:00 in China
	l := &letters{}
	open(t, w, channel.Channel{}, func(p *jobs.Post) { lawful(w)(p); p.Channels = []channel.Channel{l.channel()} })
	until(t, "all wait", func() bool {
		return w.Count("select count(*) from outbox where state = 'owed' and error = 'quiet' and held = ''") == 8
	})
	if len(l.all) != 0 {
		t.Errorf("%d went in the night", len(l.all))
	}
	w.Advance(10 * time.Hour)
	settled(t, w)
	if len(l.all) != 1 {
		t.Errorf("%d messages in the morning", len(l.all))
	}
}

// Messages that come one by one are told one by one up to the county's measure;
// what comes beyond waits until the while is over, and goes as one.
func TestADripIsGathered(t *testing.T) {
	w := storetest.New(t)
	storm(t, w, 12)
	w.Run("update outbox set state = 'void' where recipient <> 'officer:zhang' or template <> 'escalation.accept_decision'")
	w.Run(fmt.Sprintf("update outbox set next_at = %d + 60000000 * (select count(*) from outbox p where p.state = 'owed' and p.case_id <= outbox.case_id) where state = 'owed'", w.Now().UnixMicro())) // a minute after the other
	l := &letters{}
	open(t, w, channel.Channel{}, func(p *jobs.Post) { lawful(w)(p); p.Channels = []channel.Channel{l.channel()} })
	for range 13 {
		until(t, "what is due is told or waits", func() bool {
			return w.Count("select count(*) from outbox where state = 'owed' and (next_at <= $1 or held <> '')", w.Now().UnixMicro()) == 0
		})
		w.Advance(time.Minute)
	}
	if n := w.Count("select count(*) from outbox where state = 'owed' and error = 'rate'"); len(l.all) != 5 || n != 7 {
		t.Errorf("%d went one by one, %d wait", len(l.all), n)
	}
	w.Advance(time.Hour)
	settled(t, w)
	if len(l.all) != 6 || w.Count(toldTwice) != 0 {
		t.Errorf("%d sendings", len(l.all))
	}
}

// One that would miss its own last day takes all with it at once, though the
// address has been sent as much as it may be.
func TestADigestThatIsPressing(t *testing.T) {
	w := storetest.New(t)
	w.County(amrLine, amrMail, psbLine, psbMail, "digest: {more_than: 5,", "digest: {more_than: 1,")
	people(t, w, map[string]string{"zhang": "zhang@county.example"}, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "psb"})
	var numbers []string
	for range 4 {
		numbers = append(numbers, w.File())
	}
	c, err := w.Case(ctx, numbers[0])
	if err != nil || c.ClockNo(1) == nil || c.ClockNo(1).LateFrom.IsZero() {
		t.Fatal(err)
	}
	w.Run("update outbox set topic = 'reminder.last.authority', template = 'reminder.accept_decision', recipient = 'officer:zhang', queue = 'bulk', no = 1")
	w.Set(c.ClockNo(1).LateFrom.Add(-30 * time.Minute))
	later := w.Now().Add(time.Minute).UnixMicro()
	w.Run(fmt.Sprintf("update outbox set next_at = %d where 2 < (select count(*) from outbox p where p.case_id <= outbox.case_id)", later))
	l := &letters{}
	open(t, w, channel.Channel{}, func(p *jobs.Post) { lawful(w)(p); p.Channels = []channel.Channel{l.channel()} })
	until(t, "two are told", func() bool { return w.Count("select count(*) from outbox where state = 'done'") == 2 })
	w.Advance(time.Minute)
	until(t, "the others are told or wait", func() bool {
		return w.Count("select count(*) from outbox where state = 'done' or state = 'owed' and error = 'rate' and held = ''") == 4
	})
	if n := w.Count(owing); n != 0 || len(l.all) != 2 {
		t.Errorf("%d wait for a place beyond their last day, %d sendings", n, len(l.all))
	}
}
