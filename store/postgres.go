package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"fangxin/workflow"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres keeps one connection of the pool for the committer and speaks to it
// in two pipelines per group: all reads, then all writes with the COMMIT.
type postgres struct {
	pool  *sql.DB
	conn  *sql.Conn
	begun bool              // a transaction is open
	names map[string]string // of this connection's prepared statements
	pipe  pipe
}

// The statements of a group. Arrays keep the text the same for every size of
// group, so each is parsed and planned once per connection.
const (
	pgLock = `select id, head, filed_at, body from cases where id = any($1) order by id for update`
	// The sweep locks cases before clocks, as every command does, and lets other
	// nodes keep what they hold. It must not lock clocks first: that deadlocks.
	pgLockDue = `select id, head, filed_at, body from cases
		where id = any(array(select case_id from clocks where state = 'running' and late_from <= $1
			and (late_from, case_id) > ($2, $3) order by late_from, case_id limit %d)) order by id for update skip locked`
	pgClocks = `select case_id, no, code, state, seq, rule, n, unit, roll, starts, due, late_from, calendar, provisional, notice, ended, more
		from clocks where case_id = any($1) order by case_id, no`
	pgKeys = `select key, print, answer from idempotency where key = any($1)`

	pgCases = `insert into cases (id, number, kind, version, head, state, outcome, unit, town, domain, filed_at, body)
		select * from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::timestamptz[], $12::text[])`
	pgEvents = `insert into events (case_id, seq, prev_hash, hash, payload)
		select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::text[])`
	pgClocksIn = `insert into clocks (case_id, no, seq, n, notice, ended, code, state, rule, unit, roll, starts, due, calendar, more, late_from, remind_at, provisional)
		select * from unnest(` + pgClockArrays + `)`
	pgClockArrays = `$1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
		$12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::timestamptz[], $18::boolean[]`
	pgOwed = `insert into outbox (case_id, no, seq, topic, recipient, template, queue, at, state, next_at)
		select t.*, 'owed', t.at from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
			t (case_id, no, seq, topic, recipient, template, queue, at)`
	pgNoticed = `update outbox o set state = t.state from unnest($1::bigint[], $2::bigint[], $3::text[]) t (case_id, no, state)
		where o.case_id = t.case_id and o.no = t.no and o.topic = 'notice'`
	pgSealed   = `insert into sealed (case_id, seq, box) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])`
	pgCaseKeys = `insert into case_keys (case_id, kek, wrapped) select * from unnest($1::bigint[], $2::text[], $3::bytea[])`
	pgBlind    = `insert into blind (case_id, kind, mac) select * from unnest($1::bigint[], $2::text[], $3::bytea[])`
	pgCounts   = `insert into contributions (case_id, seq, value, domain, measure, indicator, day, town, unit, category, channel, mediator)
		select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])`
	pgLinks = `insert into links (hash, case_id, role, actor, expires_at, created_at)
		select * from unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])`
	pgHeads = `insert into moved (case_id, seq, hash) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])`
	// In order, so that two nodes with the same keys wait in turn and not in a circle.
	pgAnswers = `insert into idempotency (key, answer, print, at) select * from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[]) order by 1`

	// COMMIT is already on its way when the counts come back, so the statement
	// itself must fail when they are wrong: a division by zero aborts the rest.
	pgMoved = `with done as (update cases c set version = t.version, domain = t.domain, state = t.state, outcome = t.outcome, unit = t.unit, town = t.town, body = t.body, head = t.head
		from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[])
			as t (id, was, version, domain, state, outcome, unit, town, body, head) where c.id = t.id and c.version = t.was returning 1)
		select 1 / (count(*) = cardinality($1))::int from done`
	pgChanged = `with done as (update clocks c set seq = t.seq, n = t.n, notice = t.notice, ended = t.ended, state = t.state, rule = t.rule, unit = t.unit, roll = t.roll,
			starts = t.starts, due = t.due, calendar = t.calendar, more = t.more, late_from = t.late_from, remind_at = t.remind_at, provisional = t.provisional
		from unnest(` + pgClockArrays + `) as t (case_id, no, seq, n, notice, ended, code, state, rule, unit, roll, starts, due, calendar, more, late_from, remind_at, provisional)
		where c.case_id = t.case_id and c.no = t.no returning 1)
		select 1 / (count(*) = cardinality($1))::int from done`
	pgFiles = `with done as (update files f set case_id = t.case_id, seq = t.seq, actor = t.actor, side = t.side, respondent = t.respondent, wrapped = t.wrapped, draft = null,
			expires_at = case when f.state = 'refused' then f.expires_at end
		from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bigint[]) as t (id, case_id, seq, actor, side, wrapped, respondent)
		where f.id = t.id and f.case_id is null and f.member_id is null and f.state <> 'removed' returning 1)
		select 1 / (count(*) = cardinality($1))::int from done`
	pgFileKeys = `delete from file_keys where file_id = any($1)`
	pgBlocks   = `with held as (select id from number_blocks where id = any($1) and closed_at is null for key share)
		select 1 / (count(*) = cardinality($1))::int from held`
)

