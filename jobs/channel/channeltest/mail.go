package channeltest

import (
	"crypto/tls"
	"io"
	"log"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is a mail that a MailServer took.
type Letter struct {
	From, To, Envelope string
	Notify             []smtp.DSNNotify
	Original           string // ORCPT
	Data               []byte
}

// MailServer takes mail.
type MailServer struct {
	URL string // for FANGXIN_MAIL_URL, without ?ca=
	// Say answers a command (login, mail, rcpt, data) with an error, or keeps it
	// waiting; nil takes everything. Took is called with every mail that was taken.
	Say  func(stage, address string) error
	Took func(Letter)

	server *smtp.Server
	mu     sync.Mutex
	all    []Letter
}

// MailUser and MailPassword are who may send.
const (
	MailUser     = "fangxin"
	MailPassword = "s3cret-of-mail"
)

// NewMailServer starts one: mode is implicit, starttls or none. With dsn it
// offers delivery reports.
func NewMailServer(t testing.TB, ca *CA, mode string, dsn bool) *MailServer {
	t.Helper()
	m := &MailServer{}
	m.server = smtp.NewServer(m)
	m.server.Domain, m.server.EnableDSN, m.server.AllowInsecureAuth = "localhost", dsn, mode == "none"
	m.server.ErrorLog = log.New(io.Discard, "", 0)
	l := listen(t)
	m.URL = "smtp://" + MailUser + ":" + MailPassword + "@" + l.Addr().String()
	switch mode {
	case "implicit":
		m.URL = "smtps" + m.URL[len("smtp"):]
		l = tls.NewListener(l, ca.Server)
	case "starttls":
		m.server.TLSConfig = ca.Server
	}
	go func() { _ = m.server.Serve(l) }()
	t.Cleanup(func() { _ = m.server.Close() })
	return m
}

// Letters are the mails that were taken, in order.
func (m *MailServer) Letters() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Letter(nil), m.all...)
}

// NewSession is called by the server.
func (m *MailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{m: m}, nil }

func (m *MailServer) say(stage, address string) error {
	if m.Say == nil {
		return nil
	}
	return m.Say(stage, address)
}

type session struct {
	m     *MailServer
	known bool
	now   Letter
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if err := s.m.say("login", user); err != nil {
			return err
		}
		s.known = user == MailUser && password == MailPassword
		if !s.known {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	s.now = Letter{From: from, Envelope: o.EnvelopeID}
	return s.m.say("mail", from)
}

func (s *session) Rcpt(to string, o *smtp.RcptOptions) error {
	s.now.To, s.now.Notify, s.now.Original = to, o.Notify, o.OriginalRecipient
	return s.m.say("rcpt", to)
}

func (s *session) Data(r io.Reader) error {
	var err error
	if s.now.Data, err = io.ReadAll(r); err != nil {
		return err
	}
	if err := s.m.say("data", s.now.To); err != nil {
		return err
	}
	s.m.mu.Lock()
	s.m.all = append(s.m.all, s.now)
	s.m.mu.Unlock()
	if s.m.Took != nil {
		s.m.Took(s.now)
	}
	return s.m.say("taken", s.now.To) // an error here: it has the mail and does not say so
}

func (s *session) Reset()        { s.now = Letter{} }
func (s *session) Logout() error { return nil }
