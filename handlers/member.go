package handlers

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// deciders may decide about members of the green channel, when they are in
// charge of the whole county: the authority of the county approves a member.
var deciders = []workflow.Role{"officer", "coordinator"}

// memberPath is a membership of the green channel.
const memberPath = "/api/v1/memberships/{member}"

// membershipView is a membership as the authority's people list it.
type membershipView struct {
	register.Member
	Name string `json:"name,omitempty"` // the merchant's trade name
	Town string `json:"town,omitempty"`
}

type membershipPage struct {
	Memberships []membershipView `json:"memberships"`
	Next        string           `json:"next,omitempty"`
}

// membershipWhole is a membership with its people and papers.
type membershipWhole struct {
	membershipView
	People []store.MemberPerson `json:"people"`
	Papers []store.Paper        `json:"papers"`
	Files  []fileView           `json:"files"` // of the papers
}

// newMembership applies for a membership.
type newMembership struct {
	Merchant  string             `json:"merchant"`
	Entry     *merchantFields    `json:"entry"`
	Checklist register.Checklist `json:"checklist"`
	Terms     register.Terms     `json:"terms"`
	People    []newPerson        `json:"people"`
	Papers    []newPaper         `json:"papers"`
	Uploads   string             `json:"uploads"`
	Why       string             `json:"why"`
}

type newPerson struct {
	Role  string `json:"role"`
	Name  string `json:"name"`
	Phone string `json:"phone"`
	Email string `json:"email"`
}

type newPaper struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Note   string `json:"note"`
	File   string `json:"file"` // that waits under the secret of uploads
}

// mostPapers is more than an application needs at once, beside its files.
const mostPapers = 20

func (p *newPerson) check(at string) (store.NewPerson, error) {
	out := store.NewPerson{Role: p.Role, Name: strings.TrimSpace(p.Name), Phone: strings.TrimSpace(p.Phone), Email: strings.TrimSpace(p.Email)}
	switch {
	case !slices.Contains(store.PersonRoles, p.Role):
		return out, badField(at+"role", "why.choice")
	case out.Name == "" || len([]rune(out.Name)) > 100:
		return out, badField(at+"name", "why.needed")
	case out.Phone == "" && out.Email == "":
		return out, badField(at+"phone", "why.needed")
	case out.Phone != "" && !phoneForm.MatchString(out.Phone):
		return out, badField(at+"phone", "why.phone")
	}
	if out.Email != "" {
		if a, err := mail.ParseAddress(out.Email); err != nil || a.Address != out.Email || len(out.Email) > 254 {
			return out, badField(at+"email", "why.email")
		}
	}
	return out, nil
}

func (s *Server) statedPapers(all []newPaper) ([]store.NewPaper, error) {
	if len(all) > mostPapers+s.Store.FileLimits().Count {
		return nil, badField("papers", "why.choice")
	}
	var out []store.NewPaper
	for i, p := range all {
		at := fmt.Sprintf("papers.%d.", i)
		digest, err := hex.DecodeString(p.SHA256)
		switch {
		case !slices.Contains(store.PaperKinds, p.Kind):
			return nil, badField(at+"kind", "why.choice")
		case err != nil || len(digest) != 0 && len(digest) != 32:
			return nil, badField(at+"sha256", "why.sha256")
		case p.File != "" && len(digest) != 0:
			return nil, badField(at+"sha256", "why.paper_file")
		}
		out = append(out, store.NewPaper{Kind: p.Kind, Name: p.Name, Digest: digest, Note: p.Note, File: p.File})
	}
	return out, nil
}

func (s *Server) termsFit(t *register.Terms) error {
	if t.Pledges == nil {
		t.Pledges = []string{}
	}
	for _, f := range t.Faults(s.Rules().GreenChannel().MostDays) {
		return badField(f.Field, f.Why)
	}
	return nil
}

// apply takes an application: a merchant's own, without an account, or one that
// an officer takes in.
func (s *Server) apply(ctx context.Context, c *Call) (any, error) {
	var in newMembership
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	a, err := s.application(&in)
	if err != nil {
		return nil, err
	}
	town := a.Details.Town
	if a.Merchant != "" {
		m, err := s.Store.Merchant(ctx, a.Merchant)
		if err != nil {
			return nil, badField("merchant", "why.no_merchant")
		}
		town = m.Town
	}
	by, once := store.By{Actor: "merchant", Why: in.Why}, store.Once{Scope: "membership", Key: c.Key}
	if c.User != nil {
		if by, err = registrar(c, town, in.Why); err != nil {
			return nil, err
		}
		once = onceFor(c)
	}
	m, err := s.Store.Apply(ctx, once, by, a)
	return membershipView{Member: m}, waitingPapers(err)
}

func (s *Server) application(in *newMembership) (store.Application, error) {
	a := store.Application{Merchant: in.Merchant, Checklist: in.Checklist, Terms: in.Terms}
	switch {
	case in.Merchant == "" && in.Entry == nil, in.Merchant != "" && in.Entry != nil:
		return a, badField("merchant", "why.merchant_or_entry")
	case in.Entry != nil:
		a.Details = register.Details(*in.Entry)
		if err := s.fits(&a.Details); err != nil {
			return a, err
		}
	}
	if err := s.termsFit(&a.Terms); err != nil {
		return a, err
	}
	if len(in.People) == 0 || len(in.People) > mostContacts {
		return a, badField("people", "why.needed")
	}
	for i := range in.People {
		p, err := in.People[i].check(fmt.Sprintf("people.%d.", i))
		if err != nil {
			return a, err
		}
		a.People = append(a.People, p)
	}
	var err error
	if in.Uploads != "" {
		a.Draft = store.DraftHash(in.Uploads)
	}
	a.Papers, err = s.statedPapers(in.Papers)
	return a, err
}

