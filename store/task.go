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

// taskColumns are those of a clock.
const taskColumns = "k.no, k.code, k.state, k.seq, k.rule, k.n, k.unit, k.roll, k.starts, k.due, k.late_from, k.calendar, k.provisional, k.notice, k.ended, k.more"

// lateWhere are the open clocks under a condition, as a table: those of board_late, and
// live ones of cases that it has not caught up with. A page of them ends both parts.
func lateWhere(columns, where, page string) string {
	part := func(from string) string {
		return "select * from (select " + columns + " from " + from + " and " + where + page + ") "
	}
	return "(" + part("board_late b where 1 = 1"+caughtUp) + "x union all " + part("live_late b where case_id in "+tail) + "y)"
}

// ofAuthority asks for the authority's clocks. Nearly all are: SQLite is kept from looking
// each of them up, where walking the order of the list ends after a page.
func (s *Store) ofAuthority() string {
	if s.dialect == "sqlite" {
		return "+code in (" + authorityClocks + ")"
	}
	return "code in (" + authorityClocks + ")"
}

// tasksFor puts scope and filter into one condition over open clocks.
func (s *Store) tasksFor(u *User, f *TaskFilter) *selection {
	q := &selection{}
	q.scope = u.Scope().rule.where(&q.binds)
	q.and(s.ofAuthority())
	if len(f.Clocks) > 0 {
		var codes []string
		for _, code := range f.Clocks {
			codes = append(codes, q.add(code))
		}
		q.and("code in (" + strings.Join(codes, ", ") + ")")
	}
	if !f.From.IsZero() {
		q.and("late >= " + q.add(f.From.UnixMicro()))
	}
	if !f.Until.IsZero() {
		q.and("late < " + q.add(f.Until.UnixMicro()))
	}
	for _, x := range [...][2]string{{"unit", f.Unit}, {"town", f.Town}} {
		if x[1] != "" {
			q.and(is(x[0], x[1]).where(&q.binds))
		}
	}
	q.ofOfficers(f.Officers)
	return q
}

// Tasks reads a page of the open duties in the cases that the user may see, the
// earliest day first, and the cursor of the next page, empty at the end.
func (s *Store) Tasks(ctx context.Context, u *User, f TaskFilter, after string, limit int) (list []Task, next string, err error) {
	q := s.tasksFor(u, &f)
	mark := s.markOf(u.Name, "tasks", f.Clocks, f.Unit, f.Town, f.Officers) // not its times: they go on while somebody reads
	if !s.behind(q, mark, after) {
		return nil, "", ErrCursor
	}
	page := fmt.Sprintf(" order by late, no, case_id limit %d", limit+1)
	rows, err := s.pool.QueryContext(ctx, "select t.case_id, c.number, c.kind, c.state, t.unit, t.town, t.officer, "+taskColumns+
		" from (select * from "+lateWhere("case_id, no, late, unit, town, officer", q.where(), page)+" z"+page+") t join cases c on c.id = t.case_id join clocks k on k.case_id = t.case_id and k.no = t.no"+
		" order by t.late, t.no, t.case_id", q.values...)
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
var TaskKeys = map[string]string{"clock": "code", "unit": "unit", "town": "town", "officer": "officer"}

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
	q, sums := s.tasksFor(u, &f), ""
	for _, t := range at {
		sums += ", sum(case when late <= " + q.add(t.UnixMicro()) + " then 1 else 0 end)"
	}
	rows, err := s.pool.QueryContext(ctx, "select k"+sums+" from "+lateWhere(TaskKeys[key]+" as k, late", q.where(), "")+" z group by k order by k", q.values...)
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
