package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"fangxin/workflow"
)

// Tally is how many cases a list has: in all, overdue, and in each stage, by its
// code. What is more than was asked for at most is told as one more than that.
type Tally struct {
	All, Overdue int64
	Stages       map[string]int64
}

// Tally counts what List would list, each number up to a most: beyond it nobody
// reads a number, and counting a million takes longer than the rest of a page. Few
// cases are read once and sorted by hand; only of more is each stage asked for.
func (s *Store) Tally(ctx context.Context, u *User, f Filter, most int) (Tally, error) {
	q, err := s.selectFor(ctx, u, &f, false)
	if err != nil {
		return Tally{}, err
	}
	late := "due <= " + q.add(s.cfg.Now().UnixMicro())
	live := "with live as (select state, due from live_board b where case_id in " + tail + " and " + q.where() + ") "
	some := func(more string) string {
		return fmt.Sprintf("(select state, due from board b where 1 = 1%s and %s%s limit %d)", caughtUp, q.where(), more, most+1)
	}
	few, err := s.tallied(ctx, live+"select state, count(*), sum(case when "+late+" then 1 else 0 end) from (select * from "+some("")+" x union all select state, due from live) y group by state", q.values)
	if err != nil || few.All <= int64(most) {
		return few, err
	}
	count := func(more string) string {
		return "(select count(*) from " + some(" and "+more) + " x) + (select count(*) from live where " + more + ")"
	}
	arms := []string{"select '', 0, " + count(late)}
	for _, stage := range stages() {
		if asked := cmp.Or(f.Stage, workflow.State(f.State).Stage()); asked != "" && asked != stage {
			continue
		}
		arms = append(arms, "select '"+stage+".', "+count("state in ("+statesOf(stage)+")")+", 0")
	}
	many, err := s.tallied(ctx, live+strings.Join(arms, " union all "), q.values)
	delete(many.Stages, "")
	for stage, n := range many.Stages {
		many.Stages[stage] = min(n, int64(most)+1)
	}
	many.All, many.Overdue = int64(most)+1, min(many.Overdue, int64(most)+1)
	return many, err
}

// tallied reads how many cases of each state there are, and how many of them are
// overdue, by stage.
func (s *Store) tallied(ctx context.Context, text string, values []any) (Tally, error) {
	out := Tally{Stages: map[string]int64{}}
	rows, err := s.pool.QueryContext(ctx, text, values...)
	if err != nil {
		return out, err
	}
	return out, scan(rows, func() error {
		var state workflow.State
		var n, late int64
		err := rows.Scan(&state, &n, &late)
		out.Stages[state.Stage()] += n
		out.All, out.Overdue = out.All+n, out.Overdue+late
		return err
	})
}

func stages() (out []string) {
	for _, d := range workflow.States {
		if stage := d.State.Stage(); !slices.Contains(out, stage) {
			out = append(out, stage)
		}
	}
	return out
}

// statesOf are a stage's states as a list in SQL: the index of counts begins with
// the state.
func statesOf(stage string) string {
	var out []string
	for _, d := range workflow.States {
		if d.State.Stage() == stage {
			out = append(out, "'"+string(d.State)+"'")
		}
	}
	return strings.Join(out, ", ")
}
