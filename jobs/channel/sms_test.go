package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fangxin/jobs/channel/channeltest"
)

func smsDriver(t *testing.T, url string, ca *channeltest.CA) *SMS {
	t.Helper()
	s, err := ParseSMS(url + "?ca=" + ca.File)
	if err != nil {
		t.Fatal(err)
	}
	if s.Key, err = ParseSecret(channeltest.GatewayKey); err != nil {
		t.Fatal(err)
	}
	s.SignName, s.Now, s.Reports = "桓台维权", func() time.Time { return noon }, true
	return s
}

// A message goes out signed and whole; sent again it is the same to the gateway,
// and reaches nobody twice.
func TestAShortMessage(t *testing.T) {
	ca := channeltest.NewCA(t)
	g := channeltest.NewGateway(t, ca)
	c := smsDriver(t, g.URL, ca).Channel()
	if c.Reaches(Message{Email: "a@b.c"}) || !c.Reaches(to) {
		t.Error("whom it reaches")
	}
	first, err := c.Send(t.Context(), to)
	again, err2 := c.Send(t.Context(), to)
	if err != nil || err2 != nil || first != again || first.Ref != "gw-1" {
		t.Errorf("%v %v, %v %v", first, err, again, err2)
	}
	other := to
	other.Recipient = "consumer" // a reminder to both has one id
	if third, err := c.Send(t.Context(), other); err != nil || third == first {
		t.Errorf("%v %v", third, err)
	}
	all, asked := g.Sent()
	if asked != 3 || len(all) != 2 || all[0] != (channeltest.SMS{ID: to.ID + "/merchant", To: to.Phone, Text: to.Text, Template: "invitation", SignName: "桓台维权"}) {
		t.Errorf("%d %+v", asked, all)
	}
}

