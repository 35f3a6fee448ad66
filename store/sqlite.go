package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"fangxin/workflow"

	"modernc.org/sqlite"
)

// lite keeps one connection and one prepared statement per table. There is no
// round trip to save, so rows go in one by one: each is a step of a statement
// that is parsed once.
type lite struct {
	pool *sql.DB
	conn *sql.Conn
	turn *sync.Mutex // of whoever writes: see solo
	open bool        // a transaction, and with it the turn
	hurt bool        // the file could not be used: opened anew, it may be
	kept map[string]*sql.Stmt
	// Writing speaks to the driver: a tenth of a group's time would go into what
	// database/sql does for callers who share a connection.
	direct map[string]liteStmt
	args   []driver.NamedValue
}

type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
}

func newLite(pool *sql.DB, turn *sync.Mutex) *lite {
	return &lite{pool: pool, turn: turn, kept: map[string]*sql.Stmt{}, direct: map[string]liteStmt{}}
}

// No statement may end in a semicolon or a space: the driver then takes it for
// a script and parses it again on every call.
const (
	liteCase = `select head, filed_at, body from cases where id = ?`
	liteDue  = `select distinct case_id from (select case_id from clocks where state = 'running' and late_from <= ?
		and (late_from, case_id) > (?, ?) order by late_from, case_id limit ?) order by 1`
	liteClocks = `select no, code, state, seq, rule, n, unit, roll, starts, due, late_from, calendar, provisional, notice, ended, more
		from clocks where case_id = ? order by no`
	liteFiles = `update files set case_id = ?, seq = ?, actor = ?, side = ?, wrapped = ?, respondent = ?, draft = null, expires_at = case when state = 'refused' then expires_at end
		where id = ? and case_id is null and member_id is null and state <> 'removed'`
	liteFileKeys = `delete from file_keys where file_id = ?`
	liteKey      = `select print, answer from idempotency where key = ?`
	liteBlock    = `update number_blocks set node = node where id = ? and closed_at is null`

	liteCases    = `insert into cases (id, number, kind, version, head, state, outcome, unit, town, domain, filed_at, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	liteMoved    = `update cases set version = ?, domain = ?, state = ?, outcome = ?, unit = ?, town = ?, body = ?, head = ? where id = ? and version = ?`
	liteEvents   = `insert into events (case_id, seq, prev_hash, hash, payload) values (?, ?, ?, ?, ?)`
	liteClocksIn = `insert into clocks (seq, n, notice, ended, state, rule, unit, roll, starts, due, calendar, more, late_from, remind_at, provisional, code, case_id, no)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	liteChanged = `update clocks set seq = ?, n = ?, notice = ?, ended = ?, state = ?, rule = ?, unit = ?, roll = ?, starts = ?, due = ?, calendar = ?, more = ?,
		late_from = ?, remind_at = ?, provisional = ?, code = ? where case_id = ? and no = ?`
	liteOwed    = `insert into outbox (case_id, no, seq, topic, recipient, template, queue, at, next_at, state) values (?, ?, ?, ?, ?, ?, ?, ?8, ?8, 'owed')`
	liteNoticed = `update outbox set state = ? where case_id = ? and no = ? and topic = 'notice'`
	liteSealed  = `insert into sealed (case_id, seq, box) values (?, ?, ?)`
	liteKeysIn  = `insert into case_keys (case_id, kek, wrapped) values (?, ?, ?)`
	liteBlind   = `insert into blind (case_id, kind, mac) values (?, ?, ?)`
	liteCounts  = `insert into contributions (case_id, seq, value, domain, measure, indicator, day, town, unit, category, channel, mediator) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	liteLinks   = `insert into links (hash, case_id, role, actor, expires_at, created_at) values (?, ?, ?, ?, ?, ?)`
	liteHeads   = `insert into moved (case_id, seq, hash) values (?, ?, ?)`
	liteAnswers = `insert into idempotency (key, answer, print, at) values (?, ?, ?, ?)`
)

func (s *lite) stmt(text string) (*sql.Stmt, error) {
	if st := s.kept[text]; st != nil {
		return st, nil
	}
	st, err := s.conn.PrepareContext(context.Background(), text)
	if err == nil {
		s.kept[text] = st
	}
	return st, err
}

// run executes a statement and says how many rows it touched.
func (s *lite) run(text string, args ...any) (int64, error) {
	st, err := s.stmt(text)
	if err != nil {
		return 0, s.failed(err)
	}
	done, err := st.Exec(args...)
	if err != nil {
		return 0, s.failed(err)
	}
	return done.RowsAffected()
}

// each runs a query and scans every row of it.
func (s *lite) each(text string, row func(scan func(...any) error) error, args ...any) error {
	st, err := s.stmt(text)
	if err != nil {
		return s.failed(err)
	}
	rows, err := st.Query(args...)
	if err != nil {
		return s.failed(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return s.failed(rows.Err())
}

func (s *lite) failed(err error) error {
	err = liteError(err)
	s.hurt = s.hurt || errors.Is(err, errLost)
	return err
}

// liteError sorts errors as explain does for PostgreSQL.
func liteError(err error) error {
	var e *sqlite.Error
	switch {
	case Away(err):
		return fmt.Errorf("%w: %w", errLost, err)
	case errors.As(err, &e):
		return fmt.Errorf("%w: %w", errConflict, err)
	}
	return err
}

// begin opens the transaction, if it is not open.
func (s *lite) begin(ctx context.Context) error {
	if s.conn == nil {
		conn, err := s.pool.Conn(ctx)
		if err != nil {
			return errLost
		}
		s.conn = conn
	}
	if s.open {
		return nil
	}
	s.turn.Lock()
	if _, err := s.run("begin immediate"); err != nil {
		s.turn.Unlock()
		return err
	}
	s.open = true
	return nil
}

// ended lets others write.
func (s *lite) ended() {
	if s.open {
		s.open = false
		s.turn.Unlock()
	}
}

func (s *lite) read(ctx context.Context, want *wanted, got *found) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ids := want.cases
	if want.overdue > 0 {
		err := s.each(liteDue, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, want.dueAt.UnixMicro(), want.after.due.UnixMicro(), want.after.caseID, want.overdue)
		if err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := s.readCase(id, got); err != nil {
			return err
		}
	}
	for _, key := range want.keys {
		err := s.each(liteKey, func(scan func(...any) error) error {
			var k kept
			var answer string
			if err := scan(&k.print, &answer); err != nil {
				return err
			}
			err := json.Unmarshal([]byte(answer), &k.answer)
			got.keys[key] = k
			return err
		}, key)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *lite) readCase(id int64, got *found) error {
	known := false
	err := s.each(liteCase, func(scan func(...any) error) error {
		var head []byte
		var at int64
		var body string
		if err := scan(&head, &at, &body); err != nil {
			return err
		}
		known = true
		return got.add(id, head, time.UnixMicro(at).UTC(), body)
	}, id)
	if err != nil || !known {
		return err
	}
	f := got.cases[id]
	return s.each(liteClocks, func(scan func(...any) error) error {
		var k workflow.Clock
		var r clockScan
		var late instant
		if err := scan(&k.No, &k.Code, &k.State, &k.Seq, &k.Rule, &k.N, &k.Unit, &k.Roll, &r.starts, &r.due, &late, &k.Calendar, &k.Provisional, &k.Notice, &k.Ended, &r.more); err != nil {
			return err
		}
		r.late = &late.Time
		c, err := r.clock(k)
		f.was.Clocks = append(f.was.Clocks, c)
		f.now.Clocks = f.was.Clocks
		return err
	}, id)
}

// writer puts rows in one by one and stops at the first error.
type writer struct {
	s    *lite
	conn driver.ConnPrepareContext
	err  error
}

// stmt is the statement of a text on the driver, parsed once.
func (w *writer) stmt(text string) (liteStmt, error) {
	if st := w.s.direct[text]; st != nil {
		return st, nil
	}
	st, err := w.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	kept := st.(liteStmt)
	w.s.direct[text] = kept
	return kept, nil
}

// put runs a statement for each row; exactly is whether it must touch one row.
func (w *writer) put(n int, text string, exactly bool, row func(i int)) {
	if n == 0 || w.err != nil {
		return
	}
	var st liteStmt
	if st, w.err = w.stmt(text); w.err != nil {
		return
	}
	for i := 0; i < n && w.err == nil; i++ {
		w.s.args = w.s.args[:0]
		row(i)
		done, err := st.ExecContext(context.Background(), w.s.args)
		if err != nil {
			w.err = w.s.failed(err)
			return
		}
		if touched, err := done.RowsAffected(); exactly && touched != 1 {
			w.err = errors.Join(errMismatch, err)
		}
	}
}

func (s *lite) int(n int64) *lite   { return s.arg(n) }
func (s *lite) text(v string) *lite { return s.arg(v) }
func (s *lite) blob(v []byte) *lite { return s.arg(v) }

func (s *lite) texts(list ...string) *lite {
	for _, v := range list {
		s.arg(v)
	}
	return s
}

func (s *lite) arg(v driver.Value) *lite {
	s.args = append(s.args, driver.NamedValue{Ordinal: len(s.args) + 1, Value: v})
	return s
}

func (s *lite) time(t *time.Time) *lite {
	if t == nil {
		return s.arg(nil)
	}
	return s.arg(t.UnixMicro())
}

func (s *lite) write(ctx context.Context, r *rows) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	err := s.conn.Raw(func(c any) error {
		w := &writer{s: s, conn: c.(driver.ConnPrepareContext)}
		s.log(w, r)
		s.beside(w, r)
		return w.err
	})
	if err == nil {
		if _, err = s.run("commit"); err == nil {
			s.ended()
		}
	}
	return err
}

// log writes the log and what is derived from it.
func (s *lite) log(w *writer, r *rows) {
	c, m, e, o, n := &r.cases, &r.moved, &r.events, &r.owed, &r.counts
	w.put(len(r.blocks), liteBlock, true, func(i int) { s.int(r.blocks[i]) })
	w.put(len(c.id), liteCases, true, func(i int) {
		s.int(c.id[i]).texts(c.number[i], c.kind[i]).int(c.version[i]).blob(c.head[i]).texts(c.state[i], c.outcome[i], c.unit[i], c.town[i]).int(c.domain[i]).time(&c.filed[i]).text(c.body[i])
	})
	w.put(len(m.id), liteMoved, true, func(i int) {
		s.int(m.version[i]).int(m.domain[i]).texts(m.state[i], m.outcome[i], m.unit[i], m.town[i], m.body[i]).blob(m.head[i]).int(m.id[i]).int(m.was[i])
	})
	w.put(len(e.seq), liteEvents, true, func(i int) {
		s.int(e.caseID[i]).int(e.seq[i]).blob(e.prev[i]).blob(e.hash[i]).text(e.payload[i])
	})
	w.put(len(r.changed.no), liteChanged, true, func(i int) { r.changed.lite(s, i) })
	w.put(len(r.clocks.no), liteClocksIn, true, func(i int) { r.clocks.lite(s, i) })
	w.put(len(o.seq), liteOwed, true, func(i int) {
		s.int(o.caseID[i]).int(o.no[i]).int(o.seq[i]).texts(o.topic[i], o.recipient[i], o.template[i], o.queue[i]).time(&o.at[i])
	})
	w.put(len(r.noticed.no), liteNoticed, false, func(i int) { s.text(r.noticed.state[i]).int(r.noticed.caseID[i]).int(r.noticed.no[i]) })
	w.put(len(n.seq), liteCounts, true, func(i int) {
		s.int(n.caseID[i]).int(n.seq[i]).int(n.value[i]).int(n.domain[i]).int(n.measure[i]).texts(n.indicator[i], n.day[i], n.town[i], n.unit[i], n.category[i], n.channel[i], n.mediator[i])
	})
	w.put(len(r.heads.seq), liteHeads, true, func(i int) { s.int(r.heads.caseID[i]).int(r.heads.seq[i]).blob(r.heads.hash[i]) })
}

// beside writes what lies beside the log: people, links, answers.
func (s *lite) beside(w *writer, r *rows) {
	w.put(len(r.sealed.seq), liteSealed, true, func(i int) { s.int(r.sealed.caseID[i]).int(r.sealed.seq[i]).blob(r.sealed.box[i]) })
	w.put(len(r.keys.kek), liteKeysIn, true, func(i int) { s.int(r.keys.caseID[i]).text(r.keys.kek[i]).blob(r.keys.wrapped[i]) })
	w.put(len(r.blind.kind), liteBlind, true, func(i int) { s.int(r.blind.caseID[i]).text(r.blind.kind[i]).blob(r.blind.mac[i]) })
	l := &r.links
	w.put(len(l.hash), liteLinks, true, func(i int) {
		s.blob(l.hash[i]).int(l.caseID[i]).texts(l.role[i], l.actor[i]).time(&l.expires[i]).time(&l.since[i])
	})
	x := &r.files
	w.put(len(x.id), liteFiles, true, func(i int) {
		s.int(x.caseID[i]).int(x.seq[i]).texts(x.actor[i], x.side[i]).blob(x.wrapped[i]).int(x.respondent[i]).text(x.id[i])
	})
	w.put(len(x.id), liteFileKeys, true, func(i int) { s.text(x.id[i]) })
	if len(r.erased) > 0 {
		for _, text := range eraseBeside("sqlite", "= ?") {
			w.put(len(r.erased), text, false, func(i int) { s.int(r.erased[i]) })
		}
		w.put(len(r.erased), liteErased, false, func(i int) { s.time(&r.erasedAt).int(r.erased[i]) })
	}
	k := &r.answers
	w.put(len(k.key), liteAnswers, true, func(i int) { s.text(k.key[i]).text(k.answer[i]).blob(k.print[i]).time(&k.at[i]) })
}

func (x *clockRows) lite(s *lite, i int) {
	s.int(x.seq[i]).int(x.n[i]).int(x.notice[i]).int(x.ended[i]).texts(x.state[i], x.rule[i], x.unit[i], x.roll[i], x.starts[i], x.due[i], x.calendar[i], x.more[i]).
		time(x.late[i]).time(x.remind[i]).arg(x.provisional[i]).text(x.code[i]).int(x.caseID[i]).int(x.no[i])
}

func (s *lite) reserve(ctx context.Context, prefix string, year int, node string, now time.Time, spent []int64) (b numberBlock, err error) {
	for _, id := range spent {
		if _, err := s.pool.ExecContext(ctx, "update number_blocks set closed_at = $1 where id = $2", now.UnixMicro(), id); err != nil {
			return b, liteError(err)
		}
	}
	err = s.pool.QueryRowContext(ctx, `insert into number_blocks (prefix, year, first, last, node, reserved_at)
		select $1, $2, coalesce(max(last), 0) + 1, coalesce(max(last), 0) + $3, $4, $5 from number_blocks where prefix = $1 and year = $2 returning id, first, last`,
		prefix, year, blockSize, node, now.UnixMicro()).Scan(&b.id, &b.first, &b.last)
	return b, liteError(err)
}

func (s *lite) rollback(context.Context) {
	if s.open && s.conn != nil {
		if _, err := s.run("rollback"); err == nil || strings.Contains(err.Error(), "no transaction") {
			s.ended()
		}
	}
	if s.hurt {
		s.close()
		s.conn, s.hurt = nil, false
		s.kept, s.direct = map[string]*sql.Stmt{}, map[string]liteStmt{}
	}
}

func (s *lite) close() {
	for _, st := range s.kept {
		_ = st.Close()
	}
	for _, st := range s.direct {
		_ = st.Close()
	}
	if s.conn != nil {
		discard(s.conn)
	}
	s.ended()
}
