package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// skies is a world with a true time, an authority that answers by it after a
// while, and a process whose own clock may be anything.
type skies struct {
	truth   time.Time
	ran     time.Duration
	process time.Duration // the process's clock less the truth
	server  time.Duration // the database's clock less the truth
	trip    time.Duration // of a question
	alone   bool          // embedded: there is no database's clock
	down    error
}

func (s *skies) pass(d time.Duration) { s.truth, s.ran = s.truth.Add(d), s.ran+d }

func (s *skies) ask(context.Context) (time.Time, error) {
	s.pass(s.trip / 2)
	at := s.truth.Add(s.server)
	s.pass(s.trip / 2)
	if s.alone {
		at = time.Time{}
	}
	return at, s.down
}

func (s *skies) clock() *clock {
	c := &clock{wall: func() time.Time { return s.truth.Add(s.process) }, run: func() time.Duration { return s.ran }}
	c.start = c.wall().Add(-s.ran)
	return c
}

func newSkies() *skies {
	return &skies{truth: time.Date(2026, 5, 14, 15, 59, 0, 0, time.UTC), trip: 2 * time.Millisecond}
}

// watch measures n times, as keep does.
func (s *skies) watch(c *clock, n int) {
	for range n {
		s.pass(measureEvery)
		c.measure(context.Background(), s.ask)
	}
}

func (s *skies) wrong(c *clock) time.Duration { return c.now().Sub(s.truth).Abs() }

func TestAProcessClockThatIsWrong(t *testing.T) {
	for _, off := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute, 59 * time.Minute, -59 * time.Minute} {
		s := newSkies()
		s.process = off
		c := s.clock()
		if c.doubt() == nil {
			t.Error("trusted before it was compared")
		}
		c.measure(context.Background(), s.ask)
		if d := s.wrong(c); d > time.Millisecond || c.doubt() != nil {
			t.Errorf("process wrong by %s: time wrong by %s, doubt %v", off, d, c.doubt())
		}
	}
	for _, off := range []time.Duration{61 * time.Minute, -25 * time.Hour} {
		s := newSkies()
		s.process = off
		c := s.clock()
		c.measure(context.Background(), s.ask)
		if c.doubt() == nil {
			t.Errorf("process wrong by %s: trusted", off)
		}
		s.process = 0 // somebody set it right
		c.measure(context.Background(), s.ask)
		if d := s.wrong(c); d > time.Millisecond || c.doubt() != nil {
			t.Errorf("set right: time wrong by %s, doubt %v", d, c.doubt())
		}
	}
}

// A first answer that is slow, because it had to connect, is asked for again.
func TestASlowBeginning(t *testing.T) {
	s := newSkies()
	c := s.clock()
	asked := 0
	slow := func(ctx context.Context) (time.Time, error) {
		if s.trip = time.Millisecond; asked == 0 {
			s.trip = 5 * time.Second
		}
		asked++
		return s.ask(ctx)
	}
	if err := c.begin(context.Background(), slow); err != nil || asked != 2 || s.wrong(c) > time.Millisecond {
		t.Errorf("%v after %d, wrong by %s", err, asked, s.wrong(c))
	}
	s.down = errors.New("refused")
	if err := s.clock().begin(context.Background(), s.ask); err == nil {
		t.Error("began without a database's time")
	}
}

// Whatever steps in a running node: what is in doubt is not followed at once,
// and what the node says is never ahead of the truth.
func TestClocksThatStep(t *testing.T) {
	for _, x := range []struct {
		name     string
		step     func(s *skies)
		doubt    bool
		settles  int           // measurements until it is trusted again
		goodFrom time.Duration // the error then
	}{
		{"the process's clock, forward", func(s *skies) { s.process += 5 * time.Minute }, false, 0, 0},
		{"the process's clock, back", func(s *skies) { s.process -= 5 * time.Minute }, false, 0, 0},
		{"the database's clock, forward", func(s *skies) { s.server += 5 * time.Minute }, true, clockProof, 5 * time.Minute},
		{"the database's clock, back", func(s *skies) { s.server -= 5 * time.Minute }, true, clockProof, 5 * time.Minute},
		{"the database's clock, by days", func(s *skies) { s.server += 48 * time.Hour }, true, -1, 0},
		{"the machine stood still", func(s *skies) { s.truth = s.truth.Add(3 * time.Hour) }, false, 1, 0},
		{"the database's clock drifts", func(s *skies) { s.server += time.Second }, false, 0, time.Second},
		{"embedded, forward", func(s *skies) { s.alone = true; s.process += 5 * time.Minute }, true, clockProof, 5 * time.Minute},
		{"embedded, by a year", func(s *skies) { s.alone = true; s.process += 365 * 24 * time.Hour }, true, -1, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newSkies()
			c := s.clock()
			s.watch(c, 10)
			x.step(s)
			s.watch(c, 1)
			if (c.doubt() != nil) != x.doubt {
				t.Errorf("after the step: doubt %v", c.doubt())
			}
			if d := s.wrong(c); x.doubt && d > time.Millisecond {
				t.Errorf("a doubtful clock was followed at once: wrong by %s", d)
			}
			if x.settles < 0 {
				s.watch(c, 1000)
				if c.doubt() == nil || s.wrong(c) > time.Millisecond {
					t.Errorf("followed after all: wrong by %s", s.wrong(c))
				}
				return
			}
			s.watch(c, max(0, x.settles-1)+clockMemory)
			if d := s.wrong(c); c.doubt() != nil || (d-x.goodFrom).Abs() > time.Millisecond {
				t.Errorf("in the end: doubt %v, wrong by %s, want %s", c.doubt(), d, x.goodFrom)
			}
		})
	}
}

// A database that cannot be asked makes the clock doubtful after a minute, and
// one good answer makes it good again.
func TestAnAuthorityThatIsAway(t *testing.T) {
	s := newSkies()
	c := s.clock()
	s.watch(c, 3)
	for name, fail := range map[string]func(){"away": func() { s.down = errors.New("refused") }, "slow": func() { s.trip = 3 * time.Second }} {
		fail()
		s.watch(c, 2)
		if c.doubt() != nil {
			t.Errorf("%s for ten seconds: %v", name, c.doubt())
		}
		s.watch(c, 12)
		if err := c.doubt(); err == nil || !strings.HasPrefix(err.Error(), "time: ") || s.wrong(c) > time.Millisecond {
			t.Errorf("%s for a minute: %v, wrong by %s", name, err, s.wrong(c))
		}
		s.down, s.trip = nil, time.Millisecond
		s.watch(c, 1)
		if c.doubt() != nil {
			t.Errorf("back: %v", c.doubt())
		}
	}
}

// Whatever the process's clock does, a good database keeps the node's time
// true, and it never runs backwards.
func TestTimeIsTheDatabases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSkies()
		s.process = time.Duration(rapid.Int64Range(-3500, 3500).Draw(t, "wrong at first")) * time.Second
		c := s.clock()
		c.measure(context.Background(), s.ask)
		last := c.now()
		for range rapid.IntRange(1, 60).Draw(t, "times") {
			s.process = time.Duration(rapid.Int64Range(-3500, 3500).Draw(t, "wrong")) * time.Second
			s.trip = time.Duration(rapid.Int64Range(0, 2000).Draw(t, "trip")) * time.Millisecond
			s.watch(c, 1)
			now := c.now()
			if d := s.wrong(c); d > time.Second || c.doubt() != nil {
				t.Fatalf("wrong by %s, doubt %v", d, c.doubt())
			}
			if now.Before(last) {
				t.Fatalf("%s after %s", now, last)
			}
			last = now
		}
	})
}
