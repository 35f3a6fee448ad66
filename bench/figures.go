package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/workflow"
	"fangxin/workflow/policy"
)

// asked is one database whose figures are asked for over HTTP. Its clock moves on
// with each question, so that none is answered from what a page remembers.
type asked struct {
	s     *store.Store
	size  int
	web   *httptest.Server
	token string
}

func ask(s *store.Store, size int, from time.Time) (*asked, error) {
	law := workflow.Rules{Rules: policy.Default()}
	var at atomic.Int64
	at.Store(from.UnixMicro())
	clock := func() time.Time { return time.UnixMicro(at.Add(time.Minute.Microseconds())).UTC() }
	api := &handlers.Server{Store: s, Rules: func() workflow.Rules { return law }, Now: clock, Log: slog.New(slog.DiscardHandler), Limits: handlers.Unlimited()}
	token, err := s.AddUser(ctx, store.User{Name: fmt.Sprint("bench", time.Now().UnixNano()), Roles: []string{"hub"}})
	return &asked{s, size, httptest.NewServer(api.Handler()), token}, err
}

func (a *asked) get(path string) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, a.web.URL+path, nil)
	if err != nil {
		return err
	}
	if path[:5] == "/api/" {
		q.Header.Set("Authorization", "Bearer "+a.token)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %.200s", path, res.StatusCode, text)
	}
	return err
}

// figures measures the statistics page and the API on a large database and on a
// smaller one in turn, beside one row read by its key.
func (b *bench) figures(kind string, year int, few, many *asked) error {
	defer few.web.Close()
	defer many.web.Close()
	for _, x := range []struct{ what, path string }{
		{"the statistics page, a month", fmt.Sprintf("/statistics?period=%d-05", year)},
		{"the statistics page, a year", fmt.Sprintf("/statistics?period=%d", year)},
		{"the API, a year", fmt.Sprintf("/api/v1/statistics?from=%d-01-01&to=%d-12-31", year, year)},
		{"the API, a year by town and month", fmt.Sprintf("/api/v1/statistics?from=%d-01-01&to=%d-12-31&by=town,month", year, year)},
	} {
		what := fmt.Sprintf("%s, of %d %s", x.what, many.size, kind)
		b.row(what, func() error {
			l, err := b.askBoth(x.path, few, many)
			if err == nil {
				l.what = what
				b.report.add(l)
			}
			return err
		})
	}
	return nil
}

func (b *bench) askBoth(path string, few, many *asked) (line, error) {
	var ratios, p50, p99, small, keys []float64
	for range b.rounds {
		key, err := b.often(func() error { // the least that a question can cost here
			var n int64
			return many.s.Pool().QueryRow("select height from blocks where height = 1").Scan(&n)
		})
		if err != nil {
			return line{}, err
		}
		var took [2][]time.Duration
		for i, a := range []*asked{few, many} {
			if took[i], err = b.often(func() error { return a.get(path) }); err != nil {
				return line{}, err
			}
		}
		last := took[1]
		keys, small = append(keys, middle(key).Seconds()), append(small, middle(took[0]).Seconds())
		p50, p99 = append(p50, middle(last).Seconds()), append(p99, last[len(last)*99/100].Seconds())
		ratios = append(ratios, middle(last).Seconds()/middle(took[0]).Seconds())
	}
	r := median(ratios)
	l := line{figure: fmt.Sprintf("p50 %s, p99 %s", seconds(median(p50)), seconds(median(p99))),
		limit: fmt.Sprintf("among %d: %s; one SELECT by key: %s", few.size, seconds(median(small)), seconds(median(keys))), ratio: number(r)}
	l.aim, l.met = atMost(r, 1.2)
	return l, nil
}

// statisticsOfFilings asks among complaints that came through the engine.
func (b *bench) statisticsOfFilings() error {
	var both [2]*asked
	for i, n := range []int{b.filings / 10, b.filings} {
		s, err := b.filingsOf(n)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		if both[i], err = ask(s, n, now()); err != nil {
			return err
		}
	}
	return b.figures("filings, PostgreSQL", 2025, both[0], both[1])
}

