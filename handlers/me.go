package handlers

import (
	"context"
	"time"
)

// userView is a person of the authority: never a token.
type userView struct {
	Name     string       `json:"name"`
	Roles    []string     `json:"roles"`
	Unit     string       `json:"unit,omitempty"` // whose cases he sees; empty: as his roles say
	Town     string       `json:"town,omitempty"`
	Created  time.Time    `json:"created_at"`
	Disabled *time.Time   `json:"disabled_at,omitempty"`
	Absent   *absenceLine `json:"absent,omitempty"` // now or next
}

type meView struct {
	userView
	DeputyFor []string `json:"deputy_for"` // whose cases are his to do now
}

type usersView struct {
	Users []userView `json:"users"`
}

// me tells an officer who he is here and for whom he stands in.
func (s *Server) me(ctx context.Context, c *Call) (any, error) {
	u := c.User
	out := meView{userView{Name: u.Name, Roles: u.Roles, Unit: u.Unit, Town: u.Town, Created: u.Created}, []string{}}
	for _, a := range u.For {
		out.DeputyFor = append(out.DeputyFor, a.Name)
	}
	own, err := s.Store.Absences(ctx, u.Name)
	if len(own) > 0 {
		v := viewAbsence(own[0])
		out.Absent = &v
	}
	return out, err
}

// users lists everybody for those who watch over the work.
func (s *Server) users(ctx context.Context, _ *Call) (any, error) {
	all, err := s.Store.Users(ctx)
	if err != nil {
		return nil, err
	}
	absences, err := s.Store.Absences(ctx, "")
	next := map[string]*absenceLine{}
	for _, a := range absences {
		if v := viewAbsence(a); next[a.Name] == nil {
			next[a.Name] = &v
		}
	}
	out := usersView{Users: []userView{}}
	for _, u := range all {
		v := userView{Name: u.Name, Roles: u.Roles, Unit: u.Unit, Town: u.Town, Created: u.Created, Absent: next[u.Name]}
		if !u.Disabled.IsZero() {
			v.Disabled = &u.Disabled
		}
		out.Users = append(out.Users, v)
	}
	return out, err
}
