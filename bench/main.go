// Command bench measures the engine beside a limit taken in the same run: the
// same rows, written by hand in groups, with nothing decided, hashed or sealed.
// It prints ratios; absolute figures hold for one machine only.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var ctx = context.Background()

func main() {
	rounds := flag.Int("rounds", 5, "interleaved rounds of each pair")
	window := flag.Duration("window", 1500*time.Millisecond, "how long each contender runs in a round")
	only := flag.String("only", "", "filings-postgres, filings-sqlite, midnight, verify, decide; empty: all")
	filings := flag.Int("filings", 1_000_000, "cases that wait while the midnight comes")
	due := flag.Int("due", 100_000, "of them due at midnight")
	profile := flag.String("cpuprofile", "", "write a processor profile to this file")
	memprofile := flag.String("memprofile", "", "write an allocation profile to this file")
	callers := flag.Int("callers", 64, "callers of cost")
	n := flag.Int("n", 20000, "filings of cost")
	hand := flag.Bool("hand", false, "cost of the limit")
	flag.Parse()
	if *memprofile != "" {
		runtime.MemProfileRate = 4096
		defer func() {
			f, _ := os.Create(*memprofile)
			_ = pprof.Lookup("allocs").WriteTo(f, 0)
			_ = f.Close()
		}()
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	parts := []struct {
		name string
		run  func() error
	}{
		{"decide", decide},
		{"cost-sqlite", func() error { return cost("", *callers, *n, *hand) }},
		{"cost-postgres", func() error { return cost(os.Getenv("FANGXIN_BENCH_POSTGRES"), *callers, *n, *hand) }},
		{"filings-sqlite", func() error { return filingsBeside("", *rounds, *window) }},
		{"filings-postgres", func() error { return filingsBeside(os.Getenv("FANGXIN_BENCH_POSTGRES"), *rounds, *window) }},
		{"verify", verifySpeed},
		{"midnight", func() error { return midnight(*filings, *due, *rounds) }},
	}
	for _, p := range parts {
		if *only != "" && *only != p.name {
			continue
		}
		fmt.Printf("\n## %s\n", p.name)
		if err := p.run(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", p.name+":", err)
			os.Exit(1)
		}
	}
}

// load runs callers for a while and returns filings a second and latencies.
func load(callers int, window time.Duration, file func() error) (perSecond float64, p50, p99 time.Duration, err error) {
	var done atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var fault atomic.Pointer[error]
	stop := time.Now().Add(window)
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			var mine []time.Duration
			for time.Now().Before(stop) {
				t := time.Now()
				if err := file(); err != nil {
					fault.Store(&err)
					return
				}
				mine = append(mine, time.Since(t))
				done.Add(1)
			}
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if e := fault.Load(); e != nil {
		return 0, 0, 0, *e
	}
	slices.Sort(all)
	return float64(done.Load()) / time.Since(start).Seconds(), all[len(all)/2], all[len(all)*99/100], nil
}

func median(list []float64) float64 {
	s := slices.Clone(list)
	slices.Sort(s)
	if len(s) == 0 {
		return math.NaN()
	}
	return s[len(s)/2]
}

func milli(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
