package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
)

// start measures from exec to the first "ready", on databases that hold cases,
// and what an idle node keeps in memory.
func (b *bench) start() error {
	dsn, cases, err := b.readsDatabase()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return err
	}
	s, err := openAt("", folder, now)
	if err != nil {
		return err
	}
	cmd := filing()
	for range 2000 {
		if _, err := s.Execute(ctx, store.Request{Command: cmd}); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, least, err := b.starts(func() (*server, error) {
		return spawn("/readyz", nil, self, "serve", "-what", "nothing", "-listen", "{address}", "-answer", os.DevNull)
	})
	if err != nil {
		return err
	}
	for _, x := range []struct{ what, dsn string }{{"SQLite, 2000 cases", ""}, {fmt.Sprintf("PostgreSQL, %d cases", cases), dsn}} {
		b.row("from exec to ready, "+x.what, func() error {
			took, memory, err := b.starts(func() (*server, error) { return b.fangxin(x.dsn, folder, "all") })
			if err != nil {
				return err
			}
			b.report.add(line{what: "from exec to ready, " + x.what, figure: number(took) + " s", limit: "echo, nothing stored: " + number(bare) + " s", ratio: number(took / bare), aim: "< 0.5 s", met: yes(took < 0.5)})
			b.report.add(line{what: "memory of an idle node, " + x.what, figure: fmt.Sprintf("%d MB", memory>>20), limit: fmt.Sprintf("echo, nothing stored: %d MB", least>>20),
				ratio: number(float64(memory) / float64(least)), aim: "< 60 MB", met: yes(memory < 60<<20)})
			return nil
		})
	}
	return nil
}

// starts is how long a server takes until it is ready, in seconds, and what it
// keeps in memory a moment later, in bytes.
func (b *bench) starts(spawned func() (*server, error)) (took float64, memory int64, err error) {
	var all []float64
	for range b.rounds + 1 { // the first one may still have work to catch up with
		began := time.Now()
		s, err := spawned()
		if err != nil {
			return 0, 0, err
		}
		all = append(all, time.Since(began).Seconds())
		time.Sleep(b.window)
		memory = s.memory()
		s.stop()
	}
	return median(all[1:]), memory, nil
}

// verify files some ten thousand cases and proves them.
func (b *bench) verify() error {
	s, _, err := open("", now)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	cmd := filing()
	if _, err := drive(64, b.window*4, same(func() error {
		_, err := s.Execute(ctx, store.Request{Command: cmd})
		return err
	})); err != nil {
		return err
	}
	for n := 1; n > 0; {
		if n, err = s.Block(ctx); err != nil {
			return err
		}
	}
	var peak uint64
	sample := func(int64) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
	}
	runtime.GC()
	start := time.Now()
	r, err := audit.Verify(ctx, s.Pool(), s.Dialect(), audit.Options{Now: now(), Progress: sample})
	if err != nil || len(r.Findings) > 0 {
		return fmt.Errorf("%v %w", r.Findings, err)
	}
	took := time.Since(start)
	b.report.add(line{what: fmt.Sprintf("verify, %d events, SQLite", r.Events), figure: fmt.Sprintf("%.0f events/s, %.0f cases/s counted again, heap in use at most %d MiB", float64(r.Events)/took.Seconds(), float64(r.Cases)/took.Seconds(), peak>>20), limit: "–", ratio: "–", aim: "–", met: "–"})
	return nil
}
