package handlers

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

const (
	forecastDays = 10 // working days ahead
	closingDays  = 20 // working days over which is counted what a unit closes in one
	overdueMost  = 2000
)

// overdue is the review of what is late: by how much, what was done about it, and
// what comes.
func (s *Server) overdue(ctx context.Context, c *Call) (any, error) {
	f, err := overdueFilter(c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.desk.overdue.title")
	list, next, err := s.Store.Duties(ctx, c.User, f, c.Query("after"), tasksPage)
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	if err != nil {
		return nil, err
	}
	out := &view.Overdue{Day: p.T("page.desk.overdue.day", "Moment", momentWords(p, s.Now())), Export: with("/desk/overdue/export", c.Params, "after", "")}
	for i := range list {
		d := s.duty(p, &list[i])
		d.Acts = mayOn(c, d.Acts)
		out.Duties = append(out.Duties, d)
	}
	if next != "" {
		out.More = with("/desk/overdue", c.Params, "after", next)
	}
	s.overdueForm(p, c, out)
	if err := s.whoIsLate(ctx, c, p, f, out); err != nil {
		return nil, err
	}
	if err := s.forecast(ctx, c, p, out); err != nil {
		return nil, err
	}
	return page{body: view.OverduePage(p, out)}, nil
}

// whoIsLate counts what the list shows by who has it.
func (s *Server) whoIsLate(ctx context.Context, c *Call, p *view.Page, f store.DutyFilter, out *view.Overdue) error {
	lines, err := s.Store.WhoIsLate(ctx, c.User, f)
	if err != nil {
		return err
	}
	out.LateHeads = []string{p.T("page.desk.overdue.duties"), p.T("page.desk.overdue.longest")}
	var sum int64
	for _, l := range lines {
		sum += l.N
		line := view.CountLine{Label: s.unitName(p, l.Unit) + " · " + officerName(p, l.Officer, nil), Cells: []string{strconv.FormatInt(l.N, 10), digit(s.daysLate(calendar.On(l.Oldest).AddDays(-1)))}, Bad: true}
		if l.Unit != "" {
			line.To = with("/desk/overdue", c.Params, "unit", l.Unit)
		}
		out.Late = append(out.Late, line)
	}
	if sum > 0 {
		out.Sum = p.T("page.desk.overdue.sum", "N", strconv.FormatInt(sum, 10), "Shown", digit(len(out.Duties)))
	}
	return nil
}

// overdueFilter reads what narrows the review, as the list of escalations does.
func overdueFilter(c *Call) (store.DutyFilter, error) {
	var f store.DutyFilter
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		v := c.Query(name)
		if filter := dutyFilters[name]; filter != nil && v != "" && !filter(&f, v) {
			return f, badQuery(name, "why.choice")
		}
	}
	return f, nil
}

func (s *Server) overdueForm(p *view.Page, c *Call, out *view.Overdue) {
	typed := &unsent{Form: c.Params}
	var duties []string
	for _, d := range workflow.ClockDefs {
		if d.Whose == "authority" && d.Expiry == workflow.Breach {
			duties = append(duties, d.Code)
		}
	}
	for _, name := range []string{"unit", "clock", "step", "acknowledged"} {
		f := view.Field{Name: name, Kind: "select", Label: p.T("page.desk.filter." + name)}
		switch name {
		case "unit":
			f.Options = s.placesFor(p, nil, nil, typed, name)
		case "clock":
			f.Options = options(p, typed, name, "clock.", duties)
		case "step":
			f.Options = options(p, typed, name, "page.desk.step.", steps)
		case "acknowledged":
			f.Options = options(p, typed, name, "page.desk.acknowledged.", []string{"yes", "no"})
		}
		f.Options[0].Label = p.T("page.desk.any")
		out.Fields = append(out.Fields, f)
	}
}

// duty is an overdue duty: how late, who was told, who answered, what may be done.
func (s *Server) duty(p *view.Page, d *store.Duty) view.Duty {
	out := view.Duty{Number: d.Number, To: deskCasePath(d.Number), Why: deskCasePath(d.Number) + "/clock/" + digit(int(d.No)), Clock: capital(p.T("clock." + d.Clock)), Due: p.T("page.desk.was_due", "Day", dateWords(p, d.Due)),
		Late: p.T("page.desk.late_by", "N", digit(s.daysLate(d.Due))), Unit: s.unitName(p, d.Unit), Town: s.townWords(p, d.Town), Officer: officerName(p, d.Officer, nil)}
	for _, t := range d.Steps {
		out.Steps = append(out.Steps, p.T("page.desk.step.taken", "Step", p.T("page.desk.step."+t.Step), "Day", dayWords(p, t.At), "Who", reached(p, &t)))
	}
	said := func(key string, x *store.Said, more ...string) {
		if x != nil {
			_, name, _ := strings.Cut(x.Actor, ":")
			out.Said = append(out.Said, p.T(key, append([]string{"Name", name, "Day", dayWords(p, x.At)}, more...)...))
		}
	}
	said("page.desk.said.acknowledged", d.Acknowledged)
	said("page.desk.said.explained", d.Explained)
	if v := d.Supervised; v != nil {
		said(map[bool]string{true: "page.desk.said.supervised", false: "page.desk.said.supervised_answered"}[v.State.Open()], &v.Said, "Due", dateWords(p, v.Due))
	}
	no := "?no=" + digit(int(d.No))
	at := deskCasePath(d.Number) + "/act/"
	for _, event := range []string{"acknowledge_breach", "explain_breach", "assign", "supervise"} {
		to := at + event
		if strings.HasSuffix(event, "breach") {
			to += no
		}
		out.Acts = append(out.Acts, view.Part{Label: p.T("page.desk.overdue." + event), To: to})
	}
	return out
}

