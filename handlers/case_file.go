package handlers

import (
	"context"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// linkTerm is how long a party's link works: the longest course of a case, with
// the limit of complaining.
const linkTerm = 3 * 366 * 24 * time.Hour

type filing struct {
	Track      string               `json:"track"` // authority or green_channel
	Person     *workflow.Person     `json:"person"`
	Respondent *workflow.Respondent `json:"respondent"`
	Words      string               `json:"words"`
	workflow.Input
}

type filed struct {
	Case    CaseView        `json:"case"`
	Token   string          `json:"token"`   // the consumer's link: 43 characters, shown here only
	Receipt *ledger.Receipt `json:"receipt"` // null when there is none: the person was erased since, or no key may sign
}

// file takes a complaint from anybody, without an account.
func (s *Server) file(ctx context.Context, c *Call) (any, error) {
	var in filing
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	event := map[string]string{"authority": "file_with_authority", "": "file_with_authority", "green_channel": "file_green_channel"}[in.Track]
	if event == "" {
		return nil, badField("track", "why.choice")
	}
	if in.Source == "" {
		in.Source = "web"
	}
	if in.Language == "" {
		in.Language = c.Language
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	token, hash := s.Store.NewToken("file", key, "consumer")
	answer, err := s.Store.Execute(ctx, store.Request{Key: key, Scope: "file",
		Command: workflow.Command{Event: event, Actor: workflow.Actor{Role: "consumer", ID: "consumer"}, Input: in.Input,
			Private: &workflow.Private{Person: in.Person, Respondent: in.Respondent, Words: in.Words}},
		Links: []store.NewLink{{Hash: hash, Role: "consumer", Actor: "consumer", Expires: s.Now().Add(linkTerm)}}})
	if err != nil {
		return nil, forParty(err, "consumer")
	}
	view, err := s.Store.Case(ctx, answer.Number)
	if err != nil {
		return nil, err
	}
	receipt, err := s.acknowledge(ctx, view.Number)
	if err != nil {
		return nil, err
	}
	return filed{s.caseView(view, "consumer", c.Language), token, receipt}, nil
}
