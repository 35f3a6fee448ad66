package channeltest

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Mailbox is a mailbox that is read by IMAP.
type Mailbox struct {
	URL  string // for FANGXIN_BOUNCES_URL, without ?ca=
	user *imapmemserver.User
	at   string
	tls  *tls.Config
}

// MailboxPassword opens it, for MailUser.
const MailboxPassword = "s3cret-of-mailbox"

// NewMailbox starts one, over TLS.
func NewMailbox(t testing.TB, ca *CA) *Mailbox {
	t.Helper()
	b := &Mailbox{user: imapmemserver.NewUser(MailUser, MailboxPassword)}
	if err := b.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	memory := imapmemserver.New()
	memory.AddUser(b.user)
	server := imapserver.New(&imapserver.Options{InsecureAuth: true, Logger: log.New(io.Discard, "", 0), Caps: imap.CapSet{imap.CapIMAP4rev1: {}},
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		}})
	l := listen(t)
	b.at, b.tls = l.Addr().String(), &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the test's own eye
	b.URL = "imaps://" + MailUser + ":" + MailboxPassword + "@" + b.at
	go func() { _ = server.Serve(tls.NewListener(l, ca.Server)) }()
	t.Cleanup(func() { _ = server.Close() })
	return b
}

// Put puts a mail into it.
func (b *Mailbox) Put(t testing.TB, text string) {
	t.Helper()
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	if _, err := b.user.Append("INBOX", bytes.NewReader([]byte(text)), &imap.AppendOptions{}); err != nil {
		t.Error(err)
	}
}

// Count says how many mails there bear a flag, and do not bear another; an empty
// one asks nothing.
func (b *Mailbox) Count(t testing.TB, with, without imap.Flag) int {
	t.Helper()
	c, err := imapclient.DialTLS(b.at, &imapclient.Options{TLSConfig: b.tls})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Login(MailUser, MailboxPassword).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	var ask imap.SearchCriteria
	if with != "" {
		ask.Flag = []imap.Flag{with}
	}
	if without != "" {
		ask.NotFlag = []imap.Flag{without}
	}
	found, err := c.Search(&ask, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return len(found.AllSeqNums())
}

// Report is the delivery report that a mail system writes of a letter, to the
// letter's sender.
func Report(l Letter, action, status string) string {
	head, _, _ := strings.Cut(string(l.Data), "\r\n\r\n")
	envelope := ""
	if l.Envelope != "" {
		envelope = "Original-Envelope-Id: " + l.Envelope + "\n"
	}
	return fmt.Sprintf(`Return-Path: <>
Delivered-To: %s
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: %s
Subject: Delivery report
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8

This is the mail system.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
%sArrival-Date: Mon, 4 May 2026 10:00:00 +0800

Final-Recipient: rfc822; %s
Action: %s
Status: %s
Diagnostic-Code: smtp; 550 5.1.1 <%s>: no such user

--b1
Content-Type: text/rfc822-headers

%s

--b1--
`, l.From, l.From, envelope, l.To, action, status, l.To, strings.ReplaceAll(head, "\r\n", "\n"))
}
