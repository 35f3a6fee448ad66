package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
)

// evidence lists what both sides have sent, as the API lists it for this party.
func (s *Server) evidence(ctx context.Context, c *Call, x *shown, p *view.Page, out *view.Case) error {
	all, err := s.filesOf(ctx, c, x.v)
	if errors.Is(err, store.ErrErased) {
		return nil
	}
	x.came = map[int64]int{}
	for i := range all.Files {
		f := &all.Files[i]
		out.Files = append(out.Files, x.exhibit(p, f))
		x.came[f.Seq]++
	}
	if n := len(all.Files); n > 0 {
		out.FilesNote = p.T("page.files.count", "N", digit(n))
	}
	if x.move("add_evidence") != nil {
		out.AddFile = "/c/" + x.v.Number + "/act/add_evidence"
	}
	return err
}

// exhibit is a file of the case as the list shows it.
func (x *shown) exhibit(p *view.Page, f *fileView) view.Exhibit {
	at := "/c/" + x.v.Number + "/files/" + f.ID
	out := view.Exhibit{ID: f.ID, Name: f.Name, Kind: p.T("page.files.kind." + f.Group), Size: sizeWords(f.Size), To: at, Pending: f.State == store.FilePending}
	who := f.Party
	switch {
	case f.Yours:
		who = "you"
	case who == "":
		who = "authority"
	}
	out.Who = p.T("page.when", "When", shortDay(f.At), "Who", p.T("page.who."+who))
	out.When = p.T("page.when", "When", momentWords(p, f.At), "Who", p.T("page.who."+who))
	switch f.State {
	case store.FileKept:
		if f.Group == store.GroupPicture {
			out.Small = at + "/small"
		}
	case store.FileRefused, store.FileRemoved:
		out.State = f.Says
	}
	if out.Name == "" {
		out.Name = p.T("page.files.unnamed")
	}
	return out
}

// ownFile finds a file of the case that this party may see.
func (s *Server) ownFile(ctx context.Context, c *Call) (*shown, store.File, error) {
	x, err := s.look(ctx, c)
	if err != nil {
		return nil, store.File{}, err
	}
	f, err := s.caseFile(ctx, c, x.v, c.Param("file"))
	return x, f, err
}

// showFile is the page of one file: what it is, whose, and what may be done with it.
func (s *Server) showFile(ctx context.Context, c *Call) (any, error) {
	if c.Link == nil {
		return s.askLink(c, "", nil), nil
	}
	x, f, err := s.ownFile(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.filePage(c, x, &f, "", http.StatusOK), nil
}

func (s *Server) filePage(c *Call, x *shown, f *store.File, bad string, status int) page {
	p := s.base(c, "page.files.title")
	v := viewFile(f, c.brought(f, &x.v.Case), c.Language)
	out := &view.FileSheet{Number: x.v.Number, Key: formKey(c.token), Bad: bad, File: x.exhibit(p, &v), Back: "/c/" + x.v.Number}
	p.Title = out.File.Name
	if f.State == store.FileKept {
		out.Content = out.File.To + "/content"
		out.Picture = store.FileKindOf(f.Kind).Group == store.GroupPicture
	}
	out.Rows = []view.Row{{Name: p.T("page.files.from"), Value: out.File.When}, {Name: p.T("page.files.what"), Value: p.T("page.files.line", "Kind", out.File.Kind, "Size", out.File.Size)},
		{Name: p.T("page.files.state"), Value: v.Says}, {Name: p.T("page.files.seen"), Value: p.T("page.files.seen." + f.Seen)}, {Name: "SHA-256", Value: v.SHA256}}
	out.May = v.Yours && f.State != store.FileRemoved && c.Link.May("add_evidence") && x.takenBack(f)
	return page{status: status, body: view.FilePage(p, out)}
}

// takenBack reports whether a file came in a way that lets its sender take it back.
func (x *shown) takenBack(f *store.File) bool {
	i := slices.IndexFunc(x.events, func(e workflow.Event) bool { return e.Seq == f.Seq })
	return i >= 0 && slices.Contains([]string{"file_with_authority", "file_green_channel", "add_evidence"}, x.events[i].Event)
}

// pageFile hands out a file of the case, or its small picture.
func (s *Server) pageFile(ctx context.Context, c *Call) (any, error) {
	size := c.Param("size")
	if c.Link == nil || size != "small" && size != "content" {
		return nil, notFound()
	}
	return s.sendFile(ctx, c, size == "small")
}

// dropFile takes a file back.
func (s *Server) dropFile(ctx context.Context, c *Call) (any, error) {
	if c.Link == nil {
		return s.askLink(c, "", nil), nil
	}
	x, f, err := s.ownFile(ctx, c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.files.title")
	if !c.ourForm(c.token) {
		return s.filePage(c, x, &f, p.T("page.form.stale"), http.StatusConflict), nil
	}
	if _, err := s.removeFile(ctx, c); err != nil {
		problem := problemOf(err)
		if problem.Status >= http.StatusInternalServerError {
			return nil, err
		}
		problem.say(c.Language, "")
		return s.filePage(c, x, &f, problem.Title+p.T("page.files.stop")+problem.Detail, problem.Status), nil
	}
	return moved{to: "/c/" + x.v.Number + "?done=file_removed"}, nil
}