// connect takes a connection and tells its planner that every statement is a
// key look-up: a generic plan made while the tables were empty would scan them.
func (p *postgres) connect(ctx context.Context) error {
	if p.conn != nil {
		return nil
	}
	conn, err := p.pool.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, `set application_name = 'fangxin door'; set plan_cache_mode = force_generic_plan;
			set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off`)
	}
	if err != nil {
		if conn != nil {
			discard(conn)
		}
		return errLost
	}
	p.conn, p.begun, p.names = conn, false, map[string]string{}
	return nil
}

// discard closes the connection instead of giving a broken one back.
func discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.Close()
}

// send runs one pipeline: one round trip, whatever it holds.
func (p *postgres) send(ctx context.Context, b *pgx.Batch) error {
	return p.explain(p.conn.Raw(func(c any) error { return c.(*stdlib.Conn).Conn().SendBatch(ctx, b).Close() }))
}

// explain sorts errors into those that tell what happened and those that do not.
func (p *postgres) explain(err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg) && pg.Code == "22012":
		return errMismatch
	case errors.As(err, &pg) && !pgAway(pg):
		return fmt.Errorf("%w: %s %s", errConflict, pg.Code, pg.Message)
	}
	if p.conn != nil {
		discard(p.conn)
		p.conn = nil
	}
	return errLost
}

func (p *postgres) read(ctx context.Context, want *wanted, got *found) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue("begin")
	p.begun = true
	if want.overdue > 0 { // which cases these are is known only after the lock
		b.Queue(fmt.Sprintf(pgLockDue, want.overdue), want.dueAt, want.after.due, want.after.caseID).Query(got.scanCases)
		if err := p.send(ctx, b); err != nil || len(got.order) == 0 {
			return err
		}
		b = &pgx.Batch{}
		b.Queue(pgClocks, got.order).Query(got.scanClocks)
		return p.send(ctx, b)
	}
	if len(want.cases) > 0 {
		b.Queue(pgLock, want.cases).Query(got.scanCases)
		b.Queue(pgClocks, want.cases).Query(got.scanClocks)
	}
	// After the locks: a key that another node just committed is then visible.
	b.Queue(pgKeys, want.keys).Query(func(rows pgx.Rows) error {
		var key, answer string
		var print []byte
		_, err := pgx.ForEachRow(rows, []any{&key, &print, &answer}, func() error {
			k := kept{print: slices.Clone(print)} // the next row may reuse what was scanned into
			err := json.Unmarshal([]byte(answer), &k.answer)
			got.keys[key] = k
			return err
		})
		return err
	})
	return p.send(ctx, b)
}

func (got *found) scanCases(rows pgx.Rows) error {
	var id int64
	var head []byte
	var body string
	var at time.Time
	_, err := pgx.ForEachRow(rows, []any{&id, &head, &at, &body}, func() error { return got.add(id, head, at, body) })
	return err
}

func (got *found) scanClocks(rows pgx.Rows) error {
	var id int64
	var k workflow.Clock
	var r clockScan
	_, err := pgx.ForEachRow(rows, []any{&id, &k.No, &k.Code, &k.State, &k.Seq, &k.Rule, &k.N, &k.Unit, &k.Roll, &r.starts, &r.due, &r.late, &k.Calendar, &k.Provisional, &k.Notice, &k.Ended, &r.more}, func() error {
		c, err := r.clock(k)
		if err != nil {
			return err
		}
		f := got.cases[id]
		f.was.Clocks = append(f.was.Clocks, c)
		f.now.Clocks = f.was.Clocks
		return nil
	})
	return err
}

func (p *postgres) write(ctx context.Context, r *rows) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	return p.explain(p.conn.Raw(func(c any) error {
		pg := c.(*stdlib.Conn).Conn().PgConn()
		if err := p.encode(ctx, pg, r); err != nil {
			return err
		}
		return p.flow(ctx, pg)
	}))
}

