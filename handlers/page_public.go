package handlers

import (
	"context"
	"mime"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// course is what most cases go through, in order, with the clock of each part.
var course = []string{"accept_decision", "merchant_first_answer", "mediation_end", "termination_notice"}

// longCourse is the whole of it, for who wants to know.
var longCourse = []string{"green_channel", "merchant_first_answer", "offer_reply", "accept_decision", "mediation_end", "termination_decision", "termination_notice", "link_election", "confirmation_application"}

// terms are lengths as the rules in force today have them.
func (s *Server) terms(p *view.Page, codes []string) []view.Term {
	law, today := s.Rules(), calendar.On(s.Now())
	var out []view.Term
	for _, code := range codes {
		t, err := law.Term(code, policy.Question{Start: today})
		if err != nil || t.N == 0 {
			continue
		}
		out = append(out, view.Term{Title: p.T("page.term." + code), Length: lengthWords(p, t.N, t.Unit), Then: p.T("page.term." + code + ".then")})
	}
	return out
}

func lengthWords(p *view.Page, n int, unit calendar.Unit) string {
	return p.T("page.length."+string(unit), "N", strconv.Itoa(n))
}

// rights of a consumer that a bureau is asked about most.
var rights = []string{"return", "fraud", "food", "proof", "prepaid", "routes"}

func rightsWords(p *view.Page) []string {
	var out []string
	for _, r := range rights {
		out = append(out, p.T("page.right."+r))
	}
	return out
}

func (s *Server) front(ctx context.Context, c *Call) (any, error) {
	p := s.base(c, "page.front.title")
	shops, err := s.someMembers(ctx, p)
	return page{body: view.FrontPage(p, &view.Front{Terms: s.terms(p, course), Rights: rightsWords(p)[:4], Shops: shops}), public: true}, err
}

func (s *Server) guide(_ context.Context, c *Call) (any, error) {
	p := s.base(c, "page.guide.title")
	return page{body: view.GuidePage(p, &view.Front{Terms: s.terms(p, longCourse), Rights: rightsWords(p)}), public: true}, nil
}

// track leads from a number to its case's page, which asks for the link.
func (s *Server) track(_ context.Context, c *Call) (any, error) {
	number := tidyNumber(c.Query("number"))
	if !s.spelled(number) {
		p := s.base(c, "page.track.title")
		return page{status: http.StatusUnprocessableEntity, body: view.WordsPage(p, []string{p.T("page.track.bad")})}, nil
	}
	return moved{to: "/c/" + number}, nil
}

// tidyNumber is a number as we print it, from what people write.
func tidyNumber(text string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		switch {
		case r == '－' || r == '—' || r == '–':
			return '-'
		case r == ' ' || r == '　':
			return -1
		case r >= '！' && r <= '～':
			return r - 0xFEE0
		}
		return r
	}, text))
}

// asset is a style sheet or script under its name for this content.
type asset struct{ name string }

func (a asset) send(w http.ResponseWriter, r *http.Request) error {
	encoding := ""
	for _, e := range []struct{ token, ext string }{{"br", "br"}, {"gzip", "gz"}} {
		if encoding == "" && strings.Contains(r.Header.Get("Accept-Encoding"), e.token) {
			encoding = e.ext
			w.Header().Set("Content-Encoding", e.token)
		}
	}
	text, err := view.File(a.name, encoding)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(filepath.Ext(a.name)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(text)
	return err
}

func (s *Server) asset(_ context.Context, c *Call) (any, error) {
	name := c.Param("file")
	kind := filepath.Ext(name)
	if _, err := view.File(name, ""); err != nil || kind != ".css" && kind != ".js" {
		return nil, notFound()
	}
	return asset{name: name}, nil
}
