package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fangxin/store"
)

// cost files a fixed number of complaints and says what each took of the
// processor: a figure that other work on the machine disturbs less than time.
func cost(server string, callers, n int, hand bool) error {
	var file func() error
	var pid int
	if hand {
		l, err := newLimit(server)
		if err != nil {
			return err
		}
		defer l.close()
		file = l.file
		if server != "" {
			if err := l.pool.QueryRow("select pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
		}
	} else {
		s, _, err := open(server, now)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		cmd := filing()
		file = func() error {
			_, err := s.Execute(ctx, store.Request{Command: cmd})
			return err
		}
		if server != "" {
			if err := s.Pool().QueryRow("select pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
		}
	}
	run := func(n int) error {
		var left atomic.Int64
		left.Store(int64(n))
		var fault atomic.Pointer[error]
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for left.Add(-1) >= 0 {
					if err := file(); err != nil {
						fault.Store(&err)
						return
					}
				}
			})
		}
		wg.Wait()
		if e := fault.Load(); e != nil {
			return *e
		}
		return nil
	}
	if err := run(n / 10); err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	own, theirs, start := ownCPU(), serverCPU(pid), time.Now()
	if err := run(n); err != nil {
		return err
	}
	took := time.Since(start)
	own, theirs = ownCPU()-own, serverCPU(pid)-theirs
	runtime.ReadMemStats(&after)
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
	fmt.Printf("%d callers, %d filings: own %.1f µs, server %.1f µs, %.0f allocations, %.0f bytes each; %.0f/s\n", callers, n, each(own), each(theirs),
		float64(after.Mallocs-before.Mallocs)/float64(n), float64(after.TotalAlloc-before.TotalAlloc)/float64(n), float64(n)/took.Seconds())
	return nil
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serverCPU is the processor time of every process of the server that has this
// backend; the kernel counts it in hundredths of a second.
func serverCPU(backend int) time.Duration {
	if backend == 0 {
		return 0
	}
	ticks, parent := stat(strconv.Itoa(backend))
	var sum int64
	all, _ := os.ReadDir("/proc")
	for _, d := range all {
		if t, p := stat(d.Name()); p == parent && p != 0 || d.Name() == strconv.Itoa(parent) {
			sum += t
		}
	}
	_ = ticks
	return time.Duration(sum) * 10 * time.Millisecond
}

func stat(pid string) (ticks int64, parent int) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 15 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(f[1])
	for _, i := range []int{11, 12, 13, 14} {
		n, _ := strconv.ParseInt(f[i], 10, 64)
		ticks += n
	}
	return ticks, parent
}
