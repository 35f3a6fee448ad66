package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// SMS is a gateway that takes short messages over HTTP: docs/channels.md is what
// its maker reads.
type SMS struct {
	Server
	URL      string
	Key      Secret
	SignName string // which stands before every message, registered with the carriers
	Now      func() time.Time
	Reports  bool // somebody takes the gateway's reports
	client   *http.Client
}

// ParseSMS reads where the gateway is: https://host/path, or http:// on this
// machine alone.
func ParseSMS(text string) (*SMS, error) {
	u, err := parseURL(text)
	if err != nil {
		return nil, err
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case u.Hostname() == "" || u.Scheme != "https" && !(u.Scheme == "http" && here):
		return nil, errors.New("write https://host/path (http:// for a gateway on this machine alone)")
	case u.User != nil:
		return nil, errors.New("the gateway knows us by the signature: no user in the address")
	}
	s := &SMS{}
	q := u.Query()
	if file := q.Get("ca"); file != "" {
		if s.Roots, err = roots(file); err != nil {
			return nil, err
		}
		q.Del("ca")
		u.RawQuery = q.Encode()
	}
	s.URL = u.String()
	return s, nil
}

// smsMessage is what the gateway gets.
type smsMessage struct {
	ID       string `json:"id"`
	To       string `json:"to"`
	Text     string `json:"text"`
	Template string `json:"template"`
	SignName string `json:"sign_name"`
}

// smsAnswer is what it answers: the reference of its reports, or why not.
type smsAnswer struct {
	Ref     string `json:"ref"`
	Code    string `json:"code"`
	Lasting bool   `json:"lasting"`
}

// answerBytes bounds what is read of an answer.
const answerBytes = 16 << 10

// Channel is the SMS channel.
func (s *SMS) Channel() Channel {
	s.client = plainClient(&http.Transport{DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSClientConfig: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true})
	return Channel{Name: "sms", Reaches: func(m Message) bool { return m.Phone != "" }, Send: s.send}
}

// plainClient follows no redirect: what is signed for one host is for no other.
func plainClient(t *http.Transport) *http.Client {
	t.Proxy = nil
	t.MaxResponseHeaderBytes = answerBytes
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send hands a message over. Its id is the same when it is sent again, and the
// gateway tells nobody twice by it.
func (s *SMS) send(ctx context.Context, m Message) (Sent, error) {
	body, err := json.Marshal(smsMessage{m.ID + "/" + m.Recipient, m.Phone, m.Text, m.Template, s.SignName})
	if err != nil {
		return Sent{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return Sent{}, &Fault{Code: "sms.url"}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "fangxin")
	if err := sign(r, m.ID+"/"+m.Recipient, s.Now(), body, s.Key); err != nil {
		return Sent{}, err
	}
	res, err := s.client.Do(r)
	if err != nil { // whose words hold the address
		return Sent{}, unreached(ctx, "sms", err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerBytes))
	if err != nil {
		return Sent{}, unreached(ctx, "sms", err)
	}
	return s.answered(res, text)
}

// answered reads the gateway's answer. What is wrong between it and us passes:
// somebody can put it right. Only what it says of the message is for good.
func (s *SMS) answered(res *http.Response, text []byte) (Sent, error) {
	var a smsAnswer
	said := json.Unmarshal(text, &a) == nil
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 || res.StatusCode >= 300 && res.StatusCode < 400:
		return Sent{}, &Fault{Code: "sms." + strconv.Itoa(res.StatusCode), After: retryAfter(res, s.Now())}
	case said && a.Code != "":
		return Sent{}, &Fault{Code: "sms." + outsideCode(a.Code), Lasting: a.Lasting}
	case res.StatusCode >= 400:
		return Sent{}, &Fault{Code: "sms." + strconv.Itoa(res.StatusCode), Lasting: res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusUnprocessableEntity}
	case !said || !outsideRef.MatchString(a.Ref):
		return Sent{}, &Fault{Code: "sms.answer"} // asked again by the same id, it must say the same
	}
	if !s.Reports {
		a.Ref = ""
	}
	return Sent{Ref: a.Ref}, nil
}

var (
	outsideRef  = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,100}$`)
	outsideWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
	manyDigits  = regexp.MustCompile(`[0-9]{7}`)
)

// outsideCode is a code that somebody else gave: it is stored and shown, so that
// nothing gets through that could be a telephone number or a sentence.
func outsideCode(code string) string {
	if !outsideWord.MatchString(code) || manyDigits.MatchString(code) {
		return "other"
	}
	return strings.ToLower(code)
}

// unreached names a failure of the way itself; the error's words hold the
// address and are not kept.
func unreached(ctx context.Context, name string, err error) error {
	var cert *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var slow net.Error
	switch {
	case ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		return &Fault{Code: name + ".timeout"}
	case errors.As(err, &cert), errors.As(err, &plain):
		return &Fault{Code: name + ".tls"}
	}
	return &Fault{Code: name + ".unreachable"}
}

// retryAfter is how long the other end asks to be left alone: seconds or a date.
func retryAfter(res *http.Response, now time.Time) time.Duration {
	text := res.Header.Get("Retry-After")
	if n, err := strconv.ParseInt(text, 10, 32); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// SMSReport is one line of what the gateway reports later.
type SMSReport struct {
	Ref, State, Code string // State: delivered or failed
	Lasting          bool
	At               time.Time
}

// reportAge is how old a gateway's report may be to be believed in its time.
const reportAge = 7 * 24 * time.Hour

// Report is what such a line means, or which of its fields cannot be. The
// gateway's time counts as long as it is past and not long ago.
func (l SMSReport) Report(now time.Time) (r Report, wrong string) {
	if l.At.IsZero() || l.At.After(now) || now.Sub(l.At) > reportAge {
		l.At = now
	}
	switch {
	case !outsideRef.MatchString(l.Ref):
		return r, "ref"
	case l.State == "delivered":
		return Report{Channel: "sms", Ref: l.Ref, Delivered: true, At: l.At}, ""
	case l.State == "failed":
		return Report{Channel: "sms", Ref: l.Ref, Code: "sms." + outsideCode(l.Code), Lasting: l.Lasting, At: l.At}, ""
	}
	return r, "state"
}
