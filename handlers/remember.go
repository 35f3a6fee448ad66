package handlers

import (
	"context"
	"fmt"
	"sync"
	"time"

	"fangxin/workflow/indicator"
)

// rememberFor is how long published figures may be shown as they were read: as long
// as others may keep them.
const rememberFor = 5 * time.Minute

// memory keeps what public pages read of the statistics: counts and nothing else.
type memory struct {
	mu   sync.Mutex
	read map[string]remembered
}

type remembered struct {
	groups []indicator.Group
	at     indicator.At
	when   time.Time
}

const mostRemembered = 200

// figures reads counts for public pages, at most every five minutes.
func (s *Server) figures(ctx context.Context, q indicator.Query) ([]indicator.Group, indicator.At, error) {
	key := fmt.Sprint(q.From, q.To, q.By, q.Per, q.Of != nil) // Of narrows public questions to one value only
	now := s.Now()
	s.recall.mu.Lock()
	old, known := s.recall.read[key]
	s.recall.mu.Unlock()
	if age := now.Sub(old.when); known && age >= 0 && age < rememberFor {
		return old.groups, old.at, nil
	}
	groups, at, err := s.Store.Statistics(ctx, q, 0)
	if err != nil {
		return nil, at, err
	}
	s.recall.mu.Lock()
	defer s.recall.mu.Unlock()
	if s.recall.read == nil || len(s.recall.read) >= mostRemembered {
		s.recall.read = map[string]remembered{}
	}
	s.recall.read[key] = remembered{groups, at, now}
	return groups, at, nil
}
