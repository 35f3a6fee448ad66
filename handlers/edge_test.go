package handlers

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// quay is a server whose routes a test makes up: the edge alone, no store.
type quay struct {
	*httptest.Server
	t      *testing.T
	api    *Server
	logs   *buffer
	now    time.Time
	limits *Limits
}

type buffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}

func echoed(_ context.Context, c *Call) (any, error) {
	return map[string]int{"bytes": len(c.Body)}, nil
}

func newQuay(t *testing.T, change func(*quay, *http.Server), routes ...Route) *quay {
	q := &quay{t: t, logs: &buffer{}, now: time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)}
	q.limits = NewLimits(func() time.Time { return q.now })
	q.api = &Server{Log: slog.New(slog.NewJSONHandler(q.logs, nil)), Now: func() time.Time { return q.now }, Limits: q.limits}
	q.Server = httptest.NewUnstartedServer(nil)
	q.Config = q.api.HTTP()
	if change != nil {
		change(q, q.Config)
	}
	if len(routes) == 0 {
		routes = []Route{{"GET", "/read", Anyone, Reading, echoed, 200}, {"POST", "/write", Anyone, Intake, echoed, 200}, {"GET", "/probe", Anyone, Probe, echoed, 200}}
	}
	q.Config.Handler = q.api.handler(routes)
	q.Start()
	t.Cleanup(q.Close)
	return q
}

// raw sends bytes over a socket and reads one answer.
func (q *quay) raw(text string) (*http.Response, string) {
	q.t.Helper()
	conn, err := net.Dial("tcp", q.Listener.Addr().String())
	if err != nil {
		q.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		q.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err.Error()
	}
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

func (q *quay) get(path string, headers ...string) *http.Response {
	q.t.Helper()
	return q.send("GET", path, "", headers...)
}

func (q *quay) send(method, path, body string, headers ...string) *http.Response {
	q.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, q.URL+path, strings.NewReader(body))
	if err != nil {
		q.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		q.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res
}

// What is too much, too large, too slow or too deep is told so, over real
// sockets.
func TestTooMuch(t *testing.T) {
	q := newQuay(t, func(q *quay, s *http.Server) { q.limits.bodyTime = 50 * time.Millisecond })
	head := "POST /write HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, tt := range map[string]struct {
		text string
		want int
		code string
	}{
		"slow body":       {head + "Content-Length: 100\r\n\r\n{", 408, "too_slow"},
		"slow chunks":     {head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", 408, "too_slow"},
		"said to be huge": {head + "Content-Length: 99999999\r\n\r\n", 413, "too_large"},
		"huge in chunks":  {head + "Transfer-Encoding: chunked\r\n\r\n100001\r\n" + strings.Repeat("x", 1<<20+1) + "\r\n0\r\n\r\n", 413, "too_large"},
		"broken off":      {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "unreadable"},
		"many headers":    {"GET /read HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: b\r\n", 65) + "\r\n", 431, "many_headers"},
		"large headers":   {"GET /read HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("b", 32<<10) + "\r\n\r\n", 431, ""},
		"long URL":        {"GET /read?" + strings.Repeat("a", 4096) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "long_url"},
		"two lengths":     {head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, ""},
		"both lengths":    {head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, ""},
		"obsolete line":   {"GET /read HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n", 400, ""},
		"no host":         {"GET /read HTTP/1.1\r\n\r\n", 400, ""},
		"two hosts":       {"GET /read HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, ""},
		"form":            {"POST /write HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b", 415, "media_type"},
		"many parts":      {"POST /write HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\nContent-Length: 4\r\n\r\n--a\n", 415, "media_type"},
	} {
		res, body := q.raw(tt.text)
		if res == nil || res.StatusCode != tt.want || !strings.Contains(body, tt.code) {
			t.Errorf("%s: %v %.300s", name, res, body)
		}
		if tt.want == 408 || tt.want == 413 {
			if res != nil && !res.Close {
				t.Errorf("%s: the connection stays open", name)
			}
		}
	}
}

// A header that never ends costs a connection and nothing more.
func TestASlowHeaderIsCutOff(t *testing.T) {
	q := newQuay(t, func(_ *quay, s *http.Server) { s.ReadHeaderTimeout = 50 * time.Millisecond })
	if res, text := q.raw("GET /read HTTP/1.1\r\nHost: x\r\nX-"); res != nil && (res.StatusCode != 400 || !res.Close) {
		t.Errorf("%v %s", res, text)
	}
}

func TestAnsweredInTime(t *testing.T) {
	held := limits[Probe]
	limits[Probe] = Limit{Time: 30 * time.Millisecond}
	defer func() { limits[Probe] = held }()
	q := newQuay(t, nil, Route{"GET", "/slow", Anyone, Probe, func(ctx context.Context, _ *Call) (any, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("reading: %w", ctx.Err())
	}, 200})
	if res := q.get("/slow"); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// When too many run and too many wait, the next is told to come back; machines
// that watch are answered all the same.
func TestLoadIsShed(t *testing.T) {
	enter, leave := make(chan bool), make(chan bool)
	q := newQuay(t, func(q *quay, _ *http.Server) { q.limits.slots, q.limits.queue = make(chan struct{}, 1), 1 },
		Route{"GET", "/hold", Anyone, Reading, func(context.Context, *Call) (any, error) {
			enter <- true
			<-leave
			return nil, nil
		}, 200}, Route{"GET", "/probe", Anyone, Probe, echoed, 200})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if res := q.get("/hold"); res.StatusCode != 200 {
				t.Errorf("%d", res.StatusCode)
			}
		})
	}
	<-enter // one runs
	for q.limits.waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if res := q.get("/hold"); res.StatusCode != 503 || res.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	if res := q.get("/probe"); res.StatusCode != 200 {
		t.Errorf("the probe: %d", res.StatusCode)
	}
	leave <- true
	<-enter
	leave <- true
	wg.Wait()
}

