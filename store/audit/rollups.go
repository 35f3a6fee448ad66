package audit

import "fmt"

// rollups adds the counts of all sealed events up again and holds the sums
// against the rollups, in one statement and so in one snapshot. That the counts
// themselves are those of the log was checked case by case.
func (a *auditor) rollups() error {
	if !a.on("statistics") {
		return nil
	}
	return each(a.ctx, a.db, `select indicator, day, domain, town, unit, cast(sum(value) as bigint) from (
			select indicator, day, domain, town, unit, value from rollups
			union all select c.indicator, c.day, c.domain, c.town, c.unit, -c.value from contributions c join sealed_heads h on h.case_id = c.case_id and c.seq <= h.seq) x
		group by 1, 2, 3, 4, 5 having sum(value) <> 0 order by 1, 2, 3, 4, 5 limit 100`, func(scan func(...any) error) error {
		var indicator, day, town, unit string
		var domain, off int64
		if err := scan(&indicator, &day, &domain, &town, &unit, &off); err != nil {
			return err
		}
		a.find("statistics", fmt.Sprintf("rollup %s %s domain %d town %s unit %s", indicator, day, domain, town, unit), 0, "is %+d off the counts of its events", off)
		return nil
	})
}
