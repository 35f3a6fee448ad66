package handlers

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
)

// filesField is the field of a page's form that files are chosen in.
const filesField = "files"

// mostTyped bounds what is typed in a form that also brings files, bytes: as much
// as a form without.
const mostTyped = 1 << 20

// chosen are the files that came with a page's form. What was refused is said at
// the field; cut says that the rest of the form never came: what came before stands.
type chosenFiles struct {
	taken []store.File
	wrong []view.Wrong
	cut   *Problem
	field string // that the last of them was chosen in
}

// receive reads a page's form as it comes: what was typed into c.Form, and each
// file on the disk, where it waits under the hash of a secret for the form to be
// sent. A file that is not taken hinders no other and no word. number is the case
// that the files are for, if there is one.
func (s *Server) receive(ctx context.Context, c *Call, number string, draft []byte) (chosenFiles, error) {
	return s.receiveInto(ctx, c, store.NewFile{Draft: draft, Case: number}, map[string]string{filesField: ""})
}

// receiveInto does so for a form whose fields of files are named with the paper that
// each asks for.
func (s *Server) receiveInto(ctx context.Context, c *Call, in store.NewFile, papers map[string]string) (chosenFiles, error) {
	out := chosenFiles{field: filesField}
	in.Seen, in.Waits = store.SeenByBoth, true
	c.Form = url.Values{}
	if err := c.Upload.start(s.Store.FileLimits().Bytes + mostTyped); err != nil {
		return out, err
	}
	leave, full := s.uploading()
	if full == nil {
		defer leave()
	}
	typed := mostTyped
	for {
		part, err := c.Upload.next()
		if err != nil || part == nil {
			return out.stop(err), nil
		}
		paper, isFile := papers[part.FormName()]
		if !isFile {
			text, err := io.ReadAll(io.LimitReader(part, int64(typed+1)))
			if typed -= len(text) + len(part.FormName()); typed < 0 {
				typed, out.cut = 0, problem("too_large") // the files that follow are taken all the same
			}
			c.Form.Add(part.FormName(), tidyTyped(string(text)))
			if err != nil {
				return out.stop(c.Upload.fault(err)), nil
			}
			continue
		}
		in.Paper, out.field = paper, part.FormName()
		if err := s.choose(ctx, c, part, in, full, &out); err != nil || out.cut != nil {
			return out, err
		}
	}
}

// lasting goes on when whoever sent the form is gone: his connection broke, and what
// came of it is to be kept.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), limits[Upload].Time)
}

// stop notes why a form ended before its end; nil: it did not.
func (f *chosenFiles) stop(err error) chosenFiles {
	if err != nil {
		if f.cut = problemOf(err); f.cut.Code == "internal" {
			f.cut = problem("unreadable")
		}
	}
	return *f
}

// choose takes one file of a form, or says at the field why not.
func (s *Server) choose(ctx context.Context, c *Call, part *multipart.Part, in store.NewFile, full error, out *chosenFiles) error {
	name, why := fileName(part.FileName())
	body := &wholePart{in: c.Upload, part: part}
	if part.FileName() == "" { // nothing was chosen
		if n, _ := body.Read(make([]byte, 1)); n == 0 {
			out.stop(body.broke)
			return nil
		}
	}
	if why != "" {
		out.refuse(c.Language, "", badField("file", why))
		return nil
	}
	if full != nil {
		out.refuse(c.Language, name, full)
		return nil
	}
	in.Name, in.Body = name, body
	f, err := s.Store.TakeFile(ctx, store.Once{}, in)
	switch {
	case body.broke != nil:
		out.stop(body.broke)
	case err == nil:
		return s.finishChosen(ctx, c, in.Draft, f, out)
	case !ofTheFile(err):
		return err
	default:
		out.refuse(c.Language, name, err)
	}
	return nil
}

// ofTheFile tells what keeps a file out, and nothing else of its form.
func ofTheFile(err error) bool {
	var refused *store.FileRefusal
	return errors.As(err, &refused) || slices.Contains([]string{"files_elsewhere", "no_room", "busy"}, problemOf(err).Code)
}

// refuse says of a file why it was not taken, and what to do.
func (f *chosenFiles) refuse(lang, name string, err error) {
	p := problemOf(err)
	p.say(lang, "")
	why := p.Title + say(lang, "page.files.stop", nil) + p.Detail
	if len(p.Missing) > 0 { // what it is instead says more
		why = p.Missing[0].Why
	}
	if name == "" {
		name = say(lang, "page.files.unnamed", nil)
	}
	f.wrong = append(f.wrong, view.Wrong{Field: f.field, Text: say(lang, "page.files.refused", vars{"Name": name, "Why": why})})
}

