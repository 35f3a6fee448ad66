package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/jobs/channel/channeltest"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

// afar is a world whose messages leave by the settings' own channels.
type afar struct {
	*storetest.World
	t    *testing.T
	post *jobs.Post
	out  reach
}

func newAfar(t *testing.T, w *storetest.World, s *Settings) *afar {
	t.Helper()
	out, err := s.outside(channel.NewMarks([]byte("a key of thirty-two bytes, for ever")), w.Now)
	if err != nil {
		t.Fatal(err)
	}
	a := &afar{World: w, t: t, out: out, post: &jobs.Post{Store: w.Store, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: w.Now, Node: "n", Channels: out.channels, Rules: w.Law,
		Site: "https://fx.example", Limits: jobs.Limits{Poll: 5 * time.Millisecond}}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); a.post.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return a
}

// invited files a complaint against a merchant and invites it.
func (a *afar) invited(respondent workflow.Respondent) string {
	a.t.Helper()
	number := ""
	for _, event := range []string{"file_with_authority", "classify", "invite_settlement"} {
		cmd := a.Compose(number, event)
		if cmd.Private != nil && cmd.Private.Respondent != nil {
			p := *cmd.Private
			p.Respondent, cmd.Private = &respondent, &p
		}
		out, err := a.Execute(a.t.Context(), store.Request{Case: number, Command: cmd})
		if err != nil {
			a.t.Fatal(err)
		}
		number = out.Number
	}
	return number
}

func (a *afar) wait(what string, holds func() bool) {
	a.t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			a.t.Fatalf("waited in vain: %s; attempts %s", what, a.attempts())
		}
	}
}

// attempts are what was tried and what came of it.
func (a *afar) attempts() string {
	rows, err := a.Pool().Query("select o.recipient, o.template, o.state, o.error, coalesce(n.channel, ''), coalesce(n.outcome, ''), coalesce(n.code, '') from outbox o left join notice_attempts n on n.case_id = o.case_id and n.no = o.no and n.topic = o.topic")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = rows.Close() }()
	out := ""
	for rows.Next() {
		var x [7]string
		if err := rows.Scan(&x[0], &x[1], &x[2], &x[3], &x[4], &x[5], &x[6]); err != nil {
			return err.Error()
		}
		out += strings.Join(x[:], " ") + "; "
	}
	if rows.Err() != nil {
		return rows.Err().Error()
	}
	return out
}

// runs reports whether the clock against the merchant runs.
func (a *afar) runs(number string) bool {
	c, err := a.Case(a.t.Context(), number)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, k := range c.Clocks {
		if k.Code == "merchant_first_answer" {
			return k.State == workflow.Running
		}
	}
	return false
}

// An invitation goes out by mail; taken by the server it is told and starts
// nothing; the clock against the merchant starts with the delivery report.
func TestAnInvitationByMailStartsItsClockWhenItArrives(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ca := channeltest.NewCA(t)
		server, box := channeltest.NewMailServer(t, ca, "starttls", true), channeltest.NewMailbox(t, ca)
		a := newAfar(t, w, &Settings{MailURL: server.URL + "?ca=" + ca.File, MailFrom: "桓台消费维权 <notice@fx.example>", BouncesURL: box.URL + "?ca=" + ca.File})
		number := a.invited(workflow.Respondent{Name: "惠民超市", Address: "索镇街道1号", Email: "boss@shop.example"})
		var letter channeltest.Letter
		a.wait("the invitation", func() bool {
			for _, l := range server.Letters() {
				if l.To == "boss@shop.example" {
					letter = l
					return true
				}
			}
			return false
		})
		a.wait("told", func() bool { return a.Count("select count(*) from events where payload like '%notice_sent%'") > 0 })
		if a.runs(number) {
			t.Error("the clock runs before anything was delivered")
		}
		box.Put(t, channeltest.Report(letter, "delivered", "2.0.0"))
		for range 2 { // the second look finds nothing new
			if err := a.out.mailbox.Read(t.Context(), a.post.Reported); err != nil {
				t.Fatal(err)
			}
		}
		if !a.runs(number) {
			t.Error("delivered, and the clock does not run")
		}
	})
}

// A gateway may report before it answers the sending, twice, and to any node; who
// does not sign is not heard.
func TestAGatewayReportsBeforeItAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		api := httptest.NewUnstartedServer(nil)
		t.Cleanup(api.Close) // after the gateway's, which may be reporting still
		ca := channeltest.NewCA(t)
		g := channeltest.NewGateway(t, ca)
		a := newAfar(t, w, &Settings{SMSURL: g.URL + "?ca=" + ca.File, SMSKey: channeltest.GatewayKey, SMSSign: "桓台维权"})
		api.Config.Handler = (&handlers.Server{Store: w.Store, Rules: w.Law, Now: w.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Limits: handlers.Unlimited(), SMS: gateway(a.post, a.out.sms)}).Handler()
		api.Start()
		at := api.URL + "/api/v1/channels/sms/reports"
		send := func(r *http.Request) (int, string) {
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			return res.StatusCode, string(text)
		}
		g.Say = func(_ http.ResponseWriter, m channeltest.SMS) bool { // it reports before we know its reference
			body := `{"reports":[{"ref":"` + g.Take(m) + `","state":"delivered"},{"ref":"x y","state":"delivered"}]}`
			for i := range 2 {
				if status, text := send(g.SignReport(t, at, m.ID+string(rune('a'+i)), w.Now(), body)); status != http.StatusOK || !strings.Contains(text, `"taken":1`) || !strings.Contains(text, `"index":1,"field":"ref"`) {
					t.Errorf("%d %s", status, text)
				}
			}
			return false
		}
		number := a.invited(workflow.Respondent{Name: "惠民超市", Address: "索镇街道1号", Phone: "13900002222"})
		a.wait("the clock", func() bool { return a.runs(number) })
		for what, r := range map[string]func() *http.Request{
			"unsigned":     func() *http.Request { return unsigned(at) },
			"another time": func() *http.Request { return g.SignReport(t, at, "x", w.Now().Add(-6*time.Minute), `{"reports":[]}`) },
		} {
			if status, text := send(r()); status != http.StatusUnauthorized || !strings.Contains(text, "bad_signature") {
				t.Errorf("%s: %d %s", what, status, text)
			}
		}
	})
}

func unsigned(url string) *http.Request {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader([]byte(`{"reports":[]}`)))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

// A wrong setting of a channel is named and shows no secret.
func TestWrongChannelSettingsAreNamed(t *testing.T) {
	for want, s := range map[string]Settings{
		"FANGXIN_MAIL_URL":    {MailURL: "pop3://u:hush@h"},
		"FANGXIN_MAIL_FROM":   {MailURL: "smtps://u:hush@h"},
		"FANGXIN_BOUNCES_URL": {BouncesURL: "imap://u:hush@h"},
		"FANGXIN_SMS_URL":     {SMSURL: "http://gw.example/x"},
		"FANGXIN_SMS_KEY":     {SMSURL: "https://gw.example/x", SMSKey: "hush"},
	} {
		if _, err := s.outside(channel.Marks{}, time.Now); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
