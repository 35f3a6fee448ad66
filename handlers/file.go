package handlers

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
)

// fileView is a file as its reader may see it.
type fileView struct {
	ID        string     `json:"id"` // by which an act names it as paper or proof
	Kind      string     `json:"kind"`
	Group     string     `json:"group"`
	State     string     `json:"state"` // pending, kept, refused, removed
	Says      string     `json:"says"`  // the state in words
	Code      string     `json:"code,omitempty"`
	Name      string     `json:"name"`
	Size      int64      `json:"size"`   // bytes received
	SHA256    string     `json:"sha256"` // of the bytes received
	Delivered string     `json:"delivered_sha256,omitempty"`
	Width     int        `json:"width,omitempty"`
	Height    int        `json:"height,omitempty"`
	Seen      string     `json:"seen"`
	Party     string     `json:"party"` // consumer, merchant, or empty for the authority
	Yours     bool       `json:"yours"`
	Seq       int64      `json:"seq,omitempty"` // of the event that brought it
	At        time.Time  `json:"at"`
	Expires   *time.Time `json:"expires_at,omitempty"`
	Removed   *time.Time `json:"removed_at,omitempty"`
}

type fileList struct {
	Files []fileView `json:"files"`
}

// waitingFile is an upload before the filing.
type waitingFile struct {
	Secret string   `json:"secret"` // under which it waits: 43 characters
	File   fileView `json:"file"`
}

func viewFile(f *store.File, yours bool, lang string) fileView {
	v := fileView{ID: f.ID, Kind: f.Kind, Group: store.FileKindOf(f.Kind).Group, State: f.State, Says: say(lang, "file."+f.State, nil), Code: f.Code, Name: f.Name, Size: f.Size,
		SHA256: hex.EncodeToString(f.SHA256[:]), Delivered: hex.EncodeToString(f.Kept), Width: f.Width, Height: f.Height, Seen: f.Seen, Party: f.Side, Yours: yours, Seq: f.Seq, At: f.At}
	if f.State == store.FileRefused {
		v.Says = say(lang, "file.refused."+f.Code, nil)
	}
	if !f.Expires.IsZero() && f.CaseID == 0 {
		v.Expires = &f.Expires
	}
	if !f.Removed.IsZero() {
		v.Removed = &f.Removed
	}
	return v
}

// uploadLimits tells what may be sent before anything is.
func (s *Server) uploadLimits(_ context.Context, c *Call) (any, error) {
	l := s.Store.FileLimits()
	out := uploadLimits{Count: l.Count, Bytes: l.Bytes, Pixels: store.MostPixels, Days: draftDays, Kinds: []kindLimit{}}
	for _, k := range store.FileKinds {
		out.Kinds = append(out.Kinds, kindLimit{k.Name, k.Group, k.Media, k.Ends, l.Group[k.Group]})
	}
	out.Says = say(c.Language, "file.limits", nil)
	return out, nil
}

type uploadLimits struct {
	Kinds  []kindLimit `json:"kinds"`
	Count  int         `json:"count"` // files of a case
	Bytes  int64       `json:"bytes"` // of all files of a case
	Pixels int         `json:"pixels"`
	Days   int         `json:"days"` // for which a file waits for its filing
	Says   string      `json:"says"` // what becomes of a picture, what is not taken and what to do instead
}

type kindLimit struct {
	Kind  string   `json:"kind"`
	Group string   `json:"group"`
	Media string   `json:"media"`
	Ends  []string `json:"ends"`
	Bytes int64    `json:"bytes"` // of one file
}

// megabytes is a limit as people write it.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }

func fileRefused(r *store.FileRefusal) *Problem {
	p := problem(r.Code)
	switch {
	case r.Code == "infected":
		p = problem("file_infected")
	case r.Code == "picture_pixels":
		p = problem("picture_pixels")
	case r.Code == "picture_broken":
		p = problem("picture_broken")
	case r.Code == "many_files":
		p.most = fmt.Sprint(r.Limit)
	case r.Limit > 0:
		p.most = megabytes(r.Limit)
	}
	if r.Family != "" {
		p.faults = []fault{{"file", "why.file_" + r.Family}}
	}
	return p
}

