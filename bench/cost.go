package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// cost files a fixed number of complaints and says what each took of this
// process's processor time: a figure that other work on the machine disturbs
// less than time does. It says where to look, and has no aim.
func (b *bench) cost(server string) error {
	c, err := b.contenders(server)
	if err != nil {
		return err
	}
	defer c.close()
	n := 20_000
	if b.quick {
		n = 2000
	}
	var texts []string
	for _, do := range []func() error{c.door, c.limit} {
		if err := times(n/10, do); err != nil {
			return err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		used := processor()
		if err := times(n, do); err != nil {
			return err
		}
		used = processor() - used
		runtime.ReadMemStats(&after)
		texts = append(texts, fmt.Sprintf("%.0f µs, %d allocations, %d bytes", float64(used.Microseconds())/float64(n), (after.Mallocs-before.Mallocs)/uint64(n), (after.TotalAlloc-before.TotalAlloc)/uint64(n)))
	}
	b.report.add(line{what: "processor of our own process for a filing, " + nameOf(server) + ", 64 callers", figure: texts[0], limit: "grouped by hand: " + texts[1], ratio: "–", aim: "–", met: "–"})
	return nil
}

func times(n int, do func() error) error {
	var left atomic.Int64
	left.Store(int64(n))
	var fault atomic.Pointer[error]
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
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

func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