// encode fills the pipe with everything that the group writes.
func (p *postgres) encode(ctx context.Context, pg *pgconn.PgConn, r *rows) error {
	p.pipe.b = p.pipe.b[:0]
	var err error
	put := func(n int, text string, columns ...any) {
		if n == 0 || err != nil {
			return
		}
		var name string
		if name, err = p.prepared(ctx, pg, text); err == nil {
			p.pipe.call(name, columns...)
		}
	}
	if !p.begun {
		put(1, "begin")
	}
	c, m, e, o := &r.cases, &r.moved, &r.events, &r.owed
	put(len(r.blocks), pgBlocks, r.blocks)
	put(len(c.id), pgCases, c.id, c.number, c.kind, c.version, c.head, c.state, c.outcome, c.unit, c.town, c.domain, c.filed, c.body)
	put(len(m.id), pgMoved, m.id, m.was, m.version, m.domain, m.state, m.outcome, m.unit, m.town, m.body, m.head)
	put(len(e.seq), pgEvents, e.caseID, e.seq, e.prev, e.hash, e.payload)
	put(len(r.changed.no), pgChanged, r.changed.arrays()...)
	put(len(r.clocks.no), pgClocksIn, r.clocks.arrays()...)
	put(len(o.seq), pgOwed, o.caseID, o.no, o.seq, o.topic, o.recipient, o.template, o.queue, o.at)
	put(len(r.noticed.no), pgNoticed, r.noticed.caseID, r.noticed.no, r.noticed.state)
	put(len(r.sealed.seq), pgSealed, r.sealed.caseID, r.sealed.seq, r.sealed.box)
	put(len(r.keys.kek), pgCaseKeys, r.keys.caseID, r.keys.kek, r.keys.wrapped)
	put(len(r.blind.kind), pgBlind, r.blind.caseID, r.blind.kind, r.blind.mac)
	n := &r.counts
	put(len(n.seq), pgCounts, n.caseID, n.seq, n.value, n.domain, n.measure, n.indicator, n.day, n.town, n.unit, n.category, n.channel, n.mediator)
	put(len(r.links.hash), pgLinks, r.links.hash, r.links.caseID, r.links.role, r.links.actor, r.links.expires, r.links.since)
	put(len(r.files.id), pgFiles, r.files.id, r.files.caseID, r.files.seq, r.files.actor, r.files.side, r.files.wrapped, r.files.respondent)
	put(len(r.files.id), pgFileKeys, r.files.id)
	put(len(r.heads.seq), pgHeads, r.heads.caseID, r.heads.seq, r.heads.hash)
	if len(r.erased) > 0 {
		for _, text := range eraseBeside("postgres", "= any($1)") {
			put(1, text, r.erased)
		}
		put(1, pgErased, r.erased, r.erasedAt)
	}
	put(len(r.answers.key), pgAnswers, r.answers.key, r.answers.answer, r.answers.print, r.answers.at)
	put(1, "commit")
	p.pipe.sync()
	return err
}

// prepared names the statement on this connection; it is parsed once.
func (p *postgres) prepared(ctx context.Context, pg *pgconn.PgConn, text string) (string, error) {
	if name := p.names[text]; name != "" {
		return name, nil
	}
	name := fmt.Sprintf("door%d", len(p.names))
	if _, err := pg.Prepare(ctx, name, text, nil); err != nil {
		return "", err
	}
	p.names[text] = name
	return name, nil
}

// flow sends the pipe and reads until the server is ready again: one round trip.
// The first error is the one that tells; the server skips what follows it.
func (p *postgres) flow(ctx context.Context, pg *pgconn.PgConn) error {
	until, _ := ctx.Deadline()
	if err := pg.Conn().SetDeadline(until); err != nil {
		return err
	}
	if _, err := pg.Conn().Write(p.pipe.b); err != nil {
		return err
	}
	var first error
	for {
		msg, err := pg.ReceiveMessage(context.Background())
		if err != nil {
			return errors.Join(first, err)
		}
		switch m := msg.(type) {
		case *pgproto3.ErrorResponse:
			if first == nil {
				first = pgconn.ErrorResponseToPgError(m)
			}
		case *pgproto3.ReadyForQuery:
			p.begun = m.TxStatus != 'I'
			return errors.Join(first, pg.Conn().SetDeadline(time.Time{}))
		}
	}
}

func (x *clockRows) arrays() []any {
	return []any{x.caseID, x.no, x.seq, x.n, x.notice, x.ended, x.code, x.state, x.rule, x.unit, x.roll, x.starts, x.due, x.calendar, x.more, x.late, x.remind, x.provisional}
}

func (p *postgres) reserve(ctx context.Context, prefix string, year int, node string, now time.Time, spent []int64) (b numberBlock, err error) {
	tx, err := p.pool.BeginTx(ctx, nil)
	if err != nil {
		return b, errLost
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "lock table number_blocks in share row exclusive mode"); err != nil {
		return b, errLost
	}
	if _, err := tx.ExecContext(ctx, "update number_blocks set closed_at = $1 where id = any($2)", now, spent); err != nil {
		return b, errLost
	}
	err = tx.QueryRowContext(ctx, `insert into number_blocks (prefix, year, first, last, node, reserved_at)
		select $1, $2, coalesce(max(last), 0) + 1, coalesce(max(last), 0) + $3, $4, $5 from number_blocks where prefix = $1 and year = $2 returning id, first, last`,
		prefix, year, blockSize, node, now).Scan(&b.id, &b.first, &b.last)
	if err != nil {
		return b, errLost
	}
	if tx.Commit() != nil {
		return b, errLost
	}
	return b, nil
}

func (p *postgres) rollback(ctx context.Context) {
	p.begun = false
	if p.conn == nil {
		return
	}
	_ = p.explain(p.conn.Raw(func(c any) error {
		pg := c.(*stdlib.Conn).Conn()
		if pg.PgConn().TxStatus() == 'I' {
			return nil
		}
		_, err := pg.Exec(ctx, "rollback")
		return err
	}))
}

func (p *postgres) close() {
	if p.conn != nil {
		discard(p.conn) // its planner settings are not for others
	}
}