// files lists what the caller may see of a case's files.
func (s *Server) files(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	return s.filesOf(ctx, c, v)
}

func (s *Server) filesOf(ctx context.Context, c *Call, v store.View) (fileList, error) {
	out := fileList{Files: []fileView{}}
	all, err := s.Store.Files(ctx, v.Number)
	for i := range all {
		if c.maySee(&all[i], &v.Case) {
			out.Files = append(out.Files, viewFile(&all[i], c.brought(&all[i], &v.Case), c.Language))
		}
	}
	return out, err
}

// brought reports whether the file is the caller's own: an officer's by his name,
// a party's by its side, but every representative's of a joint complaint by his
// own, and a merchant's not when another respondent's.
func (c *Call) brought(f *store.File, of *workflow.Case) bool {
	if c.Link == nil {
		_, name, _ := strings.Cut(f.Actor, ":")
		return f.Side == "" && name == c.User.Name
	}
	l := c.Link
	switch {
	case f.Side != l.Role:
		return false
	case strings.HasPrefix(l.Actor, "representative"):
		return f.Actor == l.Role+":"+l.Actor
	case l.Role == "merchant":
		return fmt.Sprint(f.Respondent) == of.Facts["respondent"] || f.Respondent == 0
	}
	return !strings.HasPrefix(f.Actor, "consumer:representative")
}

// maySee: what both may see, both and who mediates; else who brought it, and the
// authority's people always.
func (c *Call) maySee(f *store.File, of *workflow.Case) bool {
	switch {
	case c.Link == nil && isOne(c.User, staff), f.Seen == store.SeenByBoth:
		return true
	}
	return c.brought(f, of)
}

