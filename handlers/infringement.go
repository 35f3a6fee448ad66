package handlers

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/publication"
)

const (
	infringementsPath       = "/api/v1/infringements"
	publicInfringementsPath = "/api/v1/public/infringements"
)

// infringementQueries, publicInfringementQueries are what may be asked of the lists.
var (
	publicInfringementQueries = []string{"merchant", "domain", "town", "after", "limit"}
	infringementQueries       = append([]string{"state"}, publicInfringementQueries...)
	infringementRef           = regexp.MustCompile(`^i_[0-9a-z]+$`)
)

// docketing opens a penalty case against a merchant (立案).
type docketing struct {
	Lead       string `json:"lead"`
	Merchant   string `json:"merchant"`
	Domain     int    `json:"domain"`
	Town       string `json:"town"`
	Docket     string `json:"docket"`
	DocketedOn string `json:"docketed_on"`
	Why        string `json:"why"`
}

// settling records what came of a penalty case.
type settling struct {
	State     string   `json:"state"`
	Decision  string   `json:"decision"`
	DecidedOn string   `json:"decided_on"`
	Basis     string   `json:"basis"`
	Penalties []string `json:"penalties"`
	FineFen   int64    `json:"fine_fen"`
	Sees      int64    `json:"sees"`
	Why       string   `json:"why"`
}

type infringementPage struct {
	Infringements []publication.Infringement `json:"infringements"`
	Next          string                     `json:"next,omitempty"`
}

type publicInfringementPage struct {
	Infringements []publication.PublicInfringement `json:"infringements"`
	Next          string                           `json:"next,omitempty"`
}

// infringementFilter reads what narrows a list of penalty cases.
func (s *Server) infringementFilter(c *Call) (f store.InfringementFilter, err error) {
	if err := c.onceEach(infringementQueries); err != nil {
		return f, err
	}
	f = store.InfringementFilter{Merchant: c.Query("merchant"), Town: c.Query("town"), State: c.Query("state"), After: c.Query("after")}
	if f.Domain, err = domainAsked(c); err != nil {
		return f, err
	}
	switch {
	case f.Merchant != "" && !workflow.IsCode(f.Merchant):
		return f, badQuery("merchant", "why.choice")
	case f.Town != "" && !s.isTown(f.Town):
		return f, badQuery("town", "why.vocabulary")
	case f.State != "" && !slices.Contains(publication.InfringementStates, f.State):
		return f, badQuery("state", "why.choice")
	case f.After != "" && !infringementRef.MatchString(f.After):
		return f, badQuery("after", "why.cursor")
	}
	f.Limit, err = limitOf(c)
	return f, err
}

func (s *Server) isTown(code string) bool {
	return slices.ContainsFunc(s.Rules().County().Towns, func(t policy.Place) bool { return t.Code == code })
}

// infringements lists penalty cases for the authority's people.
func (s *Server) infringements(ctx context.Context, c *Call) (any, error) {
	f, err := s.infringementFilter(c)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.Infringements(ctx, f)
	if errors.Is(err, store.ErrNotPublished) {
		err = notFound()
	}
	return infringementPage{append([]publication.Infringement{}, list...), next}, err
}

// publicInfringements lists the decisions that anybody may read.
func (s *Server) publicInfringements(ctx context.Context, c *Call) (any, error) {
	list, next, err := s.readDecisions(ctx, c)
	if errors.Is(err, store.ErrNotPublished) {
		err = notFound()
	}
	if err != nil {
		return nil, err
	}
	return cachedJSON(publicInfringementPage{append([]publication.PublicInfringement{}, list...), next})
}

// publicInfringement shows one decision. What was public once is a tombstone (410);
// unknown and unpublished are one 404.
func (s *Server) publicInfringement(ctx context.Context, c *Call) (any, error) {
	form, err := s.Store.PublicInfringement(ctx, c.Param("infringement"))
	if errors.Is(err, store.ErrNotPublished) {
		err = notFound()
	}
	if err != nil {
		return nil, err
	}
	return cachedJSON(form)
}

func (s *Server) readDecisions(ctx context.Context, c *Call) ([]publication.PublicInfringement, string, error) {
	f, err := s.infringementFilter(c)
	if err != nil {
		return nil, "", err
	}
	list, next, err := s.Store.PublicInfringements(ctx, f)
	if errors.Is(err, store.ErrCursor) {
		err = badQuery("after", "why.cursor")
	}
	return list, next, err
}

