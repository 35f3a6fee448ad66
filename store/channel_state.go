package store

import (
	"context"
	"time"
)

// ChannelState is what became of a channel's attempts: how many ended so, and when
// the last of them began.
type ChannelState struct {
	Channel, Outcome string // of Attempt
	Count            int64
	Last             time.Time
}

// ChannelStates counts the attempts since an instant by channel and outcome.
func (s *Store) ChannelStates(ctx context.Context, since time.Time) ([]ChannelState, error) {
	rows, err := s.pool.QueryContext(ctx, "select channel, outcome, count(*), max(at) from notice_attempts where at >= $1 group by channel, outcome order by channel, outcome", s.stamp(since))
	if err != nil {
		return nil, err
	}
	var out []ChannelState
	err = scan(rows, func() error {
		var c ChannelState
		var last instant
		if err := rows.Scan(&c.Channel, &c.Outcome, &c.Count, &last); err != nil {
			return err
		}
		c.Last = last.Time
		out = append(out, c)
		return nil
	})
	return out, err
}
