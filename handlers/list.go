package handlers

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// caseLine is a case in a list.
type caseLine struct {
	Number     string         `json:"number"`
	Kind       workflow.Kind  `json:"kind"`
	State      workflow.State `json:"state"`
	Stage      string         `json:"stage"`
	StateWords string         `json:"state_words"`
	Outcome    string         `json:"outcome,omitempty"`
	Acceptance string         `json:"acceptance"`
	Unit       string         `json:"unit,omitempty"`
	Town       string         `json:"town,omitempty"`
	Domain     int            `json:"domain,omitempty"`
	Category   string         `json:"category,omitempty"`
	Officer    string         `json:"officer,omitempty"`
	Absent     *absentView    `json:"officer_absent,omitempty"`
	Source     string         `json:"source,omitempty"`
	Ticket     string         `json:"ticket,omitempty"`
	Checked    string         `json:"contact_checked,omitempty"`
	Filed      time.Time      `json:"filed_at"`
	Late       *time.Time     `json:"late_from,omitempty"` // first instant too late of its next clock, or of the oldest that is owed
	Clock      string         `json:"clock,omitempty"`
	Overdue    bool           `json:"overdue"`
}

// absentView says who does the work of an officer who is away.
type absentView struct {
	Deputy string    `json:"deputy"`
	Until  time.Time `json:"until"`
}

type casePage struct {
	Cases []caseLine `json:"cases"`
	Next  string     `json:"next,omitempty"` // cursor for `after`; none at the end
}

// stages of a case, with a report record's own.
var stages = []string{"RECEIVED", "NEGOTIATION", "REFERRAL", "LITIGATION_LINK", "CLOSED", "REPORT"}

// pageMost is the most that one page holds, pageUsual what it holds unasked.
const pageMost, pageUsual = 200, 50

// filters read the value of every parameter that narrows a list; false is a value
// that none can be.
var filters = map[string]func(f *store.Filter, v string) bool{
	"kind": func(f *store.Filter, v string) bool {
		f.Kind = workflow.Kind(v)
		return v == "complaint" || v == "report"
	},
	"state":    func(f *store.Filter, v string) bool { f.State = v; return knownState(v) },
	"stage":    func(f *store.Filter, v string) bool { f.Stage = v; return slices.Contains(stages, v) },
	"unit":     func(f *store.Filter, v string) bool { f.Unit = v; return workflow.IsCode(v) },
	"town":     func(f *store.Filter, v string) bool { f.Town = v; return workflow.IsCode(v) },
	"category": func(f *store.Filter, v string) bool { f.Category = v; return workflow.IsCode(v) },
	"outcome":  func(f *store.Filter, v string) bool { f.Outcome = v; return workflow.IsCode(v) },
	"source":   func(f *store.Filter, v string) bool { f.Source = v; return workflow.IsCode(v) },
	"ticket":   func(f *store.Filter, v string) bool { f.Ticket = v; return workflow.IsCode(v) },
	"number":   func(f *store.Filter, v string) bool { f.Number = v; return v != "" },
	"officer":  func(f *store.Filter, v string) bool { f.Officers = []string{v}; return v != "" },
	"acceptance": func(f *store.Filter, v string) bool {
		f.Acceptance = v
		return slices.Contains([]string{"none", "pending", "accepted", "refused"}, v)
	},
	"clock":   func(f *store.Filter, v string) bool { _, ok := workflow.ClockByCode(v); f.Clock = v; return ok },
	"overdue": func(f *store.Filter, v string) bool { f.Overdue = true; return v == "true" },
	"publication": func(f *store.Filter, v string) bool {
		f.Publication = v
		return slices.Contains(publicationStates, v)
	},
	"held":      func(f *store.Filter, v string) bool { f.Held = v; return slices.Contains(heldCodes, v) },
	"narrative": func(f *store.Filter, v string) bool { f.Narrative = v; return slices.Contains(narrativeStates, v) },
	"domain": func(f *store.Filter, v string) bool {
		n, err := strconv.Atoi(v)
		f.Domain = n
		return err == nil && n >= 1 && n <= 12
	},
	"filed_from": func(f *store.Filter, v string) bool { return onDay(v, 0, &f.FiledFrom) },
	"filed_to":   func(f *store.Filter, v string) bool { return onDay(v, 1, &f.FiledTo) },   // that day included
	"due_before": func(f *store.Filter, v string) bool { return onDay(v, 0, &f.DueBefore) }, // due on an earlier day
}

func onDay(v string, add int, into *time.Time) bool {
	d, err := calendar.ParseDate(v)
	if err == nil {
		*into = d.AddDays(add).Start()
	}
	return err == nil && d != 0
}

func knownState(v string) bool {
	is := func(d workflow.StateDef) bool { return string(d.State) == v }
	return slices.ContainsFunc(workflow.States, is) || slices.ContainsFunc(workflow.ReportStates, is)
}

// pages read the parameters that say which part of a list, in which order.
var pages = map[string]func(p *store.Page, v string) bool{
	"sort":  func(p *store.Page, v string) bool { p.Sort = v; return store.Sorts[v] != "" },
	"order": func(p *store.Page, v string) bool { p.Down = v == "desc"; return v == "asc" || v == "desc" },
	"after": func(p *store.Page, v string) bool { p.After = v; return true },
	"limit": func(p *store.Page, v string) (ok bool) { p.Limit, ok = pageSize(v); return ok },
}

// pageSize reads how much a page may hold.
func pageSize(v string) (n int, ok bool) {
	n, err := strconv.Atoi(v)
	return n, err == nil && n >= 1 && n <= pageMost
}

// bad refuses a value of a question; the name says where it stood.
type bad func(name, why string) *Problem

