package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// What a clock is held to.
const (
	// measureEvery is how often the database is asked for its time.
	measureEvery = 5 * time.Second
	// clockJump is the change of the offset at which time stands in doubt.
	clockJump = 2 * time.Second
	// clockBound is the largest offset between process and database that is
	// corrected, and the largest jump that is believed from one clock alone.
	// Beyond it one of them is set wrong and a person must look.
	clockBound = time.Hour
	// clockProof is how many measurements in a row must show a jump before it is
	// believed, when the process's own clock does not show it too.
	clockProof = 12
	// clockMemory is how many measurements the offset is chosen from.
	clockMemory = 8
	// clockBlind is how long the offset may go unmeasured.
	clockBlind = time.Minute
)

// clock is the one time of a node: the database's, carried on by this machine's
// monotonic reading, so that neither a process clock that is wrong nor one that
// steps changes a decision. Embedded (SQLite) there is no other authority than
// the machine's own clock; its steps stand in doubt all the same.
type clock struct {
	wall func() time.Time     // the process's clock, which may be set and may step
	run  func() time.Duration // since the start, sleep included, which cannot

	mu     sync.Mutex
	start  time.Time // the process's time when run was 0
	offset time.Duration
	seen   []sample // what the offset was chosen from, newest last
	doubts []sample // measurements in a row that contradict it
	last   time.Duration
	err    error     // why the last measurement failed
	shown  time.Time // the latest instant given out
}

// sample is one measurement: how far the authority is ahead of start+run, how
// far that may be wrong, and how far it is ahead of the process's clock.
type sample struct {
	offset, slack, ahead time.Duration
	alone                bool // the authority is the process's clock itself
}

// newClock starts on the process's time, before anything is measured. now is
// time.Now, or in a test a clock that is wrong.
func newClock(now func() time.Time) *clock {
	begun := sinceBoot()
	return &clock{wall: now, start: now().Round(0), run: func() time.Duration { return sinceBoot() - begun }}
}

// now is UTC in microseconds. A correction never turns it back; only a jump
// that proved itself does.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.start.Add(c.run() + c.offset).UTC().Truncate(time.Microsecond)
	if t.Before(c.shown) && c.shown.Sub(t) <= clockJump {
		return c.shown
	}
	c.shown = t
	return t
}

// measure asks the authority for its time once. A zero time means that there is
// none but this machine's own clock.
func (c *clock) measure(ctx context.Context, ask func(context.Context) (time.Time, error)) {
	before := c.run()
	there, err := ask(ctx)
	after := c.run()
	wall := c.wall().Round(0)
	if err == nil && after-before > clockJump {
		err = fmt.Errorf("its answer took %s", (after - before).Round(time.Millisecond))
	}
	alone := there.IsZero()
	if alone {
		there, before = wall, after
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err = err; err != nil {
		return
	}
	half := (after - before) / 2
	c.take(sample{offset: there.Sub(c.start.Add(before + half)), slack: half, ahead: there.Add(half).Sub(wall), alone: alone}, after)
}

// begin measures until the clock can be trusted, a few times at most: the first
// answer takes as long as connecting does.
func (c *clock) begin(ctx context.Context, ask func(context.Context) (time.Time, error)) error {
	for range 5 {
		c.measure(ctx, ask)
		if c.doubt() == nil || ctx.Err() != nil {
			break
		}
	}
	return c.doubt()
}

// take judges a measurement. What contradicts the offset is not followed until
// it has proved itself; meanwhile time goes on as it went.
func (c *clock) take(s sample, run time.Duration) {
	if s.ahead.Abs() > clockBound {
		c.doubts = append(c.doubts[:0], s)
		return
	}
	if len(c.seen) > 0 && (s.offset-c.offset).Abs() > clockJump {
		if len(c.doubts) > 0 && (s.offset-c.doubts[0].offset).Abs() > clockJump {
			c.doubts = c.doubts[:0] // it jumped again
		}
		if c.doubts = append(c.doubts, s); !c.proved(s) {
			return
		}
		c.seen = c.seen[:0]
	}
	c.doubts, c.last = c.doubts[:0], run
	if c.seen = append(c.seen, s); len(c.seen) > clockMemory {
		c.seen = c.seen[1:]
	}
	best := s
	for _, x := range c.seen {
		if x.slack < best.slack {
			best = x
		}
	}
	c.offset = best.offset
}

// proved reports whether a jump is real: the process's clock shows the same one
// beside the database's (the machine stood still), or it has stood for a minute.
func (c *clock) proved(s sample) bool {
	before := c.seen[len(c.seen)-1]
	two := !s.alone && (s.ahead-before.ahead).Abs() <= clockJump
	return two || len(c.doubts) >= clockProof && (s.offset-c.offset).Abs() <= clockBound
}

// doubt says why no deadline may be enforced by this clock now, nil if it may.
func (c *clock) doubt() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.doubts) > 0 {
		apart, jump := c.doubts[0].ahead.Abs(), c.doubts[0].offset-c.offset
		switch {
		case apart > clockBound:
			return fmt.Errorf("time: this machine's clock and the database's are %s apart: set the wrong one right", apart.Round(time.Second))
		case jump.Abs() > clockBound:
			return fmt.Errorf("time: the clock jumped by %s: set it right, or start again if it is right now", jump.Round(time.Second))
		}
		return fmt.Errorf("time: the clock jumped by %s; it is followed when it has stood for a minute", jump.Round(time.Millisecond))
	}
	switch {
	case c.err != nil && (len(c.seen) == 0 || c.run()-c.last > clockBlind):
		return fmt.Errorf("time: the database's clock could not be read: %w", c.err)
	case len(c.seen) == 0:
		return errors.New("time: not compared with the database yet")
	}
	return nil
}

// keep measures until ctx ends.
func (c *clock) keep(ctx context.Context, ask func(context.Context) (time.Time, error)) {
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			once, cancel := context.WithTimeout(ctx, measureEvery)
			c.measure(once, ask)
			cancel()
		}
	}
}
