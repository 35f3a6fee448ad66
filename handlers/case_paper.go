package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/handlers/paper"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// papersPath are the official papers of a case.
const papersPath = casePath + "/papers"

func init() {
	maps.Copy(bodies, map[string]any{"POST " + papersPath: paperOrder{}, "POST " + papersPath + "/preview": paperOrder{}})
	maps.Copy(answers, map[string]any{"GET " + papersPath: casePapersView{}, "POST " + papersPath: casePaperView{}})
	maps.Copy(media, map[string]string{"POST " + papersPath + "/preview": "application/pdf", "GET " + papersPath + "/{paper}/content": "application/pdf"})
}

// paperOrder asks for a paper: which form, and what the case does not hold. Each
// text is written as it stands; left out, the paper leaves room to write it in.
type paperOrder struct {
	Form         string        `json:"form"`
	To           string        `json:"to,omitempty"`   // mediation: consumer or merchant
	Sees         int64         `json:"sees,omitempty"` // the version that was seen; 0 asks for no check
	Contact      string        `json:"contact,omitempty"`
	Phone        string        `json:"phone,omitempty"`
	Office       string        `json:"office,omitempty"`
	When         string        `json:"when,omitempty"`
	Where        string        `json:"where,omitempty"`
	Mediator     string        `json:"mediator,omitempty"`
	Bring        string        `json:"bring,omitempty"`
	Recipient    string        `json:"recipient,omitempty"`
	ReportBy     calendar.Date `json:"report_by,omitempty"`
	Attached     string        `json:"attached,omitempty"`
	Represents   string        `json:"represents,omitempty"`
	Agent        string        `json:"agent,omitempty"`
	AgentPhone   string        `json:"agent_phone,omitempty"`
	ShopAgent    string        `json:"shop_agent,omitempty"`
	ShopAgentTel string        `json:"shop_agent_phone,omitempty"`
}

// paperTextMost bounds each text of a paper, in characters.
const paperTextMost = 300

func (in *paperOrder) check() error {
	if _, ok := forms[in.Form]; !ok {
		return badField("form", "why.choice")
	}
	if in.Form == "mediation" && in.To != "consumer" && in.To != "merchant" || in.Form != "mediation" && in.To != "" {
		return badField("to", "why.paper_to")
	}
	for _, x := range []struct{ name, text string }{{"contact", in.Contact}, {"phone", in.Phone}, {"office", in.Office}, {"when", in.When}, {"where", in.Where}, {"mediator", in.Mediator}, {"bring", in.Bring},
		{"recipient", in.Recipient}, {"attached", in.Attached}, {"represents", in.Represents}, {"agent", in.Agent}, {"agent_phone", in.AgentPhone}, {"shop_agent", in.ShopAgent}, {"shop_agent_phone", in.ShopAgentTel}} {
		if len([]rune(x.text)) > paperTextMost {
			return badField(x.name, "why.paper_text")
		}
	}
	return nil
}

// casePaperView is a paper that was made, as its reader may see it.
type casePaperView struct {
	No         int64     `json:"no"`
	Form       string    `json:"form"`
	Title      string    `json:"title"`
	To         string    `json:"to,omitempty"` // consumer, merchant, both; empty: an office
	Number     string    `json:"number"`
	Seq        int64     `json:"seq"`                  // of the event that it is about
	Bound      int64     `json:"bound,omitempty"`      // of the event of the log that commits to it
	Size       int64     `json:"size"`                 // bytes
	SHA256     string    `json:"sha256"`               // of the PDF
	Superseded string    `json:"superseded,omitempty"` // newer, corrected: it is not to be relied on any more
	Says       string    `json:"says,omitempty"`       // that in words
	At         time.Time `json:"at"`
	Author     string    `json:"author,omitempty"` // for the authority's people
	Link       string    `json:"link"`             // where the PDF is
}

// paperFormView is a form that can or cannot be made now.
type paperFormView struct {
	Form  string   `json:"form"`
	Title string   `json:"title"`
	Seq   int64    `json:"seq,omitempty"` // of the event that it would be about; 0: there is none yet
	To    []string `json:"to,omitempty"`  // to be chosen from
}

type casePapersView struct {
	Papers []casePaperView `json:"papers"`
	Forms  []paperFormView `json:"forms,omitempty"` // for the authority's people
}

// papers lists a case's papers: all for the authority's people, for a party those
// that are addressed to it.
func (s *Server) papers(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	return s.papersOf(ctx, c, v)
}

