package store

import (
	"context"
	"slices"
	"strings"

	"fangxin/workflow"
)

// desk knows who at the authority answers for a case now: colleagues come and
// go, so that it is asked anew each time that somebody is to be told.
type desk struct {
	hub    string // unit that answers while nobody is in charge
	users  []User // active
	absent map[string]Absence
}

func (s *Store) desk(ctx context.Context) (*desk, error) {
	users, err := s.users(ctx, "where disabled_at is null order by name")
	if err != nil {
		return nil, err
	}
	absent, err := s.absentNow(ctx)
	return &desk{s.cfg.Rules().County().Hub, users, absent}, err
}

// unit is the department that answers for the case.
func (d *desk) unit(c *workflow.Case) string {
	if u := c.Unit(); u != "" {
		return u
	}
	return d.hub
}

// officer is who does the assigned officer's work now: himself, his deputy while
// he is absent, or that one's; "" when nobody is assigned or he has left.
func (d *desk) officer(c *workflow.Case) string {
	return d.present(c, c.Facts["officer"])
}

// present follows deputies to somebody who is there and was not replaced in the
// case after a challenge.
func (d *desk) present(c *workflow.Case, name string) string {
	for range len(d.absent) + 1 {
		a, away := d.absent[name]
		if !away {
			break
		}
		name = a.Deputy
	}
	active := slices.ContainsFunc(d.users, func(u User) bool { return u.Name == name })
	if !active || strings.Contains(c.Facts["recused"], "|"+name+"|") {
		return ""
	}
	return name
}

// told lists whom a step of escalation tells, as the outbox names them. A step
// that nobody fills goes to the office itself, so that it is never lost.
func (d *desk) told(c *workflow.Case, step string) []string {
	unit := d.unit(c)
	switch step {
	case "officer":
		if officer := d.officer(c); officer != "" {
			return []string{"officer:" + officer}
		}
		return []string{"unit:" + unit}
	case "unit_head":
		if heads := d.having(c, "supervisor", unit); len(heads) > 0 {
			return heads
		}
		if heads := d.having(c, "supervisor", ""); len(heads) > 0 {
			return heads
		}
		return []string{"unit_head:" + unit}
	case "coordinator":
		if all := append(d.having(c, "coordinator", unit), d.having(c, "coordinator", "")...); len(all) > 0 {
			return all
		}
	}
	return []string{step}
}

// having lists who has a role for exactly this unit ("": for all of them) and
// the case's town.
func (d *desk) having(c *workflow.Case, role, unit string) []string {
	var out []string
	for i := range d.users {
		u := &d.users[i]
		if u.Unit != unit || !slices.Contains(u.Roles, role) || u.Town != "" && !under("town", u.Town).holds(map[string]string{"town": c.Town()}) {
			continue
		}
		if name := d.present(c, u.Name); name != "" {
			out = append(out, role+":"+name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
