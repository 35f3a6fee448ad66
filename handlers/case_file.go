package handlers

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// linkTerm is how long a party's link works: the longest course of a case, with
// the limit of complaining.
const linkTerm = 3 * 366 * 24 * time.Hour

type filing struct {
	Track string `json:"track"` // authority or green_channel
	Shop  string `json:"shop"`  // code on the wall of a member's shop, instead of the respondent
	// Uploads is the secret under which files wait that belong to the complaint.
	Uploads string `json:"uploads"`
	act
}

// filingFields are what a filing may say; those for officers alone are what only
// an authority can know.
var (
	filingFields  = []string{"track", "person", "check", "uploads", "shop", "respondent", "words", "domain", "category", "town", "amount_fen", "requests", "publish_consent", "entrust_consent", "elected", "knew_on", "language"}
	officerFields = []string{"source", "ticket", "received_on", "on_behalf", "as"}
)

type filed struct {
	Case    CaseView        `json:"case"`
	Token   string          `json:"token"`   // the consumer's link: 43 characters, shown here only
	Receipt *ledger.Receipt `json:"receipt"` // null when there is none: the person was erased since, or no key may sign
}

// file takes a complaint: from anybody, without an account, or from an officer
// for a person at the window or on the telephone, or out of another system.
func (s *Server) file(ctx context.Context, c *Call) (any, error) {
	var in filing
	if err := onlyFields(c.Body, slices.Concat(filingFields, officerFields)); err != nil {
		return nil, err
	}
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	event := map[string]string{"authority": "file_with_authority", "": "file_with_authority", "green_channel": "file_green_channel"}[in.Track]
	if event == "" {
		return nil, badField("track", "why.choice")
	}
	if err := s.known(&in.Input); err != nil {
		return nil, err
	}
	if err := s.respondentOf(ctx, &in); err != nil {
		return nil, err
	}
	actor, err := filer(c, &in, event)
	if err != nil {
		return nil, err
	}
	in.Language = cmp.Or(in.Language, c.Language)
	return s.takeFiling(ctx, c, &in, event, actor)
}

// filer says who files. Nobody but an officer knows of another source than the
// web, of a ticket of another system, or may speak for somebody.
func filer(c *Call, in *filing, event string) (workflow.Actor, error) {
	if c.User == nil {
		in.Source = cmp.Or(in.Source, "web")
		for name, said := range map[string]bool{"source": in.Source != "web", "ticket": in.Ticket != "", "received_on": in.ReceivedOn != 0, "on_behalf": in.OnBehalf != nil, "as": in.As != ""} {
			if said {
				return workflow.Actor{}, badField(name, "why.officer")
			}
		}
		return workflow.Actor{Role: "consumer", ID: "consumer"}, nil
	}
	if b := in.OnBehalf; b != nil {
		in.Source = cmp.Or(in.Source, b.Channel)
		if b.Party != "consumer" {
			return workflow.Actor{}, badField("on_behalf.party", "why.choice")
		}
	}
	switch {
	case in.Source == "":
		p := problem("missing")
		p.faults = []fault{{"source", ""}}
		return workflow.Actor{}, p
	case !slices.Contains(sources, in.Source):
		return workflow.Actor{}, badField("source", "why.choice")
	}
	return actorOf(c, &in.act, workflow.Complaint, "", event)
}

func (s *Server) takeFiling(ctx context.Context, c *Call, in *filing, event string, actor workflow.Actor) (any, error) {
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	scope := "file"
	if c.User != nil {
		scope += "/" + c.scope()
	}
	token, hash := s.Store.NewToken(scope, key, "consumer")
	by := scope + "/" + key
	checked, err := s.takeCheck(ctx, &in.act, by)
	if err != nil {
		return nil, err
	}
	q := store.Request{Key: key, Scope: scope, Command: workflow.Command{Event: event, Actor: actor, Input: in.Input, Private: in.private(), Checked: checked},
		Links: []store.NewLink{{Hash: hash, Role: "consumer", Actor: "consumer", Expires: s.Now().Add(linkTerm)}}}
	if in.Uploads != "" {
		q.Draft = store.DraftHash(in.Uploads)
	}
	if in.Ticket != "" { // one ticket of another system is one complaint, whoever enters it
		q.Unique = "ticket/" + in.Source + "/" + in.Ticket
	}
	answer, err := s.Store.Execute(ctx, q)
	s.giveBackCheck(ctx, &in.act, by, err)
	if errors.Is(err, store.ErrNoWaiting) {
		return nil, badField("uploads", "why.uploads")
	}
	if err != nil && c.User == nil {
		return nil, forParty(err, "consumer")
	}
	if err != nil {
		return nil, err
	}
	view, made, err := s.Store.Filed(ctx, answer)
	receipt, err := s.acknowledge(ctx, made, err)
	if err != nil {
		return nil, err
	}
	role := "consumer"
	if c.User != nil {
		role = ""
	}
	return filed{s.caseView(view, role, c.Language), token, receipt}, nil
}