// papersOf lists what the caller may see of a case's papers and, for who may make
// some, which forms can be made.
func (s *Server) papersOf(ctx context.Context, c *Call, v store.View) (casePapersView, error) {
	out := casePapersView{Papers: []casePaperView{}}
	all, err := s.Store.CasePapers(ctx, v.Number)
	if err != nil {
		return out, err
	}
	events, err := s.Store.Events(ctx, v.Number)
	if err != nil {
		return out, err
	}
	for i := range all {
		if c.mayHave(&all[i], &v.Case) {
			out.Papers = append(out.Papers, s.viewPaper(c, v, all, i, events))
		}
	}
	if c.Link == nil && c.User != nil && isOne(c.User, staff) {
		for _, name := range formNames {
			f := paperFormView{Form: name, Title: say(c.Language, "form."+name, nil)}
			if e := lastOf(events, forms[name].events); e != nil {
				f.Seq = e.Seq
			}
			if name == "mediation" {
				f.To = []string{"consumer", "merchant"}
			}
			out.Forms = append(out.Forms, f)
		}
	}
	return out, nil
}

func (s *Server) viewPaper(c *Call, v store.View, all []store.CasePaper, i int, events []workflow.Event) casePaperView {
	p := &all[i]
	out := casePaperView{No: p.No, Form: p.Form, Title: say(c.Language, "form."+p.Form, nil), To: p.Receiver, Number: p.Number, Seq: p.Seq, Bound: p.Bound, Size: p.Size,
		At: p.At, Link: fmt.Sprintf("/api/v1/cases/%s/papers/%d/content", v.Number, p.No)}
	if p.SHA256 != [sha256.Size]byte{} {
		out.SHA256 = hex.EncodeToString(p.SHA256[:])
	}
	if c.Link == nil && c.User != nil {
		out.Author = p.Author
	}
	if out.Superseded = superseded(all, i, events); out.Superseded != "" {
		out.Says = say(c.Language, "paper."+out.Superseded, nil)
	}
	return out
}

// mayHave: the authority's people all; a party what is addressed to it, a merchant
// nothing of the respondent before him, a representative of a joint complaint not
// the sheet with the complainant's own data; who mediates what goes to both.
func (c *Call) mayHave(p *store.CasePaper, of *workflow.Case) bool {
	switch {
	case c.Link == nil && c.User != nil && isOne(c.User, staff):
		return true
	case c.Link == nil:
		return c.User != nil && p.Receiver == "both"
	case p.Receiver != "both" && p.Receiver != c.Link.Role:
		return false
	case c.Link.Role == "merchant":
		return fmt.Sprint(p.Respondent) == of.Facts["respondent"]
	}
	return p.Form != "register" || !strings.HasPrefix(c.Link.Actor, "representative")
}

// superseded says why a paper is not to be relied on any more: a newer one of its
// kind is about the same, or its event was corrected since.
func superseded(all []store.CasePaper, i int, events []workflow.Event) string {
	p := &all[i]
	for _, later := range all[i+1:] {
		if later.Form == p.Form && later.Receiver == p.Receiver && (later.Seq == p.Seq || p.Form == "register") {
			return "newer"
		}
	}
	state, closed := workflow.State(""), int64(0)
	for _, e := range events {
		switch {
		case e.Event == "correct_closing" && closed == p.Seq, e.Seq > p.Version && slices.Contains(forms[p.Form].corrected, e.Event):
			return "corrected"
		case e.Data.To == "CLOSED.closed" && state != e.Data.To:
			closed = e.Seq
		}
		state = e.Data.To
	}
	return ""
}

// previewPaper draws a paper without a number and keeps nothing.
func (s *Server) previewPaper(ctx context.Context, c *Call) (any, error) {
	f, err := s.filling(ctx, c)
	if err == nil {
		err = f.fresh()
	}
	if err != nil {
		return nil, err
	}
	pdf, err := paper.Draw(f.paper(""))
	return pdfOf(f.in.Form, pdf), err
}

