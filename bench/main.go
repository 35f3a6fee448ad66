// Command bench measures the service beside limits taken in the same run: the
// same rows, written by hand in groups, with nothing decided, hashed or sealed.
// It prints ratios; absolute figures hold for one machine only.
//
// Called with a first argument it is one of its own helpers, in a process of its
// own: part (a family of rows), load (the load program), serve (a contender over
// HTTP), node (a second node on one database).
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

var ctx = context.Background()

// bench is one run.
type bench struct {
	postgres, redis, binary string // server, server, path of the built fangxin
	cache                   string // folder of the large data sets
	rounds                  int
	window                  time.Duration
	quick                   bool
	cases, due, counts      int // sizes of the large databases, see flags
	filings, lives          int
	merchants, imported     int
	profiles                string
	report                  report
}

// part is a family of rows. The names are what -rows takes; most is what it may
// take at the longest: the run goes on without what does not come back.
type part struct {
	name string
	most time.Duration
	run  func(*bench) error
}

// parts are in the order of the table of aims.
var parts = []part{
	{"execute-postgres", 3 * time.Minute, func(b *bench) error { return b.executes(b.postgres) }},
	{"execute-sqlite", 3 * time.Minute, func(b *bench) error { return b.executes("") }},
	{"http-postgres", 3 * time.Minute, func(b *bench) error { return b.overHTTP(b.postgres) }},
	{"http-sqlite", 3 * time.Minute, func(b *bench) error { return b.overHTTP("") }},
	{"nodes", time.Minute, (*bench).nodes},
	{"midnight", 6 * time.Minute, (*bench).midnight},
	{"during", 3 * time.Minute, (*bench).during},
	{"statistics-counts", 40 * time.Minute, (*bench).statistics},
	{"statistics-filings", 45 * time.Minute, (*bench).statisticsOfFilings},
	{"statistics-lives", 45 * time.Minute, (*bench).statisticsOfLives},
	{"live", time.Minute, (*bench).live},
	{"disk", time.Minute, (*bench).disk},
	{"reads-postgres", 15 * time.Minute, (*bench).reads},
	{"reads-sqlite", 12 * time.Minute, (*bench).readsOnSQLite},
	{"published", 15 * time.Minute, (*bench).published},
	{"start", 4 * time.Minute, (*bench).start},
	{"cost-postgres", time.Minute, func(b *bench) error { return b.cost(b.postgres) }},
	{"cost-sqlite", time.Minute, func(b *bench) error { return b.cost("") }},
	{"verify", time.Minute, (*bench).verify},
	{"notices-postgres", time.Minute, func(b *bench) error { return b.notices(b.postgres) }},
	{"notices-sqlite", time.Minute, func(b *bench) error { return b.notices("") }},
	{"register-postgres", 5 * time.Minute, func(b *bench) error { return b.registers(b.postgres) }},
	{"register-sqlite", 5 * time.Minute, func(b *bench) error { return b.registers("") }},
}

func main() {
	debug.SetGCPercent(400) // as fangxin serve does, for the limits too
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	args := os.Args[1:]
	if len(args) > 0 {
		if helper, ok := helpers[args[0]]; ok {
			return helper(args[1:])
		}
	}
	b := &bench{}
	f := b.flags()
	rows := f.String("rows", "", "what to measure, by the beginning of its name, separated by commas; empty: all of "+strings.Join(names(), ", "))
	budget := f.Duration("budget", 45*time.Minute, "when this is over nothing more is begun, and what runs is ended")
	markdown := f.String("markdown", "", "write the table into this file, between its marks")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := b.settle(); err != nil {
		return err
	}
	var stop context.CancelFunc
	ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.report.head(b)
	until := time.Now().Add(*budget)
	for _, p := range parts {
		asked := func(name string) bool { return name != "" && strings.HasPrefix(p.name, name) }
		if *rows == "" || slices.ContainsFunc(strings.Split(*rows, ","), asked) {
			b.apart(p, until, args)
		}
	}
	b.report.print(os.Stdout)
	if *markdown != "" && ctx.Err() == nil {
		return b.report.write(*markdown)
	}
	return ctx.Err()
}

// flags are what a run and each of its parts are told.
func (b *bench) flags() *flag.FlagSet {
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	f.IntVar(&b.rounds, "rounds", 5, "interleaved rounds; medians are told")
	f.DurationVar(&b.window, "window", 1200*time.Millisecond, "how long each contender runs in a round")
	f.IntVar(&b.cases, "cases", 1_000_000, "cases among which deadlines fall due and pages are read")
	f.IntVar(&b.due, "due", 100_000, "deadlines that fall due in one instant")
	f.IntVar(&b.counts, "counts", 10_000_000, "contributions that statistics add up, beside a tenth of them")
	f.IntVar(&b.filings, "filings", 1_000_000, "complaints through the engine that statistics are asked of, beside a tenth of them (ten minutes to build)")
	f.IntVar(&b.lives, "lives", 10_000, "whole lives that statistics are asked of, beside a tenth of them (ten minutes to build; 100000: hours)")
	f.IntVar(&b.merchants, "merchants", 1_000_000, "entries of the register that is searched")
	f.IntVar(&b.imported, "imported", 50_000, "merchants in the file that is imported")
	f.BoolVar(&b.quick, "quick", false, "one short round on small data, to see that everything runs: the figures say nothing")
	f.StringVar(&b.profiles, "cpuprofile", "", "write a processor profile of each part into this folder")
	return f
}

// settle completes what the flags say.
func (b *bench) settle() error {
	b.postgres, b.redis, b.binary = os.Getenv("FANGXIN_BENCH_POSTGRES"), os.Getenv("FANGXIN_BENCH_REDIS"), os.Getenv("FANGXIN_BENCH_BINARY")
	b.cache = cmp.Or(os.Getenv("FANGXIN_BENCH_CACHE"), os.TempDir())
	if b.postgres == "" || b.binary == "" {
		return fmt.Errorf("FANGXIN_BENCH_POSTGRES and FANGXIN_BENCH_BINARY: `make bench` starts a server and builds the program")
	}
	if b.quick {
		b.rounds, b.window = 1, 300*time.Millisecond
		b.cases, b.due, b.counts, b.merchants, b.imported = 20_000, 2_000, 100_000, 10_000, 4_000
		b.filings, b.lives = 2_000, 100
	}
	if b.due*2 > b.cases {
		return fmt.Errorf("-due: %d of %d -cases; at most half of them can fall due", b.due, b.cases)
	}
	return nil
}

func names() (list []string) {
	for _, p := range parts {
		list = append(list, p.name)
	}
	return list
}