func (s *Server) memberships(ctx context.Context, c *Call) (any, error) {
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	f := store.MemberFilter{State: register.MemberState(c.Query("status")), Merchant: c.Query("merchant"), Town: c.Query("town"), After: c.Query("after"), Limit: limit}
	if f.State != "" && !slices.Contains(register.MemberStates, f.State) {
		return nil, badQuery("status", "why.choice")
	}
	all, err := s.Store.Members(ctx, f)
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	out := membershipPage{Memberships: []membershipView{}}
	for i := range all {
		out.Memberships = append(out.Memberships, membershipView{all[i].Member, all[i].Entry.Name, all[i].Entry.Town})
	}
	if len(all) == limit {
		out.Next = all[limit-1].ID
	}
	return out, err
}

func (s *Server) membership(ctx context.Context, c *Call) (any, error) {
	m, err := s.Store.Member(ctx, c.Param("member"))
	if err != nil {
		return nil, err
	}
	e, err := s.Store.Merchant(ctx, m.Merchant)
	if err != nil {
		return nil, err
	}
	out := membershipWhole{membershipView: membershipView{m, e.Name, e.Town}}
	if out.People, err = s.Store.People(ctx, m.ID); err != nil {
		return nil, err
	}
	if out.Papers, err = s.Store.Papers(ctx, m.ID); err != nil {
		return nil, err
	}
	out.Files = []fileView{}
	files, err := s.Store.MemberFiles(ctx, m.ID)
	for i := range files {
		out.Files = append(out.Files, viewFile(&files[i], false, c.Language))
	}
	return out, err
}

// waitingPapers names the field when files of papers do not wait.
func waitingPapers(err error) error {
	if errors.Is(err, store.ErrNoWaiting) {
		return badField("uploads", "why.uploads")
	}
	return err
}

// paperOf finds a file of a membership's papers.
func (s *Server) paperOf(ctx context.Context, ref, id string) (store.File, error) {
	all, err := s.Store.MemberFiles(ctx, ref)
	return fileAmong(all, id, err)
}

func (s *Server) memberFile(ctx context.Context, c *Call) (any, error) {
	f, err := s.paperOf(ctx, c.Param("member"), c.Param("file"))
	if err != nil {
		return nil, err
	}
	return s.deliver(ctx, f, false)
}

func (s *Server) memberThumbnail(ctx context.Context, c *Call) (any, error) {
	f, err := s.paperOf(ctx, c.Param("member"), c.Param("file"))
	if err != nil {
		return nil, err
	}
	return s.deliver(ctx, f, true)
}

type membershipHistory struct {
	Lines []memberLine `json:"lines"`
}

// memberLine is one thing that happened to a membership.
type memberLine = store.MemberHistoryLine

func (s *Server) historyOfMember(ctx context.Context, c *Call) (any, error) {
	lines, err := s.Store.MemberHistory(ctx, c.Param("member"))
	return membershipHistory{lines}, err
}

// memberDecision is what the county decides about a membership.
type memberDecision struct {
	Decision string        `json:"verdict"`
	From     calendar.Date `json:"from"`
	To       calendar.Date `json:"to"`
	Cause    string        `json:"cause"`
	Lead     string        `json:"lead"`
	Sees     int64         `json:"sees"`
	Why      string        `json:"why"`
}

// decideMember takes a decision. A person of the county decides, always with
// reasons; nothing here is ever done by a job.
func (s *Server) decideMember(ctx context.Context, c *Call) (any, error) {
	var in memberDecision
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	by, err := decider(c, in.Why)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	m, err := s.Store.DecideMember(ctx, onceFor(c), by, c.Param("member"), store.Decision{What: in.Decision, From: in.From, To: in.To, Cause: in.Cause, Lead: in.Lead, Sees: in.Sees})
	return membershipView{Member: m}, err
}

func (in *memberDecision) check() error {
	switch {
	case !slices.Contains(register.DecisionNames, in.Decision):
		return badField("verdict", "why.choice")
	case (in.Decision == "exit") != (in.Cause != ""), in.Cause != "" && !slices.Contains(register.Causes, in.Cause):
		return badField("cause", "why.exit_cause")
	case in.From != 0 && in.Decision != "approve":
		return badField("from", "why.choice")
	case in.To != 0 && (in.Decision != "approve" && in.Decision != "renew" || in.To < in.From):
		return badField("to", "why.choice")
	case in.Decision == "no_action" && in.Lead == "":
		return badField("lead", "why.needed")
	}
	return nil
}

// decider says who of the county decides and why, if the caller may.
func decider(c *Call, why string) (store.By, error) {
	for _, role := range deciders {
		if c.User.Town == "" && slices.Contains(c.User.Roles, string(role)) {
			if why == "" {
				return store.By{}, badField("why", "why.needed")
			}
			return store.By{Actor: string(role) + ":" + c.User.Name, Why: why}, nil
		}
	}
	p := problem("not_for_you")
	p.By = deciders
	return store.By{}, p
}