// pdfOf hands a paper out to be looked at and printed. The policy lets the browser's
// own reader show it, and nothing else.
func pdfOf(name string, pdf []byte) document {
	return document{kind: "application/pdf", name: name + ".pdf", body: pdf, policy: "default-src 'none'; object-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
}

// makePaper draws a paper under the next number of its form's series, keeps it as
// it is, and has the log commit to it where the caller may add to the log.
func (s *Server) makePaper(ctx context.Context, c *Call) (any, error) {
	f, err := s.filling(ctx, c)
	if err != nil {
		return nil, err
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	respondent, _ := strconv.ParseInt(f.v.Facts["respondent"], 10, 64)
	scope := "paper/" + f.v.Number + "/" + c.User.Name
	p, err := s.Store.AddCasePaper(ctx, store.Once{Scope: scope, Key: key, Asked: f.in},
		store.CasePaper{CaseID: f.v.ID, Form: f.in.Form, Receiver: f.receiver(), Respondent: respondent, Seq: f.event.Seq, Version: f.v.Version, Author: c.User.Name},
		func(serial int64) (string, []byte, error) {
			if err := f.fresh(); err != nil { // asked here: the same order once more has its answer
				return "", nil, err
			}
			number := fmt.Sprintf("%s%s〔%d〕第%04d号", s.Rules().County().Short, forms[f.in.Form].mark, calendar.On(s.Now()).Year(), serial)
			pdf, err := paper.Draw(f.paper(number))
			return number, pdf, err
		})
	if err == nil {
		p.Bound, err = s.bindPaper(ctx, c, f.v.Number, p, store.Request{Key: key, Scope: scope + "/event"})
	}
	if err != nil {
		return nil, err
	}
	return s.viewPaper(c, f.v, []store.CasePaper{p}, 0, f.events), nil
}

// bound is what is sealed with the event by which the log commits to a paper.
type bound struct {
	Paper  string `json:"paper"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	// Seq is the event that the paper is about, Version the case that it was made from.
	Seq     int64 `json:"seq"`
	Version int64 `json:"version"`
}

// boundPaper is the number of the paper that an event commits to; empty: to none.
func boundPaper(e *workflow.Event, words string) string {
	var b bound
	if e.Event != "add_evidence" || !strings.HasPrefix(e.Actor, "officer:") || json.Unmarshal([]byte(words), &b) != nil || len(b.SHA256) != 2*sha256.Size {
		return ""
	}
	return b.Paper
}

// bindPaper has the log commit to a paper: its code in clear, number and digest
// sealed with the event. Only an officer adds to the log; a paper that somebody
// else made is kept all the same.
func (s *Server) bindPaper(ctx context.Context, c *Call, number string, p store.CasePaper, q store.Request) (int64, error) {
	if !slices.Contains(c.User.Roles, "officer") {
		return 0, nil
	}
	text, err := json.Marshal(bound{p.Number, hex.EncodeToString(p.SHA256[:]), p.Size, p.Seq, p.Version})
	if err != nil {
		return 0, err
	}
	q.Case = number
	q.Command = workflow.Command{Event: "add_evidence", Actor: workflow.Actor{Role: "officer", ID: c.User.Name}, Input: workflow.Input{Paper: p.Code()}, Private: &workflow.Private{Words: string(text)}}
	a, err := s.Store.Execute(ctx, q)
	if err != nil {
		return 0, err
	}
	for _, done := range a.Events {
		if done.ID == "T63" {
			return done.Seq, s.Store.BindCasePaper(ctx, p.CaseID, p.No, done.Seq)
		}
	}
	return 0, nil
}

// paperContent gives the PDF as it was made: a paper that was served never changes.
func (s *Server) paperContent(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.CasePaperRows(ctx, v.Number)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(p store.CasePaper) bool { return fmt.Sprint(p.No) == c.Param("paper") && c.mayHave(&p, &v.Case) })
	if i < 0 {
		return nil, notFound()
	}
	pdf, err := s.Store.CasePaperBytes(ctx, all[i])
	if errors.Is(err, store.ErrNoCasePaper) {
		err = notFound()
	}
	return pdfOf(all[i].Number, pdf), err
}

// paperRoutes are the routes of official papers and of the hand-over file.
func (s *Server) paperRoutes() []Route {
	return []Route{
		{"GET", papersPath, Holder, Reading, s.papers, http.StatusOK},
		{"POST", papersPath, Staff, Writing, s.makePaper, http.StatusCreated},
		{"POST", papersPath + "/preview", Staff, Writing, s.previewPaper, http.StatusOK},
		{"GET", papersPath + "/{paper}/content", Holder, Reading, s.paperContent, http.StatusOK},
		{"GET", handoverPath, Officer, Reading, s.handover, http.StatusOK},
	}
}
