package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"fangxin/handlers"
	"fangxin/jobs"
	"fangxin/workflow"

	"github.com/redis/go-redis/v9"
)

// edge wires the API: who calls from where, and what he may spend.
func (g *Globals) edge(e *engine, log *slog.Logger, sms handlers.Gateway) (*handlers.Server, error) {
	clients, err := g.clients()
	if err != nil {
		return nil, err
	}
	site, err := g.site()
	if err != nil {
		return nil, err
	}
	provider, err := g.provider()
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
		Ready: func(context.Context) error { return e.Doubt() }, Limits: limits, Clients: clients, Site: site, SignIn: handlers.SignIn{Idle: g.SessionIdle, Term: g.SessionTerm, Codes: g.codeRoles(), Provider: provider}, Hooks: g.hooks(), SMS: sms, Texts: g.texts(e, site),
		MetricsElsewhere: g.MetricsListen != ""}, nil
}

// redisForLimits is a connection that never keeps a request waiting: one try,
// short times.
func redisForLimits(url string) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errUse{fmt.Errorf("redis-url (FANGXIN_REDIS_URL): %w", jobs.ParseRedis(url))} // whose words hold no password
	}
	o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled = -1, 1, true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = 250*time.Millisecond, 250*time.Millisecond, 250*time.Millisecond, 250*time.Millisecond
	return redis.NewClient(o), nil
}

// redisLog takes what the library would print beside the log. That Redis is away
// is counted; each failed try of a connection is for who asks for it.
type redisLog struct{ to *slog.Logger }

// Printf is called by the library.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.to.DebugContext(ctx, "redis", "says", fmt.Sprintf(format, v...))
}

// site is one address that is served.
type site struct {
	key, address string
	server       *http.Server
}

// serveUntil serves all sites until ctx ends or one fails, then answers what was
// begun, for twenty seconds at most.
func serveUntil(ctx context.Context, sites []site) error {
	failed := make(chan error, len(sites))
	var err error
	for _, s := range sites {
		var socket net.Listener
		if socket, err = net.Listen("tcp", s.address); err != nil {
			err = fmt.Errorf("listen (%s): %w", s.key, err)
			break
		}
		go func() { failed <- s.server.Serve(handlers.Bounded(socket)) }()
	}
	if err == nil {
		select {
		case err = <-failed:
		case <-ctx.Done():
		}
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	for _, s := range sites {
		if e := s.server.Shutdown(closing); e != nil && !errors.Is(e, context.DeadlineExceeded) {
			err = errors.Join(err, e)
		}
	}
	return err
}
