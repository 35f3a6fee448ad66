package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/register"
)

// greenPapers shows what the shop handed in, and takes more while the county has not
// decided.
func (s *Server) greenPapers(ctx context.Context, c *Call) (any, error) {
	if c.Member == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	u := newUnsent()
	for _, point := range pointsOf(c.Member.Member.Checklist) {
		u.Form.Add("checklist", point)
	}
	return s.papersPage(ctx, c, u, nil, http.StatusOK)
}

// pointsOf are the points of 四有一健全 that a shop says it has.
func pointsOf(l register.Checklist) []string {
	var out []string
	for i, has := range []bool{l.Place, l.Staff, l.Computer, l.Telephone, l.Procedure} {
		if has {
			out = append(out, checklistPoints[i])
		}
	}
	return out
}

// suppliesUnder is the secret under which files wait that a person of a member adds.
func (s *Server) suppliesUnder(c *Call) (token string, hash []byte) {
	return s.Store.NewToken("papers/"+c.Member.Member.ID, c.Member.Person.ID, "files")
}

// mayAdd reports whether the reader may hand papers in now.
func mayAdd(c *Call) bool {
	m := c.Member.Member.State
	return c.Member.Person.Role == "contact" && (m == register.Applied || m == register.MoreAsked)
}

func (s *Server) papersPage(ctx context.Context, c *Call, u *unsent, wrong []view.Wrong, status int) (any, error) {
	p, out := s.inside(c, "page.green.papers")
	m := &c.Member.Member
	papers, err := s.Store.Papers(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	files, err := s.Store.MemberFiles(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	for _, paper := range papers {
		out.Papers = append(out.Papers, s.paperTile(p, &paper, files, out.Base+"/papers"))
	}
	lines, err := s.Store.MemberHistory(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		if l.What == "ask_more" && m.State == register.MoreAsked {
			out.Status = p.T("page.green.asked_more", "Why", l.Why)
		}
	}
	if mayAdd(c) {
		_, hash := s.suppliesUnder(c)
		waiting, err := s.waitingUnder(ctx, hash)
		if err != nil {
			return nil, err
		}
		p.Form = "papers"
		points := u.ask(p, "checklist", "checks")
		points.Label, points.Hint = p.T("page.join.ask.checklist"), p.T("page.join.hint.checklist")
		points.Options = u.options(p, "checklist", "page.join.checklist.", checklistPoints...)
		out.Invite = &view.Form{Action: out.Base + "/papers", Key: formKey(c.token), Upload: true, Faults: wrong, Submit: p.T("page.green.supply"),
			Fields: append(s.paperFields(p, out.Base+"/papers", waiting), points)}
		mark(out.Invite.Fields, wrong)
	}
	return page{status: status, body: view.PapersPage(p, out)}, nil
}

// paperTile is a paper as a list shows it: its file, or that it lies at the office.
func (s *Server) paperTile(p *view.Page, paper *store.Paper, files []store.File, at string) view.Exhibit {
	kind := p.T("page.paper." + paper.Kind)
	i := slices.IndexFunc(files, func(f store.File) bool { return f.ID == paper.File })
	if i < 0 {
		return view.Exhibit{Name: paper.Name, Kind: kind, Who: shortDay(paper.Created)}
	}
	f := &files[i]
	out := s.fileTile(p, f, at+"/"+f.ID)
	out.Who = kind + " · " + shortDay(paper.Created)
	if f.State == store.FileRemoved || f.State == store.FileRefused {
		v := viewFile(f, false, p.Lang)
		out.To, out.State = "", v.Says
	}
	return out
}

// takeGreenPapers takes more papers: the form becomes the body that a program would
// send.
func (s *Server) takeGreenPapers(ctx context.Context, c *Call) (any, error) {
	if c.Member == nil {
		return s.doorPage(c, "", newUnsent(), nil, http.StatusOK), nil
	}
	if !mayAdd(c) { // before a byte is read
		return moved{to: greenPath(c.Member.Member.ID) + "/papers"}, nil
	}
	ctx, end := lasting(ctx)
	defer end()
	token, hash := s.suppliesUnder(c)
	got, err := s.receiveInto(ctx, c, store.NewFile{Draft: hash}, paperFields)
	if err != nil {
		return nil, err
	}
	if id := c.Form.Get("drop"); id != "" {
		if err := s.dropChosen(ctx, hash, id); err != nil {
			return nil, err
		}
	}
	u, ours := &unsent{Form: c.Form}, c.ourForm(c.token)
	if u.files, err = s.waitingUnder(ctx, hash); err != nil {
		return nil, err
	}
	p, at := s.base(c, "page.green.papers"), greenPath(c.Member.Member.ID)+"/papers"
	wrong := append(got.wrong, got.cutWords(p)...)
	set := s.preferences(c)
	switch {
	case c.Form.Get("go") == "part":
		return s.filesPart(c, s.paperField(p, got.field, at, u.files), wrong), nil
	case set != nil:
		c.Language = languageSet(c)
		out, err := s.papersPage(ctx, c, u, nil, http.StatusOK)
		return setting(out, set), err
	case len(wrong) > 0:
		return s.papersPage(ctx, c, u, wrong, http.StatusUnprocessableEntity)
	case !ours:
		return s.papersPage(ctx, c, u, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict)
	case c.Form.Get("go") == "add", c.Form.Get("drop") != "":
		return s.papersPage(ctx, c, u, nil, http.StatusOK)
	}
	return s.supplyOver(ctx, c, u, token, at)
}

func (s *Server) supplyOver(ctx context.Context, c *Call, u *unsent, token, at string) (any, error) {
	checklist := map[string]bool{}
	for _, point := range checklistPoints {
		checklist[point] = slices.Contains(u.Form["checklist"], point)
	}
	body := map[string]any{"papers": papersTyped(u.files), "checklist": checklist, "why": "页面补充"}
	if len(u.files) > 0 {
		body["uploads"] = token
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	_, err = s.supplyMember(ctx, &Call{Param: c.Param, Body: text, Key: c.Key, Language: c.Language, Member: c.Member})
	if err != nil && problemOf(err).Code != "key_reused" { // that is a double click
		wrong, status, fault := formFaults(err, c.Language, joinField)
		if fault != nil {
			return nil, fault
		}
		return s.papersPage(ctx, c, u, wrong, status)
	}
	return moved{to: at + "?done=papers"}, nil
}

// greenPaper hands out a file that a member's person added or that waits.
func (s *Server) greenPaper(ctx context.Context, c *Call) (any, error) {
	if c.Member == nil {
		return nil, notFound()
	}
	f, err := s.paperOf(ctx, c.Member.Member.ID, c.Param("file"))
	if problemOf(err).Code == "not_found" {
		_, hash := s.suppliesUnder(c)
		return s.sendWaitingOf(ctx, c, hash)
	}
	return s.sendSized(ctx, c, f, err)
}

// sendSized hands a file out in the size that its address names.
func (s *Server) sendSized(ctx context.Context, c *Call, f store.File, err error) (any, error) {
	size := c.Param("size")
	switch {
	case err != nil:
		return nil, err
	case size != "small" && size != "content":
		return nil, notFound()
	}
	return s.deliver(ctx, f, size == "small")
}
