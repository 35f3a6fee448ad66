package channel

import (
	"bytes"
	"context"
	"errors"
	"io"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"fangxin/jobs/channel/channeltest"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
)

var (
	noon  = time.Date(2026, 5, 4, 4, 0, 0, 0, time.UTC)
	marks = NewMarks([]byte("a key of thirty-two bytes, for ever"))
	to    = Message{ID: "HT-2026-000123-8/3/notice", Number: "HT-2026-000123-8", Recipient: "merchant", Template: "invitation", Language: "zh",
		Subject: "请您处理一件投诉", Text: "您好：\n请打开链接 https://fx.example/c/HT-2026-000123-8#Sec_ret\n", Phone: "13812345678", Email: "boss@shop.example"}
)

func mailChannel(t *testing.T, url string, ca *channeltest.CA) Channel {
	t.Helper()
	m, err := ParseMail(url + "?ca=" + ca.File)
	if err != nil {
		t.Fatal(err)
	}
	m.From, m.Return, m.Marks, m.Now, m.Reports = "桓台县消费维权 <notice@fx.example>", "bounces@fx.example", marks, func() time.Time { return noon }, true
	c, err := m.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// code is how a failure is named, with ! when it is for good.
func code(err error) string {
	var f *Fault
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &f):
		return "no fault: " + err.Error()
	case f.Lasting:
		return f.Code + "!"
	}
	return f.Code
}

// A letter goes out over TLS in each way, asks for a report where the server
// offers one, says who it is each time in the same way, and is plain text.
func TestALetter(t *testing.T) {
	ca := channeltest.NewCA(t)
	for _, x := range []struct {
		mode string
		dsn  bool
	}{{"starttls", true}, {"implicit", true}, {"implicit", false}} {
		server := channeltest.NewMailServer(t, ca, x.mode, x.dsn)
		c := mailChannel(t, server.URL, ca)
		first, err := c.Send(t.Context(), to)
		second, err2 := c.Send(t.Context(), to)
		if err != nil || err2 != nil {
			t.Fatal(x, err, err2)
		}
		if first.Ref == "" || first != second {
			t.Errorf("%v: %v, then %v", x, first, second)
		}
		all := server.Letters()
		l := all[0]
		mark := marks.of(to)
		if l.From != "bounces+"+mark+"@fx.example" || l.To != to.Email {
			t.Errorf("%+v", l)
		}
		if x.dsn && (l.Envelope != mark || len(l.Notify) != 2 || l.Original != to.Email) || !x.dsn && len(l.Notify) > 0 {
			t.Errorf("%v: asked for %q %v %q", x, l.Envelope, l.Notify, l.Original)
		}
		m, err := mail.CreateReader(bytes.NewReader(l.Data))
		if err != nil {
			t.Fatal(err)
		}
		subject, _ := m.Header.Subject()
		id, _ := m.Header.MessageID()
		if subject != to.Subject || id != mark+"@fx.example" || m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("User-Agent")+m.Header.Get("X-Mailer") != "" {
			t.Errorf("%s %s %v", subject, id, m.Header)
		}
		p, err := m.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(p.Body); strings.ReplaceAll(string(text), "\r\n", "\n") != to.Text {
			t.Errorf("%q", text)
		}
		if again, _ := mail.CreateReader(bytes.NewReader(all[1].Data)); again.Header.Get("Message-Id") != m.Header.Get("Message-Id") {
			t.Error("a second letter cannot be told from the first")
		}
	}
}

// What goes to both parties has one id and two marks.
func TestEachRecipientHasAMark(t *testing.T) {
	other := to
	other.Recipient = "consumer"
	if marks.of(to) == marks.of(other) || marks.of(to) == NewMarks([]byte("another key")).of(to) {
		t.Error("one mark for two letters")
	}
}

// Every way in which a mail server fails, by the code that the fault bears: !
// is for good.
func TestAMailServerThatFails(t *testing.T) {
	ca := channeltest.NewCA(t)
	no := func(stage string, n int, e smtp.EnhancedCode) func(string, string) error {
		return func(at, address string) error {
			if at != stage {
				return nil
			}
			return &smtp.SMTPError{Code: n, EnhancedCode: e, Message: "<" + address + "> is not liked"}
		}
	}
	for want, say := range map[string]func(string, string) error{
		"smtp.550.5.1.1!": no("rcpt", 550, smtp.EnhancedCode{5, 1, 1}),
		"smtp.554.5.7.1!": no("data", 554, smtp.EnhancedCode{5, 7, 1}),
		"smtp.451.4.7.1":  no("rcpt", 451, smtp.EnhancedCode{4, 7, 1}),
		"smtp.452.4.2.2":  no("data", 452, smtp.EnhancedCode{4, 2, 2}),
		"smtp.553.5.1.8":  no("mail", 553, smtp.EnhancedCode{5, 1, 8}), // of us, not of them
		"smtp.535.5.7.8":  no("login", 535, smtp.EnhancedCode{5, 7, 8}),
	} {
		server := channeltest.NewMailServer(t, ca, "starttls", true)
		server.Say = say
		_, err := mailChannel(t, server.URL, ca).Send(t.Context(), to)
		if code(err) != want {
			t.Errorf("%s, not %s", code(err), want)
		}
		if strings.Contains(err.Error(), "shop.example") {
			t.Errorf("it names somebody: %v", err)
		}
	}
}

