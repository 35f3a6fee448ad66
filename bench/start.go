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
	for _, x := range []struct{ what, dsn string }{{"SQLite, 2000 cases", ""}, {fmt.Sprintf("PostgreSQL, %d cases", cases), dsn}} {
		var took []float64
		var memory int64
		for range b.rounds + 1 { // the first one may still have work to catch up with
			began := time.Now()
			s, err := b.fangxin(x.dsn, folder, "all")
			if err != nil {
				return err
			}
			took = append(took, time.Since(began).Seconds())
			time.Sleep(b.window)
			memory = s.memory()
			s.stop()
		}
		m := median(took[1:])
		l := line{what: "from exec to ready, " + x.what, figure: number(m) + " s", limit: "–", ratio: "–", aim: "< 0.5 s", met: yes(m < 0.5)}
		b.report.add(l)
		b.report.add(line{what: "memory of an idle node, " + x.what, figure: fmt.Sprintf("%d MB", memory>>20), limit: "–", ratio: "–", aim: "< 60 MB", met: yes(memory < 60<<20)})
	}
	return nil
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
	b.report.add(line{what: fmt.Sprintf("verify, %d events, SQLite", r.Events), figure: fmt.Sprintf("%.0f events/s, heap in use at most %d MiB", float64(r.Events)/took.Seconds(), peak>>20), limit: "–", ratio: "–", aim: "–", met: "–"})
	return nil
}
