package handlers

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// whens are the parts of Today. Each of the last three holds what comes before it;
// "week" is the next seven days, so that a Friday has a week before it as well.
var whens = []string{"overdue", "today", "soon", "week", "service"}

// serving are the duties to tell somebody.
var serving = []string{"service", "termination_notice"}

// tasksPage is how many duties one page holds.
const tasksPage = 50

// marks are the instants by which the duties of each part are too late: a
// deadline ends with its day.
func marks(now time.Time) []time.Time {
	day := calendar.On(now)
	return []time.Time{now, day.AddDays(1).Start(), day.AddDays(4).Start(), day.AddDays(7).Start()}
}

// today is what falls due, and why then.
func (s *Server) today(ctx context.Context, c *Call) (any, error) {
	f, err := taskFilter(c)
	if err != nil {
		return nil, err
	}
	by, err := chosenOf(c, "by", "clock", "unit", "town", "officer")
	if err != nil {
		return nil, err
	}
	counts, err := s.Store.CountTasks(ctx, c.User, f, by, marks(s.Now()))
	if err != nil {
		return nil, err
	}
	service := counts
	if by != "clock" || len(f.Clocks) > 0 {
		owed := f
		owed.Clocks = serving
		if service, err = s.Store.CountTasks(ctx, c.User, owed, "clock", marks(s.Now())); err != nil {
			return nil, err
		}
	}
	service = slices.DeleteFunc(slices.Clone(service), func(n store.TaskCount) bool { return !slices.Contains(serving, n.Key) })
	sum := totals(counts)
	when, err := chosenOf(c, "when", append([]string{busiest(sum)}, whens...)...)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.desk.today.title")
	out := &view.Today{Day: p.T("page.desk.today.day", "Day", dayWords(p, s.Now())), Title: p.T("page.desk.when." + when)}
	s.parts(p, c, out, when, sum, totals(service)[3])
	s.breakdown(p, c, out, by, counts)
	s.narrowed(p, c, out)
	list, next, err := s.Store.Tasks(ctx, c.User, partOf(f, when, marks(s.Now())), c.Query("after"), tasksPage)
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	if err != nil {
		return nil, err
	}
	for i := range list {
		out.Tasks = append(out.Tasks, s.task(p, &list[i]))
	}
	if next != "" {
		q := with("/desk", c.Params, "when", when)
		out.More = q + "&after=" + next
	}
	out.Empty = p.T("page.desk.today.none." + when)
	return page{body: view.TodayPage(p, out)}, nil
}

// taskFilter reads what narrows Today.
func taskFilter(c *Call) (store.TaskFilter, error) {
	f := store.TaskFilter{Unit: c.Query("unit"), Town: c.Query("town")}
	if code := c.Query("clock"); code != "" {
		if _, ok := workflow.ClockByCode(code); !ok {
			return f, badQuery("clock", "why.choice")
		}
		f.Clocks = []string{code}
	}
	for name, code := range map[string]string{"unit": f.Unit, "town": f.Town} {
		if code != "" && !workflow.IsCode(code) {
			return f, badQuery(name, "why.choice")
		}
	}
	f.Officers = officersAsked(c, c.Query("officer"))
	return f, nil
}

// officersAsked are whom "me" stands for: the reader and whose deputy he is.
func officersAsked(c *Call, name string) []string {
	switch name {
	case "":
		return nil
	case "me":
		out := []string{c.User.Name}
		for i := range c.User.For {
			out = append(out, c.User.For[i].Name)
		}
		return out
	}
	return []string{name}
}

func totals(counts []store.TaskCount) [4]int64 {
	var sum [4]int64
	for _, x := range counts {
		for i, n := range x.By {
			sum[i] += n
		}
	}
	return sum
}

// busiest is the part that is looked at unasked: the first that is not empty.
func busiest(sum [4]int64) string {
	for i, n := range sum {
		if n > 0 {
			return whens[i]
		}
	}
	return "today"
}

// partOf narrows a filter to a part.
func partOf(f store.TaskFilter, when string, at []time.Time) store.TaskFilter {
	i := slices.Index(whens, when)
	if when == "service" {
		f.Clocks, i = serving, 3
	} else if i > 0 {
		f.From = at[0].Add(time.Microsecond)
	}
	f.Until = at[i].Add(time.Microsecond)
	return f
}

func (s *Server) parts(p *view.Page, c *Call, out *view.Today, when string, sum [4]int64, service int64) {
	counts := map[string]int64{"overdue": sum[0], "today": sum[1] - sum[0], "soon": sum[2] - sum[0], "week": sum[3] - sum[0], "service": service}
	for _, name := range whens {
		out.Parts = append(out.Parts, view.Part{Label: p.T("page.desk.when." + name), N: digit(int(counts[name])), To: with("/desk", c.Params, "when", name), Now: name == when,
			Bad: name == "overdue" && counts[name] > 0, Soon: name == "today" && counts[name] > 0})
	}
}

