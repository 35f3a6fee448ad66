package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
)

const usersPath = "/desk/users"

// keepers are who keeps the authority's people: an operator. watchers are who may
// look at them, and say that one of them is away.
var (
	keepers  = []workflow.Role{"operator"}
	watchers = []workflow.Role{"operator", "supervisor", "coordinator"}
)

// usersPage is how many users one page lists.
const usersPage = 50

// userPages are the pages of the authority's people.
func (s *Server) userPages() []deskPage {
	of := usersPath + "/{user}"
	return []deskPage{
		{"GET", usersPath, watchers, Listing, s.deskUsers},
		{"POST", usersPath, keepers, Writing, s.addUser},
		{"GET", usersPath + "/new", keepers, Reading, s.newUser},
		{"GET", of, watchers, Reading, s.deskUser},
		{"POST", of + "/rights", keepers, Writing, s.changeUser},
		{"POST", of + "/password", keepers, Writing, s.actOnUser},
		{"POST", of + "/code", keepers, Writing, s.actOnUser},
		{"POST", of + "/sessions", keepers, Writing, s.actOnUser},
		{"POST", of + "/disable", keepers, Writing, s.actOnUser},
		{"POST", of + "/subject", keepers, Writing, s.setSubject},
		{"POST", of + "/enable", keepers, Writing, s.actOnUser},
		{"POST", of + "/absence", watchers, Writing, s.sayUserAbsent},
		{"POST", of + "/back", watchers, Writing, s.endUserAbsence},
	}
}

// deskUsers lists everybody, narrowed by a part of the name, role, unit, and whether
// they may sign in.
func (s *Server) deskUsers(ctx context.Context, c *Call) (any, error) {
	roles := append([]string{""}, store.UserRoles...)
	role, err := chosenOf(c, "role", roles...)
	if err != nil {
		return nil, err
	}
	state, err := chosenOf(c, "state", "", "active", "disabled")
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Users(ctx)
	if err != nil {
		return nil, err
	}
	q, unit, town := strings.ToLower(strings.TrimSpace(c.Query("q"))), c.Query("unit"), c.Query("town")
	all = slices.DeleteFunc(all, func(u store.User) bool {
		return q != "" && !strings.Contains(strings.ToLower(u.Name), q) || role != "" && !slices.Contains(u.Roles, role) || unit != "" && u.Unit != unit || town != "" && u.Town != town ||
			state != "" && (state == "active") != u.Disabled.IsZero()
	})
	p := s.base(c, "page.users.title")
	p.Path = with(usersPath, c.Params, "after", "")
	out := &view.Users{Count: p.T("page.users.count", "N", digit(len(all))), Fields: s.usersForm(p, c)}
	if isOne(c.User, keepers) {
		out.Add = usersPath + "/new"
	}
	all = slices.DeleteFunc(all, func(u store.User) bool { return u.Name <= c.Query("after") })
	if len(all) > usersPage {
		all = all[:usersPage]
		out.More = with(usersPath, c.Params, "after", all[usersPage-1].Name)
	}
	for i := range all {
		u := &all[i]
		line := view.UserLine{Name: u.Name, To: userPath(u.ID), Roles: rolesWords(p, u.Roles), Place: s.placeWords(p, u), State: p.T("page.users.active"), Off: !u.Disabled.IsZero()}
		if line.Off {
			line.State = p.T("page.users.disabled", "Day", dayWords(p, u.Disabled))
		}
		out.Lines = append(out.Lines, line)
	}
	return page{body: view.UsersPage(p, out)}, nil
}

func userPath(id int64) string { return usersPath + "/" + strconv.FormatInt(id, 10) }

// usersForm are the filters of the list.
func (s *Server) usersForm(p *view.Page, c *Call) []view.Field {
	typed := &unsent{Form: c.Params}
	out := []view.Field{{Name: "q", Kind: "text", Label: p.T("page.signin.name"), Value: typed.get("q")}}
	for _, name := range []string{"role", "unit", "town", "state"} {
		f := view.Field{Name: name, Kind: "select", Label: p.T("page.users." + name)}
		switch name {
		case "role":
			f.Options = options(p, typed, name, "page.role.", store.UserRoles)
		case "state":
			f.Options = options(p, typed, name, "page.users.only.", []string{"active", "disabled"})
		default:
			f.Options = s.placesFor(p, nil, nil, typed, name)
		}
		f.Options[0].Label = p.T("page.desk.any")
		out = append(out, f)
	}
	return out
}

