package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"

	"github.com/google/uuid"
)

// draftTerm is how long an unsent complaint is kept after it was last touched.
const (
	draftDays = 30
	draftTerm = draftDays * 24 * time.Hour
)

// unsent is a complaint on its way: what was typed, as it was typed.
type unsent struct {
	Key  string     `json:"key"`            // of the sending: however often it is sent, it is one case
	Sent string     `json:"sent,omitempty"` // number of the case that it became
	Form url.Values `json:"form"`
	Code *sentCode  `json:"code,omitempty"` // by which the contact is checked
	// Before are the cases that this browser's drafts became: what it knows of itself.
	Before []string `json:"before,omitempty"`
	// Filed: files came to it; they wait still, or went with the case that it became.
	Filed bool `json:"filed,omitempty"`
	alike []store.Alike
	files []store.File // those that wait for it
	until time.Time
}

// beforeMost is how many of its cases a browser's draft remembers.
const beforeMost = 5

func (u *unsent) get(name string) string { return strings.TrimSpace(u.Form.Get(name)) }

func newUnsent() *unsent {
	id, _ := uuid.NewV7()
	return &unsent{Key: id.String(), Form: url.Values{}}
}

// draftOf opens the draft of the cookie; nil when there is none.
func (s *Server) draftOf(ctx context.Context, c *Call) (*unsent, error) {
	token := c.cookie(draftCookie)
	if token == "" {
		return nil, nil
	}
	text, until, err := s.Store.Draft(ctx, token)
	if errors.Is(err, store.ErrNoDraft) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u := &unsent{until: until}
	if err := json.Unmarshal(text, u); err != nil {
		return nil, err
	}
	u.files, err = s.waitingUnder(ctx, store.DraftHash(token))
	return u, err
}

func (s *Server) keep(ctx context.Context, token string, u *unsent) error {
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	u.until = s.Now().Add(draftTerm)
	return s.Store.KeepDraft(ctx, token, text, u.until)
}

// begin keeps a new draft and hands out the cookie that opens it.
func (s *Server) begin(ctx context.Context, u *unsent) (*http.Cookie, error) {
	token := store.NewDraftToken()
	return s.cookie(draftCookie, token, "/file", draftDays), s.keep(ctx, token, u)
}

// chooseWay shows the two ways, and the draft that is still there.
func (s *Server) chooseWay(ctx context.Context, c *Call) (any, error) {
	return s.ways(ctx, c, "", "")
}

func (s *Server) ways(ctx context.Context, c *Call, shop, code string) (any, error) {
	u, err := s.draftOf(ctx, c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.way.title")
	lines := func(track string, n int) []string {
		var out []string
		for i := range n {
			out = append(out, p.T("page.way."+track+"."+string(rune('1'+i)), "Authority", p.Authority))
		}
		return out
	}
	body := view.WayPage(p, &view.Way{Green: lines("green_channel", 4), Authority: lines("authority", 4), Resume: u != nil && u.Sent == "", Shop: shop, Code: code})
	return page{body: body, public: true}, nil
}

// beginDraft starts to write, or goes on with what is there on the other way; a
// shop whose code was scanned is filled in.
func (s *Server) beginDraft(ctx context.Context, c *Call) (any, error) {
	track := c.Form.Get("track")
	if !slices.Contains(values["track"], track) {
		return moved{to: "/file"}, nil
	}
	u, err := s.draftOf(ctx, c)
	if err != nil {
		return nil, err
	}
	shop, err := s.onTheWall(ctx, c.Form.Get("shop"))
	if err != nil {
		return nil, err
	}
	first := "/file/" + filingSteps[0].name
	if u != nil && u.Sent == "" {
		u.Form.Set("track", track)
		u.about(shop)
		return moved{to: first}, s.keep(ctx, c.cookie(draftCookie), u)
	}
	sent := u
	u = newUnsent()
	if sent != nil {
		u.Before = append(sent.Before, sent.Sent)
		u.Before = u.Before[max(0, len(u.Before)-beforeMost):]
	}
	u.Form.Set("track", track)
	u.about(shop)
	cookie, err := s.begin(ctx, u)
	return moved{first, []*http.Cookie{cookie}}, err
}

// resumeDraft asks for the draft's own link.
func (s *Server) resumeDraft(_ context.Context, c *Call) (any, error) {
	p := s.base(c, "page.resume.title")
	p.Form = ""
	return page{body: view.OpenPage(p, &view.Open{Action: "/file/resume", Lead: p.T("page.resume.lead")})}, nil
}

func (s *Server) openDraft(ctx context.Context, c *Call) (any, error) {
	token := codeIn(c.Form.Get("code"))
	if _, _, err := s.Store.Draft(ctx, token); errors.Is(err, store.ErrNoDraft) {
		p := s.base(c, "page.resume.title")
		return page{status: http.StatusNotFound, body: view.OpenPage(p, &view.Open{Action: "/file/resume", Lead: p.T("page.resume.lead"), Bad: p.T("page.resume.bad")})}, nil
	} else if err != nil {
		return nil, err
	}
	return moved{"/file/" + filingSteps[0].name, []*http.Cookie{s.cookie(draftCookie, token, "/file", draftDays)}}, nil
}

// codeIn finds the secret in what somebody pasted: the code alone, or the whole
// link of the message.
func codeIn(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.LastIndex(text, "#"); i >= 0 {
		text = text[i+1:]
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\t' || invisible(r) {
			return -1
		}
		return r
	}, text)
}

