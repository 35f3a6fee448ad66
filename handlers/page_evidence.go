package handlers

import (
	"context"
	"net/http"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
)

// fillEvidence asks for what shows what happened; a complaint without is one too.
func fillEvidence(s *Server, p *view.Page, u *unsent, f *view.Form) {
	f.Lead = []string{p.T("page.file.evidence.lead"), p.T("page.file.evidence.privacy")}
	f.Upload = true
	f.Fields = []view.Field{s.fileField(p, "page.ask.files", "/file/files", u.files)}
}

// evidenceRow is how many files wait, for the review.
func (u *unsent) evidenceRow(p *view.Page) view.Row {
	var names []string
	for i := range u.files {
		names = append(names, u.files[i].Name)
	}
	value := p.T("page.files.none")
	if len(names) > 0 {
		value = p.T("page.files.count", "N", digit(len(names))) + "\n" + strings.Join(names, p.T("page.and"))
	}
	return view.Row{Name: p.T("page.files.title"), Value: value, To: "/file/evidence"}
}

// takeEvidence takes the files of the step, one after the other as they come, and
// keeps them with the draft: for thirty days, on whichever device it is gone on with.
func (s *Server) takeEvidence(ctx context.Context, c *Call) (any, error) {
	ctx, end := lasting(ctx)
	defer end()
	st, token := stepNamed("evidence"), c.cookie(draftCookie)
	u, err := s.draftOf(ctx, c)
	if err != nil {
		return nil, err
	}
	var cookies []*http.Cookie
	status, wrong := http.StatusUnprocessableEntity, []view.Wrong(nil)
	p := s.base(c, "page.file.evidence")
	switch {
	case u != nil && u.Sent != "":
		return moved{to: "/c/" + u.Sent}, nil
	case u == nil: // its time is over, or the cookie is gone: what comes now begins another
		u = newUnsent()
		u.Form.Set("track", "authority")
		cookie, err := s.begin(ctx, u)
		if err != nil {
			return nil, err
		}
		token, cookies, status, wrong = cookie.Value, []*http.Cookie{cookie}, http.StatusGone, []view.Wrong{{Text: p.T("page.file.rescued")}}
	}
	draft := store.DraftHash(token)
	got, err := s.receive(ctx, c, "", draft)
	if err != nil {
		return nil, err
	}
	if id := c.Form.Get("drop"); id != "" {
		if err := s.dropChosen(ctx, draft, id); err != nil {
			return nil, err
		}
	}
	u.Filed = u.Filed || len(got.taken) > 0
	if err := s.keep(ctx, token, u); err != nil {
		return nil, err
	}
	if u.files, err = s.waitingUnder(ctx, draft); err != nil {
		return nil, err
	}
	if got.cut == nil && len(wrong) == 0 && !c.ourForm(token) {
		status, wrong = http.StatusConflict, []view.Wrong{{Text: p.T("page.form.stale")}}
	}
	wrong = append(append(wrong, got.wrong...), got.cutWords(p)...)
	if c.Form.Get("go") == "part" {
		return s.filesPart(c, s.fileField(p, "page.ask.files", "/file/files", u.files), wrong), nil
	}
	if set := s.preferences(c); set != nil && len(wrong) == 0 {
		return moved{c.path, append(cookies, set...)}, nil
	}
	if len(wrong) > 0 {
		out := s.stepPage(c, st, u, token, wrong, status)
		out.cookies = cookies
		return out, nil
	}
	if c.Form.Get("go") != "next" {
		return moved{"/file/evidence#f-files", cookies}, nil
	}
	return moved{"/file/" + u.after(st).name, cookies}, nil
}

// cutWords say that a form did not come whole.
func (f *chosenFiles) cutWords(p *view.Page) []view.Wrong {
	if f.cut == nil {
		return nil
	}
	key := "page.files.cut"
	if f.cut.Code == "file_large" || f.cut.Code == "too_large" {
		key = "page.files.too_much"
	}
	return []view.Wrong{{Field: f.field, Text: p.T(key)}}
}

// filesPart is the list alone, for the script that sent one file of several.
func (s *Server) filesPart(c *Call, q view.Field, wrong []view.Wrong) page {
	p := s.base(c, "page.file.evidence")
	out := page{body: view.FileList(p, &q)}
	if len(wrong) > 0 {
		out.status, out.body = http.StatusUnprocessableEntity, view.FileList(p, withErrors(&q, wrong))
	}
	return out
}

// withErrors puts all that is wrong with the files into their field.
func withErrors(q *view.Field, wrong []view.Wrong) *view.Field {
	var texts []string
	for _, w := range wrong {
		texts = append(texts, w.Text)
	}
	q.Error = strings.Join(texts, "\n")
	return q
}

// draftFile hands out a file that waits for the complaint of this browser's draft.
func (s *Server) draftFile(ctx context.Context, c *Call) (any, error) {
	return s.sendWaitingOf(ctx, c, store.DraftHash(c.cookie(draftCookie)))
}

// sendWaitingOf hands out a file that waits under a secret's hash, or its small picture.
func (s *Server) sendWaitingOf(ctx context.Context, c *Call, draft []byte) (any, error) {
	size := c.Param("size")
	if size != "small" && size != "content" {
		return nil, notFound()
	}
	f, err := s.waitingFile(ctx, draft, c.Param("file"))
	if err != nil {
		return nil, err
	}
	return s.deliver(ctx, f, size == "small")
}
