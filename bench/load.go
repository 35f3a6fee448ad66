package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// speed is what one contender did in one round.
type speed struct {
	PerSecond float64
	P50, P99  time.Duration
	Memory    int64 // bytes in memory afterwards, where it was asked for
}

// drive runs callers for a while, each with a deed of its own.
func drive(callers int, window time.Duration, deed func() (func() error, error)) (speed, error) {
	var mu sync.Mutex
	var all []time.Duration
	var fault atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	stop := start.Add(window)
	for range callers {
		wg.Go(func() {
			var mine []time.Duration
			do, err := deed()
			for err == nil && time.Now().Before(stop) {
				t := time.Now()
				if err = do(); err == nil {
					mine = append(mine, time.Since(t))
				}
			}
			if err != nil {
				fault.Store(&err)
			}
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if e := fault.Load(); e != nil {
		return speed{}, *e
	}
	took := time.Since(start)
	slices.Sort(all)
	return speed{PerSecond: float64(len(all)) / took.Seconds(), P50: all[len(all)/2], P99: all[len(all)*99/100]}, nil
}

// same is a deed that all callers share.
func same(do func() error) func() (func() error, error) {
	return func() (func() error, error) { return do, nil }
}

func median(list []float64) float64 {
	s := slices.Clone(list)
	slices.Sort(s)
	if len(s) == 0 {
		return math.NaN()
	}
	return s[len(s)/2]
}

// rounds are the speeds of one contender.
type rounds []speed

func (r rounds) of(get func(speed) float64) []float64 {
	var out []float64
	for _, s := range r {
		out = append(out, get(s))
	}
	return out
}

func (r rounds) String() string {
	return fmt.Sprintf("%s/s (p50 %s, p99 %s)", number(median(r.of(perSecond))), strings.TrimSuffix(r.middle(p50), " ms"), r.middle(p99))
}

// middle is the median of a duration.
func (r rounds) middle(get func(speed) float64) string {
	return milli(time.Duration(median(r.of(get)))) + " ms"
}

func perSecond(s speed) float64 { return s.PerSecond }
func p99(s speed) float64       { return float64(s.P99) }
func p50(s speed) float64       { return float64(s.P50) }

// ratio is the median of the rounds' ratios.
func ratio(a, b rounds, get func(speed) float64) float64 {
	var out []float64
	for i := range a {
		out = append(out, get(a[i])/get(b[i]))
	}
	return median(out)
}

// loadHelper is the load program: POSTs over connections that are kept, each
// request under a key of its own. Its cost is the same for every contender.
func loadHelper(args []string) error {
	f := flag.NewFlagSet("load", flag.ExitOnError)
	address := f.String("address", "", "")
	clients := f.Int("clients", 8, "")
	window := f.Duration("for", time.Second, "")
	file := f.String("body", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	body, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	s, err := drive(*clients, *window, func() (func() error, error) {
		c, err := net.Dial("tcp", *address)
		if err != nil {
			return nil, err
		}
		in := bufio.NewReader(c)
		return func() error {
			_, err := post(c, in, *address, body)
			return err
		}, nil
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// post files one complaint over a connection and returns what came back.
func post(c net.Conn, in *bufio.Reader, host string, body []byte) ([]byte, error) {
	key, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "POST /api/v1/cases HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n", host, key, len(body))
	if _, err := c.Write(append(text, body...)); err != nil {
		return nil, err
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("%s: %.300s", r.Status, out)
	}
	return out, err
}
