package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
)

// besideLog puts onto a case's page what lies beside its log: notices with what became
// of them, files, and the staff's own notes.
func (s *Server) besideLog(ctx context.Context, c *Call, p *view.Page, x *looked, out *view.DeskCase) error {
	if x.v.Kind == workflow.Report {
		return nil
	}
	all, err := s.Store.Notices(ctx, x.v.Number)
	if err != nil {
		return err
	}
	official := isOne(c.User, staff)
	for i := range all {
		out.Notices = append(out.Notices, x.notice(p, &all[i], official))
	}
	if err := s.deskPapers(ctx, c, p, x, out); err != nil {
		return err
	}
	files, err := s.filesOf(ctx, c, x.v)
	if err != nil && !errors.Is(err, store.ErrErased) {
		return err
	}
	for _, f := range files.Files {
		out.Files = append(out.Files, view.DeskFile{To: x.path() + "/files/" + f.ID, Name: f.Name, About: strings.Join([]string{f.Kind, p.T("page.desk.kilobytes", "N", digit(int((f.Size+1023)/1024)))}, " · ")})
	}
	if !official {
		return nil
	}
	out.Staff = true
	notes, err := s.Store.Notes(ctx, x.v.Number)
	if err != nil && !errors.Is(err, store.ErrErased) {
		return err
	}
	for _, n := range notes {
		out.Notes = append(out.Notes, view.Entry{Title: n.Author, When: momentWords(p, n.At), Stamp: stamp(n.At), Words: []string{n.Words}})
	}
	return nil
}

// notice is one notice in words: to whom, what of, and how far it has come.
func (x *looked) notice(p *view.Page, n *store.NoticeFact, official bool) view.DeskNotice {
	f := factOf(&x.v.Case, n, official)
	out := view.DeskNotice{Title: p.T("page.desk.opt.notice", "Kind", p.T("event."+f.Event), "Who", p.T("page.who."+f.To)), State: p.T("page.desk.told." + f.State), When: momentWords(p, f.Owed)}
	if f.DeliveredAt != nil {
		out.Lines = append(out.Lines, p.T("page.desk.delivered", "When", momentWords(p, *f.DeliveredAt)))
	}
	for _, a := range f.Attempts {
		out.Lines = append(out.Lines, p.T("page.desk.attempt", "Channel", wordsOr(p, "page.desk.channel.", a.Channel), "When", momentWords(p, a.At), "Outcome", wordsOr(p, "page.desk.outcome.", a.Outcome)))
	}
	for _, k := range f.Starts {
		out.Lines = append(out.Lines, p.T("page.desk.act.start", "Clocks", p.T("clock."+k.Code)))
	}
	if official && f.DeliveredAt == nil {
		out.Resend = x.path() + "/notices/" + digit(int(f.No)) + "/resend"
	}
	return out
}

// takeNote adds a note of the staff's own.
func (s *Server) takeNote(ctx context.Context, c *Call) (any, error) {
	words := strings.TrimSpace(c.Form.Get("words"))
	v, err := s.seen(ctx, c)
	if err != nil {
		return nil, err
	}
	if !c.ourForm(c.token) {
		return s.notePage(c, v.Number, words, say(c.Language, c.staleWords(), nil)), nil
	}
	if words == "" {
		return s.notePage(c, v.Number, words, say(c.Language, "page.desk.need.note", nil)), nil
	}
	body, err := json.Marshal(newNote{words})
	if err != nil {
		return nil, err
	}
	if _, err := s.addNote(ctx, &Call{Param: c.Param, Body: body, Key: c.Key, Language: c.Language, User: c.User}); err != nil {
		problem := problemOf(err)
		if problem.Status >= http.StatusInternalServerError || problem.Status == http.StatusNotFound {
			return nil, err
		}
		problem.say(c.Language, "")
		return s.notePage(c, v.Number, words, problem.Title), nil
	}
	return moved{to: deskCasePath(v.Number) + "?done=note#notes"}, nil
}

// notePage asks for a note once more, with what was typed.
func (s *Server) notePage(c *Call, number, words, why string) page {
	p := s.base(c, "page.desk.notes")
	p.Form = "act"
	f := &view.Form{Action: deskCasePath(number) + "/notes", Key: formKey(c.token), Submit: p.T("page.desk.note.add"), Back: deskCasePath(number), Kicker: p.T("page.case.number", "Number", number),
		Faults: []view.Wrong{{Field: "words", Text: why}}, Fields: []view.Field{{Name: "words", Kind: "area", Label: p.T("page.desk.note"), Value: words, Error: why}}}
	return page{status: http.StatusUnprocessableEntity, body: view.DeskFormPage(p, f)}
}

// takeResend has a notice sent anew.
func (s *Server) takeResend(ctx context.Context, c *Call) (any, error) {
	to := deskCasePath(c.Param("number"))
	if !c.ourForm(c.token) {
		return moved{to: to}, nil
	}
	_, err := s.resend(ctx, &Call{Param: c.Param, Body: []byte("{}"), Key: c.Key, Language: c.Language, User: c.User})
	if problem := problemOf(err); err != nil && problem.Status == http.StatusConflict {
		problem.say(c.Language, "")
		p := s.notNowBase(c)
		return page{status: problem.Status, body: view.NotNowPage(p, &view.NotNow{Text: problem.Title + p.T("page.desk.colon") + problem.Detail, Case: to})}, nil
	}
	if err != nil {
		return nil, err
	}
	return moved{to: to + "?done=resend#notices"}, nil
}

// wordsOr are the words of a code, or the code where the catalogue has none.
func wordsOr(p *view.Page, prefix, code string) string {
	if has(p.Lang, prefix+code) {
		return p.T(prefix + code)
	}
	return code
}
