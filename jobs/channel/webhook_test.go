package channel

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"context"

	"fangxin/jobs/channel/channeltest"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a resolver whose every name leads to the address of the moment.
func names(t *testing.T, address *atomic.Value) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) == 0 {
				continue
			}
			q.Response, q.Additionals = true, nil
			if q.Questions[0].Type == dnsmessage.TypeA {
				q.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Class: dnsmessage.ClassINET},
					Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(address.Load().(string)).To4())}}}
			}
			if out, err := q.Pack(); err == nil {
				_, _ = server.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// A machine at a private address, however it is written, is refused when it is
// named and when it is told; nothing connects.
func TestNoPrivateAddress(t *testing.T) {
	w := NewWebhooks(false, nil, nil, func() time.Time { return noon })
	for url, want := range map[string]string{
		"https://127.0.0.1/":              "webhook.private_address",
		"https://10.1.2.3/":               "webhook.private_address",
		"https://169.254.169.254/latest":  "webhook.private_address",
		"https://100.64.0.1/":             "webhook.private_address",
		"https://192.0.2.1/":              "webhook.private_address",
		"https://[::1]/":                  "webhook.private_address",
		"https://[::ffff:127.0.0.1]/":     "webhook.private_address",
		"https://[fd00::1]/":              "webhook.private_address",
		"https://[64:ff9b::7f00:1]/":      "webhook.private_address",
		"https://localhost/":              "webhook.private_address",
		"https://127.0.0.1:22/":           "webhook.port",
		"http://93.184.216.34/":           "webhook.https",
		"https://u:p@93.184.216.34/":      "webhook.url",
		"ftp://93.184.216.34/":            "webhook.https",
		"https://":                        "webhook.url",
		"//93.184.216.34/":                "webhook.https",
		"https://93.184.216.34/#fragment": "webhook.url",
	} {
		if got := w.Check(t.Context(), url); got != want {
			t.Errorf("%s: %q, not %q", url, got, want)
		}
		if err := w.Send(t.Context(), Hook{URL: url, Secrets: [][]byte{make([]byte, 32)}, ID: "1"}); code(err) != want+"!" {
			t.Errorf("%s: told: %v", url, err)
		}
	}
	if got := w.Check(t.Context(), "https://93.184.216.34/hook"); got != "" {
		t.Error(got)
	}
}

// A name that was public when it was given and is private when it is told leads
// nowhere.
func TestANameThatLeadsElsewhereLater(t *testing.T) {
	var address atomic.Value
	address.Store("93.184.216.34")
	w := NewWebhooks(false, nil, names(t, &address), func() time.Time { return noon })
	if got := w.Check(t.Context(), "https://shop.example/"); got != "" {
		t.Errorf("public: %s", got)
	}
	address.Store("127.0.0.1")
	if got := w.Check(t.Context(), "https://shop.example/"); got != "webhook.private_address" {
		t.Errorf("private: %s", got)
	}
	if err := w.Send(t.Context(), Hook{URL: "https://shop.example/", Secrets: [][]byte{make([]byte, 32)}, ID: "1"}); code(err) != "webhook.private_address!" {
		t.Errorf("told: %v", err)
	}
}

// Where private addresses are allowed, TLS is still what it says: a certificate
// that nobody vouches for is none.
func TestAllowedPrivately(t *testing.T) {
	ca, stranger := channeltest.NewCA(t), channeltest.NewCA(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	server.TLS = ca.Server.Clone()
	server.StartTLS()
	defer server.Close()
	for want, by := range map[string]*channeltest.CA{"webhook.503": ca, "webhook.tls": stranger} {
		pool, err := roots(by.File)
		if err != nil {
			t.Fatal(err)
		}
		w := NewWebhooks(true, pool, nil, func() time.Time { return noon })
		if got := w.Check(t.Context(), server.URL); got != "" {
			t.Error(got)
		}
		err = w.Send(t.Context(), Hook{URL: server.URL, Secrets: [][]byte{make([]byte, 32)}, ID: "1"})
		if code(err) != want || want == "webhook.503" && err.(*Fault).After != time.Minute { //nolint:errorlint // code has seen that it is one
			t.Errorf("%s: %+v", want, err)
		}
	}
}
