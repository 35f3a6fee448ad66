package audit

import "fmt"

// rollups adds the counts of all sealed events up again, slice by slice, and holds
// the sums against the rollups, each slice in one statement and so in one snapshot.
// That the counts themselves are those of the log was checked case by case.
func (a *auditor) rollups() error {
	if !a.on("statistics") {
		return nil
	}
	for _, x := range [][2]string{{"", "''"}, {"domain", "cast(c.domain as text)"}, {"category", "c.category"}, {"town", "c.town"}, {"unit", "c.unit"}, {"channel", "c.channel"}, {"mediator", "c.mediator"}} {
		err := each(a.ctx, a.db, `select indicator, day, key, measure, cast(sum(value) as bigint) from (
				select indicator, day, key, measure, value from rollups where slice = $1
				union all select c.indicator, c.day, `+x[1]+`, c.measure, -c.value from contributions c join sealed_heads h on h.case_id = c.case_id and c.seq <= h.seq) x
			group by 1, 2, 3, 4 having sum(value) <> 0 order by 1, 2, 3, 4 limit 100`, func(scan func(...any) error) error {
			var indicator, day, key string
			var measure, off int64
			if err := scan(&indicator, &day, &key, &measure, &off); err != nil {
				return err
			}
			a.find("statistics", fmt.Sprintf("rollup %s %s", indicator, day)+within(x[0], key)+fmt.Sprintf(" measure %d", measure), 0, "is %+d off the counts of its events", off)
			return nil
		}, x[0])
		if err != nil {
			return err
		}
	}
	return each(a.ctx, a.db, "select distinct slice from rollups where slice not in ('', 'domain', 'category', 'town', 'unit', 'channel', 'mediator')", func(scan func(...any) error) error {
		var slice string
		err := scan(&slice)
		a.find("statistics", "rollup", 0, "there is no slice %q", slice)
		return err
	})
}

func within(slice, key string) string {
	if slice == "" {
		return ""
	}
	return fmt.Sprintf(" %s %q", slice, key)
}