// reached says whom a step told, who waits for it still and who cannot be told: an
// escalation that reached nobody must not look like one that did.
func reached(p *view.Page, t *store.TakenStep) string {
	var out []string
	for _, part := range []struct {
		words string
		who   []string
	}{{"told", t.Told}, {"waiting", t.Waiting}, {"unreached", t.Unreached}} {
		if len(part.who) > 0 {
			out = append(out, p.T("page.desk.step."+part.words, "Who", strings.Join(toldNames(p, part.who), p.T("page.and"))))
		}
	}
	if len(out) == 0 {
		return p.T("page.desk.step.told_nobody")
	}
	return strings.Join(out, p.T("page.desk.comma"))
}

// toldNames says whom a step told, as the outbox names them.
func toldNames(p *view.Page, told []string) []string {
	var out []string
	for _, t := range told {
		role, name, ok := strings.Cut(t, ":")
		switch {
		case ok && has(p.Lang, "role."+role):
			out = append(out, p.T("role."+role)+" "+name)
		case has(p.Lang, "page.desk.step."+role):
			out = append(out, strings.TrimSpace(p.T("page.desk.step."+role)+" "+name))
		default:
			out = append(out, t)
		}
	}
	return out
}

// mayOn leaves of a duty's acts those that the reader may take at all.
func mayOn(c *Call, acts []view.Part) []view.Part {
	return slices.DeleteFunc(acts, func(a view.Part) bool {
		_, rest, _ := strings.Cut(a.To, "/act/")
		event, _, _ := strings.Cut(rest, "?")
		return !slices.ContainsFunc(rowsOf(workflow.Complaint, event), func(r *workflow.Row) bool { return isOne(c.User, people(r)) })
	})
}

// forecast counts what falls due on each of the next working days, beside what each
// unit closed in one on average.
func (s *Server) forecast(ctx context.Context, c *Call, p *view.Page, out *view.Overdue) error {
	days := s.Rules().Calendar().KnownAt(calendar.On(s.Now()))
	today := calendar.On(s.Now())
	at, heads := []time.Time{s.Now()}, []string{}
	for d := today; len(heads) < forecastDays; d = d.AddDays(1) {
		if days.Working(d) {
			at, heads = append(at, d.AddDays(1).Start()), append(heads, shortDay(d.Start()))
		}
	}
	counts, err := s.Store.CountTasks(ctx, c.User, store.TaskFilter{}, "unit", at)
	if err != nil {
		return err
	}
	from := today
	for n := 0; n < closingDays; n++ {
		for from = from.AddDays(-1); !days.Working(from); from = from.AddDays(-1) {
		}
	}
	closed, err := s.Store.ClosedByUnit(ctx, c.User, from, today.AddDays(-1))
	if err != nil {
		return err
	}
	slices.SortFunc(counts, func(a, b store.TaskCount) int {
		return cmp.Or(cmp.Compare(b.By[0], a.By[0]), strings.Compare(a.Key, b.Key))
	})
	for _, n := range counts {
		if n.By[len(n.By)-1] == 0 {
			continue
		}
		line := view.CountLine{Label: s.unitName(p, n.Key), Cells: []string{strconv.FormatInt(n.By[0], 10)}, Bad: n.By[0] > 0}
		for i := 1; i < len(n.By); i++ {
			line.Cells = append(line.Cells, strconv.FormatInt(n.By[i]-n.By[i-1], 10))
		}
		line.Cells = append(line.Cells, perDay(closed[n.Key]))
		out.Forecast = append(out.Forecast, line)
	}
	out.Heads = append(append([]string{p.T("page.desk.when.overdue")}, heads...), p.T("page.desk.overdue.closes"))
	out.Note = p.T("page.desk.overdue.note", "N", digit(closingDays))
	return nil
}

// perDay is what was closed over closingDays, in one: with one decimal.
func perDay(n int64) string {
	tenths := (n*10 + closingDays/2) / closingDays
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10)
}

// exportOverdue hands the review out as a table.
func (s *Server) exportOverdue(ctx context.Context, c *Call) (any, error) {
	f, err := overdueFilter(c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.desk.overdue.title")
	var head []string
	for _, name := range []string{"number", "clock", "due", "days_late", "unit", "town", "officer", "steps", "answers"} {
		head = append(head, p.T("page.desk.column."+name))
	}
	var rows [][]string
	for after := ""; len(rows) < overdueMost; {
		list, next, err := s.Store.Duties(ctx, c.User, f, after, exportPage)
		if err != nil {
			return nil, err
		}
		for i := range list {
			d := &list[i]
			v := s.duty(p, d)
			rows = append(rows, []string{d.Number, v.Clock, d.Due.String(), digit(s.daysLate(d.Due)), v.Unit, v.Town, d.Officer, strings.Join(v.Steps, "; "), strings.Join(v.Said, "; ")})
		}
		if after = next; next == "" {
			break
		}
	}
	return s.sheetOf("overdue", head, rows)
}
