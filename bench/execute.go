package main

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"
	"fangxin/workflow/rehearse"
)

const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// open makes an empty store: SQLite in a folder, or a new database of the server.
func open(server string, now func() time.Time) (s *store.Store, dsn string, err error) {
	data, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return nil, "", err
	}
	if server != "" {
		if dsn, err = newDatabase(server, fmt.Sprintf("b%d", rand.Uint64()), ""); err != nil {
			return nil, "", err
		}
	}
	s, err = openAt(dsn, data, now)
	return s, dsn, err
}

func openAt(dsn, data string, now func() time.Time) (*store.Store, error) {
	return openWith(key, dsn, data, now)
}

func openWith(key, dsn, data string, now func() time.Time) (*store.Store, error) {
	keys, err := store.ParseKeys(strings.TrimSpace(key))
	if err != nil {
		return nil, err
	}
	law := workflow.Rules{Rules: policy.Default()}
	return store.Open(ctx, store.Config{URL: dsn, Data: data, Node: fmt.Sprint(rand.Uint64()), Keys: keys, Now: now, Migrate: true, Rules: func() workflow.Rules { return law }})
}

func withName(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func filing() workflow.Command {
	c := workflow.New(workflow.Complaint, 0, "")
	return rehearse.Compose(c, &workflow.Transitions[0], workflow.Rules{Rules: policy.Default()}, time.Now())
}

func now() time.Time { return time.Now().UTC() }

// contenders are the door and what it is measured beside, on one database each.
type contenders struct {
	door, limit, models func() error
	close               func()
}

func (b *bench) contenders(server string) (*contenders, error) {
	s, _, err := open(server, now)
	if err != nil {
		return nil, err
	}
	cmd := filing()
	first, err := s.Execute(ctx, store.Request{Command: cmd})
	if err != nil {
		return nil, err
	}
	rows, err := template(s.Pool(), s.Dialect(), first.CaseID)
	if err != nil {
		return nil, err
	}
	var pools [2]*sql.DB
	for i := range pools {
		folder, err := os.MkdirTemp("", "fangxin-bench")
		if err != nil {
			return nil, err
		}
		if pools[i], _, err = newSchema(server, folder); err != nil {
			return nil, err
		}
	}
	l, err := newLimit(pools[0], server == "", rows)
	if err != nil {
		return nil, err
	}
	var number atomic.Int64
	return &contenders{
		door: func() error {
			_, err := s.Execute(ctx, store.Request{Command: cmd})
			return err
		},
		limit:  l.file,
		models: models(pools[1], server == "", rows, func() int64 { return number.Add(1) }),
		close: func() {
			l.close()
			_ = s.Close()
		},
	}, nil
}

func (b *bench) callers() []int {
	if b.quick {
		return []int{1, 64}
	}
	return []int{1, 8, 16, 64, 128}
}

func nameOf(server string) string {
	if server == "" {
		return "SQLite"
	}
	return "PostgreSQL"
}

// executes measures Execute beside the limit and beside models, in turn.
func (b *bench) executes(server string) error {
	c, err := b.contenders(server)
	if err != nil {
		return err
	}
	defer c.close()
	for _, callers := range b.callers() {
		what := fmt.Sprintf("Execute, %s, %d callers", nameOf(server), callers)
		b.row(what, func() error { return b.execute(c, server, callers, what) })
	}
	return nil
}

func (b *bench) execute(c *contenders, server string, callers int, what string) error {
	var door, limit, models rounds
	for range b.rounds {
		for _, x := range []struct {
			into *rounds
			do   func() error
		}{{&limit, c.limit}, {&door, c.door}, {&models, c.models}} {
			s, err := drive(callers, b.window, same(x.do))
			if err != nil {
				return err
			}
			*x.into = append(*x.into, s)
		}
	}
	b.compare(what, door, limit, "grouped by hand", aimOf(server, callers, false))
	b.beside(what, door, models, modelsAim(server, callers))
	return nil
}

// compare adds the rows for throughput and for the slowest hundredth.
func (b *bench) compare(what string, a, limit rounds, name string, aim float64) {
	r, tail := ratio(a, limit, perSecond), ratio(a, limit, p99)
	l := line{what: what, figure: a.String(), limit: name + ": " + limit.String(), ratio: number(r)}
	l.aim, l.met = atLeast(r, aim)
	b.report.add(l)
	t := line{what: what + ", p99", figure: a.middle(p99), limit: name + ": " + limit.middle(p99), ratio: number(tail)}
	t.aim, t.met = atMost(tail, 1.4)
	b.report.add(t)
}

func (b *bench) beside(what string, a, models rounds, aim float64) {
	r := ratio(a, models, perSecond)
	l := line{what: what, figure: a.String(), limit: "bun models one by one: " + models.String(), ratio: number(r), aim: "–", met: "–"}
	if aim > 0 {
		l.aim, l.met = atLeast(r, aim)
	}
	b.report.add(l)
}

func aimOf(server string, callers int, web bool) float64 {
	if server == "" && !web || callers >= 64 && !web {
		return 0.8
	}
	return 0.75
}

func modelsAim(server string, callers int) float64 {
	if server == "" && callers >= 16 {
		return 4
	}
	return 0
}
