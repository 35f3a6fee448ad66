package handlers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// CaseView is a case as its reader may see it: no words, no people.
type CaseView struct {
	Number      string            `json:"number"`
	State       workflow.State    `json:"state"`
	Stage       string            `json:"stage"`
	StateWords  string            `json:"state_words"`
	Version     int64             `json:"version"`
	Filed       time.Time         `json:"filed_at"`
	Acceptance  string            `json:"acceptance"`
	Agreement   string            `json:"agreement"`
	Performance string            `json:"performance"`
	Ground      string            `json:"ground,omitempty"`
	Outcome     string            `json:"outcome,omitempty"`
	Offer       int64             `json:"offer,omitempty"`
	OfferBy     string            `json:"offer_by,omitempty"`
	Facts       map[string]string `json:"facts"`
	Clocks      []ClockView       `json:"clocks"`
	Notices     []NoticeView      `json:"notices"`
	Allowed     []MoveView        `json:"allowed"`
}

// ClockView is a deadline with the reason why it is due then.
type ClockView struct {
	No          int64               `json:"no"`
	Code        string              `json:"code"`
	State       workflow.ClockState `json:"state"`
	Whose       string              `json:"whose"`
	Rule        string              `json:"rule,omitempty"`
	Basis       string              `json:"basis,omitempty"`
	Statutory   bool                `json:"statutory"`
	N           int                 `json:"n,omitempty"`
	Unit        calendar.Unit       `json:"unit,omitempty"`
	Starts      calendar.Date       `json:"starts"`
	Due         calendar.Date       `json:"due"`
	LateFrom    *time.Time          `json:"late_from"`
	Calendar    string              `json:"calendar,omitempty"`
	Provisional bool                `json:"provisional"`
	PausedDays  int                 `json:"paused_days,omitempty"`
	Counted     []calendar.Date     `json:"counted,omitempty"`
	Skipped     []SkipView          `json:"skipped,omitempty"`
}

// SkipView is a day that was not counted.
type SkipView struct {
	Date   calendar.Date `json:"date"`
	Reason string        `json:"reason"`
}

// NoticeView is a notice that somebody is owed.
type NoticeView struct {
	No   int64  `json:"no"`
	To   string `json:"to"`
	Kind string `json:"kind"`
	Told bool   `json:"told"`
}

// MoveView is what may be done now.
type MoveView struct {
	ID       string          `json:"id"`
	Event    string          `json:"event"`
	Resource string          `json:"resource,omitempty"` // where it is done
	By       []workflow.Role `json:"by"`
	To       workflow.State  `json:"to"`
	Lacks    []string        `json:"lacks,omitempty"` // what the case lacks for it
	Needs    []string        `json:"needs,omitempty"` // what the input must say
}

// seen reads a case of either kind; a report record only for who may know of it.
func (s *Server) seen(ctx context.Context, c *Call) (store.View, error) {
	v, err := s.Store.Case(ctx, c.Param("number"))
	if err == nil && v.Kind == workflow.Report && !mayReport(c) {
		err = notFound()
	}
	return v, err
}

func (s *Server) read(ctx context.Context, c *Call) (any, error) {
	v, err := s.seen(ctx, c)
	if err != nil {
		return nil, err
	}
	role := ""
	if c.Link != nil {
		role = c.Link.Role
	}
	return s.caseView(v, role, c.Language), nil
}

// private facts are for the authority: a party does not see them.
var privateFacts = []string{"reports", "prepared_by", "finding", "officer", "ticket", "contact_checked", "contact_checked_at", "narrative_by", "narrative_at", "publication_reason"}

func (s *Server) caseView(v store.View, role, language string) CaseView {
	out := CaseView{Number: v.Number, State: v.State, Stage: v.State.Stage(), Version: v.Version, Filed: v.Filed, Acceptance: v.Acceptance,
		Agreement: v.Agreement, Performance: v.Performance, Ground: v.Ground, Outcome: v.Outcome, Facts: map[string]string{},
		Clocks: []ClockView{}, Notices: []NoticeView{}}
	out.Offer, out.OfferBy = v.OpenOffer()
	out.StateWords = stateWords(language, v.State)
	for name, value := range v.Facts {
		if name != "before" && name != "closed_seq" && (role == "" || !slices.Contains(privateFacts, name) && !aboutDuties(name)) {
			out.Facts[name] = value
		}
	}
	law := s.Rules()
	for _, k := range v.Clocks {
		out.Clocks = append(out.Clocks, clockView(&v.Case, k, law, language))
	}
	for _, n := range v.Notices {
		if role == "" || n.To == role {
			out.Notices = append(out.Notices, NoticeView{n.No, n.To, n.Kind, n.Told})
		}
	}
	out.Allowed = movesOf(workflow.Allowed(v.Case, law, s.Now()), role)
	return out
}

