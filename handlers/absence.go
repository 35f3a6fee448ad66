package handlers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"fangxin/store"
	"fangxin/workflow/calendar"
)

// newAbsence says from which day to which, both included, who stands in.
type newAbsence struct {
	Name   string        `json:"name"` // another officer's, by a supervisor; empty: one's own
	Deputy string        `json:"deputy"`
	From   calendar.Date `json:"from"`
	To     calendar.Date `json:"to"`
}

// absenceDays is the longest absence, in calendar days.
const absenceDays = 366

type absenceLine struct {
	ID     int64     `json:"id"`
	Name   string    `json:"name"`
	Deputy string    `json:"deputy"`
	From   time.Time `json:"from"` // until before `until`
	Until  time.Time `json:"until"`
}

type absencesView struct {
	Absences []absenceLine `json:"absences"`
}

func viewAbsence(a store.Absence) absenceLine {
	return absenceLine{a.ID, a.Name, a.Deputy, a.From, a.To}
}

// absences lists what is and will be: of everybody, for a colleague's work is
// everybody's to know.
func (s *Server) absences(ctx context.Context, _ *Call) (any, error) {
	all, err := s.Store.Absences(ctx, "")
	out := absencesView{Absences: []absenceLine{}}
	for _, a := range all {
		out.Absences = append(out.Absences, viewAbsence(a))
	}
	return out, err
}

// sayAbsent hands one's cases over for a while; the log keeps who really acts.
func (s *Server) sayAbsent(ctx context.Context, c *Call) (any, error) {
	var in newAbsence
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	name, err := s.onesOwn(ctx, c, in.Name)
	if err != nil {
		return nil, err
	}
	switch today := calendar.On(s.Now()); {
	case in.From == 0:
		return nil, badField("from", "why.needed")
	case in.To == 0, in.To < in.From, in.To < today, int(in.To-in.From) >= absenceDays:
		return nil, badField("to", "why.absence_to")
	}
	a, err := s.Store.SayAbsent(ctx, store.Once{Scope: "absence/" + c.User.Name, Key: c.Key, Asked: in},
		store.Absence{Name: name, Deputy: in.Deputy, From: in.From.Start(), To: in.To.AddDays(1).Start(), By: c.User.Name})
	switch {
	case errors.Is(err, store.ErrNoDeputy):
		return nil, badField("deputy", "why.deputy")
	case errors.Is(err, store.ErrOverlap):
		return nil, problem("absence_overlaps")
	case errors.Is(err, store.ErrCircular):
		return nil, problem("absence_circular")
	}
	return viewAbsence(a), err
}

// endAbsence is for who came back early, or for a supervisor.
func (s *Server) endAbsence(ctx context.Context, c *Call) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return nil, notFound()
	}
	name := c.User.Name
	if isOne(c.User, supervising) {
		name = ""
	}
	return nothing{}, s.Store.EndAbsence(ctx, store.Once{Scope: "absence/" + c.Param("id") + "/" + c.User.Name, Key: c.Key}, c.User.Name, id, name)
}

// onesOwn is whose absence it is: another's only for who watches over the work or
// keeps the people.
func (s *Server) onesOwn(ctx context.Context, c *Call, name string) (string, error) {
	if name == "" || name == c.User.Name {
		return c.User.Name, nil
	}
	if !isOne(c.User, watchers) {
		p := problem("not_for_you")
		p.By = supervising
		return "", p
	}
	users, err := s.Store.Users(ctx)
	if err == nil && !slices.ContainsFunc(users, func(u store.User) bool { return u.Name == name }) {
		return "", badField("name", "why.choice")
	}
	return name, err
}
