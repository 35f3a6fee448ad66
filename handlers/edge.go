package handlers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"fangxin/workflow/ledger"
)

// What a request may carry before anybody looks at what it wants.
const (
	maxURL    = 4096 // bytes
	maxFields = 64   // lines of the header
)

// crossOrigin refuses what another site's page makes a browser send.
var crossOrigin = http.NewCrossOriginProtection()

// headers stand on every answer, errors too. Nothing that we answer is kept by
// anybody between, framed, guessed at or told to another site.
var headers = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Robots-Tag":                 "noindex",
}

// requestID names a request in answers and logs. A client's own is not taken:
// it could hold anything.
func requestID() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id)
	return hex.EncodeToString(id)
}

// screen refuses a request by its outside.
func screen(r *http.Request) error {
	fields := 0
	for _, values := range r.Header {
		fields += len(values)
	}
	switch {
	case len(r.RequestURI) > maxURL:
		return problem("long_url")
	case fields > maxFields:
		return problem("many_headers")
	case crossOrigin.Check(r) != nil:
		return problem("cross_origin")
	}
	return nil
}

// serve takes a request through its route's policy, cheapest question first,
// and answers it: the address's budget, the body, a place, who calls, his
// budget, and only then what he wants.
func (s *Server) serve(ctx context.Context, w http.ResponseWriter, req *http.Request, r Route, call *Call) (any, error) {
	from := s.Clients.of(req)
	call.from = from
	if r.Who == Machine && (!from.IsLoopback() || forwarded(req)) {
		return nil, notFound()
	}
	if s.Clients.header == "" && from.IsLoopback() && forwarded(req) {
		s.unnamed.Do(func() {
			s.Log.Warn("a proxy hands requests on and is not named: all its clients share one budget (FANGXIN_CLIENT_ADDRESS, FANGXIN_TRUSTED_PROXIES)")
		})
	}
	if err := s.Limits.arrive(ctx, r.Limit, from); err != nil {
		return nil, err
	}
	token, err := s.tokenOf(r, req)
	if err != nil {
		return nil, err
	}
	if err := r.knows(req.URL.RawQuery); err != nil {
		return nil, err
	}
	if limits[r.Limit].Stream {
		call.Upload = &incoming{w: w, r: req, patience: s.Limits.bodyTime}
		defer call.Upload.end()
	}
	if most := r.reads(); most > 0 {
		if call.Body, err = readBody(w, req, r.takes(), most, r.drains(), s.Limits.bodyTime); err != nil {
			return nil, err
		}
	}
	over := int64(len(call.Body)) > r.longest()
	if r.isPage() {
		if err := call.readForm(); err != nil {
			return nil, err
		}
	}
	if over {
		return s.tooMuch(call), nil
	}
	if err := legible(r, call); err != nil {
		return nil, err
	}
	leave, err := s.Limits.enter(ctx, r.Limit)
	if err != nil {
		return nil, err
	}
	defer leave()
	out, err := s.handle(ctx, r, call, caller{from, token})
	if err != nil && ctx.Err() != nil && problemOf(err).Status == http.StatusInternalServerError {
		return nil, problem("busy") // it took too long, or nobody waits any more
	}
	return out, err
}

// longest is how large the body of a route may be, bytes. A page says at the field
// that a text is too long, so it reads more than it takes.
func (r Route) longest() int64 {
	most := limits[r.Limit].Body
	if r.isPage() && most > 0 {
		most = max(most, limits[Intake].Body)
	}
	return most
}

// mostEchoed is how much of a page's form is read so that it can be handed back,
// mostDrained how much more so that whoever sends it hears the answer at all: browsers
// listen when they have sent everything. Bytes.
const (
	mostEchoed  = 4 << 20
	mostDrained = 32 << 20
)

// reads is how much of a body is read: of a page's more than it takes.
func (r Route) reads() int64 {
	most := r.longest()
	if r.isPage() && most > 0 {
		most = max(most, mostEchoed)
	}
	return most
}

// drains is how much of a body that is larger still is passed over.
func (r Route) drains() int64 {
	if r.isPage() {
		return mostDrained
	}
	return 0
}

