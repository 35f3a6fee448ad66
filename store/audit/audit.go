// Package audit proves the log and everything that was derived from it.
//
// It shares no code with what it checks: its own SQL, its own fold of the
// events, its own count of the statistics. Only the form of the log
// (workflow/ledger) and the working days (workflow/calendar) are common. It
// reads some hundred cases at a time, each lot in one snapshot, so that it may
// run beside a living server and its memory does not grow with the log.
package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// Options say what to check.
type Options struct {
	Parts      []string // log, clocks, statistics, publication, files, papers; none: all
	Checkpoint *ledger.Checkpoint
	Now        time.Time
	// Unseal opens what was sealed with an event; ok is false when the person
	// was erased. Without it commitments are not checked.
	Unseal func(ctx context.Context, caseID, seq int64) (salt, text []byte, ok bool, err error)
	// Paper opens the bytes of a paper of a case; ok is false when the person was
	// erased. Without it rows of papers are checked, and bytes are not.
	Paper func(ctx context.Context, caseID, no int64) (salt, pdf []byte, ok bool, err error)
	// Keys are the site's public keys; without them the signatures under snapshots are
	// not checked.
	Keys *ledger.KeyList
	// Progress is told how many cases are done.
	Progress func(cases int64)
}

// Finding is one thing that is not as it must be: the first of a case.
type Finding struct {
	Part string `json:"part"`
	Case string `json:"case"`
	Seq  int64  `json:"seq,omitempty"`
	What string `json:"what"`
}

func (f Finding) String() string {
	if f.Seq > 0 {
		return fmt.Sprintf("%s: %s event %d: %s", f.Part, f.Case, f.Seq, f.What)
	}
	return fmt.Sprintf("%s: %s: %s", f.Part, f.Case, f.What)
}

// Report is what was read and what was found.
type Report struct {
	Cases       int64     `json:"cases"`
	Events      int64     `json:"events"`
	Clocks      int64     `json:"clocks"`
	Expiries    int64     `json:"expiries"`
	Blocks      int64     `json:"blocks"`
	Commitments int64     `json:"commitments"`
	Files       int64     `json:"files"`
	Papers      int64     `json:"papers"`
	Findings    []Finding `json:"findings"`
	Notes       []string  `json:"notes"`
}

// mostFindings ends a check that finds the same fault everywhere.
const mostFindings = 100

// lot is how many cases are read at a time.
const lot = 400

type auditor struct {
	ctx      context.Context
	db       *sql.DB
	tx       *sql.Tx
	opt      Options
	editions []edition
	report   *Report
	overdue  int64

	snapshots []*published
	releases  []*release
	views     []*view // of all that was published, by height
	positions positions
	wanted    []ledger.Hash // stored hashes that are to be looked up
	unsure    bool          // a case of the log does not read, so that totals are not known
}

// Verify checks a database. An error means that it could not be read; what is
// wrong in it is in the report.
func Verify(ctx context.Context, db *sql.DB, dialect string, opt Options) (Report, error) {
	var report Report
	a := &auditor{ctx: ctx, db: db, opt: opt, report: &report}
	for _, step := range []func() error{a.loadCalendar, a.loadSnapshots, a.blocks, a.numbers, a.restored, func() error { return a.cases(dialect) }, a.strays, a.papers, a.series, a.rollups, a.totals} {
		if err := step(); err != nil {
			return report, err
		}
	}
	if a.overdue > 0 {
		report.Notes = append(report.Notes, fmt.Sprintf("%d clocks are due and not yet swept; whatever comes next to their cases settles them first", a.overdue))
	}
	if a.on("publication") && len(opt.Parts) > 0 {
		report.Notes = append(report.Notes, "nothing is published yet")
	}
	return report, nil
}

func (a *auditor) on(part string) bool {
	return len(a.opt.Parts) == 0 || slices.Contains(a.opt.Parts, part)
}

func (a *auditor) full() bool { return len(a.report.Findings) >= mostFindings }

func (a *auditor) find(part, number string, seq int64, format string, args ...any) {
	if a.on(part) && !a.full() {
		a.report.Findings = append(a.report.Findings, Finding{part, number, seq, fmt.Sprintf(format, args...)})
	}
}

