package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"fangxin/handlers"
	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow/calendar"

	"github.com/redis/go-redis/v9"
)

// ServeCmd runs a node.
type ServeCmd struct {
	Demo bool   `help:"Fill an empty database with invented cases first."`
	Role string `default:"all" enum:"all,web,worker" help:"all, web (requests only) or worker (periodic work only)."`
}

// Run serves until it is told to stop, then answers what it has begun.
func (c *ServeCmd) Run(g *Globals) error {
	if os.Getenv("GOGC") == "" {
		// What a node keeps is small and what a request throws away is not: collect
		// a quarter as often. An idle node stays small all the same.
		debug.SetGCPercent(400)
	}
	log := handlers.NewLog(g.Err, slog.LevelInfo)
	redis.SetLogger(redisLog{log}) // once for all that asks Redis, before anything does
	if _, err := g.clients(); err != nil && c.Role != "worker" {
		return err
	}
	if err := g.await(log); err != nil {
		if g.Context.Err() != nil {
			return nil //nolint:nilerr // told to stop before it had begun
		}
		return err
	}
	if c.Demo {
		if err := demo(g); err != nil {
			return err
		}
	}
	e, err := g.open(g.clock)
	if err != nil && g.Context.Err() != nil {
		return nil //nolint:nilerr // told to stop before it had begun
	}
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	if n, err := e.Rewrap(g.Context); err != nil { // a new first key: old case keys are wrapped with it
		return fmt.Errorf("key (FANGXIN_KEY): %w", err)
	} else if n > 0 {
		log.Info("case keys wrapped with the new key", "cases", n)
	}
	if err := g.announce(e, log); err != nil {
		return err
	}
	post, out, err := g.post(e, log)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(g.Context)
	defer stop()
	go g.time.keep(ctx, e.ServerTime)
	work := make(chan struct{})
	go func() {
		defer close(work)
		if c.Role != "web" {
			g.runner(e, log, post, out.mailbox).Run(ctx)
		}
	}()
	err = c.listen(ctx, g, e, log, gateway(post, out.sms), out.mailbox)
	stop()
	<-work
	return err
}

// announce writes the public keys beside the data, repeats erasures that an old
// database does not know, and says when other nodes
// sign with keys that are not here: a receipt fetched from this one would then
// bear another signature.
func (g *Globals) announce(e *engine, log *slog.Logger) error {
	stray, err := e.StrayKeys()
	if err != nil {
		return err
	}
	if len(stray) > 0 {
		log.Warn("keys sign that this node does not hold: give every node the same FANGXIN_SIGNING_KEY, or retire them (fangxin keys retire)", "keys", stray)
	}
	if err := e.FilesHere(g.Context); err != nil {
		log.Warn("files can neither be taken nor delivered here", "error", err)
	}
	return errors.Join(e.RemoveScratch(), jobs.KeepKeys(g.Context, e.Store, g.Data), jobs.KeepErasures(g.Context, e.Store, g.Data))
}

func (c *ServeCmd) listen(ctx context.Context, g *Globals, e *engine, log *slog.Logger, sms handlers.Gateway, mailbox *channel.Mailbox) error {
	api, err := g.edge(e, log, sms)
	if err != nil {
		return err
	}
	if mailbox != nil {
		api.Bounces = mailbox.Counts
	}
	var sites []site
	if c.Role != "worker" {
		sites = append(sites, site{"FANGXIN_LISTEN", g.Listen, api.HTTP()})
		fmt.Fprintf(g.Err, "放心 Fangxin: http://%s  (API: /api/v1/openapi.json, stop with Ctrl-C)\n", g.Listen)
	}
	if g.MetricsListen != "" {
		sites = append(sites, site{"FANGXIN_METRICS_LISTEN", g.MetricsListen, api.Watch()})
	}
	return serveUntil(ctx, sites)
}

// demo lives the last ninety days of an invented county, if there is nothing yet.
func demo(g *Globals) error {
	now := g.clock()
	e, err := g.open(func() time.Time { return now })
	if err != nil {
		return err
	}
	outcomes, err := e.Outcomes(g.Context)
	if err := errors.Join(err, e.Close()); err != nil || len(outcomes) > 0 {
		return err
	}
	today := calendar.On(now)
	sim := SimulateCmd{Cases: 120, From: today.AddDays(-240).String(), To: today.AddDays(-1).String(), Seed: 1, Merchants: 5000, Members: 300, Stop: true}
	fmt.Fprintln(g.Err, "filling the empty database with invented cases ...")
	if err := sim.Run(g); err != nil {
		return err
	}
	return demoOfficer(g)
}

// demoOfficer lets whoever started the demonstration in as an officer.
func demoOfficer(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	if _, err := e.AddUser(g.Context, store.User{Name: "demo", Roles: []string{"officer", "hub", "supervisor", "coordinator", "operator"}}); err != nil {
		return err
	}
	return g.passwordLink(e, g.Err, "demo")
}
