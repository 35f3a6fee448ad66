package handlers

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"
)

// everybody are all who may have a desk.
var everybody = func() []workflow.Role {
	var out []workflow.Role
	for _, r := range store.UserRoles {
		out = append(out, workflow.Role(r))
	}
	return out
}()

// boardNames, overdueNames are the parameters of the lists.
var (
	boardNames   = append(slices.Sorted(maps.Keys(filters)), slices.Sorted(maps.Keys(pages))...)
	overdueNames = append(slices.Sorted(maps.Keys(dutyFilters)), "after")
)

// The parameters that the desk's pages know.
func init() {
	maps.Copy(queries, map[string][]string{
		"GET /desk":                                        {"when", "by", "clock", "unit", "town", "officer", "after"},
		"GET /desk/cases":                                  boardNames,
		"GET /desk/cases/export":                           boardNames,
		"GET /desk/overdue":                                overdueNames,
		"GET /desk/overdue/export":                         overdueNames,
		"GET /desk/users":                                  {"q", "role", "unit", "town", "state", "after"},
		"GET /desk/users/{user}":                           {"done"},
		"GET /desk/intake/merchants":                       {"respondent.name"},
		"GET " + membersPath:                               {"status", "after"},
		"GET " + membersPath + "/{member}":                 {"done"},
		"GET " + deskInfringementsPath:                     {"state", "after"},
		"GET " + deskInfringementsPath + "/{infringement}": {"done"},
		"GET /desk/case/{number}":                          {"done"},
		"GET /desk/case/{number}/act/{event}":              {"for", "no"},
		"POST /desk/case/{number}/act/{event}":             {"for", "no"},
	})
}

// deskPage is a page of the desk: who may open it, and what else it asks of a
// caller than that he has signed in.
type deskPage struct {
	Method, Path string
	For          []workflow.Role
	Limit        Class
	Handle       func(ctx context.Context, c *Call) (any, error)
}

// deskPages are the pages of the authority's own people.
func (s *Server) deskPages() []deskPage {
	return append([]deskPage{
		{"GET", deskPath, everybody, Listing, s.today},
		{"GET", "/desk/cases", everybody, Listing, s.board},
		{"POST", "/desk/cases/search", staff, Searching, s.searchBoard},
		{"GET", "/desk/cases/export", everybody, Listing, s.exportBoard},
		{"POST", "/desk/bulk", staff, Writing, s.bulk},
		{"GET", "/desk/overdue", staff, Listing, s.overdue},
		{"GET", "/desk/overdue/export", staff, Listing, s.exportOverdue},
		{"GET", "/desk/keys", everybody, Reading, s.shortCuts},
		{"GET", "/desk/intake", intakers, Reading, s.showIntake},
		{"GET", "/desk/intake/merchants", intakers, Lookup, s.findRespondent},
		{"POST", "/desk/intake", intakers, Intake, s.takeIntake},
		{"GET", membersPath, staff, Listing, s.deskMembers},
		{"GET", membersPath + "/{member}", staff, Reading, s.deskMember},
		{"POST", membersPath + "/{member}", deciders, Writing, s.takeDecision},
		{"GET", membersPath + "/{member}/files/{file}/{size}", staff, Delivery, s.deskPaper},
		{"GET", deskInfringementsPath, staff, Listing, s.deskInfringements},
		{"GET", deskInfringementsPath + "/new", decidingPenalties, Reading, s.newInfringement},
		{"POST", deskInfringementsPath + "/new", decidingPenalties, Writing, s.takeDocket},
		{"GET", deskInfringementsPath + "/{infringement}", staff, Reading, s.deskInfringement},
		{"POST", deskInfringementsPath + "/{infringement}", decidingPenalties, Writing, s.takeResult},
		{"GET", "/desk/case/{number}", everybody, Reading, s.deskCase},
		{"GET", "/desk/case/{number}/clock/{clock}", everybody, Reading, s.deskClock},
		{"GET", "/desk/case/{number}/act/{event}", everybody, Reading, s.showDeskAct},
		{"POST", "/desk/case/{number}/act/{event}", everybody, Writing, s.takeDeskAct},
		{"GET", "/desk/case/{number}/files/{file}", everybody, Delivery, s.fileContent},
		{"GET", "/desk/case/{number}/papers/{form}", staff, Reading, s.showPaper},
		{"POST", "/desk/case/{number}/papers/{form}", staff, Writing, s.takePaper},
		{"GET", "/desk/case/{number}/paper/{paper}", everybody, Reading, s.paperContent},
		{"GET", "/desk/case/{number}/handover", handedTo, Reading, s.handover},
		{"POST", "/desk/case/{number}/notes", staff, Writing, s.takeNote},
		{"POST", "/desk/case/{number}/notices/{notice}/resend", staff, Writing, s.takeResend},
	}, slices.Concat(s.userPages(), s.queuePages(), s.enginePages(), s.statisticsPages())...)
}

