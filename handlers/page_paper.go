package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"

	"fangxin/handlers/view"
	"fangxin/store"
)

// joinCookie is under which an application that is being written waits.
const joinCookie = "join"

// paperFields are the fields of an application's form that files are chosen in, with
// the kind of paper that each asks for.
var paperFields = map[string]string{"licence": "licence", filesField: "other"}

// paperField is the question that one of them asks; at is where pictures are fetched.
func (s *Server) paperField(p *view.Page, name, at string, waiting []store.File) view.Field {
	var own []store.File
	for i := range waiting {
		if waiting[i].Paper == paperFields[name] {
			own = append(own, waiting[i])
		}
	}
	return s.fileFieldNamed(p, name, "page.join.ask."+name, at, own)
}

// paperFields asks for the licence first, whose limits are then told once.
func (s *Server) paperFields(p *view.Page, at string, waiting []store.File) []view.Field {
	licence, other := s.paperField(p, "licence", at, waiting), s.paperField(p, filesField, at, waiting)
	licence.Hint, other.Hint = p.T("page.join.hint.licence"), p.T("page.join.hint.files")+licence.Hint
	return []view.Field{licence, other}
}

// papersTyped names the files that go with an application.
func papersTyped(files []store.File) []map[string]string {
	out := []map[string]string{}
	for i := range files {
		out = append(out, map[string]string{"kind": files[i].Paper, "file": files[i].ID})
	}
	return out
}

// unjoined is an application of which nothing was typed.
func unjoined() *unsent {
	u := newUnsent()
	u.Form.Set("answer_days", "3")
	return u
}

// joining is what waits under a token: words and files.
func (s *Server) joining(ctx context.Context, token string) (*unsent, error) {
	u := unjoined()
	if token == "" {
		return u, nil
	}
	text, until, err := s.Store.Draft(ctx, token)
	if err == nil {
		u.until = until
		err = json.Unmarshal(text, u)
	} else if errors.Is(err, store.ErrNoDraft) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	u.files, err = s.waitingUnder(ctx, store.DraftHash(token))
	return u, err
}

// typedOnly is a form without what nobody typed; also names what is typed in this one.
func typedOnly(form url.Values, also ...string) url.Values {
	out := url.Values{}
	for name, list := range form {
		if !slices.Contains(notTyped, name) || slices.Contains(also, name) {
			out[name] = list
		}
	}
	return out
}

// sumOf tells whether a form is the very same that was sent.
func sumOf(key string, form url.Values) string {
	sum := sha256.Sum256([]byte(key + "\x00" + form.Encode()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// joinFile hands out a file that waits for this browser's application.
func (s *Server) joinFile(ctx context.Context, c *Call) (any, error) {
	return s.sendWaitingOf(ctx, c, store.DraftHash(c.cookie(joinCookie)))
}
