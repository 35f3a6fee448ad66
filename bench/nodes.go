package main

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"

	"fangxin/store"
)

// nodeHelper is a node that files for a while in a database that others use too.
func nodeHelper(args []string) error {
	f := flag.NewFlagSet("node", flag.ExitOnError)
	dsn := f.String("database", "", "")
	callers := f.Int("callers", 32, "")
	window := f.Duration("for", time.Second, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return err
	}
	s, err := openAt(*dsn, data, now)
	if err != nil {
		return err
	}
	cmd := filing()
	out, err := drive(*callers, *window, same(func() error {
		_, err := s.Execute(ctx, store.Request{Command: cmd})
		return err
	}))
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// nodes measures two processes on one PostgreSQL beside one, 32 callers each.
func (b *bench) nodes() error {
	s, dsn, err := open(b.postgres, now)
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	var one, two rounds
	for range b.rounds {
		for _, x := range []struct {
			n    int
			into *rounds
		}{{1, &one}, {2, &two}} {
			sum, err := b.together(dsn, x.n)
			if err != nil {
				return err
			}
			*x.into = append(*x.into, sum)
		}
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var deadlocks int
	if err := db.QueryRow("select deadlocks from pg_stat_database where datname = current_database()").Scan(&deadlocks); err != nil {
		return err
	}
	gain := ratio(two, one, perSecond)
	l := line{what: "two nodes on one PostgreSQL, 32 callers each", figure: two.String(), limit: "one: " + one.String(), ratio: number(gain)}
	l.aim, l.met = atLeast(gain, 1.35)
	b.report.add(l)
	b.report.add(line{what: "the same, deadlocks", figure: fmt.Sprint(deadlocks), limit: "–", ratio: "–", aim: "0", met: yes(deadlocks == 0)})
	return nil
}

// together runs n nodes at once and adds up what they filed.
func (b *bench) together(dsn string, n int) (sum speed, err error) {
	self, err := os.Executable()
	if err != nil {
		return sum, err
	}
	type said struct {
		text []byte
		err  error
	}
	all := make(chan said, n)
	for range n {
		go func() {
			cmd := exec.Command(self, "node", "-database", dsn, "-for", b.window.String())
			cmd.Stderr = os.Stderr
			text, err := cmd.Output()
			all <- said{text, err}
		}()
	}
	for range n {
		x := <-all
		var s speed
		if x.err == nil {
			x.err = json.Unmarshal(x.text, &s)
		}
		if x.err != nil {
			err = x.err
		}
		sum.PerSecond += s.PerSecond
		sum.P50, sum.P99 = max(sum.P50, s.P50), max(sum.P99, s.P99)
	}
	return sum, err
}