// showStep shows one step of writing.
func (s *Server) showStep(ctx context.Context, c *Call) (any, error) {
	st := stepNamed(c.Param("step"))
	if st == nil {
		return nil, notFound()
	}
	u, err := s.draftOf(ctx, c)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return moved{to: "/file"}, nil
	}
	if u.Sent != "" {
		return moved{to: "/c/" + u.Sent}, nil
	}
	if st.when != nil && !st.when(u) {
		return moved{to: "/file/" + u.after(st).name}, nil
	}
	if st.name == "review" {
		if u.alike, err = s.alike(ctx, u); err != nil {
			return nil, err
		}
	}
	return s.stepPage(c, st, u, c.cookie(draftCookie), nil, http.StatusOK), nil
}

// alike are open complaints about the same merchant: those of the telephone, once
// a code has shown that it is the filer's, and those that this browser filed.
func (s *Server) alike(ctx context.Context, u *unsent) ([]store.Alike, error) {
	body := filingOf(u, "")
	respondent := body["respondent"].(map[string]string)
	about := workflow.Private{Respondent: &workflow.Respondent{Name: respondent["name"], Code: respondent["code"], Address: respondent["address"]}}
	if kind, value := u.reach(); kind == "phone" && u.checkedBy(s.Now(), s.Rules().ContactCheck()) != "" {
		about.Person = &workflow.Person{Phone: value}
	}
	return s.Store.Alike(ctx, &about, u.Before)
}

// stepPage is a step with what was typed and what is wrong with it.
func (s *Server) stepPage(c *Call, st *filingStep, u *unsent, token string, wrong []view.Wrong, status int) page {
	way := u.way()
	n := slices.Index(way, st)
	p := s.base(c, "page.file."+st.name)
	p.Form = "step"
	f := &view.Form{Action: "/file/" + st.name, Key: formKey(token), Faults: wrong, Submit: p.T("page.next"), Back: "/file",
		Kicker: p.T("page.file.kicker", "N", digit(n+1), "Of", digit(len(way)), "Way", p.T("page.way."+u.Form.Get("track"))),
		Draft:  p.T("page.file.draft", "Until", dayWords(p, u.until)), Link: s.address(c) + "/file/resume#" + token}
	if n > 0 {
		f.Back = "/file/" + way[n-1].name
	}
	st.fill(s, p, u, f)
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f)}
}