// asked reads filters and page out of a question, and refuses what it does not
// know. Unasked, the next deadline comes first, and before it what is overdue.
func asked(c *Call, values url.Values, paged bool, refuse bad) (store.Filter, store.Page, error) {
	f, p := store.Filter{}, store.Page{Sort: "due", Limit: pageUsual}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		filter, page := filters[name], pages[name]
		v := values[name]
		switch {
		case filter == nil && (page == nil || !paged):
			return f, p, refuse(name, "why.unknown_parameter")
		case len(v) != 1:
			return f, p, refuse(name, "why.repeated")
		case len(v[0]) > 128, filter != nil && !filter(&f, v[0]), page != nil && !page(&p, v[0]):
			return f, p, refuse(name, "why.choice")
		}
	}
	if len(f.Officers) == 1 && f.Officers[0] == "me" { // and whose deputy he is
		f.Officers = []string{c.User.Name}
		for _, absent := range c.User.For {
			f.Officers = append(f.Officers, absent.Name)
		}
	}
	return f, p, nil
}

// list pages through the cases of the officer's scope.
func (s *Server) list(ctx context.Context, c *Call) (any, error) {
	f, p, err := asked(c, c.Params, true, badQuery)
	if err != nil {
		return nil, err
	}
	return s.page(ctx, c, f, p, badQuery)
}

func (s *Server) page(ctx context.Context, c *Call, f store.Filter, p store.Page, refuse bad) (any, error) {
	lines, next, err := s.Store.List(ctx, c.User, f, p)
	if errors.Is(err, store.ErrCursor) {
		return nil, refuse("after", "why.cursor")
	}
	if err != nil {
		return nil, err
	}
	out := casePage{Cases: []caseLine{}, Next: next}
	now := s.Now()
	for _, l := range lines {
		v := caseLine{Number: l.Number, Kind: l.Kind, State: l.State, Stage: l.State.Stage(), StateWords: stateWords(c.Language, l.State), Outcome: l.Outcome,
			Acceptance: l.Acceptance, Unit: l.Unit, Town: l.Town, Domain: l.Domain, Category: l.Category, Officer: l.Officer, Source: l.Source, Ticket: l.Ticket, Checked: l.Checked,
			Filed: l.Filed, Clock: l.Clock}
		if !l.Due.IsZero() {
			v.Late, v.Overdue = &l.Due, !now.Before(l.Due)
		}
		if l.Absent != nil {
			v.Absent = &absentView{l.Absent.Deputy, l.Absent.To}
		}
		out.Cases = append(out.Cases, v)
	}
	return out, nil
}

// tally is how many cases are somewhere, and how many of them are overdue.
type tally struct {
	Total   int64 `json:"total"`
	Overdue int64 `json:"overdue"`
}

type countsView struct {
	tally
	Stages map[string]tally `json:"stages"`
	States map[string]tally `json:"states"`
	Units  map[string]tally `json:"units"` // "": nobody is in charge
}

// counts counts what the list with the same filters would list.
func (s *Server) counts(ctx context.Context, c *Call) (any, error) {
	f, _, err := asked(c, c.Params, false, badQuery)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Counts(ctx, c.User, f)
	out := countsView{Stages: map[string]tally{}, States: map[string]tally{}, Units: map[string]tally{}}
	for _, n := range all {
		out.tally = out.plus(n)
		out.Stages[n.State.Stage()] = out.Stages[n.State.Stage()].plus(n)
		out.States[string(n.State)] = out.States[string(n.State)].plus(n)
		out.Units[n.Unit] = out.Units[n.Unit].plus(n)
	}
	return out, err
}

func (t tally) plus(n store.Count) tally { return tally{t.Total + n.Total, t.Overdue + n.Overdue} }

// question is a search: what it asks for is too private for a URL.
type question struct {
	Words    string            `json:"words"`    // every one of them, in what was sealed; names and numbers of people are not in it
	Phone    string            `json:"phone"`    // of the complainant, exactly
	Identity string            `json:"identity"` // likewise
	Filters  map[string]string `json:"filters"`  // as the list's parameters
	Sort     string            `json:"sort"`
	Order    string            `json:"order"`
	After    string            `json:"after"`
	Limit    int               `json:"limit"`
}

// wordsMost bounds what may be asked for, in bytes.
const wordsMost = 256

// search finds cases of the officer's scope. Words and people are for the
// authority's own: an offer's words are confidential to everybody else.
func (s *Server) search(ctx context.Context, c *Call) (any, error) {
	var in question
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	values := url.Values{}
	for name, v := range in.Filters {
		if filters[name] == nil {
			return nil, badField("filters."+name, "why.unknown")
		}
		values.Set(name, v)
	}
	refuse := func(name, why string) *Problem {
		if filters[name] != nil {
			name = "filters." + name
		}
		return badField(name, why)
	}
	for name, v := range map[string]string{"sort": in.Sort, "order": in.Order, "after": in.After} {
		if v != "" {
			values.Set(name, v)
		}
	}
	if in.Limit != 0 {
		values.Set("limit", strconv.Itoa(in.Limit))
	}
	f, p, err := asked(c, values, true, refuse)
	if err != nil {
		return nil, err
	}
	f.Words, f.Phone, f.Identity = in.Words, in.Phone, in.Identity
	if f.Words+f.Phone+f.Identity != "" && !isOne(c.User, staff) {
		p := problem("not_for_you")
		p.By = staff
		return nil, p
	}
	if len(f.Words) > wordsMost {
		return nil, badField("words", "why.words_most")
	}
	out, err := s.page(ctx, c, f, p, refuse)
	if errors.Is(err, store.ErrNoTerms) {
		return nil, badField("words", "why.no_words")
	}
	return out, err
}
