package channel

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"code.dny.dev/ssrf"
)

// Webhooks posts events to machines, after Standard Webhooks.
type Webhooks struct {
	Now     func() time.Time
	private bool
	guard   *ssrf.Guardian
	names   *net.Resolver
	client  *http.Client
}

// webhookPorts are those that a machine may be told at, unless private addresses
// are allowed.
var webhookPorts = []uint16{443, 8443}

// NewWebhooks posts to public addresses and over TLS alone, unless private is
// allowed. What is public is asked at every connection, of the address that is
// connected to: a name may lead elsewhere by then. Without roots and names this
// machine's are taken.
func NewWebhooks(private bool, roots *x509.CertPool, names *net.Resolver, now func() time.Time) *Webhooks {
	w := &Webhooks{Now: now, private: private, guard: ssrf.New(ssrf.WithPorts(webhookPorts...)), names: names}
	if w.names == nil {
		w.names = net.DefaultResolver
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Resolver: w.names}
	if !private {
		dialer.Control = w.guard.Safe
	}
	s := Server{Roots: roots}
	w.client = plainClient(&http.Transport{DialContext: dialer.DialContext, TLSClientConfig: s.secure(), MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true})
	return w
}

// Hook is one thing to be told to one machine.
type Hook struct {
	URL     string
	Secrets [][]byte // every one signs
	ID      string   // the same when it is told again
	Body    []byte
}

// webhookTime bounds one answer.
const webhookTime = 15 * time.Second

// Send posts it. A *Fault that lasts means that asking again changes nothing.
func (w *Webhooks) Send(ctx context.Context, h Hook) error {
	if code := w.shape(h.URL); code != "" {
		return &Fault{Code: code, Lasting: true}
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(h.Body))
	if err != nil {
		return &Fault{Code: "webhook.url", Lasting: true}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "fangxin")
	var secrets []Secret
	for _, raw := range h.Secrets {
		s, err := ParseSecret(WriteSecret(raw))
		if err != nil {
			return err
		}
		secrets = append(secrets, s)
	}
	if err := sign(r, h.ID, w.Now(), h.Body, secrets...); err != nil {
		return err
	}
	res, err := w.client.Do(r)
	if err != nil {
		return w.unreached(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, answerBytes))
	return w.answered(res)
}

// answered reads an answer's number: what the machine says is of no use to us,
// and a refusal is not argued with.
func (w *Webhooks) answered(res *http.Response) error {
	f := &Fault{Code: "webhook." + strconv.Itoa(res.StatusCode), After: retryAfter(res, w.Now())}
	switch n := res.StatusCode; {
	case n >= 200 && n < 300:
		return nil
	case n >= 300 && n < 400:
		f.Code, f.Lasting = "webhook.redirect", true
	case n == http.StatusRequestTimeout, n == http.StatusTooEarly, n == http.StatusTooManyRequests, n >= 500:
	default:
		f.Lasting = true
	}
	return f
}

func (w *Webhooks) unreached(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return &Fault{Code: "webhook.private_address", Lasting: true}
	case errors.Is(err, ssrf.ErrProhibitedPort):
		return &Fault{Code: "webhook.port", Lasting: true}
	}
	return unreached(ctx, "webhook", err)
}

// shape says what is wrong with an address as it is written; empty: nothing.
func (w *Webhooks) shape(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil, len(address) > 2000, u.Hostname() == "", u.User != nil, u.Fragment != "", u.Opaque != "":
		return "webhook.url"
	case u.Scheme != "https" && !(w.private && u.Scheme == "http"):
		return "webhook.https"
	}
	return ""
}

// Check says why a machine may not be told at an address, by a code; empty: it
// may. A name that leads nowhere yet is asked again when it is told.
func (w *Webhooks) Check(ctx context.Context, address string) string {
	if code := w.shape(address); code != "" || w.private {
		return code
	}
	u, _ := url.Parse(address)
	port := uint64(443)
	if p := u.Port(); p != "" {
		port, _ = strconv.ParseUint(p, 10, 16)
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTime)
	defer cancel()
	found, _ := w.names.LookupNetIP(ctx, "ip", u.Hostname())
	for _, ip := range found {
		err := w.guard.SafeAddrPort(netip.AddrPortFrom(ip.Unmap(), uint16(port)))
		switch {
		case errors.Is(err, ssrf.ErrProhibitedPort):
			return "webhook.port"
		case err != nil:
			return "webhook.private_address"
		}
	}
	return ""
}