// deskRoutes are the routes of the desk's pages.
func (s *Server) deskRoutes() []Route {
	var out []Route
	for _, d := range s.deskPages() {
		out = append(out, Route{d.Method, d.Path, Desk, d.Limit, s.atDesk(d), 0})
	}
	return out
}

// atDesk lets in who has one of the page's roles; an auditor reads every page.
func (s *Server) atDesk(d deskPage) func(ctx context.Context, c *Call) (any, error) {
	return func(ctx context.Context, c *Call) (any, error) {
		if !isOne(c.User, d.For) && !reads(c.User) {
			p := problem("not_for_you")
			p.By = d.For
			return nil, p
		}
		return d.Handle(ctx, c)
	}
}

// unitName, townWords: what people call a code of the county's plan.
func (s *Server) unitName(p *view.Page, code string) string {
	if code == "" {
		return p.T("page.desk.nobody")
	}
	return nameOf(p, s.Rules().County().Departments, code)
}

func (s *Server) townWords(p *view.Page, code string) string {
	if code == "" {
		return p.T("page.desk.no_town")
	}
	return nameOf(p, s.Rules().County().Towns, code)
}

func nameOf(p *view.Page, places []policy.Place, code string) string {
	for _, x := range places {
		if x.Code == code {
			return placeName(p, x)
		}
	}
	return code
}

// domainName is what people call a domain of consumption.
func (s *Server) domainName(p *view.Page, number int) string {
	for _, d := range s.Rules().County().Domains {
		if d.Number == number {
			return placeName(p, policy.Place{Zh: d.Zh, En: d.En})
		}
	}
	return ""
}

// categoryName is what people call a kind of problem within a domain.
func (s *Server) categoryName(p *view.Page, number int, code string) string {
	for _, d := range s.Rules().County().Domains {
		if d.Number == number || number == 0 {
			if name := nameOf(p, d.Categories, code); name != code {
				return name
			}
		}
	}
	return code
}

// officerName says whose case it is, and who does his work while he is away.
func officerName(p *view.Page, name string, absent *store.Absence) string {
	switch {
	case name == "":
		return p.T("page.desk.unassigned")
	case absent != nil:
		return p.T("page.desk.deputy", "Name", name, "Deputy", absent.Deputy)
	}
	return name
}

// with is the page's address with one of its parameters changed: "" takes it out,
// and with it the place within the list.
func with(path string, params url.Values, name, value string) string {
	q := url.Values{}
	for key, list := range params {
		if key != "after" && key != "done" {
			q[key] = slices.Clone(list)
		}
	}
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// chosenOf is a parameter that must be one of a list, the first of it unasked.
func chosenOf(c *Call, name string, list ...string) (string, error) {
	v := cmp.Or(c.Query(name), list[0])
	if !slices.Contains(list, v) {
		return "", badQuery(name, "why.choice")
	}
	return v, nil
}
