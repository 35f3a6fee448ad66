package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"fangxin/workflow/indicator"
)

// ErrNoTarget says that what is reported is no target of the plan, or one that the
// engine measures itself.
type ErrNoTarget struct{ Code string }

func (e *ErrNoTarget) Error() string {
	return fmt.Sprintf("%q is no target of the plan that is reported", e.Code)
}

// Assess freezes the assessment of a year (年度考核), or gives the one that was frozen
// already, which nothing changes: made says which. The year's own snapshot must be
// there.
func (s *Store) Assess(ctx context.Context, year string, reported []indicator.Reported) (a indicator.Assessment, digest string, made bool, err error) {
	if a, digest, err = s.Assessment(ctx, year); err == nil || !errors.Is(err, sql.ErrNoRows) {
		return a, digest, false, err
	}
	frozen, err := s.Frozen(ctx, year)
	if errors.Is(err, sql.ErrNoRows) || len(year) != 4 {
		return a, "", false, &ErrPeriod{fmt.Sprintf("%q is not frozen: a year that has ended, after fangxin statistics freeze", year)}
	}
	if err != nil {
		return a, "", false, err
	}
	goals := s.goals()
	for _, r := range reported {
		if !slices.ContainsFunc(goals, func(g indicator.Goal) bool { return g.Code == r.Code && !g.Measured }) {
			return a, "", false, &ErrNoTarget{r.Code}
		}
	}
	members, err := s.programme(ctx, indicator.Span{From: frozen.From, To: frozen.To})
	if err != nil {
		return a, "", false, err
	}
	a = indicator.Assessment{Year: year, Taken: s.cfg.Now().UTC(), Log: frozen.Log, Definitions: frozen.Definitions, Plan: s.cfg.Rules().County().Version, V: 1,
		Lines: indicator.Assess(goals, frozen.Groups, members, reported)}
	if a.Snapshot, err = frozen.Digest(); err != nil {
		return a, "", false, err
	}
	text, digest, err := a.Text()
	if err != nil {
		return a, "", false, err
	}
	done, err := s.exec(ctx, "insert into assessments (year, taken_at, body, digest) values ($1, $2, $3, $4) on conflict (year) do nothing", year, a.Taken.UnixMicro(), string(text), digest)
	if err != nil {
		return a, "", false, err
	}
	n, _ := done.RowsAffected()
	a, digest, err = s.Assessment(ctx, year)
	return a, digest, n == 1, err
}

func (s *Store) goals() (out []indicator.Goal) {
	for _, t := range s.cfg.Rules().County().Targets {
		out = append(out, indicator.Goal{Code: t.Code, Domain: t.Domain, Percent: t.Percent, Count: t.Count, Measured: t.Measured})
	}
	return out
}

// programme are the counts of those that the programme speaks of, by the register as
// it stands.
func (s *Store) programme(ctx context.Context, x indicator.Span) (indicator.Counts, error) {
	yes := "yes"
	groups, _, err := s.Statistics(ctx, indicator.Query{From: x.From, To: x.To, By: "programme", Of: &yes}, 0)
	if err != nil || len(groups) == 0 {
		return indicator.Counts{}, err
	}
	return groups[0].Counts, nil
}

// Assessment reads the assessment of a year; sql.ErrNoRows where there is none, an
// error when its text has another digest than was kept with it.
func (s *Store) Assessment(ctx context.Context, year string) (a indicator.Assessment, digest string, err error) {
	var text string
	if err := s.pool.QueryRowContext(ctx, "select body, digest from assessments where year = $1", year).Scan(&text, &digest); err != nil {
		return a, "", err
	}
	a, err = indicator.ParseAssessment(text, digest)
	return a, digest, err
}

// Assessments lists the years that were assessed, the last first.
func (s *Store) Assessments(ctx context.Context) ([]string, error) {
	return column[string](s.pool.QueryContext(ctx, "select year from assessments order by year desc"))
}

// Reassessed is what the lines of an assessment that are measured read now, after
// what came since: the assessment stays as it is.
func (s *Store) Reassessed(ctx context.Context, a *indicator.Assessment) ([]indicator.Assessed, error) {
	span, _ := indicator.SpanOf(a.Year)
	by := map[string][]indicator.Group{}
	for _, slice := range []string{"", "domain", "unit"} {
		r, err := s.Restated(ctx, a.Year, slice)
		if err != nil {
			return nil, err
		}
		by[slice] = r.Now
	}
	members, err := s.programme(ctx, span)
	if err != nil {
		return nil, err
	}
	var measured []indicator.Goal
	for _, g := range s.goals() {
		if g.Measured {
			measured = append(measured, g)
		}
	}
	return indicator.Assess(measured, func(slice string) []indicator.Group { return by[slice] }, members, nil), nil
}
