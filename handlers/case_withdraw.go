package handlers

import (
	"context"

	"fangxin/workflow"
)

// Warning is what somebody must have read before he confirms it.
type Warning struct {
	Situation string `json:"situation"` // before_acceptance or after_acceptance
	Warning   string `json:"warning"`
}

// warningOf is what withdrawing means for the case as it stands: after acceptance
// a new complaint on the same dispute would be refused (Order 121 Art. 16 (2)).
func warningOf(c *workflow.Case, lang string) Warning {
	situation := "before_acceptance"
	if c.Acceptance == "accepted" {
		situation = "after_acceptance"
	}
	return Warning{situation, say(lang, "withdrawal."+situation, nil)}
}

// warning shows the consequences of withdrawing. Reading them is not a step of
// the procedure: the consumer confirms with the withdrawal itself.
func (s *Server) warning(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	return warningOf(&v.Case, c.Language), nil
}

// warned puts the warning into the refusal of an act that was not confirmed.
func warned(err error, c *workflow.Case, lang string) error {
	if p := problemOf(err); p.Guard == "warned" {
		p.Warning = warningOf(c, lang).Warning
		return p
	}
	return err
}
