package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"fangxin/migrations"
)

// Spread is a histogram: how many values lie at or below each bound, how many
// there are and what they add up to.
type Spread struct {
	Below map[float64]uint64
	Count uint64
	Sum   float64
}

// spread counts values into buckets; bounds ascend.
type spread struct {
	mu     sync.Mutex
	bounds []float64
	counts []uint64 // of bounds, then of what is beyond
	sum    float64
}

func newSpread(bounds ...float64) *spread {
	return &spread{bounds: bounds, counts: make([]uint64, len(bounds)+1)}
}

func (s *spread) add(v float64) {
	i, _ := slices.BinarySearch(s.bounds, v)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[i]++
	s.sum += v
}

func (s *spread) read() Spread {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Spread{Below: make(map[float64]uint64, len(s.bounds)), Sum: s.sum}
	for i, n := range s.counts {
		out.Count += n
		if i < len(s.bounds) {
			out.Below[s.bounds[i]] = out.Count
		}
	}
	return out
}

// DoorFigures are what this node's committer has done since it began.
type DoorFigures struct {
	Groups, Commands int64
	Replays          int64 // commands tried alone, because their group was refused
	Lost             int64 // connections lost, and the group attempted again
	Waiting          int   // commands that wait now
	Sizes            Spread
	Seconds          Spread // from taking a group to its answers
}

// Door reads them.
func (s *Store) Door() DoorFigures {
	d := s.door
	return DoorFigures{d.groups.Load(), d.commands.Load(), d.replays.Load(), d.lost.Load(), len(d.queue), d.sizes.read(), d.seconds.read()}
}

// LogFigures say how far the log is sealed and what numbers are in hand.
type LogFigures struct {
	Height   int64     // of the last block
	SealedAt time.Time // of the last block; zero when there is none
	Unsealed int64     // cases moved since
	Blocks   int64     // reserved runs of case numbers that are not used up, of all nodes
}

// Log reads them.
func (s *Store) Log(ctx context.Context) (LogFigures, error) {
	var f LogFigures
	var at instant
	err := s.pool.QueryRowContext(ctx, `select (select coalesce(max(height), 0) from blocks), (select sealed_at from blocks order by height desc limit 1),
		(select count(*) from moved), (select count(*) from number_blocks where closed_at is null)`).Scan(&f.Height, &at, &f.Unsealed, &f.Blocks)
	f.SealedAt = at.Time
	return f, err
}

// Running counts the running clocks of each kind.
func (s *Store) Running(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.QueryContext(ctx, "select code, count(*) from clocks where state = 'running' group by code")
	if err != nil {
		return nil, err
	}
	return tally(rows)
}

// Pending reports whether a migration of this binary is not applied.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	steps, err := migrations.Status(ctx, s.pool, s.dialect)
	return slices.ContainsFunc(steps, func(m migrations.Step) bool { return !m.Applied }), err
}

// Lateness is how long after its lawful instant this node observed each expiry,
// in seconds, by code of clock.
func (s *Store) Lateness() map[string]Spread {
	x := &s.enforced
	x.mu.Lock()
	late := maps.Clone(x.late)
	x.mu.Unlock()
	out := make(map[string]Spread, len(late))
	for code, l := range late {
		out[code] = l.read()
	}
	return out
}

func latenessSpread() *spread { return newSpread(1, 5, 30, 60, 600, 3600, 6*3600, 86400, 7*86400) }
