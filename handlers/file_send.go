package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/store"
)

// delivery is a file on its way out: of its own kind and no other, never to be
// run, framed, guessed at or kept on the way.
type delivery struct {
	from     *store.OpenFile
	media    string
	name     string
	inline   bool // a picture that we made ourselves
	patience time.Duration
}

// deliver opens what is delivered of a file and proves its beginning, so that
// damage is an answer and not half a file.
func (s *Server) deliver(ctx context.Context, f store.File, small bool) (any, error) {
	switch f.State {
	case store.FilePending:
		return nil, later("file_pending", time.Minute)
	case store.FileRefused:
		return nil, problem("file_refused")
	}
	o, err := s.Store.OpenFile(ctx, f, small)
	if err != nil {
		return nil, err
	}
	_, err = o.Read(make([]byte, 1))
	if err == nil {
		_, err = o.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(errDamaged, err, o.Close())
	}
	kind := store.FileKindOf(f.Kind)
	d := delivery{from: o, media: kind.Media, name: f.Name, patience: s.Limits.bodyTime}
	ends := kind.Ends
	if kind.Group == store.GroupPicture {
		d.media, d.inline, ends = "image/jpeg", true, store.FileKindOf("jpeg").Ends
	}
	d.name = sentName(f.Name, f.ID, ends)
	return d, nil
}

// sentName is a name that says what the file is, whatever its sender called it:
// its ending is one of the kind's.
func sentName(name, id string, ends []string) string {
	end := strings.ToLower(path.Ext(name))
	switch {
	case strings.Trim(name, ". ") == "":
		return id + ends[0]
	case slices.Contains(ends, end):
	default:
		name += ends[0]
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.TrimLeft(name, "."))
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	if reserved[base] {
		name = "_" + name
	}
	return name
}

// reserved are names that mean devices to Windows.
var reserved = func() map[string]bool {
	out := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true}
	for n := range 10 {
		out[fmt.Sprint("COM", n)], out[fmt.Sprint("LPT", n)] = true, true
	}
	return out
}()

func (d delivery) send(w http.ResponseWriter, r *http.Request) error {
	defer func() { _ = d.from.Close() }()
	h, how := w.Header(), "attachment"
	if d.inline {
		how = "inline"
	}
	h.Set("Content-Type", d.media)
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": d.name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-store")
	slow, end := patiently(w, d.patience)
	defer end()
	if !satisfies(r.Header.Get("Range"), d.from.Size()) { // then the whole is sent, as RFC 9110 14.2 allows
		r.Header.Del("Range")
	}
	http.ServeContent(slow, r, "", time.Time{}, d.from)
	return nil
}

// patiently writes to whoever takes something, however slowly, and gives up on who
// takes nothing for a while. end stops looking.
func patiently(w http.ResponseWriter, patience time.Duration) (slow *slowly, end func() bool) {
	conn := http.NewResponseController(w)
	_ = conn.SetWriteDeadline(time.Time{})
	late := time.AfterFunc(patience, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	return &slowly{w, late, patience}, late.Stop
}

// oneRange is the one form of a range that players and resumed downloads ask for.
var oneRange = regexp.MustCompile(`^bytes=([0-9]{1,12})-([0-9]{0,12})$`)

// satisfies reports whether a range is one that the file has a beginning for.
func satisfies(asked string, size int64) bool {
	m := oneRange.FindStringSubmatch(asked)
	if m == nil {
		return false
	}
	from, err := strconv.ParseInt(m[1], 10, 64)
	to, none := strconv.ParseInt(m[2], 10, 64)
	return err == nil && from < size && (none != nil || from <= to)
}

// slowly gives a reader time for as long as he takes what is sent.
type slowly struct {
	http.ResponseWriter
	late     *time.Timer
	patience time.Duration
}

func (s *slowly) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p)
	s.late.Reset(s.patience)
	return n, err
}
