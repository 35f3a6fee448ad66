package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fangxin/migrations"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// limit writes the rows of a filing by hand, in groups, with constants: the
// least that a durable filing of this shape can cost.
type limit struct {
	queue chan chan error
	stop  chan struct{}
	next  int64
	pool  *sql.DB
	conn  *sql.Conn
	lite  bool
	kept  []*sql.Stmt
}

const maxGroup = 256

func newLimit(server string) (*limit, error) {
	l := &limit{queue: make(chan chan error, 4*maxGroup), stop: make(chan struct{}), lite: server == "", next: 1}
	var err error
	dialect, lock := "postgres", ""
	if l.lite {
		data, err := os.MkdirTemp("", "fangxin-limit")
		if err != nil {
			return nil, err
		}
		dialect, lock = "sqlite", filepath.Join(data, "lock")
		l.pool, err = sql.Open("sqlite", "file:"+filepath.Join(data, "limit.db")+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_pragma=secure_delete(1)&_pragma=cache_size(-65536)")
		if err != nil {
			return nil, err
		}
	} else {
		dsn, err := newDatabase(server, "limit_"+strings.ReplaceAll(uuid.NewString(), "-", ""), "")
		if err != nil {
			return nil, err
		}
		if l.pool, err = sql.Open("pgx", dsn); err != nil {
			return nil, err
		}
	}
	if _, err = migrations.Up(ctx, l.pool, dialect, lock); err != nil {
		return nil, err
	}
	if l.conn, err = l.pool.Conn(ctx); err != nil {
		return nil, err
	}
	if !l.lite {
		_, err = l.conn.ExecContext(ctx, "set plan_cache_mode = force_generic_plan; set jit = off")
	}
	go l.run()
	return l, err
}

func newDatabase(server, name, template string) (string, error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close() }()
	text := "create database " + name
	if template != "" {
		text += " template " + template
	}
	if _, err := admin.ExecContext(ctx, text); err != nil {
		return "", err
	}
	return withName(server, name)
}

func (l *limit) close() { close(l.stop) }

func (l *limit) file() error {
	done := make(chan error, 1)
	l.queue <- done
	return <-done
}

func (l *limit) run() {
	for {
		var group []chan error
		select {
		case first := <-l.queue:
			group = append(group, first)
		case <-l.stop:
			return
		}
	more:
		for len(group) < maxGroup {
			select {
			case next := <-l.queue:
				group = append(group, next)
			default:
				break more
			}
		}
		err := l.write(len(group))
		for _, done := range group {
			done <- err
		}
	}
}

// the sizes of what a filing writes.
var (
	body    = `{"acceptance":"pending","agreement":"none","at":"2026-05-06T02:00:00.000000Z","broken":"no","clock":2,"facts":{"amount_fen":"12800","category":"false_publicity","domain":"1","entrust_consent":"no","publish_consent":"yes","reachable":"yes","respondent":"1","source":"web","town":"370321001"},"ground":"","kind":"complaint","mediator":"unit","notice":1,"notices":[{"kind":"receipt","no":1,"seq":1,"to":"consumer","told":false}],"number":"HT-2026-000001-5","outcome":"","performance":"none","result":"","state":"RECEIVED.registered","version":1}`
	payload = strings.Repeat("x", 1850)
	hash    = make([]byte, 32)
	box     = make([]byte, 330)
	answer  = `{"case_id":2026000000000001,"number":"HT-2026-000001-5","version":1,"state":"RECEIVED.registered","events":[{"seq":1,"id":"T01","event":"file_with_authority"}]}`
	at      = time.Date(2026, 5, 13, 16, 0, 0, 0, time.UTC)
)

type column struct {
	kind string // PostgreSQL's type
	make func(id int64) any
}

func constant(kind string, v any) column { return column{kind, func(int64) any { return v }} }

func id(kind string) column { return column{kind, func(id int64) any { return id }} }

func text(format string) column {
	return column{"text", func(id int64) any { return fmt.Sprintf(format, id) }}
}