func TestMethods(t *testing.T) {
	q := newQuay(t, nil)
	for _, tt := range []struct {
		method, path, allow string
		want                int
	}{
		{"DELETE", "/read", "OPTIONS, GET, HEAD", 405}, {"GET", "/write", "OPTIONS, POST", 405}, {"BREW", "/write", "OPTIONS, POST", 405},
		{"HEAD", "/read", "", 200}, {"HEAD", "/write", "OPTIONS, POST", 405}, {"OPTIONS", "/read", "OPTIONS, GET, HEAD", 204}, {"GET", "/nowhere", "", 404}, {"TRACE", "/read", "OPTIONS, GET, HEAD", 405},
	} {
		res := q.send(tt.method, tt.path, "")
		if res.StatusCode != tt.want || res.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, Allow %q", tt.method, tt.path, res.StatusCode, res.Header.Get("Allow"))
		}
		if res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s is open to other sites", tt.method, tt.path)
		}
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	q := newQuay(t, nil)
	ids := map[string]bool{}
	for _, path := range []string{"/read", "/nowhere", "/write", "/read?" + strings.Repeat("a", 4096)} {
		res := q.get(path)
		for name, value := range headers {
			if res.Header.Get(name) != value {
				t.Errorf("%s: %s: %q", path, name, res.Header.Get(name))
			}
		}
		ids[res.Header.Get("X-Request-Id")] = true
	}
	if len(ids) != 4 || ids[""] {
		t.Error(ids)
	}
}

// A log line says which route, how it ended and how long it took; nothing that
// the client wrote.
func TestALogLine(t *testing.T) {
	q := newQuay(t, nil)
	q.get("/read")
	q.get("/read?secret=token", "X-Request-Id", "mine", "User-Agent", "agent", "Referer", "http://refer")
	q.send("SECRET", "/secret/path", "")
	text := q.logs.String()
	for _, want := range []string{`"route":"/read"`, `"status":200`, `"class":"reading"`, `"ms":0`, `"bytes":12`, `"request_id":"`, `"route":"none"`, `"method":"other"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	for _, bad := range []string{"secret", "SECRET", "mine", "agent", "refer", "127.0.0.1"} {
		if strings.Contains(text, bad) {
			t.Errorf("%s in %s", bad, text)
		}
	}
}

// Behind a proxy that nobody named all clients would share one budget: that is
// said, once.
func TestAProxyThatIsNotNamed(t *testing.T) {
	q := newQuay(t, nil)
	q.get("/read")
	if strings.Contains(q.logs.String(), "FANGXIN_CLIENT_ADDRESS") {
		t.Error("there is no proxy")
	}
	for range 3 {
		q.get("/read", "X-Forwarded-For", "203.0.113.9")
	}
	if n := strings.Count(q.logs.String(), "FANGXIN_CLIENT_ADDRESS"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if strings.Contains(q.logs.String(), "203.0.113") {
		t.Error("an address in the log")
	}
}

// A handler that panics takes nobody with it: the caller gets a request's id and
// no cause, the log the route and the stack.
func TestAPanicIsOneAnswer(t *testing.T) {
	q := newQuay(t, nil, Route{"GET", "/panic", Anyone, Reading, func(context.Context, *Call) (any, error) { panic("cause") }, 200},
		Route{"GET", "/read", Anyone, Reading, echoed, 200})
	res, body := q.raw("GET /panic HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if res == nil || res.StatusCode != 500 || strings.Contains(body, "cause") || !strings.Contains(body, `"code":"internal"`) {
		t.Errorf("%v %s", res, body)
	}
	for _, want := range []string{`"msg":"panic"`, `"route":"/panic"`, `"status":500`, "edge_test.go"} {
		if !strings.Contains(q.logs.String(), want) {
			t.Errorf("no %s in %s", want, q.logs.String())
		}
	}
	if n := len(q.limits.slots); n != 0 {
		t.Errorf("%d places stay taken", n)
	}
	if res := q.get("/read"); res.StatusCode != 200 {
		t.Errorf("afterwards: %d", res.StatusCode)
	}
}
