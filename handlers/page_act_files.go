package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
)

// withFiles are the acts that files come with. Offers are not among them: what was
// offered is confidential, and files are evidence.
var withFiles = strings.Fields(`add_evidence answer disclaim merchant_refuses supply_correction challenge_proof report_performance report_performance_after_closing
	sue court_result late_result mediated_in_suit not_pursued not_pursued_kept not_pursued_unperformed`)

// fileOf is the field by which an act names the first of its files; empty: the act
// names none.
func fileOf(event string) string {
	for _, r := range caseResources {
		if slices.Contains(r.candidates(), event) {
			for _, name := range []string{"proof", "paper"} {
				if slices.Contains(strings.Fields(r.takes), name) {
					return name
				}
			}
		}
	}
	return ""
}

// fileNeeded reports whether the law asks for a file with the act.
func fileNeeded(m *MoveView) bool {
	return slices.ContainsFunc(m.Needs, func(g string) bool {
		return slices.ContainsFunc(workflow.Needs(g), func(f string) bool { return f == "paper" || f == "proof" })
	})
}

// actDraft is the secret under which files and words wait for an act of this party;
// whoever has no link gets one of his own, to take along to the page with the link.
func (s *Server) actDraft(c *Call, event string) (token string, hash []byte) {
	if c.Link == nil {
		token = store.NewDraftToken()
		return token, store.DraftHash(token)
	}
	return s.Store.NewToken("page/"+c.Param("number")+"/"+c.scope(), event, "files")
}

// typedBefore is what was typed for an act and not sent: a connection broke, or a
// file was added in between.
func (s *Server) typedBefore(ctx context.Context, c *Call, x *shown, event string) (*unsent, error) {
	u := x.before()
	if !slices.Contains(withFiles, event) {
		return u, nil
	}
	token, hash := s.actDraft(c, event)
	text, _, err := s.Store.Draft(ctx, token)
	if err != nil && !errors.Is(err, store.ErrNoDraft) {
		return nil, err
	}
	if err == nil {
		var form url.Values
		if err := json.Unmarshal(text, &form); err != nil {
			return nil, err
		}
		u.Form = form
	}
	x.waiting, err = s.waitingUnder(ctx, hash)
	return u, err
}

// actFile hands out a file that waits for an act.
func (s *Server) actFile(ctx context.Context, c *Call) (any, error) {
	if c.Link == nil {
		return nil, notFound()
	}
	_, hash := s.actDraft(c, c.Param("event"))
	return s.sendWaitingOf(ctx, c, hash)
}

// actFiles is the question for an act's files.
func (s *Server) actFiles(p *view.Page, x *shown, m *MoveView) view.Field {
	q := s.fileField(p, "page.ask.files", "/c/"+x.v.Number+"/act/"+m.Event+"/files", x.waiting)
	q.Optional = !fileNeeded(m)
	if key := "page.files.for." + m.Event; has(p.Lang, key) {
		q.Label = p.T(key)
	}
	return q
}

// takeActFiles takes an act's form with its files. What came stays, whatever
// becomes of the act: words and files wait for the next try, also for a link that
// works.
func (s *Server) takeActFiles(ctx context.Context, c *Call) (any, error) {
	event, number := c.Param("event"), c.Param("number")
	if c.Link == nil {
		number = ""
	}
	ctx, end := lasting(ctx)
	defer end()
	token, hash := s.actDraft(c, event)
	got, err := s.receive(ctx, c, number, hash)
	if err != nil {
		return nil, err
	}
	if c.Link == nil {
		rows := typedRows(c)
		if len(got.taken) > 0 {
			rows = append(rows, view.Row{Name: "uploads", Value: token})
		}
		return s.askLink(c, "", rows), nil
	}
	if id := c.Form.Get("drop"); id != "" {
		if err := s.dropChosen(ctx, hash, id); err != nil {
			return nil, err
		}
	}
	out, err := s.doAct(ctx, c, &got, hash)
	if done, ok := out.(moved); err == nil && ok && strings.Contains(done.to, "?done=") {
		return out, s.Store.DropDraft(ctx, token)
	}
	if err != nil || c.Form.Get("go") == "part" {
		return out, err
	}
	text, err := json.Marshal(typedOnly(c.Form))
	if err != nil {
		return nil, err
	}
	return out, s.Store.KeepDraft(ctx, token, text, s.Now().Add(draftTerm))
}

// notTyped are fields of a form that nobody typed.
var notTyped = []string{"key", "go", "set", "code", "then", "drop", "held", "uploads"}

// halfway answers a form that was sent to add or to remove files, or that lacks some
// of them; nil when the act is to be done.
func (s *Server) halfway(c *Call, x *shown, m *MoveView, typed *unsent, got *chosenFiles) any {
	p := s.base(c, "event.say")
	wrong := append(got.wrong, got.cutWords(p)...)
	switch goes := c.Form.Get("go"); {
	case goes == "part":
		return s.filesPart(c, s.actFiles(p, x, m), wrong)
	case len(wrong) > 0:
		return s.actPage(c, x, m, typed, wrong, http.StatusUnprocessableEntity)
	case goes != "next": // the page shows what waits, files and words
		return moved{to: "/c/" + x.v.Number + "/act/" + m.Event + "#f-files"}
	}
	return nil
}

// firstFile is the file that the act names: the first of those that the form
// showed, also when they came with the act already; else the first of this time.
func (s *Server) firstFile(ctx context.Context, c *Call, x *shown, got *chosenFiles) (string, error) {
	waits := func(id string) bool {
		return slices.ContainsFunc(x.waiting, func(f store.File) bool { return f.ID == id })
	}
	for _, id := range c.Form["held"] {
		if waits(id) {
			return id, nil
		}
		_, err := s.caseFile(ctx, c, x.v, id)
		if !errors.Is(err, store.ErrNoFile) {
			return id, err
		}
	}
	for _, all := range [][]store.File{got.taken, x.waiting} {
		if len(all) > 0 {
			return all[0].ID, nil
		}
	}
	return "", nil
}

// send does the act with the files that wait for it; when they came with it before,
// or are gone, it is done as it is.
func (s *Server) send(ctx context.Context, c *Call, body map[string]any, draft []byte) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = s.command(ctx, &Call{Param: c.Param, Body: text, Key: c.Key, Language: c.Language, Link: c.Link, draft: draft})
	if draft != nil && errors.Is(err, store.ErrNoWaiting) {
		return s.send(ctx, c, body, nil)
	}
	return err
}