// finishChosen makes a picture anew while its sender waits, as an upload does;
// what a picture turns out not to be is told and let go.
func (s *Server) finishChosen(ctx context.Context, c *Call, draft []byte, f store.File, out *chosenFiles) error {
	if f.State == store.FilePending && f.Kind != "heic" {
		c.Upload.pause()
		done, err := s.Store.FinishFile(ctx, f.ID)
		c.Upload.resume()
		if err != nil {
			return err
		}
		done.Name = f.Name
		f = done
	}
	if f.State != store.FileRefused {
		out.taken = append(out.taken, f)
		return nil
	}
	out.refuse(c.Language, f.Name, &store.FileRefusal{Code: f.Code})
	if f.Code == "infected" { // kept apart, and told to the officers
		return nil
	}
	return s.dropChosen(ctx, draft, f.ID)
}

// wholePart is a file's bytes, and why they ended before their end.
type wholePart struct {
	in    *incoming
	part  *multipart.Part
	broke error
}

func (o *wholePart) Read(p []byte) (int, error) {
	n, err := o.part.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	if o.broke = o.in.fault(err); o.broke == err {
		o.broke = problem("unreadable")
	}
	return n, o.broke
}

// tidyTyped is a field as it was typed: browsers end lines by two characters.
func tidyTyped(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD")
}

// waitingUnder lists what waits under a secret's hash and may still be sent.
func (s *Server) waitingUnder(ctx context.Context, draft []byte) ([]store.File, error) {
	all, err := s.Store.DraftFiles(ctx, draft)
	if errors.Is(err, store.ErrNoWaiting) {
		return nil, nil
	}
	return slices.DeleteFunc(all, func(f store.File) bool { return f.State == store.FileRefused }), err
}

// dropChosen takes back a file that waits: what is not there any more is gone already.
func (s *Server) dropChosen(ctx context.Context, draft []byte, id string) error {
	if err := s.Store.RemoveDraftFile(ctx, draft, id); !errors.Is(err, store.ErrNoFile) {
		return err
	}
	return nil
}

// fileField is the question that files answer: those that wait already stand in it.
// at is where their pictures are fetched.
func (s *Server) fileField(p *view.Page, label, at string, waiting []store.File) view.Field {
	return s.fileFieldNamed(p, filesField, label, at, waiting)
}

func (s *Server) fileFieldNamed(p *view.Page, name, label, at string, waiting []store.File) view.Field {
	l := s.Store.FileLimits()
	q := view.Field{Name: name, Kind: "files", Label: p.T(label), Optional: true, Files: &view.Files{}}
	q.Hint = p.T("page.files.limits", "Picture", megabytes(l.Group[store.GroupPicture]), "Document", megabytes(l.Group[store.GroupDocument]), "Sound", megabytes(l.Group[store.GroupSound]),
		"Video", megabytes(l.Group[store.GroupVideo]), "Count", digit(l.Count), "All", sizeWords(l.Bytes))
	for _, g := range [][2]string{{"image", store.GroupPicture}, {"application", store.GroupDocument}, {"audio", store.GroupSound}, {"video", store.GroupVideo}} {
		q.Files.Most = append(q.Files.Most, g[0]+"="+digit(int(l.Group[g[1]]>>20)))
	}
	for i := range waiting {
		f := &waiting[i]
		q.Files.List = append(q.Files.List, s.fileTile(p, f, at+"/"+f.ID))
	}
	return q
}

// fileTile is a file as a list shows it; at is where it is fetched.
func (s *Server) fileTile(p *view.Page, f *store.File, at string) view.Exhibit {
	group := store.FileKindOf(f.Kind).Group
	out := view.Exhibit{ID: f.ID, Name: f.Name, Kind: p.T("page.files.kind." + group), Size: sizeWords(f.Size), To: at + "/content", Pending: f.State == store.FilePending}
	if out.Name == "" {
		out.Name = p.T("page.files.unnamed")
	}
	if group == store.GroupPicture && f.State == store.FileKept {
		out.Small = at + "/small"
	}
	return out
}

// sizeWords is a size as people say it: rounded up, never 0.
func sizeWords(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return digit(int(n>>30)) + " GB"
	case n < 1<<20:
		return digit(int((n+1023)>>10)) + " KB"
	}
	return digit(int((n+(1<<20)-1)>>20)) + " MB"
}
