package store

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Report is what a channel said of a message after it took it.
type Report struct {
	Channel, Ref string
	Delivered    bool
	Code         string
	Lasting      bool
	At           time.Time
}

// keepReports is how long a report waits for the sending that it names.
const keepReports = 7 * 24 * time.Hour

// KeepReport writes a report down until it is applied, so that it is lost by
// nobody's end. One that is there already is not kept twice.
func (s *Store) KeepReport(ctx context.Context, r *Report) error {
	_, err := s.exec(ctx, `insert into channel_reports (channel, ref, delivered, code, lasting, at, received_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
		r.Channel, r.Ref, r.Delivered, r.Code, r.Lasting, s.stamp(r.At), s.stamp(s.cfg.Now()))
	return err
}

// KeptReports reads the reports of one reference that are not applied, in the
// order in which they happened.
func (s *Store) KeptReports(ctx context.Context, channel, ref string) ([]Report, error) {
	return s.reports(ctx, "where channel = $1 and ref = $2 order by at, delivered", channel, ref)
}

// RipeReports reads reports whose sending is written down and that nobody
// applied, at most limit.
func (s *Store) RipeReports(ctx context.Context, limit int) ([]Report, error) {
	return s.reports(ctx, "r where exists (select 1 from notice_attempts a where a.channel = r.channel and a.ref = r.ref and a.ref <> '') order by at, delivered limit $1", limit)
}

func (s *Store) reports(ctx context.Context, tail string, args ...any) ([]Report, error) {
	rows, err := s.pool.QueryContext(ctx, "select channel, ref, delivered, code, lasting, at from channel_reports "+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []Report
	err = scan(rows, func() error {
		var r Report
		var at instant
		err := rows.Scan(&r.Channel, &r.Ref, &r.Delivered, &r.Code, &r.Lasting, &at)
		r.At = at.Time
		out = append(out, r)
		return err
	})
	return out, err
}

// DropReport forgets a report that was applied.
func (s *Store) DropReport(ctx context.Context, r *Report) error {
	_, err := s.exec(ctx, "delete from channel_reports where channel = $1 and ref = $2 and delivered = $3", r.Channel, r.Ref, r.Delivered)
	return err
}

// DropStrays forgets reports that named no sending of ours for seven days, and
// says how many.
func (s *Store) DropStrays(ctx context.Context) (int64, error) {
	done, err := s.exec(ctx, "delete from channel_reports where received_at < $1", s.stamp(s.cfg.Now().Add(-keepReports)))
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	s.told.strays(n)
	return n, err
}

// TellFigures are what this process counted of messages since it began.
type TellFigures struct {
	Outcomes map[[2]string]int64 // channel and outcome
	Strays   int64               // reports that named nothing of ours
	// Unreached counts the messages to offices that had no way, by kind: reminder,
	// escalation.
	Unreached map[string]int64
}

type tellCounts struct {
	mu  sync.Mutex
	all TellFigures
}

func (c *tellCounts) count(channel, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all.Outcomes == nil {
		c.all.Outcomes = map[[2]string]int64{}
	}
	c.all.Outcomes[[2]string{channel, outcome}]++
}

func (c *tellCounts) strays(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Strays += n
}

func (c *tellCounts) unreached(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all.Unreached == nil {
		c.all.Unreached = map[string]int64{}
	}
	c.all.Unreached[kind]++
}

// Told says what this process counted of messages that it handed over.
func (s *Store) Told() TellFigures {
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	out := TellFigures{Outcomes: map[[2]string]int64{}, Strays: s.told.all.Strays, Unreached: maps.Clone(s.told.all.Unreached)}
	for k, n := range s.told.all.Outcomes {
		out.Outcomes[k] = n
	}
	return out
}
