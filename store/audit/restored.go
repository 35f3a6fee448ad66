package audit

import (
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// restored says what restores took away, as far as can be known: whoever reads
// that all is good must know that it is good from there on.
func (a *auditor) restored() error {
	some := false
	err := each(a.ctx, a.db, "select at, taken_at, height, lost_height from restores order by at", func(scan func(...any) error) error {
		var at, taken instant
		var height int64
		var lost sql.NullInt64
		if err := scan(&at, &taken, &height, &lost); err != nil {
			return err
		}
		some = true
		what := fmt.Sprintf("restored on %s from a backup of %s, which ended at block %d: what was recorded between is missing", at.Format(time.RFC3339), taken.Format(time.RFC3339), height)
		if lost.Valid {
			what += fmt.Sprintf("; blocks %d to %d at least, by the checkpoint that lay beside the data", height+1, lost.Int64)
		}
		a.report.Notes = append(a.report.Notes, what)
		return nil
	})
	if err != nil || !some {
		return err
	}
	var ranges []string
	err = each(a.ctx, a.db, "select prefix, year, first, last from number_gaps where reason like 'restored%' order by prefix, year, first", func(scan func(...any) error) error {
		var prefix string
		var year, first, last int64
		err := scan(&prefix, &year, &first, &last)
		ranges = append(ranges, fmt.Sprintf("%s-%d-%06d to %06d", prefix, year, first, last))
		return err
	})
	if err != nil {
		return err
	}
	if len(ranges) > 0 {
		a.report.Notes = append(a.report.Notes, "numbers that may have been given out after the backup, and are lost cases then: "+strings.Join(ranges, ", "))
	}
	var missing int64
	err = a.db.QueryRowContext(a.ctx, `select count(*) from cases c where not exists (select 1 from case_keys k where k.case_id = c.id)
		and not exists (select 1 from erasures e where e.case_id = c.id)`).Scan(&missing)
	if err == nil && missing > 0 {
		a.report.Notes = append(a.report.Notes, fmt.Sprintf("the keys of %d cases are missing, though nobody erased them: what was sealed in them cannot be read or checked", missing))
	}
	return err
}
