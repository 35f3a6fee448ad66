package main

import (
	"log/slog"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"

	"github.com/google/uuid"
)

// runner is the periodic work of a node that serves.
func (g *Globals) runner(e *engine, log *slog.Logger) *jobs.Runner {
	const day = 24 * time.Hour
	post := &jobs.Post{Store: e.Store, Log: log, Now: g.clock, Node: uuid.NewString(), Channel: channel.Console(g.Out), Redis: g.RedisURL}
	return &jobs.Runner{Store: e.Store, Log: log, Data: g.Data, Beats: e.refresh, Post: post,
		KeepAnswers: time.Duration(g.KeepAnswers) * day, KeepMessages: time.Duration(g.KeepMessages) * day}
}
