package store

import "time"

// Pace leaves room for callers beside one kind of work that goes in batches.
type Pace struct {
	s     *Store
	times int
	since time.Time     // when the batch began
	calls int64         // that there had been then
	busy  time.Duration // that the committer had been with them then
}

// Pace makes rests so many times as long as the batches took.
func (s *Store) Pace(times int) *Pace { return &Pace{s: s, times: times} }

// Begin says that a batch begins.
func (p *Pace) Begin() {
	d := p.s.door
	p.since, p.calls, p.busy = p.s.cfg.Now(), d.commands.Load(), time.Duration(d.served.Load())
}

// Rest is how long to rest after the batch, from 20 ms to a second; not at all
// when nobody called meanwhile.
func (p *Pace) Rest() time.Duration {
	d := p.s.door
	if d.commands.Load() == p.calls && len(d.queue) == 0 {
		return 0
	}
	return min(max(time.Duration(p.times)*p.s.cfg.Now().Sub(p.since), 20*time.Millisecond), time.Second)
}

// Yield is how long to rest after the batch, at most a second, so many times as
// long as the committer was busy with callers meanwhile: nearly nothing beside a
// caller now and then, and most of the time beside as many as it can serve. What
// jobs say through the door themselves is not counted.
func (p *Pace) Yield() time.Duration {
	return min(time.Duration(p.times)*(time.Duration(p.s.door.served.Load())-p.busy), time.Second)
}