// breakdown counts by clock, unit, town or officer; each line narrows the list.
func (s *Server) breakdown(p *view.Page, c *Call, out *view.Today, by string, counts []store.TaskCount) {
	for _, key := range []string{"clock", "unit", "town", "officer"} {
		out.Bys = append(out.Bys, view.Part{Label: p.T("page.desk.by." + key), To: with("/desk", c.Params, "by", key), Now: key == by})
	}
	slices.SortStableFunc(counts, func(a, b store.TaskCount) int {
		return cmp.Or(cmp.Compare(b.By[0], a.By[0]), cmp.Compare(b.By[3], a.By[3]))
	})
	for _, x := range counts {
		if x.By[3] == 0 {
			continue
		}
		line := view.CountLine{Label: s.keyWords(p, by, x.Key), Cells: []string{digit(int(x.By[0])), digit(int(x.By[1] - x.By[0])), digit(int(x.By[2] - x.By[0])), digit(int(x.By[3] - x.By[0]))}, Bad: x.By[0] > 0}
		if x.Key != "" {
			line.To = with("/desk", c.Params, by, x.Key)
		}
		out.Counts = append(out.Counts, line)
	}
	out.By = p.T("page.desk.by." + by)
	for _, name := range whens[:4] {
		out.Heads = append(out.Heads, p.T("page.desk.when."+name))
	}
}

func (s *Server) keyWords(p *view.Page, by, key string) string {
	switch by {
	case "clock":
		return capital(p.T("clock." + key))
	case "unit":
		return s.unitName(p, key)
	case "town":
		return s.townWords(p, key)
	}
	return officerName(p, key, nil)
}

// narrowed says what the list is narrowed by, each with a way to take it back.
func (s *Server) narrowed(p *view.Page, c *Call, out *view.Today) {
	for _, name := range []string{"clock", "unit", "town", "officer"} {
		if v := c.Query(name); v != "" {
			words := s.keyWords(p, name, v)
			if v == "me" {
				words = p.T("page.desk.me")
			}
			out.Narrowed = append(out.Narrowed, view.Part{Label: p.T("page.desk.by."+name) + p.T("page.desk.colon") + words, To: with("/desk", c.Params, name, "")})
		}
	}
	if c.Query("officer") != "me" {
		out.Mine = with("/desk", c.Params, "officer", "me")
	}
}

// task is a line of Today.
func (s *Server) task(p *view.Page, t *store.Task) view.Task {
	k := &t.Clock
	due, late := s.dueWords(p, k)
	out := view.Task{To: deskCasePath(t.Number), Number: t.Number, State: capital(stateWords(p.Lang, t.State)), Clock: capital(p.T("clock." + k.Code)), Due: due, Late: late, Soon: !late && k.Due == calendar.On(s.Now()),
		Unit: s.unitName(p, t.Unit), Town: s.townWords(p, t.Town), Officer: officerName(p, t.Officer, t.Absent), Why: deskCasePath(t.Number) + "/clock/" + digit(int(k.No)), Because: reckoned(p, k)}
	if k.Provisional {
		out.Marks = append(out.Marks, p.T("page.desk.provisional"))
	}
	return out
}

// dueWords says when a duty falls due, seen from now, in working days.
func (s *Server) dueWords(p *view.Page, k *workflow.Clock) (words string, late bool) {
	today := calendar.On(s.Now())
	day := dateWords(p, k.Due)
	switch {
	case !s.Now().Before(k.LateFrom):
		if n := s.daysLate(k.Due); n > 0 {
			return p.T("page.desk.due.late", "N", digit(n), "Day", day), true
		}
		return p.T("page.desk.due.just", "Day", day), true
	case k.Due <= today:
		return p.T("page.desk.due.today", "Day", day), false
	}
	return p.T("page.desk.due.left", "N", digit(s.Rules().Calendar().KnownAt(today).WorkingDaysBetween(today, k.Due)), "Day", day), false
}

// reckoned is in one line why a clock is due on its day; the page of the clock
// counts it out.
func reckoned(p *view.Page, k *workflow.Clock) string {
	parts := []string{p.T("page.desk.because.agreed")}
	if k.N > 0 {
		parts = []string{p.T("page.desk.because.length", "Length", lengthWords(p, k.N, k.Unit), "Day", dateWords(p, k.Starts))}
	}
	if k.PausedDays > 0 {
		parts = append(parts, p.T("page.desk.because.paused", "N", digit(k.PausedDays)))
	}
	if k.Calendar != "" {
		parts = append(parts, p.T("page.desk.because.calendar", "Version", k.Calendar))
	}
	return strings.Join(parts, p.T("page.desk.comma"))
}
