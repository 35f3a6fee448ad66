package store

import (
	"context"
	"errors"
	"fmt"

	"fangxin/workflow/calendar"
)

// KeepNotice stores an imported arrangement of holidays, known from a day on.
func (s *Store) KeepNotice(ctx context.Context, file []byte, published calendar.Date) (calendar.Notice, error) {
	n, err := calendar.ParseNotice(file, published)
	if err != nil {
		return n, err
	}
	_, err = s.pool.ExecContext(ctx, "insert into calendar_notices (year, published, file, imported_at) values ($1, $2, $3, $4)",
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
	for rows.Next() {
		var published, file string
		if err := rows.Scan(&published, &file); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		day, err := calendar.ParseDate(published)
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		n, err := calendar.ParseNotice([]byte(file), day)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("imported notice: %w", err), rows.Close())
		}
		more = append(more, n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	return calendar.Embedded().With(more...)
}
