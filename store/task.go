package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// Task is an open duty of the authority in a case: it runs towards its day, or is
// overdue. The clock says what the day was counted from.
type Task struct {
	Number, Unit, Town, Officer string
	Kind                        workflow.Kind
	State                       workflow.State
	Clock                       workflow.Clock
	Absent                      *Absence // of the officer, now

	id int64
}

// TaskFilter narrows a list of tasks; what is empty asks nothing.
type TaskFilter struct {
	From, Until time.Time // the first instant too late: at or after; before
	Clocks      []string  // any of them
	Unit, Town  string
	Officers    []string // any of them
}

// taskColumns are those of a clock, under names that board does not have.
const taskColumns = "k_no, k_code, k_state, k_seq, k_rule, k_n, k_unit, k_roll, k_starts, k_due, k_late, k_calendar, k_provisional, k_notice, k_ended, k_more"

// onBoard joins the board to few clocks, case by case: PostgreSQL would read a million
// cases instead.
func (s *Store) onBoard() string {
	if s.dialect == "postgres" {
		return "cross join lateral (select * from board where case_id = k_case offset 0) b where "
	}
	return "join board b on b.case_id = k_case where "
}

// tasksFor puts scope and filter into one condition, and the open duties within the
// filter's time into one table, of one state or of each: every state has an index of
// its own.
func (s *Store) tasksFor(u *User, f *TaskFilter) (q *selection, from func(states ...string) string) {
	q = &selection{}
	q.scope = u.Scope().rule.where(&q.binds)
	within := ""
	if !f.From.IsZero() {
		within += " and late_from >= " + q.add(s.stamp(f.From))
	}
	if !f.Until.IsZero() {
		within += " and late_from < " + q.add(s.stamp(f.Until))
	}
	for _, x := range [...][2]string{{"unit", f.Unit}, {"town", f.Town}} {
		if x[1] != "" {
			q.and(is(x[0], x[1]).where(&q.binds))
		}
	}
	q.ofOfficers(f.Officers)
	if len(f.Clocks) > 0 {
		var codes []string
		for _, code := range f.Clocks {
			codes = append(codes, q.add(code))
		}
		within += " and code in (" + strings.Join(codes, ", ") + ")"
	}
	as := "case_id as k_case"
	for name := range strings.SplitSeq(taskColumns, ", ") {
		column := name[2:]
		if column == "late" {
			column = "late_from"
		}
		as += ", " + column + " as " + name
	}
	return q, func(states ...string) string {
		var each []string
		for _, state := range states {
			each = append(each, "state = '"+state+"'"+within)
		}
		return "(select " + as + " from clocks where (" + strings.Join(each, " or ") + ") and late_from is not null and code in (" + authorityClocks + ")) k "
	}
}

// Tasks reads a page of the open duties in the cases that the user may see, the
// earliest day first, and the cursor of the next page, empty at the end.
func (s *Store) Tasks(ctx context.Context, u *User, f TaskFilter, after string, limit int) (list []Task, next string, err error) {
	q, from := s.tasksFor(u, &f)
	mark := s.markOf(u.Name, "tasks", f.Clocks, f.Unit, f.Town, f.Officers) // not its times: they go on while somebody reads
	if !s.behind(q, mark, after) {
		return nil, "", ErrCursor
	}
	page := fmt.Sprintf(" order by k_late, k_no, case_id limit %d", limit+1)
	const fields = "case_id, number, kind, state, unit, town, officer, " + taskColumns
	arm := func(state string) string { // in its index's order, so that the first page is read and no more
		return "select * from (select " + fields + " from " + from(state) + s.onBoard() + q.where() + caughtUp + page + ") " + state + " union all "
	}
	rows, err := s.pool.QueryContext(ctx, "select * from ("+arm("running")+arm("owed")+
		"select * from (select "+fields+" from "+from("running", "owed")+"join live_board b on b.case_id = k_case where k_case in "+tail+" and "+q.where()+page+") y) z"+page, q.values...)
	if err != nil {
		return nil, "", err
	}
	err = scan(rows, func() error {
		var t Task
		var r clockScan
		var late instant
		k := &t.Clock
		if err := rows.Scan(&t.id, &t.Number, &t.Kind, &t.State, &t.Unit, &t.Town, &t.Officer, &k.No, &k.Code, &k.State, &k.Seq, &k.Rule, &k.N, &k.Unit, &k.Roll,
			&r.starts, &r.due, &late, &k.Calendar, &k.Provisional, &k.Notice, &k.Ended, &r.more); err != nil {
			return err
		}
		r.late = &late.Time
		var err error
		t.Clock, err = r.clock(*k)
		list = append(list, t)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if len(list) > limit {
		list = list[:limit]
		last := &list[limit-1]
		next = clockCursor(mark, last.Clock.LateFrom, last.Clock.No, last.id)
	}
	absent, err := s.absentNow(ctx)
	for i := range list {
		if a, ok := absent[list[i].Officer]; ok {
			list[i].Absent = &a
		}
	}
	return list, next, err
}

// TaskKeys are what tasks may be counted by, and the column of each.
var TaskKeys = map[string]string{"clock": "k_code", "unit": "unit", "town": "town", "officer": "officer"}

// TaskCount is how many open duties fall under one key: those too late by each of
// the instants that were asked for, later ones included.
type TaskCount struct {
	Key string
	By  []int64
}

// CountTasks counts the open duties in the user's cases by one of TaskKeys: how
// many are too late at each instant. The filter's own times are not asked.
func (s *Store) CountTasks(ctx context.Context, u *User, f TaskFilter, key string, at []time.Time) ([]TaskCount, error) {
	f.From, f.Until = time.Time{}, at[len(at)-1].Add(time.Microsecond)
	q, from := s.tasksFor(u, &f)
	column, sums := TaskKeys[key], ""
	for _, t := range at {
		sums += ", sum(case when k_late <= " + q.add(s.stamp(t)) + " then 1 else 0 end)"
	}
	rows, err := s.pool.QueryContext(ctx, "select k_key"+sums+" from (select "+column+" as k_key, k_late from "+from("running", "owed")+s.onBoard()+q.where()+caughtUp+
		" union all select "+column+" as k_key, k_late from "+from("running", "owed")+"join live_board b on b.case_id = k_case where k_case in "+tail+" and "+q.where()+") x group by k_key order by k_key", q.values...)
	if err != nil {
		return nil, err
	}
	var out []TaskCount
	err = scan(rows, func() error {
		c := TaskCount{By: make([]int64, len(at))}
		into := []any{&c.Key}
		for i := range c.By {
			into = append(into, &c.By[i])
		}
		err := rows.Scan(into...)
		out = append(out, c)
		return err
	})
	return out, err
}

// ClosedByUnit counts the cases that were closed within days, both included, by the
// unit that was in charge: the user's own, or every one where he has none. A
// correction of a closing takes one away again.
func (s *Store) ClosedByUnit(ctx context.Context, u *User, from, to calendar.Date) (map[string]int64, error) {
	rows, err := s.pool.QueryContext(ctx, `select unit, cast(sum(value) as bigint) from (
		select key as unit, value from rollups where slice = 'unit' and indicator like 'closed.%' and day >= $1 and day <= $2
		union all select c.unit, c.value from `+unsealed+` and c.indicator like 'closed.%' and c.day >= $1 and c.day <= $2) t
		where $3 = '' or unit = $3 group by unit`, from.String(), to.String(), u.Unit)
	if err != nil {
		return nil, err
	}
	return tally(rows)
}