// takeStep keeps what was typed, whatever it is worth, then says what is wrong
// with it or goes on.
func (s *Server) takeStep(ctx context.Context, c *Call) (any, error) {
	st := stepNamed(c.Param("step"))
	if st == nil {
		return nil, notFound()
	}
	u, err := s.draftOf(ctx, c)
	if err != nil {
		return nil, err
	}
	token := c.cookie(draftCookie)
	if u == nil { // its time is over, or the cookie is gone: what was typed now begins another
		return s.rescue(ctx, c, st)
	}
	if u.Sent != "" {
		return moved{to: "/c/" + u.Sent}, nil
	}
	st.take(u, c.Form)
	if st.when != nil && !st.when(u) { // another tab says meanwhile that there is nobody: kept, in case it was wrong
		return moved{to: "/file/" + u.after(st).name}, s.keep(ctx, token, u)
	}
	if !c.ourForm(token) {
		p := s.base(c, "page.file."+st.name)
		return s.stepPage(c, st, u, token, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict), nil
	}
	if err := s.keep(ctx, token, u); err != nil {
		return nil, err
	}
	if set := s.preferences(c); set != nil {
		return moved{c.path, set}, nil
	}
	if id := c.Form.Get("pick"); id != "" && st.name == "merchant" {
		return s.pickMerchant(ctx, c, u, token, id)
	}
	p := s.base(c, "page.file."+st.name)
	if wrong := st.wrong(p, u); len(wrong) > 0 {
		return s.stepPage(c, st, u, token, wrong, http.StatusUnprocessableEntity), nil
	}
	if st.name == "review" {
		return s.sendDraft(ctx, c, u, token)
	}
	return moved{to: "/file/" + u.after(st).name}, nil
}

func (s *Server) rescue(ctx context.Context, c *Call, st *filingStep) (any, error) {
	u := newUnsent()
	u.Form.Set("track", "authority")
	st.take(u, c.Form)
	cookie, err := s.begin(ctx, u)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.file."+st.name)
	out := s.stepPage(c, st, u, cookie.Value, []view.Wrong{{Text: p.T("page.file.rescued")}}, http.StatusGone)
	out.cookies = []*http.Cookie{cookie}
	return out, nil
}

// sendDraft files what was written: the same body that a program would send.
func (s *Server) sendDraft(ctx context.Context, c *Call, u *unsent, token string) (any, error) {
	p := s.base(c, "page.file.review")
	for _, st := range u.way() { // what an earlier step left open
		if wrong := st.wrong(p, u); len(wrong) > 0 && st.name != "review" {
			return s.stepPage(c, st, u, token, wrong, http.StatusUnprocessableEntity), nil
		}
	}
	out, err := s.fileDraft(ctx, c, u, token, u.checkedBy(s.Now(), s.Rules().ContactCheck()))
	if err != nil {
		return s.notSent(c, u, token, err)
	}
	done := out.(filed)
	number := done.Case.Number
	u.Sent, u.Form, u.Code = number, url.Values{}, nil
	if err := s.keep(ctx, token, u); err != nil {
		s.Log.ErrorContext(ctx, "fault", "error", err) // the case is filed: only its draft stays a little longer
	}
	return moved{"/c/" + number + "/kept", []*http.Cookie{s.cookie(caseCookie, done.Token, "/c/"+number, 0)}}, nil
}

// fileDraft hands the draft to the API's own handler, with its files and with the
// check of its contact. A check that stands no more is left out, and so are files
// that are gone: the complaint is taken all the same.
func (s *Server) fileDraft(ctx context.Context, c *Call, u *unsent, token, check string) (any, error) {
	body := filingOf(u, c.Language)
	if check != "" {
		body["check"] = check
	}
	if u.Filed {
		body["uploads"] = token
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	out, err := s.file(ctx, &Call{Body: text, Key: u.Key, Language: c.Language})
	lacks := func(field string) bool {
		return err != nil && slices.ContainsFunc(problemOf(err).faults, func(f fault) bool { return f.field == field })
	}
	switch {
	case check != "" && lacks("check"):
		return s.fileDraft(ctx, c, u, token, "")
	case u.Filed && lacks("uploads"):
		u.Filed = false
		return s.fileDraft(ctx, c, u, token, check)
	}
	return out, err
}

// notSent shows the review again with what the law or the API lacks.
func (s *Server) notSent(c *Call, u *unsent, token string, err error) (any, error) {
	problem := problemOf(err)
	if problem.Status >= http.StatusInternalServerError {
		return nil, err
	}
	problem.say(c.Language, "")
	wrong := []view.Wrong{{Text: problem.Title}}
	for _, m := range problem.Missing {
		wrong = append(wrong, view.Wrong{Text: m.Why})
	}
	return s.stepPage(c, stepNamed("review"), u, token, wrong, problem.Status), nil
}
