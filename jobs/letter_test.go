package jobs_test

import (
	"sync/atomic"
	"testing"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
)

func owe(t *testing.T, w *storetest.World, cause, template string) {
	t.Helper()
	err := w.OweLetter(ctx, store.Letter{Cause: cause, Topic: "letter", Template: template, Language: "en", Recipient: "member", Email: "shop@example.com",
		Fields: map[string]string{"link": "/m#token", "minutes": "15"}, Until: w.Now().Add(15 * time.Minute)}, store.LetterRate{})
	if err != nil {
		t.Fatal(err)
	}
}

// A letter arrives once, in words, by the same post as notices; a channel that
// fails is tried again.
func TestALetterArrivesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		var asked atomic.Int64
		box := &sink{fail: func(channel.Message) error {
			if asked.Add(1) == 1 {
				return &channel.Fault{Code: "busy"}
			}
			return nil
		}}
		owe(t, w, "a", "member_login")
		open(t, w, box.channel(), nil)
		until(t, "the first attempt is over", func() bool {
			return w.Count("select count(*) from outbox where topic = 'letter' and error = 'busy' and held = ''") == 1
		})
		w.Advance(time.Minute)
		until(t, "the letter is done", func() bool {
			return w.Count("select count(*) from outbox where topic = 'letter' and state = 'done'") == 1
		})
		box.mu.Lock()
		defer box.mu.Unlock()
		if len(box.all) != 1 || box.all[0].Email != "shop@example.com" || box.all[0].Link != "/m#token" || box.all[0].Number != "letters" ||
			box.all[0].Text != "Fangxin: to log in to the green channel, open /m#token and confirm. It works once, for 15 minutes. Ignore this if you did not ask for it." {
			t.Errorf("%+v", box.all)
		}
	})
}

// A letter that comes too late is not sent; one without words is dead.
func TestALetterThatIsOfNoUseIsNotSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		box := &sink{}
		owe(t, w, "late", "member_login")
		w.Advance(15 * time.Minute)
		owe(t, w, "wordless", "no_such_template")
		open(t, w, box.channel(), nil)
		until(t, "both are settled", func() bool {
			return w.Count("select count(*) from outbox where topic = 'letter' and state = 'owed'") == 0
		})
		late := w.Count("select count(*) from outbox where state = 'void' and error = 'late'")
		dead := w.Count("select count(*) from outbox where state = 'dead' and error = 'unknown_template'")
		if late != 1 || dead != 1 || len(box.all) != 0 {
			t.Errorf("%d late, %d dead, %d sent", late, dead, len(box.all))
		}
	})
}
