package store

import "time"

// Pace leaves room for callers beside one kind of work that goes in batches.
type Pace struct {
	s     *Store
	times int
	since time.Time // when the batch began
	calls int64     // that there had been then
}

// Pace makes rests so many times as long as the batches took.
func (s *Store) Pace(times int) *Pace { return &Pace{s: s, times: times} }

// Begin says that a batch begins.
func (p *Pace) Begin() { p.since, p.calls = p.s.cfg.Now(), p.s.door.commands.Load() }

// Rest is how long to rest after the batch, from 20 ms to a second; not at all
// when nobody called meanwhile.
func (p *Pace) Rest() time.Duration {
	d := p.s.door
	if d.commands.Load() == p.calls && len(d.queue) == 0 {
		return 0
	}
	return min(max(time.Duration(p.times)*p.s.cfg.Now().Sub(p.since), 20*time.Millisecond), time.Second)
}