// each scans every row of a query.
func each(ctx context.Context, q interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, query string, row func(scan func(...any) error) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// edition is the calendar as it was from an import on.
type edition struct {
	since time.Time
	*calendar.Calendar
}

// loadCalendar makes every edition of the calendar: an event was counted with
// one that was there when it was recorded, never with a later one.
func (a *auditor) loadCalendar() error {
	a.editions = []edition{{Calendar: calendar.Embedded()}}
	return each(a.ctx, a.db, "select published, file, imported_at from calendar_notices order by imported_at, id", func(scan func(...any) error) error {
		var published, file string
		var at instant
		if err := scan(&published, &file, &at); err != nil {
			return err
		}
		day, err := calendar.ParseDate(published)
		if err != nil {
			return err
		}
		n, err := calendar.ParseNotice([]byte(file), day)
		if err != nil {
			return err
		}
		next, err := a.editions[len(a.editions)-1].With(n)
		a.editions = append(a.editions, edition{at.Time, next})
		return err
	})
}

// cases goes through all cases, a lot at a time, each lot in one snapshot.
func (a *auditor) cases(dialect string) error {
	last := int64(-1)
	for {
		options := &sql.TxOptions{ReadOnly: true}
		if dialect == "postgres" {
			options.Isolation = sql.LevelRepeatableRead
		} else {
			options.ReadOnly = false // the driver takes a read lock with the first query
		}
		tx, err := a.begin(dialect, options)
		if err != nil {
			return err
		}
		a.tx = tx
		next, more, err := a.lot(last)
		_ = tx.Rollback()
		if err != nil {
			return err
		}
		if a.opt.Progress != nil {
			a.opt.Progress(a.report.Cases)
		}
		if !more || a.full() {
			a.unsure = a.unsure || more
			return nil
		}
		last = next
	}
}

func (a *auditor) begin(dialect string, options *sql.TxOptions) (*sql.Tx, error) {
	if dialect == "postgres" {
		return a.db.BeginTx(a.ctx, options)
	}
	return a.db.BeginTx(a.ctx, nil)
}

// lot checks the cases after an id; next is the last id it covers.
func (a *auditor) lot(after int64) (next int64, more bool, err error) {
	rows := map[int64]*row{}
	var order []int64
	err = each(a.ctx, a.tx, "select id, number, kind, version, head, state, outcome, unit, town, domain, body from cases where id > $1 order by id limit $2", func(scan func(...any) error) error {
		r := &row{}
		err := scan(&r.id, &r.number, &r.kind, &r.version, &r.head, &r.state, &r.outcome, &r.unit, &r.town, &r.domain, &r.body)
		rows[r.id], order = r, append(order, r.id)
		return err
	}, after, lot)
	if err != nil {
		return 0, false, err
	}
	next, more = int64(1)<<62, len(order) == lot
	if more {
		next = order[len(order)-1]
	}
	if err := a.readLot(rows, after, next); err != nil {
		return 0, false, err
	}
	events := eventReader{a: a, rows: rows}
	err = each(a.ctx, a.tx, "select case_id, seq, prev_hash, hash, payload from events where case_id > $1 and case_id <= $2 order by case_id, seq", events.row, after, next)
	if err != nil {
		return 0, false, err
	}
	events.end()
	for _, id := range order {
		if !rows[id].seen {
			a.find("log", rows[id].number, 1, "the case has no events")
		}
	}
	return next, more, nil
}

func (a *auditor) readLot(rows map[int64]*row, after, upto int64) error {
	stray := func(table string, id int64) *row {
		r := rows[id]
		if r == nil {
			part := "log"
			if table == "contributions" || table == "snapshot_leaves" || table == "restated" {
				part = "statistics"
			}
			a.find(part, fmt.Sprintf("case %d", id), 0, "a row in %s of a case that is not there", table)
			r = &row{id: id}
			rows[id] = r
		}
		return r
	}
	err := each(a.ctx, a.tx, `select case_id, no, code, state, seq, rule, n, unit, roll, starts, due, late_from, calendar, provisional, notice, ended, more
		from clocks where case_id > $1 and case_id <= $2 order by case_id, no`, func(scan func(...any) error) error {
		var id int64
		var k clock
		var late instant
		var provisional flag
		if err := scan(&id, &k.no, &k.code, &k.state, &k.seq, &k.rule, &k.n, &k.unit, &k.roll, &k.starts, &k.due, &late, &k.calendar, &provisional, &k.notice, &k.ended, &k.more); err != nil {
			return err
		}
		k.late, k.provisional = late.Time, bool(provisional)
		r := stray("clocks", id)
		r.clocks = append(r.clocks, k)
		return nil
	}, after, upto)
	if err != nil {
		return err
	}
	err = each(a.ctx, a.tx, "select case_id, seq, indicator, day, measure, value, domain, category, town, unit, channel, mediator from contributions where case_id > $1 and case_id <= $2 order by case_id, seq", func(scan func(...any) error) error {
		var id int64
		var c count
		if err := scan(&id, &c.seq, &c.indicator, &c.day, &c.measure, &c.value, &c.domain, &c.category, &c.town, &c.unit, &c.channel, &c.mediator); err != nil {
			return err
		}
		r := stray("contributions", id)
		r.counts = append(r.counts, c)
		return nil
	}, after, upto)
	if err != nil {
		return err
	}
	err = each(a.ctx, a.tx, `select h.case_id, h.seq, h.height, coalesce(b.height, 0) from sealed_heads h left join blocks b on b.height = h.height
		where h.case_id > $1 and h.case_id <= $2`, func(scan func(...any) error) error {
		var id, seq, height, there int64
		if err := scan(&id, &seq, &height, &there); err != nil {
			return err
		}
		r := stray("sealed_heads", id)
		r.covered, r.sealed = max(r.covered, seq), seq
		if there == 0 {
			a.find("log", r.number, seq, "was sealed in block %d, which is not there", height)
		}
		return nil
	}, after, upto)
	if err != nil {
		return err
	}
	if err := a.readPapers(stray, after, upto); err != nil {
		return err
	}
	if err := a.readFrozen(stray, after, upto); err != nil {
		return err
	}
	return each(a.ctx, a.tx, "select case_id, seq from moved where case_id > $1 and case_id <= $2", func(scan func(...any) error) error {
		var id, seq int64
		if err := scan(&id, &seq); err != nil {
			return err
		}
		r := stray("moved", id)
		r.covered = max(r.covered, seq)
		return nil
	}, after, upto)
}

// instant and flag scan what the two databases keep differently.
type instant struct{ time.Time }

// Scan reads a timestamp or microseconds.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case int64:
		i.Time = time.UnixMicro(v).UTC()
	case time.Time:
		i.Time = v.UTC()
	}
	return nil
}

type flag bool

// Scan reads a boolean or 0 and 1.
func (f *flag) Scan(v any) error {
	switch v := v.(type) {
	case int64:
		*f = v != 0
	case bool:
		*f = flag(v)
	}
	return nil
}
