package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"fangxin/store"
	"fangxin/workflow"
)

// staff are the roles of the authority's own people.
var staff = []workflow.Role{"officer", "hub", "unit", "town", "supervisor", "coordinator"}

// supervising are the roles that watch over others' work.
var supervising = []workflow.Role{"supervisor", "coordinator"}

// grant finds out who calls and whether the route is for him. An unknown,
// expired, revoked or foreign token is one identical 404, as is a case that is
// not there or not his to see.
func (s *Server) grant(ctx context.Context, r Route, call *Call, token string) error {
	if r.Who == Member || r.Who == Insider {
		return s.grantMember(ctx, call, token)
	}
	if r.Who == Uploader {
		_, err := s.Store.DraftFiles(ctx, store.DraftHash(token))
		return err
	}
	who, err := s.Store.Admit(ctx, token, call.Param("number"))
	call.User, call.Link = who.User, who.Link
	if errors.Is(err, store.ErrNoLink) {
		if (r.Who == Holder || r.Who == Keeper) && call.User == nil {
			return s.grantMember(ctx, call, token)
		}
		return notFound()
	}
	if err != nil {
		return err
	}
	if who.Link != nil {
		byLink := r.Who == Holder || r.Who == LinkHolder || r.Who == Rotating || r.Who == Visitor || r.Who == Keeper
		if !byLink || !who.Link.Ended.IsZero() && r.Who != Rotating {
			return notFound()
		}
		return nil
	}
	if r.Who == Keeper { // an officer's token is no link
		call.User = nil
		return notFound()
	}
	need := map[Who][]workflow.Role{Staff: staff, Supervising: supervising}[r.Who]
	switch {
	case (reads(who.User) || who.Reads) && r.writes():
		return problem("reads_only")
	case reads(who.User) && need != nil:
		return nil
	case r.Who == LinkHolder, r.Who == Rotating:
		return notFound()
	case need != nil && !isOne(who.User, need):
		p := problem("not_for_you")
		p.By = need
		return p
	}
	return nil
}

// reads reports whether the user may only read: an auditor, whatever else he is.
func reads(u *store.User) bool { return isOne(u, []workflow.Role{"auditor"}) }

// writes reports whether a route may change anything. Questions too private for a
// URL, and a preview, are asked in bodies and change nothing.
func (r Route) writes() bool {
	return r.Method != http.MethodGet && r.Limit != Searching && r.Path != templatePath+"/preview" && r.Who != Own
}

func isOne(u *store.User, roles []workflow.Role) bool {
	return slices.ContainsFunc(roles, func(r workflow.Role) bool { return slices.Contains(u.Roles, string(r)) })
}

// sees is what the caller may see of other cases; a link sees none.
func (c *Call) sees() *store.Scope {
	if c.User == nil {
		return &store.Scope{}
	}
	scope := c.User.Scope()
	return &scope
}