// tables are the rows of one filing: case, event, two clocks, notice, words,
// key, two macs, a count, a head, the answer.
var tables = []struct {
	into    string
	columns []column
}{
	{"cases (id, number, kind, version, head, state, outcome, unit, town, domain, filed_at, body)", []column{id("bigint"), text("HT-2026-%d"), constant("text", "complaint"), constant("bigint", int64(1)), constant("bytea", hash), constant("text", "RECEIVED.registered"), constant("text", ""), constant("text", ""), constant("text", "370321001"), constant("bigint", int64(1)), constant("timestamptz", at), constant("text", body)}},
	{"events (case_id, seq, prev_hash, hash, payload)", []column{id("bigint"), constant("bigint", int64(1)), constant("bytea", hash), constant("bytea", hash), constant("text", payload)}},
	{clockColumns, clock(1, "accept_decision")},
	{clockColumns, clock(2, "triage")},
	{"outbox (case_id, no, topic, seq, recipient, template, state, at)", []column{id("bigint"), constant("bigint", int64(1)), constant("text", "notice"), constant("bigint", int64(1)), constant("text", "consumer"), constant("text", "receipt"), constant("text", "owed"), constant("timestamptz", at)}},
	{"sealed (case_id, seq, box)", []column{id("bigint"), constant("bigint", int64(1)), constant("bytea", box)}},
	{"case_keys (case_id, kek, wrapped)", []column{id("bigint"), constant("text", "aabbccdd"), constant("bytea", make([]byte, 60))}},
	{"blind (case_id, kind, mac)", []column{id("bigint"), constant("text", "phone"), constant("bytea", hash)}},
	{"blind (case_id, kind, mac)", []column{id("bigint"), constant("text", "respondent"), constant("bytea", hash)}},
	{"contributions (case_id, seq, indicator, day, value, domain, town, unit)", []column{id("bigint"), constant("bigint", int64(1)), constant("text", "filed"), constant("text", "2026-05-06"), constant("bigint", int64(1)), constant("bigint", int64(1)), constant("text", "370321001"), constant("text", "")}},
	{"moved (case_id, seq, hash)", []column{id("bigint"), constant("bigint", int64(1)), constant("bytea", hash)}},
	{"idempotency (key, print, answer, at)", []column{{"text", func(int64) any { k, _ := uuid.NewV7(); return "/" + k.String() }}, constant("bytea", hash), constant("text", answer), constant("timestamptz", at)}},
}

const clockColumns = "clocks (case_id, no, code, state, seq, rule, n, unit, roll, starts, due, late_from, calendar, provisional, notice, ended, more, remind_at)"

func clock(no int64, code string) []column {
	return []column{id("bigint"), constant("bigint", no), constant("text", code), constant("text", "running"), constant("bigint", int64(1)), constant("text", "R2/2026-04-15"), constant("bigint", int64(7)), constant("text", "working_day"), constant("text", "rest_day"),
		constant("text", "2026-05-06"), constant("text", "2026-05-13"), constant("timestamptz", at), constant("text", "2026a"), constant("boolean", false), constant("bigint", int64(0)), constant("bigint", int64(0)), constant("text", ""), constant("timestamptz", at)}
}

func (l *limit) write(n int) error {
	if l.lite {
		return l.writeLite(n)
	}
	b := &pgx.Batch{}
	b.Queue("begin")
	for _, t := range tables {
		var arrays []any
		var list []string
		for i, c := range t.columns {
			list = append(list, fmt.Sprintf("$%d::%s[]", i+1, c.kind))
			arrays = append(arrays, columnOf(c, l.next, n))
		}
		b.Queue("insert into "+t.into+" select * from unnest("+strings.Join(list, ", ")+")", arrays...)
	}
	b.Queue("commit")
	l.next += int64(n)
	return l.conn.Raw(func(c any) error { return c.(*stdlib.Conn).Conn().SendBatch(context.Background(), b).Close() })
}

func columnOf(c column, first int64, n int) any {
	switch c.kind {
	case "bigint":
		return fill[int64](c, first, n)
	case "bytea":
		return fill[[]byte](c, first, n)
	case "timestamptz":
		return fill[time.Time](c, first, n)
	case "boolean":
		return fill[bool](c, first, n)
	}
	return fill[string](c, first, n)
}

func fill[T any](c column, first int64, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = c.make(first + int64(i)).(T)
	}
	return out
}

func (l *limit) writeLite(n int) error {
	if l.kept == nil {
		for _, t := range tables {
			st, err := l.conn.PrepareContext(ctx, "insert into "+t.into+" values (?"+strings.Repeat(", ?", len(t.columns)-1)+")")
			if err != nil {
				return err
			}
			l.kept = append(l.kept, st)
		}
	}
	if _, err := l.conn.ExecContext(ctx, "begin immediate"); err != nil {
		return err
	}
	args := make([]any, 0, 20)
	for i, t := range tables {
		for k := range int64(n) {
			args = args[:0]
			for _, c := range t.columns {
				v := c.make(l.next + k)
				if when, ok := v.(time.Time); ok {
					v = when.UnixMicro()
				}
				args = append(args, v)
			}
			if _, err := l.kept[i].Exec(args...); err != nil {
				return err
			}
		}
	}
	l.next += int64(n)
	_, err := l.conn.ExecContext(ctx, "commit")
	return err
}
