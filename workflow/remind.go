package workflow

import (
	"fmt"
	"slices"
	"time"

	"fangxin/workflow/calendar"
)

// Reminder is an instant at which the holder of a clock is reminded.
type Reminder struct {
	At   time.Time
	Mark string // 50, 80 (percent of the budget), last (last working day)
}

// Reminders lists the reminders of a running clock in order: on the first
// working day on which the share of the budget is used up, rounded down, and on
// the last working day. Days on which the clock stood still use nothing up.
// Working days are those known now. Nobody holds a clock of the system.
func Reminders(k Clock, r Rules, now time.Time) []Reminder {
	if k.State != Running || table.clock[k.Code].Whose == "system" {
		return nil
	}
	v := r.Calendar().KnownAt(calendar.On(now))
	var out []Reminder
	add := func(day calendar.Date, mark string) {
		if at := day.Start(); at.Before(k.LateFrom) && day > k.Starts {
			out = append(out, Reminder{at, mark})
		}
	}
	for _, share := range r.ReminderShares() {
		if day := k.usedUp(share, v); day != 0 {
			add(day, fmt.Sprint(share))
		}
	}
	last := k.Due
	for !v.Working(last) {
		last = last.AddDays(-1)
	}
	add(last, "last")
	slices.SortStableFunc(out, func(a, b Reminder) int { return a.At.Compare(b.At) })
	return out
}

// usedUp is the first working day on which a share of the budget, in percent, is
// used up; 0 when it is not even a day.
func (k *Clock) usedUp(share int, v *calendar.View) calendar.Date {
	if k.Unit == calendar.WorkingDay && k.N > 0 {
		n := k.N * share / 100
		if n == 0 {
			return 0
		}
		return v.Count(k.Starts, n+k.PausedWork, calendar.WorkingDay, calendar.RestDay).Due
	}
	n := k.N // in days
	if n == 0 || k.Unit != calendar.Day {
		n = int(k.Due-k.Starts) - k.PausedDays
	}
	if n *= share; n < 100 {
		return 0
	}
	day := k.Starts.AddDays(n/100 + k.PausedDays)
	for !v.Working(day) {
		day = day.AddDays(1)
	}
	return day
}

// Escalation is an instant at which somebody more is told of a duty of the
// authority that ran out and is still owed.
type Escalation struct {
	At    time.Time
	Step  string // officer, then as the policy says: unit_head, coordinator, joint_conference
	After int    // whole working days since it ran out
}

// Escalations lists the steps of an owed duty in order: the responsible officer
// at the instant from which it is too late, then those whom the county's policy
// names, on the working day on which as many whole working days have gone by
// since. Of a report (举报) nobody hears who may not read it.
func Escalations(k Clock, r Rules, now time.Time) []Escalation {
	if !k.Breached() {
		return nil
	}
	v := r.Calendar().KnownAt(calendar.On(now))
	out := []Escalation{{At: k.LateFrom, Step: "officer"}}
	for _, s := range r.Escalation() {
		if k.Code == "lead_check" && s.To != "unit_head" {
			continue
		}
		day := v.Count(k.Due, s.After+1, calendar.WorkingDay, calendar.RestDay).Due
		out = append(out, Escalation{day.Start(), s.To, s.After})
	}
	return out
}

// Breached reports whether the clock is a duty of the authority that ran out and
// is still owed.
func (k *Clock) Breached() bool {
	return k.State == Owed && table.clock[k.Code].Whose == "authority"
}