// docket records that a case was opened.
func (s *Server) docket(ctx context.Context, c *Call) (any, error) {
	var in docketing
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	on, err := s.fitsDocket(&in)
	if err != nil {
		return nil, err
	}
	by, err := penaliser(c, in.Why)
	if err != nil {
		return nil, err
	}
	return s.Store.OpenInfringement(ctx, infringementOnce(c), by, publication.Infringement{Lead: in.Lead, Merchant: in.Merchant, Domain: in.Domain, Town: in.Town, Docket: in.Docket, DocketedOn: on,
		Result: publication.Result{Penalties: []string{}}})
}

func infringementOnce(c *Call) store.Once {
	return store.Once{Scope: "infringement/" + c.User.Name, Key: c.Key}
}

// decidingPenalties are who records penalty cases.
var decidingPenalties = []workflow.Role{"officer"}

// penaliser is the officer who records, with his reason.
func penaliser(c *Call, why string) (store.By, error) {
	if !isOne(c.User, decidingPenalties) {
		p := problem("not_for_you")
		p.By = decidingPenalties
		return store.By{}, p
	}
	if strings.TrimSpace(why) == "" {
		return store.By{}, badField("why", "why.needed")
	}
	return store.By{Actor: "officer:" + c.User.Name, Why: why}, nil
}

func (s *Server) fitsDocket(in *docketing) (on calendar.Date, err error) {
	on, err = calendar.ParseDate(in.DocketedOn)
	switch {
	case !strings.HasPrefix(in.Lead, "JB-"):
		return on, badField("lead", "why.lead")
	case !workflow.IsCode(in.Merchant):
		return on, badField("merchant", "why.choice")
	case in.Domain < 1 || in.Domain > 12:
		return on, badField("domain", "why.choice")
	case !s.isTown(in.Town):
		return on, badField("town", "why.vocabulary")
	case err != nil || on > calendar.On(s.Now()):
		return on, badField("docketed_on", "why.past_day")
	}
	return on, publicText("docket", in.Docket, 60)
}

// publicText refuses what is not short enough, or holds somebody's number or address.
func publicText(field, text string, most int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return badField(field, "why.needed")
	case utf8.RuneCountInString(text) > most:
		return badField(field, "why.choice")
	case publication.ScrubForms(text) != text:
		return badField(field, "why.personal.known")
	}
	return nil
}

// settle records what came of a penalty case. A penalty is also taken in the
// lead's own log.
func (s *Server) settle(ctx context.Context, c *Call) (any, error) {
	var in settling
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	r, err := s.fitsResult(&in)
	if err != nil {
		return nil, err
	}
	by, err := penaliser(c, in.Why)
	if err != nil {
		return nil, err
	}
	ref := c.Param("infringement")
	i, _, err := s.Store.Infringement(ctx, ref)
	switch {
	case err != nil:
	case !i.May(in.State):
		err = &workflow.Refusal{Code: "infringement_over"}
	case in.Sees != 0 && in.Sees != i.Version:
		err = &workflow.Refusal{Code: "stale_entry"}
	case r.DecidedOn != 0 && r.DecidedOn < i.DocketedOn:
		err = badField("decided_on", "why.after_docket")
	case in.State == "penalised" && i.State != "penalised":
		_, err = s.Store.Execute(ctx, store.Request{Case: i.Lead, Key: ref, Scope: "penalty/" + ref,
			Command: workflow.Command{Event: "penalty_recorded", Actor: workflow.Actor{Role: "officer", ID: c.User.Name}, Private: &workflow.Private{Words: r.Decision}}})
	}
	if err != nil {
		return nil, err
	}
	return s.Store.SettleInfringement(ctx, infringementOnce(c), by, ref, in.Sees, in.State, r)
}

func (s *Server) fitsResult(in *settling) (r publication.Result, err error) {
	r = publication.Result{Decision: in.Decision, Basis: in.Basis, Penalties: append([]string{}, in.Penalties...), FineFen: in.FineFen}
	if !slices.Contains(publication.InfringementStates[1:], in.State) {
		return r, badField("state", "why.choice")
	}
	if in.State == "revoked" {
		return r, nil
	}
	if r.DecidedOn, err = calendar.ParseDate(in.DecidedOn); err != nil || r.DecidedOn > calendar.On(s.Now()) {
		return r, badField("decided_on", "why.past_day")
	}
	penalised := in.State == "penalised"
	unknown := func(p string) bool { return !slices.Contains(publication.Penalties, p) }
	switch {
	case slices.ContainsFunc(in.Penalties, unknown), penalised != (len(in.Penalties) > 0):
		return r, badField("penalties", "why.choice")
	case in.FineFen < 0, in.FineFen > 0 && !slices.Contains(in.Penalties, "fine"), in.FineFen == 0 && slices.Contains(in.Penalties, "fine"):
		return r, badField("fine_fen", "why.fine")
	}
	if err := publicText("decision", in.Decision, 60); err != nil {
		return r, err
	}
	return r, publicText("basis", in.Basis, 200)
}
