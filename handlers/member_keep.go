package handlers

import (
	"context"
	"errors"

	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// memberKeeper says who keeps a membership's papers and people: an officer for
// the merchant, or the merchant's own contact with his session.
func (s *Server) memberKeeper(ctx context.Context, c *Call, why string) (ref string, by store.By, once store.Once, err error) {
	if c.Member != nil {
		ref, by = c.Member.Member.ID, store.By{Actor: "merchant:" + c.Member.Person.ID, Why: why}
		if c.Member.Person.Role != "contact" {
			err = problem("contact_only")
		}
		return ref, by, store.Once{Scope: "member/" + c.Member.Person.ID, Key: c.Key}, err
	}
	m, err := s.Store.Member(ctx, c.Param("member"))
	if err != nil {
		return "", by, once, err
	}
	e, err := s.Store.Merchant(ctx, m.Merchant)
	if err != nil {
		return "", by, once, err
	}
	by, err = registrar(c, e.Town, why)
	return m.ID, by, onceFor(c), err
}

// memberSupplement answers what the county asked for.
type memberSupplement struct {
	Checklist *register.Checklist `json:"checklist"`
	Terms     *register.Terms     `json:"terms"`
	Papers    []newPaper          `json:"papers"`
	Uploads   string              `json:"uploads"`
	Why       string              `json:"why"`
}

func (s *Server) supplyMember(ctx context.Context, c *Call) (any, error) {
	var in memberSupplement
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	ref, by, once, err := s.memberKeeper(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	if in.Checklist == nil && in.Terms == nil && len(in.Papers) == 0 {
		return nil, badField("papers", "why.needed")
	}
	if in.Terms != nil {
		if err := s.termsFit(in.Terms); err != nil {
			return nil, err
		}
	}
	papers, err := s.statedPapers(in.Papers)
	if err != nil {
		return nil, err
	}
	var draft []byte
	if in.Uploads != "" {
		draft = store.DraftHash(in.Uploads)
	}
	m, err := s.Store.SupplyMember(ctx, once, by, ref, papers, draft, in.Checklist, in.Terms)
	return membershipView{Member: m}, waitingPapers(err)
}

func (s *Server) withdrawMember(ctx context.Context, c *Call) (any, error) {
	ref, by, once, err := s.keeps(ctx, c)
	if err != nil {
		return nil, err
	}
	m, err := s.Store.WithdrawMember(ctx, once, by, ref)
	return membershipView{Member: m}, err
}

// keeps reads a reason and says whose membership it is about.
func (s *Server) keeps(ctx context.Context, c *Call) (ref string, by store.By, once store.Once, err error) {
	var in because
	if err := strict(c.Body, &in); err != nil {
		return "", by, once, err
	}
	return s.memberKeeper(ctx, c, in.Why)
}

func (s *Server) replaceShopCode(ctx context.Context, c *Call) (any, error) {
	ref, by, once, err := s.keeps(ctx, c)
	if err != nil {
		return nil, err
	}
	m, err := s.Store.NewShopCode(ctx, once, by, ref)
	return membershipView{Member: m}, err
}

type personAdded struct {
	newPerson
	Why string `json:"why"`
}

type peopleView struct {
	People []store.MemberPerson `json:"people"`
}

func (s *Server) addPerson(ctx context.Context, c *Call) (any, error) {
	var in personAdded
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	ref, by, once, err := s.memberKeeper(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	p, err := in.check("")
	if err != nil {
		return nil, err
	}
	if err := s.Store.AddPerson(ctx, once, by, ref, p); err != nil {
		return nil, err
	}
	all, err := s.Store.People(ctx, ref)
	return peopleView{all}, err
}

func (s *Server) endPerson(ctx context.Context, c *Call) (any, error) {
	ref, by, once, err := s.keeps(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := s.Store.EndPerson(ctx, once, by, ref, c.Param("person")); err != nil {
		return nil, err
	}
	all, err := s.Store.People(ctx, ref)
	return peopleView{all}, err
}

func (s *Server) figuresOfMember(ctx context.Context, c *Call) (any, error) {
	ref := c.Param("member")
	if c.Member != nil {
		ref = c.Member.Member.ID
		if m := c.Member.Member.State; m != register.Approved && m != register.Suspended {
			return nil, notFound() // who was not approved has none yet, and may be anybody
		}
	}
	f, err := s.Store.MemberFigures(ctx, ref, calendar.On(s.Now()))
	return f, err
}

type leadPage struct {
	Leads []store.MemberLead `json:"leads"`
	Next  string             `json:"next,omitempty"`
}

func (s *Server) memberLeads(ctx context.Context, c *Call) (any, error) {
	state := c.Query("status")
	if state == "" {
		state = "open"
	}
	if state != "open" && state != "decided" {
		return nil, badQuery("status", "why.choice")
	}
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.MemberLeads(ctx, state, c.Query("after"), limit)
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	out := leadPage{Leads: all}
	if len(all) == limit {
		out.Next = all[limit-1].ID
	}
	return out, err
}

// coverage is I-17 on a day: today unless another is asked for.
func (s *Server) coverage(ctx context.Context, c *Call) (any, error) {
	day := calendar.On(s.Now())
	if text := c.Query("on"); text != "" {
		d, err := calendar.ParseDate(text)
		if err != nil || d > day {
			return nil, badQuery("on", "why.choice")
		}
		day = d
	}
	out, err := s.Store.Coverage(ctx, day)
	return out, err
}