// A server that hangs, at whatever point, holds nobody longer than he said, and
// a hang passes.
func TestAMailServerThatHangs(t *testing.T) {
	ca := channeltest.NewCA(t)
	for _, stage := range []string{"login", "mail", "rcpt", "data", "taken"} {
		reached, over := make(chan struct{}), make(chan struct{})
		server := channeltest.NewMailServer(t, ca, "implicit", true)
		server.Say = func(at, _ string) error {
			if at == stage {
				close(reached)
				<-over // it answers when nobody waits any more
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-reached; cancel() }()
		if _, err := mailChannel(t, server.URL, ca).Send(ctx, to); code(err) != "mail.timeout" {
			t.Errorf("%s: %v", stage, err)
		}
		close(over)
	}
}

// Without the TLS that was asked for nothing is said, least of all the password.
func TestNoMailWithoutItsTLS(t *testing.T) {
	ca, other := channeltest.NewCA(t), channeltest.NewCA(t)
	none := channeltest.NewMailServer(t, ca, "none", true)
	none.Say = func(at, _ string) error { t.Error("it was told: " + at); return nil }
	tls := channeltest.NewMailServer(t, ca, "implicit", true)
	tls.Say = none.Say
	for _, x := range []struct {
		url string
		ca  *channeltest.CA
	}{{none.URL, ca}, {"smtps" + none.URL[len("smtp"):], ca}, {tls.URL, other}} {
		if _, err := mailChannel(t, x.url, x.ca).Send(t.Context(), to); code(err) != "mail.tls" {
			t.Errorf("%v", err)
		}
	}
	none.Say = nil
	m, err := ParseMail(none.URL + "?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	m.From, m.Marks, m.Now = "notice@fx.example", marks, func() time.Time { return noon }
	c, _ := m.Channel()
	if sent, err := c.Send(t.Context(), to); err != nil || sent.Ref != "" {
		t.Errorf("this machine's own: %v %v", sent, err)
	}
}

// Nothing that a subject, a name or an address holds becomes a header or a
// second recipient.
func TestNothingGetsIntoTheHeader(t *testing.T) {
	ca := channeltest.NewCA(t)
	server := channeltest.NewMailServer(t, ca, "implicit", true)
	c := mailChannel(t, server.URL, ca)
	m := to
	m.Subject = "a\r\nBcc: all@example.com\r\n\r\nHi\x00\u2028\u202eb"
	m.Text = ".\r\nQUIT\r\n"
	if _, err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got, err := netmail.ReadMessage(bytes.NewReader(server.Letters()[0].Data))
	if err != nil || len(got.Header["Bcc"]) > 0 {
		t.Errorf("%v %v", got.Header, err)
	}
	for _, address := range []string{"a@example.com, b@example.com", "A <a@example.com>", "a@example.com\r\nRCPT TO:<b@example.com>", "a b@example.com", "<a@example.com>", "nobody", "甲@example.com", `"a>"@example.com`, "a@example.com>", "@", ""} {
		m.Email = address
		if _, err := c.Send(t.Context(), m); code(err) != "mail.address!" {
			t.Errorf("%q: %v", address, err)
		}
	}
	if n := len(server.Letters()); n != 1 {
		t.Errorf("%d letters", n)
	}
}

// A wrong address of a server is refused, and its password is not repeated.
func TestAddressesOfServers(t *testing.T) {
	for _, url := range []string{"", "mail.example", "http://u:hush@h", "smtp://u:hush@", "smtp://u:hush@mail.example?tls=none", "smtps://u:hush@h?tls=none", "smtps://u:hu%sh@h", "smtp://u:hush@h?x=1", "smtps://u:hush@h?ca=/nowhere", "smtps://u:hush@h#x"} {
		if _, err := ParseMail(url); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", url, err)
		}
	}
	m, err := ParseMail("smtps://n%40x:h%2Fush@mail.example")
	if err != nil || m.Address != "mail.example:465" || m.User != "n@x" || m.Password != "h/ush" || m.TLS != "implicit" {
		t.Errorf("%+v %v", m, err)
	}
	if m, err = ParseMail("smtp://u:p@mail.example"); err != nil || m.Address != "mail.example:587" || m.TLS != "starttls" {
		t.Errorf("%+v %v", m, err)
	}
}