// statisticsOfLives asks among whole lives on SQLite, counts them again from the
// log, and freezes a year of them.
func (b *bench) statisticsOfLives() error {
	var both [2]*asked
	end := time.Date(2028, 9, 1, 1, 0, 0, 0, time.UTC)
	for i, n := range []int{b.lives / 10, b.lives} {
		s, err := b.livesOf(n, func() time.Time { return end })
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		if both[i], err = ask(s, n, end); err != nil {
			return err
		}
	}
	if err := b.figures("whole lives, SQLite", 2027, both[0], both[1]); err != nil {
		return err
	}
	b.row("counted again from the log", func() error { return b.countedAgain(both[1]) })
	b.row("a year frozen", func() error { return b.frozen(both[1]) })
	return nil
}

func (b *bench) countedAgain(a *asked) error {
	start := time.Now()
	r, err := audit.Verify(ctx, a.s.Pool(), a.s.Dialect(), audit.Options{Now: now(), Parts: []string{"statistics"}})
	if err != nil || len(r.Findings) > 0 {
		return fmt.Errorf("%v %w", r.Findings, err)
	}
	took := time.Since(start).Seconds()
	b.report.add(line{what: fmt.Sprintf("verify statistics, %d whole lives, SQLite", a.size), figure: fmt.Sprintf("%.0f cases/s, %.0f events/s counted again", float64(r.Cases)/took, float64(r.Events)/took), limit: "–", ratio: "–", aim: "–", met: "–"})
	return nil
}

// frozen freezes a year in a copy of a database, while somebody files: the longest
// that he waits is what the freezing holds him up.
func (b *bench) frozen(a *asked) error {
	var path string
	if err := a.s.Pool().QueryRow("select file from pragma_database_list where name = 'main'").Scan(&path); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if _, err := a.s.Pool().Exec("vacuum into '" + filepath.Join(folder, "fangxin.db") + "'"); err != nil {
		return err
	}
	s, err := openLives(filepath.Dir(path), folder, func() time.Time { return time.Date(2028, 9, 1, 2, 0, 0, 0, time.UTC) })
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	var longest time.Duration
	done, cmd := make(chan struct{}), filing()
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for {
			select {
			case <-done:
				return
			default:
			}
			start := time.Now()
			if _, err := s.Execute(ctx, store.Request{Command: cmd}); err != nil {
				failed <- err
				return
			}
			longest = max(longest, time.Since(start))
		}
	}()
	start := time.Now()
	_, err = s.Freeze(ctx, "2027")
	took := time.Since(start)
	close(done)
	if err = errors.Join(err, <-failed); err != nil {
		return err
	}
	var leaves int
	if err := s.Pool().QueryRow("select count(*) from snapshot_leaves").Scan(&leaves); err != nil {
		return err
	}
	b.report.add(line{what: fmt.Sprintf("a year frozen, of %d whole lives, SQLite", a.size), figure: fmt.Sprintf("%.2f s, %d leaves", took.Seconds(), leaves), limit: fmt.Sprintf("the longest that a filing waits beside it: %.2f s", longest.Seconds()), ratio: "–", aim: "–", met: "–"})
	return nil
}

// livesOf opens a SQLite database in which so many lives were lived from end to end
// over two years: built once, in the folder of the large data sets.
func (b *bench) livesOf(n int, clock func() time.Time) (*store.Store, error) {
	folder := filepath.Join(b.cache, fmt.Sprintf("lives_%d", n))
	if _, err := os.Stat(filepath.Join(folder, "lived")); err != nil {
		start := time.Now()
		if err := os.RemoveAll(folder); err != nil {
			return nil, err
		}
		for _, args := range [][]string{{"migrate", "up"}, {"simulate", "--cases", fmt.Sprint(n), "--merchants", "500", "--members", "50", "--from", "2026-04-15", "--to", "2028-04-14"}} {
			cmd := exec.CommandContext(ctx, b.binary, args...)
			cmd.Env, cmd.Stderr = append(os.Environ(), "FANGXIN_DATA="+folder, "FANGXIN_DATABASE_URL="), os.Stderr
			if err := cmd.Run(); err != nil {
				return nil, err
			}
		}
		if err := os.WriteFile(filepath.Join(folder, "lived"), nil, 0o600); err != nil {
			return nil, err
		}
		fmt.Printf("lived %d lives in %s\n", n, time.Since(start).Round(time.Second))
	}
	return openLives(folder, folder, clock)
}

// openLives opens a database that the program made, with the keys that it made.
func openLives(keys, folder string, clock func() time.Time) (*store.Store, error) {
	text, err := os.ReadFile(filepath.Join(keys, "key"))
	if err != nil {
		return nil, err
	}
	return openWith(string(text), "", folder, clock)
}
