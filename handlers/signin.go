package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fangxin/store"
)

// SignIn is how long the authority's people stay signed in. What is zero is the
// default.
type SignIn struct {
	Idle time.Duration // a session that is not used for so long is over
	Term time.Duration // and one that is this old, whatever happened
	// Codes are the roles that sign in with a code as well; others may.
	Codes []string
	// Provider is where people may sign in instead of here; nil: nowhere.
	Provider *Provider
}

// Defaults of SignIn.
const (
	IdleDefault = time.Hour
	TermDefault = 12 * time.Hour
)

func (x SignIn) idle() time.Duration {
	if x.Idle == 0 {
		return IdleDefault
	}
	return x.Idle
}

func (x SignIn) term() time.Duration {
	if x.Term == 0 {
		return TermDefault
	}
	return x.Term
}

// deskPath is the first page of the authority's own people, signInPath where they
// sign in.
const (
	deskPath   = "/desk"
	signInPath = "/desk/sign-in"
)

// Tries at one name's password, right ones too: from devices that it has not been
// on, all together, and from each device that it has. Nobody is locked out for
// ever: a try comes back, and the holder's own device does not wait for strangers.
var (
	triesByName   = Rate{time.Minute, 10}
	triesByDevice = Rate{time.Minute, 10}
	// triesByCode are those at the second step, which only who knows the password
	// reaches.
	triesByCode = Rate{2 * time.Minute, 5}
)

// tryCode takes one of the tries at a user's second step.
func (l *Limits) tryCode(ctx context.Context, user int64) error {
	return l.refuse(l.spend(ctx, "try/c/"+strconv.FormatInt(user, 10), triesByCode, true))
}

// tryPassword takes one of the tries at a name.
func (l *Limits) tryPassword(ctx context.Context, name, device string) error {
	if device != "" {
		return l.refuse(l.spend(ctx, "try/d/"+device, triesByDevice, true))
	}
	return l.refuse(l.spend(ctx, "try/n/"+strings.ToLower(name[:min(len(name), 100)]), triesByName, true))
}

// secure says that people reach us over TLS.
func (s *Server) secure() bool { return strings.HasPrefix(s.Site.Address, "https:") }

// hostCookie is the name of a cookie that no neighbour under the same domain can
// set, where TLS allows for one.
func (s *Server) hostCookie(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

// admitDesk lets in who holds a session. Roles are those that he has now. A
// session that was there and is over is no guess.
func (s *Server) admitDesk(ctx context.Context, r Route, call *Call, who caller) error {
	got, err := s.Store.AdmitSession(ctx, who.token, call.Param("number"), s.SignIn.idle())
	switch {
	case errors.Is(err, store.ErrEnded):
		return nil
	case errors.Is(err, store.ErrNoLink) && got.User == nil:
		s.Limits.wrong(ctx, who.from, "")
		return nil
	case errors.Is(err, store.ErrNoLink):
		return notFound()
	case err != nil:
		return err
	}
	call.User, call.Session, call.token = got.User, got.Session, who.token
	if reads(call.User) && r.writes() {
		return problem("reads_only")
	}
	return nil
}

// askSignIn sends who is not signed in to the page that asks for it, and from
// there back. What he had typed goes along, sealed for him alone.
func (s *Server) askSignIn(ctx context.Context, r Route, c *Call, token string) (any, error) {
	to := c.path
	if query := c.Params.Encode(); query != "" {
		to += "?" + query
	}
	if r.Method == http.MethodGet || limits[r.Limit].Stream {
		return moved{to: signInPath + "?" + url.Values{"to": {to}}.Encode()}, nil
	}
	x := entry{to: deskPath}
	if token != "" {
		user, err := s.Store.WhoseSession(ctx, token)
		if err != nil {
			return nil, err
		}
		if user != 0 && r.Who == Desk {
			x.kept = s.Store.SealForm(user, to+"\n"+keptForm(c.Form).Encode())
		}
	}
	return s.signInPage(c, x, "page.signin.ended", http.StatusForbidden), nil
}

// keptForm is what was typed, without what only the ended session could prove.
func keptForm(form url.Values) url.Values {
	out := url.Values{}
	for name, list := range form {
		if name != "key" && name != "set" && name != "go" {
			out[name] = list
		}
	}
	return out
}

// staleWords says why a form must be sent once more: it came through signing in,
// or it is an old one.
func (c *Call) staleWords() string {
	if c.Form.Get("kept") == "yes" {
		return "page.form.kept"
	}
	return "page.form.stale"
}

// here is a page of the desk to go to after signing in: only ever one of ours.
func (c *Call) here(to string) string {
	to = c.back(to)
	u, err := url.Parse(to)
	if err != nil || u.Path != deskPath && !strings.HasPrefix(u.Path, deskPath+"/") || strings.HasPrefix(u.Path, signInPath) || strings.Contains(u.Path, "..") {
		return deskPath
	}
	return to
}

// browserOf is browser and system in a few words, so that people know their own
// sessions again; never the whole header, which says too much.
func browserOf(h http.Header) string {
	agent := h.Get("User-Agent")
	find := func(names ...string) string {
		for _, name := range names {
			mark, shown, _ := strings.Cut(name, "=")
			if strings.Contains(agent, mark) {
				return shown
			}
		}
		return ""
	}
	browser := find("MicroMessenger=WeChat", "Edg/=Edge", "Firefox/=Firefox", "Chrome/=Chrome", "Safari/=Safari")
	system := find("HarmonyOS=HarmonyOS", "Android=Android", "iPhone=iOS", "iPad=iPadOS", "Windows=Windows", "Mac OS X=macOS", "Linux=Linux")
	return strings.Trim(browser+" · "+system, " ·")
}

// placeOf is the network that a session came from, not the address: enough to
// tell the office from elsewhere.
func (c *Call) placeOf() string {
	bits := 24
	if c.from.Unmap().Is6() {
		bits = 48
	}
	net, err := c.from.Unmap().Prefix(bits)
	if err != nil {
		return ""
	}
	return net.String()
}
