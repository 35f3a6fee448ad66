package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"fangxin/jobs"
	"fangxin/store"
)

// during measures intake while the midnight is swept, with all the work that a
// node does beside, and beside intake a moment before.
func (b *bench) during() error {
	filings, due := b.sizes()
	template, err := midnightTemplate(b.postgres, filings, due)
	if err != nil {
		return err
	}
	callers := []int{1, 8}
	idle, busy := make([]rounds, len(callers)), make([]rounds, len(callers))
	for round := range b.rounds {
		_, err := onCopy(b.postgres, template, fmt.Sprintf("during%d", round), func(dsn string) (time.Duration, error) {
			return 0, b.oneMidnight(dsn, callers, idle, busy)
		})
		if err != nil {
			return err
		}
	}
	for i, n := range callers {
		r := ratio(busy[i], idle[i], p50)
		l := line{what: fmt.Sprintf("intake's p50 while the midnight runs, %d callers", n), figure: busy[i].String(), limit: "idle: " + idle[i].String(), ratio: number(r)}
		l.aim, l.met = atMost(r, 1.2)
		b.report.add(l)
	}
	return nil
}

func (b *bench) oneMidnight(dsn string, callers []int, idle, busy []rounds) error {
	var clock atomic.Int64
	clock.Store(dueAt.Add(-time.Hour).UnixMicro())
	began := time.Now()
	s, err := openAt(dsn, os.TempDir(), func() time.Time { return time.UnixMicro(clock.Load()).Add(time.Since(began)).UTC() })
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	cmd := filing()
	measure := func(into []rounds) error {
		for i, n := range callers {
			v, err := drive(n, b.window, same(func() error {
				_, err := s.Execute(ctx, store.Request{Command: cmd})
				return err
			}))
			if err != nil {
				return err
			}
			into[i] = append(into[i], v)
		}
		return nil
	}
	if err := measure(idle); err != nil {
		return err
	}
	clock.Store(dueAt.UnixMicro())
	sweeping, stop := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		(&jobs.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Data: os.TempDir()}).Run(sweeping)
	}()
	err = measure(busy)
	stop()
	<-swept
	if _, due := s.NextDue(ctx); err == nil && due != nil {
		return due
	}
	return err
}
