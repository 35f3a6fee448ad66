package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"fangxin/store"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// contract holds real requests and answers to the document: what succeeds must
// be a request that the document describes, and every answer one of its answers.
type contract struct {
	t      *testing.T
	url    string
	doc    *openapi3.T
	routes []Route
	mu     sync.Mutex

	trusting bool                    // check nothing
	seen     map[string]map[int]bool // route → statuses
}

func init() {
	for _, kind := range media {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	for _, kind := range store.FileKinds {
		openapi3filter.RegisterBodyDecoder(kind.Media, openapi3filter.FileBodyDecoder)
	}
}

func newContract(t *testing.T, s *Server, url string) *contract {
	text, err := s.Document()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return &contract{t: t, url: url, doc: doc, routes: s.Routes(), seen: map[string]map[int]bool{}}
}

// match finds the route of a path and its parameters.
func (x *contract) match(method, path string) (*routers.Route, map[string]string) {
	got := strings.Split(path, "/")
	for _, r := range x.routes {
		want := strings.Split(r.Path, "/")
		if r.Method != method || len(want) != len(got) {
			continue
		}
		params, ok := map[string]string{}, true
		for i, part := range want {
			if strings.HasPrefix(part, "{") {
				params[strings.Trim(part, "{}")] = got[i]
			} else if part != got[i] {
				ok = false
			}
		}
		if ok {
			item := x.doc.Paths.Value(r.Path)
			return &routers.Route{Spec: x.doc, Path: r.Path, PathItem: item, Method: method, Operation: item.GetOperation(method)}, params
		}
	}
	return nil, nil
}

func (x *contract) route(method, path string) string {
	r, _ := x.match(method, path)
	return method + " " + r.Path
}

// ask sends a request that is in no document and leaves it unchecked.
func (x *contract) ask(method, path, token, body string) (int, string) {
	x.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, x.url+path, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// call sends a request and checks it and its answer against the document.
func (x *contract) call(method, path, token string, body any, key string, headers ...string) (int, string) {
	x.t.Helper()
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	default:
		text, _ = json.Marshal(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, x.url+path, bytes.NewReader(text))
	if err != nil {
		x.t.Fatal(err)
	}
	if method != "GET" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	req.Body = io.NopCloser(bytes.NewReader(text))
	if !x.trusting {
		x.check(req, res, answer)
	}
	return res.StatusCode, string(answer)
}

func (x *contract) check(req *http.Request, res *http.Response, answer []byte) {
	x.t.Helper()
	route, params := x.match(req.Method, req.URL.Path)
	if route == nil {
		x.t.Errorf("%s %s is in no document", req.Method, req.URL.Path)
		return
	}
	name := req.Method + " " + route.Path
	x.mu.Lock()
	if x.seen[name] == nil {
		x.seen[name] = map[int]bool{}
	}
	x.seen[name][res.StatusCode] = true
	x.mu.Unlock()
	options := &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: options}
	if res.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			x.t.Errorf("%s succeeded with a request that the document does not know: %v", name, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(answer)), Options: options}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		x.t.Errorf("%s answered %d with what the document does not know: %v", name, res.StatusCode, err)
	}
}
