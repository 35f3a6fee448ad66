package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"fangxin/handlers"
	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"

	"github.com/google/uuid"
)

// reach is how the settings reach people.
type reach struct {
	channels []channel.Channel
	sms      *channel.SMS     // nil: no gateway
	mailbox  *channel.Mailbox // nil: nobody reads what comes back
}

// outside reads the settings of the channels; a wrong one is named.
func (s *Settings) outside(marks channel.Marks, now func() time.Time) (out reach, err error) {
	use := func(flag, env string, err error) error {
		return errUse{fmt.Errorf("%s (%s): %w", flag, env, err)}
	}
	if s.SMSURL != "" {
		if out.sms, err = channel.ParseSMS(s.SMSURL); err != nil {
			return out, use("sms-url", "FANGXIN_SMS_URL", err)
		}
		if out.sms.Key, err = channel.ParseSecret(s.SMSKey); err != nil {
			return out, use("sms-key", "FANGXIN_SMS_KEY", err)
		}
		out.sms.SignName, out.sms.Now, out.sms.Reports = s.SMSSign, now, true
		out.channels = append(out.channels, out.sms.Channel())
	}
	if s.BouncesURL != "" {
		if out.mailbox, err = channel.ParseMailbox(s.BouncesURL); err != nil {
			return out, use("bounces-url", "FANGXIN_BOUNCES_URL", err)
		}
		out.mailbox.Marks, out.mailbox.Now = marks, now
	}
	if s.MailURL == "" {
		return out, nil
	}
	mail, err := channel.ParseMail(s.MailURL)
	if err != nil {
		return out, use("mail-url", "FANGXIN_MAIL_URL", err)
	}
	mail.From, mail.Marks, mail.Now, mail.Reports = s.MailFrom, marks, now, out.mailbox != nil
	way, err := mail.Channel()
	if err != nil {
		return out, use("mail-from", "FANGXIN_MAIL_FROM", err)
	}
	out.channels = append(out.channels, way)
	return out, nil
}

// post delivers what is owed by the channels that the settings name, and by the
// console where they name none: on a screen nobody else is told.
func (g *Globals) post(e *engine, log *slog.Logger) (*jobs.Post, reach, error) {
	secret, _ := e.NewToken("mail.marks", "", "")
	out, err := g.outside(channel.NewMarks([]byte(secret)), g.clock)
	if err != nil {
		return nil, out, err
	}
	site, err := g.site()
	if err != nil {
		return nil, out, err
	}
	channels := out.channels
	if len(channels) == 0 {
		channels = []channel.Channel{channel.Console(g.Out, terminal(g.Out))}
	}
	if hub := e.law.Load().County().Hub; len(out.channels) > 0 && slices.Contains(e.law.Load().Unreachable(calendar.On(g.clock())), hub) {
		log.Warn("the hub has no mail in the county's file: offices whose people have no mailbox of their own are told nothing (fangxin policy check)", "hub", hub)
	}
	return &jobs.Post{Store: e.Store, Log: log, Now: g.clock, Node: uuid.NewString(), Channels: channels, Rules: func() workflow.Rules { return *e.law.Load() },
		Site: g.reached(site), Redis: g.RedisURL}, out, nil
}

// reached is where people reach the pages, before the paths of links.
func (g *Globals) reached(site handlers.Site) string { return cmp.Or(site.Address, "http://"+g.Listen) }

// texts is what messages say, for the API that edits it.
func (g *Globals) texts(e *engine, site handlers.Site) handlers.Texts {
	post := &jobs.Post{Now: g.clock, Rules: func() workflow.Rules { return *e.law.Load() }, Site: g.reached(site)}
	return handlers.Texts{Built: jobs.Texts(), Places: jobs.Places, Check: post.Check, Preview: post.Preview, Parts: jobs.Parts}
}

// gateway takes what the SMS gateway reports, on whichever node.
func gateway(post *jobs.Post, sms *channel.SMS) handlers.Gateway {
	if sms == nil {
		return handlers.Gateway{}
	}
	return handlers.Gateway{
		Prove: func(h http.Header, body []byte) bool { return sms.Key.Prove(h, body, sms.Now()) == nil },
		Take: func(ctx context.Context, r handlers.GatewayReport) (string, error) {
			report, wrong := channel.SMSReport{Ref: r.Ref, State: r.State, Code: r.Code, Lasting: r.Lasting, At: r.At}.Report(sms.Now())
			if wrong != "" {
				return wrong, nil
			}
			return "", post.Reported(ctx, report)
		}}
}

// ChannelsCmd is for who sets channels up.
type ChannelsCmd struct {
	Test ChannelsTest `cmd:"" help:"Send one test message and say what the other end answered."`
}

// ChannelsTest sends to an address of the operator's own.
type ChannelsTest struct {
	Mail string `placeholder:"ADDRESS" help:"By mail, to this address."`
	SMS  string `name:"sms" placeholder:"NUMBER" help:"By short message, to this number."`
}

// Run hands one message over; exit 1 when the other end does not take it.
func (c *ChannelsTest) Run(g *Globals) error {
	if (c.Mail == "") == (c.SMS == "") {
		return errUse{errors.New("channels test: --mail ADDRESS or --sms NUMBER, one of them")}
	}
	out, err := g.outside(channel.NewMarks(make([]byte, 32)), g.clock)
	if err != nil {
		return err
	}
	m := channel.Message{ID: "test/" + uuid.NewString(), Recipient: "operator", Template: "test", Language: "zh", Phone: c.SMS, Email: c.Mail,
		Subject: "放心：测试 / Fangxin: a test", Text: "这是一条测试消息，收到即表示渠道可用。 This is a test: the channel works."}
	for _, way := range out.channels {
		if !way.Reaches(m) {
			continue
		}
		ctx, cancel := context.WithTimeout(g.Context, time.Minute)
		defer cancel()
		if _, err := way.Send(ctx, m); err != nil {
			fmt.Fprintf(g.Out, "%s: not taken: %v\n", way.Name, err)
			return errFinding
		}
		fmt.Fprintf(g.Out, "%s: taken; that it arrives is for you to see\n", way.Name)
		return nil
	}
	return errUse{errors.New("channels test: that channel is not set up (FANGXIN_MAIL_URL, FANGXIN_SMS_URL)")}
}

// webhooks posts to machines, within what the settings allow.
func (g *Globals) webhooks() *channel.Webhooks {
	return channel.NewWebhooks(g.WebhookPrivate == "allow", nil, nil, g.clock)
}

// hooks is what the API asks of machines while somebody waits.
func (g *Globals) hooks() handlers.Hooks {
	to := g.webhooks()
	return handlers.Hooks{Check: to.Check, Test: func(ctx context.Context, w store.Webhook) string {
		h, err := jobs.TestHook(w, uuid.NewString(), g.clock())
		if err == nil {
			err = to.Send(ctx, h)
		}
		var fault *channel.Fault
		switch {
		case err == nil:
			return ""
		case errors.As(err, &fault):
			return fault.Code
		}
		return "error"
	}}
}
