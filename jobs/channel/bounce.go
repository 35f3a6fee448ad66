package channel

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-message"
)

// What a mail in the mailbox for bounces turned out to be.
const (
	bounceReport = "report"     // of a mail of ours
	bounceWaits  = "waits"      // of one of ours: delayed, relayed, expanded; nothing is settled
	bounceForged = "forged"     // a report of a mail that we never sent
	bounceReply  = "auto_reply" // somebody is on holiday: neither delivered nor bounced
	bounceOther  = "other"      // for a person to read
)

// Bounces are the kinds, for counting.
var Bounces = []string{bounceReport, bounceWaits, bounceForged, bounceReply, bounceOther}

// Bounds of what is read of one mail.
const (
	bounceBytes  = 256 << 10
	bounceParts  = 20
	statusGroups = 50
)

// read says what a mail in the mailbox is, and of a report on a mail of ours
// what it reports. Only Action: delivered is a delivery (RFC 3464, 2.3.3):
// relayed and expanded mean that nobody will tell us.
//
// At is when it was read: the other end's clock proves nothing, and a later
// start of a period takes nothing from anybody.
func (k Marks) read(r io.Reader, at time.Time) (kind string, report Report) {
	e, err := message.Read(io.LimitReader(r, bounceBytes))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return bounceOther, Report{}
	}
	kindOf, params, _ := e.Header.ContentType()
	if kindOf != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		if autoReply(e.Header) {
			return bounceReply, Report{}
		}
		return bounceOther, Report{}
	}
	status, marks := statusOf(e)
	if len(status) == 0 {
		return bounceOther, Report{}
	}
	ref, ours := "", false
	for _, mark := range marks {
		if ref, ours = k.ref(mark); ours {
			break
		}
	}
	if !ours {
		return bounceForged, Report{}
	}
	return settle(status, Report{Channel: "mail", Ref: ref, At: at})
}

// settle is what all recipients' lines mean together. We write to one address;
// several lines mean that it stands for several people, and that one of them has
// it is enough.
func settle(status []textproto.MIMEHeader, r Report) (string, Report) {
	failed := false
	for _, s := range status {
		switch word(s.Get("Action")) {
		case "delivered":
			r.Delivered, r.Code, r.Lasting = true, "", false
			return bounceReport, r
		case "failed":
			code := statusCode.FindString(s.Get("Status"))
			if code == "" {
				code = "5.0.0"
			}
			failed, r.Code, r.Lasting = true, "bounce."+code, code[0] == '5'
		}
	}
	if !failed {
		return bounceWaits, Report{}
	}
	return bounceReport, r
}

var statusCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}`)

// word is a field's value without comments, in small letters.
func word(s string) string {
	s, _, _ = strings.Cut(s, "(")
	return strings.ToLower(strings.TrimSpace(s))
}

// autoReply reports whether a machine answers for an absent person (RFC 3834),
// also as older ones say it.
func autoReply(h message.Header) bool {
	auto := word(h.Get("Auto-Submitted"))
	return auto != "" && auto != "no" || h.Get("X-Autoreply") != "" || h.Get("X-Autorespond") != "" || word(h.Get("Precedence")) == "auto_reply"
}

// markAt finds marks: in the address that a bounce comes to, and before the @ of
// a Message-ID.
var markAt = regexp.MustCompile(`(?i)(?:[+<]|^)([a-z2-7]{32})@`)

func marksIn(text string) (out []string) {
	for _, m := range markAt.FindAllStringSubmatch(text, 20) {
		out = append(out, m[1])
	}
	return out
}

// statusOf reads the delivery status of a report, a group of fields for each
// recipient, and every place where the mark of the mail may stand: the address
// that the bounce came to, the envelope's id, and the head of the mail itself.
func statusOf(e *message.Entity) (status []textproto.MIMEHeader, marks []string) {
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		marks = append(marks, marksIn(e.Header.Get(name))...)
	}
	parts := e.MultipartReader()
	for n := 0; parts != nil && n < bounceParts; n++ {
		p, err := parts.NextPart()
		if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			break // what could be read of a mail that was cut off counts
		}
		switch kind, _, _ := p.Header.ContentType(); kind {
		case "message/delivery-status", "message/global-delivery-status":
			status = append(status, groups(p.Body)...)
		case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers":
			marks = append(marks, originalMark(p.Body)...)
		}
	}
	if len(status) > 0 {
		marks = append(marks, strings.TrimSpace(status[0].Get("Original-Envelope-Id")))
	}
	return status, marks
}

// groups reads the blocks of fields of a delivery status: the first is about the
// mail, each other about a recipient.
func groups(r io.Reader) (out []textproto.MIMEHeader) {
	body, _ := io.ReadAll(r)
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.TrimSpace(body), "\r\n\r\n"...))))
	for len(out) < statusGroups {
		h, err := lines.ReadMIMEHeader()
		if len(h) > 0 {
			out = append(out, h)
		}
		if err != nil {
			return out
		}
	}
	return out
}

// originalMark is the mark in the Message-ID of the mail that came back.
func originalMark(r io.Reader) []string {
	m, err := netmail.ReadMessage(io.MultiReader(r, strings.NewReader("\r\n\r\n")))
	if err != nil && !errors.Is(err, io.EOF) || m == nil {
		return nil
	}
	return marksIn(m.Header.Get("Message-ID"))
}