func (s *Server) handle(ctx context.Context, r Route, call *Call, who caller) (any, error) {
	if err := s.admit(ctx, r, call, who); err != nil {
		return nil, err
	}
	if (r.Who == Desk || r.Who == Own) && call.User == nil {
		return s.askSignIn(ctx, r, call, who.token)
	}
	if err := s.Limits.admit(ctx, r.Limit, call.caller(who.token), call.Param("number")); err != nil {
		return nil, err
	}
	if n := call.Param("number"); n != "" && !s.spelled(n) {
		return nil, notFound()
	}
	return r.Handle(ctx, call)
}

// legible refuses keys, parameters and places in the path that no text can be:
// a database would refuse them later, and say less.
func legible(r Route, call *Call) error {
	if len(call.Key) > 200 || broken(call.Key) {
		return problem("bad_key")
	}
	for name, values := range call.Params {
		if broken(name) {
			return badQuery("(query)", "why.text")
		}
		if slices.ContainsFunc(values, broken) {
			return badQuery(name, "why.text")
		}
	}
	for part := range strings.SplitSeq(r.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && broken(call.Param(strings.TrimSuffix(name, "}"))) {
			return notFound()
		}
	}
	return nil
}

// forwarded reports whether a proxy says that it hands the request on.
func forwarded(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"},
		func(name string) bool { return len(r.Header.Values(name)) > 0 })
}

// caller names who pays: a user, or a link by its hash.
func (c *Call) caller(token string) string {
	switch {
	case c.User != nil:
		return "u/" + strconv.FormatInt(c.User.ID, 10)
	case c.Link != nil:
		sum := sha256.Sum256([]byte(token))
		return "l/" + base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	return ""
}

// tokenOf is what the request shows of who sends it.
func (s *Server) tokenOf(r Route, req *http.Request) (string, error) {
	if r.isPage() {
		switch r.Who {
		case Keeper:
			return cookieOf(req)(caseCookie), nil
		case Insider:
			return cookieOf(req)(memberCookie), nil
		case Desk, Own:
			return cookieOf(req)(s.hostCookie(deskCookie)), nil
		}
		return "", nil
	}
	return bearer(req, r.Who)
}

// bearer is the token of a request whose route asks for one. Nothing that no
// token can be is looked up.
func bearer(r *http.Request, who Who) (string, error) {
	if who == Anyone || who == Machine || who == Signing || (who == Filer || who == Visitor || who == Uploader) && r.Header.Get("Authorization") == "" {
		return "", nil
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return "", problem("no_token")
	}
	return token, nil
}

// caller is what a request shows of who sends it.
type caller struct {
	from  netip.Addr
	token string
}

// admit finds out who calls, within what may be guessed. A wrong token costs
// its address; what a known user asks in vain does not.
func (s *Server) admit(ctx context.Context, r Route, call *Call, who caller) error {
	if r.Who == Anyone || r.Who == Machine || (r.Who == Filer || r.Who == Visitor || r.Who == Uploader || r.Who == Keeper || r.Who == Insider || r.Who == Desk || r.Who == Own) && who.token == "" {
		return nil
	}
	if r.Who == Signing {
		return s.grantGateway(call)
	}
	number := call.Param("number")
	if err := s.Limits.guess(who.from, number); err != nil {
		return err
	}
	if r.Who == Desk || r.Who == Own {
		return s.admitDesk(ctx, r, call, who)
	}
	err := s.grant(ctx, r, call, who.token)
	if err != nil && call.User == nil && problemOf(err).Code == "not_found" {
		s.Limits.wrong(ctx, who.from, number)
	}
	if (r.Who == Keeper || r.Who == Insider) && problemOf(err).Code == "not_found" { // the page asks for a link that works
		call.User, call.Link, call.Member, call.lost = nil, nil, nil, true
		return nil
	}
	call.token = who.token
	return err
}

// spelled reports whether a number is written as we print it: a program that
// writes it otherwise has another mistake, and the log one name for one case.
func (s *Server) spelled(number string) bool {
	p, y, n, err := ledger.ParseNumber(number)
	return err == nil && ledger.Number(p, y, n) == number && (p == s.Rules().County().Prefix || p == "JB")
}

// language picks Chinese unless English is asked for first.
func language(accept string) string {
	first, _, _ := strings.Cut(accept, ",")
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(first)), "en") {
		return "en"
	}
	return "zh"
}

// method is a request's method for logs and counts: what is not one of HTTP's
// own is a client's free text.
func method(m string) string {
	if slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, m) {
		return m
	}
	return "other"
}
