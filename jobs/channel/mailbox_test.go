package channel

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fangxin/jobs/channel/channeltest"

	"github.com/emersion/go-imap/v2"
)

func mailbox(t *testing.T, ca *channeltest.CA, at *channeltest.Mailbox) *Mailbox {
	t.Helper()
	b, err := ParseMailbox(at.URL + "?ca=" + ca.File)
	if err != nil {
		t.Fatal(err)
	}
	b.Marks, b.Now = marks, func() time.Time { return noon }
	return b
}

// reported reads the mailbox once and gives what it reported, and the mails of
// each kind.
func reported(t *testing.T, b *Mailbox) (all []Report) {
	t.Helper()
	if err := b.Read(t.Context(), func(_ context.Context, r Report) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// What each kind of mail means, sent and answered by real servers. Delivered is
// only what the mail system says is delivered.
func TestWhatComesBack(t *testing.T) {
	ca := channeltest.NewCA(t)
	server := channeltest.NewMailServer(t, ca, "implicit", true)
	sent, err := mailChannel(t, server.URL, ca).Send(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	l := server.Letters()[0]
	failed := func(code string, lasting bool) *Report {
		return &Report{Channel: "mail", Ref: sent.Ref, Code: code, Lasting: lasting, At: noon}
	}
	delivered := &Report{Channel: "mail", Ref: sent.Ref, Delivered: true, At: noon}
	bare := l // only what came back with it says which it was
	bare.From, bare.Envelope = "postmaster@fx.example", ""
	stripped := l // a system that writes capitals and sends no head back
	stripped.Envelope, stripped.Data = "", []byte("Subject: x\r\n\r\n")
	stripped.From = strings.ToUpper(l.From)
	envelope := l
	envelope.From, envelope.Data = "postmaster@fx.example", []byte("Subject: x\r\n\r\n")
	foreign := l
	foreign.From, foreign.Envelope, foreign.Data = "bounces+"+strings.Repeat("a", 32)+"@fx.example", strings.Repeat("b", 32), []byte("Message-ID: <"+strings.Repeat("c", 32)+"@fx.example>\r\n\r\n")
	altered := l
	altered.From, altered.Envelope, altered.Data = "postmaster@fx.example", marks.of(to)[:31]+"2", nil
	for name, x := range map[string]struct {
		text, kind string
		want       *Report
	}{
		"delivered":       {channeltest.Report(l, "delivered", "2.0.0"), bounceReport, delivered},
		"no such user":    {channeltest.Report(l, "failed", "5.1.1"), bounceReport, failed("bounce.5.1.1", true)},
		"given up":        {channeltest.Report(l, "failed", "4.4.7"), bounceReport, failed("bounce.4.4.7", false)},
		"no status":       {channeltest.Report(l, "failed", "13812345678"), bounceReport, failed("bounce.5.0.0", true)},
		"with a comment":  {channeltest.Report(l, "Failed (really)", "5.2.2 (full)"), bounceReport, failed("bounce.5.2.2", true)},
		"delayed":         {channeltest.Report(l, "delayed", "4.4.1"), bounceWaits, nil},
		"relayed":         {channeltest.Report(l, "relayed", "2.0.0"), bounceWaits, nil},
		"expanded":        {channeltest.Report(l, "expanded", "2.0.0"), bounceWaits, nil},
		"unheard of":      {channeltest.Report(l, "pondered", "2.0.0"), bounceWaits, nil},
		"by the letter":   {channeltest.Report(bare, "delivered", "2.0.0"), bounceReport, delivered},
		"by the sender":   {channeltest.Report(stripped, "delivered", "2.0.0"), bounceReport, delivered},
		"by the envelope": {channeltest.Report(envelope, "delivered", "2.0.0"), bounceReport, delivered},
		"forged":          {channeltest.Report(foreign, "delivered", "2.0.0"), bounceForged, nil},
		"altered":         {channeltest.Report(altered, "delivered", "2.0.0"), bounceForged, nil},
		"on holiday":      {"From: boss@shop.example\nTo: " + l.From + "\nSubject: away\nAuto-Submitted: auto-replied\n\nI am away.\n", bounceReply, nil},
		"older holiday":   {"From: boss@shop.example\nTo: " + l.From + "\nPrecedence: auto_reply\n\nI am away.\n", bounceReply, nil},
		"a person":        {"From: boss@shop.example\nTo: " + l.From + "\nSubject: Re\n\nWho are you?\n", bounceOther, nil},
		"a read receipt":  {"From: a@b.c\nContent-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x\nContent-Type: message/disposition-notification\n\nOriginal-Message-ID: <" + marks.of(to) + "@fx.example>\nDisposition: manual-action; displayed\n\n--x--\n", bounceOther, nil},
		"no parts":        {"From: a@b.c\nContent-Type: multipart/report; report-type=delivery-status\n\n", bounceOther, nil},
		"no mail":         {"\x00\xff", bounceOther, nil},
	} {
		kind, got := marks.read(strings.NewReader(strings.ReplaceAll(x.text, "\n", "\r\n")), noon)
		if kind != x.kind || x.want == nil && got != (Report{}) || x.want != nil && got != *x.want {
			t.Errorf("%s: %s %+v", name, kind, got)
		}
	}
}

// One of a shared address's people has it: that is enough; a mail that was cut
// off in the middle says what it still says.
func TestSeveralRecipientsAndHalfAMail(t *testing.T) {
	l := channeltest.Letter{From: "bounces+" + marks.of(to) + "@fx.example", To: to.Email}
	text := channeltest.Report(l, "failed", "5.1.1")
	both := strings.Replace(text, "\nFinal-Recipient", "\nFinal-Recipient: rfc822; x@y.z\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient", 1)
	if kind, r := marks.read(strings.NewReader(both), noon); kind != bounceReport || !r.Delivered || r.Code != "" {
		t.Errorf("%s %+v", kind, r)
	}
	half := text[:strings.Index(text, "Diagnostic-Code")]
	if kind, r := marks.read(strings.NewReader(half), noon); kind != bounceReport || r.Code != "bounce.5.1.1" {
		t.Errorf("%s %+v", kind, r)
	}
}

// The mailbox: a report that was not kept is read again, one that was is not,
// what is no report is flagged for a person, and nothing holds up the rest.
func TestAMailboxIsReadOnce(t *testing.T) {
	ca := channeltest.NewCA(t)
	box := channeltest.NewMailbox(t, ca)
	b := mailbox(t, ca, box)
	other := to
	other.Recipient = "consumer"
	first, second := channeltest.Letter{From: "bounces+" + marks.of(to) + "@fx.example", To: to.Email}, channeltest.Letter{From: "bounces+" + marks.of(other) + "@fx.example", To: "x@y.z"}
	box.Put(t, "no header at all")
	box.Put(t, channeltest.Report(first, "failed", "5.1.1"))
	box.Put(t, channeltest.Report(second, "delivered", "2.0.0"))
	box.Put(t, "From: a@b.c\nSubject: big\n\n"+strings.Repeat("x", 3*bounceBytes))
	kept := 0
	err := b.Read(t.Context(), func(_ context.Context, r Report) error {
		if !r.Delivered {
			return errors.New("the database is away")
		}
		kept++
		return nil
	})
	if err == nil || kept != 1 || box.Count(t, "", imap.FlagSeen) != 1 || box.Count(t, imap.FlagFlagged, "") != 2 {
		t.Errorf("%v: %d kept, %d new, %d for a person", err, kept, box.Count(t, "", imap.FlagSeen), box.Count(t, imap.FlagFlagged, ""))
	}
	if again := reported(t, b); len(again) != 1 || again[0].Code != "bounce.5.1.1" {
		t.Errorf("%+v", again)
	}
	if rest := reported(t, b); len(rest) > 0 || box.Count(t, "", imap.FlagSeen) != 0 {
		t.Errorf("%+v", rest)
	}
	if n := b.Counts(); n[bounceReport] != 2 || n[bounceOther] != 2 {
		t.Error(n)
	}
}

// A mailbox that cannot be opened says at what, and nothing else.
func TestAMailboxThatDoesNotOpen(t *testing.T) {
	ca, stranger := channeltest.NewCA(t), channeltest.NewCA(t)
	box := channeltest.NewMailbox(t, ca)
	for want, change := range map[string]func(*Mailbox){
		"bounces.login":  func(b *Mailbox) { b.Password = "wrong" },
		"bounces.folder": func(b *Mailbox) { b.Folder = "Nowhere" },
		"bounces.tls":    func(b *Mailbox) { *b = *mailbox(t, stranger, box) },
		"bounces.reach":  func(b *Mailbox) { b.Address = "127.0.0.1:1" },
	} {
		b := mailbox(t, ca, box)
		change(b)
		if err := b.Read(t.Context(), nil); code(err) != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, url := range []string{"imap://u:hush@h", "imaps://h", "imaps://u:hush@h?x=y", "pop3://u:hush@h"} {
		if _, err := ParseMailbox(url); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// Whatever a mail holds, reading it ends and makes up no report.
func FuzzBounce(f *testing.F) {
	l := channeltest.Letter{From: "bounces+" + marks.of(to) + "@fx.example", To: to.Email}
	f.Add(channeltest.Report(l, "delivered", "2.0.0"))
	f.Add("Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nQQ==\n--x--")
	f.Fuzz(func(t *testing.T, text string) {
		kind, r := marks.read(strings.NewReader(text), noon)
		if (kind == bounceReport) != (r.Ref != "") {
			t.Errorf("%s %+v", kind, r)
		}
	})
}
