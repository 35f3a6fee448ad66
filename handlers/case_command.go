package handlers

import (
	"context"
	"slices"

	"fangxin/store"
	"fangxin/workflow"
)

type command struct {
	Event      string               `json:"event"`
	Sees       int64                `json:"sees"` // an officer's: the version he saw
	As         workflow.Role        `json:"as"`   // which of an officer's roles acts
	OnBehalf   *onBehalf            `json:"on_behalf"`
	Person     *workflow.Person     `json:"person"`
	Respondent *workflow.Respondent `json:"respondent"`
	Words      string               `json:"words"`
	workflow.Input
}

type onBehalf struct {
	Party    workflow.Role `json:"party"` // consumer or merchant
	Channel  string        `json:"channel"`
	Identity string        `json:"identity"`
	ReadBack bool          `json:"read_back"`
}

type done struct {
	Case     CaseView     `json:"case"`
	Events   []store.Done `json:"events"`
	Report   string       `json:"report,omitempty"`
	Replayed bool         `json:"replayed"`
}

// command takes any event of the table that the caller may.
func (s *Server) command(ctx context.Context, c *Call) (any, error) {
	var in command
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	v, err := s.Store.Case(ctx, c.Param("number"))
	if err != nil {
		return nil, err
	}
	cmd := workflow.Command{Event: in.Event, Sees: in.Sees, Input: in.Input}
	if cmd.Actor, err = actorOf(c, &in, &v); err != nil {
		return nil, err
	}
	if in.Words != "" || in.Person != nil || in.Respondent != nil {
		cmd.Private = &workflow.Private{Person: in.Person, Respondent: in.Respondent, Words: in.Words}
	}
	answer, err := s.Store.Execute(ctx, store.Request{Case: v.Number, Command: cmd, Key: c.Key, Sees: c.sees(), Scope: v.Number + "/" + string(cmd.Actor.Role) + ":" + cmd.Actor.ID})
	if err != nil && c.Link != nil {
		return nil, forParty(err, c.Link.Role)
	}
	if err != nil {
		return nil, err
	}
	if v, err = s.Store.Case(ctx, v.Number); err != nil {
		return nil, err
	}
	role := ""
	if c.Link != nil {
		role, answer.Report = c.Link.Role, ""
	}
	return done{s.caseView(v, role, c.Language), answer.Events, answer.Report, answer.Replayed}, nil
}

// actorOf says who acts: a party by its link, or an officer in the role that he
// names, or else in the first of his that the row asks for.
func actorOf(c *Call, in *command, v *store.View) (workflow.Actor, error) {
	if c.Link != nil {
		if in.As != "" || in.OnBehalf != nil {
			return workflow.Actor{}, &workflow.Refusal{Code: "not_for_you", Event: in.Event, State: v.State}
		}
		if !c.Link.May(in.Event) {
			return workflow.Actor{}, problem("link_lacks_action")
		}
		return workflow.Actor{Role: workflow.Role(c.Link.Role), ID: c.Link.Actor}, nil
	}
	roles := c.User.Roles
	role := in.As
	if role == "" {
		role = workflow.Role(roles[0])
		for _, by := range workflow.Who(v.Case, in.Event) {
			if slices.Contains(roles, string(by)) {
				role = by
				break
			}
		}
	}
	a := workflow.Actor{Role: role, ID: c.User.Name}
	if !slices.Contains(roles, string(role)) {
		return a, &workflow.Refusal{Code: "not_for_you", Event: in.Event, State: v.State, By: workflow.Who(v.Case, in.Event)}
	}
	if b := in.OnBehalf; b != nil {
		if b.Party != "consumer" && b.Party != "merchant" {
			return a, badField("on_behalf.party", "why.choice")
		}
		a.For, a.Channel, a.Identity, a.ReadBack = b.Party, b.Channel, b.Identity, b.ReadBack
		if slices.Contains(roles, "officer") {
			a.Role = "officer"
		}
	}
	return a, nil
}
