package handlers

import (
	"context"
	"time"
)

// sweepLate is how long no node may have found all deadlines enforced before
// something is wrong: a sweep runs every two seconds.
const sweepLate = 2 * time.Minute

// probeTime bounds how long the database is asked whether it is there.
const probeTime = 2 * time.Second

func (s *Server) health(context.Context, *Call) (any, error) {
	return map[string]string{"status": "ok"}, nil
}

func (s *Server) ready(ctx context.Context, _ *Call) (any, error) {
	if reasons := s.unready(ctx); len(reasons) > 0 {
		p := problem("not_ready")
		p.Reasons = reasons
		return nil, p
	}
	return map[string]string{"status": "ready"}, nil
}

// Reasons why a node is not ready, as codes.
var unreadyReasons = []string{"clock", "database", "migrations", "sweep"}

// unready lists what stands against sending this node work: its clock is in
// doubt, the database does not answer, a migration is not applied, or no node
// has found all deadlines enforced for too long. Redis is not asked: without it
// nothing is refused.
func (s *Server) unready(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var reasons []string
	if s.Ready != nil && s.Ready(ctx) != nil {
		reasons = append(reasons, "clock")
	}
	if s.Store.Ping(ctx) != nil {
		return append(reasons, "database")
	}
	pending, err := s.Store.Pending(ctx)
	if err != nil {
		return append(reasons, "database")
	}
	if pending {
		return append(reasons, "migrations") // nothing else may be asked of an old schema
	}
	swept, err := s.sweptAgo(ctx)
	switch {
	case err != nil:
		reasons = append(reasons, "database")
	case swept > sweepLate:
		reasons = append(reasons, "sweep")
	}
	return reasons
}

// sweptAgo is how long ago all deadlines were enforced; where they never were,
// since this node began.
func (s *Server) sweptAgo(ctx context.Context) (time.Duration, error) {
	at, err := s.Store.LastSweep(ctx)
	if at.Before(s.began) {
		at = s.began
	}
	return s.Now().Sub(at), err
}