func rolesWords(p *view.Page, roles []string) string {
	var out []string
	for _, r := range roles {
		out = append(out, p.T("page.role."+r))
	}
	return strings.Join(out, p.T("page.desk.comma"))
}

// placeWords says whose cases a user sees.
func (s *Server) placeWords(p *view.Page, u *store.User) string {
	var out []string
	if u.Unit != "" {
		out = append(out, nameOf(p, s.Rules().County().Departments, u.Unit))
	}
	if u.Town != "" {
		out = append(out, nameOf(p, s.Rules().County().Towns, u.Town))
	}
	if len(out) == 0 {
		return p.T("page.users.everywhere")
	}
	return strings.Join(out, " · ")
}

// userAt is the user of the page's path.
func (s *Server) userAt(ctx context.Context, c *Call) (store.User, error) {
	id, err := position(c.Param("user"))
	if err != nil {
		return store.User{}, err
	}
	return s.Store.UserNumbered(ctx, id)
}

// userForm are the questions about what a user may.
func (s *Server) userForm(p *view.Page, typed *unsent, wrong []view.Wrong) []view.Field {
	roles := view.Field{Name: "roles", Kind: "checks", Label: p.T("page.users.roles"), Options: typed.options(p, "roles", "page.role.", store.UserRoles...)}
	unit := view.Field{Name: "unit", Kind: "select", Label: p.T("page.users.unit"), Hint: p.T("page.users.unit_hint"), Options: s.placesFor(p, nil, nil, typed, "unit")}
	unit.Options[0].Label = p.T("page.users.all_units")
	outside := view.Field{Name: "organisation", Kind: "text", Label: p.T("page.users.organisation"), Hint: p.T("page.users.organisation_hint"), Value: typed.get("organisation"), Optional: true}
	town := view.Field{Name: "town", Kind: "select", Label: p.T("page.users.town"), Options: s.placesFor(p, nil, nil, typed, "town")}
	town.Options[0].Label = p.T("page.users.all_towns")
	county := s.Rules().County()
	town.Options = slices.Insert(town.Options, 1, view.Option{Value: county.Code, Label: p.County, On: typed.get("town") == county.Code})
	out := []view.Field{roles, unit, outside, town}
	mark(out, wrong)
	return out
}

// typedUser is what a form says of a user.
func typedUser(typed *unsent) store.User {
	u := store.User{Name: typed.get("name"), Unit: typed.get("unit"), Town: typed.get("town")}
	for _, r := range store.UserRoles { // in the table's order, however it was ticked
		if slices.Contains(typed.Form["roles"], r) {
			u.Roles = append(u.Roles, r)
		}
	}
	if len(u.Roles) < len(typed.Form["roles"]) {
		u.Roles = typed.Form["roles"]
	}
	if text := typed.get("organisation"); text != "" {
		u.Unit = text
	}
	return u
}

// faultsOf puts what is wrong with a user beside the questions.
func (s *Server) faultsOf(p *view.Page, u *store.User) []view.Wrong {
	var out []view.Wrong
	for _, f := range u.Faults(s.Rules().County().Departments) {
		out = append(out, view.Wrong{Field: f.Field, Text: p.T("page.users.wrong." + f.Field + "." + f.Why)})
	}
	towns := s.Rules().County()
	if u.Town != "" && u.Town != towns.Code && nameOf(p, towns.Towns, u.Town) == u.Town {
		out = append(out, view.Wrong{Field: "town", Text: p.T("page.users.wrong.town.unknown")})
	}
	return out
}

// newUser asks who is to be added.
func (s *Server) newUser(_ context.Context, c *Call) (any, error) {
	return s.newUserPage(c, newUnsent(), nil, http.StatusOK), nil
}

func (s *Server) newUserPage(c *Call, typed *unsent, wrong []view.Wrong, status int) page {
	p := s.base(c, "page.users.add")
	p.Form, p.Path = "user", usersPath+"/new"
	name := []view.Field{{Name: "name", Kind: "text", Label: p.T("page.signin.name"), Hint: p.T("page.users.name_hint"), Value: typed.get("name"), Fill: "off"}}
	mark(name, wrong)
	f := &view.Form{Action: usersPath, Key: formKey(c.token), Kicker: p.T("page.users.title"), Faults: wrong, Fields: append(name, s.userForm(p, typed, wrong)...), Submit: p.T("page.users.add"), Back: usersPath}
	return page{status: status, body: view.DeskFormPage(p, f)}
}
