package channeltest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// GatewayKey is the secret that the gateway shares with us.
const GatewayKey = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// SMS is a message as the gateway got it.
type SMS struct {
	ID       string `json:"id"`
	To       string `json:"to"`
	Text     string `json:"text"`
	Template string `json:"template"`
	SignName string `json:"sign_name"`
}

// Gateway is the reference gateway of docs/channels.md.
type Gateway struct {
	URL string // for FANGXIN_SMS_URL, without ?ca=
	// Say answers instead of the gateway: a status, or 0 to take the message.
	Say func(w http.ResponseWriter, m SMS) (answered bool)

	mu    sync.Mutex
	refs  map[string]string
	all   []SMS
	asked int
	key   *standardwebhooks.Webhook
}

// NewGateway starts one, over TLS.
func NewGateway(t testing.TB, ca *CA) *Gateway {
	t.Helper()
	g := &Gateway{refs: map[string]string{}}
	var err error
	if g.key, err = standardwebhooks.NewWebhook(GatewayKey); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(g)
	server.TLS = ca.Server.Clone()
	server.StartTLS()
	t.Cleanup(server.Close)
	g.URL = server.URL + "/send"
	return g
}

// ServeHTTP takes a message: once for each id, however often it is asked.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil || g.key.VerifyIgnoringTimestamp(body, r.Header) != nil {
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	var m SMS
	if json.Unmarshal(body, &m) != nil || m.ID == "" || m.ID != r.Header.Get(standardwebhooks.HeaderWebhookID) {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	g.asked++
	g.mu.Unlock()
	if g.Say != nil && g.Say(w, m) {
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"ref": g.Take(m)})
}

// Take sends a message, once for its id, and gives its reference.
func (g *Gateway) Take(m SMS) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	ref, known := g.refs[m.ID]
	if !known {
		ref = "gw-" + strconv.Itoa(len(g.refs)+1)
		g.refs[m.ID] = ref
		g.all = append(g.all, m)
	}
	return ref
}

// Sent are the messages that went out, and how often the gateway was asked.
func (g *Gateway) Sent() (all []SMS, asked int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]SMS(nil), g.all...), g.asked
}

// SignReport makes the signed request that brings reports to url.
func (g *Gateway) SignReport(t testing.TB, url, id string, at time.Time, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := g.key.Sign(id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return r
}
