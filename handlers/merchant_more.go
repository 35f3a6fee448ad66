package handlers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow/register"
)

type merchantHistory struct {
	Lines []historyView `json:"lines"`
	Next  string        `json:"next,omitempty"`
}

type historyView struct {
	No      int64             `json:"no"`
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor"`
	What    string            `json:"what"`
	Why     string            `json:"why"`
	Changes []register.Change `json:"changes"`
	Other   string            `json:"other,omitempty"`
}

func (s *Server) historyOfMerchant(ctx context.Context, c *Call) (any, error) {
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	var after int64
	if text := c.Query("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, badQuery("after", "why.cursor")
		}
	}
	lines, err := s.Store.MerchantHistory(ctx, c.Param("merchant"), after, limit)
	out := merchantHistory{Lines: []historyView{}}
	for _, l := range lines {
		changes := l.Changes
		if changes == nil {
			changes = []register.Change{}
		}
		out.Lines = append(out.Lines, historyView{l.No, l.At, l.Actor, l.What, l.Why, changes, l.Other})
	}
	if len(lines) == limit {
		out.Next = strconv.FormatInt(lines[limit-1].No, 10)
	}
	return out, err
}

type contactList struct {
	Contacts []store.Contact `json:"contacts"`
}

func (s *Server) contactsOfMerchant(ctx context.Context, c *Call) (any, error) {
	all, err := s.Store.MerchantContacts(ctx, c.Param("merchant"))
	return contactList{all}, err
}

type contactAdded struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

type contactNo struct {
	No int64 `json:"no"`
}

func (s *Server) addContact(ctx context.Context, c *Call) (any, error) {
	var in contactAdded
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	m, by, err := s.mayChange(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	k := newContact{in.Kind, in.Value}
	if err := k.check(""); err != nil {
		return nil, err
	}
	no, err := s.Store.AddContact(ctx, onceFor(c), by, m.ID, store.NewContact(k))
	return contactNo{no}, err
}

type because struct {
	Why string `json:"why"`
}

func (s *Server) endContact(ctx context.Context, c *Call) (any, error) {
	var in because
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	m, by, err := s.mayChange(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	no, err := strconv.ParseInt(c.Param("contact"), 10, 64)
	if err != nil {
		return nil, notFound()
	}
	return contactNo{no}, s.Store.EndContact(ctx, onceFor(c), by, m.ID, no)
}

// reviewView is a doubt that a person settles.
type reviewView struct {
	ID         string          `json:"id"`
	State      string          `json:"state"`
	Entry      *merchantView   `json:"entry,omitempty"`
	Row        *merchantEntry  `json:"row,omitempty"`
	RowName    string          `json:"row_name,omitempty"`
	RowTown    string          `json:"row_town,omitempty"`
	Candidates []candidateView `json:"candidates"`
	Source     string          `json:"source"`
	Decision   string          `json:"decision,omitempty"`
	Actor      string          `json:"actor,omitempty"`
	Why        string          `json:"why,omitempty"`
	Created    time.Time       `json:"created_at"`
	Decided    *time.Time      `json:"decided_at,omitempty"`
}

type candidateView struct {
	Merchant merchantView `json:"merchant"`
	Why      string       `json:"why"`
	Score    int          `json:"score"`
}

type reviewPage struct {
	Reviews []reviewView `json:"reviews"`
	Next    string       `json:"next,omitempty"`
}

func viewReview(r store.Review) reviewView {
	v := reviewView{ID: r.ID, State: r.State, Candidates: []candidateView{}, Source: r.Source, Decision: r.Decision, Actor: r.Actor, Why: r.Why, Created: r.Created, Decided: r.Decided}
	if r.Entry != nil {
		m := viewMerchant(*r.Entry)
		v.Entry = &m
	}
	if r.Row != nil {
		row := viewMerchant(register.Merchant{Details: *r.Row, CodeValid: register.ValidCode(r.Row.Code)})
		v.Row, v.RowName, v.RowTown = row.Entry, row.Name, row.Town
	}
	for _, c := range r.Candidates {
		v.Candidates = append(v.Candidates, candidateView{viewMerchant(c.Merchant), c.Why, c.Score})
	}
	return v
}

func (s *Server) reviews(ctx context.Context, c *Call) (any, error) {
	state := c.Query("status")
	if state == "" {
		state = "open"
	}
	if state != "open" && state != "settled" {
		return nil, badQuery("status", "why.choice")
	}
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Reviews(ctx, state, c.Query("after"), limit)
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	out := reviewPage{Reviews: []reviewView{}}
	for _, r := range all {
		out.Reviews = append(out.Reviews, viewReview(r))
	}
	if len(all) == limit {
		out.Next = all[limit-1].ID
	}
	return out, err
}

type reviewDecision struct {
	Decision string `json:"verdict"`
	Merchant string `json:"merchant"`
	Why      string `json:"why"`
}

var reviewDecisions = []string{"same", "different", "merge"}

// settleReview is for those who are in charge of the whole county's register.
func (s *Server) settleReview(ctx context.Context, c *Call) (any, error) {
	var in reviewDecision
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(c.Param("review"), "r_") || strings.Contains(c.Param("review"), "/") {
		return nil, notFound()
	}
	by, err := registrar(c, "", in.Why)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(reviewDecisions, in.Decision) {
		return nil, badField("verdict", "why.choice")
	}
	if (in.Decision == "different") != (in.Merchant == "") {
		return nil, badField("merchant", "why.review_merchant")
	}
	if in.Merchant != "" {
		if _, err := s.Store.Merchant(ctx, in.Merchant); err != nil {
			return nil, badField("merchant", "why.no_merchant")
		}
	}
	r, err := s.Store.SettleReview(ctx, onceFor(c), by, c.Param("review"), in.Decision, in.Merchant)
	return viewReview(r), err
}

type caseMerchantList struct {
	Merchants []store.CaseMerchant `json:"merchants"`
}

func (s *Server) merchantsOfCase(ctx context.Context, c *Call) (any, error) {
	all, err := s.Store.CaseMerchants(ctx, c.Param("number"))
	return caseMerchantList{all}, err
}

type caseMerchantChoice struct {
	Merchant string `json:"merchant"`
	Why      string `json:"why"`
}

// linkMerchant says that a case's respondent is another entry than was found.
func (s *Server) linkMerchant(ctx context.Context, c *Call) (any, error) {
	var in caseMerchantChoice
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	m, err := s.Store.Merchant(ctx, in.Merchant)
	if err != nil {
		return nil, badField("merchant", "why.no_merchant")
	}
	by, err := registrar(c, m.Town, in.Why)
	if err != nil {
		return nil, err
	}
	if err := s.Store.LinkCase(ctx, onceFor(c), by, c.Param("number"), m.ID); err != nil {
		return nil, err
	}
	return s.merchantsOfCase(ctx, c)
}