// uploadFile takes a file into a case: as evidence, by an event that commits to
// its digest. Whoever may not add evidence is refused before a byte is read.
func (s *Server) uploadFile(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	actor, err := actorOf(c, &act{}, v.Kind, v.State, "add_evidence")
	if err != nil {
		return nil, err
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	scope := "upload/" + v.Number + "/" + c.scope()
	_, draft := s.Store.NewToken(scope, key, "file")
	seen := store.SeenByBoth
	if c.Link == nil {
		seen = store.SeenByOfficers
	}
	f, err := s.take(ctx, c, store.Once{Scope: scope, Key: key}, seen, v.Number, draft)
	if err != nil {
		return nil, err
	}
	_, err = s.Store.Execute(ctx, store.Request{Case: v.Number, Key: key, Scope: scope + "/event", Draft: draft,
		Command: workflow.Command{Event: "add_evidence", Actor: actor, Input: workflow.Input{Paper: f.ID}}})
	if err != nil && c.Link != nil {
		err = forParty(err, c.Link.Role)
	}
	if err != nil {
		return nil, err
	}
	f, err = s.caseFile(ctx, c, v, f.ID)
	if err == nil && f.State == store.FileRefused {
		err = &store.FileRefusal{Code: f.Code}
	}
	return viewFile(&f, true, c.Language), err
}

// caseFile finds a file of a case that the caller may see.
func (s *Server) caseFile(ctx context.Context, c *Call, v store.View, id string) (store.File, error) {
	all, err := s.Store.Files(ctx, v.Number)
	i := slices.IndexFunc(all, func(f store.File) bool { return f.ID == id && c.maySee(&f, &v.Case) })
	if err == nil && i < 0 {
		err = store.ErrNoFile
	}
	if err != nil {
		return store.File{}, err
	}
	return all[i], nil
}

// removeFile takes a file back, by who brought it, while no act names it.
func (s *Server) removeFile(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	f, err := s.caseFile(ctx, c, v, c.Param("file"))
	switch {
	case err != nil:
		return nil, err
	case !c.brought(&f, &v.Case), f.State == store.FileRemoved:
		return nil, notFound()
	case c.Link != nil && !c.Link.May("add_evidence"):
		return nil, problem("link_lacks_action")
	}
	return nothing{}, s.Store.RemoveFile(ctx, f)
}

// uploadDraft takes a file before anything is filed: it waits under a secret, a
// new one or the caller's.
func (s *Server) uploadDraft(ctx context.Context, c *Call) (any, error) {
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	secret, draft := c.token, store.DraftHash(c.token)
	if secret == "" {
		secret, draft = s.Store.NewToken("upload", key, "draft")
	}
	f, err := s.takeDraft(ctx, c, key, draft)
	return waitingFile{secret, f}, err
}

// takeDraft takes a file that waits under the hash of a secret.
func (s *Server) takeDraft(ctx context.Context, c *Call, key string, draft []byte) (fileView, error) {
	f, err := s.take(ctx, c, store.Once{Scope: "upload/" + hex.EncodeToString(draft[:8]), Key: key}, store.SeenByBoth, "", draft)
	if err != nil {
		return fileView{}, err
	}
	if f, err = s.waitingFile(ctx, draft, f.ID); err != nil {
		return fileView{}, err
	}
	if f.State == store.FileRefused {
		return fileView{}, &store.FileRefusal{Code: f.Code}
	}
	return viewFile(&f, true, c.Language), nil
}

func (s *Server) waitingFile(ctx context.Context, draft []byte, id string) (store.File, error) {
	all, err := s.Store.DraftFiles(ctx, draft)
	return fileAmong(all, id, err)
}

// fileAmong picks a file out of those that were read, if they were.
func fileAmong(all []store.File, id string, err error) (store.File, error) {
	i := slices.IndexFunc(all, func(f store.File) bool { return f.ID == id })
	if err == nil && i < 0 {
		err = store.ErrNoFile
	}
	if err != nil {
		return store.File{}, err
	}
	return all[i], nil
}

// waiting lists what waits under the caller's secret.
func (s *Server) waiting(ctx context.Context, c *Call) (any, error) {
	out := fileList{Files: []fileView{}}
	if c.token == "" {
		return nil, problem("no_token")
	}
	all, err := s.Store.DraftFiles(ctx, store.DraftHash(c.token))
	for i := range all {
		out.Files = append(out.Files, viewFile(&all[i], true, c.Language))
	}
	return out, err
}

func (s *Server) dropWaiting(ctx context.Context, c *Call) (any, error) {
	if c.token == "" {
		return nil, problem("no_token")
	}
	return nothing{}, s.Store.RemoveDraftFile(ctx, store.DraftHash(c.token), c.Param("file"))
}

func (s *Server) waitingContent(ctx context.Context, c *Call) (any, error) {
	return s.sendWaiting(ctx, c, false)
}

func (s *Server) waitingThumbnail(ctx context.Context, c *Call) (any, error) {
	return s.sendWaiting(ctx, c, true)
}

func (s *Server) sendWaiting(ctx context.Context, c *Call, small bool) (any, error) {
	if c.token == "" {
		return nil, problem("no_token")
	}
	f, err := s.waitingFile(ctx, store.DraftHash(c.token), c.Param("file"))
	if err != nil {
		return nil, err
	}
	return s.deliver(ctx, f, small)
}

func (s *Server) fileContent(ctx context.Context, c *Call) (any, error) {
	return s.sendFile(ctx, c, false)
}

func (s *Server) fileThumbnail(ctx context.Context, c *Call) (any, error) {
	return s.sendFile(ctx, c, true)
}

func (s *Server) sendFile(ctx context.Context, c *Call, small bool) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	f, err := s.caseFile(ctx, c, v, c.Param("file"))
	if err != nil {
		return nil, err
	}
	return s.deliver(ctx, f, small)
}

// ownFiles are those that a person brought, or that were brought for him.
func (s *Server) ownFiles(ctx context.Context, v store.View, actor, lang string) ([]fileView, error) {
	out := []fileView{}
	all, err := s.Store.Files(ctx, v.Number)
	for i := range all {
		f := &all[i]
		if f.Side == "consumer" && (f.Actor == actor || !strings.HasPrefix(f.Actor, "consumer:representative") && !strings.HasPrefix(actor, "consumer:representative")) {
			out = append(out, viewFile(f, true, lang))
		}
	}
	return out, err
}

// errDamaged says of our own disk what callers need not know.
var errDamaged = errors.New("a file cannot be delivered")
