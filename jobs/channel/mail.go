package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is a mail server that takes our messages.
type Mail struct {
	Server
	// From stands on the letter. Return is the envelope's sender, to which
	// bounces come: its local part gets "+" and the message's mark.
	From, Return string
	Marks        Marks
	Now          func() time.Time
	// Reports says that somebody reads the mailbox of Return.
	Reports bool
}

// Server is where a mail system is reached, and as whom.
type Server struct {
	Address        string // host:port
	Host           string // as its certificate names it
	User, Password string
	TLS            string         // implicit, starttls, or none (this machine alone)
	Roots          *x509.CertPool // who may vouch for it; nil: whom this machine trusts
	Folder         string         // of a mailbox
}

// Channel is the mail channel. Handed over is not delivered: the reports come
// back by mail (Mailbox).
func (m *Mail) Channel() (Channel, error) {
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return Channel{}, errors.New("the sender: write name@domain, or 名称 <name@domain>")
	}
	if m.Return == "" {
		m.Return = from.Address
	}
	if _, err := plainAddress(m.Return); err != nil {
		return Channel{}, errors.New("the address for bounces: write name@domain")
	}
	return Channel{Name: "mail", Reaches: func(msg Message) bool { return msg.Email != "" }, Send: func(ctx context.Context, msg Message) (Sent, error) {
		return m.send(ctx, msg, from)
	}}, nil
}

func (m *Mail) send(ctx context.Context, msg Message, from *netmail.Address) (Sent, error) {
	to, err := plainAddress(msg.Email)
	if err != nil {
		return Sent{}, &Fault{Code: "mail.address", Lasting: true}
	}
	mark := m.Marks.of(msg)
	letter, err := m.letter(msg, from, to, mark)
	if err != nil {
		return Sent{}, &Fault{Code: "mail.text", Lasting: true}
	}
	if err := m.hand(ctx, to, mark, letter); err != nil {
		return Sent{}, err
	}
	sent := Sent{}
	if m.Reports {
		sent.Ref, _ = m.Marks.ref(mark)
	}
	return sent, nil
}

// letter writes the mail: plain text, nothing that tells who reads it, and a
// Message-ID by which a second one can be recognised.
func (m *Mail) letter(msg Message, from *netmail.Address, to, mark string) ([]byte, error) {
	var h mail.Header
	h.SetAddressList("From", []*mail.Address{from})
	h.SetAddressList("To", []*mail.Address{{Address: to}})
	h.SetSubject(oneLine(msg.Subject))
	h.SetDate(m.Now())
	h.SetMessageID(mark + "@" + domainOf(m.Return))
	h.Set("Auto-Submitted", "auto-generated") // whoever is on holiday need not tell us
	if msg.Language == "en" {
		h.Set("Content-Language", "en")
	} else {
		h.Set("Content-Language", "zh-CN")
	}
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("Content-Transfer-Encoding", "base64")
	var b bytes.Buffer
	w, err := mail.CreateSingleInlineWriter(&b, h)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, strings.ReplaceAll(strings.ReplaceAll(msg.Text, "\r\n", "\n"), "\n", "\r\n"))
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

// oneLine keeps a header on its line: no character that ends one, or shows
// nothing, gets into it.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }), " ")
}

// hand gives a letter to the mail server.
func (m *Mail) hand(ctx context.Context, to, mark string, letter []byte) error {
	c, done, err := m.dial(ctx)
	if err != nil {
		return err
	}
	defer done()
	local, domain, _ := strings.Cut(m.Return, "@")
	if err := c.Mail(local+"+"+mark+"@"+domain, &smtp.MailOptions{Size: int64(len(letter)), Return: smtp.DSNReturnHeaders, EnvelopeID: mark}); err != nil {
		return refused(ctx, err, false) // it is our sender that it does not like
	}
	if err := c.Rcpt(to, &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure},
		OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: to}); err != nil {
		return refused(ctx, err, true)
	}
	w, err := c.Data()
	if err != nil {
		return refused(ctx, err, true)
	}
	if _, err = w.Write(letter); err == nil {
		err = w.Close()
	}
	if err != nil {
		return refused(ctx, err, true)
	}
	_ = c.Quit() // it has taken the letter, whatever it says now
	return nil
}

