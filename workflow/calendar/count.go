package calendar

import "time"

// Unit is what a period is counted in.
type Unit string

// Units of periods. Months and years run to the same number (Civil Code 202).
const (
	WorkingDay Unit = "working_day"
	Day        Unit = "day"
	Month      Unit = "month"
	Year       Unit = "year"
)

// Roll says what moves the last day of a period on.
type Roll string

const (
	// RestDay rolls from Saturdays, Sundays and days off; a worked weekend does
	// not roll (Civil Code Art. 203, Civil Procedure Law Art. 85).
	RestDay Roll = "rest_day"
	// HolidayOnly rolls from holidays only: the letter of Order 121 Art. 45.
	HolidayOnly Roll = "holiday_only"
)

// Due is the answer to "when does this period end", with what it rests on.
type Due struct {
	From        Date
	N           int
	Unit        Unit
	Roll        Roll
	Raw         Date      // before rolling
	Due         Date      // the last day in time
	LateFrom    time.Time // the first instant too late: the day after, 00:00 in China
	Alarm       Date      // the last working day on or before Raw
	Provisional bool      // a day between has no notice yet
	Version     string    // of the calendar
}

// Count ends a period of n units that starts on day 0 (never counted itself).
func (v *View) Count(from Date, n int, unit Unit, roll Roll) Due {
	d := Due{From: from, N: n, Unit: unit, Roll: roll, Version: v.version}
	switch unit {
	case WorkingDay:
		d.Raw = from
		for left := n; left > 0; left-- {
			d.Raw = v.NextWorking(d.Raw)
		}
	case Month:
		d.Raw = from.AddMonths(n)
	case Year:
		d.Raw = from.AddYears(n)
	default:
		d.Raw = from.AddDays(n)
	}
	d.Due = v.rolled(d.Raw, roll)
	d.finish(v)
	return d
}

// Until is a period that ends on an agreed day, rolled like any other.
func (v *View) Until(from, day Date, roll Roll) Due {
	d := Due{From: from, Unit: Day, Roll: roll, Raw: day, Due: v.rolled(day, roll), Version: v.version}
	d.finish(v)
	return d
}

func (d *Due) finish(v *View) {
	d.LateFrom = (d.Due + 1).Start()
	d.Alarm = d.Raw
	for !v.Working(d.Alarm) {
		d.Alarm--
	}
	d.Provisional = v.provisionalBetween(d.From, d.Due)
}

func (v *View) rolled(d Date, roll Roll) Date {
	for {
		k := v.of(d)
		if roll == HolidayOnly && k&holiday == 0 || roll != HolidayOnly && k&rest == 0 {
			return d
		}
		d++
	}
}

// provisionalBetween reports whether a day after from, up to and including to,
// has no notice. Knowledge rarely has holes, so the ends mostly answer.
func (v *View) provisionalBetween(from, to Date) bool {
	if v.Provisional(to) {
		return true
	}
	for d := from + 1; d < v.solid && d < to; d++ {
		if v.Provisional(d) {
			return true
		}
	}
	return false
}

// Explain lists the days that were counted and those that were not, and why:
// for working days all after the first up to the end; for days every day up to
// the end; for any unit the days that the end rolled over, which are skipped.
func (v *View) Explain(d Due) (counted []Date, skipped []Skip) {
	for day := d.From + 1; day <= d.Raw; day++ {
		why, off := v.Why(day)
		switch {
		case d.Unit == WorkingDay && off:
			skipped = append(skipped, why)
		case d.Unit == WorkingDay || d.Unit == Day:
			counted = append(counted, day)
		}
	}
	for day := d.Raw; day < d.Due; day++ {
		if why, off := v.Why(day); off {
			skipped = append(skipped, why)
		}
	}
	return counted, skipped
}
