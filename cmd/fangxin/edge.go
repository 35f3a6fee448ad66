package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"fangxin/handlers"
	"fangxin/workflow"

	"github.com/redis/go-redis/v9"
)

// edge wires the API: who calls from where, and what he may spend.
func (g *Globals) edge(e *engine, log *slog.Logger) (*handlers.Server, error) {
	clients, err := g.clients()
	if err != nil {
		return nil, err
	}
	limits := handlers.NewLimits(g.clock)
	if g.RateLimits == "off" {
		limits = handlers.Unlimited()
		log.Warn("rate limits are off (FANGXIN_RATE_LIMITS)")
	}
	if g.RedisURL != "" {
		client, err := redisForLimits(g.RedisURL)
		if err != nil {
			return nil, err
		}
		secret, _ := e.NewToken("limits", "", "")
		limits.Share(client, []byte(secret))
	}
	return &handlers.Server{Store: e.Store, Rules: func() workflow.Rules { return *e.law.Load() }, Now: g.clock, Log: log,
		Ready: func(context.Context) error { return e.Doubt() }, Limits: limits, Clients: clients}, nil
}

// redisForLimits is a connection that never keeps a request waiting: one try,
// short times.
func redisForLimits(url string) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errUse{fmt.Errorf("redis-url (FANGXIN_REDIS_URL): %w", err)}
	}
	o.MaxRetries, o.ContextTimeoutEnabled = -1, true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = 250*time.Millisecond, 250*time.Millisecond, 250*time.Millisecond, 250*time.Millisecond
	return redis.NewClient(o), nil
}
