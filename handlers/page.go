package handlers

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"fangxin/handlers/view"

	"github.com/a-h/templ"
	"github.com/google/uuid"
)

// Site is what the pages say of the place that they are served from.
type Site struct {
	Address string   // https://example.cn, for links that are shown and for cookies; empty: as asked for
	Filings []string // filing numbers of the site, shown at the foot of every page
}

// answer is what a page's route gives back.
type answer interface {
	send(w http.ResponseWriter, r *http.Request) error
}

const pagePolicies = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// page is a whole page, or a part of one that a script puts in.
type page struct {
	status  int
	body    templ.Component
	cookies []*http.Cookie
	public  bool   // search engines may keep it
	formTo  string // another origin to which a form of it may lead
	kept    bool   // anybody may keep it as long as what is published may be kept; it has no form with a key
}

// moved sends the browser on after a form: 303, so that reloading sends nothing twice.
type moved struct {
	to      string
	cookies []*http.Cookie
}

// download is a file that is handed out and never shown.
type download struct {
	name, kind string
	body       []byte
}

func (d download) send(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(d.body)
	return err
}

func (m moved) send(w http.ResponseWriter, _ *http.Request) error {
	for _, c := range m.cookies {
		http.SetCookie(w, c)
	}
	w.Header().Set("Location", m.to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// worthwhile is the size from which a page is sent compressed, bytes.
const worthwhile = 1024

func (p page) send(w http.ResponseWriter, r *http.Request) error {
	var b bytes.Buffer
	if err := p.body.Render(r.Context(), &b); err != nil {
		return err
	}
	h := w.Header()
	for _, c := range p.cookies {
		http.SetCookie(w, c)
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.Replace(pagePolicies, "form-action 'self'", strings.TrimSpace("form-action 'self' "+p.formTo), 1))
	// With no-referrer a form's own Origin is null, and older browsers that send
	// no Sec-Fetch-Site would be refused; another site still learns nothing.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding, Accept-Language, Cookie")
	if p.public {
		h.Del("X-Robots-Tag")
	}
	status := cmp.Or(p.status, http.StatusOK)
	if p.kept && status == http.StatusOK {
		if etag := etagOf(b.Bytes()); keepable(h, r, etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if b.Len() < worthwhile || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, err := w.Write(b.Bytes())
		return err
	}
	// What a form repeats and its token are compressed together: the token is
	// another one each time, so its length tells nothing.
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := gzip.NewWriter(w)
	if _, err := z.Write(b.Bytes()); err != nil {
		return err
	}
	return z.Close()
}

// takes is the kind of body that a route reads.
func (r Route) takes() string {
	if r.isPage() {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}

// readForm reads a page's body.
func (c *Call) readForm() error {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return problem("unreadable")
	}
	for _, list := range form {
		for i := range list {
			list[i] = tidyTyped(list[i])
		}
	}
	c.Form, c.Body = form, nil
	return nil
}

// cookies: where each is sent says what it is for.
const (
	caseCookie  = "case"  // the capability of one case, sent to its pages only
	draftCookie = "draft" // the capability of a complaint that is being written
	langCookie  = "lang"
	// memberCookie is a session of a member's person, sent to that membership's pages.
	memberCookie = "member"
	typeCookie   = "type"
	// deskCookie is an officer's session, deviceCookie says that he has signed in on
	// this device before, themeCookie whether he wants light or dark.
	deskCookie   = "desk"
	deviceCookie = "device"
	themeCookie  = "theme"
	keysCookie   = "keys"      // off: no short cuts
	halfCookie   = "desk_half" // between password and code
	awayCookie   = "desk_away" // between here and the OIDC provider
)

func cookieOf(r *http.Request) func(string) string {
	return func(name string) string {
		if c, err := r.Cookie(name); err == nil {
			return c.Value
		}
		return ""
	}
}

// languageOf is the language that a person chose, else the browser's.
func languageOf(r *http.Request) string {
	switch lang := cookieOf(r)(langCookie); lang {
	case "zh", "en":
		return lang
	}
	return language(r.Header.Get("Accept-Language"))
}

// byBrowser reports whether a person waits for the answer, not a program.
func byBrowser(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api")
}

func (s *Server) cookie(name, value, path string, days int) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: path, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.Site.Address, "https:"), MaxAge: days * 24 * 3600}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// formKey is what a form carries: the idempotency key of what it does, so that a
// double click is one act, and the proof that this page was made for the holder
// of the secret.
func formKey(secret string) string {
	id, _ := uuid.NewV7()
	return id.String() + "." + proof(secret, id.String())
}

func proof(secret, key string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("form\x00" + key))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
}

