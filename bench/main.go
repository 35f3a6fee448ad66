// Command bench measures the service beside limits taken in the same run: the
// same rows, written by hand in groups, with nothing decided, hashed or sealed.
// It prints ratios; absolute figures hold for one machine only.
//
// Called with a first argument it is one of its own helpers, in a process of its
// own: load (the load program), serve (a contender over HTTP), node (a second
// node on one database).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

var ctx = context.Background()

// bench is one run.
type bench struct {
	postgres, redis, binary string // server, server, path of the built fangxin
	rounds                  int
	window                  time.Duration
	quick                   bool
	report                  report
}

type part struct {
	name string
	run  func(*bench) error
}

// parts are in the order of the table of aims. The names are what -rows takes.
var parts = []part{
	{"execute-postgres", func(b *bench) error { return b.executes(b.postgres) }},
	{"execute-sqlite", func(b *bench) error { return b.executes("") }},
	{"http-postgres", func(b *bench) error { return b.overHTTP(b.postgres) }},
	{"http-sqlite", func(b *bench) error { return b.overHTTP("") }},
	{"nodes", (*bench).nodes},
	{"midnight", (*bench).midnight},
	{"during", (*bench).during},
	{"reads", (*bench).reads},
	{"register-postgres", func(b *bench) error { return b.registers(b.postgres) }},
	{"register-sqlite", func(b *bench) error { return b.registers("") }},
	{"disk", (*bench).disk},
	{"start", (*bench).start},
	{"verify", (*bench).verify},
	{"cost-postgres", func(b *bench) error { return b.cost(b.postgres) }},
	{"cost-sqlite", func(b *bench) error { return b.cost("") }},
}

func main() {
	debug.SetGCPercent(400) // as fangxin serve does, for the limits too
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) > 1 {
		if helper, ok := helpers[os.Args[1]]; ok {
			return helper(os.Args[2:])
		}
	}
	b := &bench{postgres: os.Getenv("FANGXIN_BENCH_POSTGRES"), redis: os.Getenv("FANGXIN_BENCH_REDIS"), binary: os.Getenv("FANGXIN_BENCH_BINARY")}
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	rows := flag.String("rows", "", "what to measure, by the beginning of its name, separated by commas; empty: all of "+strings.Join(names, ", "))
	flag.IntVar(&b.rounds, "rounds", 5, "interleaved rounds; medians are told")
	flag.DurationVar(&b.window, "window", 1500*time.Millisecond, "how long each contender runs in a round")
	flag.BoolVar(&b.quick, "quick", false, "one short round on small data, to see that everything runs: the figures say nothing")
	markdown := flag.String("markdown", "", "write the table into this file, between its marks")
	profile := flag.String("cpuprofile", "", "write a processor profile to this file")
	flag.Parse()
	if b.quick {
		b.rounds, b.window = 1, 300*time.Millisecond
	}
	if b.postgres == "" || b.binary == "" {
		return fmt.Errorf("FANGXIN_BENCH_POSTGRES and FANGXIN_BENCH_BINARY: `make bench` starts a server and builds the program")
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	b.report.head(b)
	for _, p := range parts {
		asked := func(name string) bool { return name != "" && strings.HasPrefix(p.name, name) }
		if *rows == "" || slices.ContainsFunc(strings.Split(*rows, ","), asked) {
			start := time.Now()
			if err := p.run(b); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Printf("  (%s in %s)\n", p.name, time.Since(start).Round(time.Second))
		}
	}
	b.report.print(os.Stdout)
	if *markdown != "" {
		return b.report.write(*markdown)
	}
	return nil
}
