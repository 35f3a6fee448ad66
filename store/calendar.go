package store

import (
	"context"
	"errors"
	"fmt"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// KeepNotice stores an imported arrangement of holidays, known from a day on.
func (s *Store) KeepNotice(ctx context.Context, file []byte, published calendar.Date) (calendar.Notice, error) {
	n, err := calendar.ParseNotice(file, published)
	if err != nil {
		return n, err
	}
	_, err = s.exec(ctx, "insert into calendar_notices (year, published, file, imported_at) values ($1, $2, $3, $4)",
		n.Year, published.String(), string(file), s.stamp(s.cfg.Now()))
	return n, err
}

// Calendar is the embedded calendar with everything imported.
func (s *Store) Calendar(ctx context.Context) (*calendar.Calendar, error) {
	rows, err := s.pool.QueryContext(ctx, "select published, file from calendar_notices order by id")
	if err != nil {
		return nil, err
	}
	var more []calendar.Notice
	err = scan(rows, func() error {
		var published, file string
		if err := rows.Scan(&published, &file); err != nil {
			return err
		}
		day, err := calendar.ParseDate(published)
		if err != nil {
			return err
		}
		n, err := calendar.ParseNotice([]byte(file), day)
		if err != nil {
			return fmt.Errorf("imported notice: %w", err)
		}
		more = append(more, n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return calendar.Embedded().With(more...)
}

// Reproject counts the running clocks that were counted with other knowledge
// than today's again, and says in how many cases one moved.
func (s *Store) Reproject(ctx context.Context) (int, error) {
	today := calendar.On(s.cfg.Now())
	rows, err := s.pool.QueryContext(ctx, "select distinct c.number from clocks k join cases c on c.id = k.case_id where k.state = 'running' and k.calendar <> $1", s.cfg.Rules().Calendar().KnownAt(today).Version())
	if err != nil {
		return 0, err
	}
	var numbers []string
	err = scan(rows, func() error {
		var number string
		if err := rows.Scan(&number); err != nil {
			return err
		}
		numbers = append(numbers, number)
		return nil
	})
	if err != nil {
		return 0, err
	}
	moved := 0
	for _, number := range numbers {
		_, err := s.Execute(ctx, Request{Case: number, Command: workflow.Command{Event: workflow.CalendarChanged, Actor: workflow.Actor{Role: "job", ID: "calendar"}}})
		var nothing *workflow.Refusal
		switch {
		case err == nil:
			moved++
		case errors.As(err, &nothing) && nothing.Code == "nothing_to_do":
		default:
			return moved, err
		}
	}
	return moved, nil
}