// dial connects, in the way of TLS that was asked for and in no other, and logs
// in. The connection ends with ctx.
func (m *Mail) dial(ctx context.Context) (c *smtp.Client, done func(), err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return nil, nil, refused(ctx, err, false)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	done = func() { stop(); _ = conn.Close() }
	secure := m.secure()
	switch m.TLS {
	case "implicit":
		c = smtp.NewClient(tls.Client(conn, secure))
	case "starttls":
		if c, err = smtp.NewClientStartTLS(conn, secure); err != nil {
			done()
			return nil, nil, refused(ctx, err, false)
		}
	default:
		c = smtp.NewClient(conn)
	}
	if err = c.Hello(domainOf(m.Return)); err == nil && m.User != "" {
		if c.SupportsAuth(sasl.Plain) || !c.SupportsAuth(sasl.Login) {
			err = c.Auth(sasl.NewPlainClient("", m.User, m.Password))
		} else {
			err = c.Auth(sasl.NewLoginClient(m.User, m.Password))
		}
	}
	if err != nil {
		done()
		return nil, nil, refused(ctx, err, false)
	}
	return c, done, nil
}

func (s *Server) secure() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

// refused names a failure by the code that the server gave, never by its words:
// they may quote the address. A hang or a broken connection passes. about says
// that the answer is about this letter: only then is a 5xx for good; before, it
// is about us, and somebody can put it right.
func refused(ctx context.Context, err error, about bool) error {
	var said *smtp.SMTPError
	var cert *tls.CertificateVerificationError
	var plain tls.RecordHeaderError // it speaks no TLS
	switch {
	case errors.As(err, &said) && said.Code >= 400 && said.Code < 600:
		return &Fault{Code: "smtp." + strconv.Itoa(said.Code) + enhanced(said.EnhancedCode), Lasting: about && said.Code >= 500}
	case ctx.Err() != nil:
		return &Fault{Code: "mail.timeout"}
	case errors.As(err, &cert), errors.As(err, &plain), strings.Contains(err.Error(), "STARTTLS"):
		return &Fault{Code: "mail.tls"}
	}
	return &Fault{Code: "mail.unreachable"}
}

func enhanced(c smtp.EnhancedCode) string {
	if c == smtp.NoEnhancedCode || c == smtp.EnhancedCodeNotSet {
		return ""
	}
	return fmt.Sprintf(".%d.%d.%d", c[0], c[1], c[2])
}

// plainAddress is an address without a name, as an envelope carries it.
func plainAddress(s string) (string, error) {
	a, err := netmail.ParseAddress(s)
	switch {
	case err != nil:
		return "", err
	case a.Name != "" || a.Address != s || len(s) > 254 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\`, r) }):
		return "", errors.New("no plain address")
	}
	return s, nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// parse reads the address of a server: SCHEME://USER:PASSWORD@HOST:PORT, with
// ?ca=FILE for an authority of one's own. Errors hold no password.
func (s *Server) parse(text string, schemes map[string]way) error {
	u, err := parseURL(text)
	if err != nil {
		return err
	}
	w, ok := schemes[u.Scheme]
	if !ok || u.Hostname() == "" {
		return errors.New("no such kind of address")
	}
	port := u.Port()
	if port == "" {
		port = w.port
	}
	s.Host, s.Address, s.TLS, s.Folder = u.Hostname(), net.JoinHostPort(u.Hostname(), port), w.tls, strings.Trim(u.Path, "/")
	s.User = u.User.Username()
	s.Password, _ = u.User.Password()
	for name, values := range u.Query() {
		switch {
		case name == "ca" && len(values) == 1:
			if s.Roots, err = roots(values[0]); err != nil {
				return err
			}
		case name == "tls" && len(values) == 1 && values[0] == "none" && w.tls == "starttls":
			if ip := net.ParseIP(s.Host); s.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
				return errors.New("tls=none is for a server on this machine alone")
			}
			s.TLS = "none"
		default:
			return fmt.Errorf("%s means nothing here", name)
		}
	}
	return nil
}

// way is how a scheme connects.
type way struct{ port, tls string }

// ParseMail reads where mail is handed over: smtps:// with TLS from the start,
// smtp:// with STARTTLS, which is then required; smtp://…?tls=none without, to a
// server on this machine.
func ParseMail(text string) (m Mail, err error) {
	err = m.parse(text, map[string]way{"smtps": {"465", "implicit"}, "smtp": {"587", "starttls"}})
	return m, err
}

func roots(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}
