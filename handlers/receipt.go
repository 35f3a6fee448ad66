package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// publicKeys is ledger.KeyList as the document describes it: open ends are null.
type publicKeys struct {
	Keys []struct {
		From    *time.Time `json:"from"`
		ID      string     `json:"id"`
		Key     string     `json:"key"`
		Reason  string     `json:"reason"`
		Revoked *time.Time `json:"revoked"`
		To      *time.Time `json:"to"`
	} `json:"keys"`
	V int `json:"v"`
}

// keys publishes every public key there ever was, so that anybody can check a
// receipt or a checkpoint without asking again.
func (s *Server) keys(ctx context.Context, _ *Call) (any, error) {
	l, err := s.Store.PublicKeys(ctx)
	return rawJSON(l.Append(nil)), err
}

// receipt gives the receipt of a filing again, the same bytes: to the consumer,
// and to who hands it over at the window. With its salt one can show what was
// filed, so it is for nobody else.
func (s *Server) receipt(ctx context.Context, c *Call) (any, error) {
	atWindow := c.User != nil && isOne(c.User, []workflow.Role{"officer", "hub"})
	if !atWindow && (c.Link == nil || c.Link.Role != "consumer") {
		return nil, notFound()
	}
	r, err := s.Store.Receipt(ctx, c.Param("number"))
	if err := s.unsigned(ctx, err); err != nil {
		return nil, err
	}
	return rawJSON(r.Append(nil)), nil
}

// unsigned answers for a node that holds no key which may sign; any other error is
// itself.
func (s *Server) unsigned(ctx context.Context, err error) error {
	if !errors.Is(err, store.ErrSigning) {
		return err
	}
	s.Log.ErrorContext(ctx, "fault", "error", err)
	return &Problem{Status: http.StatusServiceUnavailable, Code: "not_ready"}
}

// acknowledge is the receipt for the answer to a filing. The filing is durable
// already, so that a key which is missing only leaves the receipt out.
func (s *Server) acknowledge(ctx context.Context, r ledger.Receipt, err error) (*ledger.Receipt, error) {
	switch {
	case errors.Is(err, store.ErrSigning):
		s.Log.ErrorContext(ctx, "fault", "error", err)
		return nil, nil
	case errors.Is(err, store.ErrErased): // the same request, repeated since
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &r, nil
}
