package store

import (
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
// reads a number, and counting a million takes longer than the rest of a page.
func (s *Store) Tally(ctx context.Context, u *User, f Filter, most int) (Tally, error) {
	out := Tally{Stages: map[string]int64{}}
	q, err := s.selectFor(ctx, u, &f, false)
	if err != nil {
		return out, err
	}
	var arms []string
	count := func(name, more string) {
		some := func(from string) string {
			return fmt.Sprintf("select * from (select 1 as one from %s and %s%s", from, q.where(), more)
		}
		end := fmt.Sprintf(" limit %d)", most+1)
		arms = append(arms, "select '"+name+"' as name, count(*) as n from ("+some("board b where 1 = 1")+caughtUp+end+" x union all "+
			some("live_board b where case_id in "+tail)+end+" y) z")
	}
	count("all", "")
	count("overdue", " and due <= "+q.add(s.cfg.Now().UnixMicro()))
	for _, stage := range stages() {
		count(stage, " and state in ("+statesOf(stage)+")")
	}
	rows, err := s.pool.QueryContext(ctx, strings.Join(arms, " union all "), q.values...)
	if err != nil {
		return out, err
	}
	return out, scan(rows, func() error {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		n = min(n, int64(most)+1)
		switch name {
		case "all":
			out.All = n
		case "overdue":
			out.Overdue = n
		default:
			out.Stages[name] = n
		}
		return nil
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