func clockView(c *workflow.Case, k workflow.Clock, law workflow.Rules, language string) ClockView {
	def, _ := workflow.ClockByCode(k.Code)
	out := ClockView{No: k.No, Code: k.Code, State: k.State, Whose: def.Whose, Rule: k.Rule, N: k.N, Unit: k.Unit, Starts: k.Starts, Due: k.Due,
		Calendar: k.Calendar, Provisional: k.Provisional, PausedDays: k.PausedDays}
	if k.Starts == 0 {
		return out
	}
	out.LateFrom = &k.LateFrom
	if t, err := law.Term(k.Code, policy.Question{Start: k.Starts, Domain: c.Domain()}); err == nil {
		out.Basis, out.Statutory = t.Basis, t.Statutory
	}
	view := law.Calendar().KnownAt(k.Starts)
	pause := k.PausedDays
	if k.Unit == calendar.WorkingDay {
		pause = k.PausedWork
	}
	due := view.Count(k.Starts, k.N+pause, k.Unit, k.Roll)
	if k.N == 0 || due.Due != k.Due { // an agreed day, or one that was moved: the log says why
		return out
	}
	counted, skipped := view.Explain(due)
	out.Counted = counted
	for _, sk := range skipped {
		reason := sk.Reason
		if language == "en" {
			reason = sk.English
		}
		out.Skipped = append(out.Skipped, SkipView{sk.Date, reason})
	}
	return out
}

// movesOf lists moves; for a party only its own that nothing but input stands
// before.
func movesOf(all []workflow.Move, role string) []MoveView {
	out := []MoveView{}
	for _, m := range all {
		if role != "" && (!slices.Contains(m.By, workflow.Role(role)) || !m.Possible()) {
			continue
		}
		out = append(out, MoveView{m.ID, m.Event, resourceOf[m.ID], m.By, m.To, m.Lacks, m.Needs})
	}
	return out
}

type eventView struct {
	Seq      int64             `json:"seq"`
	ID       string            `json:"id"`
	Event    string            `json:"event"`
	Actor    string            `json:"actor"`
	At       time.Time         `json:"at"`
	LawfulAt *time.Time        `json:"lawful_at"`
	To       workflow.State    `json:"to"`
	Info     map[string]string `json:"info,omitempty"`
	Sealed   string            `json:"sealed,omitempty"`
}

func (s *Server) events(ctx context.Context, c *Call) (any, error) {
	v, err := s.seen(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Events(ctx, v.Number)
	if err != nil {
		return nil, err
	}
	out := make([]eventView, 0, len(all))
	for _, e := range all {
		v := eventView{Seq: e.Seq, ID: e.ID, Event: e.Event, Actor: e.Actor, At: e.At, To: e.Data.To, Info: e.Data.Info, Sealed: e.Data.Sealed}
		if !e.LawfulAt.IsZero() {
			v.LawfulAt = &e.LawfulAt
		}
		out = append(out, v)
	}
	return eventList{out}, nil
}

// words shows an officer what was sealed with an event.
func (s *Server) words(ctx context.Context, c *Call) (any, error) {
	v, err := s.seen(ctx, c)
	if err != nil {
		return nil, err
	}
	seq, err := strconv.ParseInt(c.Param("seq"), 10, 64)
	if err != nil {
		return nil, notFound()
	}
	if _, e, err := s.Store.Event(ctx, v.ID, seq); err != nil || confidential(c, e.Event) {
		return nil, notFound()
	}
	u, err := s.Store.Unseal(ctx, v.ID, seq)
	if err != nil {
		if errors.Is(err, store.ErrErased) {
			return nil, err
		}
		return nil, notFound()
	}
	return u.Private, nil
}

// talks are the events whose words hold what the sides offered one another:
// confidential to everybody but them, who mediates, and the authority's people.
var talks = []string{"answer", "answer_with_offer", "offer", "counter", "accept_offer", "reject_offer", "say", "propose", "agree", "settle_themselves"}

func confidential(c *Call, event string) bool {
	return slices.Contains(talks, event) && !isOne(c.User, staff) && !slices.Contains(c.User.Roles, "mediator")
}
