package handlers

import (
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow"
)

// deskNav are the pages of the desk in the order of its navigation, and for which
// roles each is: none named, for everybody.
var deskNav = []struct {
	path, words string
	roles       []workflow.Role
}{
	{deskPath, "page.desk.room.today", nil},
	{"/desk/cases", "page.desk.room.cases", nil},
	{"/desk/overdue", "page.desk.room.overdue", staff},
	{"/desk/intake", "page.desk.room.intake", intakers},
	{membersPath, "page.desk.room.members", staff},
	{registerPath, "page.register.title", staff},
	{leadsPath, "page.leads.title", staff},
	{deskInfringementsPath, "page.infringements.title", staff},
	{deskStatisticsPath, "page.stat.inside", watched},
	{usersPath, "page.users.title", watchers},
	{enginePath, "page.engine.title", watchers},
	{accountPath, "page.account.title", nil},
}

// deskOf is the head of the desk's pages: who is signed in, and where he may go.
func (s *Server) deskOf(c *Call, p *view.Page) *view.Desk {
	d := &view.Desk{Keys: c.cookie(keysCookie) != "off", Name: c.User.Name, Key: formKey(c.token), Unit: nameOf(p, s.Rules().County().Departments, c.User.Unit)}
	for _, n := range deskNav {
		if n.roles == nil || isOne(c.User, n.roles) {
			here := c.path == n.path || n.path != deskPath && strings.HasPrefix(c.path, n.path+"/")
			d.Nav = append(d.Nav, view.NavItem{To: n.path, Label: p.T(n.words), Key: navKeys[n.path], Here: here})
		}
	}
	return d
}