// ourForm takes the key out of a form that one of our pages made for this
// holder; a forged or stale one is shown the page again.
func (c *Call) ourForm(secret string) bool {
	key, sign, _ := strings.Cut(c.Form.Get("key"), ".")
	if secret == "" || uuid.Validate(key) != nil || !hmac.Equal([]byte(sign), []byte(proof(secret, key))) {
		return false
	}
	c.Key = key
	return true
}

// base is what every page needs.
func (s *Server) base(c *Call, title string, pairs ...string) *view.Page {
	p := s.frame(c.Language, c.cookie(typeCookie) == "large", c.path)
	p.Title = p.Say(title, pairs...)
	if theme := c.cookie(themeCookie); theme == "light" || theme == "dark" {
		p.Theme = theme
	}
	if c.User != nil {
		p.Desk = s.deskOf(c, p)
	}
	return p
}

func (s *Server) frame(lang string, large bool, path string) *view.Page {
	county := s.Rules().County()
	p := &view.Page{Lang: lang, Large: large, Path: path, Year: s.Now().In(china).Year(), Filings: s.Site.Filings, County: county.Zh,
		Say: func(key string, pairs ...string) string {
			v := vars{}
			for i := 0; i+1 < len(pairs); i += 2 {
				v[pairs[i]] = pairs[i+1]
			}
			return say(lang, key, v)
		}}
	if lang == "en" {
		p.County = county.En
	}
	for _, d := range county.Departments {
		switch {
		case d.Code != county.Hub:
		case lang == "en":
			p.Authority = p.County + " " + strings.TrimPrefix(d.En, "County ")
		default:
			p.Authority = p.County + strings.TrimPrefix(d.Zh, "县")
		}
	}
	return p
}

// faultPage tells a person what went wrong and what to do.
func (s *Server) faultPage(p *Problem, r *http.Request) page {
	large := cookieOf(r)(typeCookie) == "large"
	f := s.frame(languageOf(r), large, "/")
	key := "page.fault." + p.Code
	if !has(f.Lang, key+".title") {
		key = "page.fault." + map[bool]string{true: "ours", false: "other"}[p.Status >= 500]
	}
	f.Title = f.Say(key + ".title")
	var wrong []view.Wrong
	if p.Code == "bad_query" { // of a form, the page itself says it beside the field
		for _, m := range p.Missing {
			wrong = append(wrong, view.Wrong{Field: m.Field, Text: m.Why})
		}
	}
	return page{status: p.Status, body: view.FaultPage(f, f.Say(key+".text"), strconv.Itoa(p.Status), p.RequestID, wrong)}
}

// prefer keeps the language or the size of type that a person chose.
func (s *Server) prefer(_ context.Context, c *Call) (any, error) {
	return moved{c.back(c.Form.Get("back")), s.preferences(c)}, nil
}

// preferences are the cookies for what a form's switch says.
func (s *Server) preferences(c *Call) []*http.Cookie {
	const year = 366
	switch set := c.Form.Get("set"); set {
	case "lang:zh", "lang:en":
		return []*http.Cookie{s.cookie(langCookie, set[5:], "/", year)}
	case "theme:light", "theme:dark":
		return []*http.Cookie{s.cookie(themeCookie, set[6:], "/", year)}
	case "theme:system":
		return []*http.Cookie{s.cookie(themeCookie, "", "/", 0)}
	case "keys:on", "keys:off":
		return []*http.Cookie{s.cookie(keysCookie, set[5:], "/", year)}
	case "type:large", "type:usual":
		return []*http.Cookie{s.cookie(typeCookie, set[5:], "/", year)}
	}
	return nil
}

// setting has a page that is shown again set cookies too.
func setting(out any, cookies []*http.Cookie) any {
	if shown, ok := out.(page); ok {
		shown.cookies = cookies
		return shown
	}
	return out
}

// back is a page of ours to go back to.
func (c *Call) back(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
