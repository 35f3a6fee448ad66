package handlers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// dutyView is an overdue duty of the authority.
type dutyView struct {
	Number       string        `json:"number"`
	No           int64         `json:"clock"` // number of the clock within the case
	Code         string        `json:"code"`
	Unit         string        `json:"unit,omitempty"`
	Town         string        `json:"town,omitempty"`
	Officer      string        `json:"officer,omitempty"`
	Due          calendar.Date `json:"due"`
	Late         time.Time     `json:"late_from"`
	Days         int           `json:"working_days_late"` // whole ones
	Step         string        `json:"step,omitempty"`    // the highest that was reached
	Steps        []takenView   `json:"steps"`
	Acknowledged *saidView     `json:"acknowledged"`
	Explained    *saidView     `json:"explained"`
}

type takenView struct {
	Step string    `json:"step"`
	Due  time.Time `json:"due_at"` // when it was to be taken
	At   time.Time `json:"at"`     // and when it was
	Told []string  `json:"told"`
	// Waiting are owed the message still; Unreached had no way that led to them.
	Waiting   []string `json:"waiting"`
	Unreached []string `json:"unreached"`
}

// saidView names the event in which an officer answered; its words are read
// there.
type saidView struct {
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Seq int64     `json:"seq"`
}

type dutiesView struct {
	Duties []dutyView `json:"duties"`
	Next   string     `json:"next,omitempty"`
}

// steps are those that a duty can take: the officer is told at once.
var steps = append([]string{"officer"}, policy.Heights...)

// dutyFilters read the parameters that narrow the list of overdue duties.
var dutyFilters = map[string]func(f *store.DutyFilter, v string) bool{
	"kind": func(f *store.DutyFilter, v string) bool {
		f.Kind = workflow.Kind(v)
		return v == "complaint" || v == "report"
	},
	"unit":         func(f *store.DutyFilter, v string) bool { f.Unit = v; return workflow.IsCode(v) },
	"clock":        func(f *store.DutyFilter, v string) bool { _, ok := workflow.ClockByCode(v); f.Clock = v; return ok },
	"step":         func(f *store.DutyFilter, v string) bool { f.Step = v; return slices.Contains(steps, v) },
	"acknowledged": func(f *store.DutyFilter, v string) bool { f.Acknowledged = v; return v == "yes" || v == "no" },
}

// daysLate is by how many working days something that was due on a day is late now.
func (s *Server) daysLate(due calendar.Date) int {
	today := calendar.On(s.Now())
	return s.Rules().Calendar().KnownAt(today).WorkingDaysBetween(due, today.AddDays(-1))
}

// escalations lists the overdue duties of the officer's scope, the longest
// overdue first.
func (s *Server) escalations(ctx context.Context, c *Call) (any, error) {
	var f store.DutyFilter
	limit := pageUsual
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		v, ok := c.Query(name), true
		switch filter := dutyFilters[name]; {
		case filter != nil:
			ok = filter(&f, v)
		case name == "limit":
			limit, ok = pageSize(v)
		}
		if !ok {
			return nil, badQuery(name, "why.choice")
		}
	}
	list, next, err := s.Store.Duties(ctx, c.User, f, c.Query("after"), limit)
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	out := dutiesView{[]dutyView{}, next}
	for _, d := range list {
		v := dutyView{Number: d.Number, No: d.No, Code: d.Clock, Unit: d.Unit, Town: d.Town, Officer: d.Officer, Due: d.Due, Late: d.Late,
			Days: s.daysLate(d.Due), Steps: []takenView{}, Acknowledged: viewSaid(d.Acknowledged), Explained: viewSaid(d.Explained)}
		for _, t := range d.Steps {
			v.Steps, v.Step = append(v.Steps, takenView{t.Step, t.Due, t.At, orEmpty(t.Told), orEmpty(t.Waiting), orEmpty(t.Unreached)}), t.Step
		}
		out.Duties = append(out.Duties, v)
	}
	return out, err
}

// orEmpty is a list that JSON shows as one when it is empty, too.
func orEmpty(names []string) []string { return append([]string{}, names...) }

func viewSaid(s *store.Said) *saidView {
	if s == nil {
		return nil
	}
	return &saidView{s.Actor, s.At, s.Seq}
}

// aboutDuties reports whether a fact tells how the authority answered for its
// overdue duties: that is for its own people.
func aboutDuties(fact string) bool {
	return strings.HasPrefix(fact, "acknowledged.") || strings.HasPrefix(fact, "explained.")
}