// Every way in which a gateway fails: ! is for good.
func TestAGatewayThatFails(t *testing.T) {
	ca := channeltest.NewCA(t)
	status := func(n int, header, body string) func(http.ResponseWriter, channeltest.SMS) bool {
		return func(w http.ResponseWriter, _ channeltest.SMS) bool {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(n)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	for _, x := range []struct {
		want  string
		after time.Duration
		say   func(http.ResponseWriter, channeltest.SMS) bool
	}{
		{"sms.500", 0, status(500, "", "boss@shop.example 13812345678")},
		{"sms.503", 2 * time.Minute, status(503, "Retry-After: 120", `{"code":"x","lasting":true}`)},
		{"sms.429", time.Hour, status(429, "Retry-After: "+noon.Add(time.Hour).Format(http.TimeFormat), "")},
		{"sms.429", 0, status(429, "Retry-After: soon", "")},
		{"sms.302", 0, status(302, "Location: https://elsewhere.example/", "")},
		{"sms.307", 0, status(307, "Location: /again", "")},
		{"sms.401", 0, status(401, "", "")},
		{"sms.404", 0, status(404, "", "")},
		{"sms.400!", 0, status(400, "", "")},
		{"sms.blacklisted!", 0, status(200, "", `{"code":"BLACKLISTED","lasting":true}`)},
		{"sms.busy", 0, status(200, "", `{"code":"busy"}`)},
		{"sms.no_such_number!", 0, status(422, "", `{"code":"no_such_number","lasting":true}`)},
		{"sms.other!", 0, status(200, "", `{"code":"the number 13812345678 is off","lasting":true}`)},
		{"sms.other", 0, status(200, "", `{"code":"13812345678"}`)},
		{"sms.answer", 0, status(200, "", `{"ref":""}`)},
		{"sms.answer", 0, status(200, "", `{"ref":"two words"}`)},
		{"sms.answer", 0, status(200, "", `OK`)},
		{"sms.answer", 0, status(200, "", `{"ref":"`+strings.Repeat("x", 1<<20)+`"}`)},
	} {
		g := channeltest.NewGateway(t, ca)
		g.Say = x.say
		_, err := smsDriver(t, g.URL, ca).Channel().Send(t.Context(), to)
		if code(err) != x.want {
			t.Errorf("%s, not %s", code(err), x.want)
			continue
		}
		if f := err.(*Fault); f.After != x.after { //nolint:errorlint // code has seen that it is one
			t.Errorf("%s: after %v", x.want, f.After)
		}
		if _, asked := g.Sent(); asked != 1 {
			t.Errorf("%s: asked %d times", x.want, asked)
		}
	}
}

// A gateway that hangs holds nobody longer than he said; one that is not there,
// or that a stranger vouches for, gets nothing.
func TestAGatewayThatIsNotThere(t *testing.T) {
	ca, stranger := channeltest.NewCA(t), channeltest.NewCA(t)
	g := channeltest.NewGateway(t, ca)
	reached, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	g.Say = func(http.ResponseWriter, channeltest.SMS) bool { close(reached); <-end; return true }
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	if _, err := smsDriver(t, g.URL, ca).Channel().Send(ctx, to); code(err) != "sms.timeout" {
		t.Error(err)
	}
	if _, err := smsDriver(t, g.URL, stranger).Channel().Send(t.Context(), to); code(err) != "sms.tls" {
		t.Error(err)
	}
	if _, err := smsDriver(t, "https://127.0.0.1:1/", ca).Channel().Send(t.Context(), to); code(err) != "sms.unreachable" {
		t.Error(err)
	}
}

// Hung up after it took the message, the gateway is asked again and says the
// same: nobody gets it twice.
func TestAGatewayThatHangsUp(t *testing.T) {
	ca := channeltest.NewCA(t)
	g := channeltest.NewGateway(t, ca)
	first := true
	g.Say = func(_ http.ResponseWriter, m channeltest.SMS) bool {
		if !first {
			return false
		}
		first = false
		g.Take(m)
		panic(http.ErrAbortHandler)
	}
	c := smsDriver(t, g.URL, ca).Channel()
	if _, err := c.Send(t.Context(), to); code(err) != "sms.unreachable" {
		t.Error(err)
	}
	sent, err := c.Send(t.Context(), to)
	if all, _ := g.Sent(); err != nil || sent.Ref != "gw-1" || len(all) != 1 {
		t.Errorf("%v %v %v", sent, err, all)
	}
}

// What a gateway reports is believed as far as it can be true.
func TestReportsOfAGateway(t *testing.T) {
	hour := noon.Add(-time.Hour)
	for _, x := range []struct {
		in    SMSReport
		want  Report
		wrong string
	}{
		{SMSReport{Ref: "gw-1", State: "delivered", At: hour}, Report{Channel: "sms", Ref: "gw-1", Delivered: true, At: hour}, ""},
		{SMSReport{Ref: "gw-1", State: "delivered", Code: "x", Lasting: true, At: noon.Add(time.Second)}, Report{Channel: "sms", Ref: "gw-1", Delivered: true, At: noon}, ""},
		{SMSReport{Ref: "gw-1", State: "delivered", At: noon.AddDate(0, 0, -8)}, Report{Channel: "sms", Ref: "gw-1", Delivered: true, At: noon}, ""},
		{SMSReport{Ref: "gw-1", State: "failed", Code: "UNKNOWN", Lasting: true}, Report{Channel: "sms", Ref: "gw-1", Code: "sms.unknown", Lasting: true, At: noon}, ""},
		{SMSReport{Ref: "gw-1", State: "failed", Code: "13812345678"}, Report{Channel: "sms", Ref: "gw-1", Code: "sms.other", At: noon}, ""},
		{SMSReport{Ref: "gw 1", State: "failed"}, Report{}, "ref"},
		{SMSReport{State: "delivered"}, Report{}, "ref"},
		{SMSReport{Ref: "gw-1", State: "read"}, Report{}, "state"},
	} {
		got, wrong := x.in.Report(noon)
		if got != x.want || wrong != x.wrong {
			t.Errorf("%+v: %+v %s", x.in, got, wrong)
		}
	}
}

// A signature proves who and when: another secret, another body, another id or
// a time too far off proves nothing.
func TestSignatures(t *testing.T) {
	key, err := ParseSecret(channeltest.GatewayKey)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := ParseSecret(WriteSecret([]byte("another secret of thirty-two b..")))
	for _, bad := range []string{"", "whsec_", "whsec_!!", WriteSecret(make([]byte, 23)), WriteSecret(make([]byte, 65)), strings.TrimPrefix(channeltest.GatewayKey, "whsec_")} {
		if _, err := ParseSecret(bad); err == nil || bad != "" && bad != "whsec_" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	made := func(secrets ...Secret) http.Header {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		if err := sign(r, "id", noon, []byte("body"), secrets...); err != nil {
			t.Fatal(err)
		}
		return r.Header
	}
	for _, h := range []http.Header{made(key), made(other, key), made(key, other)} {
		for _, shift := range []time.Duration{0, signedFor, -signedFor} {
			if err := key.Prove(h, []byte("body"), noon.Add(shift)); err != nil {
				t.Errorf("%v: %v", shift, err)
			}
		}
	}
	replaced := func(name, value string) http.Header { h := made(key); h.Set(name, value); return h }
	for i, x := range []struct {
		h    http.Header
		body string
		now  time.Time
		key  Secret
	}{
		{made(other), "body", noon, key}, {made(key), "bodies", noon, key}, {made(key), "body", noon.Add(signedFor + time.Second), key}, {made(key), "body", noon.Add(-signedFor - time.Second), key},
		{replaced("webhook-id", "ie"), "body", noon, key}, {replaced("webhook-timestamp", fmt.Sprint(noon.Unix()+1)), "body", noon, key}, {replaced("webhook-signature", ""), "body", noon, key},
		{http.Header{}, "body", noon, key}, {made(key), "body", noon, Secret{}},
	} {
		if x.key.Prove(x.h, []byte(x.body), x.now) == nil {
			t.Errorf("%d proves something", i)
		}
	}
}

func TestAddressesOfGateways(t *testing.T) {
	for _, url := range []string{"", "sms.example/send", "http://sms.example/send", "https://u:hush@sms.example/", "ftp://sms.example", "https:///x"} {
		if _, err := ParseSMS(url); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"https://sms.example/send?x=1", "http://127.0.0.1:8/send", "http://localhost/"} {
		if s, err := ParseSMS(url); err != nil || s.URL != url {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// What goes to the gateway is what docs/channels.md says.
func TestTheProtocolIsAsWritten(t *testing.T) {
	text, err := json.Marshal(smsMessage{ID: "i", To: "t", Text: "x", Template: "m", SignName: "s"})
	if err != nil || string(text) != `{"id":"i","to":"t","text":"x","template":"m","sign_name":"s"}` {
		t.Errorf("%s %v", text, err)
	}
}
