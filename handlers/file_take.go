package handlers

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"fangxin/store"
)

// incoming is the body of a request that brings a file: a form with one file,
// read as it comes. Who sends nothing for a while is cut off; who sends slowly
// is not.
type incoming struct {
	w        http.ResponseWriter
	r        *http.Request
	patience time.Duration
	conn     *http.ResponseController
	late     *time.Timer
	body     io.Reader
	form     *multipart.Reader
}

// slack is what a form takes beside its file.
const slack = 64 << 10

// begin takes a form of at most so many bytes of file.
func (in *incoming) begin(most int64) error {
	if in.r.ContentLength > most+slack {
		in.w.Header().Set("Connection", "close")
		p := problem("file_large")
		p.most = megabytes(most)
		return p
	}
	return in.start(most)
}

// start reads a form as far as so many bytes, however long it says that it is.
func (in *incoming) start(most int64) error {
	kind, params, err := mime.ParseMediaType(in.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return problem("not_multipart")
	}
	in.conn = http.NewResponseController(in.w)
	_ = in.conn.SetReadDeadline(time.Time{}) // the server's own is for bodies that are small
	_ = in.conn.SetWriteDeadline(time.Time{})
	in.late = time.AfterFunc(in.patience, func() { _ = in.conn.SetReadDeadline(time.Unix(1, 0)) })
	in.body = http.MaxBytesReader(in.w, in.r.Body, most+slack)
	in.form = multipart.NewReader(in, params["boundary"])
	return nil
}

// Read reads the body; whatever arrives buys time.
func (in *incoming) Read(p []byte) (int, error) {
	n, err := in.body.Read(p)
	if n > 0 {
		in.late.Reset(in.patience)
	}
	return n, err
}

// pause stops counting the time in which nothing comes: it is ours; resume counts on.
func (in *incoming) pause()  { in.late.Stop() }
func (in *incoming) resume() { in.late.Reset(in.patience) }

// end stops waiting.
func (in *incoming) end() {
	if in.late != nil {
		in.late.Stop()
	}
}

// fault puts an error of reading into words; others are handed on.
func (in *incoming) fault(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		in.w.Header().Set("Connection", "close")
		p := problem("file_large")
		p.most = megabytes(tooLarge.Limit - slack)
		return p
	case errors.Is(err, os.ErrDeadlineExceeded):
		in.w.Header().Set("Connection", "close")
		return problem("too_slow")
	}
	return err
}

// next is the next part of the form, nil after the last.
func (in *incoming) next() (*multipart.Part, error) {
	part, err := in.form.NextPart()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		if told := in.fault(err); told != err {
			return nil, told
		}
		return nil, problem("unreadable")
	}
	return part, nil
}

// upload is a form as far as its file: what stands before it, and its bytes.
type upload struct {
	name, seen string
	body       io.Reader
}

// read takes the form's fields up to the file. seen is who may see the file where
// the form does not say.
func (in *incoming) read(seen string) (upload, error) {
	u := upload{seen: seen}
	for {
		part, err := in.next()
		switch {
		case err != nil:
			return u, err
		case part == nil:
			p := problem("missing")
			p.faults = []fault{{"file", ""}}
			return u, p
		case part.FormName() == "file":
			var why string
			if u.name, why = fileName(part.FileName()); why != "" {
				return u, badField("file", why)
			}
			u.body = &onlyPart{in, part}
			return u, nil
		case part.FormName() != "seen":
			return u, badField(formField(part.FormName()), "why.unknown")
		}
		text, err := io.ReadAll(io.LimitReader(part, 16))
		if err != nil {
			return u, in.fault(err)
		}
		if u.seen = string(text); u.seen != store.SeenByOwn && u.seen != store.SeenByBoth && u.seen != store.SeenByOfficers {
			return u, badField("seen", "why.choice")
		}
	}
}

// formField is a form's field as it may be told: what is no name is not repeated.
func formField(name string) string {
	if name == "" || len(name) > 40 || broken(name) {
		return field("")
	}
	return name
}

// onlyPart is the file's bytes; at their end it sees to it that nothing follows,
// so that what is refused was not kept before.
type onlyPart struct {
	in   *incoming
	part *multipart.Part
}

func (o *onlyPart) Read(p []byte) (int, error) {
	n, err := o.part.Read(p)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		if told := o.in.fault(err); told != err {
			return n, told
		}
		return n, problem("unreadable") // broken off
	}
	after, err := o.in.next()
	if err != nil {
		return n, err
	}
	if after != nil {
		return n, badField(formField(after.FormName()), "why.file_last")
	}
	return n, io.EOF
}

// mostName is how long a name may be, in bytes: what file systems take, with room
// for an ending.
const mostName = 200

// fileName is a sender's name of a file without its folders, what nobody sees,
// and whatever it is too long for; why says what cannot be mended.
func fileName(name string) (tidied, why string) {
	if !utf8.ValidString(name) {
		return "", "why.text"
	}
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" || name == ".." {
		name = ""
	}
	for utf8.RuneCountInString(name) > mostLine {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	name, why = tidyText(name, true)
	end := path.Ext(name)
	if len(end) > 12 {
		end = ""
	}
	base := strings.TrimSuffix(name, end)
	for len(base)+len(end) > mostName {
		_, size := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-size]
	}
	return strings.TrimSpace(base) + end, why
}

// take streams a file in and finishes it where that is quick. What is refused for
// what it holds is told at once.
func (s *Server) take(ctx context.Context, c *Call, q store.Once, seen, number string, draft []byte) (store.File, error) {
	if err := c.Upload.begin(s.Store.FileLimits().Most()); err != nil {
		return store.File{}, err
	}
	leave, err := s.uploading()
	if err != nil {
		return store.File{}, err
	}
	defer leave()
	u, err := c.Upload.read(seen)
	if err != nil {
		return store.File{}, err
	}
	f, err := s.Store.TakeFile(ctx, q, store.NewFile{Draft: draft, Case: number, Name: u.name, Seen: u.seen, Body: u.body})
	if err != nil {
		return f, err
	}
	c.Upload.end()
	if f.Kind == "heic" { // too heavy for whoever waits: a job does it
		return f, nil
	}
	f, err = s.Store.FinishFile(ctx, f.ID)
	if err == nil && f.State == store.FileRefused && f.Code != "infected" {
		err = &store.FileRefusal{Code: f.Code}
	}
	return f, err
}

// mostUploads is how many files a node takes in at once: each holds a connection
// for as long as its sender takes.
const mostUploads = 64

// uploading takes one of those places, if one is free.
func (s *Server) uploading() (leave func(), err error) {
	select {
	case s.uploads <- struct{}{}:
		return func() { <-s.uploads }, nil
	default:
		return nil, later("busy", time.Minute)
	}
}
