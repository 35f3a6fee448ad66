package handlers

import (
	"context"

	"fangxin/workflow"
)

type command struct {
	Event string `json:"event"`
	act
}

// command takes any event of the table that the caller may, by its name: for
// programs that follow `allowed` instead of knowing the resources.
func (s *Server) command(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	var in command
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	if err := s.known(&in.Input); err != nil {
		return nil, err
	}
	return s.doFirst(ctx, c, v, &in.act, "", []string{in.Event})
}
