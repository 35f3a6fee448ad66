package jobs_test

import (
	"bytes"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/jobs/channel/channeltest"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow/register"

	"github.com/emersion/go-message/mail"
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

// A link to log in with leads to the site, in a mail that a mail server took.
func TestALoginLinkHasTheSitesAddress(t *testing.T) {
	w, ca := storetest.New(t), channeltest.NewCA(t)
	server := channeltest.NewMailServer(t, ca, "starttls", false)
	settings, err := channel.ParseMail(server.URL + "?ca=" + ca.File)
	if err != nil {
		t.Fatal(err)
	}
	settings.From, settings.Return, settings.Marks, settings.Now = "notice@fx.example", "bounces@fx.example", channel.NewMarks(make([]byte, 32)), w.Now
	way, err := settings.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Apply(ctx, store.Once{}, store.By{Actor: "merchant"}, store.Application{Details: register.Details{Name: "惠民超市"}, Terms: register.Terms{AnswerDays: 3},
		People: []store.NewPerson{{Role: "contact", Name: "李娜", Email: "li@example.com"}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.AskLogin(ctx, "a", "", "li@example.com", "en"); err != nil {
		t.Fatal(err)
	}
	open(t, w, way, func(p *jobs.Post) { p.Site = "https://fangxin.example" })
	until(t, "it is sent", func() bool {
		return w.Count("select count(*) from outbox where topic = 'login' and state = 'done'") == 1
	})
	m, err := mail.CreateReader(bytes.NewReader(server.Letters()[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	part, err := m.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(part.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "https://fangxin.example/green#")
	token, _, _ := strings.Cut(rest, " ")
	if all, err := w.Redeem(ctx, "k", token); err != nil || len(all) != 1 {
		t.Errorf("%q opens nothing: %v", text, err)
	}
}
